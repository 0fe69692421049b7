/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A table has one row for each kind: its name, which flags it takes and the
 * function that cuts the rest. What two kinds share is one function.
 *
 * Must hold: what is accepted here is what docker accepts. A word that docker
 * refuses and we took would be an image that only ranby can build; a word that
 * we refuse with other reasons is only unkind.
 */
#include "oci/instruction.h"

#include "base/buf.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "oci/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One line on its way to an instruction. */
struct line {
	const char *rest; /* what follows the flags */
	char escape;
	struct instruction *in;
};

enum flag_type { FLAG_TEXT, FLAG_BOOL, FLAG_LIST };

struct flag {
	const char *name;
	enum flag_type type;
	size_t offset;
	unsigned kinds; /* bits of enum instruction_kind */
};

#define OF(kind) (1U << INSTRUCTION_##kind)
#define AT(member) offsetof(struct instruction_flags, member)

static const struct flag flags[] = {
	{"from", FLAG_TEXT, AT(from), OF(COPY)},
	{"chown", FLAG_TEXT, AT(chown), OF(COPY) | OF(ADD)},
	{"chmod", FLAG_TEXT, AT(chmod), OF(COPY) | OF(ADD)},
	{"checksum", FLAG_TEXT, AT(checksum), OF(ADD)},
	{"keep-git-dir", FLAG_BOOL, AT(keep_git_dir), OF(ADD)},
	{"unpack", FLAG_BOOL, AT(unpack), OF(ADD)},
	{"link", FLAG_BOOL, AT(link), OF(COPY) | OF(ADD)},
	{"parents", FLAG_BOOL, AT(parents), OF(COPY)},
	{"exclude", FLAG_LIST, AT(exclude), OF(COPY) | OF(ADD)},
	{"mount", FLAG_LIST, AT(mount), OF(RUN)},
	{"network", FLAG_TEXT, AT(network), OF(RUN)},
	{"security", FLAG_TEXT, AT(security), OF(RUN)},
	{"platform", FLAG_TEXT, AT(platform), OF(FROM)},
	{"interval", FLAG_TEXT, AT(interval), OF(HEALTHCHECK)},
	{"timeout", FLAG_TEXT, AT(timeout), OF(HEALTHCHECK)},
	{"start-period", FLAG_TEXT, AT(start_period), OF(HEALTHCHECK)},
	{"start-interval", FLAG_TEXT, AT(start_interval), OF(HEALTHCHECK)},
	{"retries", FLAG_TEXT, AT(retries), OF(HEALTHCHECK)},
};

static void flags_done(struct instruction_flags *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		char *at = (char *)f + flags[i].offset;

		if (flags[i].type == FLAG_TEXT)
			free(*(char **)(void *)at);
		else if (flags[i].type == FLAG_LIST)
			strv_done((struct strv *)(void *)at);
	}
}

struct instruction *instruction_free(struct instruction *in)
{
	if (!in)
		return NULL;
	for (size_t i = 0; i < in->n_heredocs; i++) {
		free(in->heredocs[i].name);
		free(in->heredocs[i].content);
	}
	free(in->heredocs);
	flags_done(&in->flags);
	strv_done(&in->args);
	instruction_free(in->trigger);
	free(in->text);
	free(in);
	return NULL;
}

/* ---- a copy ---- */

static int copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

/* `to` is a bytewise copy: what it points to becomes its own, or nothing. */
static int copy_flags(struct instruction_flags *to, const struct instruction_flags *from)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		void *at = (char *)to + flags[i].offset;
		const void *was = (const char *)from + flags[i].offset;

		if (flags[i].type == FLAG_TEXT) {
			int copied = copy_text(at, *(char *const *)was);

			r = r < 0 ? r : copied;
		} else if (flags[i].type == FLAG_LIST) {
			*(struct strv *)at = (struct strv){0};
			r = r < 0 ? r : strv_add_all(at, ((const struct strv *)was)->items);
		}
	}
	return r;
}

static int copy_heredocs(struct instruction *to, const struct instruction *from)
{
	if (from->n_heredocs == 0)
		return 0;
	to->heredocs = mem_array(from->n_heredocs, sizeof(*to->heredocs));
	for (size_t i = 0; to->heredocs && i < from->n_heredocs; i++) {
		struct heredoc *h = &to->heredocs[i];

		*h = from->heredocs[i];
		h->content = NULL;
		to->n_heredocs = i + 1;
		if (copy_text(&h->name, from->heredocs[i].name) < 0 || copy_text(&h->content, from->heredocs[i].content) < 0)
			return -ENOMEM;
	}
	return to->heredocs ? 0 : -ENOMEM;
}

