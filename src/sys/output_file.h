/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * output_file - the file that an archive goes to, which is whole or not there.
 *
 *	_cleanup_(output_file_done) struct output_file f = OUTPUT_FILE_INIT;
 *	r = output_file_open(path, &f, e);
 *	if (r == 0) r = write_archive(f.fd, e);
 *	return r == 0 ? output_file_keep(&f, e) : r;
 */
#ifndef RANBY_SYS_OUTPUT_FILE_H
#define RANBY_SYS_OUTPUT_FILE_H

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>

struct output_file {
	int fd;
	int dir_fd;       /* where it gets its name when it is whole; -EBADF: it has one */
	const char *path; /* borrowed; NULL: nothing to take back */
	bool is_new;      /* we made it, with its name */
};
#define OUTPUT_FILE_INIT {.fd = -EBADF, .dir_fd = -EBADF}

/* Opens it for writing, empty. A pipe or a device is taken as it is, a file that is there is written over. */
int output_file_open(const char *path, struct output_file *ret, struct err *e) _must_check_;

/* It is whole: on the disk on return, under its name. -EEXIST: there is another of that name by now. */
int output_file_keep(struct output_file *f, struct err *e) _must_check_;

/* Closes. What was not kept is removed; a file that was there before is left empty. */
void output_file_done(struct output_file *f);

#endif
