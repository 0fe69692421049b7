/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * docker_archive - the manifest.json of what docker save writes.
 *
 *	r = docker_archive_parse(text, len, &list, e);
 *	for (i…; json_object_array_length(list))
 *		r = docker_archive_image(json_object_array_get_idx(list, i), &image, e);
 *
 * One entry is read at a time: of several images those before one that is
 * refused stay. What the names mean is the archive's: they are no paths of ours.
 */
#ifndef RANBY_OCI_DOCKER_ARCHIVE_H
#define RANBY_OCI_DOCKER_ARCHIVE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stddef.h>

#define DOCKER_ARCHIVE_IMAGES_MAX 1024

struct docker_archive_image {
	const char *config;        /* the entry's, whose object must live on; its member of the archive */
	struct strv names, layers; /* RepoTags as they are, and members of the archive, at most MANIFEST_LAYERS_MAX */
};
void docker_archive_image_done(struct docker_archive_image *i);

/* A list of at most DOCKER_ARCHIVE_IMAGES_MAX. -EINVAL. */
int docker_archive_parse(const char *text, size_t len, struct json_object **ret, struct err *e) _must_check_;

/* -EINVAL: no object, or one without Config, or with too many layers. */
int docker_archive_image(struct json_object *o, struct docker_archive_image *ret, struct err *e) _must_check_;

#endif
