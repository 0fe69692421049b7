/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Two sources of names, kept apart by type: struct names asks the host's NSS
 * and remembers, struct names_inside holds the texts of one container.
 *
 * podman looks host IDs up while it is inside the container's mount
 * namespace, so that the image names the owner: an auditor sees whatever the
 * image's author wanted. We never enter anything; and since a number cannot
 * be argued with, whatever shows a host name shows the number before it.
 *
 * A container's files are read as an enemy's. path_in_root_read() confines
 * the way there and takes only regular files; what it cannot help against is
 * a filesystem whose server is the container itself: the root of a user
 * namespace may mount FUSE, with our own uid as its user, and then each
 * lookup in it waits for an answer that need not come. So the mount of the
 * root directory and, when one lies in between, the mount of the file are
 * looked up in the kernel's own list first, by the mount id that statx(2)
 * gives without asking the filesystem.
 */
#include "view/names.h"

#include "base/escape.h"
#include "base/parse.h"
#include "engine/root_files.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/root_mount.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* ---- the host ---- */

struct known {
	uint32_t id;
	char *name; /* NULL: the host has none */
};
struct names {
	struct {
		struct known *items; /* in order of arrival: a view has a handful */
		size_t n, cap;
	} of[2];
};

#define NSS_BUFFER_MAX (1U << 20)
#define NAMES_KNOWN_MAX 65536

struct names *names_new(void)
{
	return calloc(1, sizeof(struct names));
}

struct names *names_free(struct names *n)
{
	for (int kind = NAMES_USER; n && kind <= NAMES_GROUP; kind++) {
		for (size_t i = 0; i < n->of[kind].n; i++)
			free(n->of[kind].items[i].name);
		free(n->of[kind].items);
	}
	free(n);
	return NULL;
}

/* One NSS call with a buffer of that size; ERANGE asks for a larger one. */
static int ask_nss(enum names_kind kind, uint32_t id, char *buf, size_t size, const char **ret)
{
	int r;

	*ret = NULL;
	if (kind == NAMES_USER) {
		struct passwd pw, *found = NULL;

		r = getpwuid_r((uid_t)id, &pw, buf, size, &found);
		if (found)
			*ret = found->pw_name;
	} else {
		struct group gr, *found = NULL;

		r = getgrgid_r((gid_t)id, &gr, buf, size, &found);
		if (found)
			*ret = found->gr_name;
	}
	return r;
}

/* Malloc'ed; NULL when the host has no name (or NSS failed: then nobody knows one). */
static char *look_up(enum names_kind kind, uint32_t id)
{
	for (size_t size = 4096; size <= NSS_BUFFER_MAX; size *= 4) {
		_cleanup_free_ char *buf = malloc(size);
		const char *name;
		int r;

		if (!buf)
			return NULL;
		r = ask_nss(kind, id, buf, size, &name);
		if (r == ERANGE)
			continue;
		return name && *name && strlen(name) < NAMES_NAME_MAX ? strdup(name) : NULL;
	}
	return NULL;
}

static struct known *remember(struct names *n, enum names_kind kind, uint32_t id)
{
	struct known *items = n->of[kind].items;

	if (n->of[kind].n == n->of[kind].cap) {
		size_t cap = n->of[kind].cap ? n->of[kind].cap * 2 : 32;

		if (cap > NAMES_KNOWN_MAX)
			return NULL;
		items = mem_regrow(items, cap, sizeof(*items));
		if (!items)
			return NULL;
		n->of[kind].items = items;
		n->of[kind].cap = cap;
	}
	items += n->of[kind].n++;
	items->id = id;
	items->name = look_up(kind, id);
	return items;
}

const char *names_host(struct names *n, enum names_kind kind, uint32_t id)
{
	struct known *k;

	for (size_t i = 0; i < n->of[kind].n; i++)
		if (n->of[kind].items[i].id == id)
			return n->of[kind].items[i].name;
	k = remember(n, kind, id);
	return k ? k->name : NULL;
}

char *names_host_cell(struct names *n, enum names_kind kind, uint32_t id, char out[static NAMES_CELL_SIZE])
{
	const char *name = names_host(n, kind, id);
	char safe[NAMES_CELL_SIZE - 16];

	if (name)
		snprintf(out, NAMES_CELL_SIZE, "%u(%s)", id, escape_into(safe, sizeof(safe), name));
	else
		snprintf(out, NAMES_CELL_SIZE, "%u", id);
	return out;
}

/* ---- one container ---- */

/* The ID in field 3 of "name:x:ID:...", and the name, both cut out of the line. */
static bool entry_of_line(char *line, struct names_entry *ret)
{
	char *password = strchr(line, ':');
	char *id = password ? strchr(password + 1, ':') : NULL;
	char *end = id ? strchr(id + 1, ':') : NULL;

	if (!end || password == line || password - line >= NAMES_NAME_MAX)
		return false;
	*password = '\0';
	*end = '\0';
	ret->name = line;
	return parse_u32(id + 1, 0, UINT32_MAX - 1, &ret->id) == 0;
}

