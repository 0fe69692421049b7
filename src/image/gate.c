/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Signatures of archives and directories are not read: where a policy asks for one, they are refused. */
#include "image/gate.h"

#include "image/progress.h"
#include "image/signatures.h"
#include "trust/check.h"

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

int gate_archive(const char *transport, const char *place, const char *name, const struct digest *manifest, const struct digest *index,
		 const struct pull_options *o, char **ret, struct err *e)
{
	struct trust_image image = {.transport = transport, .place = place, .name = name};

	if (manifest)
		image.manifest = *manifest;
	if (index)
		image.index = *index;
	return ask(&image, NULL, o, ret, e);
}
