/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Which processes are a container's? Others read one cgroup.procs, and lose
 * whoever is in a cgroup below it (systemd in a container, a nested engine),
 * whoever came by exec into another one, and everybody where cgroups are not
 * used. What a process cannot leave is its namespaces: none leads out of a
 * pid namespace but to one below, and none out of a user namespace. So all of
 * /proc is walked, and each process is asked which two it is in; where they
 * are no container's own, their parents are asked (NS_GET_PARENT), up to ours.
 *
 * A user namespace of its own names the container even where the pid
 * namespace is shared (--pid=host, --pid=container:NAME). Only where both
 * are shared do the cgroup, and last the ancestry, have to do, and the
 * result says so: what is left then is no proof.
 *
 * An inode number of a namespace is reused once the namespace is gone. It
 * cannot be gone while its init is there, so init is asked for again when the
 * walk is over: if it is not the same one, its rows are dropped.
 *
 * A row is one moment: the identity lines of status are read before and
 * after all the rest, and when they differ (it changed user, or executed
 * something) all is read again.
 */
#include "view/top_cells.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SNAPSHOT_TRIES 3
#define DESCENT_MAX 4096
#define ANCESTORS_MAX 64 /* the kernel allows 32 levels of either namespace */

void top_process_done(struct top_process *p)
{
	proc_status_done(&p->status);
	buf_done(&p->cmdline);
	free(p->label);
	free(p->lsm);
	free(p->uidmap);
	free(p->cgroup);
	memset(p, 0, sizeof(*p));
}

void top_side_done(struct top_side *s)
{
	free(s->cgroup);
	s->cgroup = NULL;
	names_inside_done(&s->names);
}

void top_scene_done(struct top_scene *s)
{
	for (size_t i = 0; i < s->n; i++)
		top_process_done(&s->items[i]);
	free(s->items);
	for (size_t i = 0; s->sides && i < s->q->n_targets; i++)
		top_side_done(&s->sides[i]);
	free(s->sides);
	s->items = NULL;
	s->sides = NULL;
	s->n = 0;
}

/* ---- one process, read ---- */

static char *text_of(const struct proc *p, const char *name)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return proc_read(p, name, PROC_TEXT_MAX, &b) < 0 ? NULL : buf_take(&b);
}

/* "0:2001:1,1:100000:65536" of the kernel's aligned columns. */
static char *map_of(const struct proc *p)
{
	_cleanup_free_ char *text = text_of(p, "uid_map");
	_cleanup_free_ struct id_list *l = calloc(1, sizeof(*l));
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (!text || !l || id_list_parse(text, l) < 0)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%u:%u:%u", i ? "," : "", l->extents[i].inside, l->extents[i].outside,
			 l->extents[i].count);
	return b.len ? buf_take(&b) : strdup("");
}

static char *cgroup_of(const struct proc *p)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return proc_read_cgroup(p, &b) < 0 ? NULL : buf_take(&b);
}

/*
 * AppArmor has a directory of its own in attr/ since 5.8, so its answer is
 * its own even beside another module. An SELinux label has no directory; it
 * is told by its form, user:role:type[:level].
 */
static int label_of(const struct proc *p, char **ret_label, char **ret_lsm)
{
	_cleanup_free_ char *label = malloc(PROC_LABEL_MAX);
	const char *lsm = NULL, *c;
	int colons = 0, r;

	if (!label)
		return -ENOMEM;
	r = proc_read_label(p, "apparmor/current", label);
	if (r == 0)
		lsm = "apparmor";
	else if (r != -ESRCH)
		r = proc_read_label(p, "current", label);
	if (r < 0)
		return r == -ESRCH || r == -ENOMEM ? r : 0;
	for (c = label; *c; c++)
		colons += *c == ':';
	if (!lsm)
		lsm = colons >= 2 ? "selinux" : label[0] ? "apparmor" : NULL;
	*ret_lsm = lsm ? strdup(lsm) : NULL;
	*ret_label = TAKE_PTR(label);
	return 0;
}

static int login_of(const struct proc *p, struct top_process *t)
{
	int r = proc_read_id(p, "loginuid", &t->loginuid);

	if (r == 0)
		r = proc_read_id(p, "sessionid", &t->sessionid);
	t->has_login = r == 0;
	return r == -ENOMEM ? r : 0; /* a kernel without audit has neither */
}

static uint64_t ns_or_0(const struct proc *p, const char *ns)
{
	uint64_t inode = 0;

	return proc_ns_inode(p, ns, &inode) == 0 ? inode : 0;
}

