/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "oci/cdi.h"

#include "base/testing.h"

static void test_names(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{"vendor.com/class=name", true}, {"nvidia.com/gpu=all", true}, {"a/b=0", true}, {"v-1_x.y/c-d_e=GPU-0:1.2_3", true},
		{"vendor.com/class=", false}, {"vendor.com/class", false}, {"=x", false}, {"/class=x", false}, {"vendor/=x", false}, {"class=x", false},
		{"1vendor/class=x", false}, {"vendor/1class=x", false}, {"vendor./class=x", false}, {"vendor/cl.ass=x", false},
		{"vendor/class=x/y", false}, {"vendor/class=x=y", false}, {"vendor/class=x ", false}, {"vendor/class=-x", false}, {"vendor/class/x=y", false},
		{"../../etc/x=y", false}, {"vendor/class=..", false}, {"", false},
	};
	struct cdi_name n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if ((cdi_name_parse(cases[i].text, &n, NULL) == 0) != cases[i].ok)
			fail_msg("%s", cases[i].text);
	assert_int_equal(cdi_name_parse("vendor.com/class=name:1", &n, NULL), 0);
	assert_string_equal(n.kind, "vendor.com/class");
	assert_string_equal(n.name, "name:1");
	assert_true(cdi_is_name("x=y"));
	assert_false(cdi_is_name("/dev/x=y"));
	assert_false(cdi_is_name("x"));
}

#define HEAD "{\"cdiVersion\":\"0.6.0\",\"kind\":\"v.com/c\",\"devices\":["
#define ONE(edits) HEAD "{\"name\":\"d\",\"containerEdits\":" edits "}]}"

static void test_check(void **state)
{
	static const struct {
		const char *text, *want; /* a word of the error; NULL: none */
	} cases[] = {
		{HEAD "]}", NULL},
		{ONE("{}"), NULL},
		{ONE("{\"env\":[\"A=b\"],\"deviceNodes\":[{\"path\":\"/dev/x\",\"major\":1,\"minor\":\"3\",\"type\":\"c\"}],\"mounts\":[{\"hostPath\":\"/a\","
		     "\"containerPath\":\"/b\",\"options\":[\"ro\"]}],\"hooks\":[{\"hookName\":\"createContainer\",\"path\":\"/x\",\"args\":[]}],\"additionalGids\":[4]}"), NULL},
		{"[]", "is no object"},
		{"{}", "has no cdiVersion"},
		{"{\"cdiVersion\":\"9.0.0\",\"kind\":\"a/b\",\"devices\":[]}", "cdiVersion 9.0.0"},
		{"{\"cdiVersion\":\"0.6.0\",\"kind\":\"ab\",\"devices\":[]}", "kind ab"},
		{"{\"cdiVersion\":\"0.6.0\",\"kind\":\"a/b\"}", "has no devices"},
		{"{\"cdiVersion\":\"0.6.0\",\"kind\":\"a/b\",\"devices\":{}}", "devices: is no list"},
		{"{\"cdiVersion\":\"0.6.0\",\"kind\":\"a/b\",\"devices\":[],\"more\":1}", "\"more\" is unknown"},
		{HEAD "{\"name\":\"a=b\",\"containerEdits\":{}}]}", "is no name"},
		{HEAD "{\"name\":\"a\",\"containerEdits\":{}},{\"name\":\"a\",\"containerEdits\":{}}]}", "twice"},
		{HEAD "{\"name\":\"a\"}]}", "has no containerEdits"},
		{ONE("{\"intelRdt\":{}}"), "\"intelRdt\" is unknown"},
		{ONE("{\"netDevices\":[]}"), "\"netDevices\" is unknown"},
		{ONE("{\"env\":\"A=b\"}"), "env: is no list"},
		{ONE("{\"env\":[1]}"), "env: is no list"},
		{ONE("{\"env\":[\"A=b\\u0000c\"]}"), ""},
		{ONE("{\"deviceNodes\":[{}]}"), "has no path"},
		{ONE("{\"deviceNodes\":[{\"path\":\"/dev/x\",\"major\":-1}]}"), "major: is no number"},
		{ONE("{\"deviceNodes\":[{\"path\":\"/dev/x\",\"major\":4294967296}]}"), "major: is no number"},
		{ONE("{\"deviceNodes\":[{\"path\":\"/dev/x\",\"minor\":\"1x\"}]}"), "minor: is no number"},
		{ONE("{\"mounts\":[{\"hostPath\":\"/a\"}]}"), "has no containerPath"},
		{ONE("{\"hooks\":[{\"hookName\":\"x\"}]}"), "has no path"},
		{ONE("{\"additionalGids\":[\"x\"]}"), "is no list of numbers"},
		{ONE("[]"), "containerEdits: is no object"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		struct err e = {0};
		int r = json_parse(cases[i].text, strlen(cases[i].text), "CDI", &o, &e);

		if (r == 0)
			r = cdi_spec_check(o, &e);
		if ((r == 0) != !cases[i].want || (r < 0 && !strstr(e.text, cases[i].want)))
			fail_msg("%s: %d %s", cases[i].text, r, e.text);
	}
}

static void test_device(void **state)
{
	static const char text[] = HEAD "{\"name\":\"d\",\"containerEdits\":{\"deviceNodes\":[{\"path\":\"/dev/x\",\"major\":\"195\"}]}}]}";
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *edits;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), "CDI", &o, NULL), 0);
	assert_int_equal(cdi_spec_check(o, NULL), 0);
	assert_null(cdi_spec_device(o, "e"));
	edits = cdi_spec_device(o, "d");
	assert_non_null(edits);
	assert_int_equal(cdi_number(json_object_array_get_idx(json_at(edits, "deviceNodes"), 0), "major", -1), 195);
	assert_int_equal(cdi_number(json_object_array_get_idx(json_at(edits, "deviceNodes"), 0), "minor", -1), -1);
}

TESTS("oci/cdi", cmocka_unit_test(test_names), cmocka_unit_test(test_check), cmocka_unit_test(test_device))
