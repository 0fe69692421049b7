/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "oci/scope.h"

#include "base/buf.h"
#include "base/testing.h"

static const struct {
	const char *path;
	bool rootful;
	int r;
	const char *unit, *slice;
} names[] = {
	{NULL, false, 0, "ranby-id.scope", "user.slice"},
	{"", true, 0, "ranby-id.scope", "system.slice"},
	{"user.slice:libpod:abc", false, 0, "libpod-abc.scope", "user.slice"},
	{":libpod:abc", false, 0, "libpod-abc.scope", "user.slice"},
	{":libpod:abc", true, 0, "libpod-abc.scope", "system.slice"},
	{"a-b.slice::abc", false, 0, "abc.scope", "a-b.slice"},
	{"a.slice:p:", false, 0, "p-id.scope", "a.slice"},
	{"-.slice:p:x", true, 0, "p-x.scope", "-.slice"},
	{"a.slice:p:x:y", false, 0, "p-x:y.scope", "a.slice"},
	{"/a/b", false, -EINVAL, "SLICE:PREFIX:NAME", NULL},
	{"a.slice:b", false, -EINVAL, "SLICE:PREFIX:NAME", NULL},
	{"a:b:c", false, -EINVAL, "names of units", NULL},
	{".slice:b:c", false, -EINVAL, "names of units", NULL},
	{"a.slice:b:c/d", false, -EINVAL, "names of units", NULL},
	{"../a.slice:b:c", false, -EINVAL, "names of units", NULL},
	{"a.slice:b:c d", false, -EINVAL, "names of units", NULL},
	{"a.slice:b:c.slice", false, -ENOTSUP, "slice", NULL},
};

static void test_names(void **state)
{
	char path[600] = "a.slice:";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct scope_plan p = {.n = 0};
		struct err e = {0};

		if (scope_plan_names(names[i].path, "id", names[i].rootful, &p, &e) != names[i].r)
			fail_msg("%s: %s", names[i].path, e.text);
		if (names[i].r < 0) {
			assert_non_null(strstr(e.text, names[i].unit));
			continue;
		}
		assert_string_equal(p.unit, names[i].unit);
		assert_string_equal(p.slice, names[i].slice);
	}
	for (int slice = 0; slice < 2; slice++) {
		struct scope_plan p = {.n = 0};

		memset(path + 8, 'x', 300);
		memcpy(path + 308, slice ? ".slice:a:b" : ":b", slice ? 11 : 3);
		assert_int_equal(scope_plan_names(slice ? path + 8 : path, "id", false, &p, NULL), -EINVAL);
	}
}

static void join(const struct scope_plan *p, struct buf *out)
{
	for (size_t i = 0; i < p->n; i++)
		buf_addf(out, "%s%s %s %s", i ? ";" : "", p->properties[i].name, p->properties[i].type, p->properties[i].value);
}