int instruction_copy(const struct instruction *in, struct instruction **ret)
{
	_cleanup_instruction_ struct instruction *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	copy->kind = in->kind;
	copy->line = in->line;
	copy->last_line = in->last_line;
	copy->is_exec = in->is_exec;
	copy->is_none = in->is_none;
	copy->flags = in->flags;
	if (copy_flags(&copy->flags, &in->flags) < 0 || copy_text(&copy->text, in->text) < 0 || strv_add_all(&copy->args, in->args.items) < 0 ||
	    copy_heredocs(copy, in) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(copy);
	return 0;
}

/* ---- flags ---- */

struct flag_words {
	enum instruction_kind kind;
};

static const char *flag_word(size_t i, const void *ctx)
{
	const struct flag_words *w = ctx;

	for (size_t j = 0; j < ARRAY_SIZE(flags); j++) {
		if ((flags[j].kinds & (1U << w->kind)) && i-- == 0)
			return flags[j].name;
	}
	return NULL;
}

static const struct flag *flag_find(enum instruction_kind kind, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if ((flags[i].kinds & (1U << kind)) && strlen(flags[i].name) == len && strncmp(flags[i].name, name, len) == 0)
			return &flags[i];
	}
	return NULL;
}

static int flag_unknown(enum instruction_kind kind, const char *name, struct err *e)
{
	const char *near = suggest(name, flag_word, &(struct flag_words){kind});

	if (near)
		return err_set(e, EINVAL, "unknown flag: --%s (did you mean --%s?)", name, near);
	return err_set(e, EINVAL, "unknown flag: --%s", name);
}

static int flag_bool(struct instruction_flags *f, const struct flag *row, const char *value, struct err *e)
{
	bool on = true;

	if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return err_set(e, EINVAL, "expecting boolean value for flag --%s, not: %s", row->name, value);
	on = !value || strcmp(value, "true") == 0;
	*(bool *)(void *)((char *)f + row->offset) = on;
	if (row->offset == AT(unpack))
		f->no_unpack = !on;
	return 0;
}

static int flag_value(struct instruction_flags *f, const struct flag *row, const char *value, struct err *e)
{
	void *at = (char *)f + row->offset;
	char **slot = at;

	if (row->type == FLAG_BOOL)
		return flag_bool(f, row, value, e);
	if (!value)
		return err_set(e, EINVAL, "missing a value on flag: --%s", row->name);
	if (row->type == FLAG_LIST)
		return strv_add(at, value) < 0 ? err_errno(e, ENOMEM, "--%s", row->name) : 0;
	free(*slot);
	*slot = strdup(value);
	return *slot ? 0 : err_errno(e, ENOMEM, "--%s", row->name);
}

static int flags_take(struct instruction *in, const struct strv *words, struct err *e)
{
	uint64_t seen = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->n; i++) {
		const char *name = words->items[i] + 2, *eq = strchr(name, '=');
		size_t len = eq ? (size_t)(eq - name) : strlen(name);
		const struct flag *row = flag_find(in->kind, name, len);
		_cleanup_free_ char *copy = row ? NULL : strndup(name, len);

		if (!row)
			return copy ? flag_unknown(in->kind, copy, e) : err_errno(e, ENOMEM, "flag");
		if (row->type != FLAG_LIST && (seen & (UINT64_C(1) << (row - flags))))
			return err_set(e, EINVAL, "duplicate flag specified: %s", row->name);
		seen |= UINT64_C(1) << (row - flags);
		r = flag_value(&in->flags, row, eq ? eq + 1 : NULL, e);
	}
	return r;
}

/* ---- what follows the flags, by kind ---- */

static int blank(const struct instruction *in, const char *how_many, struct err *e)
{
	return err_set(e, EINVAL, "%s requires %s", instruction_name(in->kind), how_many);
}

static int no_memory(int r, struct err *e)
{
	return r == -E2BIG ? err_set(e, E2BIG, "more words than %d", STRV_MAX) : r < 0 ? err_errno(e, -r, "instruction") : 0;
}

/* USER WORKDIR STOPSIGNAL MAINTAINER: the rest is one word. */
static int take_rest(struct line *l, struct err *e)
{
	if (!*l->rest)
		return blank(l->in, "exactly one argument", e);
	return no_memory(strv_add(&l->in->args, l->rest), e);
}

