/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A key that signs for one repository may sign for others too: a signature
 * counts for the image that it names, and no other. Without this a registry
 * could serve last year's release, or another product of the same maker, under
 * any tag.
 */
#include "trust/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool same_repository(const struct reference *a, const struct reference *b)
{
	return strcmp(a->domain, b->domain) == 0 && strcmp(a->path, b->path) == 0;
}

/* The same text, and not a repository alone. */
static bool same_exactly(const struct reference *wanted, const struct reference *has)
{
	if (!has->tag[0] && !digest_is_set(&has->digest))
		return false;
	return same_repository(wanted, has) && strcmp(wanted->tag, has->tag) == 0 && strcmp(wanted->digest.text, has->digest.text) == 0;
}

static int refused(struct err *e, const char *signed_name, const char *wanted)
{
	return err_set(e, EACCES, "the signature is for %s, not for %s", signed_name, wanted);
}

/* "prefix" covers the whole name or ends at one of its parts. */
static int remap(struct json_object *rule, const struct reference *asked, struct reference *ret, struct err *e)
{
	const char *prefix = json_str(rule, "prefix"), *to = json_str(rule, "signedPrefix");
	char name[REFERENCE_TEXT_SIZE], moved[2 * REFERENCE_TEXT_SIZE];
	size_t len = strlen(prefix);
	int r;

	*ret = *asked;
	reference_repository(asked, name);
	if (strncmp(name, prefix, len) != 0 || (name[len] != '\0' && name[len] != '/'))
		return 0;
	r = snprintf(moved, sizeof(moved), "%s%s", to, name + len);
	if (r < 0 || (size_t)r >= sizeof(moved))
		return err_set(e, ENAMETOOLONG, "signedPrefix");
	r = reference_parse(moved, ret, e);
	if (r < 0)
		return err_wrap(e, r, "signedPrefix");
	memcpy(ret->tag, asked->tag, sizeof(ret->tag));
	ret->digest = asked->digest;
	return 0;
}

/* matchRepoDigestOrExact: for who asked for content by its digest, the repository is enough. */
static bool fits(const char *type, const struct reference *wanted, const struct reference *has)
{
	if (strcmp(type, "matchRepository") == 0)
		return same_repository(wanted, has);
	if (strcmp(type, "matchExact") != 0 && digest_is_set(&wanted->digest))
		return same_repository(wanted, has);
	return same_exactly(wanted, has);
}

static int check_fixed(struct json_object *rule, const char *type, const struct reference *has, const char *signed_name, struct err *e)
{
	bool whole = strcmp(type, "exactReference") == 0;
	const char *text = json_str(rule, whole ? "dockerReference" : "dockerRepository");
	struct reference wanted;
	int r = reference_parse(text, &wanted, e);

	if (r < 0)
		return r;
	if (!whole)
		return same_repository(&wanted, has) ? 0 : refused(e, signed_name, text);
	return same_exactly(&wanted, has) ? 0 : refused(e, signed_name, text);
}

/* A signature without a name says: this content. Only who asked for the content has asked for that. */
static int check_nameless(const char *type, const struct trust_image *image, struct err *e)
{
	int r;

	if (image->ref && digest_is_set(&image->ref->digest) && strcmp(type, "matchRepoDigestOrExact") == 0)
		return 0;
	r = err_set(e, EACCES, "the signature names no image, only a digest, and signedIdentity asks for a name");
	err_hint(e, "pull it by digest, or sign it with its name (ranby image sign)");
	return r;
}

int trust_identity_check(const struct trust_requirement *q, const struct trust_image *image, const char *signed_name, struct err *e)
{
	struct json_object *rule = json_at(q->json, "signedIdentity");
	const char *type = rule ? json_str(rule, "type") : "matchRepoDigestOrExact";
	char text[REFERENCE_TEXT_SIZE];
	struct reference has, wanted;
	int r;

	if (!signed_name)
		return check_nameless(type, image, e);
	r = reference_parse(signed_name, &has, e);
	if (r < 0)
		return err_wrap(e, r, "the name in the signature");
	/* "debian" could be anybody's */
	if (!has.domain[0])
		return err_set(e, EACCES, "the signature names no registry");
	if (strncmp(type, "exactRe", 7) == 0)
		return check_fixed(rule, type, &has, signed_name, e);
	if (!image->ref)
		return err_set(e, EACCES, "%s: an image of %s: has no name that a signature could be for", type, image->transport);
	wanted = *image->ref;
	if (strcmp(type, "remapIdentity") == 0) {
		r = remap(rule, image->ref, &wanted, e);
		if (r < 0)
			return r;
	}
	reference_text(&wanted, text);
	return fits(type, &wanted, &has) ? 0 : refused(e, signed_name, text);
}
