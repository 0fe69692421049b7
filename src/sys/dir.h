/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * dir - directories, entry by entry, without taking a failure for the end.
 *
 *	while (r == 0 && (d = dir_next(dir, &r)))
 *		r = use(d->d_name);
 */
#ifndef RANBY_SYS_DIR_H
#define RANBY_SYS_DIR_H

#include "base/mem.h"

#include <dirent.h>

/*
 * The next entry but "." and ".."; NULL at the end, and NULL with -errno in
 * *r when it could not be read, which readdir(3) tells by errno alone. A list
 * that ends early looks like a short one: a collection would take what is not
 * in it for garbage, and a policy would be without its last files.
 */
struct dirent *dir_next(DIR *dir, int *r);

/* All names of an open directory, sorted by their bytes, each malloc'ed as the list is. -E2BIG: more than `max`. */
int dir_sorted(int dirfd, size_t max, char ***ret_names, size_t *ret_n) _must_check_;

/* Frees them, and the list. */
void dir_names_free(char **names, size_t n);

#endif
