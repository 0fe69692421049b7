/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Every word that may stand among mount options is a row of one table, with
 * the mount types that take it and the group of words of which only one may be
 * given. What is not in the table is refused: an option that is dropped in
 * silence is a confinement that the user believes in.
 *
 * Destinations are cleaned as text, as docker and podman do, so that two
 * spellings of one place are seen to be the same. The text is never opened
 * here; the runtime resolves it inside the root.
 */
#include "engine/mount_spec.h"

#include "base/parse.h"
#include "engine/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BIND (1U << MOUNT_BIND)
#define VOLUME (1U << MOUNT_VOLUME)
#define TMPFS (1U << MOUNT_TMPFS)
#define IMAGE (1U << MOUNT_IMAGE)
#define GLOB (1U << MOUNT_GLOB)
#define DEVPTS (1U << MOUNT_DEVPTS)
#define RAMFS (1U << MOUNT_RAMFS)
#define HOST (BIND | GLOB)
#define TREE (HOST | VOLUME)
#define OWN (BIND | VOLUME) /* named by the user: what a pattern finds, others may have named */
#define ANY (TREE | TMPFS | RAMFS)

/* Words that exclude each other. */
enum group {
	NO_GROUP,
	ACCESS,
	EXEC,
	SUID,
	DEV,
	PROPAGATION,
	DEPTH,
	ATIME,
	COPY,
	N_GROUPS,
};

enum effect {
	PASS,        /* goes to the runtime as it is */
	VALUE,       /* the same, with a value that follows '=' */
	NOTHING,     /* true on Linux without doing anything */
	READ_ONLY,
	RELABEL,
	CHOWN,
	OVERLAY,
	UPPER,
	WORK,
	NO_COPY,
};

struct word {
	const char *name;
	unsigned kinds;
	enum group group;
	enum effect effect;
};

static const struct word words[] = {
	{"ro", ANY | IMAGE, ACCESS, READ_ONLY},
	{"rw", ANY | IMAGE, ACCESS, PASS},
	{"exec", ANY, EXEC, PASS},
	{"noexec", ANY, EXEC, PASS},
	{"suid", ANY, SUID, PASS},
	{"nosuid", ANY, SUID, PASS},
	{"dev", ANY, DEV, PASS},
	{"nodev", ANY, DEV, PASS},
	{"atime", ANY, ATIME, PASS},
	{"noatime", ANY, ATIME, PASS},
	{"relatime", ANY, ATIME, PASS},
	{"nodiratime", ANY, NO_GROUP, PASS},
	{"sync", TMPFS, NO_GROUP, PASS},
	{"private", ANY, PROPAGATION, PASS},
	{"rprivate", ANY, PROPAGATION, PASS},
	{"slave", ANY, PROPAGATION, PASS},
	{"rslave", ANY, PROPAGATION, PASS},
	{"shared", ANY, PROPAGATION, PASS},
	{"rshared", ANY, PROPAGATION, PASS},
	{"unbindable", ANY, PROPAGATION, PASS},
	{"runbindable", ANY, PROPAGATION, PASS},
	{"bind", TREE, DEPTH, PASS},
	{"rbind", TREE, DEPTH, PASS},
	{"z", OWN, NO_GROUP, RELABEL},
	{"Z", OWN, NO_GROUP, RELABEL},
	{"U", OWN | TMPFS, NO_GROUP, CHOWN},
	{"O", OWN, NO_GROUP, OVERLAY},
	{"upperdir", OWN, NO_GROUP, UPPER},
	{"workdir", OWN, NO_GROUP, WORK},
	{"nocopy", VOLUME, COPY, NO_COPY},
	{"copy", VOLUME, COPY, NOTHING},
	{"consistent", TREE, NO_GROUP, NOTHING},
	{"cached", TREE, NO_GROUP, NOTHING},
	{"delegated", TREE, NO_GROUP, NOTHING},
	{"size", TMPFS, NO_GROUP, VALUE},
	{"mode", TMPFS | DEVPTS | RAMFS, NO_GROUP, VALUE},
	{"uid", TMPFS | DEVPTS, NO_GROUP, VALUE},
	{"gid", TMPFS | DEVPTS, NO_GROUP, VALUE},
	{"max", DEVPTS, NO_GROUP, VALUE},
	{"nr_inodes", TMPFS, NO_GROUP, VALUE},
	{"nr_blocks", TMPFS, NO_GROUP, VALUE},
	{"tmpcopyup", TMPFS, COPY, NOTHING},
	{"notmpcopyup", TMPFS, COPY, NO_COPY},
};

