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

static void print_line(const char *name, const char *summary)
{
	printf("  %-20s %s\n", name, summary);
}

/* A command and what it is called in the list. */
struct line {
	char name[64];
	const char *summary;
};

static void add_line(struct line *to, const char *name, const char *summary)
{
	snprintf(to->name, sizeof(to->name), "%s", name);
	to->summary = summary;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

static void print_sorted(struct line *lines, size_t n)
{
	if (n > 0)
		qsort(lines, n, sizeof(*lines), by_name);
	for (size_t i = 0; i < n; i++)
		print_line(lines[i].name, lines[i].summary);
}

static size_t count_commands(void)
{
	size_t n = 0;

	while (command_table[n])
		n++;
	return n;
}

static bool is_first(const char *name)
{
	for (size_t i = 0; command_first[i]; i++)
		if (strcmp(command_first[i], name) == 0)
			return true;
	return false;
}

static void print_first(void)
{
	for (size_t k = 0; command_first[k]; k++)
		for (size_t i = 0; command_table[i]; i++)
			if (strcmp(command_table[i]->name, command_first[k]) == 0)
				print_line(command_table[i]->name, command_table[i]->summary);
}

/* Those of one word that were not among the first. */
static void print_others(void)
{
	_cleanup_free_ struct line *lines = mem_array(count_commands(), sizeof(*lines));
	size_t n = 0;

	for (size_t i = 0; lines && command_table[i]; i++) {
		const struct command *c = command_table[i];

		if (!c->hidden && !strchr(c->name, ' ') && !is_first(c->name))
			add_line(&lines[n++], c->name, c->summary);
	}
	print_sorted(lines, n);
}

void help_all(const struct option_row *global_rows)
{
	printf("ranby: rootless containers that remember who ran them\n\n"
	       "Usage:\n  ranby [OPTIONS] COMMAND [ARGUMENTS]\n\nMost used:\n");
	print_first();
	printf("\nGroups of commands:\n");
	for (const struct command_group *g = command_groups; g->name; g++)
		print_line(g->name, g->summary);
	printf("\nCommands:\n");
	print_others();
	print_rows(global_rows);
	printf("\n`ranby COMMAND --help` tells more about one of them, `ranby GROUP --help` lists a group's.\n");
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
	_cleanup_free_ struct line *lines = mem_array(count_commands(), sizeof(*lines));
	size_t n = 0;

	for (size_t i = 0; lines && command_table[i]; i++) {
		const struct command *c = command_table[i];
		char word[64];
		const char *name = c->hidden ? NULL : name_in_group(c, group, word, sizeof(word));

		if (name)
			add_line(&lines[n++], name, c->summary);
	}
	if (n == 0)
		return false;
	for (const struct command_group *g = command_groups; g->name; g++)
		if (strcmp(g->name, group) == 0)
			printf("%s\n\n", g->summary);
	printf("Usage:\n  ranby %s COMMAND [ARGUMENTS]\n\nCommands:\n", group);
	print_sorted(lines, n);
	printf("\n`ranby %s COMMAND --help` tells more about one of them.\n", group);
	return true;
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
