/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The argument
 * ------------
 * A sample is one recorded system call: at serial s, process p (host pid) had the parent q (host pid),
 * and both were alive. Nothing else is used but these, the statements of start, exec and stop
 * records about host pids (those that are believed: chain_word.c), and logins.
 *
 * What the kernel guarantees:
 *  K1 serials are contiguous; a missing one is an event that we did not see, and it may have been anything;
 *  K2 a session (ses) changes only by a login, which is recorded whatever the rules are; so whoever
 *     has session S descends from the process that logged in as S;
 *     (and so does a child have its parent's at the fork);
 *  K3 each fork by a member of a session is recorded at the end of its call, with the caller's pid and ppid
 *     (rules pack; without it no fork is found and the answer is unknown). One whose caller was killed in
 *     it does not say which child it made (unseen_birth);
 *  K4 an orphan goes to an ancestor that asked for it or to its own pid namespace's init: nobody
 *     leaves a pid namespace by losing his parent;
 *  K5 a pid is not given out again before the counter has gone round, hundreds of forks at least.
 *
 * In a container: downwards from a process that is known to be in it.
 *  (1) Between its start (or exec) record and its stop record, pid P is the process that the
 *      witness held: no record between them can change that, seen or lost. So whoever has P as his parent then is in.
 *  (2) p at s has the parent q, and q is no such P. Then q forked p, or adopted it. Either way q forked before
 *      or after s while it was the process that it is at s, and that fork f is a sample of q (K3). If f < s, then the
 *      last sample of q before s is from the same life of that number, because q was alive from f to s; if f > s, then
 *      the first one after s is. So the truth is what one of the two neighbours says. They agree, or the answer is
 *      unknown. That needs f not to be lost: nothing may be missing between the two neighbours, unless they are closer
 *      than CYCLE serials (K5: both are the same life then, whatever was lost). With no sample before s, the session's login
 *      is as far as one must look (K2).
 *      A clone() record that follows the child's exec is the case of f > s; exit= of a clone is not used here, since inside
 *      a pid namespace it is a number of that namespace.
 *  (3) A start record names P when it is in its last call before the payload. What P did before that (the engine's own
 *      init) is in the container too, if P was made by its parent's fork into new namespaces, and no other fork returned
 *      P since. What P does after it is, while its session and its parent are the same (or the parent's parent has
 *      adopted it), no fork returned P, and nothing is missing.
 *
 * On the host: everything that could have led into a container must be seen not to have happened.
 *  (4) p was born by a fork f that returned p, by a caller that was itself on the host at f. Here exit= is read,
 *      and may be: a caller on the host is in the first pid namespace, so what it was told is the host pid. f asked for no
 *      new mount or pid namespace, p has entered none since (unshare, setns, or a mount by one who is not root), and
 *      nothing is missing from f to s. By induction nothing is missing from the login on. A lost record therefore ends
 *      all proofs of `host` for what was alive then; it could have been an unshare. There is no way around that.
 *  (5) That p at s is the one which f made: its parent at s is f's caller and on the host around s; or it is an
 *      orphan whose parent is process 1 or on the host: a process that was made unseen has a caller in a pid namespace of
 *      its own, and remains there (K4). Callers that have a pid namespace of their own are left out when f is looked for.
 *  (6) The chain ends at a login by root, which is a daemon's child, or where the caller says so.
 *
 * Both at once, or a neighbour on each side that says another thing: unknown.
 *
 * A session that was minted for a container (--ident=session) is no proof here: its monitor and the runtime
 * have it as well, and they are on the host. Nor is a slice of host ids (--ident=uid): its owner may use them in
 * another namespace of his. Both name a container for who filters (ranby audit rules); they do not say who is in it.
 */
#include "audit/chain_resolve.h"

#include "sys/pidns.h"

#include <string.h>

#define CYCLE 64 /* K5, in serials */

static struct verdict unknown(enum chain_doubt doubt)
{
	return (struct verdict){.where = CHAIN_UNKNOWN, .doubt = (uint8_t)doubt};
}

static struct verdict in_container(const struct chain *c, const struct sample *mark, enum chain_confidence confidence)
{
	const struct chain_container *k = &c->containers[mark->container];
	enum chain_method m = CHAIN_BY_START;

	if (k->anchor)
		m = CHAIN_BY_ANCHOR;
	else if (mark->key != k->start && mark->key != k->stop)
		m = CHAIN_BY_EXEC;
	return (struct verdict){.where = CHAIN_CONTAINER, .container = mark->container, .method = (uint8_t)m,
				.confidence = (uint8_t)confidence, .anchor = k->anchor ? 0 : mark->key};
}

static bool same_place(const struct verdict *a, const struct verdict *b)
{
	return a->where != CHAIN_UNKNOWN && a->where == b->where &&
	       (a->where != CHAIN_CONTAINER || a->container == b->container);
}

/* One fork below `v`. */
static struct verdict below(struct verdict v, enum chain_confidence at_most)
{
	if (v.where == CHAIN_UNKNOWN)
		return v;
	v.method = CHAIN_BY_PARENTS;
	if (v.confidence > at_most)
		v.confidence = (uint8_t)at_most;
	v.depth++;
	return v;
}

/* ---- statements about a pid: (1) ---- */

struct marks {
	const struct sample *before, *after; /* statements around a moment, the moment itself counts as after the first */
};

static struct marks marks_around(const struct line *l, uint64_t key)
{
	struct marks m = {0};
	size_t low = 0, high = l->n_marks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->samples[l->marks[middle]].key <= key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0)
		m.before = &l->samples[l->marks[low - 1]];
	if (low < l->n_marks)
		m.after = &l->samples[l->marks[low]];
	return m;
}

