/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/idmap.h"
#include "base/testing.h"

#include <string.h>

/* The list of a text, which must parse. */
static struct id_list *list(const char *text)
{
	static struct id_list ring[4];
	static unsigned next;
	struct id_list *l = &ring[next++ % 4];

	if (id_list_parse(text, l) < 0)
		fail_msg("%s: does not parse", text);
	return l;
}

static void expect(const struct id_list *l, const char *want, const char *what)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	id_list_text(l, &b);
	if (strcmp(buf_str(&b), want) != 0)
		fail_msg("%s: got\n%swant\n%s", what, buf_str(&b), want);
}

static const struct {
	const char *text;
	int r;
	size_t n;
} parse_cases[] = {
	{"", 0, 0},
	{"         0       1000          1\n         1     100000      65536\n", 0, 2},
	{"0 0 4294967295\n", 0, 1},
	{"0 0 1", 0, 1},
	{"0 0 0\n", -EINVAL, 0},
	{"0 0\n", -EINVAL, 0},
	{"0 0 1 2\n", -EINVAL, 0},
	{"0 0 4294967296\n", -EINVAL, 0},
	{"1 0 4294967295\n", -EINVAL, 0}, /* wraps */
	{"0 0 2\n1 5 2\n", -EINVAL, 0},   /* overlaps inside */
	{"0 0 2\n5 1 2\n", -EINVAL, 0},   /* overlaps outside */
	{"-1 0 1\n", -EINVAL, 0},
	{"0x0 0 1\n", -EINVAL, 0},
	{"a 0 1\n", -EINVAL, 0},
	{"\n", -EINVAL, 0},
};

static void test_parse(void **state)
{
	static struct id_list l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parse_cases); i++) {
		int r;

		l.n = 99;
		r = id_list_parse(parse_cases[i].text, &l);
		if (r != parse_cases[i].r || l.n != (r == 0 ? parse_cases[i].n : 99))
			fail_msg("%s: %d, %zu", parse_cases[i].text, r, l.n);
	}
}

static const struct {
	const char *want, *parent;
	int r;
	const char *lines;
} split_cases[] = {
	{"0 0 65537\n", "0 1000 1\n1 100000 65536\n", 0, "0 0 1\n1 1 65536\n"},
	{"0 0 1\n", "0 1000 1\n", 0, "0 0 1\n"},
	{"0 0 2\n", "0 1000 1\n", -ERANGE, ""},
	{"0 5 10\n", "0 1000 8\n8 2000 8\n", 0, "0 5 3\n3 8 7\n"},
	{"0 1 65536\n", "0 1000 1\n1 100000 65536\n", 0, "0 1 65536\n"},
	{"0 1 65537\n", "0 1000 1\n1 100000 65536\n", -ERANGE, ""},
	{"0 0 20\n", "0 1000 5\n10 2000 10\n", -ERANGE, ""}, /* a hole */
	{"1000 0 1\n0 1 1000\n", "0 1000 1\n1 100000 65536\n", 0, "1000 0 1\n0 1 1000\n"},
	{"0 0 30\n", "20 70 10\n0 50 10\n10 90 10\n", 0, "0 0 10\n10 10 10\n20 20 10\n"},
};

static void test_split(void **state)
{
	static struct id_list got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(split_cases); i++) {
		struct err e = {0};
		int r;

		got.n = 0;
		r = id_list_split(list(split_cases[i].want), list(split_cases[i].parent), "uid", &got, &e);
		if (r != split_cases[i].r || (r < 0) != (e.text[0] != '\0'))
			fail_msg("%s over %s: %d %s", split_cases[i].want, split_cases[i].parent, r, e.text);
		expect(&got, split_cases[i].lines, split_cases[i].want);
	}
}

static const struct {
	const char *inner, *outer, *want;
} compose_cases[] = {
	{"0 0 1\n1 1 65536\n", "0 1000 1\n1 100000 65536\n", "0 1000 1\n1 100000 65536\n"},
	{"0 1 1000\n1000 0 1\n", "0 1000 1\n1 100000 65536\n", "0 100000 1000\n1000 1000 1\n"},
	{"0 0 10\n", "3 50 2\n8 90 100\n", "3 50 2\n8 90 2\n"}, /* what is not mapped is left out */
	{"0 7 1\n", "0 1 1\n", ""},
};

