/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The stage that a build ends in waits for all others, so that it is always
 * made here, where its image gets its names. Workers leave the process that
 * began the build nothing to do but to pass their lines on.
 */
#include "build/jobs.h"

#include "build/worker.h"
#include "engine/keeper.h"

#include <poll.h>
#include <stdlib.h>

#define WAITED_FOR (1 + WORKER_STREAMS)

struct jobs {
	struct session *s;
	size_t end, max;
	struct worker *workers; /* `n` of them, no hole */
	size_t n;
};

static bool is_ready(const struct session *s, const struct stage *sg)
{
	if (!sg->needed || sg->made || sg->busy)
		return false;
	for (size_t i = 0; i < sg->index; i++)
		if (sg->waits[i] && !s->stages[i].made)
			return false;
	return true;
}

/* The first of those that can be made now; NULL. */
static struct stage *next_ready(const struct jobs *j, size_t *ret_n)
{
	struct stage *first = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < j->end; i++) {
		struct stage *sg = &j->s->stages[i];

		if (!is_ready(j->s, sg))
			continue;
		first = first ?: sg;
		(*ret_n)++;
	}
	return first;
}

static int start(struct jobs *j, struct stage *sg, struct err *e)
{
	int r = worker_start(j->s, sg, &j->workers[j->n], e);

	if (r == 0)
		j->n++;
	return r;
}

static int end(struct jobs *j, size_t i, struct err *e)
{
	struct worker w = j->workers[i];

	j->workers[i] = j->workers[--j->n];
	return worker_end(j->s, &w, e);
}

static void stop_all(struct jobs *j)
{
	for (size_t i = 0; i < j->n; i++)
		worker_kill(&j->workers[i]);
	while (j->n > 0)
		worker_stop(&j->workers[--j->n]);
}

/* Until one of them says something, or has ended. */
static int await(const struct jobs *j, struct err *e)
{
	struct pollfd p[BUILD_STAGES_MAX * WAITED_FOR];
	nfds_t n = 0;

	for (size_t i = 0; i < j->n; i++) {
		const struct worker *w = &j->workers[i];

		p[n++] = (struct pollfd){.fd = w->answer_fd, .events = POLLIN};
		for (size_t k = 0; k < WORKER_STREAMS; k++)
			p[n++] = (struct pollfd){.fd = w->lines[k].from_fd, .events = POLLIN};
	}
	return poll(p, n, -1) < 0 && errno != EINTR ? err_errno(e, errno, "poll") : 0;
}

/* One that waits for others has its turn again when they are made. */
static int turn(struct jobs *j, struct err *e)
{
	int r = await(j, e);

	for (size_t i = j->n; r >= 0 && i-- > 0;) {
		r = worker_pass(&j->workers[i], e);
		if (r == 0 && j->workers[i].ended)
			r = end(j, i, e);
	}
	return r < 0 ? r : 0;
}

int jobs_make(struct session *s, size_t end_index, struct err *e)
{
	struct jobs j = {.s = s, .end = end_index, .max = s->q->jobs ? s->q->jobs : BUILD_STAGES_MAX};
	int r = 0;

	if (j.max > BUILD_STAGES_MAX)
		j.max = BUILD_STAGES_MAX;
	j.workers = calloc(j.max, sizeof(*j.workers));
	if (!j.workers)
		return err_errno(e, ENOMEM, "stages");
	while (r == 0) {
		size_t ready;
		struct stage *sg = next_ready(&j, &ready);

		if (!sg && j.n == 0)
			break;
		if (j.n == 0 && ready == 1) {
			r = session_make_one(s, sg, e);
			continue;
		}
		/* a process of its own cannot be waited for by a worker */
		r = keeper_ready(s->q->keeper, e);
		keeper_tidy(s->q->keeper);
		if (r == 0)
			r = sg && j.n < j.max ? start(&j, sg, e) : turn(&j, e);
	}
	stop_all(&j);
	free(j.workers);
	return r;
}
