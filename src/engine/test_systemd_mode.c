/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/systemd_mode.h"

#include "base/testing.h"
#include "engine/peer.h"

static void test_is_init(void **state)
{
	static const struct {
		const char *entrypoint[4], *command[4];
		bool want;
	} cases[] = {
		{{0}, {"/sbin/init"}, true},
		{{0}, {"/usr/sbin/init", "--log-level=debug"}, true},
		{{"/usr/local/sbin/init"}, {"x"}, true},
		{{0}, {"systemd"}, true},
		{{"/lib/systemd/systemd"}, {0}, true},
		{{"/bin/sh", "-c"}, {"/sbin/init"}, true},
		{{0}, {"/bin/sh", "-c", "systemd"}, true},
		{{0}, {0}, false},
		{{0}, {"init"}, false},
		{{0}, {"/bin/init"}, false},
		{{0}, {"/sbin/init/"}, false},
		{{"/bin/sh", "-c"}, {0}, false},
		{{"/bin/sh"}, {"/sbin/init"}, false},
		{{"tini"}, {"/sbin/init"}, false},
		{{0}, {"systemd-nspawn"}, false},
		{{0}, {"/bin/bash", "-c", "systemd"}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv a = {0}, b = {0};

		for (size_t n = 0; cases[i].entrypoint[n]; n++)
			assert_int_equal(strv_add(&a, cases[i].entrypoint[n]), 0);
		for (size_t n = 0; cases[i].command[n]; n++)
			assert_int_equal(strv_add(&b, cases[i].command[n]), 0);
		if (systemd_mode_is_init(&a, &b) != cases[i].want)
			fail_msg("case %zu", i);
	}
}

/* What is decided before any cgroup is looked at. */
static void test_make(void **state)
{
	static const struct {
		struct container_options o;
		const char *command;
		unsigned joined;
		bool on;
		const char *want; /* a word of the error; or, when it is on, of what it lacks */
	} cases[] = {
		{{.name = "x"}, "sleep", 0, false, NULL},
		{{.systemd = "true"}, "sleep", 0, false, NULL},
		{{.systemd = "false"}, "/sbin/init", 0, false, NULL},
		{{.init = true}, "/sbin/init", 0, false, NULL},
		{{.pid = "host"}, "/sbin/init", 0, false, NULL},
		{{.cgroups = "disabled"}, "/sbin/init", 0, true, "--cgroups disabled"},
		{{.cgroupns = "host", .systemd = "true"}, "/sbin/init", 0, true, "cgroup namespace of its own"},
		{{.name = "x"}, "/sbin/init", PEER_BIT(PEER_CGROUP), true, "cgroup namespace of its own"},
		{{.name = "x"}, "/sbin/init", PEER_BIT(PEER_PID), false, NULL},
		{{.systemd = "always", .init = true}, "sleep", 0, false, "--init"},
		{{.systemd = "always", .pid = "host"}, "sleep", 0, false, "PID namespace"},
		{{.systemd = "always", .cgroups = "disabled"}, "sleep", 0, false, "--cgroups disabled"},
		{{.systemd = "always", .cgroupns = "host"}, "sleep", 0, false, "cgroup namespace"},
		{{.shm_size_systemd = 1}, "sleep", 0, false, "not in systemd mode"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv none = {0}, command = {0};
		struct systemd_mode_input in = {.options = &cases[i].o, .entrypoint = &none, .command = &command, .joined = cases[i].joined};
		struct systemd_mode m = {0};
		struct err e = {0};
		int r;

		assert_int_equal(strv_add(&command, cases[i].command), 0);
		r = systemd_mode_make(&in, &m, &e);
		if ((r == 0) != (cases[i].on || !cases[i].want) || m.on != cases[i].on || m.cgroup)
			fail_msg("case %zu: %d %s", i, r, e.text);
		if (cases[i].want && !strstr(r < 0 ? e.text : m.why, cases[i].want))
			fail_msg("case %zu: %s", i, r < 0 ? e.text : m.why);
	}
}

static void test_env(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	const struct systemd_mode on = {.on = true}, off = {0};
	_cleanup_(strv_done) struct strv env = {0}, own = {0};

	(void)state;
	assert_int_equal(systemd_mode_env(&off, id, &env, NULL), 0);
	assert_int_equal(env.n, 0);
	assert_int_equal(systemd_mode_env(&on, id, &env, NULL), 0);
	assert_string_equal(strv_env_get(&env, "container"), "ranby");
	assert_string_equal(strv_env_get(&env, "container_uuid"), "0123456789abcdef0123456789abcdef");
	/* what the image or the user says stays */
	assert_int_equal(strv_add(&own, "container_uuid=mine"), 0);
	assert_int_equal(strv_add(&own, "container=oci"), 0);
	assert_int_equal(systemd_mode_env(&on, id, &own, NULL), 0);
	assert_int_equal(own.n, 2);
}

static void test_mounts(void **state)
{
	const struct systemd_mode on = {.on = true}, off = {0};
	struct mount_list l = {0};

	(void)state;
	assert_int_equal(systemd_mode_mounts(&off, &l, 0, NULL), 0);
	assert_int_equal(l.n, 0);
	assert_non_null(mount_list_add(&l, MOUNT_DEFAULT, "tmpfs", "tmpfs", "/run", "ro", NULL));
	assert_int_equal(systemd_mode_mounts(&on, &l, 65536, NULL), 0);
	assert_int_equal(l.n, 4);
	assert_int_equal(l.items[0].options.n, 1);
	assert_string_equal(l.items[3].destination, "/var/log/journal");
	assert_true(strv_find(&l.items[3].options, "size=65536") >= 0);
	assert_true(strv_find(&l.items[3].options, "nosuid") >= 0 && strv_find(&l.items[3].options, "nodev") >= 0);
	mount_list_done(&l);
}

TESTS("engine/systemd_mode", cmocka_unit_test(test_is_init), cmocka_unit_test(test_make), cmocka_unit_test(test_env), cmocka_unit_test(test_mounts))
