/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_record - one line of an audit log, and what it adds to its event.
 *
 *	r = log_record_split(line, len, &rec);		// type, time, serial, body
 *	log_record_apply(&rec, &slot);
 */
#ifndef RANBY_AUDIT_LOG_RECORD_H
#define RANBY_AUDIT_LOG_RECORD_H

#include "audit/log_reader.h"
#include "audit/log_type.h"

#include <stdbool.h>
#include <stddef.h>

#define LOG_ARGV_MAX 4096 /* of the text of an event, for EXECVE's arguments */

struct log_record {
	const char *node; /* "" without one */
	size_t node_len;
	uint16_t type;
	enum log_role role;
	uint64_t sec;
	uint32_t milli, serial;
	const char *body; /* without the enriched part */
	size_t body_len;
};

/* An event that is being put together. */
struct log_slot {
	struct log_event ev;
	bool has_syscall, has_part, whole, bad;
	size_t used;       /* bytes of text */
	size_t argv_len;   /* of argv, which is the last of the text while it grows */
	char text[LOG_TEXT_MAX];
};

/* False: not a record. */
bool log_record_split(const char *line, size_t len, struct log_record *ret);

/* An empty event of that record's time and serial. */
void log_slot_init(struct log_slot *s, const struct log_record *rec, uint32_t boot);
/* `cut`: the line did not end in a newline, or was too long. */
void log_record_apply(const struct log_record *rec, bool cut, struct log_slot *s);
/* Sets the kind; the slot's event can then be shown. */
void log_slot_finish(struct log_slot *s);

#endif
