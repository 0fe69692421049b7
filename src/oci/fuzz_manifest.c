/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A text is the manifest of one image, or an index, or neither: never both (CVE-2021-41190). */
#include "oci/index.h"
#include "oci/manifest.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_(index_done) struct index ix = {0};
	const struct index_entry *entry;
	struct platform host;
	int a, b;

	a = manifest_parse((const char *)data, size, NULL, &m, NULL);
	b = index_parse((const char *)data, size, NULL, &ix, NULL);
	if (a == 0 && b == 0)
		__builtin_trap();
	if (b == 0) {
		platform_host(&host);
		(void)!index_pick(&ix, &host, &entry, NULL);
	}
	return 0;
}
