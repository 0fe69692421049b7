/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "oci/runtime_config.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define HEAD "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},"
#define NS "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"},{\"type\":\"network\"},{\"type\":\"ipc\"}],"
#define MAP "\"uidMappings\":[{\"containerID\":0,\"hostID\":7,\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":8,\"size\":2}]"
#define LINUX "\"linux\":{" NS MAP "}"
#define PROC "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"},"

static int parse(const char *text, struct runtime_config *c, struct err *e)
{
	return runtime_config_parse(text, strlen(text), c, e);
}

static void parse_well(const char *text, struct runtime_config *c)
{
	struct err e = {0};

	if (parse(text, c, &e) < 0)
		fail_msg("%s: %s", text, e.text);
}

static void test_least(void **state)
{
	_cleanup_(runtime_config_done) struct runtime_config c = {0};

	(void)state;
	parse_well(HEAD LINUX "}", &c);
	assert_false(c.has_process);
	assert_string_equal(c.root_path, "r");
	assert_int_equal(c.map->uid.extents[0].outside, 7);
	assert_int_equal(c.map->gid.extents[0].count, 2);
	assert_null(c.seccomp);
	assert_non_null(runtime_config_namespace(&c, CLONE_NEWUSER));
	assert_null(runtime_config_namespace(&c, CLONE_NEWPID));
}

static void test_process(void **state)
{
	_cleanup_(runtime_config_done) struct runtime_config c = {0};
	const struct config_process *p = &c.process;

	(void)state;
	parse_well(HEAD LINUX ",\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
			      "\"user\":{\"uid\":1,\"gid\":2,\"additionalGids\":[3,4294967294],\"umask\":63},"
			      "\"args\":[\"a\",\"\",\"c\"],\"env\":[\"A=\",\"B==\"],\"cwd\":\"/w\","
			      "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"],\"ambient\":[\"CAP_KILL\"]},"
			      "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1,\"hard\":18446744073709551615}],"
			      "\"noNewPrivileges\":true,\"apparmorProfile\":\"unconfined\",\"selinuxLabel\":\"\",\"oomScoreAdj\":-5}}",
		   &c);
	assert_true(p->terminal && p->no_new_privs && p->has_oom_score_adj);
	assert_int_equal(p->rows, 24);
	assert_int_equal(p->cols, 80);
	assert_int_equal(p->uid, 1);
	assert_int_equal(p->gid, 2);
	assert_int_equal(p->n_groups, 2);
	assert_int_equal(p->groups[1], UINT32_MAX - 1);
	assert_int_equal(p->umask, 077);
	assert_int_equal(p->args.n, 3);
	assert_int_equal(p->env.n, 2);
	assert_true(p->caps.bounding == (1ULL | 1ULL << 21));
	assert_true(p->caps.ambient == 1ULL << 5);
	assert_int_equal(p->rlimits[0].resource, RLIMIT_NOFILE);
	assert_true(p->rlimits[0].hard == UINT64_MAX);
	assert_int_equal(p->oom_score_adj, -5);
	assert_null(p->apparmor);
	assert_null(p->selinux);
}

static void test_schedule(void **state)
{
	_cleanup_(runtime_config_done) struct runtime_config c = {0};
	const struct config_process *p = &c.process;

	(void)state;
	parse_well(HEAD LINUX ",\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"nice\":-3,\"priority\":4,"
			      "\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_RECLAIM\"],\"runtime\":1,\"deadline\":2,\"period\":3},"
			      "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7},"
			      "\"execCPUAffinity\":{\"initial\":\"0,2-3\",\"final\":\"63-64,1023\"}}}",
		   &c);
	assert_true(p->scheduler.given && p->scheduler.policy == 6 && p->scheduler.nice == -3 && p->scheduler.priority == 4);
	assert_true(p->scheduler.flags == 3 && p->scheduler.runtime == 1 && p->scheduler.deadline == 2 && p->scheduler.period == 3);
	assert_true(p->has_io_priority && p->io_priority == (3U << 13 | 7));
	assert_true(p->cpus_initial.bits[0] == 0xd);
	assert_true(p->cpus_final.bits[0] == 1ULL << 63 && p->cpus_final.bits[1] == 1 && p->cpus_final.bits[15] == 1ULL << 63);
}

