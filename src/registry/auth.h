/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * auth - who we are at a registry: --creds, else containers-auth.json(5).
 *
 * Read, first one that has the registry wins: --authfile or
 * $REGISTRY_AUTH_FILE alone; else $XDG_RUNTIME_DIR/containers/auth.json,
 * $XDG_CONFIG_HOME/containers/auth.json (~/.config), ~/.docker/config.json,
 * ~/.dockercfg. Keys go from the most specific ("host/ns/repo") to the host
 * alone. A file may name a helper program for a key (credHelpers) or for all
 * (credsStore), and registries.conf may name helpers for all registries
 * (credential-helpers); registry/auth_helper.h runs them.
 */
#ifndef RANBY_REGISTRY_AUTH_H
#define RANBY_REGISTRY_AUTH_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "oci/reference.h"
#include "registry/access.h"

#include <stdbool.h>
#include <stddef.h>

#define AUTH_FILE_MAX (1U << 20)
#define AUTH_FILES "containers-auth.json" /* what credential-helpers calls the files */
#define AUTH_HELPER_SIZE 64 /* "secretservice" */

struct auth {
	char *username, *password, *identity_token; /* NULL: none */
	char *path; /* the file that it is from; NULL: none */
};
void auth_done(struct auth *a); /* wiped, then freed */

/*
 * 0 also when nothing is found: then all are NULL. A named file that cannot be read is an error, a missing usual one not.
 * `helpers`: credential-helpers of registries.conf, or NULL.
 */
int auth_find(const struct reference *ref, const struct registry_access *o, const struct strv *helpers, struct auth *ret,
	      struct err *e) _must_check_;

enum auth_outcome {
	AUTH_NONE = 0,
	AUTH_FOUND,
	AUTH_HELPER, /* a helper has it, under that server's name */
};
struct auth_helper_name {
	char helper[AUTH_HELPER_SIZE];
	char server[REFERENCE_TEXT_SIZE];
};

/* From the text of one auth file: enum auth_outcome. `old`: a .dockercfg, whose entries are all that is in it. */
int auth_from_json(const char *text, size_t len, bool old, const struct reference *ref, struct auth *ret,
		   struct auth_helper_name *ret_helper, struct err *e) _must_check_;

/* The helper that an auth file names for the registry, of credHelpers or credsStore: AUTH_NONE or AUTH_HELPER. */
int auth_helper_of(struct json_object *file, const struct reference *ref, struct auth_helper_name *ret, struct err *e) _must_check_;

/* "USER:PASSWORD", or "USER" alone. */
int auth_split(const char *pair, struct auth *ret, struct err *e) _must_check_;

#endif
