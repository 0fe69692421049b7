/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The list is read once and is bounded: what an owner puts there without end is not of the file's content. */
#include "tar/pack_xattr.h"

#include "base/tar_writer.h"

#include <string.h>
#include <sys/xattr.h>

#define XATTRS_MAX 65536

/* As untar takes them: a capability without the root that it is valid under, which is the tree's own. */
static void put_xattr(int fd, const char *name, struct buf *pax)
{
	char value[XATTRS_MAX];
	ssize_t len = fgetxattr(fd, name, value, sizeof(value));

	if (len < 0)
		return;
	if (strcmp(name, "security.capability") == 0 && len == 24) {
		/* version 3 to version 2 (linux/capability.h): the byte of the version, and the root's id off */
		value[3] = 2;
		len = 20;
	}
	tar_xattr(name, value, (size_t)len, pax);
}

void pack_xattrs(int fd, struct buf *pax)
{
	char list[XATTRS_MAX];
	ssize_t n = flistxattr(fd, list, sizeof(list));

	for (const char *name = list; n > 0 && name < list + n; name += strlen(name) + 1)
		if (strcmp(name, "security.capability") == 0 ||
		    (strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0))
			put_xattr(fd, name, pax);
}
