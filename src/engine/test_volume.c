/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/volume_list.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"


/* --opt as JSON, and what comes of it. NULL: refused. */
static const struct {
	const char *options, *want;
} plans[] = {
	{"{}", "plain"},
	{"{\"o\":\"uid=7,gid=8,nocopy\"}", "plain uid=7 gid=8 nocopy"},
	{"{\"o\":\"copy,noquota\"}", "plain"},
	{"{\"o\":\"uid=x\"}", NULL},
	{"{\"o\":\"gid=4294967295\"}", NULL},
	{"{\"o\":\"size=1m\"}", NULL},
	{"{\"o\":\"ro\"}", NULL},
	{"{\"type\":\"tmpfs\"}", "2 -"},
	{"{\"type\":\"tmpfs\",\"device\":\"tmpfs\",\"o\":\"size=2m,noexec,uid=3\"}", "2 - size=2097152 noexec uid=3"},
	{"{\"type\":\"tmpfs\",\"o\":\"z\"}", NULL},
	{"{\"type\":\"none\",\"device\":\"/a:b\",\"o\":\"bind,ro\"}", "0 /a:b bind ro"},
	{"{\"type\":\"bind\",\"device\":\"/a\"}", "0 /a"},
	{"{\"device\":\"/a\",\"o\":\"rbind\"}", "0 /a rbind"},
	{"{\"type\":\"none\",\"device\":\"relative\",\"o\":\"bind\"}", NULL},
	{"{\"type\":\"none\"}", NULL},
	{"{\"type\":\"nfs\",\"device\":\":/x\"}", NULL},
	{"{\"foo\":\"bar\"}", NULL},
};

static void plan_text(const struct volume_plan *p, struct buf *out)
{
	if (p->is_plain) {
		buf_adds(out, "plain");
		if (p->has_uid)
			buf_addf(out, " uid=%u", p->uid);
		if (p->has_gid)
			buf_addf(out, " gid=%u", p->gid);
		buf_adds(out, p->no_copy ? " nocopy" : "");
		return;
	}
	buf_addf(out, "%d %s", p->spec.kind, p->spec.source ? p->spec.source : "-");
	for (size_t i = 0; i < p->spec.options.n; i++)
		buf_addf(out, " %s", p->spec.options.items[i]);
}

static void test_plan(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		_cleanup_(volume_plan_done) struct volume_plan p = {0};
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_(buf_done) struct buf text = BUF_INIT;
		struct err e = {0};
		int r;

		assert_int_equal(json_parse(plans[i].options, strlen(plans[i].options), "options", &o, &e), 0);
		r = volume_note_plan(o, &p, &e);
		if (!plans[i].want) {
			assert_true(r < 0 && e.text[0]);
			continue;
		}
		if (r < 0)
			fail_msg("%s: %s", plans[i].options, e.text);
		plan_text(&p, &text);
		assert_string_equal(buf_str(&text), plans[i].want);
	}
}

static void test_note(void **state)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT, back = VOLUME_NOTE_INIT, bare = VOLUME_NOTE_INIT;
	char dir[64];
	_cleanup_close_ int fd = -EBADF;
	struct timespec t;

	(void)state;
	fd = testing_directory(dir);
	/* its maker was killed: it has the directory's time, and waits to be filled */
	assert_int_equal(volume_note_read(fd, "v", &bare), 0);
	assert_string_equal(bare.name, "v");
	assert_int_equal(clock_parse_rfc3339(bare.created, &t), 0);
	assert_true(bare.needs_fill && !bare.anonymous && !bare.labels && !bare.options);

	n = (struct volume_note){.name = strdup("v"), .created = strdup("2026-01-02T03:04:05Z"), .anonymous = true};
	n.labels = json_object_new_object();
	assert_int_equal(json_add_str(n.labels, "k", "v"), 0);
	assert_int_equal(volume_note_write(fd, &n), 0);
	assert_int_equal(volume_note_read(fd, "v", &back), 0);
	assert_string_equal(back.created, "2026-01-02T03:04:05Z");
	assert_true(back.anonymous && !back.needs_fill && !back.options);
	assert_string_equal(json_str(back.labels, "k"), "v");

	/* damaged: as if it were not there */
	volume_note_done(&back);
	assert_int_equal(path_own_write(fd, "volume.json", "{", 1, 0600, PATH_SYNC_NONE), 0);
	assert_int_equal(volume_note_read(fd, "v", &back), 0);
	assert_true(back.needs_fill);
	assert_int_equal(unlinkat(fd, "volume.json", 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void test_filter(void **state)
{
	static const struct {
		const char *filters[3];
		bool want;
	} cases[] = {
		{{NULL}, true},
		{{"name=cache"}, true},
		{{"name=^ca"}, true},
		{{"name=^x"}, false},
		{{"name=x", "name=cache"}, true},
		{{"name=cache", "label=b"}, false},
		{{"label=a", "label=b"}, false},
		{{"label=a=1"}, true},
		{{"label=a=2"}, false},
		{{"label!=b"}, true},
		{{"label!=a"}, false},
		{{"opt=type"}, true},
		{{"driver=local"}, true},
		{{"driver=other"}, false},
		{{"dangling=true"}, true},
		{{"dangling=false"}, false},
		{{"until=2026-01-02T00:00:00Z"}, true},
		{{"since=2026-01-02T00:00:00Z"}, false},
	};
	static const char *const bad[] = {"name", "nope=1", "dangling=x", "until=x", ""};
	_cleanup_(volume_note_done) struct volume_note n = {.name = strdup("cache"), .created = strdup("2026-01-01T00:00:00Z")};
	struct container_list none = {0};

	(void)state;
	n.labels = json_object_new_object();
	n.options = json_object_new_object();
	assert_int_equal(json_add_str(n.labels, "a", "1"), 0);
	assert_int_equal(json_add_str(n.options, "type", "tmpfs"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(volume_filter_done) struct volume_filter f = {0};
		_cleanup_(strv_done) struct strv list = {0};

		for (size_t k = 0; cases[i].filters[k]; k++)
			assert_int_equal(strv_add(&list, cases[i].filters[k]), 0);
		assert_int_equal(volume_filter_parse(&list, &f, NULL), 0);
		if (volume_filter_match(&f, &n, &none) != cases[i].want)
			fail_msg("%s %s", cases[i].filters[0], cases[i].filters[0] && cases[i].filters[1] ? cases[i].filters[1] : "");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(volume_filter_done) struct volume_filter f = {0};
		_cleanup_(strv_done) struct strv list = {0};
		struct err e = {0};

		assert_int_equal(strv_add(&list, bad[i]), 0);
		assert_int_equal(volume_filter_parse(&list, &f, &e), -EINVAL);
		assert_true(e.text[0]);
	}
}

TESTS("engine/volume", cmocka_unit_test(test_plan), cmocka_unit_test(test_note), cmocka_unit_test(test_filter))