/* Both statements are of one process, which lived all the time between them. */
static bool one_life(const struct marks *m)
{
	return m->before && m->after && (m->before->flags & SAMPLE_ALIVE) && m->before->container == m->after->container &&
	       m->before->subject == m->after->subject && m->before->subject != 0;
}

/* ---- births ---- */

static bool has_own_pids(const struct chain *c, uint32_t container);

static struct verdict birth_verdict(struct chain *c, const struct line *child, const struct birth *b, unsigned depth)
{
	struct line *l = store_line(c, child->boot, b->caller);
	size_t i;

	if (b->frozen)
		return b->verdict;
	if (!l)
		return unknown(CHAIN_NO_PARENT);
	for (i = line_find(l, b->key, false); i < l->n && l->samples[i].key == b->key; i++)
		if (l->samples[i].flags & SAMPLE_FORK)
			return chain_resolve(c, l, i, depth);
	return unknown(CHAIN_NO_PARENT);
}

/* The number that this fork returned is one of another pid namespace. */
static bool is_local(const struct chain *c, const struct verdict *v)
{
	return v->where == CHAIN_CONTAINER && has_own_pids(c, v->container);
}

/* The last fork in (after, until] that returned the line's pid and may mean it; NULL. Its caller's verdict too. */
static const struct birth *last_birth(struct chain *c, const struct line *l, uint64_t after, uint64_t until,
				      struct verdict *ret, unsigned depth)
{
	for (size_t i = l->n_births; i > 0; i--) {
		const struct birth *b = &l->births[i - 1];
		struct verdict v;

		if (b->key > until)
			continue;
		if (b->key <= after)
			break;
		v = birth_verdict(c, l, b, depth);
		if (is_local(c, &v))
			continue;
		*ret = v;
		return b;
	}
	return NULL;
}

/*
 * The parent's first fork after the sample that returned the sample's pid: a birth that was recorded late. A parent of one thread is held
 * in its vfork, so that no other fork of its lies between; other threads go on, and fork too. But not for long (K5).
 */
