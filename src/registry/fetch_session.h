/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fetch_session - one repository of one registry, and who we are there.
 *
 *	r = session_read(text, len, &s, e);
 *	r = session_open(&s, e);		// finds the scheme, logs in
 *	r = session_authorize(&s, url, &headers, e);
 *
 * Source: distribution-spec, docker registry token authentication. Only
 * ranby-fetch links this.
 */
#ifndef RANBY_REGISTRY_FETCH_SESSION_H
#define RANBY_REGISTRY_FETCH_SESSION_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "registry/challenge.h"
#include "registry/http.h"

#include <stdbool.h>

struct session {
	struct json_object *json; /* owns the strings */
	const char *host, *repository; /* "": no repository, to log in only */
	const char *url;         /* the one file that is wanted, of no registry; NULL: a registry's session */
	const char *username, *password, *identity_token; /* NULL: none */
	struct http_trust trust; /* of the registry itself */
	bool skip_verify_others;
	bool allow_http;
	bool push;
	bool has_next;           /* another place would be asked: a timeout is no reason to try again */
	struct strv mount_from;    /* repositories there that are read too */
	long ping_status;        /* what /v2/ answered to nobody */
	char origin[512];        /* "https://localhost:5000": where credentials may go */
	char authorization[16384]; /* header value; "" while none is needed */
};

int session_read(const char *text, size_t len, struct session *ret, struct err *e) _must_check_;
void session_done(struct session *s);

/* Asks /v2/ which scheme the registry speaks and whom it lets in; gets a token where it wants one. */
int session_open(struct session *s, struct err *e) _must_check_;

/* Whether the credentials that it was opened with are good. -EACCES: no. */
int session_check(struct session *s, struct err *e) _must_check_;

/* After a 401: logs in again by this WWW-Authenticate value. -EACCES: refused. */
int session_login(struct session *s, const char *challenge, struct err *e) _must_check_;

/* Whether the URL is the registry's own, so that credentials may be sent there. */
bool session_owns(const struct session *s, const char *url);

/* How the server of that URL is trusted: another one than the registry is checked, and is shown no client certificate. */
struct http_trust session_trust(const struct session *s, const char *url);

#endif
