/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/state.h"

#include "base/buf.h"
#include "base/json.h"
#include "runtime/cgroup.h"
#include "runtime/record.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OCI_VERSION "1.2.0"

void runtime_state_done(struct runtime_state *s)
{
	free(s->bundle);
	free(s->rootfs);
	free(s->annotations);
	free(s->created);
	free(s->cgroup);
	free(s->hooks);
	free(s->attribution);
	free(s->record);
	memset(s, 0, sizeof(*s));
}

bool runtime_id_is_valid(const char *id)
{
	size_t n = strlen(id);

	if (n == 0 || n > RUNTIME_ID_MAX || id[0] == '.' || id[0] == '-')
		return false;
	for (; *id; id++)
		if (!isalnum((unsigned char)*id) && !strchr("_+.-", *id))
			return false;
	return true;
}

const char *runtime_status_name(enum runtime_status status)
{
	static const char *const names[] = {
		[RUNTIME_CREATING] = "creating",
		[RUNTIME_CREATED] = "created",
		[RUNTIME_RUNNING] = "running",
		[RUNTIME_PAUSED] = "paused",
		[RUNTIME_STOPPED] = "stopped",
	};

	return names[status];
}

static int take(struct json_object *o, const char *key, char **ret, struct err *e)
{
	const char *s = NULL;
	int r = json_get_str(o, key, &s, e);

	if (r == 0 && s) {
		*ret = strdup(s);
		if (!*ret)
			return err_errno(e, ENOMEM, "%s", key);
	}
	return r;
}

static int read_servers(struct json_object *o, struct rootfs_servers *s, struct err *e)
{
	struct json_object *list = NULL;
	int r = json_get_array(o, "fuseServers", &list, e);
	size_t n = r == 0 && list ? json_object_array_length(list) : 0;

	if (n > ROOTFS_SERVERS_MAX)
		return err_set(e, E2BIG, "fuseServers: more than %d", ROOTFS_SERVERS_MAX);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *server = json_object_array_get_idx(list, i);
		uint32_t pid = 0;

		r = json_get_u32(server, "pid", 1, INT32_MAX, &pid, e);
		if (r == 0)
			r = json_get_u64(server, "startTicks", 0, UINT64_MAX, &s->items[i].start_ticks, e);
		s->items[i].pid = (pid_t)pid;
	}
	if (r == 0)
		s->n = n;
	return r;
}

static int read_state(struct json_object *o, struct runtime_state *s, struct err *e)
{
	struct json_object *annotations = NULL, *attribution = NULL;
	uint32_t pid = 0;
	int r;

	r = json_get_u32(o, "pid", 1, INT32_MAX, &pid, e);
	s->pid = (pid_t)pid;
	if (r == 0)
		r = json_get_u64(o, "startTicks", 0, UINT64_MAX, &s->start_ticks, e);
	if (r == 0)
		r = json_get_u32(o, "owner", 0, UINT32_MAX, &s->owner, e);
	if (r == 0)
		r = take(o, "bundle", &s->bundle, e);
	if (r == 0)
		r = take(o, "rootfs", &s->rootfs, e);
	if (r == 0)
		r = take(o, "created", &s->created, e);
	if (r == 0)
		r = take(o, "cgroup", &s->cgroup, e);
	if (r == 0)
		r = json_get_object(o, "annotations", &annotations, e);
	if (r == 0 && annotations) {
		s->annotations = strdup(json_text(annotations, NULL));
		if (!s->annotations)
			return err_errno(e, ENOMEM, "annotations");
	}
	if (r == 0)
		r = take(o, "hooks", &s->hooks, e);
	if (r == 0)
		r = json_get_object(o, "attribution", &attribution, e);
	if (r == 0 && attribution) {
		s->attribution = strdup(json_text(attribution, NULL));
		if (!s->attribution)
			return err_errno(e, ENOMEM, "attribution");
	}
	if (r == 0)
		r = read_servers(o, &s->servers, e);
	snprintf(s->boot_id, sizeof(s->boot_id), "%s", json_str(o, "bootId"));
	return r;
}

int runtime_state_parse(const char *text, size_t len, struct runtime_state *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct runtime_state s = {.pid = 0};
	int r = json_parse(text, len, "state.json", &o, e);

	if (r == 0)
		r = read_state(o, &s, e);
	if (r < 0) {
		runtime_state_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int runtime_state_load(int rroot_dirfd, const char *id, struct runtime_state *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[RUNTIME_ID_MAX + 32];
	int r;

	if (!runtime_id_is_valid(id))
		return err_set(e, EINVAL, "container %.64s: not an ID", id);
	snprintf(path, sizeof(path), "%s/state.json", id);
	r = path_own_read(rroot_dirfd, path, RUNTIME_STATE_MAX, &b);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "container %s does not exist", id);
	if (r < 0)
		return err_errno(e, -r, "container %s: state.json", id);
	r = runtime_state_parse(buf_str(&b), b.len, ret, e);
	if (r < 0)
		return err_wrap(e, r, "container %s", id);
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	return 0;
}

int runtime_state_load_record(int rroot_dirfd, struct runtime_state *s)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[RUNTIME_ID_MAX + 32];
	int r;

	snprintf(path, sizeof(path), "%s/record", s->id);
	r = path_own_read(rroot_dirfd, path, RUNTIME_RECORD_MAX, &b);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	s->record = buf_take(&b);
	return s->record ? 0 : -ENOMEM;
}

