/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A smaller filter is the same filter: random programs are asked about every constant in them, and its neighbours. */
#include "base/testing.h"
#include "sys/seccomp.h"
#include "sys/seccomp_shrink.h"

#include <linux/audit.h>
#include <stdlib.h>

#define INSNS 400
#define PROGRAMS 300

static uint32_t state_now = 1;

static uint32_t chance(uint32_t below)
{
	state_now = state_now * 1664525 + 1013904223;
	return (state_now >> 8) % below;
}

static uint32_t constant(void)
{
	static const uint32_t some[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, 0x40000000, 0, UINT32_MAX};

	return chance(8) == 0 ? some[chance(ARRAY_SIZE(some))] : chance(64);
}

static uint8_t distance(size_t left)
{
	return (uint8_t)chance(left < 255 ? (uint32_t)left : 255);
}

/* Mostly comparisons, and a load now and then: an argument's with `arguments`. */
static void random_program(struct sock_filter *p, size_t n, bool arguments)
{
	static const uint16_t ops[] = {BPF_JEQ, BPF_JGT, BPF_JGE};

	p[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, chance(2) ? 0 : 4);
	for (size_t i = 1; i < n; i++) {
		size_t left = n - 1 - i; /* instructions behind the next one */
		uint32_t word = chance(arguments ? 6 : 2);

		if (left < 2 || chance(6) == 0)
			p[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | chance(5));
		else if (chance(8) == 0)
			p[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, word < 2 ? 4 * word : 16 + 4 * word);
		else if (chance(12) == 0)
			p[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(left));
		else
			p[i] = (struct sock_filter){.code = (uint16_t)(BPF_JMP | BPF_K | ops[chance(3)]), .jt = distance(left),
						    .jf = distance(chance(4) ? 2 : left), .k = constant()};
	}
}

static void same_answers(const struct sock_filter *a, size_t n_a, const struct sock_filter *b, size_t n_b)
{
	static const uint32_t arches[] = {0, 1, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, UINT32_MAX, 17, 40};
	static const uint32_t far[] = {0x3fffffff, 0x40000000, 0x40000001, UINT32_MAX};

	for (uint32_t i = 0; i < 70 * ARRAY_SIZE(arches); i++) {
		uint32_t nr = i % 70 < 66 ? i % 70 : far[i % 70 - 66];

		for (uint64_t arg = 0; arg < 64; arg += 9) {
			struct seccomp_data call = {.nr = (int)nr, .arch = arches[i / 70], .args = {arg, arg << 32, arg}};

			assert_int_equal(seccomp_filter_simulate(a, n_a, &call), seccomp_filter_simulate(b, n_b, &call));
		}
	}
}

static void test_random(void **state)
{
	unsigned smaller = 0;

	(void)state;
	for (unsigned i = 0; i < PROGRAMS; i++) {
		struct sock_filter p[INSNS], *small = NULL;
		size_t n = 20 + chance(INSNS - 20), n_small = 0;
		int r;

		random_program(p, n, i % 2 == 1);
		assert_int_equal(seccomp_filter_check(p, n), 0);
		r = seccomp_filter_shrink(p, n, &small, &n_small);
		assert_true(r == 0 || r == -ENOTSUP);
		if (r < 0)
			continue;
		smaller++;
		assert_true(n_small < n);
		assert_int_equal(seccomp_filter_check(small, n_small), 0);
		same_answers(p, n, small, n_small);
		free(small);
	}
	assert_true(smaller > PROGRAMS / 2);
}

/* A search so long that its ends are out of reach of each other's jumps, and at both of them an argument is looked at. */
static void test_far(void **state)
{
	struct sock_filter p[2 * 600 + 6], *small = NULL;
	size_t n = 0, n_small = 0;

	(void)state;
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	for (uint32_t nr = 1; nr < 600; nr++) {
		p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1);
		p[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (nr % 3 + 1));
	}
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16);
	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
	assert_int_equal(seccomp_filter_shrink(p, n, &small, &n_small), 0);
	assert_true(n_small > 2 * 255);
	for (uint32_t nr = 0; nr < 610; nr++)
		for (uint64_t arg = 0; arg < 2; arg++) {
			struct seccomp_data call = {.nr = (int)nr, .arch = AUDIT_ARCH_X86_64, .args = {arg}};

			assert_int_equal(seccomp_filter_simulate(p, n, &call), seccomp_filter_simulate(small, n_small, &call));
		}
	free(small);
}

/* What computes with the number is left alone, and what is no filter is refused. */
static void test_not(void **state)
{
	const struct sock_filter masked[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),	     BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	const struct sock_filter bits[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	const struct sock_filter open_end[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)};
	struct sock_filter *small = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(seccomp_filter_shrink(masked, ARRAY_SIZE(masked), &small, &n), -ENOTSUP);
	assert_int_equal(seccomp_filter_shrink(bits, ARRAY_SIZE(bits), &small, &n), -ENOTSUP);
	assert_int_equal(seccomp_filter_shrink(open_end, 1, &small, &n), -EINVAL);
	assert_int_equal(seccomp_filter_shrink(open_end, 0, &small, &n), -EINVAL);
	assert_null(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
