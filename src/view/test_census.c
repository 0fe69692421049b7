/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A tree of files stands for /proc; what needs real namespaces is in tests/root/all_users.bats. */
#include "base/testing.h"

#include "view/census.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <string.h>
#include <sys/stat.h>

#define HOST_MAP "         0          0 4294967295\n"
#define OWN_MAP "         0       2001          1\n         1     100000      65536\n"

struct fake {
	unsigned pid, ppid;
	const char *nspid;
	unsigned userns, pidns; /* 0: not readable */
	const char *map, *comm, *auid;
	unsigned start;
};

static void put(int dirfd, unsigned pid, const char *name, const char *text, size_t len)
{
	char who[16], path[64];
	int fd;

	snprintf(who, sizeof(who), "%u", pid);
	(void)mkdirat(dirfd, pid ? who : "self", 0700);
	snprintf(path, sizeof(path), "%s/%s", pid ? who : "self", name);
	fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, len), 0);
	close(fd);
}

static void put_ns(int dirfd, unsigned pid, const char *ns, unsigned inode)
{
	char who[16], path[64], text[32];

	snprintf(who, sizeof(who), "%u", pid);
	snprintf(path, sizeof(path), "%s/ns", pid ? who : "self");
	(void)mkdirat(dirfd, pid ? who : "self", 0700);
	(void)mkdirat(dirfd, path, 0700);
	snprintf(path, sizeof(path), "%s/ns/%s", pid ? who : "self", ns);
	snprintf(text, sizeof(text), "%s:[%u]", ns, inode);
	assert_int_equal(symlinkat(text, dirfd, path), 0);
}

static void put_process(int dirfd, const struct fake *f)
{
	char text[512];
	int n;

	n = snprintf(text, sizeof(text), "%u (%s) S %u 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n", f->pid, f->comm, f->ppid,
		     f->start);
	put(dirfd, f->pid, "stat", text, (size_t)n);
	n = snprintf(text, sizeof(text),
		     "Name:\tx\nPPid:\t%u\nUid:\t7\t2001\t7\t7\nGid:\t7\t7\t7\t7\nGroups:\t\nNSpid:\t%s\n"
		     "CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n",
		     f->ppid, f->nspid);
	put(dirfd, f->pid, "status", text, (size_t)n);
	put(dirfd, f->pid, "uid_map", f->map, strlen(f->map));
	put(dirfd, f->pid, "loginuid", f->auid, strlen(f->auid));
	put(dirfd, f->pid, "sessionid", "7", 1);
	put(dirfd, f->pid, "cmdline", "sleep\0a b\0\0", 11);
	if (f->userns) {
		put_ns(dirfd, f->pid, "user", f->userns);
		put_ns(dirfd, f->pid, "pid", f->pidns);
	}
}

static int make_tree(char path[static 64], const struct fake *list, size_t n)
{
	int fd = testing_directory(path);

	put_ns(fd, 0, "user", 1);
	put_ns(fd, 0, "pid", 2);
	put(fd, 0, "uid_map", HOST_MAP, strlen(HOST_MAP));
	(void)mkdirat(fd, "sys", 0700);
	{
		int up = openat(fd, "uptime", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_int_equal(fd_write_all(up, "100.00 5.00\n", 12), 0);
		close(up);
	}
	for (size_t i = 0; i < n; i++)
		put_process(fd, &list[i]);
	return fd;
}

static void take(const struct fake *list, size_t n, struct census *c)
{
	struct procfs fs = PROCFS_INIT;
	char path[64], *slash;
	struct err e = {0};
	int fd = make_tree(path, list, n), parent;

	assert_int_equal(procfs_open_tree(fd, &fs), 0);
	if (census_take(&fs, c, &e) < 0)
		fail_msg("%s", e.text);
	procfs_close(&fs);
	close(fd);
	slash = strrchr(path, '/');
	*slash = '\0';
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(path_own_remove_tree(parent, slash + 1), 0);
	close(parent);
}

static const struct census_row *row_at(const struct census *c, int pid)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->rows[i].pid == pid)
			return &c->rows[i];
	fail_msg("no row of %d", pid);
	return NULL;
}

