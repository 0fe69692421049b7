/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Text to tree, by recursive descent over the characters. Names of variables
 * are resolved here to places in an array, scoped as Go scopes them, so that
 * execution looks nothing up. Depth is bounded once, in deeper(), for lists
 * and parentheses alike.
 */
#include "base/template_tree.h"

#include "base/escape.h"
#include "base/suggest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum word { WORD_NONE, WORD_IF, WORD_WITH, WORD_RANGE, WORD_ELSE, WORD_END, WORD_BREAK, WORD_CONTINUE, WORD_EOF };

struct variable {
	const char *name;
	size_t len;
};

struct parser {
	const struct template *t;
	const char *p, *end;
	struct err *e;
	struct variable variables[TEMPLATE_VARIABLES_MAX]; /* [0] is "$" */
	int n_variables;
	unsigned depth, loops;
	bool trim; /* the last action ended in -}} */
};

int template_error_at(const struct template *t, size_t at, struct err *e, int r)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = t->text[i] == '\n' ? 1 : column + 1;
		line += t->text[i] == '\n';
	}
	return err_wrap(e, r, "template:%zu:%zu", line, column);
}

static int bad(const struct parser *s, const char *why)
{
	int r = err_set(s->e, EINVAL, "%s", why);

	return template_error_at(s->t, (size_t)(s->p - s->t->text), s->e, r);
}

static int deeper(struct parser *s)
{
	return ++s->depth > TEMPLATE_DEPTH_MAX ? bad(s, "nested too deeply") : 0;
}

static void node_free(struct node *n)
{
	while (n) {
		struct node *next = n->next;

		node_free(n->kids);
		json_object_put(n->value);
		strv_done(&n->names);
		free(n);
		n = next;
	}
}

/* A new last child of `parent`; NULL (with text) without memory. */
static struct node *node_new(struct parser *s, struct node *parent, enum node_type type)
{
	struct node *n = calloc(1, sizeof(*n)), **tail = &parent->kids;

	if (!n) {
		(void)err_errno(s->e, ENOMEM, "template");
		return NULL;
	}
	n->type = type;
	n->at = (size_t)(s->p - s->t->text);
	n->slots[0] = n->slots[1] = -1;
	while (*tail)
		tail = &(*tail)->next;
	*tail = n;
	return n;
}

static void node_end(const struct parser *s, struct node *n)
{
	n->len = (size_t)(s->p - s->t->text) - n->at;
	while (n->len > 0 && strchr(" \t\r\n", s->t->text[n->at + n->len - 1]))
		n->len--;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) || (unsigned char)c >= 0x80;
}

static void skip_blanks(struct parser *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

static bool looking_at(const struct parser *s, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, what, n) == 0;
}

static size_t word_length(const struct parser *s)
{
	size_t n = 0;

	while (s->p + n < s->end && is_word(s->p[n]))
		n++;
	return n;
}

/* At "}}" or " -}}". */
static bool at_close(const struct parser *s)
{
	return looking_at(s, "}}") || (looking_at(s, "-}}") && is_blank(s->p[-1]));
}

static int take_close(struct parser *s)
{
	skip_blanks(s);
	if (s->p >= s->end)
		return bad(s, "unclosed action");
	if (!at_close(s))
		return bad(s, "unexpected text in the action");
	s->trim = *s->p == '-';
	s->p += s->trim ? 3 : 2;
	return 0;
}

/* ---- constants ---- */

