/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The only file below cmd/ that reads the environment, and it reads six
 * names of it: HOME, the four XDG_* and SSH_CONNECTION. What a variable names is used only
 * when it is absolute and, where it exists, the caller's own: an environment
 * that leaked through su must not make one user's engine write into, or
 * believe, another's directory.
 *
 * Everything below the directories is reached through their fds from then
 * on. HOME is asked of the environment and not of NSS: a start-up that waits
 * for LDAP to run one container is what this engine replaces.
 */
#include "engine/engine.h"

#include "audit/ledger.h"
#include "engine/keeper.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/self.h"
#include "sys/user_name.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct engine *engine_close(struct engine *eng)
{
	if (!eng)
		return NULL;
	fd_closep(&eng->data_fd);
	fd_closep(&eng->run_fd);
	fd_closep(&eng->containers_fd);
	fd_closep(&eng->cache_fd);
	fd_closep(&eng->state_fd);
	keeper_freep(&eng->keeper);
	if (eng->ledger)
		ledger_end(eng->ledger);
	free(eng->ledger);
	free(eng->home);
	free(eng->data_path);
	free(eng->run_path);
	free(eng->cache_path);
	free(eng->state_path);
	free(eng);
	return NULL;
}

static char *text(const char *fmt, ...) _printf_(1, 2) _must_check_;
static char *text(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

static const char *given_env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* True when `path` is there and a directory of somebody else. */
static bool is_foreign(const char *path, uid_t uid)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid != uid;
}

