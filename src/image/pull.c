/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What a user's word for an image leads to. A short name ("debian") is looked
 * for here first, then among the aliases of registries.conf, then in the
 * registries that it lists for such names: the one that the user chooses, or in
 * order; docker.io is not assumed.
 */
#include "image/pull.h"

#include "image/archive.h"
#include "image/copy.h"
#include "image/progress.h"
#include "image/registry_pull.h"
#include "image/store_private.h"
#include "registry/listing.h"
#include "registry/session.h"
#include "registry/short_name.h"

#include <stdio.h>
#include <string.h>

#define DOCKER_TRANSPORT "docker://"

int pull_policy_parse(const char *word, enum pull_policy *ret, struct err *e)
{
	static const struct {
		const char *word;
		enum pull_policy policy;
	} words[] = {
		{"missing", PULL_MISSING}, {"ifmissing", PULL_MISSING}, {"false", PULL_MISSING}, {"", PULL_MISSING},
		{"always", PULL_ALWAYS},   {"true", PULL_ALWAYS},       {"newer", PULL_NEWER},   {"ifnewer", PULL_NEWER},
		{"never", PULL_NEVER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, word) == 0) {
			*ret = words[i].policy;
			return 0;
		}
	return err_set(e, EINVAL, "pull policy \"%s\": not always, missing, newer or never", word);
}

/* An image that is here, of another platform than was asked for, is not the one. */
static bool is_of_platform(const struct image *img, const struct pull_options *o)
{
	struct platform want;

	if (!o->platform)
		return true;
	return platform_parse(o->platform, &want, NULL) == 0 && platform_match(&want, &img->config->platform) > 0;
}

/* 0: it is here. -ENOENT: it is not. */
static int find_here(struct store *st, const char *source, const struct pull_options *o, struct image **ret, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	struct platform want;
	int r = o->platform ? platform_parse(o->platform, &want, e) : 0;

	if (r == 0)
		r = store_resolve_for(st, source, o->platform ? &want : NULL, &img, e);
	if (r < 0)
		return r;
	if (!is_of_platform(img, o))
		return -ENOENT;
	*ret = TAKE_PTR(img);
	return 0;
}

static int pull_one(struct store *st, const struct reference *ref, const struct registries *conf,
		    const struct pull_options *o, struct image **ret, struct err *e)
{
	char text[REFERENCE_TEXT_SIZE];
	int r;

	reference_text(ref, text);
	progress_say(o->progress, "Trying to pull %s...", text);
	r = registry_pull(st, ref, conf, o, ret, e);
	return r < 0 ? err_wrap(e, r, "pull %s", text) : 0;
}

static int pull_alias(struct store *st, const struct reference *want, const char *full, const struct registries *conf,
		      const struct pull_options *o, struct image **ret, struct err *e)
{
	struct reference ref;
	int r = reference_parse(full, &ref, e);

	if (r == 0 && !ref.domain[0])
		r = err_set(e, EINVAL, "%s names no registry", full);
	if (r < 0)
		return err_wrap(e, r, "registries.conf: alias of %s", want->path);
	memcpy(ref.tag, want->tag, sizeof(ref.tag));
	ref.digest = want->digest;
	reference_set_default_tag(&ref);
	progress_say(o->progress, "Resolved \"%s\" as an alias", want->path);
	return pull_one(st, &ref, conf, o, ret, e);
}

static int candidates_of(const struct reference *want, const struct registries *conf, struct strv *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < conf->search.n && r == 0; i++) {
		char text[REFERENCE_TEXT_SIZE];
		struct reference ref = *want;

		r = reference_set_domain(&ref, conf->search.items[i], e);
		if (r < 0)
			return r;
		reference_text(&ref, text);
		r = strv_add(ret, text);
	}
	return r < 0 ? err_errno(e, -r, "registries.conf") : 0;
}

/* The user says which one, and is not asked of that name again. */
static int pull_chosen(struct store *st, const struct reference *want, const struct registries *conf,
		       const struct pull_options *o, struct image **ret, struct err *e)
{
	_cleanup_(strv_done) struct strv candidates = {0};
	char repository[REFERENCE_TEXT_SIZE];
	struct reference ref = *want;
	struct err unwritten = {0};
	size_t at = 0;
	int r = candidates_of(want, conf, &candidates, e);

	if (r == 0 && !o->choose) {
		err_set(e, EINVAL, "short name \"%s\": %zu registries may be meant, short-name-mode is enforcing in registries.conf, and nobody can be asked",
			want->path, conf->search.n);
		err_hint(e, "write the registry too, such as %s", candidates.items[0]);
		return -EINVAL;
	}
	if (r == 0)
		r = o->choose(want->path, &candidates, &at, e);
	if (r == 0)
		r = reference_set_domain(&ref, conf->search.items[at], e);
	if (r == 0)
		r = pull_one(st, &ref, conf, o, ret, e);
	if (r < 0)
		return r;
	reference_repository(&ref, repository);
	if (short_name_record(&o->access, want->path, repository, &unwritten) < 0)
		progress_say(o->progress, "The answer was not kept: %s", unwritten.text);
	return 0;
}

static bool is_to_be_chosen(const struct registries *conf, const struct pull_options *o)
{
	return conf->search.n > 1 && conf->short_names != SHORT_NAME_DISABLED && (o->choose || conf->short_names == SHORT_NAME_ENFORCING);
}

