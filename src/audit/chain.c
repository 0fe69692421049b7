/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What of an event is kept, and questions about it. The argument why an answer is right is in
 * chain_resolve.c, the data in chain_store.c.
 *
 * A verdict is remembered with its sample. One that follows from the
 * records alone (certain) stays; another is found anew after each feed,
 * since a later record may speak against it.
 */
#include "audit/chain.h"

#include "audit/chain_resolve.h"
#include "audit/chain_store.h"
#include "audit/chain_word.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* Namespaces that make a container. With another user, network, ... namespace alone a process still sees the host's files and processes. */
#define NS_CONTAINER ((uint32_t)(CLONE_NEWNS | CLONE_NEWPID))

int chain_new(const struct chain_options *o, struct chain **ret, struct err *e)
{
	struct chain *c = calloc(1, sizeof(*c));

	if (!c)
		return err_errno(e, ENOMEM, "audit log");
	c->options = *o;
	c->seen_sorted = true;
	c->statements_sorted = true;
	*ret = c;
	return 0;
}

struct chain *chain_free(struct chain *c)
{
	if (c) {
		store_free(c);
		free(c);
	}
	return NULL;
}

static void copy_text(char *dst, size_t size, const char *src)
{
	snprintf(dst, size, "%s", src);
}

int chain_anchor(struct chain *c, const struct chain_anchor *a, struct err *e)
{
	struct chain_container k = {.pid = a->pid, .auid = LOG_NONE, .ses = LOG_NONE, .anchor = true};
	struct sample s = {.key = (uint64_t)a->boot << 32 | a->serial, .ses = LOG_NONE, .auid = LOG_NONE};
	const struct line *l = store_line(c, a->boot, a->pid);
	int r = 0;

	if (a->pid == 0)
		return err_set(e, EINVAL, "0 is no process");
	for (size_t i = 0; l && i < l->n; i++)
		if ((l->samples[i].flags & SAMPLE_STATED) && l->samples[i].key == s.key)
			return err_set(e, EEXIST, "process %u has an anchor already", a->pid);
	c->round++;
	s.flags = (a->name ? SAMPLE_ALIVE : SAMPLE_HOST) | (a->serial ? 0 : SAMPLE_WHOLE);
	s.container = (uint32_t)c->n_containers;
	if (a->name) {
		copy_text(k.name, sizeof(k.name), a->name);
		k.start = s.key;
		r = store_add_container(c, &k, e);
	}
	return r < 0 ? r : store_add_sample(c, a->boot, a->pid, &s, e);
}

static uint32_t fork_flags(const struct log_event *ev)
{
	if (ev->thread || (!ev->done && ev->exit < 0))
		return 0;
	return SAMPLE_FORK | (ev->ns_flags & NS_CONTAINER ? SAMPLE_NS : 0) | (ev->ns_flags & CLONE_NEWPID ? SAMPLE_NEWPID : 0);
}

/* What a call that succeeded says of its process. */
static uint32_t done_flags(const struct log_event *ev)
{
	bool container = (ev->ns_flags & NS_CONTAINER) != 0;
	uint32_t stays = (ev->ns_flags & NS_CONTAINER) == CLONE_NEWPID ? SAMPLE_STAYS : 0;

	switch (ev->call) {
	case LOG_CALL_EXEC:
		return SAMPLE_EXEC;
	case LOG_CALL_UNSHARE:
		return container ? SAMPLE_ENTER | stays : 0;
	case LOG_CALL_SETNS:
		return container || ev->ns_flags == 0 ? SAMPLE_ENTER | stays : 0;
	case LOG_CALL_MOUNT:
		return ev->uid != 0 ? SAMPLE_ENTER | SAMPLE_MOUNT : 0;
	default:
		return 0;
	}
}

static uint32_t flags_of(const struct log_event *ev)
{
	uint32_t f = ev->done ? SAMPLE_DONE | done_flags(ev) : 0;

	if (ev->call == LOG_CALL_FORK || ev->call == LOG_CALL_CLONE3)
		f |= fork_flags(ev);
	return ev->call == LOG_CALL_EXIT ? f | SAMPLE_EXIT : f;
}

