/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "registry/short_name.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/toml.h"
#include "registry/registries.h"
#include "sys/config_file.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <errno.h>
#include <string.h>

#define LOCK_MS 5000

/* A JSON string is one of TOML (v1.0.0, "Basic strings") too, but for the escaped slash. */
static const char *quoted(struct json_object *s)
{
	return json_object_to_json_string_ext(s, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static int add_line(struct buf *out, const char *name, struct json_object *value)
{
	_cleanup_json_ struct json_object *key = json_object_new_string(name);

	if (!key)
		return -ENOMEM;
	buf_addf(out, "  %s = %s\n", quoted(key), quoted(value));
	return 0;
}

/* What is there, with the new one. */
static int read_answers(const char *path, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *doc = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *aliases = NULL;
	int r = config_file_read(path, REGISTRIES_FILE_MAX, &b, e);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT)
		err_clear(e);
	r = toml_parse(buf_str(&b), b.len, path, &doc, e);
	if (r == 0)
		r = json_get_object(doc, "aliases", &aliases, e);
	if (r < 0)
		return r;
	*ret = aliases ? json_object_get(aliases) : json_object_new_object();
	return *ret ? 0 : err_errno(e, ENOMEM, "%s", path);
}

static int write_answers(int dirfd, struct json_object *aliases, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = 0;

	buf_addf(&out, "[aliases]\n");
	json_object_object_foreach(aliases, name, value)
		r = r < 0 ? r : add_line(&out, name, value);
	if (r == 0)
		r = -out.error;
	if (r == 0)
		r = path_own_write(dirfd, REGISTRIES_ANSWERS, buf_str(&out), out.len, 0600, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, REGISTRIES_ANSWERS) : 0;
}

int short_name_record(const struct registry_access *o, const char *name, const char *repository, struct err *e)
{
	_cleanup_json_ struct json_object *aliases = NULL;
	_cleanup_close_ int dirfd = -EBADF, lock = -EBADF;
	char path[4096], *slash;
	int r = registries_answers_path(o, path);

	if (r < 0)
		return err_errno(e, -r, REGISTRIES_ANSWERS);
	slash = strrchr(path, '/');
	*slash = '\0';
	r = path_make_base(path, &dirfd);
	if (r == 0)
		r = lock_take(dirfd, REGISTRIES_ANSWERS ".lock", LOCK_MS, &lock);
	if (r < 0)
		return err_errno(e, -r, "%s/" REGISTRIES_ANSWERS, path);
	*slash = '/';
	r = read_answers(path, &aliases, e);
	if (r == 0 && json_add_str(aliases, name, repository) < 0)
		r = err_errno(e, ENOMEM, "%s", path);
	return r < 0 ? r : write_answers(dirfd, aliases, e);
}