static int by_id(const void *a, const void *b)
{
	const struct names_entry *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	/* the earlier line first: both names point into one text */
	return (x->name > y->name) - (x->name < y->name);
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

void names_inside_parse(struct names_inside *in, enum names_kind kind, struct buf *text)
{
	struct names_entry *entries;
	size_t n = 0;

	/* a NUL would end the parse early and hide the lines after it: such a text says nothing */
	if (buf_bad(text) || text->len == 0 || memchr(text->data, '\0', text->len)) {
		buf_done(text);
		return;
	}
	entries = mem_array(count_lines(text->data, text->len), sizeof(*entries));
	if (!entries) {
		buf_done(text);
		return;
	}
	for (char *line = text->data, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (entry_of_line(line, &entries[n]))
			n++;
	}
	qsort(entries, n, sizeof(*entries), by_id);
	in->of[kind].text = *text;
	in->of[kind].entries = entries;
	in->of[kind].n = n;
	*text = (struct buf)BUF_INIT;
}

const char *names_inside(const struct names_inside *in, enum names_kind kind, uint32_t id)
{
	const struct names_entry *e = in->of[kind].entries;
	size_t lo = 0, hi = in->of[kind].n;

	/* the first of equal ones */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (e[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < in->of[kind].n && e[lo].id == id ? e[lo].name : NULL;
}

void names_inside_done(struct names_inside *in)
{
	for (int kind = NAMES_USER; kind <= NAMES_GROUP; kind++) {
		buf_done(&in->of[kind].text);
		free(in->of[kind].entries);
		in->of[kind].entries = NULL;
		in->of[kind].n = 0;
	}
}

/* ---- whose filesystem is that? ---- */

#define MOUNTINFO_MAX (4U << 20)

static bool type_is_fuse(const char *type)
{
	return strcmp(type, "fuse") == 0 || strncmp(type, "fuse.", 5) == 0 || strcmp(type, "fuseblk") == 0 ||
	       strncmp(type, "virtiofs", 8) == 0;
}

/* proc_pid_mountinfo(5): "36 35 98:0 /root /point options optional... - type source options". */
static bool line_type_is_fuse(const char *line)
{
	const char *type = memmem(line, strcspn(line, "\n"), " - ", 3);
	char word[64];
	size_t n;

	if (!type)
		return true; /* not understood: not trusted */
	type += 3;
	n = strcspn(type, " \n");
	if (n >= sizeof(word))
		return true;
	memcpy(word, type, n);
	word[n] = '\0';
	return type_is_fuse(word);
}

/* True when any mount but that of the root is FUSE: a symlink may lead there from anywhere. */
static bool has_other_fuse(const char *mountinfo, uint64_t root_id)
{
	char root[32];
	size_t n = (size_t)snprintf(root, sizeof(root), "%llu ", (unsigned long long)root_id);

	for (const char *line = mountinfo; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, root, n) != 0 && line_type_is_fuse(line))
			return true;
	return false;
}

static void read_one(int root, bool may_cross, enum names_kind kind, struct names_inside *ret)
{
	const char *path = kind == NAMES_USER ? "etc/passwd" : "etc/group";
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r;

	r = path_in_root_read_same_mount(root, path, NAMES_FILE_MAX, &text);
	/* something is mounted on the way: a volume, or a file of the engine's */
	if (r == -EXDEV && may_cross)
		r = path_in_root_read(root, path, NAMES_FILE_MAX, &text);
	if (r == 0)
		names_inside_parse(ret, kind, &text);
}

/* Our own server's root is read by a child that may be left behind, and only while no other server can be met on the way. */
static void load_from_fuse(const struct proc *init, int root, struct names_inside *ret)
{
	_cleanup_(user_files_done) struct user_files f = {.passwd = BUF_INIT};

	if (root_files_read(init, root, ROOT_FILES_PATIENCE_MS, &f) < 0)
		return;
	names_inside_parse(ret, NAMES_USER, &f.passwd);
	names_inside_parse(ret, NAMES_GROUP, &f.group);
}

void names_inside_load(const struct proc *init, const char *fuse_device, struct names_inside *ret)
{
	_cleanup_(buf_done) struct buf mounts = BUF_INIT;
	_cleanup_close_ int root = -EBADF;
	struct root_mount m;
	bool may_cross;

	root = openat(init->dirfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || proc_read(init, "mountinfo", MOUNTINFO_MAX, &mounts) < 0)
		return;
	if (root_mount_find(buf_str(&mounts), root, &m) < 0)
		return;
	may_cross = !has_other_fuse(buf_str(&mounts), m.id);
	if (type_is_fuse(m.type)) {
		if (may_cross && fuse_device && strcmp(m.device, fuse_device) == 0)
			load_from_fuse(init, root, ret);
		return;
	}
	read_one(root, may_cross, NAMES_USER, ret);
	read_one(root, may_cross, NAMES_GROUP, ret);
}
