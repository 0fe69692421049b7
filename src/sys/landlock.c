/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The kernel takes a ruleset of any older size, and refuses a newer one only
 * where what is new in it is not zero. So the size follows from what is asked
 * for: the same wish then works on an old kernel and on a new one.
 */
#include "sys/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RULE_NET_PORT 2

struct net_port {
	uint64_t allowed_access, port;
};

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

int landlock_abi_of(const struct landlock_rights *handled)
{
	if (handled->scoped)
		return 6;
	if (handled->fs & LANDLOCK_FS_IOCTL_DEV)
		return 5;
	if (handled->net)
		return 4;
	if (handled->fs & LANDLOCK_FS_TRUNCATE)
		return 3;
	if (handled->fs & LANDLOCK_FS_REFER)
		return 2;
	return handled->fs ? 1 : 0;
}

int landlock_ruleset_make(const struct landlock_rights *handled, int *ret_fd)
{
	size_t size = handled->scoped ? sizeof(*handled) : handled->net ? offsetof(struct landlock_rights, scoped)
									: offsetof(struct landlock_rights, net);
	long fd = syscall(SYS_landlock_create_ruleset, handled, size, 0);

	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd; /* close-on-exec from birth */
	return 0;
}

int landlock_allow_path(int ruleset, int fd, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = {.parent_fd = fd, .allowed_access = access};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		beneath.allowed_access &= LANDLOCK_FS_OF_FILE;
	if (!beneath.allowed_access)
		return 0;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0 ? -errno : 0;
}

int landlock_allow_port(int ruleset, uint16_t port, uint64_t access)
{
	const struct net_port rule = {.allowed_access = access, .port = port};

	return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0 ? -errno : 0;
}

int landlock_enter(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}
