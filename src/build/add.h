/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * add - COPY and ADD.
 *
 *	const struct add_request q = {.in = expanded, .source_fd = context.dir_fd, .ignore = &context.ignore, .workdir = "/srv"};
 *	r = add_digest(&q, &digest, e);			// for the cache key
 *	r = add_apply(&q, root_fd, e);			// in the keeper, where root_fd is mounted
 *
 * Sources are found in source_fd as if it were the root: ".." and links
 * lead nowhere else. Each may have *, ?, [...] and "**". A link that a source
 * names is followed; links in a directory are copied. Of a directory what is in it is
 * copied, with --parents (docker's rules) under its whole path, or from "/./" on. Directories that are
 * missing in the destination are made, 0755. When there is more than one source,
 * or the destination ends in a slash, it is a directory.
 *
 * Owners: 0:0 from a context, as they are from a stage or an image
 * (`keep_owners`), or --chown, whose names are of the root's own passwd and
 * group. Modes are as they are, or --chmod. Times, user.* attributes and file
 * capabilities come along. Devices and sockets do not.
 *
 * A source of ADD that is an address was got before (build/add_url.h): a file of
 * that name, 0600, with the time that the server says, unpacked with --unpack alone.
 *
 * ADD unpacks a local tar (as it is, gzip, bzip2, xz, zstd); what is a tar is told by its
 * first bytes, never by its name.
 *
 * How: what is selected becomes a tar in a pipe, whose other end is the
 * confined worker of `cp` (tar/unpack_copy.h) in the destination.
 */
#ifndef RANBY_BUILD_ADD_H
#define RANBY_BUILD_ADD_H

#include "base/err.h"
#include "base/mem.h"
#include "build/ignore.h"
#include "oci/digest.h"
#include "oci/instruction.h"
#include "registry/download.h"

#include <stdbool.h>
#include <time.h>

/* What was got from an address. */
struct add_download {
	int fd; /* -EBADF: the source is none */
	struct download is;
};

struct add_request {
	const char *what;                 /* what an error begins with; NULL: the instruction */
	const struct instruction *in; /* COPY or ADD, expanded */
	int source_fd;                /* the context, or the root of a stage or an image; O_PATH will do */
	bool keep_owners;             /* --from a stage or an image */
	const struct ignore *ignore;  /* of the context; NULL: none */
	const char *workdir;          /* absolute; NULL: / */
	struct timespec now;          /* of what has no time: here-documents, directories that are made */
	const struct add_download *downloads; /* one for each source; NULL: none is an address */
	struct digest *written;       /* of add_apply(): the digest of what it has read; NULL: not asked for */
};

/*
 * The content of what the sources select: names, kinds, modes, links' targets,
 * bytes; owners with keep_owners. Not times, and nothing of the destination or
 * the flags: those are the instruction's text. -ENOENT as add_apply().
 */
int add_digest(const struct add_request *q, struct digest *ret, struct err *e) _must_check_;

/*
 * Does it, below root_fd. As root of the user namespace whose IDs the files
 * shall have, in a process with no other threads. -ENOENT: a source selects nothing; -ENOTDIR, -EISDIR,
 * -EEXIST: source and destination do not fit; -ENOTSUP: an address that is none of a file.
 *
 * `written` is what add_digest() says of the same bytes: who changes a file between the two has another digest.
 */
int add_apply(const struct add_request *q, int root_fd, struct err *e) _must_check_;

#endif