static const struct birth *late_birth(struct chain *c, const struct line *l, const struct sample *s)
{
	const struct line *q = store_line(c, l->boot, s->ppid);
	bool others = false;

	for (size_t i = q ? line_find(q, s->key, true) : 0; q && i < q->n; i++) {
		if (!(q->samples[i].flags & SAMPLE_FORK))
			continue;
		others = others || q->samples[i].child != l->pid;
		if (others && q->samples[i].key - s->key > CHAIN_LOOK_AHEAD)
			return NULL;
		if (q->samples[i].child != l->pid)
			continue;
		for (size_t k = 0; k < l->n_births; k++)
			if (l->births[k].key == q->samples[i].key)
				return &l->births[k];
	}
	return NULL;
}

/* Init was made with a pid namespace of its own, and so what its descendants' forks return means nothing here. */
static bool has_own_pids(const struct chain *c, uint32_t container)
{
	const struct chain_container *k = &c->containers[container];
	const struct line *l = store_line(c, key_boot(k->start), k->pid);

	if (k->pid_ns != 0)
		return k->pid_ns != FIRST_PID_NS;
	/* an anchor: the only forks that returned it asked for one */
	if (!l || l->n_births == 0)
		return false;
	for (size_t i = 0; i < l->n_births; i++)
		if (!(l->births[i].flags & SAMPLE_NEWPID))
			return false;
	return true;
}

/* It shares the host's, and what its forks return are host pids. */
static bool has_host_pids(const struct chain *c, uint32_t container)
{
	return c->containers[container].pid_ns == FIRST_PID_NS;
}

/* ---- the process that a statement names, outside of two statements: (3) ---- */

static const struct sample *first_own(const struct line *l, const struct sample *mark)
{
	for (const struct sample *s = mark + 1; s < l->samples + l->n; s++)
		if (!(s->flags & SAMPLE_FIXED))
			return s;
	return NULL;
}

enum own { OWN_NOT, OWN_DECIDED };

/* A fork may have given the number to another process since the statement. */
static bool reborn_since(struct chain *c, const struct line *l, const struct sample *mark, const struct sample *s,
			 bool *ret_surely, unsigned depth)
{
	struct verdict v = {0};
	const struct birth *b = last_birth(c, l, mark->key, s->key, &v, depth), *late = late_birth(c, l, s);
	size_t births = 0;

	*ret_surely = false;
	if (mark->flags & SAMPLE_WHOLE) {
		/* its own birth may be in the log, and what came before that was another one */
		for (size_t i = 0; i < l->n_births; i++) {
			v = birth_verdict(c, l, &l->births[i], depth);
			births += !is_local(c, &v);
		}
		*ret_surely = births == 1 && !b && !late;
		return births > 1 || *ret_surely;
	}
	*ret_surely = b && v.where == CHAIN_HOST;
	return b || late;
}

/*
 * A process of that session, of which we do not know where it is, may have been born between
 * the two by a fork whose caller was killed in it.
 */
static bool unseen_birth(struct chain *c, const struct line *l, uint64_t after, uint64_t before, uint32_t ses, unsigned depth)
{
	const struct line *open = store_line(c, l->boot, 0);
	size_t low = 0, high = open ? open->n_births : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (open->births[middle].key <= after)
			low = middle + 1;
		else
			high = middle;
	}
	for (; open && low < open->n_births && open->births[low].key < before; low++) {
		const struct birth *b = &open->births[low];
		struct verdict v;

		if (b->ses != ses)
			continue;
		v = birth_verdict(c, open, b, depth);
		/* its child is then on the host as well, or in that container and nowhere else */
		if (!((v.where == CHAIN_HOST && !(b->flags & SAMPLE_NS)) || is_local(c, &v)))
			return true;
	}
	return false;
}

/*
 * Its parent's parent has it now, wherever that is: an engine's monitor, when the runtime has ended. Both are in
 * the first pid namespace, since the fork there returned this number; and nothing since could have given it to another.
 */
