/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Each --mount becomes one of the container's own mounts. What is bound of an
 * image is resolved by the runtime inside its files (subpath), at the moment of
 * mounting and not before; what is bound of a context is copied before, and the
 * copy mounted (build/content.h). What mounting has to make in the image's
 * files, an empty file or directory, is found before and taken away after, by
 * its name in the upper directory alone: nothing is followed there, and what
 * is not empty stays.
 */
#include "build/run_mount.h"

#include "base/sha256.h"
#include "build/cache.h"
#include "build/content.h"
#include "build/context.h"
#include "build/layer.h"
#include "build/run.h"
#include "build/run_mount_spec.h"
#include "build/secret.h"
#include "build/stage_source.h"
#include "engine/in_keeper.h"
#include "engine/mount_spec.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define CACHE_WAIT_MS 3600000
#define PRIVATE_MAX 64

/* ---- texts for the container ---- */

static void add_field(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, ",\"%s=", key);
	for (const char *c = value; *c; c++)
		buf_addf(b, *c == '"' ? "\"\"" : "%c", *c);
	buf_addc(b, '"');
}

/* A relative one is below the working directory. */
static int target_of(const struct stage *sg, const char *text, char **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf path = BUF_INIT;

	if (*text != '/')
		buf_addf(&path, "%s/", image_state_workdir(&sg->state));
	buf_adds(&path, text);
	return buf_bad(&path) ? err_errno(e, ENOMEM, "--mount") : mount_destination_clean(buf_str(&path), ret, e);
}

static int add_mount(struct run_mounts *r, const struct buf *text, const char *target, struct err *e)
{
	if (buf_bad(text) || strv_add(&r->mounts, buf_str(text)) < 0 || strv_add(&r->targets, target) < 0)
		return err_errno(e, ENOMEM, "--mount");
	return 0;
}

static int fd_path(int fd, char ret[static PATH_MAX], struct err *e)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n < 0)
		return err_errno(e, errno, "--mount");
	ret[n] = '\0';
	return 0;
}

/* ---- bind ---- */

/* A copy of its own, which goes with the container: what is written with rw is lost. */
static int bind_directory(struct session *s, int dir_fd, const struct run_mount_spec *m, const char *target, struct run_mounts *ret, struct err *e)
{
	const struct content_bind bind = {dir_fd, m->source, m->from ? NULL : &s->q->context->ignore};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct digest digest = {{0}};
	char path[PATH_MAX];
	int r = content_bind_copy(s, &bind, path, &digest, e);

	if (r < 0)
		return r;
	if (strv_add(&ret->digests, digest.text) < 0)
		return err_errno(e, ENOMEM, "--mount");
	buf_addf(&b, "type=bind,%s", m->rw ? "rw" : "ro");
	add_field(&b, "source", path);
	add_field(&b, "destination", target);
	return add_mount(ret, &b, target, e);
}

static struct digest image_content(const struct image *img)
{
	return img->n_layers ? img->layers[img->n_layers - 1].chain_id : (struct digest){{0}};
}

static int bind_image(const struct image *img, const struct run_mount_spec *m, const char *target, struct run_mounts *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (strv_add(&ret->digests, image_content(img).text) < 0)
		return err_errno(e, ENOMEM, "--mount");
	buf_addf(&b, "type=image,source=%s%s", img->id, m->rw ? ",rw=true" : "");
	add_field(&b, "destination", target);
	if (m->source)
		add_field(&b, "subpath", m->source);
	return add_mount(ret, &b, target, e);
}

static int keep_image(struct run_mounts *ret, struct stage_source *src, struct err *e)
{
	struct image **grown;

	if (!src->image)
		return 0;
	grown = mem_regrow(ret->images, ret->n_images + 1, sizeof(struct image *));
	if (!grown)
		return err_errno(e, ENOMEM, "--mount");
	ret->images = grown;
	grown[ret->n_images++] = TAKE_PTR(src->image);
	return 0;
}

