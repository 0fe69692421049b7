/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * event_journal - what goes to the ledger goes to the journal too, where containers.conf or --events-backend says so.
 *
 *	r = event_journal_is_chosen(eng, &chosen, e);
 *	event_journal_send(event, "container", receipt, labels);	// after the ledger has it
 *
 * An entry has MESSAGE for people; RANBY_EVENT, RANBY_TYPE, RANBY_NAME,
 * RANBY_ID, RANBY_IMAGE, RANBY_IMAGE_DIGEST, RANBY_RESULT, RANBY_REASON,
 * RANBY_AUID, RANBY_SES and RANBY_RECEIPT for queries; RANBY_LABELS, a JSON
 * object as podman's PODMAN_LABELS; and RANBY_ENTRY, which is all of it as JSON, for
 * `ranby events`: the labels of each, since the entry that made the container may be gone. Not CONTAINER_ID and its kind: those find a container's own output.
 * _UID, _AUDIT_LOGINUID and _AUDIT_SESSION are the kernel's word for who.
 */
#ifndef RANBY_ENGINE_EVENT_JOURNAL_H
#define RANBY_ENGINE_EVENT_JOURNAL_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <stdbool.h>

#define EVENT_JOURNAL_IDENTIFIER "ranby"

/* -EINVAL: a backend that is none of ours. */
int event_journal_is_chosen(struct engine *eng, bool *ret, struct err *e) _must_check_;

/* `labels`: the container's, or NULL. Without a journal it is lost there, and only there: the ledger is what counts. */
void event_journal_send(struct json_object *event, const char *type, const char *receipt, struct json_object *labels);

#endif
