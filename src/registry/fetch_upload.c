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
#include "registry/fetch_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_STEP (128U << 10)

static void say_sent(void *ctx, uint64_t bytes)
{
	struct upload *u = ctx;

	if (u->on_bytes && bytes >= u->said_bytes + PROGRESS_STEP) {
		u->said_bytes = bytes;
		u->on_bytes(u->ctx, bytes);
	}
}

/* 1: it is there. */
static int is_there(struct session *s, const struct upload *u, struct http_answer *a, struct err *e)
{
	struct call c = {.method = "HEAD"};
	int r = call_url(s, c.url, "blobs/", u->request->what, e);

	if (r == 0)
		r = call_ask_patiently(s, &c, a, e);
	if (r < 0)
		return r;
	if (a->code != CURLE_OK)
		return call_refused(a, e);
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
	r = call_url(s, c.url, "blobs/uploads/", rest, e);
	if (r == 0)
		r = call_ask_patiently(s, &c, a, e);
	if (r < 0)
		return r;
	if (a->code == CURLE_OK && a->status == 201)
		return FETCH_MOUNTED;
	if (a->code != CURLE_OK || a->status != 202)
		return call_refused(a, e);
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
	if (call_may_pass(a) || (a->code == CURLE_OK && (a->status == 404 || a->status == 416)))
		return PART_AGAIN;
	return call_refused(a, e);
}

static int send_whole(struct session *s, struct upload *u, const char *url, struct http_answer *a, struct err *e)
{
	struct call c = {.method = "PUT", .fd = u->fd, .on_bytes = say_sent, .ctx = u, .len = u->request->size_bytes, .content_type = "application/octet-stream"};
	int r;

	memcpy(c.url, url, strlen(url) + 1);
	r = add_digest(c.url, u, e);
	if (r == 0)
		r = call_ask(s, &c, a, e);
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
	r = call_ask_patiently(s, &c, a, e);
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
	struct call c = {.method = "PATCH", .fd = u->fd, .on_bytes = say_sent, .ctx = u, .from = at, .content_type = "application/octet-stream", .ranged = true};
	int r;

	c.len = left < u->request->chunk_bytes ? left : u->request->chunk_bytes;
	memcpy(c.url, url, strlen(url) + 1);
	r = call_ask(s, &c, a, e);
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
		if (r < 0 || ++failures == CALL_TRIES)
			return r;
		call_pause(failures - 1, a);
		r = ask_how_far(s, url, a, &at, e);
		if (r < 0)
			return r == -ENOENT ? PART_AGAIN : r;
		if (at > u->request->size_bytes)
			return PART_AGAIN;
	}
	memcpy(end.url, url, strlen(url) + 1);
	r = add_digest(end.url, u, e);
	if (r == 0)
		r = call_ask(s, &end, a, e);
	return r < 0 ? r : outcome(a, 201, e);
}

static int send_blob(struct session *s, struct upload *u, struct http_answer *a, uint32_t *ret_how, struct err *e)
{
	char url[HTTP_URL_SIZE];
	int r = 0;

	for (unsigned i = 0; i < CALL_TRIES; i++) {
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
		if (i + 1 < CALL_TRIES)
			call_pause(i, a);
	}
	return call_refused(a, e);
}

int upload_blob(struct session *s, struct upload *u, uint32_t *ret_how, struct err *e)
{
	struct http_answer a = {.body = BUF_INIT_MAX(CALL_ANSWER_MAX)};
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

int upload_have(struct session *s, struct upload *u, uint32_t *ret_how, struct err *e)
{
	struct http_answer a = {.body = BUF_INIT_MAX(CALL_ANSWER_MAX)};
	char url[HTTP_URL_SIZE];
	int r = is_there(s, u, &a, e);

	*ret_how = r == 1 ? FETCH_WAS_THERE : 0;
	if (r == 0 && u->request->mount_from[0]) {
		r = begin(s, u, &a, url, e);
		*ret_how = r == FETCH_MOUNTED ? FETCH_MOUNTED : 0;
	}
	buf_done(&a.body);
	return r < 0 ? r : 0;
}

int upload_manifest(struct session *s, struct upload *u, struct err *e)
{
	struct call c = {.method = "PUT", .fd = u->fd, .on_bytes = say_sent, .ctx = u, .len = u->request->size_bytes, .content_type = u->request->content_type};
	struct http_answer a = {.body = BUF_INIT_MAX(CALL_ANSWER_MAX)};
	int r = call_url(s, c.url, "manifests/", u->request->what, e);

	if (r == 0)
		r = call_ask_patiently(s, &c, &a, e);
	if (r == 0 && (a.code != CURLE_OK || (a.status != 201 && a.status != 200)))
		r = call_refused(&a, e);
	buf_done(&a.body);
	return r;
}
