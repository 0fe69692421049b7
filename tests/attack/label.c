/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * label - what runcon(1), chcon(1) and mount(8) do with SELinux labels, for a container that has neither:
 *
 *	label exec CONTEXT COMMAND...	starts a command with a label
 *	label file CONTEXT PATH		gives a file a label
 *	label show PATH			prints a file's
 *	label check CONTEXT		does the policy have it?
 *	label load			hands the kernel a policy, of which there is none: what matters is who says no
 *
 * "T:" for a context stands for the caller's own with the type T, "T:L" for one with the level L too. Says which
 * system call was refused, and exits with 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static char own[1024], context[2048];

static int failed(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static int put(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		return failed(path);
	close(fd);
	return 0;
}

/* "T:L" made whole, out of what this process has. */
static void make_context(const char *given, int of_file)
{
	char *user = own, *role = strchr(user, ':'), *type = strchr(role + 1, ':'), *level = strchr(type + 1, ':');
	const char *colon = strchr(given, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;

	/* user:role:type:level has three colons, T:s0:c1,c2 two */
	if (!colon || (second && strchr(second + 1, ':'))) {
		snprintf(context, sizeof(context), "%s", given);
		return;
	}
	*role = *type = *level = '\0';
	snprintf(context, sizeof(context), "%s:%s:%.*s:%s", user, of_file ? "object_r" : role + 1, (int)(colon - given), given,
		 colon[1] ? colon + 1 : level + 1);
}

int main(int argc, char **argv)
{
	int fd = open("/proc/self/attr/current", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, own, sizeof(own) - 1);

	if (argc < 2 || n < 0)
		return failed("usage, or /proc/self/attr/current");
	if (argc > 2)
		make_context(argv[2], strcmp(argv[1], "file") == 0);
	if (strcmp(argv[1], "exec") == 0 && argc > 3) {
		if (put("/proc/self/attr/exec", context, strlen(context)) != 0)
			return 1;
		execvp(argv[3], argv + 3);
		return failed("execve");
	}
	if (strcmp(argv[1], "file") == 0 && argc == 4)
		return setxattr(argv[3], "security.selinux", context, strlen(context) + 1, 0) < 0 ? failed("setxattr") : 0;
	if (strcmp(argv[1], "show") == 0 && argc == 3) {
		n = getxattr(argv[2], "security.selinux", context, sizeof(context) - 1);
		if (n < 0)
			return failed("getxattr");
		context[n] = '\0';
		return puts(context) < 0;
	}
	if (strcmp(argv[1], "check") == 0 && argc == 3)
		return put("/sys/fs/selinux/context", context, strlen(context) + 1);
	if (strcmp(argv[1], "load") == 0)
		return put("/sys/fs/selinux/load", "policy", 6);
	errno = EINVAL;
	return failed(argv[1]);
}
