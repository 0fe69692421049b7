/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A filter compares the architecture and the number of a call with constants
 * until it either returns or looks at an argument. What it compares with cuts
 * the numbers into ranges in each of which it does the same: returns one
 * action, or goes on at one instruction. These ranges are searched here by
 * halves; what looks at arguments is copied as it stands, since it begins by
 * loading one and so does not depend on how it was reached.
 *
 * The program is written backwards: classic BPF jumps forward only, so where
 * a jump goes is there already when the jump is written.
 */
#include "sys/seccomp_shrink.h"

#include "sys/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_NR ((uint32_t)offsetof(struct seccomp_data, nr))
#define OFFSET_ARCH ((uint32_t)offsetof(struct seccomp_data, arch))
#define JUMP_MAX 255 /* of a conditional jump */

enum what {
	DO_RETURN, /* the action `value` */
	DO_LOOK,   /* at an argument, at instruction `value` */
	DO_SEARCH, /* for the number, `value` instructions before the end */
};

/* What is done with the calls of a range. */
struct outcome {
	enum what what;
	uint32_t value;
};

struct range {
	uint32_t first; /* it ends where the next one begins */
	struct outcome out;
};

struct ranges {
	struct range *items;
	size_t n;
};

struct shrink {
	const struct sock_filter *in;
	size_t n_in;
	uint32_t *points[2]; /* what the architecture, and the number, are compared with; sorted */
	size_t n_points[2];
	struct sock_filter *out; /* filled from its end */
	size_t room, used;
	size_t *copied; /* of each instruction of `in`: where its copy is, counted from the end; 0: nowhere */
	struct ranges *lists; /* one for each of points[WORD_ARCH] */
	size_t *searches; /* where the search of each is */
};

enum word {
	WORD_ARCH,
	WORD_NR,
	WORD_OTHER,
};

static enum word word_of(const struct sock_filter *i)
{
	return i->k == OFFSET_ARCH ? WORD_ARCH : i->k == OFFSET_NR ? WORD_NR : WORD_OTHER;
}

/* ---- reading ---- */

static bool holds(const struct sock_filter *i, uint32_t acc)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return acc == i->k;
	case BPF_JGT:
		return acc > i->k;
	default:
		return acc >= i->k;
	}
}

/* Where the filter goes with that architecture and number. */
static int follow(const struct shrink *s, uint32_t arch, uint32_t nr, struct outcome *ret)
{
	enum word loaded = WORD_OTHER;
	uint32_t acc = 0;

	for (size_t pc = 0; pc < s->n_in; pc++) {
		const struct sock_filter *i = &s->in[pc];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			loaded = word_of(i);
			if (loaded == WORD_OTHER) {
				*ret = (struct outcome){DO_LOOK, (uint32_t)pc};
				return 0;
			}
			acc = loaded == WORD_ARCH ? arch : nr;
			break;
		case BPF_RET:
			*ret = (struct outcome){DO_RETURN, i->k};
			return 0;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				pc += i->k;
			else if (BPF_OP(i->code) == BPF_JSET || loaded == WORD_OTHER)
				return -ENOTSUP;
			else
				pc += holds(i, acc) ? i->jt : i->jf;
			break;
		default:
			return -ENOTSUP;
		}
	}
	return -EINVAL;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Every constant of a comparison may be one of the architecture or of the number: those that are neither cut nothing. */
static int find_points(struct shrink *s, enum word w)
{
	uint32_t *points = mem_array(2 * s->n_in + 1, sizeof(*points));
	size_t n = 0, kept = 0;
	unsigned *may = mem_array(s->n_in, sizeof(*may)); /* be loaded there: 1 << enum word */

	s->points[w] = points;
	if (!points || !may) {
		free(may);
		return -ENOMEM;
	}
	points[n++] = 0;
	for (size_t pc = 0; pc + 1 < s->n_in; pc++) {
		const struct sock_filter *i = &s->in[pc];
		unsigned now = BPF_CLASS(i->code) == BPF_LD ? 1U << word_of(i) : may[pc];

		if (BPF_CLASS(i->code) != BPF_JMP) {
			if (BPF_CLASS(i->code) != BPF_RET)
				may[pc + 1] |= now;
			continue;
		}
		if (BPF_OP(i->code) == BPF_JA) {
			may[pc + 1 + i->k] |= now;
			continue;
		}
		may[pc + 1 + i->jt] |= now;
		may[pc + 1 + i->jf] |= now;
		if (!(now & 1U << w))
			continue;
		points[n++] = i->k;
		if (i->k < UINT32_MAX)
			points[n++] = i->k + 1;
	}
	free(may);
	qsort(points, n, sizeof(*points), by_value);
	for (size_t k = 0; k < n; k++)
		if (k == 0 || points[k] != points[kept - 1])
			points[kept++] = points[k];
	s->n_points[w] = kept;
	return 0;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->what == b->what && a->value == b->value;
}