/* podman's and docker's, which cannot be had. */
static const struct {
	const char *name, *why;
} refused[] = {
	{"idmap", "the kernel does not let a user idmap a host file system; U gives the files to the container's user"},
	{"no-dereference", "a link is not mounted; mount what it leads to"},
	{"volume-driver", "volumes are directories; there are no drivers"},
	{"volume-label", "make the volume with its labels: ranby volume create --label"},
	{"volume-opt", "make the volume with its options: ranby volume create --opt"},
	{"bind-create-src", "make the source first; -v does not make it either"},
};

void mount_spec_done(struct mount_spec *m)
{
	free(m->source);
	free(m->destination);
	free(m->upper);
	free(m->work);
	free(m->subpath);
	strv_done(&m->options);
	*m = (struct mount_spec){0};
}

/* Without ".", "..", doubled and trailing slashes; "" is the root. -ENOMEM, -ENAMETOOLONG. */
static int path_clean(const char *text, char **ret)
{
	_cleanup_free_ char *out = malloc(strlen(text) + 2);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	if (strlen(text) >= 4096)
		return -ENAMETOOLONG;
	while (*text) {
		size_t len = strcspn(text, "/");

		if (len == 2 && text[0] == '.' && text[1] == '.') {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && text[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, text, len);
			n += len;
		}
		text += len + (text[len] == '/');
	}
	out[n] = '\0';
	*ret = TAKE_PTR(out);
	return 0;
}

int mount_destination_clean(const char *text, char **ret, struct err *e)
{
	_cleanup_free_ char *out = NULL;
	int r;

	if (*text != '/')
		return err_set(e, EINVAL, "destination %s: must be an absolute path", *text ? text : "\"\"");
	r = path_clean(text, &out);
	if (r < 0)
		return err_errno(e, -r, "destination");
	if (!*out)
		return err_set(e, EINVAL, "destination /: the root cannot be mounted over");
	if (strncmp(out, "/proc", 5) == 0 && (out[5] == '\0' || out[5] == '/'))
		return err_set(e, EINVAL, "destination %s: nothing may be mounted on /proc or below it", out);
	*ret = TAKE_PTR(out);
	return 0;
}

/* Values of tmpfs options. Sizes stay as text, checked: the runtime hands them to the kernel. */
static int check_value(const char *name, const char *value, struct err *e)
{
	uint64_t size;
	uint32_t n;
	int r = -EINVAL;

	if (strcmp(name, "mode") == 0) {
		r = parse_mode(value, &n);
	} else if (strcmp(name, "uid") == 0 || strcmp(name, "gid") == 0) {
		r = parse_u32(value, 0, UINT32_MAX - 1, &n);
	} else if (strcmp(name, "max") == 0) {
		r = parse_u32(value, 1, 1U << 20, &n); /* NR_UNIX98_PTY_MAX */
	} else {
		size_t len = strlen(value);
		char last = len > 0 ? value[len - 1] : '\0';

		/* "50%" is the kernel's own spelling */
		r = parse_size(value, UINT64_MAX, &size);
		if (r < 0 && last == '%' && len <= 4) {
			char digits[4] = {0};

			memcpy(digits, value, len - 1);
			r = parse_u32(digits, 1, 100, &n);
		}
	}
	return r < 0 ? err_set(e, EINVAL, "%s=%s: not a value for it", name, value) : 0;
}