static void is_named(const struct census *c, int pid, const char *name)
{
	char *got = census_name(c, row_at(c, pid));

	assert_string_equal(got, name);
	free(got);
}

static void pairs(void **state)
{
	static const struct fake list[] = {
		{1, 0, "1", 1, 2, HOST_MAP, "init", "4294967295", 1},
		{50, 1, "50", 1, 2, HOST_MAP, "conmon", "2001", 50},
		/* one container, whose init is not its lowest pid, and who came by exec */
		{98, 100, "98\t3", 11, 12, OWN_MAP, "child", "2001", 130},
		{100, 50, "100\t1", 11, 12, OWN_MAP, "payload", "2001", 100},
		{101, 50, "101\t9", 11, 12, OWN_MAP, "exec", "2001", 140},
		/* the same user namespace, another pid namespace */
		{200, 50, "200\t1", 11, 22, OWN_MAP, "second", "2001", 200},
		/* no pid namespace, and no user namespace */
		{300, 1, "300", 31, 2, OWN_MAP, "unshare", "4294967295", 300},
		{301, 300, "301", 31, 2, OWN_MAP, "sh", "4294967295", 301},
		{400, 1, "400\t1", 1, 42, HOST_MAP, "docker", "4294967295", 400},
		/* a user namespace below, in the first one's pid namespace */
		{500, 98, "500\t5", 51, 12, OWN_MAP, "inner", "2001", 500},
	};
	struct census c = {0};

	(void)state;
	take(list, ARRAY_SIZE(list), &c);
	assert_int_equal(c.n, 5);
	assert_false(c.blind);
	assert_false(c.hidden);
	assert_int_equal(row_at(&c, 100)->n_processes, 3);
	assert_true(row_at(&c, 100)->has_pidns);
	assert_int_equal(row_at(&c, 100)->uid, 2001);
	assert_int_equal(row_at(&c, 100)->auid, 2001);
	assert_int_equal(row_at(&c, 100)->ses, 7);
	assert_string_equal(row_at(&c, 100)->command, "sleep a b");
	assert_string_equal(row_at(&c, 100)->uid_map, "0:2001:1,1:100000:65536");
	assert_string_equal(census_source_word(row_at(&c, 100)->source), "proc");
	assert_int_equal(row_at(&c, 200)->n_processes, 1);
	assert_int_equal(row_at(&c, 300)->n_processes, 2);
	assert_false(row_at(&c, 300)->has_pidns);
	assert_int_equal(row_at(&c, 300)->auid, PROC_ID_UNSET);
	assert_true(row_at(&c, 400)->has_pidns);
	assert_ptr_equal(&c.rows[row_at(&c, 500)->outer], row_at(&c, 100));
	is_named(&c, 100, "(conmon)");
	is_named(&c, 300, "(unshare)");
	is_named(&c, 400, "(init)");
	is_named(&c, 500, "(inner)");
	/* a name of the outer one shows where the inner one lies */
	c.rows[row_at(&c, 500)->outer].name = strdup("web");
	is_named(&c, 100, "web");
	is_named(&c, 500, "(inner) in web");
	/* no login comes last */
	assert_int_equal(c.rows[c.n - 1].auid, PROC_ID_UNSET);
	census_done(&c);
}

