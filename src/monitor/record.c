/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Runs in the process that also writes exec trails (trail_serve.h), which
 * answers every question with "go on": nothing that is read here decides
 * anything, so that it may change afterwards does no harm.
 *
 * Between the filter's loading and the payload's exec it is init that asks,
 * about calls of its own; they are left out. What a launch needs is added
 * where a profile is made of this (engine/recorded.c).
 */
#include "monitor/record.h"

#include "base/json_text.h"
#include "base/sha256.h"
#include "monitor/log_format.h"
#include "sys/callname.h"
#include "sys/exec_call.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/seccomp.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#define RECORD_MAX ((size_t)8 << 20)

int record_begin(struct record *r, const char *path, int userns_fd)
{
	*r = (struct record){
		.path = strdup(path),
		.fs = PROCFS_INIT,
		.calls = {.max = RECORD_ITEMS_MAX}, .args = {.max = RECORD_ITEMS_MAX}, .foreign = {.max = RECORD_ITEMS_MAX},
		.files = {.max = RECORD_FILES_MAX}, .caps = {.max = 64}, .binds = {.max = 1024}, .connects = {.max = 1024},
	};
	if (!r->path)
		return -ENOMEM;
	if (userns_fd >= 0 && setns(userns_fd, CLONE_NEWUSER) < 0)
		return -errno;
	return procfs_open(&r->fs);
}

/* ---- who asks ---- */

const struct proc_status *asker_status(struct record_asker *a)
{
	struct proc p = {.pid = (pid_t)a->n->pid, .dirfd = a->dirfd, .pidfd = -EBADF};

	if (!a->has_status) {
		a->has_status = true;
		a->status_failed = proc_read_status(&p, &a->status) < 0;
	}
	return a->status_failed ? NULL : &a->status;
}

bool asker_has_cap(struct record_asker *a, int cap)
{
	const struct proc_status *st = asker_status(a);

	return st && (st->cap_eff >> cap & 1);
}

/* What it has not, it cannot have used. */
void record_need(struct record_asker *a, int cap, const char *why)
{
	struct tally_item *item;
	char key[16];

	if (!asker_has_cap(a, cap))
		return;
	snprintf(key, sizeof(key), "%d", cap);
	item = tally_add(&a->rec->caps, key, 0);
	if (item && !item->note) {
		const char *name = callname_of((uint32_t)a->n->data.nr);

		if (asprintf(&item->note, "%s: %s", name ? name : "?", why) < 0)
			item->note = NULL;
	}
}

bool asker_may(const struct proc_status *st, uint32_t uid, uint32_t gid, uint32_t mode, uint32_t want)
{
	bool in_group = st->gid[PROC_FS] == gid;

	if (st->uid[PROC_FS] == uid)
		return (mode >> 6 & want) == want;
	for (size_t i = 0; !in_group && i < st->n_groups; i++)
		in_group = st->groups[i] == gid;
	return in_group ? (mode >> 3 & want) == want : (mode & want) == want;
}

int asker_text(struct record_asker *a, uint64_t at, char *out, size_t size)
{
	bool cut;
	ssize_t n = at ? memory_read_string(&a->memory, at, out, size - 1, &cut) : -EFAULT;

	if (n < 0) {
		a->rec->unread += n != -EFAULT;
		return (int)n;
	}
	out[n] = '\0';
	return cut ? -ENAMETOOLONG : 0;
}

