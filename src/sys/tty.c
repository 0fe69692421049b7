/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What is put back is what was found, not a default: the user's editor or
 * multiplexer may have set it so.
 */
#include "sys/tty.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool tty_is(int fd)
{
	return fd >= 0 && isatty(fd);
}

/* TCSANOW: output that nobody reads must not keep us here. */
static int set(int fd, const struct termios *t)
{
	int r;

	do
		r = tcsetattr(fd, TCSANOW, t);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

int tty_make_raw(int fd, struct tty_saved *saved)
{
	struct termios t;
	int r;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	if (saved->fd < 0)
		saved->termios = t;
	cfmakeraw(&t);
	r = set(fd, &t);
	if (r == 0)
		saved->fd = fd;
	return r;
}

void tty_restore(struct tty_saved *saved)
{
	sigset_t ttou, old;

	if (saved->fd < 0)
		return;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, &old);
	(void)tcsetattr(saved->fd, TCSANOW, &saved->termios);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	saved->fd = -EBADF;
}

int tty_size(int fd, uint16_t *ret_rows, uint16_t *ret_cols)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) < 0)
		return -errno;
	*ret_rows = w.ws_row;
	*ret_cols = w.ws_col;
	return 0;
}

int tty_set_size(int fd, uint16_t rows, uint16_t cols)
{
	struct winsize w = {.ws_row = rows, .ws_col = cols};

	return ioctl(fd, TIOCSWINSZ, &w) < 0 ? -errno : 0;
}

bool tty_is_foreground(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}
