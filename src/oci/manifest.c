/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One text must mean one thing to every client that pulls it by digest. The
 * kind is therefore settled first, from all three witnesses (mediaType,
 * content type, shape), and any two that disagree end the matter.
 */
#include "oci/manifest.h"

#include <errno.h>
#include <string.h>

void manifest_done(struct manifest *m)
{
	free(m->layers);
	*m = (struct manifest){0};
}

/* What the body says that it is. -EINVAL when it says two things. */
static int kind_by_shape(struct json_object *o, enum media_kind *ret, struct err *e)
{
	bool layers = json_object_object_get_ex(o, "layers", NULL);
	bool config = json_object_object_get_ex(o, "config", NULL);
	bool manifests = json_object_object_get_ex(o, "manifests", NULL);

	if (json_object_object_get_ex(o, "fsLayers", NULL))
		return err_set(e, EOPNOTSUPP, "docker schema 1 is not supported: push the image again with a newer client");
	if ((layers || config) && manifests)
		return err_set(e, EINVAL, "both a manifest and an index (CVE-2021-41190)");
	*ret = manifests ? MEDIA_INDEX : layers || config ? MEDIA_MANIFEST : MEDIA_OTHER;
	return 0;
}

static int check_said(const char *said, const char *by, enum media_kind shape, struct err *e)
{
	enum media_kind kind = media_kind_of(said);

	if (kind == MEDIA_SCHEMA1)
		return err_set(e, EOPNOTSUPP, "docker schema 1 is not supported: push the image again with a newer client");
	if ((kind == MEDIA_MANIFEST || kind == MEDIA_INDEX) && kind != shape)
		return err_set(e, EINVAL, "%s says %s, the content is another kind", by, said);
	return 0;
}

/* The content type is generic when a plain web server gave it. */
static bool is_generic(const char *content_type)
{
	static const char *const words[] = {"application/json", "text/plain", "application/octet-stream", ""};
	size_t len = strcspn(content_type, "; \t");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], content_type, len) == 0)
			return true;
	return false;
}

/* mediaType and content type against the shape, and against each other. */
static int check_words(const char *said, const char *content_type, enum media_kind shape, struct err *e)
{
	int r = said ? check_said(said, "mediaType", shape, e) : 0;

	if (content_type && is_generic(content_type))
		content_type = NULL;
	if (r == 0 && content_type)
		r = check_said(content_type, "the registry", shape, e);
	if (r < 0)
		return r;
	if (said && content_type && media_type_find(said) != media_type_find(content_type))
		return err_set(e, EINVAL, "mediaType is %s, but the registry says %s", said, content_type);
	return 0;
}

static int kind_of_object(struct json_object *o, const char *content_type, enum media_kind *ret,
			  const struct media_type **ret_type, struct err *e)
{
	const struct media_type *own;
	const char *said = NULL;
	enum media_kind shape = MEDIA_OTHER;
	uint32_t version = 0;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "not an object");
	r = json_get_str(o, "mediaType", &said, e);
	if (r == 0)
		r = json_get_u32(o, "schemaVersion", 0, 1000, &version, e);
	if (r == 0)
		r = kind_by_shape(o, &shape, e);
	if (r == 0)
		r = check_words(said, content_type, shape, e);
	if (r < 0)
		return r;
	if (version != 2)
		return err_set(e, EINVAL, "schemaVersion is not 2");
	own = said ? media_type_find(said) : NULL;
	if (shape == MEDIA_OTHER || (said && !own))
		return err_set(e, EINVAL, "neither an image manifest nor an index%s%s", said ? ": " : "", said ? said : "");
	*ret = shape;
	if (ret_type)
		*ret_type = own;
	return 0;
}

int manifest_kind(const char *text, size_t len, const char *content_type, enum media_kind *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r = json_parse(text, len, "manifest", &o, e);

	if (r < 0)
		return r;
	r = kind_of_object(o, content_type, ret, NULL, e);
	return r < 0 ? err_wrap(e, r, "manifest") : 0;
}

