/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Held: each value takes a byte at least, so that what is in the bytes bounds
 * what is made of them, whatever counts they claim; depth is bounded, so both
 * walks may recurse.
 */
#include "base/json_pack.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void pack_u32(uint32_t n, struct buf *out)
{
	buf_add(out, &n, sizeof(n));
}

int unpack_u32(const char **p, const char *end, uint32_t *ret)
{
	if ((size_t)(end - *p) < sizeof(*ret))
		return -EINVAL;
	memcpy(ret, *p, sizeof(*ret));
	*p += sizeof(*ret);
	return 0;
}

/* ---- to bytes ---- */

static int pack_text(const char *text, size_t len, struct buf *out)
{
	if (!text)
		return -ENOMEM;
	if (len > INT_MAX)
		return -EFBIG;
	pack_u32((uint32_t)len, out);
	buf_add(out, text, len);
	return 0;
}

static int pack(struct json_object *o, unsigned depth, struct buf *out);

static int pack_array(struct json_object *o, unsigned depth, struct buf *out)
{
	size_t n = json_object_array_length(o);
	int r = 0;

	buf_addc(out, 'a');
	pack_u32((uint32_t)n, out);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = pack(json_object_array_get_idx(o, i), depth + 1, out);
	return r;
}

static int pack_object(struct json_object *o, unsigned depth, struct buf *out)
{
	buf_addc(out, 'o');
	pack_u32((uint32_t)json_object_object_length(o), out);
	json_object_object_foreach(o, key, value) {
		int r = pack_text(key, strlen(key), out);

		if (r == 0)
			r = pack(value, depth + 1, out);
		if (r < 0)
			return r;
	}
	return 0;
}

static int pack_other(struct json_object *o, struct buf *out)
{
	size_t len;
	const char *text = json_text(o, &len);

	buf_addc(out, 'j');
	return pack_text(text, len, out);
}

static bool is_int64(struct json_object *o)
{
	return json_object_is_type(o, json_type_int) && (json_object_get_int64(o) < 0 || json_object_get_uint64(o) <= INT64_MAX);
}

static int pack(struct json_object *o, unsigned depth, struct buf *out)
{
	int64_t number;

	if (depth > JSON_DEPTH_MAX)
		return -EFBIG;
	if (!o) {
		buf_addc(out, 'n');
	} else if (json_object_is_type(o, json_type_boolean)) {
		buf_addc(out, json_object_get_boolean(o) ? 't' : 'f');
	} else if (json_object_is_type(o, json_type_string)) {
		buf_addc(out, 's');
		return pack_text(json_object_get_string(o), (size_t)json_object_get_string_len(o), out);
	} else if (is_int64(o)) {
		number = json_object_get_int64(o);
		buf_addc(out, 'i');
		buf_add(out, &number, sizeof(number));
	} else if (json_object_is_type(o, json_type_array)) {
		return pack_array(o, depth, out);
	} else if (json_object_is_type(o, json_type_object)) {
		return pack_object(o, depth, out);
	} else {
		return pack_other(o, out);
	}
	return 0;
}

int json_pack(struct json_object *o, struct buf *out)
{
	return pack(o, 1, out);
}

/* ---- and back ---- */

static int made(struct json_object *o, struct json_object **ret)
{
	*ret = o;
	return o ? 0 : -ENOMEM;
}

static int unpack_text(const char **p, const char *end, const char **ret, size_t *ret_len)
{
	uint32_t len;
	int r = unpack_u32(p, end, &len);

	if (r < 0 || len > INT_MAX || len > (size_t)(end - *p))
		return -EINVAL;
	*ret = *p;
	*ret_len = len;
	*p += len;
	return 0;
}

static int unpack(const char **p, const char *end, unsigned depth, struct json_object **ret);

static int unpack_array(const char **p, const char *end, unsigned depth, struct json_object **ret)
{
	_cleanup_json_ struct json_object *list = json_object_new_array_ext(4);
	uint32_t n = 0;
	int r = list ? unpack_u32(p, end, &n) : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		struct json_object *item = NULL;

		r = unpack(p, end, depth + 1, &item);
		if (r == 0 && json_object_array_add(list, item) < 0) {
			json_object_put(item);
			r = -ENOMEM;
		}
	}
	return r < 0 ? r : made(TAKE_PTR(list), ret);
}

static int unpack_member(const char **p, const char *end, unsigned depth, struct json_object *to)
{
	_cleanup_free_ char *key = NULL;
	struct json_object *value = NULL;
	const char *text;
	size_t len;
	int r = unpack_text(p, end, &text, &len);

	if (r < 0 || memchr(text, '\0', len))
		return -EINVAL;
	key = strndup(text, len);
	r = key ? unpack(p, end, depth + 1, &value) : -ENOMEM;
	if (r == 0 && json_object_object_add(to, key, value) < 0) {
		json_object_put(value);
		r = -ENOMEM;
	}
	return r;
}

static int unpack_object(const char **p, const char *end, unsigned depth, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	uint32_t n = 0;
	int r = o ? unpack_u32(p, end, &n) : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = unpack_member(p, end, depth, o);
	return r < 0 ? r : made(TAKE_PTR(o), ret);
}

static int unpack_string(const char **p, const char *end, struct json_object **ret)
{
	const char *text;
	size_t len;
	int r = unpack_text(p, end, &text, &len);

	return r < 0 ? r : made(json_object_new_string_len(text, (int)len), ret);
}

static int unpack_int(const char **p, const char *end, struct json_object **ret)
{
	int64_t number;

	if ((size_t)(end - *p) < sizeof(number))
		return -EINVAL;
	memcpy(&number, *p, sizeof(number));
	*p += sizeof(number);
	return made(json_object_new_int64(number), ret);
}

static int unpack_other(const char **p, const char *end, struct json_object **ret)
{
	const char *text;
	size_t len;
	int r = unpack_text(p, end, &text, &len);

	return r < 0 ? r : json_parse(text, len, "packed", ret, NULL);
}

static int unpack(const char **p, const char *end, unsigned depth, struct json_object **ret)
{
	if (*p == end || depth > JSON_DEPTH_MAX)
		return -EINVAL;
	switch (*(*p)++) {
	case 'n':
		*ret = NULL;
		return 0;
	case 't':
		return made(json_object_new_boolean(1), ret);
	case 'f':
		return made(json_object_new_boolean(0), ret);
	case 'i':
		return unpack_int(p, end, ret);
	case 's':
		return unpack_string(p, end, ret);
	case 'a':
		return unpack_array(p, end, depth, ret);
	case 'o':
		return unpack_object(p, end, depth, ret);
	case 'j':
		return unpack_other(p, end, ret);
	default:
		return -EINVAL;
	}
}

int json_unpack(const char **p, const char *end, struct json_object **ret)
{
	return unpack(p, end, 1, ret);
}
