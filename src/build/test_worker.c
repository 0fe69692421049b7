/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What a stage's process answers is what the stages after it see, and what is no answer is none. */
#include "base/testing.h"
#include "build/worker.h"

#include "oci/image_config.h"
#include "sys/fd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define STAGES 3

struct two {
	struct stage stages[STAGES];
	struct session s;
};

static void begin(struct two *t)
{
	*t = (struct two){.s = {.n_stages = STAGES}};
	t->s.stages = t->stages;
	for (size_t i = 0; i < STAGES; i++)
		t->stages[i].index = i;
}

static void end(struct two *t)
{
	for (size_t i = 0; i < STAGES; i++) {
		image_state_done(&t->stages[i].state);
		strv_done(&t->stages[i].args);
	}
	vars_done(&t->s.vars);
}

/* The answer of stage 3, which has said all it can. */
static void answer(struct buf *text, int r, const char *why)
{
	struct two w;
	struct err e = {0};

	begin(&w);
	assert_int_equal(image_state_begin(&w.stages[2].state, NULL, "linux/amd64", NULL), 0);
	assert_int_equal(image_state_env(&w.stages[2].state, "A", "b"), 0);
	assert_int_equal(strv_add(&w.stages[2].args, "X=1") | strv_add(&w.stages[2].args, "Y=\xff\n"), 0);
	assert_int_equal(strv_add(&w.s.vars.used, "X") | strv_add(&w.s.vars.used, "Y"), 0);
	w.stages[2].waits[1] = r == STAGE_WAITS;
	if (why)
		err_exit(&e, (err_set(&e, -r, "%s", why), 7));
	assert_int_equal(worker_answer(&w.s, &w.stages[2], r, &e, text), 0);
	end(&w);
}

static void test_made(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct stage *sg;
	struct two b;

	(void)state;
	answer(&text, 0, NULL);
	begin(&b);
	sg = &b.stages[2];
	assert_int_equal(strv_add(&b.s.vars.used, "Y"), 0);
	assert_int_equal(worker_answer_parse(&b.s, sg, &text, NULL), STAGE_MADE);
	assert_true(sg->made);
	assert_null(sg->img);
	assert_int_equal(sg->args.n, 2);
	assert_string_equal(sg->args.items[1], "Y=\xff\n");
	assert_int_equal(b.s.vars.used.n, 2);
	assert_string_equal(b.s.vars.used.items[1], "X");
	assert_string_equal(json_object_get_string(json_object_array_get_idx(json_at(sg->state.config, "Env"), 1)), "A=b");
	end(&b);
}

static void test_failed(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct err e = {0};
	struct two b;

	(void)state;
	answer(&text, -ECHILD, "exit status 7");
	begin(&b);
	assert_int_equal(worker_answer_parse(&b.s, &b.stages[2], &text, &e), -ECHILD);
	assert_string_equal(e.text, "exit status 7");
	assert_int_equal(e.exit_code, 7);
	assert_false(b.stages[2].made);
	end(&b);
}

/* One whose configuration nobody could read says so. */
static void test_large(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_free_ char *value = calloc(1, IMAGE_CONFIG_MAX + 1);
	struct err e = {0};
	struct two w;

	(void)state;
	memset(value, 'x', IMAGE_CONFIG_MAX);
	begin(&w);
	assert_int_equal(image_state_begin(&w.stages[2].state, NULL, "linux/amd64", NULL), 0);
	assert_int_equal(image_state_label(&w.stages[2].state, "l", value), 0);
	assert_int_equal(strv_add(&w.stages[2].args, "X=1"), 0);
	assert_int_equal(worker_answer(&w.s, &w.stages[2], 0, &e, &text), 0);
	end(&w);
	begin(&w);
	assert_int_equal(worker_answer_parse(&w.s, &w.stages[2], &text, &e), -EFBIG);
	assert_string_equal(e.text, "image config: larger than 4194304 bytes");
	end(&w);
}

/* So does one with more than is passed on. */
static void test_many(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_free_ char *value = calloc(1, (1 << 20) + 1);
	struct err e = {0};
	struct two w;

	(void)state;
	memset(value, 'x', 1 << 20);
	begin(&w);
	assert_int_equal(image_state_begin(&w.stages[2].state, NULL, "linux/amd64", NULL), 0);
	for (int i = 0; i < 17; i++)
		assert_int_equal(strv_addf(&w.stages[2].args, "X%d=%s", i, value), 0);
	assert_int_equal(worker_answer(&w.s, &w.stages[2], 0, &e, &text), 0);
	end(&w);
	begin(&w);
	assert_int_equal(worker_answer_parse(&w.s, &w.stages[2], &text, &e), -E2BIG);
	assert_string_equal(e.text, "ARG: more than 16 MiB of values; --jobs 1 takes them");
	end(&w);
}

static void test_waits(void **state)
{
	static struct containerfile none;
	static const struct build_request q = {.file = &none};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct two b;

	(void)state;
	answer(&text, STAGE_WAITS, NULL);
	begin(&b);
	b.s.q = &q;
	assert_int_equal(worker_answer_parse(&b.s, &b.stages[2], &text, NULL), STAGE_WAITS);
	assert_true(b.stages[2].waits[1] && b.stages[1].needed && b.stages[2].begun);
	assert_false(b.stages[2].made || b.stages[0].needed);
	end(&b);
	/* one that is not before it */
	begin(&b);
	assert_int_equal(worker_answer_parse(&b.s, &b.stages[1], &text, NULL), -EBADMSG);
	end(&b);
}

/* Of a process that was killed while it wrote, any part. */
static void test_torn(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct two b;
	size_t len;

	(void)state;
	answer(&text, 0, NULL);
	len = text.len;
	begin(&b);
	for (text.len = 0; text.len < len; text.len++)
		assert_int_equal(worker_answer_parse(&b.s, &b.stages[2], &text, NULL), -EBADMSG);
	text.len = len;
	buf_addc(&text, 'x');
	assert_int_equal(worker_answer_parse(&b.s, &b.stages[2], &text, NULL), -EBADMSG);
	text.len = len;
	/* the last list has no end */
	text.data[len - 1] = 'x';
	assert_true(worker_answer_parse(&b.s, &b.stages[2], &text, NULL) < 0);
	assert_false(b.stages[2].made);
	end(&b);
}

#define PIPES 6 /* descriptors that a worker is told by and listened to */

/* Without descriptors for its pipes there is no process, and nobody waits for one. */
static void test_no_descriptors(void **state)
{
	struct rlimit before, few;
	struct build_request q = {.out_fd = 1, .err_fd = 2};

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int left = 0; left < PIPES; left++) {
		struct worker w;
		struct err e = {0};
		struct two t;
		int taken[64], n = 0, r;

		begin(&t);
		t.s.q = &q;
		while ((taken[n] = dup(2)) >= 0)
			n++;
		for (int i = 0; i < left; i++)
			close(taken[--n]);
		/* less than it has patience with what a worker leaves */
		alarm(30);
		r = worker_start(&t.s, &t.stages[1], &w, &e);
		alarm(0);
		while (n > 0)
			close(taken[--n]);
		assert_int_equal(r, -EMFILE);
		assert_string_equal(e.text, "a process for stage 2: Too many open files");
		assert_false(t.stages[1].busy);
		end(&t);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TESTS("build/worker", cmocka_unit_test(test_made), cmocka_unit_test(test_failed), cmocka_unit_test(test_large), cmocka_unit_test(test_many), cmocka_unit_test(test_waits),
      cmocka_unit_test(test_torn), cmocka_unit_test(test_no_descriptors))
