/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/profile.h"
#include "base/testing.h"
#include "sys/caps.h"

#include <sys/resource.h>

static int make(struct container_options *o, struct profile *p)
{
	struct err e = {0};
	int r = profile_make(o, p, &e);

	if ((r < 0) != (e.text[0] != '\0'))
		fail_msg("%d without words", r);
	return r;
}

/* One list of the options holds one value. */
static int try_one(struct container_options *o, struct strv *list, const char *value, struct profile *p)
{
	int r;

	assert_int_equal(strv_add(list, value), 0);
	r = make(o, p);
	strv_done(list);
	return r;
}

static const struct {
	const char *text;
	int r;
} security[] = {
	{"no-new-privileges", 0}, {"no-new-privileges=true", 0}, {"no-new-privileges:false", 0}, {"seccomp=unconfined", 0},
	{"seccomp:unconfined", 0}, {"seccomp=/p.json", 0}, {"apparmor=unconfined", 0}, {"apparmor=p", 0}, {"label=disable", 0},
	{"mask=/a:/b", 0}, {"unmask=ALL", 0}, {"unmask=/proc/acpi", 0}, {"proc-opts=hidepid=2", 0}, {"systempaths=unconfined", 0},
	{"no-new-privileges=maybe", -EINVAL}, {"seccomp", -EINVAL}, {"seccomp=", -EINVAL}, {"apparmor=", -EINVAL},
	{"label=type:x", 0}, {"label=level:s0:c1,c2", 0}, {"label:disable", 0}, {"label=nested", 0}, {"label=x", -EINVAL}, {"label=", -EINVAL}, {"mask=", -EINVAL}, {"mask=a", -EINVAL}, {"mask=/a/../b", -EINVAL}, {"unmask=/proc/*", -ENOTSUP},
	{"proc-opts=gid=5", -EINVAL}, {"nosuch", -EINVAL}, {"", -EINVAL}, {"=x", -EINVAL}, {"landlock=", -EINVAL}, {"landlock", -EINVAL},
	{"landlock=x", 0}, {"landlock=unconfined", 0}, {"seccomp-log", 0}, {"seccomp-log=false", 0}, {"seccomp-log=x", -EINVAL},
	{"no-new-privilege", -EINVAL}, {"systempaths=x", -EINVAL},
};

static const struct {
	const char *text;
	int r;
} sysctls[] = {
	{"net.ipv4.ip_forward=1", 0}, {"kernel.shmmax=1", 0}, {"fs.mqueue.msg_max=5", 0}, {"net.ipv4.tcp_rmem=1 2\t3", 0},
	{"kernel.domainname=x", 0}, {"kernel.core_pattern=x", -EPERM}, {"vm.overcommit_memory=1", -EPERM},
	{"kernel.shmmaxx=1", -EPERM}, {"net.=1", -EPERM}, {"net=1", -EPERM}, {"fs.mqueue=1", -EPERM},
	{"kernel.shmmax=1+kernel.core_pattern=x", -EINVAL}, {"kernel.shmmax=1\nx", -EINVAL}, {"kernel.shmmax=\xff", -EINVAL},
	{"kernel.shmmax", -EINVAL}, {"=1", -EINVAL}, {"net/ipv4/ip_forward=1", -EINVAL}, {"net..x=1", -EINVAL},
	{"net.ipv4 .x=1", -EINVAL}, {"", -EINVAL},
};

static const struct {
	const char *text;
	int r;
	uint64_t soft, hard;
} ulimits[] = {
	{"nofile=64", 0, 64, 64}, {"nofile=1:2", 0, 1, 2}, {"nofile=-1", 0, 99, 99}, {"nofile=-1:-1", 0, 99, 99},
	{"nofile=0:unlimited", 0, 0, 99}, {"core=0", 0, 0, 0}, {"host=1", -EINVAL, 0, 0}, {"nofil=1", -EINVAL, 0, 0},
	{"nofile=2:1", -EINVAL, 0, 0}, {"nofile=-1:5", -EINVAL, 0, 0}, {"nofile=-2", -EINVAL, 0, 0}, {"nofile", -EINVAL, 0, 0},
	{"nofile=", -EINVAL, 0, 0}, {"nofile=1:", -EINVAL, 0, 0}, {"=1", -EINVAL, 0, 0}, {"nosuch=1", -EINVAL, 0, 0},
	{"nofile=1k", -EINVAL, 0, 0}, {"nofile=18446744073709551616", -EINVAL, 0, 0}, {"RLIMIT_NOFILE=1", -EINVAL, 0, 0},
};

static void limit_files(rlim_t n)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){n, n}), 0);
}

static void test_values(void **state)
{
	struct container_options o = {0};

	(void)state;
	limit_files(99);
	for (size_t i = 0; i < ARRAY_SIZE(security); i++) {
		_cleanup_(profile_done) struct profile p = {0};
		int r = try_one(&o, &o.security_opt, security[i].text, &p);

		if (r != security[i].r)
			fail_msg("--security-opt %s: %d", security[i].text, r);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		_cleanup_(profile_done) struct profile p = {0};
		int r = try_one(&o, &o.sysctl, sysctls[i].text, &p);

		if (r != sysctls[i].r)
			fail_msg("--sysctl %s: %d", sysctls[i].text, r);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ulimits); i++) {
		_cleanup_(profile_done) struct profile p = {0};
		int r = try_one(&o, &o.ulimit, ulimits[i].text, &p);

		if (r != ulimits[i].r || (r == 0 && (p.rlimits[0].soft != ulimits[i].soft || p.rlimits[0].hard != ulimits[i].hard)))
			fail_msg("--ulimit %s: %d", ulimits[i].text, r);
	}
}

