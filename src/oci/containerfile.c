/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Lines become instructions: this file joins them and reads the bodies of
 * here-documents, oci/instruction.c reads what one line says.
 *
 * Only before the first line that is no directive do directives count; a
 * comment, an empty line or an instruction ends them (Dockerfile reference,
 * "Parser directives"). An unknown directive is a comment, and ends them too.
 *
 * Bounds: all memory is a small multiple of the file's size, which is bounded.
 */
#include "oci/containerfile.h"

#include "base/buf.h"
#include "base/escape.h"
#include "oci/words.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* Where the reader is. */
struct reader {
	const char *p, *end;
	unsigned line; /* of what was read last */
	bool directives_over;
	struct containerfile *file;
};

void containerfile_done(struct containerfile *f)
{
	for (size_t i = 0; i < f->n; i++)
		instruction_free(f->items[i]);
	free(f->items);
	free(f->syntax);
	free(f->check);
	*f = (struct containerfile){0};
}

/* The next line without its end; false: there is none. *ret_raw_len is with the end. */
static bool next_line(struct reader *rd, const char **ret_line, size_t *ret_len, size_t *ret_raw_len)
{
	const char *nl;
	size_t len;

	if (rd->p == rd->end)
		return false;
	nl = memchr(rd->p, '\n', (size_t)(rd->end - rd->p));
	len = nl ? (size_t)(nl - rd->p) : (size_t)(rd->end - rd->p);
	*ret_line = rd->p;
	*ret_raw_len = len + (nl != NULL);
	rd->p += *ret_raw_len;
	if (len && (*ret_line)[len - 1] == '\r')
		len--;
	*ret_len = len;
	rd->line++;
	return true;
}

static size_t blanks(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && strchr(WORDS_BLANKS, s[n]))
		n++;
	return n;
}

/* ---- directives ---- */

static int directive_escape(struct containerfile *f, const char *value, struct err *e)
{
	if (strcmp(value, "\\") != 0 && strcmp(value, "`") != 0)
		return err_set(e, EINVAL, "invalid escape token '%s' does not match ` or \\", value);
	f->escape = *value;
	return 0;
}

static int directive_set(struct containerfile *f, const char *name, char *value_consume, unsigned *seen, struct err *e)
{
	static const char *const names[] = {"escape", "syntax", "check"};
	_cleanup_free_ char *value = value_consume;
	char **slot;
	size_t i = 0;

	while (i < ARRAY_SIZE(names) && strcasecmp(name, names[i]) != 0)
		i++;
	if (i == ARRAY_SIZE(names))
		return 1;
	if (*seen & (1U << i))
		return err_set(e, EINVAL, "only one %s parser directive can be used", names[i]);
	*seen |= 1U << i;
	if (i == 0)
		return directive_escape(f, value, e);
	slot = i == 1 ? &f->syntax : &f->check;
	free(*slot);
	*slot = TAKE_PTR(value);
	return 0;
}

/* "# name = value": 0 it was one; 1 it is none. */
static int directive(struct reader *rd, const char *line, size_t len, unsigned *seen, struct err *e)
{
	const char *p = line + 1, *end = line + len;
	char name[16];
	char *value;
	size_t n = 0;

	p += blanks(p, (size_t)(end - p));
	while (p + n < end && n < sizeof(name) - 1 && isalpha((unsigned char)p[n])) {
		name[n] = p[n];
		n++;
	}
	name[n] = '\0';
	p += n;
	p += blanks(p, (size_t)(end - p));
	if (n == 0 || p == end || *p != '=')
		return 1;
	p++;
	p += blanks(p, (size_t)(end - p));
	while (end > p && strchr(WORDS_BLANKS, end[-1]))
		end--;
	value = p == end ? NULL : strndup(p, (size_t)(end - p));
	if (p == end)
		return 1;
	return value ? directive_set(rd->file, name, value, seen, e) : err_errno(e, ENOMEM, "directive");
}

/* ---- one instruction ---- */

/* True: the line goes on in the next. Its escape and the blanks after it are cut off then. */
static bool continues(const char *line, size_t *len, char escape)
{
	size_t n = *len;

	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	if (n == 0 || line[n - 1] != escape || (n > 1 && line[n - 2] == escape))
		return false;
	*len = n - 1;
	return true;
}

/* All lines of one instruction, from its first on. */
static void join(struct reader *rd, const char *line, size_t len, struct buf *out)
{
	size_t raw;
	bool more = continues(line, &len, rd->file->escape);

	buf_add(out, line, len);
	while (more && next_line(rd, &line, &len, &raw)) {
		size_t skip = blanks(line, len);

		if (skip == len || line[skip] == '#')
			continue;
		more = continues(line, &len, rd->file->escape);
		buf_add(out, line, len);
	}
}

static int check_text(const struct buf *text, struct err *e)
{
	const char *p = buf_str(text), *end = p + text->len;
	uint32_t code;

	if (buf_bad(text))
		return err_errno(e, buf_bad(text), "instruction");
	while (p < end) {
		if (utf8_next(&p, end, &code) < 0)
			return err_set(e, EINVAL, "the instruction is not UTF-8");
	}
	return 0;
}

