/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Keys that are not known are left alone: each version of docker adds some. */
#include "oci/docker_archive.h"

#include "oci/manifest.h"

#include <errno.h>

void docker_archive_image_done(struct docker_archive_image *i)
{
	strv_done(&i->names);
	strv_done(&i->layers);
}

int docker_archive_parse(const char *text, size_t len, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *list = NULL;
	int r = json_parse(text, len, "manifest.json", &list, e);

	if (r < 0)
		return r;
	if (!json_object_is_type(list, json_type_array))
		return err_set(e, EINVAL, "manifest.json: not a list");
	if (json_object_array_length(list) > DOCKER_ARCHIVE_IMAGES_MAX)
		return err_set(e, EINVAL, "manifest.json: more than %d images", DOCKER_ARCHIVE_IMAGES_MAX);
	*ret = TAKE_PTR(list);
	return 0;
}

int docker_archive_image(struct json_object *o, struct docker_archive_image *ret, struct err *e)
{
	_cleanup_(docker_archive_image_done) struct docker_archive_image i = {0};
	int r = json_get_str(o, "Config", &i.config, e);

	if (r == 0 && !i.config)
		r = err_set(e, EINVAL, "no Config");
	if (r == 0)
		r = json_get_strv(o, "Layers", &i.layers, e);
	if (r == 0)
		r = json_get_strv(o, "RepoTags", &i.names, e);
	if (r < 0)
		return r;
	if (i.layers.n > MANIFEST_LAYERS_MAX)
		return err_set(e, EINVAL, "more than %d layers", MANIFEST_LAYERS_MAX);
	*ret = i;
	i = (struct docker_archive_image){0};
	return 0;
}
