/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "audit/event_labels.h"

#include "audit/canonical.h"
#include "base/buf.h"
#include "base/testing.h"

#include <stdio.h>
#include <string.h>

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), "test", &o, NULL), 0);
	return o;
}

static void labels_and_back(void **state)
{
	static const char *const cases[][2] = {
		{"{}", "{}"},
		{"{\"tier\":\"front\"}", "{\"labels\":[[\"tier\",\"front\"]]}"},
		{"{\"a b/\\u001b=\":\"x\\n\\u0000y\",\"e\":\"\"}", "{\"labels\":[[\"a b/\\u001b=\",\"x\\n\\u0000y\"],[\"e\",\"\"]]}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *labels = parse(cases[i][0]), *event = json_object_new_object(), *back = NULL;
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		assert_int_equal(event_labels_add(event, labels), 0);
		assert_int_equal(canonical_add(event, &b, NULL), 0);
		assert_string_equal(buf_str(&b), cases[i][1]);
		assert_int_equal(event_labels_read(event, &back), 0);
		assert_true(json_object_equal(back, labels));
	}
}

static void none(void **state)
{
	_cleanup_json_ struct json_object *event = json_object_new_object();

	(void)state;
	assert_int_equal(event_labels_add(event, NULL), 0);
	assert_int_equal(json_object_object_length(event), 0);
}

/* One that is too long, and more than there is room for: those that fit are whole, the others counted. */
static void bounds(void **state)
{
	static char longest[EVENT_LABELS_BYTES], line[(size_t)64 << 10];
	_cleanup_json_ struct json_object *labels = json_object_new_object(), *event = json_object_new_object(), *back = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	memset(longest, 1, sizeof(longest) - 1);
	assert_int_equal(json_add_str(labels, "huge", longest), 0);
	longest[1000] = '\0';
	for (int i = 0; i < 8; i++) {
		char name[2] = {(char)('a' + i), '\0'};

		assert_int_equal(json_add_str(labels, name, longest), 0);
	}
	assert_int_equal(event_labels_add(event, labels), 0);
	assert_int_equal(json_int(event, "labels-left-out"), 5);
	assert_int_equal(event_labels_read(event, &back), 0);
	assert_int_equal(json_object_object_length(back), 4);
	assert_string_equal(json_str(back, "d"), longest);
	/* each byte six times as long: there is room in a ledger's line */
	assert_int_equal(canonical_add(event, &b, NULL), 0);
	assert_true(b.len < sizeof(line) / 2);
}

static void many(void **state)
{
	_cleanup_json_ struct json_object *labels = json_object_new_object(), *event = json_object_new_object();

	(void)state;
	for (int i = 0; i < EVENT_LABELS_MAX + 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(json_add_str(labels, name, ""), 0);
	}
	assert_int_equal(event_labels_add(event, labels), 0);
	assert_int_equal(json_object_array_length(json_at(event, "labels")), EVENT_LABELS_MAX);
	assert_int_equal(json_int(event, "labels-left-out"), 3);
}

static void what_is_none(void **state)
{
	static const char *const cases[] = {
		"{}", "{\"labels\":1}", "{\"labels\":{\"a\":\"b\"}}", "{\"labels\":[1,[],[\"a\"],[\"a\",1],[1,\"a\"],[\"a\",\"b\",\"c\"],null]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *event = parse(cases[i]), *map = NULL;

		assert_int_equal(event_labels_read(event, &map), 0);
		assert_int_equal(json_object_object_length(map), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_and_back), cmocka_unit_test(none), cmocka_unit_test(bounds), cmocka_unit_test(many),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
