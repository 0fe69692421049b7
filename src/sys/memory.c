/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * /proc/TID/mem would be a descriptor, but belongs to the thread's user: one
 * of a subordinate ID could not be read, while process_vm_readv(2) looks at
 * our rights over its user namespace alone.
 */
#include "sys/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

ssize_t memory_read(const struct memory *m, uint64_t at, void *to, size_t len)
{
	struct iovec ours = {.iov_base = to, .iov_len = len}, theirs = {.iov_base = (void *)(uintptr_t)at, .iov_len = len};
	ssize_t n = process_vm_readv(m->tid, &ours, 1, &theirs, 1, 0);

	return n < 0 ? -errno : n;
}

ssize_t memory_read_string(const struct memory *m, uint64_t at, char *out, size_t max, bool *ret_cut)
{
	size_t len = 0;

	*ret_cut = false;
	while (len < max) {
		/* up to the end of a page: the next one may not be there */
		size_t piece = 4096 - (size_t)((at + len) % 4096);
		const char *nul;
		ssize_t n;

		if (piece > max - len)
			piece = max - len;
		if (piece > 256)
			piece = 256;
		n = memory_read(m, at + len, out + len, piece);
		if (n <= 0)
			return n < 0 ? n : -EFAULT;
		nul = memchr(out + len, '\0', (size_t)n);
		if (nul)
			return nul - out;
		len += (size_t)n;
	}
	*ret_cut = true;
	return (ssize_t)len;
}
