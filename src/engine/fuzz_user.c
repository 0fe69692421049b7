/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * -u in the first line, /etc/passwd and /etc/group after it (parted by a line
 * "--"). Whatever the files say: digits are the ID that they are, and what is
 * neither a number nor a name is refused, so that nobody becomes root by accident.
 */
#include "engine/user.h"

#include "base/parse.h"
#include "sys/idmap.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const struct user_files *f)
{
	static struct user_id u;
	uint32_t id;
	char head[32];
	size_t len = strcspn(text, ":");
	int r = user_resolve(text, f, NULL, &u, NULL);

	if (r < 0)
		return;
	if (u.n_groups > USER_GROUPS_MAX || (u.home[0] && u.home[0] != '/') || u.uid >= ID_NONE || u.gid >= ID_NONE)
		__builtin_trap();
	for (size_t i = 1; i < u.n_groups; i++)
		if (u.groups[i - 1] >= u.groups[i])
			__builtin_trap();
	/* a group alone is root's */
	if (text[0] == ':' && (u.uid != 0 || !text[1]))
		__builtin_trap();
	if (len == 0 || len >= sizeof(head) || text[0] < '0' || text[0] > '9')
		return;
	memcpy(head, text, len);
	head[len] = '\0';
	if (parse_u32(head, 0, ID_NONE - 1, &id) < 0 || id != u.uid)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	const char *line = size ? memchr(text, '\n', size) : NULL, *files = line ? line + 1 : end, *part;
	struct user_files f = {0};
	char *who = strndup(text, (size_t)((line ? line : end) - text));

	part = memmem(files, (size_t)(end - files), "\n--\n", 4);
	buf_add(&f.passwd, files, (size_t)((part ? part : end) - files));
	if (part)
		buf_add(&f.group, part + 4, (size_t)(end - part - 4));
	if (who)
		check(who, &f);
	(void)user_files_size(&f);
	user_files_done(&f);
	free(who);
	return 0;
}
