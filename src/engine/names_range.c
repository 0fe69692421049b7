/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whose subordinate ID is that? newuidmap(1) asks libsubid, which asks what
 * nsswitch.conf names (files, or SSSD). So does this, when the library is
 * there: it is opened only now, since few commands ask and each start would
 * pay. It cannot be asked for names that are only in the file as numbers of
 * users unknown to the host, and where it is missing there is only the file:
 * both cases read the file itself, which is then what newuidmap reads too.
 *
 * A rootless engine maps its first subordinate ID to 1, the second to 2, and
 * goes on through the owner's ranges in their order: `offset` counts so.
 */
#include "engine/names.h"

#include "base/parse.h"
#include "sys/fd.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SUBID_FILE_MAX (16U << 20)
#define RANGES_MAX 4096 /* of one owner */

/* shadow/subid.h, whose declarations are part of its ABI 4 */
struct subid_range {
	unsigned long start;
	unsigned long count;
};
struct subid_api {
	bool (*init)(const char *progname, FILE *logfd);
	int (*ranges[2])(const char *owner, struct subid_range **ranges);
	int (*owners[2])(uid_t id, uid_t **owners);
};

static void *symbol(void *lib, const char *name, bool *all)
{
	void *p = dlsym(lib, name);

	*all = *all && p;
	return p;
}

/* Never closed: libsubid keeps state, and the process is short-lived. */
static bool subid_api_get(struct subid_api *ret)
{
	void *lib = dlopen("libsubid.so.4", RTLD_NOW | RTLD_LOCAL);
	bool all = true;

	if (!lib)
		lib = dlopen("libsubid.so.5", RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return false;
	*(void **)&ret->init = symbol(lib, "subid_init", &all);
	*(void **)&ret->ranges[NAMES_USER] = symbol(lib, "subid_get_uid_ranges", &all);
	*(void **)&ret->ranges[NAMES_GROUP] = symbol(lib, "subid_get_gid_ranges", &all);
	*(void **)&ret->owners[NAMES_USER] = symbol(lib, "subid_get_uid_owners", &all);
	*(void **)&ret->owners[NAMES_GROUP] = symbol(lib, "subid_get_gid_owners", &all);
	/* NULL: its messages go to /dev/null, ours are better */
	return all && ret->init("ranby", NULL);
}

/* ---- a list of ranges, filled from either source ---- */

struct range_list {
	struct names_range *items;
	size_t n, max;
};

static bool range_add(struct range_list *l, const char *owner, uint64_t start, uint64_t count)
{
	struct names_range *r;
	uint64_t before = 0;

	if (l->n == l->max || count == 0 || start > UINT32_MAX - 1 || count > UINT32_MAX - start)
		return false;
	if (l->n)
		before = (uint64_t)l->items[l->n - 1].offset + l->items[l->n - 1].count;
	r = &l->items[l->n++];
	*r = (struct names_range){.start = (uint32_t)start, .count = (uint32_t)count,
				  .offset = before > UINT32_MAX ? UINT32_MAX : (uint32_t)before};
	snprintf(r->owner, sizeof(r->owner), "%s", owner);
	return true;
}

static void ranges_from_library(const struct subid_api *api, enum names_kind kind, const char *owner, struct range_list *l)
{
	struct subid_range *found = NULL;
	int n = api->ranges[kind](owner, &found);

	for (int i = 0; i < n; i++)
		range_add(l, owner, found[i].start, found[i].count);
	free(found);
}

/* ---- the files ---- */

struct line {
	const char *owner;
	uint32_t start, count;
};

/* Cuts "owner:start:count" at `*text` up, and moves past its line. False: not such a line. */
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
	return parse_u32(start + 1, 0, UINT32_MAX - 1, &ret->start) == 0 &&
	       parse_u32(count + 1, 1, UINT32_MAX, &ret->count) == 0;
}

