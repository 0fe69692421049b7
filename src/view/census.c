/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Who asks every user's engine what it runs asks the wrong side: the files are
 * the users', and not all engines write any. What a container cannot be
 * without is a namespace, so all of /proc is walked and each process asked for
 * its two; those that share a pair are one row.
 *
 * Only root may look at the namespaces of another user's process
 * (PTRACE_MODE_READ). For the group that reads the ledger the same is told,
 * less exactly, from what everybody may read: NSpid has a 1 at its end for
 * the init of a pid namespace, and uid_map is not the host's. Processes are
 * then counted to their init by descent, which holds inside a pid namespace
 * (orphans are its init's children) but for those that entered from outside;
 * these are counted as unplaced.
 *
 * A row is read from one process held by a descriptor, and asked once more
 * at the end; when it has gone meanwhile the next oldest stands in.
 */
#include "view/census.h"

#include "base/clock.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 4096
#define ANCESTORS_MAX 64 /* the kernel allows 32 levels of either namespace */
#define MAP_TEXT_MAX 65536
#define GROUPS_MAX 65536

/* One process that is not the host's alone, while pairs are made of them. */
struct seen {
	pid_t pid, ppid;
	uint64_t start_ticks;
	uint64_t userns, pidns; /* 0: not readable */
	uint64_t map;           /* blind: a hash of its uid_map */
	size_t level;           /* of its pid namespace */
	bool init;              /* pid 1 in it */
	pid_t head;             /* blind: the process that its pair is told by; 0: none */
};

struct scan {
	const struct procfs *fs;
	uint64_t own_userns, own_pidns, own_map;
	struct seen *items;
	size_t n, cap;
	struct census *c;
};

void census_done(struct census *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct census_row *r = &c->rows[i];

		free(r->command);
		free(r->uid_map);
		free(r->name);
		free(r->ctr);
		free(r->uuid);
		free(r->image);
		free(r->receipt);
	}
	free(c->rows);
	memset(c, 0, sizeof(*c));
}

const char *census_source_word(enum census_source s)
{
	static const char *const words[] = {[CENSUS_PROC] = "proc", [CENSUS_LEDGER] = "ledger", [CENSUS_CLAIMED] = "claimed"};

	return words[s];
}

/* ---- who may ask ---- */

static bool in_group(const char *name)
{
	_cleanup_free_ gid_t *list = NULL;
	_cleanup_free_ char *text = malloc(MAP_TEXT_MAX);
	struct group g, *found = NULL;
	int n = getgroups(0, NULL);

	if (!text || n < 0 || n > GROUPS_MAX || getgrnam_r(name, &g, text, MAP_TEXT_MAX, &found) != 0 || !found)
		return false;
	if (getegid() == found->gr_gid)
		return true;
	list = mem_array((size_t)n, sizeof(*list));
	n = list ? getgroups(n, list) : 0;
	for (int i = 0; i < n; i++)
		if (list[i] == found->gr_gid)
			return true;
	return false;
}

static int self_open(const struct procfs *fs, struct proc *ret)
{
	*ret = (struct proc)PROC_INIT;
	ret->dirfd = openat(fs->fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return ret->dirfd < 0 ? -errno : 0;
}

static char *map_text(const struct proc *p, struct id_list *l)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;

	if (proc_read(p, "uid_map", MAP_TEXT_MAX, &b) < 0 || id_list_parse(buf_str(&b), l) < 0)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&out, "%s%u:%u:%u", i ? "," : "", l->extents[i].inside, l->extents[i].outside, l->extents[i].count);
	return out.len ? buf_take(&out) : NULL;
}

int census_on_host(const struct procfs *fs, const char *what, struct err *e)
{
	if (!fs->on_host)
		return err_set(e, EACCES, "%s works on the host only, not in a user namespace", what);
	return 0;
}

int census_allowed(const struct procfs *fs, struct err *e)
{
	int r = census_on_host(fs, "--all-users", e);

	if (r < 0)
		return r;
	if (geteuid() == 0 || in_group(CENSUS_GROUP))
		return 0;
	err_set(e, EACCES, "--all-users is for root and the members of group %s", CENSUS_GROUP);
	err_hint(e, "with sudo, or after `sudo usermod -aG %s USER` and a new login", CENSUS_GROUP);
	return -EACCES;
}

/* ---- all processes, each asked for its namespaces ---- */

static uint64_t ns_or_0(const struct proc *p, const char *ns)
{
	uint64_t inode = 0;

	return proc_ns_inode(p, ns, &inode) == 0 ? inode : 0;
}

/* FNV-1a of the bytes of uid_map, which has none where no ID is mapped; 0 when it cannot be read. */
static uint64_t map_hash(const struct proc *p)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	if (proc_read(p, "uid_map", MAP_TEXT_MAX, &b) < 0)
		return 0;
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ (unsigned char)b.data[i]) * UINT64_C(0x100000001b3);
	return h ? h : 1;
}

