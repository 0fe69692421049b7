/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/root_mount.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MOUNTINFO_MAX (4U << 20)

/* The mount that the fd lies on. Nothing is asked for: that is what FUSE allows to everybody, and the id comes all the same. */
static int mount_of(int fd, uint64_t *ret)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &sx) < 0)
		return -errno;
	if (!(sx.stx_mask & STATX_MNT_ID))
		return -ENOTSUP;
	*ret = sx.stx_mnt_id;
	return 0;
}

/* Copies the word at `p`, up to a blank or the line's end. */
static int word(const char *p, char *out, size_t size)
{
	size_t n = strcspn(p, " \n");

	if (n == 0 || n >= size)
		return -EBADMSG;
	memcpy(out, p, n);
	out[n] = '\0';
	return 0;
}

/* "36 35 98:0 /root /point options optional... - type source options" */
static int parse(const char *line, struct root_mount *m)
{
	const char *type = memmem(line, strcspn(line, "\n"), " - ", 3), *p = line;
	int r;

	for (int i = 0; i < 2; i++) {
		p += strcspn(p, " \n");
		p += strspn(p, " ");
	}
	r = type ? word(p, m->device, sizeof(m->device)) : -EBADMSG;
	return r == 0 ? word(type + 3, m->type, sizeof(m->type)) : r;
}

int root_mount_find(const char *mountinfo, int root_fd, struct root_mount *ret)
{
	struct root_mount m = {.id = 0};
	char want[32];
	size_t n;
	int r = mount_of(root_fd, &m.id);

	if (r < 0)
		return r;
	n = (size_t)snprintf(want, sizeof(want), "%llu ", (unsigned long long)m.id);
	for (const char *line = mountinfo; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, want, n) != 0)
			continue;
		r = parse(line, &m);
		if (r == 0)
			*ret = m;
		return r;
	}
	return -ENOENT;
}

int root_mount_read(const struct proc *p, int root_fd, struct root_mount *ret)
{
	_cleanup_(buf_done) struct buf mounts = BUF_INIT;
	int r = proc_read(p, "mountinfo", MOUNTINFO_MAX, &mounts);

	return r < 0 ? r : root_mount_find(buf_str(&mounts), root_fd, ret);
}
