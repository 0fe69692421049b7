/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Who verifies a ledger reads what its owner may have prepared: names that
 * are links or pipes, files without end, bytes of any kind. So only regular
 * files are read, whole and up to a bound (a map could be cut under us), and
 * each line is either an entry by ledger_entry_parse() or named as none.
 */
#include "audit/ledger_read.h"

#include "audit/ledger_tail.h"
#include "audit/receipt.h"
#include "base/clock.h"
#include "base/escape.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void ledger_reader_done(struct ledger_reader *rd)
{
	ledger_entry_done(&rd->item.entry);
	buf_done(&rd->text);
	free(rd->segments);
	rd->segments = NULL;
	fd_closep(&rd->dirfd);
	fd_closep(&rd->fd);
}

int ledger_reader_open(int dirfd, const char *path, struct ledger_reader *ret, struct err *e)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "cannot open the ledger %s", path);
	rd.text.limit = LEDGER_FILE_MAX;
	if (S_ISDIR(st.st_mode)) {
		rd.dirfd = TAKE_FD(fd);
		r = ledger_segments(rd.dirfd, &rd.segments, &rd.n_segments, e);
		if (r < 0)
			return err_wrap(e, r, "%s", path);
	} else if (S_ISREG(st.st_mode)) {
		rd.fd = TAKE_FD(fd);
	} else {
		return err_set(e, EINVAL, "%s is neither a ledger nor a part of one", path);
	}
	*ret = rd;
	rd = (struct ledger_reader)LEDGER_READER_INIT;
	return 0;
}

void ledger_reader_skip_to(struct ledger_reader *rd, uint64_t seq)
{
	while (rd->next_segment + 1 < rd->n_segments && rd->segments[rd->next_segment + 1] <= seq)
		rd->next_segment++;
}

int ledger_reader_seek(struct ledger_reader *rd, uint64_t first, uint64_t offset)
{
	char name[LEDGER_SEGMENT_NAME_SIZE];
	struct stat st;

	ledger_segment_name(first, name);
	for (size_t i = 0; i < rd->n_segments; i++) {
		if (rd->segments[i] != first)
			continue;
		/* a shorter one is not the one in which we were */
		if (fstatat(rd->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || (uint64_t)st.st_size < offset)
			return -ENOENT;
		rd->next_segment = i;
		rd->seek = offset;
		return 0;
	}
	return -ENOENT;
}

void ledger_reader_place(const struct ledger_reader *rd, uint64_t *ret_first, uint64_t *ret_offset)
{
	*ret_first = rd->next_segment > 0 ? rd->segments[rd->next_segment - 1] : 0;
	*ret_offset = rd->base + rd->at;
}

static int read_file(struct ledger_reader *rd, int fd, const char *name, struct err *e)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "cannot read the ledger's %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "the ledger's %s is no regular file", name);
	buf_reset(&rd->text);
	rd->at = 0;
	rd->base = rd->seek;
	rd->seek = 0;
	if (rd->base > 0 && lseek(fd, (off_t)rd->base, SEEK_SET) < 0)
		return err_errno(e, errno, "cannot read the ledger's %s", name);
	r = fd_read_all(fd, LEDGER_FILE_MAX, &rd->text);
	return r < 0 ? err_errno(e, -r, "cannot read the ledger's %s", name) : 0;
}

/* 1: text of the next file is there; 0: there was none. */
static int next_file(struct ledger_reader *rd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (rd->dirfd < 0) {
		if (rd->fd < 0)
			return 0;
		r = read_file(rd, rd->fd, "file", e);
		fd_closep(&rd->fd);
		return r < 0 ? r : 1;
	}
	if (rd->next_segment == rd->n_segments)
		return 0;
	ledger_segment_name(rd->segments[rd->next_segment++], rd->item.segment);
	fd = openat(rd->dirfd, rd->item.segment, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "cannot open the ledger's %s", rd->item.segment);
	r = read_file(rd, fd, rd->item.segment, e);
	return r < 0 ? r : 1;
}

int ledger_reader_next(struct ledger_reader *rd, struct ledger_item *ret, struct err *e)
{
	struct ledger_item *item = &rd->item;
	struct err why = {0};
	const char *newline;

	while (rd->at == rd->text.len) {
		int r = next_file(rd, e);

		if (r <= 0)
			return r;
	}
	ledger_entry_done(&item->entry);
	item->offset = rd->base + rd->at;
	item->text = rd->text.data + rd->at;
	newline = memchr(item->text, '\n', rd->text.len - rd->at);
	item->unfinished = !newline;
	item->len = newline ? (size_t)(newline - item->text) : rd->text.len - rd->at;
	rd->at += item->len + !item->unfinished;
	item->is_entry = !item->unfinished && ledger_entry_parse(item->text, item->len, &item->entry, &why) == 0;
	escape_into(item->why, sizeof(item->why), item->unfinished ? "the line does not end" : why.text);
	*ret = *item;
	return 1;
}

int64_t ledger_entry_time(struct json_object *entry, uint64_t *ret_serial)
{
	struct audit_receipt receipt = {0};
	struct timespec t = {0};

	*ret_serial = 0;
	if (audit_receipt_parse(json_str(entry, "receipt"), &receipt) == 0 && receipt.serial > 0) {
		*ret_serial = receipt.serial;
		t = (struct timespec){.tv_sec = (time_t)receipt.sec, .tv_nsec = receipt.milli * 1000000L};
		return clock_ns(&t);
	}
	return clock_parse_rfc3339(json_str(entry, "time"), &t) == 0 ? clock_ns(&t) : 0;
}
