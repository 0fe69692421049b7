/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One way to ask for everything that is not a download: the login that a 401
 * asks for, redirects under the rules of http_check_redirect(), and patience
 * with what may pass. The Authorization header goes to the registry alone.
 */
#include "registry/fetch_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS 8000

static size_t give_body(char *to, size_t one, size_t n, void *ctx)
{
	struct call *c = ctx;
	size_t room = one * n;
	ssize_t got;

	if (room > c->len - c->sent)
		room = (size_t)(c->len - c->sent);
	if (room == 0)
		return 0;
	got = pread(c->fd, to, room, (off_t)(c->from + c->sent));
	if (got <= 0) /* it has become shorter */
		return CURL_READFUNC_ABORT;
	c->sent += (uint64_t)got;
	if (c->on_bytes)
		c->on_bytes(c->ctx, c->from + c->sent);
	return (size_t)got;
}

static int add_headers(const struct session *s, const struct call *c, struct curl_slist **headers)
{
	char range[64];
	int r = 0;

	if (s->authorization[0] && session_owns(s, c->url))
		r = http_add_header(headers, "Authorization", s->authorization);
	if (r == 0 && c->accept)
		r = http_add_header(headers, "Accept", c->accept);
	if (r == 0 && c->content_type)
		r = http_add_header(headers, "Content-Type", c->content_type);
	if (r == 0 && c->ranged) {
		snprintf(range, sizeof(range), "%llu-%llu", (unsigned long long)c->from,
			 (unsigned long long)(c->from + c->len - 1));
		r = http_add_header(headers, "Content-Range", range);
	}
	/* we have logged in already: nothing is won by asking first whether it wants the body */
	if (r == 0 && c->content_type) {
		struct curl_slist *more = curl_slist_append(*headers, "Expect:");

		*headers = more ? more : *headers;
	}
	return r;
}

static CURLcode set_method(CURL *h, struct call *c)
{
	CURLcode bad = 0;

	if (strcmp(c->method, "GET") == 0)
		return curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
	if (strcmp(c->method, "HEAD") == 0)
		return curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
	/* without a body too, which is then one of no bytes */
	bad |= curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
	bad |= curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, c->method);
	bad |= curl_easy_setopt(h, CURLOPT_READFUNCTION, give_body);
	bad |= curl_easy_setopt(h, CURLOPT_READDATA, c);
	bad |= curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)c->len);
	return bad;
}

static int perform(const struct session *s, struct call *c, struct http_answer *a, struct err *e)
{
	const struct http_trust trust = session_trust(s, c->url);
	_cleanup_(http_closep) CURL *h = http_new(&trust);
	_cleanup_(http_headers_freep) struct curl_slist *headers = NULL;

	c->sent = 0;
	if (!h || add_headers(s, c, &headers) < 0 || set_method(h, c) != CURLE_OK)
		return err_errno(e, ENOMEM, "upload");
	http_send(h, c->url, headers, a);
	return 0;
}

int call_refused(const struct http_answer *a, struct err *e)
{
	int r;

	if (a->code != CURLE_OK)
		return http_error(a->code, a->detail, e);
	if (a->status == 401 || a->status == 403)
		r = err_set(e, EACCES, "access denied");
	else
		r = err_set(e, a->status == 404 ? ENOENT : a->status == 413 ? EFBIG : EPROTO, "the registry answers %ld", a->status);
	http_add_message(buf_str(&a->body), a->body.len, e);
	return r;
}

int call_ask(struct session *s, struct call *c, struct http_answer *a, struct err *e)
{
	bool logged_in_again = false;
	int r;

	for (unsigned redirects = 0;;) {
		r = perform(s, c, a, e);
		if (r < 0 || a->code != CURLE_OK)
			return r;
		if (a->status == 401 && a->challenge[0] && !logged_in_again && session_owns(s, c->url)) {
			logged_in_again = true;
			r = session_login(s, a->challenge, e);
		} else if (http_is_redirect(a->status)) {
			r = http_check_redirect(c->url, a->location, e);
			if (r == 0 && ++redirects > HTTP_REDIRECTS_MAX)
				r = err_set(e, ELOOP, "more than %d redirects", HTTP_REDIRECTS_MAX);
			if (r == 0)
				memcpy(c->url, a->location, strlen(a->location) + 1);
		} else {
			return 0;
		}
		if (r < 0)
			return r;
	}
}

bool call_may_pass(const struct http_answer *a)
{
	return a->code != CURLE_OK ? http_error_is_transient(a->code) : http_is_transient(a->status);
}

void call_pause(unsigned attempt, const struct http_answer *a)
{
	uint64_t ms = a->retry_after_s ? (uint64_t)a->retry_after_s * 1000 : (uint64_t)PAUSE_FIRST_MS << attempt;
	struct timespec t;

	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	t = (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

int call_ask_patiently(struct session *s, const struct call *what, struct http_answer *a, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; i < CALL_TRIES; i++) {
		struct call c = *what;

		r = call_ask(s, &c, a, e);
		if (r < 0 || !call_may_pass(a))
			break;
		if (i + 1 < CALL_TRIES)
			call_pause(i, a);
	}
	return r;
}

int call_url(const struct session *s, char ret[static HTTP_URL_SIZE], const char *rest, const char *what, struct err *e)
{
	int n = snprintf(ret, HTTP_URL_SIZE, "%s/v2/%s/%s%s", s->origin, s->repository, rest, what);

	return n < 0 || n >= HTTP_URL_SIZE ? err_set(e, ENAMETOOLONG, "URL too long") : 0;
}
