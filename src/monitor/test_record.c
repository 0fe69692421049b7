/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "monitor/exec_head.h"
#include "monitor/record.h"

#include <elf.h>

static void test_tally(void **state)
{
	struct tally t = {.max = 1000};
	char key[16];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++) {
			struct tally_item *item;

			snprintf(key, sizeof(key), "%d", i);
			item = tally_add(&t, key, 1U << round);
			assert_non_null(item);
			assert_string_equal(item->key, key);
			assert_int_equal(item->n, round + 1);
		}
	assert_int_equal(t.n, 1000);
	assert_int_equal(t.items[999].bits, 3);
	assert_null(tally_add(&t, "one more", 0));
	assert_int_equal(t.lost, 1);
	assert_non_null(tally_add(&t, "17", 0));
	tally_done(&t);
}

static void test_interpreters(void **state)
{
	static const struct {
		const char *head, *path;
	} cases[] = {
		{"#!/bin/sh\n", "/bin/sh"}, {"#! \t/bin/sh -e\n", "/bin/sh"}, {"#!/bin/sh", "/bin/sh"}, {"#!sh\n", NULL}, {"#!\n", NULL},
		{"#!", NULL}, {"", NULL}, {"\177ELF", NULL}, {"\177ELF\2\1\1", NULL}, {"text", NULL},
	};
	char path[EXEC_HEAD_PATH], head[EXEC_HEAD_SIZE] = "";
	Elf64_Ehdr e = {.e_phoff = sizeof(e), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2};
	Elf64_Phdr p = {.p_type = PT_INTERP, .p_offset = 512, .p_filesz = 8};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = exec_head_interpreter(cases[i].head, strlen(cases[i].head), path);

		assert_int_equal(r, cases[i].path ? 0 : -ENOENT);
		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
	}
	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = ELFCLASS64;
	memcpy(head, &e, sizeof(e));
	memcpy(head + sizeof(e) + sizeof(p), &p, sizeof(p));
	memcpy(head + 512, "/lib/ld", 8);
	assert_int_equal(exec_head_interpreter(head, sizeof(head), path), 0);
	assert_string_equal(path, "/lib/ld");
	/* what lies behind the end is not looked at */
	assert_int_equal(exec_head_interpreter(head, 515, path), -ENOENT);
	p.p_offset = UINT64_MAX - 2;
	memcpy(head + sizeof(e) + sizeof(p), &p, sizeof(p));
	assert_int_equal(exec_head_interpreter(head, sizeof(head), path), -ENOENT);
}

static void test_modes(void **state)
{
	uint32_t groups[] = {50, 60};
	const struct proc_status st = {.uid = {1, 1, 1, 1}, .gid = {2, 2, 2, 2}, .groups = groups, .n_groups = 2};

	(void)state;
	/* the owner's bits count for the owner, and for no one else */
	assert_true(asker_may(&st, 1, 9, 0600, 6));
	assert_false(asker_may(&st, 1, 2, 0077, 4));
	assert_true(asker_may(&st, 9, 2, 0040, 4));
	assert_true(asker_may(&st, 9, 60, 0040, 4));
	assert_false(asker_may(&st, 9, 60, 0040, 6));
	assert_false(asker_may(&st, 9, 50, 0007, 1));
	assert_true(asker_may(&st, 9, 9, 0005, 5));
}

TESTS("monitor/record", cmocka_unit_test(test_tally), cmocka_unit_test(test_interpreters), cmocka_unit_test(test_modes))
