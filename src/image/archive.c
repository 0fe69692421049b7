/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Two indexes of what is inside: docker's manifest.json, and index.json of an
 * OCI image layout. Newer docker writes both; the OCI one is taken then, since
 * it keeps the manifest as it was pushed.
 */
#include "image/archive.h"

#include "image/add.h"
#include "image/archive_source.h"
#include "image/gate.h"
#include "oci/docker_archive.h"
#include "registry/registries.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum archive_kind { ARCHIVE_DOCKER, ARCHIVE_OCI, ARCHIVE_OCI_DIR, ARCHIVE_DIR };

static const struct {
	const char *prefix;
	enum archive_kind kind;
} transports[] = {
	{"docker-archive:", ARCHIVE_DOCKER},
	{"oci-archive:", ARCHIVE_OCI},
	{"oci:", ARCHIVE_OCI_DIR},
	{"dir:", ARCHIVE_DIR},
};

/* What is wanted of an archive, and what became of it. */
struct loading {
	struct store *st;
	const struct pull_options *o;
	struct source *src;
	const char *want;  /* a name, or NULL: all (or the first) */
	const char *origin; /* what a name is made of when there is none: the path's last part; may be NULL */
	char *trust;       /* what the policy says of the image that is added */
	bool first_only;
	bool flat;         /* blobs lie beside the manifest */
	int pin_fd;
	struct image *image; /* the first one */
	struct strv *names;  /* of all; may be NULL */
	size_t n;
};

bool pull_is_archive(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++)
		if (strncmp(text, transports[i].prefix, strlen(transports[i].prefix)) == 0)
			return true;
	return false;
}

/* Full name of what an archive calls its image: docker's short names are docker.io's. */
static int full_name(const char *text, const char *domain, struct strv *names)
{
	char full[REFERENCE_TEXT_SIZE];
	struct reference ref;

	if (reference_parse(text, &ref, NULL) < 0)
		return 0;
	reference_set_default_tag(&ref);
	if (!ref.domain[0] && reference_set_domain(&ref, domain, NULL) < 0)
		return 0;
	reference_text(&ref, full);
	return strv_find(names, full) >= 0 ? 0 : strv_add(names, full);
}

static bool is_wanted_name(const struct loading *l, const struct strv *names, const char *tag)
{
	_cleanup_(strv_done) struct strv want = {0};

	if (!l->want)
		return true;
	if (tag && strcmp(tag, l->want) == 0)
		return true;
	if (full_name(l->want, "docker.io", &want) < 0 || full_name(l->want, "localhost", &want) < 0)
		return false;
	for (size_t i = 0; i < want.n; i++)
		if (strv_find(names, want.items[i]) >= 0)
			return true;
	return false;
}

static int add_one(struct loading *l, struct add *a, struct err *e)
{
	struct image *img = NULL;
	int pin = -EBADF, r;

	a->progress = l->o->progress;
	a->no_unpack = l->o->no_unpack;
	a->trust = l->trust;
	a->no_ref = l->o->no_ref;
	r = add_image(l->st, a, &pin, &img, e);
	if (r < 0)
		return r;
	l->n++;
	if (l->names)
		r = a->names->n ? strv_add_all(l->names, a->names->items) : strv_addf(l->names, "sha256:%s", img->id);
	if (!l->image)
		l->image = img;
	else
		image_free(img);
	return r < 0 ? err_errno(e, ENOMEM, "load") : 0;
}

/* ---- docker-archive ---- */

static int docker_layers(struct loading *l, const struct strv *files, struct descriptor **ret, struct err *e)
{
	_cleanup_free_ struct descriptor *d = NULL;

	d = mem_array(files->n, sizeof(*d));
	if (!d)
		return err_errno(e, ENOMEM, "layers");
	for (size_t i = 0; i < files->n; i++) {
		int r = source_commit(l->src, files->items[i], &d[i].digest, &d[i].size_bytes, e);

		if (r < 0)
			return r;
		/* docker save writes plain tars, docker with containerd's store compressed ones */
		d[i].type = media_type_find(blob_media_type(l->st, &d[i].digest));
	}
	*ret = TAKE_PTR(d);
	return 0;
}

