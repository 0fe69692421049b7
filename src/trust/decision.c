/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What was decided, in words: for the store, for inspect, for the audit record. */
#include "trust/check.h"

#include "base/clock.h"

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

void trust_record_text(struct json_object *decision, char *ret, size_t size)
{
	const char *verdict = json_str(decision, "Verdict"), *key = json_str(decision, "Key");

	ret[0] = '\0';
	if (*key)
		snprintf(ret, size, "image %s key=%.128s digest=%s", verdict, key, json_str(decision, "SignedDigest"));
	else if (*verdict)
		snprintf(ret, size, "image %s", verdict);
}
