/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * options - the monitor's command line, made by launch.c and by nobody else.
 *
 *	ranby-monitor --id ID --run-dir DIR --exit-file PATH --pid-file PATH --sync-fd N [--transient]
 *		[--claim-fd N] [--stdio-fds FIRST] [--passed-fds FIRST --passed-count N] [--file-label CONTEXT --process-label CONTEXT]
 *		[--trail PATH | --record-calls PATH | --trail-of DIR] [--record PATH [--record-input]]
 *		[--log PATH [--log-json [--log-attrs OBJECT]] [--log-max BYTES] [--log-files N] | --log-journal COUNT FIELD... ';'] [--tty] [--stdin] [--userns-fd N]
 *		[--helper-fd N --helper COUNT ARG... ';' [--helper-pid-file PATH]]
 *		[--on-exit COUNT ARG... ';' [--on-exit-always]] [--time-limit MS]
 *		[--check COUNT ARG... ';' --check-interval MS [--check-startup-interval MS]]
 *		[--restart COUNT ARG... ';' [--restart-never] [--restart-failed] [--restart-previous MS]]
 *		-- RUNTIME ARG...
 *
 * Lists have their count in front, so that an item may be any text; the ';'
 * after them is overwritten by the NULL that execve(2) wants.
 */
#ifndef RANBY_MONITOR_OPTIONS_H
#define RANBY_MONITOR_OPTIONS_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/stdio_labels.h"

#include <stdbool.h>
#include <stdint.h>

struct monitor_options {
	const char *id, *run_dir, *exit_file, *pid_file, *log, *helper_pid_file;
	const char *trail;    /* the exec trail is written there */
	const char *record_calls; /* instead of a trail: what it asks of the kernel (record.h) is written there at the end */
	const char *trail_of; /* an exec session: the run directory of its container, whose trail it joins */
	struct stdio_labels labels; /* for SELinux, of the payload's standard streams */
	const char *record;   /* an empty file: a recording of the session */
	bool record_input;
	const char *log_attrs;
	bool log_json;
	uint64_t log_max, log_files;
	char **log_journal;   /* "NAME=value": the log is the journal */
	uint64_t time_limit_ms;       /* then SIGKILL; 0: none */
	uint64_t restart_previous_ms; /* backoff.h */
	uint64_t check_interval_ms, check_startup_interval_ms; /* checks.h */
	bool restart_never;           /* not at all, unless RUNDIR/restart says otherwise */
	bool restart_failed;          /* only after an exit code other than 0 */
	int sync_fd, userns_fd, helper_fd, runtime_fd, secrets_fd, claim_fd; /* -EBADF: not given */
	int stdio_fds, passed_fds; /* the first of three, of passed_count; -EBADF: none */
	uint64_t passed_count;
	bool tty, stdin_open, on_exit_always, transient;
	char **helper, **on_exit, **restart, **check, **runtime; /* point into argv; NULL-terminated, or NULL */
};

/* Overwrites parts of argv. -EINVAL with text. */
int monitor_options_parse(int argc, char **argv, struct monitor_options *ret, struct err *e) _must_check_;

#endif
