/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Each entry that is taken has a config and a bounded list of layers; one that is refused leaves nothing behind. */
#include "oci/docker_archive.h"
#include "oci/manifest.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *list = NULL;

	if (docker_archive_parse((const char *)data, size, &list, NULL) < 0)
		return 0;
	for (size_t n = 0; n < json_object_array_length(list); n++) {
		_cleanup_(docker_archive_image_done) struct docker_archive_image i = {0};

		if (docker_archive_image(json_object_array_get_idx(list, n), &i, NULL) < 0) {
			if (i.config || i.names.n || i.layers.n)
				__builtin_trap();
		} else if (!i.config || i.layers.n > MANIFEST_LAYERS_MAX) {
			__builtin_trap();
		}
	}
	return 0;
}
