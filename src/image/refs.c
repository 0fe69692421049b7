/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One file per reference, so that two commands that tag different images
 * cannot lose each other's work, and a damaged file costs one name. The file
 * is named after the reference, '/' and '%' written as %2F and %25; a name
 * that would be too long for a file is replaced by its hash.
 *
 * An image without names ("<none>") has the reference "@<id>": what keeps an
 * image is always a reference, and nothing else is.
 */
#include "base/clock.h"
#include "image/store_private.h"
#include "sys/dir.h"
#include "sys/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME_LONGEST 240
#define REF_JSON_MAX 16384

void ref_done(struct ref *r)
{
	free(r->name);
	free(r->trust);
	*r = (struct ref){0};
}

void ref_list_done(struct ref_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		ref_done(&l->items[i]);
	free(l->items);
	*l = (struct ref_list){0};
}

bool ref_is_nameless(const struct ref *r)
{
	return r->name[0] == '@';
}

static int file_name(const char *name, char ret[static NAME_MAX + 1])
{
	size_t n = 0;

	for (const char *c = name; *c; c++) {
		if (n + 3 >= FILE_NAME_LONGEST) {
			struct digest d;

			digest_of(name, strlen(name), &d);
			snprintf(ret, NAME_MAX + 1, "=%s", digest_hex(&d));
			return 0;
		}
		if (*c == '/' || *c == '%')
			n += (size_t)snprintf(ret + n, NAME_MAX + 1 - n, "%%%02X", (unsigned)*c);
		else
			ret[n++] = *c;
	}
	ret[n] = '\0';
	return n == 0 || ret[0] == '.' ? -EINVAL : 0;
}

static int get_digest(struct json_object *o, const char *key, bool needed, struct digest *ret, struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(o, key, &text, e);

	if (r < 0)
		return r;
	if (!text)
		return needed ? err_set(e, EINVAL, "no %s", key) : 0;
	return digest_parse(text, ret, e);
}

static int parse_ref(const struct buf *b, struct ref *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct ref ref = {0};
	const char *name = "", *trust = NULL;
	int r;

	r = json_parse(buf_str(b), b->len, "reference", &o, e);
	if (r == 0)
		r = json_get_str(o, "name", &name, e);
	if (r == 0 && !*name)
		r = err_set(e, EINVAL, "no name");
	if (r == 0)
		r = get_digest(o, "id", true, &ref.id, e);
	if (r == 0)
		r = get_digest(o, "digest", true, &ref.digest, e);
	if (r == 0)
		r = get_digest(o, "index", false, &ref.index, e);
	if (r == 0)
		r = json_get_str(o, "trust", &trust, e);
	if (r == 0)
		r = json_get_bool(o, "isIndex", &ref.is_index, e);
	if (r == 0 && ref.is_index && !digest_equal(&ref.id, &ref.digest))
		r = err_set(e, EINVAL, "an index whose id is not its digest");
	if (r == 0)
		r = json_get_i64(o, "tagged", INT64_MIN, INT64_MAX, &ref.tagged_ns, e);
	if (r < 0)
		return r;
	ref.name = strdup(name);
	ref.trust = trust ? strdup(trust) : NULL;
	if (!ref.name || (trust && !ref.trust)) {
		ref_done(&ref);
		return err_errno(e, ENOMEM, "reference");
	}
	*ret = ref;
	return 0;
}

/* A name is found by its file and by listing, which must not differ. */
static int check_file_name(const struct ref *ref, const char *file, struct err *e)
{
	char want[NAME_MAX + 1];

	return file_name(ref->name, want) == 0 && strcmp(want, file) == 0 ? 0 : err_set(e, EINVAL, "it holds another name");
}

static int load_file(int dirfd, const char *file, struct ref *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(dirfd, file, REF_JSON_MAX, &b);

	if (r == -ENOENT)
		return r;
	if (r < 0)
		return err_errno(e, -r, "reference %s", file);
	r = parse_ref(&b, ret, e);
	if (r == 0) {
		r = check_file_name(ret, file, e);
		if (r < 0)
			ref_done(ret);
	}
	return r < 0 ? err_wrap(e, r, "reference %s", file) : 0;
}