/* RUN CMD ENTRYPOINT and the command of HEALTHCHECK. */
static int take_command(struct line *l, struct err *e)
{
	int r;

	if (!*l->rest)
		return blank(l->in, "at least one argument", e);
	r = words_json(l->rest, &l->in->args, e);
	if (r < 0)
		return r;
	l->in->is_exec = r > 0;
	if (l->in->kind == INSTRUCTION_RUN && l->in->is_exec && l->in->args.n == 0)
		return blank(l->in, "at least one argument", e);
	return l->in->is_exec ? 0 : no_memory(strv_add(&l->in->args, l->rest), e);
}

static int take_shell(struct line *l, struct err *e)
{
	int r = words_json(l->rest, &l->in->args, e);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, EINVAL, "SHELL requires the arguments to be in JSON form");
	l->in->is_exec = true;
	return l->in->args.n ? 0 : blank(l->in, "at least one argument", e);
}

/* A JSON array, or words. */
static int take_list(struct line *l, struct err *e)
{
	int r = words_json(l->rest, &l->in->args, e);

	l->in->is_exec = r > 0;
	return r < 0 ? r : r > 0 ? 0 : no_memory(words_blank(l->rest, &l->in->args), e);
}

static int take_volume(struct line *l, struct err *e)
{
	int r = take_list(l, e);

	if (r == 0 && l->in->args.n == 0)
		return blank(l->in, "at least one argument", e);
	for (size_t i = 0; r == 0 && i < l->in->args.n; i++) {
		if (l->in->args.items[i][strspn(l->in->args.items[i], WORDS_BLANKS)] == '\0')
			return err_set(e, EINVAL, "VOLUME specified can not be an empty string");
	}
	return r;
}

static int take_expose(struct line *l, struct err *e)
{
	int r = no_memory(words_blank(l->rest, &l->in->args), e);

	return r == 0 && l->in->args.n == 0 ? blank(l->in, "at least one argument", e) : r;
}

static int take_copy(struct line *l, struct err *e)
{
	struct strv *args = &l->in->args;
	const char *name = instruction_name(l->in->kind);
	int r = take_list(l, e);

	if (r == 0 && !l->in->is_exec)
		r = instruction_find_heredocs(l->in, l->escape, e);
	if (r < 0)
		return r;
	if (args->n == 0)
		return blank(l->in, "at least two arguments", e);
	if (args->n == 1)
		return err_set(e, EINVAL, "%s requires at least two arguments, but only one was provided. Destination could not be determined", name);
	if (instruction_heredoc(l->in, args->items[args->n - 1]))
		return err_set(e, EINVAL, "%s cannot accept a heredoc as destination", name);
	return 0;
}

static int take_run(struct line *l, struct err *e)
{
	int r = take_command(l, e);

	return r < 0 || l->in->is_exec ? r : instruction_find_heredocs(l->in, l->escape, e);
}

/* The name of a stage: a letter, then letters, digits and -_. , in any case. */
static bool is_stage_name(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("-_.", *s))
			return false;
	}
	return true;
}

static int take_from(struct line *l, struct err *e)
{
	_cleanup_(strv_done) struct strv words = {0};
	int r = no_memory(words_blank(l->rest, &words), e);

	if (r < 0)
		return r;
	if (words.n != 1 && (words.n != 3 || strcasecmp(words.items[1], "as") != 0))
		return blank(l->in, "either one or three arguments", e);
	if (words.n == 3 && !is_stage_name(words.items[2]))
		return err_set(e, EINVAL, "invalid name for build stage: \"%s\", name can't start with a number or contain symbols", words.items[2]);
	r = no_memory(strv_add(&l->in->args, words.items[0]), e);
	return r == 0 && words.n == 3 ? no_memory(strv_add(&l->in->args, words.items[2]), e) : r;
}

/* ---- names and values ---- */

static int add_pair(struct instruction *in, const char *word, size_t name_len, struct err *e)
{
	int r = strv_consume(&in->args, strndup(word, name_len));

	if (name_len == 0)
		return err_set(e, EINVAL, "%s names can not be blank", instruction_name(in->kind));
	if (r == 0)
		r = strv_add(&in->args, word + name_len + 1);
	return no_memory(r, e);
}

/* ENV name the rest is its value */
static int take_old_pair(struct line *l, struct err *e)
{
	size_t n = strcspn(l->rest, WORDS_BLANKS);
	const char *value = words_skip(l->rest + n);
	int r;

	if (!*value)
		return err_set(e, EINVAL, "%s must have two arguments", instruction_name(l->in->kind));
	r = strv_consume(&l->in->args, strndup(l->rest, n));
	return no_memory(r < 0 ? r : strv_add(&l->in->args, value), e);
}

