/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The chain solver in scenes that were met, a few events each. What a whole machine does is in test_chain.c. */
#include "audit/chain.h"

#include "base/testing.h"

#include <sched.h>

/* Serials count themselves. */
static void feed(struct chain *c, uint32_t *serial, struct log_event ev)
{
	ev.kind = LOG_SYSCALL;
	ev.done = true;
	ev.serial = ++*serial;
	ev.ses = 5;
	ev.auid = ev.uid = 1000;
	ev.comm = ev.exe = "";
	assert_int_equal(chain_feed(c, &ev, NULL), 0);
}

static struct chain_answer asked(struct chain *c, uint32_t serial)
{
	struct chain_answer a;

	chain_ask(c, serial, &a);
	return a;
}

/*
 * Another engine, all of it in a user and mount namespace of its own: its monitor (20) has the runtime (21), which makes init (22)
 * and ends. init's parent is the monitor then, of which nobody knows where it is; but it is the one that it can be.
 */
static void test_adopted_by_an_engine(void **state)
{
	static const struct {
		bool lost, reborn;
		uint32_t new_parent;
		enum chain_where want;
	} cases[] = {
		{false, false, 20, CHAIN_CONTAINER},
		{false, false, 19, CHAIN_UNKNOWN}, /* not the runtime's parent */
		{true, false, 20, CHAIN_UNKNOWN},  /* what is missing may have been a fork that gave the number away */
		{false, true, 20, CHAIN_UNKNOWN},  /* and this did */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int whole = 0; whole < 2; whole++) {
			_cleanup_(chain_freep) struct chain *c = NULL;
			uint32_t serial = 100;

			assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
			feed(c, &serial, (struct log_event){.call = LOG_CALL_UNSHARE, .pid = 20, .ppid = 19, .ns_flags = CLONE_NEWNS | CLONE_NEWUSER});
			feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = 20, .ppid = 19, .exit = 21});
			feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = 21, .ppid = 20, .exit = 22, .ns_flags = CLONE_NEWNS | CLONE_NEWPID});
			feed(c, &serial, (struct log_event){.call = LOG_CALL_MOUNT, .pid = 22, .ppid = 21});
			assert_int_equal(chain_anchor(c, &(struct chain_anchor){.pid = 22, .serial = whole ? 0 : serial, .name = "box"}, NULL), 0);
			feed(c, &serial, (struct log_event){.call = LOG_CALL_EXIT, .pid = 21, .ppid = 20});
			serial += cases[i].lost;
			if (cases[i].reborn)
				feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = 20, .ppid = 19, .exit = 22});
			feed(c, &serial, (struct log_event){.call = LOG_CALL_EXEC, .pid = 22, .ppid = cases[i].new_parent});
			if (asked(c, serial).where != cases[i].want)
				fail_msg("case %zu, %s: %s", i, whole ? "whole" : "from a serial", chain_doubt_text(asked(c, serial).doubt));
			feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = 22, .ppid = cases[i].new_parent, .exit = 2});
			feed(c, &serial, (struct log_event){.call = LOG_CALL_EXEC, .pid = 30, .ppid = 22});
			assert_int_equal(asked(c, serial).where, cases[i].want);
		}
}

/* A shell (10) logged in; a program of many threads (20) vforks 21, which has done its work and is gone before that is recorded. */
static void test_vfork_by_one_of_many_threads(void **state)
{
	static const struct {
		bool lost;
		unsigned others; /* serials until the vfork's record comes; the first is another thread's */
		enum chain_where want;
	} cases[] = {
		{false, 1, CHAIN_HOST},
		{false, 50, CHAIN_HOST},
		{false, 200, CHAIN_HOST},
		{false, 600, CHAIN_UNKNOWN}, /* the number may have been used again by then */
		{true, 50, CHAIN_UNKNOWN}, /* what is missing may have been an unshare, or the fork that made it */
		{true, 200, CHAIN_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(chain_freep) struct chain *c = NULL;
		uint32_t serial = 101, at;

		assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
		assert_int_equal(chain_feed(c, &(struct log_event){.kind = LOG_LOGIN, .serial = serial, .pid = 10, .ppid = 1, .uid = 0, .ses = 5,
								   .auid = 1000, .done = true, .comm = "", .exe = ""}, NULL), 0);
		feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = 10, .ppid = 1, .exit = 20});
		feed(c, &serial, (struct log_event){.call = LOG_CALL_EXEC, .pid = 20, .ppid = 10});
		serial += cases[i].lost;
		feed(c, &serial, (struct log_event){.call = LOG_CALL_EXEC, .pid = 21, .ppid = 20});
		at = serial;
		feed(c, &serial, (struct log_event){.call = LOG_CALL_EXIT, .pid = 21, .ppid = 20});
		feed(c, &serial, (struct log_event){.call = LOG_CALL_CLONE3, .pid = 20, .ppid = 10, .exit = 25});
		for (unsigned k = 1; k < cases[i].others; k++)
			feed(c, &serial, (struct log_event){.call = LOG_CALL_OTHER, .pid = 10, .ppid = 1});
		feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = 20, .ppid = 10, .exit = 21});
		if (asked(c, at).where != cases[i].want)
			fail_msg("case %zu: %s", i, chain_doubt_text(asked(c, at).doubt));
	}
}

/* Init (50) and its shell (70) count their children from 2: one of these numbers is init's own on the host, and says nothing about it. */
static void own_number(bool by_shell)
{
	_cleanup_(chain_freep) struct chain *c = NULL;
	uint32_t serial = 100;

	assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
	feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = 20, .ppid = 19, .exit = 50, .ns_flags = CLONE_NEWNS | CLONE_NEWPID});
	feed(c, &serial, (struct log_event){.call = LOG_CALL_EXEC, .pid = 50, .ppid = 20});
	assert_int_equal(chain_anchor(c, &(struct chain_anchor){.pid = 50, .serial = serial, .name = "box"}, NULL), 0);
	for (uint32_t n = 2; n < 100; n++) {
		bool shell = by_shell && n > 2;

		feed(c, &serial, (struct log_event){.call = LOG_CALL_FORK, .pid = shell ? 70 : 50, .ppid = shell ? 50 : 20, .exit = n});
		feed(c, &serial, (struct log_event){.call = LOG_CALL_EXEC, .pid = 1000 + n, .ppid = shell ? 70 : 50});
		if (asked(c, serial).where != CHAIN_CONTAINER)
			fail_msg("child %u: %s", n, chain_doubt_text(asked(c, serial).doubt));
	}
}

static void test_own_number_in_its_namespace(void **state)
{
	(void)state;
	own_number(false);
	own_number(true);
}

TESTS("audit/chain, scenes", cmocka_unit_test(test_own_number_in_its_namespace), cmocka_unit_test(test_vfork_by_one_of_many_threads),
      cmocka_unit_test(test_adopted_by_an_engine))
