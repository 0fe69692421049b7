/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An upload is a walk along addresses that the registry gives: each answer
 * says where the next piece goes. They may lead to another host; what is
 * sent there is the content alone, never the Authorization header, and never
 * in clear after TLS.
 *
 * A piece that fails in a way that may pass is not lost: the registry is asked
 * how far it got, and goes on from there. One that does not know any more
 * begins anew.
 */
#include "registry/fetch_upload.h"

#include "base/parse.h"
#include "oci/descriptor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define TRIES 5
#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS 8000
#define PROGRESS_STEP (128U << 10)
#define ANSWER_MAX 65536

/* One request; the body is `len` bytes of the upload's descriptor from `from`. */
struct call {
	const char *method;
	char url[HTTP_URL_SIZE];
	struct upload *body;  /* NULL: none */
	uint64_t from, len;
	const char *content_type; /* of the body */
	bool ranged;          /* say which part of the whole it is */
	/* while it runs */
	uint64_t sent;
};

static size_t give_body(char *to, size_t one, size_t n, void *ctx)
{
	struct call *c = ctx;
	size_t room = one * n;
	ssize_t got;

	if (room > c->len - c->sent)
		room = (size_t)(c->len - c->sent);
	if (room == 0)
		return 0;
	got = pread(c->body->fd, to, room, (off_t)(c->from + c->sent));
	if (got <= 0) /* it has become shorter */
		return CURL_READFUNC_ABORT;
	c->sent += (uint64_t)got;
	if (c->body->on_bytes && c->from + c->sent >= c->body->said_bytes + PROGRESS_STEP) {
		c->body->said_bytes = c->from + c->sent;
		c->body->on_bytes(c->body->ctx, c->from + c->sent);
	}
	return (size_t)got;
}

