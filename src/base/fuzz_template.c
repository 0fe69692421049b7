/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Input: a template, or JSON, a zero byte, and a template. Nothing that
 * values print may hold a control byte that the template did not bring.
 */
#include "base/template.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] =
	"{\"ID\":\"abc\",\"Names\":[\"a\",\"b\"],\"N\":42,\"F\":1.5,\"T\":true,\"Nil\":null,\"Evil\":\"\\u001b[2J\\n\\u009b\","
	"\"State\":{\"Status\":\"up\",\"Health\":{\"Log\":[]}},\"Labels\":{\"x\":\"y\",\"a\":\"b\"},\"M\":[{\"S\":\"/s\"},{\"S\":\"/t\"}],"
	"\"When\":\"2026-11-23T11:03:13.5Z\",\"Then\":\"0001-01-01T00:00:00Z\",\"Every\":90500000000}";

static void check_output(const struct buf *out, const char *text)
{
	static const char controls[] = "\x01\x02\x03\x04\x05\x06\a\b\v\f\r\x0e\x0f\x1b\x7f";

	if (!strpbrk(text, controls) && strpbrk(buf_str(out), controls))
		__builtin_trap();
}

static void run(const char *text, struct json_object *o)
{
	_cleanup_template_ struct template *t = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT_MAX(100000), rows = BUF_INIT_MAX(100000);
	_cleanup_json_ struct json_object *list = json_object_new_array();
	struct err e = {0};

	if (template_parse(text, &t, &e) < 0) {
		if (e.text[0] == '\0')
			__builtin_trap();
		return;
	}
	(void)!template_exec(t, o, 0, &out, &e);
	check_output(&out, text);
	json_object_array_add(list, json_object_get(o));
	json_object_array_add(list, json_object_get(o));
	(void)!template_print(t, list, NULL, TEMPLATE_STRICT, &rows, &e);
	check_output(&rows, text);
}

/* Any object may have what Go gives methods to. */
static void mark(struct json_object *o)
{
	static const struct {
		const char *key;
		json_type type;
		enum json_mark mark;
	} marked[] = {{"When", json_type_string, JSON_TIME}, {"Then", json_type_string, JSON_LOCAL_TIME},
		      {"Every", json_type_int, JSON_DURATION}, {"Month", json_type_int, JSON_MONTH},
		      {"Day", json_type_int, JSON_WEEKDAY}, {"State", json_type_object, JSON_STRUCT}};

	for (size_t i = 0; json_object_is_type(o, json_type_object) && i < sizeof(marked) / sizeof(marked[0]); i++) {
		struct json_object *v = NULL;

		if (json_object_object_get_ex(o, marked[i].key, &v) && json_object_is_type(v, marked[i].type))
			json_mark(v, marked[i].mark);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_json_ struct json_object *o = NULL;
	size_t len = strlen(text);

	if (len == size) {
		(void)!json_parse(sample, strlen(sample), "sample", &o, NULL);
		mark(o);
		run(text, o);
	} else if (json_parse((const char *)data, len, "data", &o, NULL) == 0) {
		_cleanup_free_ char *rest = strndup((const char *)data + len + 1, size - len - 1);

		mark(o);
		run(rest, o);
	}
	return 0;
}
