/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bridge_mac - keeps the MAC addresses of bridges as they are.
 *
 *	r = bridge_mac_keep(json_at(request, "network_info"), e);	// in the holder, once netavark has made them
 */
#ifndef RANBY_ENGINE_BRIDGE_MAC_H
#define RANBY_ENGINE_BRIDGE_MAC_H

#include "base/err.h"
#include "base/json.h"

/* Those of all networks of "network_info" (NULL: none), in the network namespace that we are in. */
int bridge_mac_keep(struct json_object *networks, struct err *e) _must_check_;

#endif