static int add_headers(const struct session *s, const struct call *c, struct curl_slist **headers)
{
	char range[64];
	int r = 0;

	if (s->authorization[0] && session_owns(s, c->url))
		r = http_add_header(headers, "Authorization", s->authorization);
	if (r == 0 && c->body)
		r = http_add_header(headers, "Content-Type", c->content_type);
	if (r == 0 && c->ranged) {
		snprintf(range, sizeof(range), "%llu-%llu", (unsigned long long)c->from,
			 (unsigned long long)(c->from + c->len - 1));
		r = http_add_header(headers, "Content-Range", range);
	}
	/* we have logged in already: nothing is won by asking first whether it wants the body */
	if (r == 0 && c->body) {
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

static int refused(const struct http_answer *a, struct err *e)
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

/* One request, with the login and the redirects that it takes. Errors are ours alone; how it went is in *a. */
static int ask(struct session *s, struct call *c, struct http_answer *a, struct err *e)
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

static bool may_pass(const struct http_answer *a)
{
	return a->code != CURLE_OK ? http_error_is_transient(a->code) : http_is_transient(a->status);
}

static void pause_before(unsigned attempt, const struct http_answer *a)
{
	uint64_t ms = a->retry_after_s ? (uint64_t)a->retry_after_s * 1000 : (uint64_t)PAUSE_FIRST_MS << attempt;
	struct timespec t;

	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	t = (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

/* For what may be asked twice. */
static int ask_patiently(struct session *s, const struct call *what, struct http_answer *a, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		struct call c = *what;

		r = ask(s, &c, a, e);
		if (r < 0 || !may_pass(a))
			break;
		if (i + 1 < TRIES)
			pause_before(i, a);
	}
	return r;
}

static int url_of(const struct session *s, char ret[static HTTP_URL_SIZE], const char *rest, const char *what, struct err *e)
{
	int n = snprintf(ret, HTTP_URL_SIZE, "%s/v2/%s/%s%s", s->origin, s->repository, rest, what);

	return n < 0 || n >= HTTP_URL_SIZE ? err_set(e, ENAMETOOLONG, "URL too long") : 0;
}

/* 1: it is there. */
static int is_there(struct session *s, const struct upload *u, struct http_answer *a, struct err *e)
{
	struct call c = {.method = "HEAD"};
	int r = url_of(s, c.url, "blobs/", u->request->what, e);

	if (r == 0)
		r = ask_patiently(s, &c, a, e);
	if (r < 0)
		return r;
	if (a->code != CURLE_OK)
		return refused(a, e);
	/* some answer 401 or 403 to whoever may only push: the upload will tell */
	return a->status == 200;
}

/* Asks for a place to send it to, in *ret_url; or FETCH_MOUNTED. */
static int begin(struct session *s, const struct upload *u, struct http_answer *a, char ret_url[static HTTP_URL_SIZE], struct err *e)
{
	struct call c = {.method = "POST"};
	char rest[700] = "";
	int r;

	if (u->request->mount_from[0])
		snprintf(rest, sizeof(rest), "?mount=%s&from=%s", u->request->what, u->request->mount_from);
	r = url_of(s, c.url, "blobs/uploads/", rest, e);
	if (r == 0)
		r = ask_patiently(s, &c, a, e);
	if (r < 0)
		return r;
	if (a->code == CURLE_OK && a->status == 201)
		return FETCH_MOUNTED;
	if (a->code != CURLE_OK || a->status != 202)
		return refused(a, e);
	r = http_check_redirect(s->origin, a->location, e);
	if (r == 0)
		memcpy(ret_url, a->location, strlen(a->location) + 1);
	return r;
}

/* The last request names the content. */
static int add_digest(char url[static HTTP_URL_SIZE], const struct upload *u, struct err *e)
{
	size_t len = strlen(url);
	int n = snprintf(url + len, HTTP_URL_SIZE - len, "%cdigest=%s", strchr(url, '?') ? '&' : '?', u->request->what);

	return n < 0 || (size_t)n >= HTTP_URL_SIZE - len ? err_set(e, ENAMETOOLONG, "URL too long") : 0;
}

enum part { PART_OVER = 1, PART_AGAIN };

/* What became of a request that sent something. PART_AGAIN: it may go better the next time. */
static int outcome(const struct http_answer *a, long good, struct err *e)
{
	if (a->code == CURLE_OK && a->status == good)
		return PART_OVER;
	if (may_pass(a) || (a->code == CURLE_OK && (a->status == 404 || a->status == 416)))
		return PART_AGAIN;
	return refused(a, e);
}

static int send_whole(struct session *s, struct upload *u, const char *url, struct http_answer *a, struct err *e)
{
	struct call c = {.method = "PUT", .body = u, .len = u->request->size_bytes, .content_type = "application/octet-stream"};
	int r;

	memcpy(c.url, url, strlen(url) + 1);
	r = add_digest(c.url, u, e);
	if (r == 0)
		r = ask(s, &c, a, e);
	return r < 0 ? r : outcome(a, 201, e);
}

/* How far the upload at `url` got. -ENOENT: it is not known any more. */
static int ask_how_far(struct session *s, char url[static HTTP_URL_SIZE], struct http_answer *a, uint64_t *ret_at, struct err *e)
{
	struct call c = {.method = "GET"};
	const char *dash = NULL;
	uint64_t last;
	int r;

	memcpy(c.url, url, strlen(url) + 1);
	r = ask_patiently(s, &c, a, e);
	if (r < 0)
		return r;
	if (a->code == CURLE_OK && a->status == 204)
		dash = strchr(a->range, '-');
	if (!dash || parse_u64(dash + 1, 0, BLOB_BYTES_MAX, &last) < 0)
		return -ENOENT;
	if (a->location[0] && http_check_redirect(url, a->location, NULL) == 0)
		memcpy(url, a->location, strlen(a->location) + 1);
	/* "0-0" is said of one byte and of none: none is the safe reading, and a registry that has one says 416 */
	*ret_at = last ? last + 1 : 0;
	return 0;
}

static int send_piece(struct session *s, struct upload *u, char url[static HTTP_URL_SIZE], uint64_t at, struct http_answer *a,
		      struct err *e)
{
	uint64_t left = u->request->size_bytes - at;
	struct call c = {.method = "PATCH", .body = u, .from = at, .content_type = "application/octet-stream", .ranged = true};
	int r;

	c.len = left < u->request->chunk_bytes ? left : u->request->chunk_bytes;
	memcpy(c.url, url, strlen(url) + 1);
	r = ask(s, &c, a, e);
	if (r == 0)
		r = outcome(a, 202, e);
	if (r == PART_OVER && a->location[0]) {
		r = http_check_redirect(url, a->location, e);
		if (r < 0)
			return r;
		memcpy(url, a->location, strlen(a->location) + 1);
		r = PART_OVER;
	}
	return r;
}

static int send_pieces(struct session *s, struct upload *u, char url[static HTTP_URL_SIZE], struct http_answer *a, struct err *e)
{
	struct call end = {.method = "PUT"};
	uint64_t at = 0;
	unsigned failures = 0;
	int r;

	while (at < u->request->size_bytes) {
		r = send_piece(s, u, url, at, a, e);
		if (r == PART_OVER) {
			uint64_t left = u->request->size_bytes - at;

			at += left < u->request->chunk_bytes ? left : u->request->chunk_bytes;
			continue;
		}
		if (r < 0 || ++failures == TRIES)
			return r;
		pause_before(failures - 1, a);
		r = ask_how_far(s, url, a, &at, e);
		if (r < 0)
			return r == -ENOENT ? PART_AGAIN : r;
		if (at > u->request->size_bytes)
			return PART_AGAIN;
	}
	memcpy(end.url, url, strlen(url) + 1);
	r = add_digest(end.url, u, e);
	if (r == 0)
		r = ask(s, &end, a, e);
	return r < 0 ? r : outcome(a, 201, e);
}

static int send_blob(struct session *s, struct upload *u, struct http_answer *a, uint32_t *ret_how, struct err *e)
{
	char url[HTTP_URL_SIZE];
	int r = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		u->said_bytes = 0;
		r = begin(s, u, a, url, e);
		if (r == FETCH_MOUNTED)
			*ret_how = FETCH_MOUNTED;
		if (r != 0)
			return r < 0 ? r : 0;
		*ret_how = FETCH_SENT;
		r = u->request->chunk_bytes ? send_pieces(s, u, url, a, e) : send_whole(s, u, url, a, e);
		if (r != PART_AGAIN)
			return r < 0 ? r : 0;
		if (i + 1 < TRIES)
			pause_before(i, a);
	}
	return refused(a, e);
}

int upload_blob(struct session *s, struct upload *u, uint32_t *ret_how, struct err *e)
{
	struct http_answer a = {.body = BUF_INIT_MAX(ANSWER_MAX)};
	int r = is_there(s, u, &a, e);

	if (r == 1) {
		*ret_how = FETCH_WAS_THERE;
		r = 0;
	} else if (r == 0) {
		r = send_blob(s, u, &a, ret_how, e);
	}
	buf_done(&a.body);
	return r;
}

int upload_manifest(struct session *s, struct upload *u, struct err *e)
{
	struct call c = {.method = "PUT", .body = u, .len = u->request->size_bytes, .content_type = u->request->content_type};
	struct http_answer a = {.body = BUF_INIT_MAX(ANSWER_MAX)};
	int r = url_of(s, c.url, "manifests/", u->request->what, e);

	if (r == 0)
		r = ask_patiently(s, &c, &a, e);
	if (r == 0 && (a.code != CURLE_OK || (a.status != 201 && a.status != 200)))
		r = refused(&a, e);
	buf_done(&a.body);
	return r;
}
