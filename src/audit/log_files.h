/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_files - the files of an audit log, oldest first, read as often as one likes.
 *
 *	_cleanup_(log_files_done) struct log_files f = LOG_FILES_INIT;
 *	r = log_files_open(&f, names, n, e);		// n 0: /var/log/audit/audit.log and what was rotated
 *	r = log_files_read(&f, sink, data, &stats, e);
 *
 * Files stay open, so that a rotation meanwhile changes nothing. "-" is the standard input, which is copied once.
 */
#ifndef RANBY_AUDIT_LOG_FILES_H
#define RANBY_AUDIT_LOG_FILES_H

#include "audit/log_reader.h"

#define LOG_FILES_MAX 1024
#define LOG_FILES_DEFAULT "/var/log/audit/audit.log"

struct log_files {
	int fds[LOG_FILES_MAX];
	uint64_t begins[LOG_FILES_MAX]; /* the first record's second */
	size_t n;
};
#define LOG_FILES_INIT {.n = 0}

int log_files_open(struct log_files *f, char *const *names, size_t n, struct err *e) _must_check_;
int log_files_read(const struct log_files *f, log_sink sink, void *data, struct log_stats *ret_stats, struct err *e) _must_check_;
void log_files_done(struct log_files *f);

#endif
