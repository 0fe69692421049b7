/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * auditd rotates audit.log to audit.log.1, that to audit.log.2, and so on. The
 * order that counts is the records' own: files are sorted by their first
 * record, so that `audit.log*` of a shell may be given as it is.
 */
#include "audit/log_files.h"

#include "audit/log_record.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)

void log_files_done(struct log_files *f)
{
	while (f->n > 0)
		close(f->fds[--f->n]);
}

/* The standard input can be read only once. */
static int copy_input(int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("audit-log", MFD_CLOEXEC);
	_cleanup_free_ char *chunk = malloc(CHUNK);
	ssize_t n;

	if (fd < 0 || !chunk)
		return err_errno(e, fd < 0 ? errno : ENOMEM, "standard input");
	while ((n = read(STDIN_FILENO, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "read the standard input");
		if (fd_write_all(fd, chunk, (size_t)n) < 0)
			return err_errno(e, errno, "keep the standard input");
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static uint64_t first_second(int fd)
{
	char head[LOG_LINE_MAX];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	struct log_record rec;

	for (char *p = head, *end; n > 0 && p < head + n; p = end + 1) {
		end = memchr(p, '\n', (size_t)(head + n - p));
		if (!end)
			return 0;
		if (log_record_split(p, (size_t)(end - p), &rec))
			return rec.sec;
	}
	return 0;
}

static int add_file(struct log_files *f, const char *name, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	uint64_t begin;
	size_t at;
	int r = 0;

	if (f->n == LOG_FILES_MAX)
		return err_set(e, E2BIG, "more than %d log files", LOG_FILES_MAX);
	if (strcmp(name, "-") == 0)
		r = copy_input(&fd, e);
	else {
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		r = fd < 0 ? err_errno(e, errno, "open %s", name) : 0;
	}
	if (r < 0)
		return r;
	begin = first_second(fd);
	at = f->n++;
	for (; at > 0 && f->begins[at - 1] > begin; at--) {
		f->fds[at] = f->fds[at - 1];
		f->begins[at] = f->begins[at - 1];
	}
	f->fds[at] = TAKE_FD(fd);
	f->begins[at] = begin;
	return 0;
}

int log_files_open(struct log_files *f, char *const *names, size_t n, struct err *e)
{
	char rotated[sizeof(LOG_FILES_DEFAULT) + 16];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_file(f, names[i], e);
	if (n > 0)
		return r;
	r = add_file(f, LOG_FILES_DEFAULT, e);
	if (r == -EACCES)
		err_hint(e, "auditd's log is root's: run this as root, or name a copy of it");
	else if (r == -ENOENT)
		err_hint(e, "auditd keeps it there; `ranby audit doctor` says what is missing. Or name another log");
	for (unsigned i = 1; r == 0 && i < LOG_FILES_MAX; i++) {
		struct err own = {0};

		snprintf(rotated, sizeof(rotated), "%s.%u", LOG_FILES_DEFAULT, i);
		r = add_file(f, rotated, &own);
		if (r == -ENOENT)
			return 0;
		if (r < 0)
			*e = own;
	}
	return r;
}

static int read_one(int fd, struct log_reader *lr, char *chunk, struct err *e)
{
	off_t at = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = pread(fd, chunk, CHUNK, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "read the audit log");
		r = log_reader_feed(lr, chunk, (size_t)n, e);
		at += n;
	}
	return r;
}

int log_files_read(const struct log_files *f, log_sink sink, void *data, struct log_stats *ret_stats, struct err *e)
{
	_cleanup_(log_reader_freep) struct log_reader *lr = NULL;
	_cleanup_free_ char *chunk = malloc(CHUNK);
	int r = chunk ? log_reader_new(sink, data, &lr, e) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = read_one(f->fds[i], lr, chunk, e);
	if (r == 0)
		r = log_reader_end(lr, e);
	if (r == 0 && ret_stats)
		*ret_stats = *log_reader_stats(lr);
	return r;
}
