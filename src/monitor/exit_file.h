/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * exit_file - the monitor's side of the exit file (exit.h): room for it is
 * taken before the payload starts, so that a full disk cannot lose the exit.
 */
#ifndef RANBY_MONITOR_EXIT_FILE_H
#define RANBY_MONITOR_EXIT_FILE_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/protocol.h"

struct exit_file {
	int dirfd;
	int fd;           /* PATH.new */
	const char *name; /* borrowed, the last component */
};
#define EXIT_FILE_UNFINISHED ".new" /* after its name, while the payload runs: who opened it by then can read the end in it */
#define EXIT_FILE_INIT {.dirfd = -EBADF, .fd = -EBADF}

/* Makes PATH.new, as large as an exit can be. `path` is absolute and stays the caller's. */
int exit_file_prepare(struct exit_file *f, const char *path, struct err *e) _must_check_;

/* Writes it and renames it into place: from here on it can be read. */
int exit_file_write(struct exit_file *f, const struct monitor_exit *x) _must_check_;

/* Brings it to the disk, after those who wait have been told. */
void exit_file_sync(struct exit_file *f);

/* Closes; removes PATH.new when it was not written. */
void exit_file_done(struct exit_file *f);

#endif
