/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_policy_edit - one scope of a policy.json is given other requirements.
 *
 *	r = trust_policy_set(&access, "registry.example/team", TRUST_SIGSTORE, &keys, &path, e);
 *
 * Written is the file that counts (trust/policy.h): the one that is named;
 * the user's own; root's own where root has one, else /etc's. A user's that is
 * not there yet takes over all that /etc's says, since it takes its place. What is there must be a policy,
 * and so must be what becomes of it; it is replaced as a whole, and two at
 * once follow one another.
 */
#ifndef RANBY_TRUST_POLICY_EDIT_H
#define RANBY_TRUST_POLICY_EDIT_H

#include "base/strv.h"
#include "trust/policy.h"

/*
 * `scope`: "default", or of images in registries "HOST[:PORT][/PATH][:TAG]" or
 * "*.DOMAIN". `keys`: paths of files with public keys, each of which must have
 * signed: PGP for TRUST_SIGNED_BY, PEM for TRUST_SIGSTORE, none for the others.
 * *ret_path: what was written; the caller frees. -EINVAL, and whatever reading and writing can say.
 */
int trust_policy_set(const struct trust_access *access, const char *scope, enum trust_type type, const struct strv *keys, char **ret_path,
		     struct err *e) _must_check_;

#endif
