/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whose subordinate ID is that? The way back of engine/subid: libsubid knows
 * the owners of an ID where nsswitch.conf names more than the files (SSSD's);
 * the files are read otherwise, and for owners that the host does not know any
 * more. Then
 * the owner's ranges say the offset, counted as a keeper counts: through
 * the ranges in their order.
 */
#include "view/names.h"

#include "base/parse.h"
#include "engine/subid.h"

#include <stdio.h>
#include <string.h>

static enum subid_kind subid_kind(enum names_kind kind)
{
	return kind == NAMES_USER ? SUBID_USER : SUBID_GROUP;
}

/* The range of that owner that holds the ID. `name` NULL: the number is all there is. */
static int range_of_owner(enum names_kind kind, uid_t uid, const char *name, uint32_t id, struct names_range *ret)
{
	_cleanup_free_ struct id_list *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	r = subid_ranges(subid_kind(kind), uid, name, l, NULL);
	for (size_t i = 0; i < l->n && r == 0; i++) {
		const struct id_extent *x = &l->extents[i];

		if (id < x->outside || id - x->outside >= x->count)
			continue;
		ret->start = x->outside;
		ret->count = x->count;
		ret->offset = x->inside - 1 + (id - x->outside);
		if (name)
			snprintf(ret->owner, sizeof(ret->owner), "%s", name);
		else
			snprintf(ret->owner, sizeof(ret->owner), "%u", uid);
		return 0;
	}
	return r < 0 ? r : -ENOENT;
}

static int range_from_file(enum names_kind kind, uint32_t id, struct names_range *ret)
{
	char owner[SUBID_OWNER_MAX];
	uint32_t uid = ID_NONE;
	int r = subid_file_owner(subid_kind(kind), id, owner);
	bool is_number = r == 0 && parse_u32(owner, 0, ID_NONE - 1, &uid) == 0;

	return r < 0 ? r : range_of_owner(kind, uid, is_number ? NULL : owner, id, ret);
}

int names_range_of(struct names *n, enum names_kind kind, uint32_t id, struct names_range *ret)
{
	_cleanup_free_ uid_t *owners = NULL;
	int r = -ENOENT, count = subid_owners(subid_kind(kind), id, &owners);

	for (int i = 0; i < count && r < 0; i++)
		r = range_of_owner(kind, owners[i], names_host(n, NAMES_USER, owners[i]), id, ret);
	return r == 0 ? 0 : range_from_file(kind, id, ret);
}