/* The last of all: what is lost here stays lost. */
static void test_above_the_callers(void **state)
{
	static const char *const above[] = {"nofile=100", "nofile=5:100", "nofile=18446744073709551614"};
	struct container_options o = {0};

	(void)state;
	limit_files(99);
	assert_int_equal(caps_set(0, 0, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(above); i++) {
		_cleanup_(profile_done) struct profile p = {0};

		assert_int_equal(try_one(&o, &o.ulimit, above[i], &p), -EPERM);
	}
}

static void test_host_limits(void **state)
{
	_cleanup_(profile_done) struct profile p = {0};
	struct container_options o = {0};

	(void)state;
	assert_int_equal(strv_add(&o.ulimit, "core=0"), 0);
	assert_int_equal(strv_add(&o.ulimit, "nofile=5"), 0);
	assert_int_equal(strv_add(&o.ulimit, "host"), 0);
	assert_int_equal(strv_add(&o.ulimit, "nproc=1"), 0);
	assert_int_equal(make(&o, &p), 0);
	assert_int_equal(p.n_rlimits, 1);
	assert_string_equal(p.rlimits[0].type, "RLIMIT_NPROC");
	strv_done(&o.ulimit);
}

static void test_shared_namespaces(void **state)
{
	struct container_options o = {.ipc = "host"};
	_cleanup_(profile_done) struct profile p = {0};

	(void)state;
	assert_int_equal(try_one(&o, &o.sysctl, "kernel.shmmax=1", &p), -EPERM);
	assert_int_equal(strv_add(&o.network, "host"), 0);
	assert_int_equal(try_one(&o, &o.sysctl, "net.ipv4.ip_forward=1", &p), -EPERM);
	strv_done(&o.network);
	assert_int_equal(strv_add(&o.network, "container:web"), 0);
	assert_int_equal(try_one(&o, &o.sysctl, "net.ipv4.ip_forward=1", &p), -EPERM);
	strv_done(&o.network);
	/* its own, with an address on a bridge */
	assert_int_equal(strv_add(&o.network, "web:ip=10.89.0.5"), 0);
	assert_int_equal(try_one(&o, &o.sysctl, "net.ipv4.ip_forward=1", &p), 0);
	strv_done(&o.network);
}

static void test_masks(void **state)
{
	_cleanup_(profile_done) struct profile p = {0}, q = {0}, all = {0}, privileged = {0};
	struct container_options o = {0};

	(void)state;
	assert_int_equal(make(&o, &p), 0);
	assert_int_equal(p.masked.n, 11);
	assert_int_equal(p.readonly.n, 6);
	assert_int_equal(p.caps.n, 11);
	assert_false(p.seccomp_unconfined);
	assert_int_equal(try_one(&o, &o.security_opt, "unmask=/proc/sys:/proc/acpi", &q), 0);
	assert_int_equal(q.masked.n, 10);
	assert_int_equal(q.readonly.n, 5);
	assert_int_equal(try_one(&o, &o.security_opt, "unmask=all", &all), 0);
	assert_int_equal(all.masked.n + all.readonly.n, 0);
	o.privileged = true;
	assert_int_equal(make(&o, &privileged), 0);
	assert_int_equal(privileged.masked.n + privileged.readonly.n, 0);
	assert_true(privileged.seccomp_unconfined);
	assert_int_equal(privileged.caps.n, 41);
}

static const struct {
	const char *add, *drop;
	int r;
	const char *want;
} caps[] = {
	{NULL, "all", 0, ""},
	{"chown", "ALL", 0, "CAP_CHOWN"},
	{"CAP_SYS_ADMIN", "all", 0, "CAP_SYS_ADMIN"},
	{"Net_Raw", "all", 0, "CAP_NET_RAW"},
	{"all", NULL, 0, "41"},
	{"all", "chown", 0, "40"},
	{NULL, "chown", 0, "10"},
	{"net_raw", NULL, 0, "12"},
	{"all", "all", -EINVAL, ""},
	{"chown", "CAP_CHOWN", -EINVAL, ""},
	{"nosuch", NULL, -EINVAL, ""},
	{"", NULL, -EINVAL, ""},
	{"CAP_", NULL, -EINVAL, ""},
	{"CAP_CAP_CHOWN", NULL, -EINVAL, ""},
};

static void test_caps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		_cleanup_(profile_done) struct profile p = {0};
		struct container_options o = {0};
		char got[32];
		int r = 0;

		if (caps[i].add)
			r = strv_add(&o.cap_add, caps[i].add);
		if (r == 0 && caps[i].drop)
			r = strv_add(&o.cap_drop, caps[i].drop);
		if (r == 0)
			r = make(&o, &p);
		if (p.caps.n <= 1)
			snprintf(got, sizeof(got), "%s", p.caps.n ? p.caps.items[0] : "");
		else
			snprintf(got, sizeof(got), "%zu", p.caps.n);
		if (r != caps[i].r || (r == 0 && strcmp(got, caps[i].want) != 0))
			fail_msg("add %s drop %s: %d %s", caps[i].add, caps[i].drop, r, got);
		strv_done(&o.cap_add);
		strv_done(&o.cap_drop);
	}
}

TESTS("engine/profile", cmocka_unit_test(test_values), cmocka_unit_test(test_shared_namespaces),
      cmocka_unit_test(test_masks), cmocka_unit_test(test_caps), cmocka_unit_test(test_host_limits), cmocka_unit_test(test_above_the_callers))
