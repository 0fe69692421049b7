/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What docker and podman show has been computed by go-units; who compares wants the same figures. */
#include "base/size.h"

#include "base/mem.h"

#include <stdio.h>

char *size_text(uint64_t bytes, int digits, const char *blank, char out[static SIZE_TEXT_SIZE])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double v = (double)bytes;
	size_t u = 0;

	while (v >= 1000 && u + 1 < ARRAY_SIZE(units)) {
		v /= 1000;
		u++;
	}
	snprintf(out, SIZE_TEXT_SIZE, "%.*g%s%s", digits, v, blank, units[u]);
	return out;
}
