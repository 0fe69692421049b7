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

#define SUBID_FILE_MAX (1U << 20)

/* shadow/subid.h; declared here because the library is opened at run time */
struct subid_range {
	unsigned long start;
	unsigned long count;
};
typedef int (*get_ranges_fn)(const char *owner, struct subid_range **ranges);
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

/* "OWNER:START:COUNT", the owner by name or by number. Cuts the line. */
static void parse_line(char *line, const char *number, const char *name, struct id_list *l)
{
	char *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;
	uint64_t first, n;

	if (!count)
		return;
	*start++ = '\0';
	*count++ = '\0';
	if (strcmp(line, number) != 0 && (!name || strcmp(line, name) != 0))
		return;
	if (parse_u64(start, 0, ID_NONE, &first) == 0 && parse_u64(count, 1, UINT32_MAX, &n) == 0)
		add_range(l, first, n);
}

void subid_parse(const char *text, uid_t uid, const char *name, struct id_list *ret)
{
	char line[512], number[16];

	snprintf(number, sizeof(number), "%u", uid);
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n < sizeof(line)) {
			memcpy(line, text, n);
			line[n] = '\0';
			parse_line(line, number, name, ret);
		}
		text += n + (text[n] == '\n');
	}
}

static int from_file(enum subid_kind kind, uid_t uid, const char *name, struct id_list *ret, struct err *e)
{
	const char *path = kind == SUBID_USER ? "/etc/subuid" : "/etc/subgid";
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", path);
	r = fd_read_all(fd, SUBID_FILE_MAX, &b);
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	subid_parse(buf_str(&b), uid, name, ret);
	return 0;
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
void *subid_library(void)
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
	void *lib = subid_library();
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
