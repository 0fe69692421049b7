/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A line that was lost keeps its number, so that the gap shows, and the next
 * one says how many there were. A torn end, left by a power cut, is ended and
 * hashed like a line: the reader reports it, and the chain goes on behind it.
 */
#include "monitor/trail_file.h"

#include "base/parse.h"
#include "monitor/log_format.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SEQ_KEY "{\"seq\":"

/* The number that a line begins with, when it is one of ours. */
static bool seq_of(const char *line, size_t len, uint64_t *ret)
{
	char digits[24];
	size_t n;

	if (len <= strlen(SEQ_KEY) || memcmp(line, SEQ_KEY, strlen(SEQ_KEY)) != 0)
		return false;
	line += strlen(SEQ_KEY);
	len -= strlen(SEQ_KEY);
	for (n = 0; n < len && n < sizeof(digits) - 1 && line[n] >= '0' && line[n] <= '9'; n++)
		digits[n] = line[n];
	digits[n] = '\0';
	return parse_u64(digits, 0, UINT64_MAX - 1, ret) == 0;
}

/* Takes up number and hash of what the last bytes of the file hold. */
static void take_up(struct trail_file *f, const char *tail, size_t len)
{
	while (len > 0) {
		const char *end = memchr(tail, '\n', len);
		size_t line = end ? (size_t)(end - tail) : len;
		uint64_t seq = 0;

		if (seq_of(tail, line, &seq))
			f->seq = seq + 1;
		sha256_hex(tail, line, f->prev);
		tail += line + (end ? 1 : 0);
		len -= line + (end ? 1 : 0);
	}
}

static int read_tail(struct trail_file *f)
{
	size_t room = f->size < 2 * TRAIL_LINE_MAX ? (size_t)f->size : 2 * TRAIL_LINE_MAX;
	_cleanup_free_ char *tail = room > 0 ? malloc(room) : NULL;
	ssize_t n;

	if (room == 0)
		return 0;
	if (!tail)
		return -ENOMEM;
	n = pread(f->fd, tail, room, (off_t)(f->size - room));
	if (n != (ssize_t)room)
		return n < 0 ? -errno : -EIO;
	take_up(f, tail, room);
	if (tail[room - 1] != '\n') {
		if (write(f->fd, "\n", 1) != 1)
			return -EIO;
		f->size++;
	}
	return 0;
}

int trail_file_open(struct trail_file *f, const char *path, struct err *e)
{
	struct stat st = {0};
	int r = 0;

	memset(f->prev, '0', sizeof(f->prev) - 1);
	f->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r == 0) {
		f->size = (uint64_t)st.st_size;
		r = read_tail(f);
	}
	return r < 0 ? err_errno(e, -r, "exec trail %s", path) : 0;
}

struct buf *trail_file_begin(struct trail_file *f, const char *type)
{
	char stamp[LOG_STAMP_LEN + 1] = "";
	struct timespec now, mono;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &mono);
	log_stamp(&now, stamp);
	buf_reset(&f->line);
	buf_addf(&f->line, SEQ_KEY "%llu,\"type\":\"%s\",\"time\":\"%s\",\"bootNs\":%llu", (unsigned long long)f->seq, type,
		 stamp, (unsigned long long)mono.tv_sec * 1000000000U + (unsigned long long)mono.tv_nsec);
	return &f->line;
}

/* All of it or nothing. */
static int put(struct trail_file *f)
{
	ssize_t n;

	if (buf_bad(&f->line))
		return -buf_bad(&f->line);
	do
		n = write(f->fd, f->line.data, f->line.len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)f->line.len)
		return 0;
	if (n > 0)
		(void)!ftruncate(f->fd, (off_t)f->size);
	return n < 0 ? -errno : -ENOSPC;
}

uint64_t trail_file_end(struct trail_file *f)
{
	if (f->lost > 0)
		buf_addf(&f->line, ",\"lost\":%llu", (unsigned long long)f->lost);
	buf_addf(&f->line, ",\"prev\":\"%s\"}\n", f->prev);
	if (put(f) < 0) {
		f->lost++;
	} else {
		f->lost = 0;
		f->size += f->line.len;
		sha256_hex(f->line.data, f->line.len - 1, f->prev);
	}
	return f->seq++;
}

void trail_file_drop(struct trail_file *f)
{
	buf_reset(&f->line);
}

void trail_file_done(struct trail_file *f)
{
	fd_closep(&f->fd);
	buf_done(&f->line);
}
