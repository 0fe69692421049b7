/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What a user's word for an image means here. Names go before ids, as in
 * podman; an exact name before a short one; and a short one ("debian") means
 * the only repository that ends so, with localhost/ and docker.io/library/
 * going first, in that order. Two repositories that hold the same image are
 * no ambiguity.
 */
#include "image/resolve.h"

#include "image/store_private.h"

#include <stdio.h>
#include <string.h>

static bool same_repository(const struct reference *a, const struct reference *b)
{
	return strcmp(a->domain, b->domain) == 0 && strcmp(a->path, b->path) == 0;
}

/* 3: localhost/NAME, 2: docker.io/library/NAME, 1: another that ends so, 0: not meant. */
static unsigned match_short(const struct reference *have, const struct reference *want)
{
	if (!reference_path_matches(have, want->path))
		return 0;
	if (strcmp(have->domain, "localhost") == 0 && strcmp(have->path, want->path) == 0)
		return 3;
	if (strcmp(have->domain, "docker.io") == 0 && strncmp(have->path, "library/", 8) == 0 &&
	    strcmp(have->path + 8, want->path) == 0)
		return 2;
	return 1;
}

/* Whether reference `r` is one that `want` can mean, and how well. */
static unsigned match(const struct ref *r, const struct reference *want)
{
	struct reference have;

	if (ref_is_nameless(r) || reference_parse(r->name, &have, NULL) < 0)
		return 0;
	if (digest_is_set(&want->digest)) {
		if (!digest_equal(&want->digest, &r->digest) && !digest_equal(&want->digest, &r->index))
			return 0;
	} else if (digest_is_set(&have.digest) || strcmp(want->tag, have.tag) != 0) {
		/* what came by its digest was judged as that, and answers to no tag */
		return 0;
	}
	if (want->domain[0])
		return same_repository(want, &have) ? 4 : 0;
	return match_short(&have, want);
}

static int ambiguous(const char *text, const struct ref *a, const struct ref *b, struct err *e)
{
	int r = err_set(e, EEXIST, "%s: it could be several images here", text);

	err_hint(e, "write the whole name: %s or %s", a->name, b->name);
	return r;
}

static int find_by_name(const struct ref_list *all, const char *text, const struct reference *want,
			const struct ref **ret, struct err *e)
{
	const struct ref *best = NULL, *rival = NULL;
	unsigned best_score = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct ref *r = &all->items[i];
		unsigned score = match(r, want);

		if (score > best_score) {
			best = r;
			rival = NULL;
			best_score = score;
		} else if (score && score == best_score && !digest_equal(&r->id, &best->id)) {
			rival = r;
		}
	}
	if (best && rival)
		return ambiguous(text, best, rival, e);
	*ret = best;
	return best ? 0 : -ENOENT;
}

static int find_by_id(const struct ref_list *all, const char *text, const struct ref **ret, struct err *e)
{
	const char *hex = strncmp(text, "sha256:", 7) == 0 ? text + 7 : text;
	const struct ref *best = NULL;

	if (!digest_is_hex_prefix(hex))
		return -ENOENT;
	for (size_t i = 0; i < all->n; i++) {
		const struct ref *r = &all->items[i];

		if (strncmp(digest_hex(&r->id), hex, strlen(hex)) != 0)
			continue;
		if (best && !digest_equal(&best->id, &r->id)) {
			err_set(e, EEXIST, "%s: several image ids begin so", text);
			return -EEXIST;
		}
		/* by its id it is found without a name */
		if (!best)
			best = r;
	}
	*ret = best;
	return best ? 0 : -ENOENT;
}

int resolve_ref(const struct ref_list *all, const char *text, const struct ref **ret, enum resolve_by *ret_by, struct err *e)
{
	struct reference want;
	struct err bad = {0};
	int named, r;

	named = reference_parse(text, &want, &bad);
	if (named == 0) {
		reference_set_default_tag(&want);
		*ret_by = RESOLVE_NAME;
		r = find_by_name(all, text, &want, ret, e);
		if (r != -ENOENT)
			return r;
	}
	*ret_by = RESOLVE_ID;
	r = find_by_id(all, text, ret, e);
	if (r != -ENOENT)
		return r;
	if (named < 0 && !digest_is_hex_prefix(strncmp(text, "sha256:", 7) == 0 ? text + 7 : text)) {
		if (e)
			*e = bad;
		return named;
	}
	return err_set(e, ENOENT, "%s: image not known", text);
}

