/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * -v, --mount, --tmpfs, --device and the image's VOLUMEs become entries of
 * the list. Host paths are the user's own words: they are opened by the
 * runtime, as the user, and only looked at here so that a missing one is
 * reported before anything is made.
 *
 * Added to what was asked for: nosuid and nodev unless their opposite was
 * given, since no file that a container can write should become privileged
 * through it; and for a bind that is read-only, read-only all the way down
 * ("rro", Linux 5.12), because "ro" alone leaves the mounts below it writable.
 */
#include "engine/mounts_parts.h"

#include "engine/attest.h"
#include "engine/option_paths.h"
#include "engine/relabel.h"
#include "engine/volumes.h"
#include "oci/cdi.h"
#include "oci/image_config.h"
#include "sys/fd.h"
#include "sys/lsm_selinux.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define VOLUME_TRIES 5

static bool has_any(const struct strv *v, const char *a, const char *b)
{
	return strv_find(v, a) >= 0 || strv_find(v, b) >= 0;
}

/* What stands in none of the words that were given. */
static int add_missing(const struct mount_spec *s, struct mount_entry *m)
{
	const struct {
		const char *a, *b; /* neither was given */
		bool wanted;
		const char *word;
	} missing[] = {
		{"suid", "nosuid", true, "nosuid"},
		{"dev", "nodev", true, "nodev"},
		{"bind", "rbind", s->kind == MOUNT_VOLUME && !s->overlay, "rbind"},
		{"exec", "noexec", s->kind == MOUNT_TMPFS, "noexec"},
		{"", "", s->kind == MOUNT_TMPFS && !s->no_copy, "tmpcopyup"},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(missing); i++)
		if (missing[i].wanted && !has_any(&s->options, missing[i].a, missing[i].b))
			r = strv_add(&m->options, missing[i].word);
	return r;
}

int mounts_add_options(const struct mount_spec *s, struct mount_entry *m, struct err *e)
{
	bool recursive = s->kind == MOUNT_BIND && !s->overlay && strv_find(&s->options, "bind") < 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->options.n; i++) {
		const char *word = s->options.items[i];

		if (recursive && strcmp(word, "ro") == 0)
			word = "rro";
		/* a volume of that kind has the word; its overlay is none */
		if (!s->overlay || (strcmp(word, "bind") != 0 && strcmp(word, "rbind") != 0))
			r = strv_add(&m->options, word);
	}
	if (r == 0 && recursive && strv_find(&s->options, "rbind") < 0)
		r = strv_add(&m->options, "rbind");
	if (r == 0)
		r = add_missing(s, m);
	m->read_only = s->read_only;
	/* where nobody wrote the word: type=image */
	if (r == 0 && s->read_only && !has_any(&m->options, "ro", "rro"))
		r = strv_add(&m->options, "ro");
	return r < 0 ? err_errno(e, ENOMEM, "mount %s", s->destination) : 0;
}

static int must_exist(const char *path, struct stat *st, struct err *e)
{
	_cleanup_close_ int fd = path ? open(path, O_PATH | O_CLOEXEC) : -EBADF;

	if (fd < 0 || fstat(fd, st) < 0)
		return err_errno(e, errno, "mount source %s", path);
	return 0;
}

/* z and Z ask for an SELinux label. Where the container has none, every file has the right one. */
static int want_relabel(const struct mounts_input *m, const struct mount_spec *s, struct mount_entry *entry, struct err *e)
{
	int r;

	if (!s->relabel || m->label->state != LABEL_ON)
		return 0;
	r = relabel_check(entry->source, e);
	if (r < 0)
		return err_wrap(e, r, "mount option %c", s->relabel);
	entry->relabel = s->relabel;
	return 0;
}

int mounts_keeper_owner(const struct mounts_input *m, uint32_t uid, uint32_t gid, uint32_t *ret_uid, uint32_t *ret_gid,
			struct err *e)
{
	const struct id_map *map = &m->in->userns->map;

	if (id_list_to_outside(&map->uid, uid, ret_uid) < 0 || id_list_to_outside(&map->gid, gid, ret_gid) < 0)
		return err_set(e, ERANGE, "user %u:%u is not in the container's ID map", uid, gid);
	return 0;
}

