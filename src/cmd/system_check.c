/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby system check: the store's blobs and layers are looked at again, and mended from their registries. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/report.h"
#include "engine/in_keeper.h"
#include "image/check.h"

#include <stdio.h>

#define EXIT_DAMAGED 1

struct check_args {
	struct registry_args registry;
	bool quick, repair;
};

static const struct option_row check_rows[] = {
	{'q', "quick", OPT_FLAG, offsetof(struct check_args, quick), .help = "Look at lengths only, hash nothing"},
	{'r', "repair", OPT_FLAG, offsetof(struct check_args, repair), .help = "Get what is damaged from its registry again"},
	REGISTRY_ROWS(struct check_args, registry),
	OPTION_END,
};

static void say_fault(void *ctx, const char *name, const char *text, bool repaired)
{
	(void)ctx;
	printf("%s%s%s%s\n", name, *name ? ": " : "", text, repaired ? " (repaired)" : "");
}

static int inside(void *ctx, int (*work)(void *ctx, struct err *e), void *work_ctx, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	int r = keeper_open(ctx, &k, e);

	return r < 0 ? r : in_keeper(&k, work, work_ctx, e);
}

static int check_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	const struct check_args *a = call->args;
	struct copy_options copy = {.which = COPY_ALL};
	struct check_options o = {.quick = a->quick, .repair = a->repair, .copy = &copy, .on_fault = say_fault, .inside = inside, .inside_ctx = call->engine};
	struct check_result result = {0};
	int r = image_source_init(true, &source, e);

	if (r == 0)
		r = registry_access_of(call, &a->registry, &source, e);
	if (r == 0)
		r = image_store_open(call, &st, e);
	copy.from = source.options.access;
	if (r == 0)
		r = store_check(st, &o, &result, e);
	if (r < 0)
		return r;
	printf("%zu images, %zu blobs, %zu layers: %zu damaged, %zu repaired\n", result.images, result.blobs, result.layers, result.faults,
	       result.repaired);
	return result.faults > result.repaired ? EXIT_DAMAGED : 0;
}

const struct command command_system_check = {
	.name = "system check",
	.operands = "[OPTIONS]",
	.summary = "Look whether all images are still what they were",
	.needs = NEED_ENGINE,
	.rows = check_rows,
	.args_size = sizeof(struct check_args),
	.run = check_run,
};