/*
 * One of a shared store. A damaged one is none (-ENOENT); one that somebody else could write is an error. Who
 * looks at it first and reads it then is not fooled, for nobody else can put another file into the directory.
 */
static int load_shared(const struct store_shared *from, const char *file, struct ref *ret, struct err *e)
{
	int r = shared_check_file(from, file, e);

	if (r < 0)
		return r;
	r = load_file(from->images_fd, file, ret, NULL) < 0 ? -ENOENT : 0;
	ret->shared = true;
	return r;
}

int ref_load(struct store *st, const char *name, struct ref *ret, struct err *e)
{
	char file[NAME_MAX + 1];
	struct ref ref = {0};
	int r;

	if (file_name(name, file) < 0)
		return -ENOENT;
	r = load_file(st->images_fd, file, &ref, e);
	for (size_t i = 0; i < st->n_shared && r == -ENOENT; i++)
		r = load_shared(&st->shared[i], file, &ref, e);
	if (r < 0)
		return r;
	if (strcmp(ref.name, name) != 0) {
		ref_done(&ref);
		return err_set(e, EINVAL, "reference %s: it holds another name", file);
	}
	*ret = ref;
	return 0;
}

static int compare_refs(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int append(struct ref_list *l, size_t *room, struct ref *r)
{
	if (l->n == STORE_IMAGES_MAX)
		return -E2BIG;
	if (l->n == *room) {
		size_t more = *room ? 2 * *room : 32;
		struct ref *grown = mem_regrow(l->items, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		l->items = grown;
		*room = more;
	}
	l->items[l->n++] = *r;
	*r = (struct ref){0};
	return 0;
}

static bool is_known(const struct ref_list *l, size_t n, const char *name)
{
	struct ref key = {.name = (char *)(uintptr_t)name};

	return n && bsearch(&key, l->items, n, sizeof(key), compare_refs);
}

/* Fails for want of memory or room, and for a file of a shared store that somebody else could write. */
static int add_file(int dirfd, const struct store_shared *from, const char *file, struct ref_list *l, size_t known, size_t *room, struct err *e)
{
	_cleanup_(ref_done) struct ref ref = {0};
	int r = from ? load_shared(from, file, &ref, e) : load_file(dirfd, file, &ref, NULL);

	if (r == 0 && from && is_known(l, known, ref.name))
		return 0;
	if (r == 0)
		r = append(l, room, &ref);
	else if (from && r == -EPERM)
		return r;
	else if (r != -ENOENT && !from)
		l->damaged++;
	return r == -ENOMEM || r == -E2BIG ? err_errno(e, -r, "list the images") : 0;
}

/* Adds those of a directory; of a shared store's (`from`), those whose names are not among what is there, which is sorted. */
static int load_dir(int dirfd, const struct store_shared *from, struct ref_list *l, size_t *room, struct err *e)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const size_t known = l->n;
	struct dirent *d;
	int r = 0, failed = 0;

	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "list the images");
	}
	while (r == 0 && (d = dir_next(dir, &r))) {
		if (d->d_name[0] == '.')
			continue;
		r = failed = add_file(dirfd, from, d->d_name, l, known, room, e);
	}
	closedir(dir);
	if (r < 0)
		return failed < 0 ? r : err_errno(e, -r, "list the images");
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), compare_refs);
	return 0;
}

int refs_load(struct store *st, struct ref_list *ret, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list l = {0};
	size_t room = 0;
	int r = load_dir(st->images_fd, NULL, &l, &room, e);

	for (size_t i = 0; i < st->n_shared && r == 0; i++)
		r = load_dir(st->shared[i].images_fd, &st->shared[i], &l, &room, e);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct ref_list){0};
	return 0;
}