static int find_ranges(const struct shrink *s, uint32_t arch, struct ranges *ret)
{
	struct ranges found = {.items = mem_array(s->n_points[WORD_NR], sizeof(struct range))};
	int r = found.items ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < s->n_points[WORD_NR]; i++) {
		struct range *now = &found.items[found.n];

		now->first = s->points[WORD_NR][i];
		r = follow(s, arch, now->first, &now->out);
		if (r == 0 && (found.n == 0 || !same(&now->out, &now[-1].out)))
			found.n++;
	}
	if (r < 0)
		free(found.items);
	else
		*ret = found;
	return r;
}

static bool same_ranges(const struct ranges *a, const struct ranges *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (a->items[i].first != b->items[i].first || !same(&a->items[i].out, &b->items[i].out))
			return false;
	return a->n == b->n;
}

/* ---- writing, from the end ---- */

/* Returns where it is, counted from the end; 0: there is no room, so it is not smaller. */
static size_t put(struct shrink *s, struct sock_filter i)
{
	if (s->used == s->room)
		return 0;
	s->out[s->room - ++s->used] = i;
	return s->used;
}

/* A jump from what is written next to what is at `to` skips that many. */
static size_t skips(const struct shrink *s, size_t to)
{
	return s->used - to;
}

static size_t put_goto(struct shrink *s, size_t to)
{
	return put(s, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)skips(s, to)));
}

/* What can be reached by a conditional jump that is written next: `to`, or a jump to it. */
static size_t near(struct shrink *s, size_t to)
{
	/* one more may have to be written for the other way out */
	return to > 0 && skips(s, to) + 1 > JUMP_MAX ? put_goto(s, to) : to;
}

static size_t put_jump(struct shrink *s, uint16_t op, uint32_t k, size_t yes, size_t no)
{
	if (yes == 0 || no == 0)
		return 0;
	yes = near(s, yes);
	no = yes > 0 ? near(s, no) : 0;
	if (no == 0)
		return 0;
	return put(s, (struct sock_filter){.code = BPF_JMP | op | BPF_K, .jt = (unsigned char)skips(s, yes),
					   .jf = (unsigned char)skips(s, no), .k = k});
}

/* The part that looks at arguments, from instruction `pc` on. Its jumps get no longer, since nothing comes between. */
static void copy_from(struct shrink *s, const bool *wanted)
{
	for (size_t pc = s->n_in; pc-- > 0;) {
		struct sock_filter i = s->in[pc];

		if (!wanted[pc])
			continue;
		if (BPF_CLASS(i.code) == BPF_JMP && BPF_OP(i.code) == BPF_JA) {
			s->copied[pc] = put_goto(s, s->copied[pc + 1 + i.k]);
			continue;
		}
		if (BPF_CLASS(i.code) == BPF_JMP) {
			i.jt = (unsigned char)skips(s, s->copied[pc + 1 + i.jt]);
			i.jf = (unsigned char)skips(s, s->copied[pc + 1 + i.jf]);
		}
		s->copied[pc] = put(s, i);
		if (s->copied[pc] == 0)
			return;
	}
}

