/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The chain solver against a machine that is made up: processes that fork,
 * exec, die, are adopted and killed, on the host and in containers, with so
 * few pids that each is used over and over; logins, engines, exec into
 * containers, others' namespaces; records that a container's processes forge; forks that are recorded late; a log that begins in
 * the middle. Where each process was is known here. Records are then left out, and
 * the solver may say less, but never anything wrong.
 */
#include "audit/chain.h"

#include "base/testing.h"
#include "sys/pidns.h"

#include <sched.h>

#define PROCS_MAX 512
#define EVENTS_MAX 60000
#define TRUTH_ROGUE (-1)
#define TRUTH_HOST 0
#define UNSET LOG_NONE

enum script { IDLE, LAUNCHER, MONITOR, RUNTIME, INIT, ENTERED };

struct proc {
	bool used, zombie, subreaper, held;
	uint32_t pid, ses, auid;
	int parent, where; /* TRUTH_* or the number of a container */
	int ns;            /* index of its pid namespace's init; 0: the first one */
	enum script script;
	int step, target;  /* of its script */
	int pending;       /* steps until its fork is recorded; 0: not in a fork */
	struct log_event fork;
};

struct box {
	int init;
	uint64_t start_ticks;
	uint32_t pid, ses, auid, pid_ns;
	bool started, own_pids;
	uint32_t next_local;
};

struct world {
	uint64_t seed;
	struct proc p[PROCS_MAX];
	struct box boxes[4096];
	int n_boxes;
	uint32_t next_pid, pids, serial, next_ses;
	uint64_t ticks;
	bool recording;
	bool forging; /* who is in a container writes records of other processes, as root on the host */
	bool gentle; /* nobody is killed in a fork, and no container fails before its start */
	struct log_event *events;
	int *truth; /* of each event's process */
	size_t n;
};

static uint32_t dice(struct world *w, uint32_t sides)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (uint32_t)((w->seed >> 11) % sides);
}

static void emit(struct world *w, const struct log_event *ev, int truth)
{
	if (!w->recording || w->n == EVENTS_MAX)
		return;
	w->events[w->n] = *ev;
	w->events[w->n].serial = ++w->serial;
	w->truth[w->n++] = truth;
}

static struct log_event call_of(const struct world *w, int i, enum log_call call)
{
	const struct proc *p = &w->p[i];

	return (struct log_event){.kind = LOG_SYSCALL, .call = call, .done = true, .pid = p->pid, .ppid = w->p[p->parent].pid,
				  .ses = p->ses, .auid = p->auid, .uid = p->auid, .comm = "", .exe = ""};
}

/* What audit has rules for: those who logged in. */
static void record(struct world *w, int i, const struct log_event *ev)
{
	if (w->p[i].ses != UNSET)
		emit(w, ev, w->p[i].where);
}

static bool pid_is_free(const struct world *w, uint32_t pid)
{
	for (int i = 0; i < PROCS_MAX; i++)
		if (w->p[i].used && w->p[i].pid == pid)
			return false;
	return true;
}

static uint32_t take_pid(struct world *w)
{
	do {
		w->next_pid++;
		if (w->next_pid >= 300 + w->pids)
			w->next_pid = 300;
	} while (!pid_is_free(w, w->next_pid));
	return w->next_pid;
}

static int new_proc(struct world *w, int parent)
{
	uint32_t used = 0;

	/* enough free ones that the counter goes round slowly, as on any machine */
	for (int i = 0; i < PROCS_MAX; i++)
		used += w->p[i].used;
	if (used + 80 > w->pids)
		return 0;
	for (int i = 1; i < PROCS_MAX; i++)
		if (!w->p[i].used) {
			w->p[i] = (struct proc){.used = true, .pid = take_pid(w), .ses = w->p[parent].ses, .auid = w->p[parent].auid,
						.parent = parent, .where = w->p[parent].where, .ns = w->p[parent].ns};
			return i;
		}
	return 0;
}

static uint32_t local_pid(struct world *w, int caller, int child)
{
	int ns = w->p[caller].ns;

	if (ns == 0)
		return w->p[child].pid;
	for (int k = 1; k <= w->n_boxes; k++)
		if (w->boxes[k].init == ns)
			return ++w->boxes[k].next_local;
	return 2 + dice(w, 300);
}

