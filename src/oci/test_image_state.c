/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Instructions on a base, and the configuration that they lead to. */
#include "base/testing.h"
#include "oci/image_config.h"
#include "oci/image_state.h"

#include <errno.h>
#include <stdio.h>

static int apply(struct image_state *s, const char *line, struct err *e)
{
	_cleanup_instruction_ struct instruction *in = NULL;
	int r = instruction_parse(line, '\\', &in, e);

	return r == 0 ? image_state_apply(s, in, e) : r;
}

static const struct {
	const char *base, *lines[4], *want; /* want NULL: the last is refused */
} cases[] = {
	{"{}", {"CMD [\"a\"]"}, "{\"Cmd\":[\"a\"]}"},
	{"{}", {"CMD a b"}, "{\"Cmd\":[\"/bin/sh\",\"-c\",\"a b\"]}"},
	{"{\"Cmd\":[\"old\"]}", {"ENTRYPOINT [\"e\"]"}, "{\"Entrypoint\":[\"e\"]}"},
	{"{}", {"CMD [\"own\"]", "ENTRYPOINT [\"e\"]"}, "{\"Cmd\":[\"own\"],\"Entrypoint\":[\"e\"]}"},
	{"{}", {"SHELL [\"/s\",\"-x\"]", "CMD a"}, "{\"Shell\":[\"/s\",\"-x\"],\"Cmd\":[\"/s\",\"-x\",\"a\"]}"},
	{"{\"Env\":[\"A=1\",\"B=2\"]}", {"ENV A=3 C=4"}, "{\"Env\":[\"A=3\",\"B=2\",\"C=4\"]}"},
	{"{\"WorkingDir\":\"/a/b\"}", {"WORKDIR ../c", "WORKDIR ./d/"}, "{\"WorkingDir\":\"/a/c/d\"}"},
	{"{}", {"WORKDIR ../../x"}, "{\"WorkingDir\":\"/x\"}"},
	{"{}", {"EXPOSE 80 9000-9001/UDP"}, "{\"ExposedPorts\":{\"80/tcp\":{},\"9000/udp\":{},\"9001/udp\":{}}}"},
	{"{}", {"HEALTHCHECK NONE"}, "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}"},
	{"{}", {"HEALTHCHECK --interval=2s --retries=3 CMD [\"c\"]"}, "{\"Healthcheck\":{\"Test\":[\"CMD\",\"c\"],\"Interval\":2000000000,\"Retries\":3}}"},
	{"{}", {"ONBUILD RUN x"}, "{\"OnBuild\":[\"RUN x\"]}"},
	{"{\"Unknown\":7}", {"USER u"}, "{\"Unknown\":7,\"User\":\"u\"}"},
	{"{}", {"EXPOSE 70000"}, NULL}, {"{}", {"EXPOSE 9-8"}, NULL}, {"{}", {"EXPOSE 80/icmp"}, NULL}, {"{}", {"RUN x"}, NULL},
};

static void test_apply(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *base = NULL;
		_cleanup_(image_state_done) struct image_state s = {0};
		struct err e = {0};
		char text[256];
		int r = 0;

		snprintf(text, sizeof(text), "{\"config\":%s}", cases[i].base);
		assert_int_equal(json_parse(text, strlen(text), "base", &base, NULL), 0);
		assert_int_equal(image_state_begin(&s, base, "linux/amd64", NULL), 0);
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(cases[i].lines) && cases[i].lines[k]; k++)
			r = apply(&s, cases[i].lines[k], &e);
		if ((r == 0) != (cases[i].want != NULL) || (r == 0 && strcmp(json_text(s.config, NULL), cases[i].want) != 0))
			fail_msg("%s: %d %s %s", cases[i].lines[0], r, e.text, json_text(s.config, NULL));
	}
}

/* The base is not touched, the same steps give the same bytes, and what is cut is gone. */
static void test_history(void **unused)
{
	struct digest layer, first, second;

	(void)unused;
	digest_of("l", 1, &layer);
	for (int i = 0; i < 2; i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT, cut = BUF_INIT;
		_cleanup_(image_state_done) struct image_state s = {0};

		assert_int_equal(image_state_begin(&s, NULL, "linux/arm64/v8", NULL), 0);
		assert_int_equal(image_state_text(&s, &cut, &first, NULL), 0);
		assert_int_equal(image_state_history(&s, "2020-01-01T00:00:00Z", "step", NULL, &layer, NULL), 0);
		assert_int_equal(image_state_history(&s, "2020-01-02T00:00:00Z", "nothing", "why", NULL, NULL), 0);
		assert_int_equal(image_state_text(&s, &b, i ? &first : &second, NULL), 0);
		assert_non_null(strstr(buf_str(&b), "\"variant\":\"v8\""));
		assert_non_null(strstr(buf_str(&b), "\"empty_layer\":true"));
		assert_non_null(strstr(buf_str(&b), layer.text));
		assert_int_equal(image_state_cut(&s, 0, 0, NULL), 0);
		assert_null(strstr(json_text(s.json, NULL), layer.text));
		assert_null(strstr(json_text(s.json, NULL), "empty_layer"));
	}
	assert_true(digest_equal(&first, &second));
}

