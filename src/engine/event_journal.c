/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The ledger is written whatever the backend is: it is the record, and the
 * journal is a copy that rotates. So nothing that fails here fails a verb.
 */
#include "engine/event_journal.h"

#include "audit/event_labels.h"
#include "base/clock.h"
#include "engine/containers_conf.h"
#include "sys/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int event_journal_is_chosen(struct engine *eng, bool *ret, struct err *e)
{
	_cleanup_(containers_conf_done) struct containers_conf f = {0};
	const char *word = eng->events_backend;
	int r;

	if (!word) {
		r = containers_conf_read(eng, &f, e);
		if (r < 0)
			return r;
		word = f.json ? json_str(f.json, "engine.events_logger") : "";
	}
	/* none is podman's: here the ledger is written all the same, and can be read */
	*ret = strcmp(word, "journald") == 0;
	if (!*ret && *word && strcmp(word, "file") != 0 && strcmp(word, "none") != 0)
		return err_set(e, EINVAL, "events backend %s: neither file nor journald", word);
	return 0;
}

static void put(struct buf *b, const char *name, const char *value)
{
	if (value && *value)
		journal_field(b, name, value, strlen(value));
}

static void put_number(struct buf *b, const char *name, struct json_object *o, const char *key)
{
	char text[24];

	if (!json_at(o, key))
		return;
	snprintf(text, sizeof(text), "%lld", (long long)json_int(o, key));
	put(b, name, text);
}

/* What the reader wants beside the ledger's own words. */
static struct json_object *whole(struct json_object *event, const char *receipt, struct json_object *labels)
{
	struct json_object *o = NULL;
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];

	if (json_object_deep_copy(event, &o, NULL) < 0)
		return NULL;
	if (json_add_str(o, "time", clock_rfc3339_fixed(&now, CLOCK_UTC, time)) < 0 || json_add_str(o, "receipt", receipt) < 0 ||
	    (!json_at(o, "labels") && event_labels_add(o, labels) < 0)) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

static void put_labels(struct buf *b, struct json_object *o)
{
	_cleanup_json_ struct json_object *map = NULL;
	size_t len;

	if (event_labels_read(o, &map) == 0 && json_object_object_length(map) > 0)
		put(b, "RANBY_LABELS", json_text(map, &len));
}

void event_journal_send(struct json_object *event, const char *type, const char *receipt, struct json_object *labels)
{
	static const struct {
		const char *field, *key;
	} fields[] = {
		{"RANBY_EVENT", "op"},   {"RANBY_NAME", "vm"},       {"RANBY_ID", "ctr"},          {"RANBY_IMAGE", "image"},
		{"RANBY_RESULT", "res"}, {"RANBY_REASON", "reason"}, {"RANBY_IMAGE_DIGEST", "digest"},
	};
	_cleanup_(buf_done) struct buf b = BUF_INIT, message = BUF_INIT;
	_cleanup_json_ struct json_object *o = whole(event, receipt, labels);
	_cleanup_(journal_done) struct journal j = JOURNAL_INIT;
	bool failed = strcmp(json_str(event, "res"), "success") != 0;
	size_t len;

	if (!o)
		return;
	buf_addf(&message, "%s %s%s%s", type, json_str(event, "op"), *json_str(event, "vm") ? " " : "", json_str(event, "vm"));
	if (failed)
		buf_addf(&message, ": failed");
	put(&b, "MESSAGE", buf_str(&message));
	put(&b, "PRIORITY", failed ? "4" : "6");
	put(&b, "SYSLOG_IDENTIFIER", EVENT_JOURNAL_IDENTIFIER);
	put(&b, "RANBY_TYPE", type);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		put(&b, fields[i].field, json_str(event, fields[i].key));
	put_number(&b, "RANBY_AUID", event, "auid");
	put_number(&b, "RANBY_SES", event, "ses");
	put(&b, "RANBY_RECEIPT", receipt);
	put_labels(&b, o);
	put(&b, "RANBY_ENTRY", json_text(o, &len));
	if (!buf_bad(&b) && !buf_bad(&message))
		(void)!journal_send(&j, &(struct iovec){.iov_base = b.data, .iov_len = b.len}, 1);
}
