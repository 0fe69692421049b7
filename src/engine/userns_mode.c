/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * All maps here are from container IDs to the keeper's IDs; the keeper's own
 * map leads on to the host. In the keeper, 0 is the user and 1… are the
 * subordinate IDs, so:
 *
 *	private   c -> k the same, all of the keeper's
 *	nomap     c -> k+1: the user's own ID is not in the container
 *	keep-id   the user's host ID U -> 0, 0..U-1 -> 1..U, U+1.. -> U+1..
 *	auto      0..size-1 -> a slice that no other container of that kind holds
 *
 * Slices are taken from the top of the keeper's range down, since what the
 * containers that share the range use are its low IDs.
 *
 * Without subordinate IDs the keeper has the ID 0 alone. Then private and
 * keep-id still work with one line, and what needs more is an error that says so.
 */
#include "engine/userns_mode.h"

#include "base/parse.h"
#include "engine/ident.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID_MAX (ID_NONE - 1)

const char *userns_kind_name(enum userns_kind k)
{
	static const char *const names[] = {
		[USERNS_PRIVATE] = "private", [USERNS_HOST] = "host",   [USERNS_KEEP_ID] = "keep-id",
		[USERNS_AUTO] = "auto",       [USERNS_NOMAP] = "nomap", [USERNS_CUSTOM] = "custom",
	};

	return names[k];
}

/* ---- the text ---- */

static int parse_pair(struct userns_mode *m, const char *pair, struct err *e)
{
	static const struct {
		const char *key;
		size_t offset;
		ptrdiff_t has; /* offset of the flag, -1: none */
		unsigned kinds;
		uint32_t min;
	} keys[] = {
		{"uid", offsetof(struct userns_mode, uid), offsetof(struct userns_mode, has_uid), 1U << USERNS_KEEP_ID, 0},
		{"gid", offsetof(struct userns_mode, gid), offsetof(struct userns_mode, has_gid), 1U << USERNS_KEEP_ID, 0},
		{"size", offsetof(struct userns_mode, size), -1, 1U << USERNS_KEEP_ID | 1U << USERNS_AUTO, 1},
	};
	const char *eq = strchr(pair, '=');
	size_t len = eq ? (size_t)(eq - pair) : strlen(pair);

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strlen(keys[i].key) != len || strncmp(keys[i].key, pair, len) != 0 || !(keys[i].kinds & 1U << m->kind))
			continue;
		if (!eq || parse_u32(eq + 1, keys[i].min, ID_MAX, (uint32_t *)(void *)((char *)m + keys[i].offset)) < 0)
			return err_set(e, EINVAL, "%s: not a number from %u to %u", pair, keys[i].min, ID_MAX);
		if (keys[i].has >= 0)
			*(bool *)((char *)m + keys[i].has) = true;
		return 0;
	}
	return err_set(e, EINVAL, "%s: unknown for %s", pair, userns_kind_name(m->kind));
}

static int parse_pairs(struct userns_mode *m, const char *list, struct err *e)
{
	_cleanup_free_ char *copy = strdup(list);
	char *save = NULL;
	int r = 0;

	if (!copy)
		return err_errno(e, ENOMEM, "userns");
	if (!*copy)
		return err_set(e, EINVAL, "nothing after the colon");
	for (char *p = strtok_r(copy, ",", &save); p && r == 0; p = strtok_r(NULL, ",", &save))
		r = parse_pair(m, p, e);
	return r;
}

static int parse_kind(const char *text, struct userns_mode *m, struct err *e)
{
	static const struct {
		const char *word;
		enum userns_kind kind;
		bool pairs;
	} kinds[] = {
		{"", USERNS_PRIVATE, false},        {"private", USERNS_PRIVATE, false}, {"host", USERNS_HOST, false},
		{"keep-id", USERNS_KEEP_ID, true},  {"auto", USERNS_AUTO, true},        {"nomap", USERNS_NOMAP, false},
	};
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i].word) != len || strncmp(kinds[i].word, text, len) != 0)
			continue;
		m->kind = kinds[i].kind;
		if (!text[len])
			return 0;
		return kinds[i].pairs ? parse_pairs(m, text + len + 1, e)
				      : err_set(e, EINVAL, "%s takes no values", kinds[i].word);
	}
	if (strncmp(text, "ns:", 3) == 0 || strncmp(text, "container:", 10) == 0)
		return err_set(e, ENOTSUP, "joining another user namespace is not supported");
	return err_set(e, EINVAL, "not one of private, host, keep-id, auto, nomap");
}

/* One --uidmap value, checked without a host. */
static int check_triple(const char *text, struct id_extent *ret, bool *ret_is_host, struct err *e);

