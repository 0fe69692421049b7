/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The worker's arguments are KEY=VALUE, so that none is taken for another. It
 * is the same confined worker that unpacks layers, with the same rules:
 * the one directory that it was given, no network, no other program.
 */
#include "tar/unpack_copy.h"

#include "base/buf.h"
#include "base/strv.h"
#include "tar/unpack_private.h"

#include <errno.h>

static int add_map(struct strv *argv, const char *key, const struct id_list *l)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	id_list_text(l, &text);
	return buf_bad(&text) ? -ENOMEM : strv_addf(argv, "%s=%s", key, buf_str(&text));
}

static int add_tree(struct strv *argv, const struct unpack_tree *t)
{
	const struct {
		bool wanted;
		const char *word;
	} flags[] = {{t->layer, "layer="}, {t->one_mount, "one-mount="}, {t->overwrite, "overwrite="}, {t->no_set_id, "no-set-id="}};
	int r = t->path ? strv_addf(argv, "path=%s", t->path) : 0;

	if (r == 0 && t->top)
		r = strv_addf(argv, "top=%s", t->top);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(flags); i++)
		if (flags[i].wanted)
			r = strv_add(argv, flags[i].word);
	if (r == 0 && t->times)
		r = strv_addf(argv, "%s=%lld", t->times->all ? "time" : "latest", (long long)t->times->sec);
	if (r == 0 && t->own)
		r = strv_addf(argv, "uid=%u", t->uid);
	if (r == 0 && t->own)
		r = strv_addf(argv, "gid=%u", t->gid);
	if (r == 0 && t->map)
		r = add_map(argv, "uid-map", &t->map->uid);
	if (r == 0 && t->map)
		r = add_map(argv, "gid-map", &t->map->gid);
	return r;
}

static int start(struct unpack_job *job, const char *verb, const struct unpack_tree *t, int fd, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = {0};

	if (strv_add(&argv, UNPACK_WORKER) < 0 || strv_add(&argv, verb) < 0 || add_tree(&argv, t) < 0)
		return err_errno(e, ENOMEM, "%s", verb);
	return unpack_start(job, argv.items, fd, t->dir_fd, t->userns_fd, e);
}

int unpack_start_pack(struct unpack_job *job, const struct unpack_tree *t, int out_fd, struct err *e)
{
	return start(job, "pack", t, out_fd, e);
}

int unpack_start_extract(struct unpack_job *job, const struct unpack_tree *t, int in_fd, struct err *e)
{
	return start(job, "extract", t, in_fd, e);
}

int unpack_wait(struct unpack_job *job, struct err *e)
{
	int r;

	while ((r = unpack_step(job, e)) > 0)
		;
	return r;
}

int unpack_wait_both(struct unpack_job *writer, struct unpack_job *reader, struct err *e)
{
	struct err theirs = {0}, own = {0};
	int read = unpack_wait(reader, &theirs), written;

	/* one that nobody reads from any more ends by that */
	written = unpack_wait(writer, &own);
	if (read < 0 && (written == 0 || written == -EPIPE || read != -EBADMSG)) {
		if (e)
			*e = theirs;
		return read;
	}
	if (written < 0 && e)
		*e = own;
	return written;
}
