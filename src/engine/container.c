/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Reading containers: no lock, and no file that says "running".
 *
 * What runs is decided by asking the kernel about {boot id, pid, start time}.
 * How it ended is exit_find()'s to say: the monitor's file, else the
 * zombie's own status, else "lost", never a guess.
 */
#include "engine/container.h"
#include "engine/freeze.h"

#include "base/buf.h"
#include "monitor/exit.h"
#include "oci/digest.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EXIT_FILE_TRIES 10 /* of 5 ms */

const char *container_status_word(enum container_status s)
{
	static const char *const words[] = {
		[CONTAINER_CREATED] = "created", [CONTAINER_INITIALIZED] = "initialized", [CONTAINER_RUNNING] = "running", [CONTAINER_PAUSED] = "paused",
		[CONTAINER_EXITED] = "exited",   [CONTAINER_LOST] = "lost",
	};

	return words[s];
}

struct container *container_new(const char *id, int parent, int dir)
{
	struct container *c = calloc(1, sizeof(*c));

	if (!c) {
		fd_closep(&dir);
		return NULL;
	}
	memcpy(c->id, id, sizeof(c->id));
	c->parent = parent;
	c->own_dir = dir;
	c->dir = &c->own_dir;
	c->exit_code = -1;
	return c;
}

struct container *container_free(struct container *c)
{
	if (!c)
		return NULL;
	json_object_put(c->spec);
	json_object_put(c->state);
	json_object_put(c->row);
	fd_closep(&c->own_dir);
	free(c);
	return NULL;
}

int container_dir(const struct container *c)
{
	int r = *c->dir >= 0 ? 0 : path_own_open(c->parent, c->id, O_RDONLY | O_DIRECTORY, 0, c->dir);

	/* never what openat(2) takes for the current directory */
	return r == 0 ? *c->dir : r == AT_FDCWD ? -EIO : r;
}

/* Where a file of it is to be looked for: one that is being removed has its directory elsewhere, but open. */
struct file_place {
	int dirfd;
	char path[CONTAINER_ID_LEN + 32];
};

static struct file_place place_of_file(const struct container *c, const char *name)
{
	bool is_open = *c->dir >= 0;
	struct file_place f = {.dirfd = is_open ? *c->dir : c->parent};

	snprintf(f.path, sizeof(f.path), "%s%s%s", is_open ? "" : c->id, is_open ? "" : "/", name);
	return f;
}

int container_read(const struct container *c, const char *name, size_t max, struct buf *b)
{
	struct file_place f = place_of_file(c, name);

	return path_own_read(f.dirfd, f.path, max, b);
}