/* The call ends now, or later: vfork, or the child was faster. */
static int do_fork(struct world *w, int i, uint32_t ns_flags)
{
	int c = new_proc(w, i);
	struct proc *p = &w->p[i];

	if (c == 0)
		return 0;
	p->fork = call_of(w, i, dice(w, 4) ? LOG_CALL_FORK : LOG_CALL_CLONE3);
	if (ns_flags)
		p->fork.call = LOG_CALL_FORK;
	p->fork.ns_flags = ns_flags;
	p->fork.exit = local_pid(w, i, c);
	p->pending = 1 + (dice(w, 3) ? 0 : (int)dice(w, dice(w, 20) ? 12 : 200));
	if (p->pending == 1) {
		p->pending = 0;
		record(w, i, &p->fork);
	}
	return c;
}

static void pass_time(struct world *w)
{
	w->ticks++;
	for (int i = 1; i < PROCS_MAX; i++) {
		struct proc *p = &w->p[i];

		if (!p->used || p->zombie || p->pending == 0 || --p->pending > 0)
			continue;
		p->fork.ppid = w->p[p->parent].pid;
		record(w, i, &p->fork);
	}
}

static int reaper_of(const struct world *w, int father)
{
	for (int a = w->p[father].parent; a > 0 && w->p[a].ns == w->p[father].ns; a = w->p[a].parent)
		if (w->p[a].subreaper && !w->p[a].zombie)
			return a;
	return w->p[father].ns != father ? w->p[father].ns : 0;
}

static void die(struct world *w, int i, bool by_itself)
{
	struct proc *p = &w->p[i];
	struct log_event ev = call_of(w, i, LOG_CALL_EXIT);

	if (i == 0 || p->zombie || (w->gentle && (p->pending > 0 || (p->script != IDLE && !by_itself))))
		return;
	ev.done = false;
	if (by_itself)
		record(w, i, &ev);
	if (p->pending > 0) { /* killed in the middle of a fork: the record has no result */
		p->fork.done = false;
		p->fork.exit = 0;
		p->fork.ppid = w->p[p->parent].pid;
		record(w, i, &p->fork);
		p->pending = 0;
	}
	p->zombie = true;
	for (int k = 1; k < PROCS_MAX; k++)
		if (w->p[k].used && k != i && w->p[k].ns == i)
			die(w, k, false);
	for (int k = 1; k < PROCS_MAX; k++)
		if (w->p[k].used && w->p[k].parent == i)
			w->p[k].parent = reaper_of(w, i);
	if (p->script == MONITOR && p->target > 0 && !w->p[p->target].zombie)
		die(w, p->target, false); /* init asked for that */
}

static void reap(struct world *w, int i)
{
	if (!w->p[i].held)
		w->p[i].used = false;
}

static void do_exec(struct world *w, int i)
{
	struct log_event ev = call_of(w, i, LOG_CALL_EXEC);

	record(w, i, &ev);
}

static void enter(struct world *w, int i, enum log_call call)
{
	struct log_event ev = call_of(w, i, call);

	ev.ns_flags = call == LOG_CALL_MOUNT ? 0 : (uint32_t)CLONE_NEWNS;
	record(w, i, &ev);
}

static void statement(struct world *w, int monitor, int k, int about, const char *op, const char *trust)
{
	const struct box *b = &w->boxes[k];
	static char names[4096][16];
	struct log_event ev = {.kind = LOG_VIRT, .done = true, .pid = 1, .ses = w->p[monitor].ses, .auid = w->p[monitor].auid};

	snprintf(names[k], sizeof(names[k]), "c%d", k);
	ev.virt = (struct log_virt){.virt = "ranby", .op = op, .reason = "", .vm = names[k], .uuid = "", .ctr = "", .trust = trust,
				    .image = "", .uid_map = "", .vm_pid = w->p[about].pid, .init_pid = b->pid,
				    .init_start = b->start_ticks, .vm_start = about == b->init ? b->start_ticks : w->ticks,
				    .pid_ns = b->pid_ns, .ses_of = about == b->init ? UNSET : w->p[about].ses,
				    .starter_ses = b->ses, .starter_auid = b->auid, .success = true};
	emit(w, &ev, TRUTH_HOST);
}

