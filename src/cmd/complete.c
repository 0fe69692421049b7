/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby __complete -- WORD...: what the last word (begun, or empty) could
 * become. The completions of all shells ask it, so that they know what this
 * very ranby knows: commands and options come from the table and its rows,
 * containers, images, pods and the rest from the store of the --root that was typed.
 *
 * Output: candidates, each with a tab and a description where there is one;
 * then ":files" when files would do too, else ":none". Never an error: a
 * shell has no place to show one.
 */
#include "base/escape.h"
#include "cmd/commands.h"
#include "cmd/find.h"
#include "cmd/screen.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/networks.h"
#include "engine/pod.h"
#include "engine/profile.h"
#include "engine/recorded_store.h"
#include "engine/secret_store.h"
#include "engine/storage.h"
#include "engine/volume_list.h"
#include "image/store.h"

#include <stdio.h>
#include <string.h>

struct completion {
	const char *begun;  /* the last word, or its part behind '=' */
	const char *before; /* what stands before that part, "" or "--option=" */
	size_t before_len;
	bool files;
	struct globals globals;
	struct buf out;
};

static void offer(struct completion *c, const char *word, size_t len, const char *about)
{
	if (strncmp(word, c->begun, strlen(c->begun)) != 0 || strpbrk(word, "\n\t"))
		return;
	buf_add(&c->out, c->before, c->before_len);
	escape_text(word, len, 0, &c->out);
	if (about && *about) {
		buf_addc(&c->out, '\t');
		escape_text(about, strlen(about), 0, &c->out);
	}
	buf_addc(&c->out, '\n');
}

/* ---- commands ---- */

struct typed {
	struct completion *c;
	int argc;
	char **argv; /* the words before the last one */
	struct buf seen; /* "\n" and each word that was offered, and "\n" */
};

/* The rest of `name` after the words typed, NULL when it begins with others. */
static const char *after_words(const char *name, const char *end, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		size_t n = strlen(argv[i]);

		if ((size_t)(end - name) <= n || memcmp(name, argv[i], n) != 0 || name[n] != ' ')
			return NULL;
		name += n + 1;
	}
	return name;
}

static void offer_command(const char *name, size_t len, const struct command *command, void *ctx)
{
	struct typed *t = ctx;
	const char *end = name + len, *word = after_words(name, end, t->argc, t->argv);
	char key[64], text[64];
	size_t n = 0;

	while (word && word + n < end && word[n] != ' ')
		n++;
	if (n == 0 || n > 60)
		return;
	snprintf(key, sizeof(key), "\n%.*s\n", (int)n, word);
	snprintf(text, sizeof(text), "%.*s", (int)n, word);
	if (strstr(buf_str(&t->seen), key))
		return;
	buf_adds(&t->seen, key);
	offer(t->c, text, n, word + n == end ? command->summary : "");
}

static void complete_command(struct completion *c, int argc, char **argv)
{
	struct typed t = {.c = c, .argc = argc, .argv = argv};

	command_each_name(offer_command, &t);
	if (argc == 0)
		offer(c, "help", 4, "Show help of a command");
	buf_done(&t.seen);
}

/* ---- what the store has ---- */

/* The store of the --root that was typed. */
static int open_store(const struct completion *c, struct engine **ret)
{
	const struct engine_where where = {.root = c->globals.root, .runroot = c->globals.runroot};

	return engine_open(&where, ret, NULL);
}

