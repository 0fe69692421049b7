/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What a user chose as his program's name or argument, any bytes at all: the entry's text is JSON, and is cut between characters. */
#include "trail/event.h"

#include "base/json.h"
#include "base/testing.h"

#include <string.h>

static const struct {
	const char *cmd, *want;
	bool inexact, cut;
} cases[] = {
	{"true", "true", false, false},
	{"true \xff", "true \xef\xbf\xbd", true, false},
	{"\xc3", "\xef\xbf\xbd", true, false},
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", false, false},
	{"\xed\xa0\x80 a \xf8", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd a \xef\xbf\xbd", true, false},
};

static struct json_object *entry_of(const char *cmd)
{
	const struct log_event ev = {.kind = LOG_SYSCALL, .call = LOG_CALL_EXEC, .done = true, .pid = 11, .ppid = 10, .auid = 1001, .ses = 5, .serial = 7,
				     .comm = cmd, .exe = cmd, .argv = cmd, .cwd = cmd, .tty = "", .key = ""};
	struct json_object *o = NULL, *parsed = NULL;
	struct err e = {0};
	const char *text;
	size_t len;

	assert_int_equal(event_object(&ev, "b", &o), 0);
	text = json_text(o, &len);
	if (json_parse(text, len, "entry", &parsed, &e) < 0)
		fail_msg("%s: %s", e.text, text);
	json_object_put(o);
	return parsed;
}

static void test_any_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = entry_of(cases[i].cmd);

		assert_string_equal(json_str(o, "cmd"), cases[i].want);
		assert_string_equal(json_str(o, "exe"), cases[i].want);
		assert_int_equal(json_object_get_boolean(json_at(o, "cmd-inexact")), cases[i].inexact);
		assert_int_equal(json_object_get_boolean(json_at(o, "cmd-cut")), cases[i].cut);
	}
}

static void test_cut_between_characters(void **state)
{
	char cmd[EVENT_CMD_MAX + 8];

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		_cleanup_json_ struct json_object *o = NULL;

		memset(cmd, 'a', sizeof(cmd));
		for (size_t i = EVENT_CMD_MAX - 9 + shift; i + 3 < sizeof(cmd); i += 3)
			memcpy(cmd + i, "\xe2\x82\xac", 3);
		cmd[sizeof(cmd) - 1] = 0;
		o = entry_of(cmd);
		assert_true(json_object_get_boolean(json_at(o, "cmd-cut")));
		assert_null(json_at(o, "cmd-inexact"));
		assert_in_range(strlen(json_str(o, "cmd")), EVENT_CMD_MAX - 2, EVENT_CMD_MAX);
	}
}

static void test_op_of_a_record(void **state)
{
	static const struct {
		const char *op, *want, *claimed;
	} ops[] = {{"start", "start", ""},       {"", "", ""},           {"shutdown", "shutdown", ""}, {"execve", "", "execve"},
		   {"login", "", "login"},       {"head", "", "head"},   {"gap", "", "gap"},           {"torn", "", "torn"},
		   {"trail-start", "", "trail-start"}, {"trail-stop", "", "trail-stop"}, {"suppress", "", "suppress"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		const struct log_event ev = {.kind = LOG_VIRT, .type = 2500, .auid = 1001, .ses = 5, .serial = 7,
					     .virt = {.virt = "", .op = ops[i].op, .reason = "", .vm = "", .uuid = "", .ctr = "", .trust = "", .image = "",
						      .ledger = "", .uid_map = "", .profile = "", .profile_hash = ""}};
		_cleanup_json_ struct json_object *o = NULL;

		assert_int_equal(event_object(&ev, "b", &o), 0);
		assert_string_equal(json_str(o, "type"), "VIRT_CONTROL");
		assert_string_equal(json_str(o, "op"), ops[i].want);
		assert_string_equal(json_str(o, "claimed-op"), ops[i].claimed);
	}
}

TESTS("trail/event", cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_op_of_a_record), cmocka_unit_test(test_cut_between_characters))
