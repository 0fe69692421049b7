/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * context - what a build is made from: a directory, the Containerfile and what is ignored.
 *
 *	_cleanup_(context_done) struct context c = CONTEXT_INIT;
 *	const struct context_options o = {.operand = ".", .scratch_fd = dir, .keeper_fd = keeper->userns_fd};
 *	r = context_open(&o, &c, e);
 *	containerfile_parse(c.file.data, c.file.len, c.file_name, ...)
 *	add_apply(&(struct add_request){.source_fd = c.dir_fd, .ignore = &c.ignore, ...}, ...)
 *
 * The operand is a directory; a tar, as it is or packed (gzip, bzip2, xz, zstd); "-", which is
 * a tar or a Containerfile without a context; nothing is looked at before
 * its first bytes told which. A tar is unpacked by the confined worker into
 * `scratch_fd`. The directory is opened once, and everything in it is
 * found from that descriptor (sys/path.h, path_in_root_*): a link leads to
 * where it would if the context were the root, never outside.
 *
 * An http or https address is what is got from there, as from "-". A git repository
 * is -ENOTSUP with a hint to the tool that gets it.
 */
#ifndef RANBY_BUILD_CONTEXT_H
#define RANBY_BUILD_CONTEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "build/ignore.h"
#include "oci/containerfile.h"

#include <errno.h>

struct registry_access; /* registry/access.h */

#define CONTEXT_DIRECTORY "context" /* in scratch_fd: where a tar is unpacked to */

struct context_options {
	const char *operand;     /* NULL: the current directory */
	const struct strv *files; /* -f: from the working directory, else from the context; "-": standard input; none: Containerfile, then Dockerfile */
	const char *ignore_file; /* --ignorefile; NULL: NAME.containerignore or NAME.dockerignore beside the first -f, else .containerignore or .dockerignore */
	int scratch_fd;          /* a private directory; the caller removes what is in it */
	const struct registry_access *access; /* for addresses */
	int keeper_fd;           /* the user namespace that may make all modes and IDs; -EBADF: as we are */
};

struct context {
	int dir_fd;       /* O_DIRECTORY, for reading; an empty directory when there is none */
	struct containerfile file; /* the instructions of all files, one after another */
	struct ignore ignore;
};
#define CONTEXT_INIT {.dir_fd = -EBADF}

/* Closes and frees; for _cleanup_(). What was unpacked stays in scratch_fd. */
void context_done(struct context *c);

/* -ENOENT: no such directory, or no Containerfile in it; -ENOTSUP: a git repository. */
int context_open(const struct context_options *o, struct context *ret, struct err *e) _must_check_;

/* --build-context NAME=VALUE: a name that COPY --from and FROM find before stages and images. */
enum build_context_kind { BUILD_CONTEXT_DIRECTORY, BUILD_CONTEXT_IMAGE, BUILD_CONTEXT_OCI_LAYOUT };
struct build_context {
	char *name;
	enum build_context_kind kind;
	char *value; /* the path; the image's reference; PATH[:TAG|@DIGEST] of a layout */
};
void build_context_done(struct build_context *c);

/* docker-image://, container-image:, oci-layout://; all else is a directory, but for addresses: -ENOTSUP. -EINVAL: no NAME=. */
int build_context_parse(const char *text, struct build_context *ret, struct err *e) _must_check_;

#endif