static int add_seen(struct scan *s, const struct seen *one)
{
	if (s->n == s->cap) {
		size_t more = s->cap ? s->cap * 2 : 256;
		struct seen *grown = mem_regrow(s->items, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->items = grown;
		s->cap = more;
	}
	s->items[s->n++] = *one;
	return 0;
}

/* True when the process is one of the host's own, as far as that can be seen. */
static bool is_host(const struct scan *s, const struct seen *one)
{
	if (one->userns && one->pidns)
		return one->userns == s->own_userns && one->pidns == s->own_pidns;
	return one->level == 0 && (!one->map || one->map == s->own_map);
}

/* Where a process is. -ESRCH: it ended, or was about to. */
static int look_into(const struct proc *p, struct seen *one)
{
	_cleanup_(proc_status_done) struct proc_status st = {0};
	struct proc_stat stat = {0};
	int r = proc_read_status(p, &st);

	if (r == 0)
		r = proc_read_stat(p, &stat);
	if (r < 0)
		return r == -ENOMEM ? r : -ESRCH;
	one->level = st.nspid.n ? st.nspid.n - 1 : 0;
	one->init = one->level > 0 && st.nspid.v[one->level] == 1;
	one->ppid = stat.ppid;
	one->start_ticks = stat.start_ticks;
	if (!one->userns || !one->pidns) {
		one->userns = one->pidns = 0;
		one->map = map_hash(p);
	}
	return stat.state == 'Z' || stat.state == 'X' ? -ESRCH : 0;
}

static int look(struct scan *s, pid_t pid)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	struct seen one = {.pid = pid};
	int r = proc_open(s->fs, pid, &p);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	one.userns = ns_or_0(&p, "user");
	one.pidns = ns_or_0(&p, "pid");
	if (one.userns && one.pidns && is_host(s, &one))
		return 0;
	r = look_into(&p, &one);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return is_host(s, &one) ? 0 : add_seen(s, &one);
}

static int look_at_self(struct scan *s)
{
	_cleanup_(proc_close) struct proc self = PROC_INIT;
	int r = self_open(s->fs, &self);

	if (r < 0)
		return r;
	s->own_userns = ns_or_0(&self, "user");
	s->own_pidns = ns_or_0(&self, "pid");
	s->own_map = map_hash(&self);
	return 0;
}

static int look_at_all(struct scan *s, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int r = look_at_self(s);

	if (r < 0)
		return err_errno(e, -r, "/proc/self");
	r = procfs_pids(s->fs, &pids, &n);
	if (r < 0)
		return err_errno(e, -r, "list processes");
	s->c->hidden = n == 0 || pids[0] != 1;
	for (size_t i = 0; i < n && r == 0; i++)
		r = look(s, pids[i]);
	return r < 0 ? err_errno(e, -r, "read processes") : 0;
}

/* ---- pairs ---- */

static struct seen *seen_of(const struct scan *s, pid_t pid)
{
	size_t low = 0, high = s->n;

	while (low < high) { /* they are in the order of their pids */
		size_t mid = low + (high - low) / 2;

		if (s->items[mid].pid == pid)
			return &s->items[mid];
		if (s->items[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool goes_with(const struct seen *parent, const struct seen *child)
{
	return parent && !parent->userns && parent->level == child->level && parent->map == child->map;
}

/* The pair of a process whose namespaces cannot be read: that of its highest ancestor that looks the same. */
static pid_t head_of(const struct scan *s, const struct seen *one)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const struct seen *parent = one->init ? NULL : seen_of(s, one->ppid);

		if (!goes_with(parent, one))
			return one->init || one->level == 0 ? one->pid : 0;
		one = parent;
	}
	return 0;
}

static void find_heads(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct seen *one = &s->items[i];

		if (one->userns)
			continue;
		s->c->blind = true;
		one->head = head_of(s, one);
		s->c->unplaced += one->head == 0;
	}
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* By pair; in each first who stands for it. */
static int by_pair(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int r = ORDER(x->userns, y->userns);

	if (r == 0)
		r = ORDER(x->pidns, y->pidns);
	if (r == 0)
		r = ORDER(x->head, y->head);
	if (r == 0)
		r = ORDER(y->init, x->init);
	if (r == 0)
		r = ORDER(x->start_ticks, y->start_ticks);
	return r ? r : ORDER(x->pid, y->pid);
}

static bool same_pair(const struct seen *a, const struct seen *b)
{
	return a->userns == b->userns && a->pidns == b->pidns && a->head == b->head;
}

/* ---- a row ---- */

static char *command_of(const struct proc *p)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	bool cut;

	if (proc_read_cmdline(p, CENSUS_COMMAND_MAX, &b, &cut) < 0)
		return strdup("");
	while (b.len > 0 && b.data[b.len - 1] == '\0')
		b.len--;
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] == '\0')
			b.data[i] = ' ';
	if (b.len)
		b.data[b.len] = '\0';
	return b.len ? buf_take(&b) : strdup("");
}

