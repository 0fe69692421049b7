/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Labels are data for other programs: any bytes but NUL, stored as JSON and
 * escaped by whoever prints them. Bytes that are not UTF-8 would make a JSON
 * text that no reader takes, so those are refused.
 */
#include "engine/labels.h"

#include "base/escape.h"
#include "engine/env.h"

#include <errno.h>
#include <string.h>

bool text_is_utf8(const char *s)
{
	const char *end = s + strlen(s);
	uint32_t code;

	while (s < end)
		if (utf8_next(&s, end, &code) < 0)
			return false;
	return true;
}

int label_add(struct json_object *object, const char *option, const char *text, struct err *e)
{
	size_t key_len = strcspn(text, "=");
	const char *value = text[key_len] ? text + key_len + 1 : "";
	_cleanup_free_ char *key = NULL;

	if (key_len == 0)
		return err_set(e, EINVAL, "--%s %s: no name before the '='", option, text);
	if (key_len > LABEL_KEY_MAX || strlen(value) > LABEL_VALUE_MAX)
		return err_set(e, E2BIG, "--%s %.64s: too long", option, text);
	if (!text_is_utf8(text))
		return err_set(e, EINVAL, "--%s %.64s: not UTF-8", option, text);
	key = strndup(text, key_len);
	if (!key || json_add_str(object, key, value) < 0)
		return err_errno(e, ENOMEM, "--%s", option);
	return 0;
}

static int add_line(void *ctx, const char *line, struct err *e)
{
	return label_add(ctx, "label-file", line, e);
}

int labels_make(const char *option, const struct strv *list, struct json_object **ret, struct err *e)
{
	int r = 0;

	*ret = json_object_new_object();
	if (!*ret)
		return err_errno(e, ENOMEM, "%s", option);
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = label_add(*ret, option, list->items[i], e);
	return r;
}

int labels_resolve(const struct container_options *o, struct json_object *image, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *labels = json_object_new_object();
	int r = labels ? 0 : err_errno(e, ENOMEM, "labels");

	if (r == 0 && image) {
		json_object_object_foreach(image, key, value) {
			if (json_add(labels, key, json_object_get(value)) < 0)
				return err_errno(e, ENOMEM, "labels");
		}
	}
	for (size_t i = 0; r == 0 && i < o->label_file.n; i++)
		r = env_lines_of("label-file", o->label_file.items[i], add_line, labels, e);
	for (size_t i = 0; r == 0 && i < o->label.n; i++)
		r = label_add(labels, "label", o->label.items[i], e);
	if (r == 0)
		*ret = TAKE_PTR(labels);
	return r;
}