static int file_text(enum names_kind kind, struct buf *b)
{
	_cleanup_close_ int fd = -EBADF;

	fd = open(kind == NAMES_USER ? "/etc/subuid" : "/etc/subgid", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd_read_all(fd, SUBID_FILE_MAX, b);
}

/* A line's owner may be the name or the number (subuid(5)). */
static bool same_owner(const char *a, const char *name, const char *number)
{
	return (name && strcmp(a, name) == 0) || strcmp(a, number) == 0;
}

static void ranges_from_file(enum names_kind kind, const char *name, const char *number, struct range_list *l)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct line ln;

	if (file_text(kind, &b) < 0 || !b.data)
		return;
	for (char *p = b.data; *p;)
		if (next_line(&p, &ln) && same_owner(ln.owner, name, number))
			range_add(l, name ? name : ln.owner, ln.start, ln.count);
}

/* The owner of the line that holds the ID: malloc'ed, or NULL. */
static char *owner_from_file(enum names_kind kind, uint32_t id)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct line ln;

	if (file_text(kind, &b) < 0 || !b.data)
		return NULL;
	for (char *p = b.data; *p;)
		if (next_line(&p, &ln) && id >= ln.start && id - ln.start < ln.count)
			return strdup(ln.owner);
	return NULL;
}

/* ---- both ---- */

static bool api_once(struct subid_api *api)
{
	static struct subid_api cached;
	static int state; /* 0: not tried; 1: there; -1: missing */

	if (state == 0)
		state = subid_api_get(&cached) ? 1 : -1;
	*api = cached;
	return state > 0;
}

int names_ranges(struct names *n, enum names_kind kind, uint32_t uid, struct names_range *out, size_t max)
{
	struct range_list l = {.items = out, .max = max};
	const char *name = names_host(n, NAMES_USER, uid);
	struct subid_api api;
	char number[16];

	snprintf(number, sizeof(number), "%u", uid);
	if (name && api_once(&api))
		ranges_from_library(&api, kind, name, &l);
	if (l.n == 0)
		ranges_from_file(kind, name, number, &l);
	return (int)l.n;
}

/* The one of the ranges that holds the ID. */
static int range_holding(const struct names_range *ranges, size_t n, uint32_t id, struct names_range *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (id < ranges[i].start || id - ranges[i].start >= ranges[i].count)
			continue;
		*ret = ranges[i];
		ret->offset += id - ranges[i].start;
		return 0;
	}
	return -ENOENT;
}

/* The range of that user that holds the ID. */
static int range_of_owner(struct names *n, enum names_kind kind, uint32_t uid, uint32_t id, struct names_range *ret)
{
	_cleanup_free_ struct names_range *ranges = mem_array(RANGES_MAX, sizeof(*ranges));
	int found;

	if (!ranges)
		return -ENOMEM;
	found = names_ranges(n, kind, uid, ranges, RANGES_MAX);
	return found < 0 ? found : range_holding(ranges, (size_t)found, id, ret);
}

/* A line whose owner is a name that NSS does not know, or a number: the file is all there is. */
static int range_from_file(enum names_kind kind, uint32_t id, struct names_range *ret)
{
	_cleanup_free_ char *owner = owner_from_file(kind, id);
	_cleanup_free_ struct names_range *ranges = mem_array(RANGES_MAX, sizeof(*ranges));
	struct range_list l = {.items = ranges, .max = RANGES_MAX};

	if (!owner || !ranges)
		return -ENOENT;
	ranges_from_file(kind, NULL, owner, &l);
	return range_holding(ranges, l.n, id, ret);
}

int names_range_of(struct names *n, enum names_kind kind, uint32_t id, struct names_range *ret)
{
	struct subid_api api;
	uid_t *owners = NULL;
	int r = -ENOENT, count;

	if (api_once(&api)) {
		count = api.owners[kind]((uid_t)id, &owners);
		for (int i = 0; i < count && r < 0; i++)
			r = range_of_owner(n, kind, owners[i], id, ret);
		free(owners);
	}
	return r == 0 ? 0 : range_from_file(kind, id, ret);
}
