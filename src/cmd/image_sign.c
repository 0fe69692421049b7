/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby image sign: a key's word for an image in a registry. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "image/sign.h"

#include <errno.h>
#include <stdio.h>

struct sign_args {
	struct registry_args registry;
	const char *key, *passphrase_file, *identity;
	bool quiet;
};

static const struct option_row sign_rows[] = {
	REGISTRY_ROWS(struct sign_args, registry),
	{0, "identity", OPT_STRING, offsetof(struct sign_args, identity), .arg = "REFERENCE",
	 .help = "What the signature calls the image (default: the reference as given)"},
	{0, "key", OPT_STRING, offsetof(struct sign_args, key), .arg = "FILE", .help = "Private key: ECDSA or Ed25519 in PEM, or cosign's"},
	{0, "passphrase-file", OPT_STRING, offsetof(struct sign_args, passphrase_file), .arg = "FILE",
	 .help = "The key's passphrase, the first line of that file"},
	{'q', "quiet", OPT_FLAG, offsetof(struct sign_args, quiet), .help = "Show no progress"},
	OPTION_END,
};

static int sign_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	const struct sign_args *a = call->args;
	struct sign_options o;
	int r;

	if (!a->key) {
		r = err_set(e, EINVAL, "image sign: whose signature it is to be is not said");
		err_hint(e, "give a private key with --key; for GPG, sign with skopeo standalone-sign");
		return r;
	}
	r = image_source_init(a->quiet, &source, e);
	if (r == 0)
		r = registry_access_of(call, &a->registry, &source, e);
	o = (struct sign_options){.access = source.options.access, .key_file = a->key, .passphrase_file = a->passphrase_file,
				  .identity = a->identity, .progress = source.progress};
	for (int i = 0; i < call->argc && r == 0; i++) {
		struct digest digest;

		r = sign_image(call->argv[i], &o, &digest, e);
		if (r == 0)
			printf("%s\n", digest.text);
	}
	return r;
}

const struct command command_image_sign = {
	.name = "image sign",
	.operands = "[OPTIONS] --key FILE REFERENCE [REFERENCE...]",
	.summary = "Sign images in their registry",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = sign_rows,
	.args_size = sizeof(struct sign_args),
	.run = sign_run,
};
