/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Redirects are followed here and not by libcurl, so that one line decides
 * where the Authorization header goes: to session_owns(url). From https only
 * https is followed.
 *
 * A range is trusted only when the server says 206 and a Content-Range that
 * begins where we stopped; the digest over all of it decides in the end.
 */
#include "registry/fetch_transfer.h"

#include "base/clock.h"
#include "base/parse.h"
#include "oci/descriptor.h"
#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define ACCEPT_MANIFESTS MEDIA_OCI_MANIFEST ", " MEDIA_OCI_INDEX ", " MEDIA_DOCKER_MANIFEST ", " MEDIA_DOCKER_LIST
#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS 8000
#define PROGRESS_STEP (128U << 10)

int transfer_init(struct transfer *t, const struct fetch_request *request, int fd, const struct session *s, struct err *e)
{
	int n;

	*t = (struct transfer){.request = *request, .fd = fd};
	if (request->kind == FETCH_URL)
		n = snprintf(t->url, sizeof(t->url), "%s", s->url);
	else
		n = snprintf(t->url, sizeof(t->url), "%s/v2/%s/%s/%s", s->origin, s->repository,
			     request->kind == FETCH_MANIFEST ? "manifests" : "blobs", request->what);
	if (n < 0 || (size_t)n >= sizeof(t->url))
		return err_set(e, ENAMETOOLONG, "URL too long");
	sha256_init(&t->hash);
	return 0;
}

static size_t take_header(char *line, size_t one, size_t len, void *ctx)
{
	struct transfer *t = ctx;
	char value[128];

	len *= one;
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0) { /* a new answer: 100 Continue came before */
		t->challenge[0] = t->location[0] = '\0';
		t->range_given = UINT64_MAX;
	}
	http_take_challenge(line, len, t->challenge, sizeof(t->challenge));
	(void)http_header_value(line, len, "Location", t->location, sizeof(t->location));
	(void)http_header_value(line, len, "Content-Type", t->content_type, sizeof(t->content_type));
	if (http_header_value(line, len, "Retry-After", value, sizeof(value)))
		(void)!parse_u32(value, 0, 60, &t->retry_after_s);
	if (http_header_value(line, len, "Content-Range", value, sizeof(value)) && strncasecmp(value, "bytes ", 6) == 0) {
		value[6 + strcspn(value + 6, "-")] = '\0';
		(void)!parse_u64(value + 6, 0, BLOB_BYTES_MAX, &t->range_given);
	}
	return len;
}

static int start_over(struct transfer *t)
{
	sha256_init(&t->hash);
	t->bytes = 0;
	if (lseek(t->fd, 0, SEEK_SET) < 0 || ftruncate(t->fd, 0) < 0)
		return -errno;
	return 0;
}

static int fail(struct transfer *t, int r)
{
	t->failed = r;
	return r;
}

/* What an address may have at most nobody said that it has. */
static bool is_size_known(const struct transfer *t)
{
	return t->request.kind != FETCH_URL && t->request.size_bytes != UINT64_MAX;
}

static uint64_t most_bytes(const struct transfer *t)
{
	if (t->request.kind == FETCH_URL)
		return t->request.size_bytes < FETCH_URL_MAX ? t->request.size_bytes : FETCH_URL_MAX;
	return t->request.size_bytes != UINT64_MAX ? t->request.size_bytes : FETCH_MANIFEST_MAX;
}

/* The first piece of a body: is it what we asked for, and from where on? */
static int begin_body(struct transfer *t)
{
	curl_off_t length = -1;
	unsigned long long all;
	long status = 0;
	int r;

	t->body_seen = true;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	t->body_good = status == 200 || (status == 206 && t->range_from > 0);
	if (!t->body_good)
		return 0;
	if (status == 200 && t->range_from > 0) {
		r = start_over(t);
		if (r < 0)
			return fail(t, err_errno(&t->err, -r, "write"));
	}
	if (status == 206 && t->range_given != t->range_from)
		return fail(t, err_set(&t->err, EPROTO, "the registry sends another range than was asked for"));
	all = t->bytes + (length > 0 ? (unsigned long long)length : 0);
	if (length >= 0 && is_size_known(t) && all != t->request.size_bytes)
		return fail(t, err_set(&t->err, EBADMSG, "the registry has %llu bytes, the manifest says %llu", all,
				       (unsigned long long)t->request.size_bytes));
	return 0;
}

