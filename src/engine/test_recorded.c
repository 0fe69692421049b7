/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What is made of a run is asked of those who take it: the section is
 * compiled and the filter simulated, the Landlock profile is read.
 */
#include "engine/recorded.h"

#include "base/testing.h"
#include "oci/landlock.h"
#include "oci/seccomp.h"
#include "sys/callname.h"
#include "sys/seccomp.h"

#include <limits.h>
#include <sys/syscall.h>
#include <time.h>

#define RUN "{\"version\":1,\"lost\":0,\"unread\":0,"

static int add(struct recorded *r, const char *text)
{
	struct err e = {0};
	int rc = recorded_add(r, text, strlen(text), "test", &e);

	if ((rc < 0) != (e.text[0] != '\0'))
		fail_msg("%d without words", rc);
	return rc;
}

static void test_what_a_run_is(void **state)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{"{\"version\":1}", 0},
		{RUN "\"calls\":{\"openat\":3}}", 0},
		{RUN "\"calls\":{\"open at\":3}}", -EINVAL},
		{RUN "\"calls\":{\"openat\":-1}}", -EINVAL},
		{RUN "\"calls\":{\"openat\":\"3\"}}", -EINVAL},
		{RUN "\"calls\":[]}", -EINVAL},
		{RUN "\"arguments\":{\"socket:2\":1}}", 0},
		{RUN "\"arguments\":{\"socket\":1}}", -EINVAL},
		{RUN "\"arguments\":{\"socket:x\":1}}", -EINVAL},
		{RUN "\"arguments\":{\":2\":1}}", -EINVAL},
		{RUN "\"bind\":{\"80\":1}}", 0},
		{RUN "\"bind\":{\"65536\":1}}", -EINVAL},
		{RUN "\"capabilities\":{\"0\":\"why\"}}", 0},
		{RUN "\"capabilities\":{\"64\":\"why\"}}", -EINVAL},
		{RUN "\"capabilities\":{\"0\":1}}", -EINVAL},
		{RUN "\"files\":{\"/etc\":\"rl\"}}", 0},
		{RUN "\"files\":{\"etc\":\"r\"}}", -EINVAL},
		{RUN "\"files\":{\"/a/../b\":\"r\"}}", -EINVAL},
		{RUN "\"files\":{\"/etc\":\"z\"}}", -EINVAL},
		{RUN "\"files\":{\"/etc\":\"\"}}", -EINVAL},
		{RUN "\"foreign\":{\"40000003:5\":1}}", 0},
		{RUN "\"foreign\":{\"40000003\":1}}", -EINVAL},
		{"{\"version\":2}", -EINVAL},
		{"{}", -EINVAL},
		{"[]", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(recorded_done) struct recorded r = {0};

		if (add(&r, cases[i].text) != cases[i].r)
			fail_msg("%s", cases[i].text);
	}
}

static void test_runs_are_put_together(void **state)
{
	_cleanup_(recorded_done) struct recorded a = {0}, b = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(add(&a, RUN "\"calls\":{\"openat\":3},\"files\":{\"/a\":\"r\"}}"), 0);
	assert_int_equal(add(&a, RUN "\"calls\":{\"openat\":4,\"mkdir\":1},\"files\":{\"/a\":\"wx\",\"/b\":\"r\"}}"), 0);
	assert_int_equal(a.runs, 2);
	assert_int_equal(json_object_get_int64(json_at(a.part[RECORDED_CALLS], "openat")), 7);
	assert_int_equal(add(&b, RUN "\"calls\":{\"openat\":1,\"kill\":1},\"files\":{\"/a\":\"ru\"},\"capabilities\":{\"5\":\"x\"}}"), 0);
	assert_int_equal(recorded_diff(&a, &b, true, &out, NULL), 3);
	assert_string_equal(buf_str(&out), "+calls kill\n+capabilities CAP_KILL\n+files /a u\n");
	buf_reset(&out);
	assert_int_equal(recorded_diff(&a, &b, false, &out, NULL), 6);
	assert_non_null(strstr(buf_str(&out), "-files /a wx\n-files /b r\n"));
	buf_reset(&out);
	assert_int_equal(recorded_diff(&a, &a, false, &out, NULL), 0);
}

