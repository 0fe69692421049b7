/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * challenge - what a registry's 401 asks for (RFC 9110 §11.6.1, distribution's token specification).
 *
 *	WWW-Authenticate: Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="…"
 */
#ifndef RANBY_REGISTRY_CHALLENGE_H
#define RANBY_REGISTRY_CHALLENGE_H

#include "base/err.h"
#include "base/mem.h"

enum challenge_kind { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
	enum challenge_kind kind;
	char realm[1024];  /* of Bearer: the token server's URL */
	char service[512];
	char scope[1024];
};

/* The value of one header. -EINVAL: malformed, or a Bearer without a realm. Other schemes are CHALLENGE_NONE. */
int challenge_parse(const char *value, struct challenge *ret, struct err *e) _must_check_;

#endif
