/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/slirp_ports.h"
#include "base/testing.h"
#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static char dir[64];
static int dirfd_;

/* Who answers one connection, and reads the question or does not. */
static pid_t answer(const char *text, bool reads)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), c;
	char question[256];
	pid_t pid;

	snprintf(a.sun_path, sizeof(a.sun_path), "%.63s/" SLIRP_PORTS_SOCKET, dir);
	(void)unlink(a.sun_path);
	assert_int_equal(bind(s, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s, 1), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		c = accept(s, NULL, NULL);
		while (reads && read(c, question, sizeof(question)) > 0)
			;
		_exit(fd_write_all(c, text, strlen(text)) < 0);
	}
	close(s);
	return pid;
}

static char long_text[8192];

static const struct {
	const char *reply;
	int want;
	const char *words;
} replies[] = {
	{"{\"return\":{\"id\":1}}", 0, NULL},
	{"{\"return\": {}}", 0, NULL},
	{"{\"error\":{\"desc\":\"bad request: add_hostfwd: slirp_add_hostfwd failed\"}}", -EADDRINUSE, "-p: slirp4netns: bad request: add_hostfwd: slirp_add_hostfwd failed"},
	{"{\"error\":{}}", -EADDRINUSE, "-p: slirp4netns: no answer that is one"},
	{"{}", -EADDRINUSE, "-p: slirp4netns: no answer that is one"},
	{"null", -EADDRINUSE, "-p: slirp4netns: no answer that is one"},
	{"[1]", -EADDRINUSE, "-p: slirp4netns: no answer that is one"},
	{"", -EINVAL, "-p: reply of slirp4netns"},
	{"{\"return\":", -EINVAL, "-p: reply of slirp4netns"},
	{long_text, -EFBIG, "-p: slirp4netns"},
};

static void test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		struct err e = {0};
		pid_t pid = answer(replies[i].reply, true);
		int r = slirp_ports_ask(dirfd_, "-p", "{}", &e);

		if (r != replies[i].want || (r < 0 && !strstr(e.text, replies[i].words)))
			fail_msg("%s: %d %s", replies[i].reply, r, e.text);
		(void)waitpid(pid, NULL, 0);
	}
}

/* One that goes away is an error, no signal. */
static void test_gone(void **state)
{
	struct err e = {0};
	char name[128];
	pid_t pid = answer("", false);

	(void)state;
	assert_true(slirp_ports_ask(dirfd_, "-p", "{\"execute\":\"list_hostfwd\"}", &e) < 0);
	(void)waitpid(pid, NULL, 0);
	/* nobody listens; and no socket at all */
	assert_int_equal(slirp_ports_ask(dirfd_, "-p", "{}", &e), -ECONNREFUSED);
	snprintf(name, sizeof(name), "%s/" SLIRP_PORTS_SOCKET, dir);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(slirp_ports_ask(dirfd_, "-p", "{}", &e), -ENOENT);
}

/* Without ports, or on another network, nobody is asked; with them, somebody must be there. */
static void test_whether(void **state)
{
	static const struct {
		const char *spec;
		int want;
	} cases[] = {
		{"{}", 0},
		{"{\"config\":{\"network\":{\"mode\":\"slirp4netns\",\"ports\":[]}}}", 0},
		{"{\"config\":{\"network\":{\"mode\":\"pasta\",\"ports\":[{\"hostPort\":80}]}}}", 0},
		{"{\"config\":{\"network\":{\"mode\":\"slirp4netns\",\"ports\":[{\"hostPort\":80}]}}}", -ESRCH},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *spec = NULL;
		struct err e = {0};

		assert_int_equal(json_parse(cases[i].spec, strlen(cases[i].spec), "spec", &spec, &e), 0);
		assert_int_equal(slirp_ports_open(dirfd_, spec, &e), cases[i].want);
	}
}

static int make_dir(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	dirfd_ = testing_directory(dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	close(dirfd_);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_whether),
	};

	return cmocka_run_group_tests_name("engine/slirp_ports", tests, make_dir, remove_dir);
}
