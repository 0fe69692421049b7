/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/containers_conf.h"
#include "engine/defaults.h"

#include "base/testing.h"

#include <errno.h>
#include <string.h>

static int add(struct containers_conf *f, const char *text)
{
	struct err e = {0};

	return containers_conf_add(f, text, strlen(text), "test.conf", &e);
}

static void test_files_lie_over_each_other(void **state)
{
	_cleanup_(containers_conf_done) struct containers_conf f = {0};
	_cleanup_(strv_done) struct strv env = {0};

	(void)state;
	assert_int_equal(add(&f, "[containers]\nlog_driver = \"k8s-file\"\nenv = [\"A=1\", \"B=2\"]\ntz = \"UTC\"\n[engine]\nx = 1\n"), 0);
	assert_int_equal(add(&f, "top = 1\n[containers]\nlog_driver = \"none\"\nenv = [\"C=3\", {append=true}]\n"), 0);
	assert_string_equal(json_str(f.json, "containers.log_driver"), "none");
	assert_string_equal(json_str(f.json, "containers.tz"), "UTC");
	assert_int_equal(json_get_strv(f.json, "containers.env", &env, NULL), 0);
	assert_int_equal(env.n, 3);
	assert_string_equal(env.items[2], "C=3");
	assert_int_equal(add(&f, "[containers]\nenv = [\"D=4\"]\n"), 0);
	strv_done(&env);
	assert_int_equal(json_get_strv(f.json, "containers.env", &env, NULL), 0);
	assert_int_equal(env.n, 1);
	assert_int_equal(f.files.n, 3);
	assert_int_equal(add(&f, "[containers\n"), -EINVAL);
	assert_int_equal(f.files.n, 3);
}

static const char *on_command_line = "";

static bool given(void *ctx, const char *option)
{
	(void)ctx;
	return strcmp(option, on_command_line) == 0;
}

struct applied {
	struct container_options o;
	struct buf used;
	struct strv warnings;
	struct err e;
};

static void applied_done(struct applied *a)
{
	container_options_done(&a->o);
	buf_done(&a->used);
	strv_done(&a->warnings);
}

static int apply(struct applied *a, const char *text)
{
	_cleanup_(containers_conf_done) struct containers_conf f = {0};

	assert_int_equal(add(&f, text), 0);
	return defaults_apply(&f, given, NULL, &a->o, &a->used, &a->warnings, &a->e);
}

static void test_options_win(void **state)
{
	_cleanup_(applied_done) struct applied a = {0};

	(void)state;
	container_options_defaults(&a.o);
	a.o.tz = "local";
	on_command_line = "init";
	assert_int_equal(strv_add(&a.o.env, "A=mine"), 0);
	assert_int_equal(strv_add(&a.o.dns, "9.9.9.9"), 0);
	assert_int_equal(apply(&a, "[containers]\ntz = \"UTC\"\numask = \"0077\"\ninit = true\nread_only = true\nenv = [\"A=1\", \"B=2\"]\n"
				   "dns_servers = [\"1.1.1.1\"]\npids_limit = 10\nshm_size = \"1m\"\nnetns = \"private\"\nunheard_of = 1\n"), 0);
	assert_string_equal(a.o.tz, "local");
	assert_string_equal(a.o.umask, "0077");
	assert_string_equal(a.o.pids_limit, "10");
	assert_int_equal(a.o.shm_size, 1U << 20);
	assert_false(a.o.init);
	assert_true(a.o.read_only);
	assert_int_equal(a.o.env.n, 2);
	assert_string_equal(a.o.env.items[0], "B=2");
	assert_int_equal(a.o.dns.n, 1);
	assert_int_equal(a.o.network.n, 0);
	assert_string_equal(buf_str(&a.used), "env, pids_limit, read_only, shm_size, umask");
	on_command_line = "";
}

static void test_what_a_pod_has(void **state)
{
	_cleanup_(applied_done) struct applied a = {0};

	(void)state;
	a.o.pod = "p";
	assert_int_equal(apply(&a, "[containers]\nnetns = \"host\"\nuserns = \"keep-id\"\nutsns = \"host\"\ndns_servers = [\"1.1.1.1\"]\n"), 0);
	assert_int_equal(a.o.network.n, 0);
	assert_int_equal(a.o.dns.n, 0);
	assert_null(a.o.userns);
	assert_null(a.o.uts);
}

static void test_confinement(void **state)
{
	static const char text[] = "[containers]\napparmor_profile = \"mine\"\nseccomp_profile = \"/s.json\"\nlabel = false\n"
				   "default_capabilities = [\"CHOWN\"]\n[engine]\nhooks_dir = [\"/hooks\"]\n";
	_cleanup_(applied_done) struct applied a = {0}, b = {0}, c = {0};

	(void)state;
	assert_int_equal(strv_add(&a.o.security_opt, "seccomp=unconfined"), 0);
	assert_int_equal(apply(&a, text), 0);
	assert_int_equal(a.o.security_opt.n, 3);
	assert_string_equal(a.o.security_opt.items[1], "apparmor=mine");
	assert_string_equal(a.o.security_opt.items[2], "label=disable");
	assert_int_equal(a.o.default_caps.n, 1);
	assert_int_equal(a.warnings.n, 1);
	assert_non_null(strstr(a.warnings.items[0], "/hooks"));
	b.o.privileged = true;
	assert_int_equal(apply(&b, text), 0);
	assert_int_equal(b.o.default_caps.n, 0);
	assert_int_equal(apply(&c, "[containers]\ndefault_capabilities = \"CHOWN\"\n"), -EINVAL);
	assert_non_null(strstr(c.e.text, "default_capabilities"));
}

static void test_logs(void **state)
{
	_cleanup_(applied_done) struct applied a = {0}, b = {0};

	(void)state;
	assert_int_equal(apply(&a, "[containers]\nlog_driver = \"json-file\"\nlog_size_max = 1000\nlog_tag = \"{{.Name}}\"\n"), 0);
	assert_string_equal(a.o.log_driver, "json-file");
	assert_int_equal(a.o.log_opt.n, 2);
	assert_string_equal(a.o.log_opt.items[0], "max-size=1000");
	b.o.log_driver = "none";
	assert_int_equal(apply(&b, "[containers]\nlog_driver = \"json-file\"\nlog_size_max = -1\nlog_tag = \"x\"\n"), 0);
	assert_string_equal(b.o.log_driver, "none");
	assert_int_equal(b.o.log_opt.n, 0);
}

TESTS("engine/defaults", cmocka_unit_test(test_files_lie_over_each_other), cmocka_unit_test(test_options_win),
      cmocka_unit_test(test_what_a_pod_has), cmocka_unit_test(test_confinement), cmocka_unit_test(test_logs))
