/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Its texts, parsers and checks. `make coverage` links this with test_faults.h
 * as well: the whole program with every call made to fail in turn.
 */
#include "audit/witness.h"
#include "base/testing.h"
#include "sys/kaudit.h"
#include "witness/shed.h"
#include "witness/facts.h"
#include "witness/rate.h"
#include "audit/readback.h"
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
			/* ours ends no message that somebody else reads as one in single quotes */
			if (c == '\'')
				assert_string_equal(r.text, len == 1 ? " vm=27" : len == 2 ? " vm=6127" : " vm=616127");
			else
				assert_string_equal(r.text + 1, want);
			free(want);
		}
	memset(&r, 0, sizeof(r));
	record_nv(&r, "vm", "abcdef", 3);
	assert_string_equal(r.text, " vm=\"abc\"");
}

/* ---- facts of processes that the kernel is asked for another way ---- */

static char scratch[FACTS_SCRATCH];

static long long status_of(pid_t pid, const char *key, bool hex)
{
	char name[64], line[256];
	unsigned long long value = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", pid);
	f = fopen(name, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
			assert_int_equal(sscanf(line + strlen(key) + 1, hex ? "%llx" : "%llu", &value), 1);
	fclose(f);
	return (long long)value;
}

static void ourselves(void **state)
{
	static struct facts f;
	char boot[FACTS_TEXT], link[64];
	struct stat st;

	(void)state;
	if (stat("/proc/self/ns/user", &st) < 0 || st.st_ino != 0xEFFFFFFDU || stat("/proc/self/ns/pid", &st) < 0 || st.st_ino != 0xEFFFFFFCU)
		skip();
	assert_int_equal(facts_read_self(scratch, &f, boot), WITNESS_RECORDED);
	assert_int_equal(strlen(boot), 36);
	assert_string_equal(f.user_ns, "4026531837");
	assert_int_equal(readlink("/proc/self/exe", link, sizeof(link)), (ssize_t)(strlen(f.exe) < sizeof(link) ? strlen(f.exe) : sizeof(link)));
	assert_string_equal(strrchr(f.exe, '/'), strrchr(program_invocation_name, '/'));
}

static void another(void **state)
{
	static struct facts f;
	char want[64], byte;
	int pipes[2], fd;
	struct stat st;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		(void)!write(pipes[1], unshare(CLONE_NEWUSER) == 0 ? "y" : "n", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (byte == 'y' && fd >= 0) {
		assert_int_equal(facts_read(fd, AUDIT_TRUST_LIVE, scratch, &f), WITNESS_RECORDED);
		assert_int_equal(f.pid, pid);
		snprintf(want, sizeof(want), " vm-uid=%lld ", status_of(pid, "Uid", false));
		assert_non_null(strstr(f.fields.text, want));
		snprintf(want, sizeof(want), " seccomp=%lld seccomp-filters=%lld cap-eff=%016llx ", status_of(pid, "Seccomp", false),
			 status_of(pid, "Seccomp_filters", false), (unsigned long long)status_of(pid, "CapEff", true));
		assert_non_null(strstr(f.fields.text, want));
		snprintf(want, sizeof(want), "/proc/%d/ns/net", pid);
		assert_int_equal(stat(want, &st), 0);
		snprintf(want, sizeof(want), " net-ns=%llu ", (unsigned long long)st.st_ino);
		assert_non_null(strstr(f.fields.text, want));
		assert_string_equal(f.uid_map, ""); /* nobody wrote one */
	}
	(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	waitpid(pid, NULL, 0);
	if (byte == 'y' && fd >= 0)
		assert_int_equal(facts_read(fd, AUDIT_TRUST_LIVE, scratch, &f), WITNESS_GONE);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

/* ---- records, word by word ---- */

static struct witness w;

static void prepare(enum audit_verb verb)
{
	memset(&w, 0, sizeof(w) - sizeof(w.scratch) - sizeof(w.scratch2));
	witness_request_init(&w.q, verb);
	w.row = audit_verb_row(verb);
	witness_text(w.q.vm, sizeof(w.q.vm), "web");
	witness_text(w.boot_id, sizeof(w.boot_id), "01234567-89ab-cdef-0123-456789abcdef");
	witness_text(w.self.exe, sizeof(w.self.exe), "/usr/libexec/ranby/ranby-witness");
	w.nonce = 0xfe;
}

static void see(enum audit_trust trust)
{
	struct facts *t = &w.target;

	w.trust = trust;
	w.init = t;
	t->pid = 77;
	t->start_ticks = 500;
	t->state = 't';
	witness_text(t->auid, sizeof(t->auid), "1000");
	witness_text(t->ses, sizeof(t->ses), "3");
	witness_text(t->user_ns, sizeof(t->user_ns), "4026532001");
	witness_text(t->pid_ns, sizeof(t->pid_ns), "4026532002");
	witness_text(t->uid_map, sizeof(t->uid_map), "0:1000:1,1:100000:65536");
	record_add(&t->fields, " vm-uid=1000");
	witness_text(w.reply.receipt.uuid, sizeof(w.reply.receipt.uuid), "01234567-89a0-8000-804d-0000000001f4");
}

#define END " nonce=00000000000000fe exe=\"/usr/libexec/ranby/ranby-witness\" hostname=? addr=? terminal="
#define ABOUT " vm=\"web\" uuid=01234567-89a0-8000-804d-0000000001f4 vm-pid=77"
#define FACTS                                                                                                      \
	" boot=01234567-89ab-cdef-0123-456789abcdef vm-start=500 init-pid=77 init-start=500 pid-ns=4026532002"      \
	" user-ns=4026532001 uid-map=0:1000:1,1:100000:65536 vm-uid=1000 starter-auid=1000 starter-ses=3"

static void records(void **state)
{
	(void)state;
	prepare(AUDIT_VERB_CREATE);
	record_verb(&w);
	assert_string_equal(w.record.text, "virt=ranby op=create reason=user vm=\"web\" trust=caller" END "? res=success");

	prepare(AUDIT_VERB_START);
	see(AUDIT_TRUST_LIVE);
	w.self.tty = 136 << 8 | 3;
	w.suppressed = 9;
	memset(w.q.ctr, 'a', 4);
	witness_text(w.q.reason, sizeof(w.q.reason), "restart");
	witness_text(w.q.claim[WITNESS_CLAIM_CMD], sizeof(w.q.claim[0]), "sleep 1");
	witness_text(w.q.claim[WITNESS_CLAIM_PROFILE], sizeof(w.q.claim[0]), "/my profile");
	witness_text(w.q.claim[WITNESS_CLAIM_PROFILE_HASH], sizeof(w.q.claim[0]), "00ff");
	record_verb(&w);
	assert_string_equal(w.record.text, "virt=ranby op=start reason=restart" ABOUT " trust=live ctr=aaaa" FACTS
		" stage=exec-stop suppressed=9 claimed-cmd=736C6565702031 claimed-profile=2F6D792070726F66696C65 claimed-profile-hash=\"00ff\"" END "pts/3 res=success");

	/* an exec is another process than the container's init */
	prepare(AUDIT_VERB_EXEC);
	see(AUDIT_TRUST_LIVE);
	w.target.state = 'S';
	w.self.tty = 137 << 8 | 1;
	w.init = &w.init_facts;
	w.init_facts.pid = 70;
	witness_text(w.init_facts.auid, sizeof(w.init_facts.auid), "0");
	record_verb(&w);
	assert_non_null(strstr(w.record.text, " init-pid=70 init-start=0 "));
	assert_non_null(strstr(w.record.text, " starter-auid=0 starter-ses= auid-of=1000 ses-of=3 stage=pre-exec" END "pts/257 "));

	prepare(AUDIT_VERB_EXIT);
	see(AUDIT_TRUST_ZOMBIE);
	w.self.tty = 144 << 8 | 1;
	w.target.exit_status = 7 << 8;
	w.q.flags = WITNESS_FAILED;
	record_verb(&w);
	assert_string_equal(w.record.text, "virt=ranby op=stop reason=exited" ABOUT " trust=zombie" FACTS " exit-code=7" END "144:1 res=failed");
	w.target.exit_status = 9;
	w.self.tty = 4 << 8 | 64;
	w.q.flags = 0;
	record_verb(&w);
	assert_string_equal(w.record.text, "virt=ranby op=stop reason=signal" ABOUT " trust=zombie" FACTS " exit-signal=9" END "4:64 res=success");
}

static void resources(void **state)
{
	(void)state;
	prepare(AUDIT_VERB_START);
	see(AUDIT_TRUST_LIVE);
	record_resource(&w, WITNESS_RESOURCE_MOUNT, "/etc:/host");
	assert_string_equal(w.record.text, "virt=ranby resrc=mount reason=booted" ABOUT " trust=caller claimed-mount=\"/etc:/host\"" END "? res=success");
	record_resource(&w, WITNESS_RESOURCE_N, w.target.uid_map);
	assert_string_equal(w.record.text, "virt=ranby resrc=uidmap reason=booted" ABOUT " trust=live uid-map=\"0:1000:1,1:100000:65536\"" END "? res=success");
	witness_text(w.target.label, sizeof(w.target.label), "u:r:t:s0");
	record_label(&w);
	assert_string_equal(w.record.text, "virt=ranby vm=\"web\" uuid=01234567-89a0-8000-804d-0000000001f4 vm-ctx=\"u:r:t:s0\""
		" img-ctx=? model=selinux trust=live" END "? res=success");
	w.target.apparmor = true;
	witness_text(w.target.label, sizeof(w.target.label), "ranby-default (enforce)");
	record_label(&w);
	assert_non_null(strstr(w.record.text, " vm-ctx=72616E62792D64656661756C742028656E666F72636529 img-ctx=? model=apparmor "));
	w.suppressed = 1;
	record_suppressed(&w);
	assert_string_equal(w.record.text, "virt=ranby op=suppress reason=rate-limit trust=live suppressed=1" END "? res=success");
}

/* The longest value everywhere, all of it in hex. */
static void the_longest(void **state)
{
	(void)state;
	prepare(AUDIT_VERB_EXEC);
	see(AUDIT_TRUST_LIVE);
	memset(w.q.reason, 'r', sizeof(w.q.reason) - 1);
	memset(w.q.ctr, 'c', 64);
	memset(w.q.vm, ' ', sizeof(w.q.vm) - 1);
	for (size_t i = 0; i < WITNESS_CLAIM_N; i++)
		memset(w.q.claim[i], i == WITNESS_CLAIM_PROFILE_HASH ? 'a' : ' ', sizeof(w.q.claim[i]) - 1); /* a request with another is not sound */
	memset(w.self.exe, ' ', sizeof(w.self.exe) - 1);
	memset(w.target.uid_map, '1', sizeof(w.target.uid_map) - 1);
	memset(w.target.user_ns, '1', FACTS_WORD - 1);
	memset(w.target.pid_ns, '1', FACTS_WORD - 1);
	w.target.start_ticks = UINT64_MAX;
	w.init = &w.init_facts;
	w.init_facts = w.target;
	w.suppressed = UINT64_MAX;
	w.self.tty = UINT32_MAX;
	w.target.fields.len = 0;
	record_add(&w.target.fields,
		   " vm-uid=4294967295 mnt-ns=4294967295 net-ns=4294967295 seccomp=2 seccomp-filters=4294967295 cap-eff=%016x"
		   " cap-bnd=%016x nnp=1 cgroup=%0360d vm-exe=%0360d", 0, 0, 0, 0);
	record_verb(&w);
	assert_false(w.record.cut);
	/* one more than there is room for is not sent */
	record_nv(&w.target.fields, "more", w.record.text, 600);
	record_verb(&w);
	assert_true(w.record.cut);
}

/* ---- the rate limit ---- */

static void a_bucket(void **state)
{
	uint64_t now = 1000000, gone = 0;
	struct rate_state s = {0};

	(void)state;
	assert_true(rate_step(&s, now, 1));
	while (rate_step(&s, now, 1))
		assert_true(++gone < RATE_BURST);
	assert_int_equal(gone, RATE_BURST - 1);
	assert_int_equal(s.suppressed, 1);
	/* what comes back meanwhile is not given: not before it is full */
	assert_false(rate_step(&s, now + 1000, 1));
	assert_false(rate_step(&s, now + (uint64_t)RATE_BURST * RATE_TOKEN_MS - 1, 1));
	now += (uint64_t)RATE_BURST * RATE_TOKEN_MS;
	assert_true(rate_step(&s, now, 2));
	assert_int_equal(s.suppressed, 3);
	/* while it flows, a token comes back in its time */
	s = (struct rate_state){.full_ms = now + (uint64_t)(RATE_BURST - 1) * RATE_TOKEN_MS};
	assert_true(rate_step(&s, now, 1));
	assert_true(rate_step(&s, now + RATE_TOKEN_MS, 1));
	assert_false(rate_step(&s, now + RATE_TOKEN_MS + 1, 1));
	/* a time that cannot be, and a request that is larger than the bucket */
	s = (struct rate_state){.full_ms = UINT64_MAX};
	assert_true(rate_step(&s, now, 1));
	assert_false(rate_step(&s, now, RATE_BURST));
}

static void matches(void **state)
{
	struct witness_reply reply = {0};

	(void)state;
	assert_true(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4 msg='x=1'", "x=1", &reply));
	assert_int_equal(reply.receipt.serial, 3);
	assert_int_equal(reply.receipt.milli, 2);
	assert_int_equal(reply.auid, 2);
	assert_int_equal(reply.ses, 4);
	assert_true(readback_match("audit(1.002:3): pid=7 uid=1 auid=4294967295 ses=4294967295 subj=a_u:r:t msg='x=1'", "x=1", &reply));
	assert_false(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4 msg='x=12'", "x=1", &reply));
	assert_false(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4 msg='y=1'", "x=1", &reply));
	assert_false(readback_match("audit(1.002:3): pid=7 uid=1 auid=2 ses=4", "x=1", &reply));
	assert_false(readback_match("nothing", "x=1", &reply));
}

static void too_long(void **state)
{
	static char text[KAUDIT_TEXT_MAX + 1];

	(void)state;
	memset(text, 'x', KAUDIT_TEXT_MAX);
	assert_int_equal(kaudit_send(-1, 2500, text), -EMSGSIZE);
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
	assert_true(witness_request_is_sound(&q, 0));
#define BAD(verb, n_fds, change) do { q = sound(verb); change; assert_false(witness_request_is_sound(&q, n_fds)); } while (0)
	BAD(AUDIT_VERB_CREATE, 0, q.magic = 0);
	BAD(AUDIT_VERB_CREATE, 0, q.version = 0);
	BAD(AUDIT_VERB_N, 0, (void)0);
	BAD(AUDIT_VERB_CREATE, 0, q.flags = 4);
	BAD(AUDIT_VERB_CREATE, 0, q.n_resources = 1);
	BAD(AUDIT_VERB_START, 1, q.n_resources = WITNESS_RESOURCES_MAX + 1);
	BAD(AUDIT_VERB_CREATE, 0, memset(q.reason, 'a', sizeof(q.reason)));
	BAD(AUDIT_VERB_CREATE, 0, q.reason[0] = '_');
	BAD(AUDIT_VERB_CREATE, 0, memset(q.ctr, 'a', sizeof(q.ctr)));
	BAD(AUDIT_VERB_CREATE, 0, q.ctr[0] = 'a');
	BAD(AUDIT_VERB_CREATE, 0, q.ctr[0] = 'g');
	BAD(AUDIT_VERB_CREATE, 0, memset(q.vm, 'a', sizeof(q.vm)));
	BAD(AUDIT_VERB_CREATE, 0, memset(q.claim[3], 1, sizeof(q.claim[3])));
	BAD(AUDIT_VERB_CREATE, 0, q.claim[WITNESS_CLAIM_PROFILE_HASH][0] = ' ');
	BAD(AUDIT_VERB_START, 1, (q.n_resources = 1, q.resource[0].kind = WITNESS_RESOURCE_N));
	BAD(AUDIT_VERB_START, 1, (q.n_resources = 1, memset(q.resource[0].text, 1, sizeof(q.resource[0].text))));
	q = sound(AUDIT_VERB_START);
	memset(q.ctr, 'f', 64);
	q.n_resources = WITNESS_RESOURCES_MAX;
	assert_true(witness_request_is_sound(&q, 1));
	/* who may come with it */
	for (size_t n = 0; n < 4; n++) {
		q = sound(AUDIT_VERB_KILL);
		assert_int_equal(witness_request_is_sound(&q, n), n <= 1);
		q = sound(AUDIT_VERB_START);
		assert_int_equal(witness_request_is_sound(&q, n), n == 1);
		q = sound(AUDIT_VERB_EXEC);
		assert_int_equal(witness_request_is_sound(&q, n), n == 2);
		q.flags = WITNESS_FAILED;
		assert_int_equal(witness_request_is_sound(&q, n), n <= 1);
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
		cmocka_unit_test(nv_is_libaudits), cmocka_unit_test(ourselves), cmocka_unit_test(another), cmocka_unit_test(records),
		cmocka_unit_test(resources), cmocka_unit_test(the_longest), cmocka_unit_test(a_bucket), cmocka_unit_test(matches),
		cmocka_unit_test(too_long), cmocka_unit_test(requests), cmocka_unit_test(outcomes_have_words),
#ifdef WITNESS_FAULTS
		cmocka_unit_test(all_runs), cmocka_unit_test(all_faults),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
