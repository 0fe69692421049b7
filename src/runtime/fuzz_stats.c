/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as a cgroup's files: figures or none, and nothing read past their end. */
#include "runtime/stats.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *bytes = json_object_new_array(), *ops = json_object_new_array();
	char *text = strndup((const char *)data, size);
	uint64_t v;

	if (text && bytes && ops) {
		(void)!stats_value(text, "usage_usec", &v);
		(void)!stats_value(text, text, &v);
		if (stats_io(text, bytes, ops) == 0 && json_object_array_length(bytes) > size)
			abort();
	}
	json_object_put(bytes);
	json_object_put(ops);
	free(text);
	return 0;
}