static uint32_t answer(const struct seccomp_filter *f, int nr, uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data call = {.nr = nr, .arch = seccomp_native_arch(), .args = {arg0, arg1}};

	return seccomp_filter_simulate(f->insns, f->n, &call);
}

static void compile(const struct recorded *r, bool log, struct seccomp_filter *ret)
{
	_cleanup_(strv_done) struct strv without = {0};
	_cleanup_json_ struct json_object *section = NULL;
	struct err e = {0};

	assert_int_equal(strv_add(&without, "clone3"), 0);
	assert_int_equal(strv_add(&without, "mkdir"), 0);
	if (recorded_seccomp(r, &without, log, &section, &e) < 0 || seccomp_section_compile(section, ret, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_seccomp(void **state)
{
	const uint32_t allow = SECCOMP_RET_ALLOW, no = SECCOMP_RET_ERRNO | EPERM, nosys = SECCOMP_RET_ERRNO | ENOSYS;
	_cleanup_(seccomp_filter_done) struct seccomp_filter f = {0}, logs = {0};
	_cleanup_(recorded_done) struct recorded r = {0};

	(void)state;
	assert_int_equal(add(&r, RUN "\"calls\":{\"mkdir\":1,\"socket\":2,\"clone\":1,\"ioctl\":1},"
				     "\"arguments\":{\"socket:2\":1,\"socket:10\":1,\"clone:0\":1,\"ioctl:21505\":1}}"),
			 0);
	compile(&r, false, &f);
	assert_int_equal(answer(&f, SYS_mkdir, 0, 0), allow);
	assert_int_equal(answer(&f, SYS_rmdir, 0, 0), no);
	assert_int_equal(answer(&f, SYS_socket, 2, 0), allow);
	assert_int_equal(answer(&f, SYS_socket, 10, 0), allow);
	assert_int_equal(answer(&f, SYS_socket, 16, 0), no);
	/* the kernel takes 32 bits of it, and so does the filter */
	assert_int_equal(answer(&f, SYS_socket, 0x100000010, 0), no);
	assert_int_equal(answer(&f, SYS_clone, 0x11, 0), allow);
	assert_int_equal(answer(&f, SYS_clone, 0x10000011, 0), no);
	assert_int_equal(answer(&f, SYS_ioctl, 0, 21505), allow);
	assert_int_equal(answer(&f, SYS_ioctl, 0, 21522), no);
	assert_int_equal(answer(&f, SYS_clone3, 0, 0), nosys);
	/* what a launch does after its filter is loaded */
	assert_int_equal(answer(&f, SYS_execve, 0, 0), allow);
	assert_int_equal(answer(&f, SYS_capset, 0, 0), allow);
	for (size_t i = 0; i < callname_base_n; i++)
		assert_int_equal(answer(&f, (int)callname_base[i], 0, 0), allow);
	compile(&r, true, &logs);
	assert_int_equal(answer(&logs, SYS_rmdir, 0, 0), SECCOMP_RET_LOG);
	assert_int_equal(answer(&logs, SYS_mkdir, 0, 0), allow);
}

/* "ro: /a /b" of one list of the profile. */
static void list_text(struct json_object *o, const char *key, struct buf *out)
{
	_cleanup_(strv_done) struct strv v = {0};

	assert_int_equal(json_get_strv(o, key, &v, NULL), 0);
	buf_reset(out);
	for (size_t i = 0; i < v.n; i++)
		buf_addf(out, "%s%s", i ? " " : "", v.items[i]);
}

/* How many places of a list allow a path. */
static size_t places_for(struct json_object *list, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *place = json_object_get_string(json_object_array_get_idx(list, i));
		size_t len = strlen(place);

		n += strcmp(place, "/") == 0 || (strncmp(path, place, len) == 0 && (path[len] == '/' || !path[len]));
	}
	return n;
}

static void test_landlock(void **state)
{
	static const struct {
		const char *files, *exec, *ro, *rw;
	} cases[] = {
		{"\"/etc/passwd\":\"rt\",\"/bin/sh\":\"x\",\"/only/looked\":\"t\"", "/bin/sh", "/etc/passwd", ""},
		/* what is made needs its directory, and covers what is in it */
		{"\"/tmp/x\":\"cwr\",\"/tmp/y/z\":\"r\"", "", "", "/tmp"},
		{"\"/proc/self/stat\":\"r\",\"/dev/null\":\"w\",\"/dev/tty\":\"r\"", "", "/proc", "/dev"},
		{"\"/procx\":\"r\"", "", "/procx", ""},
		/* eight alike, and one that is not */
		{"\"/u/1\":\"r\",\"/u/2\":\"r\",\"/u/3\":\"r\",\"/u/4\":\"r\",\"/u/5\":\"r\",\"/u/6\":\"r\",\"/u/7\":\"r\",\"/u/8\":\"r\",\"/u/9\":\"w\"", "",
		 "/u", "/u/9"},
		{"\"/u/1\":\"r\",\"/u/2\":\"r\",\"/u/3\":\"r\",\"/u/4\":\"r\",\"/u/5\":\"r\",\"/u/6\":\"r\",\"/u/7\":\"r\"", "",
		 "/u/1 /u/2 /u/3 /u/4 /u/5 /u/6 /u/7", ""},
		/* never the root */
		{"\"/1\":\"r\",\"/2\":\"r\",\"/3\":\"r\",\"/4\":\"r\",\"/5\":\"r\",\"/6\":\"r\",\"/7\":\"r\",\"/8\":\"r\"", "",
		 "/1 /2 /3 /4 /5 /6 /7 /8", ""},
		{"\"/a/prog\":\"xw\"", "/a/prog", "", "/a/prog"},
		{"\"/a/made\":\"xwc\"", "/a", "", "/a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(recorded_done) struct recorded r = {0};
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_(buf_done) struct buf text = BUF_INIT;
		struct landlock_profile p = {0};
		struct err e = {0};
		char run[1024];

		snprintf(run, sizeof(run), RUN "\"files\":{%s},\"bind\":{\"80\":1}}", cases[i].files);
		assert_int_equal(add(&r, run), 0);
		assert_int_equal(recorded_landlock(&r, 7, &o, &e), 0);
		list_text(o, "exec", &text);
		assert_string_equal(buf_str(&text), cases[i].exec);
		list_text(o, "ro", &text);
		assert_string_equal(buf_str(&text), cases[i].ro);
		list_text(o, "rw", &text);
		assert_string_equal(buf_str(&text), cases[i].rw);
		if (landlock_profile_read(o, &p, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(p.n_ports, 1);
		landlock_profile_done(&p);
		json_putp(&o);
		/* an older kernel has no ports */
		assert_int_equal(recorded_landlock(&r, 3, &o, &e), 0);
		assert_null(json_at(o, "bind"));
	}
}

/* A run with n files, four of them in each directory, so that no directory stands for its files; in no order. */
static void many_files(size_t n, struct recorded *r)
{
	_cleanup_(buf_done) struct buf run = BUF_INIT;

	buf_adds(&run, RUN "\"files\":{");
	for (size_t i = 0; i < n; i++) {
		size_t k = i * 7919 % n;

		buf_addf(&run, "%s\"/srv/%zu/%zu/file\":\"r\"", i ? "," : "", k / 4, k % 4);
	}
	buf_adds(&run, "}}");
	assert_int_equal(add(r, buf_str(&run)), 0);
}

/* Microseconds of processor time for n files, the best of three. */
static long cost_of(size_t n)
{
	_cleanup_(recorded_done) struct recorded r = {0};
	long best = LONG_MAX;

	many_files(n, &r);
	for (int i = 0; i < 3; i++) {
		_cleanup_json_ struct json_object *o = NULL;
		clock_t begin = clock();
		long us;

		assert_int_equal(recorded_landlock(&r, 7, &o, NULL), 0);
		us = (long)((clock() - begin) * 1000000 / CLOCKS_PER_SEC);
		best = us < best ? us : best;
		assert_int_equal(json_object_array_length(json_at(o, "ro")), n);
	}
	return best;
}

/* Sixteen times the files must not cost 256 times as much: 23 is what sorting needs. */
static void test_many_files(void **state)
{
	long few, many;

	(void)state;
	few = cost_of(2048);
	many = cost_of(32768);
	print_message("2048 files: %ld us, 32768: %ld us\n", few, many);
	if (many > few * 64)
		fail_msg("2048 files: %ld us, 32768: %ld us", few, many);
}

/* Where one place stands for others, at any depth, whatever was seen has a place that allows it, and no place is there for nothing. */
static void test_each_file_has_one_place(void **state)
{
	static const char *const names[] = {"a", "a-b", "ab", "b"};
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		_cleanup_(recorded_done) struct recorded r = {0};
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_(buf_done) struct buf run = BUF_INIT;
		struct json_object *ro, *rw;

		buf_adds(&run, RUN "\"files\":{\"/z\":\"r\"");
		for (int i = 0; i < 60; i++) {
			buf_adds(&run, ",\"");
			for (unsigned depth = (unsigned)rand_r(&seed) % 4 + 1; depth > 0; depth--)
				buf_addf(&run, "/%s", names[(unsigned)rand_r(&seed) % ARRAY_SIZE(names)]);
			buf_addf(&run, "%d\":\"%s\"", i, rand_r(&seed) % 8 ? "r" : "rc");
		}
		buf_adds(&run, "}}");
		assert_int_equal(add(&r, buf_str(&run)), 0);
		assert_int_equal(recorded_landlock(&r, 7, &o, NULL), 0);
		ro = json_at(o, "ro");
		rw = json_at(o, "rw");
		json_object_object_foreach(r.part[RECORDED_FILES], key, value)
		{
			(void)value;
			if (places_for(ro, key) + places_for(rw, key) == 0)
				fail_msg("round %d: %s is not allowed", round, key);
		}
		for (size_t i = 0; i < json_object_array_length(ro); i++) {
			const char *place = json_object_get_string(json_object_array_get_idx(ro, i));

			if (places_for(ro, place) != 1 || places_for(rw, place) != 0)
				fail_msg("round %d: %s is allowed twice", round, place);
		}
	}
}

static void test_apparmor_quotes(void **state)
{
	_cleanup_(recorded_done) struct recorded r = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(add(&r, RUN "\"files\":{\"/a\\\", /** rw,\\n\\\"*\":\"r\"},\"capabilities\":{\"0\":\"x\"}}"), 0);
	assert_int_equal(recorded_apparmor(&r, "p", &out, NULL), 0);
	assert_non_null(strstr(buf_str(&out), "\tcapability chown,\n"));
	assert_non_null(strstr(buf_str(&out), "\"/a\\\", /\\*\\* rw,\\012\\\"\\*\" mr,\n"));
}

TESTS("engine/recorded", cmocka_unit_test(test_what_a_run_is), cmocka_unit_test(test_runs_are_put_together), cmocka_unit_test(test_seccomp),
      cmocka_unit_test(test_landlock), cmocka_unit_test(test_many_files), cmocka_unit_test(test_each_file_has_one_place),
      cmocka_unit_test(test_apparmor_quotes))
