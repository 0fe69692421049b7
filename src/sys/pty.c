/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/pty.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>

/* /dev/ptmx is character device 5:2; on a devpts it can be no other, and elsewhere it can be anything. */
static int check_ptmx(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return -EXDEV;
	return 0;
}

int pty_open(int devpts_fd, int *ret_master, int *ret_slave, struct err *e)
{
	_cleanup_close_ int look = -EBADF, master = -EBADF, slave = -EBADF;
	int unlock = 0, r;

	/* to open another device, or a pipe, may do something already */
	r = path_own_open(devpts_fd, "ptmx", O_PATH, 0, &look);
	if (r == 0)
		r = check_ptmx(look);
	if (r == 0)
		r = path_own_open(devpts_fd, "ptmx", O_RDWR | O_NOCTTY, 0, &master);
	if (r == 0)
		r = check_ptmx(master);
	if (r < 0)
		return err_errno(e, -r, "/dev/pts/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_errno(e, errno, "unlock the terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_errno(e, errno, "open the terminal");
	*ret_master = TAKE_FD(master);
	*ret_slave = TAKE_FD(slave);
	return 0;
}

int pty_set_size(int fd, uint16_t rows, uint16_t cols)
{
	struct winsize w = {.ws_row = rows, .ws_col = cols};

	return ioctl(fd, TIOCSWINSZ, &w) < 0 ? -errno : 0;
}

int pty_take(int slave)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (dup2(slave, i) < 0)
			return -errno;
	return 0;
}

int pty_console_connect(const char *path, int *ret_sock, struct err *e)
{
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), dir = -EBADF;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *slash = strrchr(path, '/');
	int n;

	if (s < 0)
		return err_errno(e, errno, "console socket");
	n = snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if ((size_t)n >= sizeof(a.sun_path)) {
		/* sun_path holds 108 bytes: the last directory by descriptor */
		_cleanup_free_ char *parent = slash ? strndup(path, (size_t)(slash - path)) : NULL;

		dir = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (dir < 0)
			return err_errno(e, errno, "console socket %s", path);
		n = snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d%s", dir, slash);
		if ((size_t)n >= sizeof(a.sun_path))
			return err_errno(e, ENAMETOOLONG, "console socket %s", path);
	}
	if (connect(s, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return err_errno(e, errno, "console socket %s", path);
	*ret_sock = TAKE_FD(s);
	return 0;
}

int pty_send_master(int sock, int master, struct err *e)
{
	static const char name[] = "/dev/ptmx";
	int r = fd_send(sock, name, sizeof(name) - 1, &master, 1);

	return r < 0 ? err_errno(e, -r, "send the terminal to the console socket") : 0;
}