static int make_bind(struct session *s, struct stage *sg, const struct run_mount_spec *m, struct run_mounts *ret, struct err *e)
{
	_cleanup_(stage_source_done) struct stage_source src = STAGE_SOURCE_INIT;
	_cleanup_free_ char *target = NULL;
	int r = m->target ? target_of(sg, m->target, &target, e) : err_set(e, EINVAL, "--mount type=bind: no target");

	if (r == 0 && m->from)
		r = stage_source_find(s, sg, m->from, &src, e);
	if (r < 0)
		return r;
	if (!m->from || src.dir_fd >= 0)
		return bind_directory(s, m->from ? src.dir_fd : s->q->context->dir_fd, m, target, ret, e);
	r = bind_image(src.other, m, target, ret, e);
	return r == 0 ? keep_image(ret, &src, e) : r;
}

/* ---- cache ---- */

struct give {
	int fd;
	const struct run_mount_spec *m;
};

static int give(void *ctx, struct err *e)
{
	const struct give *g = ctx;

	if (fchownat(g->fd, "", g->m->uid, g->m->gid, AT_EMPTY_PATH) < 0 || fchmodat(g->fd, ".", g->m->has_mode ? g->m->mode : 0755, 0) < 0)
		return err_errno(e, errno, "--mount type=cache");
	return 0;
}

static int give_file(void *ctx, struct err *e)
{
	const struct give *g = ctx;

	return fchownat(g->fd, "", g->m->uid, g->m->gid, AT_EMPTY_PATH) < 0 ? err_errno(e, errno, "--mount type=secret") : 0;
}

static int hold(struct run_mounts *ret, struct strv *held, const char *name, int consume_fd)
{
	int *grown = mem_regrow(ret->locks, ret->n_locks + 1, sizeof(int));

	if (!grown || strv_add(held, name) < 0) {
		ret->locks = grown ?: ret->locks;
		close(consume_fd);
		return -ENOMEM;
	}
	ret->locks = grown;
	grown[ret->n_locks++] = consume_fd;
	return 0;
}

enum sharing { SHARED, PRIVATE, LOCKED };

static int parse_sharing(const char *text, enum sharing *ret, struct err *e)
{
	static const char *const words[] = {[SHARED] = "shared", [PRIVATE] = "private", [LOCKED] = "locked"};
	unsigned i = 0;

	while (text && i < ARRAY_SIZE(words) && strcmp(text, words[i]) != 0)
		i++;
	if (i == ARRAY_SIZE(words))
		return err_set(e, EINVAL, "--mount sharing=%s: must be shared, private or locked", text);
	*ret = (enum sharing)i;
	return 0;
}

/* 1: the RUN has that one already, and would wait for itself. */
static int is_held(const struct run_mounts *m, enum sharing how, const char *name, const char *id, struct err *e)
{
	bool shared = strv_find(&m->shared, name) >= 0;

	if (how == PRIVATE)
		return 0;
	if (how == LOCKED && shared)
		return err_set(e, EINVAL, "--mount type=cache,id=%s: one RUN has it shared and locked", id);
	return shared || strv_find(&m->alone, name) >= 0;
}

/* Locked waits for the other build, private takes another directory; what is shared is held too: nobody has it alone or prunes it meanwhile. */
static int lock_cache(int caches, enum sharing how, const char hex[static SHA256_HEX_SIZE], char name[static 80], int *ret_fd)
{
	char lock[96];
	int r = -EAGAIN;

	for (unsigned i = 0; r == -EAGAIN && i < (how == PRIVATE ? PRIVATE_MAX : 1U); i++) {
		if (i > 0)
			snprintf(name, 80, "%s.%u", hex, i);
		snprintf(lock, sizeof(lock), "%s.lock", name);
		r = how == SHARED ? lock_share(caches, lock, CACHE_WAIT_MS, ret_fd) : lock_take(caches, lock, how == PRIVATE ? 0 : CACHE_WAIT_MS, ret_fd);
	}
	return r;
}

