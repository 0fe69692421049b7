/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/manifest.h"

#define HEX(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define CONFIG "\"digest\":\"sha256:" HEX("a") "\",\"size\":7"
#define LAYER "\"digest\":\"sha256:" HEX("b") "\",\"size\":9"

static const char oci[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"annotations\":{\"k\":\"v\"},"
	"\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG "\"," CONFIG "},"
	"\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER_GZIP "\"," LAYER ",\"annotations\":{\"l\":\"w\"},\"urls\":[\"http://x\"]}]}";

static const char docker[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\","
	"\"config\":{\"mediaType\":\"" MEDIA_DOCKER_CONFIG "\"," CONFIG "},"
	"\"layers\":[{\"mediaType\":\"" MEDIA_DOCKER_LAYER_GZIP "\"," LAYER "}]}";

static const struct {
	const char *from;
	enum manifest_family to;
	const char *packed, *want_type, *want_manifest;
	bool keeps_annotations;
} cases[] = {
	{oci, MANIFEST_OCI, MEDIA_OCI_LAYER_ZSTD, MEDIA_OCI_LAYER_ZSTD, MEDIA_OCI_MANIFEST, true},
	{oci, MANIFEST_OCI, MEDIA_OCI_LAYER, MEDIA_OCI_LAYER, MEDIA_OCI_MANIFEST, true},
	{oci, MANIFEST_DOCKER, MEDIA_OCI_LAYER_GZIP, MEDIA_DOCKER_LAYER_GZIP, MEDIA_DOCKER_MANIFEST, false},
	{oci, MANIFEST_DOCKER, MEDIA_OCI_LAYER, MEDIA_DOCKER_LAYER, MEDIA_DOCKER_MANIFEST, false},
	{docker, MANIFEST_OCI, MEDIA_OCI_LAYER_ZSTD, MEDIA_OCI_LAYER_ZSTD, MEDIA_OCI_MANIFEST, false},
	{docker, MANIFEST_DOCKER, MEDIA_OCI_LAYER, MEDIA_DOCKER_LAYER, MEDIA_DOCKER_MANIFEST, false},
	{oci, MANIFEST_DOCKER, MEDIA_OCI_LAYER_ZSTD, NULL, NULL, false},
};

static void test_rewrite(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT;
		_cleanup_(manifest_done) struct manifest m = {0};
		struct descriptor layer = {.type = media_type_find(cases[i].packed), .size_bytes = 11};
		struct err e = {0};
		int r;

		digest_from_hex(HEX("c"), &layer.digest);
		r = manifest_rewrite(cases[i].from, strlen(cases[i].from), cases[i].to, &layer, 1, &text, &e);
		if (!cases[i].want_type) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		if (r < 0 || manifest_parse(buf_str(&text), text.len, cases[i].want_manifest, &m, &e) < 0)
			fail_msg("case %zu: %s: %s", i, e.text, buf_str(&text));
		assert_int_equal(m.n_layers, 1);
		assert_string_equal(m.layers[0].type->text, cases[i].want_type);
		assert_string_equal(m.layers[0].digest.text, layer.digest.text);
		assert_int_equal(m.layers[0].size_bytes, 11);
		assert_string_equal(digest_hex(&m.config.digest), HEX("a"));
		assert_int_equal(manifest_family(&m), cases[i].to);
		assert_int_equal(strstr(buf_str(&text), "\"annotations\":{\"k\"") != NULL, cases[i].keeps_annotations);
		assert_null(strstr(buf_str(&text), "urls"));
	}
}

TESTS("oci/manifest_rewrite", cmocka_unit_test(test_rewrite))
