/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What `audit setup` makes on the host itself, beside files. Accounts are made
 * by systemd-sysusers out of the file written for it, where that is installed,
 * so that they get the numbers that this distribution gives such; else by the
 * tools of shadow. Capabilities are written as the kernel has them
 * (capabilities(7), "VFS_CAP_REVISION_2"), so that no other tool is needed.
 */
#include "cmd/audit_setup.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <endian.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CAPS_TEXT "cap_audit_write,cap_audit_read=ep"

/* ---- the witness of another installation ---- */

#define WITNESS_LINE "witness "

/* The path of a witness that this line says was given its privileges; NULL: it says something else. */
static const char *witness_of(const char *line)
{
	return strncmp(line, WITNESS_LINE, strlen(WITNESS_LINE)) == 0 ? line + strlen(WITNESS_LINE) : NULL;
}

static bool has_privileges(const char *witness)
{
	struct stat st;

	return lstat(witness, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_ISGID);
}

/* One that was given its privileges here and has them still; NULL: none but ours. */
static const char *other_witness(const struct setup *s)
{
	for (size_t i = 0; i < s->made.n; i++) {
		const char *path = witness_of(s->made.items[i]);

		if (path && strcmp(path, s->witness) != 0 && has_privileges(path))
			return path;
	}
	return NULL;
}

/* Installations that went without a word: nothing is to be taken back from them. */
static void forget_gone(struct setup *s)
{
	for (size_t i = s->made.n; i-- > 0;) {
		const char *path = witness_of(s->made.items[i]);
		_cleanup_free_ char *gone = path && !has_privileges(path) ? strdup(path) : NULL;

		if (gone)
			setup_forget(s, "witness", gone);
	}
}

/* ---- accounts ---- */

static const struct account {
	const char *kind, *name;
	bool witness; /* the witness needs it */
} accounts[] = {
	{"group", SETUP_GROUP, true},
	{"group", SETUP_AUDIT_GROUP, false},
	{"user", SETUP_USER, false},
};

static bool is_user(const struct account *a)
{
	return strcmp(a->kind, "user") == 0;
}

static bool account_is_there(const struct account *a)
{
	return is_user(a) ? getpwnam(a->name) != NULL : getgrnam(a->name) != NULL; /* NOLINT(concurrency-mt-unsafe): one thread */
}

/* -ENOENT: it is not installed. */
static int run_tool(const char *const *words, struct err *e)
{
	_cleanup_close_ int exe = -EBADF;
	_cleanup_(strv_done) struct strv argv = {0};
	struct spawn sp = SPAWN_INIT;
	int status, r = self_open_helper(words[0], &exe, NULL, e);
	pid_t pid;

	for (const char *const *word = words; r == 0 && *word; word++)
		r = strv_add(&argv, *word);
	if (r < 0)
		return r;
	sp.exe_fd = exe;
	sp.argv = argv.items;
	r = spawn_start(&sp, &pid, NULL, e);
	if (r < 0)
		return r;
	r = spawn_wait(pid, &status);
	if (r < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, EIO, "%s failed", words[0]);
	return 0;
}

static int make_account(const struct account *a, struct err *e)
{
	const char *const group[] = {"groupadd", "--system", a->name, NULL};
	const char *const user[] = {"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/", "--shell", "/usr/sbin/nologin", a->name, NULL};

	return run_tool(is_user(a) ? user : group, e);
}

static int note_account(struct setup *s, const struct account *a)
{
	printf("made %s %s\n", a->kind, a->name);
	return setup_note(s, a->kind, a->name, NULL);
}

/* All that are missing, at once. What it does not make is made one by one. */
static int make_by_sysusers(struct setup *s, const bool *missing)
{
	const char *const words[] = {"systemd-sysusers", "/etc/sysusers.d/ranby.conf", NULL};
	struct err ignored = {0};
	int r = run_tool(words, &ignored) < 0 ? 1 : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(accounts); i++)
		if (missing[i] && account_is_there(&accounts[i]))
			r = note_account(s, &accounts[i]);
	return r < 0 ? r : 0;
}

