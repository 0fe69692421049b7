/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/userns_mode.h"
#include "base/testing.h"

#define FULL "0 1000 1\n1 100000 65536\n"
#define SINGLE "0 1000 1\n"
#define TWO "0 1000 1\n1 100000 500\n501 300000 500\n"

/* --userns (or "uidmap A B …") over a keeper; the uid map that comes out, or NULL: refused. */
static const struct {
	const char *userns, *uidmap[3], *keeper, *want;
	bool owned;
} cases[] = {
	{NULL, {NULL}, FULL, "0 0 1\n1 1 65536\n", false},
	{"", {NULL}, FULL, "0 0 1\n1 1 65536\n", false},
	{"private", {NULL}, TWO, "0 0 1\n1 1 500\n501 501 500\n", false},
	{"host", {NULL}, FULL, "0 0 1\n1 1 65536\n", false},
	{NULL, {NULL}, SINGLE, "0 0 1\n", false},
	{"nomap", {NULL}, FULL, "0 1 65536\n", true},
	{"nomap", {NULL}, SINGLE, NULL, false},
	{"keep-id", {NULL}, FULL, "0 1 1000\n1000 0 1\n1001 1001 64536\n", true},
	{"keep-id", {NULL}, SINGLE, "1000 0 1\n", true},
	{"keep-id:uid=5,gid=6", {NULL}, FULL, "0 1 5\n5 0 1\n6 6 65531\n", true},
	{"keep-id:uid=0,gid=0", {NULL}, FULL, "0 0 1\n1 1 65536\n", false},
	{"keep-id:size=10", {NULL}, FULL, "0 1 9\n1000 0 1\n", true},
	{"keep-id:uid=3,gid=3,size=10", {NULL}, FULL, "0 1 3\n3 0 1\n4 4 6\n", true},
	{"keep-id", {NULL}, TWO, "0 1 500\n500 501 500\n1000 0 1\n", true},
	{"auto", {NULL}, FULL, "0 64513 1024\n", true},
	{"auto:size=100", {NULL}, FULL, "0 65437 100\n", true},
	{"auto:size=65536", {NULL}, FULL, "0 1 65536\n", true},
	{"auto:size=65537", {NULL}, FULL, NULL, false},
	{"auto", {NULL}, SINGLE, NULL, false},
	{NULL, {"0:1:10"}, FULL, "0 1 10\n", true},
	{NULL, {"0:0:65537"}, FULL, "0 0 1\n1 1 65536\n", false},
	{NULL, {"0:1:10", "100:0"}, FULL, "0 1 10\n100 0 1\n", true},
	{NULL, {"0:@100000:10"}, FULL, "0 1 10\n", true},
	{NULL, {"0:@1000"}, FULL, "0 0 1\n", false},
	{NULL, {"0:@999"}, FULL, NULL, false},
	{NULL, {"0:@100000:65537"}, FULL, NULL, false},
	{NULL, {"0:0:65538"}, FULL, NULL, false},
	{NULL, {"5:5:10"}, FULL, NULL, false},
	{NULL, {"0:1:10", "5:20:10"}, FULL, NULL, false},
	{NULL, {"0:1:10", "50:5:10"}, FULL, NULL, false},
	{NULL, {"0:400:200"}, TWO, "0 400 101\n101 501 99\n", true},
	/* grammar */
	{"nosuch", {NULL}, FULL, NULL, false},
	{"keep-id:", {NULL}, FULL, NULL, false},
	{"keep-id:uid", {NULL}, FULL, NULL, false},
	{"keep-id:uid=-1", {NULL}, FULL, NULL, false},
	{"keep-id:uid=4294967295", {NULL}, FULL, NULL, false},
	{"keep-id:name=x", {NULL}, FULL, NULL, false},
	{"nomap:size=5", {NULL}, FULL, NULL, false},
	{"auto:uid=5", {NULL}, FULL, NULL, false},
	{"auto:size=0", {NULL}, FULL, NULL, false},
	{"host:x", {NULL}, FULL, NULL, false},
	{"ns:/proc/1/ns/user", {NULL}, FULL, NULL, false},
	{"keep-id", {"0:0:1"}, FULL, NULL, false},
	{NULL, {"0"}, FULL, NULL, false},
	{NULL, {"0:"}, FULL, NULL, false},
	{NULL, {"0:0:"}, FULL, NULL, false},
	{NULL, {"0:0:0"}, FULL, NULL, false},
	{NULL, {"0:0:1:1"}, FULL, NULL, false},
	{NULL, {"-1:0:1"}, FULL, NULL, false},
	{NULL, {"0:0:4294967296"}, FULL, NULL, false},
	{NULL, {"+0:0:1"}, FULL, NULL, false},
	{NULL, {"@0:0:1"}, FULL, NULL, false},
	{NULL, {"0:@@0:1"}, FULL, NULL, false},
	{NULL, {"0:0:1\n"}, FULL, NULL, false},
	{NULL, {""}, FULL, NULL, false},
};