static int hex_digits(struct parser *s, int n, uint32_t *ret)
{
	uint32_t v = 0;

	for (; n > 0; n--, s->p++) {
		char c = s->p < s->end ? *s->p : '\0';

		if (is_digit(c))
			v = v * 16 + (uint32_t)(c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			v = v * 16 + (uint32_t)((c | 0x20) - 'a') + 10;
		else
			return bad(s, "hexadecimal digits were expected");
	}
	*ret = v;
	return 0;
}

static void add_utf8(struct buf *b, uint32_t c)
{
	char text[4];

	buf_add(b, text, utf8_put(c, text));
}

/* After a backslash (Go specification, "Rune literals"). */
static int take_escape(struct parser *s, struct buf *b)
{
	static const char letters[] = "abfnrtv\\'\"", bytes[] = "\a\b\f\n\r\t\v\\'\"";
	const char *letter = s->p < s->end && *s->p ? strchr(letters, *s->p) : NULL;
	uint32_t c = 0;
	char kind;
	int r;

	if (letter) {
		s->p++;
		buf_addc(b, bytes[letter - letters]);
		return 0;
	}
	kind = s->p < s->end ? *s->p : '\0';
	if (kind != 'x' && kind != 'u' && kind != 'U')
		return bad(s, "unknown escape in a string");
	s->p++;
	r = hex_digits(s, kind == 'x' ? 2 : kind == 'u' ? 4 : 8, &c);
	if (r < 0)
		return r;
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return bad(s, "not a character");
	if (kind == 'x')
		buf_addc(b, (char)c);
	else
		add_utf8(b, c);
	return 0;
}

static int take_quoted(struct parser *s, char quote, struct buf *b)
{
	int r = 0;

	for (s->p++; r == 0; ) {
		if (s->p >= s->end || (*s->p == '\n' && quote != '`'))
			return bad(s, "unterminated string");
		if (*s->p == quote)
			break;
		if (*s->p == '\\' && quote != '`') {
			s->p++;
			r = take_escape(s, b);
		} else {
			buf_addc(b, *s->p++);
		}
	}
	if (r == 0)
		s->p++;
	return r == 0 && buf_bad(b) ? err_errno(s->e, buf_bad(b), "template") : r;
}

static int parse_string(struct parser *s, struct node *n)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = take_quoted(s, *s->p, &b);

	if (r < 0)
		return r;
	n->value = json_object_new_string_len(buf_str(&b), (int)b.len);
	return n->value ? 0 : err_errno(s->e, ENOMEM, "template");
}

/* 'a' is its code point, an int. */
static int parse_character(struct parser *s, struct node *n)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = take_quoted(s, '\'', &b);
	const char *p = buf_str(&b);
	uint32_t code;

	if (r < 0)
		return r;
	if (b.len == 0 || utf8_next(&p, buf_str(&b) + b.len, &code) < 0 || p != buf_str(&b) + b.len)
		return bad(s, "not one character");
	n->value = json_object_new_int64(code);
	return n->value ? 0 : err_errno(s->e, ENOMEM, "template");
}

/* The digits behind 0x, 0o or 0b; NULL unless they are all such and fit. */
static struct json_object *based_number(const char *digits, unsigned base)
{
	uint64_t v = 0;

	for (const char *d = digits; *d || d == digits; d++) {
		unsigned digit = is_digit(*d) ? (unsigned)(*d - '0') : *d >= 'a' && *d <= 'f' ? (unsigned)(*d - 'a') + 10 : 99;

		if (digit >= base || v > (uint64_t)INT64_MAX / base)
			return NULL;
		v = v * base + digit;
	}
	return json_object_new_int64((int64_t)v);
}

static struct json_object *number_value(const char *text)
{
	static const struct {
		const char *prefix;
		unsigned base;
	} bases[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}};
	_cleanup_json_ struct json_object *o = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
		if (strncmp(text, bases[i].prefix, 2) == 0)
			return based_number(text + 2, bases[i].base);
	if (json_parse(text, strlen(text), "number", &o, NULL) < 0)
		return NULL;
	if (json_object_is_type(o, json_type_int))
		return TAKE_PTR(o);
	/* made anew, since json-c would keep how it was written */
	return json_object_is_type(o, json_type_double) ? json_object_new_double(json_object_get_double(o)) : NULL;
}

