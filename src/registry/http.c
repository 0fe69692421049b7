/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Errors of libcurl are told in a table of our own words: its codes are many,
 * and what a user can do about them are few.
 */
#include "registry/http.h"

#include "base/json.h"
#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool set_blob(CURL *h, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.len = strlen(pem), .flags = CURL_BLOB_COPY};

	memcpy(&blob.data, &pem, sizeof(pem)); /* the field is not const, but copied from */
	return curl_easy_setopt(h, option, &blob) == CURLE_OK;
}

static bool set_trust(CURL *h, const struct http_trust *t)
{
	bool ok = true;

	if (t->skip_verify) {
		ok = curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
		     curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK;
	}
	if (ok && t->ca)
		ok = set_blob(h, CURLOPT_CAINFO_BLOB, t->ca);
	if (ok && t->cert && t->key)
		ok = set_blob(h, CURLOPT_SSLCERT_BLOB, t->cert) && set_blob(h, CURLOPT_SSLKEY_BLOB, t->key);
	return ok;
}

CURL *http_new(const struct http_trust *trust)
{
	_cleanup_(http_closep) CURL *h = curl_easy_init();
	CURLcode bad = 0;

	if (!h)
		return NULL;
	bad |= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, HTTP_CONNECT_TIMEOUT_S);
	bad |= curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, HTTP_STALL_S);
	bad |= curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, HTTP_STALL_BYTES);
	bad |= curl_easy_setopt(h, CURLOPT_USERAGENT, "ranby/" RANBY_VERSION);
	bad |= curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(h, CURLOPT_BUFFERSIZE, 256L * 1024);
	bad |= curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	if (bad || !set_trust(h, trust))
		return NULL;
	return TAKE_PTR(h);
}

void http_hurry(CURL *h)
{
	(void)curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, HTTP_HURRY_CONNECT_S);
	(void)curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, HTTP_HURRY_STALL_S);
	(void)curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, HTTP_HURRY_BYTES);
}

int http_add_header(struct curl_slist **list, const char *name, const char *value)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT;
	struct curl_slist *more;

	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return -EINVAL;
	buf_addf(&line, "%s: %s", name, value);
	more = buf_bad(&line) ? NULL : curl_slist_append(*list, buf_str(&line));
	if (!more)
		return -ENOMEM;
	*list = more;
	return 0;
}

static const struct {
	CURLcode code;
	int error;
	bool transient;
	const char *words;
} failures[] = {
	{CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH, false, "no such host"},
	{CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH, false, "no such proxy host"},
	{CURLE_COULDNT_CONNECT, ECONNREFUSED, false, "cannot connect"},
	{CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, true, "timed out"},
	{CURLE_PARTIAL_FILE, EPIPE, true, "the connection ended too early"},
	{CURLE_GOT_NOTHING, EPIPE, true, "the server closed the connection without an answer"},
	{CURLE_RECV_ERROR, ECONNRESET, true, "the connection broke"},
	{CURLE_SEND_ERROR, ECONNRESET, true, "the connection broke"},
	{CURLE_HTTP2, EPROTO, true, "HTTP/2 error"},
	{CURLE_HTTP2_STREAM, EPROTO, true, "HTTP/2 error"},
	{CURLE_PEER_FAILED_VERIFICATION, EKEYREJECTED, false, "its certificate is not valid for it"},
	{CURLE_SSL_CONNECT_ERROR, EPROTO, false, "no TLS connection"},
	{CURLE_UNSUPPORTED_PROTOCOL, EPROTONOSUPPORT, false, "neither http nor https"},
	{CURLE_URL_MALFORMAT, EINVAL, false, "malformed URL"},
	{CURLE_OUT_OF_MEMORY, ENOMEM, false, "out of memory"},
};

int http_error(CURLcode code, const char *detail, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].code == code)
			return err_set(e, failures[i].error, "%s%s%s", failures[i].words, *detail ? ": " : "", detail);
	return err_set(e, EIO, "%s", *detail ? detail : curl_easy_strerror(code));
}

bool http_error_is_transient(CURLcode code)
{
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].code == code)
			return failures[i].transient;
	return false;
}

bool http_header_value(const char *line, size_t len, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++)
		;
	while (len > n && strchr("\r\n \t", line[len - 1]))
		len--;
	if (len - n >= size)
		return false;
	memcpy(out, line + n, len - n);
	out[len - n] = '\0';
	return true;
}

