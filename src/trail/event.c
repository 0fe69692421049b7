/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What the kernel stamped (pid, auid, ses, uid, exe) and what a sender said
 * stand side by side here as they do in the record; the type tells which
 * record that is. Only `container` and what goes with it is ours.
 */
#include "trail/event.h"

#include "audit/system_ledger.h"
#include "audit/verb.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/json_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TYPE_VIRT_FIRST 2500

static const char *const virt_names[] = {"VIRT_CONTROL", "VIRT_RESOURCE", "VIRT_MACHINE_ID", "VIRT_INTEGRITY_CHECK", "VIRT_CREATE", "VIRT_DESTROY"};

enum event_want event_wanted(const struct log_event *ev)
{
	if (!system_ledger_holds(ev))
		return EVENT_IGNORED;
	return ev->kind == LOG_SYSCALL ? EVENT_LABELLED : ev->kind == LOG_VIRT ? EVENT_WEIGHED : EVENT_PLAIN;
}

void event_receipt(const struct log_event *ev, char out[static EVENT_RECEIPT_SIZE])
{
	snprintf(out, EVENT_RECEIPT_SIZE, "%llu.%03u:%u", (unsigned long long)ev->sec, ev->milli, ev->serial);
}

/* Collects members; the first failure sticks. */
struct maker {
	struct json_object *o;
	int r;
};

/* "exe-cut": true */
static void add_mark(struct maker *m, const char *key, const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%s", key, what);
	if (m->r == 0)
		m->r = json_add_bool(m->o, name, true);
}

static void add_text(struct maker *m, const char *key, const char *value, size_t max)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	size_t len = strnlen(value, max + 1);
	bool cut = len > max, exact;

	if (m->r < 0 || len == 0)
		return;
	exact = escape_utf8(value, cut ? json_text_whole(value, max) : len, &text);
	m->r = buf_bad(&text) ? -ENOMEM : json_add(m->o, key, json_object_new_string_len(buf_str(&text), (int)text.len));
	if (cut)
		add_mark(m, key, "cut");
	if (!exact)
		add_mark(m, key, "inexact");
}

static void add_id(struct maker *m, const char *key, uint32_t id)
{
	if (m->r == 0 && id != LOG_NONE)
		m->r = json_add_u64(m->o, key, id);
}

static void add_number(struct maker *m, const char *key, uint64_t n)
{
	if (m->r == 0 && n != 0 && n <= (uint64_t)1 << 52)
		m->r = json_add_u64(m->o, key, n);
}

static void add_exec(struct maker *m, const struct log_event *ev)
{
	add_text(m, "op", "execve", EVENT_WORD_MAX);
	add_text(m, "comm", ev->comm, EVENT_WORD_MAX);
	add_text(m, "exe", ev->exe, EVENT_PATH_MAX);
	add_text(m, "cmd", ev->argv, EVENT_CMD_MAX);
	add_text(m, "cwd", ev->cwd, EVENT_PATH_MAX);
	add_text(m, "tty", ev->tty, EVENT_WORD_MAX);
	add_text(m, "key", ev->key, EVENT_WORD_MAX);
}

/* What entries are called that no sender writes: by `op` those who read the ledger tell them, and a record could say so of itself. */
static bool is_op_of_ours(const char *op)
{
	static const char *const ops[] = {"execve", "login", "head", "suppress"};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(op, ops[i]) == 0)
			return true;
	return strcmp(audit_op_about(op), "ledger") == 0;
}

