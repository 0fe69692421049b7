/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What a user's word for a place means. A path may hold colons after the
 * transport's own only as the mark of the name that follows, as in skopeo.
 */
#include "image/place.h"

#include <string.h>

static const struct {
	const char *prefix;
	const struct place_ops *ops;
	bool has_name; /* PATH[:NAME] */
} transports[] = {
	{"docker://", &place_registry, false},
	{"oci:", &place_oci, true},
	{"oci-archive:", &place_oci_archive, true},
	{"docker-archive:", &place_docker_archive, true},
	{"dir:", &place_dir, false},
	{"store:", &place_store, false},
};

static const struct {
	const char *prefix, *instead;
} others[] = {
	{"containers-storage:", "podman keeps layers unpacked, and only podman can put the bytes together again: podman save --format oci-archive, and oci-archive:"},
	{"docker-daemon:", "docker save, and docker-archive:"},
	{"ostree:", "another transport"},
	{"tarball:", "ranby import"},
	{"sif:", "another transport"},
};

bool copy_has_transport(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++)
		if (strncmp(text, transports[i].prefix, strlen(transports[i].prefix)) == 0)
			return true;
	return copy_refuse_transport(text, NULL) < 0;
}

int copy_refuse_transport(const char *text, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		int r;

		if (strncmp(text, others[i].prefix, strlen(others[i].prefix)) != 0)
			continue;
		r = err_set(e, EOPNOTSUPP, "%s: this transport is not spoken", text);
		err_hint(e, "%s", others[i].instead);
		return r;
	}
	return 0;
}

int place_parse(struct place *p, struct store *st, struct staging *sg, const char *text, const struct copy_options *o,
		const struct registry_access *access, struct err *e)
{
	bool has_name = false;
	char *colon;
	int r = copy_refuse_transport(text, e);

	if (r < 0)
		return r;
	p->st = st;
	p->staging = sg;
	p->o = o;
	p->access = access;
	p->ops = &place_store;
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++)
		if (strncmp(text, transports[i].prefix, strlen(transports[i].prefix)) == 0) {
			p->ops = transports[i].ops;
			has_name = transports[i].has_name;
			text += strlen(transports[i].prefix);
			break;
		}
	if (!*text)
		return err_set(e, EINVAL, "a place without a name");
	p->path = strdup(text);
	if (!p->path)
		return err_errno(e, ENOMEM, "copy");
	colon = has_name ? strchr(p->path, ':') : NULL;
	if (colon) {
		*colon = '\0';
		p->name = colon[1] ? colon + 1 : NULL;
	}
	return 0;
}

void place_done(struct place *p)
{
	if (p->ops && p->ops->done)
		p->ops->done(p);
	fetch_stop(&p->fetch);
	registries_freep(&p->conf);
	strv_done(&p->mounts);
	source_done(&p->src);
	fd_closep(&p->out_fd);
	fd_closep(&p->lock_fd);
	strv_done(&p->written);
	json_object_put(p->index);
	image_freep(&p->image);
	ref_done(&p->made);
	free(p->called);
	free(p->path);
	p->path = NULL;
}