int asker_root(struct record_asker *a)
{
	if (a->root < 0)
		a->root = openat(a->dirfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return a->root;
}

/* The directory that a relative name starts from, by its name in the container. */
static int start_of(struct record_asker *a, int dir, char out[static PATH_MAX])
{
	char link[32] = "cwd";
	ssize_t n;

	if (dir != RECORD_NO_ARG && (int)a->n->data.args[dir] != AT_FDCWD)
		snprintf(link, sizeof(link), "fd/%d", (int)a->n->data.args[dir]);
	n = readlinkat(a->dirfd, link, out, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return out[0] == '/' ? 0 : -ENOENT;
}

int asker_path(struct record_asker *a, int dir, int path, char out[static PATH_MAX])
{
	char given[PATH_MAX], start[PATH_MAX];
	int r = asker_text(a, a->n->data.args[path], given, sizeof(given));

	if (r < 0)
		return r;
	if (given[0] == '/') {
		memcpy(out, given, strlen(given) + 1);
		return 0;
	}
	r = start_of(a, dir, start);
	if (r < 0)
		return r;
	return snprintf(out, PATH_MAX, "%s%s%s", start, given[0] ? "/" : "", given) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* ---- one question ---- */

static void look(struct record *r, const struct seccomp_notif *n)
{
	struct record_asker a = {.rec = r, .n = n, .memory = {.tid = (pid_t)n->pid}, .root = -EBADF};
	char name[16];

	snprintf(name, sizeof(name), "%u", n->pid);
	a.dirfd = openat(r->fs.fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (a.dirfd < 0)
		return;
	record_args(&a);
	record_files(&a);
	record_caps(&a);
	proc_status_done(&a.status);
	fd_closep(&a.root);
	fd_closep(&a.dirfd);
}

void record_call(struct record *r, const struct seccomp_notif *n)
{
	const struct exec_gate *gate = exec_gate_find(n->data.arch, (uint32_t)n->data.nr);
	const char *name;
	char key[48];

	r->begun |= gate != NULL;
	if (!r->begun)
		return;
	r->asked++;
	name = n->data.arch == seccomp_native_arch() ? callname_of((uint32_t)n->data.nr) : NULL;
	if (!name) {
		snprintf(key, sizeof(key), "%08x:%u", n->data.arch, (unsigned)n->data.nr);
		(void)tally_add(&r->foreign, key, 0);
		return;
	}
	(void)tally_add(&r->calls, name, 0);
	look(r, n);
}

/* ---- the file ---- */

static void put_counts(struct buf *b, const char *name, const struct tally *t)
{
	buf_addf(b, ",\n\"%s\":{", name);
	for (size_t i = 0; i < t->n; i++) {
		buf_adds(b, i ? ",\n" : "\n");
		json_text_string(b, t->items[i].key, strlen(t->items[i].key));
		buf_addf(b, ":%llu", (unsigned long long)t->items[i].n);
	}
	buf_adds(b, "}");
}

static void put_files(struct buf *b, const struct tally *t)
{
	buf_adds(b, ",\n\"files\":{");
	for (size_t i = 0; i < t->n; i++) {
		buf_adds(b, i ? ",\n" : "\n");
		json_text_string(b, t->items[i].key, strlen(t->items[i].key));
		buf_adds(b, ":\"");
		for (unsigned k = 0; k < strlen(RECORD_FILE_LETTERS); k++)
			if (t->items[i].bits >> k & 1)
				buf_addc(b, RECORD_FILE_LETTERS[k]);
		buf_addc(b, '"');
	}
	buf_adds(b, "}");
}

static void put_caps(struct buf *b, const struct tally *t)
{
	buf_adds(b, ",\n\"capabilities\":{");
	for (size_t i = 0; i < t->n; i++) {
		const char *note = t->items[i].note ? t->items[i].note : "";

		buf_addf(b, "%s\"%s\":", i ? ",\n" : "\n", t->items[i].key);
		json_text_string(b, note, strlen(note));
	}
	buf_adds(b, "}");
}

static uint64_t lost(const struct record *r)
{
	return r->calls.lost + r->args.lost + r->foreign.lost + r->files.lost + r->caps.lost + r->binds.lost + r->connects.lost;
}

int record_write(struct record *r, const char *container)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(RECORD_MAX);
	char stamp[LOG_STAMP_LEN + 1] = "";
	_cleanup_close_ int fd = -EBADF;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	log_stamp(&now, stamp);
	buf_addf(&b, "{\"version\":1,\"container\":\"%s\",\"finished\":\"%s\",\"asked\":%llu,\"unread\":%llu,\"lost\":%llu", container,
		 stamp, (unsigned long long)r->asked, (unsigned long long)r->unread, (unsigned long long)lost(r));
	put_counts(&b, "calls", &r->calls);
	put_counts(&b, "arguments", &r->args);
	put_counts(&b, "foreign", &r->foreign);
	put_counts(&b, "bind", &r->binds);
	put_counts(&b, "connect", &r->connects);
	put_caps(&b, &r->caps);
	put_files(&b, &r->files);
	buf_adds(&b, "}\n");
	if (buf_bad(&b))
		return -buf_bad(&b);
	fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd_write_all(fd, b.data, b.len);
}
