/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mount_spec - the grammars of -v, --mount and --tmpfs.
 *
 *	_cleanup_(mount_spec_done) struct mount_spec m = {0};
 *	r = volume_spec_parse("data:/var/lib/x:ro,nosuid", &m, e);
 *
 * -v [SOURCE:]DEST[:OPTIONS]; "\:" is a colon in a name. A SOURCE that begins
 * with '/' or '.' is a host path, any other is the name of a volume.
 * --mount type=bind|volume|tmpfs|image|glob|devpts|ramfs,src=…,dst=…,… is one line of CSV.
 * --tmpfs DEST[:OPTIONS].
 *
 * Destinations come out absolute, without "." and "..", doubled or trailing
 * slashes; "/" and whatever is below /proc is refused. An option that is
 * unknown, given twice in contradiction, or not possible for the type is an error.
 */
#ifndef RANBY_ENGINE_MOUNT_SPEC_H
#define RANBY_ENGINE_MOUNT_SPEC_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>

#define MOUNT_SPEC_MAX 16384 /* bytes of one value */

enum mount_kind {
	MOUNT_BIND,
	MOUNT_VOLUME,
	MOUNT_TMPFS,
	MOUNT_IMAGE,  /* the files of an image, read-only unless rw was given */
	MOUNT_GLOB,   /* binds of all host paths that match; the destination may be missing */
	MOUNT_DEVPTS,
	MOUNT_RAMFS,
};

struct mount_spec {
	enum mount_kind kind;
	char *source;         /* host path or pattern as given, name of a volume or of an image; NULL: anonymous, or a filesystem of its own */
	char *destination;
	struct strv options;  /* for the runtime: ro, nosuid, rslave, size=…; what was given, in order */
	char relabel;         /* 'z', 'Z' or 0 */
	bool read_only;
	bool chown;           /* U: the tree is given to the container's user */
	bool overlay;         /* O: writes go to the container */
	bool no_copy;         /* a new volume is not filled from the image */
	char *upper, *work;   /* O,upperdir=,workdir= */
	char *subpath;        /* only this of the volume or image, absolute from its root; NULL: all */
};

void mount_spec_done(struct mount_spec *m);

int volume_spec_parse(const char *text, struct mount_spec *ret, struct err *e) _must_check_;
int mount_spec_parse(const char *text, struct mount_spec *ret, struct err *e) _must_check_;
int tmpfs_spec_parse(const char *text, struct mount_spec *ret, struct err *e) _must_check_;

/* The rules for destinations alone (also for VOLUME of an image). The caller frees *ret. */
int mount_destination_clean(const char *text, char **ret, struct err *e) _must_check_;

#endif