static int read_heredoc(struct reader *rd, struct heredoc *h, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *line;
	size_t len, raw, name_len = strlen(h->name);

	while (next_line(rd, &line, &len, &raw)) {
		while (h->strip_tabs && len && *line == '\t') {
			line++;
			len--;
			raw--;
		}
		if (len == name_len && memcmp(line, h->name, len) == 0) {
			buf_adds(&b, "");
			if (buf_bad(&b))
				return err_errno(e, buf_bad(&b), "here-document");
			h->len = b.len;
			h->content = b.data ? buf_take(&b) : strdup("");
			return h->content ? 0 : err_errno(e, ENOMEM, "here-document");
		}
		buf_add(&b, line, raw);
	}
	return err_set(e, EINVAL, "unterminated heredoc: no line is %s", h->name);
}

static int append(struct containerfile *f, struct instruction **in, struct err *e)
{
	struct instruction **grown;

	if (f->n == CONTAINERFILE_INSTRUCTIONS_MAX)
		return err_set(e, E2BIG, "more than %d instructions", CONTAINERFILE_INSTRUCTIONS_MAX);
	grown = mem_regrow(f->items, f->n + 1, sizeof(struct instruction *));
	if (!grown)
		return err_errno(e, ENOMEM, "instruction");
	f->items = grown;
	grown[f->n++] = TAKE_PTR(*in);
	return 0;
}

/* Before the first FROM nothing but ARG. */
static int check_order(const struct containerfile *f, const struct instruction *in, struct err *e)
{
	if (in->kind == INSTRUCTION_FROM || in->kind == INSTRUCTION_ARG)
		return 0;
	for (size_t i = 0; i < f->n; i++) {
		if (f->items[i]->kind == INSTRUCTION_FROM)
			return 0;
	}
	return err_set(e, EINVAL, "no build stage in current context: %s stands before the first FROM", instruction_name(in->kind));
}

static int take_instruction(struct reader *rd, const char *line, size_t len, struct err *e)
{
	_cleanup_instruction_ struct instruction *in = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	unsigned first = rd->line;
	int r;

	join(rd, line, len, &text);
	r = check_text(&text, e);
	if (r == 0)
		r = instruction_parse(buf_str(&text), rd->file->escape, &in, e);
	for (size_t i = 0; r == 0 && i < in->n_heredocs; i++)
		r = read_heredoc(rd, &in->heredocs[i], e);
	if (r == 0)
		r = check_order(rd->file, in, e);
	if (r == 0) {
		in->line = first;
		in->last_line = rd->line;
		r = append(rd->file, &in, e);
	}
	if (r < 0)
		rd->line = first;
	return r;
}

/* ---- the file ---- */

static int take_line(struct reader *rd, const char *line, size_t len, unsigned *seen, struct err *e)
{
	size_t skip = blanks(line, len), rest;
	int r = 1;

	line += skip;
	len -= skip;
	if (len && *line == '#') {
		r = rd->directives_over ? 1 : directive(rd, line, len, seen, e);
		rd->directives_over = rd->directives_over || r > 0;
		return r < 0 ? r : 0;
	}
	rd->directives_over = true;
	/* an escape alone is an empty line */
	rest = len;
	if (len == 0 || (continues(line, &rest, rd->file->escape) && len == 1))
		return 0;
	return take_instruction(rd, line, len, e);
}

static int read_all(struct reader *rd, struct err *e)
{
	const char *line;
	size_t len, raw;
	size_t before = rd->file->n;
	unsigned seen = 0;
	int r = 0;

	while (r == 0 && next_line(rd, &line, &len, &raw))
		r = take_line(rd, line, len, &seen, e);
	if (r == 0 && rd->file->n == before)
		r = err_set(e, EINVAL, "file with no instructions");
	return r;
}

/* One file more: each has its own directives, but words are expanded by the escape of all. */
static int read_file(struct reader *rd, struct err *e)
{
	struct containerfile *f = rd->file;
	char escape = f->escape;
	size_t before = f->n;
	int r;

	f->escape = '\\';
	r = read_all(rd, e);
	if (r == 0 && before > 0 && f->escape != escape)
		r = err_set(e, EINVAL, "another escape than in the file before it");
	if (r == 0)
		return 0;
	while (f->n > before)
		instruction_free(f->items[--f->n]);
	f->escape = escape;
	return r;
}

int containerfile_parse(const char *data, size_t len, const char *name, struct containerfile *f, struct err *e)
{
	struct reader rd = {.p = data, .end = data + len, .file = f};
	int r;

	if (len > CONTAINERFILE_MAX)
		return err_set(e, E2BIG, "%s: larger than %zu bytes", name, CONTAINERFILE_MAX);
	if (len && memchr(data, '\0', len))
		return err_set(e, EINVAL, "%s: holds a NUL byte: not a Containerfile", name);
	if (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
		rd.p += 3;
	r = read_file(&rd, e);
	return r < 0 ? err_wrap(e, r, "%s:%u", name, rd.line) : 0;
}
