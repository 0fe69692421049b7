/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * untar - one layer's tar becomes a tree that overlayfs can stack.
 *
 *	struct untar_options o = {.dest_fd = diff, .map = NULL};
 *	struct untar_counts c = {0};
 *	r = untar_layer(in, &o, &c, e);
 *
 * Every name in the tar is a stranger's. Parents are resolved inside the
 * destination as if chrooted (sys/path.h); the last component is created
 * exclusively, without following anything. What becomes of an entry:
 *
 *	directory       made, or kept and given the new mode and owner
 *	file            written; zeros become holes
 *	hard link       to what its name means inside the destination
 *	symbolic link   made as it is; where it leads is not looked at
 *	FIFO            made
 *	device, socket  skipped and counted: no user namespace may make one
 *	                (docker rootless and podman skip them too)
 *	.wh.NAME        overlayfs' whiteout of NAME (character device 0:0)
 *	.wh..wh..opq    overlayfs' opaque mark on the directory ("userxattr"); of the root: opaque_root
 *	.wh..wh.*       aufs' own files: skipped
 *
 * With `copy` (below) it is files for `cp`.
 *
 * Source: OCI image-spec layer.md. Modes keep setuid, setgid and sticky.
 * Of extended attributes security.capability and user.* are kept, user.overlay.*
 * never: it would steer overlayfs. A name that leads out ("../x") is an error,
 * as in docker. Names are bytes and need not be UTF-8.
 *
 * Only ranby-unpack links this.
 */
#ifndef RANBY_TAR_UNTAR_H
#define RANBY_TAR_UNTAR_H

#include "base/err.h"
#include "base/mem.h"
#include "sys/idmap.h"
#include "tar/inflate.h"

#include <stdbool.h>
#include <stdint.h>

#define UNTAR_ENTRIES_MAX 5000000
#define UNTAR_FILE_BYTES_MAX ((uint64_t)1 << 40) /* apparent size of one file: sparse ones cost nothing to announce */
#define UNTAR_XATTR_BYTES_MAX 65536

struct untar_options {
	int dest_fd;              /* the directory, empty, ours alone */
	const struct id_map *map; /* owners: ids in the tar to ids here; NULL: the same */
	bool squash;              /* all owners become 0:0 (one id is all that there is) */
	const struct untar_copy *copy; /* NULL: a layer */
};

/*
 * `cp`: no layer, but files for a tree that is somebody else's and may change
 * meanwhile. ".wh." is a name like any other, what is there stays unless an
 * entry has its name, and nothing is done by a name that could have become a
 * link since.
 */
struct untar_copy {
	const char *below;  /* the directory in dest_fd where names begin, resolved in it; NULL: there */
	bool own;           /* all becomes this one's (ids as in the tar) */
	uint32_t uid, gid;
	bool overwrite;     /* a directory may be replaced by something else, and the other way; else -EEXIST */
	bool no_set_id;     /* no setuid and setgid bits, nor file capabilities */
};

struct untar_counts {
	uint64_t entries;
	uint64_t file_bytes;      /* content of files */
	uint64_t devices_skipped;
	uint64_t xattrs_dropped;
	uint64_t owners_squashed;
	bool opaque_root;         /* the tree's own root hides all layers below: overlayfs has no mark for that */
};

/* Reads to the end of the stream, beyond the tar's end too, so that its digest covers all. -EBADMSG for what is no tar. */
int untar_layer(struct inflate *in, const struct untar_options *o, struct untar_counts *counts, struct err *e) _must_check_;

#endif