static int docker_names(const struct strv *tags, struct strv *names, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < tags->n && r == 0; i++)
		if (full_name(tags->items[i], "docker.io", names) < 0)
			r = err_errno(e, ENOMEM, "names");
	return r;
}

static int docker_image(struct loading *l, struct json_object *o, struct err *e)
{
	_cleanup_(docker_archive_image_done) struct docker_archive_image from = {0};
	_cleanup_(strv_done) struct strv names = {0};
	_cleanup_(buf_done) struct buf config = BUF_INIT;
	_cleanup_free_ struct descriptor *layers = NULL;
	struct add a = {.config = &config, .names = &names};
	int r = docker_archive_image(o, &from, e);

	if (r == 0)
		r = docker_names(&from.names, &names, e);
	if (r < 0)
		return r;
	if (!is_wanted_name(l, &names, NULL))
		return 0;
	r = source_read(l->src, from.config, &config, e);
	if (r == 0)
		r = docker_layers(l, &from.layers, &layers, e);
	if (r < 0)
		return r;
	a.layers = layers;
	a.n_layers = from.layers.n;
	return add_one(l, &a, e);
}

static int load_docker(struct loading *l, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_json_ struct json_object *list = NULL;
	size_t n;
	int r;

	r = source_read(l->src, "manifest.json", &text, e);
	if (r == 0)
		r = docker_archive_parse(buf_str(&text), text.len, &list, e);
	if (r < 0)
		return r;
	n = json_object_array_length(list);
	for (size_t i = 0; i < n && !(l->first_only && l->n); i++) {
		r = docker_image(l, json_object_array_get_idx(list, i), e);
		if (r < 0)
			return err_wrap(e, r, "manifest.json: image %zu", i);
	}
	return 0;
}

/* ---- OCI image layout ---- */

static void blob_name(const struct loading *l, const struct digest *d, char ret[static 96])
{
	snprintf(ret, 96, "%s%s", l->flat ? "" : "blobs/sha256/", digest_hex(d));
}

/* Reads a small blob and checks it. */
static int oci_blob(struct loading *l, const struct digest *d, struct buf *text, struct err *e)
{
	struct digest found;
	char name[96];
	int r;

	blob_name(l, d, name);
	r = source_read(l->src, name, text, e);
	if (r < 0)
		return r;
	digest_of(buf_str(text), text->len, &found);
	return digest_equal(&found, d) ? 0 : err_set(e, EBADMSG, "%s: its content is %s", name, found.text);
}

static int oci_layers(struct loading *l, const struct manifest *m, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->n_layers && r == 0; i++) {
		struct digest d = m->layers[i].digest;
		uint64_t bytes;
		char name[96];

		blob_name(l, &d, name);
		r = source_commit(l->src, name, &d, &bytes, e);
		if (r == 0 && bytes != m->layers[i].size_bytes)
			r = err_set(e, EBADMSG, "%s: %llu bytes, the manifest says %llu", name,
				    (unsigned long long)bytes, (unsigned long long)m->layers[i].size_bytes);
	}
	return r;
}

static int image_of(struct loading *l, const struct buf *manifest, const struct strv *names, struct err *e)
{
	_cleanup_(buf_done) struct buf config = BUF_INIT;
	_cleanup_(manifest_done) struct manifest m = {0};
	struct add a = {.config = &config, .manifest = manifest, .names = names};
	int r = manifest_parse(buf_str(manifest), manifest->len, NULL, &m, e);

	if (r == 0)
		r = oci_blob(l, &m.config.digest, &config, e);
	if (r == 0)
		r = oci_layers(l, &m, e);
	return r < 0 ? r : add_one(l, &a, e);
}

