/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Half an archive looks like one to whoever finds it later, so a failure leaves none. */
#include "sys/output_file.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int output_file_open(const char *path, struct output_file *ret, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, flags | O_EXCL, 0644);
	bool is_new = fd >= 0;

	if (fd < 0 && errno == EEXIST)
		fd = open(path, flags | O_TRUNC, 0644);
	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	*ret = (struct output_file){.fd = fd, .path = path, .is_new = is_new};
	return 0;
}

int output_file_keep(struct output_file *f, struct err *e)
{
	/* a pipe, or a file system that cannot */
	if (fsync(f->fd) < 0 && errno != EINVAL && errno != EROFS)
		return err_errno(e, errno, "%s", f->path);
	f->path = NULL;
	return 0;
}

void output_file_done(struct output_file *f)
{
	struct stat st;

	/* fails for what is no regular file, which keeps what it got */
	if (f->path && fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		(void)!ftruncate(f->fd, 0);
		if (f->is_new)
			(void)unlink(f->path);
	}
	fd_closep(&f->fd);
}
