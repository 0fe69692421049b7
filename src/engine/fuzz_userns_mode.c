/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The first line is the keeper's uid_map, the second --userns, the rest one
 * --uidmap each. Lines that come out lie inside one extent of the keeper's.
 */
#include "engine/userns_mode.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const struct id_list *lines, const struct id_list *keeper)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct id_extent *x = &lines->extents[i];
		bool inside = false;

		for (size_t k = 0; k < keeper->n; k++) {
			const struct id_extent *p = &keeper->extents[k];

			inside |= x->outside >= p->inside && x->outside - p->inside < p->count &&
				  x->count <= p->count - (x->outside - p->inside);
		}
		if (!inside || x->count == 0)
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct userns_host host;
	static struct userns_plan plan;
	struct container_options o = {0};
	struct userns_mode mode;
	char *text = strndup((const char *)data, size), *save = NULL, *keeper, *userns, *map;

	keeper = text ? strtok_r(text, "\n", &save) : NULL;
	userns = keeper ? strtok_r(NULL, "\n", &save) : NULL;
	for (int i = 0; userns && i < 8 && (map = strtok_r(NULL, "\n", &save));)
		i += 1 + (strv_add(&o.uidmap, map) < 0);
	for (char *c = keeper; c && *c; c++)
		if (*c == ';')
			*c = '\n';
	o.userns = userns && strcmp(userns, "-") != 0 ? userns : NULL;
	host.uid = host.gid = 1000;
	if (keeper && id_list_parse(keeper, &host.keeper.uid) == 0) {
		host.keeper.gid = host.keeper.uid;
		if (userns_mode_parse(&o, &mode, NULL) == 0 && userns_plan_make(&mode, &host, &plan, NULL) == 0) {
			check_lines(&plan.map.uid, &host.keeper.uid);
			check_lines(&plan.map.gid, &host.keeper.gid);
		}
	}
	strv_done(&o.uidmap);
	free(text);
	return 0;
}
