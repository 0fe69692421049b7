/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A small thing travels through a memfd, so that nothing of it is ever a file
 * of the store before it is checked.
 */
#include "registry/listing.h"

#include "base/json.h"
#include "oci/descriptor.h"
#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int await(struct fetch_client *fc, struct fetch_answer *a, struct err *e)
{
	int r;

	do
		r = fetch_answer(fc, a, e);
	while (r == 0 && a->type == FETCH_PROGRESS);
	if (r == 0 && a->type == FETCH_FAILED) {
		r = -a->err.code;
		if (e)
			*e = a->err;
	}
	return r;
}

/* Asks for something and reads it, at most `max` bytes. */
static int get(struct fetch_client *fc, enum fetch_kind kind, const char *what, uint64_t size_bytes, size_t max, struct buf *text,
	       struct fetch_answer *a, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("small", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(e, errno, "memfd");
	r = fetch_ask(fc, kind, 0, what, size_bytes, fd, e);
	if (r == 0)
		r = await(fc, a, e);
	if (r < 0)
		return r;
	buf_reset(text);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "read %s", what);
	r = fd_read_all(fd, max, text);
	return r < 0 ? err_errno(e, -r, "read %s", what) : 0;
}

int registry_small(struct fetch_client *fc, enum fetch_kind kind, const char *what, uint64_t size_bytes, const struct digest *want,
		   struct buf *text, struct fetch_answer *ret, struct err *e)
{
	struct fetch_answer a = {0};
	int r;

	if (size_bytes != UINT64_MAX && size_bytes > FETCH_MANIFEST_MAX)
		return err_set(e, EFBIG, "%s: larger than %u bytes", what, FETCH_MANIFEST_MAX);
	r = get(fc, kind, what, size_bytes, FETCH_MANIFEST_MAX, text, &a, e);
	if (r < 0)
		return r;
	digest_of(buf_str(text), text->len, &a.digest);
	if (want && digest_is_set(want) && !digest_equal(&a.digest, want))
		return err_set(e, EBADMSG, "the registry sent other content than %s", want->text);
	if (ret)
		*ret = a;
	return 0;
}

/* Calls `fn` for each page of the list. */
static int each_page(struct fetch_client *fc, enum fetch_kind kind, const char *what,
		     int (*fn)(void *ctx, const char *text, size_t len, struct err *e), void *ctx, struct err *e)
{
	_cleanup_(buf_done) struct buf all = BUF_INIT_MAX(FETCH_LIST_MAX + 1);
	struct fetch_answer a = {0};
	const char *at, *end;
	int r = get(fc, kind, what, UINT64_MAX, FETCH_LIST_MAX, &all, &a, e);

	if (r < 0)
		return r;
	for (at = buf_str(&all), end = at + all.len; at < end && r == 0;) {
		size_t len = strnlen(at, (size_t)(end - at));

		r = fn(ctx, at, len, e);
		at += len + 1;
	}
	return r;
}

/* ---- names ---- */

int listing_parse(const char *text, size_t len, const char *key, struct strv *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *list = NULL;
	size_t n;
	int r = json_parse(text, len, "list", &o, e);

	if (r < 0)
		return r;
	/* "null" is said of none */
	if (!json_at(o, key))
		return json_object_is_type(o, json_type_object) ? 0 : err_set(e, EINVAL, "list: not an object");
	r = json_get_array(o, key, &list, e);
	if (r < 0)
		return r;
	n = json_object_array_length(list);
	if (n > LISTING_NAMES_MAX - ret->n)
		return err_set(e, E2BIG, "a list of more than %d names", LISTING_NAMES_MAX);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (!json_object_is_type(v, json_type_string))
			return err_set(e, EINVAL, "list: %s[%zu] is not a string", key, i);
		r = strv_add(ret, json_object_get_string(v));
	}
	return r < 0 ? err_errno(e, -r, "list") : 0;
}

static int take_tags(void *ctx, const char *text, size_t len, struct err *e)
{
	return listing_parse(text, len, "tags", ctx, e);
}

static int take_repositories(void *ctx, const char *text, size_t len, struct err *e)
{
	return listing_parse(text, len, "repositories", ctx, e);
}