int ref_nameless(const struct ref *of, struct ref *ret, struct err *e)
{
	char name[DIGEST_HEX_SIZE + 1];

	*ret = *of;
	ret->shared = false;
	snprintf(name, sizeof(name), "@%s", digest_hex(&of->id));
	ret->name = strdup(name);
	ret->trust = of->trust ? strdup(of->trust) : NULL;
	return ret->name && (ret->trust || !of->trust) ? 0 : err_errno(e, ENOMEM, "reference");
}

/*
 * What a reference leads to is on the disk before it. A blob or layer that was here already may be another command's,
 * which is just about to sync its name, or was killed before it did. Of a directory that nothing changed it is quick.
 */
static int sync_data(struct store *st, struct err *e)
{
	return fsync(st->blobs_fd) < 0 || fsync(st->layers_fd) < 0 ? err_errno(e, errno, "sync the image store") : 0;
}

static int write_file(struct store *st, const struct ref *ref, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct timespec now = clock_now();
	char file[NAME_MAX + 1];
	const char *text;
	size_t len;
	int r = 0;

	if (!o)
		return err_errno(e, ENOMEM, "reference");
	r |= json_add_str(o, "name", ref->name);
	r |= json_add_str(o, "id", ref->id.text);
	r |= json_add_str(o, "digest", ref->digest.text);
	if (digest_is_set(&ref->index))
		r |= json_add_str(o, "index", ref->index.text);
	r |= json_add_str(o, "trust", ref->trust);
	if (ref->is_index)
		r |= json_add_bool(o, "isIndex", true);
	r |= json_add_int(o, "tagged", clock_ns(&now));
	text = r == 0 ? json_text(o, &len) : NULL;
	if (!text)
		return err_errno(e, ENOMEM, "reference");
	r = sync_data(st, e);
	if (r < 0)
		return r;
	r = file_name(ref->name, file);
	if (r == 0)
		r = path_own_write(st->images_fd, file, text, len, store_file_mode(st->images_fd), PATH_SYNC_FULL);
	return r < 0 ? err_errno(e, -r, "write the reference %s", ref->name) : 0;
}

/* True when a reference of ours other than `name` leads to the image. */
static bool has_other(const struct ref_list *l, const char *name, const struct digest *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->items[i].shared && digest_equal(&l->items[i].id, id) && strcmp(l->items[i].name, name) != 0)
			return true;
	return false;
}

/* The image that `name` means now keeps a reference, whatever `name` means next. */
static int keep_previous(struct store *st, const struct ref *next, struct err *e)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};
	_cleanup_(ref_done) struct ref old = {0}, nameless = {0};
	int r = ref_load(st, next->name, &old, NULL);

	if (r < 0 || old.shared || digest_equal(&old.id, &next->id))
		return 0;
	r = refs_load(st, &all, e);
	if (r < 0 || has_other(&all, next->name, &old.id))
		return r;
	r = ref_nameless(&old, &nameless, e);
	return r < 0 ? r : write_file(st, &nameless, e);
}

int ref_write(struct store *st, const struct ref *ref, struct err *e)
{
	_cleanup_(ref_done) struct ref nameless = {0};
	int r;

	r = keep_previous(st, ref, e);
	if (r == 0)
		r = blob_adopt(st, &ref->digest, e);
	if (r == 0)
		r = blob_adopt(st, &ref->id, e);
	if (r == 0)
		r = blob_adopt(st, &ref->index, e);
	if (r == 0)
		r = write_file(st, ref, e);
	if (r < 0 || ref_is_nameless(ref))
		return r;
	/* it has a name now */
	r = ref_nameless(ref, &nameless, e);
	return r < 0 ? r : ref_remove(st, nameless.name, e);
}

int ref_replace(struct store *st, const struct ref *ref, struct err *e)
{
	return write_file(st, ref, e);
}

int ref_remove(struct store *st, const char *name, struct err *e)
{
	char file[NAME_MAX + 1];

	if (file_name(name, file) < 0)
		return 0;
	if (unlinkat(st->images_fd, file, 0) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_errno(e, errno, "remove the reference %s", name);
	}
	return fsync(st->images_fd) < 0 ? err_errno(e, errno, "remove the reference %s", name) : 0;
}
