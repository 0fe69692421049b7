/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "view/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* IDs that no host has names or ranges for: what is drawn is the same everywhere. */
#define HOST 3000000000U
#define SUB 3100000000U

static struct id_map keeper, inside;

static void add(struct id_list *l, uint32_t a, uint32_t b, uint32_t n)
{
	assert_int_equal(id_list_add(l, a, b, n), 0);
}

static void make(struct map_view *v, bool with_container)
{
	_cleanup_(names_freep) struct names *names = names_new();

	assert_non_null(names);
	assert_int_equal(map_view_make(&inside, &keeper, names, v), 0);
	if (with_container) {
		v->id = strdup("0123456789abcdef");
		v->name = strdup("we\033b");
	}
}

static void maps(void)
{
	memset(&keeper, 0, sizeof(keeper));
	memset(&inside, 0, sizeof(inside));
	add(&keeper.uid, 0, HOST, 1);
	add(&keeper.uid, 1, SUB, 1000);
	add(&keeper.uid, 1001, SUB + 5000, 1000);
	keeper.gid = keeper.uid;
	/* keep-id: 1000 inside is the user, the rest around it; one extent of the keeper is left in the middle of 500.. */
	add(&inside.uid, 0, SUB, 500);
	add(&inside.uid, 1000, HOST, 1);
	add(&inside.uid, 1001, SUB + 900, 100);
	inside.gid = inside.uid;
}

static void segments(void **state)
{
	_cleanup_(map_view_done) struct map_view v = {0};
	const struct map_segment *s;

	(void)state;
	maps();
	make(&v, true);
	assert_int_equal(v.of[NAMES_USER].n, 3);
	s = v.of[NAMES_USER].segments;
	assert_int_equal(s[0].inside, 0);
	assert_int_equal(s[0].keeper, 1);
	assert_int_equal(s[1].keeper, 0);
	assert_int_equal(s[2].keeper, 901);
	assert_int_equal(s[2].count, 100);
}

/* An extent of the container that spans two of the keeper, or leaves it, is cut. */
static void cut(void **state)
{
	_cleanup_(map_view_done) struct map_view v = {0};
	const struct map_segment *s;

	(void)state;
	maps();
	memset(&inside.uid, 0, sizeof(inside.uid));
	add(&inside.uid, 0, SUB + 990, 20);
	make(&v, true);
	assert_int_equal(v.of[NAMES_USER].n, 2);
	s = v.of[NAMES_USER].segments;
	assert_int_equal(s[0].count, 10);
	assert_int_equal(s[0].keeper, 991);
	assert_int_equal(s[1].inside, 10);
	assert_int_equal(s[1].keeper, ID_NONE);
	assert_int_equal(s[1].count, 10);
}

static void ruler(void **state)
{
	static const char want[] =
		"Container we\\x1bb (0123456789ab): as the kernel has it now; the keeper's IDs as recorded\n"
		"UID        +------------------------+------------+------------+------------------------+-------------+\n"
		"container  | 0                  499 | 500    999 | 1000       | 1001              1100 | 1101 and up |\n"
		"keeper     | 1                  500 | not mapped | 0          | 901               1000 | not mapped  |\n"
		"host       | 3100000000  3100000499 |            | 3000000000 | 3100000900  3100000999 |             |\n"
		"who        |                        |            |            |                        |             |\n"
		"           +------------------------+------------+------------+------------------------+-------------+\n";
	_cleanup_(map_view_done) struct map_view v = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct map_style style = {.width = 103};

	(void)state;
	maps();
	make(&v, true);
	map_draw(&v, &style, &out);
	out.data[sizeof(want) - 1] = '\0';
	assert_string_equal(out.data, want);
}

static void too_narrow(void **state)
{
	static const char want[] =
		"CONTAINER UID  KEEPER UID  HOST UID               WHO\n"
		"0-499          1-500       3100000000-3100000499  \n"
		"500-999        not mapped                         \n"
		"1000           0           3000000000             \n"
		"1001-1100      901-1000    3100000900-3100000999  \n"
		"1101 and up    not mapped                         \n";
	_cleanup_(map_view_done) struct map_view v = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct map_style style = {.width = 60};

	(void)state;
	maps();
	make(&v, true);
	map_draw(&v, &style, &out);
	assert_non_null(strstr(out.data, want));
	assert_null(strstr(out.data, "\033"));
}

static void as_json(void **state)
{
	_cleanup_(map_view_done) struct map_view v = {0};
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *unmapped;

	(void)state;
	maps();
	make(&v, false);
	o = map_json(&v);
	assert_non_null(o);
	unmapped = json_at(o, "uid.unmapped");
	assert_int_equal(json_object_array_length(unmapped), 2);
	assert_int_equal(json_int(json_object_array_get_idx(unmapped, 0), "from"), 500);
	assert_int_equal(json_int(json_object_array_get_idx(unmapped, 0), "to"), 999);
	assert_int_equal(json_int(json_object_array_get_idx(unmapped, 1), "to"), 4294967294);
	assert_string_equal(json_str(o, "source"), "kernel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments), cmocka_unit_test(cut),     cmocka_unit_test(ruler),
		cmocka_unit_test(too_narrow), cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
