/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * inflate - a compressed stream as the bytes it stands for, hashed on the way.
 *
 *	_cleanup_(inflate_closep) struct inflate *in = NULL;
 *	r = inflate_open(fd, &limits, &in, e);
 *	while ((n = inflate_read(in, &bytes, e)) > 0)
 *		use(bytes, n);
 *	inflate_digest(in, &diff_id);		// after the end: the DiffID of a layer
 *
 * gzip (any number of members), zstd (any number of frames, skippable ones
 * too) and none, told by the first bytes; bzip2 and xz only where it is
 * asked for: archives that people make come so, layers of images do not. In
 * this process, by libraries: nothing is executed. Only ranby-unpack links this.
 */
#ifndef RANBY_TAR_INFLATE_H
#define RANBY_TAR_INFLATE_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a stranger's bytes may cost; 0 in a field: no limit. */
struct inflate_limits {
	uint64_t out_bytes;   /* of output at most */
	uint32_t ratio;       /* output to input, once the output is over ratio_floor_bytes */
	uint64_t ratio_floor_bytes;
	bool all_kinds;       /* bzip2 and xz too */
};
#define INFLATE_WINDOW_LOG_MAX 27 /* zstd: 128 MiB; as much memory for xz, whose -9 wants 65 */
#define INFLATE_LIMITS_DEFAULT {.out_bytes = (uint64_t)1 << 40, .ratio = 300, .ratio_floor_bytes = (uint64_t)1 << 30}
#define INFLATE_LIMITS_ALL_KINDS {.out_bytes = (uint64_t)1 << 40, .ratio = 300, .ratio_floor_bytes = (uint64_t)1 << 30, .all_kinds = true}

struct inflate;

/* Borrows `fd`, which is read from where it stands. -EOPNOTSUPP: compressed in a way that we do not know (named). */
int inflate_open(int fd, const struct inflate_limits *limits, struct inflate **ret, struct err *e) _must_check_;

/* The next bytes, valid until the next call. 0: the end, complete and intact. -EBADMSG: damaged or cut short. -EFBIG: over a limit. */
ssize_t inflate_read(struct inflate *in, const void **ret_bytes, struct err *e) _must_check_;

/* `fn` is called at each piece of output. */
void inflate_on_progress(struct inflate *in, void (*fn)(void *ctx, struct inflate *in), void *ctx);

/* The sum of what is read from now on is not wanted: inflate_digest() is not asked. */
void inflate_leave_sum(struct inflate *in);

/* sha256 of all output so far; once, at the end. */
void inflate_digest(struct inflate *in, struct digest *ret);

uint64_t inflate_in_bytes(const struct inflate *in);
uint64_t inflate_out_bytes(const struct inflate *in);

struct inflate *inflate_close(struct inflate *in);
static inline void inflate_closep(struct inflate **in)
{
	*in = inflate_close(*in);
}

#endif
