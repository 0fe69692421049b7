/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pull: progress on standard error, the image's id on standard output. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/report.h"
#include "engine/attest.h"

#include <errno.h>

#include <stdio.h>
#include <string.h>

struct pull_args {
	struct image_source_args source;
	const char *policy;
	bool all_tags;
};

static const struct option_row pull_rows[] = {
	IMAGE_SOURCE_ROWS(struct pull_args, source),
	{'a', "all-tags", OPT_FLAG, offsetof(struct pull_args, all_tags), .help = "All images of the repository"},
	{0, "policy", OPT_CHOICE, offsetof(struct pull_args, policy), .arg = "POLICY",
	 .choices = "always|missing|never|newer", .help = "When to ask the registry (default always)"},
	OPTION_REFUSED(0, "retry", OPTION_RETRIES),
	OPTION_REFUSED(0, "retry-delay", OPTION_RETRY_PAUSE),
	OPTION_REFUSED(0, "decryption-key", OPTION_NO_DECRYPTION),
	OPTION_REFUSED(0, "disable-content-trust", OPTION_NO_CONTENT_TRUST),
	OPTION_END,
};

static int pull_one(struct engine *eng, struct store *st, const char *source, const struct pull_options *o, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	int r = pull_image(st, source, o, &img, e);

	r = attest_image(eng, AUDIT_VERB_PULL, source, img, r, e);
	if (r == 0)
		printf("%s\n", img->id);
	return r;
}

/* Every tag that the registry lists; what one of them lacks for this platform is told and left. */
static int pull_all(struct engine *eng, struct store *st, const char *source, const struct pull_options *o, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	size_t failed = 0;
	int r = pull_list_tags(source, o, &names, e);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct err own = {0};

		if (pull_one(eng, st, names.items[i], o, &own) < 0) {
			report_error(&own);
			failed++;
		}
	}
	if (r == 0 && failed)
		r = err_set(e, EIO, "pull %s: %zu of %zu tags could not be pulled", source, failed, names.n);
	return r;
}

static int pull_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	const struct pull_args *a = call->args;
	int r;

	r = image_source_open(call, &a->source, &source, e);
	if (r == 0)
		r = pull_policy_parse(a->policy ? a->policy : "always", &source.options.policy, e);
	if (r == 0)
		r = image_store_open(call, &st, e);
	for (int i = 0; i < call->argc && r == 0; i++)
		r = a->all_tags ? pull_all(call->engine, st, call->argv[i], &source.options, e) :
				  pull_one(call->engine, st, call->argv[i], &source.options, e);
	/* what an earlier name's move left without a reference */
	return r < 0 ? r : store_sweep(st, e);
}

const struct command command_pull = {
	.name = "pull",
	.aliases = "image pull",
	.operands = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Get images from a registry, an archive or a directory",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = pull_rows,
	.args_size = sizeof(struct pull_args),
	.run = pull_run,
};
