/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Half of what `ps` of a thousand took went to the opening, reading and
 * scanning of two thousand files, of which hardly any had changed since the
 * `ps` before. Two calls of stat(2) say that of a container, for a quarter of
 * the time.
 *
 * Rejected: a summary beside each container's files, by whoever writes them.
 * It is one more file to write and to sync at each start, must be right after a
 * kill between two writes, and still has to be opened a thousand times. Here
 * nobody writes but who lists, and what is written is compared with the
 * truth before each use.
 *
 * Held: a stamp is taken before the file is read, so that it is at most too
 * old. Files get their times from a clock that ticks some hundred times a second
 * (where an inode has no room for more, once a second: no nanoseconds then),
 * and an inode's number is soon used again: what was changed in the last
 * ticks could be changed once more with no difference to be seen, so it is
 * not kept. Of a file system whose times or numbers are another host's to give
 * nothing is kept. Nor is what another boot has written: it may lie on a disk,
 * half of it.
 *
 * Values are packed (base/json_pack.h), each by the number of its path, so that
 * of what is kept only what is asked for is made: the texts that were
 * kept before took half of the rest to be parsed.
 */
#include "engine/container_index.h"

#include "base/clock.h"
#include "base/json_pack.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

#define MAGIC "ranby list 2"
#define INDEX_MAX (64U << 20) /* bytes of the file */
#define SETTLED_NS 100000000L /* what was changed more lately is not kept: ten ticks of the slowest kernel */
#define SETTLED_COARSE_NS 2000000000L /* the same of a file whose times are whole seconds */
#define WORTH 16              /* so many new ones, and one in so many */
#define PARTS_MAX 64          /* bits of container_index.wanted */

/* All that the columns and filters of ps read but who started it whole; an older file with less is not used. */
#define SPEC_PARTS                                                                                                    \
	CONTAINER_SPEC_PARTS " created pod podName isInfra requires image.name image.rootfs image.id options.restart" \
			     " options.rm options.cidfile config.command config.entrypoint config.healthcheck"       \
			     " config.labels config.mounts config.network.mode config.network.networks"                \
			     " config.network.ports config.network.exposed createdBy.auid createdBy.session"           \
			     " createdBy.loginUser createdBy.tty"
#define STATE_PARTS                                                                                                   \
	CONTAINER_STATE_PARTS " startedNs restartCount receipt uuid identity.inForce startedBy.auid startedBy.session" \
			      " startedBy.loginUser startedBy.tty"

struct head {
	char magic[16];
	char boot_id[40];
	char parts[1024]; /* so that another version's is not taken for ours */
	uint64_t dev, ino; /* of the directory of all containers */
	uint64_t n;
};
_Static_assert(sizeof(MAGIC) <= 16 && sizeof(SPEC_PARTS) + sizeof(STATE_PARTS) < 1024, "it fits");

/* ---- stamps ---- */

/* 0: `path` is as *ret says, or is not there. */
static int stamp(int dirfd, const char *path, struct container_stamp *ret)
{
	struct stat st;

	*ret = (struct container_stamp){0};
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	*ret = (struct container_stamp){.ino = st.st_ino, .size = (uint64_t)st.st_size,
					.mtime_sec = st.st_mtim.tv_sec, .mtime_nsec = st.st_mtim.tv_nsec,
					.ctime_sec = st.st_ctim.tv_sec, .ctime_nsec = st.st_ctim.tv_nsec};
	return 0;
}

static bool is_same(const struct container_stamp *a, const struct container_stamp *b)
{
	return a->ino == b->ino && a->size == b->size && a->mtime_sec == b->mtime_sec && a->mtime_nsec == b->mtime_nsec &&
	       a->ctime_sec == b->ctime_sec && a->ctime_nsec == b->ctime_nsec;
}

/* One that is missing may come the next moment, and is seen to be there then. */
static bool is_settled(const struct container_stamp *s, const struct timespec *now)
{
	int64_t age = clock_ns(now) - (s->ctime_sec * 1000000000 + s->ctime_nsec);

	return s->ino == 0 || age > (s->ctime_nsec ? SETTLED_NS : SETTLED_COARSE_NS);
}

