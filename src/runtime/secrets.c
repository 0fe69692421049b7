/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Why not a file that is bound into the container, as other engines do: the
 * configuration and all of the container's directories are read by whoever
 * backs them up, inspects them or is handed them for support, and what was
 * written to a disk cannot be taken back. So the engine hands a sealed memfd to the
 * monitor, which hands it to the runtime and lets go of it.
 *
 * Files go to a tmpfs of which each is cloned as a mount of its own: the
 * tmpfs itself is attached in the runtime's own mount namespace while that is
 * done, because a mount can be cloned only where it is attached (before Linux
 * 6.15), and taken off before init copies the namespace: createContainer hooks
 * see that copy, and the bundle in it. What is then in the container has its owner and mode,
 * and is read-only as a mount, for root too.
 */
#include "runtime/secrets.h"

#include "sys/fd.h"
#include "sys/memfd.h"
#include "sys/mountns.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC 0x52534331U
#define WHOLE_MAX (80U << 20)

_Static_assert((uint64_t)SECRETS_MAX * (SECRET_DATA_MAX + SECRET_NAME_MAX + 64) < WHOLE_MAX, "the largest set fits");

/* Before the name and the data, which follow without ends. */
struct head {
	uint32_t magic;
	uint32_t is_env;
	uint32_t uid, gid, mode;
	uint32_t name_len, data_len;
};

static void secret_done(struct secret *s)
{
	if (s->data)
		explicit_bzero(s->data, s->len);
	free(s->data);
	free(s->name);
	*s = (struct secret){0};
}

void secrets_done(struct secrets *s)
{
	for (size_t i = 0; i < s->n; i++)
		secret_done(&s->items[i]);
	free(s->items);
	*s = (struct secrets){0};
}

static int check(const struct secret *s)
{
	size_t len = strlen(s->name);

	if (len > SECRET_NAME_MAX || s->len > SECRET_DATA_MAX)
		return -E2BIG;
	if (s->is_env)
		return len == 0 || strchr(s->name, '=') || (s->len && memchr(s->data, '\0', s->len)) ? -EINVAL : 0;
	return s->name[0] == '/' && len > 1 && s->mode <= 07777 ? 0 : -EINVAL;
}

int secrets_add(struct secrets *s, const struct secret *one)
{
	struct secret *to;
	int r = check(one);

	if (r < 0)
		return r;
	if (s->n == SECRETS_MAX)
		return -E2BIG;
	if (!s->items) {
		s->items = mem_array(SECRETS_MAX, sizeof(*s->items));
		if (!s->items)
			return -ENOMEM;
	}
	to = &s->items[s->n];
	*to = *one;
	to->name = strdup(one->name);
	to->data = malloc(one->len + 1);
	if (!to->name || !to->data) {
		free(to->name);
		free(to->data);
		*to = (struct secret){0};
		return -ENOMEM;
	}
	if (one->len)
		memcpy(to->data, one->data, one->len);
	to->data[one->len] = '\0';
	s->n++;
	return 0;
}

/* ---- on the way ---- */

static void wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_done(b);
}

int secrets_seal(const struct secrets *s, int *ret_fd, struct err *e)
{
	_cleanup_(wipe) struct buf b = BUF_INIT_MAX(WHOLE_MAX);
	size_t room = 1;
	int r;

	/* at once: what grows leaves pieces behind */
	for (size_t i = 0; i < s->n; i++)
		room += sizeof(struct head) + strlen(s->items[i].name) + s->items[i].len;
	if (!buf_reserve(&b, room))
		return err_errno(e, ENOMEM, "secrets");
	for (size_t i = 0; i < s->n; i++) {
		const struct secret *one = &s->items[i];
		const struct head h = {MAGIC, one->is_env, one->uid, one->gid, one->mode, (uint32_t)strlen(one->name), (uint32_t)one->len};

		buf_add(&b, &h, sizeof(h));
		buf_add(&b, one->name, h.name_len);
		buf_add(&b, one->data, h.data_len);
	}
	r = memfd_seal_bytes("ranby-secrets", buf_str(&b), b.len, ret_fd);
	return r < 0 ? err_errno(e, -r, "secrets") : 0;
}

/* One of what is at *p; moves past it. */
static int read_one(const char **p, const char *end, struct secrets *s)
{
	struct secret one = {0};
	struct head h;
	int r;

	if ((size_t)(end - *p) < sizeof(h))
		return -EBADMSG;
	memcpy(&h, *p, sizeof(h));
	*p += sizeof(h);
	if (h.magic != MAGIC || h.is_env > 1 || h.name_len > SECRET_NAME_MAX || h.data_len > SECRET_DATA_MAX ||
	    (size_t)(end - *p) < (size_t)h.name_len + h.data_len || (h.name_len && memchr(*p, '\0', h.name_len)))
		return -EBADMSG;
	one.is_env = h.is_env;
	one.uid = h.uid;
	one.gid = h.gid;
	one.mode = h.mode;
	one.name = strndup(*p, h.name_len);
	one.len = h.data_len;
	one.data = malloc(one.len + 1);
	if (one.data)
		memcpy(one.data, *p + h.name_len, one.len);
	*p += (size_t)h.name_len + h.data_len;
	r = one.name && one.data ? secrets_add(s, &one) : -ENOMEM;
	secret_done(&one);
	return r == -EINVAL || r == -E2BIG ? -EBADMSG : r;
}