static int oci_image(struct loading *l, const struct digest *d, const struct strv *names, struct err *e)
{
	_cleanup_(buf_done) struct buf manifest = BUF_INIT;
	int r = oci_blob(l, d, &manifest, e);

	return r < 0 ? r : image_of(l, &manifest, names, e);
}

/* The manifest that a descriptor of the layout means: itself, or of an index the one of our platform. */
static int oci_resolve(struct loading *l, const struct index_entry *entry, struct digest *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(index_done) struct index ix = {0};
	const struct index_entry *picked = NULL;
	struct platform want;
	int r;

	*ret = entry->descriptor.digest;
	if (!entry->descriptor.type || entry->descriptor.type->kind != MEDIA_INDEX)
		return 0;
	platform_host(&want);
	r = l->o->platform ? platform_parse(l->o->platform, &want, e) : 0;
	if (r == 0)
		r = oci_blob(l, &entry->descriptor.digest, &text, e);
	if (r == 0)
		r = index_parse(buf_str(&text), text.len, NULL, &ix, e);
	if (r == 0)
		r = index_pick(&ix, &want, &picked, e);
	if (r == 0)
		*ret = picked->descriptor.digest;
	return r;
}

/* "latest" alone is a tag: of a directory or file that has a name itself. */
static int oci_names(const struct loading *l, const char *ref_name, struct strv *names)
{
	_cleanup_(strv_done) struct strv made = {0};

	if (!ref_name)
		return 0;
	if (strpbrk(ref_name, "/:"))
		return full_name(ref_name, "localhost", names);
	if (!l->origin)
		return 0;
	if (strv_addf(&made, "%s:%s", l->origin, ref_name) < 0)
		return -ENOMEM;
	return full_name(made.items[0], "localhost", names);
}

/* By what it is, whatever it was called: a policy is about the thing, and its own name in there. */
static int pass_gate(struct loading *l, const char *transport, const char *name, const struct digest *manifest, const struct digest *index,
		     struct err *e)
{
	free(l->trust);
	l->trust = NULL;
	return gate_archive(transport, l->src->place, name, manifest, index, l->o, &l->trust, e);
}

static int oci_entry(struct loading *l, const struct index_entry *entry, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	struct digest d, index = {0};
	int r;

	if (oci_names(l, entry->ref_name, &names) < 0)
		return err_errno(e, ENOMEM, "names");
	if (!is_wanted_name(l, &names, entry->ref_name))
		return 0;
	r = oci_resolve(l, entry, &d, e);
	if (r == 0 && !digest_equal(&d, &entry->descriptor.digest))
		index = entry->descriptor.digest;
	if (r == 0)
		r = pass_gate(l, l->src->dirfd >= 0 ? "oci" : "oci-archive", entry->ref_name, &d, &index, e);
	return r < 0 ? r : oci_image(l, &d, &names, e);
}

static int load_oci(struct loading *l, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(index_done) struct index ix = {0};
	int r;

	r = source_read(l->src, "index.json", &text, e);
	if (r == 0)
		r = index_parse(buf_str(&text), text.len, NULL, &ix, e);
	for (size_t i = 0; i < ix.n && r == 0 && !(l->first_only && l->n); i++)
		r = oci_entry(l, &ix.entries[i], e);
	return r;
}

/* ---- both ---- */

/* skopeo's "dir:": the manifest beside its blobs, no name. */
static int load_flat(struct loading *l, struct err *e)
{
	_cleanup_(buf_done) struct buf manifest = BUF_INIT;
	_cleanup_(strv_done) struct strv names = {0};
	int r;

	if (l->want)
		return err_set(e, EINVAL, "a dir: has no names: leave \":%s\" out", l->want);
	r = source_read(l->src, "manifest.json", &manifest, e);
	l->flat = true;
	return r < 0 ? r : image_of(l, &manifest, &names, e);
}

