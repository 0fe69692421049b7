/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Nothing is stored about it: whether it is mounted is a property of the
 * mount namespace that one looks from, so the kernel is asked (a mount's root
 * has another mount id than the directory that it lies in).
 */
#include "engine/mounted.h"

#include "engine/keeper_make.h"
#include "engine/rootfs.h"
#include "runtime/rootfs.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define MERGED "merged" /* in the container's directory */

int mounted_check(const struct engine *eng, const char *command, struct err *e)
{
	if (keeper_is_needless(eng))
		return 0;
	err_set(e, EPERM, "cannot run command \"%s\" in rootless mode, must execute `ranby unshare` first", command);
	err_hint(e, "ranby unshare sh -c 'cd \"$(%s NAME)\" && ls'", command);
	return -EPERM;
}

static int merged_path(const struct engine *eng, const struct container *c, char **ret)
{
	return asprintf(ret, "%s/" ENGINE_CONTAINERS "/%s/" MERGED, eng->data_path, c->id) < 0 ? -ENOMEM : 0;
}

/* By its name: a descriptor of the container's directory may be of another mount namespace. */
bool mounted_is(const char *path)
{
	_cleanup_close_ int top = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int dir = top < 0 ? -EBADF : openat(top, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t a, b;

	return dir >= 0 && mount_id(top, &a) == 0 && mount_id(dir, &b) == 0 && a != b;
}

/* The root that its first process has. */
static int running_path(const struct container *c, char **ret, struct err *e)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "/proc/%d/root", (int)c->pid) < 0)
		return err_errno(e, ENOMEM, "mount");
	if (faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) < 0)
		return err_errno(e, errno, "the files of container %s, which runs", c->name);
	*ret = TAKE_PTR(path);
	return 0;
}

int mounted_path(struct engine *eng, const struct container *c, char **ret_path)
{
	_cleanup_free_ char *path = NULL;

	if (c->pid > 0)
		return running_path(c, ret_path, NULL) == 0 ? MOUNTED_YES : MOUNTED_NO;
	if (merged_path(eng, c, &path) < 0)
		return -ENOMEM;
	if (!mounted_is(path))
		return MOUNTED_NO;
	*ret_path = TAKE_PTR(path);
	return MOUNTED_YES;
}

static int attach(const struct container *c, int merged, struct err *e)
{
	struct rootfs_servers *servers = calloc(1, sizeof(*servers));
	_cleanup_(runtime_config_done) struct runtime_config config = {0};
	_cleanup_close_ int root = -EBADF;
	int r = servers ? rootfs_read_config(container_dir(c), &config, e) : err_errno(e, ENOMEM, "mount");

	if (r == 0) {
		servers->fuse_fd = -EBADF; /* a server would have to outlive this command */
		r = rootfs_root(&config, container_dir(c), servers, &root, e);
	}
	free(servers);
	if (r == 0) {
		r = mount_attach(root, merged);
		if (r < 0)
			r = err_errno(e, -r, "mount");
	}
	return r;
}

static int mount_stopped(struct container *c, const char *path, struct err *e)
{
	_cleanup_close_ int merged = -EBADF;
	int r;

	if (mounted_is(path))
		return 0;
	r = path_own_mkdirs(container_dir(c), MERGED, &merged);
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	return attach(c, merged, e);
}

int mounted_mount(struct engine *eng, struct container *c, char **ret_path, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int lock = -EBADF;
	const char *rootfs = json_str(c->spec, "image.rootfs");
	int r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);

	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r < 0)
		return r;
	if (c->pid > 0)
		return running_path(c, ret_path, e);
	/* a directory of the user's, which is there without us */
	if (*rootfs && !strstr(json_str(c->spec, "options.rootfs"), ":O"))
		r = (*ret_path = strdup(rootfs)) ? 0 : -ENOMEM;
	else
		r = merged_path(eng, c, &path);
	if (r < 0)
		return err_errno(e, ENOMEM, "mount");
	if (!path)
		return 0;
	r = mount_stopped(c, path, e);
	if (r == 0)
		*ret_path = TAKE_PTR(path);
	return r < 0 ? err_wrap(e, r, "container %s", c->name) : 0;
}

int mounted_end_at(const char *path, bool force)
{
	return umount2(path, UMOUNT_NOFOLLOW | (force ? MNT_DETACH : 0)) < 0 ? -errno : 0;
}

int mounted_unmount(struct engine *eng, const struct container *c, bool force, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (merged_path(eng, c, &path) < 0)
		return err_errno(e, ENOMEM, "unmount");
	if (!mounted_is(path))
		return MOUNTED_NO;
	r = mounted_end_at(path, force);
	if (r == 0)
		return MOUNTED_YES;
	r = err_errno(e, -r, "unmount container %s", c->name);
	if (r == -EBUSY)
		err_hint(e, "somebody works in it; --force takes it away from them");
	return r;
}

int mounted_end(struct engine *eng, const struct container *c, struct err *e)
{
	int r;

	if (!container_has(c, MERGED))
		return 0;
	r = mounted_unmount(eng, c, true, e);
	return r < 0 ? r : 0;
}