/* O: the source as the lower layer, what is written goes to the container's directory. */
static int add_overlay(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, const char *source,
		       struct err *e)
{
	_cleanup_(strv_done) struct strv lower = {0};
	struct overlay_wish w = {.spec = s, .lower = &lower};
	struct mount_entry *entry = NULL;
	struct stat st;
	int r = must_exist(source, &st, e);

	if (r < 0)
		return r;
	if (strv_add(&lower, source) < 0)
		return err_errno(e, ENOMEM, "overlay");
	w.mode = st.st_mode & 07777;
	r = mounts_add_overlay(l, m, &w, &entry, e);
	return r < 0 ? r : mounts_add_options(s, entry, e);
}

static int add_bind(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, struct err *e)
{
	_cleanup_free_ char *source = NULL;
	struct mount_entry *entry;
	uint32_t uid, gid;
	struct stat st;
	int r;

	r = option_path_absolute(s->source, m->in->caller_cwd, &source, e);
	if (r == 0)
		r = must_exist(source, &st, e);
	if (r == 0 && s->chown) {
		r = mounts_keeper_owner(m, m->user->uid, m->user->gid, &uid, &gid, e);
		if (r == 0)
			r = volume_chown(source, m->in->keeper, uid, gid, e);
	}
	if (r < 0)
		return r;
	if (s->overlay)
		return add_overlay(l, m, s, source, e);
	entry = mount_list_add(l, MOUNT_USER, "bind", source, s->destination, "", e);
	if (!entry)
		return -EEXIST;
	entry->subpath = s->subpath ? strdup(s->subpath) : NULL;
	if (s->subpath && !entry->subpath)
		return err_errno(e, ENOMEM, "mount %s", s->destination);
	r = want_relabel(m, s, entry, e);
	return r < 0 ? r : mounts_add_options(s, entry, e);
}

/* tmpfs, ramfs, devpts. */
static int add_filesystem(struct mount_list *l, const struct mounts_input *m, const char *type, const struct mount_spec *s,
			  struct err *e)
{
	struct mount_entry *entry = mount_list_add(l, MOUNT_USER, type, type, s->destination, "", e);
	bool own_user = s->chown && m->user;

	if (!entry)
		return -EEXIST;
	/* U: before the words that were given, which say it more exactly */
	if (own_user && (strv_addf(&entry->options, "uid=%u", m->user->uid) < 0 || strv_addf(&entry->options, "gid=%u", m->user->gid) < 0))
		return err_errno(e, ENOMEM, "mount %s", s->destination);
	return mounts_add_options(s, entry, e);
}

/* One more instance: its terminals are this container's alone, and may be opened by all who can see them (pts(4)). */
static int add_devpts(struct mount_list *l, const struct mount_spec *s, struct err *e)
{
	struct mount_entry *entry =
		mount_list_add(l, MOUNT_USER, "devpts", "devpts", s->destination, "nosuid,noexec,newinstance,ptmxmode=0666", e);

	return !entry ? -EEXIST : strv_add_all(&entry->options, s->options.items) < 0 ? err_errno(e, ENOMEM, "mount %s", s->destination) : 0;
}

/* How much of a pattern is the name of a directory, its last slash included: what stands before the first part that is more than a name. */
static size_t fixed_part(const char *pattern)
{
	size_t n = strcspn(pattern, "*?[\\");

	while (n > 0 && pattern[n - 1] != '/')
		n--;
	return n;
}

/* Looked at once more where it is mounted (runtime/rootfs.c): here so that the error comes before anything is made. */
static int check_match(const char *directory, const char *name, const char *match, struct err *e)
{
	_cleanup_close_ int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	int r = dir < 0 ? -errno : path_in_root_open(dir, name, O_PATH, &fd);

	if (r == 0)
		return 0;
	err_errno(e, -r, "%s, as seen from %s", match, directory);
	err_hint(e, "a link is not followed out of the directory that the pattern names; name what it leads to with type=bind");
	return r;
}

/*
 * A match: below the destination by its own name, or where it is on the host.
 * Whoever can write in the directory chose its name and may have made it a
 * link: so the directory is the source, and the match a subpath, that never
 * leads out of it.
 */
