/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One row per key; an unknown key is an error that names those there are. */
#include "cmd/image_common.h"
#include "cmd/image_filter.h"

#include "base/clock.h"
#include "base/parse.h"
#include "engine/filter.h"
#include "oci/image_config.h"
#include "oci/reference.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

void image_filter_done(struct image_filter *f)
{
	strv_done(&f->references);
	strv_done(&f->labels);
	strv_done(&f->no_labels);
	strv_done(&f->uses);
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
static int take_bool(const char *key, const char *v, int *ret, struct err *e)
{
	bool yes;

	if (parse_bool(v, &yes) < 0)
		return err_set(e, EINVAL, "filter %s=%s: not true or false", key, v);
	*ret = yes ? 1 : -1;
	return 0;
}
static int take_dangling(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	(void)st;
	return take_bool("dangling", v, &f->dangling, e);
}
/* What never is here: images between those of two build steps. */
static int take_intermediate(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	int yes = 0, r = take_bool("intermediate", v, &yes, e);

	(void)st;
	f->nothing |= yes > 0;
	return r;
}
static int take_readonly(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	(void)st;
	return take_bool("readonly", v, &f->read_only, e);
}
static int take_containers(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	(void)st;
	/* other tools have no containers in this store */
	if (strcmp(v, "external") == 0) {
		f->nothing = true;
		return 0;
	}
	return take_bool("containers", v, &f->used, e);
}
static int take_until(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	struct timespec now = clock_now();

	(void)st;
	f->has_until = true;
	return clock_parse_moment(v, &now, &f->until) < 0 ? err_set(e, EINVAL, "filter until=%s: not a time, nor a duration", v) : 0;
}
static int take_no_label(struct image_filter *f, struct store *st, const char *v, struct err *e)
{
	(void)st;
	return strv_add(&f->no_labels, v) < 0 ? err_errno(e, ENOMEM, "filter") : 0;
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
	{"before", take_before}, {"containers", take_containers}, {"dangling", take_dangling},   {"id", take_id},
	{"intermediate", take_intermediate}, {"label", take_label}, {"label!", take_no_label}, {"readonly", take_readonly},
	{"reference", take_reference}, {"since", take_since}, {"until", take_until},
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
	err_hint(e, "before, containers, dangling, id, intermediate, label, label!, readonly, reference, since, until");
	return -EINVAL;
}

int image_filter_parse(const struct strv *filters, const char *name, struct store *st, struct engine *eng, struct image_filter *ret,
		       struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < filters->n && r == 0; i++)
		r = take(ret, st, filters->items[i], e);
	if (r == 0 && name)
		r = take_reference(ret, st, name, e);
	if (r == 0 && ret->used)
		r = image_uses(eng, &ret->uses, e);
	return r;
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
	if (f->read_only && (f->read_only > 0) != img->is_read_only)
		return false;
	if (f->has_before && clock_compare(&created, &f->before) >= 0)
		return false;
	if (f->has_since && clock_compare(&created, &f->since) <= 0)
		return false;
	if (f->has_until && clock_compare(&created, &f->until) >= 0)
		return false;
	if (f->used && (f->used > 0) != (image_count_uses(&f->uses, img->id) > 0))
		return false;
	for (size_t i = 0; i < f->labels.n; i++)
		if (!filter_has_word(img->config->labels, f->labels.items[i]))
			return false;
	for (size_t i = 0; i < f->no_labels.n; i++)
		if (filter_has_word(img->config->labels, f->no_labels.items[i]))
			return false;
	return any(&f->references, img, match_reference) && any(&f->ids, img, match_id);
}
