/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The keeper's IDs are those of containers with the default map; a container with a map of its own has others in its files. */
#include "engine/volume_tar.h"

#include "engine/attest.h"
#include "engine/keeper.h"
#include "engine/volume_list.h"
#include "sys/fd.h"
#include "tar/unpack_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int volume_directory(struct engine *eng, const char *name, char **ret_path, struct err *e)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	_cleanup_(volume_plan_done) struct volume_plan plan = {0};
	_cleanup_free_ char *path = NULL;
	int r = volume_load(eng, name, &n, e);

	if (r == 0)
		r = volume_note_plan(n.options, &plan, e);
	if (r < 0)
		return r;
	if (!plan.is_plain && plan.spec.kind == MOUNT_TMPFS)
		return err_set(e, ENOTSUP, "volume %s: a tmpfs, which is empty but in the containers that mount it", name);
	if (plan.is_plain && asprintf(&path, "%s/" ENGINE_VOLUMES "/%s/_data", eng->data_path, name) < 0)
		path = NULL;
	else if (!plan.is_plain)
		path = strdup(plan.spec.source);
	if (!path)
		return err_errno(e, ENOMEM, "volume %s", name);
	*ret_path = TAKE_PTR(path);
	return 0;
}

typedef int (*start_fn)(struct unpack_job *job, const struct unpack_tree *t, int fd, struct err *e);

static int run(struct engine *eng, const char *name, start_fn start, int fd, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	struct unpack_tree tree = {.userns_fd = -EBADF};
	_cleanup_close_ int dir = -EBADF;
	_cleanup_free_ char *path = NULL;
	int r = volume_directory(eng, name, &path, e);

	if (r < 0)
		return r;
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(e, errno, "%s", path);
	r = keeper_open(eng, &k, e);
	if (r < 0)
		return r;
	tree.dir_fd = dir;
	tree.userns_fd = k.userns_fd;
	r = start(&job, &tree, fd, e);
	return r == 0 ? unpack_wait(&job, e) : r;
}

int volume_export(struct engine *eng, const char *name, int out_fd, struct err *e)
{
	return attest_volume(eng, AUDIT_VERB_EXPORT, name, NULL, "volume", false, run(eng, name, unpack_start_pack, out_fd, e), e);
}

int volume_import(struct engine *eng, const char *name, int in_fd, struct err *e)
{
	return attest_volume(eng, AUDIT_VERB_VOLUME_IMPORT, name, NULL, NULL, false, run(eng, name, unpack_start_extract, in_fd, e), e);
}
