/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Who writes it, who makes an index of it, who verifies it and who reports from it must mean the same by it. */
#include "audit/system_ledger.h"

#include "audit/chain.h"
#include "sys/dir.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define TYPE_USER_LOGIN 1112

static bool is_wanted(const char *name, unsigned parts)
{
	if (strcmp(name, SYSTEM_LEDGER_SYSTEM) == 0)
		return (parts & SYSTEM_LEDGER_OWN) != 0;
	if (strcmp(name, SYSTEM_LEDGER_HEADS) == 0)
		return (parts & SYSTEM_LEDGER_SIGNED) != 0;
	return (parts & SYSTEM_LEDGER_USERS) != 0 && strncmp(name, SYSTEM_LEDGER_AUID, strlen(SYSTEM_LEDGER_AUID)) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int system_ledger_open(const char *path, int *ret_fd, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno, "cannot open the system ledger %s", path);
	*ret_fd = fd;
	return 0;
}

int system_ledger_list(int dirfd, unsigned parts, struct strv *ret, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d) {
		r = err_errno(e, errno, "cannot list the system ledger");
		fd_closep(&fd);
		return r;
	}
	while (r == 0 && (entry = dir_next(d, &r)) != NULL) {
		if (!is_wanted(entry->d_name, parts))
			continue;
		r = ret->n < SYSTEM_LEDGER_SHARDS_MAX ? strv_add(ret, entry->d_name) : -E2BIG;
	}
	closedir(d);
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(char *), by_name);
	return r < 0 ? err_errno(e, -r, "system ledger") : 0;
}

int system_ledger_each(int dirfd, unsigned parts, system_ledger_visit *visit, void *data, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	int r = system_ledger_list(dirfd, parts, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = visit(dirfd, names.items[i], data, e);
	return r;
}

bool system_ledger_holds(const struct log_event *ev)
{
	if (ev->kind == LOG_SYSCALL)
		return ev->call == LOG_CALL_EXEC && ev->done;
	return ev->kind == LOG_VIRT || ev->kind == LOG_LOGIN || (ev->kind == LOG_USER && ev->type == TYPE_USER_LOGIN);
}

const char *system_ledger_doubt(struct json_object *entry)
{
	const char *word = json_str(entry, "word");

	/* by the type, which is the kernel's: `virt` is what the sender wrote, or did not */
	if ((strncmp(json_str(entry, "type"), "VIRT", 4) != 0 && !*json_str(entry, "virt")) || strcmp(word, chain_word_text(CHAIN_WORD_BELIEVED)) == 0)
		return "";
	/* without a word nobody has weighed it */
	return chain_word_text(strcmp(word, chain_word_text(CHAIN_WORD_CLAIMED)) == 0 ? CHAIN_WORD_CLAIMED : CHAIN_WORD_UNKNOWN);
}
