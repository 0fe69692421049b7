/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A tree of files stands for /proc: two containers (init 100 and 200, each
 * with pid and user namespaces of its own), a process that came by exec into
 * the first, one that shares the second's user namespace only, one of the
 * host, and one that is not ours to look into.
 */
#include "view/top.h"
#include "view/top_ps.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/ranby-test-top.XXXXXX";
static struct procfs fs = PROCFS_INIT;
static struct names *names;

static void put(const char *path, const char *text, size_t len)
{
	char full[256];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	for (char *slash = strchr(full + sizeof(dir), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(full, 0700);
		*slash = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, len), 0);
	close(fd);
}

static void put_text(const char *who, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", who, name);
	put(path, text, strlen(text));
}

static void put_ns(const char *who, const char *ns, unsigned inode)
{
	char path[256], text[64];

	snprintf(path, sizeof(path), "%s/%s/ns", dir, who);
	(void)mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/ns/%s", dir, who, ns);
	snprintf(text, sizeof(text), "%s:[%u]", ns, inode);
	assert_int_equal(symlink(text, path), 0);
}

/* The mount that the fake roots lie on, as one that may be read. */
static void put_mount(const char *pid)
{
	struct statx sx;
	char text[80];

	assert_int_equal(statx(AT_FDCWD, dir, 0, STATX_MNT_ID, &sx), 0);
	snprintf(text, sizeof(text), "%llu 1 0:1 / / rw - overlay overlay rw\n", (unsigned long long)sx.stx_mnt_id);
	put_text(pid, "mountinfo", text);
}

struct fake {
	const char *pid, *nspid, *comm;
	unsigned ppid, uid, pidns, userns;
	const char *args;
	size_t args_len;
};

static void put_process(const struct fake *f)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "%s (%s) S %u %s %s 34817 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 1000 8192000 250\n", f->pid, f->comm, f->ppid,
		 f->pid, f->pid);
	put_text(f->pid, "stat", text);
	snprintf(text, sizeof(text),
		 "Name:\tx\nPPid:\t%u\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nGroups:\t%s\nNSpid:\t%s\nNSpgid:\t%s\n"
		 "VmRSS:\t1376 kB\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000001\nCapEff:\t00000000a80425fb\n"
		 "CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2\n",
		 f->ppid, f->uid, f->uid, f->uid, f->uid, f->uid, f->uid, f->uid, f->uid, f->uid == 100032 ? "100033 0" : "",
		 f->nspid, f->nspid);
	put_text(f->pid, "status", text);
	if (f->pidns) {
		put_ns(f->pid, "pid", f->pidns);
		put_ns(f->pid, "user", f->userns);
		put_ns(f->pid, "mnt", 77);
	}
	snprintf(text, sizeof(text), "%s/cmdline", f->pid);
	put(text, f->args ? f->args : "", f->args ? (f->args_len ? f->args_len : strlen(f->args) + 1) : 0);
	put_text(f->pid, "loginuid", f->uid == 0 ? "4294967295" : "0");
	put_text(f->pid, "sessionid", "7");
	put_text(f->pid, "cgroup", "0::/user.slice/c1\n");
	put_text(f->pid, "uid_map", "         0     424242          1\n         1     100000      65536\n");
	put_text(f->pid, "gid_map", "         0     424242          1\n         1     100000      65536\n");
	put_mount(f->pid);
}

static int setup(void **state)
{
	static const struct fake processes[] = {
		{"100", "100\t1", "init", 50, 424242, 11, 21, "nginx\0-g\0daemon off;", 21},
		{"103", "103\t5\t1", "deep", 101, 100032, 11, 21, NULL, 0},
		{"101", "101\t2", "a) S 9 (b", 100, 100032, 11, 21, "\033[31mred\n", 0},
		{"200", "200\t1", "second", 50, 424242, 12, 22, "second", 0},
		{"201", "201\t9", "joined", 1, 424242, 11, 22, "joined", 0},
		{"300", "300", "hostly", 1, 424242, 1, 2, "hostly", 0},
		{"400", "400\t1", "foreign", 1, 5, 0, 0, "foreign", 0},
	};
	_cleanup_close_ int fd = -EBADF;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(processes); i++)
		put_process(&processes[i]);
	put_text("self", "cgroup", "0::/\n");
	put_text("self", "uid_map", "         0          0 4294967295\n");
	put_ns("self", "pid", 1);
	put_ns("self", "user", 2);
	put("uptime", "12.34 5.00\n", 11);
	put("sys/kernel/cap_last_cap", "40\n", 3);
	put("100/root/etc/passwd", "root:x:0:0::/:\nwww-data:x:33:33::/:\nfake:x:424242:0::/:\n", 56);
	put("100/root/etc/group", "root:x:0:\nweb\033[0m:x:33:\n", 24);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	names = names_new();
	return fd >= 0 && names && procfs_open_tree(fd, &fs) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char command[] = "rm";
	char flag[] = "-rf";
	char *const argv[] = {command, flag, dir, NULL};
	pid_t pid;

	(void)state;
	procfs_close(&fs);
	names_freep(&names);
	pid = fork();
	if (pid == 0) {
		execv("/bin/rm", argv);
		_exit(127);
	}
	return 0;
}

