/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whose a directory is, is asked of it and of each container's below it: where
 * nobody but the caller and root may write, nobody else has written, and a
 * check of the directories is one of the files. runc keeps a state.json too,
 * with other keys: without our three of who its process is, it is not ours.
 */
#include "view/engines.h"

#include "base/json.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID_LEN 36

static void state_done(struct engine_state *t)
{
	runtime_state_done(&t->s);
	json_object_put(t->annotations);
	json_object_put(t->attribution);
	free(t->root);
}

void engines_done(struct engines *g)
{
	for (size_t i = 0; i < g->n; i++)
		state_done(&g->items[i]);
	free(g->items);
	free(g->roots);
	census_done(&g->census);
	memset(g, 0, sizeof(*g));
}

/* ---- states ---- */

static bool is_ours(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && (st->st_mode & 022) == 0;
}

static int check_ours(int dirfd, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = path_own_open(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, &fd);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	return r < 0 ? r : is_ours(&st) ? 0 : -EPERM;
}

static struct json_object *object_of(const char *text)
{
	_cleanup_json_ struct json_object *o = NULL;

	return text && json_parse(text, strlen(text), "state.json", &o, NULL) == 0 && json_object_is_type(o, json_type_object)
		       ? TAKE_PTR(o)
		       : NULL;
}

static const char *text_at(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return o && json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

static const char *claimed_engine(const struct engine_state *t)
{
	const char *manager = text_at(t->annotations, "io.container.manager");

	if (strcmp(manager, "libpod") == 0)
		return "podman";
	if (strcmp(manager, "cri-o") == 0)
		return "cri-o";
	return *text_at(json_at(t->attribution, "claimed"), "SLURM_JOB_ID") ? "slurm" : "unknown";
}

/* -ESRCH: it is none of ours. */
static int read_one(int rroot, const char *id, struct engine_state *t)
{
	int r = check_ours(rroot, id);

	if (r == 0)
		r = runtime_state_load(rroot, id, &t->s, NULL);
	if (r == 0 && (t->s.pid == 0 || t->s.start_ticks == 0 || strlen(t->s.boot_id) != BOOT_ID_LEN))
		r = -ESRCH;
	if (r == 0)
		r = runtime_state_status(rroot, &t->s, &t->status, NULL, NULL);
	if (r == 0 && runtime_state_load_record(rroot, &t->s) == -ENOMEM)
		r = -ENOMEM;
	if (r < 0)
		return r;
	t->annotations = object_of(t->s.annotations);
	t->attribution = object_of(t->s.attribution);
	(void)!json_add(t->attribution, "record", object_of(t->s.record)); /* none is none */
	return 0;
}

static int add_one(struct engines *g, int rroot, const char *path, const char *id, const char *engine, struct err *e)
{
	struct engine_state t = {.row = CENSUS_NONE, .root = strdup(path)}, *grown;
	int r = t.root ? read_one(rroot, id, &t) : -ENOMEM;

	grown = r == 0 ? mem_regrow(g->items, g->n + 1, sizeof(*grown)) : NULL;
	if (r == 0 && !grown)
		r = -ENOMEM;
	if (r < 0) {
		state_done(&t);
		/* one that is being made or removed has no state */
		g->refused += r != -ENOENT && r != -ENOMEM && r != -ESRCH;
		return r == -ENOMEM ? err_errno(e, ENOMEM, "%s", path) : 0;
	}
	t.engine = engine ? engine : claimed_engine(&t);
	g->items = grown;
	g->items[g->n++] = t;
	return 0;
}

/* 1: it was read before. */
static int is_known(struct engines *g, const struct stat *st)
{
	struct engines_seen *grown;

	for (size_t i = 0; i < g->n_roots; i++)
		if (g->roots[i].dev == st->st_dev && g->roots[i].ino == st->st_ino)
			return 1;
	grown = mem_regrow(g->roots, g->n_roots + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	g->roots = grown;
	g->roots[g->n_roots++] = (struct engines_seen){st->st_dev, st->st_ino};
	return 0;
}

int engines_add(struct engines *g, const char *path, const char *engine, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char **names = NULL;
	struct stat st;
	size_t n = 0;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r == -ELOOP || r == -ENOTDIR || (r == 0 && !is_ours(&st)))
		return err_set(e, EPERM, "%s: a link, neither yours nor root's, or others may write in it", path);
	if (r == 0)
		r = is_known(g, &st);
	if (r == 1)
		return 0;
	if (r == 0)
		r = dir_sorted(fd, ENGINES_ROOT_MAX, &names, &n);
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && runtime_id_is_valid(names[i]))
			r = add_one(g, fd, path, names[i], engine, e);
		free(names[i]);
	}
	free(names);
	return r;
}

/* ---- which process ---- */

static int join_one(struct engines *g, const struct procfs *fs, struct engine_state *t)
{
	int r = 0;

	if (t->status == RUNTIME_STOPPED)
		return 0;
	t->row = census_find(&g->census, t->s.pid, t->s.start_ticks);
	if (t->row == CENSUS_NONE)
		r = census_add(fs, t->s.pid, t->s.start_ticks, &g->census);
	if (r == 0)
		t->row = census_find(&g->census, t->s.pid, t->s.start_ticks);
	else if (r == -ESRCH) /* since then */
		t->status = RUNTIME_STOPPED;
	return r == -ESRCH ? 0 : r;
}

int engines_join(struct engines *g, const struct procfs *fs, struct err *e)
{
	int r = census_take(fs, &g->census, e);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < g->n; i++) {
		r = join_one(g, fs, &g->items[i]);
		if (r < 0)
			err_errno(e, -r, "container %s", g->items[i].s.id);
	}
	return r;
}

bool engines_is_unknown(const struct engines *g, size_t row)
{
	if (!g->census.rows[row].userns || !g->census.rows[row].has_pidns)
		return false;
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].row == row)
			return false;
	return true;
}