#define P "org.systemd.property."
static const struct {
	const char *json;
	int r;
	const char *want;
} annotations[] = {
	{"{\"other\":\"x\",\"org.systemd\":\"y\"}", 0, ""},
	{"{\"" P "TimeoutStopUSec\":\"uint64 5000000\"}", 0, "TimeoutStopUSec t 5000000"},
	{"{\"" P "TimeoutStopUSec\":\"5\"}", 0, "TimeoutStopUSec t 5"},
	{"{\"" P "TimeoutStopSec\":\"5\"}", 0, "TimeoutStopUSec t 5000000"},
	{"{\"" P "TimeoutStopSec\":\"double 1.5\"}", 0, "TimeoutStopUSec t 1500000"},
	{"{\"" P "TimeoutStopSec\":\"0.05\"}", 0, "TimeoutStopUSec t 50000"},
	{"{\"" P "TimeoutStopSec\":\"0.0\"}", 0, "TimeoutStopUSec t 0"},
	{"{\"" P "TimeoutStopSec\":\"1.0000009\"}", 0, "TimeoutStopUSec t 1000000"},
	{"{\"" P "TimeoutStopSec\":\"18446744073709551615\"}", -EINVAL, "not a value"},
	{"{\"" P "TimeoutStopSec\":\"1.\"}", -EINVAL, "not a value"},
	{"{\"" P "TimeoutStopUSec\":\"1.5\"}", -EINVAL, "not a value"},
	{"{\"" P "TimeoutStopUSec\":\"-1\"}", -EINVAL, "not a value"},
	{"{\"" P "TimeoutStopUSec\":\"max\"}", -EINVAL, "not a value"},
	{"{\"" P "TimeoutStopUSec\":5}", -EINVAL, "not a value"},
	{"{\"" P "KillSignal\":\"int32 10\"}", 0, "KillSignal i 10"},
	{"{\"" P "KillMode\":\"'mixed'\"}", 0, "KillMode s mixed"},
	{"{\"" P "KillMode\":\" \\\"mixed\\\" \"}", 0, "KillMode s mixed"},
	{"{\"" P "KillMode\":\"mixed\"}", -EINVAL, "not a value"},
	{"{\"" P "KillMode\":\"'mi'xed\"}", -EINVAL, "not a value"},
	{"{\"" P "KillMode\":\"'a\\\\nb'\"}", -EINVAL, "not a value"},
	{"{\"" P "KillMode\":\"'a\\nb'\"}", -EINVAL, "not a value"},
	{"{\"" P "KillMode\":\"'mixed'\\u0000\"}", -EINVAL, "not a value"},
	{"{\"" P "SendSIGHUP\":\"true\"}", 0, "SendSIGHUP b true"},
	{"{\"" P "SendSIGHUP\":\"false \"}", 0, "SendSIGHUP b false"},
	{"{\"" P "SendSIGHUP\":\"truely\"}", -EINVAL, "not a value"},
	{"{\"" P "SendSIGHUP\":\"1\"}", -EINVAL, "not a value"},
	{"{\"" P "After\":\"['a.service', 'b.service']\"}", 0, "After as a.service b.service"},
	{"{\"" P "After\":\"[]\"}", 0, "After as "},
	{"{\"" P "After\":\"['a' 'b']\"}", -EINVAL, "not a value"},
	{"{\"" P "After\":\"['a b']\"}", -EINVAL, "not a value"},
	{"{\"" P "After\":\"['a',]\"}", -EINVAL, "not a value"},
	{"{\"" P "After\":\"['a'\"}", -EINVAL, "not a value"},
	{"{\"" P "After\":\"['a'] x\"}", -EINVAL, "not a value"},
	{"{\"" P "After\":\"['']\"}", -EINVAL, "not a value"},
	{"{\"" P "PIDs\":\"[1]\"}", -ENOTSUP, "not taken"},
	{"{\"" P "Slice\":\"'x.slice'\"}", -ENOTSUP, "not taken"},
	{"{\"" P "DeviceAllow\":\"[]\"}", -ENOTSUP, "not taken"},
	{"{\"" P "KillModeSec\":\"1\"}", -ENOTSUP, "not taken"},
	{"{\"" P "Sec\":\"1\"}", -ENOTSUP, "not taken"},
	{"{\"" P "\":\"1\"}", -ENOTSUP, "not taken"},
};

static void test_annotations(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(annotations); i++) {
		_cleanup_(scope_plan_done) struct scope_plan p = {.n = 0};
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		struct err e = {0};

		if (json_parse(annotations[i].json, strlen(annotations[i].json), "case", &o, &e) < 0 ||
		    scope_plan_annotations(o, &p, &e) != annotations[i].r)
			fail_msg("%s: %s", annotations[i].json, e.text);
		join(&p, &got);
		if (annotations[i].r < 0)
			assert_non_null(strstr(e.text, annotations[i].want));
		else
			assert_string_equal(buf_str(&got), annotations[i].want);
	}
	assert_int_equal(scope_plan_annotations(NULL, NULL, NULL), 0);
}