int userns_mode_parse(const struct container_options *o, struct userns_mode *ret, struct err *e)
{
	struct userns_mode m = {0};
	bool custom = o->uidmap.n > 0 || o->gidmap.n > 0;
	struct id_extent x;
	unsigned ident;
	bool is_host;
	int r;

	r = o->userns ? parse_kind(o->userns, &m, e) : 0;
	if (r < 0)
		return err_wrap(e, r, "--userns %s", o->userns);
	r = ident_parse(o->ident, &ident, e);
	if (r < 0)
		return r;
	if (ident & IDENT_UID) {
		/* a slice of its own is what names it */
		if (custom || (m.kind != USERNS_PRIVATE && m.kind != USERNS_AUTO))
			return err_set(e, EINVAL, "--ident uid needs --userns auto, and no --uidmap");
		m.kind = USERNS_AUTO;
	}
	if (custom) {
		if (m.kind != USERNS_PRIVATE)
			return err_set(e, EINVAL, "--userns %s and --uidmap or --gidmap exclude each other", o->userns);
		m.kind = USERNS_CUSTOM;
		m.uidmap = o->uidmap.n > 0 ? &o->uidmap : &o->gidmap;
		m.gidmap = o->gidmap.n > 0 ? &o->gidmap : &o->uidmap;
	}
	for (size_t i = 0; r == 0 && i < o->uidmap.n; i++)
		r = check_triple(o->uidmap.items[i], &x, &is_host, e);
	for (size_t i = 0; r == 0 && i < o->gidmap.n; i++)
		r = check_triple(o->gidmap.items[i], &x, &is_host, e);
	if (r == 0)
		*ret = m;
	return r;
}

static int next_field(const char **p, uint32_t min, uint32_t *ret)
{
	size_t len = strcspn(*p, ":");
	char digits[16];

	if (len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, *p, len);
	digits[len] = '\0';
	*p += len + ((*p)[len] == ':');
	return parse_u32(digits, min, ID_MAX, ret);
}

static int check_triple(const char *text, struct id_extent *ret, bool *ret_is_host, struct err *e)
{
	const char *p = text;
	struct id_extent x = {.count = 1};
	bool ok;

	if (strchr("+ug", *p) && *p)
		return err_set(e, ENOTSUP, "map %s: the flags +, u and g are not supported", text);
	ok = next_field(&p, 0, &x.inside) == 0 && *p;
	*ret_is_host = ok && *p == '@';
	p += *ret_is_host;
	ok = ok && next_field(&p, 0, &x.outside) == 0;
	if (ok && *p)
		ok = next_field(&p, 1, &x.count) == 0 && !*p;
	if (ok)
		ok = strspn(text, "0123456789:@") == strlen(text) && text[strlen(text) - 1] != ':';
	if (!ok || x.count > ID_NONE - x.inside || x.count > ID_NONE - x.outside)
		return err_set(e, EINVAL, "map %s: not CONTAINER_ID:KEEPER_ID[:COUNT] or CONTAINER_ID:@HOST_ID[:COUNT]", text);
	*ret = x;
	return 0;
}

/* ---- the map ---- */

/* How many IDs from 0 on the keeper has without a gap. */
static uint32_t keeper_size(const struct id_list *keeper)
{
	struct id_list l = *keeper;
	uint32_t size = 0;

	id_list_normalize(&l);
	for (size_t i = 0; i < l.n && l.extents[i].inside == size; i++)
		size += l.extents[i].count;
	return size;
}

static int need(int r, const char *what, struct err *e)
{
	return r == 0 ? 0 : err_errno(e, -r, "%s map", what);
}

static int too_few(uint32_t have, uint32_t want, struct err *e)
{
	int r = err_set(e, ERANGE, "%u IDs are needed and you have %u", want, have);

	err_hint(e, "an administrator can give you more: usermod --add-subuids FIRST-LAST --add-subgids FIRST-LAST USER");
	return r;
}

static int map_private(const struct id_list *keeper, struct id_list *ret, struct err *e)
{
	for (size_t i = 0; i < keeper->n; i++) {
		int r = id_list_add(ret, keeper->extents[i].inside, keeper->extents[i].inside, keeper->extents[i].count);

		if (r < 0)
			return need(r, "private", e);
	}
	return 0;
}

static int map_nomap(const struct id_list *keeper, struct id_list *ret, struct err *e)
{
	uint32_t size = keeper_size(keeper);

	if (size < 2)
		return too_few(size, 2, e);
	return need(id_list_add(ret, 0, 1, size - 1), "nomap", e);
}

/* `self` is the ID inside that the user gets. */
static int map_keep_id(const struct id_list *keeper, uint32_t self, uint32_t size, struct id_list *ret, struct err *e)
{
	uint32_t have = keeper_size(keeper), below, above;
	int r;

	if (have == 0)
		return too_few(0, 1, e);
	if (size == 0)
		size = have;
	if (size > have)
		return too_few(have, size, e);
	/* subordinate IDs first fill what is below `self`, then what is above it */
	below = self < size - 1 ? self : size - 1;
	above = size - 1 - below;
	r = below > 0 ? id_list_add(ret, 0, 1, below) : 0;
	if (r == 0)
		r = id_list_add(ret, self, 0, 1);
	if (r == 0 && above > 0)
		r = id_list_add(ret, self + 1, below + 1, above);
	return need(r, "keep-id", e);
}

/*
 * The highest run of `size` of the keeper's IDs (never 0, the user's own)
 * that no extent of `used` touches on its outside.
 */
