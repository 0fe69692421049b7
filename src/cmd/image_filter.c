/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One row per key; an unknown key is an error that names those there are. */
#include "cmd/image_filter.h"

#include "base/clock.h"
#include "base/parse.h"
#include "oci/image_config.h"
#include "oci/reference.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

void image_filter_done(struct image_filter *f)
{
	strv_done(&f->references);
	strv_done(&f->labels);
	strv_done(&f->ids);
}

static struct timespec created_of(const struct image *img)
{
	struct timespec t = CLOCK_NEVER;

	if (img->config->created)
		(void)!clock_parse_rfc3339(img->config->created, &t);
	return t;
}

static int moment_of(struct store *st, const char *name, struct timespec *ret, bool *has, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	int r = store_resolve(st, name, &img, e);

	if (r < 0)
		return r;
	*ret = created_of(img);
	*has = true;
	return 0;
}

static int take_before(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	return moment_of(st, v, &f->before, &f->has_before, e);
}
static int take_since(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	return moment_of(st, v, &f->since, &f->has_since, e);
}
static int take_dangling(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	bool yes;

	(void)st;
	if (parse_bool(v, &yes) < 0)
		return err_set(e, EINVAL, "filter dangling=%s: not true or false", v);
	f->dangling = yes ? 1 : -1;
	return 0;
}
static int take_intermediate(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	bool yes;

	(void)st;
	if (parse_bool(v, &yes) < 0)
		return err_set(e, EINVAL, "filter intermediate=%s: not true or false", v);
	f->nothing |= yes;
	return 0;
}
static int take_id(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	(void)st;
	return strv_add(&f->ids, v) < 0 ? err_errno(e, ENOMEM, "filter") : 0;
}
static int take_label(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	(void)st;
	return strv_add(&f->labels, v) < 0 ? err_errno(e, ENOMEM, "filter") : 0;
}
static int take_reference(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	(void)st;
	return strv_add(&f->references, v) < 0 ? err_errno(e, ENOMEM, "filter") : 0;
}

static const struct {
	const char *key;
	int (*take)(struct image_filter *f, struct store *st, const char *value, struct err *e);
} keys[] = {
	{"before", take_before}, {"dangling", take_dangling},   {"id", take_id},       {"intermediate", take_intermediate},
	{"label", take_label},   {"reference", take_reference}, {"since", take_since},
};

static int take(struct image_filter *f, struct store *st, const char *text, struct err *e)
{
	size_t len = strcspn(text, "=");

	if (text[len] != '=')
		return err_set(e, EINVAL, "filter \"%s\": not of the form KEY=VALUE", text);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].key) == len && strncmp(keys[i].key, text, len) == 0)
			return keys[i].take(f, st, text + len + 1, e);
	err_set(e, EINVAL, "filter \"%s\": no such key", text);
	err_hint(e, "before, dangling, id, intermediate, label, reference, since");
	return -EINVAL;
}

int image_filter_parse(const struct strv *filters, const char *name, struct store *st, struct image_filter *ret,
		       struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < filters->n && r == 0; i++)
		r = take(ret, st, filters->items[i], e);
	if (r == 0 && name)
		r = take_reference(ret, st, name, e);
	return r;
}

static bool match_label(const struct image *img, const char *want)
{
	struct json_object *value;
	size_t len = strcspn(want, "=");
	char key[512];

	if (!img->config->labels || len >= sizeof(key))
		return false;
	memcpy(key, want, len);
	key[len] = '\0';
	if (!json_object_object_get_ex(img->config->labels, key, &value))
		return false;
	return want[len] == '\0' || strcmp(json_object_get_string(value), want + len + 1) == 0;
}

/* "debian" is "x/debian:any", "debian:12" only that tag; a pattern goes over name and repository. */
static bool match_name(const char *name, const char *want)
{
	struct reference have, ref;
	char repository[REFERENCE_TEXT_SIZE];

	if (reference_parse(name, &have, NULL) < 0)
		return false;
	reference_repository(&have, repository);
	if (fnmatch(want, name, 0) == 0 || fnmatch(want, repository, 0) == 0 || fnmatch(want, have.path, FNM_PATHNAME) == 0)
		return true;
	if (reference_parse(want, &ref, NULL) < 0)
		return false;
	if (ref.tag[0] && strcmp(ref.tag, have.tag) != 0)
		return false;
	if (ref.domain[0])
		return strcmp(ref.domain, have.domain) == 0 && strcmp(ref.path, have.path) == 0;
	return reference_path_matches(&have, ref.path);
}

static bool match_reference(const struct image *img, const char *want)
{
	for (size_t i = 0; i < img->names.n; i++)
		if (match_name(img->names.items[i], want))
			return true;
	for (size_t i = 0; i < img->repo_digests.n; i++)
		if (strcmp(img->repo_digests.items[i], want) == 0)
			return true;
	return false;
}

static bool match_id(const struct image *img, const char *want)
{
	if (strncmp(want, "sha256:", 7) == 0)
		want += 7;
	return *want && strncmp(img->id, want, strlen(want)) == 0;
}

static bool any(const struct strv *list, const struct image *img, bool (*match)(const struct image *, const char *))
{
	for (size_t i = 0; i < list->n; i++)
		if (match(img, list->items[i]))
			return true;
	return list->n == 0;
}

bool image_filter_match(const struct image_filter *f, const struct image *img)
{
	const struct timespec created = created_of(img);

	if (f->nothing || (f->dangling && (f->dangling > 0) != (img->names.n == 0)))
		return false;
	if (f->has_before && clock_compare(&created, &f->before) >= 0)
		return false;
	if (f->has_since && clock_compare(&created, &f->since) <= 0)
		return false;
	for (size_t i = 0; i < f->labels.n; i++)
		if (!match_label(img, f->labels.items[i]))
			return false;
	return any(&f->references, img, match_reference) && any(&f->ids, img, match_id);
}
