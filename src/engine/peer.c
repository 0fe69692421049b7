/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The runtime takes a namespace by its path, and the path holds the process
 * number of the other container's init: another one at each start, so that
 * config.json is written again then. Between the look at that process and the
 * runtime's open it may end, and its number become another process's. So the
 * namespace is held open here from a moment when the process was surely the
 * container's, and init has to be in that very one before it is let go.
 *
 * Only the keeper that the other container's user namespace is nested in can
 * join: root there has all capabilities over both containers.
 */
#include "engine/peer.h"

#include "engine/bundle_config.h"
#include "engine/keeper.h"
#include "engine/network.h"
#include "sys/fd.h"
#include "sys/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *word, *oci, *nowhere;
} table[PEER_N] = {
	[PEER_NET] = {"net", "network", "/proc/0/ns/net"},       [PEER_IPC] = {"ipc", "ipc", "/proc/0/ns/ipc"},
	[PEER_UTS] = {"uts", "uts", "/proc/0/ns/uts"},           [PEER_PID] = {"pid", "pid", "/proc/0/ns/pid"},
	[PEER_CGROUP] = {"cgroup", "cgroup", "/proc/0/ns/cgroup"}, [PEER_USER] = {"user", "user", "/proc/0/ns/user"},
};

const char *peer_word(enum peer_ns ns)
{
	return table[ns].word;
}

const char *peer_oci_word(enum peer_ns ns)
{
	return table[ns].oci;
}

const char *peer_nowhere(enum peer_ns ns)
{
	return table[ns].nowhere;
}

bool peer_has_shm(const struct container *c)
{
	return json_true(c->spec, "isInfra") || strcmp(json_str(c->spec, "options.ipc"), "shareable") == 0;
}

void peer_done(struct peer *p)
{
	for (size_t i = 0; i < PEER_N; i++)
		fd_closep(&p->ns_fd[i]);
	keeper_freep(&p->keeper);
}

struct json_object *peer_json(const char *id, unsigned set)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	int r = o && list ? json_add_str(o, "container", id) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < PEER_N; i++)
		if (i != PEER_NET && (set & PEER_BIT(i)))
			r = json_append_str(list, table[i].word);
	if (r < 0 || json_add(o, "namespaces", TAKE_PTR(list)) < 0)
		return NULL;
	return TAKE_PTR(o);
}

int peer_network_id(struct engine *eng, const char *name, char id[static CONTAINER_ID_LEN + 1], struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	const char *mode;
	int r = container_find(eng, name, &c, e);

	if (r < 0)
		return err_wrap(e, r, "--network container:%s", name);
	mode = json_str(c->spec, "config.network.mode");
	if (strcmp(mode, network_kind_name(NETWORK_HOST)) == 0 || strchr(mode, ':'))
		return err_set(e, EINVAL, "--network container:%s: that container has no network of its own, but %s", name, mode);
	memcpy(id, c->id, CONTAINER_ID_LEN + 1);
	return 0;
}

static bool is_up(const struct container *c)
{
	return c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;
}

/* Those of `set`, while it is surely that container's process that has them. */
static int open_namespaces(const struct container *c, unsigned set, struct peer *p, struct err *e)
{
	_cleanup_(proc_close) struct proc proc = PROC_INIT;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	int r = procfs_open(&fs);

	if (r == 0)
		r = proc_open_identity(&fs, c->pid, c->start_ticks, &proc);
	for (size_t i = 0; r == 0 && i < PEER_N; i++)
		if (set & PEER_BIT(i))
			r = proc_ns_open(&proc, table[i].word, &p->ns_fd[i]);
	/* it has ended in between: whose namespaces those are nobody knows */
	if (r == 0 && !proc_is_there(&proc))
		r = -ESRCH;
	return r < 0 ? err_errno(e, -r, "namespaces of container %.12s", c->id) : 0;
}

/* Whose number the path of each has; 0: a namespace of its own. */
struct paths {
	pid_t pids[PEER_N];
};

