/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pull - get an image into the store: from a registry, an archive, a directory.
 *
 *	struct pull_options o = {.policy = PULL_MISSING};
 *	r = pull_image(st, "localhost:5000/debian", &o, &img, e);
 *
 * The source is told by its transport, as skopeo and podman write it:
 *
 *	NAME[:TAG][@DIGEST], docker://NAME…   a registry
 *	docker-archive:PATH[:NAME]            a tar made by docker save
 *	oci-archive:PATH[:NAME]               a tar of an OCI image layout
 *	oci:DIR[:NAME]                        a directory of that layout
 *	dir:DIR                               a directory that skopeo wrote
 *
 * Whatever is taken off the network or out of a foreign file is handled by
 * the confined workers ranby-fetch and ranby-unpack; nothing is visible in
 * the store before all of it is verified and on the disk.
 */
#ifndef RANBY_IMAGE_PULL_H
#define RANBY_IMAGE_PULL_H

#include "base/err.h"
#include "base/strv.h"
#include "image/store.h"
#include "registry/access.h"

#include <stdbool.h>

enum pull_policy {
	PULL_MISSING, /* only when it is not here */
	PULL_ALWAYS,
	PULL_NEWER,   /* as always, but what is here will do when the registry cannot be reached */
	PULL_NEVER,
};

/* "always", "missing", "never", "newer" and podman's true/false. -EINVAL. */
int pull_policy_parse(const char *word, enum pull_policy *ret, struct err *e) _must_check_;

struct pull_options {
	enum pull_policy policy;
	struct registry_access access;
	const char *platform;  /* "os[/arch[/variant]]"; NULL: this host's */
	const char *signature_policy; /* this policy.json; NULL: the usual places (trust/policy.h) */
	struct progress *progress; /* NULL: silent */
	/* Which of several registries' references a short name means: its index, or negative, and why. NULL: nobody can be asked. */
	int (*choose)(const char *name, const struct strv *references, size_t *ret, struct err *e);
	bool no_ref;           /* of archives: it is given no name, and goes with the next collection once it is let go */
	bool no_unpack;        /* leave the layers packed until they are wanted */
	bool *ret_sought;      /* may be NULL; set to true when it was looked for outside of the store */
};

/* Gets it according to the policy; the image that `source` then means. Errors: -ENOENT no such image, others as they come. */
int pull_image(struct store *st, const char *source, const struct pull_options *o, struct image **ret,
	       struct err *e) _must_check_;

/* Appends "REPOSITORY:TAG" for each tag that the registry has of a repository, which is named without one. */
int pull_list_tags(const char *source, const struct pull_options *o, struct strv *ret, struct err *e) _must_check_;

/* True when `text` begins with one of the transports above that is not a registry. */
bool pull_is_archive(const char *text);

/* Every image of a docker-archive, oci-archive or OCI directory at `path` (NULL or "-": `in_fd`); appends their names, or ids where they have none. */
int load_archive(struct store *st, const char *path, int in_fd, const struct pull_options *o, struct strv *ret_names,
		 struct err *e) _must_check_;

/* The full reference of a name that is given here ("x" is "localhost/x:latest"), appended. -EINVAL: none, or with a digest. */
int import_full_name(const char *name, struct strv *names, struct err *e) _must_check_;

struct import_options {
	const char *message;        /* history comment; NULL: none */
	const struct strv *changes; /* --change: Dockerfile lines CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR, ONBUILD */
	const char *platform;       /* as in pull_options */
	struct progress *progress;
};
/* Makes an image of one layer of the root file system tar (none, gzip or zstd) read from `in_fd`. `name` may be NULL. */
int import_rootfs(struct store *st, int in_fd, const char *name, const struct import_options *o, struct image **ret,
		  struct err *e) _must_check_;

#endif
