/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One pass over the text, which calls itself for the words within ${…}. Every
 * byte goes through put(), where words are cut for the one instruction that
 * wants it: a blank cuts, unless it was quoted or escaped.
 *
 * Rules and messages are those of BuildKit's lexer, also where a shell has
 * others: an escape before an ordinary character is dropped outside of quotes
 * and kept within "…"; ${v:#p} is refused; $$ and the like are variables
 * that are never set.
 *
 * Must hold: what a variable stands for is never looked at again. A value with
 * "$" or quotes is those bytes.
 */
#include "oci/expand.h"

#include "base/buf.h"
#include "base/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define NAME_MAX_BYTES 1024

struct lexer {
	const struct expand *x;
	const char *p;
	char escape;
	unsigned depth;
	bool no_quotes;   /* quotes are characters */
	bool raw_escapes; /* escapes stay, for a pattern */
	struct buf *out;
	struct strv *words; /* NULL: all is one word */
	bool in_word;
	int error;        /* of a word */
	struct err *e;
};

/* ---- what comes out ---- */

static void end_word(struct lexer *l)
{
	if (l->in_word && l->error == 0)
		l->error = strv_add(l->words, buf_str(l->out));
	buf_reset(l->out);
	l->in_word = false;
}

/* `is_open`: not quoted, so that a blank ends a word. */
static void put(struct lexer *l, char c, bool is_open)
{
	if (l->words && is_open && isspace((unsigned char)c)) {
		end_word(l);
		return;
	}
	l->in_word = true;
	buf_addc(l->out, c);
}

static void put_all(struct lexer *l, const char *s, size_t len, bool is_open)
{
	for (size_t i = 0; i < len; i++)
		put(l, s[i], is_open);
}

/* ---- ${…} ---- */

static int nested(struct lexer *l, char stop, bool raw_escapes, struct buf *out);

/* A name: letters, digits and _; a number; or one of the shell's own. Empty: it is none. */
static int take_name(struct lexer *l, char name[static NAME_MAX_BYTES])
{
	const char *p = l->p;
	size_t n;

	if (isdigit((unsigned char)*p))
		n = strspn(p, "0123456789");
	else if (*p && strchr("@*#?-$!", *p))
		n = 1;
	else
		for (n = 0; isalnum((unsigned char)p[n]) || p[n] == '_';)
			n++;
	if (n >= NAME_MAX_BYTES)
		return err_set(l->e, E2BIG, "a variable's name is longer than %d", NAME_MAX_BYTES);
	memcpy(name, p, n);
	name[n] = '\0';
	l->p += n;
	return 0;
}

static const char *value_of(const struct lexer *l, const char *name)
{
	return l->x->get ? l->x->get(name, l->x->ctx) : NULL;
}

/* ${v:-w} ${v:+w} ${v:?w}, and without the colon. *ret is borrowed. */
static int choose(struct lexer *l, const char *name, char op, bool null_is_unset, const char *word, const char **ret)
{
	const char *value = value_of(l, name);
	bool has = value && (*value || !null_is_unset);

	*ret = op == '+' ? (has ? word : "") : has ? value : word;
	if (op != '?' || has)
		return 0;
	if (!*word)
		word = value ? "is not allowed to be empty" : "is not allowed to be unset";
	return err_set(l->e, EINVAL, "%s: %s", name, word);
}

static int too_big(const struct lexer *l, int r)
{
	return r == -E2BIG ? err_set(l->e, E2BIG, "a pattern is too long, or too much work for its variable") : r;
}

/* ${v#p} ${v##p}: what is left begins at *ret. */
static int trim_prefix(struct lexer *l, struct pattern *p, const char *value, bool longest, const char **ret)
{
	size_t end = 0;
	int r = pattern_match(p, value, strlen(value), 0, longest, &end);

	if (r >= 0)
		*ret = value + (r > 0 ? end : 0);
	return r < 0 ? too_big(l, r) : 0;
}

/* ${v%p} ${v%%p}: what is left has the length *ret. */
static int trim_suffix(struct lexer *l, struct pattern *p, const char *value, bool longest, size_t *ret)
{
	size_t len = strlen(value), end = 0;

	for (size_t i = 0; i <= len; i++) {
		size_t from = longest ? i : len - i;
		int r = pattern_match(p, value, len, from, true, &end);

		if (r < 0)
			return too_big(l, r);
		if (r > 0 && end == len) {
			*ret = from;
			return 0;
		}
	}
	*ret = len;
	return 0;
}

static int trim(struct lexer *l, const char *name, char op, const char *word, bool is_open)
{
	const char *value = value_of(l, name) ?: "";
	bool longest = *word == op;
	struct pattern p;
	size_t len;
	int r = pattern_compile(word + longest, PATTERN_TEXT, &p);

	if (r < 0)
		return too_big(l, r);
	r = op == '#' ? trim_prefix(l, &p, value, longest, &value) : 0;
	len = strlen(value);
	if (r == 0 && op == '%')
		r = trim_suffix(l, &p, value, longest, &len);
	if (r == 0)
		put_all(l, value, len, is_open);
	return r;
}

static int replace_in(struct lexer *l, struct pattern *p, const char *value, const char *with, bool all, bool is_open)
{
	size_t len = strlen(value), i = 0;
	bool may = true;

	while (i < len) {
		size_t end = i;
		int r = may ? pattern_match(p, value, len, i, true, &end) : 0;

		if (r < 0)
			return too_big(l, r);
		if (r > 0 && end > i) {
			put_all(l, with, strlen(with), is_open);
			i = end;
			may = all;
		} else {
			put(l, value[i++], is_open);
		}
		/* what is replaced by more grows */
		if (buf_bad(l->out))
			break;
	}
	return 0;
}

/* ${v/p/r} ${v//p/r} */
static int replace(struct lexer *l, const char *name, bool is_open)
{
	_cleanup_(buf_done) struct buf word = BUF_INIT_MAX(EXPAND_MAX), with = BUF_INIT_MAX(EXPAND_MAX);
	bool all = *l->p == '/';
	struct pattern p;
	int r;

	l->p += all;
	r = nested(l, '/', true, &word);
	if (r == 0)
		r = nested(l, '}', false, &with);
	if (r == 0)
		r = too_big(l, pattern_compile(buf_str(&word), PATTERN_TEXT, &p));
	return r < 0 ? r : replace_in(l, &p, value_of(l, name) ?: "", buf_str(&with), all, is_open);
}

/* What follows the name in ${…}, past the operator. */
static int modified(struct lexer *l, const char *name, char op, bool null_is_unset, bool is_open)
{
	_cleanup_(buf_done) struct buf word = BUF_INIT_MAX(EXPAND_MAX);
	bool is_pattern = op == '#' || op == '%';
	const char *chosen;
	int r;

	if (!op || !strchr("-+?#%", op) || (is_pattern && null_is_unset))
		return err_set(l->e, EINVAL, "unsupported modifier (%s%c) in substitution", null_is_unset ? ":" : "", op ? op : ' ');
	r = nested(l, '}', is_pattern, &word);
	if (r < 0)
		return r;
	if (is_pattern)
		return trim(l, name, op, buf_str(&word), is_open);
	r = choose(l, name, op, null_is_unset, buf_str(&word), &chosen);
	if (r == 0)
		put_all(l, chosen, strlen(chosen), is_open);
	return r;
}

/* After "${". */
static int braces(struct lexer *l, bool is_open)
{
	char name[NAME_MAX_BYTES], op;
	bool null_is_unset;
	const char *value;
	int r;

	if (!*l->p)
		return err_set(l->e, EINVAL, "syntax error: missing '}'");
	if (strchr("{}:", *l->p))
		return err_set(l->e, EINVAL, "syntax error: bad substitution");
	r = take_name(l, name);
	if (r < 0)
		return r;
	if (!*l->p)
		return err_set(l->e, EINVAL, "syntax error: missing '}'");
	op = *l->p++;
	if (op == '}') {
		value = value_of(l, name);
		put_all(l, value ?: "", value ? strlen(value) : 0, is_open);
		return 0;
	}
	if (op == '/')
		return replace(l, name, is_open);
	null_is_unset = op == ':';
	if (null_is_unset)
		op = *l->p ? *l->p++ : '\0';
	return modified(l, name, op, null_is_unset, is_open);
}

/* At "$". */
static int dollar(struct lexer *l, bool is_open)
{
	char name[NAME_MAX_BYTES];
	const char *value;
	int r;

	l->p++;
	if (l->x->keep_variables) {
		put(l, '$', is_open);
		return 0;
	}
	if (*l->p == '{') {
		l->p++;
		return braces(l, is_open);
	}
	r = take_name(l, name);
	if (r < 0)
		return r;
	value = *name ? value_of(l, name) : "$";
	put_all(l, value ?: "", value ? strlen(value) : 0, is_open);
	return 0;
}

/* ---- quotes and escapes ---- */

static int single_quotes(struct lexer *l)
{
	const char *end = strchr(++l->p, '\'');

	if (!end)
		return err_set(l->e, EINVAL, "unexpected end of statement while looking for matching single-quote");
	l->in_word = true;
	put_all(l, l->p, (size_t)(end - l->p), false);
	l->p = end + 1;
	return 0;
}

static int double_quotes(struct lexer *l)
{
	int r = 0;

	l->p++;
	l->in_word = true;
	while (r == 0 && *l->p && *l->p != '"') {
		if (*l->p == '$') {
			r = dollar(l, false);
			continue;
		}
		if (*l->p == l->escape && l->raw_escapes)
			put(l, *l->p, false);
		if (*l->p == l->escape && l->p[1] && (l->p[1] == '"' || l->p[1] == '$' || l->p[1] == l->escape))
			l->p++;
		else if (*l->p == l->escape && !l->p[1])
			break;
		put(l, *l->p++, false);
	}
	if (r == 0 && *l->p != '"')
		return err_set(l->e, EINVAL, "unexpected end of statement while looking for matching double-quote");
	l->p += r == 0;
	return r;
}

static void escaped(struct lexer *l)
{
	if (l->raw_escapes)
		put(l, *l->p, false);
	l->p++;
	if (*l->p)
		put(l, *l->p++, false);
}

/* Until `stop`, which is passed; NUL: the end. */
static int lex(struct lexer *l, char stop)
{
	int r = 0;

	while (r == 0 && *l->p && (!stop || *l->p != stop)) {
		if (*l->p == '$')
			r = dollar(l, true);
		else if (*l->p == '\'' && !l->no_quotes)
			r = single_quotes(l);
		else if (*l->p == '"' && !l->no_quotes)
			r = double_quotes(l);
		else if (*l->p == l->escape)
			escaped(l);
		else
			put(l, *l->p++, true);
		if (r == 0 && (l->error || buf_bad(l->out)))
			r = err_errno(l->e, buf_bad(l->out) ?: -l->error, "expand variables");
	}
	if (r == 0 && stop) {
		if (!*l->p)
			return err_set(l->e, EINVAL, "unexpected end of statement while looking for matching %c", stop);
		l->p++;
	}
	return r;
}

/* A word within ${…}, into `out` alone. */
static int nested(struct lexer *l, char stop, bool raw_escapes, struct buf *out)
{
	struct lexer inner = *l;
	int r;

	if (l->depth == EXPAND_DEPTH_MAX)
		return err_set(l->e, E2BIG, "variables are nested deeper than %d", EXPAND_DEPTH_MAX);
	inner.depth++;
	inner.raw_escapes = raw_escapes || l->raw_escapes;
	inner.out = out;
	inner.words = NULL;
	r = lex(&inner, stop);
	l->p = inner.p;
	return r;
}

/* ---- one text ---- */

static int expand_one(const char *text, const struct expand *x, char escape, bool no_quotes, char **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(EXPAND_MAX);
	struct lexer l = {.x = x, .p = text, .escape = escape, .no_quotes = no_quotes, .out = &b, .e = e};
	int r = lex(&l, '\0');

	if (r < 0)
		return r;
	*ret = b.data ? buf_take(&b) : strdup("");
	return *ret ? 0 : err_errno(e, ENOMEM, "expand variables");
}

int expand_word(const char *text, const struct expand *x, char **ret, struct err *e)
{
	return expand_one(text, x, x->escape, false, ret, e);
}

int expand_text(const char *text, const struct expand *x, char **ret, struct err *e)
{
	return expand_one(text, x, '\\', true, ret, e);
}

int expand_words(const char *text, const struct expand *x, struct strv *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(EXPAND_MAX);
	struct lexer l = {.x = x, .p = text, .escape = x->escape, .out = &b, .words = ret, .e = e};
	int r = lex(&l, '\0');

	if (r < 0)
		return r;
	end_word(&l);
	return l.error < 0 ? err_errno(e, -l.error, "expand variables") : 0;
}

/* ---- an instruction ---- */

/* In its place. */
static int swap(char **text, const struct expand *x, struct err *e)
{
	char *ready;
	int r = *text ? expand_word(*text, x, &ready, e) : 0;

	if (r < 0 || !*text)
		return r;
	free(*text);
	*text = ready;
	return 0;
}

static int swap_all(struct strv *v, const struct expand *x, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = swap(&v->items[i], x, e);
	return r;
}

static int copy_parts(struct instruction *in, const struct expand *x, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->args.n; i++)
		r = instruction_heredoc(in, in->args.items[i]) ? 0 : swap(&in->args.items[i], x, e);
	for (size_t i = 0; r == 0 && i < in->n_heredocs; i++) {
		struct heredoc *h = &in->heredocs[i];
		char *ready;

		if (!h->expand)
			continue;
		r = expand_text(h->content, x, &ready, e);
		if (r < 0)
			break;
		free(h->content);
		h->content = ready;
		h->len = strlen(ready);
	}
	return r;
}

