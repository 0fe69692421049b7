/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* -p: ranges that come out are within 1 to 65535, the address is one or none. */
#include "engine/network.h"

#include <arpa/inet.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct port_map p = {0};
	char *text = strndup((const char *)data, size);
	unsigned char address[16];

	if (text && port_spec_parse(text, &p, NULL) == 0) {
		if (p.count == 0 || p.container_port == 0 || p.container_port + p.count - 1 > UINT16_MAX ||
		    (p.host_port && p.host_port + p.count - 1 > UINT16_MAX))
			__builtin_trap();
		if (p.host_ip[0] && inet_pton(strchr(p.host_ip, ':') ? AF_INET6 : AF_INET, p.host_ip, address) != 1)
			__builtin_trap();
	}
	free(text);
	return 0;
}