static int remove_account(struct setup *s, const struct account *a, struct err *e)
{
	const char *const words[] = {is_user(a) ? "userdel" : "groupdel", a->name, NULL};
	const char *other = a->witness ? other_witness(s) : NULL;
	int r;

	if (!setup_made(s, a->kind, a->name))
		return 0;
	if (other) {
		printf("left, because %s needs it: %s %s\n", other, a->kind, a->name);
		return 0;
	}
	r = account_is_there(a) ? run_tool(words, e) : 0;
	if (r < 0)
		return r;
	setup_forget(s, a->kind, a->name);
	printf("removed %s %s\n", a->kind, a->name);
	return 0;
}

static int remove_accounts(struct setup *s, struct err *e)
{
	int r = 0;

	for (size_t i = ARRAY_SIZE(accounts); r == 0 && i-- > 0;)
		if (accounts[i].witness || !s->a->witness)
			r = remove_account(s, &accounts[i], e);
	return r;
}

int setup_accounts(struct setup *s, struct err *e)
{
	bool missing[ARRAY_SIZE(accounts)] = {false}, any = false;
	int r = 0;

	if (s->a->undo)
		return remove_accounts(s, e);
	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++) {
		if (!accounts[i].witness && s->a->witness)
			continue;
		missing[i] = !account_is_there(&accounts[i]);
		any |= missing[i];
		if (!missing[i] || s->a->dry_run)
			printf("%s: %s %s\n", missing[i] ? "to make" : "is there", accounts[i].kind, accounts[i].name);
	}
	if (!any || !s->a->apply)
		return 0;
	if (!s->a->witness)
		r = make_by_sysusers(s, missing);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(accounts); i++) {
		if (!missing[i] || account_is_there(&accounts[i]))
			continue;
		r = make_account(&accounts[i], e);
		r = r < 0 ? r : note_account(s, &accounts[i]);
	}
	return r;
}

/* ---- directories ---- */

static const struct directory {
	const char *path, *group;
	mode_t mode;
	bool witness, gone_at_boot; /* ours whoever made it, and what is in it is nobody's loss */
} directories[] = {
	{SETUP_STATE_DIR, SETUP_GROUP, 02770, true, true},
	{SETUP_RECORD_DIR, NULL, 0755, false, false},
	{SETUP_LEDGER_DIR, SETUP_AUDIT_GROUP, 0750, false, false},
};

static int make_directory(struct setup *s, const struct directory *d, gid_t gid, struct err *e)
{
	_cleanup_close_ int parent = -EBADF, dir = -EBADF;
	const char *name;
	int r = setup_open_dir(s, d->path, true, &name, &parent);

	if (r < 0)
		return err_errno(e, -r, "%s", d->path);
	if (mkdirat(parent, name, 0700) == 0)
		r = d->gone_at_boot ? 0 : setup_note(s, "dir", d->path, NULL);
	else if (errno != EEXIST)
		r = -errno;
	dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r < 0 || dir < 0 || fchown(dir, 0, gid) < 0 || fchmod(dir, d->mode) < 0)
		return err_errno(e, r < 0 ? -r : errno, "%s", d->path);
	printf("made %s\n", d->path);
	return 0;
}

static int walk_directory(struct setup *s, const struct directory *d, struct err *e)
{
	const struct group *g = d->group ? getgrnam(d->group) : NULL; /* NOLINT(concurrency-mt-unsafe): one thread */
	gid_t gid = g ? g->gr_gid : 0;
	struct stat st;
	bool good = (g || !d->group) && lstat(d->path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 && st.st_gid == gid &&
		    (st.st_mode & 07777) == d->mode;

	if (good || s->a->dry_run) {
		printf("%s: %s\n", good ? "is there" : "to make", d->path);
		return 0;
	}
	if (d->group && !g)
		return err_set(e, ENOENT, "%s: there is no group %s", d->path, d->group);
	return make_directory(s, d, gid, e);
}

int setup_directories(struct setup *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && !s->a->undo && i < ARRAY_SIZE(directories); i++)
		if (directories[i].witness || !s->a->witness)
			r = walk_directory(s, &directories[i], e);
	return r;
}