static size_t take_body(char *data, size_t one, size_t len, void *ctx)
{
	struct transfer *t = ctx;
	int r;

	len *= one;
	if (!t->body_seen && begin_body(t) < 0)
		return 0;
	if (!t->body_good) { /* the text of an error */
		size_t room = sizeof(t->error_body) - 1 - t->error_len, n = len < room ? len : room;

		memcpy(t->error_body + t->error_len, data, n);
		t->error_len += n;
		return len;
	}
	if (t->bytes + len > most_bytes(t)) {
		fail(t, err_set(&t->err, t->request.kind == FETCH_URL ? EFBIG : EBADMSG, "more than the %llu bytes that it %s",
				(unsigned long long)most_bytes(t), t->request.kind == FETCH_URL ? "may have" : "should have"));
		return 0;
	}
	r = fd_write_all(t->fd, data, len);
	if (r < 0) {
		fail(t, err_errno(&t->err, -r, "write"));
		return 0;
	}
	sha256_add(&t->hash, data, len);
	t->bytes += len;
	if (t->on_bytes && t->bytes - t->said_bytes >= PROGRESS_STEP) {
		t->said_bytes = t->bytes;
		t->on_bytes(t);
	}
	return len;
}

static int add_headers(struct transfer *t, const struct session *s)
{
	int r = 0;

	if (t->request.kind == FETCH_MANIFEST)
		r = http_add_header(&t->headers, "Accept", ACCEPT_MANIFESTS);
	if (r == 0 && s->authorization[0] && session_owns(s, t->url))
		r = http_add_header(&t->headers, "Authorization", s->authorization);
	return r;
}

static CURLcode set_options(struct transfer *t)
{
	CURL *h = t->easy;
	CURLcode bad = 0;
	char range[32];

	bad |= curl_easy_setopt(h, CURLOPT_URL, t->url);
	bad |= curl_easy_setopt(h, CURLOPT_HTTPHEADER, t->headers);
	bad |= curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	bad |= curl_easy_setopt(h, CURLOPT_HEADERDATA, t);
	bad |= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	bad |= curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
	bad |= curl_easy_setopt(h, CURLOPT_ERRORBUFFER, t->detail);
	bad |= curl_easy_setopt(h, CURLOPT_PRIVATE, t);
	bad |= curl_easy_setopt(h, CURLOPT_FILETIME, 1L);
	if (t->range_from > 0) {
		snprintf(range, sizeof(range), "%llu-", (unsigned long long)t->range_from);
		bad |= curl_easy_setopt(h, CURLOPT_RANGE, range);
	}
	return bad;
}

int transfer_start(struct transfer *t, const struct session *s, CURLM *multi, struct err *e)
{
	const struct http_trust trust = session_trust(s, t->url);
	int r;

	t->easy = http_new(&trust);
	t->headers = NULL;
	t->body_seen = t->body_good = false;
	t->range_from = t->request.kind == FETCH_BLOB ? t->bytes : 0;
	t->range_given = UINT64_MAX;
	t->retry_after_s = 0;
	t->detail[0] = t->challenge[0] = t->location[0] = '\0';
	t->error_len = 0;
	r = t->range_from == 0 ? start_over(t) : 0;
	if (r == 0)
		r = t->easy ? add_headers(t, s) : -ENOMEM;
	if (r == 0 && s->has_next)
		http_hurry(t->easy);
	if (r < 0)
		return err_errno(e, -r, "start the transfer");
	if (set_options(t) != CURLE_OK || curl_multi_add_handle(multi, t->easy) != CURLM_OK)
		return err_errno(e, ENOMEM, "start the transfer");
	return 0;
}

static void end_attempt(struct transfer *t, CURLM *multi)
{
	if (t->easy)
		curl_multi_remove_handle(multi, t->easy);
	http_closep(&t->easy);
	http_headers_freep(&t->headers);
}

void transfer_done(struct transfer *t, CURLM *multi)
{
	end_attempt(t, multi);
	fd_closep(&t->fd);
}

/* Waits before the next attempt, longer each time, or as long as the server says. */
static int again_later(struct transfer *t)
{
	int64_t pause = (int64_t)PAUSE_FIRST_MS << (t->tries - 1);

	if (t->retry_after_s)
		pause = (int64_t)t->retry_after_s * 1000;
	t->not_before_ms = clock_monotonic_ms() + (pause > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause);
	return TRANSFER_AGAIN;
}

