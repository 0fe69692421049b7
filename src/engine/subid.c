/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * newuidmap(1) decides in the end; this only asks the same source what it
 * will allow, so that the maps that are asked for are granted. A range that
 * cannot be used (zero long, past the end of the IDs, overlapping one that is
 * taken) is skipped and not an error: one bad line of an administrator must
 * not take the user's other ranges away.
 */
#include "engine/subid.h"

#include "base/buf.h"
#include "base/parse.h"
#include "sys/fd.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SUBID_FILE_MAX (16U << 20)

/* shadow/subid.h; declared here because the library is opened at run time */
struct subid_range {
	unsigned long start;
	unsigned long count;
};
typedef int (*get_ranges_fn)(const char *owner, struct subid_range **ranges);
typedef int (*get_owners_fn)(uid_t id, uid_t **owners);
typedef bool (*subid_init_fn)(const char *progname, FILE *log);

static void add_range(struct id_list *l, uint64_t start, uint64_t count)
{
	uint64_t inside = 1 + id_list_total(l);

	if (l->n >= SUBID_RANGES_MAX || count == 0 || start >= ID_NONE || inside >= ID_NONE)
		return;
	if (count > ID_NONE - start)
		count = ID_NONE - start;
	if (count > ID_NONE - inside)
		count = ID_NONE - inside;
	(void)!id_list_add(l, (uint32_t)inside, (uint32_t)start, (uint32_t)count);
}

struct line {
	char owner[SUBID_OWNER_MAX];
	uint32_t start, count;
};

/* Reads "OWNER:START:COUNT" at *text, and moves past its line. False: not such a line. */
static bool next_line(const char **text, struct line *ret)
{
	size_t n = strcspn(*text, "\n");
	char line[512] = "", *start, *count;

	if (n < sizeof(line)) {
		memcpy(line, *text, n);
		line[n] = '\0';
	}
	*text += n + ((*text)[n] == '\n');
	start = strchr(line, ':');
	count = start ? strchr(start + 1, ':') : NULL;
	if (!count || start == line || *line == '#' || (size_t)(start - line) >= sizeof(ret->owner))
		return false;
	*start = *count = '\0';
	memcpy(ret->owner, line, (size_t)(start - line) + 1);
	return parse_u32(start + 1, 0, ID_NONE - 1, &ret->start) == 0 && parse_u32(count + 1, 1, ID_NONE, &ret->count) == 0;
}

void subid_parse(const char *text, uid_t uid, const char *name, struct id_list *ret)
{
	char number[16];
	struct line ln;

	snprintf(number, sizeof(number), "%u", uid);
	while (*text)
		if (next_line(&text, &ln) && (strcmp(ln.owner, number) == 0 || (name && strcmp(ln.owner, name) == 0)))
			add_range(ret, ln.start, ln.count);
}

static int read_file(enum subid_kind kind, struct buf *ret, struct err *e)
{
	const char *path = kind == SUBID_USER ? "/etc/subuid" : "/etc/subgid";
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", path);
	r = fd_read_all(fd, SUBID_FILE_MAX, ret);
	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

static int from_file(enum subid_kind kind, uid_t uid, const char *name, struct id_list *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = read_file(kind, &b, e);

	if (r == 0)
		subid_parse(buf_str(&b), uid, name, ret);
	return r;
}

int subid_file_owner(enum subid_kind kind, uint32_t id, char ret_owner[static SUBID_OWNER_MAX])
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = read_file(kind, &b, NULL);
	struct line ln;

	if (r < 0)
		return r;
	for (const char *p = buf_str(&b); *p;)
		if (next_line(&p, &ln) && id >= ln.start && id - ln.start < ln.count) {
			memcpy(ret_owner, ln.owner, sizeof(ln.owner));
			return 0;
		}
	return -ENOENT;
}

/*
 * True when nsswitch.conf(5) sends subid elsewhere than to the files. Loading
 * the library means loading a dozen others (audit, SELinux, PCRE): more work
 * than the rest of a start, for what is two lines of text on most hosts.
 */
bool subid_elsewhere(const char *nsswitch)
{
	while (*nsswitch) {
		size_t n = strcspn(nsswitch, "\n");
		const char *p = nsswitch + strspn(nsswitch, " \t");

		if (strncmp(p, "subid:", 6) == 0) {
			p += 6;
			p += strspn(p, " \t");
			return strncmp(p, "files", 5) != 0 || p + 5 + strspn(p + 5, " \t") < nsswitch + n;
		}
		nsswitch += n + (nsswitch[n] == '\n');
	}
	return false;
}

static bool library_is_needed(void)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = open("/etc/nsswitch.conf", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno != ENOENT;
	return fd_read_all(fd, SUBID_FILE_MAX, &b) < 0 || subid_elsewhere(buf_str(&b));
}

static void *open_library(void)
{
	static const char *const names[] = {"libsubid.so.5", "libsubid.so.4"};
	void *lib = NULL;

	for (size_t i = 0; !lib && i < ARRAY_SIZE(names); i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (lib) {
		FILE *quiet = fopen("/dev/null", "we");
		subid_init_fn init;

		*(void **)&init = dlsym(lib, "subid_init");
		if (init && quiet)
			(void)init("ranby", quiet);
	}
	return lib;
}

/*
 * Opened once, for each subid_init() keeps what the one before it had; never
 * closed, for its NSS modules do not take well to being unloaded.
 */
static void *library(void)
{
	static bool tried;
	static void *lib;

	if (!tried)
		lib = open_library();
	tried = true;
	return lib;
}

/* False when there is no library to ask. */
static bool from_library(enum subid_kind kind, const char *owner, struct id_list *ret)
{
	const char *symbol = kind == SUBID_USER ? "subid_get_uid_ranges" : "subid_get_gid_ranges";
	struct subid_range *ranges = NULL;
	void *lib = library();
	get_ranges_fn get = NULL;
	int n;

	if (lib)
		*(void **)&get = dlsym(lib, symbol);
	if (!get)
		return false;
	n = get(owner, &ranges);
	for (int i = 0; i < n; i++)
		add_range(ret, ranges[i].start, ranges[i].count);
	free(ranges);
	return true;
}

int subid_ranges(enum subid_kind kind, uid_t uid, const char *name, struct id_list *ret, struct err *e)
{
	struct id_list l = {0};
	char number[16];
	int r = 0;

	snprintf(number, sizeof(number), "%u", uid);
	if (!library_is_needed() || !from_library(kind, name ? name : number, &l))
		r = from_file(kind, uid, name, &l, e);
	if (r < 0)
		return r;
	*ret = l;
	return 0;
}

int subid_owners(enum subid_kind kind, uint32_t id, uid_t **ret)
{
	void *lib = library_is_needed() ? library() : NULL;
	get_owners_fn get = NULL;

	if (lib)
		*(void **)&get = dlsym(lib, kind == SUBID_USER ? "subid_get_uid_owners" : "subid_get_gid_owners");
	return get ? get((uid_t)id, ret) : 0;
}