static bool adopted(struct chain *c, const struct line *l, const struct sample *mark, const struct sample *s, unsigned depth)
{
	uint64_t until = mark->flags & SAMPLE_WHOLE ? s->key : mark->key;
	struct verdict v = {0};
	const struct birth *b = last_birth(c, l, 0, until, &v, depth);

	return b && s->ppid == b->above && !store_doubtful(c, b->key, s->key) &&
	       !unseen_birth(c, l, b->key, s->key, s->ses, depth);
}

static enum own own_after(struct chain *c, struct line *l, const struct sample *mark, const struct sample *s,
			  struct verdict *ret, unsigned depth)
{
	const struct sample *first = first_own(l, mark);
	bool whole = mark->flags & SAMPLE_WHOLE, surely;
	struct verdict v;

	if (!(mark->flags & SAMPLE_ALIVE) || !first)
		return OWN_NOT;
	if (!whole && store_doubtful(c, mark->key, s->key)) {
		*ret = unknown(CHAIN_LOST);
		return OWN_DECIDED;
	}
	if (first->instance != s->instance || (mark->ses != LOG_NONE && first->ses != mark->ses))
		return OWN_NOT;
	if (reborn_since(c, l, mark, s, &surely, depth)) {
		*ret = unknown(CHAIN_AMBIGUOUS);
		return surely ? OWN_NOT : OWN_DECIDED;
	}
	*ret = in_container(c, mark, CHAIN_LIKELY);
	if (s->ppid != first->ppid && s->ppid != 1 && !adopted(c, l, mark, s, depth)) {
		struct line *q = store_line(c, l->boot, s->ppid);

		v = q ? chain_resolve_between(c, q, s->key, depth) : unknown(CHAIN_NO_PARENT);
		if (v.where != CHAIN_HOST)
			*ret = unknown(CHAIN_AMBIGUOUS);
	}
	return OWN_DECIDED;
}

/* Could the sample be of the process that the next statement on its line names? */
static bool may_become(const struct chain *c, const struct sample *s, const struct sample *mark)
{
	const struct sample *last = mark - 1;

	return (mark->flags & SAMPLE_ALIVE) && !(mark->flags & SAMPLE_WHOLE) && last >= s && last->instance == s->instance &&
	       (mark->ses == LOG_NONE || mark->ses == s->ses) && !(last->flags & SAMPLE_ENDING) &&
	       !store_doubtful(c, s->key, mark->key);
}

/* What the process did before the statement about it. */
static enum own own_before(struct chain *c, const struct line *l, const struct sample *s, const struct sample *mark,
			   struct verdict *ret, unsigned depth)
{
	const struct birth *late = late_birth(c, l, s), *made = late;
	struct verdict v = {0};
	bool entered;

	if (!may_become(c, s, mark))
		return OWN_NOT;
	if (late)
		v = birth_verdict(c, l, late, depth);
	else
		made = last_birth(c, l, 0, s->key, &v, depth);
	entered = made && ((made->flags & SAMPLE_NS) || v.doubt == CHAIN_NAMESPACE);
	if (!entered || (made->caller != s->ppid && made->above != s->ppid) ||
	    (!late && store_doubtful(c, made->key, s->key)) ||
	    last_birth(c, l, late ? late->key : s->key, mark->key, &v, depth))
		return OWN_NOT;
	*ret = in_container(c, mark, CHAIN_CERTAIN);
	return OWN_DECIDED;
}

static enum own own_statement(struct chain *c, struct line *l, const struct sample *s, struct verdict *ret, unsigned depth)
{
	struct marks m = marks_around(l, s->key);

	if (one_life(&m)) {
		*ret = in_container(c, m.before, CHAIN_CERTAIN);
		return OWN_DECIDED;
	}
	if (m.before && own_after(c, l, m.before, s, ret, depth) == OWN_DECIDED)
		return OWN_DECIDED;
	return m.after ? own_before(c, l, s, m.after, ret, depth) : OWN_NOT;
}

/* ---- the neighbours' word: (2) ---- */

