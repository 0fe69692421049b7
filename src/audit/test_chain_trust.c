/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whose statement about a pid is believed: the witness's and root's own, where the kernel's stamp says that its sender was on the host. */
#include "audit/chain.h"

#include "base/testing.h"

#include <sched.h>

#define UNSET LOG_NONE

enum from { NOWHERE, LOGIN, BELOW_LOGIN, BELOW_LEAVER, JOINER, VFORKED_LEAVER, IN_CONTAINER, BELOW_CONTAINER, NAMESPACE };

struct given {
	enum from from;
	const char *trust;
	uint32_t uid, ses;
	bool roots;  /* root has had a container recorded in that session */
	enum chain_where want;
};

static struct log_event record(const char *trust, const char *vm, uint32_t sender, uint32_t uid, uint32_t ses, uint32_t pid)
{
	struct log_event ev = {.kind = LOG_VIRT, .done = true, .pid = sender, .uid = uid, .ses = ses, .auid = 1000, .comm = "", .exe = ""};

	ev.virt = (struct log_virt){.virt = "ranby", .op = "start", .reason = "", .vm = vm, .uuid = "", .ctr = "", .trust = trust,
				    .image = "", .uid_map = "", .vm_pid = pid, .init_pid = pid, .init_start = pid, .vm_start = pid,
				    .pid_ns = 9, .ses_of = LOG_NONE, .starter_ses = 5, .starter_auid = 1000, .success = true};
	return ev;
}

static struct log_event call(enum log_call what, uint32_t pid, uint32_t ppid)
{
	return (struct log_event){.kind = LOG_SYSCALL, .call = what, .done = true, .pid = pid, .ppid = ppid, .ses = 5, .auid = 1000, .uid = 1000,
				  .comm = "", .exe = ""};
}

static struct log_event fork_of(uint32_t pid, uint32_t ppid, uint32_t child)
{
	struct log_event ev = call(LOG_CALL_FORK, pid, ppid);

	ev.exit = child;
	return ev;
}

static struct log_event entering(enum log_call what, uint32_t pid, uint32_t ppid, uint32_t flags)
{
	struct log_event ev = call(what, pid, ppid);

	ev.ns_flags = flags;
	return ev;
}

static uint32_t feed(struct chain *c, uint32_t *serial, struct log_event ev)
{
	ev.serial = ++*serial;
	assert_int_equal(chain_feed(c, &ev, NULL), 0);
	return ev.serial;
}

/* Session 5 logs in as process 2; 10 is who will send the record. */
static void set_scene(struct chain *c, uint32_t *serial, const struct given *g)
{
	struct log_event login = {.kind = LOG_LOGIN, .done = true, .uid = 0, .pid = g->from == LOGIN ? 10 : 2, .ppid = 1, .ses = 5, .auid = 1000};

	if (g->from != NOWHERE)
		feed(c, serial, login);
	if (g->from == BELOW_LOGIN || g->from == BELOW_LEAVER)
		feed(c, serial, fork_of(2, 1, 10));
	/* as the runtime does, whose recorder stays behind and is no other process by it */
	if (g->from == BELOW_LEAVER) {
		feed(c, serial, entering(LOG_CALL_UNSHARE, 2, 1, CLONE_NEWNS));
		feed(c, serial, call(LOG_CALL_KILL, 10, 2));
	}
	/* as the runtime does for an exec: its children are in the container's pid namespace */
	if (g->from == JOINER) {
		feed(c, serial, fork_of(2, 1, 10));
		feed(c, serial, entering(LOG_CALL_SETNS, 10, 2, CLONE_NEWPID));
		feed(c, serial, fork_of(10, 2, 50));
	}
	if (g->from == VFORKED_LEAVER) {
		feed(c, serial, entering(LOG_CALL_UNSHARE, 10, 2, CLONE_NEWNS));
		feed(c, serial, call(LOG_CALL_EXEC, 10, 2));
		feed(c, serial, fork_of(2, 1, 10));
	}
	if (g->from == IN_CONTAINER || g->from == BELOW_CONTAINER)
		feed(c, serial, record("live", "real", 2, 1000, 5, 40));
	if (g->from == IN_CONTAINER)
		feed(c, serial, call(LOG_CALL_EXEC, 10, 40));
	if (g->from == BELOW_CONTAINER) {
		feed(c, serial, fork_of(40, 2, 2));
		feed(c, serial, fork_of(2, 1, 77));
		feed(c, serial, call(LOG_CALL_EXEC, 41, 40));
		feed(c, serial, call(LOG_CALL_EXEC, 10, 41));
	}
	if (g->from == NAMESPACE) {
		struct log_event ev = fork_of(2, 1, 10);

		ev.ns_flags = CLONE_NEWNS | CLONE_NEWPID;
		feed(c, serial, ev);
	}
	if (g->roots)
		feed(c, serial, record("root", "roots", 1, 0, 5, 60));
}

