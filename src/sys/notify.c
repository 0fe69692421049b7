/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/notify.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/seccomp.h of Linux 6.6 and later; Debian 12 has an older one */
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define NOTIF_SYNC_WAKE_UP (1UL << 0)

static int retry_ioctl(int fd, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

int notify_check(int fd)
{
	struct seccomp_notif_sizes sizes;
	uint64_t none = 0;
	int r;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return -errno;
	if (sizes.seccomp_notif > sizeof(struct seccomp_notif) || sizes.seccomp_notif_resp > sizeof(struct seccomp_notif_resp))
		return -EINVAL;
	/* nobody asks under that number: a listener says so */
	r = retry_ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &none);
	return r == -ENOENT ? 0 : r < 0 ? r : -EINVAL;
}

bool notify_sync_wake_up(int fd)
{
	/* the flags are the argument itself */
	return ioctl(fd, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP) == 0;
}

int notify_receive(int fd, struct seccomp_notif *ret)
{
	memset(ret, 0, sizeof(*ret)); /* or -EINVAL */
	return retry_ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, ret);
}

bool notify_is_valid(int fd, uint64_t id)
{
	return retry_ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int notify_continue(int fd, uint64_t id)
{
	struct seccomp_notif_resp answer = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	return retry_ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}
