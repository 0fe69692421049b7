/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The algorithm of the RFC, step by step; its letters fn, sn and r are `at`, `last` and `hash`. */
#include "trust/merkle.h"

#include <string.h>

void trust_merkle_leaf(const void *data, size_t len, uint8_t ret[static SHA256_SIZE])
{
	const uint8_t mark = 0;
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, &mark, 1);
	sha256_add(&h, data, len);
	sha256_end(&h, ret);
}

static void join(const uint8_t *left, const uint8_t *right, uint8_t ret[static SHA256_SIZE])
{
	const uint8_t mark = 1;
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, &mark, 1);
	sha256_add(&h, left, SHA256_SIZE);
	sha256_add(&h, right, SHA256_SIZE);
	sha256_end(&h, ret);
}

bool trust_merkle_included(const uint8_t leaf[static SHA256_SIZE], uint64_t index, uint64_t size, const uint8_t (*path)[SHA256_SIZE],
			   size_t n, const uint8_t root[static SHA256_SIZE])
{
	uint64_t at = index, last = size - 1;
	uint8_t hash[SHA256_SIZE];

	if (index >= size || n > TRUST_MERKLE_DEPTH_MAX)
		return false;
	memcpy(hash, leaf, sizeof(hash));
	for (size_t i = 0; i < n; i++) {
		if (last == 0)
			return false;
		if ((at & 1) || at == last) {
			join(path[i], hash, hash);
			while (!(at & 1) && at != 0) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			join(hash, path[i], hash);
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && memcmp(hash, root, sizeof(hash)) == 0;
}
