/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/container.h"

#include "engine/testing_engine.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <sys/wait.h>

static int remove_dir(struct engine *eng, int containers_fd, const char *id, struct err *e)
{
	int r = path_own_remove_tree(containers_fd, id);

	(void)eng;
	return r < 0 ? err_errno(e, -r, "remove") : 0;
}

/* Makes one and gives its id. */
static void make(struct fixture *f, const char *name, char id[static CONTAINER_ID_LEN + 1])
{
	struct container_making m = CONTAINER_MAKING_INIT;
	_cleanup_json_ struct json_object *o = json_object_new_object();
	static int64_t created;
	struct container *c = NULL;
	struct err e = {0};

	if (container_begin(f->eng, name, &m, NULL, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(json_add_str(o, "id", m.id), 0);
	assert_int_equal(json_add_str(o, "name", m.name), 0);
	assert_int_equal(json_add_int(o, "createdNs", ++created), 0);
	if (container_commit(f->eng, &m, o, false, &c, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(c->name, name ? name : json_str(o, "name"));
	assert_int_equal(c->status, CONTAINER_CREATED);
	assert_true(container_dir(c) >= 0);
	container_free(c);
	memcpy(id, m.id, CONTAINER_ID_LEN + 1);
	container_making_done(f->eng, &m);
}

static void test_make_find_delete(void **state)
{
	struct fixture *f = *state;
	struct container_making m = CONTAINER_MAKING_INIT;
	char id[CONTAINER_ID_LEN + 1], other[CONTAINER_ID_LEN + 1], holder[CONTAINER_ID_LEN + 1];
	struct container *c = NULL;
	struct err e = {0};

	make(f, "web", id);
	make(f, NULL, other);
	assert_int_equal(container_find(f->eng, "web", &c, &e), 0);
	assert_string_equal(c->id, id);
	assert_int_equal(c->status, CONTAINER_CREATED);
	assert_int_equal(c->pid, 0);
	c = container_free(c);
	id[20] = '\0';
	assert_int_equal(container_find(f->eng, id, &c, &e), 0);
	c = container_free(c);
	assert_int_equal(container_latest(f->eng, &c, &e), 0);
	assert_string_equal(c->id, other);
	c = container_free(c);
	assert_int_equal(container_begin(f->eng, "web", &m, holder, &e), -EEXIST);
	assert_int_equal(strncmp(holder, id, 20), 0);
	assert_int_equal(container_find(f->eng, "web", &c, &e), 0);
	assert_int_equal(container_delete(f->eng, c, remove_dir, &e), 0);
	c = container_free(c);
	assert_int_equal(container_find(f->eng, "web", &c, &e), -ENOENT);
	make(f, "web", id);
}

static void test_bad_names(void **state)
{
	static const char *const bad[] = {"../x", ".", "..", "a/b", "-x", "_x", ".x", "a b", "a\n", "\x1b[2J", "a:b"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct container_making m = CONTAINER_MAKING_INIT;
		struct container *c = NULL;
		struct err e = {0};

		assert_int_equal(container_begin(f->eng, bad[i], &m, NULL, &e), -EINVAL);
		assert_int_equal(container_find(f->eng, bad[i], &c, &e), -ENOENT);
	}
}

/* A maker killed half way: its name and directory are there until somebody sweeps, and then free. */
static void test_sweep_after_kill(void **state)
{
	struct fixture *f = *state;
	struct container_list l = {0};
	char holder[CONTAINER_ID_LEN + 1], id[CONTAINER_ID_LEN + 1];
	struct err e = {0};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct container_making m = CONTAINER_MAKING_INIT;

		_exit(container_begin(f->eng, "half", &m, NULL, &e) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(container_name_holder(f->eng, "half", holder), 0);
	assert_int_equal(container_list(f->eng, &l, &e), 0);
	assert_int_equal(l.n, 0);
	container_sweep(f->eng, remove_dir);
	assert_int_equal(container_name_holder(f->eng, "half", holder), -ENOENT);
	make(f, "half", id);
}

static int die(struct engine *eng, int dirfd, const char *id, struct err *e)
{
	(void)eng, (void)dirfd, (void)id, (void)e;
	_exit(0);
}

/* A remover killed half way, before the name is free and after it: it is a container no more, and the next sweep ends it. */
static void test_sweep_after_killed_removal(void **state)
{
	struct fixture *f = *state;
	char id[CONTAINER_ID_LEN + 1], path[sizeof(ENGINE_PENDING) + CONTAINER_ID_LEN + 1], holder[CONTAINER_ID_LEN + 1];
	struct container *c = NULL;
	struct err e = {0};

	for (int named = 0; named < 2; named++) {
		make(f, "going", id);
		assert_int_equal(container_load(f->eng, id, &c, &e), 0);
		pid_t pid = fork();
		if (pid == 0)
			_exit(container_delete(f->eng, c, die, &e) == 0 ? 0 : 1);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		c = container_free(c);
		assert_int_equal(container_load(f->eng, id, &c, &e), -ENOENT);
		if (named)
			assert_int_equal(symlinkat(id, f->eng->data_fd, ENGINE_NAMES "/going"), 0);
		snprintf(path, sizeof(path), ENGINE_PENDING "/%s", id);
		assert_int_equal(faccessat(f->eng->data_fd, path, F_OK, 0), 0);
		container_sweep(f->eng, remove_dir);
		assert_int_equal(faccessat(f->eng->data_fd, path, F_OK, 0), -1);
		assert_int_equal(container_name_holder(f->eng, "going", holder), -ENOENT);
	}
}

/* One that is being made is nobody's to sweep. */
static void test_sweep_leaves_the_living(void **state)
{
	struct fixture *f = *state;
	struct container_making m = CONTAINER_MAKING_INIT;
	char holder[CONTAINER_ID_LEN + 1];
	struct err e = {0};
	int status;
	pid_t pid;

	assert_int_equal(container_begin(f->eng, "busy", &m, NULL, &e), 0);
	pid = fork();
	if (pid == 0) {
		/* the child's copy of the lock's fd would not exclude the child: another open does */
		struct engine *eng = NULL;

		if (engine_open(&(struct engine_where){.root = f->data, .runroot = f->run}, &eng, &e) < 0)
			_exit(1);
		container_sweep(eng, remove_dir);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(container_name_holder(f->eng, "busy", holder), 0);
	container_making_done(f->eng, &m);
	assert_int_equal(container_name_holder(f->eng, "busy", holder), -ENOENT);
}

static void write_state(struct container *c, const char *boot, pid_t pid, uint64_t ticks)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct err e = {0};

	assert_int_equal(json_add_str(o, "bootId", boot), 0);
	assert_int_equal(json_add_int(o, "pid", pid), 0);
	assert_int_equal(json_add_u64(o, "startTicks", ticks), 0);
	assert_int_equal(container_write_state(c, o, false, &e), 0);
}

static void test_liveness(void **state)
{
	struct fixture *f = *state;
	char id[CONTAINER_ID_LEN + 1], text[256];
	struct container *c = NULL;
	struct err e = {0};
	uint64_t ticks;

	make(f, "c", id);
	assert_int_equal(container_load(f->eng, id, &c, &e), 0);
	assert_int_equal(pid_start_ticks(getpid(), &ticks), 0);
	write_state(c, f->eng->boot_id, getpid(), ticks);
	assert_int_equal(container_refresh(f->eng, c, &e), 0);
	assert_int_equal(c->status, CONTAINER_RUNNING);
	assert_int_equal(c->pid, getpid());
	/* the number is another's now */
	write_state(c, f->eng->boot_id, getpid(), ticks + 1);
	assert_int_equal(container_refresh(f->eng, c, &e), 0);
	assert_int_equal(c->status, CONTAINER_LOST);
	assert_int_equal(c->pid, 0);
	/* another boot */
	write_state(c, "00000000-0000-0000-0000-000000000000", getpid(), ticks);
	assert_int_equal(container_refresh(f->eng, c, &e), 0);
	assert_int_equal(c->status, CONTAINER_LOST);
	/* an exit file about this run */
	snprintf(text, sizeof(text),
		 "{\"pid\":%d,\"startTicks\":%llu,\"exitCode\":137,\"signal\":9,"
		 "\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"signal\"}\n",
		 getpid(), (unsigned long long)ticks + 1);
	assert_int_equal(path_own_write(container_dir(c), "exit.json", text, strlen(text), 0600, PATH_SYNC_NONE), 0);
	write_state(c, f->eng->boot_id, getpid(), ticks + 1);
	assert_int_equal(container_refresh(f->eng, c, &e), 0);
	assert_int_equal(c->status, CONTAINER_EXITED);
	assert_int_equal(c->exit_code, 137);
	container_free(c);
}

/* The exit code of a zombie, where nobody wrote a file. */
static void test_zombie(void **state)
{
	struct fixture *f = *state;
	char id[CONTAINER_ID_LEN + 1];
	struct container *c = NULL;
	struct err e = {0};
	uint64_t ticks = 0;
	siginfo_t info;
	pid_t pid;

	make(f, "z", id);
	assert_int_equal(container_load(f->eng, id, &c, &e), 0);
	pid = fork();
	if (pid == 0)
		_exit(42);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(pid_start_ticks(pid, &ticks), 0);
	write_state(c, f->eng->boot_id, pid, ticks);
	assert_int_equal(container_refresh(f->eng, c, &e), 0);
	assert_int_equal(c->status, CONTAINER_EXITED);
	assert_int_equal(c->exit_code, 42);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(container_refresh(f->eng, c, &e), 0);
	assert_int_equal(c->status, CONTAINER_LOST);
	container_free(c);
}

/* As one who was killed in a rename leaves it: the marker with both names, and both of them there. */
static void leave_renaming(struct fixture *f, const char *id, const char *names, const char *stray)
{
	char path[sizeof(ENGINE_PENDING) + CONTAINER_ID_LEN + 16];

	snprintf(path, sizeof(path), ENGINE_PENDING "/%s.name", id);
	assert_int_equal(path_own_write(f->eng->data_fd, path, names, strlen(names), 0600, PATH_SYNC_NONE), 0);
	snprintf(path, sizeof(path), ENGINE_NAMES "/%s", stray);
	assert_int_equal(symlinkat(id, f->eng->data_fd, path), 0);
}

static void test_rename(void **state)
{
	struct fixture *f = *state;
	char id[CONTAINER_ID_LEN + 1], other[CONTAINER_ID_LEN + 1], holder[CONTAINER_ID_LEN + 1];
	struct container *c = NULL;
	struct err e = {0};

	make(f, "one", id);
	make(f, "two", other);
	assert_int_equal(container_find(f->eng, "one", &c, &e), 0);
	assert_int_equal(container_rename(f->eng, c, "two", &e), -EEXIST);
	assert_int_equal(container_rename(f->eng, c, "a/b", &e), -EINVAL);
	assert_int_equal(container_rename(f->eng, c, "one", &e), 0);
	assert_string_equal(c->name, "one");
	assert_int_equal(container_rename(f->eng, c, "three", &e), 0);
	assert_string_equal(c->name, "three");
	assert_int_equal(container_name_holder(f->eng, "one", holder), -ENOENT);
	assert_int_equal(container_name_holder(f->eng, "three", holder), 0);
	assert_string_equal(holder, id);
	assert_int_equal(container_name_holder(f->eng, "two", holder), 0);
	assert_string_equal(holder, other);
	/* killed before container.json, or after it: a sweep knows which of the names is right */
	leave_renaming(f, id, "three\nfour", "four");
	container_sweep(f->eng, remove_dir);
	assert_int_equal(container_name_holder(f->eng, "four", holder), -ENOENT);
	assert_int_equal(container_name_holder(f->eng, "three", holder), 0);
	/* also when it has been deleted since */
	leave_renaming(f, id, "old\nthree", "old");
	assert_int_equal(container_delete(f->eng, c, remove_dir, &e), 0);
	assert_int_equal(container_name_holder(f->eng, "three", holder), -ENOENT);
	container_sweep(f->eng, remove_dir);
	assert_int_equal(container_name_holder(f->eng, "old", holder), -ENOENT);
	container_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_make_find_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_after_killed_removal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_after_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_leaves_the_living, setup, teardown),
		cmocka_unit_test_setup_teardown(test_liveness, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zombie, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rename, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
