/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * err - what went wrong, in words, without the heap.
 *
 * Every function that can fail returns an int: 0 done, a negative errno
 * (forwarded unchanged by every caller), or a positive value that is an
 * outcome of that function's own enum. The words travel beside it in a
 * `struct err` that the caller owns:
 *
 *	int thing_open(const char *name, int *ret_fd, struct err *e)
 *	{
 *		int fd = openat(...);
 *		if (fd < 0)
 *			return err_errno(e, errno, "open %s", name);
 *		...
 *	}
 *
 *	r = thing_open(name, &fd, e);
 *	if (r < 0)
 *		return err_wrap(e, r, "container %s", id);	// prepends
 *
 * Set once at the origin; each boundary may prepend its context. The struct
 * holds no pointer, so it can be used between clone and exec and written
 * whole to a pipe. Every function here takes a NULL `e` (text is dropped).
 */
#ifndef RANBY_BASE_ERR_H
#define RANBY_BASE_ERR_H

#include <stdarg.h>

#define ERR_TEXT_MAX 768
#define ERR_HINT_MAX 256

/* Exit codes of the command line (podman-run(1), "Exit Status"). */
enum {
	EXIT_ENGINE = 125,    /* the engine itself failed */
	EXIT_CANNOT_RUN = 126, /* the command cannot be invoked */
	EXIT_NOT_FOUND = 127, /* the command was not found */
};

struct err {
	int code;      /* errno value (positive) of the origin, 0 when none */
	int exit_code; /* wanted exit code, 0: EXIT_ENGINE */
	char text[ERR_TEXT_MAX];
	char hint[ERR_HINT_MAX]; /* a next step for the user; "" when none */
};

/* Origin: "<text>: <strerror(code)>". Returns -code. `code` is a positive errno. */
int err_errno(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

/* Origin: "<text>" alone, where strerror would only repeat it. Returns -code. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

/* Boundary: prepends "<text>: ". Returns `r` unchanged, so that it can stand in a return. */
int err_wrap(struct err *e, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

/* Adds or replaces the hint line. */
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* Sets the exit code that the command line shall end with. */
void err_exit(struct err *e, int exit_code);

/* Empties it. */
void err_clear(struct err *e);

#endif
