/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * login - who we are at a registry is tried there and kept, or forgotten.
 *
 *	struct login l;
 *	r = login_to("registry.example.com", &access, &l, e);	// NULL: the first search registry
 *	r = login_try(&l, "user:password", e);
 *	r = login_keep(&l, "user:password", e);
 *	login_done(&l);
 *
 * Kept where containers-auth.json(5) says: in --authfile, $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json or ~/.config/containers/auth.json; or
 * by the helper that the file or registries.conf names.
 */
#ifndef RANBY_REGISTRY_LOGIN_H
#define RANBY_REGISTRY_LOGIN_H

#include "base/err.h"
#include "registry/access.h"
#include "registry/auth.h"
#include "registry/registries.h"

struct login {
	const struct registry_access *access;
	struct registries *conf;
	struct reference at;      /* what would be pulled from there */
	char key[REFERENCE_TEXT_SIZE]; /* "registry.example.com", or with a namespace */
	char path[4096];          /* the file */
	char helper[AUTH_HELPER_SIZE]; /* "": none */
	char server[REFERENCE_TEXT_SIZE]; /* its name there */
};

int login_to(const char *registry, const struct registry_access *access, struct login *ret, struct err *e) _must_check_;
void login_done(struct login *l);

/* What is known already; 0 and no name when nothing is. */
int login_find(struct login *l, struct auth *ret, struct err *e) _must_check_;

/* Asks the registry. `creds` NULL: what is known already. -EACCES: it refuses them. */
int login_try(struct login *l, const char *creds, struct err *e) _must_check_;

int login_keep(struct login *l, const char *creds, struct err *e) _must_check_;

/* -ENOENT: nothing was kept. */
int login_forget(struct login *l, struct err *e) _must_check_;
/* Of all registries, out of the file; *ret_helpers are those that it and registries.conf name, and keep what they have. */
int login_forget_all(struct login *l, struct strv *ret_helpers, struct err *e) _must_check_;

#endif