/* A text of ours that is an object. */
static int add_object(struct json_object *o, const char *key, const char *text)
{
	struct json_object *a = NULL;
	int r;

	if (!text)
		return 0;
	r = json_parse(text, strlen(text), key, &a, NULL);
	return r == 0 ? json_add(o, key, a) : r;
}

/* What came of the record of its start is in a file of its own: state.json is older. */
static int add_attribution(struct json_object *o, const struct runtime_state *s)
{
	struct json_object *a;
	int r = add_object(o, "attribution", s->attribution);

	a = r == 0 && s->record ? json_at(o, "attribution") : NULL;
	return a ? add_object(a, "record", s->record) : r;
}

static int add_common(struct json_object *o, const struct runtime_state *s)
{
	int r;

	r = json_add_str(o, "bundle", s->bundle);
	if (r == 0)
		r = json_add_str(o, "rootfs", s->rootfs);
	if (r == 0)
		r = json_add_str(o, "created", s->created);
	if (r == 0)
		r = add_attribution(o, s);
	return r == 0 ? add_object(o, "annotations", s->annotations) : r;
}

static int add_servers(struct json_object *o, const struct rootfs_servers *s)
{
	struct json_object *list;

	if (s->n == 0)
		return 0;
	list = json_object_new_array();
	if (json_add(o, "fuseServers", list) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		struct json_object *server = json_object_new_object();

		if (json_append(list, server) < 0 || json_add_int(server, "pid", s->items[i].pid) < 0 ||
		    json_add_u64(server, "startTicks", s->items[i].start_ticks) < 0)
			return -ENOMEM;
	}
	return 0;
}

int runtime_state_save(int container_dirfd, const struct runtime_state *s, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const char *text;
	size_t len = 0;
	int r = o ? 0 : -ENOMEM;

	if (r == 0)
		r = json_add_str(o, "id", s->id);
	if (r == 0)
		r = json_add_int(o, "pid", s->pid);
	if (r == 0)
		r = json_add_u64(o, "startTicks", s->start_ticks);
	if (r == 0)
		r = json_add_str(o, "bootId", s->boot_id);
	if (r == 0)
		r = json_add_int(o, "owner", s->owner);
	if (r == 0)
		r = json_add_str(o, "cgroup", s->cgroup);
	if (r == 0)
		r = json_add_str(o, "hooks", s->hooks);
	if (r == 0)
		r = add_servers(o, &s->servers);
	if (r == 0)
		r = add_common(o, s);
	if (r == 0) {
		text = json_text(o, &len);
		/* in a directory that is gone after a boot, and so is the container: nothing to sync */
		r = text ? path_own_write(container_dirfd, "state.json", text, len, 0600, PATH_SYNC_NONE) : -ENOMEM;
	}
	return r < 0 ? err_errno(e, -r, "container %s: state.json", s->id) : 0;
}

int runtime_state_text(const struct runtime_state *s, enum runtime_status status, char **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	if (r == 0)
		r = json_add_str(o, "ociVersion", OCI_VERSION);
	if (r == 0)
		r = json_add_str(o, "id", s->id);
	if (r == 0)
		r = json_add_int(o, "pid", status == RUNTIME_STOPPED ? 0 : s->pid);
	if (r == 0)
		r = json_add_str(o, "status", runtime_status_name(status));
	if (r == 0)
		r = add_common(o, s);
	if (r == 0)
		r = json_add_int(o, "owner", s->owner);
	if (r == 0) {
		*ret = strdup(json_pretty(o));
		r = *ret ? 0 : -ENOMEM;
	}
	return r < 0 ? err_errno(e, -r, "container %s", s->id) : 0;
}

int runtime_state_is_of_this_boot(const struct runtime_state *s)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_read_all(fd, 64, &b);
	if (r < 0)
		return r;
	/* the file ends in a newline; a state that names no boot, or half of one, is of none */
	return strlen(s->boot_id) + 1 == b.len && strncmp(buf_str(&b), s->boot_id, b.len - 1) == 0 ? 0 : -ESRCH;
}

/* Same boot, same start time: the process that create saw. A zombie has ended. */
static int open_init(const struct runtime_state *s, int *ret_pidfd)
{
	int r = runtime_state_is_of_this_boot(s);

	return r == 0 ? pidfd_open_identity(s->pid, s->start_ticks, ret_pidfd) : r;
}

static bool is_paused(int rroot, const char *id)
{
	_cleanup_close_ int group = -EBADF;

	return cgroup_own(rroot, id, &group) == 0 && cgroup_is_frozen(group);
}

int runtime_state_status(int rroot_dirfd, const struct runtime_state *s, enum runtime_status *ret, int *ret_pidfd,
			 struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	char path[RUNTIME_ID_MAX + 32];
	struct stat st;
	int r;

	r = open_init(s, &pidfd);
	if (r < 0 && r != -ESRCH)
		return err_errno(e, -r, "container %s: its init", s->id);
	snprintf(path, sizeof(path), "%s/start", s->id);
	if (r == -ESRCH || pidfd_has_ended(pidfd))
		*ret = RUNTIME_STOPPED;
	else
		*ret = fstatat(rroot_dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? RUNTIME_CREATED : RUNTIME_RUNNING;
	if (*ret != RUNTIME_STOPPED && s->cgroup && is_paused(rroot_dirfd, s->id))
		*ret = RUNTIME_PAUSED;
	if (ret_pidfd)
		*ret_pidfd = *ret == RUNTIME_STOPPED ? -EBADF : TAKE_FD(pidfd);
	return 0;
}