static int add_match(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, const char *match, struct err *e)
{
	_cleanup_(mount_spec_done) struct mount_spec one = {.kind = MOUNT_BIND, .read_only = s->read_only};
	_cleanup_free_ char *directory = NULL, *to = NULL;
	const char *base = strrchr(match, '/');
	size_t fixed = fixed_part(s->source);
	int r;

	if (strncmp(match, s->source, fixed) != 0)
		return err_set(e, EINVAL, "%s: not below the directory of %s", match, s->source);
	directory = fixed ? strndup(match, fixed) : strdup(".");
	if (!directory || asprintf(&one.subpath, "/%s", match + fixed) < 0)
		return err_errno(e, ENOMEM, "%s", match);
	r = option_path_absolute(directory, m->in->caller_cwd, &one.source, e);
	if (r == 0)
		r = check_match(one.source, one.subpath, match, e);
	if (r < 0)
		return r;
	if ((s->destination ? asprintf(&to, "%s/%s", s->destination, base ? base + 1 : match)
			    : asprintf(&to, "%s%s", one.source, one.subpath)) < 0)
		return err_errno(e, ENOMEM, "%s", match);
	r = mount_destination_clean(to, &one.destination, e);
	if (r == 0 && strv_add_all(&one.options, s->options.items) < 0)
		r = err_errno(e, ENOMEM, "%s", match);
	return r == 0 ? mounts_add_spec(l, m, &one, MOUNT_USER, e) : r;
}

static int add_glob(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, struct err *e)
{
	glob_t found = {0};
	int r = glob(s->source, GLOB_ERR, NULL, &found);

	if (r == GLOB_NOMATCH)
		r = err_set(e, ENOENT, "%s: nothing matches", s->source);
	else if (r != 0)
		r = err_errno(e, r == GLOB_NOSPACE ? ENOMEM : EACCES, "%s", s->source);
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		r = add_match(l, m, s, found.gl_pathv[i], e);
	globfree(&found);
	return r;
}

static int label_volume(const char *path, const struct mounts_input *m, struct err *e)
{
	_cleanup_(strv_done) struct strv paths = {0}, labels = {0};
	char shared[SELINUX_CONTEXT_SIZE];
	int r = label_shared(m->label->file, shared);

	if (r < 0 || strv_add(&paths, path) < 0 || strv_add(&labels, shared) < 0)
		return err_errno(e, ENOMEM, "label of %s", path);
	return relabel(&paths, &labels, m->in->keeper, e);
}

/* Who owns it, where its options say so. */
static int owner_by_plan(const struct mounts_input *m, const struct volume_plan *plan, struct volume_fill *fill, struct err *e)
{
	uint32_t uid = 0, gid = 0;
	int r;

	if (!plan->has_uid && !plan->has_gid)
		return 0;
	r = mounts_keeper_owner(m, plan->has_uid ? plan->uid : 0, plan->has_gid ? plan->gid : 0, &uid, &gid, e);
	if (r < 0)
		return r;
	fill->set_uid = plan->has_uid;
	fill->set_gid = plan->has_gid;
	fill->uid = uid;
	fill->gid = gid;
	return 0;
}

/* Makes the volume where needed, fills it the first time. */
/* *made: by this container, in one of the tries. */
static int make_one(struct mount_list *l, const struct mounts_input *m, const char *name, bool anonymous,
		    const struct volume_plan *plan, struct volume_fill *fill, bool *made, bool *ret_created, struct err *e)
{
	bool created = false;
	int r = volume_ensure(m->in->data_dirfd, name, anonymous, &created, e);

	if (r < 0)
		return r;
	if (created && !*made && strv_add(&l->created, name) < 0)
		r = err_errno(e, ENOMEM, "volume %s", name);
	*ret_created = *made |= created;
	if (r == 0)
		r = mounts_keeper_owner(m, 0, 0, &fill->owner_uid, &fill->owner_gid, e);
	return r == 0 ? owner_by_plan(m, plan, fill, e) : r;
}

