/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/capname.h"

#include <cap-ng.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int capname_add(const char *name, uint64_t *mask)
{
	int cap;

	if (strncmp(name, "CAP_", 4) != 0)
		return -EINVAL;
	for (const char *p = name; *p; p++)
		if (islower((unsigned char)*p))
			return -EINVAL;
	cap = capng_name_to_capability(name + 4);
	if (cap < 0 || cap > 63)
		return -EINVAL;
	*mask |= 1ULL << cap;
	return 0;
}

int capname_of(int cap, char ret[static CAPNAME_MAX])
{
	const char *name = cap >= 0 && cap < 64 ? capng_capability_to_name((unsigned)cap) : NULL;
	int n;

	if (!name)
		return -EINVAL;
	n = snprintf(ret, CAPNAME_MAX, "CAP_%s", name);
	if (n < 0 || n >= CAPNAME_MAX)
		return -EINVAL;
	for (char *p = ret; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return 0;
}
