/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The collector with records as auditd writes them, at a clock of our own:
 * what comes from the log and from the stream, twice, in halves, late, or not at all.
 */
#include "trail/collect.h"

#include "audit/chain.h"
#include "base/parse.h"
#include "base/testing.h"

#define BOOT_TIME 1700000000
#define LINE_MAX_HERE 1024

struct world {
	struct collect *c;
	unsigned serials[64]; /* of the entries, in order */
	char containers[64][16];
	unsigned n;
	uint64_t missing;
	unsigned gaps;
	char before[64]; /* the receipt after the last gap */
	uint64_t malformed;
};

static int on_entry(uint32_t auid, const char *receipt, struct json_object *o, void *data, struct err *e)
{
	struct world *w = data;

	(void)e;
	assert_int_equal(auid, 1001);
	assert_true(w->n < 64);
	assert_string_equal(json_str(o, "boot"), "b");
	snprintf(w->containers[w->n], sizeof(w->containers[0]), "%s", json_str(o, "container"));
	assert_int_equal(parse_u32(strchr(receipt, ':') + 1, 1, UINT32_MAX, &w->serials[w->n++]), 0);
	return 0;
}

static int on_gap(const char *reason, uint64_t count, const char *receipt, void *data, struct err *e)
{
	struct world *w = data;

	(void)e;
	if (strcmp(reason, "malformed") == 0) {
		w->malformed += count;
		return 0;
	}
	assert_string_equal(reason, "missing-serials");
	w->gaps++;
	w->missing += count;
	snprintf(w->before, sizeof(w->before), "%s", receipt);
	return 0;
}

