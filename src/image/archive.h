/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * archive - images out of docker-archive, oci-archive and OCI directories.
 *
 * A tar goes through ranby-unpack, which turns its members into numbered
 * files of a staging directory: what they are called is only ever compared
 * with names from the archive's own index. Only image/ includes it.
 */
#ifndef RANBY_IMAGE_ARCHIVE_H
#define RANBY_IMAGE_ARCHIVE_H

#include "image/pull.h"

/* As pull_image() for "docker-archive:…", "oci-archive:…", "oci:…"; the first image, or the one that is named. */
int archive_pull(struct store *st, const char *source, const struct pull_options *o, struct image **ret, struct err *e)
	_must_check_;

#endif
