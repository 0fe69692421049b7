/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The compiled filter is asked, by simulation, what it does with calls: the
 * default profile's promises, both profile shapes, and what must be refused.
 */
#include "oci/seccomp.h"

#include "base/buf.h"
#include "oci/seccomp_profile.h"
#include "sys/fd.h"
#include "sys/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#define ALLOW SECCOMP_RET_ALLOW
#define NO(n) (SECCOMP_RET_ERRNO | (n))

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;
	struct err e = {0};

	if (json_parse(text, strlen(text), "test", &o, &e) < 0)
		fail_msg("%s", e.text);
	return o;
}

static struct json_object *default_profile(void)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = open("profiles/seccomp/default.json", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, SECCOMP_PROFILE_MAX, &b), 0);
	return parse(buf_str(&b));
}

static struct json_object *resolve(struct json_object *profile, char *const *caps)
{
	_cleanup_(strv_done) struct strv v = {0};
	struct seccomp_profile_context c = {.caps = &v, .machine = "x86_64", .kernel = "6.1.0-18-amd64"};
	struct json_object *section = NULL;
	struct err e = {0};

	assert_int_equal(strv_add_all(&v, caps), 0);
	if (seccomp_profile_resolve(profile, &c, &section, &e) < 0)
		fail_msg("%s", e.text);
	return section;
}

static struct seccomp_filter compile_default(char *const *caps)
{
	_cleanup_json_ struct json_object *p = default_profile(), *s = resolve(p, caps);
	struct seccomp_filter f = {0};
	struct err e = {0};

	if (seccomp_section_compile(s, &f, &e) < 0)
		fail_msg("%s", e.text);
	return f;
}

static uint32_t ask(const struct seccomp_filter *f, uint32_t arch, int nr, uint64_t a0, uint64_t a1)
{
	struct seccomp_data d = {.nr = nr, .arch = arch, .args = {a0, a1}};

	return seccomp_filter_simulate(f->insns, f->n, &d);
}

#if defined(__x86_64__)
static void test_default_answers(void **state)
{
	static const struct {
		int nr;
		uint64_t a0, a1;
		uint32_t want;
	} cases[] = {
		{SYS_read, 0, 0, ALLOW},
		{SYS_execve, 0, 0, ALLOW},
		{SYS_capset, 0, 0, ALLOW},
		{SYS_clone, 0x11, 0, ALLOW},                      /* fork */
		{SYS_clone, 0x3d0f00, 0, ALLOW},                  /* pthread_create */
		{SYS_clone, 0x10000000, 0, NO(EPERM)},            /* CLONE_NEWUSER */
		{SYS_clone, 0xf00000010000000, 0, NO(EPERM)},
		{SYS_clone, 0x40000011, 0, NO(EPERM)},            /* CLONE_NEWNET */
		{SYS_clone3, 0, 0, NO(ENOSYS)},
		{SYS_unshare, 0, 0, NO(EPERM)},
		{SYS_setns, 0, 0, NO(EPERM)},
		{SYS_mount, 0, 0, NO(EPERM)},
		{SYS_ptrace, 0, 0, NO(EPERM)},
		{SYS_bpf, 0, 0, NO(EPERM)},
		{SYS_perf_event_open, 0, 0, NO(EPERM)},
		{SYS_keyctl, 0, 0, NO(EPERM)},
		{SYS_add_key, 0, 0, NO(EPERM)},
		{SYS_request_key, 0, 0, NO(EPERM)},
		{SYS_userfaultfd, 0, 0, NO(EPERM)},
		{SYS_open_by_handle_at, 0, 0, NO(EPERM)},
		{425, 0, 0, NO(ENOSYS)},                          /* io_uring_setup */
		{426, 0, 0, NO(ENOSYS)},
		{427, 0, 0, NO(ENOSYS)},
		{9999, 0, 0, NO(ENOSYS)},                         /* of a kernel to come */
		{SYS_socket, 1, 1, ALLOW},
		{SYS_socket, 2, 1, ALLOW},
		{SYS_socket, 10, 2, ALLOW},
		{SYS_socket, 16, 3, ALLOW},
		{SYS_socket, 17, 3, NO(EPERM)},                   /* AF_PACKET */
		{SYS_socket, 31, 1, NO(EPERM)},                   /* AF_BLUETOOTH */
		{SYS_socket, 38, 5, NO(EPERM)},                   /* AF_ALG */
		{SYS_socket, 0x100000026, 5, NO(EPERM)},          /* AF_ALG, high bits set */
		{SYS_socket, 40, 1, NO(EPERM)},                   /* AF_VSOCK */
		{SYS_ioctl, 0, 0x5401, ALLOW},                    /* TCGETS */
		{SYS_ioctl, 0, 0x5413, ALLOW},                    /* TIOCGWINSZ */
		{SYS_ioctl, 0, 0x541b, ALLOW},                    /* FIONREAD */
		{SYS_ioctl, 0, 0x5410, ALLOW},                    /* TIOCSPGRP */
		{SYS_ioctl, 0, 0x541e, ALLOW},
		{SYS_ioctl, 0, 0x5412, NO(EPERM)},                /* TIOCSTI */
		{SYS_ioctl, 0, 0xdeadbeef00005412, NO(EPERM)},
		{SYS_ioctl, 0, 0x541c, NO(EPERM)},                /* TIOCLINUX */
		{SYS_ioctl, 0, 0xffffffff0000541c, NO(EPERM)},
		{SYS_msgget, 0, 0, NO(EPERM)},
		{SYS_mq_open, 0, 0, NO(EPERM)},
		{SYS_shmget, 0, 0, ALLOW},
		{SYS_utime, 0, 0, ALLOW},                         /* what glibc before 2.32 calls */
		{SYS_execveat, 0, 0, NO(ENOSYS)},                 /* fexecve(3) has another way */
		{SYS_membarrier, 0, 0, NO(ENOSYS)},
		{SYS_personality, 0, 0, ALLOW},
		{SYS_personality, 0xffffffff, 0, ALLOW},
		{SYS_personality, 0x0040000, 0, NO(EPERM)},       /* ADDR_NO_RANDOMIZE */
	};
	struct seccomp_filter f = compile_default(NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t got = ask(&f, AUDIT_ARCH_X86_64, cases[i].nr, cases[i].a0, cases[i].a1);

		if (got != cases[i].want)
			fail_msg("call %d(%llx, %llx): %x, not %x", cases[i].nr, (unsigned long long)cases[i].a0,
				 (unsigned long long)cases[i].a1, got, cases[i].want);
	}
	seccomp_filter_done(&f);
}

