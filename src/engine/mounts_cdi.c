/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Nodes are bound, for a user may make none: so they keep their own mode and
 * owner, and what the file says they are is compared with what they are.
 * Words of a mount are those of a bind; any other is an error.
 */
#include "engine/cdi.h"
#include "engine/mount_spec.h"
#include "engine/mounts_parts.h"
#include "oci/cdi.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

static const char *text_of(struct json_object *o, const char *key, const char *absent)
{
	return json_at(o, key) ? json_str(o, key) : absent;
}

static int compare_node(struct json_object *node, const char *host, const struct stat *st, struct err *e)
{
	const char *type = text_of(node, "type", "");
	int64_t major_wanted = cdi_number(node, "major", -1), minor_wanted = cdi_number(node, "minor", -1);
	bool block = strcmp(type, "b") == 0, any = !*type;

	if (!any && !block && strcmp(type, "c") != 0 && strcmp(type, "u") != 0)
		return err_set(e, ENOTSUP, "CDI: %s: a node of type %.16s", host, type);
	if (!any && block != S_ISBLK(st->st_mode))
		return err_set(e, EINVAL, "CDI: %s: is not of type %s", host, type);
	/* 0:0 is no device: some generators write it where they mean nothing */
	if ((major_wanted > 0 && major_wanted != major(st->st_rdev)) || (minor_wanted >= 0 && major_wanted > 0 && minor_wanted != minor(st->st_rdev)))
		return err_set(e, EINVAL, "CDI: %s: is %u:%u, and not %lld:%lld", host, major(st->st_rdev), minor(st->st_rdev),
			       (long long)major_wanted, (long long)minor_wanted);
	return 0;
}

static int add_node(struct mount_list *l, struct json_object *node, struct err *e)
{
	const char *path = json_str(node, "path"), *host = text_of(node, "hostPath", path);
	struct stat st;
	int r;

	if (!*host)
		host = path;
	if (*host != '/')
		return err_set(e, EINVAL, "CDI: the node %.200s is no absolute path", host);
	r = json_at(node, "permissions") && *json_str(node, "permissions") ? mounts_check_access(json_str(node, "permissions"), e) : 0;
	if (r == 0)
		r = mounts_add_node(l, host, path, &st, e);
	if (r < 0)
		return err_wrap(e, r, "CDI: %.200s", host);
	return compare_node(node, host, &st, e);
}

static int take_options(struct json_object *mount, struct mount_spec *s, struct err *e)
{
	static const char *const known[] = {"ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "bind", "rbind", "private", "rprivate",
					    "slave", "rslave"};
	int r = json_get_strv(mount, "options", &s->options, e);

	for (size_t i = 0; r == 0 && i < s->options.n; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(known) && strcmp(known[k], s->options.items[i]) != 0)
			k++;
		if (k == ARRAY_SIZE(known))
			return err_set(e, ENOTSUP, "CDI: %.200s: mount option %.64s", s->source, s->options.items[i]);
	}
	s->read_only = strv_find(&s->options, "ro") >= 0;
	return r;
}

static bool is_there(const struct mount_list *l, const struct mount_spec *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].destination, s->destination) == 0 && strcmp(l->items[i].source, s->source) == 0)
			return true;
	return false;
}

static int add_mount(struct mount_list *l, const struct mounts_input *m, struct json_object *mount, struct err *e)
{
	_cleanup_(mount_spec_done) struct mount_spec s = {.kind = MOUNT_BIND};
	const char *type = text_of(mount, "type", "");
	int r;

	s.source = strdup(json_str(mount, "hostPath"));
	if (!s.source)
		return err_errno(e, ENOMEM, "CDI");
	if (*s.source != '/')
		return err_set(e, EINVAL, "CDI: the mount of %.200s is of no absolute path", s.source);
	if (*type && strcmp(type, "bind") != 0 && strcmp(type, "none") != 0)
		return err_set(e, ENOTSUP, "CDI: %.200s: a mount of type %.32s: only binds are", s.source, type);
	r = mount_destination_clean(json_str(mount, "containerPath"), &s.destination, e);
	if (r == 0)
		r = take_options(mount, &s, e);
	if (r < 0 || is_there(l, &s))
		return r;
	r = mounts_add_spec(l, m, &s, MOUNT_USER, e);
	return r < 0 ? err_wrap(e, r, "CDI: %.200s", s.source) : 0;
}

int mounts_add_cdi(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	size_t nodes = m->cdi->nodes ? json_object_array_length(m->cdi->nodes) : 0;
	size_t mounts = m->cdi->mounts ? json_object_array_length(m->cdi->mounts) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < nodes; i++)
		r = add_node(l, json_object_array_get_idx(m->cdi->nodes, i), e);
	for (size_t i = 0; r == 0 && i < mounts; i++)
		r = add_mount(l, m, json_object_array_get_idx(m->cdi->mounts, i), e);
	return r;
}
