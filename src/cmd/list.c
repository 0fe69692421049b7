/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One shape for the short lists: which objects are in one, and with which fields, is each command's own. */
#include "cmd/list.h"

#include "cmd/screen.h"

#include <errno.h>
#include <string.h>

void list_args_done(void *args)
{
	strv_done(&((struct list_args *)args)->filter);
}

int list_check(const struct list_args *a, struct err *e)
{
	return a->quiet && a->format ? err_set(e, EINVAL, "--quiet and --format exclude each other") : 0;
}

bool list_is_json(const struct list_args *a)
{
	return a->format && strcmp(a->format, "json") == 0;
}

int list_print(const struct list_args *a, struct json_object *rows, const struct list_look *look, struct err *e)
{
	/* as with podman, --format has its way where both were allowed */
	return screen_list(rows, a->quiet && !a->format ? look->quiet : a->format, look->table, look->headings,
			   TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), e);
}
