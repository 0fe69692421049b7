/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Every part is an object whose keys are what was seen, so that runs are put
 * together by joining keys, and compared by looking for them. Counts are
 * added up; letters of files are joined.
 */
#include "engine/recorded.h"

#include "base/escape.h"
#include "base/parse.h"
#include "monitor/record.h"
#include "sys/capname.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum value { COUNT, LETTERS, TEXT };

static bool is_call(const char *key);
static bool is_argument(const char *key);
static bool is_foreign(const char *key);
static bool is_port(const char *key);
static bool is_capability(const char *key);
static bool is_path(const char *key);

static const struct {
	const char *name;
	enum value value;
	bool (*is_key)(const char *key);
} parts[RECORDED_PARTS] = {
	[RECORDED_CALLS] = {"calls", COUNT, is_call},
	[RECORDED_ARGUMENTS] = {"arguments", COUNT, is_argument},
	[RECORDED_FOREIGN] = {"foreign", COUNT, is_foreign},
	[RECORDED_BIND] = {"bind", COUNT, is_port},
	[RECORDED_CONNECT] = {"connect", COUNT, is_port},
	[RECORDED_CAPABILITIES] = {"capabilities", TEXT, is_capability},
	[RECORDED_FILES] = {"files", LETTERS, is_path},
};

void recorded_done(struct recorded *r)
{
	for (size_t i = 0; i < RECORDED_PARTS; i++)
		json_putp(&r->part[i]);
}

const char *recorded_part_name(enum recorded_part part)
{
	return parts[part].name;
}

/* ---- keys ---- */

static bool is_word(const char *key, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	return len > 0 && len < 48 && strspn(key, letters) >= len;
}

static bool is_call(const char *key)
{
	return is_word(key, strlen(key));
}

static bool is_argument(const char *key)
{
	size_t len = strcspn(key, ":");
	uint32_t value;

	return is_word(key, len) && key[len] && parse_u32(key + len + 1, 0, UINT32_MAX, &value) == 0;
}

static bool is_foreign(const char *key)
{
	uint32_t nr;

	return strspn(key, "0123456789abcdef") == 8 && key[8] == ':' && parse_u32(key + 9, 0, UINT32_MAX, &nr) == 0;
}

static bool is_port(const char *key)
{
	uint32_t port;

	return parse_u32(key, 0, UINT16_MAX, &port) == 0;
}

static bool is_capability(const char *key)
{
	char name[CAPNAME_MAX];
	uint32_t cap;

	return parse_u32(key, 0, 63, &cap) == 0 && capname_of((int)cap, name) == 0;
}

static bool is_path(const char *key)
{
	return key[0] == '/' && !strstr(key, "/../") && !strstr(key, "/./") && !strstr(key, "//");
}

/* ---- one run ---- */

static bool is_letters(const char *s)
{
	return strspn(s, RECORD_FILE_LETTERS) == strlen(s) && *s && strlen(s) <= strlen(RECORD_FILE_LETTERS);
}

static int add_letters(struct json_object *to, const char *key, const char *more)
{
	char letters[sizeof(RECORD_FILE_LETTERS)] = "";
	struct json_object *old;
	const char *was = "";
	size_t n = 0;

	if (json_object_object_get_ex(to, key, &old))
		was = json_object_get_string(old);
	for (const char *c = RECORD_FILE_LETTERS; *c; c++)
		if (strchr(was, *c) || strchr(more, *c))
			letters[n++] = *c;
	return json_add_str(to, key, letters);
}

static int add_count(struct json_object *to, const char *key, int64_t more)
{
	struct json_object *old;
	int64_t sum = json_object_object_get_ex(to, key, &old) ? json_object_get_int64(old) : 0;

	return json_add_int(to, key, __builtin_add_overflow(sum, more, &sum) ? INT64_MAX : sum);
}

