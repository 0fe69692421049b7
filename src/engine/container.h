/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * container - one directory of files per container, and what is derived of it.
 *
 *	_cleanup_(container_freep) struct container *c = NULL;
 *	r = container_find(eng, "web", &c, e);		// name, id, unique id prefix
 *	if (c->status == CONTAINER_RUNNING)
 *		... c->pid, c->start_ticks
 *
 * Files in data/containers/ID/:
 *
 *	container.json  what was asked for and resolved; its presence makes the
 *	                directory a container, and it is the last file written
 *	state.json      facts of the newest start; missing: never started
 *	exit.json       how that start ended, by the monitor
 *	bundle/ upper/ work/ etc/ ctr.log
 *
 * Whether it runs is never stored: it is derived from {boot id, pid, start
 * time} each time it is read, without a lock. Readers see whole files only
 * (rename), so `ps` waits for nobody.
 *
 * A directory without container.json is a container half made. Its maker
 * holds an OFD lock on it, so whoever gets that lock knows that the maker
 * is gone and may sweep it: container_sweep().
 */
#ifndef RANBY_ENGINE_CONTAINER_H
#define RANBY_ENGINE_CONTAINER_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTAINER_ID_LEN 64
#define CONTAINER_ID_SHORT 12
#define CONTAINER_NAME_MAX 253
#define CONTAINER_MAX 65536        /* containers listed at most */
#define CONTAINER_JSON_MAX (4U << 20) /* bytes of one of the files at most */

enum container_status {
	CONTAINER_CREATED, /* never started, or its start failed */
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_EXITED, /* exit_code is right */
	CONTAINER_LOST,   /* it ran and does not any more, and nobody can say how it ended */
};

/* "created", "running", "paused", "exited", "lost". */
const char *container_status_word(enum container_status s);

struct container {
	char id[CONTAINER_ID_LEN + 1];
	const char *name;          /* borrowed from spec */
	struct json_object *spec;  /* container.json */
	struct json_object *state; /* state.json, NULL when never started */
	struct json_object *exit;  /* exit.json of this start, else NULL */
	int dirfd;                 /* the container's directory */
	/* derived when loaded */
	enum container_status status;
	pid_t pid;                 /* init in the host's pid namespace, 0 unless it runs */
	uint64_t start_ticks;      /* its start time, 0 unless started */
	int exit_code;             /* 128 + n for signal n; -1 when not known */
};

struct container_list {
	struct container **items;
	size_t n;
};

struct container *container_free(struct container *c);
static inline void container_freep(struct container **c)
{
	*c = container_free(*c);
}
void container_list_done(struct container_list *l);

/* ---- reading ---- */

/* By full id. -ENOENT when it is none. */
int container_load(struct engine *eng, const char *id, struct container **ret, struct err *e) _must_check_;

/* By name, full id or unique id prefix, names first. -ENOENT; -EEXIST when a prefix is ambiguous. */
int container_find(struct engine *eng, const char *name_or_id, struct container **ret, struct err *e) _must_check_;

/* All of them, newest last (by creation time). Those that vanish meanwhile are left out; a damaged one is listed with what can be read. */
int container_list(struct engine *eng, struct container_list *ret, struct err *e) _must_check_;

/* The newest by creation time (--latest). -ENOENT when there are none. */
int container_latest(struct engine *eng, struct container **ret, struct err *e) _must_check_;

/* Reads state and exit again and derives anew. */
int container_refresh(struct engine *eng, struct container *c, struct err *e) _must_check_;

/* A pidfd of the running init. -ESRCH when it does not run. */
int container_pidfd(const struct container *c, int *ret_pidfd) _must_check_;

/* ---- making and changing ---- */

/* 64 random hex digits. */
int container_new_id(char ret_id[static CONTAINER_ID_LEN + 1]) _must_check_;

/* What a name may be: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most CONTAINER_NAME_MAX. */
int container_name_check(const char *name, struct err *e) _must_check_;

/*
 * Starts making one: takes the name ("" or NULL: a free random one), makes
 * the directory, and holds its lock. *ret_lock_fd keeps it from being swept
 * until container_commit(). Errors: -EEXIST, the name is in use.
 */
int container_begin(struct engine *eng, const char *name, char ret_id[static CONTAINER_ID_LEN + 1],
		    char **ret_name, int *ret_dirfd, int *ret_lock_fd, struct err *e) _must_check_;

/* Writes container.json: from now on it is one. `durable`: on the disk on return. */
int container_commit(int dirfd, struct json_object *spec, bool durable, struct err *e) _must_check_;

/* Undoes container_begin(): for the maker itself. */
void container_abort(struct engine *eng, const char *id, const char *name);

/* Rewrites state.json. */
int container_write_state(int dirfd, struct json_object *state, bool durable, struct err *e) _must_check_;

/* Exclusive right to start, stop or remove it; waits up to timeout_ms. Closing the fd gives it back. */
int container_lock(const struct container *c, int timeout_ms, int *ret_lock_fd, struct err *e) _must_check_;

/* Collects half-made directories and names of nobody. Never fails for the caller's purposes. */
void container_sweep(struct engine *eng);

#endif
