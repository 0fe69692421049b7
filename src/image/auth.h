/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * auth - who we are at a registry: --creds, else containers-auth.json(5).
 *
 * Read, first one that has the registry wins: --authfile or
 * $REGISTRY_AUTH_FILE alone; else $XDG_RUNTIME_DIR/containers/auth.json,
 * $XDG_CONFIG_HOME/containers/auth.json (~/.config), ~/.docker/config.json.
 * Keys go from the most specific ("host/ns/repo") to the host alone.
 */
#ifndef RANBY_IMAGE_AUTH_H
#define RANBY_IMAGE_AUTH_H

#include "base/err.h"
#include "base/mem.h"
#include "image/registry_access.h"
#include "oci/reference.h"

struct auth {
	char *username, *password, *identity_token; /* NULL: none */
};
void auth_done(struct auth *a); /* wiped, then freed */

/* 0 also when nothing is found: then all are NULL. A named file that cannot be read is an error, a missing usual one not. */
int auth_find(const struct reference *ref, const struct registry_access *o, struct auth *ret, struct err *e) _must_check_;

/* From the text of one auth file. 1: it has the registry; 0: it does not. */
int auth_from_json(const char *text, size_t len, const struct reference *ref, struct auth *ret, struct err *e) _must_check_;

#endif
