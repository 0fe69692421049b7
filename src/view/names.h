/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * names - who an ID is: to the host, and to a container. Two sources that
 * never mix.
 *
 *	_cleanup_(names_freep) struct names *n = names_new();
 *	const char *user = names_host(n, NAMES_USER, 2001);	// "alice", or NULL
 *
 *	_cleanup_(names_inside_done) struct names_inside in = NAMES_INSIDE_INIT;
 *	names_inside_load(&init, false, &in);
 *	const char *inner = names_inside(&in, NAMES_USER, 33);	// "www-data", or NULL
 *
 * The host's names come from its NSS (getpwuid_r(3): files, LDAP, SSSD) in
 * the caller's own namespaces. A container's come from the texts of its own
 * /etc/passwd and /etc/group, and mean something inside of it only: an image
 * can call 2001 what it likes, which is why no host column ever asks it.
 */
#ifndef RANBY_ENGINE_NAMES_H
#define RANBY_ENGINE_NAMES_H

#include "base/buf.h"
#include "base/mem.h"
#include "sys/procfs.h"

#include <stdbool.h>
#include <stdint.h>

#define NAMES_FILE_MAX (1U << 20) /* bytes of a container's passwd or group that are read */
#define NAMES_NAME_MAX 256        /* longer names are taken for none */

enum names_kind { NAMES_USER, NAMES_GROUP };

/* ---- the host ---- */

struct names;

/* NULL: no memory. Answers are remembered as long as it lives. */
struct names *names_new(void) _must_check_;
struct names *names_free(struct names *n);
static inline void names_freep(struct names **n)
{
	*n = names_free(*n);
}

/* The host's name of an ID, borrowed; NULL when it has none. */
const char *names_host(struct names *n, enum names_kind kind, uint32_t id);

/* "2001(alice)" as id(1) writes it, or "100033"; into `out`, escaped. Returns `out`. */
#define NAMES_CELL_SIZE (NAMES_NAME_MAX * 4 + 16)
char *names_host_cell(struct names *n, enum names_kind kind, uint32_t id, char out[static NAMES_CELL_SIZE]);

/*
 * Whose subordinate range holds the ID (subuid(5), subgid(5), by libsubid
 * where it is installed, so that ranges from SSSD count; else the files).
 */
struct names_range {
	char owner[NAMES_NAME_MAX]; /* name, or the number as the file has it */
	uint32_t start, count;
	uint32_t offset;            /* of the ID in all ranges of that owner, in their order: a keeper's ID is 1 + this */
};
/* -ENOENT: nobody's. */
int names_range_of(struct names *n, enum names_kind kind, uint32_t id, struct names_range *ret) _must_check_;

/* ---- one container ---- */

struct names_entry {
	uint32_t id;
	const char *name; /* into the text */
};
struct names_inside {
	struct {
		struct buf text;
		struct names_entry *entries; /* sorted by ID; the first of a text wins, as in getpwuid(3) */
		size_t n;
	} of[2]; /* enum names_kind */
};
#define NAMES_INSIDE_INIT {{{BUF_INIT, NULL, 0}, {BUF_INIT, NULL, 0}}}

/*
 * Reads the two files through the init's root directory, confined to it:
 * regular files only, NAMES_FILE_MAX, never blocking. Files on FUSE are not
 * read, for a server inside the container could let us wait for ever;
 * `fuse_device` ("0:57", or NULL) is that of a root that our own
 * fuse-overlayfs served when the container was started (inforce.h): then that
 * is waited for a second.
 * What cannot be read leaves the numbers without names: no error.
 */
void names_inside_load(const struct proc *init, const char *fuse_device, struct names_inside *ret);

/* Parses the text of a passwd (NAMES_USER) or group file; takes the text over. */
void names_inside_parse(struct names_inside *in, enum names_kind kind, struct buf *text);

/* The container's name of an ID as it sees it; borrowed; NULL when none. Not escaped. */
const char *names_inside(const struct names_inside *in, enum names_kind kind, uint32_t id);

void names_inside_done(struct names_inside *in);

#endif
