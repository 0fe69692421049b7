/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * MFD_EXEC says on purpose that the copy is executable (Linux 6.3; without
 * it a site's vm.memfd_noexec=1 would refuse the exec). Older kernels do not
 * know the flag and say EINVAL: then without it.
 */
#include "sys/memfd.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

static int memfd_new(const char *name, unsigned exec_flag)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | exec_flag);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int seal(int fd, int extra)
{
	/* F_SEAL_EXEC (6.3) first: where it is unknown the rest must still hold */
	if (extra && fcntl(fd, F_ADD_SEALS, extra) < 0 && errno != EINVAL)
		return -errno;
	return fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

int memfd_empty(const char *name, int *ret_fd)
{
	int fd = memfd_new(name, MFD_NOEXEC_SEAL);

	if (fd >= 0)
		*ret_fd = fd;
	return fd < 0 ? fd : 0;
}

int memfd_seal_bytes(const char *name, const void *data, size_t len, int *ret_fd)
{
	_cleanup_close_ int fd = memfd_new(name, MFD_NOEXEC_SEAL);
	int r;

	if (fd < 0)
		return fd;
	r = fd_write_all(fd, data, len);
	if (r == 0)
		r = seal(fd, 0);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int copy(int from, int to)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		left -= n;
	}
	return 0;
}

int memfd_seal_program(const char *name, int fd, int *ret_fd)
{
	_cleanup_close_ int mem = memfd_new(name, MFD_EXEC);
	int r;

	if (mem < 0)
		return mem;
	r = copy(fd, mem);
	/* for all: root of a namespace in which the maker's id is not mapped must execute it too (nomap, auto) */
	if (r == 0 && fchmod(mem, 0555) < 0)
		r = -errno;
	if (r == 0)
		r = seal(mem, F_SEAL_EXEC);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(mem);
	return 0;
}

bool memfd_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}
