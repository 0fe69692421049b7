/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * map - which ID is which: container, keeper, host, and whose that is.
 *
 *	_cleanup_(map_view_done) struct map_view v = {0};
 *	r = map_of_container(eng, c, names, &v, e);	// or map_of_keeper()
 *	map_draw(&v, &(struct map_style){.width = 80, .unicode = true}, &out);
 *	o = map_json(&v);
 *
 * A live container's map is the kernel's own (/proc/PID/uid_map). That of a
 * stopped one is what was recorded at its start, and the keeper's is recorded
 * or computed; the view says which.
 */
#ifndef RANBY_ENGINE_MAP_H
#define RANBY_ENGINE_MAP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "view/names.h"
#include "sys/idmap.h"

#include <stdbool.h>
#include <stdint.h>

enum map_source {
	MAP_KERNEL,   /* read from the kernel just now */
	MAP_RECORDED, /* what was read from it at the last start */
	MAP_PLANNED,  /* computed of the subordinate ranges */
};

/* "kernel", "recorded", "planned". */
const char *map_source_word(enum map_source s);

/* `count` IDs from these on, in step with each other. */
struct map_segment {
	uint32_t inside; /* in the container; without a container as `keeper` */
	uint32_t keeper; /* ID_NONE: the keeper does not map it (or there is no keeper) */
	uint32_t host;
	uint32_t count;
	char *name;      /* the host's name of `host`, or NULL */
	char *owner;     /* whose subordinate range it is, or NULL */
	uint32_t offset; /* of `host` in the owner's ranges */
};

struct map_side {
	struct map_segment *segments; /* by `inside` */
	size_t n;
};

struct map_view {
	char *id, *name;           /* of the container; NULL: the keeper's view */
	enum map_source source;    /* of inside - host */
	enum map_source keeper_source;
	bool has_keeper;           /* false: root, or a namespace given to us */
	struct map_side of[2];     /* enum names_kind */
};
void map_view_done(struct map_view *v);

/* The two maps made segments. `keeper` (keeper IDs to the host's) may be NULL. */
int map_view_make(const struct id_map *inside, const struct id_map *keeper, struct names *names, struct map_view *ret) _must_check_;

/* -ENODATA with text when it was never started. */
int map_of_container(struct engine *eng, const struct container *c, struct names *names, struct map_view *ret, struct err *e) _must_check_;

/* The user's own: what a container of theirs can have at most. */
int map_of_keeper(struct engine *eng, struct names *names, struct map_view *ret, struct err *e) _must_check_;

/* A container's IDs to the host's, live or recorded; the part of map_of_container() that others need too. */
int map_read(const struct container *c, struct id_map *ret, enum map_source *ret_source, struct err *e) _must_check_;

/* ---- out ---- */

struct map_style {
	unsigned width; /* columns; 0: 80 */
	bool unicode;   /* lines and arrows; else ASCII */
	bool color;
};

/* As a ruler, or as a list where the ruler does not fit. */
void map_draw(const struct map_view *v, const struct map_style *style, struct buf *out);

/* The caller owns it; NULL: no memory. */
struct json_object *map_json(const struct map_view *v) _must_check_;

#endif
