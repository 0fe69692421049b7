/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Its texts, parsers and checks. `make coverage` links this with test_faults.h
 * as well: the whole program with every call made to fail in turn.
 */
#include "audit/witness.h"
#include "base/testing.h"
#include "sys/kaudit.h"
#include "witness/confine.h"
#include "witness/facts.h"
#include "witness/rate.h"
#include "witness/readback.h"
#include "witness/record.h"
#include "witness/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- texts ---- */

static void nv_is_libaudits(void **state)
{
	static struct record r;
	char value[8] = "";

	(void)state;
	for (int c = 1; c < 256; c++)
		for (size_t len = 1; len <= 3; len++) {
			char *want;

			memset(value, 'a', sizeof(value));
			value[len - 1] = (char)c;
			value[len] = '\0';
			want = audit_encode_nv_string("vm", value, 0);
			memset(&r, 0, sizeof(r));
			record_nv(&r, "vm", value, 8);
			assert_int_equal(r.text[0], ' ');
			assert_string_equal(r.text + 1, want);
			free(want);
		}
	memset(&r, 0, sizeof(r));
	record_nv(&r, "vm", "abcdef", 3);
	assert_string_equal(r.text, " vm=\"abc\"");
}

static void stat_fields(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(facts_stat_field("7 (a) b) ) S 5 6", 3, &v), 0);
	assert_int_equal(v, 'S');
	assert_int_equal(facts_stat_field("7 (a) b) ) S 5 6", 5, &v), 0);
	assert_int_equal(v, 6);
	assert_int_equal(facts_stat_field("7 (a) S 5 6", 6, &v), -1);
	assert_int_equal(facts_stat_field("7 (a) S x 6", 4, &v), -1);
	assert_int_equal(facts_stat_field("7 a S 5", 4, &v), -1);
	assert_int_equal(facts_stat_field("7 (a) S 99999999999999999999", 4, &v), -1);
	assert_int_equal(facts_stat_field("7 (a) S 18446744073709551616", 4, &v), -1);
}