static void same_text(struct image_state *s)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct digest id, want;
	size_t len;
	const char *text = json_text(s->json, &len);

	assert_int_equal(image_state_text(s, &b, &id, NULL), 0);
	assert_string_equal(buf_str(&b), text);
	digest_of(text, len, &want);
	assert_true(digest_equal(&id, &want));
}

/* That of the lines before is kept, and is nobody's who has cut them. */
static void test_text(void **unused)
{
	static const char base[] = "{\"a\\\"/b\":null,\"history\":[{\"created_by\":\"\\u0001/\"}],\"config\":{},\"n\":[1,2.5,true]}";
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(image_state_done) struct image_state s = {0};
	char step[16];

	(void)unused;
	assert_int_equal(json_parse(base, sizeof(base) - 1, "base", &o, NULL), 0);
	assert_int_equal(image_state_begin(&s, o, "linux/amd64", NULL), 0);
	same_text(&s);
	for (int i = 0; i < 6; i++) {
		snprintf(step, sizeof(step), "step %d", i);
		assert_int_equal(image_state_history(&s, "2020-01-01T00:00:00Z", step, NULL, NULL, NULL), 0);
		assert_int_equal(image_state_label(&s, step, "x"), 0);
		if (i % 2)
			same_text(&s);
		if (i == 3)
			assert_int_equal(image_state_cut(&s, 0, 2, NULL), 0);
	}
	same_text(&s);
	assert_int_equal(image_state_cut(&s, 0, 0, NULL), 0);
	same_text(&s);
}

static void test_volumes(void **unused)
{
	_cleanup_(image_state_done) struct image_state s = {0};
	struct err e = {0};
	char line[32];

	(void)unused;
	assert_int_equal(image_state_begin(&s, NULL, "linux/amd64", NULL), 0);
	for (int i = 0; i < STRV_MAX; i++) {
		snprintf(line, sizeof(line), "VOLUME /%d", i);
		assert_int_equal(apply(&s, line, &e), 0);
	}
	assert_int_equal(apply(&s, "VOLUME /more", &e), -E2BIG);
	assert_non_null(strstr(e.text, "VOLUME: more than 65536 directories"));
}

static void test_triggers(void **unused)
{
	_cleanup_(strv_done) struct strv triggers = {0};
	_cleanup_(image_state_done) struct image_state s = {0};

	(void)unused;
	assert_int_equal(image_state_begin(&s, NULL, "linux/amd64", NULL), 0);
	assert_int_equal(apply(&s, "ONBUILD RUN a", NULL), 0);
	assert_int_equal(apply(&s, "ONBUILD COPY b c", NULL), 0);
	assert_int_equal(image_state_take_triggers(&s, &triggers), 0);
	assert_int_equal(triggers.n, 2);
	assert_string_equal(triggers.items[1], "COPY b c");
	assert_null(json_at(s.config, "OnBuild"));
}

static void test_env(void **unused)
{
	_cleanup_(image_state_done) struct image_state s = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct digest id;
	struct err e = {0};
	char name[16];

	(void)unused;
	assert_int_equal(image_state_begin(&s, NULL, "linux/amd64", NULL), 0);
	assert_int_equal(image_state_env_unset(&s, "PATH"), 0);
	assert_int_equal(image_state_env_unset(&s, "PATH"), 0);
	for (int i = 0; i < IMAGE_CONFIG_ENV_MAX; i++) {
		snprintf(name, sizeof(name), "A%d", i);
		assert_int_equal(image_state_env(&s, name, "b"), 0);
	}
	assert_int_equal(image_state_env(&s, "A1", "c"), 0);
	assert_int_equal(image_state_env(&s, "A", "b"), -E2BIG);
	assert_int_equal(apply(&s, "ENV A=b", &e), -E2BIG);
	assert_non_null(strstr(e.text, "more than 4096 variables"));
	assert_int_equal(image_state_env_unset(&s, "A0"), 0);
	assert_int_equal(image_state_env(&s, "A", "b"), 0);
	assert_non_null(strstr(json_text(s.config, NULL), "[\"A1=c\",\"A2=b\","));
	assert_int_equal(image_state_text(&s, &b, &id, NULL), 0);
}

/* What could not be read is not made. */
static void test_size(void **unused)
{
	_cleanup_(image_state_done) struct image_state s = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *big = calloc(1, IMAGE_CONFIG_MAX);
	struct digest id;

	(void)unused;
	memset(big, 'x', IMAGE_CONFIG_MAX - 1);
	assert_int_equal(image_state_begin(&s, NULL, "linux/amd64", NULL), 0);
	assert_int_equal(image_state_label(&s, "l", big), 0);
	assert_int_equal(image_state_text(&s, &b, &id, NULL), -EFBIG);
}

TESTS("oci/image_state", cmocka_unit_test(test_env), cmocka_unit_test(test_size), cmocka_unit_test(test_apply), cmocka_unit_test(test_history), cmocka_unit_test(test_text), cmocka_unit_test(test_volumes),
      cmocka_unit_test(test_triggers))