bool container_has(const struct container *c, const char *name)
{
	struct file_place f = place_of_file(c, name);

	return faccessat(f.dirfd, f.path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int parse_json(const char *text, size_t len, const char *name, const struct strv *paths, struct json_object **ret, struct err *e)
{
	return paths ? json_parse_parts(text, len, name, paths, ret, e) : json_parse(text, len, name, ret, e);
}

/* A JSON file of the container, or of it only what is at `paths`; *ret is NULL when it is not there. */
static int read_json(const struct container *c, const char *name, const struct strv *paths, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	int r;

	r = container_read(c, name, CONTAINER_JSON_MAX, &b);
	if (r < 0 && r != -ENOENT)
		return err_errno(e, -r, "%s", name);
	if (r == 0) {
		r = parse_json(buf_str(&b), b.len, name, paths, &o, e);
		if (r < 0)
			return r;
	}
	json_object_put(*ret);
	*ret = TAKE_PTR(o);
	return 0;
}

static void pause_5ms(void)
{
	struct timespec t = {.tv_nsec = 5000000};

	(void)nanosleep(&t, NULL);
}

static bool monitor_lives(const struct container *c)
{
	_cleanup_close_ int pidfd = -EBADF;

	return pidfd_open_identity((pid_t)json_int(c->state, "monitorPid"),
				   (uint64_t)json_int(c->state, "monitorStartTicks"), &pidfd) == 0 &&
	       !pidfd_has_ended(pidfd);
}

/*
 * The monitor writes exit.json before it reaps, so while it lives one of file
 * and zombie is there; a file that says more (when) is worth a short wait.
 */
static int find_end(struct container *c, pid_t pid, bool same_boot)
{
	struct file_place f = place_of_file(c, CONTAINER_EXIT_FILE);

	for (int i = 0;; i++) {
		int r = exit_find(f.dirfd, f.path, pid, c->start_ticks, -EBADF, &c->end);

		if (r != EXIT_FROM_ZOMBIE || !same_boot || i >= EXIT_FILE_TRIES || !monitor_lives(c))
			return r;
		pause_5ms();
	}
}

/* What was prepared since its last run waits still. */
static bool is_prepared(const struct engine *eng, struct container *c)
{
	_cleanup_close_ int pidfd = -EBADF;
	struct json_object *p = c->state ? json_at(c->state, "prepared") : NULL;

	if (!p || strcmp(json_str(p, "bootId"), eng->boot_id) != 0 ||
	    pidfd_open_identity((pid_t)json_int(p, "pid"), (uint64_t)json_int(p, "startTicks"), &pidfd) < 0 || pidfd_has_ended(pidfd))
		return false;
	c->pid = (pid_t)json_int(p, "pid");
	c->start_ticks = (uint64_t)json_int(p, "startTicks");
	c->status = CONTAINER_INITIALIZED;
	return true;
}

static int derive(struct engine *eng, struct container *c, struct err *e)
{
	bool same_boot;
	pid_t pid;
	int r;

	c->pid = 0;
	c->start_ticks = 0;
	c->exit_code = -1;
	c->end = (struct monitor_exit){0};
	c->status = CONTAINER_CREATED;
	if (is_prepared(eng, c) || !c->state || json_int(c->state, "pid") == 0)
		return 0;
	pid = (pid_t)json_int(c->state, "pid");
	c->start_ticks = (uint64_t)json_int(c->state, "startTicks");
	same_boot = strcmp(json_str(c->state, "bootId"), eng->boot_id) == 0;
	r = find_end(c, pid, same_boot);
	if (r < 0)
		return err_errno(e, -r, "%s", CONTAINER_EXIT_FILE);
	if (r == EXIT_STILL_RUNNING && same_boot) {
		c->pid = pid;
		c->status = freeze_is(eng, c) ? CONTAINER_PAUSED : CONTAINER_RUNNING;
	} else if (r == EXIT_STILL_RUNNING || r == EXIT_LOST) {
		/* running, but in another boot: somebody else's number */
		c->status = CONTAINER_LOST;
		c->end.reason = MONITOR_REASON_LOST;
	} else {
		c->status = CONTAINER_EXITED;
		c->exit_code = c->end.exit_code;
	}
	return 0;
}

static int no_such(const char *what, struct err *e)
{
	return err_set(e, ENOENT, "no container with name or ID \"%s\" found: no such container", what);
}

/* The same of one that was found; -ENOENT: it has gone meanwhile. */
static int derive_there(struct engine *eng, struct container *c, struct err *e)
{
	int r = derive(eng, c, e);

	/* it is being removed: how it ended was there, and so was that it has run */
	if (r == 0 && (c->status == CONTAINER_LOST || c->status == CONTAINER_CREATED) && !container_has(c, "container.json"))
		return no_such(c->id, e);
	return r < 0 && r != -ENOENT ? err_wrap(e, r, "container %.12s", c->id) : r;
}

static int read_state(struct engine *eng, struct container *c, const struct container_parts *parts, struct err *e)
{
	int r = read_json(c, "state.json", parts ? &parts->state : NULL, &c->state, e);

	return r < 0 ? err_wrap(e, r, "container %.12s", c->id) : derive_there(eng, c, e);
}

int container_refresh(struct engine *eng, struct container *c, struct err *e)
{
	return read_state(eng, c, NULL, e);
}

static void take_spec(struct container *c)
{
	c->name = json_str(c->spec, "name");
	c->created_ns = json_int(c->spec, "createdNs");
}

int container_load_as(struct engine *eng, const char *id, bool open_dir, const struct container_parts *parts, struct container **ret,
		      struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r, all, dir = -EBADF;

	r = engine_containers(eng, &all, e);
	if (r < 0)
		return r;
	if (!digest_is_hex(id))
		return no_such(id, e);
	if (open_dir) {
		r = path_own_open(all, id, O_RDONLY | O_DIRECTORY, 0, &dir);
		if (r == -ENOENT)
			return no_such(id, e);
		if (r < 0)
			return err_errno(e, -r, "container %.12s", id);
	}
	c = container_new(id, all, dir);
	if (!c)
		return err_errno(e, ENOMEM, "container %.12s", id);
	r = read_json(c, "container.json", parts ? &parts->spec : NULL, &c->spec, e);
	if (r < 0)
		return err_wrap(e, r, "container %.12s", id);
	if (!c->spec)
		return no_such(id, e);
	take_spec(c);
	r = read_state(eng, c, parts, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

int container_load_facts(struct engine *eng, const char *id, struct json_object *spec, struct json_object *state, struct container **ret,
			 struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int all, r = engine_containers(eng, &all, e);

	c = r == 0 ? container_new(id, all, -EBADF) : NULL;
	if (!c) {
		json_object_put(spec);
		json_object_put(state);
		return r < 0 ? r : err_errno(e, ENOMEM, "container %.12s", id);
	}
	c->spec = spec;
	c->state = state;
	take_spec(c);
	r = derive_there(eng, c, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

int container_load(struct engine *eng, const char *id, struct container **ret, struct err *e)
{
	return container_load_as(eng, id, true, NULL, ret, e);
}

/* Full id of the one container whose id begins with `prefix`. */
static int find_prefix(struct engine *eng, const char *prefix, char ret_id[static CONTAINER_ID_LEN + 1], struct err *e)
{
	char found[CONTAINER_ID_LEN + 1] = "";
	int r, all, copy;
	struct dirent *d;
	DIR *dir;

	if (!digest_is_hex_prefix(prefix))
		return no_such(prefix, e);
	r = engine_containers(eng, &all, e);
	if (r < 0)
		return r;
	copy = openat(all, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "list containers");
	}
	r = 0;
	while (r == 0 && (d = dir_next(dir, &r))) {
		if (!digest_is_hex(d->d_name) || strncmp(d->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (found[0])
			r = err_set(e, EEXIST, "more than one container ID begins with \"%s\"", prefix);
		memcpy(found, d->d_name, sizeof(found));
	}
	closedir(dir);
	if (r < 0)
		return e && e->code ? r : err_errno(e, -r, "list containers");
	if (!found[0])
		r = no_such(prefix, e);
	if (r == 0)
		memcpy(ret_id, found, sizeof(found));
	return r;
}

/* A name is a symbolic link whose text is the id. */
int container_name_holder(struct engine *eng, const char *name, char ret_id[static CONTAINER_ID_LEN + 1])
{
	char id[CONTAINER_ID_LEN + 2], path[sizeof(ENGINE_NAMES) + NAME_MAX + 2];
	ssize_t n;

	if (strchr(name, '/') || name[0] == '.' || !name[0] || strlen(name) > NAME_MAX)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s", ENGINE_NAMES, name);
	n = readlinkat(eng->data_fd, path, id, sizeof(id));
	if (n < 0)
		return errno == EINVAL ? -ENOENT : -errno;
	if (n != CONTAINER_ID_LEN)
		return -ENOENT;
	id[n] = '\0';
	if (!digest_is_hex(id))
		return -ENOENT;
	memcpy(ret_id, id, CONTAINER_ID_LEN + 1);
	return 0;
}

int container_find(struct engine *eng, const char *name_or_id, struct container **ret, struct err *e)
{
	char id[CONTAINER_ID_LEN + 1];
	int r;

	r = container_name_holder(eng, name_or_id, id);
	if (r == 0) {
		r = container_load(eng, id, ret, e);
		if (r != -ENOENT)
			return r;
	} else if (r != -ENOENT) {
		return err_errno(e, -r, "container \"%s\"", name_or_id);
	}
	if (digest_is_hex(name_or_id))
		return container_load(eng, name_or_id, ret, e);
	r = find_prefix(eng, name_or_id, id, e);
	if (r == 0)
		r = container_load(eng, id, ret, e);
	return r == -ENOENT ? no_such(name_or_id, e) : r;
}

int container_pidfd(const struct container *c, int *ret_pidfd)
{
	if (!container_runs(c))
		return -ESRCH;
	return pidfd_open_identity(c->pid, c->start_ticks, ret_pidfd);
}