int registry_tags(struct fetch_client *fc, struct strv *ret, struct err *e)
{
	return each_page(fc, FETCH_TAGS, "", take_tags, ret, e);
}

int registry_catalog(struct fetch_client *fc, struct strv *ret, struct err *e)
{
	return each_page(fc, FETCH_CATALOG, "", take_repositories, ret, e);
}

static int take_results(void *ctx, const char *text, size_t len, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object **ret = ctx, *list = NULL;
	int r = *ret ? 0 : json_parse(text, len, "search", &o, e);

	if (r == 0 && o)
		r = json_get_array(o, "results", &list, e);
	if (r == 0 && list)
		*ret = json_object_get(list);
	return r;
}

int registry_search(struct fetch_client *fc, const char *term, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *list = NULL;
	int r = each_page(fc, FETCH_SEARCH, term, take_results, &list, e);

	if (r < 0)
		return r;
	*ret = list ? TAKE_PTR(list) : json_object_new_array();
	return *ret ? 0 : err_errno(e, ENOMEM, "search");
}

/* ---- referrers ---- */

void referrers_done(struct referrers *r)
{
	free(r->items);
	*r = (struct referrers){0};
}

static int add_referrer(struct json_object *o, const char *artifact_type, struct referrers *ret, struct err *e)
{
	struct descriptor d = {0};
	struct referrer *grown, *to;
	const char *media = "", *artifact = "";
	int r = descriptor_parse(o, &d, e);

	if (r == 0)
		r = json_get_str(o, "mediaType", &media, e);
	if (r == 0)
		r = json_get_str(o, "artifactType", &artifact, e);
	if (r < 0)
		return r;
	if (strlen(media) >= sizeof(to->media_type) || strlen(artifact) >= sizeof(to->artifact_type))
		return err_set(e, EINVAL, "a media type that is too long");
	if (artifact_type && strcmp(artifact_type, artifact) != 0)
		return 0;
	if (ret->n == REFERRERS_MAX)
		return err_set(e, E2BIG, "more than %d referrers", REFERRERS_MAX);
	grown = mem_regrow(ret->items, ret->n + 1, sizeof(*grown));
	if (!grown)
		return err_errno(e, ENOMEM, "referrers");
	ret->items = grown;
	to = &grown[ret->n++];
	*to = (struct referrer){.digest = d.digest, .size_bytes = d.size_bytes};
	memcpy(to->media_type, media, strlen(media) + 1);
	memcpy(to->artifact_type, artifact, strlen(artifact) + 1);
	return 0;
}

int referrers_parse(const char *text, size_t len, const char *artifact_type, struct referrers *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *list = NULL;
	int r = json_parse(text, len, "referrers", &o, e);

	if (r == 0)
		r = json_get_array(o, "manifests", &list, e);
	if (r < 0 || !list)
		return r;
	for (size_t i = 0; i < json_object_array_length(list) && r == 0; i++) {
		r = add_referrer(json_object_array_get_idx(list, i), artifact_type, ret, e);
		if (r < 0)
			err_wrap(e, r, "referrers: manifests[%zu]", i);
	}
	return r;
}

struct collecting {
	const char *artifact_type;
	struct referrers *ret;
};

static int take_referrers(void *ctx, const char *text, size_t len, struct err *e)
{
	struct collecting *c = ctx;

	return referrers_parse(text, len, c->artifact_type, c->ret, e);
}

int registry_referrers(struct fetch_client *fc, const struct digest *subject, const char *artifact_type, struct referrers *ret,
		       struct err *e)
{
	struct collecting c = {.artifact_type = artifact_type, .ret = ret};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	char tag[FETCH_WHAT_SIZE];
	int r = each_page(fc, FETCH_REFERRERS, subject->text, take_referrers, &c, e);

	if (r != -ENOENT)
		return r;
	err_clear(e);
	snprintf(tag, sizeof(tag), "sha256-%s", digest_hex(subject));
	r = registry_small(fc, FETCH_MANIFEST, tag, UINT64_MAX, NULL, &text, NULL, e);
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : referrers_parse(buf_str(&text), text.len, artifact_type, ret, e);
}
