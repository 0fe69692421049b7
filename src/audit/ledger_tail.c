/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An append has to know the last entry, and a start should not pay for the
 * length of its owner's history: so the end is read first, a page of it, and
 * more only when no whole entry lies in that (a long line, or bytes that a
 * power failure left). "Whole" is a line with its newline that parses as an
 * entry; what follows the last such line does not belong to the chain.
 */
#include "audit/ledger_tail.h"

#include "audit/ledger_entry.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_range(int fd, uint64_t at, void *data, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(fd, (char *)data + have, len - have, (off_t)(at + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		have += (size_t)n;
	}
	return 0;
}

/* The last entry in `len` bytes of a file that begin at `at`. True when there is one. */
static bool last_entry(const char *text, size_t len, uint64_t at, struct ledger_tail *ret)
{
	size_t end = len;

	while (end > 0) {
		const char *newline = memrchr(text, '\n', end);
		const char *before;
		struct ledger_entry entry = {.seq = 0};
		size_t from;

		if (!newline)
			return false;
		end = (size_t)(newline - text);
		before = end > 0 ? memrchr(text, '\n', end) : NULL;
		if (!before && at > 0)
			return false; /* it may begin before this window */
		from = before ? (size_t)(before - text) + 1 : 0;
		if (ledger_entry_parse(text + from, end - from, &entry, NULL) == 0) {
			ret->seq = entry.seq;
			memcpy(ret->hash, entry.hash, sizeof(ret->hash));
			ret->end = at + end + 1;
			ledger_entry_done(&entry);
			return true;
		}
	}
	return false;
}

int ledger_tail_read(int fd, uint64_t size, struct ledger_tail *ret, struct err *e)
{
	const uint64_t windows[] = {4096, 2 * LEDGER_LINE_MAX, LEDGER_FILE_MAX};

	if (size > LEDGER_FILE_MAX)
		return err_set(e, EFBIG, "a segment of the ledger is longer than %llu bytes", (unsigned long long)LEDGER_FILE_MAX);
	*ret = (struct ledger_tail)LEDGER_TAIL_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		size_t len = (size_t)(size < windows[i] ? size : windows[i]);
		_cleanup_free_ char *text = malloc(len + 1);
		int r = text ? read_range(fd, size - len, text, len) : -ENOMEM;

		if (r < 0)
			return err_errno(e, -r, "cannot read the ledger's end");
		if (last_entry(text, len, size - len, ret) || len == size)
			return 0;
	}
	return 0;
}

int ledger_tail_of(int dirfd, const char *name, struct ledger_tail *ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "cannot open the ledger's %s", name);
	return ledger_tail_read(fd, (uint64_t)st.st_size, ret, e);
}

int ledger_hash_range(int fd, uint64_t at, uint64_t len, char hash[static SHA256_HEX_SIZE], bool *ret_newline)
{
	char block[16384];
	struct sha256 h;
	char last = '\0';

	sha256_init(&h);
	while (len > 0) {
		size_t n = len < sizeof(block) ? (size_t)len : sizeof(block);
		int r = read_range(fd, at, block, n);

		if (r < 0)
			return r;
		sha256_add(&h, block, n);
		last = block[n - 1];
		at += n;
		len -= n;
	}
	sha256_end_hex(&h, hash);
	*ret_newline = last == '\n';
	return 0;
}