static int setup(void **state)
{
	const struct collect_options o = {.boot = "b", .boot_time = BOOT_TIME};
	struct world *w = calloc(1, sizeof(*w));
	struct err e = {0};

	assert_int_equal(collect_new(&o, on_entry, on_gap, w, &w->c, &e), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	w->c = collect_free(w->c);
	free(w);
	return 0;
}

enum part { WHOLE, HEAD, TAIL };

/* An exec's records; its head alone, or what comes behind that. */
static const char *exec_of(unsigned serial, enum part part)
{
	static char text[4][LINE_MAX_HERE];
	static unsigned turn;
	char *out = text[turn++ % 4];
	int n = 0;

	if (part != TAIL)
		n = snprintf(out, LINE_MAX_HERE,
			     "type=SYSCALL msg=audit(%u.000:%u): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1 ppid=50 pid=60 "
			     "auid=1001 uid=1001 gid=1001 euid=1001 suid=1001 fsuid=1001 egid=1001 sgid=1001 fsgid=1001 tty=pts0 ses=7 comm=\"ls\" "
			     "exe=\"/usr/bin/ls\" key=\"ranby-exec\"\n",
			     BOOT_TIME + 10, serial);
	if (part != HEAD)
		snprintf(out + n, (size_t)(LINE_MAX_HERE - n), "type=CWD msg=audit(%u.000:%u): cwd=\"/\"\ntype=EOE msg=audit(%u.000:%u): \n", BOOT_TIME + 10,
			 serial, BOOT_TIME + 10, serial);
	return out;
}

static void past(struct world *w, const char *text)
{
	struct err e = {0};

	assert_int_equal(collect_past(w->c, text, strlen(text), &e), 0);
}

static void feed(struct world *w, const char *text, int64_t ms)
{
	struct err e = {0};

	assert_int_equal(collect_feed(w->c, text, strlen(text), ms, &e), 0);
}

/* Events that say nothing to us. */
static void history(struct world *w, unsigned from, unsigned to)
{
	for (; from <= to; from++) {
		char line[256];

		snprintf(line, sizeof(line), "type=USER_ACCT msg=audit(%u.000:%u): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=x res=success'\n",
			 BOOT_TIME + 10, from);
		past(w, line);
	}
}

static void past_end(struct world *w)
{
	struct err e = {0};

	assert_int_equal(collect_past_end(w->c, &e), 0);
}

static void idle(struct world *w, int64_t ms)
{
	struct err e = {0};

	assert_int_equal(collect_idle(w->c, ms, &e), 0);
}

static void end(struct world *w)
{
	struct err e = {0};

	assert_int_equal(collect_end(w->c, &e), 0);
}

static void expect(struct world *w, const char *what, const unsigned *serials, unsigned n, uint64_t missing)
{
	/* what the log tells comes when it comes */
	for (unsigned i = 1; i < w->n; i++)
		for (unsigned k = i; k > 0 && w->serials[k - 1] > w->serials[k]; k--) {
			unsigned swap = w->serials[k];

			w->serials[k] = w->serials[k - 1];
			w->serials[k - 1] = swap;
		}
	if (w->n != n || w->missing != missing)
		fail_msg("%s: %u entries, %llu missing", what, w->n, (unsigned long long)w->missing);
	for (unsigned i = 0; i < n; i++)
		if (w->serials[i] != serials[i])
			fail_msg("%s: entry %u is %u", what, i, w->serials[i]);
}

static void test_waits_for_its_label(void **state)
{
	struct world *w = *state;

	feed(w, exec_of(10, WHOLE), 1000);
	idle(w, 1000 + COLLECT_WAIT_MS - 1);
	expect(w, "too early", NULL, 0, 0);
	assert_int_equal(collect_waiting(w->c), 1);
	idle(w, 1000 + COLLECT_WAIT_MS);
	expect(w, "in time", (unsigned[]){10}, 1, 0);
	assert_string_equal(w->containers[0], "unknown");
	end(w);
	expect(w, "once", (unsigned[]){10}, 1, 0);
}

/* What the ledger has, what the log has, and what comes again from auditd. */
static void test_each_once(void **state)
{
	struct world *w = *state;

	collect_recorded(w->c, 3000);
	history(w, 1, 2998);
	for (unsigned i = 2999; i <= 3003; i++)
		past(w, exec_of(i, WHOLE));
	assert_true(collect_wants_past(w->c));
	for (unsigned i = 3002; i <= 3005; i++)
		feed(w, exec_of(i, WHOLE), 1000);
	idle(w, 1250);
	assert_false(collect_wants_past(w->c));
	past_end(w);
	end(w);
	/* the ledger has 3000 and not 2999 */
	expect(w, "once", (unsigned[]){2999, 3001, 3002, 3003, 3004, 3005}, 6, 0);
}

/* The one before us got the head of event 3002, and auditd hands the rest to us; the log has it whole, a moment later. */
static void test_half_an_event(void **state)
{
	struct world *w = *state;

	collect_recorded(w->c, 3000);
	history(w, 1, 3000);
	past(w, exec_of(3001, WHOLE));
	past(w, exec_of(3002, HEAD));
	feed(w, exec_of(3002, TAIL), 1000);
	feed(w, exec_of(3003, WHOLE), 1000);
	idle(w, 1000 + 2 * COLLECT_WAIT_MS);
	/* nothing is answered before the log has been caught up with */
	assert_true(collect_wants_past(w->c) && w->n == 0);
	past(w, exec_of(3002, TAIL));
	past(w, exec_of(3003, WHOLE));
	assert_false(collect_wants_past(w->c));
	past_end(w);
	end(w);
	expect(w, "half", (unsigned[]){3001, 3002, 3003}, 3, 0);
}

/* The same, and the log never has it: it is said to be missing. */
static void test_half_an_event_lost(void **state)
{
	struct world *w = *state;

	collect_recorded(w->c, 10);
	past(w, exec_of(11, WHOLE));
	feed(w, exec_of(12, TAIL), 1000);
	feed(w, exec_of(13, WHOLE), 1000);
	idle(w, 1250);
	past_end(w);
	end(w);
	expect(w, "lost", (unsigned[]){11, 13}, 2, 1);
	assert_string_equal(w->before, "1700000010.000:13");
}

static void test_serials(void **state)
{
	static const struct {
		const char *what;
		uint64_t recorded;
		unsigned past[4], stream[6], late;
		uint64_t missing;
	} cases[] = {
		{"nothing before us is missed", 0, {5, 9}, {20, 21}, 0, 0},
		{"a hole in the stream", 0, {0}, {20, 21, 25}, 0, 3},
		{"one that comes late", 0, {0}, {20, 22, 23}, 21, 0},
		{"one of two comes late", 0, {0}, {20, 23, 24}, 21, 1},
		{"between the ledger and the log", 8, {11}, {12}, 0, 2},
		{"between the log and the stream", 8, {9, 10}, {14, 15}, 0, 3},
		{"what the ledger has is not counted", 8, {2, 8}, {9}, 0, 0},
		{"without a log, all since the ledger's last", 8, {0}, {12, 13}, 0, 3},
		{"far away", 8, {0}, {3000000}, 0, 3000000 - 9},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world *w;

		if (i > 0)
			setup(state);
		w = *state;
		if (cases[i].recorded)
			collect_recorded(w->c, cases[i].recorded);
		for (size_t k = 0; k < 4 && cases[i].past[k]; k++)
			past(w, exec_of(cases[i].past[k], WHOLE));
		past_end(w);
		for (size_t k = 0; k < 6 && cases[i].stream[k]; k++)
			feed(w, exec_of(cases[i].stream[k], WHOLE), 1000);
		idle(w, 1250);
		idle(w, 1250 + COLLECT_GAP_MS - 500);
		if (w->missing && !cases[i].recorded)
			fail_msg("%s: told too early", cases[i].what);
		if (cases[i].late)
			feed(w, exec_of(cases[i].late, WHOLE), 2000);
		idle(w, 2000 + COLLECT_GAP_MS);
		idle(w, 2000 + 2 * COLLECT_GAP_MS);
		if (w->missing != cases[i].missing)
			fail_msg("%s: %llu missing", cases[i].what, (unsigned long long)w->missing);
		end(w);
		assert_int_equal(w->missing, cases[i].missing);
		if (i + 1 < ARRAY_SIZE(cases))
			teardown(state);
	}
}

/* More gaps at once than are watched: the oldest is told, none is forgotten. */
static void test_many_gaps(void **state)
{
	struct world *w = *state;
	const unsigned n = COLLECT_GAPS_MAX + 100;

	for (unsigned i = 0; i <= n; i++)
		feed(w, "", 1000);
	for (unsigned i = 0; i <= n; i++) {
		char line[256];

		snprintf(line, sizeof(line), "type=USER_ACCT msg=audit(%u.000:%u): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=x res=success'\n",
			 BOOT_TIME + 10, 100 + 2 * i);
		feed(w, line, 1000);
	}
	end(w);
	assert_int_equal(w->missing, n);
	assert_int_equal(w->gaps, n);
}

/* A log that began in another boot: its serials are no news of this one. */
static void test_other_boot(void **state)
{
	struct world *w = *state;
	char line[LINE_MAX_HERE], *at;

	snprintf(line, sizeof(line), "%s", exec_of(90, WHOLE));
	/* long before this boot */
	while ((at = strstr(line, "1700000010")) != NULL)
		memcpy(at, "1600000010", 10);
	past(w, line);
	past(w, exec_of(11, WHOLE));
	past_end(w);
	feed(w, exec_of(12, WHOLE), 1000);
	end(w);
	expect(w, "other boot", (unsigned[]){11, 12}, 2, 0);
}

/* A login, its execs, and among them a serial that comes long after its turn, `late_ms` after the others: nothing was lost, and nothing is unknown. */
static void late_serial(struct world *w, int64_t late_ms, const char *want)
{
	char login[256];

	snprintf(login, sizeof(login), "type=LOGIN msg=audit(%u.000:1): pid=60 uid=0 old-auid=4294967295 auid=1001 tty=(none) old-ses=4294967295 ses=7 res=1\n", BOOT_TIME + 10);
	past(w, login);
	past_end(w);
	feed(w, exec_of(2, WHOLE), 1000);
	feed(w, exec_of(4, WHOLE), 1000);
	for (unsigned i = 5; i < 5 + 2 * CHAIN_LOOK_AHEAD; i++) {
		char line[256];

		snprintf(line, sizeof(line), "type=USER_ACCT msg=audit(%u.000:%u): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=x res=success'\n",
			 BOOT_TIME + 10, i);
		feed(w, line, 1100);
	}
	idle(w, 1000 + late_ms);
	feed(w, exec_of(3, WHOLE), 1000 + late_ms);
	end(w);
	for (unsigned i = 0; i < w->n; i++)
		if (w->serials[i] == 4)
			assert_string_equal(w->containers[i], want);
}

static void test_late_serial(void **state)
{
	late_serial(*state, 200, "host");
}

static void test_late_serial_a_second(void **state)
{
	late_serial(*state, 3000, "host");
}

/* Who comes later than that does not hold up the others for ever. */
static void test_too_late_serial(void **state)
{
	late_serial(*state, COLLECT_GAP_MS + 100, "unknown");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
/* What is no record stops nothing: it is told, its serial as well where it had one, and all around it is there. */
static void test_malformed(void **state)
{
	static const char *const lines[] = {
		"\n", "no record\n", "type=SYSCALL\n", "type=SYSCALL msg=audit(x:y): pid=1\n", "type=SYSCALL msg=audit(99999999999999999999.1:1): \n",
		"\x01\x02\xff\n", "type=SYSCALL msg=audit(1700000010.000:3): arch=c000003e syscall=59 succ\n",
	};
	struct world *w = *state;
	static char much[20000];

	feed(w, exec_of(1, WHOLE), 1000);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		feed(w, lines[i], 1001);
	memset(much, 'x', sizeof(much) - 2); /* a line longer than any */
	much[sizeof(much) - 2] = '\n';
	feed(w, much, 1002);
	feed(w, exec_of(2, WHOLE), 1003);
	feed(w, exec_of(4, WHOLE), 1004);
	idle(w, 3000);
	assert_true(w->malformed >= 5);
	idle(w, 9000);
	end(w);
	expect(w, "malformed", (const unsigned[]){1, 2, 4}, 3, 1);
}

TESTS("trail/collect", CASE(test_malformed), CASE(test_waits_for_its_label), CASE(test_each_once), CASE(test_half_an_event), CASE(test_half_an_event_lost),
      CASE(test_serials), CASE(test_many_gaps), CASE(test_other_boot), CASE(test_late_serial),
      CASE(test_late_serial_a_second), CASE(test_too_late_serial))
