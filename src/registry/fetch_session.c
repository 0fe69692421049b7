/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Where a secret may go, in one place:
 *
 *  - a password to the registry itself (Basic), or to the token server that
 *    the registry itself named (Bearer), and only over TLS, unless the
 *    registry itself may be spoken to without;
 *  - a token to the registry itself;
 *  - nothing to where a redirect leads (CVE-2020-15157 and its kin).
 *
 * A bad certificate that is let pass is the registry's own: elsewhere it is let
 * pass only where the user has said so for this call.
 *
 * http is tried only where the caller allows it, and only after https turned
 * out not to be spoken there: a registry that fails its certificate check is
 * never asked again in clear.
 */
#include "registry/fetch_session.h"

#include "base/base64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TOKEN_ANSWER_MAX (1U << 20)
#define CLIENT_ID "ranby"

int session_read(const char *text, size_t len, struct session *ret, struct err *e)
{
	struct session s = {0};
	struct json_object *o;
	int r = json_parse(text, len, "session", &s.json, e);

	if (r < 0)
		return r;
	o = s.json;
	r = json_get_str(o, "host", &s.host, e);
	if (r == 0)
		r = json_get_str(o, "repository", &s.repository, e);
	if (r == 0)
		r = json_get_str(o, "url", &s.url, e);
	if (r == 0)
		r = json_get_str(o, "username", &s.username, e);
	if (r == 0)
		r = json_get_str(o, "password", &s.password, e);
	if (r == 0)
		r = json_get_str(o, "identityToken", &s.identity_token, e);
	if (r == 0)
		r = json_get_str(o, "ca", &s.trust.ca, e);
	if (r == 0)
		r = json_get_str(o, "cert", &s.trust.cert, e);
	if (r == 0)
		r = json_get_str(o, "key", &s.trust.key, e);
	if (r == 0)
		r = json_get_strv(o, "mountFrom", &s.mount_from, e);
	if (r == 0 && s.url ? s.host || s.username || s.identity_token : r == 0 && (!s.host || !s.repository))
		r = err_set(e, EINVAL, "session: neither a repository nor an address alone");
	if (r < 0) {
		session_done(&s);
		return r;
	}
	s.push = json_true(o, "push");
	s.has_next = json_true(o, "hasNext");
	s.allow_http = json_true(o, "allowHttp");
	s.trust.skip_verify = json_true(o, "skipVerify");
	s.skip_verify_others = json_true(o, "skipVerifyOthers");
	*ret = s;
	return 0;
}

void session_done(struct session *s)
{
	explicit_bzero(s->authorization, sizeof(s->authorization));
	strv_done(&s->mount_from);
	json_object_put(s->json);
	s->json = NULL;
}

bool session_owns(const struct session *s, const char *url)
{
	size_t n = strlen(s->origin);

	return n && strncasecmp(url, s->origin, n) == 0 && (url[n] == '/' || url[n] == '\0');
}

struct http_trust session_trust(const struct session *s, const char *url)
{
	if (session_owns(s, url))
		return s->trust;
	return (struct http_trust){.skip_verify = s->skip_verify_others, .ca = s->trust.ca};
}

/* "Basic …" of the user's name and password into `out`. */
static int basic_value(const struct session *s, struct buf *out)
{
	_cleanup_(buf_done) struct buf pair = BUF_INIT;

	buf_addf(&pair, "%s:%s", s->username, s->password ? s->password : "");
	buf_adds(out, "Basic ");
	if (buf_bad(&pair))
		return -ENOMEM;
	base64_encode(buf_str(&pair), pair.len, out);
	explicit_bzero(pair.data, pair.len);
	return -buf_bad(out);
}

static int set_authorization(struct session *s, const char *value, struct err *e)
{
	size_t len = strlen(value);

	if (len >= sizeof(s->authorization))
		return err_set(e, EMSGSIZE, "the token is too long");
	memcpy(s->authorization, value, len + 1);
	return 0;
}

static void add_query(struct buf *url, CURL *h, char separator, const char *key, const char *value)
{
	char *escaped = curl_easy_escape(h, value, 0);

	buf_addf(url, "%c%s=%s", separator, key, escaped ? escaped : "");
	curl_free(escaped);
}

/* The token server must be reached as safely as the registry itself. */
static int check_realm(const struct session *s, const char *realm, struct err *e)
{
	bool tls = strncasecmp(realm, "https://", 8) == 0;

	if (tls || (strncasecmp(realm, "http://", 7) == 0 && s->allow_http && session_owns(s, realm)))
		return 0;
	return err_set(e, EACCES, "the registry sends us to %.256s for a token, which is neither https nor itself", realm);
}

