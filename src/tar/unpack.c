/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The worker's answers are foreign bytes as much as what it read: lengths are
 * checked here, the text of its errors is cut to its field, and a worker that
 * ends without a last answer is an error with its signal's name in it.
 */
#include "tar/unpack.h"
#include "tar/unpack_private.h"

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

int unpack_start(struct unpack_job *job, char *const *argv, int in_fd, int dir_fd, int userns_fd, struct err *e)
{
	static char *const no_env[] = {NULL};
	_cleanup_close_ int exe = -EBADF, rd = -EBADF, wr = -EBADF;
	struct spawn s = SPAWN_INIT;
	int p[2], r;

	r = self_open_program(UNPACK_WORKER, &exe, NULL, e);
	if (r < 0)
		return r;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	const int fds[] = {in_fd, dir_fd, wr};

	s.exe_fd = exe;
	s.argv = argv;
	s.envp = no_env;
	s.fds = fds;
	s.n_fds = ARRAY_SIZE(fds);
	s.stdio[0] = s.stdio[1] = -EBADF;
	s.userns_fd = userns_fd;
	r = spawn_start(&s, &job->pid, &job->pidfd, e);
	if (r < 0)
		return err_wrap(e, r, UNPACK_WORKER);
	job->answer_fd = TAKE_FD(rd);
	return 0;
}

int unpack_start_layer(struct unpack_job *job, int blob_fd, int dest_fd, const struct id_map *map, int keeper_fd,
		       struct err *e)
{
	_cleanup_(buf_done) struct buf uids = BUF_INIT, gids = BUF_INIT;
	char worker[] = UNPACK_WORKER, verb[] = "layer";
	char *argv[] = {worker, verb, NULL, NULL, NULL};

	if (map) {
		id_list_text(&map->uid, &uids);
		id_list_text(&map->gid, &gids);
		if (buf_bad(&uids) || buf_bad(&gids) || !uids.data || !gids.data)
			return err_errno(e, ENOMEM, "id map");
		argv[2] = uids.data;
		argv[3] = gids.data;
	}
	return unpack_start(job, argv, blob_fd, dest_fd, keeper_fd, e);
}

int unpack_start_archive(struct unpack_job *job, int tar_fd, int dest_fd, struct err *e)
{
	char worker[] = UNPACK_WORKER, verb[] = "archive";
	char *argv[] = {worker, verb, NULL};

	return unpack_start(job, argv, tar_fd, dest_fd, -EBADF, e);
}

int unpack_start_digest(struct unpack_job *job, int blob_fd, struct err *e)
{
	char worker[] = UNPACK_WORKER, verb[] = "digest";
	char *argv[] = {worker, verb, NULL};

	/* it gets no directory; the blob again stands in for one */
	return unpack_start(job, argv, blob_fd, blob_fd, -EBADF, e);
}

int unpack_start_recompress(struct unpack_job *job, int blob_fd, int out_fd, const char *format, uint32_t level, struct err *e)
{
	char worker[] = UNPACK_WORKER, verb[] = "recompress", word[16], number[16];
	char *argv[] = {worker, verb, word, number, NULL};

	snprintf(word, sizeof(word), "%s", format);
	snprintf(number, sizeof(number), "%u", level);
	return unpack_start(job, argv, blob_fd, out_fd, -EBADF, e);
}

static int died(struct unpack_job *job, struct err *e)
{
	int status = 0;
	pid_t pid = job->pid;

	job->pid = 0;
	if (spawn_wait(pid, &status) < 0)
		status = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
		return err_errno(e, EPIPE, "what the unpack worker writes");
	if (WIFSIGNALED(status))
		return err_set(e, EIO, "the unpack worker was killed by signal %d", WTERMSIG(status));
	return err_set(e, EIO, "the unpack worker ended without an answer");
}

