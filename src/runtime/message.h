/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * message - everything that is said between create, init and a starter.
 *
 * Two SOCK_SEQPACKET conversations, one closed table (message.c). A message
 * is one packet: its type, and for two of them a struct err.
 *
 *	sync   (a socketpair: create and init)
 *	  create -> init   MAPPED      the maps are written: go on as root there
 *	  init -> create   BUILT       with PLAN_HOOKS: namespaces and root stand, the host's names can still be reached
 *	  create -> init   HOOKED      prestart and createRuntime are done
 *	  init -> create   READY       the root filesystem stands, init listens
 *	  init -> create   FAILED      words in struct err; init ends
 *	start  (RROOT/ID/start: a starter and init)
 *	  init -> starter  READY       the root filesystem stands; START may have been said before
 *	  starter -> init  START       confine and execute
 *	  init -> starter  CONFINED    all that can be checked before the exec is done
 *	  init -> starter  FAILED      words in struct err; init ends
 *	With PLAN_EARLY the first READY of the two means no more than that init
 *	runs: its failures go to the starter then, who may come while it builds.
 *	End of file after CONFINED is the exec (the socket closes in it); end of
 *	file anywhere else means that the other side died.
 *
 * A message that the table does not allow in the receiver's state is fatal
 * for the conversation: -EPROTO.
 */
#ifndef RANBY_RUNTIME_MESSAGE_H
#define RANBY_RUNTIME_MESSAGE_H

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>

enum message_type {
	MESSAGE_NONE = 0, /* end of file */
	MESSAGE_MAPPED,
	MESSAGE_READY,
	MESSAGE_START,
	MESSAGE_CONFINED,
	MESSAGE_FAILED,
	MESSAGE_BUILT,
	MESSAGE_HOOKED,
};

/* Who listens, and for what it waits. */
enum message_state {
	INIT_WAITS_MAP,
	CREATE_WAITS_READY,
	INIT_WAITS_START,
	STARTER_WAITS_READY,
	STARTER_WAITS_CONFINED,
	STARTER_WAITS_EXEC,
	CREATE_WAITS_BUILT,
	INIT_WAITS_HOOKED,
};

/* Sends one. `failure` belongs to FAILED and is NULL otherwise. Uses write(2) only. */
int message_send(int sock, enum message_type type, const struct err *failure) _must_check_;

/*
 * Receives one that `state` allows into *ret. FAILED comes back as its own
 * -code with its words in `e`. -EPROTO: not allowed here; -ENODATA: the other
 * side ended where the table does not expect it.
 */
int message_receive(int sock, enum message_state state, enum message_type *ret, struct err *e) _must_check_;

#endif
