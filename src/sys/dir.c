/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One function, because the three lines around readdir(3) are forgotten one by one. */
#include "sys/dir.h"

#include <errno.h>
#include <string.h>

struct dirent *dir_next(DIR *dir, int *r)
{
	struct dirent *d;

	do {
		errno = 0;
		d = readdir(dir); /* NOLINT(concurrency-mt-unsafe): a stream of the caller's own */
	} while (d && (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0));
	if (!d && errno != 0)
		*r = -errno;
	return d;
}