static int take_token(struct session *s, const struct http_answer *a, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(buf_done) struct buf value = BUF_INIT;
	const char *token = NULL;
	int r = json_parse(buf_str(&a->body), a->body.len, "token answer", &o, e);

	if (r == 0)
		r = json_get_str(o, "token", &token, e);
	if (r == 0 && !token)
		r = json_get_str(o, "access_token", &token, e);
	if (r < 0)
		return r;
	if (!token)
		return err_set(e, EPROTO, "the token server gave no token");
	buf_addf(&value, "Bearer %s", token);
	return buf_bad(&value) ? err_errno(e, ENOMEM, "token") : set_authorization(s, buf_str(&value), e);
}

/*
 * What a token is asked to allow. The registry's own word counts where it has
 * one, but for a push: that begins with the question for a blob, whose answer
 * speaks of pulling alone.
 */
static int collect_scopes(const struct session *s, const struct challenge *c, struct strv *ret)
{
	int r = 0;

	if (s->repository[0] && (s->push || !c->scope[0]))
		r = strv_addf(ret, "repository:%s:pull%s", s->repository, s->push ? ",push" : "");
	for (size_t i = 0; i < s->mount_from.n && r == 0; i++)
		r = strv_addf(ret, "repository:%s:pull", s->mount_from.items[i]);
	if (r == 0 && c->scope[0] && strv_find(ret, c->scope) < 0)
		r = strv_add(ret, c->scope);
	return r;
}

/* An identity token (docker login with a helper) is exchanged by POST (OAuth 2, "refresh_token"). */
static void add_exchange(const struct session *s, CURL *h, const struct challenge *c, const struct strv *scopes, struct buf *body)
{
	_cleanup_(buf_done) struct buf all = BUF_INIT;

	for (size_t i = 0; i < scopes->n; i++)
		buf_addf(&all, "%s%s", i ? " " : "", scopes->items[i]);
	buf_adds(body, "grant_type=refresh_token");
	add_query(body, h, '&', "service", c->service);
	add_query(body, h, '&', "scope", buf_str(&all));
	add_query(body, h, '&', "client_id", CLIENT_ID);
	add_query(body, h, '&', "refresh_token", s->identity_token);
}

static int token_error(const struct http_answer *a, struct err *e)
{
	int r;

	if (a->code != CURLE_OK) {
		r = http_error(a->code, a->detail, e);
		return err_wrap(e, r, "token server");
	}
	if (a->status == 401 || a->status == 403)
		return err_set(e, EACCES, "the registry's token server refuses the credentials");
	return err_set(e, EPROTO, "the registry's token server answers %ld", a->status);
}

static int get_token(struct session *s, const struct challenge *c, struct err *e)
{
	const struct http_trust trust = session_trust(s, c->realm);
	_cleanup_(http_closep) CURL *h = http_new(&trust);
	_cleanup_(http_headers_freep) struct curl_slist *headers = NULL;
	_cleanup_(buf_done) struct buf url = BUF_INIT_MAX(HTTP_URL_SIZE), value = BUF_INIT, body = BUF_INIT;
	_cleanup_(strv_done) struct strv scopes = {0};
	struct http_answer a = {.body = BUF_INIT_MAX(TOKEN_ANSWER_MAX)};
	int r = 0;

	if (!h || collect_scopes(s, c, &scopes) < 0)
		return err_errno(e, ENOMEM, "token");
	if (s->has_next)
		http_hurry(h);
	buf_adds(&url, c->realm);
	if (s->identity_token) {
		add_exchange(s, h, c, &scopes, &body);
		curl_easy_setopt(h, CURLOPT_COPYPOSTFIELDS, buf_str(&body));
	} else {
		for (size_t i = 0; i < scopes.n; i++)
			add_query(&url, h, strchr(buf_str(&url), '?') ? '&' : '?', "scope", scopes.items[i]);
		if (c->service[0])
			add_query(&url, h, strchr(buf_str(&url), '?') ? '&' : '?', "service", c->service);
		if (s->username)
			r = basic_value(s, &value);
		if (r == 0 && s->username)
			r = http_add_header(&headers, "Authorization", buf_str(&value));
	}
	if (r < 0 || buf_bad(&url))
		return err_errno(e, r < 0 ? -r : buf_bad(&url), "token");
	http_get(h, buf_str(&url), headers, &a);
	r = a.code == CURLE_OK && a.status == 200 ? take_token(s, &a, e) : token_error(&a, e);
	buf_done(&a.body);
	return r;
}

