/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A description of devices: what was checked can be walked; and the name of one, which has both parts. */
#include "oci/cdi.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct json_object *spec)
{
	struct json_object *devices = json_at(spec, "devices");

	for (size_t i = 0; i < json_object_array_length(devices); i++) {
		const char *name = json_str(json_object_array_get_idx(devices, i), "name");
		struct json_object *edits = cdi_spec_device(spec, name), *nodes = edits ? json_at(edits, "deviceNodes") : NULL;

		if (!edits || strchr(name, '/') || strchr(name, '='))
			__builtin_trap();
		for (size_t k = 0; nodes && k < json_object_array_length(nodes); k++)
			if (cdi_number(json_object_array_get_idx(nodes, k), "major", -1) < -1)
				__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct cdi_name n;

	if (text && cdi_name_parse(text, &n, NULL) == 0 && (!n.kind[0] || !n.name[0] || !cdi_is_name(text)))
		__builtin_trap();
	if (json_parse((const char *)data, size, "fuzz", &o, NULL) == 0 && cdi_spec_check(o, NULL) == 0)
		walk(o);
	return 0;
}
