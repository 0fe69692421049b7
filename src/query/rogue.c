/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What `ranby audit rogue` does, in ranby-audit.
 *
 * Somebody who is not root can have namespaces and mounts of his own only below a user namespace that he made: by a flag
 * of clone() or unshare(), which the log shows; by setns() into one; or by clone3(), whose flags lie behind a pointer and
 * are not in the log. That one is given away by the first thing done in it that nobody else may do: a map of ids that is
 * opened to be written, a mount or its end, another root directory, another host name. Each process that did one of these is
 *  - in a container that has a start record (or an anchor): accounted for;
 *  - the engine at work: it made the process that a start record names, or entered a container for an exec
 *    record; or it runs from the engine's own directory, which only root can write; or it is a helper of
 *    the host that such a one has started;
 *  - a child of one of those that were found: the same finding, counted;
 *  - else a finding, one line with who, when, what and by which program.
 * Who makes namespaces by clone3 and then does nothing of that kind cannot be told from who makes a thread: what
 * used clone3, and was not found, is counted and named on request (--unclear), and never called clean.
 * A user who runs a program under a debugger can have the engine's own program do
 * as he likes; what that makes has no start record, but is left out by its name. --all shows it.
 */
#include "base/table.h"
#include "query/query.h"
#include "query/ask.h"
#include "query/audit_log.h"
#include "query/marks.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROGRAMS_MAX 10000 /* that are told apart */

enum { MARK_FOUND = 1, MARK_ENGINE = 2, MARK_UNCLEAR = 4 };

/* A program that used clone3 in a session, once for all its processes. */
struct program {
	uint32_t boot, ses;
	char *exe;
};

struct search {
	const struct audit_rogue_args *a;
	struct audit_log *log;
	struct marks marks;
	struct program *unclear;
	size_t n_unclear, reported, engine;
	struct buf rows;
	char *bin, *libexec; /* where the engine's programs are */
	bool json;
};