static void check_one(size_t i)
{
	static struct userns_host host;
	static struct userns_plan plan;
	_cleanup_(buf_done) struct buf got = BUF_INIT;
	struct container_options o = {.userns = cases[i].userns};
	struct userns_mode mode;
	struct err e = {0};
	int r = 0;

	host.uid = host.gid = 1000;
	assert_int_equal(id_list_parse(cases[i].keeper, &host.keeper.uid), 0);
	host.keeper.gid = host.keeper.uid;
	for (size_t k = 0; k < 3 && cases[i].uidmap[k]; k++)
		r = strv_add(&o.uidmap, cases[i].uidmap[k]);
	assert_int_equal(r, 0);
	r = userns_mode_parse(&o, &mode, &e);
	if (r == 0)
		r = userns_plan_make(&mode, &host, &plan, &e);
	if ((r < 0) != (cases[i].want == NULL) || (r < 0) != (e.text[0] != '\0'))
		fail_msg("%s %s: %d %s", cases[i].userns, cases[i].uidmap[0], r, e.text);
	if (r == 0) {
		id_list_normalize(&plan.map.uid);
		/* joined at the same places where the keeper's extents meet: split again to compare */
		assert_int_equal(id_list_split(&plan.map.uid, &host.keeper.uid, "uid", &plan.map.gid, &e), 0);
		id_list_text(&plan.map.gid, &got);
		if (strcmp(buf_str(&got), cases[i].want) != 0 || plan.owned != cases[i].owned)
			fail_msg("%s %s: owned %d\n%s", cases[i].userns, cases[i].uidmap[0], plan.owned, buf_str(&got));
	}
	strv_done(&o.uidmap);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_one(i);
}

/* Slices of one after the other never meet, and come to an end. */
static void test_auto_slices(void **state)
{
	static struct userns_host host;
	static struct userns_plan plan;
	struct userns_mode mode = {.kind = USERNS_AUTO, .size = 5000};
	struct err e = {0};
	int n = 0;

	(void)state;
	host.uid = 1000;
	assert_int_equal(id_list_parse(FULL, &host.keeper.uid), 0);
	host.keeper.gid = host.keeper.uid;
	while (userns_plan_make(&mode, &host, &plan, &e) == 0) {
		assert_int_equal(plan.map.uid.n, 1);
		assert_true(plan.map.uid.extents[0].outside >= 1);
		/* refuses an overlap */
		assert_int_equal(id_list_add(&host.used_uid, plan.map.uid.extents[0].outside,
					     plan.map.uid.extents[0].outside, 5000), 0);
		assert_int_equal(id_list_add(&host.used_gid, plan.map.gid.extents[0].outside,
					     plan.map.gid.extents[0].outside, 5000), 0);
		n++;
	}
	assert_int_equal(n, 65536 / 5000);
	assert_true(e.hint[0]);
}

static void test_user(void **state)
{
	static struct userns_host host;
	static struct userns_plan plan;
	struct container_options o = {.userns = "keep-id:gid=7"};
	struct userns_mode mode;

	(void)state;
	host.uid = 1234;
	host.gid = 55;
	assert_int_equal(id_list_parse(FULL, &host.keeper.uid), 0);
	host.keeper.gid = host.keeper.uid;
	assert_int_equal(userns_mode_parse(&o, &mode, NULL), 0);
	assert_int_equal(userns_plan_make(&mode, &host, &plan, NULL), 0);
	assert_true(plan.has_user);
	assert_int_equal(plan.user_uid, 1234);
	assert_int_equal(plan.user_gid, 7);
}

TESTS("engine/userns_mode", cmocka_unit_test(test_cases), cmocka_unit_test(test_auto_slices), cmocka_unit_test(test_user))