/* The kernel's spelling of a size: tmpfs knows k, m, g and % only, not "kb" or "t". */
static int add_value(struct mount_spec *m, const char *name, const char *value)
{
	uint64_t bytes;

	if (strcmp(name, "size") == 0 && parse_size(value, UINT64_MAX, &bytes) == 0)
		return strv_addf(&m->options, "size=%llu", (unsigned long long)bytes);
	return strv_addf(&m->options, "%s=%s", name, value);
}

static int set_once(char **slot, const char *value)
{
	free(*slot);
	*slot = strdup(value);
	return *slot ? 0 : -ENOMEM;
}

static int apply_word(struct mount_spec *m, const struct word *w, const char *value, struct err *e)
{
	int r;

	switch (w->effect) {
	case NOTHING:
		return 0;
	case READ_ONLY:
		m->read_only = true;
		return strv_add(&m->options, "ro");
	case RELABEL:
		m->relabel = w->name[0];
		return 0;
	case CHOWN:
		m->chown = true;
		return 0;
	case OVERLAY:
		m->overlay = true;
		return 0;
	case NO_COPY:
		m->no_copy = true;
		return 0;
	case UPPER:
	case WORK:
		if (value[0] != '/')
			return err_set(e, EINVAL, "%s=%s: must be an absolute path", w->name, value);
		return set_once(w->effect == UPPER ? &m->upper : &m->work, value);
	case VALUE:
		r = check_value(w->name, value, e);
		return r < 0 ? r : add_value(m, w->name, value);
	case PASS:
		return strv_add(&m->options, w->name);
	}
	return -EINVAL;
}

/* What was given so far, per group. */
struct seen {
	const char *word[N_GROUPS];
};

static int refuse(const char *name, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strcmp(refused[i].name, name) == 0)
			return err_set(e, ENOTSUP, "mount option %s: %s", name, refused[i].why);
	return err_set(e, EINVAL, "mount option %s: unknown", *name ? name : "\"\"");
}

/* One option; `value` NULL when there was no '='. */
static int add_option(struct mount_spec *m, struct seen *seen, const char *name, const char *value, struct err *e)
{
	const struct word *w = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(words) && !w; i++)
		if (strcmp(words[i].name, name) == 0)
			w = &words[i];
	if (!w)
		return refuse(name, e);
	if (!(w->kinds & (1U << m->kind)))
		return err_set(e, EINVAL, "mount option %s: not for this type of mount", name);
	if ((w->effect == VALUE || w->effect == UPPER || w->effect == WORK) != (value != NULL))
		return err_set(e, EINVAL, "mount option %s: %s", name, value ? "takes no value" : "needs a value");
	if (w->group != NO_GROUP) {
		const char *before = seen->word[w->group];

		if (before && strcmp(before, name) != 0)
			return err_set(e, EINVAL, "mount options %s and %s exclude each other", before, name);
		if (before)
			return 0;
		seen->word[w->group] = w->name;
	}
	if (w->effect == RELABEL && m->relabel && m->relabel != w->name[0])
		return err_set(e, EINVAL, "mount options z and Z exclude each other");
	return apply_word(m, w, value, e);
}