/* The exact name first: one small file, and no directory to list. */
static int load_exact(struct store *st, const char *text, struct ref *ret)
{
	char name[REFERENCE_TEXT_SIZE];
	struct reference want;

	if (reference_parse(text, &want, NULL) < 0)
		return -ENOENT;
	if (!want.domain[0] || digest_is_set(&want.digest))
		return -ENOENT;
	reference_set_default_tag(&want);
	reference_text(&want, name);
	return ref_load(st, name, ret, NULL);
}

/* How a word is read where it means an index. */
struct reading {
	bool as_index;
	const struct platform *platform; /* NULL: this host's */
};

static int load_found(struct store *st, const struct ref *found, const struct ref_list *all, const struct reading *how, int pin_fd,
		      struct image **ret, struct err *e)
{
	_cleanup_(ref_done) struct ref picked = {0};
	int r;

	if (!found->is_index || how->as_index)
		return image_load(st, found, all, pin_fd, ret, e);
	r = index_pick_ref(st, found, how->platform, &picked, e);
	return r < 0 ? r : image_load(st, &picked, NULL, pin_fd, ret, e);
}

/* An id that no reference has may be that of an image in an index. */
static int resolve_instance(struct store *st, const struct ref_list *all, const char *text, int pin_fd, struct image **ret, struct err *e)
{
	const char *hex = strncmp(text, "sha256:", 7) == 0 ? text + 7 : text;
	_cleanup_(ref_done) struct ref found = {0};
	struct err own = {0};
	int r;

	if (!digest_is_hex_prefix(hex))
		return -ENOENT;
	r = index_find_instance(st, all, hex, &found, &own);
	if (r == -ENOENT)
		return r;
	if (r == 0) {
		err_clear(e);
		return image_load(st, &found, NULL, pin_fd, ret, e);
	}
	if (e)
		*e = own;
	return r;
}

static int resolve_pinned(struct store *st, const char *text, const struct reading *how, int pin_fd, struct image **ret, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_(ref_done) struct ref exact = {0};
	const struct ref *found = NULL;
	enum resolve_by by = RESOLVE_ID;
	int r;

	if (load_exact(st, text, &exact) == 0)
		return load_found(st, &exact, NULL, how, pin_fd, ret, e);
	r = refs_load(st, &all, e);
	if (r == 0)
		r = resolve_ref(&all, text, &found, &by, e);
	if (r == 0)
		r = load_found(st, found, &all, how, pin_fd, ret, e);
	else if (r == -ENOENT)
		r = resolve_instance(st, &all, text, pin_fd, ret, e);
	if (r == 0 && by == RESOLVE_ID) {
		free((*ret)->name);
		(*ret)->name = NULL;
	}
	return r;
}

static int resolve(struct store *st, const char *text, const struct reading *how, struct image **ret, struct err *e)
{
	_cleanup_close_ int pin = -EBADF;
	int r;

	r = store_pin(st, &pin, e);
	if (r == 0)
		r = resolve_pinned(st, text, how, pin, ret, e);
	if (r == 0)
		(void)TAKE_FD(pin);
	return r;
}

int store_resolve(struct store *st, const char *text, struct image **ret, struct err *e)
{
	return resolve(st, text, &(struct reading){.as_index = false}, ret, e);
}

int store_resolve_for(struct store *st, const char *text, const struct platform *platform, struct image **ret, struct err *e)
{
	return resolve(st, text, &(struct reading){.platform = platform}, ret, e);
}

int store_resolve_any(struct store *st, const char *text, struct image **ret, struct err *e)
{
	return resolve(st, text, &(struct reading){.as_index = true}, ret, e);
}
