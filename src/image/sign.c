/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The manifest is fetched and hashed here, so that what is signed is a digest
 * of bytes that were seen and not a registry's word; ranby-trust has the key.
 * Then the signature is put beside it: as a layer of the tag "sha256-HEX.sig",
 * and as a bundle that refers to it, which is also listed under the tag
 * "sha256-HEX" where the registry does not list referrers itself.
 */
#include "image/sign.h"

#include "base/base64.h"
#include "image/signatures.h"
#include "oci/index.h"
#include "oci/manifest.h"
#include "registry/listing.h"
#include "registry/put.h"
#include "registry/session.h"
#include "trust/keys.h"
#include "trust/payload.h"
#include "trust/statement.h"
#include "trust/worker.h"

#include <stdio.h>
#include <string.h>

#define SUBJECTS_MAX 128
#define DOCKER_TRANSPORT "docker://"
#define MEDIA_EMPTY "application/vnd.oci.empty.v1+json"

struct subject {
	struct descriptor descriptor;
	const char *media_type;
	struct buf payload, statement, bundle;
	struct buf payload_signature, statement_signature;
};

struct signing {
	const struct sign_options *o;
	struct reference ref;
	struct fetch_client fc;
	struct subject *subjects;
	size_t n;
	char key_id[128];
};

static void signing_done(struct signing *s)
{
	fetch_stop(&s->fc);
	for (size_t i = 0; i < s->n; i++) {
		buf_done(&s->subjects[i].payload);
		buf_done(&s->subjects[i].statement);
		buf_done(&s->subjects[i].bundle);
		buf_done(&s->subjects[i].payload_signature);
		buf_done(&s->subjects[i].statement_signature);
	}
	free(s->subjects);
}

/* ---- what is signed ---- */

static void add_subject(struct signing *s, const struct digest *d, uint64_t size, const char *media_type)
{
	if (s->n < SUBJECTS_MAX)
		s->subjects[s->n++] = (struct subject){.descriptor = {.digest = *d, .size_bytes = size}, .media_type = media_type};
}

static int find_subjects(struct signing *s, struct err *e)
{
	const char *what = s->o->expect ? s->o->expect->text : digest_is_set(&s->ref.digest) ? s->ref.digest.text : s->ref.tag;
	_cleanup_(index_done) struct index ix = {0};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	enum media_kind kind = MEDIA_OTHER;
	const struct media_type *type;
	struct fetch_answer a;
	int r;

	s->subjects = mem_array(SUBJECTS_MAX, sizeof(*s->subjects));
	if (!s->subjects)
		return err_errno(e, ENOMEM, "sign");
	r = registry_small(&s->fc, FETCH_MANIFEST, what, UINT64_MAX, s->o->expect ? s->o->expect : &s->ref.digest, &text, &a, e);
	if (r == 0)
		r = manifest_kind(buf_str(&text), text.len, a.content_type, &kind, e);
	if (r == 0 && kind == MEDIA_INDEX)
		r = index_parse(buf_str(&text), text.len, a.content_type, &ix, e);
	if (r < 0)
		return r;
	type = media_type_find(a.content_type);
	add_subject(s, &a.digest, text.len, type ? type->text : MEDIA_OCI_MANIFEST);
	for (size_t i = 0; i < ix.n; i++)
		add_subject(s, &ix.entries[i].descriptor.digest, ix.entries[i].descriptor.size_bytes,
			    ix.entries[i].descriptor.type ? ix.entries[i].descriptor.type->text : MEDIA_OCI_MANIFEST);
	return ix.n >= SUBJECTS_MAX ? err_set(e, E2BIG, "an index of more than %d manifests", SUBJECTS_MAX - 1) : 0;
}

/* ---- signing ---- */

static int add_secrets(const struct sign_options *o, struct json_object *request, struct err *e)
{
	_cleanup_(buf_done) struct buf key = BUF_INIT, passphrase = BUF_INIT;
	int r = trust_read_file(o->key_file, &key, e);

	if (r == 0 && o->passphrase_file)
		r = trust_read_file(o->passphrase_file, &passphrase, e);
	if (r == 0 && trust_add_bytes(request, "key", key.data, key.len) < 0)
		r = err_errno(e, ENOMEM, "key");
	if (r == 0 && passphrase.len &&
	    trust_add_bytes(request, "passphrase", passphrase.data, strcspn(buf_str(&passphrase), "\r\n")) < 0)
		r = err_errno(e, ENOMEM, "key");
	if (key.data)
		explicit_bzero(key.data, key.len);
	if (passphrase.data)
		explicit_bzero(passphrase.data, passphrase.len);
	return r;
}

