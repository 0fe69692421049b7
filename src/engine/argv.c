/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The rules are docker's (Dockerfile reference, "Understand how CMD and
 * ENTRYPOINT interact"). That --entrypoint also drops CMD is what users of
 * `--entrypoint sh IMAGE` rely on.
 */
#include "engine/argv.h"

#include "base/json.h"

#include <errno.h>
#include <string.h>

static int parse_entrypoint(const char *text, struct strv *ret, struct err *e)
{
	_cleanup_json_ struct json_object *array = NULL;
	int r;

	if (!*text)
		return 0;
	if (*text != '[')
		return strv_add(ret, text) < 0 ? err_errno(e, ENOMEM, "--entrypoint") : 0;
	r = json_parse(text, strlen(text), "--entrypoint", &array, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		if (!json_object_is_type(item, json_type_string) ||
		    strlen(json_object_get_string(item)) != (size_t)json_object_get_string_len(item))
			return err_set(e, EINVAL, "--entrypoint %s: not an array of strings", text);
		if (strv_add(ret, json_object_get_string(item)) < 0)
			return err_errno(e, ENOMEM, "--entrypoint");
	}
	return 0;
}

int argv_resolve(const struct argv_input *in, struct strv *ret_entrypoint, struct strv *ret_command, struct err *e)
{
	bool has_operands = in->operands && in->operands[0];
	int r = 0;

	if (in->entrypoint)
		r = parse_entrypoint(in->entrypoint, ret_entrypoint, e);
	else if (in->image_entrypoint && strv_add_all(ret_entrypoint, in->image_entrypoint->items) < 0)
		r = err_errno(e, ENOMEM, "entrypoint");
	if (r < 0)
		return r;
	if (has_operands)
		r = strv_add_all(ret_command, in->operands);
	else if (!in->entrypoint && in->image_cmd)
		r = strv_add_all(ret_command, in->image_cmd->items);
	if (r < 0)
		return err_errno(e, -r, "command");
	if (ret_entrypoint->n + ret_command->n == 0)
		return err_set(e, EINVAL, "no command or entrypoint given, and the image has none");
	return 0;
}
