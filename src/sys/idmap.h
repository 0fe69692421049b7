/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * idmap - the ID map of a user namespace (user_namespaces(7)), as a value.
 *
 *	struct id_map keeper, want, lines, to_host;
 *	r = id_map_read(pid_dirfd, &keeper);              // keeper ids -> host ids
 *	r = id_map_split(&want, &keeper, &lines, e);      // lines that the kernel takes
 *	r = id_map_compose(&lines, &keeper, &to_host);    // container ids -> host ids
 *	r = id_list_to_outside(&to_host.uid, 33, &huid);
 *
 * "Inside" is the namespace that the map belongs to, "outside" its parent
 * (or, after a composition, an ancestor). A map is two lists, one for user
 * and one for group IDs. The structs hold no pointer.
 */
#ifndef RANBY_SYS_IDMAP_H
#define RANBY_SYS_IDMAP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_MAP_LINES_MAX 340   /* the kernel's limit since 4.15 */
#define ID_NONE UINT32_MAX     /* (uid_t)-1 is nobody's ID */
#define ID_MAP_HASH_LEN 16     /* hexadecimal digits of id_map_hash(), without the NUL */

/* `count` IDs from `inside` on are `outside` and the ones after it. */
struct id_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct id_list {
	size_t n;
	struct id_extent extents[ID_MAP_LINES_MAX];
};

struct id_map {
	struct id_list uid;
	struct id_list gid;
};

/*
 * Appends an extent. -ERANGE: count 0, or an ID at or over ID_NONE; -EEXIST:
 * it overlaps one that is there, inside or outside; -E2BIG: too many.
 */
int id_list_add(struct id_list *l, uint32_t inside, uint32_t outside, uint32_t count) _must_check_;

/* Sorts by `inside` and joins neighbours that continue each other: the one form in which equal lists are equal. */
void id_list_normalize(struct id_list *l);

/* One ID through the list; -ENOENT when it is not mapped. */
int id_list_to_outside(const struct id_list *l, uint32_t inside, uint32_t *ret_outside) _must_check_;
int id_list_to_inside(const struct id_list *l, uint32_t outside, uint32_t *ret_inside) _must_check_;

/* How many IDs it maps. */
uint64_t id_list_total(const struct id_list *l);

/* True when each ID that it maps is mapped to itself. */
bool id_list_is_identity(const struct id_list *l);
bool id_map_is_identity(const struct id_map *m);

bool id_list_equal(const struct id_list *a, const struct id_list *b);

/*
 * inner (a -> b) and outer (b -> c) make a -> c. What `outer` does not map is
 * left out. -E2BIG. *ret may not be one of the two.
 */
int id_list_compose(const struct id_list *inner, const struct id_list *outer, struct id_list *ret) _must_check_;
int id_map_compose(const struct id_map *inner, const struct id_map *outer, struct id_map *ret) _must_check_;

/*
 * The same map as `want`, in lines of which each lies inside one extent of
 * `parent` (the map of the namespace that the outside IDs belong to): the
 * kernel refuses (EPERM) any other. -ERANGE with text when a part of it is not
 * mapped in the parent. *ret may not be `want`.
 */
int id_list_split(const struct id_list *want, const struct id_list *parent, const char *what, struct id_list *ret,
		  struct err *e) _must_check_;
int id_map_split(const struct id_map *want, const struct id_map *parent, struct id_map *ret, struct err *e) _must_check_;

/* The text of /proc/PID/uid_map, as read or as the kernel wants it written ("0 1000 1\n1 100000 65536\n"). -EINVAL, -E2BIG. */
int id_list_parse(const char *text, struct id_list *ret) _must_check_;
void id_list_text(const struct id_list *l, struct buf *out);

/* Reads uid_map and gid_map of an open /proc/PID directory. */
int id_map_read(int pid_dirfd, struct id_map *ret) _must_check_;

/* A short name for the normalized map, for a directory of layers owned so: ID_MAP_HASH_LEN lower-case hexadecimal digits of its SHA-256. */
void id_map_hash(const struct id_map *m, char ret[static ID_MAP_HASH_LEN + 1]);

#endif