/* Words of somebody in a container, or in a namespace of his own, about whomever it hits. */
static void forge(struct world *w, int i)
{
	static const char *const ops[] = {"start", "start", "exec", "stop"}, *const trusts[] = {"root", "live"};
	struct log_event ev = {.kind = LOG_VIRT, .done = true, .pid = w->p[i].pid, .ses = w->p[i].ses, .auid = w->p[i].auid};
	const struct proc *about = &w->p[1 + dice(w, PROCS_MAX - 1)];
	const struct box *run = &w->boxes[w->n_boxes ? 1 + dice(w, (uint32_t)w->n_boxes) : 0];
	unsigned op = dice(w, ARRAY_SIZE(ops));
	bool init = op < 2;

	if (!about->used)
		return;
	ev.virt = (struct log_virt){.virt = "ranby", .op = ops[op], .reason = "", .vm = "forged", .uuid = "", .ctr = "",
				    .trust = op == 3 ? "zombie" : trusts[dice(w, 2)], .image = "", .uid_map = "", .vm_pid = about->pid,
				    .init_pid = init ? about->pid : run->pid, .init_start = init ? w->ticks : run->start_ticks,
				    .vm_start = w->ticks, .pid_ns = dice(w, 2) ? FIRST_PID_NS : 7, .ses_of = about->ses, .starter_ses = about->ses,
				    .starter_auid = about->auid, .success = true};
	emit(w, &ev, w->p[i].where);
}

/* ---- the engine, one step at a time ---- */

static void launcher_step(struct world *w, int i)
{
	int m = do_fork(w, i, 0);

	w->p[i].script = IDLE;
	if (m == 0)
		return;
	w->p[m].script = MONITOR;
	w->p[m].target = w->p[i].target;
	w->p[m].step = w->p[i].target ? 10 : 0;
	w->p[i].step = -1; /* leaves as soon as it can */
}

static void monitor_step(struct world *w, int i)
{
	struct proc *m = &w->p[i];
	int r, k = m->target;

	switch (m->step) {
	case 0:
	case 10:
		m->subreaper = true;
		do_exec(w, i);
		r = do_fork(w, i, 0);
		if (r == 0) {
			die(w, i, true);
			return;
		}
		w->p[r].script = RUNTIME;
		w->p[r].target = m->step == 10 ? k : 0;
		w->p[r].step = 0;
		m->target = 0;
		m->step++;
		break;
	default: /* init was made, waits; or has ended */
		if (m->target == 0 || !w->p[m->target].used)
			break;
		if (w->p[m->target].zombie) {
			k = w->p[m->target].target;
			if (w->p[m->target].step >= 2 && dice(w, 20))
				statement(w, i, k, m->target, "stop", "zombie");
			w->p[m->target].held = false;
			reap(w, m->target);
			m->target = 0;
			die(w, i, true);
		} else if (w->p[m->target].step == 1 && w->p[m->target].parent == i) {
			k = w->p[m->target].target;
			statement(w, i, k, m->target, m->step >= 11 ? "exec" : "start", k % 2 ? "root" : "live");
			w->p[m->target].step = 2;
		}
	}
}

static int make_box(struct world *w, int init)
{
	int k = ++w->n_boxes;
	struct box *b = &w->boxes[k];

	b->init = init;
	b->start_ticks = w->ticks;
	b->pid = w->p[init].pid;
	b->ses = w->p[init].ses;
	b->auid = w->p[init].auid;
	b->next_local = 1;
	b->own_pids = dice(w, 5) != 0;
	b->pid_ns = b->own_pids ? 4026532000U + (uint32_t)k : FIRST_PID_NS;
	return k;
}

