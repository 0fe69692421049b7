/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A secret is written below a name with a dot, which none has, and renamed
 * when it is complete; one that is replaced or removed is renamed to such a name
 * and then taken away. Changes are few and short, so one lock orders them,
 * and whatever has a dot while the lock is held was left by one that was
 * killed: it goes with the next change, or when somebody lists what there is.
 * Readers wait for no lock.
 */
#include "engine/secret_store.h"

#include "base/clock.h"
#include "runtime/secrets.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRETS_DIR "secrets"
#define NEW ".new"
#define OLD ".old"
#define LOCK ".lock"
#define LOCK_WAIT_MS 30000
#define JSON_MAX (1U << 20)
#define LISTED_MAX 65536

void secret_note_done(struct secret_note *n)
{
	free(n->name);
	free(n->created);
	free(n->updated);
	json_object_put(n->labels);
	*n = (struct secret_note){0};
}

void secret_list_done(struct secret_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		secret_note_done(&l->items[i]);
	free(l->items);
	*l = (struct secret_list){0};
}

void secret_data_done(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_done(b);
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool secret_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > SECRET_STORE_NAME_MAX || !is_letter_or_digit(name[0]))
		return false;
	for (; *name; name++)
		if (!is_letter_or_digit(*name) && !strchr("_.-", *name))
			return false;
	return true;
}

/* ---- reading ---- */

static int copy_text(struct json_object *o, const char *key, char **ret)
{
	*ret = strdup(json_str(o, key));
	return *ret ? 0 : -ENOMEM;
}

static int read_note(int secrets, const char *name, struct secret_note *ret)
{
	_cleanup_(secret_note_done) struct secret_note n = {.name = strdup(name)};
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *labels;
	char path[SECRET_STORE_NAME_MAX + 16];
	int r;

	snprintf(path, sizeof(path), "%s/secret.json", name);
	r = path_own_read(secrets, path, JSON_MAX, &b);
	if (r == 0)
		r = json_parse(buf_str(&b), b.len, "secret.json", &o, NULL);
	if (r == 0)
		r = copy_text(o, "createdAt", &n.created);
	if (r == 0)
		r = copy_text(o, "updatedAt", &n.updated);
	if (r < 0 || !n.name)
		return r < 0 ? r : -ENOMEM;
	snprintf(n.id, sizeof(n.id), "%s", json_str(o, "id"));
	labels = json_at(o, "labels");
	if (labels && json_object_is_type(labels, json_type_object))
		n.labels = json_object_get(labels);
	*ret = n;
	n = (struct secret_note){0};
	return 0;
}

static int add_note(int secrets, const char *name, struct secret_list *l)
{
	struct secret_note *grown;
	int r;

	if (l->n == LISTED_MAX)
		return -E2BIG;
	grown = mem_regrow(l->items, l->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->items = grown;
	r = read_note(secrets, name, &grown[l->n]);
	l->n += r == 0;
	/* removed meanwhile */
	return r == -ENOENT ? 0 : r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct secret_note *)a)->name, ((const struct secret_note *)b)->name);
}

static int remove_left(int secrets)
{
	int r = path_own_remove_tree(secrets, NEW);

	return r == 0 ? path_own_remove_tree(secrets, OLD) : r;
}

