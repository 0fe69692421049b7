/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "audit/crosscheck.h"

#include "base/testing.h"
#include "sys/fd.h"

/* Serial N happened at second 1700000000 + N. */
#define AT(n) "audit(17000000" #n ".000:" #n ")"
#define RECEIPT(n) "\"receipt\":\"17000000" #n ".000:" #n "\""
#define VIRT(n, uid, text) "type=VIRT_CONTROL msg=" AT(n) ": pid=7 uid=" #uid " auid=1001 ses=3 msg='virt=ranby " text "'\n"
#define OTHER(n) "type=USER_ACCT msg=" AT(n) ": pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=x res=success'\n"
#define EXEC(n)                                                                                                                       \
	"type=SYSCALL msg=" AT(n) ": arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1 ppid=50 pid=60 auid=1001 uid=1001 " \
				  "gid=1001 euid=1001 suid=1001 fsuid=1001 egid=1001 sgid=1001 fsgid=1001 tty=pts0 ses=7 comm=\"ls\" exe=\"/bin/ls\" key=\"k\"\n"
#define PREV "0123456789abcdef0123456789abcdef"
#define U "01234567-0123-8123-8123-0123456789ab"

struct told {
	char text[1024];
};

static int on_fault(const struct crosscheck_fault *f, void *data)
{
	struct told *told = data;
	size_t len = strlen(told->text);

	snprintf(told->text + len, sizeof(told->text) - len, "%s%s %llu %s", len ? ", " : "", crosscheck_word(f->kind), (unsigned long long)f->seq,
		 f->receipt);
	if (told->text[strlen(told->text) - 1] == ' ')
		told->text[strlen(told->text) - 1] = '\0';
	return 0;
}

static bool is_there(const struct crosscheck_run *run)
{
	return run->pid == 99 || strcmp(run->uuid, U) == 0;
}

static bool is_nowhere(const struct crosscheck_run *run)
{
	(void)run;
	return false;
}

/* A log into a file, whose path is returned. */
static const char *log_of(const char *text)
{
	static char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/ranby-crosscheck.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
	return path;
}