static int read_parts(const struct proc *p, unsigned needs, struct top_process *t)
{
	int r = 0;

	t->userns = ns_or_0(p, "user");
	t->pidns = ns_or_0(p, "pid");
	if (needs & TOP_NEED_NS)
		t->mntns = ns_or_0(p, "mnt");
	if (needs & TOP_NEED_LOGIN)
		r = login_of(p, t);
	if (r == 0 && needs & TOP_NEED_ARGS)
		r = proc_read_cmdline(p, PROC_CMDLINE_MAX, &t->cmdline, &t->cmdline_cut);
	/* EACCES and the like: there is a process, but its memory is not shown */
	if (r < 0 && r != -ESRCH && r != -ENOMEM)
		r = 0;
	if (r == 0 && needs & TOP_NEED_LABEL)
		r = label_of(p, &t->label, &t->lsm);
	if (r == 0 && needs & TOP_NEED_MAP)
		t->uidmap = map_of(p);
	if (r == 0 && needs & TOP_NEED_CGROUP)
		t->cgroup = cgroup_of(p);
	return r;
}

static bool same_identity(const struct proc_status *a, const struct proc_status *b)
{
	return memcmp(a->uid, b->uid, sizeof(a->uid)) == 0 && memcmp(a->gid, b->gid, sizeof(a->gid)) == 0 &&
	       a->cap_eff == b->cap_eff && a->cap_prm == b->cap_prm && a->cap_bnd == b->cap_bnd &&
	       a->cap_inh == b->cap_inh && a->cap_amb == b->cap_amb && a->seccomp == b->seccomp &&
	       a->seccomp_filters == b->seccomp_filters && a->no_new_privs == b->no_new_privs;
}

static int read_once(const struct proc *p, unsigned needs, struct top_process *t)
{
	_cleanup_(proc_status_done) struct proc_status before = {0};
	int r;

	r = proc_read_status(p, &before);
	if (r == 0)
		r = proc_read_stat(p, &t->stat);
	if (r == 0)
		r = read_parts(p, needs, t);
	if (r == 0)
		r = proc_read_status(p, &t->status);
	if (r == 0 && !same_identity(&before, &t->status))
		r = -EAGAIN;
	return r;
}

static int snapshot(const struct proc *p, unsigned needs, struct top_process *ret)
{
	int r = -EAGAIN;

	for (int i = 0; i < SNAPSHOT_TRIES && r == -EAGAIN; i++) {
		top_process_done(ret);
		r = read_once(p, needs, ret);
	}
	/* one that changes all the time is shown as it was last */
	if (r < 0 && r != -EAGAIN) {
		top_process_done(ret);
		return r;
	}
	ret->pid = p->pid;
	return 0;
}

/* ---- whose is it? ---- */

struct walk {
	struct top_scene *s;
	uint64_t own_pidns, own_userns;
	bool any_cgroup, any_descent;
};
#define NOBODY SIZE_MAX

/* Through the number, before the process is opened: most are not ours to look into, and this is the cheapest question. */
static uint64_t peek(const struct procfs *fs, pid_t pid, const char *ns)
{
	struct proc p = {.pid = pid, .dirfd = -EBADF, .pidfd = -EBADF};
	char name[16];
	uint64_t inode;

	snprintf(name, sizeof(name), "%d", (int)pid);
	p.dirfd = openat(fs->fd, pid ? name : "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	inode = p.dirfd >= 0 ? ns_or_0(&p, ns) : 0;
	proc_close(&p);
	return inode;
}

static size_t by_userns(const struct walk *w, uint64_t inode)
{
	for (size_t i = 0; inode && i < w->s->q->n_targets; i++)
		if (w->s->sides[i].alive && !w->s->q->targets[i].shared_userns && w->s->sides[i].userns == inode)
			return i;
	return NOBODY;
}

static size_t by_pidns(const struct walk *w, uint64_t inode)
{
	for (size_t i = 0; inode && i < w->s->q->n_targets; i++)
		if (w->s->sides[i].alive && w->s->q->targets[i].found == TOP_BY_PIDNS && w->s->sides[i].pidns == inode)
			return i;
	return NOBODY;
}

/* Both of its own: where containers share one of the two, or one lies in the other, the pair still tells them apart. */
static size_t by_pair(const struct walk *w, uint64_t userns, uint64_t pidns)
{
	for (size_t i = 0; userns && pidns && i < w->s->q->n_targets; i++) {
		const struct top_side *side = &w->s->sides[i];

		if (side->alive && w->s->q->targets[i].found <= TOP_BY_USERNS && side->userns == userns && side->pidns == pidns)
			return i;
	}
	return NOBODY;
}

/* The first target among the ancestors of that namespace of the process. */
static size_t by_ancestor(const struct walk *w, const struct proc *p, const char *ns, uint64_t own,
			  size_t (*match)(const struct walk *, uint64_t))
{
	_cleanup_close_ int fd = -EBADF;

	if (proc_ns_open(p, ns, &fd) < 0)
		return NOBODY;
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		uint64_t inode;
		size_t found;
		int parent;

		if (ns_parent(fd, &parent) < 0)
			return NOBODY;
		fd_closep(&fd);
		fd = parent;
		if (ns_inode(fd, &inode) < 0 || inode == own)
			return NOBODY;
		found = match(w, inode);
		if (found != NOBODY)
			return found;
	}
	return NOBODY;
}