/* -EINVAL when the value is none of this part. */
static int add_value(struct json_object *to, enum recorded_part part, const char *key, struct json_object *value)
{
	const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	switch (parts[part].value) {
	case COUNT:
		return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0 ? add_count(to, key, json_object_get_int64(value)) : -EINVAL;
	case LETTERS:
		return text && is_letters(text) ? add_letters(to, key, text) : -EINVAL;
	case TEXT:
		if (!text)
			return -EINVAL;
		return json_object_object_get_ex(to, key, NULL) ? 0 : json_add_str(to, key, text);
	}
	return -EINVAL;
}

static int add_part(struct recorded *r, struct json_object *run, enum recorded_part part, struct err *e)
{
	struct json_object *from = NULL;
	int ret = json_get_object(run, parts[part].name, &from, e);

	if (ret < 0)
		return ret;
	if (!r->part[part])
		r->part[part] = json_object_new_object();
	if (!r->part[part])
		return err_errno(e, ENOMEM, "%s", parts[part].name);
	if (!from)
		return 0;
	json_object_object_foreach(from, key, value)
	{
		ret = parts[part].is_key(key) ? add_value(r->part[part], part, key, value) : -EINVAL;
		if (ret == -EINVAL)
			return err_set(e, EINVAL, "%s: %.100s: not what a run has there", parts[part].name, key);
		if (ret < 0)
			return err_errno(e, -ret, "%s", parts[part].name);
	}
	return 0;
}

int recorded_add(struct recorded *r, const char *text, size_t len, const char *what, struct err *e)
{
	_cleanup_json_ struct json_object *run = NULL;
	uint64_t lost = 0, unread = 0;
	uint32_t version = 0;
	int ret = json_parse(text, len, what, &run, e);

	if (ret == 0)
		ret = json_get_u32(run, "version", 0, UINT32_MAX, &version, e);
	if (ret == 0 && version != 1)
		ret = err_set(e, EINVAL, "version: not 1");
	if (ret == 0)
		ret = json_get_u64(run, "lost", 0, INT64_MAX, &lost, e);
	if (ret == 0)
		ret = json_get_u64(run, "unread", 0, INT64_MAX, &unread, e);
	for (unsigned i = 0; ret == 0 && i < RECORDED_PARTS; i++)
		ret = add_part(r, run, (enum recorded_part)i, e);
	if (ret < 0)
		return err_wrap(e, ret, "recorded run %s", what);
	r->runs++;
	r->lost += lost;
	r->unread += unread;
	return 0;
}

/* ---- sorted ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of a part, sorted; borrowed. */
static int sorted_keys(struct json_object *o, const char ***ret, size_t *ret_n)
{
	size_t max = o ? (size_t)json_object_object_length(o) : 0, n = 0;
	const char **keys = mem_array(max, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	if (o) {
		json_object_object_foreach(o, key, value)
		{
			(void)value;
			if (n < max)
				keys[n++] = key;
		}
	}
	qsort(keys, n, sizeof(*keys), by_text);
	*ret = keys;
	*ret_n = n;
	return 0;
}

static int copy_sorted(struct json_object *from, struct json_object **ret)
{
	_cleanup_json_ struct json_object *to = json_object_new_object();
	_cleanup_free_ const char **keys = NULL;
	size_t n = 0;
	int r = to ? sorted_keys(from, &keys, &n) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *value;

		if (json_object_object_get_ex(from, keys[i], &value))
			r = json_add(to, keys[i], json_object_get(value));
	}
	if (r == 0)
		*ret = TAKE_PTR(to);
	return r;
}

/* Their numbers as names. */
static int copy_capabilities(struct json_object *from, struct json_object **ret)
{
	_cleanup_json_ struct json_object *to = json_object_new_object();
	int r = to ? 0 : -ENOMEM;

	for (uint32_t cap = 0; r == 0 && cap < 64; cap++) {
		char key[8], name[CAPNAME_MAX];
		struct json_object *why;

		snprintf(key, sizeof(key), "%u", cap);
		if (from && json_object_object_get_ex(from, key, &why) && capname_of((int)cap, name) == 0)
			r = json_add(to, name, json_object_get(why));
	}
	if (r == 0)
		*ret = TAKE_PTR(to);
	return r;
}

