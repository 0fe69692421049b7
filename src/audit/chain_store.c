/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A log of a day has millions of events and some thousand pids. Questions
 * are about what one pid did just before or after a moment, so
 * samples lie in a line per pid, by serial. Events come nearly in order: what came late
 * makes its line dirty, and dirty lines are sorted before the next question.
 *
 * Serials are contiguous: the kernel takes one for each event that it records, so a number that
 * is missing is an event that was lost or removed. Ranges of these, damaged events, changes of the rules,
 * and all before the first event of a boot are the places where anything may have happened. (An event that the
 * kernel drops because its queue is full takes no number: that shows in `auditctl -s` as lost, and nowhere in the log.)
 */
#include "audit/chain_store.h"

#include <errno.h>
#include <string.h>

/* Room for one more element of an array that doubles. */
static int grow(void **items, size_t n, size_t *cap, size_t size, struct err *e)
{
	size_t want = *cap ? *cap * 2 : 8;
	void *p;

	if (n < *cap)
		return 0;
	p = mem_regrow(*items, want, size);
	if (!p)
		return err_errno(e, ENOMEM, "audit log");
	*items = p;
	*cap = want;
	return 0;
}
#define GROW(items, n, cap, e)                                                  \
	({                                                                      \
		void *_items = (items);                                         \
		int _r = grow(&_items, (n), &(cap), sizeof((items)[0]), (e));   \
		(items) = _items;                                               \
		_r;                                                             \
	})

static size_t slot_of(const struct chain *c, uint32_t boot, uint32_t pid)
{
	uint64_t h = ((uint64_t)boot << 32 | pid) * 0x9e3779b97f4a7c15U;
	size_t i = (size_t)(h >> 32) & (c->lines_cap - 1);

	while (c->lines[i] && (c->lines[i]->pid != pid || c->lines[i]->boot != boot))
		i = (i + 1) & (c->lines_cap - 1);
	return i;
}

struct line *store_line(const struct chain *c, uint32_t boot, uint32_t pid)
{
	return c->lines_cap ? c->lines[slot_of(c, boot, pid)] : NULL;
}

static int lines_grow(struct chain *c, struct err *e)
{
	struct line **old = c->lines;
	size_t old_cap = c->lines_cap;

	if ((c->n_lines + 1) * 2 <= c->lines_cap)
		return 0;
	c->lines = mem_array(old_cap ? old_cap * 2 : 1024, sizeof(struct line *));
	if (!c->lines) {
		c->lines = old;
		return err_errno(e, ENOMEM, "audit log");
	}
	c->lines_cap = old_cap ? old_cap * 2 : 1024;
	for (size_t i = 0; i < old_cap; i++)
		if (old[i])
			c->lines[slot_of(c, old[i]->boot, old[i]->pid)] = old[i];
	free(old);
	return 0;
}

int store_add_line(struct chain *c, uint32_t boot, uint32_t pid, struct line **ret, struct err *e)
{
	struct line *l = store_line(c, boot, pid);
	int r;

	if (!l) {
		r = lines_grow(c, e);
		if (r < 0)
			return r;
		l = calloc(1, sizeof(*l));
		if (!l)
			return err_errno(e, ENOMEM, "audit log");
		l->pid = pid;
		l->boot = boot;
		l->sorted = true;
		c->lines[slot_of(c, boot, pid)] = l;
		c->n_lines++;
	}
	*ret = l;
	return 0;
}

static int make_dirty(struct chain *c, struct line *l, struct err *e)
{
	int r = l->sorted ? GROW(c->dirty, c->n_dirty, c->dirty_cap, e) : 0;

	if (r < 0 || !l->sorted)
		return r;
	l->sorted = false;
	c->dirty[c->n_dirty++] = l;
	return 0;
}

int store_add_sample(struct chain *c, uint32_t boot, uint32_t pid, const struct sample *s, struct err *e)
{
	struct line *l = NULL;
	int r;

	if (c->n_samples >= CHAIN_SAMPLES_MAX)
		return err_set(e, E2BIG, "more than %u events: name fewer files", CHAIN_SAMPLES_MAX);
	r = store_add_line(c, boot, pid, &l, e);
	if (r == 0)
		r = make_dirty(c, l, e);
	if (r == 0)
		r = GROW(l->samples, l->n, l->cap, e);
	if (r < 0)
		return r;
	l->samples[l->n++] = *s;
	c->n_samples++;
	return 0;
}

int store_drop_sample(struct chain *c, uint32_t boot, uint32_t pid, uint64_t key, struct err *e)
{
	struct line *l = store_line(c, boot, pid);
	size_t left = 0;
	int r = l ? make_dirty(c, l, e) : 0;

	for (size_t i = 0; r == 0 && l && i < l->n; i++)
		if (l->samples[i].key != key || !(l->samples[i].flags & SAMPLE_FIXED))
			l->samples[left++] = l->samples[i];
	if (r == 0 && l) {
		c->n_samples -= l->n - left;
		l->n = left;
	}
	return r;
}

