/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What was decided, in words: for the store, for inspect, for the audit record. */
#include "trust/check.h"

#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *trust_verdict_word(enum trust_verdict v)
{
	static const char *const words[] = {"no policy", "accepted without signature", "verified", "rejected"};

	return words[v];
}

static int add(struct json_object *o, const char *key, const char *value)
{
	return value[0] ? json_add_str(o, key, value) : 0;
}

int trust_decision_json(const struct trust_decision *d, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct timespec logged = {.tv_sec = d->logged_at};
	int r = o ? 0 : -ENOMEM;

	if (r == 0) {
		r |= json_add_str(o, "Verdict", trust_verdict_word(d->verdict));
		r |= add(o, "Policy", d->policy);
		r |= add(o, "Scope", d->scope);
		r |= add(o, "Requirement", d->requirement);
		r |= add(o, "Key", d->key);
		r |= add(o, "SignedName", d->signed_name);
		r |= add(o, "SignedDigest", d->signed_digest.text);
		if (d->logged_at)
			r |= json_add_time(o, "LoggedAt", &logged);
	}
	if (r)
		return err_errno(e, ENOMEM, "trust");
	*ret = TAKE_PTR(o);
	return 0;
}

/* A key's digest or fingerprint is whole always; of an identity in a certificate, the end gives way. */
void trust_record_text(struct json_object *decision, const char *digest, char ret[static TRUST_RECORD_SIZE])
{
	static const char more[] = "…";
	const char *verdict = json_str(decision, "Verdict"), *key = json_str(decision, "Key"), *of = json_str(decision, "SignedDigest");
	char rest[DIGEST_TEXT_SIZE + 16] = "";
	size_t n, room;

	snprintf(ret, TRUST_RECORD_SIZE, "%s%.32s%s", *verdict ? "image " : "", verdict, *key ? " key=" : "");
	if (!*key)
		return;
	if (*of && strcmp(of, digest) != 0)
		snprintf(rest, sizeof(rest), " digest=%.*s", DIGEST_TEXT_SIZE - 1, of);
	n = strlen(ret);
	room = TRUST_RECORD_SIZE - n - strlen(rest);
	if (strlen(key) < room) {
		escape_into(ret + n, room, key);
	} else {
		escape_into(ret + n, room - strlen(more), key);
		memcpy(ret + strlen(ret), more, sizeof(more));
	}
	memcpy(ret + strlen(ret), rest, strlen(rest) + 1);
}
