/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What takes root, before anything of the outside is read: the account and
 * the group are looked up, the directories made, the key opened (and made, the
 * first time), and auditd's log opened for who cannot open it afterwards.
 *
 * The account is one of its own and not nobody's, because processes of one
 * uid can trace and kill each other. It has a login to nothing.
 */
#include "sys/caps.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/procfs.h"
#include "trail/trail.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int find_accounts(struct trail *t, struct err *e)
{
	const struct passwd *pw = getpwnam(t->config.user);
	const struct group *gr;

	if (!pw || pw->pw_uid == 0)
		return err_set(e, ENOENT, "there is no account %s that is not root's: `ranby audit setup --apply` makes it", t->config.user);
	t->uid = pw->pw_uid;
	t->gid = pw->pw_gid;
	gr = getgrnam(t->config.group);
	if (!gr)
		return err_set(e, ENOENT, "there is no group %s: `ranby audit setup --apply` makes it", t->config.group);
	t->audit_gid = gr->gr_gid;
	return 0;
}

/* A directory of root's that the group may read, or of the account's below it. */
static int make_dir(int parent, const char *name, uid_t uid, gid_t gid, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (mkdirat(parent, name, 0750) < 0 && errno != EEXIST)
		return err_errno(e, errno, "cannot make %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, uid, gid) < 0 || fchmod(fd, 02750) < 0) /* what is made there is the group's as well */
		return err_errno(e, errno, "cannot prepare %s", name);
	return 0;
}

static int make_directories(struct trail *t, struct err *e)
{
	int r = path_make_base(t->config.directory, &t->dirfd);
	struct stat st;

	if (r < 0 || fstat(t->dirfd, &st) < 0)
		return err_errno(e, r < 0 ? -r : errno, "cannot make %s", t->config.directory);
	if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		return err_set(e, EPERM, "%s must be root's, and nobody else's to write", t->config.directory);
	if (fchown(t->dirfd, 0, t->audit_gid) < 0 || fchmod(t->dirfd, 0750) < 0)
		return err_errno(e, errno, "cannot prepare %s", t->config.directory);
	r = make_dir(t->dirfd, TRAIL_INDEX_DIR, t->uid, t->audit_gid, e);
	return r < 0 ? r : make_dir(t->dirfd, TRAIL_EXPORT_DIR, t->uid, t->audit_gid, e);
}

static int open_key(struct trail *t, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	int r = path_make_base(t->config.keys, &dir);

	if (r < 0)
		return err_errno(e, -r, "cannot open %s", t->config.keys);
	if (faccessat(dir, TRAIL_KEY_NAME, F_OK, 0) < 0 && errno == ENOENT) {
		r = head_key_make(dir, TRAIL_KEY_NAME, TRAIL_PUBLIC_NAME, e);
		if (r < 0)
			return r;
	}
	return head_key_open(dir, TRAIL_KEY_NAME, &t->key, e);
}

/* audit.log and audit.log.1, .2, ...: the highest number is the oldest. */
static int open_past(struct trail *t, struct err *e)
{
	int found[TRAIL_PAST_MAX];
	size_t n = 0;

	if (strcmp(t->config.log, "none") == 0)
		return 0;
	for (; n < TRAIL_PAST_MAX; n++) {
		_cleanup_free_ char *name = NULL;

		if ((n == 0 ? asprintf(&name, "%s", t->config.log) : asprintf(&name, "%s.%zu", t->config.log, n)) < 0)
			return -ENOMEM;
		found[n] = open(name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
		if (found[n] < 0 && errno == ENOENT)
			break;
		if (found[n] < 0)
			return err_errno(e, errno, "cannot open %s", name);
	}
	while (n > 0)
		t->past[t->n_past++] = found[--n];
	return 0;
}

int trail_prepare(struct trail *t, struct err *e)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	struct timespec now, up;
	int r = find_accounts(t, e);

	r = r < 0 ? r : make_directories(t, e);
	r = r < 0 ? r : open_key(t, e);
	r = r < 0 ? r : open_past(t, e);
	if (r < 0)
		return r;
	r = procfs_open(&fs);
	r = r < 0 ? r : procfs_read_line(&fs, "sys/kernel/random/boot_id", t->boot, sizeof(t->boot));
	if (r < 0)
		return err_errno(e, -r, "cannot read the boot id");
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	t->boot_time = (uint64_t)(now.tv_sec - up.tv_sec);
	return 0;
}

void trail_done(struct trail *t)
{
	for (size_t i = 0; i < t->n_past; i++)
		fd_closep(&t->past[i]);
	t->n_past = 0;
	fd_closep(&t->dirfd);
	fd_closep(&t->sock);
	fd_closep(&t->wake);
	t->key = head_key_free(t->key);
	trail_config_done(&t->config);
}

int trail_drop_to(uid_t uid, gid_t gid, gid_t group, struct err *e)
{
	const struct rlimit none = {0, 0};
	int r = caps_bound(0);

	if (r < 0)
		return err_errno(e, -r, "cannot drop the bounding set");
	if (setgroups(1, &group) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_errno(e, errno, "cannot become uid %u", uid);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		return err_errno(e, errno, "cannot confine itself");
	return caps_verify(&(const struct caps){0}, e);
}

int trail_drop_root(gid_t group, struct err *e)
{
	const uint64_t keep = UINT64_C(1) << CAP_LINUX_IMMUTABLE;
	struct caps have = {0};
	int r = caps_get(&have);

	/* where root itself lacks it (a container), the attribute cannot be had, and the ledger says so */
	if (r == 0 && setgroups(1, &group) < 0)
		r = -errno;
	r = r < 0 ? r : caps_bound(keep);
	r = r < 0 ? r : caps_set(keep & have.permitted, keep & have.permitted, 0);
	if (r == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
		r = -errno;
	return r < 0 ? err_errno(e, -r, "cannot drop capabilities") : 0;
}
