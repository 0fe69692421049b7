/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Reading pods: no lock. The directory's name is the pod's name, which makes
 * it unique without a table; members are found by asking all containers, as
 * everything else that asks about several does.
 *
 * A pod's state is nowhere written down: it is counted out of the members',
 * by podman's rules.
 */
#include "engine/pod.h"

#include "base/buf.h"
#include "oci/digest.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

struct pod *pod_free(struct pod *p)
{
	if (!p)
		return NULL;
	container_list_done(&p->members);
	json_object_put(p->spec);
	fd_closep(&p->dirfd);
	free(p);
	return NULL;
}

void pod_list_done(struct pod_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		pod_free(l->items[i]);
	free(l->items);
	*l = (struct pod_list){0};
}

const char *pod_id_of(const struct container *c)
{
	return json_str(c->spec, "pod");
}

bool pod_is_infra(const struct container *c)
{
	return json_true(c->spec, "isInfra");
}

/* ---- one ---- */

static int no_such(const char *name, struct err *e)
{
	return err_set(e, ENOENT, "no pod with name or ID %s found: no such pod", name);
}

/* -ENOENT: not a pod, or not yet, or no longer. */
static int load(int pods_fd, const char *name, struct pod **ret, struct err *e)
{
	_cleanup_(pod_freep) struct pod *p = calloc(1, sizeof(*p));
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *id;
	int r;

	if (!p)
		return err_errno(e, ENOMEM, "pod %s", name);
	p->dirfd = -EBADF;
	r = path_own_open(pods_fd, name, O_RDONLY | O_DIRECTORY, 0, &p->dirfd);
	if (r == 0)
		r = path_own_read(p->dirfd, "pod.json", POD_JSON_MAX, &b);
	if (r == -ENOENT || r == -ENOTDIR)
		return no_such(name, e);
	if (r < 0)
		return err_errno(e, -r, "pod %s", name);
	r = json_parse(buf_str(&b), b.len, "pod.json", &p->spec, e);
	if (r < 0)
		return err_wrap(e, r, "pod %s", name);
	p->name = json_str(p->spec, "name");
	id = json_str(p->spec, "id");
	if (!digest_is_hex(id) || strcmp(p->name, name) != 0)
		return err_set(e, EBADMSG, "pod %s: pod.json is of another pod", name);
	memcpy(p->id, id, sizeof(p->id));
	*ret = TAKE_PTR(p);
	return 0;
}

static int add_member(struct pod *p, struct container *c)
{
	struct container **grown = mem_regrow(p->members.items, p->members.n + 1, sizeof(struct container *));

	if (!grown)
		return -ENOMEM;
	p->members.items = grown;
	p->members.items[p->members.n++] = c;
	if (pod_is_infra(c))
		p->infra = c;
	return 0;
}

/* Moves the members out of the list of all. */
static int take_members(struct pod *p, struct container_list *all, struct err *e)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!all->items[i] || strcmp(pod_id_of(all->items[i]), p->id) != 0)
			continue;
		if (add_member(p, all->items[i]) < 0)
			return err_errno(e, ENOMEM, "pod %s", p->name);
		all->items[i] = NULL;
	}
	return 0;
}

/* ---- all ---- */

static int by_creation(const void *a, const void *b)
{
	const struct pod *x = *(struct pod *const *)a, *y = *(struct pod *const *)b;
	int64_t dx = json_int(x->spec, "createdNs"), dy = json_int(y->spec, "createdNs");

	return dx != dy ? (dx < dy ? -1 : 1) : strcmp(x->id, y->id);
}

/* `p` is consumed. */
static int add(struct pod_list *l, struct pod *p, struct err *e)
{
	struct pod **grown = l->n < PODS_MAX ? mem_regrow(l->items, l->n + 1, sizeof(struct pod *)) : NULL;

	if (!grown) {
		pod_free(p);
		return err_set(e, l->n < PODS_MAX ? ENOMEM : E2BIG, "pods: too many");
	}
	l->items = grown;
	l->items[l->n++] = p;
	return 0;
}

