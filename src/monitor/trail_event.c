/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A question holds the number of a thread. All that is read of it, /proc/TID
 * and memory, is read by that number, and then the kernel is asked whether
 * the question still stands: if so, what was read was that thread's, for its
 * number cannot have been given away meanwhile (seccomp_unotify(2)).
 *
 * What is said of arguments is what the caller passed when it was stopped;
 * another thread of it may change them before the kernel reads them. What
 * runs is only known afterwards: an exec gives new memory, whose stack lies
 * elsewhere (stat, field 28). A process that has ended by then is not seen.
 *
 * No name of the container is opened here, and no link of it followed.
 * Reading memory may wait for whoever serves the pages: that is why all this
 * runs beside the monitor and not in it.
 */
#include "monitor/trail_event.h"

#include "base/json_text.h"
#include "base/parse.h"
#include "monitor/pollset.h"
#include "sys/exec_call.h"
#include "sys/fd.h"
#include "sys/memory.h"
#include "sys/notify.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LOOKS_MAX 6
#define STAT_MAX 1024

int trail_watch_init(struct trail_watch *w)
{
	for (size_t i = 0; i < TRAIL_PENDING; i++)
		w->pending[i].dirfd = -EBADF;
	return procfs_open(&w->fs);
}

/* ---- memory of the caller ---- */

/* Item `i` of an array of pointers; 0 is its end. */
static int read_pointer(const struct memory *m, uint64_t array, size_t i, uint64_t *ret)
{
	size_t size = m->narrow ? 4 : 8;
	uint64_t wide = 0;
	uint32_t half = 0;
	void *to = m->narrow ? (void *)&half : (void *)&wide;

	if (memory_read(m, array + i * size, to, size) != (ssize_t)size)
		return -EFAULT;
	*ret = m->narrow ? half : wide;
	return 0;
}

/* False: we may not read its memory at all. */
static bool add_file(struct buf *b, const struct memory *m, uint64_t at)
{
	char path[PATH_MAX];
	bool cut;
	ssize_t n = at ? memory_read_string(m, at, path, sizeof(path), &cut) : -EFAULT;

	if (n < 0 && n != -EFAULT) {
		buf_addf(b, ",\"unread\":%d", (int)-n);
		return false;
	}
	buf_adds(b, ",\"file\":");
	if (n < 0)
		buf_adds(b, "null");
	else
		json_text_bytes(b, path, (size_t)n);
	return true;
}

static void add_argv(struct buf *b, const struct memory *m, uint64_t array)
{
	size_t left = TRAIL_ARGV_BYTES, n = 0;
	bool cut = false, done = array == 0;
	char text[TRAIL_ARGV_BYTES];

	buf_adds(b, ",\"argv\":[");
	while (!done && !cut) {
		uint64_t at;
		ssize_t len;

		if (read_pointer(m, array, n, &at) < 0) {
			cut = true;
			break;
		}
		done = at == 0;
		if (done)
			break;
		if (n == TRAIL_ARGV_ITEMS || left == 0) {
			cut = true;
			break;
		}
		len = memory_read_string(m, at, text, left, &cut);
		if (len < 0) {
			cut = true;
			break;
		}
		buf_adds(b, n ? "," : "");
		json_text_bytes(b, text, (size_t)len);
		left -= (size_t)len;
		n++;
	}
	buf_addf(b, "]%s", cut ? ",\"argvCut\":true" : "");
}

/* ---- the process ---- */