static void pairs_without_namespaces(void **state)
{
	static const struct fake list[] = {
		{1, 0, "1", 0, 0, HOST_MAP, "init", "4294967295", 1},
		{50, 1, "50", 0, 0, HOST_MAP, "monitor", "2001", 50},
		{100, 50, "100\t1", 0, 0, OWN_MAP, "payload", "2001", 100},
		{101, 100, "101\t2", 0, 0, OWN_MAP, "child", "2001", 101},
		{102, 101, "102\t3", 0, 0, OWN_MAP, "grandchild", "2001", 102},
		{110, 50, "110\t4", 0, 0, OWN_MAP, "exec", "2001", 110}, /* from outside: whose? */
		{200, 50, "200\t1", 0, 0, OWN_MAP, "second", "2002", 200},
		{300, 1, "300", 0, 0, OWN_MAP, "unshare", "2002", 300},
		{301, 300, "301", 0, 0, OWN_MAP, "sh", "2002", 301},
		{400, 1, "400", 0, 0, "", "unmapped", "2002", 400},
		{999, 1, "999", 1, 2, HOST_MAP, "own", "2003", 999},
	};
	struct census c = {0};

	(void)state;
	take(list, ARRAY_SIZE(list), &c);
	assert_int_equal(c.n, 4);
	assert_true(c.blind);
	assert_string_equal(row_at(&c, 400)->uid_map, "");
	assert_int_equal(c.unplaced, 1);
	assert_int_equal(row_at(&c, 100)->n_processes, 3);
	assert_int_equal(row_at(&c, 200)->n_processes, 1);
	assert_int_equal(row_at(&c, 300)->n_processes, 2);
	assert_int_equal(row_at(&c, 100)->userns, 0);
	is_named(&c, 100, "(monitor)");
	census_done(&c);
}

static void loops_and_nothing(void **state)
{
	/* parents that are each other's: no such thing in a kernel, but in a race of two reads */
	static const struct fake list[] = {
		{60, 61, "60", 0, 0, OWN_MAP, "a", "1", 1},
		{61, 60, "61", 0, 0, OWN_MAP, "b", "1", 1},
	};
	struct census c = {0};

	(void)state;
	take(list, ARRAY_SIZE(list), &c);
	assert_int_equal(c.n, 0);
	assert_true(c.hidden); /* no pid 1 */
	census_done(&c);
	take(list, 0, &c);
	assert_int_equal(c.n, 0);
	census_done(&c);
}

static void not_in_a_user_namespace(void **state)
{
	struct procfs fs = PROCFS_INIT;
	struct err e = {0};
	char path[64];
	int fd = make_tree(path, NULL, 0);

	(void)state;
	put(fd, 0, "uid_map", OWN_MAP, strlen(OWN_MAP));
	assert_int_equal(procfs_open_tree(fd, &fs), 0);
	assert_int_equal(census_allowed(&fs, &e), -EACCES);
	assert_non_null(strstr(e.text, "on the host only"));
	procfs_close(&fs);
	close(fd);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(path_own_remove_tree(fd, path + 1), 0);
	close(fd);
}

/* ---- the system ledger ---- */

#define BOOT "3a5c1c0f-fee0-4000-8000-000000000000"