static struct top_target targets[2];

static void collect(const char *words, size_t n_targets, struct top_table *t)
{
	char *copy = strdup(words);
	struct top_columns cols = {0};
	struct top_request q = {.fs = &fs, .names = names, .columns = &cols, .targets = targets, .n_targets = n_targets};
	struct err e = {0};

	targets[0] = (struct top_target){.id = "1", .name = "web", .pid = 100, .start_ticks = 1000};
	targets[1] = (struct top_target){.id = "2", .name = "db", .pid = 200, .start_ticks = 1000};
	assert_int_equal(top_columns_parse(&copy, 1, &cols, &e), 0);
	assert_int_equal(top_collect(&q, t, &e), 0);
	free(copy);
}

/* The row of that host pid. */
static const struct top_row *row_of(const struct top_table *t, pid_t hpid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].hpid == hpid)
			return &t->rows[i];
	fail_msg("no row of %d", (int)hpid);
	return NULL;
}

static void cells(void **state)
{
	static const struct {
		pid_t hpid;
		const char *column, *text;
	} cases[] = {
		{100, "pid", "1"}, {101, "pid", "2"}, {103, "pid", "5"}, {100, "ppid", "0"}, {101, "ppid", "1"},
		{103, "ppid", "2"}, {100, "hpid", "100"}, {103, "pgid", "5"},
		{100, "args", "nginx -g daemon off;"}, {103, "args", "[deep]"}, {101, "args", "\\x1b[31mred\\n"},
		{101, "comm", "a) S 9 (b"}, {100, "%c", "init"},
		{100, "user", "root"}, {101, "user", "www-data"}, {101, "ruser", "www-data"}, {101, "uid", "33"},
		{101, "group", "web\\x1b[0m"}, {101, "gid", "33"}, {100, "groups", "-"},
		/* host group 0 is in no extent: "?"; 100033 is 34 and has no name */
		{101, "groups", "34,?"}, {101, "hgroups", "100033,0(root)"},
		/* the image calls 424242 "fake"; the host does not know it */
		{100, "huser", "424242"}, {101, "huid", "100032"}, {101, "hgid", "100032"},
		{100, "luser", "root"}, {100, "auid", "0"}, {100, "ses", "7"},
		{100, "seccomp", "filter"}, {100, "filters", "2"}, {100, "nnp", "yes"},
		{100, "capbnd", "full"}, {100, "capinh", "none"}, {100, "capprm", "CHOWN"},
		{100, "capeff", "AUDIT_WRITE,CHOWN,DAC_OVERRIDE,FOWNER,FSETID,KILL,MKNOD,NET_BIND_SERVICE,NET_RAW,"
				"SETFCAP,SETGID,SETPCAP,SETUID,SYS_CHROOT"},
		{100, "label", "?"}, {100, "lsm", "none"}, {100, "tty", "pts/1"}, {100, "nice", "0"}, {100, "state", "S"},
		{100, "vsz", "8000"}, {100, "rss", "1376"}, {100, "etime", "2.34s"}, {100, "time", "2s"},
		{100, "pcpu", "85.470"}, {100, "userns", "21"}, {101, "pidns", "11"}, {100, "mntns", "77"},
		{100, "uidmap", "0:424242:1,1:100000:65536"}, {100, "cgroup", "/user.slice/c1"}, {100, "ctr", "web"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(top_table_done) struct top_table t = {0};

		collect(cases[i].column, 1, &t);
		assert_string_equal(row_of(&t, cases[i].hpid)->cells[0].text, cases[i].text);
	}
}

static void membership(void **state)
{
	_cleanup_(top_table_done) struct top_table t = {0};

	(void)state;
	collect("ctr,pid", 2, &t);
	assert_int_equal(t.n, 5);
	/* by container, then by its own pids; 201 is in the first's pid namespace, and the second's by its user namespace */
	assert_int_equal(t.rows[0].hpid, 100);
	assert_int_equal(t.rows[1].hpid, 101);
	assert_int_equal(t.rows[2].hpid, 103);
	assert_int_equal(t.rows[3].hpid, 200);
	assert_int_equal(t.rows[4].hpid, 201);
	assert_string_equal(t.rows[4].cells[0].text, "db");
	assert_int_equal(targets[0].n_processes, 3);
	assert_int_equal(targets[0].found, TOP_BY_PIDNS);
}

static void other_identity(void **state)
{
	struct top_columns cols = {0};
	struct top_target gone = {.id = "1", .name = "web", .pid = 100, .start_ticks = 999};
	struct top_request q = {.fs = &fs, .names = names, .columns = &cols, .targets = &gone, .n_targets = 1};
	struct top_table t = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(top_columns_parse(NULL, 0, &cols, &e), 0);
	assert_int_equal(top_collect(&q, &t, &e), -ESRCH);
}

static void unknown_descriptor(void **state)
{
	static const struct {
		const char *word, *near;
	} cases[] = {{"uzer", "\"user\""}, {"hpdi", "\"hpid\""}, {"pid,husr", "\"huser\""}, {"frobnicate", "list-descriptors"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *word = strdup(cases[i].word);
		struct top_columns cols = {0};
		struct err e = {0};

		assert_int_equal(top_columns_parse(&word, 1, &cols, &e), -EINVAL);
		assert_non_null(strstr(e.hint, cases[i].near));
		free(word);
	}
}

/* podman's names, codes and headers, to the letter. */
static void podman_columns(void **state)
{
	static const struct {
		const char *name, *code, *header;
	} want[] = {
		{"args", "%a", "COMMAND"}, {"comm", "%c", "COMMAND"}, {"pid", "%p", "PID"}, {"ppid", "%P", "PPID"},
		{"pgid", "%r", "PGID"}, {"user", "%U", "USER"}, {"ruser", "%u", "RUSER"}, {"uid", NULL, "UID"},
		{"group", "%G", "GROUP"}, {"rgroup", "%g", "RGROUP"}, {"groups", NULL, "GROUPS"}, {"huser", NULL, "HUSER"},
		{"huid", NULL, "HUID"}, {"hgroup", NULL, "HGROUP"}, {"hgroups", NULL, "HGROUPS"}, {"hpid", NULL, "HPID"},
		{"label", NULL, "LABEL"}, {"seccomp", NULL, "SECCOMP"}, {"capeff", NULL, "EFFECTIVE CAPS"},
		{"capprm", NULL, "PERMITTED CAPS"}, {"capinh", NULL, "INHERITED CAPS"}, {"capbnd", NULL, "BOUNDING CAPS"},
		{"capamb", NULL, "AMBIENT CAPS"}, {"pcpu", "%C", "%CPU"}, {"time", "%x", "TIME"}, {"etime", "%t", "ELAPSED"},
		{"stime", NULL, "STIME"}, {"tty", "%y", "TTY"}, {"nice", "%n", "NI"}, {"vsz", "%z", "VSZ"},
		{"rss", NULL, "RSS"}, {"state", NULL, "STATE"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		const struct top_column *c = top_column_find(want[i].name);

		assert_non_null(c);
		assert_string_equal(c->header, want[i].header);
		assert_true(!want[i].code || top_column_find(want[i].code) == c);
	}
}

static void sorting(void **state)
{
	_cleanup_(top_table_done) struct top_table t = {0};
	struct err e = {0};

	(void)state;
	collect("hpid,huser", 2, &t);
	assert_int_equal(top_sort(&t, "-hpid", &e), 0);
	assert_int_equal(t.rows[0].hpid, 201);
	/* as numbers: 100032 before 424242 */
	assert_int_equal(top_sort(&t, "huser", &e), 0);
	assert_string_equal(t.rows[0].cells[1].text, "100032");
	assert_string_equal(t.rows[4].cells[1].text, "424242");
	assert_int_equal(top_sort(&t, "rss", &e), -EINVAL);
}

static void as_json(void **state)
{
	_cleanup_(top_table_done) struct top_table t = {0};
	_cleanup_json_ struct json_object *array = NULL;

	(void)state;
	collect("pid huser user nnp label hgroups", 1, &t);
	array = top_json(&t);
	assert_non_null(array);
	assert_string_equal(json_text(json_object_array_get_idx(array, 1), NULL),
			    "{\"pid\":2,\"huser\":{\"id\":100032,\"name\":null},\"user\":{\"id\":33,\"name\":\"www-data\"},"
			    "\"nnp\":true,\"label\":null,\"hgroups\":[{\"id\":100033,\"name\":null},{\"id\":0,\"name\":\"root\"}]}");
}

static void for_ps(void **state)
{
	static const char *const yes[] = {"-ef", "-o", "aux", "axo", "ax", "--forest", "auxww", "-eo"};
	static const char *const no[] = {"args", "pid", "tax", "capamb", "pid,user", "label", "auxpid", "%a"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(top_ps_wanted(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(top_ps_wanted(no[i]) && top_column_find(no[i]));
	/* no descriptor may be taken for ps options */
	for (const struct top_column *c = top_column_table; c->name; c++)
		assert_false(top_ps_wanted(c->name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells),   cmocka_unit_test(membership), cmocka_unit_test(other_identity),
		cmocka_unit_test(unknown_descriptor), cmocka_unit_test(podman_columns), cmocka_unit_test(sorting),
		cmocka_unit_test(as_json), cmocka_unit_test(for_ps),
	};

	return cmocka_run_group_tests_name("top", tests, setup, teardown);
}
