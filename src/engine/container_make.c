/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Making, changing and deleting containers so that a kill at any point
 * leaves a whole container or something that the next command sweeps.
 *
 *	make:    marker (locked) → directory → name → files → container.json → marker off
 *	delete:  marker (locked) → container.json off → directory off → name off → marker off
 *
 * "It is a container" turns on one rename and off on one unlink; before the
 * first and after the second there is a marker, whose lock dies with its
 * holder. Sweeping is the second half of a deletion.
 *
 * A marker is a few bytes in a directory that exists already; when even that
 * finds no space, deletion goes on without it: `rm` must work on a full disk.
 */
#include "engine/container.h"
#include "engine/name_words.h"
#include "engine/options.h"

#include "base/buf.h"
#include "oci/digest.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define NAME_TRIES 64
/* A sweep holds a marker for as long as it takes to remove one container's directory. */
#define MARKER_WAIT_MS 10000

int container_new_id(char ret_id[static CONTAINER_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[CONTAINER_ID_LEN / 2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return -EIO;
	for (size_t i = 0; i < sizeof(raw); i++) {
		ret_id[2 * i] = hex[raw[i] >> 4];
		ret_id[2 * i + 1] = hex[raw[i] & 15];
	}
	ret_id[CONTAINER_ID_LEN] = '\0';
	return 0;
}

/* ---- names ---- */

static int names_dir(struct engine *eng, int *ret_fd, struct err *e)
{
	int r = path_own_mkdirs(eng->data_fd, ENGINE_NAMES, ret_fd);

	return r < 0 ? err_errno(e, -r, "%s/%s", eng->data_path, ENGINE_NAMES) : 0;
}

/* Gives the name back if it is `id`'s. */
static int name_drop(struct engine *eng, const char *name, const char *id)
{
	_cleanup_close_ int dir = -EBADF;
	char holder[CONTAINER_ID_LEN + 1];
	int r = container_name_holder(eng, name, holder);

	if (r == -ENOENT || (r == 0 && strcmp(holder, id) != 0))
		return 0;
	if (r == 0)
		r = path_own_open(eng->data_fd, ENGINE_NAMES, O_RDONLY | O_DIRECTORY, 0, &dir);
	if (r == 0 && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* ---- the marker ---- */

static int marker_dir(struct engine *eng, int *ret_fd, struct err *e)
{
	int r = path_own_mkdirs(eng->data_fd, ENGINE_PENDING, ret_fd);

	return r < 0 ? err_errno(e, -r, "%s/%s", eng->data_path, ENGINE_PENDING) : 0;
}

/*
 * A container that is there has a marker only while it is renamed, with the
 * names that it then has, each on a line: all but the one that its
 * container.json says are given back.
 */
static void drop_strays(struct engine *eng, const char *id, int marker)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(buf_done) struct buf names = BUF_INIT;

	if (lseek(marker, 0, SEEK_SET) < 0 || fd_read_all(marker, 4096, &names) < 0 || names.len == 0 ||
	    container_load(eng, id, &c, NULL) < 0)
		return;
	for (char *name = names.data, *end; name && *name; name = end) {
		end = name + strcspn(name, "\n");
		if (*end)
			*end++ = '\0';
		if (container_name_is_valid(name) && strcmp(name, c->name) != 0)
			(void)!name_drop(eng, name, id);
	}
}

/*
 * Takes the marker of `id` and writes `name` into it. A sweep of another
 * command may hold it for a moment, between our making the file and locking
 * it: what it then removes is the file, and lock_take() makes it anew.
 */
static int marker_take(struct engine *eng, const char *id, const char *name, int *ret_fd, struct err *e)
{
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;
	int r;

	r = marker_dir(eng, &dir, e);
	if (r < 0)
		return r;
	r = lock_take(dir, id, MARKER_WAIT_MS, &fd);
	if (r == 0)
		drop_strays(eng, id, fd);
	if (r == 0 && (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		r = -errno;
	if (r == 0 && name)
		r = fd_write_all(fd, name, strlen(name));
	if (r < 0)
		return err_errno(e, -r, "mark container %.12s", id);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* The last thing that is done for `id`; by the marker's holder. */
static void marker_drop(struct engine *eng, const char *id, int *fd)
{
	char path[sizeof(ENGINE_PENDING) + CONTAINER_ID_LEN + 2];

	snprintf(path, sizeof(path), "%s/%s", ENGINE_PENDING, id);
	(void)unlinkat(eng->data_fd, path, 0);
	fd_closep(fd);
}

/* 1 or 0; -errno when that cannot be said: what is there must not be removed then as if it were not. */
static int is_there(int dirfd, const char *path)
{
	if (faccessat(dirfd, path, F_OK, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static int is_container(struct engine *eng, const char *id)
{
	char path[CONTAINER_ID_LEN + 32];
	int all, r = engine_containers(eng, &all, NULL);

	snprintf(path, sizeof(path), "%s/container.json", id);
	return r < 0 ? r : is_there(all, path);
}

static int is_pending(struct engine *eng, const char *id)
{
	char path[sizeof(ENGINE_PENDING) + CONTAINER_ID_LEN + 2];

	snprintf(path, sizeof(path), "%s/%s", ENGINE_PENDING, id);
	return is_there(eng->data_fd, path);
}

/*
 * One attempt: a symbolic link to the id, which comes about whole or not at
 * all, excludes a second one, and leaves no temporary file when we are killed.
 * -EEXIST with *ret_holder. A name of nobody (power was lost between two
 * fsyncs) is taken over.
 */
static int name_take(struct engine *eng, int dir, const char *name, const char *id,
		     char ret_holder[static CONTAINER_ID_LEN + 1])
{
	int r;

	if (symlinkat(id, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	r = container_name_holder(eng, name, ret_holder);
	if (r == 0) {
		r = is_pending(eng, ret_holder);
		if (r == 0)
			r = is_container(eng, ret_holder);
		if (r != 0)
			return r > 0 ? -EEXIST : r;
	} else if (r != -ENOENT) {
		return r;
	}
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return symlinkat(id, dir, name) < 0 ? -errno : 0;
}

static int name_in_use(const char *name, const char *holder, struct err *e)
{
	err_set(e, EEXIST, "the container name \"%s\" is already in use by %.12s", name, holder);
	err_hint(e, "remove that container (ranby rm %s), or use --replace", name);
	return -EEXIST;
}

static int name_choose(struct engine *eng, const char *wanted, struct container_making *m,
		       char ret_holder[static CONTAINER_ID_LEN + 1], struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	int r = names_dir(eng, &dir, e);

	for (int i = 0; r == 0 && i < NAME_TRIES; i++) {
		_cleanup_free_ char *name = wanted ? strdup(wanted) : name_words_random();

		if (!name)
			return err_errno(e, ENOMEM, "container name");
		/* what a sweeper must know to give the name back has to be written before it is taken */
		if (pwrite(m->marker_fd, name, strlen(name), 0) < 0 || ftruncate(m->marker_fd, (off_t)strlen(name)) < 0)
			return err_errno(e, errno, "mark container %.12s", m->id);
		r = name_take(eng, dir, name, m->id, ret_holder);
		if (r == 0) {
			m->name = TAKE_PTR(name);
			return 0;
		}
		if (r != -EEXIST)
			return err_errno(e, -r, "container name \"%s\"", name);
		if (wanted)
			return name_in_use(name, ret_holder, e);
		r = 0;
	}
	return r < 0 ? r : err_set(e, EEXIST, "no free container name found: give one with --name");
}

/* ---- making ---- */

static int begin(struct engine *eng, const char *name, struct container_making *m,
		 char ret_holder[static CONTAINER_ID_LEN + 1], struct err *e)
{
	int r, all;

	r = container_new_id(m->id);
	if (r < 0)
		return err_errno(e, -r, "container ID");
	r = engine_containers(eng, &all, e);
	if (r == 0)
		r = marker_take(eng, m->id, NULL, &m->marker_fd, e);
	if (r < 0)
		return r;
	if (mkdirat(all, m->id, 0700) < 0)
		return err_errno(e, errno, "make container %.12s", m->id);
	r = path_own_open(all, m->id, O_RDONLY | O_DIRECTORY, 0, &m->dirfd);
	if (r < 0)
		return err_errno(e, -r, "make container %.12s", m->id);
	return name_choose(eng, name, m, ret_holder, e);
}

int container_begin(struct engine *eng, const char *name, struct container_making *ret,
		    char ret_holder[CONTAINER_ID_LEN + 1], struct err *e)
{
	struct container_making m = CONTAINER_MAKING_INIT;
	char holder[CONTAINER_ID_LEN + 1] = "";
	int r;

	if (name && !*name)
		name = NULL;
	if (name && !container_name_is_valid(name))
		return err_set(e, EINVAL, "container name \"%s\": must match [a-zA-Z0-9][a-zA-Z0-9_.-]*", name);
	r = begin(eng, name, &m, holder, e);
	if (r < 0) {
		container_making_done(eng, &m);
		if (ret_holder)
			memcpy(ret_holder, holder, sizeof(holder));
		return r;
	}
	*ret = m;
	return 0;
}

static int write_json(int dirfd, const char *file, struct json_object *o, bool durable, struct err *e)
{
	const char *text;
	size_t len;
	int r;

	text = json_text(o, &len);
	if (!text)
		return err_errno(e, ENOMEM, "%s", file);
	r = path_own_write(dirfd, file, text, len, 0600, durable ? PATH_SYNC_FULL : PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "write %s", file) : 0;
}

/* The directory's own entry and its name reach the disk before container.json says that they matter. */
static int sync_names(struct engine *eng, struct err *e)
{
	_cleanup_close_ int names = -EBADF;
	int r, all;

	r = engine_containers(eng, &all, e);
	if (r == 0)
		r = names_dir(eng, &names, e);
	if (r == 0 && (fsync(names) < 0 || fsync(all) < 0))
		r = err_errno(e, errno, "sync %s", eng->data_path);
	return r;
}

/* Just made, it has neither state nor end. */
static struct container *adopt(struct container_making *m, struct json_object *spec)
{
	struct container *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	memcpy(c->id, m->id, sizeof(c->id));
	c->spec = json_object_get(spec);
	c->name = json_str(c->spec, "name");
	c->dirfd = TAKE_FD(m->dirfd);
	c->status = CONTAINER_CREATED;
	c->exit_code = -1;
	return c;
}

int container_commit(struct engine *eng, struct container_making *m, struct json_object *spec, bool durable,
		     struct container **ret, struct err *e)
{
	struct container *c;
	int r = durable ? sync_names(eng, e) : 0;

	if (r == 0)
		r = write_json(m->dirfd, "container.json", spec, durable, e);
	if (r < 0)
		return r;
	marker_drop(eng, m->id, &m->marker_fd);
	c = adopt(m, spec);
	if (!c)
		return err_errno(e, ENOMEM, "container %.12s", m->id);
	*ret = c;
	return 0;
}

void container_making_done(struct engine *eng, struct container_making *m)
{
	int all;

	if (m->marker_fd >= 0) {
		/* nothing of other ids is in there yet but what bundle made as the user */
		int r = engine_containers(eng, &all, NULL);

		if (r == 0)
			r = path_own_remove_tree(all, m->id);
		if (r == 0 && m->name)
			r = name_drop(eng, m->name, m->id);
		/* what cannot be removed now keeps its marker, for the next sweep */
		if (r == 0)
			marker_drop(eng, m->id, &m->marker_fd);
		fd_closep(&m->marker_fd);
	}
	fd_closep(&m->dirfd);
	free(TAKE_PTR(m->name));
}

int container_write_spec(const struct container *c, struct json_object *spec, struct err *e)
{
	return write_json(c->dirfd, "container.json", spec, true, e);
}

/* With the marker, which holds both names: new name on, container.json, old name off. */
static int rename_marked(struct engine *eng, struct container *c, const char *name, struct err *e)
{
	_cleanup_json_ struct json_object *spec = NULL;
	char holder[CONTAINER_ID_LEN + 1] = "";
	_cleanup_free_ char *old = strdup(c->name);
	_cleanup_close_ int dir = -EBADF;
	int r = old ? names_dir(eng, &dir, e) : err_errno(e, ENOMEM, "rename");

	if (r < 0)
		return r;
	r = name_take(eng, dir, name, c->id, holder);
	if (r == -EEXIST)
		return err_set(e, EEXIST, "the container name \"%s\" is already in use by %.12s", name, holder);
	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	if (r == 0 && (json_object_deep_copy(c->spec, &spec, NULL) < 0 || json_add_str(spec, "name", name) < 0))
		r = -ENOMEM;
	if (r < 0)
		return err_errno(e, -r, "container name \"%s\"", name);
	r = container_write_spec(c, spec, e);
	if (r < 0) {
		(void)!name_drop(eng, name, c->id);
		return r;
	}
	json_object_put(c->spec);
	c->spec = TAKE_PTR(spec);
	c->name = json_str(c->spec, "name");
	r = name_drop(eng, old, c->id);
	return r < 0 ? err_errno(e, -r, "give the name %s back", old) : 0;
}

int container_rename(struct engine *eng, struct container *c, const char *name, struct err *e)
{
	_cleanup_close_ int marker = -EBADF;
	_cleanup_free_ char *both = NULL;
	int r;

	if (!container_name_is_valid(name))
		return err_set(e, EINVAL, "container name \"%s\": must match [a-zA-Z0-9][a-zA-Z0-9_.-]*", name);
	if (strcmp(name, c->name) == 0)
		return 0;
	if (asprintf(&both, "%s\n%s", c->name, name) < 0)
		return err_errno(e, ENOMEM, "rename");
	r = marker_take(eng, c->id, both, &marker, e);
	if (r < 0)
		return r;
	r = rename_marked(eng, c, name, e);
	if (r == 0 || r == -EEXIST)
		marker_drop(eng, c->id, &marker);
	return r;
}

int container_write_state(const struct container *c, struct json_object *state, bool durable, struct err *e)
{
	return write_json(c->dirfd, "state.json", state, durable, e);
}

int container_lock(const struct container *c, int timeout_ms, int *ret_lock_fd, struct err *e)
{
	int r = lock_take_dir(c->dirfd, timeout_ms, ret_lock_fd);

	if (r == -EAGAIN)
		return err_set(e, EAGAIN, "container %.12s: another command is changing it", c->id);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "no container with name or ID \"%.12s\" found: no such container", c->id);
	return r < 0 ? err_errno(e, -r, "lock container %.12s", c->id) : 0;
}

void container_tidy(const struct container *c)
{
	int copy = openat(c->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		fd_closep(&copy);
		return;
	}
	while ((d = readdir(dir)))
		if (strncmp(d->d_name, PATH_TEMP_PREFIX, strlen(PATH_TEMP_PREFIX)) == 0)
			(void)unlinkat(c->dirfd, d->d_name, 0);
	closedir(dir);
}

/* ---- deleting ---- */

/* From here it is no container any more. The second half, also of sweeping; the caller holds the marker or has none. */
static int finish_delete(struct engine *eng, const char *id, const char *name, container_remove_dir_fn remove_dir,
			 struct err *e)
{
	int r, all;

	r = engine_containers(eng, &all, e);
	if (r == 0)
		r = remove_dir(eng, all, id, e);
	if (r == 0 && name && *name) {
		r = name_drop(eng, name, id);
		if (r < 0)
			return err_errno(e, -r, "give the name %s back", name);
	}
	return r;
}

int container_delete(struct engine *eng, const struct container *c, container_remove_dir_fn remove_dir, struct err *e)
{
	_cleanup_close_ int marker = -EBADF;
	int r = marker_take(eng, c->id, c->name, &marker, e);

	if (r < 0 && r != -ENOSPC && r != -EDQUOT)
		return r;
	if (unlinkat(c->dirfd, "container.json", 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove container %.12s", c->id);
	r = finish_delete(eng, c->id, c->name, remove_dir, e);
	if (r == 0 && marker >= 0)
		marker_drop(eng, c->id, &marker);
	return r;
}

/* `marker` is ours now, so its maker is gone. */
static void sweep_one(struct engine *eng, const char *id, int *marker, container_remove_dir_fn remove_dir)
{
	_cleanup_(buf_done) struct buf name = BUF_INIT;

	int there = is_container(eng, id);

	if (there < 0)
		return;
	if (there == 0) {
		if (fd_read_all(*marker, 4096, &name) < 0 ||
		    finish_delete(eng, id, container_name_is_valid(buf_str(&name)) ? buf_str(&name) : NULL, remove_dir,
				  NULL) < 0)
			return;
	} else {
		drop_strays(eng, id, *marker);
	}
	marker_drop(eng, id, marker);
}

void container_sweep(struct engine *eng, container_remove_dir_fn remove_dir)
{
	int dir_fd = openat(eng->data_fd, ENGINE_PENDING, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *d;
	DIR *dir;

	if (dir_fd < 0)
		return;
	dir = fdopendir(dir_fd);
	if (!dir) {
		close(dir_fd);
		return;
	}
	while ((d = readdir(dir))) {
		_cleanup_close_ int marker = -EBADF;

		if (digest_is_hex(d->d_name) && lock_take(dirfd(dir), d->d_name, 0, &marker) == 0)
			sweep_one(eng, d->d_name, &marker, remove_dir);
	}
	closedir(dir);
}
