/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * create - the runtime's `create` or `exec`, run for its effect: a payload
 * whose init waits to be released.
 */
#ifndef RANBY_MONITOR_CREATE_H
#define RANBY_MONITOR_CREATE_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/options.h"
#include "monitor/pollset.h"
#include "monitor/stdio.h"

#include <sys/types.h>

#define CREATE_WORDS_MAX 512

struct create {
	pid_t pid;      /* of the runtime; 0: not running */
	int init_fd;    /* a sealed copy of ranby-init that was made before; -EBADF: none yet */
	int error_fd;   /* brings its struct err; open until STARTED, as init's lifeline */
	int listen_fd;  /* console socket, until the master has come */
	int console_fd; /* a connection on it */
	int slot, error_slot;
	struct err said; /* what it brought, when `has_said` */
	bool has_said, says_no_more;
	char words[CREATE_WORDS_MAX]; /* the beginning of what it said on stderr */
	size_t words_len;
};
#define CREATE_INIT {.init_fd = -EBADF, .error_fd = -EBADF, .listen_fd = -EBADF, .console_fd = -EBADF, .slot = -1, .error_slot = -1}

/* Starts the runtime with the payload's ends of stdio, which are closed here. `trail_fd`: becomes {TRAIL_FD}; -EBADF: none. */
int create_start(struct create *c, const struct monitor_options *o, int run_dirfd, int trail_fd, struct output out[static 2],
		 struct input *in, struct err *e) _must_check_;

void create_poll(struct create *c, struct pollset *set);
/* Takes the terminal's master and the runtime's word when they come. */
int create_dispatch(struct create *c, const struct pollset *set, struct output out[static 2], struct input *in, struct err *e)
	_must_check_;

/* It has said that all is done: create_finish() with status 0 need not wait for its end. */
bool create_is_done(const struct create *c);

/* Remembers the beginning of stderr: the words of a runtime without --error-fd. */
void create_hear(struct create *c, const char *data, size_t len);

/*
 * The runtime has ended with wait status `status`, and is reaped, or has said
 * that it is done, and will be reaped as any child. 0 with the pid of init, which is a child of ours now; or -errno in the runtime's words.
 */
int create_finish(struct create *c, int status, const struct monitor_options *o, struct output out[static 2], struct input *in,
		  pid_t *ret_init, struct err *e) _must_check_;

void create_done(struct create *c);

#endif
