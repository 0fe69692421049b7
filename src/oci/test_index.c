/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/index.h"

static const struct {
	const char *text;
	const char *want; /* NULL: refused */
} platform_cases[] = {
	{"linux/amd64", "linux/amd64"},
	{"linux/arm64", "linux/arm64/v8"},
	{"linux/arm/v6", "linux/arm/v6"},
	{"linux/arm", "linux/arm/v7"},
	{"arm64", "linux/arm64/v8"},
	{"x86_64", "linux/amd64"},
	{"linux/aarch64", "linux/arm64/v8"},
	{"windows/amd64", "windows/amd64"},
	{"", NULL},
	{"/", NULL},
	{"linux/", NULL},
	{"linux/arm/v7/x", NULL},
	{"Linux/amd64", NULL},
	{"linux/am d64", NULL},
	{"linux/\x1b", NULL},
	{"linux/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
};

static void test_platform(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(platform_cases); i++) {
		char text[PLATFORM_TEXT_SIZE] = "";
		struct platform p;
		int r = platform_parse(platform_cases[i].text, &p, NULL);

		if (r == 0)
			platform_text(&p, text);
		if ((r == 0) != (platform_cases[i].want != NULL) || (r == 0 && strcmp(text, platform_cases[i].want) != 0))
			fail_msg("%s: %d %s", platform_cases[i].text, r, text);
	}
}

#define ENTRY(n, os, arch, variant)                                                                                   \
	"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":" #n                                  \
	",\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","                     \
	"\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\",\"variant\":\"" variant "\"}}"
#define INDEX(entries) "{\"schemaVersion\":2,\"manifests\":[" entries "]}"

static const struct {
	const char *text, *want;
	uint64_t size; /* of the one that is picked; 0: -ENOENT */
} pick_cases[] = {
	{INDEX(ENTRY(1, "linux", "amd64", "") "," ENTRY(2, "linux", "arm64", "v8")), "linux/amd64", 1},
	{INDEX(ENTRY(1, "linux", "amd64", "") "," ENTRY(2, "linux", "arm64", "v8")), "linux/arm64", 2},
	{INDEX(ENTRY(1, "linux", "amd64", "") "," ENTRY(2, "linux", "arm64", "")), "linux/arm64", 2},
	{INDEX(ENTRY(1, "linux", "amd64", "")), "linux/s390x", 0},
	{INDEX(ENTRY(1, "windows", "amd64", "")), "linux/amd64", 0},
	{INDEX(ENTRY(1, "unknown", "unknown", "") "," ENTRY(2, "linux", "amd64", "")), "linux/amd64", 2},
	/* arm v7 runs v5 and v6, best the nearest; v5 does not run v7 */
	{INDEX(ENTRY(5, "linux", "arm", "v5") "," ENTRY(6, "linux", "arm", "v6")), "linux/arm/v7", 6},
	{INDEX(ENTRY(5, "linux", "arm", "v5") "," ENTRY(7, "linux", "arm", "v7") "," ENTRY(6, "linux", "arm", "v6")), "linux/arm/v7", 7},
	{INDEX(ENTRY(7, "linux", "arm", "v7")), "linux/arm/v5", 0},
	{INDEX(ENTRY(3, "linux", "amd64", "v3") "," ENTRY(1, "linux", "amd64", "")), "linux/amd64", 1},
	{INDEX(ENTRY(3, "linux", "amd64", "v3")), "linux/amd64", 0},
	{INDEX(ENTRY(1, "linux", "amd64", "") "," ENTRY(3, "linux", "amd64", "v3")), "linux/amd64/v3", 3},
	{INDEX(""), "linux/amd64", 0},
};

static void test_pick(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pick_cases); i++) {
		_cleanup_(index_done) struct index ix = {0};
		const struct index_entry *entry = NULL;
		struct platform want;
		struct err e = {0};
		int r;

		assert_int_equal(platform_parse(pick_cases[i].want, &want, NULL), 0);
		r = index_parse(pick_cases[i].text, strlen(pick_cases[i].text), NULL, &ix, &e);
		if (r == 0)
			r = index_pick(&ix, &want, &entry, &e);
		if (pick_cases[i].size ? r != 0 || entry->descriptor.size_bytes != pick_cases[i].size : r != -ENOENT)
			fail_msg("case %zu: %d %s", i, r, e.text);
	}
}

static const char *const bad[] = {
	"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}",
	"{\"schemaVersion\":2,\"manifests\":{}}",
	"{\"schemaVersion\":2,\"manifests\":[{}]}",
	"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:x\",\"size\":1}]}",
	"{\"schemaVersion\":2,\"layers\":[]}",
	"{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}",
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"manifests\":[]}",
	"[]",
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(index_done) struct index ix = {0};

		if (index_parse(bad[i], strlen(bad[i]), NULL, &ix, NULL) >= 0)
			fail_msg("%s", bad[i]);
	}
}

/* What is neither manifest nor index is left out, as the specification wants. */
static void test_other_types(void **state)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/xml\",\"size\":1,\"digest\":"
		"\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"},"
		"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":2,\"digest\":"
		"\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
		"\"annotations\":{\"org.opencontainers.image.ref.name\":\"12\"}}]}";
	_cleanup_(index_done) struct index ix = {0};

	(void)state;
	assert_int_equal(index_parse(text, strlen(text), NULL, &ix, NULL), 0);
	assert_int_equal(ix.n, 1);
	assert_string_equal(ix.entries[0].ref_name, "12");
	assert_false(ix.entries[0].has_platform);
}

TESTS("oci/index", cmocka_unit_test(test_platform),
      cmocka_unit_test(test_pick),
      cmocka_unit_test(test_bad),
      cmocka_unit_test(test_other_types))
