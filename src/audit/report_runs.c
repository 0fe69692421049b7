/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Events become runs of containers. A run is known by its uuid, which the
 * witness made; where nothing was witnessed, by the container's id as its owner
 * wrote it, each start of it another run. An event belongs to the newest run that
 * fits: by uuid when both have one, else by id. A day has hundreds of
 * thousands of events and tens of thousands of runs, so the newest run of each
 * uuid and id is looked up, not searched for.
 */
#include "audit/report_runs.h"

#include <errno.h>
#include <string.h>

#define NO_RUN SIZE_MAX

/* The newest run of a name: open addressing, never more than half full. */
struct slot {
	const char *name; /* borrowed from the events; NULL: free */
	size_t run;
};
struct places {
	struct slot *by_uuid, *by_ctr, *by_ctr_alone; /* the last: of runs without a uuid */
	size_t size; /* of each, a power of two */
};

static struct slot *find(const struct places *p, struct slot *table, const char *name)
{
	size_t h = 14695981039346656037U;

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211U;
	for (h &= p->size - 1; table[h].name && strcmp(table[h].name, name) != 0; h = (h + 1) & (p->size - 1))
		;
	return &table[h];
}

static size_t newest(const struct places *p, struct slot *table, const char *name)
{
	const struct slot *s = *name ? find(p, table, name) : NULL;

	return s && s->name ? s->run : NO_RUN;
}

static void put(const struct places *p, struct slot *table, const char *name, size_t run)
{
	if (*name)
		*find(p, table, name) = (struct slot){name, run};
}

static const char *ctr_of(const struct report *rep, const struct report_run *run)
{
	return report_word(&rep->events[run->start], "ctr");
}

/* The last run was added. */
static void remember(struct report *rep, struct places *p)
{
	size_t i = rep->n_runs - 1;
	const struct report_run *run = &rep->runs[i];
	size_t before = newest(p, p->by_ctr, ctr_of(rep, run));

	/* that one has ended then, whether or not anybody recorded how */
	if (before != NO_RUN)
		rep->runs[before].again = rep->runs[before].start_ns < run->start_ns;
	put(p, p->by_uuid, run->uuid, i);
	put(p, p->by_ctr, ctr_of(rep, run), i);
	if (!*run->uuid)
		put(p, p->by_ctr_alone, ctr_of(rep, run), i);
}

static struct report_run *run_of(struct report *rep, const struct places *p, const struct report_event *ev)
{
	const char *uuid = report_word(ev, "uuid|run"), *ctr = report_word(ev, "ctr");
	size_t a = newest(p, p->by_uuid, uuid), b = newest(p, *uuid ? p->by_ctr_alone : p->by_ctr, ctr);

	if (a == NO_RUN || (b != NO_RUN && b > a))
		a = b;
	return a == NO_RUN ? NULL : &rep->runs[a];
}

static int add_run(struct report *rep, struct places *p, size_t i)
{
	const struct report_event *ev = &rep->events[i];
	struct report_run *grown = mem_regrow(rep->runs, rep->n_runs + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	rep->runs = grown;
	grown[rep->n_runs++] = (struct report_run){
		.uuid = report_word(ev, "uuid"),
		.name = report_word(ev, "vm|ctr|uuid"),
		.image = report_word(ev, "image|claimed-image"),
		.ended = "",
		.auid = ev->auid,
		.ses = ev->ses,
		.start_ns = ev->ns,
		.start = i,
		.stop = SIZE_MAX,
	};
	remember(rep, p);
	return 0;
}

static int add_tick(struct report_run *run, size_t event)
{
	uint32_t *grown;

	run->n_execs++;
	if (run->n_ticks == REPORT_TICKS_MAX)
		return 0;
	grown = mem_regrow(run->ticks, run->n_ticks + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	run->ticks = grown;
	grown[run->n_ticks++] = (uint32_t)event;
	return 0;
}

static int place_event(struct report *rep, struct places *p, size_t i)
{
	const struct report_event *ev = &rep->events[i];
	struct report_run *run;

	if (ev->kind == REPORT_START && strcmp(report_word(ev, "res"), "failed") != 0) {
		run = run_of(rep, p, ev);
		/* the ledger of its user and that of the system may both have it */
		return run && *run->uuid && strcmp(run->uuid, report_word(ev, "uuid")) == 0 ? 0 : add_run(rep, p, i);
	}
	if (!(ev->kind & (REPORT_STOP | REPORT_EXEC | REPORT_EXECVE)))
		return 0;
	run = run_of(rep, p, ev);
	if (!run)
		return 0;
	if (ev->kind != REPORT_STOP)
		return add_tick(run, i);
	run->stop = i;
	run->stop_ns = ev->ns;
	run->ended = report_word(ev, "reason");
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Which runs' sessions came from somewhere that is said. */
static int find_origins(struct report *rep)
{
	_cleanup_free_ uint32_t *sessions = mem_array(rep->n, sizeof(*sessions));
	size_t n = 0;

	if (!sessions)
		return -ENOMEM;
	for (size_t i = 0; i < rep->n; i++)
		if (rep->events[i].kind == REPORT_LOGIN && *report_word(&rep->events[i], "addr|hostname|terminal"))
			sessions[n++] = rep->events[i].ses;
	if (n > 1)
		qsort(sessions, n, sizeof(*sessions), by_number);
	for (size_t i = 0; n > 0 && i < rep->n_runs; i++)
		rep->runs[i].has_origin = bsearch(&rep->runs[i].ses, sessions, n, sizeof(*sessions), by_number) != NULL;
	return 0;
}

int report_place(struct report *rep)
{
	struct places p = {.size = 16};
	_cleanup_free_ struct slot *slots = NULL;
	int r = 0;

	/* as many runs at most as there are starts */
	for (size_t i = 0, starts = 0; i < rep->n; i++)
		if (rep->events[i].kind == REPORT_START && ++starts * 2 > p.size)
			p.size *= 2;
	slots = mem_array(p.size * 3, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	p.by_uuid = slots;
	p.by_ctr = slots + p.size;
	p.by_ctr_alone = slots + 2 * p.size;
	for (size_t i = 0; i < rep->n && r == 0; i++)
		r = place_event(rep, &p, i);
	/* init's first programs come before the start record of the container that they are in */
	for (size_t i = 0; i < rep->n; i++)
		rep->events[i].started = rep->events[i].kind == REPORT_EXECVE && newest(&p, p.by_uuid, report_word(&rep->events[i], "uuid")) != NO_RUN;
	return r < 0 ? r : find_origins(rep);
}
