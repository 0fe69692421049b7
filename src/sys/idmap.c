/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The kernel takes a line of a map only when the line's outside IDs are
 * mapped by *one* extent of the parent namespace (map_id_range_down() in
 * kernel/user_namespace.c): "0 0 65537" over a keeper of {0 1000 1},
 * {1 100000 65536} is EPERM, the same IDs in two lines are fine. So every
 * map is split at the parent's extents before it is written, and is joined
 * again (id_list_normalize) before two are compared or hashed.
 *
 * Arithmetic: an extent is only ever stored when inside + count and outside
 * + count fit below ID_NONE (id_list_add), so that no sum over stored
 * extents can wrap.
 */
#include "sys/idmap.h"

#include "base/parse.h"
#include "base/sha256.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool overlaps(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return a < b + b_count && b < a + a_count;
}

int id_list_add(struct id_list *l, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (count == 0 || inside >= ID_NONE || outside >= ID_NONE || count > ID_NONE - inside ||
	    count > ID_NONE - outside)
		return -ERANGE;
	for (size_t i = 0; i < l->n; i++)
		if (overlaps(inside, count, l->extents[i].inside, l->extents[i].count) ||
		    overlaps(outside, count, l->extents[i].outside, l->extents[i].count))
			return -EEXIST;
	if (l->n == ID_MAP_LINES_MAX)
		return -E2BIG;
	l->extents[l->n++] = (struct id_extent){inside, outside, count};
	return 0;
}

static int by_inside(const void *a, const void *b)
{
	const struct id_extent *x = a, *y = b;

	return (x->inside > y->inside) - (x->inside < y->inside);
}

void id_list_normalize(struct id_list *l)
{
	size_t out = 0;

	if (l->n == 0)
		return;
	qsort(l->extents, l->n, sizeof(l->extents[0]), by_inside);
	for (size_t i = 1; i < l->n; i++) {
		struct id_extent *last = &l->extents[out];
		const struct id_extent *e = &l->extents[i];

		if (e->inside == last->inside + last->count && e->outside == last->outside + last->count)
			last->count += e->count;
		else
			l->extents[++out] = *e;
	}
	l->n = out + 1;
}

int id_list_to_outside(const struct id_list *l, uint32_t inside, uint32_t *ret_outside)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct id_extent *e = &l->extents[i];

		if (inside >= e->inside && inside - e->inside < e->count) {
			*ret_outside = e->outside + (inside - e->inside);
			return 0;
		}
	}
	return -ENOENT;
}

int id_list_to_inside(const struct id_list *l, uint32_t outside, uint32_t *ret_inside)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct id_extent *e = &l->extents[i];

		if (outside >= e->outside && outside - e->outside < e->count) {
			*ret_inside = e->inside + (outside - e->outside);
			return 0;
		}
	}
	return -ENOENT;
}

uint64_t id_list_total(const struct id_list *l)
{
	uint64_t total = 0;

	for (size_t i = 0; i < l->n; i++)
		total += l->extents[i].count;
	return total;
}

bool id_list_is_identity(const struct id_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->extents[i].inside != l->extents[i].outside)
			return false;
	return true;
}

bool id_map_is_identity(const struct id_map *m)
{
	return id_list_is_identity(&m->uid) && id_list_is_identity(&m->gid);
}

bool id_list_equal(const struct id_list *a, const struct id_list *b)
{
	struct id_list x = *a, y = *b;

	id_list_normalize(&x);
	id_list_normalize(&y);
	return x.n == y.n && memcmp(x.extents, y.extents, x.n * sizeof(x.extents[0])) == 0;
}

/*
 * Walks the parts of `e` that lie inside one extent of `parent` each, in the
 * order of their IDs, and appends them; with `through` they get the parent's
 * outside IDs. Returns how many IDs were covered, or -E2BIG.
 */
static int64_t walk_extent(const struct id_extent *e, const struct id_list *parent, bool through, struct id_list *ret)
{
	uint32_t done = 0;
	int64_t covered = 0;

	while (done < e->count) {
		uint32_t at = e->outside + done, left = e->count - done, skip = left;
		const struct id_extent *hit = NULL;

		for (size_t i = 0; i < parent->n && !hit; i++) {
			const struct id_extent *p = &parent->extents[i];

			if (at >= p->inside && at - p->inside < p->count)
				hit = p;
			else if (p->inside > at && p->inside - at < skip)
				skip = p->inside - at;
		}
		if (hit) {
			uint32_t room = hit->count - (at - hit->inside), n = left < room ? left : room;

			if (ret->n == ID_MAP_LINES_MAX)
				return -E2BIG;
			ret->extents[ret->n++] = (struct id_extent){
				e->inside + done, through ? hit->outside + (at - hit->inside) : at, n};
			covered += n;
			skip = n;
		}
		done += skip;
	}
	return covered;
}