static void put_segment(int dirfd, const char *shard, const char *name, const char *text)
{
	char path[96];
	int fd;

	(void)mkdirat(dirfd, shard, 0750);
	snprintf(path, sizeof(path), "%s/%s", shard, name);
	fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static struct census_row make_row(uint32_t auid, int pid, uint64_t ticks)
{
	return (struct census_row){.pid = pid, .start_ticks = ticks, .auid = auid, .outer = CENSUS_NONE};
}

#define START(uuid, more) "{\"op\":\"start\",\"word\":\"believed\",\"res\":\"success\",\"virt\":\"ranby\",\"uuid\":\"" uuid "\"," more "}\n"
#define CLAIM(uuid, word, vm) \
	"{\"op\":\"start\",\"word\":\"" word "\",\"res\":\"success\",\"virt\":\"ranby\",\"uuid\":\"" uuid "\",\"trust\":\"live\",\"vm\":\"" vm "\"}\n"
/* pids 100, 101, ... of the boot above, start time 1000 */
#define UUID(n) "3a5c1c0f-fec0-8000-80" n "-0000000003e8"

static void ledger_rows(void **state)
{
	struct census c = {.rows = mem_array(8, sizeof(struct census_row)), .n = 8};
	char path[64];
	int fd = testing_directory(path);

	(void)state;
	assert_int_equal(fchmod(fd, 0750), 0);
	for (int i = 0; i < 4; i++)
		c.rows[i] = make_row(1001, 100 + i, 1000);
	c.rows[4] = make_row(PROC_ID_UNSET, 104, 1000);
	for (int i = 5; i < 8; i++)
		c.rows[i] = make_row(1001, 100 + i, 1000);
	/* 100: in an older segment; 101: only a caller's word, and one who says to be root; 102: another process of the same pid; 103: another login's shard */
	put_segment(fd, "auid-1001", "00000000000000000001.jsonl",
		    "garbage " UUID("64") "\n" START(UUID("64"), "\"trust\":\"root\",\"uid\":0,\"vm\":\"web\",\"ctr\":\"aa\",\"claimed-image\":\"nginx\",\"receipt\":\"1.0:7\""));
	put_segment(fd, "auid-1001", "00000000000000000003.jsonl",
		    START(UUID("65"), "\"trust\":\"caller\",\"vm\":\"fake\"")
		    START(UUID("65"), "\"trust\":\"root\",\"uid\":1001,\"vm\":\"fake\"") START("3a5c1c0f-fec0-8000-8066-0000000003e9", "\"trust\":\"live\",\"vm\":\"old\""));
	/* 105: a container's process wrote of itself before and after what is believed; 106: nobody else did; 107: nobody weighed it */
	put_segment(fd, "auid-1001", "00000000000000000002.jsonl",
		    CLAIM(UUID("69"), "claimed", "fake") START(UUID("69"), "\"trust\":\"live\",\"vm\":\"real\"") CLAIM(UUID("69"), "claimed", "fake")
		    CLAIM(UUID("6a"), "claimed", "first") CLAIM(UUID("6a"), "unknown", "second") CLAIM(UUID("6b"), "", "old"));
	put_segment(fd, "auid-1001", "00000000000000000004.jsonl", CLAIM(UUID("69"), "claimed", "late"));
	put_segment(fd, "auid-1002", "00000000000000000001.jsonl", START(UUID("67"), "\"trust\":\"live\",\"vm\":\"other\""));
	put_segment(fd, "auid-unset", "00000000000000000001.jsonl", START(UUID("68"), "\"trust\":\"live\",\"vm\":\"cron\""));
	assert_int_equal(census_join(&c, path, BOOT, geteuid()), 0);
	assert_int_equal(c.rows[0].source, CENSUS_LEDGER);
	assert_string_equal(c.rows[0].name, "web");
	assert_string_equal(c.rows[0].image, "nginx");
	assert_string_equal(c.rows[0].receipt, "1.0:7");
	for (int i = 1; i < 4; i++)
		assert_int_equal(c.rows[i].source, CENSUS_PROC);
	/* who has no login could be in any container of those that have none */
	assert_int_equal(c.rows[4].source, CENSUS_CLAIMED);
	assert_string_equal(census_source_word(c.rows[4].source), "claimed");
	is_named(&c, 104, "cron");
	assert_int_equal(c.rows[5].source, CENSUS_LEDGER);
	is_named(&c, 105, "real");
	for (int i = 6; i < 8; i++)
		assert_int_equal(c.rows[i].source, CENSUS_CLAIMED);
	is_named(&c, 106, "first");
	is_named(&c, 107, "old");
	assert_int_equal(census_join(&c, path, "no boot id", geteuid()), -EINVAL);
	assert_int_equal(fchmod(fd, 0777), 0);
	assert_int_equal(census_join(&c, path, BOOT, geteuid()), -EPERM);
	assert_int_equal(fchmod(fd, 0750), 0);
	assert_int_equal(census_join(&c, path, BOOT, geteuid() + 1), -EPERM);
	assert_int_equal(census_join(&c, "/nonexistent/ranby", BOOT, 0), -ENOENT);
	census_done(&c);
	close(fd);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(path_own_remove_tree(fd, path + 1), 0);
	close(fd);
}

TESTS("view/census", cmocka_unit_test(ledger_rows), cmocka_unit_test(pairs), cmocka_unit_test(pairs_without_namespaces), cmocka_unit_test(loops_and_nothing),
      cmocka_unit_test(not_in_a_user_namespace))