static void offer_containers(struct completion *c, struct engine *eng)
{
	_cleanup_(container_list_done) struct container_list l = {0};

	if (container_list(eng, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		offer(c, l.items[i]->name, strlen(l.items[i]->name), container_status_word(l.items[i]->status));
		/* ids only when one was begun */
		if (*c->begun)
			offer(c, l.items[i]->id, CONTAINER_ID_SHORT, l.items[i]->name);
	}
}

static void offer_images(struct completion *c, struct engine *eng)
{
	_cleanup_(image_list_done) struct image_list l = {0};
	_cleanup_(store_closep) struct store *st = NULL;

	if (storage_open(eng, &st, NULL) < 0 || store_list(st, &l, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		for (size_t k = 0; k < l.items[i]->names.n; k++) {
			const char *name = l.items[i]->names.items[k];
			const char *slash = strrchr(name, '/');

			offer(c, name, strlen(name), "");
			if (slash && *c->begun)
				offer(c, slash + 1, strlen(slash + 1), name);
		}
}

static void offer_networks(struct completion *c, struct engine *eng)
{
	_cleanup_(network_list_done) struct network_list l = {0};

	if (network_list(eng, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		offer(c, l.items[i].name, strlen(l.items[i].name), "");
}

static void offer_volumes(struct completion *c, struct engine *eng)
{
	_cleanup_(volume_list_done) struct volume_list l = {0};

	if (volume_list(eng, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		offer(c, l.items[i].name, strlen(l.items[i].name), "");
}

static void offer_secrets(struct completion *c, struct engine *eng)
{
	_cleanup_(secret_list_done) struct secret_list l = {0};

	if (secret_list(eng, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		offer(c, l.items[i].name, strlen(l.items[i].name), "");
}

static void offer_pods(struct completion *c, struct engine *eng)
{
	_cleanup_(pod_list_done) struct pod_list l = {0};

	if (pod_list(eng, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		offer(c, l.items[i]->name, strlen(l.items[i]->name), "");
}

static void offer_profiles(struct completion *c, struct engine *eng)
{
	_cleanup_(strv_done) struct strv names = {0};

	if (recorded_names(eng, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		offer(c, names.items[i], strlen(names.items[i]), "recorded profile");
}

static void offer_security_opts(struct completion *c, struct engine *eng _unused_)
{
	bool needs_value;
	char word[64];

	for (size_t i = 0; profile_security_opt(i, &needs_value); i++) {
		int n = snprintf(word, sizeof(word), "%s%s", profile_security_opt(i, &needs_value), needs_value ? "=" : "");

		offer(c, word, (size_t)n, "");
	}
}

/* What a word in capitals stands for, in a usage line and in an option's choices. */
static const struct kind {
	const char *word;
	void (*offer)(struct completion *, struct engine *);
} kinds[] = {
	{"CONTAINER", offer_containers}, {"IMAGE", offer_images},   {"NETWORK", offer_networks},   {"VOLUME", offer_volumes},
	{"SECRET", offer_secrets},       {"POD", offer_pods},       {"PROFILE", offer_profiles},   {"SECURITY_OPT", offer_security_opts},
};

static void offer_objects(struct completion *c, struct engine *eng, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strstr(word, kinds[i].word))
			kinds[i].offer(c, eng);
}

/* ---- options and their values ---- */

/* The first `n` bytes of what was begun are settled. */
static void settle(struct completion *c, size_t n)
{
	if (c->before_len == 0)
		c->before = c->begun;
	c->before_len += n;
	c->begun += n;
}

/* The kind that ends a choice, or NULL: "container:CONTAINER". *ret_n: how much stands before it. */
static const struct kind *choice_kind(const char *choice, size_t len, size_t *ret_n)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i].word);

		if (len < n || memcmp(choice + len - n, kinds[i].word, n) != 0)
			continue;
		*ret_n = len - n;
		if (*ret_n == 0 || strchr(":=", choice[*ret_n - 1]))
			return &kinds[i];
	}
	return NULL;
}

/* One of an option's choices: a word, "key=" or "key:" where a value is to follow, and what such a value is. */
static void offer_choice(struct completion *c, const char *choice, size_t len)
{
	const struct completion were = *c;
	_cleanup_(engine_closep) struct engine *eng = NULL;
	size_t n = len;
	const struct kind *kind = choice_kind(choice, len, &n);

	if (!kind || strncmp(c->begun, choice, n) != 0) {
		_cleanup_free_ char *word = strndup(choice, n);

		if (word)
			offer(c, word, n, "");
		return;
	}
	settle(c, n);
	if (open_store(c, &eng) == 0)
		kind->offer(c, eng);
	c->begun = were.begun;
	c->before = were.before;
	c->before_len = were.before_len;
}

static void offer_choices(struct completion *c, const struct option_row *row)
{
	bool is_list = row->type == OPT_LIST_CSV || (row->arg && (strstr(row->arg, "LIST") || strchr(row->arg, ',')));
	const char *comma = is_list ? strrchr(c->begun, ',') : NULL;

	if (comma)
		settle(c, (size_t)(comma + 1 - c->begun));
	for (const char *at = row->choices; at && *at;) {
		size_t n = strcspn(at, "|");

		offer_choice(c, at, n);
		at += n + (at[n] == '|');
	}
}

static void offer_option(struct completion *c, const char *name, const char *about)
{
	char word[80];
	int n = snprintf(word, sizeof(word), "--%s", name);

	if (n > 0 && n < (int)sizeof(word))
		offer(c, word, (size_t)n, about);
}

static void complete_name(struct completion *c, const struct option_row *rows)
{
	for (; rows && rows->type != OPT_END; rows++)
		if (!rows->hidden)
			offer_option(c, rows->long_name, rows->help);
	offer_option(c, "help", "Show this help and exit");
}

static bool names_files(const char *arg)
{
	static const char *const words[] = {"FILE", "DIR", "PATH", "SRC", "COMMAND", "HOST[:DST"};

	for (size_t i = 0; arg && i < ARRAY_SIZE(words); i++)
		if (strstr(arg, words[i]))
			return true;
	return false;
}

static void complete_value(struct completion *c, const struct option_row *row)
{
	const char *eq = strncmp(c->begun, "--", 2) == 0 ? strchr(c->begun, '=') : NULL;

	if (eq)
		settle(c, (size_t)(eq + 1 - c->begun));
	if (row->type == OPT_FLAG) {
		offer(c, "true", 4, "");
		offer(c, "false", 5, "");
	}
	offer_choices(c, row);
	c->files = names_files(row->arg);
}

/* ---- operands ---- */

/* The word of the usage that the n-th operand is: the last one from there on ("CONTAINER..."). */
static void usage_word(const char *usage, int n, char out[static 64])
{
	out[0] = '\0';
	for (int i = 0; usage && *usage && i <= n;) {
		size_t len = strcspn(usage, " ");

		if (strncmp(usage, "[OPTIONS]", len) != 0) {
			snprintf(out, 64, "%.*s", (int)len, usage);
			i++;
		}
		usage += len + (usage[len] == ' ');
	}
}

/* "bash|zsh|fish" */
static void offer_words(struct completion *c, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, "|");
		_cleanup_free_ char *word = strndup(words, n);

		if (word)
			offer(c, word, n, "");
		words += n + (words[n] == '|');
	}
}

static void complete_operand(struct completion *c, const struct command *command, int n)
{
	_cleanup_(engine_closep) struct engine *eng = NULL;
	char word[64];

	if (command->max_operands >= 0 && n >= command->max_operands)
		return;
	usage_word(command->operands, n, word);
	if (*word >= 'a' && *word <= 'z') /* the words themselves: "bash|zsh|fish" */
		offer_words(c, word);
	c->files = names_files(word) || strstr(word, "ARG");
	if (!(command->needs & NEED_ENGINE) || open_store(c, &eng) < 0)
		return;
	offer_objects(c, eng, word);
}

/* argv[0] is the command's last word. */
static void complete_arguments(struct completion *c, const struct command *command, int argc, char **argv)
{
	static const struct option_row none[] = {OPTION_END};
	const struct option_row *rows = command->rows ? command->rows : none, *row = NULL;
	int operands = 0;

	switch (option_place(rows, argc, argv, command->mode, &row, &operands)) {
	case OPTION_PLACE_NAME:
		complete_name(c, rows);
		break;
	case OPTION_PLACE_VALUE:
		complete_value(c, row);
		break;
	case OPTION_PLACE_OPERAND:
		complete_operand(c, command, operands);
		break;
	default:
		break;
	}
}

/* argv[0] is "ranby" itself, the last word the begun one. */
static void complete(struct completion *c, int argc, char **argv)
{
	const struct option_row *row = NULL;
	const struct command *command;
	int before = 0, words = 0, first;
	enum option_place place = option_place(global_rows, argc, argv, OPTION_STOP_AT_OPERAND, &row, &before);

	if (place == OPTION_PLACE_NAME)
		complete_name(c, global_rows);
	if (place == OPTION_PLACE_VALUE)
		complete_value(c, row);
	if (place != OPTION_PLACE_OPERAND)
		return;
	first = argc - 1 - before;
	if (option_parse(global_rows, first, argv, OPTION_STOP_AT_OPERAND, &c->globals, &words, NULL) < 0)
		return;
	if (before > 0 && strcmp(argv[first], "help") == 0) {
		complete_command(c, before - 1, argv + first + 1);
		return;
	}
	command = command_find(before, argv + first, &words);
	if (command)
		complete_arguments(c, command, argc - first - words + 1, argv + first + words - 1);
	if (!command || words == before)
		complete_command(c, before, argv + first);
}

static int complete_run(const struct command_call *call, struct err *e)
{
	_cleanup_free_ char **argv = mem_array((size_t)call->argc + 2, sizeof(*argv));
	struct completion c = {0};
	char self[] = "ranby";
	int r;

	if (!argv)
		return err_errno(e, ENOMEM, "complete");
	argv[0] = self;
	memcpy(argv + 1, call->argv, (size_t)call->argc * sizeof(*argv));
	c.before = "";
	c.begun = argv[call->argc];
	complete(&c, call->argc + 1, argv);
	buf_adds(&c.out, c.files ? ":files\n" : ":none\n");
	r = screen_put(&c.out, e);
	buf_done(&c.out);
	strv_done(&c.globals.storage_opt);
	return r;
}

static const struct option_row complete_rows[] = {OPTION_END};

const struct command command_complete = {
	.name = "__complete",
	.operands = "-- WORD...",
	.summary = "What the last word could become",
	.hidden = true,
	.mode = OPTION_STOP_AT_OPERAND,
	.min_operands = 1,
	.max_operands = -1,
	.rows = complete_rows,
	.run = complete_run,
};
