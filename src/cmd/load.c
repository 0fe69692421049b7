/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby load: images out of a docker-archive, an oci-archive or an OCI directory. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "engine/attest.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct load_args {
	const char *input, *signature_policy;
	bool quiet;
};

static const struct option_row load_rows[] = {
	{'i', "input", OPT_STRING, offsetof(struct load_args, input), .arg = "PATH", .help = "Read this instead of standard input"},
	{'q', "quiet", OPT_FLAG, offsetof(struct load_args, quiet), .help = "Show no progress"},
	{0, "signature-policy", OPT_STRING, offsetof(struct load_args, signature_policy), .arg = "FILE",
	 .help = "This policy.json instead of the usual ones"},
	OPTION_END,
};

/* Those that came before one that failed are here, as with docker and podman, and are recorded and told like others. */
static int tell_loaded(struct engine *eng, const struct strv *names, int r, struct err *e)
{
	for (size_t i = 0; i < names->n; i++) {
		struct err own = {0};
		int told = attest_image(eng, AUDIT_VERB_LOAD, names->items[i], NULL, 0, &own);

		if (told == 0)
			printf("Loaded image: %s\n", names->items[i]);
		else if (r == 0 && e)
			*e = own;
		r = r < 0 ? r : told;
	}
	return r;
}

static int load_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(strv_done) struct strv names = {0};
	const struct load_args *a = call->args;
	int r;

	if (!a->input && isatty(STDIN_FILENO)) {
		r = err_set(e, EINVAL, "load: standard input is a terminal");
		err_hint(e, "name a file with --input, or redirect one");
		return r;
	}
	r = image_source_init(a->quiet, &source, e);
	if (r == 0)
		r = image_store_open(call, &st, e);
	source.options.signature_policy = a->signature_policy;
	if (r == 0)
		r = load_archive(st, a->input, STDIN_FILENO, &source.options, &names, e);
	if (r < 0 || names.n == 0)
		r = attest_image(call->engine, AUDIT_VERB_LOAD, a->input ? a->input : "-", NULL, r, e);
	r = tell_loaded(call->engine, &names, r, e);
	/* of the image that failed half way nothing is worth keeping */
	if (r < 0 && st)
		(void)!store_sweep(st, NULL);
	return r < 0 ? r : store_sweep(st, e);
}

const struct command command_load = {
	.name = "load",
	.aliases = "image load",
	.operands = "[OPTIONS]",
	.summary = "Load images from a tar archive",
	.needs = NEED_ENGINE,
	.rows = load_rows,
	.args_size = sizeof(struct load_args),
	.run = load_run,
};
