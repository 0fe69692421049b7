/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* chain_word - which statements of records about processes are believed. For chain.c only. */
#ifndef RANBY_AUDIT_CHAIN_WORD_H
#define RANBY_AUDIT_CHAIN_WORD_H

#include "audit/chain_store.h"

/* Keeps what a VIRT_* record of ours says of a process. */
int word_feed(struct chain *c, const struct log_event *ev, struct err *e) _must_check_;
/* Root did in that session what makes a container: from here on a process of one may have the session's stamp. */
int word_feed_root(struct chain *c, const struct log_event *ev, struct err *e) _must_check_;
/* Decides about what was fed since. The store must be prepared, and is so afterwards. */
int word_weigh(struct chain *c, struct err *e) _must_check_;

/* The rule. The store must be prepared, and what was fed be decided about. */
enum chain_word word_of_sender(struct chain *c, const struct chain_sender *s, bool *ret_placed);

#endif
