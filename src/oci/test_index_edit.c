/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/index_edit.h"

#include <string.h>

static struct digest digest_with(char c)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	memset(hex, c, DIGEST_HEX_LEN);
	hex[DIGEST_HEX_LEN] = '\0';
	digest_from_hex(hex, &d);
	return d;
}

static const struct platform amd64 = {.os = "linux", .arch = "amd64"}, arm = {.os = "linux", .arch = "arm", .variant = "v7"};

static struct json_object *two(void)
{
	struct json_object *ix = index_new(MANIFEST_OCI);
	struct digest a = digest_with('a'), b = digest_with('b');

	assert_non_null(ix);
	assert_int_equal(index_put(ix, MEDIA_OCI_MANIFEST, &a, 10, &amd64, NULL), 0);
	assert_int_equal(index_put(ix, MEDIA_OCI_MANIFEST, &b, 20, &arm, NULL), 0);
	return ix;
}

/* What is written is an index that reads back. */
static void test_round(void **state)
{
	_cleanup_json_ struct json_object *ix = two();
	_cleanup_(index_done) struct index back = {0};
	const struct index_entry *entry = NULL;
	struct digest b = digest_with('b');
	const char *text;
	size_t len;

	(void)state;
	text = json_text(ix, &len);
	assert_int_equal(index_parse(text, len, MEDIA_OCI_INDEX, &back, NULL), 0);
	assert_int_equal(back.n, 2);
	assert_int_equal(index_pick(&back, &arm, &entry, NULL), 0);
	assert_true(digest_equal(&entry->descriptor.digest, &b));
	assert_int_equal(entry->descriptor.size_bytes, 20);
}

static void test_put_again(void **state)
{
	_cleanup_json_ struct json_object *ix = two();
	struct digest a = digest_with('a'), c = digest_with('c');

	(void)state;
	assert_int_equal(index_put(ix, MEDIA_OCI_MANIFEST, &a, 11, NULL, NULL), 0);
	assert_int_equal(json_object_array_length(json_at(ix, "manifests")), 2);
	assert_int_equal(json_int(index_at(ix, &a), "size"), 11);
	assert_string_equal(json_str(index_at(ix, &a), "platform.architecture"), "amd64");
	assert_int_equal(index_replace(ix, &a, MEDIA_DOCKER_MANIFEST, &c, 12, NULL), 0);
	assert_null(index_at(ix, &a));
	assert_string_equal(json_str(index_at(ix, &c), "platform.architecture"), "amd64");
	assert_int_equal(index_drop(ix, &c, NULL), 0);
	assert_int_equal(index_drop(ix, &c, NULL), -ENOENT);
	assert_int_equal(json_object_array_length(json_at(ix, "manifests")), 1);
}

static void test_annotate(void **state)
{
	_cleanup_json_ struct json_object *ix = two();
	_cleanup_(strv_done) struct strv pairs = {0}, bad = {0};
	struct digest a = digest_with('a'), c = digest_with('c');
	struct index_notes notes = {.arch = "arm64", .variant = "v8", .annotations = &pairs};

	(void)state;
	assert_int_equal(strv_add(&pairs, "k=v=w"), 0);
	assert_int_equal(strv_add(&bad, "k"), 0);
	assert_int_equal(index_annotate(ix, &a, &notes, NULL), 0);
	assert_string_equal(json_str(index_at(ix, &a), "platform.architecture"), "arm64");
	assert_string_equal(json_str(index_at(ix, &a), "platform.os"), "linux");
	assert_string_equal(json_str(index_at(ix, &a), "annotations.k"), "v=w");
	assert_int_equal(index_annotate(ix, &c, &notes, NULL), -ENOENT);
	notes.annotations = &bad;
	assert_int_equal(index_annotate(ix, NULL, &notes, NULL), -EINVAL);
}

static void test_family(void **state)
{
	_cleanup_json_ struct json_object *ix = two();
	_cleanup_(strv_done) struct strv pairs = {0};
	struct index_notes notes = {.annotations = &pairs};

	(void)state;
	assert_int_equal(strv_add(&pairs, "k=v"), 0);
	assert_int_equal(index_annotate(ix, NULL, &notes, NULL), 0);
	assert_int_equal(index_family(ix), MANIFEST_OCI);
	assert_int_equal(index_set_family(ix, MANIFEST_DOCKER, NULL), 0);
	assert_int_equal(index_family(ix), MANIFEST_DOCKER);
	assert_null(json_at(ix, "annotations"));
}

TESTS("oci/index_edit", cmocka_unit_test(test_round), cmocka_unit_test(test_put_again), cmocka_unit_test(test_annotate),
      cmocka_unit_test(test_family))
