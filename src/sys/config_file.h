/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * config_file - settings of root's or the user's that are read because they lie where they are looked for.
 *
 *	r = config_file_read("/etc/x/y.conf", Y_MAX, &text, e);	// -ENOENT: it is not there
 *	r = config_file_read_named(option, Y_MAX, &text, e);	// the user's choice
 *	r = config_file_list("/etc/x/y.conf.d", ".conf", &files, e);	// to be read one by one
 */
#ifndef RANBY_SYS_CONFIG_FILE_H
#define RANBY_SYS_CONFIG_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

/*
 * Reads the file at the absolute `path`, `max` bytes at most, appending to `b`. Links are followed.
 * -ENOENT, without text: it is not there, or its directory is not. With text: -EPERM, it or its directory
 * is neither root's nor the user's, or others may write there; -EINVAL, it is no regular file, or a link
 * that leads nowhere; -errno.
 */
int config_file_read(const char *path, size_t max, struct buf *b, struct err *e) _must_check_;

#define CONFIG_FILES_MAX 256

/*
 * The files in the directory at the absolute `path` whose names end in `suffix` (".conf") and begin with no
 * dot (an editor's), sorted, with their paths, added to *ret. The directory is checked as a file's is: what
 * was taken from it would be missed. -ENOENT, without text: it is not there. With text: -E2BIG, and as above.
 */
int config_file_list(const char *path, const char *suffix, struct strv *ret, struct err *e) _must_check_;

/* Of one that was named: whose it is and what it is was its namer's choice, a pipe or /dev/null too. */
int config_file_read_named(const char *path, size_t max, struct buf *b, struct err *e) _must_check_;
int config_file_list_named(const char *path, const char *suffix, struct strv *ret, struct err *e) _must_check_;

#endif
