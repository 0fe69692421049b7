/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby tag, ranby untag: names of images. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "engine/attest.h"

static int tag_run(const struct command_call *call, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_freep) struct image *img = NULL;
	int r = image_store_open(call, &st, e);

	if (r == 0)
		r = store_resolve_any(st, call->argv[0], &img, e);
	for (int i = 1; i < call->argc && r == 0; i++)
		r = attest_image(call->engine, AUDIT_VERB_TAG, call->argv[i], img, store_tag(st, img, call->argv[i], e), e);
	return r;
}

static int untag_run(const struct command_call *call, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_freep) struct image *img = NULL;
	int r = image_store_open(call, &st, e);

	if (r == 0)
		r = store_resolve_any(st, call->argv[0], &img, e);
	if (r == 0 && call->argc == 1)
		r = attest_image(call->engine, AUDIT_VERB_UNTAG, call->argv[0], img, store_untag(st, img, NULL, e), e);
	for (int i = 1; i < call->argc && r == 0; i++)
		r = attest_image(call->engine, AUDIT_VERB_UNTAG, call->argv[i], img, store_untag(st, img, call->argv[i], e), e);
	return r;
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_tag = {
	.name = "tag",
	.aliases = "image tag",
	.operands = "IMAGE NAME [NAME...]",
	.summary = "Give an image further names",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = -1,
	.rows = no_rows,
	.run = tag_run,
};

const struct command command_untag = {
	.name = "untag",
	.aliases = "image untag",
	.operands = "IMAGE [NAME...]",
	.summary = "Take names from an image: those given, or all",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = no_rows,
	.run = untag_run,
};