/* It was on the host, and what it did next was to leave it: the same process, since a number is not used again so soon. */
static bool left_host(const struct sample *before, const struct sample *after, const struct verdict *a)
{
	return before && after && a->where == CHAIN_HOST && (after->flags & SAMPLE_ENTER) &&
	       before->instance == after->instance && after->key - before->key <= CYCLE;
}

/* Two neighbours' words, of which one may not be there, become one. */
static struct verdict agreed(const struct sample *before, const struct sample *after, struct verdict a, struct verdict b,
			     enum chain_confidence at_most)
{
	if (left_host(before, after, &a))
		return a;
	if (!before || !after || same_place(&a, &b)) {
		if (!before)
			a = b;
		else if (after && a.confidence > b.confidence)
			a.confidence = b.confidence;
		if (a.confidence > at_most)
			a.confidence = (uint8_t)at_most;
		return a;
	}
	if (a.where == CHAIN_CONTAINER || b.where == CHAIN_CONTAINER)
		return unknown(CHAIN_AMBIGUOUS);
	return a.where == CHAIN_UNKNOWN ? a : b;
}

/* How sure one can be that nothing is missing which would tell otherwise. */
static enum chain_confidence complete(const struct chain *c, const struct line *l, uint64_t key, uint64_t login,
				      const struct sample *before, const struct sample *after)
{
	uint64_t first = before ? before->key : login, end = after ? after->key : ((uint64_t)l->boot + 1) << 32;

	if (l->whole || (first != 0 && !store_doubtful(c, first, end)))
		return after ? CHAIN_CERTAIN : CHAIN_LIKELY;
	return after && after->key - (before ? before->key : key) <= CYCLE ? CHAIN_LIKELY : CHAIN_NO_CONFIDENCE;
}

/* Where the process of that number was at `key`; `login` bounds how far back it matters. */
static struct verdict neighbours(struct chain *c, struct line *l, uint64_t key, uint64_t login, unsigned depth)
{
	size_t i = line_find(l, key, false), k = line_find(l, key, true);
	const struct sample *before = i > 0 ? &l->samples[i - 1] : NULL, *after = k < l->n ? &l->samples[k] : NULL;
	enum chain_confidence at_most = complete(c, l, key, login, before, after);
	struct marks m = marks_around(l, key);
	struct verdict a, b;

	if (one_life(&m))
		return in_container(c, m.before, CHAIN_CERTAIN);
	if ((!before && !after) || !l->had_fork)
		return unknown(CHAIN_NO_PARENT);
	if (at_most == CHAIN_NO_CONFIDENCE)
		return unknown(CHAIN_LOST);
	a = before ? chain_resolve(c, l, i - 1, depth) : unknown(CHAIN_NO_PARENT);
	b = after ? chain_resolve(c, l, k, depth) : unknown(CHAIN_NO_PARENT);
	return agreed(before, after, a, b, at_most);
}

struct verdict chain_resolve_between(struct chain *c, struct line *l, uint64_t key, unsigned depth)
{
	return neighbours(c, l, key, 0, depth);
}

/* ---- who sent a record ---- */

/* The last thing that the process of that number did, or that the caller says of it; NULL. */
static const struct sample *last_act(const struct line *l, uint64_t key)
{
	for (size_t i = line_find(l, key, true); i > 0; i--)
		if (!(l->samples[i - 1].flags & SAMPLE_FIXED))
			return &l->samples[i - 1];
	return NULL;
}

/* Near enough that the number cannot have gone to another process unseen (K5), and in a session, whose forks are all in the log (K3). */
static bool is_near(const struct chain *c, uint64_t then, uint64_t key, uint32_t its_ses, uint32_t ses)
{
	return ses != LOG_NONE && its_ses == ses && key - then <= CYCLE && !store_doubtful(c, then, key);
}

/* Of what was born so, and not of who had the number before: a fork may be recorded after what its child did first (vfork). */
static bool is_its_own(const struct birth *born, const struct sample *act)
{
	return act && (act->key > born->key || (born->key - act->key <= CYCLE && !(act->flags & SAMPLE_ENDING)));
}