int session_login(struct session *s, const char *challenge, struct err *e)
{
	_cleanup_(buf_done) struct buf value = BUF_INIT;
	struct challenge c;
	int r = challenge_parse(challenge, &c, e);

	if (r < 0)
		return r;
	if (c.kind == CHALLENGE_BEARER) {
		r = check_realm(s, c.realm, e);
		return r < 0 ? r : get_token(s, &c, e);
	}
	if (c.kind != CHALLENGE_BASIC)
		return err_set(e, EACCES, "the registry wants a kind of login that we do not know");
	if (!s->username) {
		r = err_set(e, EACCES, "the registry wants a user name and password");
		err_hint(e, "give them with --creds USER:PASSWORD, or in an auth file");
		return r;
	}
	if (s->authorization[0])
		return err_set(e, EACCES, "the registry refuses the credentials");
	r = basic_value(s, &value);
	return r < 0 ? err_errno(e, -r, "login") : set_authorization(s, buf_str(&value), e);
}

/* Whether https failed because nobody speaks TLS there. */
static bool is_no_tls(const struct http_answer *a)
{
	return a->code == CURLE_SSL_CONNECT_ERROR || a->code == CURLE_GOT_NOTHING || a->code == CURLE_RECV_ERROR;
}

static int ping(struct session *s, const char *scheme, struct http_answer *a, struct err *e)
{
	_cleanup_(http_closep) CURL *h = http_new(&s->trust);
	char url[600];

	if (!h)
		return err_errno(e, ENOMEM, "registry");
	if (s->has_next)
		http_hurry(h);
	snprintf(s->origin, sizeof(s->origin), "%s://%.255s", scheme, s->host);
	snprintf(url, sizeof(url), "%.511s/v2/", s->origin);
	http_get(h, url, NULL, a);
	return 0;
}

static int after_ping(struct session *s, const struct http_answer *a, struct err *e)
{
	int r;

	if (a->code != CURLE_OK) {
		r = http_error(a->code, a->detail, e);
		if (is_no_tls(a) && !s->allow_http)
			err_hint(e, "if this registry speaks plain http, allow that with --tls-verify=false");
		return err_wrap(e, r, "registry %s", s->host);
	}
	s->ping_status = a->status;
	if (a->status == 401) {
		if (!a->challenge[0])
			return err_set(e, EPROTO, "registry %s: it wants a login, but does not say how", s->host);
		r = session_login(s, a->challenge, e);
		return r < 0 ? err_wrap(e, r, "registry %s", s->host) : 0;
	}
	/* some serve images without serving /v2/ */
	if (a->status == 200 || a->status == 404 || a->status == 403)
		return 0;
	return err_set(e, EPROTO, "registry %s: it answers %ld to /v2/", s->host, a->status);
}

int session_check(struct session *s, struct err *e)
{
	_cleanup_(http_closep) CURL *h = http_new(&s->trust);
	_cleanup_(http_headers_freep) struct curl_slist *headers = NULL;
	struct http_answer a = {.body = BUF_INIT_MAX(65536)};
	char url[600];
	int r = 0;

	if (!s->authorization[0] && s->ping_status == 200)
		return 0; /* it lets everybody in */
	if (!s->authorization[0])
		return err_set(e, EPROTO, "it answers %ld to /v2/ and asks for no login: is it a registry?", s->ping_status);
	if (!h || http_add_header(&headers, "Authorization", s->authorization) < 0)
		return err_errno(e, ENOMEM, "login");
	snprintf(url, sizeof(url), "%.511s/v2/", s->origin);
	http_get(h, url, headers, &a);
	buf_done(&a.body);
	if (a.code != CURLE_OK)
		r = http_error(a.code, a.detail, e);
	else if (a.status == 401 || a.status == 403)
		r = err_set(e, EACCES, "invalid username/password");
	else if (a.status != 200)
		r = err_set(e, EPROTO, "the registry answers %ld", a.status);
	return r;
}

int session_open(struct session *s, struct err *e)
{
	struct http_answer a = {.body = BUF_INIT_MAX(65536)};
	int r;

	if (s->url)
		return 0;
	r = ping(s, "https", &a, e);
	if (r == 0 && is_no_tls(&a) && s->allow_http)
		r = ping(s, "http", &a, e);
	if (r == 0)
		r = after_ping(s, &a, e);
	buf_done(&a.body);
	return r;
}
