/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Names come and go; data goes when the last name has. A removal deletes
 * references only, then collects. A kill between the two leaves data that
 * nothing refers to, which the next collection takes.
 */
#include "image/resolve.h"
#include "image/store_private.h"

#include <stdio.h>
#include <string.h>

static int lines_add(struct store_removed *ret, const char *word, const char *name, struct err *e)
{
	return strv_addf(&ret->lines, "%s: %s", word, name) < 0 ? err_errno(e, ENOMEM, "remove") : 0;
}

/* Names of the image here that are not nameless references. */
static size_t count_names(const struct ref_list *all, const struct digest *id)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += digest_equal(&all->items[i].id, id) && !all->items[i].shared && !ref_is_nameless(&all->items[i]);
	return n;
}

/* A shared store has it under some name. */
static bool is_shared(const struct ref_list *all, const struct digest *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].shared && digest_equal(&all->items[i].id, id))
			return true;
	return false;
}

static bool is_ours(const struct ref_list *all, const struct digest *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->items[i].shared && digest_equal(&all->items[i].id, id))
			return true;
	return false;
}

static int used_by_build(const char *text, struct err *e)
{
	int r = err_set(e, EBUSY, "%s: image is in use by a build", text);

	err_hint(e, "wait for the build's end");
	return r;
}

/* -EBUSY when a container is of the image, or a build uses it. */
static int check_unused(const struct strv *uses, const char *text, const struct digest *id, struct err *e)
{
	const char *container = strv_env_get(uses, digest_hex(id));
	int r;

	if (!container)
		return 0;
	if (!*container)
		return used_by_build(text, e);
	r = err_set(e, EBUSY, "%s: image is in use by container %.12s", text, container);
	err_hint(e, "remove the container first, or use --force to remove both");
	return r;
}

static int remove_all_names(struct store *st, const struct ref_list *all, const struct digest *id,
			    struct store_removed *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct ref *ref = &all->items[i];

		if (ref->shared || !digest_equal(&ref->id, id))
			continue;
		if (!ref_is_nameless(ref))
			r = lines_add(ret, "Untagged", ref->name, e);
		if (r == 0)
			r = ref_remove(st, ref->name, e);
	}
	return r < 0 || is_shared(all, id) ? r : lines_add(ret, "Deleted", digest_hex(id), e);
}

/* Those that go with an image. */
static int find_steps(struct store *st, const struct ref_list *all, const struct digest *id, const struct strv *uses,
		      struct strv *ret, struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = {0};
	bool any = false;
	int r;

	for (size_t i = 0; i < all->n && !any; i++)
		any = ref_is_nameless(&all->items[i]) && !digest_equal(&all->items[i].id, id);
	/* of a thousand images none need be read then */
	if (!any)
		return 0;
	r = store_list(st, &l, NULL, e);
	for (size_t i = 0; i < l.n && r == 0; i++)
		if (strcmp(l.items[i]->id, digest_hex(id)) == 0 && image_steps_of(&l, l.items[i], uses, ret) < 0)
			r = err_errno(e, ENOMEM, "images");
	return r;
}

/* A kill in between leaves steps without an image, which image prune takes. */
static int remove_with_steps(struct store *st, const struct ref_list *all, const struct digest *id, const struct strv *uses,
			     struct store_removed *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv steps = {0};
	int r = ret->keep_steps ? 0 : find_steps(st, all, id, uses, &steps, e);

	if (r == 0)
		r = remove_all_names(st, all, id, ret, e);
	for (size_t i = 0; i < steps.n && r == 0; i++) {
		struct digest step;

		digest_from_hex(steps.items[i], &step);
		r = remove_all_names(st, all, &step, ret, e);
	}
	return r;
}

/* 1: the image goes with what was found; 0: only names of it do. */
static int goes_with(const char *text, const struct ref_list *all, const struct ref *found, enum resolve_by by, struct err *e)
{
	if (by == RESOLVE_NAME ? found->shared : !is_ours(all, &found->id))
		return err_set(e, EROFS, "%s: cannot remove read-only image \"%s\": it is a shared store's", text, digest_hex(&found->id));
	return !is_shared(all, &found->id) && !(by == RESOLVE_NAME && count_names(all, &found->id) > 1);
}

