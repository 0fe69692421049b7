/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "registry/listing.h"

#include <string.h>

#define D1 "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define D2 "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char two[] = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
			  "\"digest\":\"" D1 "\",\"size\":7,\"artifactType\":\"a/b\"},"
			  "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"" D2 "\",\"size\":9}]}";

static void test_referrers(void **state)
{
	_cleanup_(referrers_done) struct referrers all = {0}, some = {0};

	(void)state;
	assert_int_equal(referrers_parse(two, strlen(two), NULL, &all, NULL), 0);
	assert_int_equal(all.n, 2);
	assert_string_equal(all.items[1].digest.text, D2);
	assert_string_equal(all.items[1].artifact_type, "");
	assert_int_equal(referrers_parse(two, strlen(two), "a/b", &some, NULL), 0);
	assert_int_equal(some.n, 1);
	assert_string_equal(some.items[0].digest.text, D1);
	assert_int_equal(some.items[0].size_bytes, 7);
}

static const char *const bad[] = {
	"", "[]x", "{\"manifests\":7}", "{\"manifests\":[7]}", "{\"manifests\":[{\"digest\":\"sha256:zz\",\"size\":1}]}",
	"{\"manifests\":[{\"digest\":\"" D1 "\",\"size\":-1}]}", "{\"manifests\":[{\"digest\":\"" D1 "\",\"size\":1,\"artifactType\":[]}]}",
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(referrers_done) struct referrers r = {0};

		if (referrers_parse(bad[i], strlen(bad[i]), NULL, &r, NULL) >= 0)
			fail_msg("%s: taken", bad[i]);
	}
}

static void test_names(void **state)
{
	_cleanup_(strv_done) struct strv tags = {0};
	static const char some[] = "{\"name\":\"x\",\"tags\":[\"a\",\"b\"]}", none[] = "{\"name\":\"x\",\"tags\":null}";
	static const char odd[] = "{\"tags\":[\"a\",1]}", list[] = "[\"a\"]";

	(void)state;
	assert_int_equal(listing_parse(some, strlen(some), "tags", &tags, NULL), 0);
	assert_int_equal(listing_parse(none, strlen(none), "tags", &tags, NULL), 0);
	assert_int_equal(tags.n, 2);
	assert_string_equal(tags.items[1], "b");
	assert_int_equal(listing_parse(odd, strlen(odd), "tags", &tags, NULL), -EINVAL);
	assert_int_equal(listing_parse(list, strlen(list), "tags", &tags, NULL), -EINVAL);
}

TESTS("registry/listing", cmocka_unit_test(test_referrers), cmocka_unit_test(test_bad), cmocka_unit_test(test_names))
