/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/netns.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void test_interfaces(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct ifreq i = {.ifr_name = "lo"};

	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		skip();
	assert_int_equal(netns_loopback_up(), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &i), 0);
	assert_true(i.ifr_flags & IFF_UP);
	/* that a bridge then stays as it is, is seen in tests/bridge.bats */
	assert_int_equal(netns_keep_mac("none"), -ENODEV);
	assert_int_equal(netns_keep_mac("a-name-that-is-too-long-for-one"), -ENODEV);
}

TESTS("sys/netns", cmocka_unit_test(test_interfaces))
