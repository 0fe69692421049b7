/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/secrets.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/memfd.h"

static void test_round_trip(void **state)
{
	static char binary[] = {'a', '\0', 'b'};
	const struct secret file = {.name = (char[]){"/run/secrets/x"}, .uid = 5, .gid = 6, .mode = 0440, .data = binary, .len = 3};
	const struct secret env = {.is_env = true, .name = (char[]){"TOKEN"}, .data = (char[]){"word"}, .len = 4};
	const struct secret empty = {.is_env = true, .name = (char[]){"EMPTY"}, .data = NULL, .len = 0};
	_cleanup_(secrets_done) struct secrets s = {0}, back = {0};
	_cleanup_(strv_done) struct strv list = {0};
	_cleanup_close_ int fd = -EBADF;
	struct err e = {0};

	(void)state;
	assert_int_equal(secrets_add(&s, &file), 0);
	assert_int_equal(secrets_add(&s, &env), 0);
	assert_int_equal(secrets_add(&s, &empty), 0);
	assert_int_equal(secrets_seal(&s, &fd, &e), 0);
	assert_true(memfd_is_sealed(fd));
	assert_int_equal(secrets_read(fd, &back, &e), 0);
	assert_int_equal(back.n, 3);
	assert_string_equal(back.items[0].name, "/run/secrets/x");
	assert_true(!back.items[0].is_env && back.items[0].uid == 5 && back.items[0].gid == 6 && back.items[0].mode == 0440);
	assert_int_equal(back.items[0].len, 3);
	assert_memory_equal(back.items[0].data, binary, 3);
	/* in place of another of the name */
	assert_int_equal(strv_add(&list, "TOKEN=old"), 0);
	assert_int_equal(secrets_to_env(&back, &list, &e), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0], "TOKEN=word");
	assert_string_equal(list.items[1], "EMPTY=");
}

static void test_refused(void **state)
{
	static char nul[] = {'a', '\0'};
	const struct secret bad[] = {
		{.is_env = true, .name = (char[]){""}},
		{.is_env = true, .name = (char[]){"A=B"}},
		{.is_env = true, .name = (char[]){"A"}, .data = nul, .len = 2},
		{.name = (char[]){"relative"}},
		{.name = (char[]){"/"}},
		{.name = (char[]){"/x"}, .mode = 010000},
		{.name = (char[]){"/x"}, .data = nul, .len = SECRET_DATA_MAX + 1},
	};
	const struct secret good = {.name = (char[]){"/x"}, .data = nul, .len = 2};
	_cleanup_(secrets_done) struct secrets s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(secrets_add(&s, &bad[i]) < 0);
	assert_int_equal(s.n, 0);
	for (size_t i = 0; i < SECRETS_MAX; i++)
		assert_int_equal(secrets_add(&s, &good), 0);
	assert_int_equal(secrets_add(&s, &good), -E2BIG);
}

/* Every beginning of a good one, and every byte of its head changed: an error, or as good. */
static void test_damaged(void **state)
{
	const struct secret env = {.is_env = true, .name = (char[]){"A"}, .data = (char[]){"b"}, .len = 1};
	_cleanup_(secrets_done) struct secrets s = {0};
	_cleanup_close_ int fd = -EBADF;
	char bytes[64];
	ssize_t n;

	(void)state;
	assert_int_equal(secrets_add(&s, &env), 0);
	assert_int_equal(secrets_seal(&s, &fd, NULL), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	n = read(fd, bytes, sizeof(bytes));
	assert_true(n > 20 && n < (ssize_t)sizeof(bytes));
	for (ssize_t len = 1; len < n; len++) {
		_cleanup_(secrets_done) struct secrets back = {0};
		_cleanup_close_ int cut = -EBADF;

		assert_int_equal(memfd_seal_bytes("t", bytes, (size_t)len, &cut), 0);
		assert_int_equal(secrets_read(cut, &back, NULL), -EBADMSG);
	}
	for (ssize_t i = 0; i < n; i++) {
		_cleanup_(secrets_done) struct secrets back = {0};
		_cleanup_close_ int other = -EBADF;
		int r;

		bytes[i] ^= 0x55;
		assert_int_equal(memfd_seal_bytes("t", bytes, (size_t)n, &other), 0);
		r = secrets_read(other, &back, NULL);
		assert_true(r == -EBADMSG || (r == 0 && back.n == 1));
		bytes[i] ^= 0x55;
	}
}

TESTS("runtime/secrets", cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused), cmocka_unit_test(test_damaged))