/* One that is removed just then is made anew, as if it had been removed before. */
static int make_and_fill(struct mount_list *l, const struct mounts_input *m, const char *name, bool anonymous,
			 const struct volume_plan *plan, struct volume_fill *fill, bool *ret_created, struct err *e)
{
	bool made = false;

	for (int left = VOLUME_TRIES;; left--) {
		struct err own = {0};
		int r = make_one(l, m, name, anonymous, plan, fill, &made, ret_created, e);

		if (r < 0)
			return r;
		r = volume_fill(fill, &own);
		if (r == -ENOENT && left > 1)
			continue;
		if (r < 0 && e)
			*e = own;
		return r;
	}
}

static int prepare_volume(struct mount_list *l, const struct mounts_input *m, const char *name, const struct mount_spec *s,
			  const struct volume_plan *plan, struct err *e)
{
	const struct bundle_input *in = m->in;
	struct volume_fill fill = {
		.data_dirfd = in->data_dirfd, .name = name, .keeper = in->keeper, .layers = in->layers, .rootfs = m->rootfs,
		.path = s->destination, .copy = !s->no_copy && !plan->no_copy, .fuse = in->fuse,
	};
	_cleanup_free_ char *data = NULL;
	uint32_t uid, gid;
	bool created = true; /* or it should have been */
	int r = make_and_fill(l, m, name, !s->source, plan, &fill, &created, e);

	if (created)
		r = attest_volume(in->eng, AUDIT_VERB_VOLUME_CREATE, name, in->id, NULL, in->options->require_audit, r, e);
	if (r < 0)
		return r;
	if (asprintf(&data, "%s/volumes/%s/_data", in->data_dir, name) < 0)
		return err_errno(e, ENOMEM, "volume %s", name);
	/* a new one is for all containers, until one takes it for itself (Z) */
	if (created && m->label->state == LABEL_ON)
		r = label_volume(data, m, e);
	if (r < 0 || !s->chown)
		return r;
	r = mounts_keeper_owner(m, m->user->uid, m->user->gid, &uid, &gid, e);
	return r < 0 ? r : volume_chown(data, in->keeper, uid, gid, e);
}

static struct mount_entry *find_entry(struct mount_list *l, const char *destination)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].destination, destination) == 0)
			return &l->items[i];
	return NULL;
}

/* The entry that was just added shows the volume that it is of. */
static int name_volume(struct mount_list *l, const struct mount_spec *s, const char *name, struct err *e)
{
	struct mount_entry *entry = find_entry(l, s->destination);

	entry->volume = strdup(name);
	entry->anonymous = !s->source;
	entry->subpath = s->subpath ? strdup(s->subpath) : NULL;
	return entry->volume && !s->subpath == !entry->subpath ? 0 : err_errno(e, ENOMEM, "volume %s", name);
}

/* What whoever made the volume took away, a container does not get back. */
static int check_own_words(const struct mount_spec *s, const struct mount_spec *p, struct err *e)
{
	static const char *const pairs[][2] = {{"ro", "rw"}, {"noexec", "exec"}, {"nosuid", "suid"}, {"nodev", "dev"}};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (strv_find(&p->options, pairs[i][0]) >= 0 && strv_find(&s->options, pairs[i][1]) >= 0)
			return err_set(e, EINVAL, "volume %s was made with o=%s, which %s would undo", s->source, pairs[i][0], pairs[i][1]);
	return 0;
}

static int replace_text(char **slot, const char *text)
{
	free(*slot);
	*slot = strdup(text);
	return *slot ? 0 : -ENOMEM;
}

/* The volume's own words, then those of this container. */
static int merge_specs(const struct mount_spec *s, struct mount_spec *p, struct err *e)
{
	int r = check_own_words(s, p, e);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < s->options.n; i++)
		if (strv_find(&p->options, s->options.items[i]) < 0)
			r = strv_add(&p->options, s->options.items[i]);
	if (r < 0 || replace_text(&p->destination, s->destination) < 0 || (s->upper && replace_text(&p->upper, s->upper) < 0) ||
	    (s->work && replace_text(&p->work, s->work) < 0))
		return err_errno(e, ENOMEM, "volume %s", s->source);
	p->read_only |= s->read_only;
	p->chown |= s->chown;
	p->overlay |= s->overlay;
	p->relabel = s->relabel ? s->relabel : p->relabel;
	return 0;
}