static int remove_directory(struct setup *s, const char *path, bool with_content, struct err *e)
{
	_cleanup_close_ int parent = -EBADF;
	const char *name;
	int r = setup_open_dir(s, path, false, &name, &parent);

	if (r == 0 && with_content)
		r = path_own_remove_tree(parent, name);
	else if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0)
		r = -errno;
	if (r == -ENOTEMPTY || r == -EEXIST)
		printf("left, because it is not empty: %s%s\n", s->a->root ? s->a->root : "", path);
	else if (r < 0 && r != -ENOENT)
		return err_errno(e, -r, "%s", path);
	else if (r == 0)
		printf("removed %s%s\n", s->a->root ? s->a->root : "", path);
	return 0;
}

/* The directories that were made here; none of them while what was made in them stays. */
static int made_directories(const struct setup *s, struct strv *dirs)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < s->made.n; i++)
		n += strncmp(s->made.items[i], "dir ", 4) == 0;
	for (size_t i = 0; r == 0 && n == s->made.n && i < s->made.n; i++)
		r = strv_add(dirs, s->made.items[i] + 4);
	return r;
}

int setup_remove_directories(struct setup *s, struct err *e)
{
	_cleanup_(strv_done) struct strv dirs = {0};
	int r;

	forget_gone(s);
	r = made_directories(s, &dirs);
	for (size_t i = 0; i < dirs.n; i++)
		setup_forget(s, "dir", dirs.items[i]);
	/* the record lies in one of them */
	r = r < 0 ? r : setup_record_write(s, e);
	for (size_t i = dirs.n; r == 0 && i-- > 0;)
		r = remove_directory(s, dirs.items[i], false, e);
	for (size_t i = 0; r == 0 && !s->a->root && !other_witness(s) && i < ARRAY_SIZE(directories); i++)
		if (directories[i].gone_at_boot)
			r = remove_directory(s, directories[i].path, true, e);
	return r;
}

/* ---- privileges ---- */

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

int setup_privileges(struct setup *s, struct err *e)
{
	const struct group *g = getgrnam(SETUP_GROUP); /* NOLINT(concurrency-mt-unsafe): one thread */
	struct vfs_cap_data caps = wanted_caps();
	bool good = is_privileged(s, g);

	if (s->a->undo) {
		(void)fremovexattr(s->witness_fd, "security.capability"); /* it may have none */
		if (fchown(s->witness_fd, 0, 0) < 0 || fchmod(s->witness_fd, 0755) < 0)
			return err_errno(e, errno, "%s", s->witness);
		printf("took from %s what it was given\n", s->witness);
		setup_forget(s, "witness", s->witness);
		return 0;
	}
	if (good || s->a->dry_run) {
		printf("%s: %s root:" SETUP_GROUP " 2755 " CAPS_TEXT "\n", good ? "is there" : "to give", s->witness);
		return 0;
	}
	/* a change of owner takes capabilities and the set-group-id bit away: they come last */
	if (!g || fchown(s->witness_fd, 0, g->gr_gid) < 0 || fchmod(s->witness_fd, 02755) < 0 ||
	    fsetxattr(s->witness_fd, "security.capability", &caps, sizeof(caps), 0) < 0)
		return err_errno(e, errno, "%s", s->witness);
	printf("gave %s root:" SETUP_GROUP " 2755 " CAPS_TEXT "\n", s->witness);
	return setup_note(s, "witness", s->witness, NULL);
}