static void runtime_step(struct world *w, int i)
{
	struct proc *r = &w->p[i];
	int c, k = r->target, monitor = r->parent;

	switch (r->step++) {
	case 0:
		do_exec(w, i);
		break;
	case 1:
		enter(w, i, k ? LOG_CALL_SETNS : LOG_CALL_UNSHARE);
		break;
	case 2:
		if (k && (!w->p[w->boxes[k].init].used || w->p[w->boxes[k].init].zombie || w->p[w->boxes[k].init].pid != w->boxes[k].pid)) {
			die(w, i, true);
			break;
		}
		c = do_fork(w, i, k ? 0 : (uint32_t)(CLONE_NEWNS | CLONE_NEWPID));
		if (c == 0 || w->n_boxes >= 4095)
			break;
		if (!k) {
			k = make_box(w, c);
			if (!w->boxes[k].own_pids)
				w->p[i].fork.ns_flags = CLONE_NEWNS;
		}
		w->p[c].script = INIT;
		w->p[c].step = 0;
		w->p[c].where = k;
		w->p[c].target = k;
		w->p[c].held = true;
		w->p[c].ns = w->boxes[k].own_pids ? w->boxes[k].init : 0;
		if (w->p[monitor].script == MONITOR)
			w->p[monitor].target = c;
		break;
	default:
		die(w, i, true);
	}
}

static void init_step(struct world *w, int i)
{
	struct proc *p = &w->p[i];

	switch (p->step) {
	case 0:
		do_exec(w, i);
		p->step = w->gentle || dice(w, 15) ? 1 : 9;
		break;
	case 2:
		do_exec(w, i); /* the payload */
		p->script = IDLE;
		p->step = 3;
		break;
	case 9: /* failed before its start */
		die(w, i, true);
		break;
	default: /* waits */
		break;
	}
}

/* ---- what anybody does ---- */

static void make_rogue(struct world *w, int i)
{
	static const enum log_call calls[] = {LOG_CALL_UNSHARE, LOG_CALL_SETNS};
	int c;

	if (dice(w, 2)) {
		if (w->p[i].where == TRUTH_HOST)
			w->p[i].where = TRUTH_ROGUE;
		enter(w, i, calls[dice(w, 2)]);
		return;
	}
	c = do_fork(w, i, CLONE_NEWNS | CLONE_NEWPID);
	if (c == 0)
		return;
	if (w->p[c].where == TRUTH_HOST)
		w->p[c].where = TRUTH_ROGUE;
	w->p[c].ns = c;
}

static void launch(struct world *w, int i, int into)
{
	int t = do_fork(w, i, 0);

	if (t == 0)
		return;
	w->p[t].script = LAUNCHER;
	w->p[t].target = into;
}

static int some_box(struct world *w)
{
	for (int tries = 0; w->n_boxes > 0 && tries < 8; tries++) {
		int k = w->n_boxes - (int)dice(w, (uint32_t)(w->n_boxes < 12 ? w->n_boxes : 12));
		const struct proc *init = &w->p[w->boxes[k].init];

		if (init->used && !init->zombie && init->pid == w->boxes[k].pid && init->step >= 2 && init->where == k)
			return k;
	}
	return 0;
}

static void idle_step(struct world *w, int i)
{
	struct proc *p = &w->p[i];
	uint32_t d = dice(w, 1000);

	if (p->step < 0) {
		die(w, i, true);
		return;
	}
	if (d < 420)
		(void)do_fork(w, i, 0);
	else if (d < 700)
		do_exec(w, i);
	else if (d < 705)
		make_rogue(w, i);
	else if (d < 725 && p->where == TRUTH_HOST && p->ses != UNSET)
		launch(w, i, 0);
	else if (d < 750 && p->where == TRUTH_HOST && p->ses != UNSET && some_box(w))
		launch(w, i, some_box(w));
	else if (d < 753)
		p->subreaper = true;
	else if (w->forging && d < 770 && p->where != TRUTH_HOST)
		forge(w, i);
	else if (d >= 840)
		die(w, i, dice(w, 4) != 0);
}

static void log_in(struct world *w)
{
	int i = new_proc(w, 0);
	struct log_event ev = {.kind = LOG_LOGIN, .done = true, .uid = 0, .old_auid = UNSET, .old_ses = UNSET};

	if (i == 0)
		return;
	w->p[i].ses = w->next_ses++;
	w->p[i].auid = 1000 + dice(w, 3);
	ev.pid = w->p[i].pid;
	ev.ppid = w->p[0].pid;
	ev.ses = w->p[i].ses;
	ev.auid = w->p[i].auid;
	emit(w, &ev, TRUTH_HOST);
}