/* "a,b=c" */
static int add_options(struct mount_spec *m, struct seen *seen, char *list, struct err *e)
{
	char *save = NULL;

	if (!*list)
		return err_set(e, EINVAL, "mount options: empty");
	for (char *o = strtok_r(list, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(o, '=');
		int r;

		if (eq)
			*eq = '\0';
		r = add_option(m, seen, o, eq ? eq + 1 : NULL, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *const kind_names[] = {
	[MOUNT_BIND] = "bind",   [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs", [MOUNT_IMAGE] = "image",
	[MOUNT_GLOB] = "glob",   [MOUNT_DEVPTS] = "devpts", [MOUNT_RAMFS] = "ramfs",
};

static const char *kind_name(enum mount_kind kind)
{
	return kind_names[kind];
}

/* What holds for every finished spec. */
static int check_whole(struct mount_spec *m, struct err *e)
{
	if (!m->overlay && (m->upper || m->work))
		return err_set(e, EINVAL, "mount options upperdir and workdir need O");
	if (!m->upper != !m->work)
		return err_set(e, EINVAL, "mount options upperdir and workdir go together");
	if (m->overlay && (strv_find(&m->options, "bind") >= 0 || strv_find(&m->options, "rbind") >= 0))
		return err_set(e, EINVAL, "mount option O: excludes bind and rbind; what is mounted below the source is not in it");
	if (m->overlay && (m->read_only || m->relabel))
		return err_set(e, EINVAL, "mount option O: excludes ro, z and Z");
	if (((1U << m->kind) & (HOST | IMAGE)) && (!m->source || !*m->source))
		return err_set(e, EINVAL, "a mount of type %s needs a source (src=)", kind_name(m->kind));
	if (m->subpath && m->overlay)
		return err_set(e, EINVAL, "mount option O: excludes subpath");
	/* as podman: an image is not written to unless that was asked for */
	if (m->kind == MOUNT_IMAGE && strv_find(&m->options, "rw") < 0)
		m->read_only = true;
	return 0;
}

/* Splits at colons that no backslash precedes; at most 4 parts, the rest stays in the last. Edits `s`. */
static size_t split_colons(char *s, char *parts[static 4])
{
	size_t n = 0;
	char *out = s;

	parts[n++] = s;
	for (const char *in = s; *in; in++) {
		if (in[0] == '\\' && in[1] == ':') {
			*out++ = *++in;
		} else if (*in == ':' && n < 4) {
			*out++ = '\0';
			parts[n++] = out;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return n;
}

static int set_source(struct mount_spec *m, const char *source, struct err *e)
{
	if (m->kind == MOUNT_VOLUME && !container_name_is_valid(source)) {
		int r = err_set(e, EINVAL, "%s: not a name for a volume", *source ? source : "\"\"");

		err_hint(e, "names are [a-zA-Z0-9][a-zA-Z0-9_.-]*; a path begins with / or ./");
		return r;
	}
	return set_once(&m->source, source);
}

static int volume_parts(char *copy, struct mount_spec *m, struct err *e)
{
	char *parts[4];
	size_t n = split_colons(copy, parts);
	struct seen seen = {0};
	int r = 0;

	if (n > 3)
		return err_set(e, EINVAL, "too many colons");
	m->kind = n > 1 && (parts[0][0] == '/' || parts[0][0] == '.') ? MOUNT_BIND : MOUNT_VOLUME;
	if (n > 1)
		r = set_source(m, parts[0], e);
	if (r == 0)
		r = mount_destination_clean(parts[n > 1 ? 1 : 0], &m->destination, e);
	if (r == 0 && n == 3)
		r = add_options(m, &seen, parts[2], e);
	return r < 0 ? r : check_whole(m, e);
}

/* Runs a parser on a copy; on failure nothing is left in *ret. */
static int parse_copy(const char *option, const char *text, int (*parse)(char *, struct mount_spec *, struct err *),
		      struct mount_spec *ret, struct err *e)
{
	_cleanup_(mount_spec_done) struct mount_spec m = {0};
	_cleanup_free_ char *copy = NULL;
	int r;

	if (strlen(text) > MOUNT_SPEC_MAX)
		return err_set(e, E2BIG, "--%s: longer than %d bytes", option, MOUNT_SPEC_MAX);
	copy = strdup(text);
	if (!copy)
		return err_errno(e, ENOMEM, "--%s", option);
	r = parse(copy, &m, e);
	if (r < 0)
		return err_wrap(e, r, "--%s %s", option, text);
	*ret = m;
	m = (struct mount_spec){0};
	return 0;
}

int volume_spec_parse(const char *text, struct mount_spec *ret, struct err *e)
{
	return parse_copy("volume", text, volume_parts, ret, e);
}

static int tmpfs_parts(char *copy, struct mount_spec *m, struct err *e)
{
	char *colon = strchr(copy, ':');
	struct seen seen = {0};
	int r;

	m->kind = MOUNT_TMPFS;
	if (colon)
		*colon = '\0';
	r = mount_destination_clean(copy, &m->destination, e);
	if (r == 0 && colon)
		r = add_options(m, &seen, colon + 1, e);
	return r < 0 ? r : check_whole(m, e);
}

int tmpfs_spec_parse(const char *text, struct mount_spec *ret, struct err *e)
{
	return parse_copy("tmpfs", text, tmpfs_parts, ret, e);
}

/*
 * The next field of a line of CSV (RFC 4180: a field may stand in double
 * quotes, which are doubled inside), unquoted in place. NULL at the end;
 * *bad when quotes are not paired.
 */
static char *csv_next(char **p, bool *bad)
{
	char *in = *p, *out, *start;

	if (!in)
		return NULL;
	start = out = in;
	if (*in == '"') {
		for (in++; *in && !(in[0] == '"' && in[1] != '"'); in++) {
			if (*in == '"')
				in++;
			*out++ = *in;
		}
		if (*in != '"' || (in[1] && in[1] != ',')) {
			*bad = true;
			return NULL;
		}
		in++;
	} else {
		for (; *in && *in != ','; in++) {
			if (*in == '"')
				*bad = true;
			*out++ = *in;
		}
	}
	*p = *in ? in + 1 : NULL;
	*out = '\0';
	return *bad ? NULL : start;
}

static int set_type(struct mount_spec *m, const char *type, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
		if (strcmp(type, kind_names[i]) != 0)
			continue;
		m->kind = (enum mount_kind)i;
		return 0;
	}
	err_set(e, EINVAL, "type=%s: not one of bind, volume, tmpfs, image, glob, devpts, ramfs", type);
	if (strcmp(type, "artifact") == 0)
		err_hint(e, "pull it with another tool, and bind the file");
	return -EINVAL;
}

/* A key that stands for a flag: alone, or with true or false. *ret as given. */
static int flag_value(const char *key, const char *value, bool *ret, struct err *e)
{
	*ret = true;
	if (value && parse_bool(value, ret) < 0)
		return err_set(e, EINVAL, "%s=%s: neither true nor false", key, value);
	return 0;
}

/* The long names that --mount has for option words. */
struct alias {
	const char *key;
	const char *yes; /* the word, when a flag is true or the value is `value` */
	const char *no;  /* the word when it is false; NULL: nothing */
	unsigned kinds;
};
static const struct alias aliases[] = {
	{"ro", "ro", "rw", ANY | IMAGE},
	{"readonly", "ro", "rw", ANY | IMAGE},
	{"rw", "rw", "ro", ANY | IMAGE},
	{"readwrite", "rw", "ro", IMAGE},
	{"U", "U", NULL, OWN | TMPFS},
	{"chown", "U", NULL, OWN | TMPFS},
	{"bind-nonrecursive", "bind", "rbind", HOST},
	{"volume-nocopy", "nocopy", NULL, VOLUME},
	{"tmpcopyup", "tmpcopyup", "notmpcopyup", TMPFS},
	{"notmpcopyup", "notmpcopyup", "tmpcopyup", TMPFS},
};

static int mount_flag(struct mount_spec *m, struct seen *seen, const char *key, const char *value, bool *done,
		      struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		const struct alias *a = &aliases[i];
		bool yes;
		int r;

		if (strcmp(a->key, key) != 0)
			continue;
		*done = true;
		if (!(a->kinds & (1U << m->kind)))
			return err_set(e, EINVAL, "%s: not for this type of mount", key);
		r = flag_value(key, value, &yes, e);
		if (r < 0 || !(yes ? a->yes : a->no))
			return r;
		return add_option(m, seen, yes ? a->yes : a->no, NULL, e);
	}
	return 0;
}

static int mount_relabel(struct mount_spec *m, struct seen *seen, const char *value, struct err *e)
{
	if (strcmp(value, "shared") == 0)
		return add_option(m, seen, "z", NULL, e);
	if (strcmp(value, "private") == 0)
		return add_option(m, seen, "Z", NULL, e);
	return err_set(e, EINVAL, "relabel=%s: neither shared nor private", value);
}

static const struct {
	const char *key;
	unsigned kinds;
} subpath_keys[] = {
	{"subpath", VOLUME | IMAGE | BIND},
	{"volume-subpath", VOLUME},
	{"image-subpath", IMAGE},
};

/* Text alone: what it leads to is known where it is mounted (runtime/rootfs.c). */
static int set_subpath(struct mount_spec *m, const char *key, unsigned kinds, const char *value, struct err *e)
{
	_cleanup_free_ char *absolute = NULL;

	if (!(kinds & (1U << m->kind)))
		return err_set(e, EINVAL, "%s: not for this type of mount", key);
	if (m->subpath)
		return err_set(e, EINVAL, "%s: given twice", key);
	if (asprintf(&absolute, "/%s", value) < 0)
		return err_errno(e, ENOMEM, "%s", key);
	return path_clean(absolute, &m->subpath) < 0 ? err_set(e, EINVAL, "%s=%s: too long", key, value) : 0;
}

static int mount_valued(struct mount_spec *m, struct seen *seen, const char *key, const char *value, struct err *e)
{
	if (strcmp(key, "src") == 0 || strcmp(key, "source") == 0) {
		if (!((1U << m->kind) & (TREE | IMAGE)))
			return err_set(e, EINVAL, "%s: not for this type of mount", key);
		return set_source(m, value, e);
	}
	if (strcmp(key, "dst") == 0 || strcmp(key, "destination") == 0 || strcmp(key, "target") == 0) {
		free(m->destination);
		m->destination = NULL;
		return mount_destination_clean(value, &m->destination, e);
	}
	if (strcmp(key, "bind-propagation") == 0)
		return add_option(m, seen, value, NULL, e);
	if (strcmp(key, "relabel") == 0)
		return mount_relabel(m, seen, value, e);
	if (strcmp(key, "tmpfs-size") == 0)
		return add_option(m, seen, "size", value, e);
	if (strcmp(key, "tmpfs-mode") == 0)
		return add_option(m, seen, "mode", value, e);
	if (strcmp(key, "consistency") == 0)
		return add_option(m, seen, value, NULL, e);
	for (size_t i = 0; i < ARRAY_SIZE(subpath_keys); i++)
		if (strcmp(key, subpath_keys[i].key) == 0)
			return set_subpath(m, key, subpath_keys[i].kinds, value, e);
	return add_option(m, seen, key, value, e);
}

static int mount_field(struct mount_spec *m, struct seen *seen, char *field, struct err *e)
{
	char *eq = strchr(field, '=');
	const char *value = eq ? eq + 1 : NULL;
	bool done = false;
	int r;

	if (eq)
		*eq = '\0';
	if (strcmp(field, "type") == 0)
		return 0; /* read before */
	r = mount_flag(m, seen, field, value, &done, e);
	if (r < 0 || done)
		return r;
	if (!value)
		return add_option(m, seen, field, NULL, e);
	return mount_valued(m, seen, field, value, e);
}

static int mount_parts(char *copy, struct mount_spec *m, struct err *e)
{
	_cleanup_(strv_done) struct strv list = {0};
	struct seen seen = {0};
	bool bad = false;
	int r = 0;

	m->kind = MOUNT_VOLUME;
	for (char *f; r == 0 && (f = csv_next(&copy, &bad));) {
		r = strv_add(&list, f);
		if (r == 0 && strncmp(f, "type=", 5) == 0)
			r = set_type(m, f + 5, e);
	}
	if (bad)
		return err_set(e, EINVAL, "quotes that do not pair");
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = mount_field(m, &seen, list.items[i], e);
	if (r < 0)
		return r;
	if (!m->destination && m->kind != MOUNT_GLOB)
		return err_set(e, EINVAL, "no destination (dst=)");
	return check_whole(m, e);
}

int mount_spec_parse(const char *text, struct mount_spec *ret, struct err *e)
{
	return parse_copy("mount", text, mount_parts, ret, e);
}
