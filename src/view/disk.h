/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * disk - what images, containers and volumes take, for `system df`.
 *
 *	_cleanup_(disk_done) struct disk d = {0};
 *	r = disk_read(eng, st, &d, e);
 *	r = disk_summary(&d, rows);	// {Type, Total, Active, Size, Reclaimable, RawSize, RawReclaimable}
 *	r = disk_images(&d, rows);
 *
 * "rows" are arrays that are appended to; fields are podman's.
 */
#ifndef RANBY_VIEW_DISK_H
#define RANBY_VIEW_DISK_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/usage.h"
#include "engine/volume_list.h"
#include "image/store.h"

struct disk {
	struct store *st; /* borrowed */
	struct image_list images;
	struct container_list containers;
	struct volume_list volumes;
	struct store_copies copies;
	struct usage usage; /* of the containers, then of the volumes, then of what builds keep: two directories */
};

int disk_read(struct engine *eng, struct store *st, struct disk *ret, struct err *e) _must_check_;
void disk_done(struct disk *d);

int disk_summary(const struct disk *d, struct json_object *rows) _must_check_;
int disk_images(const struct disk *d, struct json_object *rows) _must_check_;
int disk_containers(const struct disk *d, struct json_object *rows) _must_check_;
int disk_volumes(const struct disk *d, struct json_object *rows) _must_check_;

#endif
