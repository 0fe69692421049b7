/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The files that `audit setup` writes. What is there already, and is not what
 * we wrote last, is an administrator's: it is kept as NAME.saved, which none
 * of the programs that read these directories looks at, and comes back with
 * --undo.
 */
#include "base/sha256.h"
#include "cmd/audit_rules.h"
#include "cmd/audit_setup.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (256U << 10)

struct file {
	const char *path;
	int (*text)(const struct setup *s, struct buf *b, struct err *e); /* 1: there is none to be written */
};

static int sysusers_text(const struct setup *s, struct buf *b, struct err *e)
{
	(void)s;
	(void)e;
	buf_adds(b, "# the group of ranby-witness's rate limit; nobody is a member\ng " SETUP_GROUP " -\n"
		    "# who may read the system ledger, and the account of ranby-trail's processes that read what users wrote\n"
		    "g " SETUP_AUDIT_GROUP " -\nu " SETUP_USER " - \"ranby system ledger\" / /usr/sbin/nologin\n");
	return 0;
}

static int tmpfiles_text(const struct setup *s, struct buf *b, struct err *e)
{
	(void)s;
	(void)e;
	buf_adds(b, "# the rate limit of ranby-witness\nd " SETUP_STATE_DIR " 2770 root " SETUP_GROUP " -\n"
		    "# the system ledger\nd " SETUP_LEDGER_DIR " 0750 root " SETUP_AUDIT_GROUP " -\n");
	return 0;
}

static int rules_text(const struct setup *s, struct buf *b, struct err *e)
{
	int r = audit_rules_text(s->prefix, s->a->root != NULL, b, e);

	return r == -ENOENT ? 1 : r;
}