/* Those that are there, without members; `want`: NULL for all, else a name or an id's beginning. */
static int read_all(struct engine *eng, const char *want, struct pod_list *l, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct dirent *d;
	DIR *dir;
	int copy, r = path_own_open(eng->data_fd, ENGINE_PODS, O_RDONLY | O_DIRECTORY, 0, &fd);

	if (r < 0)
		return r == -ENOENT ? 0 : err_errno(e, -r, "pods");
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "pods");
	}
	while (r == 0 && (d = dir_next(dir, &r))) {
		struct pod *p = NULL;

		if (!container_name_is_valid(d->d_name))
			continue;
		r = load(fd, d->d_name, &p, e);
		if (r == 0 && (!want || strcmp(p->name, want) == 0 || strncmp(p->id, want, strlen(want)) == 0))
			r = add(l, p, e);
		else
			pod_free(p);
		if (r == -ENOENT) {
			err_clear(e);
			r = 0;
		}
	}
	closedir(dir);
	return r < 0 && !(e && e->code) ? err_errno(e, -r, "pods") : r;
}

static int fill(struct engine *eng, struct pod_list *l, struct err *e)
{
	_cleanup_(container_list_done) struct container_list all = {0};
	int r = l->n ? container_list(eng, &all, e) : 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = take_members(l->items[i], &all, e);
	return r;
}

int pod_list(struct engine *eng, struct pod_list *ret, struct err *e)
{
	_cleanup_(pod_list_done) struct pod_list l = {0};
	int r = read_all(eng, NULL, &l, e);

	if (r == 0)
		r = fill(eng, &l, e);
	if (r < 0)
		return r;
	if (l.n)
		qsort(l.items, l.n, sizeof(struct pod *), by_creation);
	*ret = l;
	l = (struct pod_list){0};
	return 0;
}

/* A name before an id's beginning. */
static struct pod *choose(struct pod_list *l, const char *name)
{
	struct pod *found = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i]->name, name) == 0)
			return l->items[i];
		else
			found = l->items[i];
	return l->n == 1 ? found : NULL;
}

int pod_find(struct engine *eng, const char *name_or_id, struct pod **ret, struct err *e)
{
	_cleanup_(pod_list_done) struct pod_list l = {0};
	struct pod_list one = {.n = 1};
	struct pod *p;
	int r = *name_or_id ? read_all(eng, name_or_id, &l, e) : 0;

	if (r < 0)
		return r;
	p = choose(&l, name_or_id);
	if (!p && l.n == 0)
		return no_such(name_or_id, e);
	if (!p)
		return err_set(e, EEXIST, "more than one pod ID begins with \"%s\"", name_or_id);
	one.items = &p;
	r = fill(eng, &one, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n; i++)
		if (l.items[i] == p)
			l.items[i] = NULL;
	*ret = p;
	return 0;
}

bool pod_has_running(struct engine *eng, const struct container *c)
{
	_cleanup_(pod_freep) struct pod *p = NULL;

	if (pod_find(eng, pod_id_of(c), &p, NULL) < 0)
		return false;
	for (size_t i = 0; i < p->members.n; i++)
		if (strcmp(p->members.items[i]->id, c->id) != 0 && p->members.items[i]->pid > 0)
			return true;
	return false;
}

int pod_latest(struct engine *eng, struct pod **ret, struct err *e)
{
	_cleanup_(pod_list_done) struct pod_list l = {0};
	int r = pod_list(eng, &l, e);

	if (r < 0)
		return r;
	if (l.n == 0)
		return err_set(e, ENOENT, "there is no pod");
	*ret = l.items[--l.n];
	return 0;
}

const char *pod_state_word(const struct pod *p)
{
	size_t n[CONTAINER_LOST + 1] = {0}, all = p->members.n;

	for (size_t i = 0; i < all; i++)
		n[p->members.items[i]->status]++;
	if (n[CONTAINER_RUNNING])
		return n[CONTAINER_RUNNING] == all ? "Running" : "Degraded";
	if (all && n[CONTAINER_PAUSED] == all)
		return "Paused";
	if (n[CONTAINER_EXITED])
		return n[CONTAINER_EXITED] == all ? "Exited" : "Stopped";
	return n[CONTAINER_LOST] ? "Errored" : "Created";
}
