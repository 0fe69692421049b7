/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The verbs that look at containers, or end them. */
#include "base/escape.h"
#include "base/json.h"
#include "runtime/members.h"
#include "runtime/remove.h"
#include "runtime/state.h"
#include "runtime/verb.h"
#include "sys/dir.h"
#include "sys/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct option_row no_rows[] = {OPTION_END};

/* With what became of the record of its start. */
static int state_text(const struct runtime_context *x, struct runtime_state *s, enum runtime_status status, char **ret, struct err *e)
{
	int r = runtime_state_load_record(x->rroot, s);

	return r < 0 ? err_errno(e, -r, "container %s: record", s->id) : runtime_state_text(s, status, ret, e);
}

static int state(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_free_ char *text = NULL;
	enum runtime_status status;
	int first, r;

	r = verb_parse(&verb_state, argc, argv, NULL, &first, e);
	if (r == 0)
		r = runtime_state_load(x->rroot, argv[first], &s, e);
	if (r == 0)
		r = runtime_state_status(x->rroot, &s, &status, NULL, e);
	if (r == 0)
		r = state_text(x, &s, status, &text, e);
	if (r == 0)
		buf_addf(&ret->out, "%s\n", text);
	return r;
}

const struct verb verb_state = {"state", "ID", "Print the state of a container", no_rows, 1, 1, true, state};

/* ---- list ---- */

struct list_args {
	bool quiet;
	const char *format;
};

static const struct option_row list_rows[] = {
	{'f', "format", OPT_CHOICE, offsetof(struct list_args, format), .arg = "FORMAT", .choices = "table|json", .help = "Form of the output"},
	{'q', "quiet", OPT_FLAG, offsetof(struct list_args, quiet), .help = "IDs only"},
	OPTION_END,
};

static int list_one(const struct runtime_context *x, const char *id, const struct list_args *a, struct json_object *all,
		    struct buf *out, struct err *e)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_free_ char *text = NULL;
	enum runtime_status status;
	struct json_object *o = NULL;
	int r;

	/* one that is being made or removed has no state: not there (any more) */
	if (runtime_state_load(x->rroot, id, &s, NULL) < 0)
		return 0;
	r = runtime_state_status(x->rroot, &s, &status, NULL, e);
	if (r < 0)
		return r;
	if (a->quiet) {
		buf_addf(out, "%s\n", id);
	} else if (all) {
		r = state_text(x, &s, status, &text, e);
		if (r == 0)
			r = json_parse(text, strlen(text), "state", &o, e);
		if (r == 0)
			r = json_append(all, o);
	} else {
		buf_addf(out, "%-24s %-8d %-10s %s ", id, status == RUNTIME_STOPPED ? 0 : (int)s.pid, runtime_status_name(status), s.created);
		/* a directory of any name */
		escape_text(s.bundle, strlen(s.bundle), 0, out);
		buf_addc(out, '\n');
	}
	return r;
}

static int list(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	_cleanup_json_ struct json_object *all = NULL;
	struct list_args a = {.quiet = false};
	int first, fd, r = verb_parse(&verb_list, argc, argv, &a, &first, e);
	DIR *dir;

	if (r < 0)
		return r;
	fd = openat(x->rroot, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_errno(e, errno, "%s", x->rroot_path);
	if (a.format && strcmp(a.format, "json") == 0)
		all = json_object_new_array();
	else if (!a.quiet)
		buf_addf(&ret->out, "%-24s %-8s %-10s %-30s %s\n", "ID", "PID", "STATUS", "CREATED", "BUNDLE");
	for (struct dirent *d; r == 0 && (d = dir_next(dir, &r));)
		if (runtime_id_is_valid(d->d_name))
			r = list_one(x, d->d_name, &a, all, &ret->out, e);
	closedir(dir);
	if (r == 0 && all)
		buf_addf(&ret->out, "%s\n", json_text(all, NULL));
	return r < 0 && e && !e->code ? err_errno(e, -r, "%s", x->rroot_path) : r;
}

const struct verb verb_list = {"list", "[OPTIONS]", "List the containers below --root", list_rows, 0, 0, true, list};

/* ---- ps ---- */

static const struct option_row ps_rows[] = {
	{'f', "format", OPT_CHOICE, 0, .arg = "FORMAT", .choices = "table|json", .help = "Form of the output"},
	OPTION_END,
};

static int ps(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_json_ struct json_object *pids = json_object_new_array();
	enum runtime_status status;
	const char *format = NULL;
	int first, r = verb_parse(&verb_ps, argc, argv, &format, &first, e);

	if (r == 0)
		r = runtime_state_load(x->rroot, argv[first], &s, e);
	if (r == 0)
		r = runtime_state_status(x->rroot, &s, &status, NULL, e);
	if (r == 0 && status != RUNTIME_STOPPED)
		r = members_list(s.pid, pids, e);
	if (r < 0)
		return r;
	if (format && strcmp(format, "json") == 0) {
		buf_addf(&ret->out, "%s\n", json_text(pids, NULL));
		return 0;
	}
	buf_adds(&ret->out, "PID\n");
	for (size_t i = 0; i < json_object_array_length(pids); i++)
		buf_addf(&ret->out, "%d\n", json_object_get_int(json_object_array_get_idx(pids, i)));
	return 0;
}

const struct verb verb_ps = {"ps", "[OPTIONS] ID", "List the processes of a container", ps_rows, 1, 1, true, ps};

/* ---- delete ---- */

static const struct option_row delete_rows[] = {
	{'f', "force", OPT_FLAG, 0, .help = "End it first when it runs"},
	OPTION_END,
};

static int delete(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	bool force = false;
	int first, r = verb_parse(&verb_delete, argc, argv, &force, &first, e);

	return r == 0 ? runtime_remove(x, argv[first], force, &ret->warning, e) : r;
}

const struct verb verb_delete = {"delete", "[OPTIONS] ID", "Remove a container that has ended", delete_rows, 1, 1, true, delete};
