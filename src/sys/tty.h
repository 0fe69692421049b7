/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * tty - the user's terminal: raw mode, size, and back again.
 *
 *	struct tty_saved saved = TTY_SAVED_INIT;
 *	r = tty_make_raw(fd, &saved);
 *	...
 *	tty_restore(&saved);			// also for _cleanup_()
 */
#ifndef RANBY_SYS_TTY_H
#define RANBY_SYS_TTY_H

#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

struct tty_saved {
	int fd; /* borrowed; -EBADF: nothing to restore */
	struct termios termios;
};
#define TTY_SAVED_INIT {.fd = -EBADF}

bool tty_is(int fd);

/*
 * cfmakeraw(3): keys come one by one, ISIG off; output is not processed (the
 * container's own terminal has done so already). `saved` is filled in before anything changes. From a background process
 * group this stops us with SIGTTOU until we are in the foreground, as it should.
 */
int tty_make_raw(int fd, struct tty_saved *saved) _must_check_;

/* Puts it back, once; never stops us (SIGTTOU is blocked meanwhile). */
void tty_restore(struct tty_saved *saved);

/* TIOCGWINSZ. -ENOTTY. */
int tty_size(int fd, uint16_t *ret_rows, uint16_t *ret_cols) _must_check_;
int tty_set_size(int fd, uint16_t rows, uint16_t cols) _must_check_;

/*
 * Whether our process group is the terminal's foreground group: only then may
 * its modes be changed.
 */
bool tty_is_foreground(int fd);

#endif
