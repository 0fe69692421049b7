/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "view/inspect_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static size_t length(struct json_object *list)
{
	return list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static struct json_object *empty_value(const struct inspect_row *row)
{
	switch (row->empty) {
	case INSPECT_STRING:
		return json_object_new_string(row->otherwise ? row->otherwise : "");
	case INSPECT_NUMBER:
	case INSPECT_DURATION:
		return json_object_new_int(0);
	case INSPECT_BOOL:
	case INSPECT_TRUE:
		return json_object_new_boolean(row->empty == INSPECT_TRUE);
	case INSPECT_LIST:
		return json_object_new_array();
	case INSPECT_MAP:
		break;
	}
	return json_object_new_object();
}

int inspect_add_rows(struct json_object *o, struct json_object *from, const struct inspect_row *rows, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *v = rows[i].path && from ? json_at(from, rows[i].path) : NULL;

		if (rows[i].empty == INSPECT_DURATION) {
			/* not the one of container.json: the mark is of what is shown */
			v = json_object_new_int64(v ? json_object_get_int64(v) : 0);
			if (v)
				json_mark(v, JSON_DURATION);
		} else {
			v = v ? json_object_get(v) : empty_value(&rows[i]);
		}
		r = json_add(o, rows[i].key, v);
	}
	return r;
}

int inspect_add_object(struct json_object *o, const char *key, struct json_object *from, const struct inspect_row *rows, size_t n,
		       struct json_object **ret)
{
	struct json_object *sub = json_object_new_object();
	int r = sub ? json_add(o, key, sub) : -ENOMEM;

	if (r == 0)
		json_mark(sub, JSON_STRUCT);
	if (r == 0)
		r = inspect_add_rows(sub, from, rows, n);
	if (r == 0 && ret)
		*ret = sub;
	return r;
}

static int add_binding(struct json_object *map, const char *key, const char *ip, int64_t host_port)
{
	struct json_object *list = NULL, *binding;
	char port[24];

	if (!json_object_object_get_ex(map, key, &list)) {
		list = json_object_new_array();
		if (json_add(map, key, list) < 0)
			return -ENOMEM;
	}
	binding = json_object_new_object();
	snprintf(port, sizeof(port), "%lld", (long long)host_port);
	if (json_append(list, binding) < 0 || json_add_str(binding, "HostIp", ip) < 0 ||
	    json_add_str(binding, "HostPort", port) < 0)
		return -ENOMEM;
	return 0;
}

struct json_object *inspect_ports(struct json_object *ports)
{
	_cleanup_json_ struct json_object *map = json_object_new_object();

	for (size_t i = 0; map && i < length(ports); i++) {
		struct json_object *p = json_object_array_get_idx(ports, i);

		for (int64_t k = 0; k < json_int(p, "count"); k++) {
			int64_t port = json_int(p, "containerPort") + k;
			char key[40];

			snprintf(key, sizeof(key), "%lld/%.8s", (long long)port, json_str(p, "protocol"));
			if (add_binding(map, key, json_str(p, "hostIp"), json_int(p, "hostPort") + k) < 0)
				return NULL;
		}
	}
	return TAKE_PTR(map);
}

struct json_object *inspect_secrets(struct json_object *secrets)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < length(secrets); i++) {
		struct json_object *s = json_object_array_get_idx(secrets, i), *o;

		if (strcmp(json_str(s, "type"), "mount") != 0)
			continue;
		o = json_object_new_object();
		if (json_append(array, o) < 0 || json_add_str(o, "Name", json_str(s, "name")) < 0 ||
		    json_add_str(o, "ID", json_str(s, "id")) < 0 || json_add_int(o, "UID", json_int(s, "uid")) < 0 ||
		    json_add_int(o, "GID", json_int(s, "gid")) < 0 || json_add_int(o, "Mode", json_int(s, "mode")) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

struct json_object *inspect_mounts(struct json_object *mounts)
{
	static const struct {
		const char *key, *from;
	} texts[] = {
		{"Type", "type"},     {"Name", "name"},     {"Source", "source"},
		{"Destination", "destination"}, {"Driver", "driver"}, {"Propagation", "propagation"}, {"SubPath", "subpath"},
	};
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < length(mounts); i++) {
		struct json_object *m = json_object_array_get_idx(mounts, i), *o = json_object_new_object();
		struct json_object *options = json_at(m, "options");

		if (strcmp(json_str(m, "type"), "tmpfs") == 0 || json_true(m, "device")) {
			json_object_put(o);
			continue;
		}
		if (json_append(array, o) < 0)
			return NULL;
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
			if (json_at(m, texts[k].from) && json_add_str(o, texts[k].key, json_str(m, texts[k].from)) < 0)
				return NULL;
		if (json_add_str(o, "Mode", "") < 0 || json_add_bool(o, "RW", json_true(m, "rw")) < 0 ||
		    (options && json_add(o, "Options", json_object_get(options)) < 0))
			return NULL;
	}
	return TAKE_PTR(array);
}