/* The 32-bit and the x32 side doors. */
static void test_default_foreign(void **state)
{
	struct seccomp_filter f = compile_default(NULL);

	(void)state;
	assert_int_equal(ask(&f, AUDIT_ARCH_I386, 3, 0, 0), ALLOW);                  /* read */
	assert_int_equal(ask(&f, AUDIT_ARCH_I386, 102, 1, 0), NO(ENOSYS));           /* socketcall */
	assert_int_equal(ask(&f, AUDIT_ARCH_I386, 359, 38, 0), NO(EPERM));           /* socket(AF_ALG) */
	assert_int_equal(ask(&f, AUDIT_ARCH_I386, 359, 2, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_I386, 54, 0, 0x5412), NO(EPERM));        /* ioctl(TIOCSTI) */
	for (uint64_t call = 1; call <= 24; call++) /* ipc(2): semaphores, message queues, shared memory; a version above */
		assert_int_equal(ask(&f, AUDIT_ARCH_I386, 117, call | 0x10000, 0), call >= 8 && call <= 15 ? NO(EPERM) : ALLOW);
	for (int nr = 0; nr < 600; nr++)
		assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, nr | 0x40000000, 0, 0), NO(ENOSYS));
	assert_int_equal(ask(&f, AUDIT_ARCH_AARCH64, 63, 0, 0), NO(ENOSYS));
	seccomp_filter_done(&f);
}

/* How many native calls can be reached at all: may shrink, must not grow (docker's: 294, podman's: 312). */
static void test_default_surface(void **state)
{
	static const uint64_t first[] = {0, 1, 2, 10, 16, 0x11};
	struct seccomp_filter f = compile_default(NULL);
	int n = 0;

	(void)state;
	for (int nr = 0; nr < 500; nr++) {
		bool reached = false;

		for (size_t i = 0; i < ARRAY_SIZE(first); i++)
			reached |= ask(&f, AUDIT_ARCH_X86_64, nr, first[i], 0x5401) == ALLOW;
		n += reached;
	}
	print_message("%d native calls reachable\n", n);
	assert_true(n > 150 && n <= 250);
	seccomp_filter_done(&f);
}

static void test_default_with_caps(void **state)
{
	char *caps[] = {(char[]){"CAP_SYS_ADMIN"}, (char[]){"CAP_SYS_PTRACE"}, (char[]){"CAP_NET_RAW"}, NULL};
	struct seccomp_filter f = compile_default(caps);

	(void)state;
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_mount, 0, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_clone, 0x10000000, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_clone3, 0, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_ptrace, 0, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_socket, 17, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_keyctl, 0, 0), NO(EPERM));
	seccomp_filter_done(&f);
}

/* EPERM by default, but ENOSYS for what is newer than anything named. */
static void test_newer_is_enosys(void **state)
{
	_cleanup_json_ struct json_object *s = parse(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"names\":[\"read\",\"write\",\"statx\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");
	struct seccomp_filter f = {0};

	(void)state;
	assert_int_equal(seccomp_section_compile(s, &f, NULL), 0);
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_read, 0, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_open, 0, 0), NO(EPERM));
	assert_int_equal(ask(&f, AUDIT_ARCH_X86_64, SYS_statx + 1, 0, 0), NO(ENOSYS));
	assert_int_equal(ask(&f, AUDIT_ARCH_I386, 383, 0, 0), ALLOW);
	assert_int_equal(ask(&f, AUDIT_ARCH_I386, 384, 0, 0), NO(ENOSYS));
	seccomp_filter_done(&f);
}
#endif