/* For bundle_config_change(). */
static int set_paths(struct json_object *config, void *ctx)
{
	struct json_object *list = json_at(config, "linux.namespaces");
	const struct paths *paths = ctx;
	int r = list && json_object_is_type(list, json_type_array) ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && i < PEER_N; i++) {
		char path[40];

		if (paths->pids[i] <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)paths->pids[i], table[i].word);
		r = -EINVAL;
		for (size_t k = 0; r < 0 && k < json_object_array_length(list); k++) {
			struct json_object *ns = json_object_array_get_idx(list, k);

			if (strcmp(json_str(ns, "type"), table[i].oci) == 0)
				r = json_add_str(ns, "path", path);
		}
	}
	return r;
}

/* Of the two there may be, as the containers' starts crossed: that one. */
static int open_keeper(struct engine *eng, const struct container *peer, struct keeper **ret, struct err *e)
{
	struct keeper *k = malloc(sizeof(*k));
	int r;

	if (!k)
		return err_errno(e, ENOMEM, "user namespace");
	*k = (struct keeper)KEEPER_INIT;
	r = keeper_of(eng, peer, k, e);
	if (r < 0) {
		free(k);
		return r;
	}
	*ret = k;
	return 0;
}


/* Opens what is `id`'s, and notes its number. */
static int join(struct engine *eng, const char *id, unsigned set, struct peer *p, struct paths *paths, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_load(eng, id, &c, e);

	if (r < 0)
		return err_wrap(e, r, "the container whose namespaces it has, %.12s", id);
	if (!is_up(c))
		return err_set(e, ESRCH, "container %.12s, whose %s it has, is not running", id,
			       set == PEER_BIT(PEER_NET) ? "network" : "namespaces");
	r = open_namespaces(c, set, p, e);
	for (size_t i = 0; i < PEER_N; i++)
		if (set & PEER_BIT(i))
			paths->pids[i] = c->pid;
	/* of two peers in two keepers one cannot be joined, and the runtime says so */
	return r == 0 && !p->keeper ? open_keeper(eng, c, &p->keeper, e) : r;
}

static unsigned joined_set(struct json_object *joined)
{
	struct json_object *list = joined ? json_at(joined, "namespaces") : NULL;
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	unsigned set = 0;

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < PEER_N; i++)
			if (strcmp(json_object_get_string(json_object_array_get_idx(list, k)), table[i].word) == 0)
				set |= PEER_BIT(i);
	return set;
}

int peer_begin(struct engine *eng, const struct container *c, struct peer *ret, struct err *e)
{
	const char *network = json_str(c->spec, "config.network.container");
	struct json_object *joined = json_at(c->spec, "config.joined");
	unsigned set = joined_set(joined);
	struct json_object *peers = json_at(c->spec, "config.peers");
	struct paths paths = {0};
	int r = 0;

	if (!*network && !set && !peers)
		return 0;
	if (set)
		r = join(eng, json_str(joined, "container"), set, ret, &paths, e);
	for (size_t i = 0; r == 0 && peers && i < PEER_N; i++)
		if (*json_str(peers, table[i].word))
			r = join(eng, json_str(peers, table[i].word), PEER_BIT(i), ret, &paths, e);
	if (r == 0 && *network)
		r = join(eng, network, PEER_BIT(PEER_NET), ret, &paths, e);
	return r == 0 ? bundle_config_change(container_dir(c), set_paths, &paths, e) : r;
}

static int same_namespace(const struct proc *proc, int fd, const char *word)
{
	struct stat st;
	uint64_t inode;
	int r = fstat(fd, &st) < 0 ? -errno : proc_ns_inode(proc, word, &inode);

	return r < 0 ? r : inode == st.st_ino ? 0 : -ESTALE;
}

int peer_check(const struct peer *p, pid_t pid, uint64_t start_ticks, struct err *e)
{
	_cleanup_(proc_close) struct proc proc = PROC_INIT;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	int r;

	if (!p->keeper)
		return 0;
	r = procfs_open(&fs);
	if (r == 0)
		r = proc_open_identity(&fs, pid, start_ticks, &proc);
	for (size_t i = 0; r == 0 && i < PEER_N; i++)
		if (p->ns_fd[i] >= 0)
			r = same_namespace(&proc, p->ns_fd[i], table[i].word);
	if (r == -ESTALE)
		return err_set(e, ESTALE, "the container whose namespaces it has ended meanwhile");
	return r < 0 ? err_errno(e, -r, "namespaces of the container's init") : 0;
}
