/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_lookaside - containers-registries.d(5): where a repository's signatures are, and where they go.
 *
 *	_cleanup_(trust_lookaside_done) struct trust_lookaside where = {0};
 *	r = trust_lookaside_find(home, &ref, &where, e);
 *
 * All *.yaml files of ~/.config/containers/registries.d, or where that is not
 * there of /etc/containers/registries.d. The entry of the most specific scope
 * counts, else default-docker. An unknown key, or a scope that two files have,
 * is an error.
 */
#ifndef RANBY_TRUST_LOOKASIDE_H
#define RANBY_TRUST_LOOKASIDE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "oci/digest.h"
#include "oci/reference.h"
#include "trust/claim.h"

#include <stdbool.h>

struct trust_lookaside {
	char *read;       /* URL; NULL: none */
	char *write;      /* URL; NULL: none but `read` */
	bool attachments; /* sigstore signatures in the registry are looked at; true unless it is said otherwise */
};
void trust_lookaside_done(struct trust_lookaside *l);

int trust_lookaside_find(const char *home, const struct reference *ref, struct trust_lookaside *ret, struct err *e) _must_check_;

/* All of the files, for the two below; the caller puts it. */
int trust_lookaside_load(const char *home, struct json_object **ret, struct err *e) _must_check_;

/* Of one file's content as JSON (trust/yaml.h), added to `all` ({"docker": {…}, "default-docker": {…}}). -EINVAL. */
int trust_lookaside_merge(struct json_object *all, struct json_object *file, const char *what, struct err *e) _must_check_;
/* What `all` says of the repository. */
int trust_lookaside_pick(struct json_object *all, const struct reference *ref, struct trust_lookaside *ret, struct err *e) _must_check_;

/* Of a registry, a part of it or an image there, by its name, as in a scope; "": of those that no scope names. */
int trust_lookaside_pick_name(struct json_object *all, const char *name, struct trust_lookaside *ret, struct err *e) _must_check_;

/* "URL/NAME@sha256=HEX/signature-N"; the caller frees. */
int trust_lookaside_url(const char *base, const struct reference *ref, const struct digest *d, unsigned n, char **ret, struct err *e)
	_must_check_;

/* Appends the signatures of that digest at a file:// URL. */
int trust_lookaside_read(const char *base, const struct reference *ref, const struct digest *d, struct trust_signatures *ret, struct err *e)
	_must_check_;

#endif
