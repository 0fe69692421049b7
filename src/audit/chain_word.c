/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whose word a record is. Its text is the sender's, and to send one takes CAP_AUDIT_WRITE in the host's user namespace: the witness
 * has it, and root; but a container of root's may have it too (other engines give it without being asked), and its processes can
 * then write `trust=root` and `trust=live` as well as anybody. The kernel's stamp says who sent it: pid, uid and login. So
 *  - who is in a container, by the records before, is neither the witness nor an engine. (Nor does he know the host's pids.)
 *  - who is on the host, as is proved like any other answer, is believed.
 *  - who can be placed nowhere is believed only when no container's process could have his stamp: the witness's word (not
 *    root's own), for one who is not root, in a login in which root has had no container recorded before, and made no pid
 *    namespace: that is how another engine begins one.
 * What is not believed is claimed: the container is listed as such, and no process is in it.
 *
 * Statements are weighed in the order of their serials, each with what was believed before it, so that a forged one
 * cannot change what is said of its own sender. A stream may have to wait for the sender's own records: until CHAIN_LOOK_AHEAD later
 * events have come, an undecided word is weighed anew.
 */
#include "audit/chain_word.h"

#include "audit/chain_resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_RUN UINT32_MAX

static void copy_text(char *dst, size_t size, const char *src)
{
	snprintf(dst, size, "%s", src);
}

/* ---- what is fed ---- */

int word_feed_root(struct chain *c, const struct log_event *ev, struct err *e)
{
	const struct session s = {ev->boot, ev->ses, log_event_key(ev)};
	uint64_t known = store_session(&c->roots, s.boot, s.ses);

	/* the first counts */
	return s.ses == LOG_NONE || (known != 0 && known <= s.key) ? 0 : store_add_session(&c->roots, &s, e);
}

static int add_run(struct chain *c, const struct log_event *ev, struct err *e)
{
	const struct log_virt *v = &ev->virt;
	struct chain_container k = {.pid = v->vm_pid, .start = log_event_key(ev), .auid = ev->auid, .ses = ev->ses,
				    .pid_ns = v->pid_ns, .init_start = v->init_start, .claimed = true};
	int r = 0;

	copy_text(k.name, sizeof(k.name), v->vm[0] ? v->vm : v->uuid);
	copy_text(k.uuid, sizeof(k.uuid), v->uuid);
	copy_text(k.ctr, sizeof(k.ctr), v->ctr);
	if (ev->uid == 0)
		r = word_feed_root(c, ev, e);
	return r < 0 ? r : store_add_container(c, &k, e);
}

/* What the writer saw itself: a process that lives, or one that has ended and is not reaped; 0: neither. */
static uint32_t seen_as(const struct log_event *ev)
{
	const struct log_virt *v = &ev->virt;
	/* the witness saw it, or root, who needs none: then the stamp must say that it was root */
	bool live = strcmp(v->trust, "live") == 0 || (strcmp(v->trust, "root") == 0 && ev->uid == 0);

	if (live && (strcmp(v->op, "start") == 0 || strcmp(v->op, "exec") == 0))
		return SAMPLE_ALIVE;
	return strcmp(v->trust, "zombie") == 0 ? SAMPLE_ZOMBIE : 0;
}

int word_feed(struct chain *c, const struct log_event *ev, struct err *e)
{
	const struct log_virt *v = &ev->virt;
	bool init = v->init_pid == 0 || v->init_pid == v->vm_pid;
	struct statement st = {.boot = ev->boot, .subject = v->vm_pid, .init_pid = init ? v->vm_pid : v->init_pid, .init_start = v->init_start,
			       .word = WORD_OPEN};
	uint32_t seen = seen_as(ev);
	int r = 0;

	chain_sender_of(ev, &st.sender);
	if (strcmp(v->virt, "ranby") != 0 || v->vm_pid == 0 || !v->success || !seen)
		return 0;
	st.is_start = seen == SAMPLE_ALIVE && strcmp(v->op, "start") == 0;
	st.sample = (struct sample){.key = log_event_key(ev), .auid = LOG_NONE, .flags = seen, .container = NO_RUN,
				    .subject = init ? v->init_start : v->vm_start, .ses = init ? v->starter_ses : v->ses_of};
	if (st.is_start) {
		st.sample.container = (uint32_t)c->n_containers;
		r = add_run(c, ev, e);
	}
	return r < 0 ? r : store_add_statement(c, &st, e);
}

/* ---- what is believed ---- */

/* The latest run of that init that had begun, by a record that is believed or by a claim; NO_RUN. */
static uint32_t find_run(const struct chain *c, const struct statement *st, bool claimed)
{
	for (size_t i = c->n_containers; i > 0; i--) {
		const struct chain_container *k = &c->containers[i - 1];

		if (!k->anchor && k->claimed == claimed && k->pid == st->init_pid && key_boot(k->start) == st->boot && k->start < st->sample.key &&
		    k->init_start == st->init_start)
			return (uint32_t)i - 1;
	}
	return NO_RUN;
}

static bool is_nobody_elses(const struct chain *c, const struct chain_sender *s)
{
	uint64_t roots = store_session(&c->roots, key_boot(s->key), s->ses);

	return !s->by_root && s->uid != 0 && s->ses != LOG_NONE && (roots == 0 || roots >= s->key);
}

enum chain_word word_of_sender(struct chain *c, const struct chain_sender *s, bool *ret_placed)
{
	struct verdict v = chain_resolve_sender(c, key_boot(s->key), s->pid, s->ses, s->key);

	*ret_placed = v.where != CHAIN_UNKNOWN;
	if (v.where == CHAIN_HOST || (v.where == CHAIN_UNKNOWN && is_nobody_elses(c, s)))
		return CHAIN_WORD_BELIEVED;
	return v.where == CHAIN_CONTAINER ? CHAIN_WORD_CLAIMED : CHAIN_WORD_UNKNOWN;
}

/* It is in the lines no more. */
static int withdraw(struct chain *c, struct statement *st, struct err *e)
{
	struct chain_container *k = &c->containers[st->sample.container];

	if (k->stop == st->sample.key)
		k->stop = 0;
	if (st->is_start)
		k->claimed = true;
	st->word = WORD_CLAIMED;
	/* what rested on it is not settled */
	store_unsettle(c);
	return store_drop_sample(c, st->boot, st->subject, st->sample.key, e);
}

/* With a start goes what was said of that run. */
static int withdraw_run(struct chain *c, uint32_t run, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_statements; i++)
		if (c->statements[i].word == WORD_BELIEVED && c->statements[i].sample.container == run)
			r = withdraw(c, &c->statements[i], e);
	return r;
}

/* `is_claim`: not merely about a run of which the log has no start. */
static int disbelieve(struct chain *c, struct statement *st, bool is_claim, struct err *e)
{
	bool was = st->word == WORD_BELIEVED;
	struct line *l;
	int r = was ? withdraw(c, st, e) : 0;

	st->word = WORD_CLAIMED;
	if (r == 0 && was && st->is_start)
		r = withdraw_run(c, st->sample.container, e);
	if (r < 0 || !is_claim)
		return r;
	r = store_add_line(c, st->boot, st->subject, &l, e);
	if (r == 0 && (l->claimed == 0 || st->sample.key < l->claimed))
		l->claimed = st->sample.key;
	return r;
}

static int believe(struct chain *c, struct statement *st, struct err *e)
{
	struct chain_container *k = &c->containers[st->sample.container];

	st->word = WORD_BELIEVED;
	if (st->is_start)
		k->claimed = false;
	if ((st->sample.flags & SAMPLE_ZOMBIE) && st->subject == k->pid)
		k->stop = st->sample.key;
	return store_add_sample(c, st->boot, st->subject, &st->sample, e);
}

static int weigh(struct chain *c, struct statement *st, struct err *e)
{
	bool placed, good;
	enum chain_word word = word_of_sender(c, &st->sender, &placed);
	bool heard = word == CHAIN_WORD_BELIEVED;
	int r;

	if (!st->is_start && st->word != WORD_BELIEVED)
		st->sample.container = find_run(c, st, false);
	good = heard && st->sample.container != NO_RUN;
	st->is_final = (placed && (good || word == CHAIN_WORD_CLAIMED)) ||
		       c->seen[c->n_seen - 1].key - st->sample.key > CHAIN_LOOK_AHEAD;
	if (st->word == (good ? WORD_BELIEVED : WORD_CLAIMED))
		return 0;
	r = good ? believe(c, st, e) : disbelieve(c, st, !heard || find_run(c, st, true) != NO_RUN, e);
	/* a verdict that is not certain may be another one with it */
	c->round++;
	return r < 0 ? r : store_prepare(c, e);
}

static int compare(const void *a, const void *b)
{
	const struct statement *x = a, *y = b;

	return x->sample.key < y->sample.key ? -1 : x->sample.key > y->sample.key;
}

int word_weigh(struct chain *c, struct err *e)
{
	int r = 0;

	if (c->weighed == c->round)
		return 0;
	if (!c->statements_sorted && c->n_statements > c->n_final)
		qsort(c->statements + c->n_final, c->n_statements - c->n_final, sizeof(c->statements[0]), compare);
	c->statements_sorted = true;
	for (size_t i = c->n_final; r == 0 && i < c->n_statements; i++)
		if (!c->statements[i].is_final)
			r = weigh(c, &c->statements[i], e);
	while (c->n_final < c->n_statements && c->statements[c->n_final].is_final)
		c->n_final++;
	c->weighed = c->round;
	return r;
}
