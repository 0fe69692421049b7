/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A file of registries.d, as ranby-trust reads it; what is found in it makes the address of a signature, beneath what it says. */
#include "trust/lookaside.h"
#include "trust/yaml.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct json_object *all, const struct reference *ref, const struct digest *d)
{
	_cleanup_(trust_lookaside_done) struct trust_lookaside at = {0}, again = {0};
	_cleanup_free_ char *url = NULL;

	if (trust_lookaside_pick(all, ref, &at, NULL) < 0 || trust_lookaside_pick_name(all, "a.example/ns/x:1", &again, NULL) < 0)
		return;
	/* the image by its name and by its parts */
	if (!at.read != !again.read || (at.read && strcmp(at.read, again.read) != 0))
		__builtin_trap();
	if (at.read && trust_lookaside_url(at.read, ref, d, 1, &url, NULL) == 0 && !strstr(url, "/a.example/ns/x@sha256="))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *all = json_object_new_object(), *file = NULL;
	struct reference ref;
	struct digest d;

	if (!all || trust_yaml_parse(data, size, &file, NULL) < 0 || trust_lookaside_merge(all, file, "a.yaml", NULL) < 0)
		return 0;
	if (reference_parse("a.example/ns/x:1", &ref, NULL) < 0)
		__builtin_trap();
	digest_of("", 0, &d);
	look(all, &ref, &d);
	/* what one file has no other may have; one without anything may come again */
	if (trust_lookaside_merge(all, file, "b.yaml", NULL) == 0 && json_object_is_type(file, json_type_object) && json_object_object_length(file) > 0 &&
	    !json_object_object_get_ex(file, "docker", NULL))
		__builtin_trap();
	return 0;
}