/* The address of the stack of the process's memory; 0 when it cannot be read. */
static uint64_t stack_of(int dirfd)
{
	_cleanup_close_ int fd = openat(dirfd, "stat", O_RDONLY | O_CLOEXEC);
	char text[STAT_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	uint64_t value = 0;
	char *p;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* the last ')' ends field 2 */
	p = strrchr(text, ')');
	for (int field = 2; p && field < 28; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return 0;
	p[strcspn(p, " \n")] = '\0';
	return parse_u64(p, 0, UINT64_MAX, &value) < 0 ? 0 : value;
}

static void add_exe(struct buf *b, const char *key, int dirfd)
{
	char exe[PATH_MAX];
	ssize_t n = readlinkat(dirfd, "exe", exe, sizeof(exe));

	if (n <= 0)
		return;
	buf_addf(b, ",\"%s\":", key);
	json_text_bytes(b, exe, (size_t)n);
}

static void add_login(struct buf *b, const char *key, const struct proc *p, const char *file)
{
	uint32_t id;

	if (proc_read_id(p, file, &id) == 0 && id != PROC_ID_UNSET)
		buf_addf(b, ",\"%s\":%u", key, id);
	else
		buf_addf(b, ",\"%s\":null", key);
}

/* Who asks. */
static void add_who(struct buf *b, const struct trail_watch *w, const struct proc *p, const struct proc_status *st)
{
	const struct proc_pids *inside = &st->nstgid;

	buf_addf(b, ",\"pid\":%u", inside->v[0]);
	if (inside->v[0] != (uint32_t)p->pid)
		buf_addf(b, ",\"tid\":%d", p->pid);
	buf_addf(b, ",\"nspid\":%u,\"ppid\":%u,\"uid\":%u,\"euid\":%u,\"gid\":%u", inside->v[inside->n - 1], st->ppid,
		 st->uid[PROC_REAL], st->uid[PROC_EFFECTIVE], st->gid[PROC_REAL]);
	/* in another namespace the login's number is not the host's, and is not told */
	if (w->fs.on_host)
		add_login(b, "auid", p, "loginuid");
	else
		buf_adds(b, ",\"auid\":null");
	add_login(b, "ses", p, "sessionid");
	add_exe(b, "caller", p->dirfd);
}

/* What it passed. */
static void add_call(struct buf *b, const struct seccomp_notif *n)
{
	const struct exec_gate *g = exec_gate_find(n->data.arch, (uint32_t)n->data.nr);
	size_t first = g && g->call == EXEC_CALL_EXECVEAT ? 1 : 0;
	struct memory m = {.tid = (pid_t)n->pid, .narrow = g && g->narrow};

	buf_addf(b, ",\"call\":\"%s\"", first ? "execveat" : "execve");
	if (first)
		buf_addf(b, ",\"dirfd\":%d,\"flags\":%u", (int)n->data.args[0], (unsigned)n->data.args[4]);
	if (add_file(b, &m, n->data.args[first]))
		add_argv(b, &m, n->data.args[first + 1]);
}

/* ---- what became of it ---- */

/* Takes a free place, or the one that was looked at most. Consumes its descriptor. */
static void expect(struct trail_watch *w, struct trail_pending with)
{
	struct trail_pending *p = &w->pending[0];

	for (size_t i = 0; i < TRAIL_PENDING && p->dirfd >= 0; i++)
		if (w->pending[i].dirfd < 0 || w->pending[i].looks > p->looks)
			p = &w->pending[i];
	fd_closep(&p->dirfd);
	*p = with;
	p->next_ms = now_ms();
}

/* True when there is nothing more to look for. */
static bool look_at(struct trail_pending *p, struct trail_file *f)
{
	uint64_t stack = stack_of(p->dirfd);
	struct buf *b;

	if (stack == 0)
		return true;
	if (stack == p->stack) {
		/* soon first, then seldom: 0, 1, 2, 4, ... ms */
		p->next_ms = now_ms() + (1 << p->looks);
		return ++p->looks > LOOKS_MAX;
	}
	b = trail_file_begin(f, "seen");
	buf_addf(b, ",\"of\":%llu", (unsigned long long)p->seq);
	add_exe(b, "exe", p->dirfd);
	trail_file_end(f);
	return true;
}

int trail_event_look(struct trail_watch *w, struct trail_file *f)
{
	int64_t now = now_ms(), next = INT64_MAX;

	for (size_t i = 0; i < TRAIL_PENDING; i++) {
		struct trail_pending *p = &w->pending[i];

		if (p->dirfd >= 0 && p->next_ms <= now && look_at(p, f))
			fd_closep(&p->dirfd);
		if (p->dirfd >= 0 && p->next_ms < next)
			next = p->next_ms;
	}
	return next == INT64_MAX ? -1 : next <= now ? 0 : (int)(next - now);
}

/* ---- the line ---- */

/* It asks again, so what it asked before has happened or never will: later it would be taken for this one. */
static void settle(struct trail_watch *w, struct trail_file *f, uint32_t pid)
{
	for (size_t i = 0; i < TRAIL_PENDING; i++) {
		struct trail_pending *p = &w->pending[i];

		if (p->dirfd < 0 || p->pid != pid)
			continue;
		(void)look_at(p, f);
		fd_closep(&p->dirfd);
	}
}

static int open_numbered(const struct procfs *fs, uint32_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", pid);
	return openat(fs->fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

bool trail_event_exec(struct trail_watch *w, struct trail_file *f, int listener, const struct seccomp_notif *n)
{
	_cleanup_close_ int dirfd = open_numbered(&w->fs, n->pid), group = -EBADF;
	struct proc p = {.pid = (pid_t)n->pid, .dirfd = dirfd, .pidfd = -EBADF};
	_cleanup_(proc_status_done) struct proc_status st = {0};
	struct trail_pending then;
	struct buf *b;

	if (dirfd < 0 || proc_read_status(&p, &st) < 0 || st.nstgid.n == 0)
		return false;
	then = (struct trail_pending){.pid = st.nstgid.v[0], .stack = stack_of(dirfd)};
	settle(w, f, then.pid);
	group = open_numbered(&w->fs, then.pid);
	b = trail_file_begin(f, "exec");
	add_who(b, w, &p, &st);
	add_call(b, n);
	/* what was opened and read up to here is of the one who asks, if it still does */
	if (!notify_is_valid(listener, n->id)) {
		trail_file_drop(f);
		return false;
	}
	then.seq = trail_file_end(f);
	if (group >= 0 && then.stack != 0) {
		then.dirfd = TAKE_FD(group);
		expect(w, then);
	}
	return true;
}