static uint32_t owner_of(const struct proc *p)
{
	_cleanup_close_ int fd = -EBADF;
	uid_t owner;

	return proc_ns_open(p, "user", &fd) == 0 && userns_owner(fd, &owner) == 0 ? owner : PROC_ID_UNSET;
}

static void parent_comm(const struct procfs *fs, pid_t ppid, char out[static PROC_COMM_MAX])
{
	_cleanup_(proc_close) struct proc up = PROC_INIT;
	struct proc_stat st;

	if (proc_open(fs, ppid, &up) == 0 && proc_read_stat(&up, &st) == 0)
		memcpy(out, st.comm, PROC_COMM_MAX);
}

static int read_login(const struct proc *p, struct census_row *row)
{
	row->auid = row->ses = PROC_ID_UNSET;
	if (proc_read_id(p, "loginuid", &row->auid) == -ESRCH || proc_read_id(p, "sessionid", &row->ses) == -ESRCH)
		return -ESRCH;
	return 0; /* a kernel without audit has neither */
}

/* -ESRCH: it has ended, or it is no longer where it was. */
static int read_row(const struct scan *s, const struct seen *one, struct census_row *row)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_(proc_status_done) struct proc_status st = {0};
	_cleanup_free_ struct id_list *map = calloc(1, sizeof(*map));
	struct proc_stat stat = {0};
	int r = map ? proc_open_identity(s->fs, one->pid, one->start_ticks, &p) : -ENOMEM;

	if (r == 0)
		r = proc_read_status(&p, &st);
	if (r == 0)
		r = proc_read_stat(&p, &stat);
	if (r == 0)
		r = read_login(&p, row);
	if (r < 0)
		return r;
	row->pid = one->pid;
	row->start_ticks = one->start_ticks;
	row->userns = one->userns;
	row->pidns = one->pidns;
	row->has_pidns = one->init;
	row->uid = st.uid[PROC_EFFECTIVE];
	row->owner = one->userns && one->userns != s->own_userns ? owner_of(&p) : PROC_ID_UNSET;
	row->outer = CENSUS_NONE;
	memcpy(row->comm, stat.comm, sizeof(row->comm));
	parent_comm(s->fs, stat.ppid, row->parent);
	row->command = command_of(&p);
	row->uid_map = map_text(&p, map);
	if (!row->uid_map)
		row->uid_map = strdup("");
	if (!row->command || !row->uid_map)
		r = -ENOMEM;
	else if (!proc_is_there(&p) || (one->userns && ns_or_0(&p, "user") != one->userns))
		r = -ESRCH;
	if (r < 0) {
		free(row->command);
		free(row->uid_map);
	}
	return r;
}

static int add_row(struct census *c, const struct census_row *row)
{
	struct census_row *grown = mem_regrow(c->rows, c->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	c->rows = grown;
	c->rows[c->n++] = *row;
	return 0;
}

/* The first of `n` processes of one pair that is still there makes its row. */
static int make_row(struct scan *s, const struct seen *first, size_t n)
{
	struct census_row row;
	int r = -ESRCH;

	if (s->c->n == CENSUS_ROWS_MAX) {
		s->c->cut++;
		return 0;
	}
	for (size_t i = 0; i < n && r == -ESRCH; i++) {
		memset(&row, 0, sizeof(row));
		r = read_row(s, &first[i], &row);
	}
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	row.n_processes = n;
	r = add_row(s->c, &row);
	if (r < 0) {
		free(row.command);
		free(row.uid_map);
	}
	return r;
}

static int make_rows(struct scan *s)
{
	int r = 0;

	if (s->n > 1)
		qsort(s->items, s->n, sizeof(*s->items), by_pair);
	for (size_t i = 0, n; i < s->n && r == 0; i += n) {
		for (n = 1; i + n < s->n && same_pair(&s->items[i], &s->items[i + n]);)
			n++;
		if (s->items[i].userns || s->items[i].head)
			r = make_row(s, &s->items[i], n);
	}
	return r;
}

/* ---- what lies in what ---- */

/* A row of that namespace; one with a pid namespace of its own before others. */
static size_t row_of(const struct census *c, const struct census_row *not, const char *ns, uint64_t inode)
{
	size_t found = CENSUS_NONE;

	for (size_t i = 0; i < c->n; i++) {
		const struct census_row *r = &c->rows[i];

		if (r == not || (strcmp(ns, "pid") == 0 ? r->pidns : r->userns) != inode)
			continue;
		if (found == CENSUS_NONE || (r->has_pidns && !c->rows[found].has_pidns))
			found = i;
	}
	return found;
}

static size_t row_above(const struct census *c, const struct census_row *row, const struct proc *p, const char *ns, uint64_t own)
{
	_cleanup_close_ int fd = -EBADF;
	uint64_t inode;

	if (proc_ns_open(p, ns, &fd) < 0)
		return CENSUS_NONE;
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		size_t found;
		int parent;

		if (ns_parent(fd, &parent) < 0)
			return CENSUS_NONE;
		fd_closep(&fd);
		fd = parent;
		if (ns_inode(fd, &inode) < 0 || inode == own)
			return CENSUS_NONE;
		found = row_of(c, row, ns, inode);
		if (found != CENSUS_NONE)
			return found;
	}
	return CENSUS_NONE;
}

