/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The attribute is read as the kernel keeps it (linux/posix_acl_xattr.h), of
 * which libacl's way to an O_PATH descriptor would be a name. The kernel has
 * checked it: it has each kind that is asked for here once, and a mask
 * wherever somebody is named.
 */
#include "sys/acl.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <sys/xattr.h>

/* and owner, group, mask, others */
#define ENTRIES_MAX (ACL_WRITERS_MAX + 4)

struct acl {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entries[ENTRIES_MAX];
};

static int read_acl(int fd, struct acl *ret, size_t *ret_n)
{
	char path[64];
	ssize_t len;

	/* fgetxattr(2) takes no O_PATH */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = getxattr(path, "system.posix_acl_access", ret, sizeof(*ret));
	if (len < 0)
		return errno == EOPNOTSUPP ? -ENODATA : errno == ERANGE ? -E2BIG : -errno;
	if ((size_t)len < sizeof(ret->header) || le32toh(ret->header.a_version) != POSIX_ACL_XATTR_VERSION)
		return -EINVAL;
	*ret_n = ((size_t)len - sizeof(ret->header)) / sizeof(ret->entries[0]);
	return 0;
}

static void take(const struct posix_acl_xattr_entry *entry, struct acl_writers *w)
{
	unsigned tag = le16toh(entry->e_tag);

	if (!(le16toh(entry->e_perm) & ACL_WRITE))
		return;
	if (tag == ACL_GROUP_OBJ)
		w->group = true;
	if ((tag != ACL_USER && tag != ACL_GROUP) || w->n == ACL_WRITERS_MAX)
		return;
	w->named[w->n].is_group = tag == ACL_GROUP;
	w->named[w->n++].id = le32toh(entry->e_id);
}

static bool is_masked(const struct acl *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (le16toh(a->entries[i].e_tag) == ACL_MASK)
			return !(le16toh(a->entries[i].e_perm) & ACL_WRITE);
	return false;
}

int acl_writers(int fd, struct acl_writers *ret)
{
	struct acl a;
	size_t n;
	int r = read_acl(fd, &a, &n);

	if (r < 0)
		return r;
	*ret = (struct acl_writers){0};
	for (size_t i = 0; i < n && !is_masked(&a, n); i++)
		take(&a.entries[i], ret);
	return 0;
}