/* What was left holds a secret that no name leads to; unless somebody is at it. */
static void clean_left(int secrets)
{
	_cleanup_close_ int lock = -EBADF;

	if (faccessat(secrets, NEW, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && faccessat(secrets, OLD, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (lock_take(secrets, LOCK, 0, &lock) == 0)
		(void)!remove_left(secrets);
}

static int read_all(struct engine *eng, struct secret_list *l)
{
	struct dirent *entry;
	int fd = -EBADF, r = path_own_open(eng->data_fd, SECRETS_DIR, O_RDONLY | O_DIRECTORY, 0, &fd);
	DIR *d;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	clean_left(fd);
	d = fdopendir(fd);
	if (!d) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r == 0 && (entry = dir_next(d, &r)))
		if (secret_name_is_valid(entry->d_name))
			r = add_note(dirfd(d), entry->d_name, l);
	closedir(d);
	return r;
}

int secret_list(struct engine *eng, struct secret_list *ret, struct err *e)
{
	_cleanup_(secret_list_done) struct secret_list l = {0};
	int r = read_all(eng, &l);

	if (r < 0)
		return err_errno(e, -r, "secrets");
	if (l.n)
		qsort(l.items, l.n, sizeof(*l.items), by_name);
	*ret = l;
	l = (struct secret_list){0};
	return 0;
}

static int missing(const char *name, struct err *e)
{
	return err_set(e, ENOENT, "no secret with name or id \"%s\": no such secret", name);
}

/* The one whose id begins so. */
static int find_by_id(struct engine *eng, const char *id, struct secret_note *ret, struct err *e)
{
	_cleanup_(secret_list_done) struct secret_list l = {0};
	struct secret_note *found = NULL;
	int r = secret_list(eng, &l, e);

	for (size_t i = 0; r == 0 && *id && i < l.n; i++) {
		if (strncmp(l.items[i].id, id, strlen(id)) != 0)
			continue;
		if (found)
			return err_set(e, EEXIST, "more than one secret has an id that begins with %s", id);
		found = &l.items[i];
	}
	if (r < 0 || !found)
		return r < 0 ? r : missing(id, e);
	*ret = *found;
	*found = (struct secret_note){0};
	return 0;
}

int secret_find(struct engine *eng, const char *name_or_id, struct secret_note *ret, struct err *e)
{
	_cleanup_close_ int secrets = -EBADF;
	int r = path_own_open(eng->data_fd, SECRETS_DIR, O_RDONLY | O_DIRECTORY, 0, &secrets);

	if (r == -ENOENT || !secret_name_is_valid(name_or_id))
		return missing(name_or_id, e);
	if (r == 0)
		r = read_note(secrets, name_or_id, ret);
	if (r == -ENOENT)
		return find_by_id(eng, name_or_id, ret, e);
	return r < 0 ? err_errno(e, -r, "secret %s", name_or_id) : 0;
}

int secret_data(struct engine *eng, const char *name, struct buf *b, struct err *e)
{
	char path[SECRET_STORE_NAME_MAX + 32];
	int r = -ENOENT;

	if (secret_name_is_valid(name)) {
		snprintf(path, sizeof(path), SECRETS_DIR "/%s/data", name);
		r = path_own_read(eng->data_fd, path, SECRET_DATA_MAX, b);
	}
	if (r == -ENOENT)
		return missing(name, e);
	return r < 0 ? err_errno(e, -r, "secret %s", name) : 0;
}

int secret_json(const struct engine *eng, const struct secret_note *n, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *spec = json_object_new_object(), *driver = json_object_new_object(), *options = json_object_new_object();
	_cleanup_free_ char *path = NULL;
	struct timespec created = CLOCK_NEVER, updated = CLOCK_NEVER;
	int r = asprintf(&path, "%s/" SECRETS_DIR, eng->data_path) < 0 || !o || !spec || !driver || !options ? -ENOMEM : 0;

	(void)!clock_parse_rfc3339(n->created, &created);
	(void)!clock_parse_rfc3339(n->updated, &updated);
	if (r < 0) {
		json_object_put(spec);
		json_object_put(driver);
		json_object_put(options);
		return r;
	}
	/* json_add() owns them from here on */
	r |= json_add_str(options, "path", path);
	r |= json_add_str(driver, "Name", "file");
	r |= json_add(driver, "Options", options);
	r |= json_add_str(spec, "Name", n->name);
	r |= json_add(spec, "Driver", driver);
	r |= json_add(spec, "Labels", n->labels ? json_object_get(n->labels) : json_object_new_object());
	r |= json_add_str(o, "ID", n->id);
	r |= json_add_time(o, "CreatedAt", &created);
	r |= json_add_time(o, "UpdatedAt", &updated);
	r |= json_add(o, "Spec", spec);
	if (r)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- changing ---- */

/* The directory, made when missing, and the lock on it; what somebody left who was killed is gone then. */
static int open_locked(struct engine *eng, int *ret_dir, int *ret_lock, struct err *e)
{
	int r = path_own_mkdirs(eng->data_fd, SECRETS_DIR, ret_dir);

	if (r == 0)
		r = lock_take(*ret_dir, LOCK, LOCK_WAIT_MS, ret_lock);
	if (r == 0)
		r = remove_left(*ret_dir);
	return r < 0 ? err_errno(e, -r, "secrets") : 0;
}

static int new_id(char ret[static SECRET_ID_SIZE])
{
	uint8_t bytes[SECRET_ID_SIZE / 2];
	char text[SECRET_ID_SIZE + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	memcpy(ret, text, SECRET_ID_SIZE - 1);
	ret[SECRET_ID_SIZE - 1] = '\0';
	return 0;
}

static int write_note(int dir, const char *id, const char *name, struct json_object *labels)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct timespec now = clock_now();
	char text[CLOCK_TEXT_SIZE];
	const char *json;
	size_t len;

	clock_rfc3339(&now, CLOCK_UTC, text);
	if (!o || json_add_str(o, "id", id) < 0 || json_add_str(o, "name", name) < 0 || json_add_str(o, "createdAt", text) < 0 ||
	    json_add_str(o, "updatedAt", text) < 0 || (labels && json_add(o, "labels", json_object_get(labels)) < 0))
		return -ENOMEM;
	json = json_text(o, &len);
	return json ? path_own_write(dir, "secret.json", json, len, 0600, PATH_SYNC_FULL) : -ENOMEM;
}

/* Complete, under the name of what is not there yet. */
static int write_new(int secrets, const char *id, const char *name, const char *data, size_t len, struct json_object *labels)
{
	_cleanup_close_ int dir = -EBADF;
	int r = path_own_mkdirs(secrets, NEW, &dir);

	if (r == 0)
		r = path_own_write(dir, "data", data, len, 0600, PATH_SYNC_FULL);
	return r == 0 ? write_note(dir, id, name, labels) : r;
}

static int put_in_place(int secrets, const char *name, bool replace)
{
	if (renameat2(secrets, NEW, secrets, name, RENAME_NOREPLACE) == 0)
		return fsync(secrets) < 0 ? -errno : 0;
	if (errno != EEXIST || !replace)
		return -errno;
	/* the lock is ours: nothing comes in between */
	if (renameat2(secrets, NEW, secrets, name, RENAME_EXCHANGE) < 0)
		return -errno;
	return fsync(secrets) < 0 ? -errno : path_own_remove_tree(secrets, NEW);
}

int secret_create(struct engine *eng, const char *name, const char *data, size_t len, struct json_object *labels, bool replace,
		  char ret_id[static SECRET_ID_SIZE], struct err *e)
{
	_cleanup_close_ int secrets = -EBADF, lock = -EBADF;
	char id[SECRET_ID_SIZE];
	int r;

	if (!secret_name_is_valid(name))
		return err_set(e, EINVAL, "secret name %s: only %d of [a-zA-Z0-9-_.] are allowed, the first [a-zA-Z0-9]", name,
			       SECRET_STORE_NAME_MAX);
	if (len == 0 || len > SECRET_DATA_MAX)
		return err_set(e, EINVAL, "secret data must be larger than 0 and less than %d bytes", SECRET_DATA_MAX);
	r = new_id(id);
	if (r < 0)
		return err_errno(e, -r, "random id");
	r = open_locked(eng, &secrets, &lock, e);
	if (r < 0)
		return r;
	r = write_new(secrets, id, name, data, len, labels);
	if (r == 0)
		r = put_in_place(secrets, name, replace);
	if (r < 0)
		(void)!path_own_remove_tree(secrets, NEW);
	if (r == -EEXIST)
		return err_set(e, EEXIST, "%s: secret name in use", name);
	if (r < 0)
		return err_errno(e, -r, "secret %s", name);
	memcpy(ret_id, id, sizeof(id));
	return 0;
}

int secret_remove(struct engine *eng, const char *name, struct err *e)
{
	_cleanup_close_ int secrets = -EBADF, lock = -EBADF;
	int r;

	if (!secret_name_is_valid(name))
		return missing(name, e);
	r = open_locked(eng, &secrets, &lock, e);
	if (r < 0)
		return r;
	if (renameat(secrets, name, secrets, OLD) < 0)
		return errno == ENOENT ? missing(name, e) : err_errno(e, errno, "secret %s", name);
	r = path_own_remove_tree(secrets, OLD);
	return r < 0 ? err_errno(e, -r, "secret %s", name) : 0;
}