static int finish(struct unpack_job *job, struct err *e)
{
	int status = 0;
	pid_t pid = job->pid;

	job->pid = 0;
	if (spawn_wait(pid, &status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, EIO, "the unpack worker failed after its last answer");
	return 0;
}

static int forward_error(const char *data, size_t len, struct err *e)
{
	struct err theirs = {0};

	if (len != sizeof(theirs))
		return err_set(e, EPROTO, "the unpack worker gave a bad answer");
	memcpy(&theirs, data, sizeof(theirs));
	theirs.text[sizeof(theirs.text) - 1] = '\0';
	theirs.hint[sizeof(theirs.hint) - 1] = '\0';
	if (theirs.code <= 0 || theirs.code > 4095)
		theirs.code = EIO;
	theirs.exit_code = 0;
	if (e)
		*e = theirs;
	return -theirs.code;
}

static int take_member(struct unpack_job *job, const char *data, size_t len, struct err *e)
{
	char name[UNPACK_NAME_MAX + 1], link[UNPACK_NAME_MAX + 1];
	struct unpack_member m;

	if (len < sizeof(m) || !job->on_member)
		return err_set(e, EPROTO, "the unpack worker gave a bad answer");
	memcpy(&m, data, sizeof(m));
	m.digest.text[sizeof(m.digest.text) - 1] = '\0';
	if (m.name_len > UNPACK_NAME_MAX || m.link_len > UNPACK_NAME_MAX ||
	    len != sizeof(m) + m.name_len + m.link_len)
		return err_set(e, EPROTO, "the unpack worker gave a bad answer");
	memcpy(name, data + sizeof(m), m.name_len);
	name[m.name_len] = '\0';
	memcpy(link, data + sizeof(m) + m.name_len, m.link_len);
	link[m.link_len] = '\0';
	return job->on_member(job->ctx, &m, name, link, e);
}

static int take_done(struct unpack_job *job, const char *data, size_t len, struct err *e)
{
	if (len != sizeof(job->done))
		return err_set(e, EPROTO, "the unpack worker gave a bad answer");
	memcpy(&job->done, data, len);
	job->done.digest.text[sizeof(job->done.digest.text) - 1] = '\0';
	job->done.packed.text[sizeof(job->done.packed.text) - 1] = '\0';
	return finish(job, e);
}

int unpack_step(struct unpack_job *job, struct err *e)
{
	char data[UNPACK_LEN_MAX];
	struct unpack_header h;
	int r;

	r = fd_read_exact(job->answer_fd, &h, sizeof(h));
	if (r == 0 && h.len > sizeof(data))
		return err_set(e, EPROTO, "the unpack worker gave a bad answer");
	if (r == 0 && h.len > 0)
		r = fd_read_exact(job->answer_fd, data, h.len);
	if (r < 0)
		return died(job, e);
	job->in_bytes = h.in_bytes;
	switch (h.type) {
	case UNPACK_PROGRESS:
		return 1;
	case UNPACK_MEMBER:
		r = take_member(job, data, h.len, e);
		return r < 0 ? r : 1;
	case UNPACK_DONE:
		return take_done(job, data, h.len, e);
	case UNPACK_FAILED:
		return forward_error(data, h.len, e);
	default:
		return err_set(e, EPROTO, "the unpack worker gave a bad answer");
	}
}

void unpack_job_done(struct unpack_job *job)
{
	if (job->pid > 0) {
		(void)!pidfd_signal(job->pidfd, SIGKILL);
		(void)!spawn_wait(job->pid, NULL);
		job->pid = 0;
	}
	fd_closep(&job->pidfd);
	fd_closep(&job->answer_fd);
}

int unpack_remove(int dirfd, const char *name, int keeper_fd, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	_cleanup_free_ char *copy = strdup(name);
	char worker[] = UNPACK_WORKER, verb[] = "remove";
	char *argv[] = {worker, verb, copy, NULL};
	int r;

	if (!copy)
		return err_errno(e, ENOMEM, "remove %s", name);
	r = unpack_start(&job, argv, dirfd, dirfd, keeper_fd, e);
	while (r >= 0) {
		r = unpack_step(&job, e);
		if (r == 0)
			break;
	}
	return r;
}
