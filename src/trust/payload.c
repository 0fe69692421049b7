/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is read here has been verified already; that a key's owner signed it does not make it well-formed. */
#include "trust/payload.h"

#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Exactly those keys, all of them objects or strings as asked for later. */
static int exact(struct json_object *o, const char *what, const char *const *keys, size_t n, struct err *e)
{
	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "signed text: %s is not an object", what);
	if ((size_t)json_object_object_length(o) != n)
		return err_set(e, EINVAL, "signed text: %s has unknown or missing keys", what);
	for (size_t i = 0; i < n; i++)
		if (!json_object_object_get_ex(o, keys[i], NULL))
			return err_set(e, EINVAL, "signed text: %s has no \"%s\"", what, keys[i]);
	return 0;
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(o, key, &value) ? value : NULL;
}

static int check_shape(struct json_object *o, struct err *e)
{
	static const char *const top[] = {"critical", "optional"}, *const inside[] = {"identity", "image", "type"};
	static const char *const image[] = {"docker-manifest-digest"}, *const identity[] = {"docker-reference"};
	struct json_object *critical;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "signed text: not an object");
	r = exact(o, "it", top, json_object_object_get_ex(o, "optional", NULL) ? 2 : 1, e);
	critical = member(o, "critical");
	if (r == 0)
		r = exact(critical, "critical", inside, ARRAY_SIZE(inside), e);
	if (r == 0)
		r = exact(member(critical, "image"), "image", image, ARRAY_SIZE(image), e);
	return r < 0 ? r : exact(member(critical, "identity"), "identity", identity, ARRAY_SIZE(identity), e);
}

int trust_payload_parse(const char *text, size_t len, const char *type, struct trust_payload *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *has = "", *digest = "", *name = "";
	struct trust_payload p = {0};
	int r;

	if (len > TRUST_PAYLOAD_MAX)
		return err_set(e, EFBIG, "signed text: more than %u bytes", TRUST_PAYLOAD_MAX);
	r = json_parse(text, len, "signed text", &o, e);
	/* without "optional", as cosign writes none when it has none to say */
	if (r == 0)
		r = check_shape(o, e);
	if (r == 0)
		r = json_get_str(o, "critical.type", &has, e);
	if (r == 0 && strcmp(has, type) != 0)
		r = err_set(e, EINVAL, "signed text: of type \"%.64s\", not \"%s\"", has, type);
	if (r == 0)
		r = json_get_str(o, "critical.image.docker-manifest-digest", &digest, e);
	if (r == 0)
		r = digest_parse(digest, &p.digest, e);
	if (r == 0)
		r = json_get_str(o, "critical.identity.docker-reference", &name, e);
	if (r == 0 && (!*name || strlen(name) >= sizeof(p.name)))
		r = err_set(e, EINVAL, "signed text: it names no image");
	if (r < 0)
		return r;
	snprintf(p.name, sizeof(p.name), "%s", name);
	*ret = p;
	return 0;
}

int trust_payload_write(const struct trust_payload *p, const char *type, struct buf *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *critical = json_object_new_object(), *identity = json_object_new_object(), *image = json_object_new_object(),
			   *optional = json_object_new_object();
	const char *text;
	size_t len = 0;
	int r = 0;

	r |= json_add_str(identity, "docker-reference", p->name);
	r |= json_add_str(image, "docker-manifest-digest", p->digest.text);
	r |= json_add(critical, "identity", identity);
	r |= json_add(critical, "image", image);
	r |= json_add_str(critical, "type", type);
	r |= json_add(o, "critical", critical);
	r |= json_add_str(optional, "creator", "ranby " RANBY_VERSION);
	r |= json_add(o, "optional", optional);
	text = r ? NULL : json_text(o, &len);
	if (!text)
		return err_errno(e, ENOMEM, "signed text");
	buf_add(ret, text, len);
	return buf_bad(ret) ? err_errno(e, ENOMEM, "signed text") : 0;
}
