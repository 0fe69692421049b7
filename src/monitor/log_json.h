/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_json - one record of a json-file log, docker's format (daemon/logger/jsonfilelog/jsonlog):
 *
 *	{"log":"text\n","stream":"stdout","attrs":{"tag":"web"},"time":"2026-01-02T03:04:05.000000006Z"}\n
 *
 * The newline belongs to the text; a text without one goes on in its stream's
 * next record. A byte that is not UTF-8 becomes U+FFFD: the format has no
 * other way, and docker's has none.
 */
#ifndef RANBY_MONITOR_LOG_JSON_H
#define RANBY_MONITOR_LOG_JSON_H

#include "base/mem.h"
#include "monitor/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define LOG_JSON_ATTRS_MAX 4096
/* What a record of `len` bytes of text needs at most: each can become six, and what is around it. */
#define LOG_JSON_ROOM(len) ((len) * 6 + LOG_JSON_ATTRS_MAX + 128)

/* The pieces of a record, each of which returns where the next one goes. */
char *log_json_begin(char *p);
char *log_json_text(char *p, const char *s, size_t len);
/* `attrs`: an object as JSON, at most LOG_JSON_ATTRS_MAX bytes; NULL: none. With the newline that ends the record. */
char *log_json_end(char *p, enum log_stream stream, const char *attrs, const struct timespec *t);

struct log_json {
	struct timespec time;
	enum log_stream stream;
	bool partial;
	const char *text; /* in the line */
	size_t len;
};

/* Reads a line (without its newline), which is overwritten. Keys may come in any order, unknown ones are passed over. -EBADMSG. */
int log_json_parse(char *line, size_t len, struct log_json *ret) _must_check_;

#endif
