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
 *	container.json  what was asked for and resolved
 *	state.json      facts of the newest start; missing: never started
 *	exit.json       how that start ended, by the monitor
 *	config.json     what the runtime is told: the directory is the OCI bundle
 *	hosts hostname resolv.conf passwd group
 *	                the files that the container has of its own in /etc
 *	upper/ work/ overlays/ ctr.log
 *
 * Whether it runs is never stored: it is derived from {boot id, pid, start
 * time} each time it is read, without a lock. Readers see whole files only
 * (rename), so `ps` waits for nobody.
 *
 * While a container is made or removed its directory is data/pending/ID, and
 * locked. Whoever can take that lock knows that its holder is gone, and sweeps
 * what it left: container_sweep(), which costs one look into an empty
 * directory when there is nothing to do. So a kill at any point leaves a
 * container, or nothing.
 */
#ifndef RANBY_ENGINE_CONTAINER_H
#define RANBY_ENGINE_CONTAINER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "monitor/protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTAINER_ID_LEN 64
#define CONTAINER_ID_SHORT 12
#define CONTAINER_MAX 65536        /* containers listed at most */
#define CONTAINER_JSON_MAX (4U << 20) /* bytes of one of the files at most */

enum container_status {
	CONTAINER_CREATED, /* never started, or its start failed */
	CONTAINER_INITIALIZED, /* its init waits to be started (prepared.h) */
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_EXITED, /* exit_code is right */
	CONTAINER_LOST,   /* it ran and does not any more, and nobody can say how it ended */
};

/* "created", "initialized", "running", "paused", "exited", "lost". */
const char *container_status_word(enum container_status s);

#define CONTAINER_EXIT_FILE "exit.json"

struct container {
	char id[CONTAINER_ID_LEN + 1];
	const char *name;          /* borrowed from spec */
	int64_t created_ns;        /* since 1970 */
	struct json_object *spec;  /* container.json */
	struct json_object *state; /* state.json, NULL when never started */
	struct json_object *row;   /* what the look of a list made of it (container_parts); else NULL */
	int parent;                /* the directory of all, borrowed from the engine */
	int *dir, own_dir;         /* container_dir() opens own_dir, by dir: of a thousand in a list most are never asked for */
	/* derived when loaded */
	enum container_status status;
	pid_t pid;                 /* init in the host's pid namespace, 0 unless there is one: see container_runs() */
	uint64_t start_ticks;      /* its start time, 0 unless started */
	int exit_code;             /* 128 + n for signal n; -1 when not known */
	struct monitor_exit end;   /* of CONTAINER_EXITED and CONTAINER_LOST; finished_sec 0: not known when */
};

struct container_list {
	struct container **items;
	size_t n;
};

/* An empty one; NULL without memory. `parent`: the directory of all; `dir`: its own, taken, or -EBADF. */
struct container *container_new(const char *id, int parent, int dir);
struct container *container_free(struct container *c);
static inline void container_freep(struct container **c)
{
	*c = container_free(*c);
}
void container_list_done(struct container_list *l);

/* ---- reading ---- */

/* By full id. -ENOENT when it is none. */
int container_load(struct engine *eng, const char *id, struct container **ret, struct err *e) _must_check_;

struct container_parts;

/*
 * The same, with its directory open or not (container_dir()), and with no more of its files than `parts` (NULL: all of them).
 * Several threads may do this at once, after engine_containers().
 */
int container_load_as(struct engine *eng, const char *id, bool open_dir, const struct container_parts *parts, struct container **ret,
		      struct err *e) _must_check_;

/* The same with these for what is in container.json and state.json (NULL: never started), which are not opened; they are consumed. */
int container_load_facts(struct engine *eng, const char *id, struct json_object *spec, struct json_object *state, struct container **ret,
			 struct err *e) _must_check_;

/* By name, full id or unique id prefix, names first. -ENOENT; -EEXIST when a prefix is ambiguous. */
int container_find(struct engine *eng, const char *name_or_id, struct container **ret, struct err *e) _must_check_;

/* All of them, newest last (by creation time). Those that vanish meanwhile are left out; a damaged one is listed with what can be read. */
int container_list(struct engine *eng, struct container_list *ret, struct err *e) _must_check_;

/* What is wanted of container.json and state.json: paths as of json_at(). What is derived of a container it has in any case. */
struct container_parts {
	struct strv spec, state;
	/*
	 * NULL, or called for each by the thread that has read it, to make c->row. `c` may have neither name, spec nor state
	 * when it is in the list then: of a thousand, what one was read into is used again for the next.
	 */
	int (*look)(struct container *c, void *ctx);
	void *ctx;
};
void container_parts_done(struct container_parts *p);