/* A volume that is a bind of another directory or a tmpfs. */
static int add_planned(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, struct mount_spec *p,
		       struct err *e)
{
	int r;

	if (p->kind == MOUNT_TMPFS && (s->overlay || s->chown || s->relabel))
		return err_set(e, EINVAL, "volume %s is a tmpfs: O, U, z and Z are not for it", s->source);
	r = merge_specs(s, p, e);
	if (r < 0)
		return r;
	if (s->subpath && (p->kind == MOUNT_TMPFS || p->overlay))
		return err_set(e, EINVAL, "volume %s: a tmpfs or an overlay has no subpath", s->source);
	r = p->kind == MOUNT_TMPFS ? add_filesystem(l, m, "tmpfs", p, e) : add_bind(l, m, p, e);
	return r < 0 ? r : name_volume(l, s, s->source, e);
}

static int add_plain(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, enum mount_origin origin,
		     const struct volume_plan *plan, struct err *e)
{
	char random_name[VOLUME_NAME_SIZE];
	const char *name = s->source;
	_cleanup_free_ char *data = NULL;
	struct mount_entry *entry;
	int r = 0;

	/* before anything is made: is the destination free? */
	entry = s->overlay ? NULL : mount_list_add(l, origin, "bind", "", s->destination, "", e);
	if (!entry && !s->overlay)
		return -EEXIST;
	if (!name) {
		r = volume_random_name(random_name);
		if (r < 0)
			return err_errno(e, -r, "random name");
		name = random_name;
	}
	r = prepare_volume(l, m, name, s, plan, e);
	if (r < 0)
		return r;
	if (asprintf(&data, "%s/volumes/%s/_data", m->in->data_dir, name) < 0)
		return err_errno(e, ENOMEM, "volume %s", name);
	if (s->overlay) {
		r = add_overlay(l, m, s, data, e);
		return r < 0 ? r : name_volume(l, s, name, e);
	}
	free(entry->source);
	entry->source = TAKE_PTR(data);
	r = name_volume(l, s, name, e);
	if (r == 0)
		r = want_relabel(m, s, entry, e);
	return r < 0 ? r : mounts_add_options(s, entry, e);
}

static int add_volume(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s,
		      enum mount_origin origin, struct err *e)
{
	_cleanup_(volume_plan_done) struct volume_plan plan = {.is_plain = true};
	int r = s->source ? volume_plan_of(m->in->data_dirfd, s->source, &plan, e) : 0;

	if (r < 0)
		return r;
	return plan.is_plain ? add_plain(l, m, s, origin, &plan, e) : add_planned(l, m, s, &plan.spec, e);
}

int mounts_add_spec(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, enum mount_origin origin,
		    struct err *e)
{
	if (s->destination && strcmp(s->destination, "/dev") == 0) {
		err_set(e, ENOTSUP, "destination /dev: not supported");
		err_hint(e, "mount on a path below /dev, or use --device");
		return -ENOTSUP;
	}
	switch (s->kind) {
	case MOUNT_BIND:
		return add_bind(l, m, s, e);
	case MOUNT_VOLUME:
		return add_volume(l, m, s, origin, e);
	case MOUNT_TMPFS:
		return add_filesystem(l, m, "tmpfs", s, e);
	case MOUNT_IMAGE:
		return mounts_add_image(l, m, s, e);
	case MOUNT_GLOB:
		return add_glob(l, m, s, e);
	case MOUNT_DEVPTS:
		return add_devpts(l, s, e);
	case MOUNT_RAMFS:
		return add_filesystem(l, m, "ramfs", s, e);
	}
	return -EINVAL;
}

static int add_list(struct mount_list *l, const struct mounts_input *m, const char *option, const struct strv *values,
		    int (*parse)(const char *, struct mount_spec *, struct err *), struct err *e)
{
	for (size_t i = 0; i < values->n; i++) {
		_cleanup_(mount_spec_done) struct mount_spec s = {0};
		int r = parse(values->items[i], &s, e);

		if (r < 0)
			return r;
		r = mounts_add_spec(l, m, &s, MOUNT_USER, e);
		if (r < 0)
			return err_wrap(e, r, "--%s %s", option, values->items[i]);
	}
	return 0;
}

