/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/netns.h"

#include "sys/fd.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int netns_loopback_up(void)
{
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {.ifr_name = "lo"};

	if (s < 0)
		return -errno;
	/* the interface ioctls are the same on every family; AF_UNIX is always there (netdevice(7)) */
	req.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	return ioctl(s, SIOCSIFFLAGS, &req) < 0 ? -errno : 0;
}

int netns_keep_mac(const char *name)
{
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {0};

	if (s < 0)
		return -errno;
	if ((size_t)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name) >= sizeof(req.ifr_name))
		return -ENODEV;
	return ioctl(s, SIOCGIFHWADDR, &req) < 0 || ioctl(s, SIOCSIFHWADDR, &req) < 0 ? -errno : 0;
}
