/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "oci/device_rules.h"

#include <errno.h>
#include <string.h>

#define ALL (DEVICE_MAKE | DEVICE_READ | DEVICE_WRITE)

/* config-linux.md, "Default Devices", and the terminals */
static const struct device_rule defaults[] = {
	{true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MAKE}, {true, 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_MAKE},
	{true, 'c', 1, 3, ALL}, {true, 'c', 1, 5, ALL}, {true, 'c', 1, 7, ALL}, {true, 'c', 1, 8, ALL}, {true, 'c', 1, 9, ALL},
	{true, 'c', 5, 0, ALL}, {true, 'c', 5, 2, ALL}, {true, 'c', 136, DEVICE_ANY, ALL},
};

static int read_number(struct json_object *o, const char *key, int64_t *ret, struct err *e)
{
	*ret = DEVICE_ANY;
	return json_get_i64(o, key, DEVICE_ANY, INT32_MAX, ret, e);
}

static int read_access(const char *text, unsigned *ret, struct err *e)
{
	*ret = text ? 0 : ALL;
	for (const char *p = text ? text : ""; *p; p++) {
		unsigned bit = *p == 'm' ? DEVICE_MAKE : *p == 'r' ? DEVICE_READ : *p == 'w' ? DEVICE_WRITE : 0;

		if (!bit)
			return err_set(e, EINVAL, "access: not of r, w, m");
		*ret |= bit;
	}
	return 0;
}

static int read_rule(struct json_object *o, struct device_rule *d, struct err *e)
{
	const char *type = NULL, *access = NULL;
	int r;

	*d = (struct device_rule){.type = 'a'};
	if (!json_object_is_type(o, json_type_object) || !json_at(o, "allow"))
		return err_set(e, EINVAL, "allow: missing");
	r = json_get_bool(o, "allow", &d->allow, e);
	if (r == 0)
		r = json_get_str(o, "type", &type, e);
	if (r == 0)
		r = json_get_str(o, "access", &access, e);
	if (r == 0)
		r = read_number(o, "major", &d->major, e);
	if (r == 0)
		r = read_number(o, "minor", &d->minor, e);
	if (r == 0 && type && *type && (strlen(type) != 1 || !strchr("abcu", type[0])))
		return err_set(e, EINVAL, "type: not one of a, b, c");
	if (r == 0 && type && *type)
		d->type = type[0] == 'u' ? 'c' : type[0];
	return r == 0 ? read_access(access && *access ? access : NULL, &d->access, e) : r;
}

int device_rules_read(struct json_object *resources, struct device_rule ret[static DEVICE_RULES_MAX], size_t *ret_n, struct err *e)
{
	struct json_object *list = NULL;
	int r = resources ? json_get_array(resources, "devices", &list, e) : 0;
	size_t n = r == 0 && list ? json_object_array_length(list) : 0;

	if (n > DEVICE_RULES_MAX - ARRAY_SIZE(defaults))
		return err_set(e, E2BIG, "linux.resources.devices: more than %zu", DEVICE_RULES_MAX - ARRAY_SIZE(defaults));
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_rule(json_object_array_get_idx(list, i), &ret[i], e);
		if (r < 0)
			return err_wrap(e, r, "linux.resources.devices[%zu]", i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		ret[n + i] = defaults[i];
	*ret_n = n + ARRAY_SIZE(defaults);
	return r;
}