/* Go's literals: 1, -1, 1.5, 1e3, 0x1f, 0o17, 0b11, 1_000. */
static int parse_number(struct parser *s, struct node *n)
{
	const char *p = s->p + (*s->p == '+');
	char text[32];
	size_t len = 0;

	for (const char *first = p; p < s->end; p++) {
		bool sign = *p == '-' || *p == '+';

		if (!is_word(*p) && *p != '.' && !(sign && (p == first || strchr("eE", p[-1]))))
			break;
		if (*p == '_')
			continue;
		if (len >= sizeof(text) - 1)
			return bad(s, "bad number");
		text[len++] = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	}
	text[len] = '\0';
	n->value = number_value(text);
	if (!n->value)
		return bad(s, "bad number");
	s->p = p;
	return 0;
}

/* true, false, nil, or a function's name. */
static int parse_name(struct parser *s, struct node *n)
{
	size_t len = word_length(s);
	char name[64];
	const char *near;

	if (len == 4 && looking_at(s, "true")) {
		n->value = json_object_new_boolean(1);
	} else if (len == 5 && looking_at(s, "false")) {
		n->value = json_object_new_boolean(0);
	} else if (!(len == 3 && looking_at(s, "nil"))) {
		n->type = NODE_FUNCTION;
		n->function = template_function_find(s->p, len);
		if (!n->function) {
			snprintf(name, sizeof(name), "%.*s", len < sizeof(name) ? (int)len : 0, s->p);
			near = suggest(name, template_function_name, NULL);
			if (near)
				err_hint(s->e, "did you mean %s?", near);
			snprintf(name, sizeof(name), "function \"%.*s\" not defined", len < 32 ? (int)len : 32, s->p);
			return bad(s, name);
		}
	}
	s->p += len;
	return 0;
}

/* ---- expressions ---- */

static int find_variable(const struct parser *s, const char *name, size_t len)
{
	for (int i = s->n_variables - 1; i >= 0; i--)
		if (s->variables[i].len == len && memcmp(s->variables[i].name, name, len) == 0)
			return i;
	return -1;
}

static int parse_variable(struct parser *s, struct node *n)
{
	const char *name = ++s->p;
	size_t len = word_length(s);

	n->type = NODE_VARIABLE;
	n->slots[0] = find_variable(s, name, len);
	if (n->slots[0] < 0)
		return bad(s, "undefined variable");
	s->p += len;
	return 0;
}

/* ".A.B" after an operand. */
static int parse_fields(struct parser *s, struct node *n)
{
	while (s->p + 1 < s->end && s->p[0] == '.' && is_word(s->p[1]) && !is_digit(s->p[1])) {
		size_t len;

		s->p++;
		len = word_length(s);
		if (strv_addf(&n->names, "%.*s", (int)len, s->p) < 0)
			return err_errno(s->e, ENOMEM, "template");
		s->p += len;
	}
	return 0;
}

static int parse_pipe(struct parser *s, struct node *parent, bool is_range, struct node **ret);

static int parse_parentheses(struct parser *s, struct node *n)
{
	int r = deeper(s);

	n->type = NODE_CHAIN;
	s->p++;
	if (r == 0)
		r = parse_pipe(s, n, false, NULL);
	if (r == 0 && (s->p >= s->end || *s->p != ')'))
		r = bad(s, "')' was expected");
	s->p++;
	s->depth--;
	return r;
}

static int parse_dot(struct parser *s, struct node *n)
{
	int r;

	n->type = NODE_DOT;
	r = parse_fields(s, n);
	if (r == 0 && n->names.n == 0)
		s->p++;
	return r;
}

static int parse_primary(struct parser *s, struct node *n)
{
	char c = *s->p;

	switch (c) {
	case '"':
	case '`':
		return parse_string(s, n);
	case '\'':
		return parse_character(s, n);
	case '$':
		return parse_variable(s, n);
	case '(':
		return parse_parentheses(s, n);
	case '.':
		return parse_dot(s, n);
	default:
		if (is_digit(c) || c == '-' || c == '+')
			return parse_number(s, n);
		return is_word(c) ? parse_name(s, n) : bad(s, "unexpected character in the action");
	}
}

