/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * All containers, each read as if it were alone, from its own files; of many,
 * when only parts of them are wanted, what did not change since the last list
 * from the index that that one kept (engine/container_index.h). Where there are many, as many threads as there
 * are processors (four at most) take them off one list. A thread that cannot
 * be had is no error: the others do its part.
 *
 * Held: a thread touches nothing but the container that it took, and its own
 * words for an error; the engine's directory is open before there are any.
 */
#include "engine/container.h"
#include "engine/container_index.h"

#include "oci/digest.h"
#include "sys/dir.h"
#include "sys/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define THREADS_MAX 4
#define MANY 64 /* fewer are read before a second thread has begun */

void container_list_done(struct container_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		container_free(l->items[i]);
	free(l->items);
	*l = (struct container_list){0};
}


/* ---- which there are ---- */

struct ids {
	char (*items)[CONTAINER_ID_LEN + 1];
	size_t n, room;
};

static int add_id(struct ids *l, const char *id, struct err *e)
{
	if (l->n == CONTAINER_MAX)
		return err_set(e, E2BIG, "more than %d containers", CONTAINER_MAX);
	if (l->n == l->room) {
		size_t more = l->room ? l->room * 2 : 16;
		void *items = mem_regrow(l->items, more, sizeof(*l->items));

		if (!items)
			return err_errno(e, ENOMEM, "list containers");
		l->items = items;
		l->room = more;
	}
	memcpy(l->items[l->n++], id, sizeof(*l->items));
	return 0;
}

static int read_ids(int all, struct ids *ret, struct err *e)
{
	int copy = openat(all, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "list containers");
	}
	while ((d = dir_next(dir, &r)))
		if (digest_is_hex(d->d_name)) {
			r = add_id(ret, d->d_name, e);
			if (r < 0)
				break;
		}
	closedir(dir);
	return r < 0 && e && !e->code ? err_errno(e, -r, "list containers") : r;
}

/* ---- reading them ---- */

struct reading {
	struct engine *eng;
	const struct container_index *index; /* NULL: all of their files is wanted */
	struct container_seen *seen;         /* of those that the index is asked for */
	const struct ids *ids;
	struct container **items; /* each at its id's place; NULL: it vanished */
	atomic_size_t next;
};

struct reader {
	struct reading *all;
	pthread_t thread;
	struct err e;
	int r;
};

static void let_go(struct container *c)
{
	c->name = "";
	json_object_put(TAKE_PTR(c->spec));
	json_object_put(TAKE_PTR(c->state));
}

static int read_one(struct reading *all, size_t i, struct err *e)
{
	const struct container_parts *asked = all->index ? all->index->asked : NULL;
	const char *id = all->ids->items[i];
	int r = asked ? container_index_load(all->index, id, &all->seen[i], &all->items[i], e)
		      : container_load_as(all->eng, id, false, NULL, &all->items[i], e);

	if (r < 0 || !asked || !asked->look)
		return r;
	r = asked->look(all->items[i], asked->ctx);
	if (r < 0)
		return err_errno(e, -r, "container %.12s", id);
	/* the others are what the next index is made of */
	if (all->seen[i].noted)
		let_go(all->items[i]);
	return 0;
}

static void *read_some(void *ctx)
{
	struct reader *me = ctx;
	struct reading *all = me->all;

	while (me->r == 0) {
		size_t i = atomic_fetch_add(&all->next, 1);

		if (i >= all->ids->n)
			break;
		me->r = read_one(all, i, &me->e);
		if (me->r == -ENOENT) {
			me->r = 0;
			me->e = (struct err){0};
		}
	}
	return NULL;
}

static size_t threads_for(size_t n)
{
	cpu_set_t set;
	size_t cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;

	if (n < MANY)
		return 1;
	return cpus < THREADS_MAX ? cpus : THREADS_MAX;
}

