/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby copy: an image from one place to another, without being unpacked. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/make.h"
#include "engine/attest.h"
#include "image/copy.h"

#include <errno.h>
#include <string.h>

struct copy_args {
	const char *authfile, *src_authfile, *dest_authfile, *src_cert_dir, *dest_cert_dir, *src_creds, *dest_creds;
	const char *signature_policy, *multi_arch, *format, *digestfile, *platform, *os, *arch, *variant;
	bool src_tls_verify, dest_tls_verify, all, preserve_digests, quiet, remove_signatures;
};

static const struct option_row copy_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct copy_args, all), .help = "Of an index, all images; else that of this host"},
	{0, "arch", OPT_STRING, offsetof(struct copy_args, arch), .arg = "ARCH", .help = "Architecture instead of this host's"},
	{0, "authfile", OPT_STRING, offsetof(struct copy_args, authfile), .arg = "FILE",
	 .help = "Credentials from this file instead of the usual ones"},
	{0, "dest-authfile", OPT_STRING, offsetof(struct copy_args, dest_authfile), .arg = "FILE", .help = "The same for the destination"},
	{0, "dest-cert-dir", OPT_STRING, offsetof(struct copy_args, dest_cert_dir), .arg = "DIR",
	 .help = "The destination's certificates (*.crt, *.cert, *.key)"},
	{0, "dest-creds", OPT_STRING, offsetof(struct copy_args, dest_creds), .arg = "USER[:PASSWORD]",
	 .help = "Credentials at the destination; other users of this host can see them in ps"},
	{0, "dest-tls-verify", OPT_FLAG, offsetof(struct copy_args, dest_tls_verify),
	 .help = "Require https and valid certificates of the destination; =false allows http"},
	{0, "digestfile", OPT_STRING, offsetof(struct copy_args, digestfile), .arg = "FILE",
	 .help = "Write the digest of what is there now into this file"},
	{'f', "format", OPT_CHOICE, offsetof(struct copy_args, format), .arg = "FORMAT", .choices = "oci|v2s2|docker",
	 .help = "Kind of manifest instead of the image's own"},
	{0, "multi-arch", OPT_CHOICE, offsetof(struct copy_args, multi_arch), .arg = "WHICH", .choices = "system|all|index-only",
	 .help = "Of an index, what is copied (default system: the image of this host)"},
	{0, "os", OPT_STRING, offsetof(struct copy_args, os), .arg = "OS", .help = "Operating system instead of linux"},
	{0, "platform", OPT_STRING, offsetof(struct copy_args, platform), .arg = "OS/ARCH[/VARIANT]", .help = "Platform instead of this host's"},
	{0, "preserve-digests", OPT_FLAG, offsetof(struct copy_args, preserve_digests), .help = "Fail where a digest would have to change"},
	{'q', "quiet", OPT_FLAG, offsetof(struct copy_args, quiet), .help = "Show no progress"},
	{0, "remove-signatures", OPT_FLAG, offsetof(struct copy_args, remove_signatures),
	 .help = "Copy no signatures; none are copied without it either"},
	{0, "signature-policy", OPT_STRING, offsetof(struct copy_args, signature_policy), .arg = "FILE",
	 .help = "Policy for signatures from this file instead of the usual ones"},
	{0, "src-authfile", OPT_STRING, offsetof(struct copy_args, src_authfile), .arg = "FILE", .help = "The same for the source"},
	{0, "src-cert-dir", OPT_STRING, offsetof(struct copy_args, src_cert_dir), .arg = "DIR",
	 .help = "The source's certificates (*.crt, *.cert, *.key)"},
	{0, "src-creds", OPT_STRING, offsetof(struct copy_args, src_creds), .arg = "USER[:PASSWORD]",
	 .help = "Credentials at the source; other users of this host can see them in ps"},
	{0, "src-tls-verify", OPT_FLAG, offsetof(struct copy_args, src_tls_verify),
	 .help = "Require https and valid certificates of the source; =false allows http"},
	{0, "variant", OPT_STRING, offsetof(struct copy_args, variant), .arg = "VARIANT", .help = "Variant of the architecture"},
	OPTION_REFUSED(0, "sign-identity", OPTION_NO_SIGN),
	TWO_SIDES_REFUSED,
	OPTION_REFUSED(0, "additional-tag", "copy once more: what is there is not sent again"),
	OPTION_REFUSED(0, "dest-compress", "layers go as they are; push an image with ranby push --compression-format"),
	OPTION_REFUSED(0, "dest-decompress", "layers go as they are; push an image with ranby push --compression-format"),
	OPTION_REFUSED(0, "dest-compress-format", "layers go as they are; push an image with ranby push --compression-format"),
	OPTION_REFUSED(0, "dest-compress-level", "layers go as they are; push an image with ranby push --compression-format"),
	OPTION_REFUSED(0, "encryption-key", "layers are not encrypted"),
	OPTION_REFUSED(0, "encrypt-layer", "layers are not encrypted"),
	OPTION_REFUSED(0, "decryption-key", "layers are not decrypted; skopeo copy --decryption-key"),
	OPTION_REFUSED(0, "dest-oci-accept-uncompressed-layers", "leave it out: layers go as they are"),
	OPTION_REFUSED(0, "dest-precompute-digests", "leave it out: digests are known before anything is sent"),
	OPTION_REFUSED(0, "src-shared-blob-dir", "first make a layout with blobs of its own: skopeo copy --src-shared-blob-dir"),
	OPTION_REFUSED(0, "dest-shared-blob-dir", "a layout has blobs of its own; skopeo copy --dest-shared-blob-dir takes it from there"),
	OPTION_REFUSED(0, "src-daemon-host", "docker save, and docker-archive:"),
	OPTION_REFUSED(0, "dest-daemon-host", "docker-archive:, and docker load"),
	OPTION_END,
};