static int take_pairs(struct line *l, struct err *e)
{
	_cleanup_(strv_done) struct strv words = {0};
	int r = no_memory(words_split(l->rest, l->escape, &words), e);

	if (r < 0)
		return r;
	if (words.n == 0)
		return blank(l->in, "at least one argument", e);
	if (!strchr(words.items[0], '='))
		return take_old_pair(l, e);
	for (size_t i = 0; r == 0 && i < words.n; i++) {
		const char *eq = strchr(words.items[i], '=');

		if (!eq)
			return err_set(e, EINVAL, "Syntax error - can't find = in \"%s\". Must be of the form: name=value", words.items[i]);
		r = add_pair(l->in, words.items[i], (size_t)(eq - words.items[i]), e);
	}
	return r;
}

static int take_arg(struct line *l, struct err *e)
{
	int r = no_memory(words_split(l->rest, l->escape, &l->in->args), e);

	if (r == 0 && l->in->args.n == 0)
		return blank(l->in, "at least one argument", e);
	for (size_t i = 0; r == 0 && i < l->in->args.n; i++) {
		if (l->in->args.items[i][0] == '=')
			return err_set(e, EINVAL, "ARG names can not be blank");
	}
	return r;
}

/* ---- HEALTHCHECK, ONBUILD ---- */

/* docker: at least a millisecond, but 0, which is the default. */
static int check_duration(const char *name, const char *value, struct err *e)
{
	uint64_t us = 0;

	if (!value)
		return 0;
	if (parse_duration(value, &us) < 0)
		return err_set(e, EINVAL, "--%s: %s is not a duration", name, value);
	/* parse_duration() takes seconds for it, docker and podman do not */
	if (us && value[strspn(value, "0123456789")] == '\0')
		return err_set(e, EINVAL, "--%s: missing unit in duration %s: %ss is seconds", name, value, value);
	return us && us < 1000 ? err_set(e, EINVAL, "--%s: %s is less than 1ms", name, value) : 0;
}

static int check_healthcheck(const struct instruction_flags *f, struct err *e)
{
	uint32_t retries;
	int r = check_duration("interval", f->interval, e);

	if (r == 0)
		r = check_duration("timeout", f->timeout, e);
	if (r == 0)
		r = check_duration("start-period", f->start_period, e);
	if (r == 0)
		r = check_duration("start-interval", f->start_interval, e);
	if (r == 0 && f->retries && parse_u32(f->retries, 0, INT32_MAX, &retries) < 0)
		return err_set(e, EINVAL, "--retries must be a number, and not negative (not %s)", f->retries);
	return r;
}

static int take_healthcheck(struct line *l, struct err *e)
{
	size_t n = strcspn(l->rest, WORDS_BLANKS);
	_cleanup_free_ char *type = strndup(l->rest, n);

	if (!type)
		return err_errno(e, ENOMEM, "HEALTHCHECK");
	if (!*type)
		return blank(l->in, "at least one argument", e);
	l->rest = words_skip(l->rest + n);
	if (strcasecmp(type, "none") == 0) {
		l->in->is_none = true;
		return *l->rest ? err_set(e, EINVAL, "HEALTHCHECK NONE takes no arguments") : 0;
	}
	if (strcasecmp(type, "cmd") != 0)
		return err_set(e, EINVAL, "Unknown type \"%s\" in HEALTHCHECK (try CMD)", type);
	if (!*l->rest)
		return err_set(e, EINVAL, "Missing command after HEALTHCHECK CMD");
	return take_command(l, e) < 0 ? -EINVAL : check_healthcheck(&l->in->flags, e);
}

static int parse_line(const char *line, char escape, bool nested, struct instruction **ret, struct err *e);

static int take_onbuild(struct line *l, struct err *e)
{
	if (!*l->rest)
		return blank(l->in, "at least one argument", e);
	return no_memory(strv_add(&l->in->args, l->rest), e) < 0 ? -ENOMEM : parse_line(l->rest, l->escape, true, &l->in->trigger, e);
}

/* ---- the kinds ---- */

