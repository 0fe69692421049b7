/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * secrets - what a container is given that no file of it may hold.
 *
 * The engine:
 *	_cleanup_(secrets_done) struct secrets s = {0};
 *	r = secrets_add(&s, &(struct secret){.is_env = true, .name = "TOKEN", .data = text, .len = n});
 *	r = secrets_seal(&s, &fd, e);		// a sealed memfd, for --secrets-fd
 * The runtime:
 *	r = secrets_read(fd, &s, e);
 *	r = secrets_to_env(&s, &process.env, e);
 *	r = secrets_to_mounts(&s, &place, w, kept, mounts, &n, e);
 *
 * From the store to the payload they are in memory only: a memfd, the sealed
 * plan, a tmpfs that has no name anywhere but in the container.
 */
#ifndef RANBY_RUNTIME_SECRETS_H
#define RANBY_RUNTIME_SECRETS_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/plan.h"
#include "runtime/rootfs.h"
#include "sys/idmap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRETS_MAX 128                /* of one container */
#define SECRET_NAME_MAX 4096           /* bytes of a variable's name or a target */
#define SECRET_DATA_MAX 512000         /* bytes of one: podman's limit */

struct secret {
	bool is_env;         /* a variable; else a file */
	char *name;          /* the variable, or the file: absolute */
	uint32_t uid, gid;   /* of the file, as the container has them */
	uint32_t mode;
	char *data;          /* followed by a NUL that does not count */
	size_t len;
};

struct secrets {
	struct secret *items;
	size_t n;
};
/* Overwrites before it frees; for _cleanup_(). */
void secrets_done(struct secrets *s);

/* Copies `one`. -E2BIG past the limits; -EINVAL: a variable with a NUL in its value, or with no name; a file that is not absolute. */
int secrets_add(struct secrets *s, const struct secret *one) _must_check_;

/* The caller owns *ret_fd. */
int secrets_seal(const struct secrets *s, int *ret_fd, struct err *e) _must_check_;

/* -EBADMSG when it is not what secrets_seal() has made. */
int secrets_read(int fd, struct secrets *ret, struct err *e) _must_check_;

/* Variables into a "NAME=value" list, in place of others of the name. */
int secrets_to_env(const struct secrets *s, struct strv *env, struct err *e) _must_check_;

/*
 * Files as read-only mounts of their own, which init attaches: *ret_n of them
 * into `mounts`, which has room for all of `s`. `map`: the container's, NULL
 * for none. `place`: a directory in a mount namespace of ours alone, which
 * their tmpfs covers until we return. Process: as rootfs_prepare().
 */
struct secrets_place {
	const struct id_map *map;
	const char *label; /* SELinux, or NULL */
	int place;
};
int secrets_to_mounts(const struct secrets *s, const struct secrets_place *where, struct plan_writer *w, struct kept_fds *k,
		      struct plan_mount *mounts, size_t *ret_n, struct err *e) _must_check_;

#endif
