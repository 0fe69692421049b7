/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Entries of one or several ledgers become events in the order of time; report_runs.c makes runs of containers of them. */
#include "audit/report.h"

#include "audit/ledger_read.h"
#include "audit/system_ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void report_done(struct report *rep)
{
	for (size_t i = 0; i < rep->n; i++)
		json_object_put(rep->events[i].o);
	for (size_t i = 0; i < rep->n_runs; i++)
		free(rep->runs[i].ticks);
	free(rep->events);
	free(rep->ledgers);
	free(rep->runs);
	free(rep->results);
	rep->events = NULL;
	rep->ledgers = NULL;
	rep->runs = NULL;
	rep->results = NULL;
	rep->n = rep->n_ledgers = rep->n_runs = rep->n_results = 0;
}

/* ---- entries ---- */

const char *report_word(const struct report_event *ev, const char *names)
{
	char key[64];

	while (*names) {
		size_t len = strcspn(names, "|");
		struct json_object *v;

		if (len < sizeof(key)) {
			memcpy(key, names, len);
			key[len] = '\0';
			if (json_object_object_get_ex(ev->o, key, &v) && v && *json_object_get_string(v))
				return json_object_get_string(v);
		}
		names += len + (names[len] == '|');
	}
	return "";
}

static uint32_t id_of(const struct report_event *ev, const char *name)
{
	struct json_object *v;
	int64_t n;

	if (!json_object_object_get_ex(ev->o, name, &v) || !json_object_is_type(v, json_type_int))
		return REPORT_NO_ID;
	n = json_object_get_int64(v);
	return n >= 0 && n < REPORT_NO_ID ? (uint32_t)n : REPORT_NO_ID;
}

static unsigned kind_of(const struct report_event *ev)
{
	static const struct {
		const char *op;
		unsigned kind;
	} ops[] = {
		{"start", REPORT_START},     {"exec", REPORT_EXEC},       {"execve", REPORT_EXECVE},   {"login", REPORT_LOGIN},
		{"head", REPORT_HEAD},       {"trail-start", REPORT_TRAIL}, {"trail-stop", REPORT_TRAIL}, {"gap", REPORT_GAP},
		{"torn", REPORT_GAP},        {"suppress", REPORT_GAP},    {"create", REPORT_OBJECT},   {"rm", REPORT_OBJECT},
		{"destroy", REPORT_OBJECT},  {"pull", REPORT_OBJECT},     {"load", REPORT_OBJECT},     {"import", REPORT_OBJECT},
		{"rmi", REPORT_OBJECT},      {"build", REPORT_OBJECT},    {"commit", REPORT_OBJECT},   {"tag", REPORT_OBJECT},
		{"untag", REPORT_OBJECT},    {"volume-create", REPORT_OBJECT}, {"volume-rm", REPORT_OBJECT},    {"volume-import", REPORT_OBJECT},
		{"secret-create", REPORT_OBJECT}, {"secret-rm", REPORT_OBJECT},
		{"network-create", REPORT_OBJECT}, {"network-rm", REPORT_OBJECT},
	};
	const char *op = report_word(ev, "op");

	/* a request to stop is a kill with another name; the end itself says how it came */
	if (strcmp(op, "stop") == 0)
		return strcmp(report_word(ev, "verb"), "stop") == 0 ? REPORT_OTHER : REPORT_STOP;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(op, ops[i].op) == 0)
			return ops[i].kind;
	if (*op)
		return REPORT_OTHER;
	return *report_word(ev, "virt") ? REPORT_NO_OP : 0;
}

int report_add_ledger(struct report *rep, const char *name, struct err *e)
{
	struct report_ledger *grown = mem_regrow(rep->ledgers, rep->n_ledgers + 1, sizeof(*grown));

	if (!grown)
		return err_errno(e, ENOMEM, "report");
	rep->ledgers = grown;
	memset(&grown[rep->n_ledgers], 0, sizeof(*grown));
	snprintf(grown[rep->n_ledgers].name, sizeof(grown->name), "%s", name);
	rep->n_ledgers++;
	return 0;
}

void report_ledger_fault(struct report *rep, const char *fault)
{
	snprintf(rep->ledgers[rep->n_ledgers - 1].fault, sizeof(rep->ledgers->fault), "%s", fault);
}

static bool wanted(const struct report *rep, const struct report_event *ev)
{
	if ((rep->since_ns && ev->ns < rep->since_ns) || (rep->until_ns && ev->ns > rep->until_ns))
		return false;
	/* what nobody in particular did concerns everybody's records */
	return rep->any_user || ev->auid == rep->auid || (ev->auid == REPORT_NO_ID && (ev->kind & (REPORT_TRAIL | REPORT_GAP | REPORT_HEAD)));
}

int report_add(struct report *rep, const struct ledger_entry *entry, struct err *e)
{
	struct report_event ev = {.o = entry->o, .seq = entry->seq, .ledger = (uint32_t)rep->n_ledgers - 1};

	ev.kind = kind_of(&ev);
	if (!rep->own && ev.kind && *system_ledger_doubt(ev.o))
		ev.kind = REPORT_CLAIM;
	ev.ns = ledger_entry_time(ev.o, &ev.serial);
	ev.auid = id_of(&ev, "auid");
	ev.ses = id_of(&ev, "ses");
	if (!ev.kind || !wanted(rep, &ev))
		return 0;
	if (ev.kind == REPORT_CLAIM) {
		rep->n_claims++;
		return 0;
	}
	if (rep->n == REPORT_EVENTS_MAX)
		return err_set(e, E2BIG, "more than %d entries: narrow it by --since, --until or --user", REPORT_EVENTS_MAX);
	if (rep->n == rep->room) {
		size_t more = rep->room ? rep->room * 2 : 256;
		struct report_event *grown = mem_regrow(rep->events, more, sizeof(*grown));

		if (!grown)
			return err_errno(e, ENOMEM, "report");
		rep->events = grown;
		rep->room = more;
	}
	json_object_get(ev.o);
	rep->events[rep->n++] = ev;
	return 0;
}

/* ---- words ---- */

const char *report_status_word(enum report_status s)
{
	static const char *const words[] = {"met", "not met", "cannot be shown"};

	return words[s];
}

void report_evidence_text(const struct report *rep, size_t event, char *out, size_t size)
{
	const struct report_event *ev = &rep->events[event];

	if (ev->serial)
		snprintf(out, size, "%s", report_word(ev, "receipt"));
	else
		snprintf(out, size, "%s#%llu", rep->ledgers[ev->ledger].name, (unsigned long long)ev->seq);
}

const char *report_statement(const struct report *rep)
{
	if (rep->own)
		return "Made of the user's own ledger. It shows what an honest engine recorded, and protects from accidents and from other "
		       "users. It does not protect from its owner, who can write all of it anew, leave off its end, or run containers without ranby.";
	return "Made of the system ledger, which root alone can write. Identities are those that the kernel stamped. What the caller said of a "
	       "container (name, image, command) is the caller's word. It does not protect from root; signed heads kept on another host do.";
}

const char *report_user(const struct report *rep, uint32_t auid, char out[static 64])
{
	const char *name = auid == REPORT_NO_ID || !rep->user_name ? NULL : rep->user_name(auid, out, 64);

	if (auid == REPORT_NO_ID)
		return "no login";
	if (name)
		return name;
	snprintf(out, 64, "%u", auid);
	return out;
}
