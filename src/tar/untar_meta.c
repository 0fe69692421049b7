/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The ids in a tar are those of the container. Where the tree is made for the
 * keeper's own map they are written as they are; for another map they are
 * translated here, one chown each, which a root in the keeper may do and which
 * needs no namespace of its own.
 *
 * File capabilities name the root they are valid under (capabilities(7),
 * "Namespaced file capabilities"): the kernel takes our own root for a
 * version 2 value, and for another map the value is rewritten to version 3
 * with the id of that map's root.
 */
#include "tar/untar_meta.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static int map_id(const struct id_list *list, int64_t id, const char *what, uint32_t *ret, struct err *e)
{
	if (id < 0 || id >= (int64_t)ID_NONE)
		return err_set(e, ERANGE, "%s %lld is no id", what, (long long)id);
	if (!list) {
		*ret = (uint32_t)id;
		return 0;
	}
	if (id_list_to_outside(list, (uint32_t)id, ret) < 0)
		return err_set(e, ERANGE, "%s %lld is not in the id map", what, (long long)id);
	return 0;
}

static struct timespec entry_mtime(struct archive_entry *entry)
{
	struct timespec t = {.tv_nsec = UTIME_OMIT};

	if (archive_entry_mtime_is_set(entry)) {
		t.tv_sec = archive_entry_mtime(entry);
		t.tv_nsec = archive_entry_mtime_nsec(entry);
		if (t.tv_nsec < 0 || t.tv_nsec > 999999999)
			t.tv_nsec = 0;
	}
	return t;
}

int meta_read(struct archive_entry *entry, const struct untar_options *o, struct untar_counts *counts, struct meta *ret,
	      struct err *e)
{
	int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
	struct meta m = {.mode = archive_entry_perm(entry) & 07777};
	int r;

	if (o->squash && (uid != 0 || gid != 0)) {
		uid = gid = 0;
		counts->owners_squashed++;
	}
	if (o->copy && o->copy->own) {
		uid = o->copy->uid;
		gid = o->copy->gid;
	}
	if (o->copy && o->copy->no_set_id)
		m.mode &= 01777;
	r = map_id(o->map ? &o->map->uid : NULL, uid, "uid", &m.uid, e);
	if (r == 0)
		r = map_id(o->map ? &o->map->gid : NULL, gid, "gid", &m.gid, e);
	if (r < 0)
		return r;
	m.times[0] = m.times[1] = entry_mtime(entry);
	*ret = m;
	return 0;
}

static int chown_error(int error, const struct meta *m, struct err *e)
{
	int r;

	if (error != EINVAL)
		return err_errno(e, error, "set its owner");
	r = err_set(e, ERANGE, "owner %u:%u is outside the ids that this user may use", m->uid, m->gid);
	err_hint(e, "more subordinate ids in /etc/subuid and /etc/subgid are needed for these files");
	return r;
}

/* The value as it must be written here; into `out`, which has room for version 3. Its length, 0 when it is no capability. */
static size_t capability_value(const void *value, size_t len, const struct untar_options *o, struct vfs_ns_cap_data *out)
{
	uint32_t root = 0, version;

	if (len != XATTR_CAPS_SZ_2 && len != XATTR_CAPS_SZ_3)
		return 0;
	memset(out, 0, sizeof(*out));
	memcpy(out, value, XATTR_CAPS_SZ_2);
	version = le32toh(out->magic_etc) & VFS_CAP_REVISION_MASK;
	if (version != VFS_CAP_REVISION_2 && version != VFS_CAP_REVISION_3)
		return 0;
	out->magic_etc = htole32(VFS_CAP_REVISION_2 | (le32toh(out->magic_etc) & VFS_CAP_FLAGS_EFFECTIVE));
	if (!o->map)
		return XATTR_CAPS_SZ_2;
	if (id_list_to_outside(&o->map->uid, 0, &root) < 0)
		return 0;
	out->magic_etc = htole32(VFS_CAP_REVISION_3 | (le32toh(out->magic_etc) & VFS_CAP_FLAGS_EFFECTIVE));
	out->rootid = htole32(root);
	return XATTR_CAPS_SZ_3;
}

static bool is_kept_user_attribute(const char *name)
{
	return strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0;
}

static void set_attributes(int fd, struct archive_entry *entry, const struct untar_options *o, struct untar_counts *counts)
{
	struct vfs_ns_cap_data caps;
	const void *value;
	const char *name;
	size_t len;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &len) == ARCHIVE_OK) {
		int r = -1;

		if (name && strcmp(name, XATTR_NAME_CAPS) == 0 && o->copy && o->copy->no_set_id)
			continue;
		if (name && strcmp(name, XATTR_NAME_CAPS) == 0) {
			len = capability_value(value, len, o, &caps);
			r = len ? fsetxattr(fd, name, &caps, len, 0) : -1;
		} else if (name && len <= UNTAR_XATTR_BYTES_MAX && is_kept_user_attribute(name)) {
			r = fsetxattr(fd, name, value, len, 0);
		}
		counts->xattrs_dropped += r < 0;
	}
}

int meta_apply_fd(int fd, const struct meta *m, struct archive_entry *entry, const struct untar_options *o,
		  struct untar_counts *counts, struct err *e)
{
	if (fchown(fd, m->uid, m->gid) < 0)
		return chown_error(errno, m, e);
	if (fchmod(fd, m->mode) < 0)
		return err_errno(e, errno, "set its mode");
	set_attributes(fd, entry, o, counts);
	if (futimens(fd, m->times) < 0)
		return err_errno(e, errno, "set its times");
	return 0;
}

int meta_apply_name(int parent, const char *base, const struct meta *m, bool is_link, struct err *e)
{
	if (fchownat(parent, base, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return chown_error(errno, m, e);
	/* fchmodat() follows links, but what has this name we made a moment ago, in a directory that is ours alone */
	if (!is_link && fchmodat(parent, base, m->mode, 0) < 0)
		return err_errno(e, errno, "set its mode");
	if (utimensat(parent, base, m->times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "set its times");
	return 0;
}

int meta_dirs_add(struct meta_dirs *d, int root_fd, const char *path, const struct timespec *mtime)
{
	if (d->names.len > META_DIRS_BYTES_MAX)
		meta_dirs_apply(d, root_fd);
	buf_add(&d->names, mtime, sizeof(*mtime));
	buf_add(&d->names, path, strlen(path) + 1);
	return -buf_bad(&d->names);
}

void meta_dirs_apply(struct meta_dirs *d, int root_fd)
{
	for (size_t at = 0; at + sizeof(struct timespec) < d->names.len;) {
		_cleanup_close_ int fd = -EBADF;
		struct timespec times[2];
		const char *path;

		memcpy(&times[0], d->names.data + at, sizeof(times[0]));
		times[1] = times[0];
		path = d->names.data + at + sizeof(times[0]);
		/* it may be something else by now; a time is not worth an error */
		if (path_in_root_open(root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &fd) == 0)
			(void)futimens(fd, times);
		at += sizeof(times[0]) + strlen(path) + 1;
	}
	buf_reset(&d->names);
}
