/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A table of rows, as for the command line, but without its parser: that one
 * brings suggestions, help and the heap, none of which a caller that is a
 * program needs.
 */
#include "monitor/options.h"

#include "base/parse.h"
#include "monitor/protocol.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

enum kind { TEXT, NUMBER, FD, FLAG, LIST };

struct row {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define ROW(name, kind, field) {name, kind, offsetof(struct monitor_options, field)}
static const struct row rows[] = {
	ROW("--id", TEXT, id),
	ROW("--run-dir", TEXT, run_dir),
	ROW("--exit-file", TEXT, exit_file),
	ROW("--pid-file", TEXT, pid_file),
	ROW("--log", TEXT, log),
	ROW("--log-json", FLAG, log_json),
	ROW("--log-attrs", TEXT, log_attrs),
	ROW("--log-max", NUMBER, log_max),
	ROW("--log-files", NUMBER, log_files),
	ROW("--log-journal", LIST, log_journal),
	ROW("--trail", TEXT, trail),
	ROW("--record-calls", TEXT, record_calls),
	ROW("--trail-of", TEXT, trail_of),
	ROW("--record", TEXT, record),
	ROW("--record-input", FLAG, record_input),
	ROW("--transient", FLAG, transient),
	ROW("--tty", FLAG, tty),
	ROW("--stdin", FLAG, stdin_open),
	ROW("--sync-fd", FD, sync_fd),
	ROW("--userns-fd", FD, userns_fd),
	ROW("--helper-fd", FD, helper_fd),
	ROW("--runtime-fd", FD, runtime_fd),
	ROW("--secrets-fd", FD, secrets_fd),
	ROW("--claim-fd", FD, claim_fd),
	ROW("--stdio-fds", FD, stdio_fds),
	ROW("--passed-fds", FD, passed_fds),
	ROW("--passed-count", NUMBER, passed_count),
	ROW("--file-label", TEXT, labels.file),
	ROW("--process-label", TEXT, labels.process),
	ROW("--helper", LIST, helper),
	ROW("--helper-pid-file", TEXT, helper_pid_file),
	ROW("--on-exit", LIST, on_exit),
	ROW("--on-exit-always", FLAG, on_exit_always),
	ROW("--time-limit", NUMBER, time_limit_ms),
	ROW("--check", LIST, check),
	ROW("--check-interval", NUMBER, check_interval_ms),
	ROW("--check-startup-interval", NUMBER, check_startup_interval_ms),
	ROW("--restart", LIST, restart),
	ROW("--restart-never", FLAG, restart_never),
	ROW("--restart-failed", FLAG, restart_failed),
	ROW("--restart-previous", NUMBER, restart_previous_ms),
};

struct words {
	char **next; /* up to the NULL of argv */
};

static const char *take(struct words *w)
{
	return *w->next ? *w->next++ : NULL;
}

static int take_list(struct words *w, const char *count, char ***ret)
{
	uint32_t n;

	if (parse_u32(count, 1, INT_MAX, &n) < 0)
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++)
		if (!w->next[i])
			return -EINVAL;
	if (!w->next[n] || strcmp(w->next[n], ";") != 0)
		return -EINVAL;
	w->next[n] = NULL;
	*ret = w->next;
	w->next += n + 1;
	return 0;
}

static int set(const struct row *row, struct words *w, struct monitor_options *o)
{
	void *field = (char *)o + row->offset;
	const char *value;
	uint32_t fd;

	if (row->kind == FLAG) {
		*(bool *)field = true;
		return 0;
	}
	value = take(w);
	if (!value)
		return -EINVAL;
	switch (row->kind) {
	case TEXT:
		*(const char **)field = value;
		return 0;
	case NUMBER:
		return parse_u64(value, 1, UINT64_MAX, field);
	case FD:
		if (parse_u32(value, 3, INT_MAX, &fd) < 0)
			return -EINVAL;
		*(int *)field = (int)fd;
		return 0;
	case LIST:
		return take_list(w, value, field);
	case FLAG:
		break;
	}
	return -EINVAL;
}

static const struct row *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static int check(const struct monitor_options *o, struct err *e)
{
	const char *absolute[] = {o->run_dir, o->exit_file, o->pid_file, o->runtime ? o->runtime[0] : NULL};

	for (size_t i = 0; i < ARRAY_SIZE(absolute); i++)
		if (!absolute[i] || absolute[i][0] != '/')
			return err_set(e, EINVAL, "ranby-monitor: the run directory, exit file, pid file and runtime must be given, with absolute paths");
	if (!o->id || o->sync_fd < 0)
		return err_set(e, EINVAL, "ranby-monitor: --id and --sync-fd must be given");
	if ((o->helper_fd >= 0) != (o->helper != NULL))
		return err_set(e, EINVAL, "ranby-monitor: --helper and --helper-fd belong together");
	if ((o->passed_fds >= 0) != (o->passed_count > 0) || o->passed_count > MONITOR_PASSED_MAX)
		return err_set(e, EINVAL, "ranby-monitor: --passed-fds and --passed-count belong together");
	return 0;
}

int monitor_options_parse(int argc, char **argv, struct monitor_options *ret, struct err *e)
{
	struct monitor_options o = {.sync_fd = -EBADF, .userns_fd = -EBADF, .helper_fd = -EBADF, .runtime_fd = -EBADF,
				    .secrets_fd = -EBADF, .claim_fd = -EBADF, .stdio_fds = -EBADF, .passed_fds = -EBADF};
	struct words w = {.next = argv + (argc > 0)};
	const char *name;
	int r;

	while ((name = take(&w))) {
		const struct row *row;

		if (strcmp(name, "--") == 0) {
			o.runtime = w.next;
			break;
		}
		row = find(name);
		if (!row)
			return err_set(e, EINVAL, "ranby-monitor: unknown option %s", name);
		if (set(row, &w, &o) < 0)
			return err_set(e, EINVAL, "ranby-monitor: %s: bad value", name);
	}
	r = check(&o, e);
	if (r < 0)
		return r;
	*ret = o;
	return 0;
}
