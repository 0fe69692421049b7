/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mounts[]: the words of mount(8), which the spec and the engines share, as
 * one table. A word that is not in it goes to the filesystem as an option
 * (fsconfig then names what it does not know); for a bind there is no
 * filesystem to take it, so there it is an error.
 */
#include "oci/runtime_config.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

enum word_effect {
	WORD_SET,     /* sets attr */
	WORD_CLEAR,   /* clears attr */
	WORD_SET_REC,
	WORD_CLEAR_REC,
	WORD_PROPAGATION,
	WORD_PROPAGATION_REC,
	WORD_BIND,
	WORD_RBIND,
	WORD_COPY_UP,
	WORD_IDMAP,
	WORD_IDMAP_REC,
	WORD_NOTHING, /* the default anyway, or of no meaning inside a user namespace's own mount */
	WORD_REFUSED,
};

static const struct word {
	const char *name;
	enum word_effect effect;
	uint64_t attr;
} words[] = {
	{"ro", WORD_SET, MOUNT_ATTR_RDONLY},
	{"rw", WORD_CLEAR, MOUNT_ATTR_RDONLY},
	{"nosuid", WORD_SET, MOUNT_ATTR_NOSUID},
	{"suid", WORD_CLEAR, MOUNT_ATTR_NOSUID},
	{"nodev", WORD_SET, MOUNT_ATTR_NODEV},
	{"dev", WORD_CLEAR, MOUNT_ATTR_NODEV},
	{"noexec", WORD_SET, MOUNT_ATTR_NOEXEC},
	{"exec", WORD_CLEAR, MOUNT_ATTR_NOEXEC},
	{"nosymfollow", WORD_SET, MOUNT_ATTR_NOSYMFOLLOW},
	{"symfollow", WORD_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
	{"noatime", WORD_SET, MOUNT_ATTR_NOATIME},
	{"nodiratime", WORD_SET, MOUNT_ATTR_NODIRATIME},
	{"strictatime", WORD_SET, MOUNT_ATTR_STRICTATIME},
	{"relatime", WORD_NOTHING, 0},
	{"diratime", WORD_NOTHING, 0},
	{"atime", WORD_NOTHING, 0},
	{"rro", WORD_SET_REC, MOUNT_ATTR_RDONLY},
	{"rrw", WORD_CLEAR_REC, MOUNT_ATTR_RDONLY},
	{"rnosuid", WORD_SET_REC, MOUNT_ATTR_NOSUID},
	{"rsuid", WORD_CLEAR_REC, MOUNT_ATTR_NOSUID},
	{"rnodev", WORD_SET_REC, MOUNT_ATTR_NODEV},
	{"rdev", WORD_CLEAR_REC, MOUNT_ATTR_NODEV},
	{"rnoexec", WORD_SET_REC, MOUNT_ATTR_NOEXEC},
	{"rexec", WORD_CLEAR_REC, MOUNT_ATTR_NOEXEC},
	{"rnosymfollow", WORD_SET_REC, MOUNT_ATTR_NOSYMFOLLOW},
	{"rsymfollow", WORD_CLEAR_REC, MOUNT_ATTR_NOSYMFOLLOW},
	{"rnoatime", WORD_SET_REC, MOUNT_ATTR_NOATIME},
	{"rnodiratime", WORD_SET_REC, MOUNT_ATTR_NODIRATIME},
	{"private", WORD_PROPAGATION, MS_PRIVATE},
	{"rprivate", WORD_PROPAGATION_REC, MS_PRIVATE},
	{"slave", WORD_PROPAGATION, MS_SLAVE},
	{"rslave", WORD_PROPAGATION_REC, MS_SLAVE},
	{"shared", WORD_PROPAGATION, MS_SHARED},
	{"rshared", WORD_PROPAGATION_REC, MS_SHARED},
	{"unbindable", WORD_PROPAGATION, MS_UNBINDABLE},
	{"runbindable", WORD_PROPAGATION_REC, MS_UNBINDABLE},
	{"bind", WORD_BIND, 0},
	{"rbind", WORD_RBIND, 0},
	{"defaults", WORD_NOTHING, 0},
	{"async", WORD_NOTHING, 0},
	{"norelatime", WORD_NOTHING, 0},
	{"nostrictatime", WORD_NOTHING, 0},
	{"nolazytime", WORD_NOTHING, 0},
	{"noiversion", WORD_NOTHING, 0},
	{"nomand", WORD_NOTHING, 0},
	{"silent", WORD_NOTHING, 0},
	{"loud", WORD_NOTHING, 0},
	{"ratime", WORD_NOTHING, 0},
	{"rdiratime", WORD_NOTHING, 0},
	{"rnorelatime", WORD_NOTHING, 0},
	{"rnostrictatime", WORD_NOTHING, 0},
	{"tmpcopyup", WORD_COPY_UP, 0},
	{"idmap", WORD_IDMAP, 0},
	{"ridmap", WORD_IDMAP_REC, 0},
	{"rrelatime", WORD_CLEAR_REC, MOUNT_ATTR__ATIME},
	{"rstrictatime", WORD_SET_REC, MOUNT_ATTR_STRICTATIME},
	{"remount", WORD_REFUSED, 0},
	{"mand", WORD_REFUSED, 0},
	{"copy-symlink", WORD_REFUSED, 0},
};

static const struct word *find_word(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

/* The later of two contradicting words wins, as in mount(8). */
static void flip(uint64_t *on, uint64_t *off, uint64_t attr)
{
	*on |= attr;
	*off &= ~attr;
}

static int apply_word(struct config_mount *m, const struct word *w, struct err *e)
{
	switch (w->effect) {
	case WORD_SET:
		flip(&m->set, &m->clear, w->attr);
		break;
	case WORD_CLEAR:
		flip(&m->clear, &m->set, w->attr);
		break;
	case WORD_SET_REC:
		flip(&m->set_rec, &m->clear_rec, w->attr);
		break;
	case WORD_CLEAR_REC:
		flip(&m->clear_rec, &m->set_rec, w->attr);
		break;
	case WORD_PROPAGATION:
	case WORD_PROPAGATION_REC:
		m->propagation = w->attr;
		m->propagation_rec = w->effect == WORD_PROPAGATION_REC;
		break;
	case WORD_BIND:
	case WORD_RBIND:
		m->kind = CONFIG_MOUNT_BIND;
		m->recursive = m->recursive || w->effect == WORD_RBIND;
		break;
	case WORD_COPY_UP:
		m->copy_up = true;
		break;
	case WORD_IDMAP:
	case WORD_IDMAP_REC:
		m->idmap = true;
		m->idmap_rec = m->idmap_rec || w->effect == WORD_IDMAP_REC;
		break;
	case WORD_NOTHING:
		break;
	case WORD_REFUSED:
		return err_set(e, ENOTSUP, "options: %s is not supported", w->name);
	}
	return 0;
}

/* The config's own text of an option, which lives as long as the config. */
static const char *nth_option(struct json_object *o, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(json_at(o, "options"), i));
}

static int read_options(struct json_object *o, struct config_mount *m, struct err *e)
{
	_cleanup_(strv_done) struct strv given = {0};
	int r = json_get_strv(o, "options", &given, e);

	for (size_t i = 0; r == 0 && i < given.n; i++) {
		const struct word *w = find_word(given.items[i]);

		if (w)
			r = apply_word(m, w, e);
		else if (strncmp(given.items[i], CONFIG_MOUNT_SUBPATH, strlen(CONFIG_MOUNT_SUBPATH)) == 0)
			m->subpath = nth_option(o, i) + strlen(CONFIG_MOUNT_SUBPATH);
		else if (strv_add(&m->options, given.items[i]) < 0)
			r = err_errno(e, ENOMEM, "options");
	}
	return r;
}

/* Absolute, no "..": what it means must not depend on the container's links more than it has to. */
static int check_destination(const char *d, struct err *e)
{
	if (!d || d[0] != '/')
		return err_set(e, EINVAL, "destination: not an absolute path");
	for (const char *p = d; *p;) {
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return err_set(e, EINVAL, "destination: %.200s holds \"..\"", d);
		p += n;
	}
	return 0;
}

static int check_bind(struct config_mount *m, struct err *e)
{
	if (!m->source || !*m->source)
		return err_set(e, EINVAL, "source: missing for a bind");
	if (m->options.n > 0)
		return err_set(e, EINVAL, "options: %.100s has no meaning for a bind", m->options.items[0]);
	return 0;
}

/* Mappings ask for an idmapped mount by themselves (runtime-spec 1.1). */
static int read_mapping(struct json_object *o, struct config_mount *m, struct err *e)
{
	bool uids = config_is_filled(json_at(o, "uidMappings")), gids = config_is_filled(json_at(o, "gidMappings"));

	if (!uids && !gids)
		return 0;
	if (uids != gids)
		return err_set(e, EINVAL, "uidMappings and gidMappings go together");
	m->idmap = true;
	m->map = mem_array(1, sizeof(*m->map));
	return m->map ? config_map_read(o, m->map, e) : err_errno(e, ENOMEM, "uidMappings");
}

static int read_mount(struct json_object *o, void *item, struct err *e)
{
	struct config_mount *m = item;
	int r;

	r = json_get_str(o, "destination", &m->destination, e);
	if (r == 0)
		r = json_get_str(o, "type", &m->type, e);
	if (r == 0)
		r = json_get_str(o, "source", &m->source, e);
	if (r == 0)
		r = check_destination(m->destination, e);
	if (r == 0)
		r = read_options(o, m, e);
	if (r == 0)
		r = read_mapping(o, m, e);
	if (r < 0)
		return r;
	if (m->type && strcmp(m->type, "bind") == 0)
		m->kind = CONFIG_MOUNT_BIND;
	if (m->kind == CONFIG_MOUNT_BIND)
		return check_bind(m, e);
	if (!m->type || !*m->type)
		return err_set(e, EINVAL, "type: missing");
	if (m->subpath && strcmp(m->type, "overlay") != 0)
		return err_set(e, EINVAL, "options: " CONFIG_MOUNT_SUBPATH " is for a bind or an overlay");
	if (m->idmap)
		return err_set(e, ENOTSUP, "options: idmap is for a bind");
	if (m->copy_up && strcmp(m->type, "tmpfs") != 0)
		return err_set(e, EINVAL, "options: tmpcopyup is for tmpfs");
	return 0;
}

int config_mounts_read(struct json_object *root, struct runtime_config *c, struct err *e)
{
	return config_list_read(root, "mounts", sizeof(*c->mounts), CONFIG_MOUNTS_MAX, read_mount, (void **)&c->mounts,
				&c->n_mounts, e);
}
