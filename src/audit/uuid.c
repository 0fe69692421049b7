/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The bits lie in the order of their meaning, so that the start time is the
 * last group of twelve digits and uuids of one boot sort together.
 */
#include "audit/uuid.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define VERSION 0x8U
#define VARIANT 0x2U

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = memchr(digits, c, 16);

	return at ? (int)(at - digits) : -1;
}

/* 32 hex digits and four dashes where a UUID has them, as two numbers. */
static int read_text(const char *text, uint64_t ret[static 2])
{
	uint64_t half[2] = {0, 0};
	size_t digits = 0;

	for (size_t i = 0; i < AUDIT_UUID_SIZE - 1; i++) {
		int v = hex_value(text[i]);

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return -EINVAL;
			continue;
		}
		if (v < 0)
			return -EINVAL;
		half[digits / 16] = half[digits / 16] << 4 | (unsigned)v;
		digits++;
	}
	if (text[AUDIT_UUID_SIZE - 1] != '\0')
		return -EINVAL;
	memcpy(ret, half, sizeof(half));
	return 0;
}

int audit_boot_bits(const char *boot_id, uint64_t *ret)
{
	uint64_t half[2];
	int r = read_text(boot_id, half);

	if (r == 0)
		*ret = half[0] >> (64 - AUDIT_UUID_BOOT_BITS);
	return r;
}

/* hi: boot 42, pid 6, version 4, pid 12. lo: variant 2, pid 14, ticks 48. */
void audit_uuid_text(const struct audit_run *run, char out[static AUDIT_UUID_SIZE])
{
	uint64_t hi = run->boot << 22 | (uint64_t)(run->pid >> 26) << 16 | VERSION << 12 | (run->pid >> 14 & 0xfff);
	uint64_t lo = (uint64_t)VARIANT << 62 | (uint64_t)(run->pid & 0x3fff) << 48 |
		      (run->start_ticks & AUDIT_UUID_TICKS_MAX);

	snprintf(out, AUDIT_UUID_SIZE, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(hi >> 32), (unsigned)(hi >> 16 & 0xffff),
		 (unsigned)(hi & 0xffff), (unsigned)(lo >> 48), (unsigned long long)(lo & AUDIT_UUID_TICKS_MAX));
}

int audit_uuid_parse(const char *text, struct audit_run *ret)
{
	uint64_t half[2];
	int r = read_text(text, half);

	if (r < 0)
		return r;
	if ((half[0] >> 12 & 0xf) != VERSION || half[1] >> 62 != VARIANT)
		return -EINVAL;
	ret->boot = half[0] >> 22;
	ret->pid = (uint32_t)((half[0] >> 16 & 0x3f) << 26 | (half[0] & 0xfff) << 14 | (half[1] >> 48 & 0x3fff));
	ret->start_ticks = half[1] & AUDIT_UUID_TICKS_MAX;
	return 0;
}
