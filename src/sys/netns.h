/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* netns - network namespaces: what a new one needs before its first program. */
#ifndef RANBY_SYS_NETNS_H
#define RANBY_SYS_NETNS_H

#include "base/mem.h"

/* Sets the loopback device up (it is born down). Needs CAP_NET_ADMIN there. */
int netns_loopback_up(void) _must_check_;

#endif
