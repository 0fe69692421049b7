/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "build/cache.h"
#include "sys/fd.h"
#include "sys/path.h"

/* No two steps have one key, where their parts run together too. */
static void test_key(void **state)
{
	static const char *const parts[][3] = {{"", "ab", "c"}, {"", "a", "bc"}, {"", "abc", ""}, {"", "abc", NULL}, {"", "", "abc"}, {"1", "ab", "c"}};
	char keys[ARRAY_SIZE(parts)][DIGEST_HEX_SIZE], before[DIGEST_HEX_SIZE] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(before, sizeof(before), "%s", parts[i][0]);
		cache_key(before, parts[i][1], parts[i][2], keys[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	}
	snprintf(before, sizeof(before), "%s", parts[0][0]);
	cache_key(before, parts[0][1], parts[0][2], before);
	assert_string_equal(before, keys[0]);
}

static void test_entry(void **state)
{
	struct cache_entry c = {.created = "2020-01-02T03:04:05Z"}, got = {0};
	char dir[64], key[DIGEST_HEX_SIZE] = "", path[128];
	_cleanup_close_ int fd = testing_directory(dir), root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	cache_key(key, "x", NULL, key);
	digest_of("a", 1, &c.id);
	assert_int_equal(cache_find(fd, key, &got), -ENOENT);
	assert_int_equal(cache_put(fd, key, &c), 0);
	assert_int_equal(cache_find(fd, key, &got), 0);
	assert_true(digest_equal(&got.id, &c.id) && !digest_is_set(&got.diff_id));
	digest_of("b", 1, &c.diff_id);
	assert_int_equal(cache_put(fd, key, &c), 0);
	assert_int_equal(cache_find(fd, key, &got), 0);
	assert_true(digest_equal(&got.diff_id, &c.diff_id));
	assert_string_equal(got.created, c.created);
	/* a torn one, and a forged one */
	snprintf(path, sizeof(path), "%s/%s", CACHE_DIR, key);
	assert_int_equal(path_own_write(fd, path, "{\"created\":\"2020", 16, 0600, PATH_SYNC_NONE), 0);
	assert_int_equal(cache_find(fd, key, &got), -ENOENT);
	assert_int_equal(path_own_write(fd, path, "{\"created\":\"now\",\"id\":\"sha256:../../x\"}", 41, 0600, PATH_SYNC_NONE), 0);
	assert_int_equal(cache_find(fd, key, &got), -ENOENT);
	assert_int_equal(path_own_remove_tree(root, dir + 1), 0);
}

TESTS("build/cache", cmocka_unit_test(test_key), cmocka_unit_test(test_entry))
