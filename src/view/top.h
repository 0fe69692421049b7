/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * top - the processes of containers, as the kernel and the host see them.
 *
 *	struct top_columns cols = {0};
 *	r = top_columns_parse(words, n_words, &cols, e);	// "user,hpid" "label"
 *	struct top_request q = {.fs = &fs, .names = names, .columns = &cols,
 *	                        .targets = targets, .n_targets = n};
 *	_cleanup_(top_table_done) struct top_table t = {0};
 *	r = top_collect(&q, &t, e);
 *	r = top_sort(&t, "-rss", e);
 *	... t.rows[i].cells[j].text, or top_json(&t)
 *
 * Everything is read in the host's /proc. Nothing is entered, and nothing of
 * a container is executed or loaded (CVE-2022-1227).
 */
#ifndef RANBY_ENGINE_TOP_H
#define RANBY_ENGINE_TOP_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container.h"
#include "view/names.h"
#include "sys/procfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TOP_COLUMNS_MAX 64
#define TOP_DEFAULT "user,pid,ppid,pcpu,etime,tty,time,args"

/* ---- what is shown ---- */

struct top_row_view; /* view/top_cells.h */
struct top_cell;

struct top_column {
	const char *name;   /* descriptor: "huser" */
	const char *code;   /* AIX format code: "%U"; NULL */
	const char *header; /* podman's, to the letter, where podman has the column */
	unsigned needs;     /* what must be read for it, view/top_cells.h */
	int (*cell)(const struct top_row_view *v, struct top_cell *out);
	const char *help;   /* one line, for `ranby top --help` */
};

/* All of them; .name is NULL at the end. */
extern const struct top_column top_column_table[];

/* By name or code; NULL. */
const struct top_column *top_column_find(const char *name);

struct top_columns {
	const struct top_column *items[TOP_COLUMNS_MAX];
	size_t n;
};

/* Words of descriptors joined by commas or blanks; none: TOP_DEFAULT. -EINVAL for an unknown one, the nearest in the hint. Appends. */
int top_columns_parse(char *const *words, size_t n_words, struct top_columns *cols, struct err *e) _must_check_;

/* ---- of which containers ---- */

/* How the processes of a container are told from others'. */
enum top_found {
	TOP_BY_PIDNS,   /* its own pid namespace, and those below it */
	TOP_BY_USERNS,  /* --pid=host or --pid=container: its own user namespace, and those below it */
	TOP_BY_CGROUP,  /* both shared: its cgroup, and those below it */
	TOP_BY_DESCENT, /* all shared: init's descendants; what detached itself is not seen */
};

struct top_target {
	const char *id;
	const char *name;
	pid_t pid;            /* init, in our pid namespace */
	uint64_t start_ticks; /* its identity */
	bool shared_userns;   /* --userns=host or container: the user namespace is not its own */
	bool foreign;         /* maybe another user's: its cgroup may be that of the login, and tells nothing */
	const char *profile;      /* of seccomp, as the container's own record names it; NULL: there is none to read */
	const char *profile_hash; /* SHA-256 of what it came to, 64 hexadecimal digits; "": unconfined */
	const char *fuse_device; /* of its root, when that is our fuse-overlayfs; else NULL */
	/* results of top_collect() */
	enum top_found found;
	size_t n_processes;   /* 0: it ended meanwhile */
};

/* That of a running container, whose strings it borrows. */
struct top_target top_target_of(const struct container *c);

/* "pid namespace", "user namespace", ... */
const char *top_found_word(enum top_found f);

struct top_request {
	const struct procfs *fs;
	struct names *names;
	const struct top_columns *columns;
	struct top_target *targets;
	size_t n_targets;
};

/* ---- the result ---- */

struct top_cell {
	char *text;                /* escaped: safe for a terminal */
	struct json_object *value; /* typed: number, boolean, string, null, object */
};
struct top_row {
	struct top_cell *cells;
	size_t target;    /* index */
	pid_t hpid;
	uint64_t start_ticks;
};
struct top_table {
	struct top_columns columns;
	struct top_row *rows; /* by container, then by host pid */
	size_t n;
};
void top_table_done(struct top_table *t);

/* -ESRCH when no target lives any more. */
int top_collect(struct top_request *q, struct top_table *ret, struct err *e) _must_check_;

/* By a column that is shown; "-name" turns the order round. Numbers as numbers. */
int top_sort(struct top_table *t, const char *column, struct err *e) _must_check_;

/* An array with one object per process, keys are the descriptors. The caller owns it; NULL: no memory. */
struct json_object *top_json(const struct top_table *t) _must_check_;

/* One row as an object of texts, for templates ({{.huser}}). */
struct json_object *top_row_texts(const struct top_table *t, size_t row) _must_check_;

#endif
