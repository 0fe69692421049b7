/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A key that is named and cannot be read is an error: fewer keys than the policy means would be another policy. */
#include "trust/keys.h"

#include "base/base64.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int trust_read_file(const char *path, struct buf *ret, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r = fd < 0 ? -errno : fd_read_all(fd, TRUST_KEY_FILE_MAX, ret);

	return r < 0 ? err_errno(e, -r, "read %s", path) : 0;
}

struct reader {
	struct json_object *o;
	const char *prefix;
	int (*take)(void *ctx, const struct buf *key);
	void *ctx;
};

/* The strings at "PREFIXsuffix" and, as a list, "PREFIXsuffixs". */
static int texts(const struct reader *k, const char *suffix, struct strv *ret, struct err *e)
{
	char name[64];
	const char *one = NULL;
	int r;

	snprintf(name, sizeof(name), "%s%s", k->prefix, suffix);
	r = json_get_str(k->o, name, &one, e);
	if (r == 0 && one && strv_add(ret, one) < 0)
		r = err_errno(e, ENOMEM, "keys");
	snprintf(name, sizeof(name), "%s%ss", k->prefix, suffix);
	return r < 0 ? r : json_get_strv(k->o, name, ret, e);
}

static int take_one(const struct reader *k, const char *text, bool is_path, struct err *e)
{
	_cleanup_(buf_done) struct buf key = BUF_INIT;
	int r = is_path ? trust_read_file(text, &key, e) : base64_decode(text, strlen(text), &key);

	if (r < 0)
		return is_path ? r : err_errno(e, -r, "key data");
	r = k->take(k->ctx, &key);
	return r < 0 ? err_errno(e, -r, "keys") : 0;
}

int trust_keys_each(struct json_object *o, const char *prefix, int (*take)(void *ctx, const struct buf *key), void *ctx, struct err *e)
{
	const struct reader k = {.o = o, .prefix = prefix, .take = take, .ctx = ctx};
	_cleanup_(strv_done) struct strv paths = {0}, data = {0};
	int r = texts(&k, "Path", &paths, e);

	if (r == 0)
		r = texts(&k, "Data", &data, e);
	for (size_t i = 0; i < paths.n && r == 0; i++)
		r = take_one(&k, paths.items[i], true, e);
	for (size_t i = 0; i < data.n && r == 0; i++)
		r = take_one(&k, data.items[i], false, e);
	return r;
}
