/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * audit setup - what root has to do once, so that containers are witnessed.
 *
 * A table of steps; each looks whether it is done, does it, or undoes it. So
 * --dry-run, --apply and --undo are one walk, and doing it twice does
 * nothing. The capabilities are written as the kernel has them
 * (capabilities(7), "VFS_CAP_REVISION_2"), so that no other tool is needed.
 */
#include "base/buf.h"
#include "base/strv.h"
#include "cmd/commands.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <endian.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define GROUP "ranby"
#define STATE_DIR "/run/ranby-witness"
#define CAPS_TEXT "cap_audit_write,cap_audit_read=ep"
#define RULES_MAX (256U << 10)

struct setup_args {
	bool dry_run, apply, undo;
	const char *root;
};

static const struct option_row setup_rows[] = {
	{0, "dry-run", OPT_FLAG, offsetof(struct setup_args, dry_run), .help = "Say what there is to do, and do nothing"},
	{0, "apply", OPT_FLAG, offsetof(struct setup_args, apply), .help = "Do it"},
	{0, "undo", OPT_FLAG, offsetof(struct setup_args, undo), .help = "Take it back"},
	{0, "root", OPT_STRING, offsetof(struct setup_args, root), .arg = "DIR",
	 .help = "Write the files below DIR, and nothing else: for an image or a package"},
	OPTION_END,
};

struct setup {
	const struct setup_args *a;
	char *witness; /* absolute path of ranby-witness */
	char *prefix;  /* PREFIX of the installation */
	int witness_fd;
};

/* ---- files ---- */

struct file {
	const char *path;
	int (*text)(const struct setup *s, struct buf *b, struct err *e); /* 1: there is none to be written */
};

static int sysusers_text(const struct setup *s, struct buf *b, struct err *e)
{
	(void)s;
	(void)e;
	buf_adds(b, "# the group of ranby-witness's rate limit; nobody is a member\ng " GROUP " -\n");
	return 0;
}

static int tmpfiles_text(const struct setup *s, struct buf *b, struct err *e)
{
	(void)s;
	(void)e;
	buf_adds(b, "# the rate limit of ranby-witness\nd " STATE_DIR " 2770 root " GROUP " -\n");
	return 0;
}