static const char *cache_id(const struct run_mount_spec *m)
{
	return m->id ? m->id : m->target;
}

static int take_cache(int caches, const struct run_mount_spec *m, char name[static 80], struct run_mounts *ret, struct err *e)
{
	const char *id = cache_id(m);
	char hex[SHA256_HEX_SIZE];
	enum sharing how = SHARED;
	int fd = -EBADF, r = parse_sharing(m->sharing, &how, e);

	if (r < 0)
		return r;
	sha256_hex(id, strlen(id), hex);
	snprintf(name, 80, "%s", hex);
	r = is_held(ret, how, name, id, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = lock_cache(caches, how, hex, name, &fd);
	if (r == 0)
		r = hold(ret, how == SHARED ? &ret->shared : &ret->alone, name, fd);
	return r < 0 ? err_errno(e, -r, "--mount type=cache: lock of %s", id) : 0;
}

static int open_caches(const struct session *s, int *ret_fd, struct err *e)
{
	int r = path_own_mkdirs(s->q->eng->data_fd, CACHE_MOUNTS_DIR, ret_fd);

	return r < 0 ? err_errno(e, -r, "--mount type=cache") : 0;
}

struct awaited {
	char hex[SHA256_HEX_SIZE];
	enum sharing how;
	struct run_mount_spec spec;
};

static int by_name(const void *a, const void *b)
{
	const struct awaited *x = a, *y = b;
	int r = strcmp(x->hex, y->hex);

	return r ? r : (int)x->how - (int)y->how;
}

/* `list` has room for one more. */
static int add_awaited(const char *text, struct awaited *list, size_t *n, struct err *e)
{
	struct awaited *w = &list[*n];
	int r = run_mount_spec_parse(text, &w->spec, e);

	w->how = PRIVATE;
	if (r == 0 && strcmp(w->spec.type, "cache") == 0 && w->spec.target)
		r = parse_sharing(w->spec.sharing, &w->how, e);
	if (w->how == PRIVATE) {
		run_mount_spec_done(&w->spec);
		return r;
	}
	sha256_hex(cache_id(&w->spec), strlen(cache_id(&w->spec)), w->hex);
	(*n)++;
	return r;
}

/* Those that may have to be waited for, in the order of their names and before any other: two RUNs that have the same never wait for each other. */
static int await_caches(const struct session *s, const struct instruction *in, struct run_mounts *ret, struct err *e)
{
	_cleanup_close_ int caches = -EBADF;
	struct awaited *list = mem_array(in->flags.mount.n + 1, sizeof(*list));
	char name[80];
	size_t n = 0;
	int r = list ? 0 : err_errno(e, ENOMEM, "--mount");

	for (size_t i = 0; r == 0 && i < in->flags.mount.n; i++)
		r = add_awaited(in->flags.mount.items[i], list, &n, e);
	if (r == 0 && n > 0) {
		qsort(list, n, sizeof(*list), by_name);
		r = open_caches(s, &caches, e);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = take_cache(caches, &list[i].spec, name, ret, e);
	while (n > 0)
		run_mount_spec_done(&list[--n].spec);
	free(list);
	return r;
}

/* Whose it shall be from the first on: it gets its name when it is. */
static int make_cache_dir(struct session *s, int caches, const char *name, const struct run_mount_spec *m, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct give g = {.m = m};
	char fresh[112];
	int r;

	if (faccessat(caches, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	snprintf(fresh, sizeof(fresh), "%s.new-%d", name, (int)getpid());
	r = path_own_mkdirs(caches, fresh, &fd);
	if (r < 0)
		return err_errno(e, -r, "--mount type=cache");
	g.fd = fd;
	r = in_keeper(s->q->keeper, give, &g, e);
	/* another build may have come first */
	if (r == 0 && renameat2(caches, fresh, caches, name, RENAME_NOREPLACE) < 0 && errno != EEXIST)
		r = err_errno(e, errno, "--mount type=cache");
	(void)unlinkat(caches, fresh, AT_REMOVEDIR);
	return r;
}

static int make_cache(struct session *s, struct stage *sg, const struct run_mount_spec *m, struct run_mounts *ret, struct err *e)
{
	_cleanup_close_ int caches = -EBADF;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *target = NULL;
	char name[80];
	int r;

	if (m->from)
		return err_set(e, ENOTSUP, "--mount type=cache,from=: a cache begins empty; fill it by a RUN");
	r = m->target ? target_of(sg, m->target, &target, e) : err_set(e, EINVAL, "--mount type=cache: no target");
	if (r < 0)
		return r;
	r = open_caches(s, &caches, e);
	if (r < 0)
		return r;
	r = take_cache(caches, m, name, ret, e);
	if (r < 0)
		return r;
	r = make_cache_dir(s, caches, name, m, e);
	buf_addf(&b, "type=bind,%s,\"source=%s/%s/%s\"", m->ro ? "ro" : "rw", s->q->eng->data_path, CACHE_MOUNTS_DIR, name);
	add_field(&b, "destination", target);
	return r == 0 ? add_mount(ret, &b, target, e) : r;
}

static int make_tmpfs(struct session *s, struct stage *sg, const struct run_mount_spec *m, struct run_mounts *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *target = NULL;
	int r = m->target ? target_of(sg, m->target, &target, e) : err_set(e, EINVAL, "--mount type=tmpfs: no target");

	(void)s;
	if (r < 0)
		return r;
	buf_adds(&b, "type=tmpfs,notmpcopyup");
	if (m->size)
		add_field(&b, "tmpfs-size", m->size);
	add_field(&b, "destination", target);
	return add_mount(ret, &b, target, e);
}

/* ---- secret and ssh ---- */

/* In the run directory, which is memory and ours alone, until the RUN is over. */
static int put_secret(struct session *s, const struct run_mount_spec *m, const struct buf *data, struct run_mounts *ret, char path[static PATH_MAX], struct err *e)
{
	struct give g = {.m = m};
	_cleanup_close_ int fd = -EBADF;
	char name[24];
	int r = ret->run_fd >= 0 ? 0 : path_own_mkdirs(s->q->eng->run_fd, s->q->guard->name, &ret->run_fd);

	snprintf(name, sizeof(name), "%zu", ret->n_files++);
	if (r == 0)
		r = ret->n_files > GUARD_FILES_MAX ? -E2BIG : path_own_open(ret->run_fd, name, O_RDWR | O_CREAT | O_EXCL, 0600, &fd);
	if (r == 0)
		r = fd_write_all(fd, buf_str(data), data->len);
	if (r == 0 && fchmod(fd, m->has_mode ? (mode_t)m->mode : 0400) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "--mount type=secret");
	snprintf(path, PATH_MAX, "%s/%s/%s", s->q->eng->run_path, s->q->guard->name, name);
	if (m->uid == 0 && m->gid == 0)
		return 0;
	g.fd = fd;
	return in_keeper(s->q->keeper, give_file, &g, e);
}

static int add_secret_env(const char *name, const struct buf *data, struct run_mounts *ret, struct err *e)
{
	if (!*name || strlen(buf_str(data)) != data->len)
		return err_set(e, EINVAL, "--mount type=secret,env=%s: %s", name, *name ? "the secret holds a NUL, and can be no variable" : "no name");
	for (size_t i = 0; i < ret->secret_env.n; i++)
		if (strncmp(ret->secret_env.items[i], name, strlen(name)) == 0 && ret->secret_env.items[i][strlen(name)] == '=')
			return err_set(e, EEXIST, "--mount type=secret,env=%s: another secret is in that variable already", name);
	return strv_addf(&ret->secret_env, "%s=%s", name, buf_str(data)) < 0 ? err_errno(e, ENOMEM, "--mount") : 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* id, or source, which is the same; else what the target is called. */
static const char *secret_id(const struct run_mount_spec *m)
{
	return m->id ? m->id : m->source ? m->source : last_part(m->target ? m->target : "");
}

static int make_secret(struct session *s, struct stage *sg, const struct run_mount_spec *m, struct run_mounts *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf data = BUF_INIT_MAX(SECRET_MAX + 1), b = BUF_INIT;
	_cleanup_free_ char *target = NULL, *given = NULL;
	const char *id = secret_id(m);
	char path[PATH_MAX];
	int r = secret_read(s, id, &data, e);

	if (r == -ENOENT && !m->required)
		return 0;
	if (r < 0)
		return r == -ENOENT ? err_set(e, ENOENT, "--mount type=secret: no --secret id=%s was given", id) : r;
	r = m->env ? add_secret_env(m->env, &data, ret, e) : 0;
	if (r < 0)
		return r;
	if (m->env && !m->target)
		return 0;
	if (asprintf(&given, "%s%s", m->target ? "" : "/run/secrets/", m->target ? m->target : last_part(id)) < 0)
		return err_errno(e, ENOMEM, "--mount");
	r = target_of(sg, given, &target, e);
	if (r == 0)
		r = put_secret(s, m, &data, ret, path, e);
	buf_adds(&b, "type=bind,ro");
	add_field(&b, "source", path);
	add_field(&b, "destination", target ? target : "");
	return r == 0 ? add_mount(ret, &b, target, e) : r;
}

static int make_ssh(struct session *s, struct stage *sg, const struct run_mount_spec *m, struct run_mounts *ret, struct err *e)
{
	const char *id = m->id ? m->id : "default", *sock = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *target = NULL;
	size_t len = strlen(id);
	struct stat st;
	int r;

	for (size_t i = 0; i < s->q->ssh->n; i++)
		if (strncmp(s->q->ssh->items[i], id, len) == 0 && strchr("=", s->q->ssh->items[i][len]))
			sock = s->q->ssh->items[i][len] ? s->q->ssh->items[i] + len + 1 : session_caller_env(s->q, "SSH_AUTH_SOCK");
	if (!sock)
		return m->required ? err_set(e, ENOENT, "--mount type=ssh: no --ssh %s was given", id) : 0;
	/* it is the caller's, who is root in there, and nobody else can be let at it */
	if (m->uid != 0 || m->gid != 0)
		return err_set(e, ENOTSUP, "--mount type=ssh,%s=: the agent's socket stays its owner's, who is root in a build", m->uid ? "uid" : "gid");
	if (stat(sock, &st) < 0 || !S_ISSOCK(st.st_mode))
		return err_set(e, ENOTSUP, "--ssh %s=%s: must be the socket of an agent", id, sock);
	r = target_of(sg, m->target ? m->target : "/run/buildkit/ssh_agent.0", &target, e);
	if (r < 0)
		return r;
	buf_adds(&b, "type=bind,ro");
	add_field(&b, "source", sock);
	add_field(&b, "destination", target);
	if (strv_addf(&ret->env, "SSH_AUTH_SOCK=%s", target) < 0)
		return err_errno(e, ENOMEM, "--mount");
	return add_mount(ret, &b, target, e);
}

static const struct {
	const char *type;
	int (*make)(struct session *, struct stage *, const struct run_mount_spec *, struct run_mounts *, struct err *);
} kinds[] = {{"bind", make_bind}, {"cache", make_cache}, {"tmpfs", make_tmpfs}, {"secret", make_secret}, {"ssh", make_ssh}};

/* RUN of one here-document that begins with #!: a file, which goes with the container. */
static int make_script(struct session *s, const struct instruction *in, struct run_mounts *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *script = NULL;
	char path[PATH_MAX];
	bool program = false;
	int r = in->is_exec ? 0 : instruction_script(in, &script, &program);

	if (r < 0 || !program)
		return r < 0 ? err_errno(e, -r, "RUN") : 0;
	r = content_bind_script(s, script, path, e);
	buf_adds(&b, "type=bind,ro");
	add_field(&b, "source", path);
	add_field(&b, "destination", RUN_SCRIPT);
	return r == 0 ? add_mount(ret, &b, RUN_SCRIPT, e) : r;
}

int run_mounts_make(struct session *s, struct stage *sg, const struct instruction *in, struct run_mounts *ret, struct err *e)
{
	int r;

	ret->session = s;
	ret->first_bind = s->binds;
	r = await_caches(s, in, ret, e);
	for (size_t i = 0; r == 0 && i < in->flags.mount.n; i++) {
		struct run_mount_spec m;
		size_t k = 0;

		r = run_mount_spec_parse(in->flags.mount.items[i], &m, e);
		while (k < ARRAY_SIZE(kinds) && strcmp(kinds[k].type, m.type) != 0)
			k++;
		if (r == 0)
			r = k < ARRAY_SIZE(kinds) ? kinds[k].make(s, sg, &m, ret, e) : err_set(e, EINVAL, "--mount type=%s: no such type", m.type);
		run_mount_spec_done(&m);
	}
	return r == 0 ? make_script(s, in, ret, e) : r;
}

/* The layers of an image; of a directory what is bound, as COPY would find it. */
static int bind_content(struct session *s, struct stage *sg, const struct run_mount_spec *m, struct digest *ret, struct err *e)
{
	_cleanup_(stage_source_done) struct stage_source src = STAGE_SOURCE_INIT;
	struct content_bind b = {s->q->context->dir_fd, m->source, &s->q->context->ignore};
	int r = m->from ? stage_source_find(s, sg, m->from, &src, e) : 0;

	if (r < 0)
		return r;
	if (src.other) {
		*ret = image_content(src.other);
		return 0;
	}
	if (m->from) {
		b.dir_fd = src.dir_fd;
		b.ignore = NULL;
	}
	return content_bind_digest(s, &b, ret, e);
}

int run_mounts_content(struct session *s, struct stage *sg, const struct instruction *in, const struct strv *bound, struct buf *ret, struct err *e)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->flags.mount.n; i++) {
		struct digest d = {{0}};
		struct run_mount_spec m;

		buf_addf(ret, "%zu:%s\n", strlen(in->flags.mount.items[i]), in->flags.mount.items[i]);
		r = run_mount_spec_parse(in->flags.mount.items[i], &m, e);
		if (r == 0 && strcmp(m.type, "bind") == 0) {
			if (!bound)
				r = bind_content(s, sg, &m, &d, e);
			buf_addf(ret, "%s\n", bound && at < bound->n ? bound->items[at] : d.text);
			at++;
		}
		run_mount_spec_done(&m);
	}
	return r;
}

/* ---- what mounting leaves in the upper directory ---- */

/* What is there of a target's path: its resolved place, and how much of the rest is missing. */
static int find_stubs(int root_fd, int source_fd, void *ctx, struct err *e)
{
	struct run_mounts *m = ctx;

	(void)source_fd;
	for (size_t i = 0; i < m->targets.n; i++) {
		struct run_stub *stub = &m->stubs[i];
		const char *path = m->targets.items[i];
		size_t len = strlen(path);
		_cleanup_close_ int fd = -EBADF;
		char at[PATH_MAX];
		int r = -ENOENT;

		if (len >= sizeof(at))
			return err_set(e, ENAMETOOLONG, "--mount target=%s", path);
		memcpy(at, path, len + 1);
		while (len > 0 && (r = path_in_root_open(root_fd, at, O_PATH, &fd)) == -ENOENT) {
			while (len > 0 && at[--len] != '/')
				;
			at[len] = '\0';
		}
		if (r < 0 && len > 0)
			return err_errno(e, -r, "--mount target=%s", path);
		if (len == 0)
			at[0] = '\0';
		else if (fd_path(fd, at, e) < 0)
			return -EIO;
		snprintf(stub->prefix, sizeof(stub->prefix), "%s", at);
		snprintf(stub->rest, sizeof(stub->rest), "%s", path + len);
	}
	return 0;
}

int run_mounts_before(struct session *s, struct stage *sg, struct run_mounts *m, struct err *e)
{
	int r;

	if (m->targets.n == 0)
		return 0;
	m->stubs = mmap(NULL, m->targets.n * sizeof(*m->stubs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m->stubs == MAP_FAILED) {
		m->stubs = NULL;
		return err_errno(e, errno, "--mount");
	}
	m->n_stubs = m->targets.n;
	r = layer_work(s, sg, NULL, find_stubs, m, e);
	layer_drop(s, sg);
	return r;
}

/* From the deepest up, as long as they are empty. */
static void remove_stub(int upper_fd, const struct run_stub *stub)
{
	char path[2 * PATH_MAX];
	size_t floor = strlen(stub->prefix), len;

	snprintf(path, sizeof(path), "%s%s", stub->prefix, stub->rest);
	for (len = strlen(path); len > floor; path[len] = '\0') {
		_cleanup_close_ int dir = -EBADF;
		struct stat st;
		char *slash = strrchr(path, '/');

		if (!slash)
			return;
		len = (size_t)(slash - path);
		*slash = '\0';
		if (path_own_open(upper_fd, len ? path + 1 : ".", O_PATH | O_DIRECTORY, 0, &dir) < 0 ||
		    fstatat(dir, slash + 1, &st, AT_SYMLINK_NOFOLLOW) < 0 || (!S_ISDIR(st.st_mode) && !(S_ISREG(st.st_mode) && st.st_size == 0)) ||
		    unlinkat(dir, slash + 1, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
			return;
	}
}

struct cleaning {
	const struct run_mounts *m;
	int upper_fd;
};

static int remove_stubs(void *ctx, struct err *e)
{
	const struct cleaning *c = ctx;

	(void)e;
	for (size_t i = c->m->targets.n; i-- > 0;)
		if (*c->m->stubs[i].rest)
			remove_stub(c->upper_fd, &c->m->stubs[i]);
	return 0;
}

int run_mounts_after(struct session *s, const struct run_mounts *m, int upper_fd, struct err *e)
{
	struct cleaning c = {.m = m, .upper_fd = upper_fd};

	return m->stubs ? in_keeper(s->q->keeper, remove_stubs, &c, e) : 0;
}

void run_mounts_done(struct run_mounts *m)
{
	strv_done(&m->mounts);
	strv_done(&m->digests);
	strv_done(&m->targets);
	strv_done(&m->alone);
	strv_done(&m->shared);
	for (size_t i = 0; i < m->env.n; i++)
		explicit_bzero(m->env.items[i], strlen(m->env.items[i]));
	strv_done(&m->env);
	for (size_t i = 0; i < m->secret_env.n; i++)
		explicit_bzero(m->secret_env.items[i], strlen(m->secret_env.items[i]));
	strv_done(&m->secret_env);
	for (size_t i = 0; i < m->n_images; i++)
		image_free(m->images[i]);
	free(m->images);
	for (size_t i = 0; i < m->n_locks; i++)
		fd_closep(&m->locks[i]);
	free(m->locks);
	if (m->stubs)
		(void)munmap(m->stubs, m->n_stubs * sizeof(*m->stubs));
	if (m->session)
		content_bind_remove(m->session, m->first_bind);
	if (m->run_fd >= 0) {
		guard_remove_files(m->session->q->eng->run_fd, m->session->q->guard->name);
		fd_closep(&m->run_fd);
	}
}
