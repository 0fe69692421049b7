/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One table per object: its keys, and what each must be. A key that a later
 * version of the specification has and this does not, netDevices for one, is
 * unknown, whatever version the document says it is of.
 */
#include "oci/cdi.h"

#include "base/parse.h"
#include "base/strv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum kind {
	TEXT,
	NUMBER,
	TEXTS,   /* a list of texts */
	NUMBERS,
	OBJECT,
	OBJECTS, /* a list of them */
	WORDS,   /* an object of texts: annotations */
};

struct key {
	const char *name;
	enum kind kind;
	bool required;
	const struct key *inside; /* OBJECT, OBJECTS */
};

#define END {NULL, TEXT, false, NULL}

static const struct key node_keys[] = {
	{"path", TEXT, true, NULL}, {"hostPath", TEXT, false, NULL}, {"type", TEXT, false, NULL}, {"major", NUMBER, false, NULL},
	{"minor", NUMBER, false, NULL}, {"fileMode", NUMBER, false, NULL}, {"permissions", TEXT, false, NULL},
	{"uid", NUMBER, false, NULL}, {"gid", NUMBER, false, NULL}, END,
};
static const struct key mount_keys[] = {
	{"hostPath", TEXT, true, NULL}, {"containerPath", TEXT, true, NULL}, {"type", TEXT, false, NULL}, {"options", TEXTS, false, NULL}, END,
};
static const struct key hook_keys[] = {
	{"hookName", TEXT, true, NULL}, {"path", TEXT, true, NULL}, {"args", TEXTS, false, NULL}, {"env", TEXTS, false, NULL},
	{"timeout", NUMBER, false, NULL}, END,
};
static const struct key edit_keys[] = {
	{"env", TEXTS, false, NULL}, {"deviceNodes", OBJECTS, false, node_keys}, {"mounts", OBJECTS, false, mount_keys},
	{"hooks", OBJECTS, false, hook_keys}, {"additionalGids", NUMBERS, false, NULL}, {"additionalGIDs", NUMBERS, false, NULL}, END,
};
static const struct key device_keys[] = {
	{"name", TEXT, true, NULL}, {"annotations", WORDS, false, NULL}, {"containerEdits", OBJECT, true, edit_keys}, END,
};
static const struct key spec_keys[] = {
	{"cdiVersion", TEXT, true, NULL}, {"kind", TEXT, true, NULL}, {"annotations", WORDS, false, NULL},
	{"devices", OBJECTS, true, device_keys}, {"containerEdits", OBJECT, false, edit_keys}, END,
};

/* ---- names ---- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Letters, digits and `more`, the first and the last of them no other. */
static bool is_word(const char *s, size_t len, bool letter_first, const char *more)
{
	if (len == 0 || !(is_letter(s[0]) || (!letter_first && is_digit(s[0]))) || !(is_letter(s[len - 1]) || is_digit(s[len - 1])))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_letter(s[i]) && !is_digit(s[i]) && !strchr(more, s[i]))
			return false;
	return true;
}

static bool is_kind(const char *s, size_t len)
{
	const char *slash = memchr(s, '/', len);
	size_t vendor = slash ? (size_t)(slash - s) : 0;

	return slash && len < CDI_KIND_SIZE && is_word(s, vendor, true, "_-.") && is_word(slash + 1, len - vendor - 1, true, "_-");
}

static bool is_device(const char *s)
{
	return strlen(s) < CDI_KIND_SIZE && is_word(s, strlen(s), false, "_-.:");
}

bool cdi_is_name(const char *text)
{
	return text[0] != '/' && strchr(text, '=');
}

int cdi_name_parse(const char *text, struct cdi_name *ret, struct err *e)
{
	size_t len = strcspn(text, "=");

	if (!text[len] || !is_kind(text, len) || !is_device(text + len + 1))
		return err_set(e, EINVAL, "%.300s: not the name of a CDI device (vendor.com/class=name)", text);
	snprintf(ret->kind, sizeof(ret->kind), "%.*s", (int)len, text);
	snprintf(ret->name, sizeof(ret->name), "%s", text + len + 1);
	return 0;
}

/* ---- a document ---- */

static int check_object(struct json_object *o, const struct key *keys, const char *where, struct err *e);

static bool read_number(struct json_object *o, int64_t *ret)
{
	if (json_object_is_type(o, json_type_int)) {
		*ret = json_object_get_int64(o);
		return *ret >= 0 && *ret <= UINT32_MAX;
	}
	return json_object_is_type(o, json_type_string) && parse_i64(json_object_get_string(o), 0, UINT32_MAX, ret) == 0;
}