/* Where it was made, unless it has gone elsewhere itself: what became of its parent since does not matter. */
static struct verdict since_birth(const struct birth *born, const struct sample *act, const struct verdict *made)
{
	bool gone = (born->flags & SAMPLE_NS) || (is_its_own(born, act) && (act->flags & SAMPLE_AWAY));

	return made->where == CHAIN_HOST && gone ? unknown(CHAIN_NAMESPACE) : below(*made, CHAIN_CERTAIN);
}

struct verdict chain_resolve_sender(struct chain *c, uint32_t boot, uint32_t pid, uint32_t ses, uint64_t key)
{
	static const struct verdict word = {.where = CHAIN_HOST, .method = CHAIN_BY_ANCHOR, .confidence = CHAIN_CERTAIN};
	struct line *l = store_line(c, boot, pid);
	const struct sample *mark, *act;
	const struct birth *born;
	struct verdict v = {0};

	if (pid == 1)
		return word;
	if (!l)
		return unknown(CHAIN_NO_PARENT);
	mark = marks_around(l, key).before;
	act = last_act(l, key);
	born = last_birth(c, l, 0, key, &v, 0);
	if (mark && (mark->flags & SAMPLE_ALIVE) && (!born || born->key < mark->key))
		return in_container(c, mark, CHAIN_LIKELY);
	if (act && (act->flags & SAMPLE_HOST) && (!born || born->key < act->key))
		return word;
	if (born && is_near(c, born->key, key, born->ses, ses))
		return since_birth(born, act, &v);
	if (act && (!born || born->key < act->key) && is_near(c, act->key, key, act->ses, ses))
		return chain_resolve(c, l, (size_t)(act - l->samples), 0);
	return unknown(CHAIN_NO_PARENT);
}

/* ---- on the host: (4) to (6) ---- */

/* Is the parent at the sample (verdict `q`) one that a child of `v` can have? */
static bool parent_fits(const struct sample *s, const struct verdict *q, const struct verdict *v)
{
	return s->ppid == 1 || q->where == CHAIN_HOST || same_place(q, v);
}

static struct verdict born_on_host(struct chain *c, const struct line *l, const struct sample *s, const struct birth *b,
				   struct verdict v, const struct verdict *q, unsigned depth)
{
	uint64_t first = b->key < s->key ? b->key : s->key, last = b->key < s->key ? s->key : b->key;

	if (v.where == CHAIN_UNKNOWN || (v.where == CHAIN_CONTAINER && !has_host_pids(c, v.container)))
		return v.where == CHAIN_UNKNOWN ? v : unknown(CHAIN_AMBIGUOUS);
	if (v.where == CHAIN_HOST && ((b->flags & SAMPLE_NS) || (s->flags & SAMPLE_TAINTED)))
		return unknown(CHAIN_NAMESPACE);
	if (b->ses != s->ses)
		return unknown(CHAIN_AMBIGUOUS);
	if (store_doubtful(c, first, last))
		return unknown(CHAIN_LOST);
	if (unseen_birth(c, l, first, last, s->ses, depth))
		return unknown(CHAIN_AMBIGUOUS);
	if (!parent_fits(s, q, &v))
		return q->doubt ? *q : unknown(CHAIN_AMBIGUOUS);
	return below(v, q->where == CHAIN_HOST ? (enum chain_confidence)q->confidence : CHAIN_CERTAIN);
}

static struct verdict on_host(struct chain *c, const struct line *l, const struct sample *begin, const struct sample *s,
			      unsigned depth)
{
	bool word = begin->flags & SAMPLE_HOST, whole = begin->flags & SAMPLE_WHOLE;

	if (s->flags & SAMPLE_TAINTED)
		return unknown(CHAIN_NAMESPACE);
	if (!whole && store_doubtful(c, begin->key, s->key))
		return unknown(CHAIN_LOST);
	if (!whole && unseen_birth(c, l, begin->key, s->key, s->ses, depth))
		return unknown(CHAIN_AMBIGUOUS);
	return (struct verdict){.where = CHAIN_HOST, .method = word ? CHAIN_BY_ANCHOR : CHAIN_BY_LOGIN,
				.confidence = CHAIN_CERTAIN, .anchor = word ? 0 : begin->key};
}

