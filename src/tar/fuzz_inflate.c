/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* gzip, zstd or plain: bounded output, and an end that is an end. */
#include "sys/fd.h"
#include "tar/inflate.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct inflate_limits limits = {.out_bytes = 4 << 20, .ratio = 300, .ratio_floor_bytes = 1 << 20, .all_kinds = true};
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	uint64_t total = 0;
	const void *bytes;
	ssize_t n;

	if (fd < 0 || fd_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return 0;
	if (inflate_open(fd, &limits, &in, NULL) < 0)
		return 0;
	while ((n = inflate_read(in, &bytes, NULL)) > 0)
		total += (uint64_t)n;
	if (total > (5 << 20) || (n == 0 && inflate_in_bytes(in) != size))
		__builtin_trap();
	return 0;
}