static void test_compose(void **state)
{
	static struct id_list got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(compose_cases); i++) {
		assert_int_equal(id_list_compose(list(compose_cases[i].inner), list(compose_cases[i].outer), &got), 0);
		expect(&got, compose_cases[i].want, compose_cases[i].inner);
	}
}

static void test_lookup(void **state)
{
	const struct id_list *l = list("0 1000 1\n1 100000 65536\n");
	uint32_t id = 7;

	(void)state;
	assert_int_equal(id_list_to_outside(l, 0, &id), 0);
	assert_int_equal(id, 1000);
	assert_int_equal(id_list_to_outside(l, 65536, &id), 0);
	assert_int_equal(id, 165535);
	assert_int_equal(id_list_to_outside(l, 65537, &id), -ENOENT);
	assert_int_equal(id, 165535);
	assert_int_equal(id_list_to_inside(l, 1000, &id), 0);
	assert_int_equal(id, 0);
	assert_int_equal(id_list_to_inside(l, 100032, &id), 0);
	assert_int_equal(id, 33);
	assert_int_equal(id_list_to_inside(l, 1001, &id), -ENOENT);
	assert_int_equal(id_list_total(l), 65537);
}

static void test_normalize(void **state)
{
	struct id_list *l = list("1 1 10\n0 0 1\n20 30 1\n11 11 9\n");

	(void)state;
	id_list_normalize(l);
	expect(l, "0 0 20\n20 30 1\n", "normalize");
	assert_true(id_list_equal(list("0 0 1\n1 1 5\n"), list("0 0 6\n")));
	assert_false(id_list_equal(list("0 0 1\n1 1 5\n"), list("0 0 7\n")));
	assert_true(id_list_is_identity(list("0 0 1\n5 5 5\n")));
	assert_false(id_list_is_identity(list("0 1 1\n")));
}

static void test_hash(void **state)
{
	static struct id_map a, b;
	char x[ID_MAP_HASH_LEN + 1], y[ID_MAP_HASH_LEN + 1];

	(void)state;
	a.uid = *list("0 0 1\n1 1 5\n");
	a.gid = *list("0 0 6\n");
	b.uid = *list("0 0 6\n");
	b.gid = *list("1 1 5\n0 0 1\n");
	id_map_hash(&a, x);
	id_map_hash(&b, y);
	assert_string_equal(x, y);
	assert_int_equal(strlen(x), ID_MAP_HASH_LEN);
	b.gid = *list("0 1 6\n");
	id_map_hash(&b, y);
	assert_string_not_equal(x, y);
	/* user and group lists do not mix */
	a.uid = *list("0 1 6\n");
	a.gid = *list("0 0 6\n");
	id_map_hash(&a, x);
	assert_string_not_equal(x, y);
}

static void test_limits(void **state)
{
	static struct id_list l;

	(void)state;
	for (uint32_t i = 0; i < ID_MAP_LINES_MAX; i++)
		assert_int_equal(id_list_add(&l, 2 * i, 2 * i, 1), 0);
	assert_int_equal(id_list_add(&l, 1000000, 1000000, 1), -E2BIG);
	assert_int_equal(id_list_add(&l, 0, 5000000, 1), -EEXIST);
	assert_int_equal(id_list_add(&l, UINT32_MAX, 0, 1), -ERANGE);
	assert_int_equal(id_list_add(&l, UINT32_MAX - 1, 7000000, 2), -ERANGE);
}

TESTS("sys/idmap",
      cmocka_unit_test(test_parse), cmocka_unit_test(test_split), cmocka_unit_test(test_compose),
      cmocka_unit_test(test_lookup), cmocka_unit_test(test_normalize), cmocka_unit_test(test_hash),
      cmocka_unit_test(test_limits))
