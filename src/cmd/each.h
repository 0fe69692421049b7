/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * each - a verb on every container, or every pod, that its operands, --all,
 * --latest or a file name.
 *
 *	const struct each w = {.all = a->all, .latest = a->latest, .running_only = true};
 *	return each_container(call, &w, pause_one, a, e);
 *
 * One that fails does not stop the others: its error is printed, and the
 * exit code at the end is that of the last failure. EACH_SILENT of fn() is for
 * one that nothing was to be done to, and is not printed. What takes as long as the
 * payload likes is not done to one after the other:
 *
 *	static const struct each_at_once stopping = {.state_size = sizeof(struct stopping), .begin = begin_one, .end = end_one};
 *	return each_container_at_once(call, &w, &stopping, a, e);
 */
#ifndef RANBY_CMD_EACH_H
#define RANBY_CMD_EACH_H

#include "base/err.h"
#include "cmd/command.h"
#include "engine/container.h"
#include "engine/pod.h"

#include <stdbool.h>

#define EACH_SILENT (-1000) /* no errno */

struct each {
	bool all, latest;
	bool ignore;       /* an operand that names none is no error */
	int missing_exit;  /* the exit code when an operand names none; 0: that of other errors */
	const struct strv *files;  /* --cidfile, --pod-id-file: files with an id each, or NULL */
	/* containers alone */
	bool prints;       /* each that it went well with: as its operand has it, the ID where none named it */
	bool running_only; /* --all: those that do not run, and will not by themselves, are passed over */
	bool newest_first; /* --all: who needs another before that one (engine/requires.h) */
	const struct strv *filter; /* --filter: those that match instead of operands (view/ps.h), or NULL */
};

/* Returns what run() is to return. -EINVAL: no operand, --all or --latest, or two of these. */
typedef int (*each_fn)(const struct command_call *call, struct container *c, void *ctx, struct err *e);
int each_container(const struct command_call *call, const struct each *w, each_fn fn, void *ctx, struct err *e) _must_check_;

/* The same of pods; prints the id of each that it went well with. */
typedef int (*each_pod_fn)(const struct command_call *call, struct pod *p, void *ctx, struct err *e);
int each_pod(const struct command_call *call, const struct each *w, each_pod_fn fn, void *ctx, struct err *e) _must_check_;

/*
 * begin() is called for all of them, as far as there are descriptors, and only
 * then end() for the first. `it` is the container or the pod, `state` starts as
 * zeros; end() is called where begin() failed too, with what that returned. One
 * that is to be `alone` begins when those before it have ended, and ends before the next begins.
 */
struct each_at_once {
	size_t state_size;
	int (*begin)(const struct command_call *call, void *it, void *ctx, void *state, struct err *e);
	int (*end)(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e);
	bool (*alone)(const void *it); /* NULL: none is */
	/*
	 * NULL: they end in their order. Else end() is called for whichever it would not wait for long: a descriptor that is
	 * readable then, and *ret_deadline_ms (clock_monotonic_ms(); as it was: none) from when on it need not be; -EBADF: it
	 * would not wait; -EAGAIN: nobody knows, it is for its turn. What came of them is told in their order.
	 */
	int (*ready)(const void *state, int64_t *ret_deadline_ms);
	bool ends_it;                  /* done one after the other, the second naming of one would find none; so it is done once */
};
int each_container_at_once(const struct command_call *call, const struct each *w, const struct each_at_once *fn, void *ctx, struct err *e) _must_check_;
int each_pod_at_once(const struct command_call *call, const struct each *w, const struct each_at_once *fn, void *ctx, struct err *e) _must_check_;

/* The first line of a file that the caller named, which is an id. An error begins with `what`. */
int read_id_file(const char *path, const char *what, char ret_id[static CONTAINER_ID_LEN + 1], struct err *e) _must_check_;

/* One container, one pod: the first operand, or with `latest` the newest. */
int one_container(const struct command_call *call, bool latest, struct container **ret, struct err *e) _must_check_;
int one_pod(const struct command_call *call, bool latest, struct pod **ret, struct err *e) _must_check_;

/* For each member in turn, the infra container last; all are tried, the first error is kept and told, those of others are printed. */
int each_member(const struct command_call *call, struct pod *p, each_fn fn, void *ctx, struct err *e) _must_check_;

#endif
