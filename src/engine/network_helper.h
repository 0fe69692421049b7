/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * network_helper - what follows the colon of --network pasta:... and slirp4netns:..., in podman's words.
 *
 *	r = network_helper_pasta("--mtu,1500,-T,5432", &set, &argv, e);
 *	r = network_helper_slirp("mtu=1500,allow_host_loopback=true", &argv, e);
 *
 * Only what is known is passed on: an option that names a file, a process or a user is none of these.
 */
#ifndef RANBY_ENGINE_NETWORK_HELPER_H
#define RANBY_ENGINE_NETWORK_HELPER_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>

/* What the options say anew, so that it is not to be said before. */
struct network_helper_set {
	bool map_gw, tcp, udp, tcp_ns, udp_ns;
};

/* Appends pasta's options. -EINVAL with text. */
int network_helper_pasta(const char *options, struct network_helper_set *set, struct strv *argv, struct err *e) _must_check_;

/* Appends all of slirp4netns' options, with their defaults where nothing is said; `options` "" is none. */
int network_helper_slirp(const char *options, struct strv *argv, struct err *e) _must_check_;

#endif
