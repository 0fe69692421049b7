/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/exec_filter.h"

#include "base/testing.h"
#include "sys/callname.h"
#include "sys/seccomp.h"

#include <linux/audit.h>
#include <sys/syscall.h>

struct call {
	uint32_t arch;
	int nr;
	bool seen;
};

static const struct call calls[] = {
#if defined(__x86_64__)
	{AUDIT_ARCH_X86_64, 59, true},
	{AUDIT_ARCH_X86_64, 322, true},
	{AUDIT_ARCH_X86_64, 0x40000000 | 520, true},
	{AUDIT_ARCH_X86_64, 0x40000000 | 545, true},
	{AUDIT_ARCH_X86_64, 0x40000000 | 59, false}, /* x32 has another number for it */
	{AUDIT_ARCH_X86_64, 11, false},
	{AUDIT_ARCH_I386, 11, true},
	{AUDIT_ARCH_I386, 358, true},
	{AUDIT_ARCH_I386, 59, false},
	{AUDIT_ARCH_AARCH64, 221, false},
#endif
	{0, 59, false},
};

static uint32_t answer(uint32_t action, uint32_t arch, int nr)
{
	struct sock_filter f[EXEC_FILTER_MAX];
	struct seccomp_data call = {.arch = arch, .nr = nr};

	return seccomp_filter_simulate(f, exec_filter_make(action, f), &call);
}

static void test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (answer(SECCOMP_RET_USER_NOTIF, calls[i].arch, calls[i].nr) !=
		    (calls[i].seen ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW))
			fail_msg("arch %x, call %d", calls[i].arch, calls[i].nr);
}

/* The table's own numbers are those of this C library, whatever the architecture. */
static void test_native(void **state)
{
	(void)state;
	assert_int_equal(answer(SECCOMP_RET_LOG, seccomp_native_arch(), SYS_execve), SECCOMP_RET_LOG);
	assert_int_equal(answer(SECCOMP_RET_LOG, seccomp_native_arch(), SYS_execveat), SECCOMP_RET_LOG);
	for (int nr = 0; nr < 600; nr++)
		if (nr != SYS_execve && nr != SYS_execveat)
			assert_int_equal(answer(SECCOMP_RET_LOG, seccomp_native_arch(), nr), SECCOMP_RET_ALLOW);
}

static void test_bounds(void **state)
{
	struct sock_filter f[EXEC_FILTER_MAX];
	size_t n = exec_filter_make(SECCOMP_RET_LOG, f);

	(void)state;
	assert_true(n > 0 && n <= EXEC_FILTER_MAX);
	assert_int_equal(seccomp_filter_check(f, n), 0);
}

/* Asked about is all but the base, of this architecture alone. */
static void test_record(void **state)
{
	struct sock_filter f[RECORD_FILTER_MAX];
	size_t n = record_filter_make(f);

	(void)state;
	assert_true(n <= RECORD_FILTER_MAX);
	assert_int_equal(seccomp_filter_check(f, n), 0);
	for (int nr = 0; nr < 600; nr++) {
		const struct seccomp_data native = {.nr = nr, .arch = seccomp_native_arch()}, other = {.nr = nr, .arch = AUDIT_ARCH_S390};
		bool base = false;

		for (size_t i = 0; i < callname_base_n; i++)
			base |= callname_base[i] == (uint32_t)nr;
		assert_int_equal(seccomp_filter_simulate(f, n, &native), base ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF);
		assert_int_equal(seccomp_filter_simulate(f, n, &other), SECCOMP_RET_USER_NOTIF);
	}
}

/* Names and numbers agree, and the base has names. */
static void test_names(void **state)
{
	(void)state;
	assert_string_equal(callname_of(SYS_openat), "openat");
	assert_string_equal(callname_of(SYS_exit_group), "exit_group");
	assert_null(callname_of(100000));
	for (size_t i = 0; i < callname_base_n; i++)
		assert_true(callname_is_known(callname_of(callname_base[i])));
	assert_false(callname_is_known("nosuch"));
}

TESTS("runtime/exec_filter", cmocka_unit_test(test_record), cmocka_unit_test(test_names), cmocka_unit_test(test_calls), cmocka_unit_test(test_native), cmocka_unit_test(test_bounds))
