/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The writing half of the ledger; ledger_tail.c finds where it ends, and
 * ledger_verify.c judges all of it.
 *
 * Why the lock is held from ledger_begin() to the append: the audit record
 * names the entry that will describe it (seq, prev), and the entry names the
 * record (receipt). Either could be made first only if nobody else appends in
 * between. The time is that of asking the witness, some milliseconds.
 *
 * Why segments: the newest is the only one that is written, so that older
 * ones can be copied away, and damage stays in one file.
 *
 * Held: bytes that were once written are never changed; only what this very
 * write(2) added and could not finish is cut off again, under the lock.
 */
#include "audit/ledger.h"

#include "audit/canonical.h"
#include "audit/ledger_tail.h"
#include "base/clock.h"
#include "sys/fd.h"
#include "sys/lock.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const own_keys[] = {"seq", "prev", "time", "receipt"};

void ledger_end(struct ledger *l)
{
	fd_closep(&l->fd);
	fd_closep(&l->lock_fd);
	fd_closep(&l->dirfd);
}

/* Owner's alone, or the group's to read as well. */
static int give_to_group(const struct ledger_place *place, int fd, mode_t mode)
{
	if (!(place->flags & LEDGER_GROUP_READ))
		return 0;
	if (fchown(fd, (uid_t)-1, place->gid) < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return 0;
}

static int open_directory(const struct ledger_place *place, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bool made = false;
	struct stat st;
	int r;

	fd = openat(place->dirfd, place->name, flags);
	if (fd < 0 && errno == ENOENT) {
		made = mkdirat(place->dirfd, place->name, 0700) == 0;
		if (!made && errno != EEXIST)
			return err_errno(e, errno, "cannot make the ledger's directory %s", place->name);
		fd = openat(place->dirfd, place->name, flags);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "cannot open the ledger %s", place->name);
	if (st.st_uid != geteuid())
		return err_set(e, EPERM, "the ledger %s is owned by uid %u", place->name, st.st_uid);
	r = made ? give_to_group(place, fd, 0750) : 0;
	if (r < 0)
		return err_errno(e, -r, "cannot give the ledger %s to its group", place->name);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* True when the file can now only be appended to, whoever has it open. */
static bool set_append_only(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return false;
	if (flags & FS_APPEND_FL)
		return true;
	flags |= FS_APPEND_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

/* Opens the segment whose first entry has seq `first`, making it when it is to be `made`. */
static int open_segment(struct ledger *l, uint64_t first, bool made, struct err *e)
{
	char name[LEDGER_SEGMENT_NAME_SIZE];
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	ledger_segment_name(first, name);
	fd = openat(l->dirfd, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | (made ? O_CREAT | O_EXCL : 0), 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "cannot open the ledger's %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "the ledger's %s is no regular file", name);
	r = made ? give_to_group(&l->place, fd, 0640) : 0;
	if (r < 0)
		return err_errno(e, -r, "cannot give the ledger's %s to its group", name);
	l->append_only = (l->place.flags & LEDGER_APPEND_ONLY) && set_append_only(fd);
	fd_closep(&l->fd);
	l->fd = TAKE_FD(fd);
	l->size = (uint64_t)st.st_size;
	l->fresh |= made;
	return 0;
}

/* Where the chain ends: in the newest segment, or in the one before when the newest has no entry yet. */
static int find_end(struct ledger *l, struct err *e)
{
	_cleanup_free_ uint64_t *segments = NULL;
	struct ledger_tail tail = LEDGER_TAIL_INIT;
	size_t n = 0;
	int r = ledger_segments(l->dirfd, &segments, &n, e);

	if (r < 0 || n == 0)
		return r;
	r = open_segment(l, segments[n - 1], false, e);
	if (r == 0)
		r = ledger_tail_read(l->fd, l->size, &tail, e);
	if (r < 0)
		return r;
	l->torn_at = tail.end;
	l->torn = l->size - tail.end;
	if (tail.seq == 0 && n > 1) {
		char name[LEDGER_SEGMENT_NAME_SIZE];

		ledger_segment_name(segments[n - 2], name);
		r = ledger_tail_of(l->dirfd, name, &tail, e);
		if (r == 0 && tail.seq == 0)
			r = err_set(e, EUCLEAN, "no entry can be read at the end of the ledger");
	}
	if (r == 0 && tail.seq > 0) {
		l->seq = tail.seq + 1;
		memcpy(l->prev, tail.hash, sizeof(l->prev));
	}
	return r;
}

int ledger_begin(const struct ledger_place *place, struct ledger *ret, struct err *e)
{
	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
	int r = open_directory(place, &l.dirfd, e);

	if (r < 0)
		return r;
	l.place = *place;
	l.place.dirfd = -EBADF;
	if (l.place.segment_max == 0)
		l.place.segment_max = LEDGER_SEGMENT_MAX;
	r = lock_take(l.dirfd, "lock", place->lock_ms > 0 ? place->lock_ms : LEDGER_LOCK_MS, &l.lock_fd);
	if (r < 0)
		return err_errno(e, -r, "cannot lock the ledger %s", place->name);
	l.seq = 1;
	memset(l.prev, '0', sizeof(l.prev) - 1);
	r = find_end(&l, e);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct ledger)LEDGER_INIT;
	return 0;
}

void ledger_pause(struct ledger *l)
{
	fd_closep(&l->lock_fd);
}

/*
 * Of what we have open, under the lock: no byte more, still there, and no
 * segment behind it, which would be called by the seq that comes next.
 */
static bool is_unchanged(const struct ledger *l)
{
	char next[LEDGER_SEGMENT_NAME_SIZE];
	struct stat st;

	ledger_segment_name(l->seq, next);
	return fstat(l->fd, &st) == 0 && (uint64_t)st.st_size == l->size && st.st_nlink > 0 &&
	       faccessat(l->dirfd, next, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

int ledger_resume(const struct ledger_place *place, struct ledger *l, struct err *e)
{
	int r;

	if (l->fd >= 0 && l->torn == 0) {
		r = lock_take(l->dirfd, "lock", place->lock_ms > 0 ? place->lock_ms : LEDGER_LOCK_MS, &l->lock_fd);
		/* not there: the whole directory has gone */
		if (r < 0 && r != -ENOENT)
			return err_errno(e, -r, "cannot lock the ledger %s", place->name);
		if (r == 0 && is_unchanged(l))
			return 0;
	}
	ledger_end(l);
	return ledger_begin(place, l, e);
}

/* One write; what it could not finish is cut off again, or counted as torn where that is not allowed. */
static int write_line(struct ledger *l, const struct buf *line)
{
	ssize_t n;
	int why;

	do
		n = write(l->fd, line->data, line->len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)line->len) {
		l->size += line->len;
		return 0;
	}
	why = n < 0 ? errno : ENOSPC;
	if (n > 0 && ftruncate(l->fd, (off_t)l->size) < 0) {
		if (l->torn == 0)
			l->torn_at = l->size;
		l->torn += (uint64_t)n;
		l->size += (uint64_t)n;
	}
	return -why;
}

/* Appends the line of `event` with what is ours in it to `line`. */
static int make_line(const struct ledger *l, struct json_object *event, const char *receipt, struct buf *line, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	char when[CLOCK_TEXT_SIZE];
	struct timespec now = clock_now();
	int r;

	if (!o)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(own_keys); i++)
		if (json_object_object_get_ex(event, own_keys[i], NULL))
			return err_set(e, EINVAL, "an event for the ledger may not have \"%s\"", own_keys[i]);
	json_object_object_foreach(event, key, value) {
		r = json_add(o, key, json_object_get(value));
		if (r < 0)
			return r;
	}
	r = json_add_u64(o, "seq", l->seq);
	r = r < 0 ? r : json_add_str(o, "prev", l->prev);
	r = r < 0 ? r : json_add_str(o, "time", clock_rfc3339(&now, CLOCK_UTC, when));
	r = r < 0 ? r : json_add_str(o, "receipt", receipt);
	return r < 0 ? r : canonical_add(o, line, e);
}

/* Appends `event` behind `before`, the bytes that end a torn line. */
static int append(struct ledger *l, const char *before, struct json_object *event, const char *receipt, struct err *e)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT;
	size_t from = strlen(before);
	char hash[SHA256_HEX_SIZE];
	int r;

	buf_adds(&line, before);
	r = make_line(l, event, receipt, &line, e);
	if (r < 0)
		return err_wrap(e, r, "ledger");
	sha256_hex(line.data + from, line.len - from, hash);
	buf_addc(&line, '\n');
	if (buf_bad(&line))
		return -buf_bad(&line);
	if (line.len - from > LEDGER_LINE_MAX)
		return err_set(e, EMSGSIZE, "an entry of %zu bytes is too long for the ledger", line.len - from);
	if (from == 0 && (l->fd < 0 || (l->torn == 0 && l->size > 0 && l->size + line.len > l->place.segment_max))) {
		r = open_segment(l, l->seq, true, e);
		if (r < 0)
			return r;
	}
	r = write_line(l, &line);
	if (r < 0)
		return err_errno(e, -r, "cannot write to the ledger");
	l->seq++;
	memcpy(l->prev, hash, sizeof(hash));
	return 0;
}

/* Accounts for bytes that are no entry: an entry of its own, on a line of its own. */
static int append_torn(struct ledger *l, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	char hash[SHA256_HEX_SIZE];
	bool ends = false;
	int r = ledger_hash_range(l->fd, l->torn_at, l->torn, hash, &ends);

	if (r < 0)
		return err_errno(e, -r, "cannot read the ledger's end");
	r = o ? json_add_str(o, "op", "torn") : -ENOMEM;
	r = r < 0 ? r : json_add_u64(o, "offset", l->torn_at);
	r = r < 0 ? r : json_add_u64(o, "bytes", l->torn);
	r = r < 0 ? r : json_add_str(o, "sha256", hash);
	r = r < 0 ? r : append(l, ends ? "" : "\n", o, NULL, e);
	if (r == 0)
		l->torn = 0;
	return r;
}

int ledger_append(struct ledger *l, struct json_object *event, const char *receipt, struct err *e)
{
	int r;

	if (!json_object_is_type(event, json_type_object))
		return err_set(e, EINVAL, "an event for the ledger is no object");
	r = l->torn > 0 ? append_torn(l, e) : 0;
	return r < 0 ? r : append(l, "", event, receipt, e);
}

int ledger_sync(struct ledger *l, struct err *e)
{
	if ((l->fd >= 0 && fdatasync(l->fd) < 0) || (l->fresh && fsync(l->dirfd) < 0))
		return err_errno(e, errno, "cannot bring the ledger to the disk");
	l->fresh = false;
	return 0;
}