bool mount_is_taken(const struct mount_list *l, const char *destination)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].origin != MOUNT_DEFAULT && strcmp(l->items[i].destination, destination) == 0)
			return true;
	return false;
}

/* VOLUMEs: a stranger's words. A destination that we would refuse from the user is refused here. */
static int add_image_volumes(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const struct image_config *image = m->in->image;
	const char *mode = m->in->options->image_volume;
	bool tmpfs = mode && strcmp(mode, "tmpfs") == 0;

	if (!image || (mode && strcmp(mode, "ignore") == 0))
		return 0;
	for (size_t i = 0; i < image->volumes.n; i++) {
		_cleanup_(mount_spec_done) struct mount_spec s = {.kind = tmpfs ? MOUNT_TMPFS : MOUNT_VOLUME};
		int r = mount_destination_clean(image->volumes.items[i], &s.destination, e);

		if (r == 0 && mount_is_taken(l, s.destination))
			continue;
		if (r == 0)
			r = mounts_add_spec(l, m, &s, MOUNT_DECLARED, e);
		if (r < 0)
			return err_wrap(e, r, "the image's volume %s", image->volumes.items[i]);
	}
	return 0;
}

int mounts_add_node(struct mount_list *l, const char *source, const char *to, struct stat *ret, struct err *e)
{
	_cleanup_free_ char *destination = NULL;
	struct mount_entry *entry;
	int r = must_exist(source, ret, e);

	if (r == 0 && !S_ISCHR(ret->st_mode) && !S_ISBLK(ret->st_mode))
		r = err_set(e, EINVAL, "%s: not a device", source);
	if (r == 0)
		r = mount_destination_clean(to, &destination, e);
	if (r < 0)
		return r;
	entry = find_entry(l, destination);
	if (entry && entry->device && strcmp(entry->source, source) == 0)
		return 0;
	entry = mount_list_add(l, MOUNT_USER, "bind", source, destination, "bind,nosuid,noexec", e);
	if (!entry)
		return -EEXIST;
	entry->device = true;
	return 0;
}

int mounts_check_access(const char *access, struct err *e)
{
	if (strcmp(access, "rwm") == 0 || strcmp(access, "rw") == 0)
		return 0;
	return err_set(e, ENOTSUP, "access %.16s: without the device cgroup it cannot be restricted; the node's own mode counts", access);
}

/* --device HOST[:CONTAINER][:rwm]: the node itself is bound; a user may not make one. */
static int add_device(struct mount_list *l, const char *text, struct err *e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *to, *access = NULL;
	struct stat st;
	int r;

	if (!copy)
		return err_errno(e, ENOMEM, "device");
	to = strchr(copy, ':');
	if (to)
		*to++ = '\0';
	access = to ? strchr(to, ':') : NULL;
	if (access)
		*access++ = '\0';
	else if (to && *to != '/') {
		access = to;
		to = NULL;
	}
	r = access ? mounts_check_access(access, e) : 0;
	if (r < 0)
		return r;
	if (*copy != '/')
		return err_set(e, EINVAL, "not an absolute path, nor the name of a CDI device (vendor.com/class=name)");
	return mounts_add_node(l, copy, to ? to : copy, &st, e);
}

int mounts_wanted(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const struct container_options *o = m->in->options;
	int r;

	r = add_list(l, m, "volume", &o->volume, volume_spec_parse, e);
	if (r == 0)
		r = add_list(l, m, "mount", &o->mount, mount_spec_parse, e);
	if (r == 0)
		r = add_list(l, m, "tmpfs", &o->tmpfs, tmpfs_spec_parse, e);
	for (size_t i = 0; r == 0 && i < o->device.n; i++) {
		if (cdi_is_name(o->device.items[i]))
			continue;
		r = add_device(l, o->device.items[i], e);
		if (r < 0)
			r = err_wrap(e, r, "--device %s", o->device.items[i]);
	}
	if (r == 0 && m->cdi)
		r = mounts_add_cdi(l, m, e);
	if (r == 0)
		r = mounts_add_from(l, m, e);
	return r < 0 ? r : add_image_volumes(l, m, e);
}
