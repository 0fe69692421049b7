/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Each part of a key is preceded by its length, so that no two steps run together to the same bytes. */
#include "build/cache.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/sha256.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ENTRY_MAX 4096

static void add_part(struct sha256 *h, const char *text)
{
	uint64_t len = text ? strlen(text) + 1 : 0;

	sha256_add(h, &len, sizeof(len));
	if (text)
		sha256_add(h, text, len);
}

void cache_key(const char before[static DIGEST_HEX_SIZE], const char *text, const char *content, char ret[static DIGEST_HEX_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	add_part(&h, "ranby build 1");
	add_part(&h, before);
	add_part(&h, text);
	add_part(&h, content);
	sha256_end_hex(&h, ret);
}

static int parse(const char *text, size_t len, struct cache_entry *ret)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct cache_entry c = {0};
	struct timespec when;
	int r = json_parse(text, len, "cache", &o, NULL);

	if (r < 0)
		return r;
	snprintf(c.created, sizeof(c.created), "%s", json_str(o, "created"));
	r = clock_parse_rfc3339(c.created, &when);
	if (r == 0)
		r = digest_parse(json_str(o, "id"), &c.id, NULL);
	if (r == 0 && *json_str(o, "diffId"))
		r = digest_parse(json_str(o, "diffId"), &c.diff_id, NULL);
	if (r == 0)
		*ret = c;
	return r;
}

int cache_find(int data_fd, const char *key, struct cache_entry *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[sizeof(CACHE_DIR) + DIGEST_HEX_SIZE];
	int r;

	snprintf(path, sizeof(path), CACHE_DIR "/%s", key);
	r = path_own_read(data_fd, path, ENTRY_MAX, &b);
	if (r == 0)
		r = parse(buf_str(&b), b.len, ret);
	return r < 0 ? -ENOENT : 0;
}

int cache_put(int data_fd, const char *key, const struct cache_entry *c)
{
	_cleanup_close_ int dir = -EBADF;
	char text[ENTRY_MAX];
	int n, r = path_own_mkdirs(data_fd, CACHE_DIR, &dir);

	if (r < 0)
		return r;
	n = snprintf(text, sizeof(text), "{\"created\":\"%s\",\"id\":\"%s\"%s%s%s}", c->created, c->id.text,
		     digest_is_set(&c->diff_id) ? ",\"diffId\":\"" : "", c->diff_id.text, digest_is_set(&c->diff_id) ? "\"" : "");
	return path_own_write(dir, key, text, (size_t)n, 0600, PATH_SYNC_NONE);
}
