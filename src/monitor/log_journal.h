/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* log_journal - read a container's log back from the journal, as log_read() does from a file (log.h). */
#ifndef RANBY_MONITOR_LOG_JOURNAL_H
#define RANBY_MONITOR_LOG_JOURNAL_H

#include "monitor/log.h"

/* Fields: what an entry is of; and, of the entry that the monitor sends when no more will come, of what that is the end. */
#define LOG_JOURNAL_ID "CONTAINER_ID_FULL"
#define LOG_JOURNAL_END "RANBY_LOG_END"

/* `id`: the container's full id. -ENOTSUP, in words: the journal cannot be read. */
int log_journal_read(const char *id, const struct log_query *q, log_sink_fn sink, void *sink_data, struct log_loss *ret,
		     struct err *e) _must_check_;

#endif