static bool path_is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static size_t by_cgroup(const struct walk *w, const struct proc *p)
{
	_cleanup_free_ char *path = cgroup_of(p);

	for (size_t i = 0; path && i < w->s->q->n_targets; i++)
		if (w->s->sides[i].alive && w->s->q->targets[i].found == TOP_BY_CGROUP &&
		    path_is_below(path, w->s->sides[i].cgroup))
			return i;
	return NOBODY;
}

static size_t by_descent(const struct walk *w, const struct proc *p)
{
	struct proc_stat st;
	pid_t pid = p->pid;

	for (int depth = 0; depth < DESCENT_MAX && pid > 1; depth++) {
		_cleanup_(proc_close) struct proc up = PROC_INIT;

		for (size_t i = 0; i < w->s->q->n_targets; i++)
			if (w->s->sides[i].alive && w->s->q->targets[i].found == TOP_BY_DESCENT &&
			    w->s->q->targets[i].pid == pid)
				return i;
		if (proc_open(w->s->q->fs, pid, &up) < 0 || proc_read_stat(&up, &st) < 0)
			return NOBODY;
		pid = st.ppid;
	}
	return NOBODY;
}

/* Is that the pid namespace of a target that it does not name? Then it is a pod's, and names the one that holds it, if that is a target. */
static bool is_shared(const struct walk *w, uint64_t pidns)
{
	for (size_t i = 0; pidns && pidns != w->own_pidns && i < w->s->q->n_targets; i++)
		if (w->s->sides[i].alive && w->s->q->targets[i].found >= TOP_BY_CGROUP && w->s->sides[i].pidns == pidns)
			return true;
	return false;
}

static size_t by_member(const struct walk *w, const struct proc *p)
{
	size_t t = w->any_cgroup ? by_cgroup(w, p) : NOBODY;

	return t == NOBODY && w->any_descent ? by_descent(w, p) : t;
}

static size_t whose(const struct walk *w, const struct proc *p, uint64_t userns, uint64_t pidns)
{
	size_t t = is_shared(w, pidns) ? by_member(w, p) : NOBODY;

	if (t == NOBODY)
		t = by_pair(w, userns, pidns);
	if (t == NOBODY)
		t = by_userns(w, userns);
	if (t == NOBODY)
		t = by_pidns(w, pidns);
	if (t == NOBODY && pidns != w->own_pidns)
		t = by_ancestor(w, p, "pid", w->own_pidns, by_pidns);
	if (t == NOBODY && userns != w->own_userns)
		t = by_ancestor(w, p, "user", w->own_userns, by_userns);
	if (t == NOBODY && w->any_cgroup)
		t = by_cgroup(w, p);
	if (t == NOBODY && w->any_descent)
		t = by_descent(w, p);
	return t;
}

/* ---- the targets ---- */

static void choose_way(const struct walk *w, struct top_target *t, struct top_side *side, const struct proc_pids *nspid)
{
	bool has_own_pids = side->pidns && side->pidns != w->own_pidns && nspid->n > 1 && nspid->v[nspid->n - 1] == 1;

	if (has_own_pids)
		t->found = TOP_BY_PIDNS;
	else if (!t->shared_userns && side->userns && side->userns != w->own_userns)
		t->found = TOP_BY_USERNS;
	else if (!t->foreign && side->cgroup && strcmp(side->cgroup, "/") != 0)
		t->found = TOP_BY_CGROUP;
	else
		t->found = TOP_BY_DESCENT;
}