/* What is told, as "kind seq receipt"; nothing where the two agree. */
static void test_told(void **state)
{
	static const struct {
		const char *what;
		bool system, runs;
		const char *log;
		const char *entries[5]; /* seq 1, 2, ... */
		const char *told;
	} cases[] = {
		{"they agree", false, true, OTHER(10) VIRT(11, 1001, "op=create claimed-ledger=1:" PREV " res=success") OTHER(12),
		 {"{\"op\":\"create\"," RECEIPT(11) "}"}, ""},
		{"another user's records are not looked at", false, true, OTHER(10) VIRT(11, 1002, "op=create claimed-ledger=1:" PREV " res=success") OTHER(12),
		 {NULL}, ""},
		{"a record without an entry", false, true, OTHER(10) VIRT(11, 1001, "op=create claimed-ledger=1:" PREV " res=success") OTHER(12),
		 {"{\"op\":\"create\"}"}, "no-entry 1 1700000011.000:11"},
		{"an entry without a record", false, true, OTHER(10) OTHER(11) OTHER(12), {"{\"op\":\"create\"," RECEIPT(11) "}"}, "no-record 1 1700000011.000:11"},
		{"an entry from before the log", false, true, OTHER(11) OTHER(12), {"{\"op\":\"create\"," RECEIPT(10) "}"}, ""},
		{"an entry from after the log", false, true, OTHER(11) OTHER(12), {"{\"op\":\"create\"," RECEIPT(13) "}"}, ""},
		{"a hole", false, true, OTHER(10) OTHER(13) OTHER(14) OTHER(16), {NULL}, "missing-serials 0, missing-serials 0"},
		{"a record taken out", false, true, OTHER(10) OTHER(12), {"{\"op\":\"create\"," RECEIPT(11) "}"},
		 "missing-serials 0, no-record 1 1700000011.000:11"},
		{"another op", false, true, OTHER(10) VIRT(11, 1001, "op=start claimed-ledger=1:" PREV " res=success") OTHER(12),
		 {"{\"op\":\"create\"," RECEIPT(11) "}"}, "different 1 1700000011.000:11"},
		{"another outcome", false, true, OTHER(10) VIRT(11, 1001, "op=create claimed-ledger=1:" PREV " res=failed") OTHER(12),
		 {"{\"op\":\"create\",\"res\":\"success\"," RECEIPT(11) "}"}, "different 1 1700000011.000:11"},
		{"another run", false, true, OTHER(10) VIRT(11, 1001, "op=kill uuid=" U " claimed-ledger=1:" PREV " res=success") OTHER(12),
		 {"{\"op\":\"kill\",\"uuid\":\"11111111-0123-8123-8123-0123456789ab\"," RECEIPT(11) "}"}, "different 1 1700000011.000:11"},
		{"another entry's record", false, true, OTHER(10) VIRT(11, 1001, "op=create claimed-ledger=2:" PREV " res=success") OTHER(12),
		 {"{\"op\":\"create\"," RECEIPT(11) "}"}, "different 1 1700000011.000:11"},
		{"an end that a monitor recorded", false, true, OTHER(10) VIRT(11, 1001, "op=stop uuid=" U " res=success") OTHER(12),
		 {"{\"op\":\"start\",\"uuid\":\"" U "\"}", "{\"op\":\"stop\",\"uuid\":\"" U "\"," RECEIPT(11) "}"}, ""},
		{"that end without an entry", false, true, OTHER(10) VIRT(11, 1001, "op=stop uuid=" U " res=success") OTHER(12),
		 {"{\"op\":\"start\",\"uuid\":\"" U "\"}"}, "no-entry 0 1700000011.000:11"},
		{"the end of a run of another ledger", false, true, OTHER(10) VIRT(11, 1001, "op=stop uuid=" U " res=success") OTHER(12), {NULL}, ""},
		{"a start without an end", false, false, OTHER(10), {"{\"op\":\"start\",\"uuid\":\"" U "\"}"}, "no-stop 1"},
		{"a start that runs", false, true, OTHER(10), {"{\"op\":\"start\",\"uuid\":\"" U "\"}"}, ""},
		{"a start that failed", false, false, OTHER(10), {"{\"op\":\"start\",\"uuid\":\"" U "\",\"res\":\"failed\"}"}, ""},
		{"without a witness, by the id", false, false, OTHER(10), {"{\"op\":\"start\",\"ctr\":\"c\"}", "{\"op\":\"stop\",\"ctr\":\"c\"}", "{\"op\":\"start\",\"ctr\":\"c\"}"},
		 "no-stop 3"},
		{"begun again without an end", false, true, OTHER(10),
		 {"{\"op\":\"start\",\"ctr\":\"c\",\"vm-pid\":99}", "{\"op\":\"start\",\"ctr\":\"c\",\"vm-pid\":99}"}, "no-stop 1"},
		{"removed without an end", false, true, OTHER(10), {"{\"op\":\"start\",\"ctr\":\"c\",\"vm-pid\":99}", "{\"op\":\"rm\",\"ctr\":\"c\"}"}, "no-stop 1"},
		{"the system's: an exec", true, true, OTHER(10) EXEC(11) EXEC(12) OTHER(13), {"{\"op\":\"execve\"," RECEIPT(11) "}"},
		 "no-entry 0 1700000012.000:12"},
		{"the system's: a login", true, true,
		 OTHER(10) "type=LOGIN msg=" AT(11) ": pid=5 uid=0 old-auid=4294967295 auid=1001 tty=(none) old-ses=4294967295 ses=9 res=1\n" OTHER(12),
		 {"{\"op\":\"login\",\"res\":\"success\"," RECEIPT(11) "}"}, ""},
		{"the system's: what a sender calls as the ledger's own", true, true, OTHER(10) VIRT(11, 1002, "op=torn res=success") OTHER(12),
		 {"{\"type\":\"VIRT_CONTROL\",\"claimed-op\":\"torn\",\"res\":\"success\",\"word\":\"claimed\"," RECEIPT(11) "}"}, ""},
		{"the system's: a start that is believed", true, false, OTHER(10),
		 {"{\"type\":\"VIRT_CONTROL\",\"op\":\"start\",\"word\":\"believed\",\"uuid\":\"" U "\"}"}, "no-stop 1"},
		{"the system's: one of whoever leaves virt out", true, false, OTHER(10),
		 {"{\"type\":\"VIRT_CONTROL\",\"op\":\"start\",\"word\":\"claimed\",\"uuid\":\"" U "\"}"}, ""},
		{"the system's: all users' records", true, true, OTHER(10) VIRT(11, 1002, "op=create res=success") OTHER(12), {NULL}, "no-entry 0 1700000011.000:11"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct crosscheck_options o = {.system = cases[i].system, .uid = 1001, .runs = cases[i].runs ? is_there : is_nowhere};
		_cleanup_(crosscheck_freep) struct crosscheck *x = crosscheck_new(&o);
		struct crosscheck_stats stats;
		struct told told = {""};
		struct err e = {0};
		const char *path = log_of(cases[i].log);

		for (uint64_t k = 0; k < 5 && cases[i].entries[k]; k++) {
			_cleanup_json_ struct json_object *o2 = NULL;

			assert_int_equal(json_parse(cases[i].entries[k], strlen(cases[i].entries[k]), "entry", &o2, NULL), 0);
			assert_int_equal(crosscheck_entry(x, k + 1, o2), 0);
		}
		assert_int_equal(crosscheck_log(x, path, &e), 0);
		unlink(path);
		assert_int_equal(crosscheck_end(x, &stats, on_fault, &told), 0);
		if (strcmp(told.text, cases[i].told) != 0)
			fail_msg("%s: \"%s\"", cases[i].what, told.text);
	}
}

static int on_anchor(uint64_t seq, const char *hash, const char *receipt, void *data)
{
	assert_int_equal(seq, 4);
	assert_string_equal(hash, PREV);
	assert_string_equal(receipt, "1700000012.000:12");
	++*(unsigned *)data;
	return 0;
}

/* The record names the entry before its own; one that names none, or too little of a hash, is no anchor. */
static void test_anchors(void **state)
{
	const struct crosscheck_options o = {.uid = 1001};
	_cleanup_(crosscheck_freep) struct crosscheck *x = crosscheck_new(&o);
	struct err e = {0};
	unsigned n = 0;
	const char *path = log_of(VIRT(11, 1001, "op=create claimed-ledger=1:" PREV " res=success") VIRT(12, 1001, "op=create claimed-ledger=5:" PREV " res=success")
					  VIRT(13, 1001, "op=create claimed-ledger=6:0123 res=success") VIRT(14, 1001, "op=stop res=success"));

	(void)state;
	assert_int_equal(crosscheck_log(x, path, &e), 0);
	unlink(path);
	assert_int_equal(crosscheck_anchors(x, on_anchor, &n), 0);
	assert_int_equal(n, 1);
}

TESTS("audit/crosscheck", cmocka_unit_test(test_told), cmocka_unit_test(test_anchors))
