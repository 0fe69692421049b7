/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "runtime/message.h"
#include "runtime/plan.h"
#include "sys/fd.h"
#include "sys/memfd.h"

#include <sys/mman.h>
#include <sys/socket.h>

static int seal(struct plan_writer *w)
{
	struct err e = {0};
	int fd = -1;

	if (plan_seal(w, &fd, &e) < 0)
		fail_msg("%s", e.text);
	plan_writer_done(w);
	return fd;
}

static void fill(struct plan_writer *w)
{
	char *args[] = {(char[]){"sh"}, (char[]){""}, (char[]){"x"}};
	const uint32_t groups[] = {5, 6};

	plan_writer_init(w);
	w->head.cwd = plan_string(w, "/");
	w->head.hostname = plan_string(w, NULL);
	w->head.args = plan_strings(w, args, ARRAY_SIZE(args));
	w->head.groups = plan_items(w, groups, ARRAY_SIZE(groups), sizeof(groups[0]));
}

static void test_round_trip(void **state)
{
	struct plan_writer w;
	struct plan *p = NULL;
	struct err e = {0};
	int fd;

	(void)state;
	fill(&w);
	fd = seal(&w);
	/* sealed: not even by us */
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(plan_open(fd, &p, &e), 0);
	close(fd);
	assert_string_equal(plan_str(p, p->cwd), "/");
	assert_null(plan_str(p, p->hostname));
	assert_int_equal(p->args.n, 3);
	assert_string_equal(plan_str_at(p, p->args, 0), "sh");
	assert_string_equal(plan_str_at(p, p->args, 1), "");
	assert_int_equal(((const uint32_t *)plan_at(p, p->groups))[1], 6);
	munmap(p, p->size);
}

/* Every single byte changed: refused or still sound, never a wild offset. */
static void test_damaged(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct plan_writer w;
	int fd;

	(void)state;
	fill(&w);
	fd = seal(&w);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, PLAN_MAX, &b), 0);
	close(fd);
	for (size_t i = 0; i < b.len; i++) {
		struct plan *p = NULL;
		char was = b.data[i];

		b.data[i] = (char)(was ^ 0x7f);
		assert_int_equal(memfd_seal_bytes("t", b.data, b.len, &fd), 0);
		b.data[i] = was;
		if (plan_open(fd, &p, NULL) == 0) {
			for (size_t k = 0; k < p->args.n; k++)
				assert_true(strlen(plan_str_at(p, p->args, k)) < p->size);
			munmap(p, p->size);
		}
		close(fd);
	}
}

/* The table of messages: what each state takes, and nothing else. */
static void test_messages(void **state)
{
	static const enum message_state states[] = {
		INIT_WAITS_MAP, CREATE_WAITS_READY, INIT_WAITS_START, STARTER_WAITS_CONFINED, STARTER_WAITS_EXEC,
	};
	static const enum message_type takes[] = {
		[INIT_WAITS_MAP] = MESSAGE_MAPPED,           [CREATE_WAITS_READY] = MESSAGE_READY,
		[INIT_WAITS_START] = MESSAGE_START,          [STARTER_WAITS_CONFINED] = MESSAGE_CONFINED,
		[STARTER_WAITS_EXEC] = MESSAGE_NONE,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		for (int type = MESSAGE_NONE; type <= MESSAGE_CONFINED; type++) {
			enum message_type got = MESSAGE_FAILED;
			int sv[2], r;

			assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv), 0);
			if (type != MESSAGE_NONE)
				assert_int_equal(message_send(sv[0], (enum message_type)type, NULL), 0);
			close(sv[0]);
			r = message_receive(sv[1], states[i], &got, NULL);
			close(sv[1]);
			assert_int_equal(r == 0, type == (int)takes[states[i]]);
			if (r == 0)
				assert_int_equal(got, type);
			else
				assert_int_equal(r, type == MESSAGE_NONE ? -ENODATA : -EPROTO);
		}
	}
}

static void test_failure_travels(void **state)
{
	struct err sent = {0}, e = {0};
	enum message_type got;
	int sv[2];

	(void)state;
	(void)err_errno(&sent, ENOENT, "execute");
	err_exit(&sent, EXIT_NOT_FOUND);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv), 0);
	assert_int_equal(message_send(sv[0], MESSAGE_FAILED, &sent), 0);
	assert_int_equal(message_receive(sv[1], STARTER_WAITS_EXEC, &got, &e), -ENOENT);
	assert_string_equal(e.text, sent.text);
	assert_int_equal(e.exit_code, 127);
	/* init may not say it of itself */
	assert_int_equal(message_send(sv[0], MESSAGE_FAILED, &sent), 0);
	assert_int_equal(message_receive(sv[1], INIT_WAITS_START, &got, &e), -EPROTO);
	close(sv[0]);
	close(sv[1]);
}

TESTS("runtime/plan", cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damaged), cmocka_unit_test(test_messages),
      cmocka_unit_test(test_failure_travels))