int store_add_statement(struct chain *c, const struct statement *s, struct err *e)
{
	int r = GROW(c->statements, c->n_statements, c->statements_cap, e);

	if (r < 0)
		return r;
	if (c->n_statements > 0 && c->statements[c->n_statements - 1].sample.key > s->sample.key)
		c->statements_sorted = false;
	c->statements[c->n_statements++] = *s;
	return 0;
}

int store_add_birth(struct chain *c, uint32_t boot, uint32_t pid, const struct birth *b, struct err *e)
{
	struct line *l = NULL;
	int r = store_add_line(c, boot, pid, &l, e);

	if (r == 0)
		r = make_dirty(c, l, e);
	if (r == 0)
		r = GROW(l->births, l->n_births, l->cap_births, e);
	if (r == 0)
		l->births[l->n_births++] = *b;
	return r;
}

int store_add_seen(struct chain *c, const struct seen *s, struct err *e)
{
	int r = GROW(c->seen, c->n_seen, c->seen_cap, e);

	if (r < 0)
		return r;
	if (c->n_seen > 0 && c->seen[c->n_seen - 1].key >= s->key)
		c->seen_sorted = false;
	c->seen[c->n_seen++] = *s;
	return 0;
}

static int by_key(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_sessions(const struct session *a, const struct session *b)
{
	if (a->boot != b->boot)
		return a->boot < b->boot ? -1 : 1;
	return a->ses != b->ses ? (a->ses < b->ses ? -1 : 1) : by_key(a->key, b->key);
}

int store_add_session(struct session_list *l, const struct session *s, struct err *e)
{
	int r = GROW(l->items, l->n, l->cap, e);
	size_t at = l->n;

	if (r < 0)
		return r;
	/* numbers go up, so nearly always at the end */
	while (at > 0 && compare_sessions(&l->items[at - 1], s) > 0)
		at--;
	memmove(l->items + at + 1, l->items + at, (l->n - at) * sizeof(*s));
	l->items[at] = *s;
	l->n++;
	return 0;
}

int store_add_container(struct chain *c, const struct chain_container *k, struct err *e)
{
	int r = c->n_containers < CHAIN_CONTAINERS_MAX ? GROW(c->containers, c->n_containers, c->containers_cap, e)
						       : err_set(e, E2BIG, "too many containers in the log");

	if (r == 0)
		c->containers[c->n_containers++] = *k;
	return r;
}

void store_free(struct chain *c)
{
	for (size_t i = 0; i < c->lines_cap; i++)
		if (c->lines[i]) {
			free(c->lines[i]->samples);
			free(c->lines[i]->births);
			free(c->lines[i]->marks);
			free(c->lines[i]);
		}
	free(c->lines);
	free(c->dirty);
	free(c->seen);
	free(c->ranges);
	free(c->logins.items);
	free(c->roots.items);
	free(c->containers);
	free(c->statements);
}

/* At the same serial, what is said about a process comes before what it did. */
static int compare_samples(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	int r = by_key(x->key, y->key);

	return r != 0 ? r : (int)(y->flags & SAMPLE_FIXED) - (int)(x->flags & SAMPLE_FIXED);
}

static int compare_births(const void *a, const void *b)
{
	return by_key(((const struct birth *)a)->key, ((const struct birth *)b)->key);
}

static int compare_seen(const void *a, const void *b)
{
	return by_key(((const struct seen *)a)->key, ((const struct seen *)b)->key);
}

/*
 * Whether `s` is surely of another process than `before`, the sample before it: a
 * session changes by a login only, and after its exit_group a process starts
 * no program (another thread of it may still end a call that it was in).
 */
static bool is_other(const struct sample *before, const struct sample *s)
{
	if (s->flags & SAMPLE_LOGIN)
		return true;
	if (before->ses != s->ses)
		return true;
	return (before->flags & SAMPLE_ENDING) && (s->flags & SAMPLE_EXEC);
}

/* What follows for a sample from the one before it. */
static void carry_over(const struct line *l, const struct sample *before, struct sample *s)
{
	bool other = !before || is_other(before, s);

	s->flags &= ~(unsigned)(SAMPLE_TAINTED | SAMPLE_AWAY | SAMPLE_ENDING | SAMPLE_TAINTED_SINCE);
	s->instance = before ? before->instance + (other ? 1 : 0) : 0;
	s->begin = 0;
	if (!other) {
		s->flags |= before->flags & (SAMPLE_TAINTED | SAMPLE_AWAY | SAMPLE_ENDING | SAMPLE_TAINTED_SINCE);
		s->begin = before->begin;
	} else if (before && (before->flags & SAMPLE_TAINTED_SINCE)) {
		/* after the end of the one, and before the first program of the other: it was the other's */
		s->flags |= SAMPLE_TAINTED | SAMPLE_AWAY;
	}
	if (s->flags & SAMPLE_LOGIN)
		s->begin = (uint32_t)(s - l->samples) + 1;
	if (s->flags & SAMPLE_ENTER)
		s->flags |= SAMPLE_TAINTED | (s->flags & SAMPLE_STAYS ? 0 : SAMPLE_AWAY) | (s->flags & SAMPLE_ENDING ? SAMPLE_TAINTED_SINCE : 0);
	if (s->flags & SAMPLE_EXIT)
		s->flags |= SAMPLE_ENDING;
}

static int work_out(struct line *l, struct err *e)
{
	const struct sample *before = NULL;
	uint32_t begin = 0;
	int r = 0;

	l->n_marks = 0;
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		struct sample *s = &l->samples[i];

		l->had_fork = l->had_fork || (s->flags & (SAMPLE_FORK | SAMPLE_STATED));
		l->whole = l->whole || (s->flags & SAMPLE_WHOLE);
		if (s->flags & SAMPLE_FIXED) {
			r = GROW(l->marks, l->n_marks, l->cap_marks, e);
			if (r == 0)
				l->marks[l->n_marks++] = (uint32_t)i;
		}
		if (s->flags & SAMPLE_HOST)
			begin = (uint32_t)i + 1;
		if (s->flags & SAMPLE_STATED) {
			s->instance = before ? before->instance : 0;
			continue;
		}
		carry_over(l, before, s);
		if (begin)
			s->begin = begin;
		begin = 0;
		before = s;
	}
	return r;
}