/* "what": for messages. The directory is the caller's own and nobody else can write (or, private: even list) it. */
static int open_own(const char *path, uid_t uid, bool private, const char *what, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st, named;
	int r;

	r = path_make_base(path, &fd);
	if (r < 0)
		return err_errno(e, -r, "%s directory %s", what, path);
	if (fstat(fd, &st) < 0 || lstat(path, &named) < 0)
		return err_errno(e, errno, "%s directory %s", what, path);
	/* in /tmp another user may have put a link there, to any directory of ours: into a container's root, even */
	if (private && (named.st_dev != st.st_dev || named.st_ino != st.st_ino))
		return err_set(e, EPERM, "%s directory %s: is a link", what, path);
	if (st.st_uid != uid)
		return err_set(e, EPERM, "%s directory %s: belongs to uid %u, not to you", what, path, st.st_uid);
	if (st.st_mode & (private ? 0077 : 0022)) {
		err_set(e, EPERM, "%s directory %s: open to others (mode %04o)", what, path, st.st_mode & 07777);
		err_hint(e, "chmod 700 %s", path);
		return -EPERM;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* $XDG_x/ranby when usable, else HOME/fallback/ranby; root has its own place. */
static char *xdg_path(const struct engine *eng, const char *variable, const char *fallback, const char *root_path)
{
	const char *base = user_dir_named(getenv(variable));

	if (eng->rootful)
		return strdup(root_path);
	if (base && !is_foreign(base, eng->uid))
		return text("%s/ranby", base);
	return text("%s/%s/ranby", strcmp(eng->home, "/") == 0 ? "" : eng->home, fallback);
}

static char *run_path(const struct engine *eng)
{
	const char *base = user_dir_named(getenv("XDG_RUNTIME_DIR"));
	char user[64];
	struct stat st;

	if (eng->rootful)
		return strdup("/run/ranby");
	if (base && !is_foreign(base, eng->uid))
		return text("%s/ranby", base);
	snprintf(user, sizeof(user), "/run/user/%u", eng->uid);
	if (stat(user, &st) == 0 && st.st_uid == eng->uid && (st.st_mode & 0777) == 0700)
		return text("%s/ranby", user);
	return text("/tmp/ranby-%u", eng->uid);
}

static int read_small(const char *path, char *out, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (n < 0)
		return -errno;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

static bool is_initial_root(uid_t uid)
{
	bool on_host = false;

	return uid == 0 && userns_is_initial(&on_host) == 0 && on_host;
}

static int open_dirs(struct engine *eng, const struct engine_where *where, struct err *e)
{
	int r;

	if ((where->root && where->root[0] != '/') || (where->runroot && where->runroot[0] != '/'))
		return err_set(e, EINVAL, "--root and --runroot: not an absolute path");
	eng->data_path = where->root ? strdup(where->root)
				     : xdg_path(eng, "XDG_DATA_HOME", ".local/share", "/var/lib/ranby");
	eng->run_path = where->runroot ? strdup(where->runroot) : run_path(eng);
	if (!eng->data_path || !eng->run_path)
		return err_errno(e, ENOMEM, "state directories");
	r = open_own(eng->data_path, eng->uid, false, "data", &eng->data_fd, e);
	if (r == 0)
		r = open_own(eng->run_path, eng->uid, true, "run", &eng->run_fd, e);
	return r;
}

/* podman's spellings of the one option that there is. "" takes a former one back. */
static int take_storage_option(struct engine *eng, const char *option, struct err *e)
{
	static const char *const names[] = {"overlay.mount_program=", ".mount_program=", "mount_program="};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = option + strlen(names[i]);

		if (strncmp(option, names[i], strlen(names[i])) != 0)
			continue;
		if (*value && *value != '/')
			return err_set(e, EINVAL, "--storage-opt %.200s: not an absolute path", option);
		eng->mount_program = *value ? value : NULL;
		return 0;
	}
	err_set(e, EINVAL, "--storage-opt %.200s: not supported", option);
	err_hint(e, "overlay.mount_program=/usr/bin/fuse-overlayfs is the only one");
	return -EINVAL;
}

int engine_open(const struct engine_where *where, struct engine **ret, struct err *e)
{
	_cleanup_(engine_closep) struct engine *eng = calloc(1, sizeof(*eng));
	int r;

	if (!eng)
		return err_errno(e, ENOMEM, "engine");
	eng->data_fd = eng->run_fd = eng->containers_fd = eng->cache_fd = eng->state_fd = -EBADF;
	eng->uid = getuid();
	eng->gid = getgid();
	if (geteuid() != eng->uid)
		return err_set(e, EPERM, "ranby: must not be run set-user-id");
	eng->rootful = is_initial_root(eng->uid);
	eng->ssh_connection = getenv("SSH_CONNECTION");
	eng->events_backend = where->events_backend;
	eng->xdg_config_home = user_dir_named(getenv("XDG_CONFIG_HOME"));
	eng->containers_conf = given_env("CONTAINERS_CONF");
	eng->containers_conf_override = given_env("CONTAINERS_CONF_OVERRIDE");
	eng->storage_conf = given_env("CONTAINERS_STORAGE_CONF");
	eng->notify_socket = getenv("NOTIFY_SOCKET");
	if (user_home(user_dir_named(getenv("HOME")), &eng->home) == -ENOENT)
		eng->home = strdup("/");
	if (!eng->home)
		return err_errno(e, ENOMEM, "engine");
	r = read_small("/proc/sys/kernel/random/boot_id", eng->boot_id, sizeof(eng->boot_id));
	if (r < 0)
		return err_errno(e, -r, "read /proc/sys/kernel/random/boot_id");
	for (size_t i = 0; r == 0 && where->storage_opt && i < where->storage_opt->n; i++)
		r = take_storage_option(eng, where->storage_opt->items[i], e);
	if (r == 0)
		r = open_dirs(eng, where, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(eng);
	return 0;
}

int engine_argv(const struct engine *eng, const char *const *words, struct strv *argv, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r = self_open_program("ranby", &fd, &path, e);

	if (r < 0)
		return r;
	if (strv_consume(argv, TAKE_PTR(path)) < 0 || strv_add(argv, "--root") < 0 || strv_add(argv, eng->data_path) < 0 ||
	    strv_add(argv, "--runroot") < 0 || strv_add(argv, eng->run_path) < 0)
		r = -ENOMEM;
	if (r == 0 && eng->events_backend && (strv_add(argv, "--events-backend") < 0 || strv_add(argv, eng->events_backend) < 0))
		r = -ENOMEM;
	for (; r == 0 && *words; words++)
		r = strv_add(argv, *words);
	return r < 0 ? err_errno(e, -r, "command line of %s", words[0] ? words[0] : "ranby") : 0;
}

int engine_containers(struct engine *eng, int *ret_fd, struct err *e)
{
	int r;

	if (eng->containers_fd < 0) {
		r = path_own_mkdirs(eng->data_fd, ENGINE_CONTAINERS, &eng->containers_fd);
		if (r < 0)
			return err_errno(e, -r, "%s/%s", eng->data_path, ENGINE_CONTAINERS);
	}
	*ret_fd = eng->containers_fd;
	return 0;
}

int engine_cache(struct engine *eng, int *ret_fd, const char **ret_path, struct err *e)
{
	int r;

	if (!eng->cache_path)
		eng->cache_path = xdg_path(eng, "XDG_CACHE_HOME", ".cache", "/var/cache/ranby");
	if (!eng->cache_path)
		return err_errno(e, ENOMEM, "cache directory");
	if (eng->cache_fd < 0) {
		r = open_own(eng->cache_path, eng->uid, false, "cache", &eng->cache_fd, e);
		if (r < 0)
			return r;
	}
	*ret_fd = eng->cache_fd;
	*ret_path = eng->cache_path;
	return 0;
}

int engine_state(struct engine *eng, int *ret_fd, const char **ret_path, struct err *e)
{
	int r;

	if (!eng->state_path)
		eng->state_path = xdg_path(eng, "XDG_STATE_HOME", ".local/state", "/var/lib/ranby/state");
	if (!eng->state_path)
		return err_errno(e, ENOMEM, "state directory");
	if (eng->state_fd < 0) {
		r = open_own(eng->state_path, eng->uid, false, "state", &eng->state_fd, e);
		if (r < 0)
			return r;
	}
	*ret_fd = eng->state_fd;
	*ret_path = eng->state_path;
	return 0;
}
