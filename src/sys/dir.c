/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One function, because the three lines around readdir(3) are forgotten one by one. */
#include "sys/dir.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
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

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void dir_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* One more, in a list that grows. */
static int keep(char ***names, size_t *n, size_t *room, size_t max, const char *name)
{
	if (*n == max)
		return -E2BIG;
	if (*n == *room) {
		char **grown = mem_regrow(*names, *room ? 2 * *room : 32, sizeof(char *));

		if (!grown)
			return -ENOMEM;
		*names = grown;
		*room = *room ? 2 * *room : 32;
	}
	(*names)[*n] = strdup(name);
	if (!(*names)[*n])
		return -ENOMEM;
	++*n;
	return 0;
}

int dir_sorted(int fd, size_t max, char ***ret_names, size_t *ret_n)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	char **names = NULL;
	struct dirent *d;
	size_t n = 0, room = 0;

	if (!dir) {
		r = -errno;
		fd_closep(&copy);
		return r;
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		r = keep(&names, &n, &room, max, d->d_name);
	closedir(dir);
	if (r < 0) {
		dir_names_free(names, n);
		return r;
	}
	if (n)
		qsort(names, n, sizeof(char *), by_bytes);
	*ret_names = names;
	*ret_n = n;
	return 0;
}