static bool can_be_kept(const struct container_index *x, const struct container_seen *seen)
{
	return seen->spec.ino != 0 && is_settled(&seen->spec, &x->begun) && is_settled(&seen->state, &x->begun);
}

static bool has_stamps_of_its_own(int fd)
{
	static const unsigned long local[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC};
	unsigned long type;

	if (mount_magic(fd, &type) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if (type == local[i])
			return true;
	return false;
}

/* ---- the file ---- */

static int make_head(struct engine *eng, size_t n, struct head *ret)
{
	struct stat st;
	int fd, r = engine_containers(eng, &fd, NULL);

	if (r < 0)
		return r;
	if (!has_stamps_of_its_own(fd))
		return -EOPNOTSUPP;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = (struct head){.magic = MAGIC, .parts = SPEC_PARTS "|" STATE_PARTS, .dev = st.st_dev, .ino = st.st_ino, .n = n};
	memcpy(ret->boot_id, eng->boot_id, sizeof(eng->boot_id));
	return 0;
}

/* Every container's values lie in the file, so that no look-up needs to ask. */
static bool is_whole(const struct container_index *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->noted[i].at > x->text.len || x->noted[i].len > x->text.len - x->noted[i].at)
			return false;
	return true;
}

static bool read_file(struct container_index *x)
{
	struct head want, is;

	if (make_head(x->eng, 0, &want) < 0 || path_own_read(x->eng->run_fd, CONTAINER_INDEX, INDEX_MAX, &x->text) < 0 ||
	    x->text.len < sizeof(is))
		return false;
	memcpy(&is, x->text.data, sizeof(is));
	want.n = is.n;
	if (memcmp(&is, &want, sizeof(is)) != 0 || is.n > CONTAINER_MAX ||
	    is.n > (x->text.len - sizeof(is)) / sizeof(struct container_noted))
		return false;
	/* malloc(3) aligned the text, and the head's size is a multiple of eight */
	x->noted = (const void *)(x->text.data + sizeof(is));
	x->n = is.n;
	return is_whole(x);
}
_Static_assert(sizeof(struct head) % 8 == 0 && _Alignof(struct container_noted) == 8, "records lie where they can be read");

/* Is `path` that one, or below it? */
static bool is_within(const char *path, const char *part)
{
	size_t n = strlen(part);

	return strncmp(path, part, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

/* Sets the bits, from `first` on, of those kept that hold something asked for. False: there is something that none of them holds. */
static bool choose(const struct strv *kept, const struct strv *asked, size_t first, uint64_t *bits)
{
	for (size_t i = 0; i < asked->n; i++) {
		size_t k = 0;

		while (k < kept->n && !is_within(asked->items[i], kept->items[k]))
			k++;
		if (k == kept->n)
			return false;
		*bits |= UINT64_C(1) << (first + k);
	}
	return true;
}

/* False: it is of no use for what is asked. */
static bool choose_parts(struct container_index *x)
{
	return container_parts_add(&x->parts, SPEC_PARTS, STATE_PARTS) == 0 && x->parts.spec.n + x->parts.state.n <= PARTS_MAX &&
	       choose(&x->parts.spec, &x->asked->spec, 0, &x->wanted) &&
	       choose(&x->parts.state, &x->asked->state, x->parts.spec.n, &x->wanted);
}

void container_index_open(struct engine *eng, const struct container_parts *asked, size_t n, struct container_index *ret)
{
	struct container_index x = {.eng = eng, .asked = asked, .text = {.limit = INDEX_MAX}};

	/* what many containers left goes with them */
	if (n < CONTAINER_INDEX_FEW)
		(void)unlinkat(eng->run_fd, CONTAINER_INDEX, 0);
	if (n < CONTAINER_INDEX_FEW || clock_gettime(CLOCK_REALTIME_COARSE, &x.begun) < 0 || !choose_parts(&x)) {
		container_parts_done(&x.parts);
	} else if (!read_file(&x)) {
		buf_done(&x.text);
		x.noted = NULL;
		x.n = 0;
	}
	*ret = x;
}

void container_index_close(struct container_index *x)
{
	buf_done(&x->text);
	container_parts_done(&x->parts);
	x->noted = NULL;
	x->n = 0;
}

/* ---- one ---- */

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct container_noted *)a)->id, ((const struct container_noted *)b)->id, CONTAINER_ID_LEN);
}

