/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An index is edited as the JSON that it is, so that keys of others survive.
 */
#include "oci/index_edit.h"

#include <errno.h>
#include <string.h>

static const char *const family_types[] = {[MANIFEST_OCI] = MEDIA_OCI_INDEX, [MANIFEST_DOCKER] = MEDIA_DOCKER_LIST};

struct json_object *index_new(enum manifest_family family)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	if (json_add_int(o, "schemaVersion", 2) < 0 || json_add_str(o, "mediaType", family_types[family]) < 0 ||
	    json_add(o, "manifests", json_object_new_array()) < 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

static size_t count(struct json_object *ix)
{
	struct json_object *list = json_at(ix, "manifests");

	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* -1: none. */
static ptrdiff_t find(struct json_object *ix, const struct digest *digest)
{
	for (size_t i = 0; i < count(ix); i++)
		if (strcmp(json_str(json_object_array_get_idx(json_at(ix, "manifests"), i), "digest"), digest->text) == 0)
			return (ptrdiff_t)i;
	return -1;
}

struct json_object *index_at(struct json_object *ix, const struct digest *digest)
{
	ptrdiff_t at = find(ix, digest);

	return at < 0 ? NULL : json_object_array_get_idx(json_at(ix, "manifests"), (size_t)at);
}

static int not_there(const struct digest *digest, struct err *e)
{
	return err_set(e, ENOENT, "%s: not in the list", digest->text);
}

static int put_descriptor(struct json_object *o, const char *media_type, const struct digest *digest, uint64_t size_bytes)
{
	int r = json_add_str(o, "mediaType", media_type);

	r |= json_add_u64(o, "size", size_bytes);
	r |= json_add_str(o, "digest", digest->text);
	return r;
}

static int put_word(struct json_object *o, const char *key, const char *word)
{
	return word && *word ? json_add_str(o, key, word) : 0;
}

static int put_platform(struct json_object *o, const struct platform *p)
{
	struct json_object *to = json_object_new_object();
	int r = to ? 0 : -ENOMEM;

	r |= put_word(to, "architecture", p->arch);
	r |= put_word(to, "os", p->os);
	r |= put_word(to, "variant", p->variant);
	return r | json_add(o, "platform", to);
}

int index_put(struct json_object *ix, const char *media_type, const struct digest *digest, uint64_t size_bytes,
	      const struct platform *platform, struct err *e)
{
	struct json_object *o = index_at(ix, digest);
	bool is_new = !o;
	int r = 0;

	if (is_new && count(ix) == INDEX_ENTRIES_MAX)
		return err_set(e, E2BIG, "a list of more than %d images", INDEX_ENTRIES_MAX);
	if (is_new)
		o = json_object_new_object();
	if (!o)
		return err_errno(e, ENOMEM, "index");
	r = put_descriptor(o, media_type, digest, size_bytes);
	if (r == 0 && platform && (platform->os[0] || platform->arch[0]))
		r = put_platform(o, platform);
	if (r != 0) {
		if (is_new)
			json_object_put(o);
		return err_errno(e, ENOMEM, "index");
	}
	return is_new && json_append(json_at(ix, "manifests"), o) < 0 ? err_errno(e, ENOMEM, "index") : 0;
}

int index_drop(struct json_object *ix, const struct digest *digest, struct err *e)
{
	ptrdiff_t at = find(ix, digest);

	if (at < 0)
		return not_there(digest, e);
	return json_object_array_del_idx(json_at(ix, "manifests"), (size_t)at, 1) < 0 ? err_errno(e, EINVAL, "index") : 0;
}

/* The object at `key`, made when it is not there. */
static struct json_object *object_at(struct json_object *o, const char *key)
{
	struct json_object *to = json_at(o, key);

	if (json_object_is_type(to, json_type_object))
		return to;
	to = json_object_new_object();
	return json_add(o, key, to) < 0 ? NULL : to;
}

static int add_annotations(struct json_object *o, const struct strv *pairs, struct err *e)
{
	struct json_object *notes = object_at(o, "annotations");

	for (size_t i = 0; notes && i < pairs->n; i++) {
		const char *eq = strchr(pairs->items[i], '=');
		_cleanup_free_ char *key = NULL;

		if (!eq || eq == pairs->items[i])
			return err_set(e, EINVAL, "annotation \"%s\": not KEY=VALUE", pairs->items[i]);
		key = strndup(pairs->items[i], (size_t)(eq - pairs->items[i]));
		if (!key || json_add_str(notes, key, eq + 1) < 0)
			return err_errno(e, ENOMEM, "index");
	}
	return notes ? 0 : err_errno(e, ENOMEM, "index");
}

static int add_features(struct json_object *o, const char *key, const struct strv *words)
{
	return words && words->n ? json_add_strv(o, key, words) : 0;
}

static int annotate_platform(struct json_object *o, const struct index_notes *n)
{
	struct json_object *p;
	int r = 0;

	if (!n->os && !n->arch && !n->variant && !n->os_version && !(n->features && n->features->n) && !(n->os_features && n->os_features->n))
		return 0;
	p = object_at(o, "platform");
	if (!p)
		return -ENOMEM;
	r |= put_word(p, "architecture", n->arch);
	r |= put_word(p, "os", n->os);
	r |= put_word(p, "variant", n->variant);
	r |= put_word(p, "os.version", n->os_version);
	r |= add_features(p, "features", n->features);
	return r | add_features(p, "os.features", n->os_features);
}

int index_annotate(struct json_object *ix, const struct digest *digest, const struct index_notes *notes, struct err *e)
{
	struct json_object *o = digest ? index_at(ix, digest) : ix;

	if (!o)
		return not_there(digest, e);
	if (digest && annotate_platform(o, notes) != 0)
		return err_errno(e, ENOMEM, "index");
	return notes->annotations && notes->annotations->n ? add_annotations(o, notes->annotations, e) : 0;
}

enum manifest_family index_family(struct json_object *ix)
{
	return strcmp(json_str(ix, "mediaType"), MEDIA_DOCKER_LIST) == 0 ? MANIFEST_DOCKER : MANIFEST_OCI;
}

int index_set_family(struct json_object *ix, enum manifest_family family, struct err *e)
{
	if (json_add_str(ix, "mediaType", family_types[family]) < 0)
		return err_errno(e, ENOMEM, "index");
	if (family != MANIFEST_DOCKER)
		return 0;
	json_object_object_del(ix, "annotations");
	for (size_t i = 0; i < count(ix); i++)
		json_object_object_del(json_object_array_get_idx(json_at(ix, "manifests"), i), "annotations");
	return 0;
}

int index_replace(struct json_object *ix, const struct digest *old, const char *media_type, const struct digest *digest,
		  uint64_t size_bytes, struct err *e)
{
	struct json_object *o = index_at(ix, old);

	if (!o)
		return not_there(old, e);
	return put_descriptor(o, media_type, digest, size_bytes) != 0 ? err_errno(e, ENOMEM, "index") : 0;
}
