/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whose subordinate ID is that? The way back of engine/subid: libsubid knows
 * the owners of an ID where it is installed (SSSD's too); the files are read
 * where it is not, and for owners that the host does not know any more. Then
 * the owner's ranges say the offset, counted as a keeper counts: through
 * the ranges in their order.
 */
#include "engine/names.h"

#include "base/parse.h"
#include "engine/subid.h"
#include "sys/fd.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SUBID_FILE_MAX (16U << 20)

typedef int (*get_owners_fn)(uid_t id, uid_t **owners);

/* shadow/subid.h. NULL when there is no library to ask. */
static get_owners_fn owners_function(enum names_kind kind)
{
	void *lib = subid_library();
	get_owners_fn get = NULL;

	if (lib)
		*(void **)&get = dlsym(lib, kind == NAMES_USER ? "subid_get_uid_owners" : "subid_get_gid_owners");
	return get;
}

/* ---- the files ---- */

struct line {
	const char *owner;
	uint32_t start, count;
};

/* Cuts "owner:start:count" at *text up, and moves past its line. False: not such a line. */
static bool next_line(char **text, struct line *ret)
{
	char *line = *text, *end = line + strcspn(line, "\n"), *start, *count;

	*text = *end ? end + 1 : end;
	*end = '\0';
	start = strchr(line, ':');
	count = start ? strchr(start + 1, ':') : NULL;
	if (!count || start == line || *line == '#' || start - line >= NAMES_NAME_MAX)
		return false;
	*start = *count = '\0';
	ret->owner = line;
	return parse_u32(start + 1, 0, ID_NONE - 1, &ret->start) == 0 && parse_u32(count + 1, 1, ID_NONE, &ret->count) == 0;
}

/* The owner of the line that holds the ID: malloc'ed, or NULL. */
static char *owner_from_file(enum names_kind kind, uint32_t id)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct line ln;

	fd = open(kind == NAMES_USER ? "/etc/subuid" : "/etc/subgid", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fd_read_all(fd, SUBID_FILE_MAX, &b) < 0 || !b.data)
		return NULL;
	for (char *p = b.data; *p;)
		if (next_line(&p, &ln) && id >= ln.start && id - ln.start < ln.count)
			return strdup(ln.owner);
	return NULL;
}

/* ---- both ---- */

/* The range of that owner that holds the ID. `name` NULL: the number is all there is. */
static int range_of_owner(enum names_kind kind, uid_t uid, const char *name, uint32_t id, struct names_range *ret)
{
	_cleanup_free_ struct id_list *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	r = subid_ranges(kind == NAMES_USER ? SUBID_USER : SUBID_GROUP, uid, name, l, NULL);
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
	_cleanup_free_ char *owner = owner_from_file(kind, id);
	uint32_t uid = ID_NONE;
	bool is_number;

	if (!owner)
		return -ENOENT;
	is_number = parse_u32(owner, 0, ID_NONE - 1, &uid) == 0;
	return range_of_owner(kind, uid, is_number ? NULL : owner, id, ret);
}

int names_range_of(struct names *n, enum names_kind kind, uint32_t id, struct names_range *ret)
{
	get_owners_fn get = owners_function(kind);
	uid_t *owners = NULL;
	int r = -ENOENT, count;

	if (get) {
		count = get((uid_t)id, &owners);
		for (int i = 0; i < count && r < 0; i++)
			r = range_of_owner(kind, owners[i], names_host(n, NAMES_USER, owners[i]), id, ret);
		free(owners);
	}
	return r == 0 ? 0 : range_from_file(kind, id, ret);
}
