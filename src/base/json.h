/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * json - json-c, made strict.
 *
 * json_parse() refuses what json-c lets pass: invalid UTF-8, NaN, single
 * quotes, trailing bytes, depth over JSON_DEPTH_MAX, more values than below,
 * and duplicate keys (two readers of one text must not see two things:
 * CVE-2021-41190).
 *
 * Getters name the place of an error ("linux.uidMappings[2].size: not a
 * number from 1 to 4294967295"). An absent or null key is not an error: the
 * getter returns 0 and leaves the result as it was, so that the caller's
 * initial value is the default. Wrong type or range: -EINVAL with text.
 *
 *	_cleanup_(json_putp) struct json_object *o = NULL;
 *	r = json_parse(text, len, "config.json", &o, e);
 *	r = json_get_u32(o, "linux.pid", 1, UINT32_MAX, &pid, e);
 */
#ifndef RANBY_BASE_JSON_H
#define RANBY_BASE_JSON_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define JSON_DEPTH_MAX 64
#define JSON_LISTS_MAX 70000   /* objects and arrays: room for all ports of an image; each takes 800 bytes */
#define JSON_VALUES_MAX 200000 /* these and all others */

/* Releases one reference; for _cleanup_(). */
static inline void json_putp(struct json_object **o)
{
	json_object_put(*o);
	*o = NULL;
}
#define _cleanup_json_ _cleanup_(json_putp)

/* Parses exactly one value. `what` names the text in errors. The caller owns the result, which is NULL for the text "null" (getters take that). */
int json_parse(const char *text, size_t len, const char *what, struct json_object **ret, struct err *e) _must_check_;

/*
 * The same, but the object at `path` ("linux.seccomp") is left as text: it is
 * as strictly scanned, *ret_part is it (malloc'ed), and it is null in the
 * result. Whether its keys are unique is seen by whoever parses it. When it is
 * no object, or not there, or its keys are spelled with escapes, *ret_part is
 * NULL, and what is there is in the result.
 */
int json_parse_apart(const char *text, size_t len, const char *what, const char *path, struct json_object **ret, char **ret_part,
		     struct err *e) _must_check_;

/*
 * The same, but of an object only what is at `paths` ("name", "image.id", as
 * for json_at()): a large file of which little is wanted costs little more
 * than to be read. All of it is as strictly scanned; whether keys are unique
 * is seen among what is taken. Keys that are spelled with escapes are not found.
 * What is not an object gives an empty one.
 */
int json_parse_parts(const char *text, size_t len, const char *what, const struct strv *paths, struct json_object **ret,
		     struct err *e) _must_check_;

/* The value at a dotted path of object keys ("a.b.c"; keys that hold dots cannot be reached), borrowed; NULL when absent or null. */
struct json_object *json_at(struct json_object *o, const char *path);

/* Getters: see above. Strings are borrowed from the object, and refused when they hold a NUL. */
int json_get_str(struct json_object *o, const char *path, const char **ret, struct err *e) _must_check_;
int json_get_bool(struct json_object *o, const char *path, bool *ret, struct err *e) _must_check_;
int json_get_u32(struct json_object *o, const char *path, uint32_t min, uint32_t max, uint32_t *ret, struct err *e) _must_check_;
int json_get_u64(struct json_object *o, const char *path, uint64_t min, uint64_t max, uint64_t *ret, struct err *e) _must_check_;
int json_get_i64(struct json_object *o, const char *path, int64_t min, int64_t max, int64_t *ret, struct err *e) _must_check_;
/* Borrowed array or object of that type; NULL when absent. */
int json_get_array(struct json_object *o, const char *path, struct json_object **ret, struct err *e) _must_check_;
int json_get_object(struct json_object *o, const char *path, struct json_object **ret, struct err *e) _must_check_;
/* Appends copies of an array of strings. */
int json_get_strv(struct json_object *o, const char *path, struct strv *v, struct err *e) _must_check_;

/* Shorthand where a wrong type is as good as absent (our own files, already checked): "" / 0 / false. */
const char *json_str(struct json_object *o, const char *path);
int64_t json_int(struct json_object *o, const char *path);
bool json_true(struct json_object *o, const char *path);

/* Builders: add `value` under `key`; NULL strings add nothing. 0 or -ENOMEM. json_add() consumes `value`, on failure too. */
int json_add(struct json_object *o, const char *key, struct json_object *value) _must_check_;
int json_add_str(struct json_object *o, const char *key, const char *value) _must_check_;
int json_add_int(struct json_object *o, const char *key, int64_t value) _must_check_;
int json_add_u64(struct json_object *o, const char *key, uint64_t value) _must_check_;
int json_add_bool(struct json_object *o, const char *key, bool value) _must_check_;
int json_add_strv(struct json_object *o, const char *key, const struct strv *v) _must_check_;
/*
 * What a value is beyond its JSON: templates (base/template.h) print it as Go prints such a thing. As JSON it stays
 * what it is.
 */
enum json_mark {
	JSON_STRUCT,     /* an object of fixed fields: {a b}, and not a map */
	JSON_TIME,       /* a string of RFC 3339: 2006-01-02 15:04:05 +0000 UTC */
	JSON_LOCAL_TIME, /* the same, in the zone of the host */
	JSON_DURATION,   /* nanoseconds: 1m30s */
	JSON_MONTH,      /* 1 to 12: January */
	JSON_WEEKDAY,    /* 0 to 6: Sunday */
	JSON_MARKS,
};
void json_mark(struct json_object *o, enum json_mark mark);
bool json_has_mark(struct json_object *o, enum json_mark mark);
/* A moment, marked; the second of RFC 3339, not marked when it is none. */
int json_add_time(struct json_object *o, const char *key, const struct timespec *t) _must_check_;
int json_add_time_text(struct json_object *o, const char *key, const char *text) _must_check_;
/* Array helpers, same rules. */
int json_append(struct json_object *array, struct json_object *value) _must_check_;
int json_append_str(struct json_object *array, const char *value) _must_check_;

/* Text without blanks and escaped slashes; borrowed from the object until it changes. */
const char *json_text(struct json_object *o, size_t *ret_len);
/* Indented by four spaces, as podman inspect prints, and with nothing in it that steers a terminal (escape_json()); borrowed likewise. */
const char *json_pretty(struct json_object *o);

#endif
