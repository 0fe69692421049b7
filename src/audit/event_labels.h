/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * event_labels - a container's labels in an entry of a ledger: bounded, and in canonical form.
 *
 *	r = event_labels_add(event, json_at(spec, "config.labels"));	// {"labels":[["tier","front"]],"labels-left-out":2}
 *	r = event_labels_read(event, &map);				// {"tier":"front"}
 *
 * A label's name is anybody's text, and the keys of an entry are ours (audit/canonical.h): so they are pairs.
 */
#ifndef RANBY_AUDIT_EVENT_LABELS_H
#define RANBY_AUDIT_EVENT_LABELS_H

#include "base/json.h"
#include "base/mem.h"

#define EVENT_LABELS_BYTES 4096 /* of names and values together; a label that has no room is left out, whole */
#define EVENT_LABELS_MAX 256

/* `labels` is an object of strings, or NULL. None: adds nothing. 0, -ENOMEM. */
int event_labels_add(struct json_object *event, struct json_object *labels) _must_check_;

/* Always an object. What is no pair of strings, or past the bounds, is passed over: the file is its owner's to write. The caller owns *ret. 0, -ENOMEM. */
int event_labels_read(struct json_object *event, struct json_object **ret) _must_check_;

#endif
