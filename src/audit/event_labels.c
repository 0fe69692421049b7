/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An image may have megabytes of labels, and a ledger is kept for good. A label
 * that is cut would be another label, so one that has no room is left out and counted.
 */
#include "audit/event_labels.h"

#include <errno.h>
#include <string.h>

struct room {
	size_t bytes;
	int n;
};

static bool has_room(struct room *room, size_t name_len, struct json_object *value)
{
	size_t bytes = name_len + (size_t)json_object_get_string_len(value);

	if (!json_object_is_type(value, json_type_string) || room->n == EVENT_LABELS_MAX || bytes > EVENT_LABELS_BYTES - room->bytes)
		return false;
	room->bytes += bytes;
	room->n++;
	return true;
}

static int add_pair(struct json_object *list, const char *name, struct json_object *value)
{
	_cleanup_json_ struct json_object *pair = json_object_new_array();

	if (!pair || json_append_str(pair, name) < 0 || json_append(pair, json_object_get(value)) < 0)
		return -ENOMEM;
	return json_append(list, TAKE_PTR(pair));
}

int event_labels_add(struct json_object *event, struct json_object *labels)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	struct room room = {0};
	int left_out = 0, r = list ? 0 : -ENOMEM;

	if (r < 0 || !json_object_is_type(labels, json_type_object))
		return r;
	json_object_object_foreach(labels, name, value) {
		if (!has_room(&room, strlen(name), value))
			left_out++;
		else if (add_pair(list, name, value) < 0)
			return -ENOMEM;
	}
	if (room.n > 0)
		r = json_add(event, "labels", TAKE_PTR(list));
	return r == 0 && left_out > 0 ? json_add_int(event, "labels-left-out", left_out) : r;
}

int event_labels_read(struct json_object *event, struct json_object **ret)
{
	_cleanup_json_ struct json_object *map = json_object_new_object();
	struct json_object *list = json_at(event, "labels");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	struct room room = {0};

	if (!map)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct json_object *pair = json_object_array_get_idx(list, i), *name, *value;

		if (!json_object_is_type(pair, json_type_array) || json_object_array_length(pair) != 2)
			continue;
		name = json_object_array_get_idx(pair, 0);
		value = json_object_array_get_idx(pair, 1);
		if (json_object_is_type(name, json_type_string) && has_room(&room, (size_t)json_object_get_string_len(name), value) &&
		    json_add(map, json_object_get_string(name), json_object_get(value)) < 0)
			return -ENOMEM;
	}
	*ret = TAKE_PTR(map);
	return 0;
}