void http_take_challenge(const char *line, size_t len, char *challenge, size_t size)
{
	char value[3072];

	if (!http_header_value(line, len, "WWW-Authenticate", value, sizeof(value)) || strlen(value) >= size)
		return;
	if (challenge[0] && strncasecmp(value, "Bearer", 6) != 0)
		return;
	memcpy(challenge, value, strlen(value) + 1);
}

static void forget_headers(struct http_answer *a)
{
	a->challenge[0] = a->location[0] = a->range[0] = a->link[0] = '\0';
	a->retry_after_s = 0;
}

static size_t take_header(char *line, size_t one, size_t len, void *ctx)
{
	struct http_answer *a = ctx;
	char value[32];

	len *= one;
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0) /* a new answer: 100 Continue came before */
		forget_headers(a);
	http_take_challenge(line, len, a->challenge, sizeof(a->challenge));
	(void)http_header_value(line, len, "Location", a->location, sizeof(a->location));
	(void)http_header_value(line, len, "Range", a->range, sizeof(a->range));
	(void)http_header_value(line, len, "Link", a->link, sizeof(a->link));
	if (http_header_value(line, len, "Retry-After", value, sizeof(value)))
		(void)!parse_u32(value, 0, 60, &a->retry_after_s);
	return len;
}

static size_t take_body(char *data, size_t one, size_t len, void *ctx)
{
	struct http_answer *a = ctx;

	buf_add(&a->body, data, one * len);
	return buf_bad(&a->body) ? 0 : one * len;
}

bool http_join(const char *base, const char *url, char ret[static HTTP_URL_SIZE])
{
	CURLU *u = curl_url();
	char *text = NULL;
	bool good = u && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK && strlen(text) < HTTP_URL_SIZE;

	if (good)
		memcpy(ret, text, strlen(text) + 1);
	curl_free(text);
	curl_url_cleanup(u);
	return good;
}

/* What a header says may be relative to where it was asked for. */
static void make_absolute(const char *url, char location[static HTTP_URL_SIZE])
{
	if (!http_join(url, location, location))
		location[0] = '\0';
}

void http_get(CURL *h, const char *url, struct curl_slist *headers, struct http_answer *answer)
{
	curl_easy_setopt(h, CURLOPT_TIMEOUT, 60L);
	http_send(h, url, headers, answer);
}

void http_send(CURL *h, const char *url, struct curl_slist *headers, struct http_answer *answer)
{
	CURLcode bad = 0;

	forget_headers(answer);
	answer->detail[0] = '\0';
	buf_reset(&answer->body);

	bad |= curl_easy_setopt(h, CURLOPT_URL, url);
	bad |= curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	bad |= curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	bad |= curl_easy_setopt(h, CURLOPT_HEADERDATA, answer);
	bad |= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	bad |= curl_easy_setopt(h, CURLOPT_WRITEDATA, answer);
	bad |= curl_easy_setopt(h, CURLOPT_ERRORBUFFER, answer->detail);
	answer->status = 0;
	answer->code = bad ? CURLE_FAILED_INIT : curl_easy_perform(h);
	if (answer->code == CURLE_OK)
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &answer->status);
	if (answer->location[0])
		make_absolute(url, answer->location);
}

void http_add_message(const char *body, size_t len, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *list;
	const char *message;
	char text[ERR_TEXT_MAX];

	if (!e || json_parse(body, len, "answer", &o, NULL) < 0)
		return;
	list = json_at(o, "errors");
	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) == 0)
		return;
	message = json_str(json_object_array_get_idx(list, 0), "message");
	memcpy(text, e->text, sizeof(text));
	if (*message)
		err_set(e, e->code, "%s: %.200s", text, message);
}

bool http_is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool http_is_transient(long status)
{
	return status == 429 || status == 408 || status >= 500;
}

int http_check_redirect(const char *from, const char *to, struct err *e)
{
	bool from_tls = strncasecmp(from, "https://", 8) == 0, to_tls = strncasecmp(to, "https://", 8) == 0;

	if (!*to || strlen(to) >= HTTP_URL_SIZE)
		return err_set(e, EPROTO, "a redirect to nowhere");
	if (!to_tls && strncasecmp(to, "http://", 7) != 0)
		return err_set(e, EPROTO, "a redirect to neither http nor https");
	if (from_tls && !to_tls)
		return err_set(e, EPROTO, "a redirect from https to http");
	return 0;
}
