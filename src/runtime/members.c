/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/members.h"

#include "base/buf.h"
#include "base/parse.h"
#include "sys/cgroup.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int pid_namespace(pid_t pid, char *out, size_t size)
{
	char path[32];
	ssize_t n;

	if (pid == 0)
		snprintf(path, sizeof(path), "/proc/self/ns/pid");
	else
		snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	n = readlink(path, out, size - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return 0;
}

int members_list(pid_t init, struct json_object *pids, struct err *e)
{
	char ours[64], its[64];
	DIR *proc = opendir("/proc");
	int r;

	if (!proc)
		return err_errno(e, errno, "/proc");
	r = pid_namespace(init, ours, sizeof(ours));
	for (struct dirent *d; r == 0 && (d = dir_next(proc, &r));) {
		uint32_t pid;

		if (parse_u32(d->d_name, 1, INT32_MAX, &pid) < 0 || pid_namespace((pid_t)pid, its, sizeof(its)) < 0)
			continue;
		if (strcmp(ours, its) == 0)
			r = json_append(pids, json_object_new_int((int)pid));
	}
	closedir(proc);
	return r < 0 ? err_errno(e, -r, "processes of the container") : 0;
}

/* One by its number: held by a pidfd before it is asked whether it is in `ns` (NULL: anywhere). */
static int signal_one(pid_t pid, const char *ns, int sig)
{
	_cleanup_close_ int pidfd = -EBADF;
	char its[64];
	int r = pidfd_open_pid(pid, &pidfd);

	if (r == 0 && ns)
		r = pid_namespace(pid, its, sizeof(its));
	if (r == 0 && ns && strcmp(ns, its) != 0)
		return 0;
	if (r == 0)
		r = pidfd_signal(pidfd, sig);
	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

static int signal_namespace(pid_t init, const char *ns, int sig, struct err *e)
{
	_cleanup_json_ struct json_object *pids = json_object_new_array();
	int r = pids ? members_list(init, pids, e) : err_errno(e, ENOMEM, "processes of the container");

	for (size_t i = 0; r == 0 && i < json_object_array_length(pids); i++) {
		r = signal_one(json_object_get_int(json_object_array_get_idx(pids, i)), ns, sig);
		if (r < 0)
			return err_errno(e, -r, "signal a process of the container");
	}
	return r;
}

static int signal_cgroup(int fd, int sig, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	uint32_t pid;
	char *rest;
	int r = sig == SIGKILL ? cgroup_write(fd, "cgroup.kill", "1") : -ENOENT;

	if (r == 0)
		return 0;
	r = cgroup_read(fd, "cgroup.procs", &b);
	for (rest = b.data; r == 0 && rest && *rest;)
		if (parse_u32(strsep(&rest, "\n"), 1, INT32_MAX, &pid) == 0)
			r = signal_one((pid_t)pid, NULL, sig);
	return r < 0 ? err_errno(e, -r, "signal the processes of the cgroup") : 0;
}

int members_signal(pid_t init, int init_pidfd, int cgroup_fd, int sig, struct err *e)
{
	char ours[64], its[64];
	int r = 0;

	if (init > 0 && pid_namespace(0, ours, sizeof(ours)) == 0 && pid_namespace(init, its, sizeof(its)) == 0 && strcmp(ours, its) != 0)
		return signal_namespace(init, its, sig, e);
	if (cgroup_fd >= 0)
		return signal_cgroup(cgroup_fd, sig, e);
	if (init > 0)
		r = pidfd_signal(init_pidfd, sig);
	return r < 0 && r != -ESRCH ? err_errno(e, -r, "signal the container's init") : 0;
}