static void want(const struct shrink *s, bool *wanted)
{
	for (size_t i = 0; i < s->n_points[WORD_ARCH]; i++)
		for (size_t k = 0; k < s->lists[i].n; k++)
			if (s->lists[i].items[k].out.what == DO_LOOK)
				wanted[s->lists[i].items[k].out.value] = true;
	for (size_t pc = 0; pc < s->n_in; pc++) {
		const struct sock_filter *i = &s->in[pc];

		if (!wanted[pc] || BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (BPF_CLASS(i->code) != BPF_JMP) {
			wanted[pc + 1] = true;
		} else if (BPF_OP(i->code) == BPF_JA) {
			wanted[pc + 1 + i->k] = true;
		} else {
			wanted[pc + 1 + i->jt] = true;
			wanted[pc + 1 + i->jf] = true;
		}
	}
}

/* An action, once for all who can reach it. */
static size_t put_action(struct shrink *s, uint32_t action)
{
	for (size_t at = s->used; at > 0 && skips(s, at) < JUMP_MAX / 2; at--) {
		const struct sock_filter *i = &s->out[s->room - at];

		if (i->code == (BPF_RET | BPF_K) && i->k == action)
			return at;
	}
	return put(s, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static size_t put_outcome(struct shrink *s, const struct outcome *o)
{
	switch (o->what) {
	case DO_LOOK:
		return s->copied[o->value];
	case DO_SEARCH:
		return o->value;
	default:
		return put_action(s, o->value);
	}
}

/* A single number between two ranges that are treated alike is one comparison. */
static bool is_exception(const struct range *r, size_t n)
{
	return n == 3 && r[2].first == r[1].first + 1 && same(&r[0].out, &r[2].out);
}

/* The search over `n` ranges; what is searched for is loaded. Halving them bounds the depth by 13. */
static size_t put_search(struct shrink *s, const struct range *r, size_t n)
{
	size_t half = n / 2, yes, no;

	if (n == 1)
		return put_outcome(s, &r->out);
	if (is_exception(r, n)) {
		yes = put_outcome(s, &r[1].out);
		no = yes > 0 ? put_outcome(s, &r->out) : 0;
		return put_jump(s, BPF_JEQ, r[1].first, yes, no);
	}
	yes = put_search(s, r + half, n - half);
	no = yes > 0 ? put_search(s, r, half) : 0;
	return put_jump(s, BPF_JGE, r[half].first, yes, no);
}

/* The search of one architecture, which begins by loading the number; or that of another one, when it is the same. */
static size_t put_list(struct shrink *s, size_t i)
{
	for (size_t k = i + 1; k < s->n_points[WORD_ARCH]; k++)
		if (same_ranges(&s->lists[k], &s->lists[i]))
			return s->searches[k];
	if (put_search(s, s->lists[i].items, s->lists[i].n) == 0)
		return 0;
	return put(s, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET_NR));
}

/* Each architecture's search, and before them the choice among them. */
static size_t put_all(struct shrink *s)
{
	size_t n = s->n_points[WORD_ARCH], n_kinds = 0;
	_cleanup_free_ struct range *kinds = mem_array(n, sizeof(*kinds));

	if (!kinds)
		return 0;
	for (size_t i = n; i-- > 0;) {
		s->searches[i] = s->lists[i].n > 1 ? put_list(s, i) : 0;
		if (s->lists[i].n > 1 && s->searches[i] == 0)
			return 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct range *now = &kinds[n_kinds];

		now->first = s->points[WORD_ARCH][i];
		now->out = s->lists[i].n > 1 ? (struct outcome){DO_SEARCH, (uint32_t)s->searches[i]} : s->lists[i].items->out;
		if (n_kinds == 0 || !same(&now->out, &now[-1].out))
			n_kinds++;
	}
	return put_search(s, kinds, n_kinds) > 0 ? put(s, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET_ARCH)) : 0;
}

static int shrink(struct shrink *s)
{
	_cleanup_free_ bool *wanted = mem_array(s->n_in, sizeof(*wanted));
	int r = wanted ? find_points(s, WORD_ARCH) : -ENOMEM;

	if (r == 0)
		r = find_points(s, WORD_NR);
	if (r < 0)
		return r;
	s->lists = mem_array(s->n_points[WORD_ARCH], sizeof(*s->lists));
	s->searches = mem_array(s->n_points[WORD_ARCH], sizeof(*s->searches));
	if (!s->lists || !s->searches)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < s->n_points[WORD_ARCH]; i++)
		r = find_ranges(s, s->points[WORD_ARCH][i], &s->lists[i]);
	if (r < 0)
		return r;
	want(s, wanted);
	copy_from(s, wanted);
	return put_all(s) > 0 ? 0 : -ENOTSUP;
}

static void shrink_done(struct shrink *s)
{
	for (size_t i = 0; s->lists && i < s->n_points[WORD_ARCH]; i++)
		free(s->lists[i].items);
	free(s->lists);
	free(s->searches);
	free(s->copied);
	free(s->out);
	free(s->points[WORD_ARCH]);
	free(s->points[WORD_NR]);
}

int seccomp_filter_shrink(const struct sock_filter *insns, size_t n, struct sock_filter **ret, size_t *ret_n)
{
	_cleanup_(shrink_done) struct shrink s = {.in = insns, .n_in = n, .room = n - 1};

	int r = seccomp_filter_check(insns, n);

	if (r < 0)
		return r;
	s.out = mem_array(n, sizeof(*s.out));
	s.copied = mem_array(n, sizeof(*s.copied));
	if (!s.out || !s.copied)
		return -ENOMEM;
	r = shrink(&s);
	if (r < 0)
		return r;
	memmove(s.out, s.out + (s.room - s.used), s.used * sizeof(*s.out));
	*ret_n = s.used;
	*ret = TAKE_PTR(s.out);
	return 0;
}
