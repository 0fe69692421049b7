/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * All requirements of the scope must be met; each of those that want a
 * signature by at least one. Cryptography is ranby-trust's and gpgv's; what is
 * decided here is whether what they vouch for is this image: its digest, and
 * its name.
 */
#include "trust/check.h"

#include "trust/gpg.h"
#include "trust/sigstore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void signature_done(struct trust_signature *s)
{
	buf_done(&s->body);
	free(s->signature);
	free(s->certificate);
	free(s->chain);
	free(s->log_entry);
	*s = (struct trust_signature){0};
}

void trust_signatures_done(struct trust_signatures *s)
{
	for (size_t i = 0; i < s->n; i++)
		signature_done(&s->items[i]);
	s->n = 0;
}

static size_t length(const char *s)
{
	return s ? strlen(s) : 0;
}

int trust_signatures_add(struct trust_signatures *s, struct trust_signature *one)
{
	size_t bytes = one->body.len + length(one->signature) + length(one->certificate) + length(one->chain) + length(one->log_entry);
	int r = s->n == TRUST_SIGNATURES_MAX ? -E2BIG : bytes > TRUST_SIGNATURE_BYTES_MAX ? -EFBIG : 0;

	if (r < 0) {
		signature_done(one);
		return r;
	}
	s->items[s->n++] = *one;
	*one = (struct trust_signature){0};
	return 0;
}

static int reject(struct trust_decision *d, struct err *e, const char *why)
{
	d->verdict = TRUST_REJECTED;
	return err_set(e, EKEYREJECTED, "refused by %s, %s: %s", d->policy, d->scope, why);
}

/* Of several signatures that will not do, the first one's reason is told. */
static int first_reason(struct trust_decision *d, size_t n, const struct err *first, struct err *e)
{
	int r;

	d->verdict = TRUST_REJECTED;
	if (n == 0)
		return reject(d, e, "a signature is required, and there is none");
	r = err_set(e, EKEYREJECTED, "refused by %s, %s: %s", d->policy, d->scope, first->text);
	if (first->hint[0])
		err_hint(e, "%s", first->hint);
	return r;
}

/* Is what a good signature vouches for this image? */
static int check_claim(const struct trust_requirement *q, const struct trust_image *image, const struct trust_claim *c, struct err *e)
{
	if (!digest_equal(&c->digest, &image->manifest) && !(digest_is_set(&image->index) && digest_equal(&c->digest, &image->index)))
		return err_set(e, EACCES, "the signature is for %s, not for %s", c->digest.text, image->manifest.text);
	return trust_identity_check(q, image, c->name[0] ? c->name : NULL, e);
}

static int check_signed(const struct trust_requirement *q, const struct trust_image *image, const struct trust_source *source,
			struct trust_decision *d, struct err *e)
{
	_cleanup_free_ struct trust_claim *claims = mem_array(TRUST_SIGNATURES_MAX, sizeof(*claims));
	_cleanup_free_ struct trust_signatures *found = mem_array(1, sizeof(*found));
	struct err first = {0}, own;
	int r = 0;

	if (!claims || !found)
		return err_errno(e, ENOMEM, "signatures");
	if (source && source->gather)
		r = source->gather(source->ctx, q->type == TRUST_SIGNED_BY ? TRUST_KIND_SIMPLE : TRUST_KIND_SIGSTORE | TRUST_KIND_BUNDLE,
				   found, e);
	if (r == 0 && found->n)
		r = q->type == TRUST_SIGNED_BY ? trust_gpg_verify(q, found, claims, e) : trust_sigstore_verify(q, found, claims, e);
	for (size_t i = 0; i < found->n && r == 0; i++) {
		own = claims[i].err;
		if (claims[i].good && check_claim(q, image, &claims[i], &own) == 0) {
			snprintf(d->key, sizeof(d->key), "%s", claims[i].key);
			snprintf(d->signed_name, sizeof(d->signed_name), "%s", claims[i].name);
			d->signed_digest = claims[i].digest;
			d->logged_at = claims[i].logged_at;
			d->verdict = TRUST_VERIFIED;
			trust_signatures_done(found);
			return 0;
		}
		if (i == 0)
			first = own;
	}
	if (r == 0)
		r = first_reason(d, found->n, &first, e);
	trust_signatures_done(found);
	return r;
}

static int check_all(const struct trust_rule *rule, const struct trust_image *image, const struct trust_source *source,
		     struct trust_decision *d, struct err *e)
{
	size_t n = trust_rule_count(rule);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct trust_requirement q = trust_rule_at(rule, i);

		/* of several it is a signature that is worth telling */
		if (d->verdict != TRUST_VERIFIED || q.type != TRUST_ACCEPT)
			snprintf(d->requirement, sizeof(d->requirement), "%s", trust_type_word(q.type));
		if (q.type == TRUST_REJECT)
			r = reject(d, e, "no image of this scope is accepted");
		else if (q.type != TRUST_ACCEPT)
			r = check_signed(&q, image, source, d, e);
	}
	return r;
}

int trust_check(const struct trust_access *access, const struct trust_image *image, const struct trust_source *source,
		struct trust_decision *ret, struct err *e)
{
	_cleanup_(trust_policy_freep) struct trust_policy *policy = NULL;
	struct trust_rule rule;
	int r = trust_policy_load(access, &policy, e);

	*ret = (struct trust_decision){.verdict = TRUST_NO_POLICY};
	if (r < 0) {
		ret->verdict = TRUST_REJECTED;
		return r;
	}
	if (!policy)
		return 0;
	snprintf(ret->policy, sizeof(ret->policy), "%s", policy->path);
	ret->verdict = TRUST_UNSIGNED;
	r = trust_policy_find(policy, image, &rule, e);
	if (r == 0) {
		snprintf(ret->scope, sizeof(ret->scope), "%.*s", (int)sizeof(ret->scope) - 1, rule.scope);
		r = check_all(&rule, image, source, ret, e);
	}
	if (r < 0)
		ret->verdict = TRUST_REJECTED;
	return r;
}
