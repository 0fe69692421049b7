/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Signatures of archives and directories are not read: where a policy asks for one, they are refused. */
#include "image/gate.h"

#include "image/progress.h"
#include "image/signatures.h"
#include "sys/fd.h"
#include "trust/check.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int keep(const struct trust_decision *d, char **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r = trust_decision_json(d, &o, e);
	const char *text = r == 0 ? json_text(o, NULL) : NULL;

	if (r < 0)
		return r;
	*ret = text ? strdup(text) : NULL;
	return *ret ? 0 : err_errno(e, ENOMEM, "trust");
}

static int ask(const struct trust_image *image, const struct trust_source *source, const struct pull_options *o, char **ret, struct err *e)
{
	const struct trust_access access = {.policy_file = o->signature_policy, .home = o->access.home};
	struct trust_decision d;
	int r = trust_check(&access, image, source, &d, e);

	if (r < 0)
		return r;
	if (d.verdict == TRUST_VERIFIED)
		progress_say(o->progress, "Verified: signed by %s", d.key);
	return keep(&d, ret, e);
}

int gate_registry(struct fetch_client *fc, const struct reference *ref, const struct digest *manifest, const struct digest *index,
		  const struct pull_options *o, char **ret, struct err *e)
{
	struct signatures_at at = {.fc = fc, .access = &o->access, .ref = ref, .manifest = *manifest, .index = *index};
	const struct trust_image image = {.transport = "docker", .ref = ref, .manifest = *manifest, .index = *index};
	const struct trust_source source = {.gather = signatures_gather, .ctx = &at};

	return ask(&image, &source, o, ret, e);
}

/* Where it really is: a policy that names a directory does not mean links into it. */
static int real_path(const char *path, char ret[static PATH_MAX], struct err *e)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	char name[32];
	ssize_t n;

	if (fd < 0)
		return err_errno(e, errno, "open %s", path);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, ret, PATH_MAX - 1);
	if (n < 0)
		return err_errno(e, errno, "%s", path);
	ret[n] = '\0';
	return 0;
}

int gate_archive(const char *transport, const char *path, const char *want, const struct pull_options *o, char **ret, struct err *e)
{
	struct trust_image image = {.transport = transport};
	char place[PATH_MAX + REFERENCE_TEXT_SIZE + 1];
	size_t len;
	int r;

	if (path) {
		r = real_path(path, place, e);
		if (r < 0)
			return r;
		len = strlen(place);
		if (want && strncmp(transport, "oci", 3) == 0)
			snprintf(place + len, sizeof(place) - len, ":%.*s", REFERENCE_TEXT_SIZE - 2, want);
		image.place = place;
	}
	return ask(&image, NULL, o, ret, e);
}