static int add_messages(struct signing *s, struct json_object *request, struct err *e)
{
	struct trust_payload p = {0};
	char name[REFERENCE_TEXT_SIZE];
	int r = 0;

	reference_text(&s->ref, name);
	if (strlen(s->o->identity ? s->o->identity : name) >= sizeof(p.name))
		return err_set(e, ENAMETOOLONG, "%s", name);
	snprintf(p.name, sizeof(p.name), "%.511s", s->o->identity ? s->o->identity : name);
	for (size_t i = 0; i < s->n && r == 0; i++) {
		_cleanup_(buf_done) struct buf pae = BUF_INIT;
		struct subject *one = &s->subjects[i];

		p.digest = one->descriptor.digest;
		r = trust_payload_write(&p, TRUST_PAYLOAD_COSIGN, &one->payload, e);
		if (r == 0)
			r = trust_statement_write(&p, &one->statement, e);
		if (r < 0)
			return r;
		trust_statement_pae(one->statement.data, one->statement.len, &pae);
		if (buf_bad(&pae) || trust_append_bytes(request, "messages", one->payload.data, one->payload.len) < 0 ||
		    trust_append_bytes(request, "messages", pae.data, pae.len) < 0)
			r = err_errno(e, ENOMEM, "sign");
	}
	return r;
}

static int take_signatures(struct signing *s, struct json_object *answer, struct err *e)
{
	_cleanup_(strv_done) struct strv texts = {0};
	int r = json_get_strv(answer, "signatures", &texts, e);

	if (r == 0 && texts.n != 2 * s->n)
		r = err_set(e, EPROTO, "ranby-trust gave a bad answer");
	for (size_t i = 0; i < s->n && r == 0; i++) {
		struct subject *one = &s->subjects[i];
		const char *payload = texts.items[2 * i], *statement = texts.items[2 * i + 1];

		r = base64_decode(payload, strlen(payload), &one->payload_signature);
		if (r == 0)
			r = base64_decode(statement, strlen(statement), &one->statement_signature);
		r = r < 0 ? err_errno(e, -r, "sign") : trust_bundle_write(&one->statement, &one->statement_signature, s->key_id, &one->bundle, e);
	}
	return r;
}

static int make_signatures(struct signing *s, struct err *e)
{
	_cleanup_json_ struct json_object *request = json_object_new_object(), *answer = NULL;
	int r = request ? add_secrets(s->o, request, e) : err_errno(e, ENOMEM, "sign");

	if (r == 0)
		r = add_messages(s, request, e);
	if (r == 0)
		r = trust_worker_ask("sign", request, &answer, e);
	if (r < 0)
		return err_wrap(e, r, "%s", s->o->key_file);
	snprintf(s->key_id, sizeof(s->key_id), "%s", json_str(answer, "keyId"));
	return take_signatures(s, answer, e);
}

/* ---- the `.sig` tag ---- */

static struct json_object *new_layer(const struct digest *d, const struct subject *one)
{
	struct json_object *layer = descriptor_json(SIGNATURE_LAYER, d, one->payload.len), *annotations = json_object_new_object();
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = layer && annotations ? 0 : -ENOMEM;

	base64_encode(one->payload_signature.data, one->payload_signature.len, &text);
	if (r == 0)
		r = buf_bad(&text) ? -ENOMEM : json_add_str(annotations, SIGNATURE_ANNOTATION, buf_str(&text));
	if (r == 0)
		r = json_add(layer, "annotations", json_object_get(annotations));
	json_object_put(annotations);
	if (r < 0) {
		json_object_put(layer);
		return NULL;
	}
	return layer;
}

