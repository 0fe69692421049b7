/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/option_paths.h"

#include "engine/mount_spec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
	const char *text, *want; /* NULL: stays */
} volumes[] = {
	{"./data:/data:ro", "/a\\:b/./data:/data:ro"}, {"../x:/y", "/a\\:b/../x:/y"}, {"/x:/y", NULL}, {"named:/y", NULL}, {"/y", NULL},
}, mounts[] = {
	{"type=bind,src=x,dst=/y", "type=bind,src=x,dst=/y,\"src=/a:b/x\""},
	{"type=bind,\"src=x\"\"z\",dst=/y", "type=bind,\"src=x\"\"z\",dst=/y,\"src=/a:b/x\"\"z\""},
	{"type=glob,src=*.conf,dst=/y", "type=glob,src=*.conf,dst=/y,\"src=/a:b/*.conf\""},
	{"type=bind,src=/x,dst=/y", NULL}, {"type=volume,src=x,dst=/y", NULL}, {"type=tmpfs,dst=/y", NULL}, {"type=image,src=x,dst=/y", NULL},
}, security[] = {
	{"seccomp=strict.json", "seccomp=/a:b/strict.json"}, {"seccomp:./strict.json", "seccomp:/a:b/./strict.json"},
	{"landlock=./own.json", "landlock=/a:b/./own.json"}, {"seccomp=unconfined", NULL}, {"seccomp=builtin", NULL}, {"seccomp=/x", NULL},
	{"landlock=web", NULL}, {"landlock=unconfined", NULL}, {"label=type:x", NULL}, {"no-new-privileges", NULL}, {"seccomp-log", NULL},
}, files[] = {
	{"env", "/a:b/env"}, {"/env", NULL},
};

static void check(const struct row *rows, size_t n, size_t offset)
{
	for (size_t i = 0; i < n; i++) {
		struct container_options o = {0};
		struct strv *list = (struct strv *)(void *)((char *)&o + offset);

		assert_int_equal(strv_add(list, rows[i].text), 0);
		assert_int_equal(option_paths_fix(&o, "/a:b", NULL), 0);
		assert_string_equal(list->items[0], rows[i].want ? rows[i].want : rows[i].text);
		/* once is enough */
		assert_int_equal(option_paths_fix(&o, "/c", NULL), 0);
		assert_string_equal(list->items[0], rows[i].want ? rows[i].want : rows[i].text);
		container_options_done(&o);
	}
}

static void test_absolute(void **state)
{
	(void)state;
	check(volumes, ARRAY_SIZE(volumes), offsetof(struct container_options, volume));
	check(mounts, ARRAY_SIZE(mounts), offsetof(struct container_options, mount));
	check(security, ARRAY_SIZE(security), offsetof(struct container_options, security_opt));
	check(files, ARRAY_SIZE(files), offsetof(struct container_options, env_file));
	check(files, ARRAY_SIZE(files), offsetof(struct container_options, label_file));
}

/* What is written anew is read as what was meant. */
static void test_parses(void **state)
{
	_cleanup_(mount_spec_done) struct mount_spec v = {0}, m = {0};
	struct container_options o = {0};

	(void)state;
	assert_int_equal(strv_add(&o.volume, "./data:/data:ro"), 0);
	assert_int_equal(strv_add(&o.mount, "type=bind,\"src=x,\"\"z\",dst=/y"), 0);
	assert_int_equal(option_paths_fix(&o, "/a:b", NULL), 0);
	assert_int_equal(volume_spec_parse(o.volume.items[0], &v, NULL), 0);
	assert_string_equal(v.source, "/a:b/./data");
	assert_true(v.read_only);
	assert_int_equal(mount_spec_parse(o.mount.items[0], &m, NULL), 0);
	assert_string_equal(m.source, "/a:b/x,\"z");
	container_options_done(&o);
}

static void test_gone(void **state)
{
	static const char *const places[] = {NULL, "", "x", "/x (deleted)"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct container_options o = {0};

		assert_int_equal(strv_add(&o.volume, "/x:/y"), 0);
		assert_int_equal(option_paths_fix(&o, places[i], NULL), 0);
		assert_int_equal(strv_add(&o.security_opt, "seccomp=x"), 0);
		assert_int_equal(option_paths_fix(&o, places[i], NULL), -ENOENT);
		container_options_done(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absolute),
		cmocka_unit_test(test_parses),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