static void test_time_and_hooks(void **state)
{
	_cleanup_(runtime_config_done) struct runtime_config c = {0};
	const struct config_hook *h;

	(void)state;
	parse_well(HEAD "\"hooks\":{\"prestart\":[{\"path\":\"/a\"}],\"poststop\":[{\"path\":\"/b\",\"args\":[\"x\",\"y\"],\"env\":[\"A=1\"],\"timeout\":9}]},"
			"\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"time\"}],\"timeOffsets\":{\"monotonic\":{\"secs\":-1},"
			"\"boottime\":{\"secs\":2,\"nanosecs\":3}},\"personality\":{\"domain\":\"LINUX32\"}}}",
		   &c);
	assert_true(c.monotonic.given && c.monotonic.secs == -1 && c.monotonic.nanosecs == 0);
	assert_true(c.boottime.given && c.boottime.secs == 2 && c.boottime.nanosecs == 3);
	assert_true(c.has_personality && c.personality == 8);
	assert_int_equal(c.hooks.n[HOOK_PRESTART], 1);
	h = &c.hooks.items[HOOK_PRESTART][0];
	assert_string_equal(h->args.items[0], "/a");
	assert_true(h->args.n == 1 && h->env.n == 0 && h->timeout_s == 0);
	h = &c.hooks.items[HOOK_POSTSTOP][0];
	assert_true(h->args.n == 2 && h->env.n == 1 && h->timeout_s == 9);
	assert_int_equal(c.hooks.n[HOOK_CREATE_RUNTIME], 0);
}

static void test_mounts(void **state)
{
	_cleanup_(runtime_config_done) struct runtime_config c = {0};

	(void)state;
	parse_well(HEAD LINUX ",\"mounts\":["
			      "{\"destination\":\"/p\",\"type\":\"proc\",\"options\":[\"nosuid\",\"ro\",\"rw\"]},"
			      "{\"destination\":\"/b\",\"source\":\"/s\",\"options\":[\"rbind\",\"rro\",\"rslave\",\"exec\"]},"
			      "{\"destination\":\"/c\",\"type\":\"bind\",\"source\":\"s\"},"
			      "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"size=1k\",\"tmpcopyup\",\"noatime\"]}]}",
		   &c);
	assert_int_equal(c.n_mounts, 4);
	assert_int_equal(c.mounts[0].kind, CONFIG_MOUNT_NEW);
	assert_true(c.mounts[0].set == MOUNT_ATTR_NOSUID && c.mounts[0].clear == MOUNT_ATTR_RDONLY);
	assert_int_equal(c.mounts[1].kind, CONFIG_MOUNT_BIND);
	assert_true(c.mounts[1].recursive && c.mounts[1].propagation_rec);
	assert_true(c.mounts[1].set_rec == MOUNT_ATTR_RDONLY && c.mounts[1].propagation == MS_SLAVE);
	assert_int_equal(c.mounts[2].kind, CONFIG_MOUNT_BIND);
	assert_false(c.mounts[2].recursive);
	assert_true(c.mounts[3].copy_up);
	assert_int_equal(c.mounts[3].options.n, 1);
	assert_string_equal(c.mounts[3].options.items[0], "size=1k");
}

static void test_sysctls(void **state)
{
	_cleanup_(runtime_config_done) struct runtime_config c = {0};

	(void)state;
	parse_well(HEAD "\"linux\":{" NS MAP ",\"sysctl\":{\"net.ipv4.conf.eth0/1.forwarding\":\"1\",\"kernel/shmmax\":\"5\"}}}", &c);
	assert_int_equal(c.n_sysctls, 2);
	assert_string_equal(c.sysctls[0].name, "net/ipv4/conf/eth0.1/forwarding");
	assert_int_equal(c.sysctls[0].needs, CLONE_NEWNET);
	assert_string_equal(c.sysctls[1].name, "kernel/shmmax");
}

