/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* States are files of the test's, processes are real: a child of the test's, and what its state says of it. */
#include "base/testing.h"

#include "view/engines.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char top[64];
static int dir = -EBADF;
static pid_t child;
static uint64_t ticks;
static char boot[64];

static int set_up(void **state)
{
	struct procfs fs = PROCFS_INIT;

	(void)state;
	dir = testing_directory(top);
	assert_int_equal(procfs_open(&fs), 0);
	assert_int_equal(procfs_read_line(&fs, "sys/kernel/random/boot_id", boot, sizeof(boot)), 0);
	procfs_close(&fs);
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_true(child > 0);
	return pid_start_ticks(child, &ticks);
}

static int tear_down(void **state)
{
	int parent = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	int pidfd;

	(void)state;
	assert_int_equal(pidfd_open_identity(child, ticks, &pidfd), 0);
	assert_int_equal(pidfd_signal(pidfd, SIGKILL), 0);
	close(pidfd);
	waitpid(child, NULL, 0);
	close(dir);
	assert_int_equal(path_own_remove_tree(parent, top + 1), 0);
	close(parent);
	return 0;
}

static void put(const char *id, const char *text)
{
	char path[128];
	int fd;

	(void)mkdirat(dir, id, 0700);
	snprintf(path, sizeof(path), "%s/state.json", id);
	fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void put_state(const char *id, pid_t pid, uint64_t start, const char *boot_id, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\"id\":\"%s\",\"pid\":%d,\"startTicks\":%llu,\"bootId\":\"%s\",\"bundle\":\"/b\"%s}", id, (int)pid,
		 (unsigned long long)start, boot_id, more);
	put(id, text);
}

static const struct engine_state *state_of(const struct engines *g, const char *id)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->items[i].s.id, id) == 0)
			return &g->items[i];
	return NULL;
}

static void take(struct engines *g)
{
	struct procfs fs = PROCFS_INIT;
	struct err e = {0};

	assert_int_equal(procfs_open(&fs), 0);
	if (engines_add(g, top, NULL, &e) < 0 || engines_add(g, top, "podman", &e) < 0 || engines_join(g, &fs, &e) < 0)
		fail_msg("%s", e.text);
	procfs_close(&fs);
}

static void joined(void **state)
{
	_cleanup_(engines_done) struct engines g = {0};
	const struct engine_state *t;
	const struct census_row *row;

	(void)state;
	put_state("lives", child, ticks, boot, ",\"annotations\":{\"io.container.manager\":\"libpod\"}");
	put_state("reused", child, ticks + 1, boot, "");
	put_state("rebooted", child, ticks, "00000000-0000-0000-0000-000000000000", "");
	put_state("job", child, ticks + 1, boot, ",\"attribution\":{\"claimed\":{\"SLURM_JOB_ID\":\"7\"}}");
	take(&g);
	assert_int_equal(g.n, 4); /* and a directory is read once */
	assert_int_equal(g.refused, 0);
	t = state_of(&g, "lives");
	assert_int_equal(t->status, RUNTIME_RUNNING);
	assert_string_equal(t->engine, "podman");
	row = &g.census.rows[t->row];
	assert_int_equal(row->pid, child);
	assert_int_equal(row->start_ticks, ticks);
	assert_int_equal(row->uid, geteuid());
	assert_true(row->started_ns > 0);
	assert_false(engines_is_unknown(&g, t->row));
	assert_string_equal(state_of(&g, "job")->engine, "slurm");
	assert_string_equal(state_of(&g, "reused")->engine, "unknown");
	for (size_t i = 0; i < 3; i++) {
		t = state_of(&g, (const char *const[]){"reused", "rebooted", "job"}[i]);
		assert_int_equal(t->status, RUNTIME_STOPPED);
		assert_true(t->row == CENSUS_NONE);
	}
}

/* Nobody's word: another runtime's, none at all, and where others may write. */
static void refused(void **state)
{
	_cleanup_(engines_done) struct engines g = {0};
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "{\"id\":\"runc\",\"init_process_pid\":%d}", (int)child);
	put("runc", text);
	put_state("short", child, ticks, "", "");
	put("words", "{\"pid\":");
	put_state("open", child, ticks, boot, "");
	assert_int_equal(fchmodat(dir, "open", 0777, 0), 0);
	assert_int_equal(symlinkat("open", dir, "link"), 0);
	(void)mkdirat(dir, "making", 0700);
	take(&g);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.refused, 3); /* words, open, link */
}

static void roots(void **state)
{
	_cleanup_(engines_done) struct engines g = {0};
	struct err e = {0};
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/none", top);
	assert_int_equal(engines_add(&g, path, NULL, &e), -ENOENT);
	assert_int_equal(symlinkat(".", dir, "l"), 0);
	snprintf(path, sizeof(path), "%s/l", top);
	assert_int_equal(engines_add(&g, path, NULL, &e), -EPERM);
	assert_int_equal(fchmod(dir, 0770), 0);
	assert_int_equal(engines_add(&g, top, NULL, &e), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(joined, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(roots, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("engines", tests, NULL, NULL);
}
