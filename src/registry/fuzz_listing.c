/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "registry/link.h"
#include "registry/listing.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A page of a list in its three shapes, and the header that names the next one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(referrers_done) struct referrers found = {0};
	_cleanup_(strv_done) struct strv names = {0};
	char value[1024], next[512];
	size_t len = size < sizeof(value) ? size : sizeof(value) - 1;

	(void)!referrers_parse((const char *)data, size, NULL, &found, NULL);
	(void)!listing_parse((const char *)data, size, "tags", &names, NULL);
	memcpy(value, data, len);
	value[len] = '\0';
	(void)link_next(value, next, sizeof(next));
	return 0;
}