static int parse_operand(struct parser *s, struct node *command)
{
	struct node *n = node_new(s, command, NODE_CONST);
	int r = n ? parse_primary(s, n) : -ENOMEM;

	if (r == 0 && (n->type == NODE_VARIABLE || n->type == NODE_CHAIN))
		r = parse_fields(s, n);
	if (r == 0 && s->p < s->end && !is_blank(*s->p) && !strchr("|),:=", *s->p) && !at_close(s))
		r = bad(s, "unexpected character after an operand");
	if (r == 0)
		node_end(s, n);
	return r;
}

/* .Label "key" of docker's and podman's rows is {{index .Label "key"}}. Methods of times are looked for when it is executed. */
static int call_label(struct parser *s, struct node *command, unsigned n)
{
	struct node *field = command->kids, *index;

	if (n != 2 || field->type != NODE_DOT || field->names.n != 1 || strcmp(field->names.items[0], "Label") != 0)
		return 0;
	index = calloc(1, sizeof(*index));
	if (!index)
		return err_errno(s->e, ENOMEM, "template");
	*index = (struct node){.type = NODE_FUNCTION, .at = field->at, .len = field->len, .next = field, .slots = {-1, -1}};
	index->function = template_function_find("index", strlen("index"));
	command->kids = index;
	return 0;
}

static int parse_command(struct parser *s, struct node *pipe)
{
	struct node *command = node_new(s, pipe, NODE_COMMAND);
	unsigned n = 0;
	int r = command ? 0 : -ENOMEM;

	for (; r == 0; n++) {
		skip_blanks(s);
		if (s->p >= s->end)
			return bad(s, "unclosed action");
		if (at_close(s) || *s->p == '|' || *s->p == ')')
			break;
		if (n >= TEMPLATE_ARGS_MAX - 1)
			return bad(s, "too many arguments");
		r = parse_operand(s, command);
	}
	if (r < 0)
		return r;
	if (n == 0)
		return bad(s, "missing value for command");
	node_end(s, command);
	r = call_label(s, command, n);
	if (r < 0)
		return r;
	if (command->kids->type != NODE_FUNCTION && command->kids->names.n == 0 && (n > 1 || pipe->kids != command))
		return bad(s, n > 1 ? "can't give argument to non-function" : "non-function in a later stage of a pipeline");
	return 0;
}

/* "$x :=", "$x =" and, for range, "$k, $v :=" before a pipeline. New names are put into `names` and counted by the return value; < 0: error. */
static int parse_declaration(struct parser *s, struct node *pipe, bool is_range, struct variable names[static 2])
{
	const char *start = s->p;
	int n = 0;

	while (n < (is_range ? 2 : 1) && s->p < s->end && *s->p == '$') {
		s->p++;
		names[n].name = s->p;
		names[n].len = word_length(s);
		s->p += names[n++].len;
		skip_blanks(s);
		if (!looking_at(s, ","))
			break;
		s->p++;
		skip_blanks(s);
	}
	if (n > 0 && looking_at(s, ":=")) {
		s->p += 2;
		return n;
	}
	if (n > 0 && looking_at(s, "=")) {
		for (int i = 0; i < n; i++) {
			pipe->slots[i] = find_variable(s, names[i].name, names[i].len);
			if (pipe->slots[i] < 0)
				return bad(s, "undefined variable");
		}
		s->p++;
		return 0;
	}
	s->p = start;
	return 0;
}

/* Ends before ")" or the close of the action. */
static int parse_pipe(struct parser *s, struct node *parent, bool is_range, struct node **ret)
{
	struct node *pipe;
	struct variable names[2];
	int r, declared;

	skip_blanks(s);
	pipe = node_new(s, parent, NODE_PIPE);
	if (!pipe)
		return -ENOMEM;
	declared = parse_declaration(s, pipe, is_range, names);
	if (declared < 0)
		return declared;
	do
		r = parse_command(s, pipe);
	while (r == 0 && s->p < s->end && *s->p == '|' && s->p++);
	for (int i = 0; r == 0 && i < declared; i++) {
		if (s->n_variables >= TEMPLATE_VARIABLES_MAX)
			return bad(s, "too many variables");
		pipe->slots[i] = s->n_variables;
		s->variables[s->n_variables++] = names[i];
	}
	if (r == 0)
		node_end(s, pipe);
	if (ret)
		*ret = pipe;
	return r;
}