/* The pack's own, with the path at which ranby-trail is installed. */
static int plugin_text(const struct setup *s, struct buf *b, struct err *e)
{
	_cleanup_free_ char *program = NULL, *from = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (asprintf(&program, "%s/sbin/ranby-trail", s->prefix) < 0 ||
	    asprintf(&from, "%s/share/ranby/policies/audit/ranby-trail.conf", s->prefix) < 0)
		return err_errno(e, ENOMEM, "plugin");
	fd = faccessat(AT_FDCWD, program, X_OK, 0) == 0 ? open(from, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return errno == ENOENT ? 1 : err_errno(e, errno, "%s", from);
	r = fd_read_all(fd, FILE_MAX, &text);
	for (const char *p = buf_str(&text), *end; r == 0 && *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		if (strncmp(p, "path = ", 7) == 0)
			buf_addf(b, "path = %s\n", program);
		else
			buf_addf(b, "%.*s\n", (int)(end - p), p);
	}
	return r < 0 ? err_errno(e, -r, "%s", from) : 0;
}

static const struct file first[] = {
	{"/etc/sysusers.d/ranby.conf", sysusers_text},
	{"/etc/tmpfiles.d/ranby.conf", tmpfiles_text},
};
static const struct file last[] = {
	{"/etc/audit/rules.d/40-ranby.rules", rules_text},
	{"/etc/audit/plugins.d/ranby-trail.conf", plugin_text},
};

/* One file while it is looked at. */
struct place {
	const char *root, *path, *name;
	char saved[64];  /* NAME.saved */
	struct buf want, have;
	bool there, same, ours; /* ours: as we wrote it last, or would write it */
	bool unseen;            /* in a directory that is root's alone: /etc/audit, where Debian makes it */
	int dir;
};

static void place_done(struct place *p)
{
	buf_done(&p->want);
	buf_done(&p->have);
	fd_closep(&p->dir);
}

static int look(struct setup *s, struct place *p, struct err *e)
{
	const char *written = setup_made(s, "file", p->path);
	char hash[SHA256_HEX_SIZE];
	int r = setup_open_dir(s, p->path, s->a->apply, &p->name, &p->dir);

	snprintf(p->saved, sizeof(p->saved), "%s.saved", p->name);
	r = r < 0 ? r : path_own_read(p->dir, p->name, FILE_MAX, &p->have);
	p->unseen = r == -EACCES && s->a->dry_run;
	if (p->unseen)
		return 0;
	if (r < 0 && r != -ENOENT)
		return err_errno(e, -r, "%s%s", p->root, p->path);
	p->there = r == 0;
	sha256_hex(buf_str(&p->have), p->have.len, hash);
	p->same = p->there && p->have.len == p->want.len && memcmp(buf_str(&p->have), buf_str(&p->want), p->want.len) == 0;
	p->ours = p->there && (written ? strcmp(written, hash) == 0 : p->same);
	return 0;
}

static int undo(struct setup *s, struct place *p, struct err *e)
{
	const char *saved = setup_made(s, "saved", p->path);

	setup_forget(s, "file", p->path);
	if (p->there && !p->ours) {
		printf("left, because it is not as it was written: %s%s\n", p->root, p->path);
		return 0;
	}
	if (p->there) {
		if (unlinkat(p->dir, p->name, 0) < 0)
			return err_errno(e, errno, "%s%s", p->root, p->path);
		printf("removed %s%s\n", p->root, p->path);
	}
	if (saved && p->dir >= 0) {
		if (renameat(p->dir, p->saved, p->dir, p->name) < 0)
			return err_errno(e, errno, "%s%s: what was there before", p->root, p->path);
		printf("put back %s%s\n", p->root, p->path);
	}
	setup_forget(s, "saved", p->path);
	return 0;
}

static int keep(struct setup *s, const struct place *p, struct err *e)
{
	/* what was there before we first came, and not an edition of ours */
	if (setup_made(s, "saved", p->path))
		return 0;
	if (renameat(p->dir, p->name, p->dir, p->saved) < 0)
		return err_errno(e, errno, "%s%s", p->root, p->path);
	printf("kept as %s: %s%s\n", p->saved, p->root, p->path);
	return setup_note(s, "saved", p->path, NULL);
}

static int apply(struct setup *s, struct place *p, struct err *e)
{
	char hash[SHA256_HEX_SIZE];
	int r = p->there && !p->ours ? keep(s, p, e) : 0;

	if (r < 0)
		return r;
	sha256_hex(buf_str(&p->want), p->want.len, hash);
	r = path_own_write(p->dir, p->name, buf_str(&p->want), p->want.len, strstr(p->path, "/audit/") ? 0640 : 0644, PATH_SYNC_FULL);
	r = r < 0 ? r : setup_note(s, "file", p->path, hash);
	if (r < 0)
		return err_errno(e, -r, "%s%s", p->root, p->path);
	printf("wrote %s%s\n", p->root, p->path);
	return 0;
}

static int walk_file(struct setup *s, const struct file *f, struct err *e)
{
	_cleanup_(place_done) struct place p = {
		.root = s->a->root ? s->a->root : "", .path = f->path, .want = BUF_INIT, .have = BUF_INIT, .dir = -EBADF,
	};
	int r = f->text(s, &p.want, e);

	/* without a text there may be one of an earlier time to take back */
	if (r < 0 || (r > 0 && !s->a->undo))
		return r < 0 ? r : 0;
	r = look(s, &p, e);
	if (r < 0)
		return r;
	if (s->a->undo)
		return undo(s, &p, e);
	if (p.same || s->a->dry_run) {
		printf("%s: %s%s\n", p.unseen ? "to write, or there already, which root alone can see" : p.same ? "is there" : "to write", p.root,
		       p.path);
		return 0;
	}
	return apply(s, &p, e);
}

static int walk(struct setup *s, const struct file *files, size_t n, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = walk_file(s, &files[i], e);
	return r;
}

int setup_files_first(struct setup *s, struct err *e)
{
	return walk(s, first, ARRAY_SIZE(first), e);
}

int setup_files_last(struct setup *s, struct err *e)
{
	return walk(s, last, ARRAY_SIZE(last), e);
}