static int read_all(struct reading *all, struct err *e)
{
	struct reader readers[THREADS_MAX] = {{.all = all}};
	size_t n = threads_for(all->ids->n), started = 1;
	int r;

	for (; started < n; started++) {
		readers[started].all = all;
		if (pthread_create(&readers[started].thread, NULL, read_some, &readers[started]) != 0)
			break;
	}
	read_some(&readers[0]);
	r = readers[0].r;
	if (r < 0 && e)
		*e = readers[0].e;
	for (size_t i = 1; i < started; i++) {
		pthread_join(readers[i].thread, NULL);
		if (r == 0 && readers[i].r < 0) {
			r = readers[i].r;
			if (e)
				*e = readers[i].e;
		}
	}
	return r;
}

static int by_creation(const void *a, const void *b)
{
	const struct container *x = *(struct container *const *)a, *y = *(struct container *const *)b;

	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* Those of `ids`, each at its place in *items. */
static int read_them(struct engine *eng, const struct ids *ids, const struct container_parts *parts, struct container **items, struct err *e)
{
	_cleanup_(container_index_close) struct container_index index = {0};
	_cleanup_free_ struct container_seen *seen = NULL;
	struct reading all = {.eng = eng, .ids = ids, .items = items};
	int r;

	if (parts) {
		seen = mem_array(ids->n, sizeof(*seen));
		if (!seen)
			return err_errno(e, ENOMEM, "list containers");
		container_index_open(eng, parts, ids->n, &index);
		all.index = &index;
		all.seen = seen;
	}
	r = read_all(&all, e);
	if (r == 0 && parts)
		container_index_keep(&index, items, seen, ids->n);
	return r;
}

static int list(struct engine *eng, const struct container_parts *parts, struct container_list *ret, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	struct ids ids = {0};
	int fd, r = engine_containers(eng, &fd, e);

	if (r == 0)
		r = read_ids(fd, &ids, e);
	if (r == 0) {
		l.items = mem_array(ids.n, sizeof(struct container *));
		r = l.items ? read_them(eng, &ids, parts, l.items, e) : err_errno(e, ENOMEM, "list containers");
	}
	for (size_t i = 0; l.items && i < ids.n; i++)
		if (l.items[i])
			l.items[l.n++] = l.items[i];
	free(ids.items);
	if (r < 0)
		return r;
	if (l.n)
		qsort(l.items, l.n, sizeof(struct container *), by_creation);
	*ret = l;
	l = (struct container_list){0};
	return 0;
}

int container_list(struct engine *eng, struct container_list *ret, struct err *e)
{
	return list(eng, NULL, ret, e);
}

/* ---- parts ---- */

void container_parts_done(struct container_parts *p)
{
	strv_done(&p->spec);
	strv_done(&p->state);
}

static int add_words(struct strv *v, const char *words)
{
	int r = 0;

	while (r == 0 && *words) {
		size_t n = strcspn(words, " ");

		r = n ? strv_addf(v, "%.*s", (int)n, words) : 0;
		words += n + (words[n] == ' ');
	}
	return r;
}

int container_parts_add(struct container_parts *p, const char *spec, const char *state)
{
	int r = add_words(&p->spec, spec);

	return r == 0 ? add_words(&p->state, state) : r;
}

int container_list_parts(struct engine *eng, const struct container_parts *parts, struct container_list *ret, struct err *e)
{
	_cleanup_(container_parts_done) struct container_parts all = {.look = parts->look, .ctx = parts->ctx};
	int r = container_parts_add(&all, CONTAINER_SPEC_PARTS, CONTAINER_STATE_PARTS);

	if (r == 0)
		r = strv_add_all(&all.spec, parts->spec.items);
	if (r == 0)
		r = strv_add_all(&all.state, parts->state.items);
	return r < 0 ? err_errno(e, -r, "list containers") : list(eng, &all, ret, e);
}

int container_latest(struct engine *eng, struct container **ret, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(eng, &l, e);

	if (r < 0)
		return r;
	if (l.n == 0)
		return err_set(e, ENOENT, "there is no container");
	*ret = TAKE_PTR(l.items[l.n - 1]);
	l.n--;
	return 0;
}