/* True when that cgroup is also the caller's: then it tells nothing. */
static bool own_cgroup(const struct procfs *fs, const char *path)
{
	struct proc self = PROC_INIT;
	_cleanup_free_ char *own = NULL;

	self.dirfd = openat(fs->fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own = self.dirfd >= 0 ? cgroup_of(&self) : NULL;
	proc_close(&self);
	return own && path_is_below(own, path);
}

static int open_side(struct walk *w, struct top_target *t, struct top_side *side, unsigned needs)
{
	_cleanup_(proc_close) struct proc init = PROC_INIT;
	_cleanup_(proc_status_done) struct proc_status st = {0};
	int r;

	r = proc_open_identity(w->s->q->fs, t->pid, t->start_ticks, &init);
	if (r == 0)
		r = proc_read_status(&init, &st);
	if (r < 0)
		return r;
	side->level = st.nspid.n ? st.nspid.n - 1 : 0;
	side->pidns = ns_or_0(&init, "pid");
	side->userns = ns_or_0(&init, "user");
	side->cgroup = cgroup_of(&init);
	if (side->cgroup && own_cgroup(w->s->q->fs, side->cgroup)) {
		free(side->cgroup);
		side->cgroup = NULL;
	}
	if (needs & TOP_NEED_INSIDE)
		r = id_map_read(init.dirfd, &side->map);
	if (r == 0 && needs & TOP_NEED_FILES)
		names_inside_load(&init, t->fuse_device, &side->names);
	if (r < 0)
		return r;
	choose_way(w, t, side, &st.nspid);
	side->alive = true;
	return 0;
}

static int open_sides(struct walk *w, unsigned needs, struct err *e)
{
	const struct top_request *q = w->s->q;

	w->s->sides = mem_array(q->n_targets, sizeof(*w->s->sides));
	if (!w->s->sides)
		return err_errno(e, ENOMEM, "top");
	for (size_t i = 0; i < q->n_targets; i++) {
		int r = open_side(w, &q->targets[i], &w->s->sides[i], needs);

		if (r < 0 && r != -ESRCH)
			return err_errno(e, -r, "read the process of container %s", q->targets[i].name);
		w->any_cgroup = w->any_cgroup || (r == 0 && q->targets[i].found == TOP_BY_CGROUP);
		w->any_descent = w->any_descent || (r == 0 && q->targets[i].found == TOP_BY_DESCENT);
	}
	return 0;
}

/* Those whose init is not there any more lose their rows: see above. */
static void recheck_sides(struct top_scene *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->q->n_targets; i++) {
		struct proc init = PROC_INIT;
		struct top_target *t = &s->q->targets[i];

		s->sides[i].alive = s->sides[i].alive && proc_open_identity(s->q->fs, t->pid, t->start_ticks, &init) == 0;
		proc_close(&init);
		t->n_processes = 0;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (!s->sides[s->items[i].target].alive) {
			top_process_done(&s->items[i]);
			continue;
		}
		s->q->targets[s->items[i].target].n_processes++;
		if (kept != i)
			s->items[kept] = s->items[i];
		kept++;
	}
	s->n = kept;
}

/* ---- the walk ---- */

static int add(struct top_scene *s, size_t *cap, const struct top_process *p)
{
	if (s->n == *cap) {
		size_t more = *cap ? *cap * 2 : 64;
		struct top_process *grown = mem_regrow(s->items, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->items = grown;
		*cap = more;
	}
	s->items[s->n++] = *p;
	return 0;
}

static int visit(struct walk *w, pid_t pid, unsigned needs, size_t *cap)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	struct top_process t = {0};
	uint64_t userns, pidns;
	size_t target;
	int r;

	userns = peek(w->s->q->fs, pid, "user");
	pidns = userns ? peek(w->s->q->fs, pid, "pid") : 0;
	if (!userns && !pidns && !w->any_descent)
		return 0;
	if (userns == w->own_userns && pidns == w->own_pidns && !w->any_cgroup && !w->any_descent)
		return 0;
	if (proc_open(w->s->q->fs, pid, &p) < 0)
		return 0;
	target = whose(w, &p, ns_or_0(&p, "user"), ns_or_0(&p, "pid"));
	if (target == NOBODY)
		return 0;
	r = snapshot(&p, needs, &t);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* it ended while it was read */
	t.target = target;
	r = add(w->s, cap, &t);
	if (r < 0)
		top_process_done(&t);
	return r;
}

int top_members_scan(struct top_scene *s, unsigned needs, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	struct walk w = {.s = s};
	size_t n = 0, cap = 0;
	int r;

	w.own_pidns = peek(s->q->fs, 0, "pid");
	w.own_userns = peek(s->q->fs, 0, "user");
	r = open_sides(&w, needs, e);
	if (r < 0)
		return r;
	r = procfs_pids(s->q->fs, &pids, &n);
	if (r < 0)
		return err_errno(e, -r, "list processes");
	for (size_t i = 0; i < n && r == 0; i++)
		r = visit(&w, pids[i], needs, &cap);
	if (r < 0)
		return err_errno(e, -r, "read processes");
	recheck_sides(s);
	return 0;
}