/* A birth that is recorded after the sample, with no earlier one: the sample's own, unless it is older than the log. */
static bool late_is_its_own(const struct chain *c, const struct line *l, const struct sample *s, const struct birth *late)
{
	uint64_t login = store_login(c, l->boot, s->ses);

	return (login != 0 && !store_doubtful(c, login, s->key)) || late->key - s->key <= CYCLE;
}

static struct verdict by_birth(struct chain *c, struct line *l, const struct sample *s, const struct verdict *q,
				    unsigned depth)
{
	const struct sample *begin = s->begin ? &l->samples[s->begin - 1] : NULL;
	struct verdict v = {0}, early = {0}, late = {0};
	const struct birth *b, *after = late_birth(c, l, s);

	if (begin && (begin->flags & SAMPLE_WHOLE) && l->n_births <= 1)
		return on_host(c, l, begin, s, depth);
	b = last_birth(c, l, begin ? begin->key : 0, s->key, &v, depth);
	if (begin && !b)
		return after ? unknown(CHAIN_AMBIGUOUS) : on_host(c, l, begin, s, depth);
	if (b)
		early = born_on_host(c, l, s, b, v, q, depth);
	if (after)
		late = born_on_host(c, l, s, after, birth_verdict(c, l, after, depth), q, depth);
	if (b && after)
		return same_place(&early, &late) ? early : unknown(CHAIN_AMBIGUOUS);
	if (b)
		return early;
	if (after)
		return late_is_its_own(c, l, s, after) ? late : unknown(CHAIN_LOST);
	return q->where == CHAIN_UNKNOWN && q->doubt ? *q : unknown(CHAIN_NO_ORIGIN);
}

static struct verdict resolve_new(struct chain *c, struct line *l, const struct sample *s, unsigned depth)
{
	struct line *q = store_line(c, l->boot, s->ppid);
	struct verdict v = unknown(CHAIN_NO_PARENT);

	if (s->flags & SAMPLE_FIXED)
		return in_container(c, s, CHAIN_CERTAIN);
	if (s->flags & SAMPLE_HOST)
		return (struct verdict){.where = CHAIN_HOST, .method = CHAIN_BY_ANCHOR, .confidence = CHAIN_CERTAIN};
	if (own_statement(c, l, s, &v, depth) == OWN_DECIDED)
		return v;
	v = unknown(CHAIN_NO_PARENT);
	if (l->pid == 1)
		return (struct verdict){.where = CHAIN_HOST, .method = CHAIN_BY_ANCHOR, .confidence = CHAIN_CERTAIN};
	if (s->ppid == l->pid)
		return v;
	if (q && s->ppid != 1)
		v = neighbours(c, q, s->key, store_login(c, l->boot, s->ses), depth);
	if (v.where == CHAIN_CONTAINER || v.doubt == CHAIN_AMBIGUOUS)
		return below(v, CHAIN_CERTAIN);
	return by_birth(c, l, s, &v, depth);
}

struct verdict chain_resolve(struct chain *c, struct line *l, size_t i, unsigned depth)
{
	struct sample *s = &l->samples[i];

	if (s->round == c->round || s->round == ROUND_SETTLED)
		return s->verdict;
	if (s->busy || depth >= c->options.depth_max)
		return unknown(CHAIN_TOO_DEEP);
	s->busy = true;
	s->verdict = resolve_new(c, l, s, depth + 1);
	s->busy = false;
	s->round = s->verdict.confidence == CHAIN_CERTAIN ? ROUND_SETTLED : c->round;
	return s->verdict;
}