static void status_numbers(void **state)
{
	static const char text[] = "Name:\ta\\nUid:\\t0\nUid:\t1\t2\t3\t4\nCapEff:\t00000000000000ff\nNSpid:\t77\t1\nEmpty:\t\nLast:\t5";
	uint64_t v;

	(void)state;
	assert_int_equal(facts_status_number(text, "Uid", 0, 10, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(facts_status_number(text, "Uid", 2, 10, &v), 0);
	assert_int_equal(v, 3);
	assert_int_equal(facts_status_number(text, "NSpid", -1, 10, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(facts_status_number(text, "CapEff", 0, 16, &v), 0);
	assert_int_equal(v, 255);
	assert_int_equal(facts_status_number(text, "Last", -1, 10, &v), 0);
	assert_int_equal(v, 5);
	assert_int_equal(facts_status_number(text, "Empty", 0, 10, &v), -1);
	assert_int_equal(facts_status_number(text, "Name", 0, 10, &v), -1);
}

static void maps_and_cgroups(void **state)
{
	char out[96];

	(void)state;
	facts_map_text("         0       1000          1\n         1     100000      65536\n", out, sizeof(out));
	assert_string_equal(out, "0:1000:1,1:100000:65536");
	facts_map_text("", out, sizeof(out));
	assert_string_equal(out, "");
	facts_map_text("0 1 1\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n5 6 1\n6 7 1\n7 8 1\n8 9 1\n9 10 1\n10 11 1\n", out, sizeof(out));
	assert_non_null(strstr(out, "..."));
	facts_cgroup_path("0::/a b\n", out, sizeof(out));
	assert_string_equal(out, "/a b");
	facts_cgroup_path("3:cpu:/x\n0::/y\n", out, sizeof(out));
	assert_string_equal(out, "/y");
	facts_cgroup_path("3:cpu:/x\n", out, sizeof(out));
	assert_string_equal(out, "");
}

static void a_bucket(void **state)
{
	struct rate_state s = {0};
	uint64_t suppressed = 9, now = 1000000, gone = 0;

	(void)state;
	assert_int_equal(rate_step(&s, now, 1, &suppressed), RATE_GO);
	assert_int_equal(suppressed, 0);
	while (rate_step(&s, now, 1, &suppressed) == RATE_GO)
		assert_true(++gone < RATE_BURST);
	assert_int_equal(gone, RATE_BURST - 1);
	assert_int_equal(rate_step(&s, now + 1000, 1, &suppressed), RATE_STOP);
	assert_int_equal(rate_step(&s, now + 2000, 1, &suppressed), RATE_STOP);
	now += RATE_BURST * 1000ULL / RATE_PER_SECOND + 1;
	assert_int_equal(rate_step(&s, now, 2, &suppressed), RATE_GO);
	assert_int_equal(suppressed, 3);
	/* a state of another time, of too many tokens, of no magic is a new one */
	assert_int_equal(rate_step(&s, now - 5, 1, &suppressed), RATE_GO);
	s.tokens_m = UINT64_MAX;
	assert_int_equal(rate_step(&s, now, 1, &suppressed), RATE_GO);
	s.magic = 0;
	s.suppressed = 5;
	assert_int_equal(rate_step(&s, now, 1, &suppressed), RATE_GO);
	assert_int_equal(rate_step(&s, now + 10, RATE_BURST + 1, &suppressed), RATE_FIRST);
}

static void matches(void **state)
{
	struct witness_reply reply = {0};

	(void)state;
	assert_true(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4 msg='x=1'", 7, "x=1", &reply));
	assert_int_equal(reply.receipt.serial, 3);
	assert_int_equal(reply.auid, 2);
	assert_int_equal(reply.ses, 4);
	assert_true(readback_match("audit(1.002:3): pid=7 uid=1 auid=4294967295 ses=4294967295 subj=a_u:r:t msg='x=1'", 7, "x=1", &reply));
	assert_false(readback_match("audit(1.002:3): pid=8 uid=1 auid=2 ses=4 msg='x=1'", 7, "x=1", &reply));
	assert_false(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4 msg='x=12'", 7, "x=1", &reply));
	assert_false(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4 msg='y=1'", 7, "x=1", &reply));
	assert_false(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4", 7, "x=1", &reply));
	assert_false(readback_match("nothing", 7, "x=1", &reply));
}

static struct witness_request sound(enum audit_verb verb)
{
	struct witness_request q;

	witness_request_init(&q, verb);
	return q;
}

static void requests(void **state)
{
	struct witness_request q = sound(AUDIT_VERB_CREATE);

	(void)state;
	assert_true(witness_request_is_sound(&q));
#define BAD(change) do { q = sound(AUDIT_VERB_CREATE); change; assert_false(witness_request_is_sound(&q)); } while (0)
	BAD(q.magic = 0);
	BAD(q.version = 0);
	BAD(q.verb = AUDIT_VERB_N);
	BAD(q.flags = 4);
	BAD(q.n_resources = WITNESS_RESOURCES_MAX + 1);
	BAD(memset(q.reason, 'a', sizeof(q.reason)));
	BAD(q.reason[0] = '_');
	BAD(memset(q.ctr, 'a', sizeof(q.ctr)));
	BAD(q.ctr[0] = 'a');
	BAD(q.ctr[0] = 'g');
	BAD(memset(q.vm, 'a', sizeof(q.vm)));
	BAD(memset(q.claim[3], 1, sizeof(q.claim[3])));
	BAD((q.n_resources = 1, q.resource[0].kind = WITNESS_RESOURCE_N));
	BAD((q.n_resources = 1, memset(q.resource[0].text, 1, sizeof(q.resource[0].text))));
	q = sound(AUDIT_VERB_CREATE);
	memset(q.ctr, 'f', 64);
	q.n_resources = 1;
	assert_true(witness_request_is_sound(&q));
	/* who may come with it */
	assert_false(witness_fds_are_right(audit_verb_row(q.verb), &q, 0));
	q.n_resources = 0;
	for (size_t n = 0; n < 4; n++) {
		q.flags = 0;
		assert_int_equal(witness_fds_are_right(audit_verb_row(AUDIT_VERB_KILL), &q, n), n <= 1);
		q.verb = AUDIT_VERB_START;
		assert_int_equal(witness_fds_are_right(audit_verb_row(q.verb), &q, n), n == 1);
		q.verb = AUDIT_VERB_EXEC;
		assert_int_equal(witness_fds_are_right(audit_verb_row(q.verb), &q, n), n == 2);
		q.flags = WITNESS_FAILED;
		assert_int_equal(witness_fds_are_right(audit_verb_row(q.verb), &q, n), n <= 1);
		q.verb = AUDIT_VERB_KILL;
	}
}

static void outcomes_have_words(void **state)
{
	(void)state;
	for (int o = 0; o <= WITNESS_OUTCOME_N; o++)
		assert_true(strlen(witness_outcome_text((enum witness_outcome)o)) > 5);
}

#ifdef WITNESS_FAULTS
#include "witness/test_faults.h"
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nv_is_libaudits), cmocka_unit_test(stat_fields), cmocka_unit_test(status_numbers),
		cmocka_unit_test(maps_and_cgroups), cmocka_unit_test(a_bucket), cmocka_unit_test(matches),
		cmocka_unit_test(requests), cmocka_unit_test(outcomes_have_words),
#ifdef WITNESS_FAULTS
		cmocka_unit_test(all_runs), cmocka_unit_test(all_faults),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