static int look(const struct container_index *x, const char *id, struct container_seen *ret)
{
	char path[CONTAINER_ID_LEN + sizeof("/container.json")];
	int all, r = engine_containers(x->eng, &all, NULL);

	if (r < 0)
		return r;
	memcpy(path, id, CONTAINER_ID_LEN);
	memcpy(path + CONTAINER_ID_LEN, "/container.json", sizeof("/container.json"));
	r = stamp(all, path, &ret->spec);
	if (r < 0)
		return r;
	memcpy(path + CONTAINER_ID_LEN, "/state.json", sizeof("/state.json"));
	return stamp(all, path, &ret->state);
}

/* What is kept of `id`, when its files are those that it was kept of. */
static const struct container_noted *find(const struct container_index *x, const char *id, const struct container_seen *seen)
{
	const struct container_noted *noted;
	struct container_noted key;

	memcpy(key.id, id, CONTAINER_ID_LEN);
	noted = x->n ? bsearch(&key, x->noted, x->n, sizeof(key), by_id) : NULL;
	return noted && seen->spec.ino != 0 && is_same(&noted->spec, &seen->spec) && is_same(&noted->state, &seen->state) ? noted : NULL;
}

/* Puts a value at its path; of those that are kept none is within another. */
static int put_at(struct json_object *o, const char *path, struct json_object *consumed)
{
	for (;;) {
		size_t n = strcspn(path, ".");
		struct json_object *next = NULL;
		char key[32] = "";

		memcpy(key, path, n < sizeof(key) ? n : sizeof(key) - 1);
		if (path[n] == '\0')
			return json_add(o, key, consumed);
		if (!json_object_object_get_ex(o, key, &next)) {
			next = json_object_new_object();
			if (json_add(o, key, next) < 0)
				next = NULL;
		}
		if (!next) {
			json_object_put(consumed);
			return -ENOMEM;
		}
		o = next;
		path += n + 1;
	}
}

/* The next value, which is passed, and put into its object when it is wanted. */
static int take_value(const struct container_index *x, const char **p, const char *end, struct json_object *spec, struct json_object *state)
{
	const struct container_parts *parts = &x->parts;
	size_t part = (unsigned char)*(*p)++, n_spec = parts->spec.n;
	struct json_object *o = part < n_spec ? spec : state, *value = NULL;
	uint32_t len;
	const char *at;
	int r = unpack_u32(p, end, &len);

	if (r < 0 || part >= n_spec + parts->state.n || len > (size_t)(end - *p))
		return -EINVAL;
	at = *p;
	*p += len;
	if (!o || !(x->wanted >> part & 1))
		return 0;
	r = json_unpack(&at, *p, &value);
	if (r < 0 || !value)
		return r;
	return put_at(o, part < n_spec ? parts->spec.items[part] : parts->state.items[part - n_spec], value);
}

/* -EINVAL: what is kept of it is damaged. */
static int load_noted(const struct container_index *x, const struct container_noted *noted, const char *id, struct container **ret,
		      struct err *e)
{
	_cleanup_json_ struct json_object *spec = json_object_new_object(), *state = noted->state.ino ? json_object_new_object() : NULL;
	const char *p = x->text.data + noted->at, *end = p + noted->len;
	int r = spec && (state || !noted->state.ino) ? 0 : -ENOMEM;

