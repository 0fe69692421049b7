/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "query/ask.h"

#include "base/clock.h"
#include "base/parse.h"
#include "sys/dir.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define SHARDS_MAX 65536

int ask_user(const char *text, uint32_t *ret, struct err *e)
{
	const struct passwd *pw;

	if (parse_u32(text, 0, UINT32_MAX - 1, ret) == 0)
		return 0;
	pw = getpwnam(text); /* NOLINT(concurrency-mt-unsafe): one thread */
	if (!pw)
		return err_set(e, EINVAL, "there is no user %s", text);
	*ret = pw->pw_uid;
	return 0;
}

int ask_moment(const char *text, const char *option, int64_t *ret, struct err *e)
{
	struct timespec now = clock_now(), t;

	if (!text)
		return 0;
	if (clock_parse_moment(text, &now, &t) < 0)
		return err_set(e, EINVAL, "%s: \"%s\" is no time", option, text);
	*ret = clock_ns(&t);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int ask_shards(int dirfd, struct strv *ret, struct err *e)
{
	int copy = dup(dirfd);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r = 0;

	if (!d)
		return err_errno(e, errno, "system ledger");
	while (r == 0 && ret->n < SHARDS_MAX && (entry = dir_next(d, &r)) != NULL)
		if (strncmp(entry->d_name, "auid-", 5) == 0 || strcmp(entry->d_name, "system") == 0 || strcmp(entry->d_name, "heads") == 0)
			r = strv_add(ret, entry->d_name);
	closedir(d);
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(char *), by_name);
	return r < 0 ? err_errno(e, -r, "system ledger") : 0;
}
