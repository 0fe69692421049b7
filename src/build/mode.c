/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* POSIX chmod(1), "symbolic_mode", with no who meaning all: a build has no umask. */
#include "build/mode.h"

#include "base/parse.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* Bits of everybody whom `who` names. */
static mode_t who_mask(char who)
{
	switch (who) {
	case 'u':
		return S_ISUID | 0700;
	case 'g':
		return S_ISGID | 0070;
	case 'o':
		return S_ISVTX | 0007;
	default:
		return 07777;
	}
}

static mode_t perm_bits(char perm, mode_t mode)
{
	switch (perm) {
	case 'r':
		return 0444;
	case 'w':
		return 0222;
	case 'x':
		return 0111;
	case 'X':
		return S_ISDIR(mode) || (mode & 0111) ? 0111 : 0;
	case 's':
		return S_ISUID | S_ISGID;
	default:
		return S_ISVTX;
	}
}

/* One clause; NULL: it is none. */
static const char *clause(const char *p, mode_t *mode)
{
	mode_t who = 0, bits;
	char op;

	for (; *p && strchr("ugoa", *p); p++)
		who |= who_mask(*p);
	if (!who)
		who = 07777;
	if (!*p || !strchr("+-=", *p))
		return NULL;
	while (*p && strchr("+-=", *p)) {
		op = *p++;
		for (bits = 0; *p && strchr("rwxXst", *p); p++)
			bits |= perm_bits(*p, *mode) & (who | (*p == 't' ? S_ISVTX : 0));
		if (op == '=')
			*mode &= ~(who & (S_ISDIR(*mode) ? 01777U : 07777U));
		*mode = op == '-' ? *mode & ~bits : *mode | bits;
	}
	return p;
}

static int apply(const char *text, mode_t *mode)
{
	for (const char *p = text;; p++) {
		p = clause(p, mode);
		if (!p || (*p && *p != ','))
			return -EINVAL;
		if (!*p)
			return 0;
	}
}

int mode_check(const char *text, struct err *e)
{
	mode_t mode = S_IFREG;
	uint32_t octal;

	if (parse_mode(text, &octal) == 0 || apply(text, &mode) == 0)
		return 0;
	return err_set(e, EINVAL, "invalid chmod parameter: '%s'. it should be octal string and between 0 and 07777, or symbolic", text);
}

mode_t mode_change(const char *text, mode_t mode)
{
	uint32_t octal;

	if (parse_mode(text, &octal) == 0)
		return octal;
	(void)!apply(text, &mode);
	return mode & 07777;
}