static const struct kind {
	const char *name;
	int (*take)(struct line *l, struct err *e);
} kinds[INSTRUCTION_KINDS] = {
	[INSTRUCTION_ADD] = {"ADD", take_copy},
	[INSTRUCTION_ARG] = {"ARG", take_arg},
	[INSTRUCTION_CMD] = {"CMD", take_command},
	[INSTRUCTION_COPY] = {"COPY", take_copy},
	[INSTRUCTION_ENTRYPOINT] = {"ENTRYPOINT", take_command},
	[INSTRUCTION_ENV] = {"ENV", take_pairs},
	[INSTRUCTION_EXPOSE] = {"EXPOSE", take_expose},
	[INSTRUCTION_FROM] = {"FROM", take_from},
	[INSTRUCTION_HEALTHCHECK] = {"HEALTHCHECK", take_healthcheck},
	[INSTRUCTION_LABEL] = {"LABEL", take_pairs},
	[INSTRUCTION_MAINTAINER] = {"MAINTAINER", take_rest},
	[INSTRUCTION_ONBUILD] = {"ONBUILD", take_onbuild},
	[INSTRUCTION_RUN] = {"RUN", take_run},
	[INSTRUCTION_SHELL] = {"SHELL", take_shell},
	[INSTRUCTION_STOPSIGNAL] = {"STOPSIGNAL", take_rest},
	[INSTRUCTION_USER] = {"USER", take_rest},
	[INSTRUCTION_VOLUME] = {"VOLUME", take_volume},
	[INSTRUCTION_WORKDIR] = {"WORKDIR", take_rest},
};

const char *instruction_name(enum instruction_kind kind)
{
	return kinds[kind].name;
}

int instruction_kind_of(const char *word)
{
	for (int i = 0; i < INSTRUCTION_KINDS; i++) {
		if (strcasecmp(kinds[i].name, word) == 0)
			return i;
	}
	return -1;
}

static const char *kind_word(size_t i, const void *ctx _unused_)
{
	return i < INSTRUCTION_KINDS ? kinds[i].name : NULL;
}

static int unknown(char *word, struct err *e)
{
	const char *near;

	for (char *p = word; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	near = suggest(word, kind_word, NULL);
	if (near)
		return err_set(e, EINVAL, "unknown instruction: %s (did you mean %s?)", word, near);
	return err_set(e, EINVAL, "unknown instruction: %s", word);
}

static int check_nested(enum instruction_kind kind, struct err *e)
{
	if (kind == INSTRUCTION_ONBUILD)
		return err_set(e, EINVAL, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if (kind == INSTRUCTION_FROM || kind == INSTRUCTION_MAINTAINER)
		return err_set(e, EINVAL, "%s isn't allowed as an ONBUILD trigger", instruction_name(kind));
	return 0;
}

/* The kind is known: flags, then the rest. */
static int fill(struct instruction *in, const char *rest, char escape, struct err *e)
{
	_cleanup_(strv_done) struct strv words = {0};
	struct line l = {.escape = escape, .in = in};
	int r = no_memory(words_flags(rest, &words, &l.rest), e);

	if (r == 0)
		r = flags_take(in, &words, e);
	if (r == 0)
		r = kinds[in->kind].take(&l, e);
	return r == 0 && in->args.n > INSTRUCTION_ARGS_MAX ? err_set(e, E2BIG, "more than %d words", INSTRUCTION_ARGS_MAX) : r;
}

/* A copy without blanks at its ends. */
static char *trimmed(const char *line)
{
	const char *begin = line + strspn(line, WORDS_BLANKS "\n");
	size_t n = strlen(begin);

	while (n && strchr(WORDS_BLANKS "\n", begin[n - 1]))
		n--;
	return strndup(begin, n);
}

static int parse_line(const char *line, char escape, bool nested, struct instruction **ret, struct err *e)
{
	_cleanup_instruction_ struct instruction *in = calloc(1, sizeof(*in));
	_cleanup_free_ char *word = NULL;
	size_t n;
	int kind, r;

	if (!in || !(in->text = trimmed(line)))
		return err_errno(e, ENOMEM, "instruction");
	n = strcspn(in->text, WORDS_BLANKS);
	word = strndup(in->text, n);
	if (!word)
		return err_errno(e, ENOMEM, "instruction");
	kind = instruction_kind_of(word);
	if (kind < 0)
		return unknown(word, e);
	in->kind = (enum instruction_kind)kind;
	r = nested ? check_nested(in->kind, e) : 0;
	if (r == 0)
		r = fill(in, in->text + n, escape, e);
	if (r == 0 && nested && in->n_heredocs)
		r = err_set(e, ENOTSUP, "a here-document as an ONBUILD trigger is not supported");
	if (r == 0)
		*ret = TAKE_PTR(in);
	return r;
}

int instruction_parse(const char *line, char escape, struct instruction **ret, struct err *e)
{
	return parse_line(line, escape, false, ret, e);
}

int instruction_parse_trigger(const char *line, struct instruction **ret, struct err *e)
{
	return parse_line(line, '\\', true, ret, e);
}