static void step(struct world *w)
{
	static void (*const scripts[])(struct world *, int) = {
		[IDLE] = idle_step, [LAUNCHER] = launcher_step, [MONITOR] = monitor_step,
		[RUNTIME] = runtime_step, [INIT] = init_step, [ENTERED] = idle_step,
	};
	int i = 1 + (int)dice(w, PROCS_MAX - 1), live = 0;

	for (int k = 1; k < PROCS_MAX; k++)
		live += w->p[k].used;
	pass_time(w);
	if (dice(w, 400) == 0 || live < 12)
		log_in(w);
	if (dice(w, 300) == 0)
		(void)take_pid(w); /* a daemon forks, unseen */
	/* zombies are left for a while */
	for (int k = 0; k < PROCS_MAX && (!w->p[i].used || (w->p[i].zombie && dice(w, 8))); k++)
		i = 1 + i % (PROCS_MAX - 1);
	if (!w->p[i].used)
		return;
	if (w->p[i].zombie) {
		reap(w, i);
		return;
	}
	if (live > 60 && w->p[i].script == IDLE && dice(w, 2)) {
		die(w, i, dice(w, 4) != 0);
		return;
	}
	if (w->p[i].pending == 0)
		scripts[w->p[i].script](w, i);
	/* also those of whom nobody expects it */
	if (dice(w, 400) == 0)
		die(w, i, false);
}

/* `before` steps pass before the log begins. */
static struct world *make_world(uint64_t seed, uint32_t pids, bool gentle, bool forging, unsigned before, unsigned steps)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->seed = seed * 0x9e3779b97f4a7c15U + 1;
	w->pids = pids;
	w->gentle = gentle;
	w->forging = forging;
	w->next_pid = 300;
	w->next_ses = 1;
	w->events = calloc(EVENTS_MAX, sizeof(*w->events));
	w->truth = calloc(EVENTS_MAX, sizeof(*w->truth));
	assert_non_null(w->events);
	assert_non_null(w->truth);
	w->p[0] = (struct proc){.used = true, .pid = 1, .ses = UNSET, .auid = UNSET, .subreaper = true};
	for (unsigned i = 0; i < before; i++)
		step(w);
	w->recording = true;
	for (unsigned i = 0; i < steps; i++)
		step(w);
	return w;
}

static void free_world(struct world *w)
{
	free(w->events);
	free(w->truth);
	free(w);
}

struct score {
	size_t execs, known, wrong, sure, rogue;
};

static bool kept(uint64_t seed, unsigned every, unsigned random_in, size_t i)
{
	uint64_t h = (seed + i) * 0x9e3779b97f4a7c15U;

	if (every && i % every == every - 1)
		return false;
	return !random_in || (h >> 33) % random_in != 0;
}

static bool is_right(const struct chain *c, const struct chain_answer *a, int truth)
{
	char name[16];

	if (a->where == CHAIN_HOST)
		return truth == TRUTH_HOST;
	snprintf(name, sizeof(name), "c%d", truth);
	return truth > 0 && strcmp(chain_where_text(c, a), name) == 0;
}

/* All events but those left out, then a question about each exec. */
static struct score solve(const struct world *w, unsigned every, unsigned random_in, size_t first, bool anchors)
{
	struct score s = {0};
	_cleanup_(chain_freep) struct chain *c = NULL;

	assert_int_equal(chain_new(&CHAIN_OPTIONS_DEFAULT, &c, NULL), 0);
	for (size_t i = first; i < w->n; i++) {
		struct log_event ev = w->events[i];

		if (anchors && ev.kind == LOG_VIRT) {
			if (strcmp(ev.virt.op, "start") == 0)
				assert_int_equal(chain_anchor(c, &(struct chain_anchor){.pid = ev.virt.vm_pid, .serial = ev.serial, .name = ev.virt.vm}, NULL), 0);
			ev.kind = LOG_OTHER;
		}
		if (kept(w->seed, every, random_in, i))
			assert_int_equal(chain_feed(c, &ev, NULL), 0);
	}
	for (size_t i = first; i < w->n; i++) {
		struct chain_answer a;

		if (w->events[i].kind != LOG_SYSCALL || w->events[i].call != LOG_CALL_EXEC || !kept(w->seed, every, random_in, i))
			continue;
		chain_ask(c, log_event_key(&w->events[i]), &a);
		s.execs++;
		s.rogue += w->truth[i] == TRUTH_ROGUE;
		if (a.where == CHAIN_UNKNOWN)
			continue;
		s.known++;
		s.sure += a.confidence == CHAIN_CERTAIN;
		if (is_right(c, &a, w->truth[i]))
			continue;
		s.wrong++;
		print_error("wrong: seed %llu every %u random %u first %zu serial %u pid %u ppid %u: %s by %s %s, is %d\n",
			    (unsigned long long)w->seed, every, random_in, first, w->events[i].serial, w->events[i].pid,
			    w->events[i].ppid, chain_where_text(c, &a), chain_method_text(a.method),
			    chain_confidence_text(a.confidence), w->truth[i]);
	}
	return s;
}

