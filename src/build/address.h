/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* address - what of a context or of ADD is an address and no path. */
#ifndef RANBY_BUILD_ADDRESS_H
#define RANBY_BUILD_ADDRESS_H

#include "base/err.h"
#include "base/mem.h"
#include "registry/download.h"

enum address_kind {
	ADDRESS_NONE,
	ADDRESS_HTTP,  /* http or https: a file */
	ADDRESS_GIT,   /* a repository: git://, git@, ssh://, and http(s) that ends in .git, whatever follows a # */
	ADDRESS_OTHER, /* ftp:// */
};

enum address_kind address_kind(const char *text);

/* Says why one that is no http address cannot be had, and what to do instead; 0 for NONE and HTTP, else -ENOTSUP. */
int address_refuse(const char *text, struct err *e) _must_check_;
int address_refuse_git(const char *text, struct err *e) _must_check_; /* whatever it is */

/* A file without a name in the directory, for reading and writing. `what` is for errors. */
int address_scratch_file(int scratch_fd, const char *what, int *ret_fd, struct err *e) _must_check_;

/* What is behind an ADDRESS_HTTP, in such a file, which is read from its beginning. `want`: see download(). */
int address_get(const char *url, const struct digest *want, const struct registry_access *access, int scratch_fd, int *ret_fd,
		struct download *ret, struct err *e) _must_check_;

/*
 * The name of the file behind an address: the last part of its path, with %xx
 * decoded. -EINVAL: the path has none, or none that could be a file's.
 */
int address_file_name(const char *url, char **ret, struct err *e) _must_check_;

#endif
