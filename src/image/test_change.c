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
	{"CMD [\"a\",7]", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"[\\\"a\\\",7]\"]}"},
	{"ENV A=b C=\"d e\"", "{\"Env\":[\"A=b\",\"C=d e\"]}"},
	{"ENV A b c", "{\"Env\":[\"A=b c\"]}"},
	{"LABEL a.b=c", "{\"Labels\":{\"a.b\":\"c\"}}"},
	{"EXPOSE 80 443/udp", "{\"ExposedPorts\":{\"443/udp\":{},\"80/tcp\":{}}}"},
	{"VOLUME [\"/a\",\"/b\"]", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}"},
	{"USER=1000:1000", "{\"User\":\"1000:1000\"}"},
	{"WORKDIR /x y", "{\"WorkingDir\":\"/x y\"}"},
	{"STOPSIGNAL SIGQUIT", "{\"StopSignal\":\"SIGQUIT\"}"},
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

TESTS("image/change", cmocka_unit_test(test_apply))