static int remove_found(struct store *st, const char *text, const struct ref_list *all, const struct ref *found,
			enum resolve_by by, bool force, const struct strv *uses, struct store_removed *ret, struct err *e)
{
	size_t names = count_names(all, &found->id);
	int r = goes_with(text, all, found, by, e);

	if (r < 0)
		return r;
	if (by == RESOLVE_NAME && names > 1) {
		r = lines_add(ret, "Untagged", found->name, e);
		return r < 0 ? r : ref_remove(st, found->name, e);
	}
	r = is_shared(all, &found->id) ? 0 : check_unused(uses, text, &found->id, e);
	if (r < 0)
		return r;
	if (by == RESOLVE_ID && names > 1 && !force) {
		r = err_set(e, ENOTUNIQ, "unable to delete image %.12s by ID with more than one tag: please force removal",
			    digest_hex(&found->id));
		err_hint(e, "--force removes all of its names");
		return r;
	}
	return remove_with_steps(st, all, &found->id, uses, ret, e);
}

int store_remove_goes(struct store *st, const char *text, char ret_id[static DIGEST_HEX_SIZE], struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	const struct ref *found = NULL;
	enum resolve_by by = RESOLVE_NAME;
	int r = refs_load(st, &all, e);

	if (r == 0)
		r = resolve_ref(&all, text, &found, &by, e);
	if (r < 0)
		return r;
	snprintf(ret_id, DIGEST_HEX_SIZE, "%s", digest_hex(&found->id));
	return goes_with(text, &all, found, by, e);
}

int store_own_ids(struct store *st, struct strv *ret, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	int r = refs_load(st, &all, e);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		const char *id = digest_hex(&all.items[i].id);

		if (!all.items[i].shared && strv_find(ret, id) < 0 && strv_add(ret, id) < 0)
			r = err_errno(e, ENOMEM, "images");
	}
	return r;
}

/* Those of builds, of which none is added while their lock is held, and then the containers'. */
static int all_uses(struct store *st, const struct strv *containers, struct strv *ret, struct err *e)
{
	int r = staging_uses(st, ret, e);

	if (r == 0 && ret->n > 0)
		r = store_index_uses(st, ret, e);
	if (r == 0 && containers && strv_add_all(ret, containers->items) < 0)
		r = err_errno(e, ENOMEM, "containers");
	return r;
}

int store_check_builds(struct store *st, const char *text, const char *id, struct err *e)
{
	_cleanup_(strv_done) struct strv uses = {0};
	int r = all_uses(st, NULL, &uses, e);

	return r < 0 ? r : strv_env_get(&uses, id) ? used_by_build(text, e) : 0;
}

/* Without the collection after it. */
static int remove_refs(struct store *st, const char *text, bool force, const struct strv *containers, struct store_removed *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv uses = {0};
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_close_ int lock = -EBADF;
	const struct ref *found = NULL;
	enum resolve_by by = RESOLVE_NAME;
	int r = staging_lock_uses(st, &lock, e);

	if (r == 0)
		r = all_uses(st, containers, &uses, e);
	if (r == 0)
		r = refs_load(st, &all, e);
	if (r == 0)
		r = resolve_ref(&all, text, &found, &by, e);
	return r == 0 ? remove_found(st, text, &all, found, by, force, &uses, ret, e) : r;
}

int store_remove(struct store *st, const char *text, bool force, const struct strv *uses, struct store_removed *ret,
		 struct err *e)
{
	int r = remove_refs(st, text, force, uses, ret, e);

	return r < 0 ? r : store_sweep(st, e);
}

static void ref_of_image(const struct image *img, struct ref *ret)
{
	*ret = (struct ref){.digest = img->digest, .is_index = img->is_index};
	digest_from_hex(img->id, &ret->id);
}