/* ---- statements ---- */

static int parse_list(struct parser *s, struct node *parent, enum word *ended);

static enum word take_word(struct parser *s)
{
	static const struct {
		const char *text;
		enum word word;
	} words[] = {
		{"if", WORD_IF}, {"with", WORD_WITH}, {"range", WORD_RANGE}, {"else", WORD_ELSE},
		{"end", WORD_END}, {"break", WORD_BREAK}, {"continue", WORD_CONTINUE},
	};
	size_t len = word_length(s);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].text) == len && looking_at(s, words[i].text)) {
			s->p += len;
			return words[i].word;
		}
	}
	return WORD_NONE;
}

/* if, with, range: from after the word to after its {{end}}. */
static int parse_control(struct parser *s, struct node *parent, enum word word)
{
	enum node_type type = word == WORD_IF ? NODE_IF : word == WORD_WITH ? NODE_WITH : NODE_RANGE;
	struct node *n = node_new(s, parent, type), *other;
	int variables = s->n_variables, r = n ? deeper(s) : -ENOMEM;
	bool chained = false;
	enum word ended;

	if (r == 0)
		r = parse_pipe(s, n, word == WORD_RANGE, NULL);
	if (r == 0)
		r = take_close(s);
	if (r < 0)
		return r;
	s->loops += word == WORD_RANGE;
	r = parse_list(s, n, &ended);
	s->loops -= word == WORD_RANGE;
	if (r == 0 && ended == WORD_ELSE) {
		skip_blanks(s);
		if (word == WORD_IF && take_word(s) == WORD_IF) {
			/* "else if": an if in the list of else, which this if's {{end}} ends too */
			chained = true;
			other = node_new(s, n, NODE_LIST);
			r = other ? parse_control(s, other, WORD_IF) : -ENOMEM;
		} else {
			r = take_close(s);
			if (r == 0)
				r = parse_list(s, n, &ended);
			if (r == 0 && ended == WORD_ELSE)
				r = bad(s, "unexpected {{else}}");
		}
	}
	if (r == 0 && !chained)
		r = ended == WORD_END ? take_close(s) : bad(s, "unexpected end of the template: {{end}} is missing");
	s->n_variables = variables;
	s->depth--;
	return r;
}

/* The literal text up to `to`, with \t and \n made real, in a table blanks too, which part its columns (as in podman); trimmed as the actions around it ask. */
static int add_text(struct parser *s, struct node *parent, const char *to, bool trim_right)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct node *n;

	if (s->trim)
		while (s->p < to && is_blank(*s->p))
			s->p++;
	while (trim_right && to > s->p && is_blank(to[-1]))
		to--;
	if (s->p >= to)
		return 0;
	n = node_new(s, parent, NODE_TEXT);
	if (!n)
		return -ENOMEM;
	for (; s->p < to; s->p++) {
		bool escape = *s->p == '\\' && s->p + 1 < to && (s->p[1] == 't' || s->p[1] == 'n');

		if (escape)
			s->p++;
		if (escape)
			buf_addc(&b, *s->p == 't' ? '\t' : '\n');
		else
			buf_addc(&b, s->t->is_table && *s->p == ' ' ? '\t' : *s->p);
	}
	n->value = json_object_new_string_len(buf_str(&b), (int)b.len);
	return n->value && !buf_bad(&b) ? 0 : err_errno(s->e, ENOMEM, "template");
}

