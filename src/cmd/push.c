/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby push: an image goes to a registry, or wherever else a transport leads. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/make.h"
#include "engine/attest.h"
#include "image/copy.h"
#include "image/push.h"
#include "image/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct push_args {
	struct registry_args registry;
	const char *format, *digestfile, *compression_format;
	uint32_t compression_level;
	uint64_t chunk_size;
	const char *sign_by, *sign_key, *sign_passphrase_file;
	bool all, quiet, remove_signatures;
};

static const struct option_row push_rows[] = {
	REGISTRY_ROWS(struct push_args, registry),
	{0, "all", OPT_FLAG, offsetof(struct push_args, all), .help = "Of a manifest list, all images, as also without it; =false: the list alone"},
	{0, "chunk-size", OPT_SIZE, offsetof(struct push_args, chunk_size), .arg = "SIZE",
	 .help = "Send blobs in pieces of this size (default: large ones, in pieces of 64 MiB)"},
	{0, "compression-format", OPT_CHOICE, offsetof(struct push_args, compression_format), .arg = "FORMAT",
	 .choices = "gzip|zstd|none", .help = "Pack all layers so; none leaves them as they are (default: plain ones become gzip)"},
	{0, "compression-level", OPT_U32, offsetof(struct push_args, compression_level), .arg = "N", .min = 0, .max = 20,
	 .help = "How hard to try: 1 to 9 for gzip, 1 to 20 for zstd"},
	{0, "digestfile", OPT_STRING, offsetof(struct push_args, digestfile), .arg = "FILE",
	 .help = "Write the digest of the pushed manifest there"},
	{'f', "format", OPT_CHOICE, offsetof(struct push_args, format), .arg = "FORMAT", .choices = "oci|v2s2|docker",
	 .help = "Kind of manifest instead of the image's own"},
	{'q', "quiet", OPT_FLAG, offsetof(struct push_args, quiet), .help = "Show no progress"},
	{0, "remove-signatures", OPT_FLAG, offsetof(struct push_args, remove_signatures),
	 .help = "Push no signatures; none are pushed without it either"},
	{0, "sign-by", OPT_STRING, offsetof(struct push_args, sign_by), .arg = "KEY",
	 .help = "Not here: GPG signatures are made by skopeo standalone-sign"},
	{0, "sign-by-sigstore-private-key", OPT_STRING, offsetof(struct push_args, sign_key), .arg = "FILE",
	 .help = "Sign what was pushed with this private key"},
	{0, "sign-passphrase-file", OPT_STRING, offsetof(struct push_args, sign_passphrase_file), .arg = "FILE",
	 .help = "The key's passphrase, the first line of that file"},
	OPTION_REFUSED(0, "sign-by-sq-fingerprint", OPTION_NO_SIGN),
	OPTION_REFUSED(0, "encryption-key", "layers are not encrypted; skopeo copy --encryption-key"),
	OPTION_REFUSED(0, "encrypt-layer", "layers are not encrypted; skopeo copy --encrypt-layer"),
	OPTION_REFUSED(0, "force-compression", "leave it out: --compression-format packs all layers so, and with --compression-level anew"),
	OPTION_REFUSED(0, "retry", OPTION_RETRIES),
	OPTION_REFUSED(0, "retry-delay", OPTION_RETRY_PAUSE),
	OPTION_REFUSED(0, "compress", "layers in a dir: stay as they are; ranby save --compress --format docker-dir"),
	OPTION_REFUSED(0, "disable-content-trust", "nothing is signed unless --sign-by-sigstore-private-key says so"),
	OPTION_END,
};

static enum outgoing_packing packing_of(const char *word)
{
	if (!word)
		return OUTGOING_PACKED;
	return strcmp(word, "gzip") == 0 ? OUTGOING_PACKED_GZIP : strcmp(word, "zstd") == 0 ? OUTGOING_PACKED_ZSTD : OUTGOING_PACKED_AS_IT_IS;
}

static int options_of(const struct command_call *call, const struct image_source *source, struct push_options *ret, struct err *e)
{
	const struct push_args *a = call->args;

	if (a->sign_by)
		return err_set(e, EOPNOTSUPP, "--sign-by: ranby makes no GPG signatures; use --sign-by-sigstore-private-key, or skopeo standalone-sign");
	if (a->sign_passphrase_file && !a->sign_key)
		return err_set(e, EINVAL, "--sign-passphrase-file: it is of the key that --sign-by-sigstore-private-key names");
	*ret = (struct push_options){.access = source->options.access, .chunk_bytes = a->chunk_size};
	ret->outgoing = (struct outgoing_options){
		.format = image_format(a->format), .packing = packing_of(a->compression_format), .level = a->compression_level,
		.progress = source->progress};
	if (ret->outgoing.format == OUTGOING_DOCKER && ret->outgoing.packing == OUTGOING_PACKED_ZSTD)
		return err_set(e, EINVAL, "--compression-format=zstd: docker's manifests have no such layers; take --format=oci");
	if (a->compression_level && ret->outgoing.packing == OUTGOING_PACKED_AS_IT_IS)
		return err_set(e, EINVAL, "--compression-level: --compression-format=none packs nothing; take gzip or zstd");
	return 0;
}

static int push(const struct command_call *call, struct store *st, const struct push_options *o, struct image **ret_img,
		struct digest *ret, struct err *e)
{
	const char *to = call->argc > 1 ? call->argv[1] : NULL;
	int r = store_resolve(st, call->argv[0], ret_img, e);