static int feed_syscall(struct chain *c, const struct log_event *ev, struct err *e)
{
	struct sample s = {.key = log_event_key(ev), .ppid = ev->ppid, .auid = ev->auid, .ses = ev->ses, .flags = flags_of(ev)};
	int r;

	if ((s.flags & SAMPLE_FORK) && ev->done && ev->exit > 0 && ev->exit <= INT32_MAX)
		s.child = (uint32_t)ev->exit;
	r = store_add_sample(c, ev->boot, ev->pid, &s, e);
	if (r == 0 && ev->uid == 0 && ev->done && !ev->thread && (ev->ns_flags & CLONE_NEWPID))
		r = word_feed_root(c, ev, e);
	/* One whose caller was killed in it does not say which child it made: it goes to the line of pid 0. Nobody's child has his own
	   number or his parent's, who live: it is one of another pid namespace then, and says nothing about who has it here. */
	if (r == 0 && (s.flags & SAMPLE_FORK) && s.child != ev->pid && (s.child == 0 || s.child != ev->ppid))
		r = store_add_birth(c, ev->boot, s.child, &(struct birth){.key = s.key, .caller = ev->pid, .above = ev->ppid, .ses = ev->ses, .flags = s.flags}, e);
	return r;
}

static int feed_login(struct chain *c, const struct log_event *ev, struct err *e)
{
	bool by_root = ev->uid == 0 && ev->done && ev->ses != LOG_NONE;
	struct sample s = {.key = log_event_key(ev), .ppid = ev->ppid, .auid = ev->auid, .ses = ev->ses,
			   .flags = by_root ? SAMPLE_LOGIN | SAMPLE_DONE : 0};
	int r = 0;

	if (!ev->done)
		return 0;
	if (by_root)
		r = store_add_session(&c->logins, &(struct session){ev->boot, ev->ses, s.key}, e);
	return r < 0 ? r : store_add_sample(c, ev->boot, ev->pid, &s, e);
}

int chain_feed(struct chain *c, const struct log_event *ev, struct err *e)
{
	struct seen seen = {.key = log_event_key(ev), .pid = ev->pid};
	int r;

	if (ev->kind == LOG_DAEMON || ev->serial == 0 || seen.key < c->trimmed)
		return 0;
	c->round++;
	if (c->n_seen > 0 && seen.key < c->seen[c->n_seen - 1].key)
		c->late = true;
	seen.doubtful = ev->kind == LOG_DAMAGED || (ev->kind == LOG_RULES && ev->done);
	if (ev->kind == LOG_DAMAGED || ev->kind == LOG_OTHER)
		seen.pid = 0;
	r = store_add_seen(c, &seen, e);
	if (r < 0)
		return r;
	switch (ev->kind) {
	case LOG_SYSCALL:
		return feed_syscall(c, ev, e);
	case LOG_LOGIN:
		return feed_login(c, ev, e);
	case LOG_VIRT:
		return word_feed(c, ev, e);
	default:
		return 0;
	}
}

static void answer(const struct verdict *v, struct chain_answer *ret)
{
	ret->where = v->where;
	ret->container = v->container;
	ret->method = v->where == CHAIN_UNKNOWN ? CHAIN_BY_NOTHING : v->method;
	ret->confidence = v->where == CHAIN_UNKNOWN ? CHAIN_NO_CONFIDENCE : v->confidence;
	ret->doubt = v->where == CHAIN_UNKNOWN ? v->doubt : CHAIN_NO_DOUBT;
	ret->anchor = v->anchor;
	ret->depth = v->depth;
	ret->settled = v->confidence == CHAIN_CERTAIN;
}

static bool prepare(struct chain *c)
{
	/* what came out of order may speak against what was settled */
	if (c->late)
		store_unsettle(c);
	c->late = false;
	return store_prepare(c, NULL) == 0 && word_weigh(c, NULL) == 0;
}

/* Whether a record that is not believed names that process, or one above it. */
static bool is_below_claim(const struct chain *c, uint32_t boot, uint32_t pid, uint64_t key)
{
	for (unsigned i = 0; i < c->options.depth_max && pid > 1; i++) {
		const struct line *l = store_line(c, boot, pid);
		size_t k = l ? line_find(l, key, true) : 0;

		if (l && l->claimed != 0 && l->claimed <= key)
			return true;
		while (k > 0 && (l->samples[k - 1].flags & SAMPLE_STATED))
			k--;
		if (k == 0)
			return false;
		pid = l->samples[k - 1].ppid;
	}
	return false;
}

static void ask_pid(struct chain *c, uint32_t pid, uint64_t key, struct chain_answer *ret)
{
	struct line *l = store_line(c, key_boot(key), pid);
	struct verdict v;
	size_t i;

	ret->pid = pid;
	if (!l || l->n == 0)
		return;
	for (i = line_find(l, key, false); i < l->n && l->samples[i].key == key; i++) {
		if (l->samples[i].flags & SAMPLE_STATED)
			continue;
		v = chain_resolve(c, l, i, 0);
		answer(&v, ret);
		ret->ppid = l->samples[i].ppid;
		ret->auid = l->samples[i].auid;
		ret->ses = l->samples[i].ses;
		return;
	}
	v = chain_resolve_between(c, l, key, 0);
	answer(&v, ret);
}

