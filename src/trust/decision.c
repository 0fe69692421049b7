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

void trust_decision_text(const struct trust_decision *d, char *ret, size_t size)
{
	if (d->verdict == TRUST_VERIFIED)
		snprintf(ret, size, "%s key=%.128s digest=%s", trust_verdict_word(d->verdict), d->key, d->signed_digest.text);
	else
		snprintf(ret, size, "%s", trust_verdict_word(d->verdict));
}
