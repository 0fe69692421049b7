/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "image/change.h"

static const struct {
	const char *line, *want; /* NULL: refused */
} cases[] = {
	{"CMD [\"a\",\"b c\"]", "{\"Cmd\":[\"a\",\"b c\"]}"},
	{"CMD=[\"a\"]", "{\"Cmd\":[\"a\"]}"},
	{"cmd echo $HOME", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo $HOME\"]}"},
	{"ENTRYPOINT [\"/e\"]", "{\"Entrypoint\":[\"/e\"]}"},
	{"CMD [\"a\",7]", NULL},
	{"CMD []", "{}"},
	{"ENV A=b C=\"d e\"", "{\"Env\":[\"A=b\",\"C=d e\"]}"},
	{"ENV A b c", "{\"Env\":[\"A=b c\"]}"},
	{"LABEL a.b=c", "{\"Labels\":{\"a.b\":\"c\"}}"},
	{"EXPOSE 80 443/udp", "{\"ExposedPorts\":{\"80/tcp\":{},\"443/udp\":{}}}"},
	{"VOLUME [\"/a\",\"/b\"]", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}"},
	{"USER=1000:1000", "{\"User\":\"1000:1000\"}"},
	{"WORKDIR /x y", "{\"WorkingDir\":\"/x y\"}"},
	{"WORKDIR x", "{\"WorkingDir\":\"/x\"}"},
	{"STOPSIGNAL SIGQUIT", "{\"StopSignal\":\"3\"}"},
	{"STOPSIGNAL 9", "{\"StopSignal\":\"9\"}"},
	{"STOPSIGNAL NONE", NULL},
	{"ENV P=$PATH:/x", "{\"Env\":[\"P=$PATH:/x\"]}"},
	{"ENV A='q r' B=s\\ t", "{\"Env\":[\"A=q r\",\"B=s t\"]}"},
	{"ENV=A=z", "{\"Env\":[\"A=z\"]}"},
	{"LABEL \"a b\"=c", "{\"Labels\":{\"a b\":\"c\"}}"},
	{"EXPOSE 80-82", "{\"ExposedPorts\":{\"80/tcp\":{},\"81/tcp\":{},\"82/tcp\":{}}}"},
	{"EXPOSE 65536", NULL},
	{"VOLUME []", NULL},
	{"ONBUILD ONBUILD RUN x", NULL},
	{"ONBUILD FROM x", NULL},
	{"SHELL [\"/bin/x\"]", NULL},
	{"COPY a b", NULL},
	{"ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}"},
	{"RUN x", NULL},
	{"", NULL},
	{"CMD", NULL},
	{"ENV =x", NULL},
	{"ENV A=\"b", NULL},
	{"LABEL x", NULL},
};

static void test_apply(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = json_object_new_object();
		struct err e = {0};
		int r = change_apply(o, cases[i].line, &e);

		if ((r == 0) != (cases[i].want != NULL) || (r == 0 && strcmp(json_text(o, NULL), cases[i].want) != 0))
			fail_msg("%s: %d %s %s", cases[i].line, r, e.text, json_text(o, NULL));
	}
}

/* What the base has is replaced, and what is not named stays. */
static const struct {
	const char *was, *line, *want;
} replacements[] = {
	{"{\"Env\":[\"A=1\",\"B=2\"]}", "ENV A=b", "{\"Env\":[\"B=2\",\"A=b\"]}"},
	{"{\"Env\":[\"AB=1\"]}", "ENV A=b", "{\"Env\":[\"AB=1\",\"A=b\"]}"},
	{"{\"Labels\":{\"a\":\"1\",\"b\":\"2\"}}", "LABEL a=3", "{\"Labels\":{\"a\":\"3\",\"b\":\"2\"}}"},
	{"{\"Cmd\":[\"x\"]}", "ENTRYPOINT [\"/e\"]", "{\"Cmd\":[\"x\"],\"Entrypoint\":[\"/e\"]}"},
	{"{\"Cmd\":[\"x\"],\"User\":\"1\"}", "CMD []", "{\"User\":\"1\"}"},
	{"{\"WorkingDir\":\"/w\"}", "WORKDIR x", "{\"WorkingDir\":\"/w/x\"}"},
	{"{\"Volumes\":{\"/a\":{}}}", "VOLUME /b", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}"},
};

static void test_replace(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(replacements); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		struct err e = {0};
		int r;

		assert_int_equal(json_parse(replacements[i].was, strlen(replacements[i].was), "was", &o, NULL), 0);
		r = change_apply(o, replacements[i].line, &e);
		if (r < 0 || strcmp(json_text(o, NULL), replacements[i].want) != 0)
			fail_msg("%s: %d %s %s", replacements[i].line, r, e.text, json_text(o, NULL));
	}
}

TESTS("image/change", cmocka_unit_test(test_apply), cmocka_unit_test(test_replace))
