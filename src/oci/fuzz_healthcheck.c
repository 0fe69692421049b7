/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* An image's Healthcheck, as JSON and as the text of --health-cmd: read, or refused; what is read can be executed. */
#include "oci/healthcheck.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void from_text(const char *text)
{
	_cleanup_(healthcheck_done) struct healthcheck h = {0};
	_cleanup_(strv_done) struct strv argv = {0};

	if (healthcheck_parse_text(text, &h.test, NULL) == 0 && healthcheck_command(&h, &argv, NULL) == 0)
		for (size_t i = 0; i < argv.n; i++)
			if (!argv.items[i])
				__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(healthcheck_done) struct healthcheck h = {0};
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(strv_done) struct strv argv = {0};
	_cleanup_free_ char *text = strndup((const char *)data, size);

	if (text)
		from_text(text);
	if (json_parse((const char *)data, size, "fuzz", &o, NULL) < 0 || !json_object_is_type(o, json_type_object))
		return 0;
	if (healthcheck_parse(o, &h, NULL) == 0 && healthcheck_command(&h, &argv, NULL) == 0 && argv.n > 0 && h.test.n < 2)
		__builtin_trap();
	return 0;
}
