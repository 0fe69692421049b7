/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * listing - small things that are asked of a registry and read here: a
 * manifest's text, the tags of a repository, what refers to a manifest.
 *
 *	_cleanup_(referrers_done) struct referrers found = {0};
 *	r = registry_connect(&place, &need, &access, &fc, e);
 *	r = registry_referrers(&fc, &digest, "application/vnd.dev.sigstore.bundle.v0.3+json", &found, e);
 *	for (i = 0; i < found.n; i++)
 *		r = registry_small(&fc, FETCH_MANIFEST, found.items[i].digest.text, found.items[i].size_bytes,
 *				   &found.items[i].digest, &text, NULL, e);
 *
 * One after the other, on a worker that nothing else is asked of meanwhile.
 */
#ifndef RANBY_REGISTRY_LISTING_H
#define RANBY_REGISTRY_LISTING_H

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "oci/digest.h"
#include "registry/fetch.h"

#include <stdint.h>

#define REFERRERS_MAX 1024
#define LISTING_NAMES_MAX 1000000

/*
 * Gets a manifest or blob whole into `text` (emptied first): at most
 * FETCH_MANIFEST_MAX bytes, hashed here again. `size_bytes`: that it must have,
 * UINT64_MAX: not known (manifests only). `want`: digest that it must have,
 * NULL or not set: any. `ret`: its digest and content type; may be NULL.
 * -ENOENT: the registry has no such thing. -EBADMSG: other content. -EFBIG.
 */
int registry_small(struct fetch_client *fc, enum fetch_kind kind, const char *what, uint64_t size_bytes, const struct digest *want,
		   struct buf *text, struct fetch_answer *ret, struct err *e) _must_check_;

/* Appends the repository's tags, as the registry orders them. -ENOENT: no such repository. */
int registry_tags(struct fetch_client *fc, struct strv *ret, struct err *e) _must_check_;

/* Appends the names of the registry's repositories. */
int registry_catalog(struct fetch_client *fc, struct strv *ret, struct err *e) _must_check_;

/* The answers of /v1/search, an object per result; the caller frees. -ENOENT: it has no such search. */
int registry_search(struct fetch_client *fc, const char *term, struct json_object **ret, struct err *e) _must_check_;

struct referrer {
	struct digest digest; /* of its manifest */
	uint64_t size_bytes;
	char media_type[128];
	char artifact_type[128]; /* "": not said */
};
struct referrers {
	struct referrer *items;
	size_t n;
};
void referrers_done(struct referrers *r);

/*
 * The manifests whose "subject" is `subject`: by the referrers API, and where
 * the registry has none, by the index under the tag "sha256-HEX". Only those of
 * `artifact_type` (NULL: all); none is no error. distribution-spec 1.1,
 * "Listing Referrers" and "Unavailable Referrers API". What the list says is
 * the registry's word: the subject of each must be checked by who uses it.
 */
int registry_referrers(struct fetch_client *fc, const struct digest *subject, const char *artifact_type, struct referrers *ret,
		       struct err *e) _must_check_;

/* ---- for tests and fuzzers ---- */

/* Adds those of one page (an index). -EINVAL. */
int referrers_parse(const char *text, size_t len, const char *artifact_type, struct referrers *ret, struct err *e) _must_check_;
/* Appends the strings of the list `key` in one page. -EINVAL. */
int listing_parse(const char *text, size_t len, const char *key, struct strv *ret, struct err *e) _must_check_;

#endif