static int rules_text(const struct setup *s, struct buf *b, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (asprintf(&path, "%s/share/ranby/policies/audit/40-ranby.rules", s->prefix) < 0)
		return err_errno(e, ENOMEM, "rules");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : err_errno(e, errno, "%s", path);
	r = fd_read_all(fd, RULES_MAX, b);
	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

static int plugin_text(const struct setup *s, struct buf *b, struct err *e)
{
	static const char *const dirs[] = {"sbin", "libexec/ranby"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s/ranby-trail", s->prefix, dirs[i]) < 0)
			return err_errno(e, ENOMEM, "plugin");
		if (faccessat(AT_FDCWD, path, X_OK, 0) < 0)
			continue;
		buf_addf(b, "active = yes\ndirection = out\npath = %s\ntype = always\nformat = string\n", path);
		return 0;
	}
	return 1;
}

static const struct file files[] = {
	{"/etc/sysusers.d/ranby.conf", sysusers_text},
	{"/etc/tmpfiles.d/ranby.conf", tmpfiles_text},
	{"/etc/audit/rules.d/40-ranby.rules", rules_text},
	{"/etc/audit/plugins.d/ranby-trail.conf", plugin_text},
};

/* The directory of a file, below --root; made when it is to be written. -ENOENT. */
static int open_dir(const struct setup *s, const char *path, bool make, const char **ret_name, int *ret_fd)
{
	_cleanup_close_ int base = open(s->a->root ? s->a->root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *copy = strdup(path + 1);
	int r = base < 0 ? -errno : copy ? 0 : -ENOMEM;

	*ret_name = strrchr(path, '/') + 1;
	if (r < 0)
		return r;
	copy[*ret_name - path - 2] = '\0';
	/* path_own_mkdirs() makes 0700, which /etc/sysusers.d must not be */
	for (char *at = copy; make && r == 0 && at; at = strchr(at + 1, '/')) {
		char *slash = strchr(at + 1, '/');

		if (slash)
			*slash = '\0';
		if (mkdirat(base, copy, 0755) < 0 && errno != EEXIST)
			r = -errno;
		if (slash)
			*slash = '/';
		if (!slash)
			break;
	}
	return r < 0 ? r : path_own_open(base, copy, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

static int file_is_there(int dir, const char *name, const struct buf *want)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return path_own_read(dir, name, RULES_MAX, &b) == 0 && b.len == want->len && memcmp(buf_str(&b), want->data, b.len) == 0;
}

static int walk_file(const struct setup *s, const struct file *f, struct err *e)
{
	_cleanup_(buf_done) struct buf want = BUF_INIT;
	_cleanup_close_ int dir = -EBADF;
	const char *root = s->a->root ? s->a->root : "", *name;
	int r = f->text(s, &want, e);

	if (r != 0)
		return r < 0 ? r : 0;
	r = open_dir(s, f->path, s->a->apply, &name, &dir);
	if (r < 0 && r != -ENOENT)
		return err_errno(e, -r, "%s%s", root, f->path);
	if (s->a->undo) {
		if (r == 0 && unlinkat(dir, name, 0) == 0)
			printf("removed %s%s\n", root, f->path);
		return 0;
	}
	if (r == 0 && file_is_there(dir, name, &want)) {
		printf("is there: %s%s\n", root, f->path);
		return 0;
	}
	if (s->a->dry_run) {
		printf("to write: %s%s\n", root, f->path);
		return 0;
	}
	r = path_own_write(dir, name, buf_str(&want), want.len, strstr(f->path, "/audit/") ? 0640 : 0644, PATH_SYNC_FULL);
	if (r < 0)
		return err_errno(e, -r, "%s%s", root, f->path);
	printf("wrote %s%s\n", root, f->path);
	return 0;
}

/* ---- group, directory, privileges ---- */

static int run_tool(const char *tool, const char *option, struct err *e)
{
	_cleanup_close_ int exe = -EBADF;
	_cleanup_(strv_done) struct strv argv = {0};
	struct spawn sp = SPAWN_INIT;
	int status, r = self_open_helper(tool, &exe, NULL, e);
	pid_t pid;

	if (r < 0)
		return r;
	if (strv_add(&argv, tool) < 0 || (option && strv_add(&argv, option) < 0) || strv_add(&argv, GROUP) < 0)
		return err_errno(e, ENOMEM, "%s", tool);
	sp.exe_fd = exe;
	sp.argv = argv.items;
	r = spawn_start(&sp, &pid, NULL, e);
	if (r < 0)
		return r;
	r = spawn_wait(pid, &status);
	if (r < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, EIO, "%s %s failed", tool, GROUP);
	return 0;
}

static int walk_group(const struct setup *s, struct err *e)
{
	bool there = getgrnam(GROUP) != NULL;
	int r = 0;

	if (s->a->dry_run || (there && s->a->apply))
		printf("%s: group " GROUP "\n", there ? "is there" : "to make");
	else if (s->a->apply && (r = run_tool("groupadd", "--system", e)) == 0)
		printf("made group " GROUP "\n");
	else if (s->a->undo && there && (r = run_tool("groupdel", NULL, e)) == 0)
		printf("removed group " GROUP "\n");
	return r;
}

static int walk_state_dir(const struct setup *s, struct err *e)
{
	const struct group *g = getgrnam(GROUP);
	_cleanup_close_ int run = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir = -EBADF;
	struct stat st;
	bool good = g && lstat(STATE_DIR, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 && st.st_gid == g->gr_gid &&
		    (st.st_mode & 07777) == 02770;

	if (s->a->undo) {
		int r = path_own_remove_tree(run, strrchr(STATE_DIR, '/') + 1);

		return r < 0 ? err_errno(e, -r, STATE_DIR) : 0;
	}
	if (good || s->a->dry_run) {
		printf("%s: " STATE_DIR "\n", good ? "is there" : "to make");
		return 0;
	}
	if (mkdirat(run, strrchr(STATE_DIR, '/') + 1, 0700) < 0 && errno != EEXIST)
		return err_errno(e, errno, STATE_DIR);
	dir = openat(run, strrchr(STATE_DIR, '/') + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || !g || fchown(dir, 0, g->gr_gid) < 0 || fchmod(dir, 02770) < 0)
		return err_errno(e, errno, STATE_DIR);
	printf("made " STATE_DIR "\n");
	return 0;
}

static struct vfs_cap_data wanted_caps(void)
{
	struct vfs_cap_data caps = {.magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE)};

	caps.data[0].permitted = htole32(CAP_TO_MASK(CAP_AUDIT_WRITE));
	caps.data[1].permitted = htole32(CAP_TO_MASK(CAP_AUDIT_READ));
	return caps;
}

static bool is_privileged(const struct setup *s, const struct group *g)
{
	struct vfs_cap_data caps, want = wanted_caps();
	struct stat st;

	return g && fstat(s->witness_fd, &st) == 0 && st.st_uid == 0 && st.st_gid == g->gr_gid && (st.st_mode & 07777) == 02755 &&
	       fgetxattr(s->witness_fd, "security.capability", &caps, sizeof(caps)) == (ssize_t)sizeof(caps) &&
	       memcmp(&caps, &want, sizeof(caps)) == 0;
}

static int walk_privileges(const struct setup *s, struct err *e)
{
	const struct group *g = getgrnam(GROUP);
	struct vfs_cap_data caps = wanted_caps();
	bool good = is_privileged(s, g);

	if (s->a->undo) {
		(void)fremovexattr(s->witness_fd, "security.capability"); /* it may have none */
		if (fchown(s->witness_fd, 0, 0) < 0 || fchmod(s->witness_fd, 0755) < 0)
			return err_errno(e, errno, "%s", s->witness);
		printf("took from %s what it was given\n", s->witness);
		return 0;
	}
	if (good || s->a->dry_run) {
		printf("%s: %s root:" GROUP " 2755 " CAPS_TEXT "\n", good ? "is there" : "to give", s->witness);
		return 0;
	}
	/* a change of owner takes capabilities and the set-group-id bit away: they come last */
	if (!g || fchown(s->witness_fd, 0, g->gr_gid) < 0 || fchmod(s->witness_fd, 02755) < 0 ||
	    fsetxattr(s->witness_fd, "security.capability", &caps, sizeof(caps), 0) < 0)
		return err_errno(e, errno, "%s", s->witness);
	printf("gave %s root:" GROUP " 2755 " CAPS_TEXT "\n", s->witness);
	return 0;
}

/* ---- together ---- */

static int find_witness(struct setup *s, struct err *e)
{
	_cleanup_close_ int path_fd = -EBADF;
	int r = self_open_program("ranby-witness", &path_fd, &s->witness, e);

	if (r < 0)
		return r;
	s->prefix = strdup(s->witness);
	if (!s->prefix)
		return err_errno(e, ENOMEM, "setup");
	for (int i = 0; i < 3; i++) /* PREFIX/libexec/ranby/ranby-witness */
		*strrchr(s->prefix, '/') = '\0';
	s->witness_fd = open(s->witness, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return s->witness_fd < 0 ? err_errno(e, errno, "%s", s->witness) : 0;
}

static int walk(const struct setup *s, struct err *e)
{
	static int (*const steps[])(const struct setup *s, struct err *e) = {walk_group, walk_state_dir, walk_privileges};
	int r = 0;

	/* undone in the other direction: the group is the last that is needed */
	for (size_t i = 0; r == 0 && !s->a->root && i < ARRAY_SIZE(steps); i++)
		r = steps[s->a->undo ? ARRAY_SIZE(steps) - 1 - i : i](s, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = walk_file(s, &files[i], e);
	if (r == 0 && s->a->apply && !s->a->root)
		printf("next: augenrules --load; restart auditd\n");
	return r;
}

static int setup_run(const struct command_call *call, struct err *e)
{
	struct setup s = {.a = call->args, .witness_fd = -EBADF};
	int r;

	if (s.a->dry_run + s.a->apply + s.a->undo != 1)
		return err_set(e, EINVAL, "audit setup: one of --dry-run, --apply and --undo");
	if (!s.a->dry_run && !s.a->root && geteuid() != 0)
		return err_set(e, EPERM, "audit setup: only root can do that; --dry-run says what it would be");
	r = find_witness(&s, e);
	if (r == 0)
		r = walk(&s, e);
	fd_closep(&s.witness_fd);
	free(s.witness);
	free(s.prefix);
	return r;
}

const struct command command_audit_setup = {
	.name = "audit setup",
	.operands = "--dry-run|--apply|--undo",
	.summary = "Install what witnesses containers: group, capabilities, rules, plugin",
	.needs = NEED_NOTHING,
	.rows = setup_rows,
	.args_size = sizeof(struct setup_args),
	.run = setup_run,
};
