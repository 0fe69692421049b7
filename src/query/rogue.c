/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What `ranby audit rogue` does, in ranby-audit.
 *
 * Somebody who is not root can have mounts, or a process tree, of his own
 * only in a namespace that he made: by a flag of clone() or unshare(), which
 * the log shows; by setns() into one; or by clone3(), whose flags it does not show, but who mounts
 * then gives it away. Each process that did one of these is
 *  - in a container that has a start record (or an anchor): accounted for;
 *  - the engine at work: it made the process that a start record names, or entered a container for an exec
 *    record; or it runs from the engine's own directory, which only root can write;
 *  - a child of one of those that were found: the same finding, counted;
 *  - else a finding, one line with who, when, what and by which program.
 * A user who runs a program under a debugger can have the engine's own program do
 * as he likes; what that makes has no start record, but is left out by its name. --all shows it.
 */
#include "base/table.h"
#include "query/query.h"
#include "query/ask.h"
#include "query/audit_log.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define FINDINGS_MAX 100000
#define NS_CONTAINER ((uint32_t)(CLONE_NEWNS | CLONE_NEWPID))

/* A process that is already spoken for. */
struct finding {
	uint32_t boot, pid, ses;
};

struct search {
	const struct audit_rogue_args *a;
	struct audit_log *log;
	struct finding *found;
	size_t n, reported, engine;
	struct buf rows;
	char *bin, *libexec; /* where the engine's programs are */
	bool json;
};

static const char *what_is_it(const struct log_event *ev)
{
	if (ev->kind != LOG_SYSCALL || ev->auid == LOG_NONE)
		return NULL;
	if (ev->call == LOG_CALL_FORK && ev->done && (ev->ns_flags & NS_CONTAINER))
		return "clone";
	if (ev->call == LOG_CALL_UNSHARE && ev->done && (ev->ns_flags & NS_CONTAINER))
		return "unshare";
	if (ev->call == LOG_CALL_SETNS && ev->done && (ev->ns_flags == 0 || (ev->ns_flags & NS_CONTAINER)))
		return "setns";
	return ev->call == LOG_CALL_MOUNT && ev->done && ev->uid != 0 ? "mount" : NULL;
}

static bool is_found(const struct search *s, uint32_t boot, uint32_t pid, uint32_t ses)
{
	for (size_t i = s->n; i > 0; i--)
		if (s->found[i - 1].pid == pid && s->found[i - 1].boot == boot && s->found[i - 1].ses == ses)
			return true;
	return false;
}

static int add_found(struct search *s, const struct log_event *ev, struct err *e)
{
	struct finding *p;

	if (s->n == FINDINGS_MAX)
		return err_set(e, E2BIG, "more than %d processes made namespaces", FINDINGS_MAX);
	p = mem_regrow(s->found, s->n + 1, sizeof(*p));
	if (!p)
		return err_errno(e, ENOMEM, "audit log");
	s->found = p;
	s->found[s->n++] = (struct finding){ev->boot, ev->pid, ev->ses};
	return 0;
}

static bool in_directory(const char *exe, const char *dir)
{
	size_t n = strlen(dir);

	return n > 1 && strncmp(exe, dir, n) == 0 && exe[n] == '/' && !strchr(exe + n + 1, '/');
}

/* Not by the name alone: of the programs in PREFIX/bin, ours. */
static bool is_engine(const struct search *s, const char *exe)
{
	static const char *const in_bin[] = {"ranby", "ranby-runtime"};
	const char *base = strrchr(exe, '/');

	if (in_directory(exe, s->libexec))
		return true;
	for (size_t i = 0; i < s->a->engines.n; i++)
		if (in_directory(exe, s->a->engines.items[i]))
			return true;
	for (size_t i = 0; base && i < ARRAY_SIZE(in_bin); i++)
		if (strcmp(base + 1, in_bin[i]) == 0 && in_directory(exe, s->bin))
			return true;
	return false;
}

/* The directory in which one of our programs is. */
static int directory_of(const char *program, char **ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = self_open_program(program, &fd, ret, e);
	char *slash = r < 0 ? NULL : strrchr(*ret, '/');

	if (slash)
		*slash = 0;
	return r;
}

static int report(struct search *s, const struct log_event *ev, const char *what, const char *why, struct err *e)
{
	struct audit_row row = {.ev = ev};
	_cleanup_json_ struct json_object *o = NULL;
	int r;

	chain_ask(s->log->chain, log_event_key(ev), &row.a);
	if (!s->json) {
		table_cellf(&s->rows, "%s", what);
		table_cell(&s->rows, why);
		table_cell(&s->rows, ev->exe);
		audit_row_cells(s->log, &row, &s->rows);
		return buf_bad(&s->rows) ? err_errno(e, buf_bad(&s->rows), "table") : 0;
	}
	r = audit_row_json(s->log, &row, &o);
	r = r < 0 ? r : json_add_str(o, "what", what);
	r = r < 0 ? r : json_add_str(o, "verdict", why);
	if (r < 0)
		return err_errno(e, -r, "audit log");
	ask_print_json(o);
	return 0;
}

static int each(const struct log_event *ev, void *data, struct err *e)
{
	struct search *s = data;
	const char *what = what_is_it(ev);
	struct chain_answer a;
	bool known, child;
	int r;

	if (!what || is_found(s, ev->boot, ev->pid, ev->ses))
		return 0;
	chain_ask(s->log->chain, log_event_key(ev), &a);
	if (a.where == CHAIN_CONTAINER)
		return 0;
	child = is_found(s, ev->boot, ev->ppid, ev->ses);
	known = !child && (chain_made_container(s->log->chain, ev->boot, ev->pid) || is_engine(s, ev->exe));
	if (known) {
		s->engine++;
		return s->a->all ? report(s, ev, what, "engine", e) : 0;
	}
	r = add_found(s, ev, e);
	if (r < 0 || child)
		return r;
	s->reported++;
	return report(s, ev, what, "rogue", e);
}

int query_rogue(const struct command_call *call, const char *state, struct err *e)
{
	_cleanup_(audit_log_done) struct audit_log l = AUDIT_LOG_INIT;
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct audit_rogue_args *a = call->args;
	struct search s = {.a = a, .log = &l, .json = a->format && strcmp(a->format, "json") == 0};
	int r = directory_of("ranby", &s.bin, e);

	(void)state;
	r = r < 0 ? r : directory_of("ranby-monitor", &s.libexec, e);
	r = r < 0 ? r : audit_log_open(&l, call->argv, (size_t)call->argc, &a->anchors, e);
	if (r < 0)
		return r;
	audit_log_warn(&l);
	table_cell(&s.rows, "WHAT");
	table_cell(&s.rows, "VERDICT");
	table_cell(&s.rows, "PROGRAM");
	audit_row_headings(&s.rows);
	r = log_files_read(&l.files, each, &s, NULL, e);
	if (r == 0 && !s.json) {
		if (s.reported > 0 || a->all) {
			table_format(&s.rows, TABLE_TIGHT, &out);
			fwrite(buf_str(&out), 1, out.len, stdout);
		}
		fprintf(stderr, "%zu found; the engine's own: %zu processes' calls\n", s.reported, s.engine);
	}
	buf_done(&s.rows);
	free(s.found);
	free(s.bin);
	free(s.libexec);
	return r < 0 ? r : s.reported > 0;
}