/* Enough pids that none is used twice, and nobody killed in a fork: all is answered, but what others' namespaces hide. */
static void test_all_known(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world *w = make_world(seed, 1000000, true, seed % 2, 0, 20000);
		struct score s = solve(w, 0, 0, 0, false);

		print_message("%zu events, %zu execs: %zu known, %zu of them certain; %zu in namespaces of others\n", w->n, s.execs,
			      s.known, s.sure, s.rogue);
		assert_int_equal(s.wrong, 0);
		/* what is left is beside others' namespaces */
		assert_true((s.known + s.rogue) * 100 >= s.execs * 97);
		free_world(w);
	}
}

/* Few pids, and logs with holes: less is known, and nothing wrong. */
static void test_never_wrong(void **state)
{
	static const unsigned every[] = {0, 2, 3, 5, 7, 10, 17, 29, 50, 101, 211, 499, 997};
	static const unsigned random_in[] = {2, 5, 20, 100, 1000};
	static const uint32_t pids[] = {150, 250, 1000, 1000000};
	size_t wrong = 0, execs = 0, known = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(pids); k++)
		for (uint64_t seed = 1; seed <= 8; seed++) {
			struct world *w = make_world(seed * 1000 + k, pids[k], seed % 3 == 0, seed > 3, seed % 2 ? 0 : 3000, 12000);

			for (size_t i = 0; i < ARRAY_SIZE(every) + ARRAY_SIZE(random_in) + 1; i++) {
				bool counted = i < ARRAY_SIZE(every), tail = i == ARRAY_SIZE(every) + ARRAY_SIZE(random_in);
				struct score s = solve(w, counted ? every[i] : 0,
						       counted || tail ? 0 : random_in[i - ARRAY_SIZE(every)], tail ? w->n / 3 : 0, false);

				wrong += s.wrong;
				execs += s.execs;
				known += s.known;
			}
			free_world(w);
		}
	print_message("%zu questions, %zu answers, %zu wrong\n", execs, known, wrong);
	assert_int_equal(wrong, 0);
	assert_true(known > execs / 20);
}

/* The caller's word in place of each start record, and no record of execs and ends. */
static void test_anchors(void **state)
{
	static const unsigned every[] = {0, 2, 3, 7, 23, 101, 499};
	static const uint32_t pids[] = {150, 1000, 1000000};
	size_t wrong = 0, execs = 0, known = 0, whole = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(pids); k++)
		for (uint64_t seed = 1; seed <= 8; seed++) {
			struct world *w = make_world(seed * 7000 + k, pids[k], seed % 3 == 0, false, 0, 12000);

			for (size_t i = 0; i < ARRAY_SIZE(every); i++) {
				struct score s = solve(w, every[i], 0, 0, true);

				wrong += s.wrong;
				execs += s.execs;
				known += s.known;
				whole += every[i] == 0 && pids[k] == 1000000 ? s.known * 100 / s.execs : 0;
			}
			free_world(w);
		}
	print_message("%zu questions, %zu answers, %zu wrong; of whole logs %zu %%\n", execs, known, wrong, whole / 8);
	assert_int_equal(wrong, 0);
	assert_true(known > execs / 20);
}

TESTS("audit/chain", cmocka_unit_test(test_all_known), cmocka_unit_test(test_never_wrong), cmocka_unit_test(test_anchors))
