/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_merkle - is a leaf in a log's tree (RFC 9162 section 2.1.3.2). */
#ifndef RANBY_TRUST_MERKLE_H
#define RANBY_TRUST_MERKLE_H

#include "base/mem.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRUST_MERKLE_DEPTH_MAX 64

/* The hash of a leaf of these bytes. */
void trust_merkle_leaf(const void *data, size_t len, uint8_t ret[static SHA256_SIZE]);

/* Whether that leaf, at `index` of a tree of `size`, leads over `path` to `root`. */
bool trust_merkle_included(const uint8_t leaf[static SHA256_SIZE], uint64_t index, uint64_t size, const uint8_t (*path)[SHA256_SIZE],
			   size_t n, const uint8_t root[static SHA256_SIZE]);

#endif