	while (r == 0 && p < end)
		r = take_value(x, &p, end, spec, state);
	if (r < 0)
		return err_errno(e, -r, "container %.12s", id);
	return container_load_facts(x->eng, id, TAKE_PTR(spec), TAKE_PTR(state), ret, e);
}

int container_index_load(const struct container_index *x, const char *id, struct container_seen *seen, struct container **ret,
			 struct err *e)
{
	int r;

	*seen = (struct container_seen){0};
	if (x->parts.spec.n == 0)
		return container_load_as(x->eng, id, false, x->asked, ret, e);
	/* what cannot be stamped is no worse than what is not in the index */
	if (look(x, id, seen) < 0)
		*seen = (struct container_seen){0};
	seen->noted = find(x, id, seen);
	r = seen->noted ? load_noted(x, seen->noted, id, ret, e) : -EINVAL;
	if (r != -EINVAL)
		return r;
	if (e)
		*e = (struct err){0};
	seen->noted = NULL;
	return container_load_as(x->eng, id, false, &x->parts, ret, e);
}

/* ---- writing ---- */

struct writing {
	const struct container_index *x;
	struct container_noted *noted;
	size_t n;
	struct buf values;
};

static int add_values(struct writing *w, struct json_object *o, const struct strv *paths, size_t first)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < paths->n; i++) {
		struct json_object *value = json_at(o, paths->items[i]);
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		if (!value)
			continue;
		r = json_pack(value, &b);
		buf_addc(&w->values, (char)(first + i));
		pack_u32((uint32_t)b.len, &w->values);
		buf_add(&w->values, buf_str(&b), b.len);
		if (r == 0)
			r = -buf_bad(&b);
	}
	return r;
}

/* Of what cannot be packed nothing is kept. */
static void add(struct writing *w, const struct container *c, const struct container_seen *seen)
{
	const struct container_parts *parts = &w->x->parts;
	const struct container_noted *old = seen->noted;
	struct container_noted new = {.spec = seen->spec, .state = seen->state, .at = w->values.len};
	int r = 0;

	memcpy(new.id, c->id, CONTAINER_ID_LEN);
	if (old) {
		buf_add(&w->values, w->x->text.data + old->at, old->len);
	} else {
		r = add_values(w, c->spec, &parts->spec, 0);
		if (r == 0)
			r = add_values(w, c->state, &parts->state, parts->spec.n);
	}
	new.len = w->values.len - new.at;
	if (r == 0)
		w->noted[w->n++] = new;
}

static void write_file(struct writing *w)
{
	_cleanup_(buf_done) struct buf all = {.limit = INDEX_MAX};
	uint64_t from = sizeof(struct head) + w->n * sizeof(*w->noted);
	struct head head;

	if (make_head(w->x->eng, w->n, &head) < 0)
		return;
	for (size_t i = 0; i < w->n; i++)
		w->noted[i].at += from;
	qsort(w->noted, w->n, sizeof(*w->noted), by_id);
	buf_add(&all, &head, sizeof(head));
	buf_add(&all, w->noted, w->n * sizeof(*w->noted));
	buf_add(&all, w->values.data, w->values.len);
	if (!buf_bad(&w->values) && !buf_bad(&all))
		(void)!path_own_write_spare(w->x->eng->run_fd, CONTAINER_INDEX, all.data, all.len, 0600);
}

void container_index_keep(const struct container_index *x, struct container *const *items, const struct container_seen *seen, size_t n)
{
	struct writing w = {.x = x, .values = {.limit = INDEX_MAX}};
	size_t fresh = 0;

	if (x->parts.spec.n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		fresh += items[i] && !seen[i].noted && can_be_kept(x, &seen[i]);
	if (fresh < WORTH || fresh < n / WORTH)
		return;
	w.noted = mem_array(n, sizeof(*w.noted));
	for (size_t i = 0; w.noted && i < n; i++)
		if (items[i] && (seen[i].noted || can_be_kept(x, &seen[i])))
			add(&w, items[i], &seen[i]);
	if (w.noted)
		write_file(&w);
	buf_done(&w.values);
	free(w.noted);
}