static const struct {
	const char *file, *value, *want;
} limits[] = {
	{"memory.max", "100", "MemoryMax t 100"}, {"memory.max", "max", "MemoryMax t max"}, {"memory.high", "7", "MemoryHigh t 7"},
	{"memory.low", "5", "MemoryLow t 5"}, {"memory.min", "5", "MemoryMin t 5"}, {"memory.swap.max", "0", "MemorySwapMax t 0"},
	{"pids.max", "20", "TasksMax t 20"}, {"cpu.weight", "39", "CPUWeight t 39"}, {"cpu.weight", "x", ""},
	{"cpu.max", "50000 100000", "CPUQuotaPeriodUSec t 100000;CPUQuotaPerSecUSec t 500000"},
	{"cpu.max", "max 5000", "CPUQuotaPeriodUSec t 5000;CPUQuotaPerSecUSec t max"},
	{"cpu.max", "1 3", "CPUQuotaPeriodUSec t 3;CPUQuotaPerSecUSec t 333334"}, {"cpu.max", "100", ""}, {"cpu.max", " 100", ""},
	{"cpuset.cpus", "0", "AllowedCPUs ay 01"}, {"cpuset.cpus", "0-3,9", "AllowedCPUs ay 0f02"}, {"cpuset.cpus", "3-1", ""},
	{"cpuset.cpus", "8191", NULL}, {"cpuset.cpus", "8192", ""}, {"cpuset.cpus", "0,,1", ""},
	{"cpuset.mems", "1", "AllowedMemoryNodes ay 02"},
	{"io.weight", "default 4950", "IOWeight t 4950"}, {"io.weight", "8:0 5", ""},
	{"io.max", "8:0 rbps=5", "IOReadBandwidthMax a(st) /dev/block/8:0 5"}, {"io.max", "8:0 wiops=6", "IOWriteIOPSMax a(st) /dev/block/8:0 6"},
	{"io.max", "8/0 rbps=5", ""}, {"io.max", "8:0 rbps=max", ""}, {"memory.oom.group", "1", ""}, {"hugetlb.2MB.max", "1", ""},
};

static void test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		_cleanup_(scope_plan_done) struct scope_plan p = {.n = 0};
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		char file[32], value[32];
		struct cgroup_limit item = {.file = file, .value = value};
		const struct cgroup_limits l = {.items = &item, .n = 1};

		snprintf(file, sizeof(file), "%s", limits[i].file);
		snprintf(value, sizeof(value), "%s", limits[i].value);
		assert_int_equal(scope_plan_limits(&l, &p, NULL), 0);
		join(&p, &got);
		if (limits[i].want)
			assert_string_equal(buf_str(&got), limits[i].want);
		else
			assert_int_equal(strlen(p.properties[0].value), 2 * 1024);
	}
}

static void test_devices(void **state)
{
	static const struct device_rule said[] = {
		{false, 'a', DEVICE_ANY, DEVICE_ANY, 7}, {true, 'c', 10, 200, DEVICE_READ | DEVICE_WRITE}, {true, 'b', 8, 1, DEVICE_READ},
		{true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MAKE}, {true, 'c', 136, DEVICE_ANY, 7},
	};
	/* what has one number, allows all, or forbids after it allowed, is the program's alone */
	static const struct device_rule not_said[][2] = {
		{{true, 'c', 10, DEVICE_ANY, 7}, {true, 'c', 1, 3, 7}}, {{true, 'a', DEVICE_ANY, DEVICE_ANY, 7}, {true, 'c', 1, 3, 7}},
		{{true, 'c', 1, 3, 7}, {false, 'c', 1, 3, 7}}, {{true, 'c', DEVICE_ANY, 3, 7}, {true, 'c', 1, 3, 7}},
	};
	_cleanup_(scope_plan_done) struct scope_plan p = {.n = 0};
	_cleanup_(buf_done) struct buf got = BUF_INIT;

	(void)state;
	assert_int_equal(scope_plan_devices(said, ARRAY_SIZE(said), &p, NULL), 0);
	join(&p, &got);
	assert_string_equal(buf_str(&got), "DevicePolicy s strict;DeviceAllow a(ss) ;DeviceAllow a(ss) /dev/char/10:200 rw;"
					   "DeviceAllow a(ss) /dev/block/8:1 r;DeviceAllow a(ss) char-* m;DeviceAllow a(ss) char-pts rwm");
	for (size_t i = 0; i < ARRAY_SIZE(not_said); i++) {
		struct scope_plan none = {.n = 0};

		assert_int_equal(scope_plan_devices(not_said[i], 2, &none, NULL), 0);
		assert_int_equal(none.n, 0);
	}
}

TESTS("oci/scope", cmocka_unit_test(test_names), cmocka_unit_test(test_annotations), cmocka_unit_test(test_limits), cmocka_unit_test(test_devices))