static int redirect(struct transfer *t, const char *next, struct err *e)
{
	int r = http_check_redirect(t->url, next, e);

	if (r < 0)
		return r;
	if (++t->redirects > HTTP_REDIRECTS_MAX)
		return err_set(e, ELOOP, "more than %d redirects", HTTP_REDIRECTS_MAX);
	memcpy(t->url, next, strlen(next) + 1);
	t->not_before_ms = 0;
	return TRANSFER_AGAIN;
}

static int check_complete(struct transfer *t, struct err *e)
{
	char hex[SHA256_HEX_SIZE];

	if (is_size_known(t) && t->bytes != t->request.size_bytes)
		return err_set(e, EBADMSG, "%llu bytes instead of %llu", (unsigned long long)t->bytes,
			       (unsigned long long)t->request.size_bytes);
	sha256_end_hex(&t->hash, hex);
	digest_from_hex(hex, &t->digest);
	if (strncmp(t->request.what, "sha256:", 7) == 0 && strcmp(t->request.what, t->digest.text) != 0)
		return t->request.kind == FETCH_URL ? err_set(e, EBADMSG, "its digest is %s, not %s", t->digest.text, t->request.what) :
						      err_set(e, EBADMSG, "the registry sent other content than %s", t->request.what);
	return TRANSFER_DONE;
}

static int refused(struct transfer *t, long status, struct err *e)
{
	struct err own = {0};
	int r;

	if (t->request.kind == FETCH_URL) /* what its body says is anything */
		return err_set(e, status == 404 ? ENOENT : status == 401 || status == 403 ? EACCES : EPROTO, "the server answers %ld", status);
	if (status == 404)
		r = err_set(&own, ENOENT, "%s not found", t->request.kind == FETCH_MANIFEST ? "image" : "blob");
	else if (status == 401 || status == 403)
		r = err_set(&own, EACCES, "access denied");
	else
		r = err_set(&own, EPROTO, "the registry answers %ld", status);
	http_add_message(t->error_body, t->error_len, &own);
	if (e)
		*e = own;
	return r;
}

static int answered(struct transfer *t, struct session *s, long status, const char *next, struct err *e)
{
	int r;

	if (status == 200 || (status == 206 && t->range_from > 0))
		return check_complete(t, e);
	if (http_is_redirect(status))
		return redirect(t, next, e);
	if (status == 401 && t->challenge[0] && !t->logged_in_again && session_owns(s, t->url)) {
		t->logged_in_again = true;
		r = session_login(s, t->challenge, e);
		t->not_before_ms = 0;
		return r < 0 ? r : TRANSFER_AGAIN;
	}
	if (http_is_transient(status) && t->tries < TRANSFER_TRIES)
		return again_later(t);
	if (status == 416 && t->bytes > 0 && t->tries < TRANSFER_TRIES) {
		t->bytes = 0; /* it has no such range: from the beginning */
		return again_later(t);
	}
	return refused(t, status, e);
}

int transfer_ended(struct transfer *t, struct session *s, CURLM *multi, CURLcode code, struct err *e)
{
	char detail[CURL_ERROR_SIZE], next[HTTP_URL_SIZE] = "";
	curl_off_t modified = -1;
	char *where = NULL;
	long status = 0;

	t->tries++;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (curl_easy_getinfo(t->easy, CURLINFO_FILETIME_T, &modified) == CURLE_OK && modified > 0)
		t->mtime_sec = modified;
	if (curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &where) == CURLE_OK && where)
		snprintf(next, sizeof(next), "%s", where);
	memcpy(detail, t->detail, sizeof(detail));
	end_attempt(t, multi);
	if (t->failed < 0) {
		if (e)
			*e = t->err;
		return t->failed;
	}
	if (code != CURLE_OK) {
		if (http_error_is_transient(code) && t->tries < TRANSFER_TRIES && !(s->has_next && code == CURLE_OPERATION_TIMEDOUT))
			return again_later(t);
		return http_error(code, detail, e);
	}
	if (status != 200 && status != 206)
		t->tries -= status / 100 == 3 || status == 401; /* those are no failures */
	/* an empty body never came by begin_body() */
	if (status == 200 && !t->body_seen && t->bytes > 0 && start_over(t) < 0)
		return err_errno(e, errno, "write");
	return answered(t, s, status, next, e);
}