int store_tag(struct store *st, const struct image *img, const char *name, struct err *e)
{
	char text[REFERENCE_TEXT_SIZE];
	struct reference parsed;
	struct ref ref;
	int r;

	r = reference_parse(name, &parsed, e);
	if (r < 0)
		return r;
	if (digest_is_set(&parsed.digest))
		return err_set(e, EINVAL, "%s: a name to give cannot hold a digest", name);
	reference_set_default_tag(&parsed);
	if (!parsed.domain[0])
		r = reference_set_domain(&parsed, "localhost", e);
	if (r < 0)
		return r;
	reference_text(&parsed, text);
	ref_of_image(img, &ref);
	ref.trust = img->trust ? (char *)(uintptr_t)json_text(img->trust, NULL) : NULL;
	ref.name = text;
	return ref_write(st, &ref, e);
}

/* That one, or NULL: all of them. */
static int remove_names(struct store *st, const struct ref_list *all, const struct digest *id, const struct ref *one, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct ref *ref = &all->items[i];

		if (digest_equal(&ref->id, id) && !ref->shared && !ref_is_nameless(ref) && (!one || one == ref))
			r = ref_remove(st, ref->name, e);
	}
	return r;
}

static int check_writable(const struct ref_list *all, const struct digest *id, const struct ref *found, struct err *e)
{
	if (found ? !found->shared : is_ours(all, id))
		return 0;
	return err_set(e, EROFS, "%s: a shared store's, which is read-only", found ? found->name : digest_hex(id));
}

int store_untag(struct store *st, const struct image *img, const char *name, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_(ref_done) struct ref nameless = {0};
	const struct ref *found = NULL;
	enum resolve_by by;
	struct ref of;
	int r;

	ref_of_image(img, &of);
	of.trust = img->trust ? (char *)(uintptr_t)json_text(img->trust, NULL) : NULL;
	r = refs_load(st, &all, e);
	if (r == 0 && name)
		r = resolve_ref(&all, name, &found, &by, e);
	if (r < 0)
		return r;
	if (found && (by != RESOLVE_NAME || !digest_equal(&found->id, &of.id)))
		return err_set(e, ENOENT, "%s: no name of this image", name);
	r = check_writable(&all, &of.id, found, e);
	if (r < 0)
		return r;
	/* first the reference that keeps it, then the names go */
	if (!name || count_names(&all, &of.id) == 1) {
		r = ref_nameless(&of, &nameless, e);
		if (r == 0)
			r = ref_write(st, &nameless, e);
	}
	return r < 0 ? r : remove_names(st, &all, &of.id, found, e);
}

static int add_image(struct store *st, const struct ref *r, const struct ref_list *all, struct image_list *l, size_t *damaged)
{
	struct err ignored = {0};
	struct image *img = NULL;
	int res = image_load(st, r, all, -EBADF, &img, &ignored);

	if (res == -ENOMEM)
		return res;
	if (res < 0)
		(*damaged)++;
	else
		l->items[l->n++] = img;
	return 0;
}

static int by_created(const void *a, const void *b)
{
	const struct image *const *x = a, *const *y = b;
	const char *cx = (*x)->config->created, *cy = (*y)->config->created;
	int r = strcmp(cy ? cy : "", cx ? cx : "");

	return r ? r : strcmp((*x)->id, (*y)->id);
}

/* One image per id: true for the first of its references. */
static bool is_first(const struct ref_list *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (digest_equal(&all->items[k].id, &all->items[i].id))
			return false;
	return true;
}

int store_list(struct store *st, struct image_list *ret, size_t *ret_damaged, struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = {0};
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_close_ int pin = -EBADF;
	size_t damaged;
	int r;

	r = store_pin(st, &pin, e);
	if (r == 0)
		r = refs_load(st, &all, e);
	if (r < 0)
		return r;
	damaged = all.damaged;
	l.items = mem_array(all.n, sizeof(struct image *));
	if (!l.items)
		return err_errno(e, ENOMEM, "images");
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (is_first(&all, i))
			r = add_image(st, &all.items[i], &all, &l, &damaged);
	if (r < 0)
		return err_errno(e, -r, "images");
	if (l.n)
		qsort(l.items, l.n, sizeof(struct image *), by_created);
	if (ret_damaged)
		*ret_damaged = damaged;
	*ret = l;
	l = (struct image_list){0};
	return 0;
}

void image_list_done(struct image_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		image_free(l->items[i]);
	free(l->items);
	*l = (struct image_list){0};
}
