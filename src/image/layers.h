/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * layers - make the unpacked layers of an image, several at once.
 *
 *	struct layer_queue q;
 *	r = layer_queue_begin(&q, st, layers, n, map, progress, e);
 *	layer_queue_ready(&q, 3);			// its blob is in the store now
 *	n = layer_queue_fds(&q, pollfds);		// poll() them with whatever else
 *	r = layer_queue_step(&q, e);			// starts and ends what it can, does not block
 *	r = layer_queue_finish(&q, e);			// the rest
 *	layer_queue_end(&q);				// kills what still runs
 *
 * A layer that is there is not made again, but what is to be its blob must be
 * what it was made from, or unpack to the same DiffID: a manifest may claim any
 * blob for the layers of a configuration that somebody else's image has.
 *
 * The same layer wanted by two commands is made by one of them: the other
 * finds its lock taken, does what else it has to do, waits, and finds it made.
 */
#ifndef RANBY_IMAGE_LAYERS_H
#define RANBY_IMAGE_LAYERS_H

#include "image/progress.h"
#include "image/store_private.h"
#include "tar/unpack.h"

#include <poll.h>

#define LAYER_SLOTS_MAX 4

enum layer_state { LAYER_WAITING, LAYER_READY, LAYER_BUSY, LAYER_RUNNING, LAYER_MADE };

struct layer_slot {
	bool used;
	bool compare; /* the layer is there, made from another blob: only to see that this one unpacks to it too */
	size_t index;
	char name[LAYER_NAME_SIZE];
	struct staging staging;
	int lock_fd;
	struct unpack_job job;
};

struct layer_queue {
	struct store *st;
	const struct image_layer *layers;
	size_t n;
	const struct id_map *map;
	struct progress *progress;
	enum layer_state *states;
	int *items;              /* progress */
	struct layer_slot slots[LAYER_SLOTS_MAX];
	size_t n_slots;
	uint64_t squashed, devices; /* told at the end */
};

int layer_queue_begin(struct layer_queue *q, struct store *st, const struct image_layer *layers, size_t n,
		      const struct id_map *map, struct progress *progress, struct err *e) _must_check_;
/* `item`: the progress item to go on with, -1: a new one. */
void layer_queue_ready(struct layer_queue *q, size_t index, int item);
size_t layer_queue_fds(const struct layer_queue *q, struct pollfd fds[static LAYER_SLOTS_MAX]);
int layer_queue_step(struct layer_queue *q, struct err *e) _must_check_;
int layer_queue_finish(struct layer_queue *q, struct err *e) _must_check_;
void layer_queue_end(struct layer_queue *q);

#endif