/* The layers that the tag has; an empty list without it. What is there and cannot be read is not replaced. */
static int old_list(struct signing *s, const char *tag, const char *key, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *list = NULL;
	struct err own = {0};
	int r = registry_small(&s->fc, FETCH_MANIFEST, tag, UINT64_MAX, NULL, &text, NULL, &own);

	if (r < 0 && r != -ENOENT) {
		if (e)
			*e = own;
		return r;
	}
	if (r == 0)
		r = json_parse(buf_str(&text), text.len, tag, &o, e);
	else
		r = 0;
	if (r == 0 && o)
		r = json_get_array(o, key, &list, e);
	if (r < 0)
		return r;
	*ret = list ? json_object_get(list) : json_object_new_array();
	return *ret ? 0 : err_errno(e, ENOMEM, "sign");
}

/* An image config whose layers are these, for readers that want one. */
static int put_config(struct signing *s, struct json_object *layers, struct digest *ret, size_t *ret_len, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *rootfs = json_object_new_object(), *ids = json_object_new_array();
	const char *text;
	size_t len = 0;
	int r = 0;

	for (size_t i = 0; i < json_object_array_length(layers); i++)
		r |= json_append_str(ids, json_str(json_object_array_get_idx(layers, i), "digest"));
	r |= json_add_str(rootfs, "type", "layers");
	r |= json_add(rootfs, "diff_ids", ids);
	r |= json_add_str(o, "architecture", "");
	r |= json_add_str(o, "os", "");
	r |= json_add(o, "config", json_object_new_object());
	r |= json_add(o, "rootfs", rootfs);
	text = r ? NULL : json_text(o, &len);
	if (!text)
		return err_errno(e, ENOMEM, "sign");
	*ret_len = len;
	return registry_put_blob(&s->fc, text, len, ret, e);
}

/* Takes `config` and `list` over. */
static int put_manifest(struct signing *s, const char *what, const char *artifact, struct json_object *config, const char *key,
			struct json_object *list, const struct subject *subject, struct digest *ret, size_t *ret_len, struct err *e)
{
	const char *media_type = config ? MEDIA_OCI_MANIFEST : MEDIA_OCI_INDEX, *text;
	_cleanup_json_ struct json_object *o = json_object_new_object();
	size_t len = 0;
	int r = 0;

	r |= json_add_int(o, "schemaVersion", 2);
	r |= json_add_str(o, "mediaType", media_type);
	r |= json_add_str(o, "artifactType", artifact);
	if (config)
		r |= json_add(o, "config", config);
	r |= json_add(o, key, list);
	if (subject)
		r |= json_add(o, "subject", descriptor_json(subject->media_type, &subject->descriptor.digest, subject->descriptor.size_bytes));
	text = r ? NULL : json_text(o, &len);
	if (!text)
		return err_errno(e, ENOMEM, "sign");
	digest_of(text, len, ret);
	*ret_len = len;
	return registry_put_manifest(&s->fc, what ? what : ret->text, media_type, text, len, e);
}

static int put_legacy(struct signing *s, const struct subject *one, struct err *e)
{
	struct json_object *layers = NULL, *layer;
	char tag[DIGEST_TEXT_SIZE + 4];
	struct digest d, config;
	size_t len = 0;
	int r;

	signatures_tag(&one->descriptor.digest, tag);
	r = registry_put_blob(&s->fc, one->payload.data, one->payload.len, &d, e);
	if (r == 0)
		r = old_list(s, tag, "layers", &layers, e);
	if (r < 0)
		return r;
	layer = new_layer(&d, one);
	if (!layer || json_append(layers, layer) < 0)
		r = err_errno(e, ENOMEM, "sign");
	if (r == 0)
		r = put_config(s, layers, &config, &len, e);
	if (r < 0) {
		json_object_put(layers);
		return r;
	}
	return put_manifest(s, tag, NULL, descriptor_json(MEDIA_OCI_CONFIG, &config, len), "layers", layers, NULL, &d, &len, e);
}

/* ---- the bundle ---- */

static bool is_listed(struct signing *s, const struct subject *one, const struct digest *d)
{
	_cleanup_(referrers_done) struct referrers found = {0};

	if (registry_referrers(&s->fc, &one->descriptor.digest, NULL, &found, NULL) < 0)
		return false;
	for (size_t i = 0; i < found.n; i++)
		if (digest_equal(&found.items[i].digest, d))
			return true;
	return false;
}