void chain_ask_pid(struct chain *c, uint32_t pid, uint64_t key, struct chain_answer *ret)
{
	*ret = (struct chain_answer){.doubt = CHAIN_NOT_THERE, .auid = LOG_NONE, .ses = LOG_NONE};
	if (!prepare(c))
		return;
	ask_pid(c, pid, key, ret);
	if (ret->where == CHAIN_UNKNOWN && is_below_claim(c, key_boot(key), pid, key))
		ret->doubt = CHAIN_CLAIMED;
}

void chain_ask(struct chain *c, uint64_t key, struct chain_answer *ret)
{
	const struct seen *s;

	*ret = (struct chain_answer){.doubt = CHAIN_NOT_THERE, .auid = LOG_NONE, .ses = LOG_NONE};
	if (!prepare(c))
		return;
	s = store_seen(c, key);
	if (s && s->pid > 0)
		chain_ask_pid(c, s->pid, key, ret);
}

/* ---- whose word ---- */

void chain_sender_of(const struct log_event *ev, struct chain_sender *ret)
{
	*ret = (struct chain_sender){.key = log_event_key(ev), .pid = ev->pid, .uid = ev->uid, .ses = ev->ses,
				     .by_root = ev->kind == LOG_VIRT && strcmp(ev->virt.trust, "root") == 0};
}

enum chain_word chain_weigh(struct chain *c, const struct chain_sender *s)
{
	bool placed;

	return prepare(c) ? word_of_sender(c, s, &placed) : CHAIN_WORD_UNKNOWN;
}

const char *chain_word_text(enum chain_word w)
{
	static const char *const words[] = {
		[CHAIN_WORD_UNKNOWN] = "unknown", [CHAIN_WORD_BELIEVED] = "believed", [CHAIN_WORD_CLAIMED] = "claimed"};

	return words[w];
}

/* The process that this fork made is named by a statement, before the number is used again. */
static bool becomes_known(const struct chain *c, uint32_t boot, const struct sample *fork)
{
	const struct line *l = store_line(c, boot, fork->child);
	uint64_t again = UINT64_MAX;

	for (size_t i = 0; l && i < l->n_births && again == UINT64_MAX; i++)
		if (l->births[i].key > fork->key)
			again = l->births[i].key;
	for (size_t i = 0; l && i < l->n_marks; i++) {
		const struct sample *mark = &l->samples[l->marks[i]];

		if ((mark->flags & SAMPLE_WHOLE) || (mark->key > fork->key && mark->key < again))
			return true;
	}
	return false;
}

bool chain_made_container(struct chain *c, uint32_t boot, uint32_t pid)
{
	const struct line *l;

	if (!prepare(c))
		return false;
	l = store_line(c, boot, pid);
	for (size_t i = 0; l && i < l->n; i++)
		if (l->samples[i].child && becomes_known(c, boot, &l->samples[i]))
			return true;
	return false;
}

size_t chain_containers(struct chain *c)
{
	return prepare(c) ? c->n_containers : 0;
}

const struct chain_container *chain_container_at(const struct chain *c, uint32_t index)
{
	return index < c->n_containers ? &c->containers[index] : NULL;
}

/* Nobody gets taken for the host by calling his container so. */
static const char *shown_name(const struct chain_container *k)
{
	bool pretends = strcmp(k->name, "host") == 0 || strcmp(k->name, "unknown") == 0;

	return pretends && k->uuid[0] ? k->uuid : k->name;
}

const char *chain_where_text(const struct chain *c, const struct chain_answer *a)
{
	if (a->where == CHAIN_CONTAINER)
		return shown_name(&c->containers[a->container]);
	return a->where == CHAIN_HOST ? "host" : "unknown";
}

const char *chain_method_text(enum chain_method m)
{
	static const char *const texts[] = {"none", "start", "exec", "anchor", "login", "parents"};

	return texts[m];
}

const char *chain_confidence_text(enum chain_confidence k)
{
	static const char *const texts[] = {"none", "likely", "certain"};

	return texts[k];
}

const char *chain_doubt_text(enum chain_doubt d)
{
	static const char *const texts[] = {
		[CHAIN_NO_DOUBT] = "",
		[CHAIN_NOT_THERE] = "the log has no such event of a process",
		[CHAIN_NO_PARENT] = "its parent is not in the log",
		[CHAIN_LOST] = "records that it depends on are missing",
		[CHAIN_AMBIGUOUS] = "a process id was used again, and two answers are possible",
		[CHAIN_NAMESPACE] = "below namespaces that were made without a start record",
		[CHAIN_NO_ORIGIN] = "no login, service or anchor above it in the log",
		[CHAIN_CLAIMED] = "in a container by a record of which the sender was in one too, or may have been: a claim",
		[CHAIN_TOO_DEEP] = "too many generations",
	};

	return texts[d];
}
