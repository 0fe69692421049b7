/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A bridge that nobody gave an address has the lowest one of its ports, and
 * with each container that comes or goes it may be another. The containers
 * that were there before go on sending to the old one, to nobody, until their
 * kernel asks again: seconds without names and without a way out. One that was
 * given, though it is the same, stays.
 */
#include "engine/bridge_mac.h"

#include "sys/netns.h"

int bridge_mac_keep(struct json_object *networks, struct err *e)
{
	if (!networks)
		return 0;
	json_object_object_foreach(networks, name, info)
	{
		const char *bridge = json_str(info, "network_interface");
		int r = netns_keep_mac(bridge);

		if (r < 0)
			return err_errno(e, -r, "network %s: the address of %s", name, bridge);
	}
	return 0;
}
