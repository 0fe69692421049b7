/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * auth_helper - docker-credential-NAME: programs of the user's that keep passwords.
 *
 *	r = auth_helper_get("secretservice", "registry.example.com", &access, &auth, e);
 *
 * Source: docker's credential helper protocol. The verb is the only argument;
 * server, user and password go through standard input and output.
 */
#ifndef RANBY_REGISTRY_AUTH_HELPER_H
#define RANBY_REGISTRY_AUTH_HELPER_H

#include "base/err.h"
#include "registry/auth.h"

#define AUTH_HELPER_ANSWER_MAX 65536
#define AUTH_HELPER_TIMEOUT_MS 120000 /* it may ask its user for a passphrase */

/* -EINVAL: nothing that a program can be called. */
int auth_helper_check(const char *helper, struct err *e) _must_check_;

/* AUTH_FOUND or AUTH_NONE. */
int auth_helper_get(const char *helper, const char *server, const struct registry_access *o, struct auth *ret, struct err *e) _must_check_;
int auth_helper_store(const char *helper, const char *server, const struct auth *a, const struct registry_access *o, struct err *e)
	_must_check_;
/* -ENOENT: it had none. */
int auth_helper_erase(const char *helper, const char *server, const struct registry_access *o, struct err *e) _must_check_;

#endif
