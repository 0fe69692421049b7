/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * top_cells - the inside of top: what is read of a process, and what a
 * column's function gets. Only engine/top*.c and stats.c include this.
 *
 * top_members_scan() finds the processes and reads of each what the columns
 * need, in one go; after that nothing of /proc is read any more, and the
 * cells are made of values.
 */
#ifndef RANBY_ENGINE_TOP_CELLS_H
#define RANBY_ENGINE_TOP_CELLS_H

#include "view/top.h"
#include "sys/idmap.h"

/* What a column needs besides stat and status. */
enum top_need {
	TOP_NEED_ARGS = 1U << 0,
	TOP_NEED_LABEL = 1U << 1,
	TOP_NEED_LOGIN = 1U << 2,
	TOP_NEED_NS = 1U << 3,
	TOP_NEED_MAP = 1U << 4,    /* the process's own uid_map */
	TOP_NEED_CGROUP = 1U << 5,
	TOP_NEED_INSIDE = 1U << 6, /* the container's ID map */
	TOP_NEED_FILES = 1U << 7,  /* the container's passwd and group; with TOP_NEED_INSIDE */
};

/* One process at one moment. */
struct top_process {
	size_t target;
	pid_t pid;
	struct proc_stat stat;
	struct proc_status status;
	struct buf cmdline;
	bool cmdline_cut;
	bool has_login;
	uint32_t loginuid, sessionid;
	char *label, *lsm;   /* NULL: none, or not readable */
	uint64_t userns, pidns, mntns; /* 0: not readable */
	char *uidmap, *cgroup;
};
void top_process_done(struct top_process *p);

/* What is known of a target while the table is made. */
struct top_side {
	bool alive;
	size_t level;              /* of its pid namespace in NSpid */
	uint64_t pidns, userns;    /* of init */
	char *cgroup;              /* of init; NULL unless needed */
	struct id_map map;         /* container IDs to ours */
	struct names_inside names;
};
void top_side_done(struct top_side *s);

struct top_scene {
	const struct top_request *q;
	struct top_side *sides;    /* one per target */
	struct top_process *items; /* by host pid */
	size_t n;
	uint64_t uptime_ns;
	int64_t realtime_ns;
	uint64_t ticks_per_second;
	uint64_t cap_all;          /* every capability that this kernel knows */
};
void top_scene_done(struct top_scene *s);

/* Fills sides and items. `needs` is the union over the columns. */
int top_members_scan(struct top_scene *s, unsigned needs, struct err *e) _must_check_;

/* What a column sees. */
struct top_row_view {
	const struct top_scene *scene;
	const struct top_process *p;
	const struct top_target *target;
	const struct top_side *side;
};

#endif
