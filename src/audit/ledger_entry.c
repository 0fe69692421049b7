/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What all who write, read and judge a ledger have in common. An entry is
 * its bytes: a line that says the same in another form is none, since the hash
 * of the line is what the next one holds.
 */
#include "audit/ledger_entry.h"

#include "audit/canonical.h"
#include "base/parse.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void ledger_entry_done(struct ledger_entry *entry)
{
	json_putp(&entry->o);
}

static bool is_hash(const char *s)
{
	return strlen(s) == SHA256_HEX_SIZE - 1 && s[strspn(s, "0123456789abcdef")] == '\0';
}

int ledger_entry_parse(const char *line, size_t len, struct ledger_entry *ret, struct err *e)
{
	_cleanup_(ledger_entry_done) struct ledger_entry entry = {.seq = 0};
	const char *prev = "";
	int r;

	if (len >= LEDGER_LINE_MAX)
		return err_set(e, EINVAL, "the line is longer than %zu bytes", LEDGER_LINE_MAX);
	r = json_parse(line, len, "entry", &entry.o, e);
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	if (!json_object_is_type(entry.o, json_type_object))
		return err_set(e, EINVAL, "it is no object");
	r = json_get_u64(entry.o, "seq", 1, (uint64_t)CANONICAL_INT_MAX, &entry.seq, e);
	r = r < 0 ? r : json_get_str(entry.o, "prev", &prev, e);
	if (r < 0)
		return r;
	if (entry.seq == 0 || !is_hash(prev))
		return err_set(e, EINVAL, "it has no seq or no prev");
	if (!canonical_is(entry.o, line, len))
		return err_set(e, EINVAL, "it is not in canonical form");
	memcpy(entry.prev, prev, SHA256_HEX_SIZE);
	sha256_hex(line, len, entry.hash);
	*ret = entry;
	entry.o = NULL;
	return 0;
}

/* ---- segments ---- */

void ledger_segment_name(uint64_t first, char ret[static LEDGER_SEGMENT_NAME_SIZE])
{
	snprintf(ret, LEDGER_SEGMENT_NAME_SIZE, "%020llu.jsonl", (unsigned long long)first);
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* "00000000000000000001.jsonl" -> 1; 0 when it is no such name. */
static uint64_t segment_of(const char *name)
{
	char digits[21], again[LEDGER_SEGMENT_NAME_SIZE];
	uint64_t first = 0;

	if (strlen(name) != LEDGER_SEGMENT_NAME_SIZE - 1)
		return 0;
	memcpy(digits, name, 20);
	digits[20] = '\0';
	if (parse_u64(digits + strspn(digits, "0"), 1, (uint64_t)CANONICAL_INT_MAX, &first) < 0)
		return 0;
	ledger_segment_name(first, again);
	return strcmp(again, name) == 0 ? first : 0;
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

int ledger_segments(int dirfd, uint64_t **ret, size_t *ret_n, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_dir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	_cleanup_free_ uint64_t *list = NULL;
	const struct dirent *entry;
	size_t n = 0, room = 0;

	if (!d)
		return err_errno(e, errno, "cannot list the ledger");
	(void)TAKE_FD(fd);
	while ((errno = 0, entry = readdir(d)) != NULL) {
		uint64_t first = segment_of(entry->d_name);

		if (first == 0)
			continue;
		if (n == room) {
			uint64_t *more = mem_regrow(list, room = room ? 2 * room : 16, sizeof(*list));

			if (!more)
				return -ENOMEM;
			list = more;
		}
		if (n == LEDGER_SEGMENTS_MAX)
			return err_set(e, E2BIG, "the ledger has more than %d segments", LEDGER_SEGMENTS_MAX);
		list[n++] = first;
	}
	if (errno != 0)
		return err_errno(e, errno, "cannot list the ledger");
	if (n > 1)
		qsort(list, n, sizeof(*list), compare_u64);
	*ret = TAKE_PTR(list);
	*ret_n = n;
	return 0;
}