static int copy_flags(struct instruction_flags *f, const struct expand *x, struct err *e)
{
	char **const texts[] = {&f->from, &f->chown, &f->chmod, &f->checksum};
	int r = swap_all(&f->exclude, x, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = swap(texts[i], x, e);
	return r;
}

static int expose_parts(struct instruction *in, const struct expand *x, struct err *e)
{
	_cleanup_(strv_done) struct strv words = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->args.n; i++)
		r = expand_words(in->args.items[i], x, &words, e);
	if (r == 0) {
		struct strv old = in->args;

		in->args = words;
		words = old;
	}
	return r;
}

static int parts(struct instruction *in, const struct expand *x, struct err *e)
{
	int r;

	switch (in->kind) {
	case INSTRUCTION_ADD:
	case INSTRUCTION_COPY:
		r = copy_flags(&in->flags, x, e);
		return r < 0 ? r : copy_parts(in, x, e);
	case INSTRUCTION_FROM:
		r = swap(&in->flags.platform, x, e);
		return r < 0 ? r : swap(&in->args.items[0], x, e);
	case INSTRUCTION_EXPOSE:
		return expose_parts(in, x, e);
	case INSTRUCTION_RUN:
		return swap_all(&in->flags.mount, x, e);
	case INSTRUCTION_ARG:
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
	case INSTRUCTION_STOPSIGNAL:
	case INSTRUCTION_USER:
	case INSTRUCTION_VOLUME:
	case INSTRUCTION_WORKDIR:
		return swap_all(&in->args, x, e);
	default:
		return 0;
	}
}

int instruction_expand(const struct instruction *in, const struct expand *x, struct instruction **ret, struct err *e)
{
	_cleanup_instruction_ struct instruction *copy = NULL;
	int r = instruction_copy(in, &copy);

	if (r < 0)
		return err_errno(e, -r, "instruction");
	r = parts(copy, x, e);
	if (r == 0)
		*ret = TAKE_PTR(copy);
	return r;
}
