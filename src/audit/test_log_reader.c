/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Text to events: each case is a log and what its events are in words, in
 * the order in which they come. Each is read whole and byte by byte. Lines are as
 * this kernel and auditd 3.0.9 and 4.x write them, with names changed.
 */
#include "audit/log_reader.h"

#include "base/buf.h"
#include "base/testing.h"

#include <sched.h>
#include <string.h>

#define CALL(serial, rest) "type=SYSCALL msg=audit(1700000000.100:" serial "): arch=c000003e " rest "\n"
#define IDS "ppid=10 pid=11 auid=1001 uid=1001 gid=1001 euid=1001 suid=1001 fsuid=1001 egid=1001 sgid=1001 fsgid=1001 tty=pts0 ses=5 comm=\"sh\" exe=\"/bin/sh\" key=\"k\""
#define EXEC(serial) CALL(serial, "syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " IDS)
#define END(serial) "type=EOE msg=audit(1700000000.100:" serial "): \n"
#define TITLE(serial) "type=PROCTITLE msg=audit(1700000000.100:" serial "): proctitle=7368\n"

static const char *const kinds[] = {"other", "damaged", "call", "login", "virt", "user", "rules", "daemon"};
static const char *const calls[] = {"other", "exec", "fork", "clone3", "unshare", "setns", "mount", "exit", "kill", "open", "privileged"};

static void words_of_call(const struct log_event *ev, struct buf *out)
{
	buf_addf(out, " %s%s %u<%u auid %u ses %d exit %lld", calls[ev->call], ev->done ? "" : "?", ev->pid, ev->ppid, ev->auid, (int)ev->ses,
		 (long long)ev->exit);
	if (ev->ns_flags)
		buf_addf(out, " ns%s%s%s", ev->ns_flags & CLONE_NEWNS ? " mnt" : "", ev->ns_flags & CLONE_NEWPID ? " pid" : "",
			 ev->ns_flags & CLONE_NEWUSER ? " user" : "");
	if (ev->writes)
		buf_adds(out, " writes");
	if (ev->thread)
		buf_adds(out, " thread");
	if (ev->argv[0])
		buf_addf(out, " [%s]", ev->argv);
	if (ev->cwd[0])
		buf_addf(out, " in %s", ev->cwd);
	for (unsigned i = 0; i < ev->n_paths; i++)
		buf_addf(out, " path %s", ev->paths[i]);
	if (ev->opid != LOG_NONE)
		buf_addf(out, " hits %u ses %u by %u", ev->opid, ev->oses, ev->signal);
}

static void words_of(const struct log_event *ev, struct buf *out)
{
	const struct log_virt *v = &ev->virt;

	buf_addf(out, "%s%s %u", out->len ? "; " : "", kinds[ev->kind], ev->serial);
	if (ev->boot)
		buf_addf(out, " boot %u", ev->boot);
	switch (ev->kind) {
	case LOG_SYSCALL:
		words_of_call(ev, out);
		break;
	case LOG_LOGIN:
		buf_addf(out, " %u: %d/%d to %u/%u%s", ev->pid, (int)ev->old_auid, (int)ev->old_ses, ev->auid, ev->ses, ev->done ? "" : " failed");
		break;
	case LOG_VIRT:
		buf_addf(out, " by %u/%u %s %s vm %s pid %u trust %s%s%s%s", ev->auid, ev->ses, v->virt, v->op, v->vm, v->vm_pid, v->trust,
			 v->ctr[0] ? " ctr " : "", v->ctr, v->success ? "" : " failed");
		break;
	case LOG_USER:
		buf_addf(out, " type %u ses %d %s from %s %s%s", ev->type, (int)ev->ses, ev->user.acct, ev->user.addr, ev->user.terminal,
			 ev->user.success ? "" : " failed");
		break;
	default:
		break;
	}
}

static int sink(const struct log_event *ev, void *data, struct err *e)
{
	(void)e;
	assert_non_null(ev->comm);
	assert_non_null(ev->exe);
	words_of(ev, data);
	return 0;
}

