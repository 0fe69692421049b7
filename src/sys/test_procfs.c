/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/procfs.h"

#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* ---- stat ---- */

#define TAIL " S 7 8 9 34816 -1 0 0 0 0 0 300 200 40 30 20 -5 3 0 4711 8192000 250 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 256\n"

static void stat_names(void **state)
{
	static const char *const names[] = {
		"sleep", "a b", ")", "((", "x) S 1 1 1 0", "line\nbreak", "\033[31m", "", "kworker/u8:2-events_unbound",
		") R 1 1 1 34816 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct proc_stat st;
		char text[512];
		int n = snprintf(text, sizeof(text), "42 (%s)" TAIL, names[i]);

		assert_int_equal(proc_stat_parse(text, (size_t)n, &st), 0);
		assert_string_equal(st.comm, names[i]);
		assert_int_equal(st.pid, 42);
		assert_int_equal(st.state, 'S');
		assert_int_equal(st.ppid, 7);
		assert_int_equal(st.tty, 34816);
		assert_int_equal(st.utime, 300);
		assert_int_equal(st.stime, 200);
		assert_int_equal(st.cutime, 40);
		assert_int_equal(st.cstime, 30);
		assert_int_equal(st.nice, -5);
		assert_int_equal(st.start_ticks, 4711);
		assert_int_equal(st.vsize, 8192000);
		assert_int_equal(st.exit_code, 256);
	}
}

static void stat_bad(void **state)
{
	static const char *const texts[] = {
		"", "42", "42 (x", "42 (x)", "42 (x) ", "42 (x) S", "42 (x) S 1 2 3", "x (x)" TAIL, "42 )x(" TAIL,
		"42 (x)S 7 8 9", "99999999999 (x)" TAIL, "-1 (x)" TAIL,
		"42 (x) S 7 8 9 34816 -1 0 0 0 0 0 300 200 40 30 20 -5 3 0 1x 8192000 250",
		"42 (x) S - 8 9 34816 -1 0 0 0 0 0 300 200 40 30 20 -5 3 0 4711 8192000 250",
		"42 (x) S 07 8 9 34816 -1 0 0 0 0 0 300 200 40 30 20 -5 3 0 4711 8192000 250",
		"42 (x) S 18446744073709551616 8 9 34816 -1 0 0 0 0 0 300 200 40 30 20 -5 3 0 4711 8192000 250",
		"42 (xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)" TAIL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct proc_stat st = {.pid = 1};

		assert_int_equal(proc_stat_parse(texts[i], strlen(texts[i]), &st), -EINVAL);
		assert_int_equal(st.pid, 1);
	}
}

/* ---- status ---- */

#define STATUS                                                                       \
	"Name:\tUid:\\n0\nUmask:\t0022\nState:\tS (sleeping)\nPPid:\t7\n"            \
	"Uid:\t1\t2\t3\t4294967295\nGid:\t5\t6\t7\t8\nGroups:\t4 27 100 \n"          \
	"NStgid:\t900\t5\t1\nNSpid:\t900\t5\t1\nNSpgid:\t900\t5\t1\nNSsid:\t0\t0\t0\n" \
	"VmSize:\t    2268 kB\nVmRSS:\t    1376 kB\n"                                \
	"CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n" \
	"CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000001\n"

static void status_whole(void **state)
{
	static const char text[] = STATUS "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";
	_cleanup_(proc_status_done) struct proc_status st = {0};

	(void)state;
	assert_int_equal(proc_status_parse(text, strlen(text), &st), 0);
	assert_int_equal(st.uid[PROC_REAL], 1);
	assert_int_equal(st.uid[PROC_EFFECTIVE], 2);
	assert_int_equal(st.uid[PROC_FS], UINT32_MAX);
	assert_int_equal(st.gid[PROC_EFFECTIVE], 6);
	assert_int_equal(st.n_groups, 3);
	assert_int_equal(st.groups[1], 27);
	assert_int_equal(st.nspid.n, 3);
	assert_int_equal(st.nspid.v[2], 1);
	assert_true(st.cap_prm == 0xa80425fb && st.cap_bnd == 0x1ffffffffff && st.cap_amb == 1);
	assert_int_equal(st.no_new_privs, 1);
	assert_int_equal(st.seccomp, 2);
	assert_int_equal(st.seccomp_filters, 3);
	assert_int_equal(st.vm_rss_kib, 1376);
}

static void status_old_kernel(void **state)
{
	_cleanup_(proc_status_done) struct proc_status st = {0};

	(void)state;
	assert_int_equal(proc_status_parse(STATUS, strlen(STATUS), &st), 0);
	assert_int_equal(st.no_new_privs, -1);
	assert_int_equal(st.seccomp, -1);
	assert_int_equal(st.seccomp_filters, -1);
}

