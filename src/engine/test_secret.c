/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/secret_spec.h"
#include "engine/secret_store.h"

#include "base/testing.h"
#include "runtime/secrets.h"
#include "sys/fd.h"
#include "sys/path.h"

/* NULL: refused. */
static const struct {
	const char *text, *want;
} specs[] = {
	{"s", "s /run/secrets/s 0:0 444"},
	{"s,type=mount", "s /run/secrets/s 0:0 444"},
	{"source=s,target=t", "s /run/secrets/t 0:0 444"},
	{"s,target=/etc/x/../y,uid=5,gid=6,mode=0400", "s /etc/y 5:6 400"},
	{"s,target=a/b", "s /run/secrets/a/b 0:0 444"},
	{"s,type=env", "s $s"},
	{"s,type=env,target=X", "s $X"},
	{"s,target=", "s /run/secrets/s 0:0 444"},
	{"", NULL},
	{",", NULL},
	{"target=x", NULL},
	{"s,type=x", NULL},
	{"s,mode=9", NULL},
	{"s,mode=010000", NULL},
	{"s,uid=-1", NULL},
	{"s,uid=4294967295", NULL},
	{"s,foo=bar", NULL},
	{"s,word", NULL},
	{"s,type=env,uid=1", NULL},
	{"s,uid=1,type=env", NULL},
	{"s,type=env,target=A=B", NULL},
	{"s,target=/proc/x", NULL},
	{"s,target=/", NULL},
};

static void test_spec(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		_cleanup_(secret_spec_done) struct secret_spec s = {0};
		struct err e = {0};
		char text[128];
		int r = secret_spec_parse(specs[i].text, &s, &e);

		if (!specs[i].want) {
			if (r != -EINVAL || !e.text[0])
				fail_msg("%s: %d", specs[i].text, r);
			continue;
		}
		assert_int_equal(r, 0);
		if (s.is_env)
			snprintf(text, sizeof(text), "%s $%s", s.source, s.target);
		else
			snprintf(text, sizeof(text), "%s %s %u:%u %o", s.source, s.target, s.uid, s.gid, s.mode);
		assert_string_equal(text, specs[i].want);
	}
}

static void test_store(void **state)
{
	_cleanup_(secret_list_done) struct secret_list l = {0};
	_cleanup_(secret_note_done) struct secret_note n = {0};
	_cleanup_(secret_data_done) struct buf data = BUF_INIT;
	_cleanup_(strv_done) struct strv wanted = {0};
	_cleanup_(secrets_done) struct secrets back = {0};
	_cleanup_json_ struct json_object *list = NULL;
	char dir[64], root[80], run[80], first[SECRET_ID_SIZE], second[SECRET_ID_SIZE];
	_cleanup_close_ int fd = testing_directory(dir), memfd = -EBADF, none = -EBADF;
	struct engine *eng = NULL;
	struct err e = {0};

	(void)state;
	snprintf(root, sizeof(root), "%s/data", dir);
	snprintf(run, sizeof(run), "%s/run", dir);
	assert_int_equal(engine_open(&(struct engine_where){.root = root, .runroot = run}, &eng, &e), 0);
	assert_int_equal(secret_find(eng, "a", &n, &e), -ENOENT);
	assert_int_equal(secret_remove(eng, "a", &e), -ENOENT);
	assert_int_equal(secret_create(eng, "a", "one", 3, NULL, false, first, &e), 0);
	assert_int_equal(secret_create(eng, "a", "two", 3, NULL, false, second, &e), -EEXIST);
	assert_int_equal(secret_create(eng, "a", "two", 3, NULL, true, second, &e), 0);
	assert_string_not_equal(first, second);
	assert_int_equal(secret_create(eng, "b", "", 0, NULL, false, first, &e), -EINVAL);
	assert_int_equal(secret_create(eng, "../b", "x", 1, NULL, false, first, &e), -EINVAL);
	assert_int_equal(secret_list(eng, &l, &e), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(secret_find(eng, second, &n, &e), 0);
	assert_string_equal(n.name, "a");
	assert_int_equal(secret_data(eng, "a", &data, &e), 0);
	assert_string_equal(buf_str(&data), "two");

	/* named by its id, the file has its name; container.json has no word of it */
	assert_int_equal(strv_add(&wanted, second), 0);
	assert_int_equal(secret_specs_resolve(eng, &wanted, &list, &e), 0);
	assert_string_equal(json_str(json_object_array_get_idx(list, 0), "target"), "/run/secrets/a");
	assert_null(strstr(json_text(list, NULL), "two"));
	assert_int_equal(secret_specs_seal(eng, list, true, NULL, &none, &e), 0);
	assert_int_equal(none, -EBADF);
	assert_int_equal(secret_specs_seal(eng, list, false, NULL, &memfd, &e), 0);
	assert_int_equal(secrets_read(memfd, &back, &e), 0);
	assert_string_equal(back.items[0].data, "two");

	assert_int_equal(secret_remove(eng, "a", &e), 0);
	assert_int_equal(secret_data(eng, "a", &data, &e), -ENOENT);
	fd_closep(&memfd);
	assert_int_equal(secret_specs_seal(eng, list, false, NULL, &memfd, &e), -ENOENT);
	engine_close(eng);
	assert_int_equal(path_own_remove_tree(fd, "data") | path_own_remove_tree(fd, "run"), 0);
	assert_int_equal(rmdir(dir), 0);
}

TESTS("engine/secret", cmocka_unit_test(test_spec), cmocka_unit_test(test_store))