static void read_log(const char *text, size_t step, struct buf *out, struct log_stats *ret)
{
	_cleanup_(log_reader_freep) struct log_reader *lr = NULL;
	struct err e = {0};
	size_t len = strlen(text);

	assert_int_equal(log_reader_new(sink, out, &lr, &e), 0);
	for (size_t i = 0; i < len; i += step)
		assert_int_equal(log_reader_feed(lr, text + i, i + step > len ? len - i : step, &e), 0);
	assert_int_equal(log_reader_end(lr, &e), 0);
	*ret = *log_reader_stats(lr);
}

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{"nothing", "", ""},
	{"empty lines and dashes, as ausearch puts between events", "\n\n----\n", ""},
	{"an exec", EXEC("7") "type=EXECVE msg=audit(1700000000.100:7): argc=3 a0=\"sh\" a1=\"-c\" a2=6120622763\n"
	 "type=CWD msg=audit(1700000000.100:7): cwd=\"/home\"\n"
	 "type=PATH msg=audit(1700000000.100:7): item=0 name=\"/bin/sh\" inode=1 dev=fe:00 mode=0100755\n" TITLE("7") END("7"),
	 "call 7 exec 11<10 auid 1001 ses 5 exit 0 [sh -c 'a b'\\''c'] in /home path /bin/sh"},
	{"without its end: shown when the log ends", EXEC("7"), "call 7 exec 11<10 auid 1001 ses 5 exit 0"},
	{"enriched, by 3.0.9: what follows the separator is not the kernel's",
	 "type=SYSCALL msg=audit(1700000000.100:7): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " IDS
	 "\x1d" "ARCH=x86_64 SYSCALL=execve AUID=\"alice\" UID=\"alice\" pid=666 auid=0 ses=9\n" END("7"),
	 "call 7 exec 11<10 auid 1001 ses 5 exit 0"},
	{"with a node, and subj", "node=host.example type=SYSCALL msg=audit(1700000000.100:7): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 "
	 "items=2 ppid=10 pid=11 auid=1001 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=5 comm=\"sh\" exe=\"/bin/sh\" "
	 "subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 key=(null)\nnode=host.example type=EOE msg=audit(1700000000.100:7): \n",
	 "call 7 exec 11<10 auid 1001 ses 5 exit 0"},
	{"of another node: left out", "node=a " EXEC("7") "node=b " EXEC("8"),
	 "call 7 exec 11<10 auid 1001 ses 5 exit 0"},
	{"unset ids", CALL("7", "syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=1 pid=2 auid=4294967295 uid=0 tty=(none) ses=4294967295 "
	 "comm=\"x\" exe=\"/x\" key=(null)"), "call 7 exec 2<1 auid 4294967295 ses -1 exit 0"},
	{"two that interleave, and come in the other's order", EXEC("8") EXEC("7") TITLE("8") END("8") TITLE("7") END("7"),
	 "call 7 exec 11<10 auid 1001 ses 5 exit 0; call 8 exec 11<10 auid 1001 ses 5 exit 0"},
	{"forks: clone with namespaces, a thread, vfork, one that was killed",
	 CALL("1", "syscall=56 success=yes exit=77 a0=7e020011 a1=0 a2=0 a3=0 items=0 " IDS)
	 CALL("2", "syscall=56 success=yes exit=78 a0=3d0f00 a1=0 a2=0 a3=0 items=0 " IDS)
	 CALL("3", "syscall=58 success=yes exit=79 a0=7e020011 a1=0 a2=0 a3=0 items=0 " IDS)
	 CALL("4", "syscall=56 success=no exit=-513 a0=1200011 a1=0 a2=0 a3=0 items=0 " IDS)
	 CALL("5", "syscall=435 success=yes exit=80 a0=7ffe11 a1=58 a2=0 a3=0 items=0 " IDS),
	 "call 1 fork 11<10 auid 1001 ses 5 exit 77 ns mnt pid user; call 2 fork 11<10 auid 1001 ses 5 exit 78 thread; "
	 "call 3 fork 11<10 auid 1001 ses 5 exit 79; call 4 fork? 11<10 auid 1001 ses 5 exit -513; call 5 clone3 11<10 auid 1001 ses 5 exit 80"},
	{"exit_group says no result", CALL("1", "syscall=231 a0=0 a1=0 a2=0 a3=0 items=0 " IDS), "call 1 exit? 11<10 auid 1001 ses 5 exit 0"},
	{"other architectures", "type=SYSCALL msg=audit(1.000:1): arch=40000003 syscall=11 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " IDS "\n"
	 "type=SYSCALL msg=audit(1.000:2): arch=c00000b7 syscall=221 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " IDS "\n"
	 "type=SYSCALL msg=audit(1.000:3): arch=c00000b7 syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " IDS "\n",
	 "call 1 exec 11<10 auid 1001 ses 5 exit 0; call 2 exec 11<10 auid 1001 ses 5 exit 0; call 3 other 11<10 auid 1001 ses 5 exit 0"},
	{"a login", "type=LOGIN msg=audit(1.000:3): pid=30 uid=0 old-auid=4294967295 auid=1001 tty=(none) old-ses=4294967295 ses=6 res=1\n",
	 "login 3 30: -1/-1 to 1001/6"},
	{"a login that failed", "type=LOGIN msg=audit(1.000:3): pid=30 uid=1001 old-auid=1001 auid=0 tty=(none) old-ses=6 ses=4294967295 res=0\n",
	 "login 3 30: 1001/6 to 0/4294967295 failed"},
	{"a login with the call that wrote it", "type=LOGIN msg=audit(1.000:3): pid=30 uid=0 old-auid=4294967295 auid=1001 tty=(none) old-ses=4294967295 ses=6 res=1\n"
	 "type=SYSCALL msg=audit(1.000:3): arch=c000003e syscall=1 success=no exit=-1 a0=1 a1=2 a2=3 a3=4 items=0 ppid=29 pid=30 auid=1001 uid=0 ses=6 comm=\"x\" exe=\"/x\" key=(null)\n",
	 "login 3 30: -1/-1 to 1001/6"},
	{"a start, its name in hex", "type=VIRT_CONTROL msg=audit(1.000:4): pid=50 uid=1001 auid=1001 ses=6 msg='virt=ranby op=start reason=booted vm=7765622031 "
	 "uuid=00000000-0000-8000-8000-000000000000 vm-pid=51 trust=live starter-ses=6 exe=\"/usr/libexec/ranby/ranby-witness\" hostname=? addr=? terminal=? res=success'\n",
	 "virt 4 by 1001/6 ranby start vm web 1 pid 51 trust live"},
	{"lower-case digits are a text of their own", CALL("1", "syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 " IDS)
	 "type=CWD msg=audit(1700000000.100:1): cwd=2f61\n" CALL("2", "syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 " IDS)
	 "type=CWD msg=audit(1700000000.100:2): cwd=2F61\n",
	 "call 1 exec 11<10 auid 1001 ses 5 exit 0 in 2f61; call 2 exec 11<10 auid 1001 ses 5 exit 0 in /a"},
	{"what is quoted in it forges nothing: the kernel's stamp stands before", "type=VIRT_CONTROL msg=audit(1.000:4): pid=50 uid=1001 auid=1001 ses=6 "
	 "msg='virt=ranby op=create vm=\"a\" auid=0 ses=1 pid=1 trust=caller res=failed'\x1d" "AUID=\"root\" res=success\n",
	 "virt 4 by 1001/6 ranby create vm a pid 0 trust caller failed"},
	{"a user's login and where from", "type=USER_LOGIN msg=audit(1.000:5): pid=60 uid=0 auid=1001 ses=6 msg='op=login id=1001 exe=\"/usr/sbin/sshd\" "
	 "hostname=h addr=10.0.0.5 terminal=ssh res=success'\n", "user 5 type 1112 ses 6  from 10.0.0.5 ssh"},
	{"words that no sender encodes are not decoded: hexadecimal digits are what they say", "type=USER_LOGIN msg=audit(1.000:5): pid=60 uid=0 auid=1001 "
	 "ses=6 msg='op=login acct=6162 exe=\"/usr/sbin/sshd\" hostname=cafe addr=2001 terminal=beef res=success'\n"
	 "type=VIRT_CONTROL msg=audit(1.000:6): pid=50 uid=1001 auid=1001 ses=6 msg='virt=ranby op=rm reason=user vm=6162 trust=caller ctr=61626364 res=success'\n",
	 "user 5 type 1112 ses 6 ab from 2001 beef; virt 6 by 1001/6 ranby rm vm ab pid 0 trust caller ctr 61626364"},
	{"sudo's: the address is unknown", "type=USER_START msg=audit(1.000:5): pid=60 uid=1001 auid=1001 ses=6 msg='op=PAM:session_open "
	 "acct=\"root\" exe=\"/usr/bin/sudo\" hostname=? addr=? terminal=/dev/pts/0 res=failed'\n", "user 5 type 1105 ses 6 root from  /dev/pts/0 failed"},
	{"a kill and whom it hit", CALL("6", "syscall=62 success=yes exit=0 a0=33 a1=9 a2=0 a3=0 items=0 " IDS)
	 "type=OBJ_PID msg=audit(1700000000.100:6): opid=51 oauid=1002 ouid=1002 oses=8 ocomm=\"sleep\"\n",
	 "call 6 kill 11<10 auid 1001 ses 5 exit 0 hits 51 ses 8 by 9"},
	{"by tgkill and pidfd_send_signal", CALL("6", "syscall=234 success=yes exit=0 a0=33 a1=33 a2=f a3=0 items=0 " IDS)
	 "type=OBJ_PID msg=audit(1700000000.100:6): opid=51 oauid=1002 ouid=1002 oses=8 ocomm=\"sleep\"\n"
	 CALL("7", "syscall=424 success=yes exit=0 a0=3 a1=9 a2=0 a3=0 items=0 " IDS)
	 "type=OBJ_PID msg=audit(1700000000.100:7): opid=52 oauid=1002 ouid=1002 oses=8 ocomm=\"sleep\"\n",
	 "call 6 kill 11<10 auid 1001 ses 5 exit 0 hits 51 ses 8 by 15; call 7 kill 11<10 auid 1001 ses 5 exit 0 hits 52 ses 8 by 9"},
	{"opens to write, by flags where they are in a register", CALL("1", "syscall=257 success=yes exit=5 a0=ffffff9c a1=7f a2=80001 a3=0 items=1 " IDS)
	 "type=PATH msg=audit(1700000000.100:1): item=0 name=\"/proc/self/uid_map\" inode=1 dev=00:15 mode=0100644\n"
	 CALL("2", "syscall=257 success=yes exit=5 a0=ffffff9c a1=1 a2=80000 a3=0 items=1 " IDS)
	 CALL("3", "syscall=2 success=yes exit=5 a0=7f a1=2 a2=0 a3=0 items=1 " IDS) CALL("4", "syscall=2 success=yes exit=5 a0=7f a1=0 a2=1 a3=0 items=1 " IDS)
	 CALL("5", "syscall=85 success=yes exit=5 a0=7f a1=0 a2=0 a3=0 items=1 " IDS) CALL("6", "syscall=437 success=yes exit=5 a0=3 a1=7f a2=7e a3=18 items=1 " IDS)
	 "type=SYSCALL msg=audit(1700000000.100:7): arch=40000003 syscall=5 success=yes exit=0 a0=1 a1=1 a2=0 a3=4 items=1 " IDS "\n"
	 "type=SYSCALL msg=audit(1700000000.100:8): arch=c00000b7 syscall=56 success=yes exit=0 a0=1 a1=1 a2=0 a3=4 items=1 " IDS "\n",
	 "call 1 open 11<10 auid 1001 ses 5 exit 5 writes path /proc/self/uid_map; call 2 open 11<10 auid 1001 ses 5 exit 5; "
	 "call 3 open 11<10 auid 1001 ses 5 exit 5 writes; call 4 open 11<10 auid 1001 ses 5 exit 5; call 5 open 11<10 auid 1001 ses 5 exit 5 writes; "
	 "call 6 open 11<10 auid 1001 ses 5 exit 5 writes; call 7 open 11<10 auid 1001 ses 5 exit 0 writes; call 8 open 11<10 auid 1001 ses 5 exit 0"},
	{"what only a user namespace allows", CALL("1", "syscall=161 success=yes exit=0 a0=7f a1=0 a2=0 a3=0 items=1 " IDS)
	 CALL("2", "syscall=170 success=yes exit=0 a0=7f a1=1 a2=0 a3=0 items=0 " IDS),
	 "call 1 privileged 11<10 auid 1001 ses 5 exit 0; call 2 privileged 11<10 auid 1001 ses 5 exit 0"},
	{"rules change, audit goes on and off; what changes nothing", "type=CONFIG_CHANGE msg=audit(1.000:1): auid=0 ses=1 op=add_rule key=\"k\" list=4 res=1\n"
	 "type=CONFIG_CHANGE msg=audit(1.000:2): op=set audit_enabled=1 old=0 auid=0 ses=1 res=1\n"
	 "type=CONFIG_CHANGE msg=audit(1.000:3): op=set audit_enabled=1 old=1 auid=0 ses=1 res=1\n"
	 "type=CONFIG_CHANGE msg=audit(1.000:4): op=set audit_backlog_limit=8192 old=64 auid=0 ses=1 res=1\n", "rules 1; rules 2; other 3; other 4"},
	{"auditd's own have no place in the order", "type=DAEMON_START msg=audit(1.000:9999): op=start ver=4.0.2 format=enriched res=success\n" EXEC("7"),
	 "daemon 0; call 7 exec 11<10 auid 1001 ses 5 exit 0"},
	{"types that are newer than auditd's tables", "type=UNKNOWN[1423] msg=audit(1.000:8): domain=195ba459b blockers=fs.read_dir\n"
	 "type=LANDLOCK_DOMAIN msg=audit(1.000:9): domain=195ba459b status=allocated\ntype=BPF msg=audit(1.000:10): prog-id=7 op=LOAD\n",
	 "other 8; other 9; other 10"},
	{"cut at the end of the log", EXEC("7") END("7") "type=SYSCALL msg=audit(1700000000.100:8): arch=c000003e syscall=59 success=y",
	 "call 7 exec 11<10 auid 1001 ses 5 exit 0; damaged 8"},
	{"its SYSCALL record lost", "type=CWD msg=audit(1.000:8): cwd=\"/\"\n" "type=EOE msg=audit(1.000:8): \n", "damaged 8"},
	{"a number that is none", CALL("8", "syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 ppid=x pid=11 auid=1001 uid=1 ses=5 comm=\"a\" exe=\"b\""), "damaged 8"},
	{"a field that is needed is not there", CALL("8", "syscall=59 success=yes exit=0 items=0 pid=11 auid=1001 uid=1 ses=5 comm=\"a\" exe=\"b\""), "damaged 8"},
	{"two SYSCALL records in one event", EXEC("8") EXEC("8") END("8"), "damaged 8"},
	{"a quote that does not close", "type=VIRT_CONTROL msg=audit(1.000:4): pid=50 uid=1001 auid=1001 ses=6 msg='virt=ranby op=start vm=\"a\n", "damaged 4"},
	{"lines that are no records", "hello\ntype=\ntype=SYSCALL\ntype=SYSCALL msg=audit(): a\ntype=SYSCALL msg=audit(1.2:x): a\n" EXEC("7"),
	 "call 7 exec 11<10 auid 1001 ses 5 exit 0"},
	{"another boot: serials begin again", "type=BPF msg=audit(1700000000.100:90000): prog-id=7 op=LOAD\n"
	 "type=KERNEL msg=audit(1700000100.000:1): state=initialized audit_enabled=0 res=1\ntype=BPF msg=audit(1700000101.000:2): prog-id=1 op=LOAD\n",
	 "other 90000; other 1 boot 1; other 2 boot 1"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t step = 1; step < 1000000; step *= 999) {
			_cleanup_(buf_done) struct buf out = BUF_INIT;
			struct log_stats stats;

			read_log(cases[i].text, step, &out, &stats);
			if (strcmp(buf_str(&out), cases[i].want) != 0)
				fail_msg("%s, %zu bytes at a time:\n%s\nnot\n%s", cases[i].name, step, buf_str(&out), cases[i].want);
		}
}

