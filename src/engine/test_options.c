/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/options.h"
#include "base/testing.h"
#include "engine/argv.h"
#include "base/buf.h"

static void test_round_trip(void **state)
{
	_cleanup_(container_options_done) struct container_options back = {0};
	_cleanup_json_ struct json_object *json = NULL, *again = NULL;
	struct container_options o = {0};
	struct err e = {0};

	(void)state;
	container_options_defaults(&o);
	o.name = "web";
	o.entrypoint = ""; /* given, and empty */
	o.tty = true;
	o.sig_proxy = false;
	o.stop_timeout = 0;
	o.shm_size = UINT64_C(1) << 40;
	assert_int_equal(strv_add(&o.env, "A=1"), 0);
	assert_int_equal(strv_add(&o.env, "B"), 0);
	assert_int_equal(container_options_to_json(&o, &json), 0);
	assert_int_equal(container_options_from_json(json, &back, &e), 0);
	assert_string_equal(back.name, "web");
	assert_string_equal(back.entrypoint, "");
	assert_null(back.user);
	assert_true(back.tty && !back.sig_proxy && back.http_proxy && back.read_only_tmpfs);
	assert_int_equal(back.stop_timeout, 0);
	assert_true(back.shm_size == o.shm_size);
	assert_int_equal(back.env.n, 2);
	assert_int_equal(container_options_to_json(&back, &again), 0);
	assert_true(json_object_equal(json, again));
	strv_done(&o.env);
}

static void test_from_json_checks(void **state)
{
	static const char *const bad[] = {"{\"name\":5}", "{\"env\":\"x\"}", "{\"tty\":\"yes\"}", "{\"stop-timeout\":-1}", "{\"env\":[1]}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_json_ struct json_object *json = NULL;
		struct container_options o = {.name = "untouched"};
		struct err e = {0};

		assert_int_equal(json_parse(bad[i], strlen(bad[i]), "options", &json, &e), 0);
		if (container_options_from_json(json, &o, &e) == 0 || strcmp(o.name, "untouched") != 0)
			fail_msg("%s: taken", bad[i]);
	}
}

#define OPT(member, value) offsetof(struct container_options, member), value
static const struct {
	size_t offset;
	const char *value;
	bool ok;
} words[] = {
	{OPT(pid, "host"), true}, {OPT(pid, "private"), true}, {OPT(pid, "container:x"), true}, {OPT(pid, "container:"), false}, {OPT(pid, "ns:x"), false}, {OPT(uts, "ns:/x"), true}, {OPT(personality, "BSD"), false}, {OPT(ipc, "none"), true},
	{OPT(ipc, "x"), false}, {OPT(uts, "host"), true}, {OPT(uts, "x"), false}, {OPT(cgroupns, "host"), true},
	{OPT(cgroups, "disabled"), true}, {OPT(cgroups, "split"), false}, {OPT(restart, "no"), true},
	{OPT(restart, "always"), true}, {OPT(restart, "always:1"), false}, {OPT(log_driver, "none"), true}, {OPT(log_driver, "journald"), true}, {OPT(log_driver, "syslog"), false},
	{OPT(pull, "always"), true}, {OPT(pull, "sometimes"), false}, {OPT(systemd, "false"), true}, {OPT(systemd, "true"), true}, {OPT(systemd, "always"), true}, {OPT(systemd, "yes"), false},
	{OPT(image_volume, "tmpfs"), true}, {OPT(image_volume, "x"), false}, {OPT(umask, "0077"), true}, {OPT(umask, "1777"), false},
	{OPT(umask, "8"), false}, {OPT(oom_score_adj, "-1000"), true}, {OPT(oom_score_adj, "1001"), false},
	{OPT(workdir, "/x"), true}, {OPT(workdir, "x"), false}, {OPT(stop_signal, "HUP"), true}, {OPT(stop_signal, "x"), false},
	{OPT(user, "a:b"), true}, {OPT(user, "-1"), false}, {OPT(userns, "keep-id"), true}, {OPT(userns, "x"), false},
	{OPT(hostname, "web"), true}, {OPT(hostname, "a b"), false},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct container_options o = {0};
		struct err e = {0};
		int r;

		container_options_defaults(&o);
		*(const char **)(void *)((char *)&o + words[i].offset) = words[i].value;
		r = container_options_check(&o, &e);
		if ((r == 0) != words[i].ok || (r < 0) != (e.text[0] != '\0'))
			fail_msg("%zu %s: %d %s", i, words[i].value, r, e.text);
	}
}

static const struct {
	const char *given, *operand, *entrypoint, *cmd, *want; /* of each one word or none; want NULL: refused */
} argvs[] = {
	{NULL, NULL, NULL, "c", "c"}, {NULL, NULL, "e", "c", "e c"}, {NULL, "o", "e", "c", "e o"}, {NULL, "o", NULL, "c", "o"},
	{"x", NULL, "e", "c", "x"}, {"x", "o", "e", "c", "x o"}, {"", "o", "e", "c", "o"}, {"", NULL, "e", "c", NULL},
	{NULL, NULL, "e", NULL, "e"}, {NULL, NULL, NULL, NULL, NULL}, {"[\"a\",\"b c\"]", "o", "e", "c", "a b c o"},
	{"[]", "o", "e", "c", "o"}, {"[1]", "o", "e", "c", NULL}, {"[\"a\"", "o", "e", "c", NULL}, {"x y", NULL, NULL, NULL, "x y"},
};

static void test_argv(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(argvs); i++) {
		_cleanup_(strv_done) struct strv entrypoint = {0}, cmd = {0}, e = {0}, c = {0};
		char *operands[] = {NULL, NULL};
		const struct argv_input in = {argvs[i].given, operands, &entrypoint, &cmd};
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		struct err err = {0};
		int r = 0;

		operands[0] = argvs[i].operand ? strdup(argvs[i].operand) : NULL;
		if (argvs[i].entrypoint)
			r = strv_add(&entrypoint, argvs[i].entrypoint);
		if (r == 0 && argvs[i].cmd)
			r = strv_add(&cmd, argvs[i].cmd);
		assert_int_equal(r, 0);
		r = argv_resolve(&in, &e, &c, &err);
		for (size_t k = 0; k < e.n + c.n; k++)
			buf_addf(&got, "%s%s", k ? " " : "", k < e.n ? e.items[k] : c.items[k - e.n]);
		if ((r < 0) != (argvs[i].want == NULL) || (r == 0 && strcmp(buf_str(&got), argvs[i].want) != 0))
			fail_msg("%zu: %d \"%s\" %s", i, r, buf_str(&got), err.text);
		free(operands[0]);
	}
}

TESTS("engine/options", cmocka_unit_test(test_round_trip), cmocka_unit_test(test_from_json_checks), cmocka_unit_test(test_words),
      cmocka_unit_test(test_argv))