static void find_outer(const struct scan *s)
{
	for (size_t i = 0; i < s->c->n; i++) {
		_cleanup_(proc_close) struct proc p = PROC_INIT;
		struct census_row *row = &s->c->rows[i];

		if (!row->userns || proc_open_identity(s->fs, row->pid, row->start_ticks, &p) < 0)
			continue;
		if (row->pidns != s->own_pidns && !row->has_pidns)
			row->outer = row_of(s->c, row, "pid", row->pidns);
		if (row->outer == CENSUS_NONE)
			row->outer = row_above(s->c, row, &p, "pid", s->own_pidns);
		if (row->outer == CENSUS_NONE)
			row->outer = row_above(s->c, row, &p, "user", s->own_userns);
	}
}

/* ---- together ---- */

static int by_login(const void *a, const void *b)
{
	const struct census_row *x = a, *y = b;
	int r = ORDER(x->auid, y->auid);

	if (r == 0)
		r = ORDER(x->start_ticks, y->start_ticks);
	return r ? r : ORDER(x->pid, y->pid);
}

static int set_times(const struct procfs *fs, struct census *c, struct err *e)
{
	struct timespec now = clock_now();
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t tick_ns = UINT64_C(1000000000) / (hz > 0 && hz <= 1000000000 ? (uint64_t)hz : 100), uptime_ns;
	int r = procfs_uptime_ns(fs, &uptime_ns);

	if (r < 0)
		return err_errno(e, -r, "read the uptime");
	for (size_t i = 0; i < c->n; i++)
		c->rows[i].started_ns = clock_ns(&now) - (int64_t)uptime_ns + (int64_t)(c->rows[i].start_ticks * tick_ns);
	return 0;
}

int census_take(const struct procfs *fs, struct census *ret, struct err *e)
{
	_cleanup_(census_done) struct census c = {0};
	struct scan s = {.fs = fs, .c = &c};
	int r = look_at_all(&s, e);

	if (r == 0) {
		find_heads(&s);
		r = make_rows(&s);
		if (r < 0)
			err_errno(e, -r, "containers in /proc");
	}
	free(s.items);
	if (r == 0)
		r = set_times(fs, &c, e);
	if (r < 0)
		return r;
	if (c.n > 1)
		qsort(c.rows, c.n, sizeof(*c.rows), by_login);
	find_outer(&s);
	*ret = c;
	c = (struct census){0};
	return 0;
}

size_t census_find(const struct census *c, pid_t pid, uint64_t start_ticks)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->rows[i].pid == pid && c->rows[i].start_ticks == start_ticks)
			return i;
	return CENSUS_NONE;
}

int census_add(const struct procfs *fs, pid_t pid, uint64_t start_ticks, struct census *c)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	struct scan s = {.fs = fs, .c = c};
	struct seen one = {.pid = pid};
	int r = proc_open_identity(fs, pid, start_ticks, &p);

	if (r == 0)
		r = look_at_self(&s);
	if (r == 0) {
		one.userns = ns_or_0(&p, "user");
		one.pidns = ns_or_0(&p, "pid");
		r = look_into(&p, &one);
	}
	if (r == 0 && c->n == CENSUS_ROWS_MAX)
		r = -E2BIG;
	if (r < 0)
		return r;
	r = make_row(&s, &one, 1);
	return r < 0 ? r : census_find(c, pid, start_ticks) == CENSUS_NONE ? -ESRCH : set_times(fs, c, NULL);
}

char *census_name(const struct census *c, const struct census_row *row)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (row->name)
		return strdup(row->name);
	/* pid 1 is what the payload is; its parent is who made the namespace. Where there is no pid 1 the process itself did */
	buf_addf(&b, "(%s)", row->has_pidns && *row->parent ? row->parent : row->comm);
	if (row->outer < c->n && c->rows[row->outer].name)
		buf_addf(&b, " in %s", c->rows[row->outer].name);
	return buf_take(&b);
}