/* distribution-spec 1.1, "Pushing Manifests with Subject" to a registry that does not list them. */
static int list_bundle(struct signing *s, const struct subject *one, const struct digest *d, size_t len, struct err *e)
{
	struct json_object *list = NULL, *entry;
	char tag[DIGEST_TEXT_SIZE];
	struct digest made;
	int r;

	snprintf(tag, sizeof(tag), "sha256-%s", digest_hex(&one->descriptor.digest));
	r = old_list(s, tag, "manifests", &list, e);
	if (r < 0)
		return r;
	entry = descriptor_json(MEDIA_OCI_MANIFEST, d, len);
	if (!entry || json_add_str(entry, "artifactType", BUNDLE_TYPE) < 0 || json_append(list, entry) < 0) {
		json_object_put(list);
		return err_errno(e, ENOMEM, "sign");
	}
	return put_manifest(s, tag, NULL, NULL, "manifests", list, NULL, &made, &len, e);
}

static int put_bundle(struct signing *s, const struct subject *one, struct err *e)
{
	struct json_object *layers = json_object_new_array();
	struct digest bundle, empty, made;
	size_t len = 0;
	int r = registry_put_blob(&s->fc, one->bundle.data, one->bundle.len, &bundle, e);

	if (r == 0)
		r = registry_put_blob(&s->fc, "{}", 2, &empty, e);
	if (r == 0 && json_append(layers, descriptor_json(BUNDLE_TYPE, &bundle, one->bundle.len)) < 0)
		r = err_errno(e, ENOMEM, "sign");
	if (r < 0) {
		json_object_put(layers);
		return r;
	}
	r = put_manifest(s, NULL, BUNDLE_TYPE, descriptor_json(MEDIA_EMPTY, &empty, 2), "layers", layers, one, &made, &len, e);
	return r < 0 || is_listed(s, one, &made) ? r : list_bundle(s, one, &made, len, e);
}

/* ---- all of it ---- */

static int connect(struct signing *s, struct err *e)
{
	_cleanup_(registries_freep) struct registries *conf = NULL;
	const struct registry_need need = {.push = true};
	struct registry_place place;
	int r = registries_load(&s->o->access, &conf, e);

	if (r == 0)
		r = registry_place(&s->ref, conf, &place, e);
	return r < 0 ? r : registry_connect(&place, &need, &s->o->access, &s->fc, e);
}

static int check_identity(const char *identity, struct err *e)
{
	struct reference ref;
	int r = identity ? reference_parse(identity, &ref, e) : 0;

	if (r == 0 && identity && !ref.domain[0])
		r = err_set(e, EINVAL, "identity %s: it names no registry", identity);
	return r;
}

int sign_image(const char *reference, const struct sign_options *o, struct digest *ret, struct err *e)
{
	_cleanup_(signing_done) struct signing s = {.o = o, .fc = FETCH_CLIENT_INIT};
	int r;

	if (strncmp(reference, DOCKER_TRANSPORT, strlen(DOCKER_TRANSPORT)) == 0)
		reference += strlen(DOCKER_TRANSPORT);
	r = reference_parse(reference, &s.ref, e);
	if (r == 0 && !s.ref.domain[0]) {
		r = err_set(e, EINVAL, "%s: it names no registry", reference);
		err_hint(e, "signatures are kept in the registry: push it, and write the registry too");
	}
	if (r == 0)
		r = check_identity(o->identity, e);
	if (r < 0)
		return r;
	reference_set_default_tag(&s.ref);
	r = connect(&s, e);
	if (r == 0)
		r = find_subjects(&s, e);
	if (r == 0)
		r = make_signatures(&s, e);
	for (size_t i = 0; i < s.n && r == 0; i++) {
		r = put_legacy(&s, &s.subjects[i], e);
		if (r == 0)
			r = put_bundle(&s, &s.subjects[i], e);
	}
	if (r < 0)
		return err_wrap(e, r, "sign %s", reference);
	progress_say(o->progress, "Signed %s with %s", s.subjects[0].descriptor.digest.text, s.key_id);
	*ret = s.subjects[0].descriptor.digest;
	return 0;
}
