/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * event - which kernel events the system ledger holds, and in what words.
 *
 * Held are: each successful execve and execveat (type SYSCALL, op=execve),
 * each VIRT_* record (`word` says whose: believed, claimed, unknown), each login (type LOGIN, and USER_LOGIN with the address
 * it came from). Members are named as the fields of audit records, absent
 * when unset; texts are cut at the bounds below, and then NAME-cut is true; a byte that is not UTF-8 is U+FFFD, and then NAME-inexact is.
 */
#ifndef RANBY_TRAIL_EVENT_H
#define RANBY_TRAIL_EVENT_H

#include "audit/chain.h"
#include "audit/log_reader.h"
#include "base/json.h"

#define EVENT_CMD_MAX 4096
#define EVENT_PATH_MAX 1024
#define EVENT_WORD_MAX 256
#define EVENT_RECEIPT_SIZE 48

enum event_want {
	EVENT_IGNORED,
	EVENT_PLAIN,    /* is what it says */
	EVENT_LABELLED, /* gets container, method and confidence from the chain */
	EVENT_WEIGHED,  /* gets from it whose word it is */
};
enum event_want event_wanted(const struct log_event *ev);

/* The caller owns the object. */
int event_object(const struct log_event *ev, const char *boot, struct json_object **ret) _must_check_;

/* Adds container, and how that is known. */
int event_label(struct json_object *o, const struct chain *chain, const struct chain_answer *a) _must_check_;

/* Adds whether who sent it is believed. */
int event_weigh(struct json_object *o, enum chain_word word) _must_check_;

/* "sec.milli:serial". */
void event_receipt(const struct log_event *ev, char out[static EVENT_RECEIPT_SIZE]);

#endif
