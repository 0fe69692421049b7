/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * message - what the reader asks of the writer: "append this to that shard".
 *
 * One message of a SOCK_SEQPACKET pair: the header, and behind it the entry
 * as JSON text. There is no other request and no answer. The writer takes
 * nothing on trust: a message of another shape is left out, and becomes an
 * entry "gap" of the reason "message".
 */
#ifndef RANBY_TRAIL_MESSAGE_H
#define RANBY_TRAIL_MESSAGE_H

#include "audit/ledger.h"
#include "trail/event.h"

#include <stdint.h>

#define TRAIL_MAGIC 0x746c6e72U
#define TRAIL_SHARD_AUID 0   /* "auid-N", or "auid-unset" */
#define TRAIL_SHARD_SYSTEM 1 /* "system": what the program says about itself */

struct trail_message {
	uint32_t magic;
	uint32_t shard;
	uint32_t auid;
	char receipt[EVENT_RECEIPT_SIZE]; /* "": none */
};
#define TRAIL_MESSAGE_MAX (sizeof(struct trail_message) + LEDGER_LINE_MAX)

#endif
