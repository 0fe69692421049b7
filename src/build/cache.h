/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cache - what a step gave before.
 *
 *	cache_key(sg->key, "COPY a b", content.text, key);	// all that makes the step
 *	r = cache_find(data_fd, key, &entry);			// -ENOENT: do it
 *	...
 *	r = cache_put(data_fd, key, &entry);
 *
 * A file "build-cache/KEY" per step, a few words long; the layers themselves
 * are images in the store. A key is a hash of the key before and of what the
 * step is, so that it stands for all steps up to it. What an entry says is
 * believed when the configuration that it leads to has the digest that it
 * names, and the image is there: a torn or forged one is a miss.
 */
#ifndef RANBY_BUILD_CACHE_H
#define RANBY_BUILD_CACHE_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "oci/digest.h"

#define CACHE_MOUNTS_DIR ENGINE_BUILD_MOUNTS /* likewise: what RUN --mount=type=cache keeps */
#define CACHE_DIR ENGINE_BUILD_CACHE /* below the data directory */

struct cache_entry {
	char created[40];
	struct digest diff_id; /* not set: the step made no layer */
	struct digest id;      /* of the image config after it */
};

/* `before` may be ret. `content` NULL: nothing but the text. */
void cache_key(const char before[static DIGEST_HEX_SIZE], const char *text, const char *content, char ret[static DIGEST_HEX_SIZE]);

int cache_find(int data_fd, const char *key, struct cache_entry *ret) _must_check_;
/* It may be lost with the power, and is never torn. */
int cache_put(int data_fd, const char *key, const struct cache_entry *c) _must_check_;

#endif
