/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Read at the very start, in the caller's own namespaces: from inside a user
 * namespace loginuid reads as unset or as somebody else.
 *
 * Two kinds of fact, told apart in the record. What the kernel says of this
 * process and its parent (ids, terminal, executables, directories) no argument
 * and no environment can change. The command line, SSH_CONNECTION and the
 * clock are the caller's to choose, and listed as claimed. A parent of
 * another user (sudo, sshd) does not let itself be looked at: what
 * cannot be read is left out, and its comm, which all may read, stays.
 */
#include "engine/origin.h"

#include "base/clock.h"
#include "engine/policy.h"
#include "sys/fd.h"
#include "sys/procfs.h"
#include "sys/user_name.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define TTY_SIZE 32

void origin_done(struct origin *o)
{
	json_object_put(o->json);
	o->json = NULL;
}

/* The device number of stat's tty_nr (proc_pid_stat(5)) as a name. */
static void tty_name(uint32_t nr, char out[static TTY_SIZE])
{
	unsigned maj = (nr >> 8) & 0xfff, min = (nr & 0xff) | ((nr >> 12) & 0xfff00);

	if (nr == 0)
		out[0] = '\0';
	else if (maj >= 136 && maj <= 143) /* admin-guide/devices.txt: Unix98 pseudo-terminals */
		snprintf(out, TTY_SIZE, "/dev/pts/%u", (maj - 136) * 256 + min);
	else if (maj == 4)
		snprintf(out, TTY_SIZE, min < 64 ? "/dev/tty%u" : "/dev/ttyS%u", min < 64 ? min : min - 64);
	else if (maj == 229)
		snprintf(out, TTY_SIZE, "/dev/hvc%u", min);
	else
		snprintf(out, TTY_SIZE, "%u:%u", maj, min);
}

/* A link of /proc/PID; nothing is added when it may not be read. */
static int add_link(struct json_object *o, const char *key, const struct proc *p, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(p->dirfd, name, target, sizeof(target) - 1);

	if (n < 0)
		return 0;
	target[n] = '\0';
	return json_add_str(o, key, target);
}

static int add_argv(struct json_object *o, const struct proc *self)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *list = json_object_new_array();
	bool cut = false;
	int r = list ? proc_read_cmdline(self, ORIGIN_ARGV_MAX, &b, &cut) : -ENOMEM;

	for (size_t at = 0; r == 0 && at < b.len; at += strlen(b.data + at) + 1)
		r = json_append_str(list, b.data + at);
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return json_add(o, "argv", list);
}

static int add_self(struct json_object *o, const struct proc *self, pid_t *ret_parent)
{
	char tty[TTY_SIZE];
	struct proc_stat st;
	int r = proc_read_stat(self, &st);

	if (r < 0)
		return r;
	*ret_parent = st.ppid;
	tty_name(st.tty, tty);
	if (json_add_str(o, "tty", tty) < 0 || add_link(o, "cwd", self, "cwd") < 0)
		return -ENOMEM;
	return add_argv(o, self);
}

static int add_parent(struct json_object *o, const struct procfs *fs, pid_t pid)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	struct proc_stat st;

	/* 0: it is in another pid namespace; gone: it has left us to a reaper */
	if (pid == 0 || proc_open(fs, pid, &p) < 0 || proc_read_stat(&p, &st) < 0)
		return 0;
	if (json_add_int(o, "parentPid", pid) < 0 || json_add_str(o, "parentComm", st.comm) < 0 ||
	    add_link(o, "parentExe", &p, "exe") < 0)
		return -ENOMEM;
	return add_link(o, "parentCwd", &p, "cwd");
}

static int add_login(struct json_object *o, const struct loginuid *l)
{
	char name[USER_NAME_SIZE];
	int r = json_add_str(o, "loginUid", loginuid_word(l->how));

	if (r == 0)
		r = json_add_bool(o, "pinned", l->how == LOGINUID_PINNED);
	if (r == 0 && l->auid != LOGINUID_UNSET) {
		r = json_add_int(o, "auid", l->auid);
		if (r == 0 && user_name_of(l->auid, name) == 0)
			r = json_add_str(o, "loginUser", name);
	}
	if (r == 0 && l->session != LOGINUID_UNSET)
		r = json_add_int(o, "session", l->session);
	return r;
}

static int add_claims(struct json_object *o, const struct engine *eng)
{
	static const char *const claimed[] = {"argv", "ssh", "time"};
	struct json_object *list = json_object_new_array();
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(claimed); i++)
		r = json_append_str(list, claimed[i]);
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	if (json_add(o, "claimed", list) < 0 || json_add_str(o, "ssh", eng->ssh_connection) < 0)
		return -ENOMEM;
	return json_add_str(o, "time", clock_rfc3339(&now, CLOCK_UTC, time));
}

static int build(const struct engine *eng, const struct loginuid *l, struct json_object *o)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc self = PROC_INIT;
	pid_t parent = 0;
	int r;

	r = add_login(o, l);
	if (r == 0)
		r = json_add_int(o, "uid", eng->uid);
	if (r == 0)
		r = json_add_int(o, "gid", eng->gid);
	if (r == 0)
		r = procfs_open(&fs);
	if (r == 0)
		r = proc_open(&fs, getpid(), &self);
	if (r == 0)
		r = add_self(o, &self, &parent);
	if (r == 0)
		r = add_parent(o, &fs, parent);
	if (r == 0)
		r = add_claims(o, eng);
	return r == 0 ? json_add_str(o, "trust", "self") : r;
}

/* A login that nobody made is no login where the administrator says so. */
static int check_policy(struct err *e)
{
	struct policy p;
	int r = policy_read(&p, e);

	if (r < 0 || !p.refuse_unset_loginuid)
		return r;
	err_set(e, EPERM, "this process belongs to no login (its loginuid is unset), and policy refuses that");
	err_hint(e, "start it from a login; ranby-policy.conf(5): unset-loginuid");
	return -EPERM;
}

int origin_read_login(const struct engine *eng, struct origin *ret, struct err *e)
{
	struct loginuid l;
	int r = loginuid_read(&l, e);

	if (r == 0 && l.how == LOGINUID_WAS_UNSET)
		r = check_policy(e);
	if (r == 0)
		r = loginuid_pin(eng->uid, &l, e);
	if (r == 0)
		ret->login = l;
	return r;
}

int origin_read_rest(const struct engine *eng, struct origin *o, struct err *e)
{
	_cleanup_json_ struct json_object *json = json_object_new_object();
	int r = json ? build(eng, &o->login, json) : -ENOMEM;

	if (r < 0)
		return err_errno(e, -r, "read who starts this");
	o->json = TAKE_PTR(json);
	return 0;
}

int origin_read(const struct engine *eng, struct origin *ret, struct err *e)
{
	int r = origin_read_login(eng, ret, e);

	return r == 0 ? origin_read_rest(eng, ret, e) : r;
}
