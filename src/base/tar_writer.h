/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * tar_writer - the headers of a tar (POSIX.1-2001 pax interchange format), as bytes.
 *
 *	tar_header(&(struct tar_entry){.name = "a", .type = TAR_FILE, .mode = 0644, .size = n}, &out);
 *	... n bytes of content ...
 *	tar_padding(n, &out);
 *	tar_end(&out);
 *
 * The same entry gives the same bytes: nothing of the clock, the locale or the
 * host is in them. What ustar has no room for is in a pax header before it:
 * long names, large numbers, parts of a second, extended attributes. Names are
 * bytes. Errors are in the buffer, as ever.
 */
#ifndef RANBY_BASE_TAR_WRITER_H
#define RANBY_BASE_TAR_WRITER_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum tar_type { TAR_FILE = '0', TAR_HARD_LINK = '1', TAR_SYMLINK = '2', TAR_DIRECTORY = '5', TAR_FIFO = '6' };

struct tar_entry {
	const char *name;      /* without a slash at its end, which directories get here */
	enum tar_type type;
	mode_t mode;           /* permission bits, 07777 */
	uint32_t uid, gid;
	uint64_t size;         /* of TAR_FILE */
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	const char *link;      /* of links: where to */
	const struct buf *pax; /* further records, of tar_xattr(); NULL: none */
};

#define TAR_BLOCK 512

void tar_header(const struct tar_entry *t, struct buf *out);

/* An extended attribute, for the `pax` of its entry. */
void tar_xattr(const char *name, const void *value, size_t len, struct buf *pax);

/* What follows the content of a file of `size` bytes. */
void tar_padding(uint64_t size, struct buf *out);

/* What follows the last entry. */
void tar_end(struct buf *out);

#endif