static int skip_comment(struct parser *s)
{
	const char *close = memmem(s->p, (size_t)(s->end - s->p), "*/", 2);

	if (!close)
		return bad(s, "unclosed comment");
	s->p = close + 2;
	return take_close(s);
}

/* What follows "{{"; *ended stays WORD_NONE unless it was else or end. */
static int parse_action(struct parser *s, struct node *list, enum word *ended)
{
	const char *start = s->p;
	enum word word;
	struct node *n, *pipe = NULL;
	int r;

	skip_blanks(s);
	word = take_word(s);
	switch (word) {
	case WORD_IF:
	case WORD_WITH:
	case WORD_RANGE:
		return parse_control(s, list, word);
	case WORD_ELSE:
	case WORD_END:
		*ended = word;
		return 0;
	case WORD_BREAK:
	case WORD_CONTINUE:
		if (s->loops == 0)
			return bad(s, "break and continue stand in a range");
		n = node_new(s, list, word == WORD_BREAK ? NODE_BREAK : NODE_CONTINUE);
		return n ? take_close(s) : -ENOMEM;
	default:
		break;
	}
	s->p = start;
	n = node_new(s, list, NODE_OUTPUT);
	r = n ? parse_pipe(s, n, false, &pipe) : -ENOMEM;
	return r == 0 ? take_close(s) : r;
}

/* Adds a list to `parent`, up to the end of the text or to the word (passed) that ends it. */
static int parse_list(struct parser *s, struct node *parent, enum word *ended)
{
	struct node *list = node_new(s, parent, NODE_LIST);
	int variables = s->n_variables, r = list ? 0 : -ENOMEM;

	*ended = WORD_NONE;
	while (r == 0 && *ended == WORD_NONE) {
		const char *open = memmem(s->p, (size_t)(s->end - s->p), "{{", 2);
		bool trim = open && s->end - open > 3 && open[2] == '-' && is_blank(open[3]);

		r = add_text(s, list, open ? open : s->end, trim);
		s->trim = false;
		if (r < 0)
			break;
		if (!open) {
			s->p = s->end;
			*ended = WORD_EOF;
			break;
		}
		s->p = open + (trim ? 4 : 2);
		r = looking_at(s, "/*") ? skip_comment(s) : parse_action(s, list, ended);
	}
	s->n_variables = variables;
	return r;
}

/* Does it begin with a range over the whole? */
static bool begins_with_range(const char *p)
{
	if (strncmp(p, "{{", 2) != 0)
		return false;
	p += 2;
	p += p[0] == '-' && is_blank(p[1]);
	p += strspn(p, " \t");
	return strncmp(p, "range", 5) == 0 && !is_word(p[5]);
}

int template_parse(const char *text, struct template **ret, struct err *e)
{
	_cleanup_template_ struct template *t = calloc(1, sizeof(*t));
	struct parser s = {.e = e, .n_variables = 1, .variables = {{"", 0}}};
	struct node root = {0};
	enum word ended;
	int r;

	if (strlen(text) > TEMPLATE_TEXT_MAX)
		return err_set(e, EFBIG, "template: longer than %d bytes", TEMPLATE_TEXT_MAX);
	if (!t || !(t->text = strdup(text)))
		return err_errno(e, ENOMEM, "template");
	t->is_table = strncmp(text, "table", 5) == 0 && is_blank(text[5]);
	if (t->is_table)
		t->offset = 5 + strspn(text + 5, " \t");
	t->is_range = begins_with_range(text + t->offset);
	s.t = t;
	s.p = t->text + t->offset;
	s.end = t->text + strlen(t->text);
	r = parse_list(&s, &root, &ended);
	t->root = root.kids;
	if (r == 0 && ended != WORD_EOF)
		r = bad(&s, ended == WORD_END ? "unexpected {{end}}" : "unexpected {{else}}");
	if (r < 0)
		return r;
	*ret = TAKE_PTR(t);
	return 0;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	node_free(t->root);
	free(t->text);
	free(t);
}

bool template_is_table(const struct template *t)
{
	return t->is_table;
}