/* Any record's sender is weighed as those are whose records say where a process is. */
static void test_whose_word_it_is(void **state)
{
	static const struct {
		struct given given;
		enum chain_word want;
	} cases[] = {
		{{LOGIN, "caller", 1000, 5, false, 0}, CHAIN_WORD_BELIEVED},      {{LOGIN, "root", 0, 5, false, 0}, CHAIN_WORD_BELIEVED},
		{{IN_CONTAINER, "caller", 1000, 5, false, 0}, CHAIN_WORD_CLAIMED}, {{IN_CONTAINER, "root", 0, 5, false, 0}, CHAIN_WORD_CLAIMED},
		{{BELOW_CONTAINER, "live", 0, 5, false, 0}, CHAIN_WORD_UNKNOWN},   {{NAMESPACE, "root", 0, 5, false, 0}, CHAIN_WORD_UNKNOWN},
		{{NOWHERE, "caller", 1000, 5, false, 0}, CHAIN_WORD_BELIEVED},    {{NOWHERE, "caller", 1000, 5, true, 0}, CHAIN_WORD_UNKNOWN},
		{{NOWHERE, "root", 0, 5, false, 0}, CHAIN_WORD_UNKNOWN},          {{NOWHERE, "caller", 1000, UNSET, false, 0}, CHAIN_WORD_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct given *g = &cases[i].given;
		_cleanup_(chain_freep) struct chain *c = NULL;
		struct log_event ev = record(g->trust, "box", 10, g->uid, g->ses, 50);
		struct chain_sender sender;
		uint32_t serial = 100;
		enum chain_word word;

		assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
		set_scene(c, &serial, g);
		ev.virt.op = "rm";
		ev.serial = feed(c, &serial, ev);
		chain_sender_of(&ev, &sender);
		word = chain_weigh(c, &sender);
		if (word != cases[i].want)
			fail_msg("case %zu: %s", i, chain_word_text(word));
	}
}

static void test_whose_word_counts(void **state)
{
	static const struct given cases[] = {
		/* who is on the host is believed */
		{LOGIN, "root", 0, 5, false, CHAIN_CONTAINER}, {BELOW_LOGIN, "root", 0, 5, false, CHAIN_CONTAINER},
		{BELOW_LEAVER, "root", 0, 5, false, CHAIN_CONTAINER}, {JOINER, "root", 0, 5, false, CHAIN_CONTAINER}, {LOGIN, "live", 0, 5, false, CHAIN_CONTAINER}, {LOGIN, "live", 1000, 5, true, CHAIN_CONTAINER},
		/* whose words are not about what he has seen, or not what they say */
		{LOGIN, "root", 1000, 5, false, CHAIN_UNKNOWN}, {LOGIN, "caller", 0, 5, false, CHAIN_UNKNOWN},
		{LOGIN, "", 0, 5, false, CHAIN_UNKNOWN}, {LOGIN, "rooted", 0, 5, false, CHAIN_UNKNOWN},
		/* in a container, or where none is recorded */
		{IN_CONTAINER, "root", 0, 5, false, CHAIN_UNKNOWN}, {IN_CONTAINER, "live", 0, 5, false, CHAIN_UNKNOWN},
		{IN_CONTAINER, "live", 1000, 5, false, CHAIN_UNKNOWN}, {BELOW_CONTAINER, "root", 0, 5, false, CHAIN_UNKNOWN},
		{NAMESPACE, "root", 0, 5, false, CHAIN_UNKNOWN}, {VFORKED_LEAVER, "root", 0, 5, false, CHAIN_UNKNOWN},
		/* nobody can say where: the witness's word for a user, in whose login root has no container */
		{NOWHERE, "root", 0, 5, false, CHAIN_UNKNOWN}, {NOWHERE, "root", 0, UNSET, false, CHAIN_UNKNOWN},
		{NOWHERE, "live", 0, 5, false, CHAIN_UNKNOWN}, {NOWHERE, "live", 1000, 5, false, CHAIN_CONTAINER},
		{NOWHERE, "live", 1000, 5, true, CHAIN_UNKNOWN}, {NOWHERE, "live", 1000, UNSET, false, CHAIN_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct given *g = &cases[i];
		_cleanup_(chain_freep) struct chain *c = NULL;
		struct chain_answer a;
		uint32_t serial = 100, exec;

		assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
		set_scene(c, &serial, g);
		feed(c, &serial, record(g->trust, "box", 10, g->uid, g->ses, 50));
		exec = feed(c, &serial, call(LOG_CALL_EXEC, 50, 20));
		chain_ask(c, exec, &a);
		if (a.where != g->want || (a.where == CHAIN_CONTAINER && strcmp(chain_where_text(c, &a), "box") != 0))
			fail_msg("case %zu: %s, %s", i, chain_where_text(c, &a), chain_doubt_text(a.doubt));
	}
}

/* It is listed, and says what it is; what it names and what that has forked are unknown for that reason. */
static void test_claimed(void **state)
{
	_cleanup_(chain_freep) struct chain *c = NULL;
	uint32_t serial = 100, exec, child;
	struct chain_answer a;

	(void)state;
	assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
	set_scene(c, &serial, &(struct given){.from = IN_CONTAINER});
	feed(c, &serial, record("root", "box", 10, 0, 5, 50));
	exec = feed(c, &serial, call(LOG_CALL_EXEC, 50, 20));
	child = feed(c, &serial, call(LOG_CALL_EXEC, 51, 50));
	assert_int_equal(chain_containers(c), 2);
	assert_false(chain_container_at(c, 0)->claimed);
	assert_true(chain_container_at(c, 1)->claimed);
	chain_ask(c, exec, &a);
	assert_int_equal(a.doubt, CHAIN_CLAIMED);
	chain_ask(c, child, &a);
	assert_int_equal(a.doubt, CHAIN_CLAIMED);
}

/* Another engine's container of root's has no record, but a pid namespace: from then on its processes may be anybody in that session. */
static void test_other_engine(void **state)
{
	(void)state;
	for (uint32_t uid = 0; uid <= 1000; uid += 1000)
		for (int before = 0; before < 2; before++) {
			_cleanup_(chain_freep) struct chain *c = NULL;
			struct log_event ev = entering(LOG_CALL_FORK, 20, 19, CLONE_NEWNS | CLONE_NEWPID);
			uint32_t serial = 100, exec;
			struct chain_answer a;

			ev.uid = uid;
			ev.exit = 30;
			assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
			if (before)
				feed(c, &serial, ev);
			feed(c, &serial, record("live", "box", 10, 1000, 5, 50));
			exec = feed(c, &serial, call(LOG_CALL_EXEC, 50, 20));
			feed(c, &serial, ev);
			chain_ask(c, exec, &a);
			if (a.where != (uid == 0 && before ? CHAIN_UNKNOWN : CHAIN_CONTAINER))
				fail_msg("uid %u, %d: %s", uid, before, chain_doubt_text(a.doubt));
		}
}

/* An exec in a container that was started before the log began: its sender is believed, and is called nothing else. */
static void test_start_not_in_the_log(void **state)
{
	_cleanup_(chain_freep) struct chain *c = NULL;
	struct log_event ev = record("live", "old", 2, 1000, 5, 50);
	uint32_t serial = 100, exec;
	struct chain_answer a;

	(void)state;
	ev.virt.op = "exec";
	ev.virt.init_pid = 40;
	ev.virt.init_start = 40;
	assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
	set_scene(c, &serial, &(struct given){.from = BELOW_LOGIN});
	feed(c, &serial, ev);
	exec = feed(c, &serial, call(LOG_CALL_EXEC, 50, 20));
	chain_ask(c, exec, &a);
	assert_int_equal(a.where, CHAIN_UNKNOWN);
	assert_int_not_equal(a.doubt, CHAIN_CLAIMED);
}

/* In a stream: what was believed until its sender's parent was heard of, which is in a container. Nothing rests on it any more. */
static void test_withdrawn(void **state)
{
	_cleanup_(chain_freep) struct chain *c = NULL;
	struct log_event end = record("zombie", "box", 10, 1000, 5, 50);
	uint32_t serial = 100, exec;
	struct chain_answer a;

	(void)state;
	end.virt.op = "stop";
	assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
	feed(c, &serial, (struct log_event){.kind = LOG_LOGIN, .done = true, .uid = 0, .pid = 2, .ppid = 1, .ses = 5, .auid = 1000});
	feed(c, &serial, record("live", "real", 2, 1000, 5, 40));
	feed(c, &serial, call(LOG_CALL_EXEC, 10, 41));
	feed(c, &serial, record("live", "box", 10, 1000, 5, 50));
	exec = feed(c, &serial, call(LOG_CALL_EXEC, 50, 20));
	feed(c, &serial, end);
	chain_ask(c, exec, &a);
	assert_int_equal(a.where, CHAIN_CONTAINER);
	feed(c, &serial, fork_of(41, 40, 3));
	chain_ask(c, exec, &a);
	assert_true(chain_container_at(c, 1)->claimed);
	assert_int_equal(a.where, CHAIN_UNKNOWN);
}

/* A process of the container says that the container has ended, that its own parent is another container's, or that a host's process is one. */
static void test_changes_nothing(void **state)
{
	static const char *const ops[] = {"stop", "start", "exec"};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(ops); i++) {
		struct log_event ev = record(i % 3 == 0 ? "zombie" : "live", "box", 10, 0, 5, i < 3 ? 40 : 2);
		_cleanup_(chain_freep) struct chain *c = NULL;
		uint32_t serial = 100, inside, outside;
		struct chain_answer a;

		ev.virt.op = ops[i % 3];
		ev.virt.init_pid = 40;
		ev.virt.init_start = 40;
		assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
		set_scene(c, &serial, &(struct given){.from = IN_CONTAINER});
		feed(c, &serial, ev);
		feed(c, &serial, ev);
		inside = feed(c, &serial, call(LOG_CALL_EXEC, 11, 40));
		outside = feed(c, &serial, call(LOG_CALL_EXEC, 2, 1));
		chain_ask(c, inside, &a);
		assert_string_equal(chain_where_text(c, &a), "real");
		assert_int_equal(chain_container_at(c, 0)->stop, 0);
		chain_ask(c, outside, &a);
		assert_string_equal(chain_where_text(c, &a), "host");
	}
}

/* In a stream: the fork that made the sender is recorded after its words, and the question comes before. */
static void test_late_origin(void **state)
{
	_cleanup_(chain_freep) struct chain *c = NULL;
	uint32_t serial = 100, exec;
	struct chain_answer a;

	(void)state;
	assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
	set_scene(c, &serial, &(struct given){.from = NAMESPACE + 1});
	feed(c, &serial, call(LOG_CALL_EXEC, 10, 2));
	feed(c, &serial, record("root", "box", 10, 0, 5, 50));
	exec = feed(c, &serial, call(LOG_CALL_EXEC, 50, 20));
	chain_ask(c, exec, &a);
	assert_int_equal(a.where, CHAIN_UNKNOWN);
	feed(c, &serial, fork_of(2, 1, 10));
	chain_ask(c, exec, &a);
	assert_int_equal(a.where, CHAIN_CONTAINER);
	assert_false(chain_container_at(c, 0)->claimed);
}

TESTS("audit/chain, trust", cmocka_unit_test(test_whose_word_it_is), cmocka_unit_test(test_whose_word_counts), cmocka_unit_test(test_claimed), cmocka_unit_test(test_changes_nothing),
      cmocka_unit_test(test_late_origin), cmocka_unit_test(test_other_engine), cmocka_unit_test(test_start_not_in_the_log),
      cmocka_unit_test(test_withdrawn))