static void add_virt(struct maker *m, const struct log_virt *v)
{
	add_text(m, is_op_of_ours(v->op) ? "claimed-op" : "op", v->op, EVENT_WORD_MAX);
	add_text(m, "reason", v->reason, EVENT_WORD_MAX);
	add_text(m, "virt", v->virt, EVENT_WORD_MAX);
	add_text(m, "vm", v->vm, EVENT_PATH_MAX);
	add_text(m, "uuid", v->uuid, EVENT_WORD_MAX);
	add_text(m, "ctr", v->ctr, EVENT_WORD_MAX);
	add_text(m, "trust", v->trust, EVENT_WORD_MAX);
	add_text(m, "claimed-image", v->image, EVENT_PATH_MAX);
	add_text(m, "claimed-profile", v->profile, EVENT_PATH_MAX);
	add_text(m, "claimed-profile-hash", v->profile_hash, EVENT_WORD_MAX);
	add_text(m, "uid-map", v->uid_map, EVENT_PATH_MAX);
	add_number(m, "vm-pid", v->vm_pid);
	add_number(m, "init-start", v->init_start);
	add_number(m, "pid-ns", v->pid_ns);
	add_number(m, "user-ns", v->user_ns);
	add_id(m, "ses-of", v->ses_of);
	add_text(m, "res", v->success ? "success" : "failed", EVENT_WORD_MAX);
}

static void add_login(struct maker *m, const struct log_event *ev)
{
	add_text(m, "op", "login", EVENT_WORD_MAX);
	if (ev->kind == LOG_LOGIN) {
		add_id(m, "old-auid", ev->old_auid);
		add_id(m, "old-ses", ev->old_ses);
		add_text(m, "res", ev->done ? "success" : "failed", EVENT_WORD_MAX);
		return;
	}
	add_text(m, "acct", ev->user.acct, EVENT_WORD_MAX);
	add_text(m, "addr", ev->user.addr, EVENT_WORD_MAX);
	add_text(m, "hostname", ev->user.hostname, EVENT_WORD_MAX);
	add_text(m, "terminal", ev->user.terminal, EVENT_WORD_MAX);
	add_text(m, "res", ev->user.success ? "success" : "failed", EVENT_WORD_MAX);
}

static const char *type_name(const struct log_event *ev)
{
	size_t virt = (size_t)ev->type - TYPE_VIRT_FIRST;

	if (ev->kind == LOG_SYSCALL)
		return "SYSCALL";
	if (ev->kind == LOG_VIRT)
		return ev->type >= TYPE_VIRT_FIRST && virt < ARRAY_SIZE(virt_names) ? virt_names[virt] : "VIRT";
	return ev->kind == LOG_LOGIN ? "LOGIN" : "USER_LOGIN";
}

int event_object(const struct log_event *ev, const char *boot, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct maker m = {o, o ? 0 : -ENOMEM};

	add_text(&m, "type", type_name(ev), EVENT_WORD_MAX);
	add_text(&m, "boot", boot, EVENT_WORD_MAX);
	add_id(&m, "pid", ev->pid);
	add_id(&m, "ppid", ev->ppid);
	add_id(&m, "uid", ev->uid);
	add_id(&m, "auid", ev->auid);
	add_id(&m, "ses", ev->ses);
	if (ev->kind == LOG_SYSCALL)
		add_exec(&m, ev);
	else if (ev->kind == LOG_VIRT)
		add_virt(&m, &ev->virt);
	else
		add_login(&m, ev);
	if (m.r == 0)
		*ret = TAKE_PTR(o);
	return m.r;
}

int event_label(struct json_object *o, const struct chain *chain, const struct chain_answer *a)
{
	struct maker m = {o, 0};

	add_text(&m, "container", chain_where_text(chain, a), EVENT_WORD_MAX);
	add_text(&m, "method", chain_method_text(a->method), EVENT_WORD_MAX);
	add_text(&m, "confidence", chain_confidence_text(a->confidence), EVENT_WORD_MAX);
	if (a->where == CHAIN_CONTAINER) {
		const struct chain_container *c = chain_container_at(chain, a->container);

		add_text(&m, "uuid", c->uuid, EVENT_WORD_MAX);
		add_text(&m, "ctr", c->ctr, EVENT_WORD_MAX);
		m.r = m.r < 0 ? m.r : json_add_str(o, "where", "container");
	} else {
		m.r = m.r < 0 ? m.r : json_add_str(o, "where", a->where == CHAIN_HOST ? "host" : "unknown");
	}
	if (a->where == CHAIN_UNKNOWN)
		add_text(&m, "doubt", chain_doubt_text(a->doubt), EVENT_WORD_MAX);
	return m.r;
}

int event_weigh(struct json_object *o, enum chain_word word)
{
	return json_add_str(o, "word", chain_word_text(word));
}
