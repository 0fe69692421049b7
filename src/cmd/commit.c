/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby commit: an image of what a container is by now. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/make.h"
#include "engine/attest.h"
#include "engine/commit.h"
#include "engine/freeze.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct commit_args {
	struct strv changes;
	const char *author, *format, *iidfile, *message;
	bool include_volumes, pause, quiet, squash;
};

static const struct option_row commit_rows[] = {
	{'a', "author", OPT_STRING, offsetof(struct commit_args, author), .arg = "TEXT", .help = "Who made it"},
	{'c', "change", OPT_LIST, offsetof(struct commit_args, changes), .arg = "LINE",
	 .help = "A Dockerfile line for the config: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR"},
	{'f', "format", OPT_STRING, offsetof(struct commit_args, format), .arg = "FORMAT", .choices = "oci", .help = "oci, the only one"},
	{0, "iidfile", OPT_STRING, offsetof(struct commit_args, iidfile), .arg = "FILE", .help = "Write the image's id there"},
	{'m', "message", OPT_STRING, offsetof(struct commit_args, message), .arg = "TEXT", .help = "Comment in the history"},
	{0, "include-volumes", OPT_FLAG, offsetof(struct commit_args, include_volumes), .help = "The image declares the container's volumes"},
	{'p', "pause", OPT_FLAG, offsetof(struct commit_args, pause), .help = "Let the container stand still meanwhile"},
	{'q', "quiet", OPT_FLAG, offsetof(struct commit_args, quiet), .help = "Show no progress"},
	{'s', "squash", OPT_FLAG, offsetof(struct commit_args, squash), .hidden = true,
	 .help = "ranby export and ranby import make an image of one layer"},
	OPTION_END,
};

static void commit_args_done(void *args)
{
	strv_done(&((struct commit_args *)args)->changes);
}

/* Standing still for as long as `work` takes, when that is asked for and it runs. */
static int commit_still(const struct command_call *call, struct store *st, struct container *c, const struct commit_request *q,
			struct image **ret, struct err *e)
{
	const struct commit_args *a = call->args;
	_cleanup_close_ int lock = -EBADF, group = -EBADF;
	int r;

	if (!a->pause || c->status != CONTAINER_RUNNING)
		return commit_container(call->engine, st, c, q, ret, e);
	r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);
	if (r == 0)
		r = freeze_open(call->engine, c, true, &group, e);
	if (r == 0)
		r = freeze_group(call->engine, c, group, true, e);
	if (r < 0)
		return r;
	r = commit_container(call->engine, st, c, q, ret, e);
	freeze_thaw(call->engine, c);
	return r;
}

static int commit_run(const struct command_call *call, struct err *e)
{
	const struct commit_args *a = call->args;
	const struct commit_request q = {.name = call->argc > 1 ? call->argv[1] : NULL, .author = a->author, .message = a->message,
					 .changes = &a->changes, .include_volumes = a->include_volumes};
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(store_closep) struct store *st = NULL;
	struct attest who = ATTEST_INIT(AUDIT_VERB_COMMIT);
	int r;

	if (a->squash)
		return err_set(e, ENOTSUP, "--squash: ranby export and ranby import make an image of one layer");
	if (a->format && strcmp(a->format, "oci") != 0)
		return err_set(e, ENOTSUP, "--format %s: what is made is OCI; ranby push --format docker and ranby save make docker's of it", a->format);
	r = container_find(call->engine, call->argv[0], &c, e);
	if (r < 0)
		return r;
	who.c = c;
	r = image_store_open(call, &st, e);
	if (r == 0)
		r = commit_still(call, st, c, &q, &img, e);
	if (r < 0 && st)
		(void)!store_sweep(st, NULL);
	if (r == 0) {
		who.claim[WITNESS_CLAIM_DETAIL] = q.name ? q.name : img->id;
		who.claim[WITNESS_CLAIM_DIGEST] = img->digest.text;
	}
	r = attest_result(call->engine, &who, r, e);
	if (r == 0 && a->iidfile)
		r = make_write_file("--iidfile", a->iidfile, img->id, false, e);
	if (r == 0)
		puts(img->id);
	return r < 0 ? err_wrap(e, r, "commit") : 0;
}

const struct command command_commit = {
	.name = "commit",
	.aliases = "container commit",
	.operands = "[OPTIONS] CONTAINER [IMAGE]",
	.summary = "Make an image of a container",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 2,
	.rows = commit_rows,
	.args_size = sizeof(struct commit_args),
	.args_done = commit_args_done,
	.run = commit_run,
};
