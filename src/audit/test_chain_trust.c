/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whose statement about a pid is believed: the witness's, and root's own where the kernel's stamp says that it was root. */
#include "audit/chain.h"

#include "base/testing.h"

static struct log_event start_record(const char *trust, uint32_t uid)
{
	struct log_event ev = {.kind = LOG_VIRT, .serial = 101, .done = true, .pid = 10, .uid = uid, .ses = 5, .auid = 1000, .comm = "", .exe = ""};

	ev.virt = (struct log_virt){.virt = "ranby", .op = "start", .reason = "", .vm = "box", .uuid = "", .ctr = "", .trust = trust,
				    .image = "", .uid_map = "", .vm_pid = 50, .init_pid = 50, .init_start = 7, .vm_start = 7,
				    .pid_ns = 9, .ses_of = LOG_NONE, .starter_ses = 5, .starter_auid = 1000, .success = true};
	return ev;
}

static void test_whose_word_counts(void **state)
{
	static const struct {
		const char *trust;
		uint32_t uid;
		enum chain_where want;
	} cases[] = {
		{"live", 1000, CHAIN_CONTAINER}, {"live", 0, CHAIN_CONTAINER},  {"root", 0, CHAIN_CONTAINER}, {"root", 1000, CHAIN_UNKNOWN},
		{"caller", 0, CHAIN_UNKNOWN},    {"caller", 1000, CHAIN_UNKNOWN}, {"", 0, CHAIN_UNKNOWN},     {"rooted", 0, CHAIN_UNKNOWN},
	};
	const struct log_event exec = {.kind = LOG_SYSCALL, .call = LOG_CALL_EXEC, .serial = 102, .done = true, .pid = 50, .ppid = 20,
				       .ses = 5, .auid = 1000, .uid = 1000, .comm = "", .exe = ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_event ev = start_record(cases[i].trust, cases[i].uid);
		_cleanup_(chain_freep) struct chain *c = NULL;
		struct chain_answer a;

		assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
		assert_int_equal(chain_feed(c, &ev, NULL), 0);
		assert_int_equal(chain_feed(c, &exec, NULL), 0);
		chain_ask(c, exec.serial, &a);
		if (a.where != cases[i].want)
			fail_msg("case %zu: %s", i, chain_doubt_text(a.doubt));
	}
}

TESTS("audit/chain, trust", cmocka_unit_test(test_whose_word_counts))