static int find_slice(const struct id_list *keeper, const struct id_list *used, uint32_t size, uint32_t *ret)
{
	uint32_t end = keeper_size(keeper);

	while (end > size) {
		uint32_t start = end - size;
		const struct id_extent *hit = NULL;

		for (size_t i = 0; i < used->n; i++) {
			const struct id_extent *u = &used->extents[i];

			if (start < u->outside + u->count && u->outside < end && (!hit || u->outside < hit->outside))
				hit = u;
		}
		if (!hit) {
			*ret = start;
			return 0;
		}
		end = hit->outside;
	}
	return -ENOSPC;
}

static int map_auto(const struct userns_mode *m, const struct userns_host *h, struct id_map *ret, struct err *e)
{
	uint32_t size = m->size ? m->size : h->size_hint, uid_start, gid_start;
	int r;

	if (!m->size && size < USERNS_AUTO_SIZE_DEFAULT)
		size = USERNS_AUTO_SIZE_DEFAULT;
	if (find_slice(&h->keeper.uid, &h->used_uid, size, &uid_start) < 0 ||
	    find_slice(&h->keeper.gid, &h->used_gid, size, &gid_start) < 0) {
		r = err_set(e, ENOSPC, "--userns auto: no %u IDs in a row are free of the %u that you have", size,
			    keeper_size(&h->keeper.uid));
		err_hint(e, "remove containers that hold such a slice, ask for a smaller one (auto:size=N), or get more subordinate IDs");
		return r;
	}
	r = id_list_add(&ret->uid, 0, uid_start, size);
	return need(r < 0 ? r : id_list_add(&ret->gid, 0, gid_start, size), "auto", e);
}

static int map_custom(const char *option, const struct strv *values, const struct id_list *keeper, struct id_list *ret,
		      struct err *e)
{
	for (size_t i = 0; i < values->n; i++) {
		struct id_extent x;
		bool is_host;
		uint32_t first, last;
		int r = check_triple(values->items[i], &x, &is_host, e);

		if (r < 0)
			return r;
		if (is_host) {
			if (id_list_to_inside(keeper, x.outside, &first) < 0 ||
			    id_list_to_inside(keeper, x.outside + x.count - 1, &last) < 0 || last - first != x.count - 1)
				return err_set(e, ERANGE, "--%s %s: these host IDs are not yours in one range", option,
					       values->items[i]);
			x.outside = first;
		}
		r = id_list_add(ret, x.inside, x.outside, x.count);
		if (r == -EEXIST)
			return err_set(e, EINVAL, "--%s %s: overlaps another line", option, values->items[i]);
		if (r < 0)
			return err_errno(e, -r, "--%s %s", option, values->items[i]);
	}
	/* the runtime builds the container as its root */
	if (id_list_to_outside(ret, 0, &(uint32_t){0}) < 0)
		return err_set(e, EINVAL, "--%s: the container's ID 0 must be in the map", option);
	return 0;
}

static int want_map(const struct userns_mode *m, const struct userns_host *h, struct id_map *want, struct err *e)
{
	const struct id_map *k = &h->keeper;
	int r;

	switch (m->kind) {
	case USERNS_PRIVATE:
	case USERNS_HOST:
		r = map_private(&k->uid, &want->uid, e);
		return r < 0 ? r : map_private(&k->gid, &want->gid, e);
	case USERNS_NOMAP:
		r = map_nomap(&k->uid, &want->uid, e);
		return r < 0 ? r : map_nomap(&k->gid, &want->gid, e);
	case USERNS_KEEP_ID:
		r = map_keep_id(&k->uid, m->has_uid ? m->uid : h->uid, m->size, &want->uid, e);
		return r < 0 ? r : map_keep_id(&k->gid, m->has_gid ? m->gid : h->gid, m->size, &want->gid, e);
	case USERNS_AUTO:
		return map_auto(m, h, want, e);
	case USERNS_CUSTOM:
		r = map_custom("uidmap", m->uidmap, &k->uid, &want->uid, e);
		return r < 0 ? r : map_custom("gidmap", m->gidmap, &k->gid, &want->gid, e);
	}
	return err_set(e, EINVAL, "user namespace mode %d", (int)m->kind);
}

int userns_plan_make(const struct userns_mode *m, const struct userns_host *h, struct userns_plan *ret, struct err *e)
{
	struct userns_plan p = {.kind = m->kind, .create = m->kind != USERNS_HOST};
	struct id_map want = {0};
	int r;

	r = want_map(m, h, &want, e);
	if (r == 0)
		r = id_map_split(&want, &h->keeper, &p.map, e);
	if (r < 0)
		return m->kind == USERNS_PRIVATE ? r : err_wrap(e, r, "user namespace %s", userns_kind_name(m->kind));
	p.single = id_list_total(&h->keeper.uid) == 1;
	p.owned = !id_map_is_identity(&p.map);
	if (m->kind == USERNS_KEEP_ID) {
		p.has_user = true;
		p.user_uid = m->has_uid ? m->uid : h->uid;
		p.user_gid = m->has_gid ? m->gid : h->gid;
	}
	*ret = p;
	return 0;
}
