/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Help is generated: nothing here knows a command or an option by name. */
#include "cmd/help.h"
#include "cmd/examples.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 100

static unsigned width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40)
		return w.ws_col;
	return WIDTH_DEFAULT;
}

static void print_rows(const struct option_row *rows)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	option_help(rows, width(), &b);
	if (b.len)
		printf("\n%s", buf_str(&b));
}

void help_all(const struct option_row *global_rows)
{
	printf("ranby: rootless containers that remember who ran them\n\n"
	       "Usage:\n  ranby [OPTIONS] COMMAND [ARGUMENTS]\n\nCommands:\n");
	for (size_t i = 0; command_table[i]; i++)
		if (!command_table[i]->hidden)
			printf("  %-20s %s\n", command_table[i]->name, command_table[i]->summary);
	print_rows(global_rows);
	printf("\n`ranby COMMAND --help` tells more about one of them.\n");
}

static bool in_group(const char *name, const char *group, size_t len)
{
	return strncmp(name, group, len) == 0 && name[len] == ' ';
}

/* The name of `c` inside the group, as "ls" in "container ls"; NULL when it has none. */
static const char *name_in_group(const struct command *c, const char *group, char *out, size_t size)
{
	size_t len = strlen(group);

	if (in_group(c->name, group, len))
		return c->name + len + 1;
	for (const char *a = c->aliases; a && *a;) {
		size_t n = strcspn(a, "|");

		if (in_group(a, group, len)) {
			snprintf(out, size, "%.*s", (int)(n - len - 1), a + len + 1);
			return out;
		}
		a += n + (a[n] == '|');
	}
	return NULL;
}

bool help_is_group(const char *group)
{
	char word[64];

	for (size_t i = 0; command_table[i]; i++)
		if (!command_table[i]->hidden && name_in_group(command_table[i], group, word, sizeof(word)))
			return true;
	return false;
}

bool help_group(const char *group)
{
	bool any = false;
	char word[64];

	for (size_t i = 0; command_table[i]; i++) {
		const char *name = command_table[i]->hidden ? NULL : name_in_group(command_table[i], group, word, sizeof(word));

		if (!name)
			continue;
		if (!any)
			printf("Usage:\n  ranby %s COMMAND [ARGUMENTS]\n\nCommands:\n", group);
		any = true;
		printf("  %-20s %s\n", name, command_table[i]->summary);
	}
	return any;
}

static void print_examples(const struct command *c)
{
	const char *const *lines = examples_of(c->name);

	if (*lines)
		printf("\nExamples:\n");
	for (; *lines; lines++)
		printf("  %s\n", *lines);
}

void help_command(const struct command *c, const struct option_row *rows)
{
	printf("%s\n\nUsage:\n  ranby %s %s\n", c->summary, c->name, c->operands ? c->operands : "");
	for (const char *a = c->aliases; a && *a;) {
		size_t n = strcspn(a, "|");

		if (a == c->aliases)
			printf("\nAliases:\n");
		printf("  ranby %.*s\n", (int)n, a);
		a += n + (a[n] == '|');
	}
	print_rows(rows);
	print_examples(c);
}
