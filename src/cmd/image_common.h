/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * image_common - what the image commands share: the store, where images come
 * from, who uses them.
 */
#ifndef RANBY_CMD_IMAGE_COMMON_H
#define RANBY_CMD_IMAGE_COMMON_H

#include "base/err.h"
#include "base/json.h"
#include "cmd/command.h"
#include "engine/engine.h"
#include "engine/image_use.h"
#include "image/copy.h"
#include "image/progress.h"
#include "image/pull.h"
#include "image/store.h"

#define EXIT_IN_USE 2 /* of what would remove an image: a container is of it */

/* What skopeo and podman have at both ends, and we have not. */
#define OPTION_NO_SIGN "sign it where it is then: ranby image sign --key FILE, or for GPG skopeo standalone-sign"
#define OPTION_RETRIES "leave it out: what may pass is tried again by itself, four times"
#define OPTION_RETRY_PAUSE "leave it out: the pause between tries grows by itself"
#define OPTION_NO_DECRYPTION "encrypted images are not supported: decrypt it with skopeo copy --decryption-key, then ranby load"
#define OPTION_NO_CONTENT_TRUST "docker's content trust is not supported; who must have signed is in policy.json, or --signature-policy"
#define OPTION_NO_HALF_CREDS "log in with ranby login, or take an auth file; copy has --src-creds and --dest-creds too"

/* Rows of commands that have a source and a destination. */
#define TWO_SIDES_REFUSED                                                                                        \
	OPTION_REFUSED(0, "sign-by", OPTION_NO_SIGN),                                                            \
	OPTION_REFUSED(0, "sign-by-sigstore-private-key", OPTION_NO_SIGN),                                       \
	OPTION_REFUSED(0, "sign-passphrase-file", OPTION_NO_SIGN),                                               \
	OPTION_REFUSED(0, "src-username", OPTION_NO_HALF_CREDS),                                                 \
	OPTION_REFUSED(0, "src-password", OPTION_NO_HALF_CREDS),                                                 \
	OPTION_REFUSED(0, "src-registry-token", "log in with ranby login, or take an auth file"),                \
	OPTION_REFUSED(0, "src-no-creds", "take an empty --authfile"),                                           \
	OPTION_REFUSED(0, "dest-username", OPTION_NO_HALF_CREDS),                                                \
	OPTION_REFUSED(0, "dest-password", OPTION_NO_HALF_CREDS),                                                \
	OPTION_REFUSED(0, "dest-registry-token", "log in with ranby login, or take an auth file"),               \
	OPTION_REFUSED(0, "dest-no-creds", "take an empty --authfile"),                                          \
	OPTION_REFUSED(0, "retry-times", OPTION_RETRIES)

/* Options of how a registry is spoken to, alike in all commands that do. */
struct registry_args {
	const char *creds, *authfile, *cert_dir;
	bool tls_verify;
};
#define REGISTRY_ROWS(type, field)                                                                                  \
	{0, "authfile", OPT_STRING, offsetof(type, field.authfile), .arg = "FILE",                                  \
	 .help = "Credentials from this file instead of the usual ones"},                                           \
	{0, "cert-dir", OPT_STRING, offsetof(type, field.cert_dir), .arg = "DIR",                                   \
	 .help = "The registry's certificates (*.crt, *.cert, *.key)"},                                             \
	{0, "creds", OPT_STRING, offsetof(type, field.creds), .arg = "USER[:PASSWORD]",                             \
	 .help = "Credentials at the registry; other users of this host can see them in ps"},                       \
	{0, "tls-verify", OPT_FLAG, offsetof(type, field.tls_verify),                                               \
	 .help = "Require https and valid certificates; =false allows http (default: allowed for loopback only)"}

/* Puts what was given into *ret. */
/* Options of where an image comes from, alike in all commands that get one. */
struct image_source_args {
	struct registry_args registry;
	const char *signature_policy;
	const char *platform, *os, *arch, *variant;
	bool quiet;
};
#define IMAGE_SOURCE_ROWS(type, field)                                                                              \
	{0, "platform", OPT_STRING, offsetof(type, field.platform), .arg = "OS/ARCH[/VARIANT]",                     \
	 .help = "Platform instead of this host's"},                                                                \
	IMAGE_SOURCE_ROWS_BUT_PLATFORM(type, field)
#define IMAGE_SOURCE_ROWS_BUT_PLATFORM(type, field)                                                                 \
	{0, "arch", OPT_STRING, offsetof(type, field.arch), .arg = "ARCH", .help = "Architecture instead of this host's"}, \
	{0, "os", OPT_STRING, offsetof(type, field.os), .arg = "OS", .help = "Operating system instead of linux"},   \
	{'q', "quiet", OPT_FLAG, offsetof(type, field.quiet), .help = "Show no progress"},                          \
	{0, "signature-policy", OPT_STRING, offsetof(type, field.signature_policy), .arg = "FILE",                      \
	 .help = "This policy.json instead of the usual ones"},                                                     \
	REGISTRY_ROWS(type, field.registry),                                                                        \
	{0, "variant", OPT_STRING, offsetof(type, field.variant), .arg = "VARIANT", .help = "Variant of the architecture"}

/* What a call's pull_options borrow; on the caller's stack for as long as they are used. */
struct image_source {
	struct pull_options options;
	struct progress *progress;
	char *platform, *creds, *home;
	struct strv env;
};
void image_source_done(struct image_source *s);

/* Puts what was given into *ret. Credentials are copied and wiped off the command line, where ps shows them. */
int registry_access_of(const struct command_call *call, const struct registry_args *a, struct image_source *ret, struct err *e)
	_must_check_;

/* A copy of an argument that is a secret, whose place on the command line is blanked. The caller frees; NULL: no memory. */
char *image_take_secret(const char *arg) _must_check_;

/* Progress goes to standard error unless `a->quiet`. */
int image_source_open(const struct command_call *call, const struct image_source_args *a, struct image_source *ret,
		      struct err *e) _must_check_;

/* The parts of it for commands with other options: the environment, and progress on standard error. */
int image_source_init(bool quiet, struct image_source *ret, struct err *e) _must_check_;

/* The engine's store, working in its keeper. */
int image_store_open(const struct command_call *call, struct store **ret, struct err *e) _must_check_;

/* What the first operand names, as `resolve` finds it: 0, and 1 when it is not here; the caller frees *ret. */
int image_exists(const struct command_call *call, int (*resolve)(struct store *st, const char *name, struct image **ret, struct err *e),
		 struct image **ret, struct err *e) _must_check_;

/* --platform, or --os, --arch and --variant put together, for the caller to free; NULL: this host's. */
int image_platform(const char *platform, const char *os, const char *arch, const char *variant, char **ret, struct err *e) _must_check_;

/* Of --format's words "oci", "v2s2", "docker"; NULL: as it is. */
enum outgoing_format image_format(const char *word);

/* An index of the store goes to `to` (no transport: a registry), as `o` says, and is recorded. */
int manifest_push(const struct command_call *call, struct store *st, const char *name, const char *to, struct copy_options *o,
		  const char *digestfile, struct err *e) _must_check_;

/* How many of these are of that image. */
int image_count_uses(const struct strv *uses, const char *id);

/* "1.23 MB": units of 1000, three digits, as podman and docker print sizes. */
void image_size_text(uint64_t bytes, char ret[static 32]);

/* Splits a full reference into repository and tag ("<none>" where there is none). The caller frees *ret_repository. */
int image_split_name(const char *name, char **ret_repository, const char **ret_tag) _must_check_;

#endif
