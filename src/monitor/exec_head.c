/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "monitor/exec_head.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

static int take(const char *s, size_t len, char ret[static EXEC_HEAD_PATH])
{
	if (len == 0 || len >= EXEC_HEAD_PATH || s[0] != '/' || memchr(s, '\0', len))
		return -ENOENT;
	memcpy(ret, s, len);
	ret[len] = '\0';
	return 0;
}

/* "#! /bin/sh -e": blanks, the path, up to a blank or the line's end. */
static int of_script(const char *head, size_t len, char ret[static EXEC_HEAD_PATH])
{
	size_t from = 2, to;

	while (from < len && (head[from] == ' ' || head[from] == '\t'))
		from++;
	for (to = from; to < len && !memchr(" \t\n", head[to], 3) && head[to];)
		to++;
	return take(head + from, to - from, ret);
}

static int of_elf(const char *head, size_t len, char ret[static EXEC_HEAD_PATH])
{
	Elf64_Ehdr e;
	Elf64_Phdr p;

	if (len < sizeof(e))
		return -ENOENT;
	memcpy(&e, head, sizeof(e));
	if (e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof(p))
		return -ENOENT;
	for (size_t i = 0; i < e.e_phnum; i++) {
		uint64_t at = e.e_phoff + i * sizeof(p);

		if (e.e_phoff > len || at + sizeof(p) > len)
			return -ENOENT;
		memcpy(&p, head + at, sizeof(p));
		if (p.p_type != PT_INTERP)
			continue;
		if (p.p_offset > len || p.p_filesz == 0 || p.p_filesz > len - p.p_offset)
			return -ENOENT;
		/* with its NUL */
		return take(head + p.p_offset, strnlen(head + p.p_offset, p.p_filesz), ret);
	}
	return -ENOENT;
}

int exec_head_interpreter(const char *head, size_t len, char ret[static EXEC_HEAD_PATH])
{
	if (len > 2 && head[0] == '#' && head[1] == '!')
		return of_script(head, len, ret);
	if (len > SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0)
		return of_elf(head, len, ret);
	return -ENOENT;
}
