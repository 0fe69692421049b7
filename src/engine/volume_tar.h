/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * volume_tar - what is in a volume as a tar, and the other way.
 *
 *	r = volume_export(eng, "cache", STDOUT_FILENO, e);
 *
 * Done by the confined worker (tar/unpack_copy.h), which sees the volume's
 * tree and nothing else, with the IDs that containers see.
 */
#ifndef RANBY_ENGINE_VOLUME_TAR_H
#define RANBY_ENGINE_VOLUME_TAR_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"

/* The directory that the volume is. -ENOENT; -ENOTSUP: a tmpfs, which is none. The caller frees *ret_path. */
int volume_directory(struct engine *eng, const char *name, char **ret_path, struct err *e) _must_check_;

/* The fds are borrowed. Both are recorded here. A volume that was filled so is not filled from an image any more. */
int volume_export(struct engine *eng, const char *name, int out_fd, struct err *e) _must_check_;
int volume_import(struct engine *eng, const char *name, int in_fd, struct err *e) _must_check_;

#endif
