/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/keeper.h"

#include "base/testing.h"
#include "engine/container.h"
#include "sys/pidfd.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One that ended after its container was read as running: the same as if it had been read later. */
static void test_ended(void **state)
{
	static const char noted[] = "{\"keeper\":{\"single\":false,\"uidMap\":\"\",\"gidMap\":\"\"},\"prepared\":{\"keeper\":{\"uidMap\":\"\",\"gidMap\":\"\"}}}";
	_cleanup_json_ struct json_object *o = NULL;
	static const enum container_status when[] = {CONTAINER_RUNNING, CONTAINER_PAUSED, CONTAINER_INITIALIZED};
	struct container c = {.id = "0123456789abcdef"};
	struct engine eng = {.uid = getuid()};
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(pid_start_ticks(pid, &c.start_ticks), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(json_parse(noted, strlen(noted), "state", &o, NULL), 0);
	c.pid = pid;
	c.state = o;
	for (size_t i = 0; i < ARRAY_SIZE(when); i++) {
		struct keeper k = KEEPER_INIT;
		struct err e = {0};

		c.status = when[i];
		assert_int_equal(keeper_of_init(&eng, &c, &k, &e), -ESRCH);
		assert_string_equal(e.text, "container 0123456789ab has ended meanwhile");
	}
}

TESTS("engine/keeper", cmocka_unit_test(test_ended))
