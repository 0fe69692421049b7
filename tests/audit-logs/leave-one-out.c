/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * leave-one-out TRUTH LOG [ANCHOR]
 *
 * Leaves each record of an audit log out in its turn, and asks where each
 * exec of the rest was: once for each record, so it does in one process what
 * `ranby audit attribute` does. TRUTH is that of tests/exec-truth; ANCHOR is
 * PID=NAME. Prints a line for each wrong answer, and at the end
 * "RECORDS RIGHT WRONG UNKNOWN", summed.
 */
#include "audit/chain.h"
#include "audit/log_reader.h"
#include "base/parse.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXECS_MAX 20000
#define LINES_MAX 50000

static struct {
	unsigned serial;
	char where[16];
} truth[EXECS_MAX];
static size_t n_truth;

static uint64_t asked[EXECS_MAX];
static size_t n_asked;

static char *text;
static size_t line[LINES_MAX + 1], n_lines;

static void read_truth(const char *path)
{
	FILE *f = fopen(path, "re");
	char row[256];

	while (f && fgets(row, sizeof(row), f))
		if (n_truth < EXECS_MAX && sscanf(row, " \"%u\": \"%15[^\"]\"", &truth[n_truth].serial, truth[n_truth].where) == 2)
			n_truth++;
	if (!f || n_truth == 0)
		errx(2, "%s: no truth", path);
	fclose(f);
}

static void read_log(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t room = (size_t)64 << 20, len;

	text = malloc(room);
	len = f && text ? fread(text, 1, room, f) : 0;
	if (len == 0 || len == room)
		errx(2, "%s: no log", path);
	fclose(f);
	for (size_t at = 0; at < len && n_lines < LINES_MAX; n_lines++) {
		const char *end = memchr(text + at, '\n', len - at);

		line[n_lines] = at;
		at = end ? (size_t)(end - text) + 1 : len;
		line[n_lines + 1] = at;
	}
}

static int take(const struct log_event *ev, void *data, struct err *e)
{
	if (ev->kind == LOG_SYSCALL && ev->call == LOG_CALL_EXEC && ev->done && n_asked < EXECS_MAX)
		asked[n_asked++] = log_event_key(ev);
	return chain_feed(data, ev, e);
}

static const char *where_of(uint64_t key)
{
	for (size_t i = 0; i < n_truth; i++)
		if (truth[i].serial == (uint32_t)key)
			return truth[i].where;
	return NULL;
}

/* "other" is what was neither in a container nor on the host: unknown is right. */
static void judge(struct chain *c, size_t without, unsigned long sum[static 3])
{
	for (size_t i = 0; i < n_asked; i++) {
		const char *want = where_of(asked[i]), *is;
		struct chain_answer a;

		if (!want)
			continue;
		chain_ask(c, asked[i], &a);
		is = chain_where_text(c, &a);
		if (strcmp(is, want) == 0 || (strcmp(want, "other") == 0 && a.where == CHAIN_UNKNOWN))
			sum[0]++;
		else if (a.where == CHAIN_UNKNOWN)
			sum[2]++;
		else if (sum[1]++ < 20)
			printf("wrong: %u is in %s, not in %s, without %.*s", (unsigned)asked[i], want, is,
			       (int)(line[without + 1] - line[without]), text + line[without]);
	}
}

static void solve(size_t without, const struct chain_anchor *anchor, unsigned long sum[static 3])
{
	_cleanup_(log_reader_freep) struct log_reader *reader = NULL;
	struct chain *chain = NULL;
	struct err e = {0};

	n_asked = 0;
	if (chain_new(&CHAIN_OPTIONS_DEFAULT, &chain, &e) < 0 || log_reader_new(take, chain, &reader, &e) < 0 ||
	    log_reader_feed(reader, text, line[without], &e) < 0 ||
	    log_reader_feed(reader, text + line[without + 1], line[n_lines] - line[without + 1], &e) < 0 || log_reader_end(reader, &e) < 0 ||
	    (anchor->pid && chain_anchor(chain, anchor, &e) < 0))
		errx(2, "%s", e.text);
	judge(chain, without, sum);
	chain_free(chain);
}

int main(int argc, char **argv)
{
	struct chain_anchor anchor = {.pid = 0};
	unsigned long sum[3] = {0, 0, 0};
	char *name = argc == 4 ? strchr(argv[3], '=') : NULL;

	if (argc < 3 || (argc == 4 && !name) || argc > 4)
		errx(2, "leave-one-out TRUTH LOG [PID=NAME]");
	if (name) {
		*name = '\0';
		anchor.name = name + 1;
		if (parse_u32(argv[3], 1, INT32_MAX, &anchor.pid) < 0)
			errx(2, "%s: not a process ID", argv[3]);
	}
	read_truth(argv[1]);
	read_log(argv[2]);
	for (size_t i = 0; i < n_lines; i++)
		solve(i, &anchor, sum);
	printf("%zu %lu %lu %lu\n", n_lines, sum[0], sum[1], sum[2]);
	return sum[1] > 0;
}
