/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/buf.h"
#include "base/testing.h"
#include "oci/docker_archive.h"

#include <string.h>

static void test_entries(void **state _unused_)
{
	static const struct {
		const char *text, *error;
		size_t names, layers;
	} cases[] = {
		{"{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\",\"b\"],\"Layers\":[\"l/layer.tar\"]}", NULL, 2, 1},
		{"{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":null}", NULL, 0, 0},
		{"{\"Config\":\"c.json\",\"More\":1}", NULL, 0, 0},
		{"{\"Layers\":[\"l\"]}", "no Config", 0, 0},
		{"{\"Config\":1}", "Config", 0, 0},
		{"{\"Config\":\"c\",\"Layers\":\"l\"}", "Layers", 0, 0},
		{"{\"Config\":\"c\",\"Layers\":[1]}", "Layers", 0, 0},
		{"{\"Config\":\"c\",\"RepoTags\":{}}", "RepoTags", 0, 0},
		{"[]", "", 0, 0},
	};

	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		_cleanup_(docker_archive_image_done) struct docker_archive_image i = {0};
		_cleanup_json_ struct json_object *o = NULL;
		struct err e = {0};
		int r;

		assert_int_equal(json_parse(cases[n].text, strlen(cases[n].text), "x", &o, &e), 0);
		r = docker_archive_image(o, &i, &e);
		if (!cases[n].error != !r || (r < 0 && !strstr(e.text, cases[n].error)) || i.names.n != cases[n].names || i.layers.n != cases[n].layers)
			fail_msg("%s: %d %s", cases[n].text, r, e.text);
	}
}

static void test_lists(void **state _unused_)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct json_object *list = NULL;
	struct err e = {0};

	assert_int_equal(docker_archive_parse("{}", 2, &list, &e), -EINVAL);
	assert_non_null(strstr(e.text, "not a list"));
	buf_add(&text, "[0", 2);
	for (int i = 0; i < DOCKER_ARCHIVE_IMAGES_MAX; i++)
		buf_add(&text, ",0", 2);
	buf_add(&text, "]", 1);
	assert_int_equal(docker_archive_parse(buf_str(&text), text.len, &list, &e), -EINVAL);
	assert_non_null(strstr(e.text, "more than"));
	assert_null(list);
	assert_int_equal(docker_archive_parse("[]", 2, &list, &e), 0);
	json_object_put(list);
}

TESTS("oci/docker_archive", cmocka_unit_test(test_entries), cmocka_unit_test(test_lists))