/* A NUL would end it elsewhere than it ends. */
static bool is_text(struct json_object *o)
{
	return json_object_is_type(o, json_type_string) && strlen(json_object_get_string(o)) == (size_t)json_object_get_string_len(o);
}

static bool is_list_of(struct json_object *o, bool numbers)
{
	size_t n = json_object_is_type(o, json_type_array) ? json_object_array_length(o) : SIZE_MAX;
	int64_t unused;

	for (size_t i = 0; n != SIZE_MAX && i < n; i++) {
		struct json_object *item = json_object_array_get_idx(o, i);

		if (numbers ? !read_number(item, &unused) : !is_text(item))
			return false;
	}
	return n <= CDI_DEVICES_MAX;
}

static bool is_words(struct json_object *o)
{
	if (!json_object_is_type(o, json_type_object))
		return false;
	json_object_object_foreach(o, name, value) {
		(void)name;
		if (!is_text(value))
			return false;
	}
	return true;
}

static int check_objects(struct json_object *list, const struct key *keys, const char *where, struct err *e)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : SIZE_MAX;
	int r = n <= CDI_DEVICES_MAX ? 0 : err_set(e, EINVAL, "%s: is no list of objects, or a long one", where);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = check_object(json_object_array_get_idx(list, i), keys, where, e);
	return r;
}

static int check_value(struct json_object *o, const struct key *k, struct err *e)
{
	int64_t unused;

	switch (k->kind) {
	case TEXT:
		return is_text(o) ? 0 : err_set(e, EINVAL, "%s: is no text", k->name);
	case NUMBER:
		return read_number(o, &unused) ? 0 : err_set(e, EINVAL, "%s: is no number from 0 on", k->name);
	case TEXTS:
		return is_list_of(o, false) ? 0 : err_set(e, EINVAL, "%s: is no list of texts", k->name);
	case NUMBERS:
		return is_list_of(o, true) ? 0 : err_set(e, EINVAL, "%s: is no list of numbers", k->name);
	case WORDS:
		return is_words(o) ? 0 : err_set(e, EINVAL, "%s: is no object of texts", k->name);
	case OBJECT:
		return check_object(o, k->inside, k->name, e);
	case OBJECTS:
		return check_objects(o, k->inside, k->name, e);
	}
	return -EINVAL;
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static int check_object(struct json_object *o, const struct key *keys, const char *where, struct err *e)
{
	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "%s: is no object", where);
	json_object_object_foreach(o, name, value) {
		const struct key *k = find_key(keys, name);
		int r = k ? check_value(value, k, e) : err_set(e, EINVAL, "%s: the key \"%.64s\" is unknown", where, name);

		if (r < 0)
			return r;
	}
	for (; keys->name; keys++)
		if (keys->required && !json_object_object_get_ex(o, keys->name, NULL))
			return err_set(e, EINVAL, "%s: has no %s", where, keys->name);
	return 0;
}

static int check_version(const char *version, struct err *e)
{
	static const char *const known[] = {"0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(version, known[i]) == 0)
			return 0;
	return err_set(e, EINVAL, "cdiVersion %.32s: none that is known (0.1.0 to 1.1.0)", version);
}

static int check_names(struct json_object *devices, struct err *e)
{
	size_t n = json_object_array_length(devices);

	for (size_t i = 0; i < n; i++) {
		const char *name = json_str(json_object_array_get_idx(devices, i), "name");

		if (!is_device(name))
			return err_set(e, EINVAL, "devices: \"%.64s\" is no name", name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(json_str(json_object_array_get_idx(devices, k), "name"), name) == 0)
				return err_set(e, EINVAL, "devices: \"%.64s\" is there twice", name);
	}
	return 0;
}

int cdi_spec_check(struct json_object *spec, struct err *e)
{
	const char *kind;
	int r = check_object(spec, spec_keys, "CDI", e);

	if (r == 0)
		r = check_version(json_str(spec, "cdiVersion"), e);
	if (r < 0)
		return r;
	kind = json_str(spec, "kind");
	if (!is_kind(kind, strlen(kind)))
		return err_set(e, EINVAL, "kind %.300s: not vendor.com/class", kind);
	return check_names(json_at(spec, "devices"), e);
}

struct json_object *cdi_spec_device(struct json_object *spec, const char *name)
{
	struct json_object *devices = json_at(spec, "devices");
	size_t n = json_object_array_length(devices);

	for (size_t i = 0; i < n; i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);

		if (strcmp(json_str(device, "name"), name) == 0)
			return json_at(device, "containerEdits");
	}
	return NULL;
}

int64_t cdi_number(struct json_object *o, const char *key, int64_t absent)
{
	struct json_object *value = json_at(o, key);
	int64_t n;

	return value && read_number(value, &n) ? n : absent;
}
