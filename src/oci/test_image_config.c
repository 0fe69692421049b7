/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/buf.h"
#include "base/testing.h"
#include "oci/image_config.h"

#include <errno.h>

#define D "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D "\",\"" D "\"]}"
#define WITH(config) "{\"os\":\"linux\",\"architecture\":\"amd64\"," ROOTFS ",\"config\":" config "}"

static const struct {
	const char *text;
	bool good;
} cases[] = {
	{WITH("{}"), true},
	{WITH("null"), true},
	{"{" ROOTFS "}", true},
	{WITH("{\"Cmd\":null,\"Env\":null,\"Volumes\":null,\"Labels\":null}"), true},
	{WITH("{\"Cmd\":[\"a\",\"\"],\"Env\":[\"A=b\",\"C=\"],\"User\":\"0\",\"ExposedPorts\":{\"80/tcp\":{}}}"), true},
	{WITH("{\"Env\":[\"A\"]}"), false},
	{WITH("{\"Env\":[\"=b\"]}"), false},
	{WITH("{\"Env\":[7]}"), false},
	{WITH("{\"Env\":\"A=b\"}"), false},
	{WITH("{\"Cmd\":\"sh\"}"), false},
	{WITH("{\"Cmd\":[[\"sh\"]]}"), false},
	{WITH("{\"User\":0}"), false},
	{WITH("{\"User\":\"a\\u0000b\"}"), false},
	{WITH("{\"Labels\":{\"a\":1}}"), false},
	{WITH("{\"Labels\":[]}"), false},
	{WITH("{\"Volumes\":[\"/x\"]}"), false},
	{WITH("{\"Cmd\":[],\"Cmd\":[]}"), false},
	{"{}", false},
	{"[]", false},
	{"{\"rootfs\":{\"type\":\"other\",\"diff_ids\":[]}}", false},
	{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:../x\"]}}", false},
	{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[7]}}", false},
	{"{\"os\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"," ROOTFS "}", false},
	{"{\"os\":\"\xff\"," ROOTFS "}", false},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(image_config_freep) struct image_config *c = NULL;
		struct err e = {0};
		int r = image_config_parse(cases[i].text, strlen(cases[i].text), &c, &e);

		if ((r == 0) != cases[i].good || (r == 0) != (c != NULL))
			fail_msg("%s: %d, %s", cases[i].text, r, e.text);
	}
}

static void test_content(void **state)
{
	static const char text[] = WITH("{\"Cmd\":[\"sh\",\"-c\"],\"Entrypoint\":[\"/e\"],\"Env\":[\"A=b\"],\"User\":\"u:g\","
					"\"WorkingDir\":\"/w\",\"StopSignal\":\"SIGQUIT\",\"Volumes\":{\"/v\":{}},"
					"\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"a\":\"b\"}}");
	_cleanup_(image_config_freep) struct image_config *c = NULL;

	(void)state;
	assert_int_equal(image_config_parse(text, strlen(text), &c, NULL), 0);
	assert_int_equal(c->n_diff_ids, 2);
	assert_string_equal(c->platform.arch, "amd64");
	assert_string_equal(c->cmd.items[1], "-c");
	assert_string_equal(c->entrypoint.items[0], "/e");
	assert_string_equal(c->env.items[0], "A=b");
	assert_string_equal(c->user, "u:g");
	assert_string_equal(c->working_dir, "/w");
	assert_string_equal(c->stop_signal, "SIGQUIT");
	assert_string_equal(c->volumes.items[0], "/v");
	assert_string_equal(c->exposed_ports.items[0], "80/tcp");
	assert_non_null(c->labels);
}

static int parse_many_env(size_t n, size_t padding)
{
	_cleanup_(image_config_freep) struct image_config *c = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	buf_adds(&b, "{" ROOTFS ",\"config\":{\"Env\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s\"A%zu=b\"", i ? "," : "", i);
	buf_adds(&b, "]}}");
	for (size_t i = 0; i < padding; i++)
		buf_addc(&b, ' ');
	return image_config_parse(buf_str(&b), b.len, &c, NULL);
}

/* What would take more time or memory than an image is worth. */
static void test_bounds(void **state)
{
	(void)state;
	assert_int_equal(parse_many_env(IMAGE_CONFIG_ENV_MAX, 0), 0);
	assert_int_equal(parse_many_env(IMAGE_CONFIG_ENV_MAX + 1, 0), -E2BIG);
	assert_int_equal(parse_many_env(1, IMAGE_CONFIG_MAX), -EFBIG);
}

/* sha256sum of "<digest> <digest>", computed by coreutils */
static void test_chain(void **state)
{
	struct digest d, one, two;

	(void)state;
	assert_int_equal(digest_parse(D, &d, NULL), 0);
	image_chain_id(NULL, &d, &one);
	assert_string_equal(one.text, D);
	image_chain_id(&one, &d, &two);
	assert_string_equal(two.text, "sha256:de9d9016b852e46e9f3973e20d3a6d17e120f7144931d50cd6e2a8ad53e81960");
}

TESTS("oci/image_config", cmocka_unit_test(test_parse),
      cmocka_unit_test(test_content),
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_chain))