int recorded_json(const struct recorded *r, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int rc = o ? json_add_int(o, "version", 1) : -ENOMEM;

	if (rc == 0)
		rc = json_add_u64(o, "runs", r->runs);
	if (rc == 0)
		rc = json_add_u64(o, "lost", r->lost);
	if (rc == 0)
		rc = json_add_u64(o, "unread", r->unread);
	for (size_t i = 0; rc == 0 && i < RECORDED_PARTS; i++) {
		struct json_object *part = NULL;

		rc = i == RECORDED_CAPABILITIES ? copy_capabilities(r->part[i], &part) : copy_sorted(r->part[i], &part);
		if (rc == 0)
			rc = json_add(o, parts[i].name, part);
	}
	if (rc < 0)
		return err_errno(e, -rc, "profile");
	*ret = TAKE_PTR(o);
	return 0;
}

int recorded_capabilities(const struct recorded *r, struct strv *ret, struct err *e)
{
	char key[8], name[CAPNAME_MAX];

	for (int cap = 0; cap < 64; cap++) {
		snprintf(key, sizeof(key), "%d", cap);
		if (!r->part[RECORDED_CAPABILITIES] || !json_object_object_get_ex(r->part[RECORDED_CAPABILITIES], key, NULL))
			continue;
		if (capname_of(cap, name) < 0 || strv_add(ret, name) < 0)
			return err_errno(e, ENOMEM, "capabilities");
	}
	return 0;
}

/* ---- compared ---- */

/* What the key of a part is called; for a file with the letters that are not in `less`. False: nothing is more. */
static bool add_difference(const struct recorded *more, const struct recorded *less, enum recorded_part part, const char *key, char sign,
			   struct buf *out)
{
	struct json_object *have = NULL, *lack = NULL;
	char letters[sizeof(RECORD_FILE_LETTERS)] = "", name[CAPNAME_MAX];
	uint32_t cap = 0;
	bool known = less->part[part] && json_object_object_get_ex(less->part[part], key, &lack);
	size_t n = 0;

	if (part != RECORDED_FILES) {
		if (known)
			return false;
		if (part == RECORDED_CAPABILITIES && parse_u32(key, 0, 63, &cap) == 0 && capname_of((int)cap, name) == 0)
			key = name;
		buf_addf(out, "%c%s %s\n", sign, parts[part].name, key);
		return true;
	}
	if (!json_object_object_get_ex(more->part[part], key, &have))
		return false;
	for (const char *c = json_object_get_string(have); *c; c++)
		if (!known || !strchr(json_object_get_string(lack), *c))
			letters[n++] = *c;
	if (n == 0)
		return false;
	buf_addf(out, "%c%s ", sign, parts[part].name);
	escape_text(key, strlen(key), ESCAPE_BACKSLASH, out);
	buf_addf(out, " %s\n", letters);
	return true;
}

static int add_differences(const struct recorded *more, const struct recorded *less, enum recorded_part part, char sign, struct buf *out)
{
	_cleanup_free_ const char **keys = NULL;
	size_t n = 0;
	int found = 0, r = sorted_keys(more->part[part], &keys, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		found += add_difference(more, less, part, keys[i], sign, out);
	return found;
}

int recorded_diff(const struct recorded *a, const struct recorded *b, bool only_more, struct buf *out, struct err *e)
{
	int found = 0;

	for (unsigned i = 0; i < RECORDED_PARTS; i++) {
		int less = only_more ? 0 : add_differences(a, b, (enum recorded_part)i, '-', out);
		int more = less < 0 ? less : add_differences(b, a, (enum recorded_part)i, '+', out);

		if (more < 0)
			return err_errno(e, -more, "compare");
		found += less + more;
	}
	return buf_bad(out) ? err_errno(e, buf_bad(out), "compare") : found;
}
