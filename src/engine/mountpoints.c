/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The last entry that is made says that all are there: so that one look is
 * enough, as often as containers are made. Two that make it at once do the
 * same, and none of it is an error when the other one was first.
 */
#include "engine/mountpoints.h"

#include "sys/fd.h"
#include "sys/overlay.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LAST "etc/resolv.conf"

static const char *const directories[] = {"dev", "proc", "sys", "etc"};
static const char *const files[] = {"etc/hosts", "etc/hostname", LAST};

static bool is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

bool mountpoints_fit(const struct container_options *o, size_t n_layers, bool owned)
{
	return !owned && !o->no_hosts && !o->no_hostname && !is_host(o->uts) &&
	       !(o->dns.n == 1 && strcmp(o->dns.items[0], "none") == 0) && n_layers < OVERLAY_LOWER_MAX;
}

/* For all users of a container to pass and read. */
static int make_directory(int layer, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_mkdirs(layer, name, &fd);

	return r == 0 && fchmod(fd, 0755) < 0 ? -errno : r;
}

static int make_file(int layer, const char *name)
{
	int r = path_own_write(layer, name, "", 0, 0644, PATH_SYNC_UNSEEN);

	return r == -EEXIST ? 0 : r;
}

int mountpoints_make(int data_dirfd, struct err *e)
{
	_cleanup_close_ int layer = -EBADF, last = -EBADF;
	int r;

	if (path_own_open(data_dirfd, MOUNTPOINTS_DIR "/" LAST, O_PATH | O_NOFOLLOW, 0, &last) == 0)
		return 0;
	r = path_own_mkdirs(data_dirfd, MOUNTPOINTS_DIR, &layer);
	if (r == 0 && fchmod(layer, 0755) < 0)
		r = -errno;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++)
		r = make_directory(layer, directories[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = make_file(layer, files[i]);
	return r < 0 ? err_errno(e, -r, "the layer of mount points") : 0;
}