/* A name without a registry. The first failure is told: later ones are of second choices. */
static int pull_short(struct store *st, const struct reference *want, const struct registries *conf,
		      const struct pull_options *o, struct image **ret, struct err *e)
{
	const char *alias = registries_alias(conf, want->path);
	struct err first = {0}, *at = &first;
	int r = -ENOENT, first_r = 0;

	if (alias)
		return pull_alias(st, want, alias, conf, o, ret, e);
	if (conf->search.n == 0) {
		err_set(e, ENOENT, "short name \"%s\" is no image here, no alias, and registries.conf names no "
			"unqualified-search-registries", want->path);
		err_hint(e, "write the registry too, such as docker.io/library/%s", want->path);
		return -ENOENT;
	}
	if (is_to_be_chosen(conf, o))
		return pull_chosen(st, want, conf, o, ret, e);
	/* a password is for one registry, and the first one is a guess */
	if (o->access.creds && conf->search.n > 1) {
		err_set(e, EINVAL, "short name \"%s\" with --creds: registries.conf names %zu registries for it", want->path, conf->search.n);
		err_hint(e, "write the registry too, such as %s/%s", conf->search.items[0], want->path);
		return -EINVAL;
	}
	for (size_t i = 0; i < conf->search.n && r < 0; i++) {
		struct reference ref = *want;

		r = reference_set_domain(&ref, conf->search.items[i], at);
		if (r == 0)
			r = pull_one(st, &ref, conf, o, ret, at);
		first_r = first_r ? first_r : r;
		at = NULL;
	}
	if (r < 0 && e)
		*e = first;
	return r < 0 ? first_r : 0;
}

static int pull_from_registry(struct store *st, const char *source, const struct pull_options *o, struct image **ret,
			      struct err *e)
{
	_cleanup_(registries_freep) struct registries *conf = NULL;
	struct reference ref;
	int r = copy_refuse_transport(source, e);

	if (r == 0)
		r = reference_parse(source, &ref, e);
	if (r == 0)
		r = registries_load(&o->access, &conf, e);
	if (r < 0 || !conf)
		return r;
	reference_set_default_tag(&ref);
	return ref.domain[0] ? pull_one(st, &ref, conf, o, ret, e) : pull_short(st, &ref, conf, o, ret, e);
}

/* What is here will do for --pull=newer when the registry cannot be reached. */
static bool is_unreachable(int r)
{
	return r == -ECONNREFUSED || r == -EHOSTUNREACH || r == -ETIMEDOUT || r == -ENETUNREACH;
}

int pull_image(struct store *st, const char *source, const struct pull_options *o, struct image **ret, struct err *e)
{
	struct err pull_error = {0};
	bool sought, *said = o->ret_sought ? o->ret_sought : &sought;
	int r;

	*said = pull_is_archive(source);
	if (*said)
		return archive_pull(st, source, o, ret, e);
	if (strncmp(source, DOCKER_TRANSPORT, strlen(DOCKER_TRANSPORT)) == 0)
		source += strlen(DOCKER_TRANSPORT);
	if (o->policy == PULL_MISSING || o->policy == PULL_NEVER) {
		r = find_here(st, source, o, ret, e);
		if (r != -ENOENT || o->policy == PULL_NEVER)
			return r;
		err_clear(e);
	}
	*said = true;
	r = pull_from_registry(st, source, o, ret, &pull_error);
	if (r < 0 && o->policy == PULL_NEWER && is_unreachable(r) && find_here(st, source, o, ret, NULL) == 0)
		return 0;
	if (r < 0 && e)
		*e = pull_error;
	return r;
}

/* What is needed to ask a registry about a repository: its whole name, and a worker. */
static int connect_repository(const char *source, const struct pull_options *o, struct reference *ref, struct fetch_client *fc, struct err *e)
{
	const struct registry_need need = {.push = false};
	_cleanup_(registries_freep) struct registries *conf = NULL;
	struct registry_place place;
	const char *alias;
	int r;

	if (strncmp(source, DOCKER_TRANSPORT, strlen(DOCKER_TRANSPORT)) == 0)
		source += strlen(DOCKER_TRANSPORT);
	r = reference_parse(source, ref, e);
	if (r == 0)
		r = registries_load(&o->access, &conf, e);
	if (r < 0)
		return r;
	alias = ref->domain[0] ? NULL : registries_alias(conf, ref->path);
	if (alias)
		r = reference_parse(alias, ref, e);
	else if (!ref->domain[0])
		r = err_set(e, EINVAL, "%s: it names no registry", source);
	if (r == 0)
		r = registry_place(ref, conf, &place, e);
	return r < 0 ? r : registry_connect(&place, &need, &o->access, fc, e);
}

int pull_list_tags(const char *source, const struct pull_options *o, struct strv *ret, struct err *e)
{
	_cleanup_(fetch_stop) struct fetch_client fc = FETCH_CLIENT_INIT;
	_cleanup_(strv_done) struct strv tags = {0};
	char repository[REFERENCE_TEXT_SIZE];
	struct reference ref;
	int r = connect_repository(source, o, &ref, &fc, e);

	if (r == 0 && (ref.tag[0] || digest_is_set(&ref.digest)))
		r = err_set(e, EINVAL, "%s: all tags of a repository, which is named without one", source);
	if (r == 0)
		r = registry_tags(&fc, &tags, e);
	if (r < 0)
		return r;
	reference_repository(&ref, repository);
	for (size_t i = 0; i < tags.n && r == 0; i++) {
		_cleanup_free_ char *name = NULL;
		struct reference checked;

		if (asprintf(&name, "%s:%s", repository, tags.items[i]) < 0)
			return err_errno(e, ENOMEM, "tags");
		/* a registry's word for a tag: one that cannot be is none */
		if (reference_parse(name, &checked, NULL) == 0)
			r = strv_consume(ret, TAKE_PTR(name));
	}
	return r < 0 ? err_errno(e, -r, "tags") : 0;
}
