/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_policy - containers-policy.json(5): which images may come here, and who must vouch for them.
 *
 *	_cleanup_(trust_policy_freep) struct trust_policy *p = NULL;
 *	r = trust_policy_load(&access, &p, e);		// p NULL: there is none
 *	r = trust_policy_find(p, &image, &rule, e);	// the requirements, all of which must be met
 *
 * Read from the file that the caller names, else ~/.config/containers/policy.json,
 * else /etc/containers/policy.json; those two only where nobody else could have
 * written them (sys/config_file.h). It is read strictly: a key that is not of
 * the format, or is there twice, refuses the whole file, so that what an
 * administrator misspelled is not a hole.
 */
#ifndef RANBY_TRUST_POLICY_H
#define RANBY_TRUST_POLICY_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "oci/digest.h"
#include "oci/reference.h"

#include <stddef.h>

#define TRUST_SYSTEM_POLICY "/etc/containers/policy.json"
#define TRUST_POLICY_MAX (1U << 20) /* bytes of the file */
#define TRUST_SCOPE_SIZE 4352       /* "docker:" and a reference, or a path */

/* Where the files are; strings are borrowed, NULL where unset. */
struct trust_access {
	const char *policy_file; /* --signature-policy; NULL: the usual places */
	const char *home;
};

/* What is judged. */
struct trust_image {
	const char *transport;       /* "docker", "docker-archive", "oci", "oci-archive", "dir" */
	const struct reference *ref; /* docker: what was asked for, with its registry; NULL: not known by such a name */
	const char *place;           /* the others: absolute path of the file or directory; NULL: it has none, as a pipe */
	const char *name;            /* oci and oci-archive: what the image is called in there; NULL */
	struct digest manifest;      /* of the one image's manifest */
	struct digest index;         /* of the index that it was picked from; not set: none */
};

enum trust_type { TRUST_ACCEPT, TRUST_REJECT, TRUST_SIGNED_BY, TRUST_SIGSTORE };

struct trust_requirement {
	enum trust_type type;
	struct json_object *json; /* checked; borrowed from the policy */
};

struct trust_policy {
	char *path;
	struct json_object *json;
};
struct trust_policy *trust_policy_free(struct trust_policy *p);
static inline void trust_policy_freep(struct trust_policy **p)
{
	*p = trust_policy_free(*p);
}

/* *ret NULL: no policy is there. A named file must be. */
int trust_policy_load(const struct trust_access *access, struct trust_policy **ret, struct err *e) _must_check_;

/* The file that counts, or is made when one is to be: of a user without one, the user's own. The caller frees. */
int trust_policy_path(const struct trust_access *access, char **ret, struct err *e) _must_check_;

/* Checks the text; the caller owns *ret. -EINVAL with the place. */
int trust_policy_parse(const char *text, size_t len, const char *what, struct json_object **ret, struct err *e) _must_check_;

/* The requirements of the most specific scope, at least one; borrowed. `scope`: "docker:localhost:5000/x", "default". */
struct trust_rule {
	char scope[TRUST_SCOPE_SIZE];
	struct json_object *requirements;
};
int trust_policy_find(const struct trust_policy *p, const struct trust_image *image, struct trust_rule *ret, struct err *e) _must_check_;
/* The same for a registry, a part of it or an image there, by its name: "registry.example", "registry.example/team/app:1". */
void trust_policy_find_name(const struct trust_policy *p, const char *name, struct trust_rule *ret);

size_t trust_rule_count(const struct trust_rule *rule);
struct trust_requirement trust_rule_at(const struct trust_rule *rule, size_t i);

/* "insecureAcceptAnything", "reject", "signedBy", "sigstoreSigned". */
const char *trust_type_word(enum trust_type type);

/*
 * Whether a signature's own name of the image ("host/ns/repo:tag") fits what
 * was asked for, as the requirement's signedIdentity says. -EACCES, with why,
 * when it does not. `signed_name` NULL: the signature names none and speaks of
 * a digest alone, which is enough only for who asked for that digest under
 * matchRepoDigestOrExact, the default.
 */
int trust_identity_check(const struct trust_requirement *q, const struct trust_image *image, const char *signed_name, struct err *e)
	_must_check_;

#endif
