/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/manifest.h"

#define D "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define CONFIG "\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG "\",\"digest\":\"" D "\",\"size\":10}"
#define LAYER "{\"mediaType\":\"" MEDIA_OCI_LAYER_GZIP "\",\"digest\":\"" D "\",\"size\":20}"
#define OCI(rest) "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," rest "}"
#define GOOD CONFIG ",\"layers\":[" LAYER "," LAYER "]"

static const struct {
	const char *text, *content_type;
	int r; /* 0, or its -errno */
} cases[] = {
	{OCI(GOOD), NULL, 0},
	{OCI(GOOD), MEDIA_OCI_MANIFEST, 0},
	{OCI(GOOD), MEDIA_OCI_MANIFEST "; charset=utf-8", 0},
	{OCI(GOOD), "application/json", 0},
	{"{\"schemaVersion\":2," GOOD "}", MEDIA_OCI_MANIFEST, 0},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[]}", NULL, 0},
	{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\","
	 "\"config\":{\"mediaType\":\"" MEDIA_DOCKER_CONFIG "\",\"digest\":\"" D "\",\"size\":10},"
	 "\"layers\":[{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar.gzip\",\"digest\":\"" D "\",\"size\":0}]}",
	 MEDIA_DOCKER_MANIFEST, 0},
	/* A39: one text, two meanings */
	{OCI(GOOD ",\"manifests\":[]"), NULL, -EINVAL},
	{OCI(GOOD), MEDIA_OCI_INDEX, -EINVAL},
	{OCI(GOOD), MEDIA_DOCKER_MANIFEST, -EINVAL},
	{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\"," GOOD "}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," GOOD ",\"schemaVersion\":2}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," GOOD "," CONFIG "}", NULL, -EINVAL},
	{"{\"schemaVersion\":2,\"manifests\":[]}", NULL, -EINVAL},
	/* kinds that are none of ours */
	{"{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, -EOPNOTSUPP},
	{"{\"schemaVersion\":1,\"name\":\"x\"}", "application/vnd.docker.distribution.manifest.v1+prettyjws", -EOPNOTSUPP},
	{"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\",\"digest\":\"" D
	 "\",\"size\":1},\"layers\":[]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"text/plain\",\"digest\":\"" D "\",\"size\":1}]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER "+gzip+encrypted\",\"digest\":\"" D
	 "\",\"size\":1}]}", NULL, -EOPNOTSUPP},
	/* damage */
	{"", NULL, -EINVAL},
	{"null", NULL, -EINVAL},
	{"[]", NULL, -EINVAL},
	{"{}", NULL, -EINVAL},
	{"{\"schemaVersion\":3," GOOD "}", NULL, -EINVAL},
	{"{" GOOD "}", NULL, -EINVAL},
	{"{\"schemaVersion\":2,\"layers\":[]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2,\"config\":null,\"layers\":[]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2,\"config\":[],\"layers\":[]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":{}}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[null]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER "\",\"digest\":\"sha256:../x\",\"size\":1}]}",
	 NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER "\",\"digest\":\"" D "\",\"size\":-1}]}",
	 NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER "\",\"digest\":\"" D "\"}]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER "\",\"digest\":\"" D
	 "\",\"size\":18446744073709551615}]}", NULL, -EINVAL},
	{"{\"schemaVersion\":2,\"mediaType\":7," GOOD "}", NULL, -EINVAL},
	{OCI(GOOD) "x", NULL, -EINVAL},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(manifest_done) struct manifest m = {0};
		struct err e = {0};
		int r = manifest_parse(cases[i].text, strlen(cases[i].text), cases[i].content_type, &m, &e);

		if (r != cases[i].r || (r < 0) != (e.text[0] != '\0') || (r < 0 && m.layers))
			fail_msg("case %zu: %d, %s: %s", i, r, e.text, cases[i].text);
	}
}

static void test_content(void **state)
{
	_cleanup_(manifest_done) struct manifest m = {0};

	(void)state;
	assert_int_equal(manifest_parse(OCI(GOOD), strlen(OCI(GOOD)), NULL, &m, NULL), 0);
	assert_int_equal(m.n_layers, 2);
	assert_int_equal(m.config.size_bytes, 10);
	assert_int_equal(m.layers[1].size_bytes, 20);
	assert_string_equal(m.layers[1].digest.text, D);
	assert_int_equal(m.layers[0].type->kind, MEDIA_LAYER);
}

static void test_write(void **state)
{
	struct descriptor config = {.size_bytes = 5}, layer = {.size_bytes = 7, .type = media_type_find(MEDIA_OCI_LAYER_ZSTD)};
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	(void)state;
	digest_of("c", 1, &config.digest);
	digest_of("l", 1, &layer.digest);
	assert_int_equal(manifest_write(&config, &layer, 1, &text, &len, NULL), 0);
	assert_int_equal(manifest_parse(text, len, MEDIA_OCI_MANIFEST, &m, NULL), 0);
	assert_true(digest_equal(&m.layers[0].digest, &layer.digest));
	assert_true(digest_equal(&m.config.digest, &config.digest));
	assert_ptr_equal(m.layers[0].type, layer.type);
}

TESTS("oci/manifest", cmocka_unit_test(test_parse),
      cmocka_unit_test(test_content),
      cmocka_unit_test(test_write))
