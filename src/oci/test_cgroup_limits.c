/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "oci/cgroup_limits.h"

#include "base/buf.h"
#include "base/testing.h"

/* Weights that crun 1.8 and runc 1.1 write for these shares. */
static void test_weights(void **state)
{
	static const uint64_t shares[][2] = {{0, 1}, {2, 1}, {1024, 39}, {2048, 79}, {100000, 3815}, {262144, 10000}, {UINT64_MAX, 10000}};
	static const uint64_t weights[][2] = {{10, 1}, {500, 4950}, {1000, 10000}, {0, 1}, {5000, 10000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
		assert_int_equal(cgroup_weight_of_shares(shares[i][0]), shares[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++)
		assert_int_equal(cgroup_weight_of_blkio(weights[i][0]), weights[i][1]);
}

static const struct {
	const char *json, *want; /* "FILE=VALUE FILE=VALUE", or a word of the error */
	int r;
} cases[] = {
	{"{}", "", 0},
	{"{\"memory\":{},\"cpu\":{},\"network\":{},\"devices\":[{\"allow\":false}]}", "", 0},
	{"{\"memory\":{\"limit\":1048576}}", "memory.max=1048576", 0},
	{"{\"memory\":{\"limit\":-1,\"swap\":-1,\"reservation\":5}}", "memory.max=max;memory.swap.max=max;memory.low=5", 0},
	{"{\"memory\":{\"limit\":100,\"swap\":300}}", "memory.max=100;memory.swap.max=200", 0},
	{"{\"memory\":{\"limit\":100,\"swap\":100}}", "memory.max=100;memory.swap.max=0", 0},
	{"{\"memory\":{\"limit\":100,\"swap\":99}}", "swap", -EINVAL},
	{"{\"memory\":{\"swap\":100}}", "swap", -EINVAL},
	{"{\"memory\":{\"limit\":\"1\"}}", "memory.limit", -EINVAL},
	{"{\"memory\":[1]}", "memory", -EINVAL},
	{"{\"memory\":{\"swappiness\":0}}", "swappiness", -ENOTSUP},
	{"{\"memory\":{\"kernel\":1}}", "kernel", -ENOTSUP},
	{"{\"memory\":{\"disableOOMKiller\":false,\"limit\":null}}", "", 0},
	{"{\"memory\":{\"disableOOMKiller\":true}}", "disableOOMKiller", -ENOTSUP},
	{"{\"cpu\":{\"shares\":1024,\"quota\":50000}}", "cpu.weight=39;cpu.max=50000 100000", 0},
	{"{\"cpu\":{\"quota\":-1,\"period\":5000}}", "cpu.max=max 5000", 0},
	{"{\"cpu\":{\"period\":5000}}", "cpu.max=max 5000", 0},
	{"{\"cpu\":{\"shares\":0}}", "", 0},
	{"{\"cpu\":{\"cpus\":\"0-3,5\",\"mems\":\"0\",\"burst\":7,\"idle\":1}}", "cpu.max.burst=7;cpu.idle=1;cpuset.cpus=0-3,5;cpuset.mems=0", 0},
	{"{\"cpu\":{\"cpus\":\"0\\n1\"}}", "cpus", -EINVAL},
	{"{\"cpu\":{\"cpus\":7}}", "cpus", -EINVAL},
	{"{\"cpu\":{\"realtimeRuntime\":1}}", "realtimeRuntime", -ENOTSUP},
	{"{\"pids\":{\"limit\":7}}", "pids.max=7", 0},
	{"{\"pids\":{\"limit\":-1}}", "pids.max=max", 0},
	{"{\"pids\":{\"limit\":0}}", "pids.max=max", 0},
	{"{\"blockIO\":{\"weight\":500}}", "io.weight=default 4950", 0},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":9}],\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":1,\"rate\":4}]}}",
	 "io.max=8:0 rbps=9;io.max=8:1 wiops=4", 0},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8}]}}", "throttleReadBpsDevice", -EINVAL},
	{"{\"blockIO\":{\"weightDevice\":[{}]}}", "weightDevice", -EINVAL},
	{"{\"blockIO\":{\"weightDevice\":7}}", "weightDevice", -EINVAL},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":500}]}}", "io.weight=8:0 4950", 0},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":500,\"leafWeight\":5}]}}", "leafWeight", -ENOTSUP},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}", "hugetlb.2MB.max=4194304", 0},
	{"{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]}", "hugepageLimits", -EINVAL},
	{"{\"unified\":{\"memory.high\":\"5\"}}", "memory.high=5", 0},
	{"{\"unified\":{\"cgroup.procs\":\"5\"}}", "cgroup.procs", -EINVAL},
	{"{\"unified\":{\"../memory.max\":\"5\"}}", "memory.max", -EINVAL},
	{"{\"unified\":{\"a/b.c\":\"5\"}}", "a/b.c", -EINVAL},
	{"{\"unified\":{\"memory.high\":5}}", "memory.high", -EINVAL},
	{"{\"network\":{\"classID\":5}}", "network", -ENOTSUP},
	{"{\"rdma\":{\"mlx5_1\":{}}}", "", 0},
	{"{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"ocrdma1\":{\"hcaObjects\":2}}}",
	 "rdma.max=mlx5_1 hca_handle=3 hca_object=10000;rdma.max=ocrdma1 hca_object=2", 0},
	{"{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":-1}}}", "rdma", -EINVAL},
	{"{\"rdma\":{\"a b\":{\"hcaHandles\":1}}}", "rdma", -EINVAL},
	{"{\"rdma\":{\"mlx5_1\":7}}", "rdma", -EINVAL},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
		_cleanup_(buf_done) struct buf got = BUF_INIT;
		struct err e = {0};

		assert_int_equal(json_parse(cases[i].json, strlen(cases[i].json), "case", &o, &e), 0);
		if (cgroup_limits_read(o, &l, &e) != cases[i].r)
			fail_msg("%s: %s", cases[i].json, e.text);
		for (size_t k = 0; k < l.n; k++)
			buf_addf(&got, "%s%s=%s", k ? ";" : "", l.items[k].file, l.items[k].value);
		if (cases[i].r == 0)
			assert_string_equal(buf_str(&got), cases[i].want);
		else
			assert_non_null(strstr(e.text, cases[i].want));
	}
}

static void test_many(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	_cleanup_json_ struct json_object *o = NULL;
	struct err e = {0};

	(void)state;
	buf_adds(&text, "{\"unified\":{\"a.b\":\"1\"");
	for (int i = 0; i < CGROUP_LIMITS_MAX; i++)
		buf_addf(&text, ",\"a.%d\":\"1\"", i);
	buf_adds(&text, "}}");
	assert_int_equal(json_parse(buf_str(&text), text.len, "case", &o, &e), 0);
	assert_int_equal(cgroup_limits_read(o, &l, &e), -E2BIG);
	assert_int_equal(cgroup_limits_read(NULL, &l, &e), 0);
	assert_int_equal(l.n, 0);
}

TESTS("oci/cgroup_limits", cmocka_unit_test(test_weights), cmocka_unit_test(test_cases), cmocka_unit_test(test_many))
