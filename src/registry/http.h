/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * http - libcurl as ranby-fetch uses it: one handle's fixed settings, and small whole answers.
 *
 * No automatism of libcurl is left on that could send something somewhere:
 * redirects are followed by hand (fetch_transfer.c), credentials are a header
 * that is added only for the registry itself, .netrc and cookies are off.
 */
#ifndef RANBY_REGISTRY_HTTP_H
#define RANBY_REGISTRY_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_URL_SIZE 8192
#define HTTP_CONNECT_TIMEOUT_S 15L
#define HTTP_STALL_S 30L         /* without HTTP_STALL_BYTES a second for so long: given up */
#define HTTP_STALL_BYTES 64L
/* Of a server beside which another one has the same. */
#define HTTP_HURRY_CONNECT_S 10L
#define HTTP_HURRY_STALL_S 15L
#define HTTP_HURRY_BYTES 1024L
#define HTTP_REDIRECTS_MAX 8

/* How a server is trusted. Strings are borrowed. */
struct http_trust {
	bool skip_verify;
	const char *ca, *cert, *key; /* PEM text or NULL */
};

static inline void http_closep(CURL **h)
{
	if (*h)
		curl_easy_cleanup(*h);
	*h = NULL;
}
static inline void http_headers_freep(struct curl_slist **l)
{
	curl_slist_free_all(*l);
	*l = NULL;
}

/* A handle with the fixed settings; NULL: no memory. */
CURL *http_new(const struct http_trust *trust) _must_check_;

/* For one that another server can be asked instead of: HTTP_HURRY_*. */
void http_hurry(CURL *h);

/* Appends "NAME: VALUE". -ENOMEM; -EINVAL for a value with a control byte. */
int http_add_header(struct curl_slist **list, const char *name, const char *value) _must_check_;

/* What a transfer's failure means, in words and as an errno; never CURLE_OK. */
int http_error(CURLcode code, const char *detail, struct err *e);

/* True for failures that may be gone at the next try. */
bool http_error_is_transient(CURLcode code);

struct http_answer {
	CURLcode code;
	long status;
	struct buf body;              /* cut at its limit */
	char challenge[3072];         /* WWW-Authenticate; Bearer is preferred to Basic where there are both */
	char location[HTTP_URL_SIZE]; /* absolute; "": none */
	char range[64];               /* of Range, as an upload's state has it; "": none */
	char link[1024];              /* "": none */
	uint32_t retry_after_s;
	char detail[CURL_ERROR_SIZE];
};
/* GET, to its end, no redirect followed. `answer->body.limit` bounds the body. */
void http_get(CURL *h, const char *url, struct curl_slist *headers, struct http_answer *answer);

/* The same of any request, as the handle's options have it, and in whatever time it takes. */
void http_send(CURL *h, const char *url, struct curl_slist *headers, struct http_answer *answer);

/* Adds to *e what the registry says itself: {"errors":[{"code":…,"message":…}]}. */
void http_add_message(const char *body, size_t len, struct err *e);

/* `url`, absolute or relative to `base`, as an absolute one; they may be one buffer with `ret`. False: malformed or too long. */
bool http_join(const char *base, const char *url, char ret[static HTTP_URL_SIZE]);

bool http_is_redirect(long status);
/* An answer that may be another one at the next try. */
bool http_is_transient(long status);
/* Whether a redirect may be followed: to http or https, and from https not to http. */
int http_check_redirect(const char *from, const char *to, struct err *e) _must_check_;

/* Takes a header line of an answer: keeps a WWW-Authenticate in `challenge` (size bytes). */
void http_take_challenge(const char *line, size_t len, char *challenge, size_t size);

/* The value of "NAME: value" when the line is of that header, trimmed, into `out`; false: another header or too long. */
bool http_header_value(const char *line, size_t len, const char *name, char *out, size_t size);

#endif