/* Its layers have no sums to be checked by, and the config would be made up here. */
static int before_manifests(struct err *e)
{
	int r = err_set(e, EOPNOTSUPP, "an archive of docker before 1.10, which says nothing of what its layers are");

	err_hint(e, "unpack its layer.tar files in their order and take the tree: ranby import");
	return r;
}

static int load(struct loading *l, struct err *e)
{
	bool is_flat = source_has(l->src, "version") && source_has(l->src, "manifest.json");
	bool is_oci = source_has(l->src, "oci-layout") && source_has(l->src, "index.json");
	int r;

	if (!is_oci && !source_has(l->src, "manifest.json") && source_has(l->src, "repositories"))
		return before_manifests(e);
	if (!is_oci && !source_has(l->src, "manifest.json"))
		return err_set(e, EINVAL, "neither a docker archive nor an OCI image layout nor a dir:, it has no manifest.json, nor oci-layout with index.json");
	/* of an OCI layout each image has a name of its own, by which it is judged */
	r = is_oci ? 0 : pass_gate(l, is_flat ? "dir" : "docker-archive", NULL, NULL, NULL, e);
	if (r == 0)
		r = store_pin(l->st, &l->pin_fd, e);
	if (r == 0)
		r = is_oci ? load_oci(l, e) : is_flat ? load_flat(l, e) : load_docker(l, e);
	if (r == 0 && l->n == 0)
		r = err_set(e, ENOENT, "no image%s%s in it", l->want ? " named " : "", l->want ? l->want : "");
	if (r == 0 && l->image) {
		l->image->pin_fd = TAKE_FD(l->pin_fd);
		return 0;
	}
	l->image = image_free(l->image);
	fd_closep(&l->pin_fd);
	return r;
}

/* "busybox" of "/tmp/busybox.tar" */
static char *origin_of(const char *path)
{
	size_t end = strlen(path), start, dot;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	for (dot = start; dot < end && path[dot] != '.'; dot++)
		;
	return strndup(path + start, dot - start);
}

int archive_pull(struct store *st, const char *source, const struct pull_options *o, struct image **ret, struct err *e)
{
	_cleanup_(source_done) struct source src = SOURCE_INIT;
	_cleanup_free_ char *path = NULL, *origin = NULL;
	struct loading l = {.st = st, .o = o, .src = &src, .first_only = true, .pin_fd = -EBADF};
	char *colon;
	int r;

	path = strdup(strchr(source, ':') + 1); /* pull_is_archive() saw the colon */
	if (!path)
		return err_errno(e, ENOMEM, "%s", source);
	colon = strchr(path, ':');
	if (colon) {
		*colon = '\0';
		l.want = colon[1] ? colon + 1 : NULL;
	}
	l.origin = origin = origin_of(path);
	r = source_open(&src, st, path, o->progress, e);
	if (r == 0)
		r = load(&l, e);
	free(l.trust);
	if (r < 0)
		return err_wrap(e, r, "%s", source);
	*ret = l.image;
	return 0;
}

int load_archive(struct store *st, const char *path, int in_fd, const struct pull_options *o, struct strv *ret_names,
		 struct err *e)
{
	_cleanup_(source_done) struct source src = SOURCE_INIT;
	_cleanup_free_ char *origin = NULL;
	struct loading l = {.st = st, .o = o, .src = &src, .names = ret_names, .pin_fd = -EBADF};
	bool is_path = path && strcmp(path, "-") != 0;
	int r;

	if (is_path)
		l.origin = origin = origin_of(path);
	r = is_path ? source_open(&src, st, path, o->progress, e) : source_open_tar(&src, st, in_fd, o->progress, e);
	if (r == 0)
		r = load(&l, e);
	free(l.trust);
	l.image = r == 0 ? image_free(l.image) : NULL;
	return r < 0 ? err_wrap(e, r, "load %s", is_path ? path : "standard input") : 0;
}
