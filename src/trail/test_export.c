/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "trail/export.h"

#include "base/testing.h"

#define EXEC                                                                                                                \
	"{\"seq\":7,\"time\":\"2026-01-02T03:04:05.678901Z\",\"receipt\":\"1767323045.678:91\",\"type\":\"SYSCALL\",\"op\":\"execve\"," \
	"\"boot\":\"b\",\"pid\":10,\"ppid\":9,\"uid\":100000,\"auid\":1001,\"ses\":3,\"exe\":\"/bin/ls\",\"comm\":\"ls\",\"cmd\":\"ls -l\"," \
	"\"container\":\"web\",\"where\":\"container\",\"ctr\":\"c0ffee\",\"uuid\":\"u\"}"
#define HOST                                                                                          \
	"{\"seq\":8,\"time\":\"2026-01-02T03:04:05Z\",\"receipt\":\"1767323045.678:92\",\"type\":\"SYSCALL\"," \
	"\"op\":\"execve\",\"auid\":1001,\"container\":\"host\",\"where\":\"host\"}"
#define LOGIN "{\"seq\":9,\"time\":\"2026-01-02T03:04:05Z\",\"type\":\"USER_LOGIN\",\"op\":\"login\",\"auid\":1001,\"addr\":\"192.0.2.7\",\"res\":\"failed\"}"
#define STOP "{\"seq\":10,\"time\":\"2026-01-02T03:04:05Z\",\"type\":\"VIRT_CONTROL\",\"op\":\"stop\",\"vm\":\"web\",\"res\":\"success\"}"

/* Member by member: `value` as JSON text; NULL: must not be there. */
static void test_members(void **state)
{
	static const struct {
		enum export_format format;
		const char *entry, *path, *value;
	} cases[] = {
		{EXPORT_JSON, EXEC, "ledger", "\"auid-1001\""},
		{EXPORT_JSON, EXEC, "pid", "10"},
		{EXPORT_JSON, EXEC, "receipt", "\"1767323045.678:91\""},
		{EXPORT_ECS, EXEC, "@timestamp", "\"2026-01-02T03:04:05.678000000Z\""},
		{EXPORT_ECS, EXEC, "event.id", "\"auid-1001:7\""},
		{EXPORT_ECS, EXEC, "event.action", "\"execve\""},
		{EXPORT_ECS, EXEC, "event.category", "[\"process\"]"},
		{EXPORT_ECS, EXEC, "event.outcome", "\"success\""},
		{EXPORT_ECS, EXEC, "user.id", "\"100000\""},
		{EXPORT_ECS, EXEC, "user.audit.id", "\"1001\""},
		{EXPORT_ECS, EXEC, "process.parent.pid", "9"},
		{EXPORT_ECS, EXEC, "process.command_line", "\"ls -l\""},
		{EXPORT_ECS, EXEC, "container.name", "\"web\""},
		{EXPORT_ECS, EXEC, "container.id", "\"c0ffee\""},
		{EXPORT_ECS, HOST, "container.name", NULL},
		{EXPORT_ECS, HOST, "ranby.container", "\"host\""},
		{EXPORT_ECS, LOGIN, "event.outcome", "\"failure\""},
		{EXPORT_ECS, LOGIN, "source.address", "\"192.0.2.7\""},
		{EXPORT_ECS, STOP, "container.name", "\"web\""},
		{EXPORT_OCSF, EXEC, "class_uid", "1007"},
		{EXPORT_OCSF, EXEC, "type_uid", "100701"},
		{EXPORT_OCSF, EXEC, "category_uid", "1"},
		{EXPORT_OCSF, EXEC, "time", "1767323045678"},
		{EXPORT_OCSF, EXEC, "actor.user.uid", "\"1001\""},
		{EXPORT_OCSF, EXEC, "process.container.name", "\"web\""},
		{EXPORT_OCSF, EXEC, "process.container.uid", "\"c0ffee\""},
		{EXPORT_OCSF, EXEC, "metadata.uid", "\"1767323045.678:91\""},
		{EXPORT_OCSF, EXEC, "metadata.log_name", "\"auid-1001\""},
		{EXPORT_OCSF, HOST, "process.container", NULL},
		{EXPORT_OCSF, LOGIN, "class_uid", "3002"},
		{EXPORT_OCSF, LOGIN, "status_id", "2"},
		{EXPORT_OCSF, STOP, "class_uid", "6002"},
		{EXPORT_OCSF, STOP, "activity_id", "4"},
		{EXPORT_OCSF, STOP, "app.name", "\"ranby\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *entry = NULL, *o = NULL;
		struct json_object *got;
		const char *text;

		assert_int_equal(json_parse(cases[i].entry, strlen(cases[i].entry), "entry", &entry, NULL), 0);
		assert_int_equal(export_object(cases[i].format, "auid-1001", entry, &o), 0);
		got = json_at(o, cases[i].path);
		text = got ? json_object_to_json_string_ext(got, JSON_C_TO_STRING_PLAIN) : NULL;
		if (!text != !cases[i].value || (text && strcmp(text, cases[i].value) != 0))
			fail_msg("%s of %s: %s is %s", export_names[cases[i].format], cases[i].entry, cases[i].path, text ? text : "not there");
	}
}

TESTS("trail/export", cmocka_unit_test(test_members))