static void test_counts(void **state)
{
	static const char log[] = EXEC("5") END("5") "no record\n" EXEC("9") "type=CWD msg=audit(1.000:10): cwd=\"/\"\n";
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct log_stats s;

	(void)state;
	read_log(log, sizeof(log), &out, &s);
	assert_int_equal(s.lines, 5);
	assert_int_equal(s.bad_lines, 1);
	assert_int_equal(s.events, 3);
	assert_int_equal(s.missing, 3); /* 6, 7, 8 */
	assert_int_equal(s.damaged, 1);
}

/* A line that is longer than any: its event is known, what it said is not, and the next line is whole. */
static void test_long_line(void **state)
{
	_cleanup_(buf_done) struct buf log = BUF_INIT, out = BUF_INIT;
	struct log_stats s;

	(void)state;
	buf_adds(&log, "type=SYSCALL msg=audit(1700000000.100:6): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " IDS " x=");
	for (int i = 0; i < LOG_LINE_MAX; i++)
		buf_addc(&log, 'A');
	buf_adds(&log, "\n" EXEC("7"));
	read_log(buf_str(&log), 4096, &out, &s);
	assert_string_equal(buf_str(&out), "damaged 6; call 7 exec 11<10 auid 1001 ses 5 exit 0");
}

/* An event stays open while others come, but not for ever; and in order all the same. */
static void test_window(void **state)
{
	_cleanup_(buf_done) struct buf log = BUF_INIT, out = BUF_INIT;
	struct log_stats s;

	(void)state;
	for (unsigned i = 2; i < 2 + 3 * LOG_OPEN_MAX; i++)
		buf_addf(&log, "type=SYSCALL msg=audit(1700000000.100:%u): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " IDS "\n", i ^ 1);
	read_log(buf_str(&log), 65536, &out, &s);
	assert_int_equal(s.events, 3 * LOG_OPEN_MAX);
	assert_int_equal(s.missing, 0);
	assert_int_equal(s.late, 0);
	assert_int_equal(s.damaged, 0);
}

static int stop_it(const struct log_event *ev, void *data, struct err *e)
{
	++*(int *)data;
	return ev->serial == 8 ? err_set(e, ECANCELED, "enough") : 0;
}

static void test_sink_stops(void **state)
{
	static const char log[] = EXEC("7") END("7") EXEC("8") END("8") EXEC("9") END("9");
	_cleanup_(log_reader_freep) struct log_reader *lr = NULL;
	struct err e = {0};
	int n = 0, r;

	(void)state;
	assert_int_equal(log_reader_new(stop_it, &n, &lr, &e), 0);
	r = log_reader_feed(lr, log, sizeof(log) - 1, &e);
	r = r < 0 ? r : log_reader_end(lr, &e);
	assert_int_equal(r, -ECANCELED);
	assert_int_equal(n, 2);
}

TESTS("audit/log_reader", cmocka_unit_test(test_cases), cmocka_unit_test(test_counts), cmocka_unit_test(test_long_line),
      cmocka_unit_test(test_window), cmocka_unit_test(test_sink_stops))
