/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* netns - what is done with the interfaces of the network namespace that we are in. */
#ifndef RANBY_SYS_NETNS_H
#define RANBY_SYS_NETNS_H

#include "base/mem.h"

/* Sets the loopback device up (it is born down). Needs CAP_NET_ADMIN there. */
int netns_loopback_up(void) _must_check_;

/* Gives an interface the MAC address that it has: the kernel then does not choose another one by itself. Needs CAP_NET_ADMIN there. */
int netns_keep_mac(const char *name) _must_check_;

#endif
