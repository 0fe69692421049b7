/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A list comes in pages, and each page names the next one in a Link header.
 * That is the registry's word, so the next page must be of the registry
 * itself, there are so many pages at most, and so many bytes.
 */
#include "registry/fetch_list.h"

#include "oci/descriptor.h"
#include "registry/fetch_call.h"
#include "registry/link.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PAGE "n=1000"

static int search_url(const struct session *s, const char *term, char ret[static HTTP_URL_SIZE])
{
	char *escaped = curl_easy_escape(NULL, term, 0);
	int n = -1;

	if (escaped)
		n = snprintf(ret, HTTP_URL_SIZE, "%s/v1/search?q=%s&n=100", s->origin, escaped);
	curl_free(escaped);
	return n < 0 || n >= HTTP_URL_SIZE ? -ENAMETOOLONG : 0;
}

static int first_url(const struct session *s, const struct fetch_request *request, char ret[static HTTP_URL_SIZE], struct err *e)
{
	int n;

	switch (request->kind) {
	case FETCH_TAGS:
		return call_url(s, ret, "tags/list?" PAGE, "", e);
	case FETCH_REFERRERS:
		return call_url(s, ret, "referrers/", request->what, e);
	case FETCH_SEARCH:
		n = search_url(s, request->what, ret);
		return n < 0 ? err_errno(e, -n, "search") : 0;
	default:
		n = snprintf(ret, HTTP_URL_SIZE, "%s/v2/_catalog?" PAGE, s->origin);
		return n < 0 || n >= HTTP_URL_SIZE ? err_set(e, ENAMETOOLONG, "URL too long") : 0;
	}
}

/* 1: there is a next page, at c->url. */
static int next_url(const struct session *s, struct call *c, const struct http_answer *a, struct err *e)
{
	char next[sizeof(a->link)], from[HTTP_URL_SIZE];

	if (!link_next(a->link, next, sizeof(next)))
		return 0;
	memcpy(from, c->url, sizeof(from));
	if (!http_join(from, next, c->url) || !session_owns(s, c->url))
		return err_set(e, EPROTO, "the list goes on at another place than the registry");
	return 1;
}

static int get_page(struct session *s, struct call *c, struct http_answer *a, int fd, uint64_t *left, struct err *e)
{
	int r = call_ask_patiently(s, c, a, e);

	if (r < 0)
		return r;
	if (a->code == CURLE_WRITE_ERROR)
		return err_set(e, EFBIG, "a list of more than %u bytes", FETCH_LIST_MAX);
	if (a->code != CURLE_OK || a->status != 200)
		return call_refused(a, e);
	if (a->body.len >= *left)
		return err_set(e, EFBIG, "a list of more than %u bytes", FETCH_LIST_MAX);
	*left -= a->body.len + 1;
	r = fd_write_all(fd, buf_str(&a->body), a->body.len);
	if (r == 0)
		r = fd_write_all(fd, "", 1);
	return r < 0 ? err_errno(e, -r, "write") : 0;
}

int list_get(struct session *s, const struct fetch_request *request, int fd, struct err *e)
{
	struct call c = {.method = "GET", .accept = request->kind == FETCH_REFERRERS ? MEDIA_OCI_INDEX : "application/json", .fd = -EBADF};
	struct http_answer a = {.body = BUF_INIT_MAX(FETCH_MANIFEST_MAX)};
	uint64_t left = FETCH_LIST_MAX;
	int r = first_url(s, request, c.url, e);

	for (unsigned i = 0; r == 0; i++) {
		r = get_page(s, &c, &a, fd, &left, e);
		if (r == 0)
			r = next_url(s, &c, &a, e);
		if (r <= 0)
			break;
		r = i + 1 < FETCH_PAGES_MAX ? 0 : err_set(e, EFBIG, "a list of more than %d pages", FETCH_PAGES_MAX);
	}
	buf_done(&a.body);
	return r;
}
