/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fetch_call - one request to the registry and its small answer.
 *
 *	struct call c = {.method = "HEAD"};
 *	r = call_url(&session, c.url, "blobs/", digest, e);
 *	r = call_ask_patiently(&session, &c, &answer, e);
 *	if (r == 0 && answer.status != 200)
 *		r = call_refused(&answer, e);
 *
 * Only ranby-fetch links this.
 */
#ifndef RANBY_REGISTRY_FETCH_CALL_H
#define RANBY_REGISTRY_FETCH_CALL_H

#include "base/err.h"
#include "registry/fetch_session.h"

#include <stdbool.h>
#include <stdint.h>

#define CALL_TRIES 5
#define CALL_ANSWER_MAX 65536

/* The body, where there is one, is `len` bytes of `fd` from `from`, read by position. */
struct call {
	const char *method;
	char url[HTTP_URL_SIZE]; /* of where it ended, when it was redirected */
	const char *content_type; /* of the body; NULL: no body */
	const char *accept;       /* NULL: not said */
	int fd;                   /* borrowed */
	uint64_t from, len;
	bool ranged;              /* say which part of the whole it is */
	void (*on_bytes)(void *ctx, uint64_t bytes); /* sent so far, from the beginning of `fd`; may be NULL */
	void *ctx;
	/* while it runs */
	uint64_t sent;
};

/* "ORIGIN/v2/REPOSITORY/REST WHAT" without the space. -ENAMETOOLONG. */
int call_url(const struct session *s, char ret[static HTTP_URL_SIZE], const char *rest, const char *what, struct err *e) _must_check_;

/* One request, with the login and the redirects that it takes. Errors are ours alone; how it went is in *a. */
int call_ask(struct session *s, struct call *c, struct http_answer *a, struct err *e) _must_check_;

/* The same, again and again while it may pass: for what may be asked twice. */
int call_ask_patiently(struct session *s, const struct call *what, struct http_answer *a, struct err *e) _must_check_;

/* Whether the failure may be gone at the next try. */
bool call_may_pass(const struct http_answer *a);

/* Waits before the next attempt (counted from 0), or as long as the registry said. */
void call_pause(unsigned attempt, const struct http_answer *a);

/* What an unwelcome answer means: always an error. */
int call_refused(const struct http_answer *a, struct err *e);

#endif