/* What i386 has twice, behind socketcall and ipc and by itself, is allowed by itself, however old the rest of the profile is. */
static void test_direct_calls_of_i386(void **state)
{
	static const struct {
		const char *name;
		int nr;
	} calls[] = {{"socket", 359}, {"accept4", 364}, {"shutdown", 373}, {"semget", 393}, {"shmdt", 398}, {"msgctl", 402}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		_cleanup_json_ struct json_object *s = NULL;
		struct seccomp_filter f = {0};
		char text[256];

		snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
			 "\"syscalls\":[{\"names\":[\"read\",\"%s\"],\"action\":\"SCMP_ACT_ALLOW\"}]}", calls[i].name);
		s = parse(text);
		assert_int_equal(seccomp_section_compile(s, &f, NULL), 0);
		if (ask(&f, AUDIT_ARCH_I386, calls[i].nr, 0, 0) != ALLOW)
			fail_msg("%s", calls[i].name);
		assert_int_equal(ask(&f, AUDIT_ARCH_I386, calls[i].nr - 1, 0, 0), NO(EPERM));
		assert_int_equal(ask(&f, AUDIT_ARCH_I386, calls[i].nr + 1, 0, 0), NO(ENOSYS));
		seccomp_filter_done(&f);
	}
}

static void test_refused_sections(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"{}", "defaultAction"},
		{"{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", "SCMP_ACT_MAYBE"},
		{"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "SCMP_ACT_NOTIFY"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}", "listenerPath"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_VAX\"]}", "SCMP_ARCH_VAX"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"X\"]}", "flags"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"no_such_call\"],\"action\":\"SCMP_ACT_ERRNO\"}]}", "no_such_call"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\"}]}", "syscalls[0]"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}", "args[0]"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":1,\"op\":\"~\"}]}]}", "op"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *s = parse(cases[i].text);
		struct seccomp_filter f = {0};
		struct err e = {0};

		assert_true(seccomp_section_compile(s, &f, &e) < 0);
		if (!strstr(e.text, cases[i].words))
			fail_msg("%s: %s", cases[i].text, e.text);
		assert_null(f.insns);
	}
}

static void test_resolve_conditions(void **state)
{
	static const struct {
		const char *rule;
		bool taken; /* on x86_64, 6.1, with CAP_A and CAP_B */
	} cases[] = {
		{"\"includes\":{}", true},
		{"\"includes\":{\"caps\":[\"CAP_A\"]}", true},
		{"\"includes\":{\"caps\":[\"CAP_A\",\"CAP_B\"]}", true},
		{"\"includes\":{\"caps\":[\"CAP_A\",\"CAP_C\"]}", false},
		{"\"excludes\":{\"caps\":[\"CAP_C\",\"CAP_A\"]}", false},
		{"\"excludes\":{\"caps\":[\"CAP_C\"]}", true},
		{"\"includes\":{\"arches\":[\"amd64\",\"x32\"]}", true},
		{"\"includes\":{\"arches\":[\"s390x\"]}", false},
		{"\"excludes\":{\"arches\":[\"s390\",\"amd64\"]}", false},
		{"\"includes\":{\"minKernel\":\"4.8\"}", true},
		{"\"includes\":{\"minKernel\":\"6.1\"}", true},
		{"\"includes\":{\"minKernel\":\"6.2\"}", false},
		{"\"includes\":{\"minKernel\":\"10.0\"}", false},
		{"\"excludes\":{\"minKernel\":\"4.8\"}", false},
		{"\"includes\":{\"caps\":[\"CAP_A\"],\"arches\":[\"arm\"]}", false},
		{"\"includes\":null,\"excludes\":null,\"comment\":\"x\"", true},
	};
	char *caps[] = {(char[]){"CAP_A"}, (char[]){"CAP_B"}, NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		_cleanup_json_ struct json_object *p = NULL, *s = NULL;

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",%s}]}",
			 cases[i].rule);
		p = parse(text);
		s = resolve(p, caps);
		if ((json_object_array_length(json_at(s, "syscalls")) == 1) != cases[i].taken)
			fail_msg("%s", cases[i].rule);
	}
}

static void test_refused_profiles(void **state)
{
	static const char *const cases[] = {
		"[]",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"surprise\":1}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[1]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"when\":1}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"includes\":{\"users\":[\"me\"]}}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"includes\":{\"minKernel\":\"new\"}}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSUCH\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strv none = {0};
		struct seccomp_profile_context c = {.caps = &none, .machine = "x86_64", .kernel = "6.1"};
		_cleanup_json_ struct json_object *p = parse(cases[i]), *s = NULL;

		if (seccomp_profile_resolve(p, &c, &s, NULL) >= 0)
			fail_msg("%s", cases[i]);
		assert_null(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
		cmocka_unit_test(test_default_answers),
		cmocka_unit_test(test_default_foreign),
		cmocka_unit_test(test_default_surface),
		cmocka_unit_test(test_default_with_caps),
		cmocka_unit_test(test_newer_is_enosys),
		cmocka_unit_test(test_direct_calls_of_i386),
#endif
		cmocka_unit_test(test_refused_sections),
		cmocka_unit_test(test_resolve_conditions),
		cmocka_unit_test(test_refused_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