static void status_bad(void **state)
{
	static const char *const texts[] = {
		"", "Name:\tx\n", STATUS "Uid:\t0\t0\t0\t0\n", STATUS "Seccomp:\tx\n", STATUS "NoNewPrivs:\t-1\n",
		"PPid:\t1\nUid:\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\t0\n",
		"PPid:\t1\nUid:\t0\t0\t0\t4294967296\nGid:\t0\t0\t0\t0\nCapEff:\t0\n",
		"PPid:\t1\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\t0000000000000000000\n",
		"PPid:\t1\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\tFF\n",
		"PPid:\t1\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\t0\nGroups:\t1 2 x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct proc_status st = {.ppid = 77};

		assert_int_equal(proc_status_parse(texts[i], strlen(texts[i]), &st), -EINVAL);
		assert_int_equal(st.ppid, 77);
		assert_null(st.groups);
	}
}

/* ---- cgroup ---- */

static void cgroups(void **state)
{
	static const struct {
		const char *text, *v1, *want;
		int r;
	} cases[] = {
		{"0::/user.slice/a:b\n", "memory", "/user.slice/a:b", 0},
		{"3:cpu,cpuacct:/x\n1:name=systemd:/y\n0::/\n", "cpuacct", "/x", 0},
		{"3:memory:/x\n0::/z\n", "memory", "/z", 0},
		{"3:memoryx:/x\n0::/\n", "memory", "/", 0},
		{"3:memory:/x\n", NULL, NULL, -ENODATA},
		{"", "memory", NULL, -ENODATA},
		{"junk\n", "memory", NULL, -EINVAL},
		{"0:\n", "memory", NULL, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		assert_int_equal(proc_cgroup_parse(cases[i].text, cases[i].v1, &b), cases[i].r);
		if (cases[i].r == 0)
			assert_string_equal(buf_str(&b), cases[i].want);
	}
}

/* ---- live ---- */

static void ourselves(void **state)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_(proc_status_done) struct proc_status st = {0};
	_cleanup_(buf_done) struct buf args = BUF_INIT;
	_cleanup_close_ int ns = -EBADF;
	struct proc other = PROC_INIT;
	uint64_t inode, again;
	bool cut;

	(void)state;
	assert_int_equal(procfs_open(&fs), 0);
	assert_true(fs.live);
	assert_int_equal(proc_open(&fs, getpid(), &p), 0);
	assert_true(p.pidfd >= 0);
	assert_true(proc_is_there(&p));
	assert_int_equal(proc_read_status(&p, &st), 0);
	assert_int_equal(st.uid[PROC_EFFECTIVE], geteuid());
	assert_int_equal(st.ppid, getppid());
	assert_int_equal(proc_read_cmdline(&p, 3, &args, &cut), 0);
	assert_true(cut);
	assert_int_equal(args.len, 3);
	assert_int_equal(proc_open_identity(&fs, getpid(), p.start_ticks + 1, &other), -ESRCH);
	assert_int_equal(proc_open_identity(&fs, -1, 0, &other), -ESRCH);
	assert_int_equal(proc_ns_inode(&p, "user", &inode), 0);
	assert_int_equal(proc_ns_open(&p, "user", &ns), 0);
	assert_int_equal(ns_inode(ns, &again), 0);
	assert_int_equal(inode, again);
}

/* The directory is the process's: after its end it shows nothing, whoever has the number. */
static void gone(void **state)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	struct proc_status st = {0};
	struct proc_stat stat;
	pid_t pid;

	(void)state;
	assert_int_equal(procfs_open(&fs), 0);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(proc_open(&fs, pid, &p), 0);
	assert_int_equal(pidfd_signal(p.pidfd, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	/* a zombie is still there */
	assert_true(proc_is_there(&p));
	assert_int_equal(proc_read_stat(&p, &stat), 0);
	assert_int_equal(stat.state, 'Z');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(proc_is_there(&p));
	assert_int_equal(proc_read_stat(&p, &stat), -ESRCH);
	assert_int_equal(proc_read_status(&p, &st), -ESRCH);
}

static void all_pids(void **state)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_free_ pid_t *pids = NULL;
	bool found = false;
	size_t n;

	(void)state;
	assert_int_equal(procfs_open(&fs), 0);
	assert_int_equal(procfs_pids(&fs, &pids, &n), 0);
	for (size_t i = 0; i < n; i++) {
		found = found || pids[i] == getpid();
		assert_true(i == 0 || pids[i - 1] < pids[i]);
	}
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_names), cmocka_unit_test(stat_bad),   cmocka_unit_test(status_whole),
		cmocka_unit_test(status_old_kernel), cmocka_unit_test(status_bad), cmocka_unit_test(cgroups),
		cmocka_unit_test(ourselves),  cmocka_unit_test(gone),       cmocka_unit_test(all_pids),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}