static int add_range(struct chain *c, uint64_t first, uint64_t last, struct err *e)
{
	int r;

	if (c->n_ranges > 0 && c->ranges[c->n_ranges - 1].last + 1 >= first) {
		if (c->ranges[c->n_ranges - 1].last < last)
			c->ranges[c->n_ranges - 1].last = last;
		return 0;
	}
	r = GROW(c->ranges, c->n_ranges, c->ranges_cap, e);
	if (r == 0)
		c->ranges[c->n_ranges++] = (struct range){first, last};
	return r;
}

static int work_out_ranges(struct chain *c, struct err *e)
{
	int r = 0;

	if (!c->seen_sorted) {
		qsort(c->seen, c->n_seen, sizeof(c->seen[0]), compare_seen);
		c->seen_sorted = true;
		c->ranges_done = 0;
		/* what was trimmed has no events any more, but its ranges hold */
		while (c->n_ranges > 0 && c->ranges[c->n_ranges - 1].last >= c->trimmed)
			c->n_ranges--;
	}
	for (size_t i = c->ranges_done; r == 0 && i < c->n_seen; i++) {
		const struct seen *s = &c->seen[i];
		bool first = (i == 0 && c->trimmed == 0) || (i > 0 && key_boot(c->seen[i - 1].key) != key_boot(s->key));

		if (first)
			r = add_range(c, (uint64_t)key_boot(s->key) << 32, s->key - 1, e);
		else if (i > 0 && c->seen[i - 1].key + 1 < s->key)
			r = add_range(c, c->seen[i - 1].key + 1, s->key - 1, e);
		if (r == 0 && s->doubtful)
			r = add_range(c, s->key, s->key, e);
	}
	c->ranges_done = c->n_seen;
	return r;
}

int store_prepare(struct chain *c, struct err *e)
{
	int r = 0;

	while (r == 0 && c->n_dirty > 0) {
		struct line *l = c->dirty[--c->n_dirty];

		if (l->n > 0)
			qsort(l->samples, l->n, sizeof(l->samples[0]), compare_samples);
		if (l->n_births > 0)
			qsort(l->births, l->n_births, sizeof(l->births[0]), compare_births);
		r = work_out(l, e);
		l->sorted = true;
	}
	return r < 0 ? r : work_out_ranges(c, e);
}

void store_unsettle(struct chain *c)
{
	for (size_t i = 0; i < c->lines_cap; i++)
		for (size_t k = 0; c->lines[i] && k < c->lines[i]->n; k++)
			c->lines[i]->samples[k].round = 0;
}

bool store_doubtful(const struct chain *c, uint64_t after, uint64_t before)
{
	size_t low = 0, high = c->n_ranges;

	/* the first range that does not end at `after` or before it */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->ranges[middle].last <= after)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->n_ranges && c->ranges[low].first < before;
}

uint64_t store_session(const struct session_list *l, uint32_t boot, uint32_t ses)
{
	const struct session want = {.boot = boot, .ses = ses};
	size_t low = 0, high = ses == LOG_NONE ? 0 : l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_sessions(&l->items[middle], &want) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->n && ses != LOG_NONE && l->items[low].boot == boot && l->items[low].ses == ses ? l->items[low].key : 0;
}

uint64_t store_login(const struct chain *c, uint32_t boot, uint32_t ses)
{
	return store_session(&c->logins, boot, ses);
}

const struct seen *store_seen(const struct chain *c, uint64_t key)
{
	size_t low = 0, high = c->n_seen;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->seen[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->n_seen && c->seen[low].key == key ? &c->seen[low] : NULL;
}

size_t line_find(const struct line *l, uint64_t key, bool after)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->samples[middle].key < key || (after && l->samples[middle].key == key))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