/* What is wrong, and what the words must name. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "config.json"},
		{"[]", "object"},
		{"{}", "ociVersion"},
		{"{\"ociVersion\":\"0.9\"}", "ociVersion"},
		{"{\"ociVersion\":\"1.0.2\"}", "root.path"},
		{HEAD "\"linux\":1}", "linux"},
		{HEAD "\"x\":1}", "linux: missing"},
		{HEAD "\"linux\":{}}", "mount namespace"},
		{HEAD "\"linux\":{\"namespaces\":[{\"type\":\"mount\",\"path\":\"/x\"}]}}", "mount namespace"},
		{HEAD "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}]}}", "uidMappings"},
		{HEAD "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]," MAP "}}", "uidMappings"},
		{HEAD "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"mount\"}]}}", "twice"},
		{HEAD "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"moon\"}]}}", "moon"},
		{HEAD "\"linux\":{" NS MAP ",\"timeOffsets\":{\"boottime\":{\"secs\":1}}}}", "time namespace"},
		{HEAD "\"linux\":{" NS MAP ",\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}}}", "personality.flags"},
		{HEAD "\"linux\":{" NS MAP ",\"personality\":{\"domain\":\"BSD\"}}}", "BSD"},
		{HEAD "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"net\"}]}}", "net"},
		{HEAD "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"network\",\"path\":\"x\"}]}}", "path"},
		{HEAD PROC "\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}," LINUX "}", "hooks: poststop[0]: path"},
		{HEAD "\"process\":{\"cwd\":\"/\"}," LINUX "}", "args"},
		{HEAD "\"process\":{\"args\":[\"a\"]}," LINUX "}", "cwd"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"x\"}," LINUX "}", "cwd"},
		{HEAD "\"process\":{\"args\":[\"a\\u0000b\"],\"cwd\":\"/\"}," LINUX "}", "args"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"env\":[\"A\"]}," LINUX "}", "env[0]"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"user\":{\"uid\":4294967295}}," LINUX "}", "uid"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"user\":{\"uid\":\"0\"}}," LINUX "}", "uid"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"user\":{\"additionalGids\":[-1]}}," LINUX "}", "additionalGids[0]"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"capabilities\":{\"effective\":[\"CHOWN\"]}}," LINUX "}", "CHOWN"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"capabilities\":{\"effective\":[\"cap_chown\"]}}," LINUX "}", "cap_chown"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_CPU\"},{\"type\":\"RLIMIT_CPU\"}]}," LINUX "}", "twice"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"oomScoreAdj\":1001}," LINUX "}", "oomScoreAdj"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_LATE\"}}," LINUX "}", "scheduler.policy"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":100}}," LINUX "}", "scheduler.priority"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}}," LINUX "}", "ioPriority.priority"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"execCPUAffinity\":{\"initial\":\"3-1\"}}," LINUX "}", "execCPUAffinity.initial"},
		{HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"execCPUAffinity\":{\"final\":\"1024\"}}," LINUX "}", "execCPUAffinity.final"},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a/../b\",\"type\":\"tmpfs\"}]}", ".."},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a\"}]}", "type"},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\"}]}", "source"},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/s\",\"options\":[\"size=1\"]}]}", "size=1"},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/s\",\"options\":[\"remount\"]}]}", "remount"},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"idmap\"]}]}", "idmap"},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/s\",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}]}", "go together"},
		{HEAD LINUX ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"proc\",\"options\":[\"tmpcopyup\"]}]}", "tmpcopyup"},
		{HEAD LINUX ",\"mounts\":[1]}", "mounts[0]"},
		{HEAD LINUX ",\"hostname\":\"" "0123456789012345678901234567890123456789012345678901234567890123456789" "\"}", "hostname"},
		{HEAD "\"linux\":{" NS MAP ",\"sysctl\":{\"kernel.pid_max\":\"1\"}}}", "kernel.pid_max"},
		{HEAD "\"linux\":{" NS MAP ",\"sysctl\":{\"kernel.hostname\":\"1\"}}}", "shares"},
		{HEAD "\"linux\":{" NS MAP ",\"sysctl\":{\"net.a\":\"1\\n2\"}}}", "net.a"},
		{HEAD "\"linux\":{" NS MAP ",\"sysctl\":{\"net/../kernel/x\":\"1\"}}}", "sysctl"},
		{HEAD "\"linux\":{" NS MAP ",\"sysctl\":{\"net.a=b\":\"1\"}}}", "sysctl"},
		{HEAD "\"linux\":{" NS MAP ",\"sysctl\":{\"net.a\":1}}}", "not a string"},
		{HEAD "\"annotations\":{\"run.oci.mount_context_type\":\"fscontext\"}," LINUX "}", "mount_context_type"},
		{HEAD "\"annotations\":{\"run.oci.mount_context_type\":1}," LINUX "}", "mount_context_type"},
		{HEAD "\"linux\":{" NS MAP ",\"maskedPaths\":[\"proc\"]}}", "maskedPaths[0]"},
		{HEAD "\"linux\":{" NS MAP ",\"rootfsPropagation\":\"loud\"}}", "loud"},
		{HEAD "\"linux\":{" NS MAP ",\"devices\":[{\"path\":\"/etc/x\",\"type\":\"c\"}]}}", "devices[0]"},
		{HEAD "\"linux\":{" NS MAP ",\"devices\":[{\"path\":\"/dev/../x\",\"type\":\"c\"}]}}", "devices[0]"},
		{HEAD "\"linux\":{" NS MAP ",\"devices\":[{\"path\":\"/dev/x\",\"type\":\"z\"}]}}", "type"},
		{HEAD "\"linux\":{" NS "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":2},{\"containerID\":1,\"hostID\":9,\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}}", "uidMappings[1]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct runtime_config c = {0};
		struct err e = {0};

		if (parse(cases[i].text, &c, &e) >= 0)
			fail_msg("taken: %s", cases[i].text);
		if (!strstr(e.text, cases[i].words))
			fail_msg("%s: %s", cases[i].text, e.text);
		assert_null(c.json);
	}
}

TESTS("oci/runtime_config", cmocka_unit_test(test_least), cmocka_unit_test(test_process), cmocka_unit_test(test_schedule), cmocka_unit_test(test_time_and_hooks), cmocka_unit_test(test_mounts),
      cmocka_unit_test(test_sysctls), cmocka_unit_test(test_refused))