static int parse_config(struct json_object *o, struct manifest *m, struct err *e)
{
	struct json_object *config = NULL;
	const char *type = NULL;
	int r;

	r = json_get_object(o, "config", &config, e);
	if (r < 0)
		return r;
	if (!config)
		return err_set(e, EINVAL, "no config");
	r = descriptor_parse(config, &m->config, e);
	if (r == 0)
		r = json_get_str(config, "mediaType", &type, e);
	if (r < 0)
		return err_wrap(e, r, "config");
	if (type && (!m->config.type || m->config.type->kind != MEDIA_CONFIG))
		return err_set(e, EINVAL, "not a container image: its config is %s", type);
	return 0;
}

static int parse_layers(struct json_object *o, struct manifest *m, struct err *e)
{
	struct json_object *layers = NULL;
	size_t n;
	int r = json_get_array(o, "layers", &layers, e);

	if (r < 0)
		return r;
	n = layers ? json_object_array_length(layers) : 0;
	if (n > MANIFEST_LAYERS_MAX)
		return err_set(e, EINVAL, "more than %d layers", MANIFEST_LAYERS_MAX);
	m->layers = mem_array(n, sizeof(*m->layers));
	if (!m->layers)
		return err_errno(e, ENOMEM, "layers");
	for (size_t i = 0; i < n; i++) {
		struct descriptor *d = &m->layers[i];

		r = descriptor_parse(json_object_array_get_idx(layers, i), d, e);
		if (r < 0)
			return err_wrap(e, r, "layers[%zu]", i);
		if (d->type && d->type->kind == MEDIA_LAYER_ENCRYPTED)
			return err_set(e, EOPNOTSUPP, "layers[%zu]: encrypted layers are not supported", i);
		if (!d->type || d->type->kind != MEDIA_LAYER)
			return err_set(e, EINVAL, "layers[%zu]: not a file system layer", i);
		m->n_layers = i + 1;
	}
	return 0;
}

int manifest_parse(const char *text, size_t len, const char *content_type, struct manifest *ret, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_json_ struct json_object *o = NULL;
	enum media_kind kind;
	int r;

	r = json_parse(text, len, "manifest", &o, e);
	if (r < 0)
		return r;
	r = kind_of_object(o, content_type, &kind, &m.type, e);
	if (r == 0 && kind != MEDIA_MANIFEST)
		r = err_set(e, EINVAL, "an index, not the manifest of one image");
	if (r == 0)
		r = parse_config(o, &m, e);
	if (r == 0)
		r = parse_layers(o, &m, e);
	if (r < 0)
		return err_wrap(e, r, "manifest");
	*ret = m;
	m = (struct manifest){0};
	return 0;
}

static int write_object(struct json_object *o, const struct descriptor *config, const struct descriptor *layers, size_t n)
{
	struct json_object *list = json_object_new_array();
	int r = 0;

	r |= json_add(o, "schemaVersion", json_object_new_int(2));
	r |= json_add_str(o, "mediaType", MEDIA_OCI_MANIFEST);
	r |= json_add(o, "config", descriptor_json(MEDIA_OCI_CONFIG, &config->digest, config->size_bytes));
	for (size_t i = 0; i < n && list; i++)
		r |= json_append(list, descriptor_json(layers[i].type ? layers[i].type->text : MEDIA_OCI_LAYER,
						       &layers[i].digest, layers[i].size_bytes));
	r |= json_add(o, "layers", list);
	return r ? -ENOMEM : 0;
}

int manifest_write(const struct descriptor *config, const struct descriptor *layers, size_t n_layers, char **ret_text,
		   size_t *ret_len, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const char *text;
	char *copy;
	size_t len;

	if (!o || write_object(o, config, layers, n_layers) < 0)
		return err_errno(e, ENOMEM, "manifest");
	text = json_text(o, &len);
	copy = text ? strndup(text, len) : NULL;
	if (!copy)
		return err_errno(e, ENOMEM, "manifest");
	*ret_text = copy;
	*ret_len = len;
	return 0;
}