static bool is_word(const char *s, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* It opened a map of ids, or what goes with one, to write it. */
static bool is_mapping(const struct log_event *ev)
{
	static const char *const names[] = {"uid_map", "gid_map", "projid_map", "setgroups"};

	for (unsigned i = 0; ev->writes && i < ev->n_paths; i++)
		if (is_word(base_of(ev->paths[i]), names, ARRAY_SIZE(names)))
			return true;
	return false;
}

static const char *what_is_it(const struct log_event *ev)
{
	if (!ev->done)
		return NULL;
	switch (ev->call) {
	case LOG_CALL_FORK:
		return ev->ns_flags ? "clone" : NULL;
	case LOG_CALL_UNSHARE:
		return ev->ns_flags ? "unshare" : NULL;
	case LOG_CALL_SETNS:
		return "setns";
	case LOG_CALL_MOUNT:
		return ev->uid != 0 ? "mount" : NULL;
	case LOG_CALL_PRIVILEGED:
		return ev->uid != 0 && ev->euid != 0 ? "privileged" : NULL;
	case LOG_CALL_OPEN:
		return ev->uid != 0 && ev->euid != 0 && is_mapping(ev) ? "map" : NULL;
	default:
		return NULL;
	}
}

static int mark(struct search *s, const struct log_event *ev, uint8_t bits, struct err *e)
{
	uint8_t *p = marks_of(&s->marks, ev->boot, ev->pid, ev->ses);

	if (!p)
		return err_set(e, E2BIG, "more than %zu processes to keep in mind", MARKS_MAX);
	*p |= bits;
	return 0;
}

static void unmark(struct search *s, const struct log_event *ev, uint8_t bits)
{
	if (marks_get(&s->marks, ev->boot, ev->pid, ev->ses) & bits)
		*marks_of(&s->marks, ev->boot, ev->pid, ev->ses) &= (uint8_t)~bits;
}

static bool in_directory(const char *exe, const char *dir)
{
	size_t n = strlen(dir);

	return n > 1 && strncmp(exe, dir, n) == 0 && exe[n] == '/' && !strchr(exe + n + 1, '/');
}

/* Not by the name alone: of the programs in PREFIX/bin, ours. */
static bool is_own(const struct search *s, const char *exe)
{
	static const char *const in_bin[] = {"ranby", "ranby-runtime"};

	if (in_directory(exe, s->libexec))
		return true;
	for (size_t i = 0; i < s->a->engines.n; i++)
		if (in_directory(exe, s->a->engines.items[i]))
			return true;
	return is_word(base_of(exe), in_bin, ARRAY_SIZE(in_bin)) && in_directory(exe, s->bin);
}

/* One of ours, or a helper that one of ours has started, and what that forks. */
static bool is_engine(const struct search *s, const struct log_event *ev)
{
	static const char *const helpers[] = {"newuidmap", "newgidmap", "passt", "passt.avx2", "pasta", "slirp4netns",
					      "fuse-overlayfs", "fusermount3"};
	uint8_t marks = marks_get(&s->marks, ev->boot, ev->pid, ev->ses) | marks_get(&s->marks, ev->boot, ev->ppid, ev->ses);

	if (is_own(s, ev->exe))
		return true;
	return (marks & MARK_ENGINE) && is_word(base_of(ev->exe), helpers, ARRAY_SIZE(helpers)) && self_is_helper_path(ev->exe);
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

/* Once for each program in a session. */
static int add_unclear(struct search *s, const struct log_event *ev, struct err *e)
{
	struct program *p = s->unclear;

	for (size_t i = s->n_unclear; i > 0; i--)
		if (p[i - 1].ses == ev->ses && p[i - 1].boot == ev->boot && strcmp(p[i - 1].exe, ev->exe) == 0)
			return 0;
	if (s->n_unclear == PROGRAMS_MAX)
		return 0;
	p = mem_regrow(p, s->n_unclear + 1, sizeof(*p));
	if (!p)
		return err_errno(e, ENOMEM, "audit log");
	s->unclear = p;
	p[s->n_unclear] = (struct program){ev->boot, ev->ses, strdup(ev->exe)};
	if (!p[s->n_unclear].exe)
		return err_errno(e, ENOMEM, "audit log");
	s->n_unclear++;
	return s->a->unclear ? report(s, ev, "clone3", "unclear", e) : 0;
}

/* clone3 by who is in no container, not found and not the engine: a thread, a process, or a namespace. */
static int look_at_clone3(struct search *s, const struct log_event *ev, uint8_t above, struct err *e)
{
	struct chain_answer a;
	int r;

	if (!ev->done || (above & MARK_FOUND) || (marks_get(&s->marks, ev->boot, ev->pid, ev->ses) & (MARK_FOUND | MARK_ENGINE | MARK_UNCLEAR)))
		return 0;
	chain_ask(s->log->chain, log_event_key(ev), &a);
	if (a.where == CHAIN_CONTAINER)
		return 0;
	r = mark(s, ev, MARK_UNCLEAR, e);
	return r < 0 ? r : add_unclear(s, ev, e);
}

/* It did what only a namespace of its own allows. */
static int look_at(struct search *s, const struct log_event *ev, const char *what, uint8_t above, struct err *e)
{
	bool engine = (marks_get(&s->marks, ev->boot, ev->pid, ev->ses) & MARK_ENGINE) != 0, child = (above & MARK_FOUND) != 0;
	struct chain_answer a;
	int r;

	chain_ask(s->log->chain, log_event_key(ev), &a);
	if (a.where == CHAIN_CONTAINER)
		return 0;
	if (!child && (engine || chain_made_container(s->log->chain, ev->boot, ev->pid))) {
		s->engine++;
		return s->a->all ? report(s, ev, what, "engine", e) : 0;
	}
	r = mark(s, ev, MARK_FOUND, e);
	if (r < 0 || child)
		return r;
	s->reported++;
	return report(s, ev, what, "rogue", e);
}

static int each(const struct log_event *ev, void *data, struct err *e)
{
	struct search *s = data;
	const char *what;
	uint8_t above;
	int r = 0;

	if (ev->kind != LOG_SYSCALL || ev->auid == LOG_NONE)
		return 0;
	what = what_is_it(ev);
	above = marks_get(&s->marks, ev->boot, ev->ppid, ev->ses);
	if (is_engine(s, ev))
		r = mark(s, ev, MARK_ENGINE, e);
	else
		unmark(s, ev, MARK_ENGINE);
	if (r == 0 && ev->call == LOG_CALL_CLONE3)
		r = look_at_clone3(s, ev, above, e);
	else if (r == 0 && what && !(marks_get(&s->marks, ev->boot, ev->pid, ev->ses) & MARK_FOUND))
		r = look_at(s, ev, what, above, e);
	if (ev->call == LOG_CALL_EXIT)
		unmark(s, ev, UINT8_MAX);
	return r;
}

static void say(const struct search *s)
{
	bool one = s->n_unclear == 1;

	fprintf(stderr, "%zu found; the engine's own: %zu processes' calls\n", s->reported, s->engine);
	if (s->n_unclear > 0)
		fprintf(stderr, "%s%zu program%s used clone3: whether that made namespaces, in which then nothing was done that shows, no log can tell%s\n",
			s->n_unclear == PROGRAMS_MAX ? "at least " : "", s->n_unclear, one ? "" : "s",
			s->a->unclear ? "" : " (--unclear lists them)");
}

static void search_done(struct search *s)
{
	for (size_t i = 0; i < s->n_unclear; i++)
		free(s->unclear[i].exe);
	free(s->unclear);
	marks_done(&s->marks);
	buf_done(&s->rows);
	free(s->bin);
	free(s->libexec);
}

int query_rogue(const struct command_call *call, const char *state, struct err *e)
{
	_cleanup_(audit_log_done) struct audit_log l = AUDIT_LOG_INIT;
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct audit_rogue_args *a = call->args;
	_cleanup_(search_done) struct search s = {.a = a, .log = &l, .json = a->format && strcmp(a->format, "json") == 0};
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
	if (r == 0 && !s.json && (s.reported > 0 || a->all || (a->unclear && s.n_unclear > 0))) {
		table_format(&s.rows, TABLE_TIGHT, &out);
		fwrite(buf_str(&out), 1, out.len, stdout);
	}
	if (r == 0)
		say(&s);
	return r < 0 ? r : s.reported > 0 || (a->unclear && s.n_unclear > 0);
}