int id_list_compose(const struct id_list *inner, const struct id_list *outer, struct id_list *ret)
{
	struct id_list out = {0};

	for (size_t i = 0; i < inner->n; i++) {
		int64_t r = walk_extent(&inner->extents[i], outer, true, &out);

		if (r < 0)
			return (int)r;
	}
	*ret = out;
	return 0;
}

int id_map_compose(const struct id_map *inner, const struct id_map *outer, struct id_map *ret)
{
	int r = id_list_compose(&inner->uid, &outer->uid, &ret->uid);

	return r < 0 ? r : id_list_compose(&inner->gid, &outer->gid, &ret->gid);
}

int id_list_split(const struct id_list *want, const struct id_list *parent, const char *what, struct id_list *ret,
		  struct err *e)
{
	struct id_list out = {0};

	for (size_t i = 0; i < want->n; i++) {
		const struct id_extent *x = &want->extents[i];
		int64_t r = walk_extent(x, parent, false, &out);

		if (r < 0)
			return err_set(e, E2BIG, "%s map: more than %d lines", what, ID_MAP_LINES_MAX);
		if (r < (int64_t)x->count)
			return err_set(e, ERANGE,
				       "%s map %u:%u:%u: not all of these IDs are yours (%llu are)", what, x->inside,
				       x->outside, x->count, (unsigned long long)id_list_total(parent));
	}
	*ret = out;
	return 0;
}

int id_map_split(const struct id_map *want, const struct id_map *parent, struct id_map *ret, struct err *e)
{
	int r = id_list_split(&want->uid, &parent->uid, "uid", &ret->uid, e);

	return r < 0 ? r : id_list_split(&want->gid, &parent->gid, "gid", &ret->gid, e);
}

/* The next blank-separated number of a line; moves `*p` past it. */
static int next_number(char **p, uint32_t *ret)
{
	char *start = *p + strspn(*p, " \t"), *end = start + strcspn(start, " \t\n");
	char digits[16];
	size_t len = (size_t)(end - start);

	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, start, len);
	digits[len] = '\0';
	*p = end;
	return parse_u32(digits, 0, UINT32_MAX, ret);
}

int id_list_parse(const char *text, struct id_list *ret)
{
	_cleanup_free_ char *copy = strdup(text);
	struct id_list out = {0};
	char *p = copy;

	if (!copy)
		return -ENOMEM;
	while (*p) {
		uint32_t inside, outside, count;
		int r;

		if (next_number(&p, &inside) < 0 || next_number(&p, &outside) < 0 || next_number(&p, &count) < 0)
			return -EINVAL;
		p += strspn(p, " \t");
		if (*p == '\n')
			p++;
		else if (*p)
			return -EINVAL;
		/* the host's own map is "0 0 4294967295" */
		r = id_list_add(&out, inside, outside, count);
		if (r < 0)
			return r == -E2BIG ? r : -EINVAL;
	}
	*ret = out;
	return 0;
}

void id_list_text(const struct id_list *l, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++)
		buf_addf(out, "%u %u %u\n", l->extents[i].inside, l->extents[i].outside, l->extents[i].count);
}

static int read_list(int pid_dirfd, const char *name, struct id_list *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(pid_dirfd, name, 64 * 1024, &b);

	return r < 0 ? r : id_list_parse(buf_str(&b), ret);
}

int id_map_read(int pid_dirfd, struct id_map *ret)
{
	int r = read_list(pid_dirfd, "uid_map", &ret->uid);

	return r < 0 ? r : read_list(pid_dirfd, "gid_map", &ret->gid);
}

void id_map_hash(const struct id_map *m, char ret[static ID_MAP_HASH_LEN + 1])
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct id_map norm = *m;
	char hex[SHA256_HEX_SIZE];
	struct sha256 h;

	id_list_normalize(&norm.uid);
	id_list_normalize(&norm.gid);
	buf_adds(&b, "u\n");
	id_list_text(&norm.uid, &b);
	buf_adds(&b, "g\n");
	id_list_text(&norm.gid, &b);
	sha256_init(&h);
	sha256_add(&h, buf_str(&b), b.len);
	sha256_end_hex(&h, hex);
	memcpy(ret, hex, ID_MAP_HASH_LEN);
	ret[ID_MAP_HASH_LEN] = '\0';
}