/* What container.c reads of them. */
#define CONTAINER_SPEC_PARTS "name createdNs config.limitedBy isBuild"
#define CONTAINER_STATE_PARTS "pid startTicks bootId monitorPid monitorStartTicks prepared"

/* Adds paths, separated by blanks. 0, -ENOMEM. */
int container_parts_add(struct container_parts *p, const char *spec, const char *state) _must_check_;

/* The same, with no more of their files than that, or little more: for whoever shows a few words of a thousand. */
int container_list_parts(struct engine *eng, const struct container_parts *parts, struct container_list *ret, struct err *e) _must_check_;

/* The newest by creation time (--latest). -ENOENT when there are none. */
int container_latest(struct engine *eng, struct container **ret, struct err *e) _must_check_;

/* The id that a name is taken by, also when its container is only half made. -ENOENT. */
int container_name_holder(struct engine *eng, const char *name, char ret_id[static CONTAINER_ID_LEN + 1]) _must_check_;

/* Reads state and exit again and derives anew. -ENOENT: it does not run, and is being removed. */
int container_refresh(struct engine *eng, struct container *c, struct err *e) _must_check_;

/* The container's directory, which `c` keeps open. -ENOENT: it has gone since it was listed. As a descriptor a negative errno is a bad one. */
int container_dir(const struct container *c);

/* One of its files, `max` bytes at most, as path_own_read(); its directory need not be open for that. */
int container_read(const struct container *c, const char *name, size_t max, struct buf *b) _must_check_;

bool container_has(const struct container *c, const char *name);

/* Its payload was started and has not ended: running or paused. */
static inline bool container_runs(const struct container *c)
{
	return c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;
}

/* A pidfd of the running init. -ESRCH when it does not run. */
int container_pidfd(const struct container *c, int *ret_pidfd) _must_check_;

/* ---- making and changing ---- */

/* 64 random hex digits. */
int container_new_id(char ret_id[static CONTAINER_ID_LEN + 1]) _must_check_;

/* What was taken for a container that is not one yet. */
struct container_making {
	char id[CONTAINER_ID_LEN + 1];
	char *name;
	int dirfd;      /* its directory, pending/ID */
	int pending_fd; /* where that is */
	int lock_fd;    /* the container's lock: container_lock() */
};
#define CONTAINER_MAKING_INIT {.dirfd = -EBADF, .pending_fd = -EBADF, .lock_fd = -EBADF}

/*
 * Starts making one: a new id, its directory, locked, and the name (NULL
 * or "": a free random one). -EEXIST: the name is in use; *ret_holder (may be
 * NULL) then gets the id of the container that has it.
 */
int container_begin(struct engine *eng, const char *name, struct container_making *ret,
		    char ret_holder[CONTAINER_ID_LEN + 1], struct err *e) _must_check_;

/* Writes container.json: from now on it is one, and its lock is free. `durable`: on the disk on return. *ret is as container_load() gives it. */
int container_commit(struct engine *eng, struct container_making *m, struct json_object *spec, bool durable,
		     struct container **ret, struct err *e) _must_check_;

/* Undoes container_begin() unless it was committed, and frees. */
void container_making_done(struct engine *eng, struct container_making *m);

/* Rewrites container.json (rename, update) or state.json. */
int container_write_spec(const struct container *c, struct json_object *spec, struct err *e) _must_check_;
int container_write_state(const struct container *c, struct json_object *state, bool durable, struct err *e) _must_check_;

/*
 * Gives it another name, and c->name too; the caller holds its lock. -EEXIST:
 * somebody else's; its own: nothing. Killed in between, the next sweep leaves it the one that container.json says.
 */
int container_rename(struct engine *eng, struct container *c, const char *name, struct err *e) _must_check_;

#define CONTAINER_LOCK_MS 15000 /* what a command waits for another */

/* Exclusive right to start, stop or remove it; waits up to timeout_ms. Closing the fd gives it back. -EAGAIN; -ENOENT when it was removed meanwhile. */
int container_lock(const struct container *c, int timeout_ms, int *ret_lock_fd, struct err *e) _must_check_;

/* Removes temporary files of a writer that was killed. The caller holds its lock. */
void container_tidy(const struct container *c);

/*
 * Removes its files and its name; the caller holds its lock, and nothing of
 * it runs. `remove_dir. empties and removes the directory ID of `dirfd`
 * (its files belong to many ids, see engine/remove.h).
 */
typedef int (*container_remove_dir_fn)(struct engine *eng, int dirfd, const char *id, struct err *e);
int container_delete(struct engine *eng, const struct container *c, container_remove_dir_fn remove_dir,
		     struct err *e) _must_check_;

/* Finishes what makers and removers left that are gone. What cannot be swept now is left for the next. */
void container_sweep(struct engine *eng, container_remove_dir_fn remove_dir);

#endif