/* Both ends' credentials, copied and blanked where ps would show them. */
struct ends {
	char *from, *to;
};

static void ends_done(struct ends *s)
{
	char *const all[] = {s->from, s->to};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i])
			explicit_bzero(all[i], strlen(all[i]));
		free(all[i]);
	}
}

static int take(const char *arg, char **ret, struct err *e)
{
	*ret = arg ? image_take_secret(arg) : NULL;
	return arg && !*ret ? err_errno(e, ENOMEM, "credentials") : 0;
}

static enum registry_tls tls_of(const struct command_call *call, const char *option, bool verify)
{
	if (!option_given(call->command->rows, call->full_argc, call->full_argv, option))
		return REGISTRY_TLS_DEFAULT;
	return verify ? REGISTRY_TLS_VERIFY : REGISTRY_TLS_INSECURE;
}

static int set_ends(const struct command_call *call, const struct image_source *source, struct ends *secrets, struct copy_options *o, struct err *e)
{
	const struct copy_args *a = call->args;
	int r = take(a->src_creds, &secrets->from, e);

	if (r == 0)
		r = take(a->dest_creds, &secrets->to, e);
	o->from = o->to = source->options.access;
	o->from.creds = secrets->from;
	o->from.auth_file = a->src_authfile ? a->src_authfile : a->authfile;
	o->from.cert_dir = a->src_cert_dir;
	o->from.tls = tls_of(call, "src-tls-verify", a->src_tls_verify);
	o->to.creds = secrets->to;
	o->to.auth_file = a->dest_authfile ? a->dest_authfile : a->authfile;
	o->to.cert_dir = a->dest_cert_dir;
	o->to.tls = tls_of(call, "dest-tls-verify", a->dest_tls_verify);
	return r;
}

static int which_of(const struct copy_args *a, enum copy_which *ret, struct err *e)
{
	if (a->all && a->multi_arch)
		return err_set(e, EINVAL, "--all and --multi-arch exclude each other");
	*ret = a->all || (a->multi_arch && strcmp(a->multi_arch, "all") == 0) ? COPY_ALL :
	       a->multi_arch && strcmp(a->multi_arch, "index-only") == 0      ? COPY_INDEX_ONLY :
										COPY_PLATFORM;
	return 0;
}

enum outgoing_format image_format(const char *word)
{
	return !word ? OUTGOING_AS_IT_IS : strcmp(word, "oci") == 0 ? OUTGOING_OCI : OUTGOING_DOCKER;
}

static bool is_of_store(const char *place)
{
	return strncmp(place, "store:", 6) == 0 || !copy_has_transport(place);
}

static const char *store_name(const char *place)
{
	return strncmp(place, "store:", 6) == 0 ? place + 6 : place;
}

/*
 * What changes a registry or the store is recorded; a file that is written is
 * the user's own. What comes into the store is pulled, with what was decided
 * of it; what was there has another name.
 */
static int record(const struct command_call *call, struct store *st, int r, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	const char *from = call->argv[0], *to = call->argv[1];

	if (strncmp(to, "docker://", 9) == 0)
		return attest_image(call->engine, AUDIT_VERB_PUSH, to, NULL, r, e);
	if (!is_of_store(to))
		return r;
	if (r == 0)
		(void)!store_resolve_any(st, store_name(to), &img, NULL);
	return attest_image(call->engine, is_of_store(from) ? AUDIT_VERB_TAG : AUDIT_VERB_PULL, is_of_store(from) ? store_name(to) : from, img, r, e);
}

static int copy_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(ends_done) struct ends secrets = {0};
	const struct copy_args *a = call->args;
	struct copy_options o = {.format = image_format(a->format), .preserve_digests = a->preserve_digests};
	struct digest digest = {0};
	int r = image_source_init(a->quiet, &source, e);

	if (r == 0)
		r = image_platform(a->platform, a->os, a->arch, a->variant, &source.platform, e);
	if (r == 0)
		r = which_of(a, &o.which, e);
	if (r == 0)
		r = set_ends(call, &source, &secrets, &o, e);
	if (r == 0)
		r = image_store_open(call, &st, e);
	if (r < 0)
		return r;
	o.platform = source.platform;
	o.signature_policy = a->signature_policy;
	o.progress = source.progress;
	r = record(call, st, copy_image(st, call->argv[0], call->argv[1], &o, &digest, e), e);
	if (r == 0 && a->digestfile)
		r = make_write_file("--digestfile", a->digestfile, digest.text, false, e);
	/* what went through the store's blobs */
	return r < 0 ? r : store_sweep(st, e);
}

const struct command command_copy = {
	.name = "copy",
	.aliases = "image copy",
	.operands = "[OPTIONS] SOURCE DESTINATION",
	.summary = "Copy an image between registries, archives, directories and the store",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = copy_rows,
	.args_size = sizeof(struct copy_args),
	.run = copy_run,
};