int secrets_read(int fd, struct secrets *ret, struct err *e)
{
	_cleanup_(wipe) struct buf b = BUF_INIT_MAX(WHOLE_MAX);
	_cleanup_(secrets_done) struct secrets s = {0};
	struct stat st;
	const char *p;
	int r = 0;

	if (lseek(fd, 0, SEEK_SET) < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "secrets");
	if (st.st_size > (off_t)WHOLE_MAX / 2 * 2 || !buf_reserve(&b, (size_t)st.st_size + 1))
		return err_errno(e, EFBIG, "secrets");
	r = fd_read_all(fd, WHOLE_MAX, &b);
	p = buf_str(&b);
	while (r == 0 && p < buf_str(&b) + b.len)
		r = read_one(&p, buf_str(&b) + b.len, &s);
	if (r < 0)
		return err_errno(e, -r, "secrets");
	*ret = s;
	s = (struct secrets){0};
	return 0;
}

/* ---- into the container ---- */

int secrets_to_env(const struct secrets *s, struct strv *env, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		char *pair = NULL;

		if (!s->items[i].is_env)
			continue;
		if (asprintf(&pair, "%s=%s", s->items[i].name, s->items[i].data) < 0)
			return err_errno(e, ENOMEM, "secrets");
		r = strv_env_set(env, pair);
		explicit_bzero(pair, strlen(pair));
		free(pair);
	}
	return r < 0 ? err_errno(e, -r, "secrets") : 0;
}

static int make_tmpfs(const struct secrets_place *where, int *ret_fd, struct err *e)
{
	const struct mount_option options[] = {{"mode", "0700"}, {"context", where->label}};
	_cleanup_close_ int fd = -EBADF;
	int r = mount_new("tmpfs", options, where->label ? 2 : 1, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &fd, e);

	if (r < 0)
		return r;
	r = mount_attach(fd, where->place);
	if (r < 0)
		return err_errno(e, -r, "attach a tmpfs");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Of whom it is, in the namespace that we are in. */
static int owner_of(const struct secret *s, const struct id_map *map, uid_t *uid, gid_t *gid, struct err *e)
{
	*uid = s->uid;
	*gid = s->gid;
	if (map && (id_list_to_outside(&map->uid, s->uid, uid) < 0 || id_list_to_outside(&map->gid, s->gid, gid) < 0))
		return err_set(e, ERANGE, "user %u:%u is not in the container's ID map", s->uid, s->gid);
	return 0;
}

static int write_file(int dir, const char *name, const struct secret *s, const struct id_map *map, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	uid_t uid;
	gid_t gid;
	int r = owner_of(s, map, &uid, &gid, e);

	if (r < 0)
		return r;
	r = path_own_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd);
	if (r == 0)
		r = fd_write_all(fd, s->data, s->len);
	if (r == 0 && (fchown(fd, uid, gid) < 0 || fchmod(fd, s->mode) < 0))
		r = -errno;
	return r < 0 ? err_errno(e, -r, "write it") : 0;
}

static int make_mount(int dir, size_t i, const struct secret *s, const struct id_map *map, struct kept_fds *k, int *ret_fd,
		      struct err *e)
{
	char name[24];
	int fd, r;

	snprintf(name, sizeof(name), "%zu", i);
	r = write_file(dir, name, s, map, e);
	if (r < 0)
		return r;
	r = mount_clone(dir, name, false, &fd);
	if (r < 0)
		return err_errno(e, -r, "clone its mount");
	r = kept_fds_consume_fd(k, fd);
	if (r == 0)
		r = mount_set(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, MS_PRIVATE, false);
	*ret_fd = fd;
	return r < 0 ? err_errno(e, -r, "set its flags") : 0;
}

int secrets_to_mounts(const struct secrets *s, const struct secrets_place *where, struct plan_writer *w, struct kept_fds *k,
		      struct plan_mount *mounts, size_t *ret_n, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		int fd = -EBADF;

		if (s->items[i].is_env)
			continue;
		if (dir < 0)
			r = make_tmpfs(where, &dir, e);
		if (r == 0)
			r = make_mount(dir, i, &s->items[i], where->map, k, &fd, e);
		if (r < 0)
			return err_wrap(e, r, "secret on %s", s->items[i].name);
		mounts[n++] = (struct plan_mount){
			.kind = PLAN_MOUNT_FD, .fd = fd, .destination = plan_string(w, s->items[i].name)};
	}
	*ret_n = n;
	if (dir >= 0 && r == 0) {
		r = mount_take_off(dir);
		if (r < 0)
			return err_errno(e, -r, "take the secrets' tmpfs off");
	}
	return r;
}