	if (r < 0)
		return r;
	if (!to && !(*ret_img)->name)
		return err_set(e, EINVAL, "push %s: an image without a name needs a destination", call->argv[0]);
	return push_image(st, *ret_img, to ? to : (*ret_img)->name, o, ret, e);
}

static enum copy_which which_of(const struct command_call *call)
{
	const struct push_args *a = call->args;

	return option_given(call->command->rows, call->full_argc, call->full_argv, "all") && !a->all ? COPY_INDEX_ONLY : COPY_ALL;
}

/* A list goes whole, its images as they are. */
static int push_list(const struct command_call *call, struct store *st, const struct push_options *o, const struct image *img, struct err *e)
{
	const struct push_args *a = call->args;
	const char *to = call->argc > 1 ? call->argv[1] : img->name;
	struct copy_options copy = {.which = which_of(call), .format = o->outgoing.format, .to = o->access,
				    .progress = o->outgoing.progress};

	if (!to)
		return err_set(e, EINVAL, "push %s: a list without a name needs a destination", call->argv[0]);
	if (a->sign_key)
		return err_set(e, EINVAL, "push %s: a manifest list is signed when it is there: ranby image sign", call->argv[0]);
	if (a->compression_format || a->compression_level || a->chunk_size)
		return err_set(e, EINVAL, "push %s: a manifest list goes with its layers as they are; --compression-format, --compression-level and "
			       "--chunk-size are of one image", call->argv[0]);
	return manifest_push(call, st, call->argv[0], to, &copy, a->digestfile, e);
}

/* docker:// and plain names are registries; the rest of what podman writes to is files. */
static bool is_file(const char *to)
{
	return to && copy_has_transport(to) && strncmp(to, "docker://", strlen("docker://")) != 0;
}

static int check_file(const struct command_call *call, struct err *e)
{
	/* not authfile, which scripts give with whatever they push, as the environment does: it says whose word to use if one is asked for */
	static const char *const registry[] = {"cert-dir", "creds", "tls-verify"};
	const struct push_args *a = call->args;

	for (size_t i = 0; i < ARRAY_SIZE(registry); i++)
		if (option_given(call->command->rows, call->full_argc, call->full_argv, registry[i]))
			return err_set(e, EINVAL, "push %s: no registry is asked: leave --%s out", call->argv[1], registry[i]);
	if (a->registry.authfile && faccessat(AT_FDCWD, a->registry.authfile, R_OK, 0) < 0)
		return err_errno(e, errno, "--authfile %s", a->registry.authfile);
	if (a->sign_key)
		return err_set(e, EINVAL, "push %s: signatures are kept by registries; sign it there: ranby image sign", call->argv[1]);
	if (a->compression_format || a->compression_level || a->chunk_size)
		return err_set(e, EINVAL, "push %s: layers go into files as they are; --compression-format, --compression-level and --chunk-size "
			       "are of registries", call->argv[1]);
	return 0;
}

/* Into an archive or a directory, as save does, under podman's word for it. Nothing is recorded: a file is the user's own. */
static int push_file(const struct command_call *call, struct store *st, const struct push_options *o, struct err *e)
{
	const struct push_args *a = call->args;
	struct copy_options copy = {.which = which_of(call), .format = o->outgoing.format, .progress = o->outgoing.progress};
	_cleanup_free_ char *from = NULL;
	struct digest digest = {0};
	int r = check_file(call, e);

	if (r < 0)
		return r;
	if (asprintf(&from, "store:%s", call->argv[0]) < 0)
		return err_errno(e, ENOMEM, "push");
	r = copy_image(st, from, call->argv[1], &copy, &digest, e);
	return r == 0 && a->digestfile ? make_write_file("--digestfile", a->digestfile, digest.text, false, e) : r;
}

/* After the push, of what was pushed. */
static int sign(const struct command_call *call, const struct push_options *o, const struct image *img, const struct digest *digest,
		struct err *e)
{
	const struct push_args *a = call->args;
	const struct sign_options s = {.access = o->access, .key_file = a->sign_key, .passphrase_file = a->sign_passphrase_file,
				       .expect = digest, .progress = o->outgoing.progress};
	struct digest signed_digest;

	return a->sign_key ? sign_image(call->argc > 1 ? call->argv[1] : img->name, &s, &signed_digest, e) : 0;
}

static int push_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(store_closep) struct store *st = NULL;
	const struct push_args *a = call->args;
	struct push_options o;
	struct digest digest = {0};
	int r = image_source_init(a->quiet, &source, e);

	if (r == 0)
		r = registry_access_of(call, &a->registry, &source, e);
	if (r == 0)
		r = options_of(call, &source, &o, e);
	if (r == 0)
		r = image_store_open(call, &st, e);
	if (r == 0 && call->argc > 1 && is_file(call->argv[1]))
		return push_file(call, st, &o, e);
	if (r == 0 && store_resolve_any(st, call->argv[0], &img, NULL) == 0 && img->is_index)
		return push_list(call, st, &o, img, e);
	img = image_free(img);
	if (r < 0)
		return r;
	r = push(call, st, &o, &img, &digest, e);
	if (r == 0)
		r = sign(call, &o, img, &digest, e);
	r = attest_image(call->engine, AUDIT_VERB_PUSH, call->argv[call->argc - 1], img, r, e);
	return r == 0 && a->digestfile ? make_write_file("--digestfile", a->digestfile, digest.text, false, e) : r;
}

const struct command command_push = {
	.name = "push",
	.aliases = "image push",
	.operands = "[OPTIONS] IMAGE [DESTINATION]",
	.summary = "Send an image to a registry, or into an archive or directory",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 2,
	.rows = push_rows,
	.args_size = sizeof(struct push_args),
	.run = push_run,
};
