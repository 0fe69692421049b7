/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Finding here-documents on a line, and what a shell is given in their place.
 * The rule is BuildKit's: one whole word of [digits]<<[-]NAME, where NAME has
 * no "<" and may be quoted as a whole; "a<<b" is none.
 */
#include "oci/instruction.h"

#include "base/buf.h"
#include "oci/words.h"

#include <errno.h>
#include <string.h>

/* NAME without quotes and escapes; NULL: no memory. */
static char *unquoted(const char *s, char escape, bool *ret_quoted)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char quote = '\0';

	*ret_quoted = false;
	for (; *s; s++) {
		if (quote ? *s == quote : *s == '\'' || *s == '"') {
			quote = quote ? '\0' : *s;
			*ret_quoted = true;
			continue;
		}
		if (*s == escape && quote != '\'' && s[1]) {
			*ret_quoted = true;
			s++;
		}
		buf_addc(&b, *s);
	}
	if (b.len == 0)
		buf_adds(&b, "");
	return buf_bad(&b) ? NULL : b.data ? buf_take(&b) : strdup("");
}

/* 1: the word is a here-document, 0: it is none. */
static int heredoc_of(const char *word, char escape, struct heredoc *ret)
{
	size_t digits = strspn(word, "0123456789");
	const char *p = word + digits;
	struct heredoc h = {0};
	bool quoted;

	if (strncmp(p, "<<", 2) != 0 || digits > 2)
		return 0;
	for (size_t i = 0; i < digits; i++)
		h.fd = h.fd * 10 + (unsigned)(word[i] - '0');
	p += 2;
	h.strip_tabs = *p == '-';
	p += h.strip_tabs;
	if (!*p || strchr(p, '<'))
		return 0;
	h.name = unquoted(p, escape, &quoted);
	if (!h.name)
		return -ENOMEM;
	h.expand = !quoted;
	if (!*h.name) {
		free(h.name);
		return 0;
	}
	*ret = h;
	return 1;
}

static int add_heredoc(struct instruction *in, struct heredoc *h, struct err *e)
{
	struct heredoc *grown;

	if (in->n_heredocs == INSTRUCTION_HEREDOCS_MAX) {
		free(h->name);
		return err_set(e, E2BIG, "more than %d here-documents", INSTRUCTION_HEREDOCS_MAX);
	}
	grown = mem_regrow(in->heredocs, in->n_heredocs + 1, sizeof(*grown));
	if (!grown) {
		free(h->name);
		return err_errno(e, ENOMEM, "here-document");
	}
	in->heredocs = grown;
	grown[in->n_heredocs++] = *h;
	return 0;
}

/* COPY keeps its words apart already; RUN has one line. */
int instruction_find_heredocs(struct instruction *in, char escape, struct err *e)
{
	_cleanup_(strv_done) struct strv words = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->args.n; i++)
		r = strstr(in->args.items[i], "<<") ? words_split(in->args.items[i], escape, &words) : 0;
	if (r < 0)
		return err_errno(e, -r, "here-document");
	for (size_t i = 0; r == 0 && i < words.n; i++) {
		struct heredoc h;

		r = heredoc_of(words.items[i], escape, &h);
		if (r < 0)
			return err_errno(e, -r, "here-document");
		r = r == 0 ? 0 : add_heredoc(in, &h, e);
	}
	return r;
}

const struct heredoc *instruction_heredoc(const struct instruction *in, const char *arg)
{
	struct heredoc h;
	const struct heredoc *found = NULL;

	if (in->is_exec || heredoc_of(arg, '\\', &h) <= 0)
		return NULL;
	for (size_t i = 0; !found && i < in->n_heredocs; i++) {
		if (strcmp(in->heredocs[i].name, h.name) == 0)
			found = &in->heredocs[i];
	}
	free(h.name);
	return found;
}

/* The line alone is the here-document: its content is the script. */
static bool is_whole(const struct instruction *in)
{
	struct heredoc h;
	bool whole;

	if (in->n_heredocs != 1 || strpbrk(in->args.items[0], WORDS_BLANKS) || heredoc_of(in->args.items[0], '\\', &h) <= 0)
		return false;
	whole = h.fd == 0;
	free(h.name);
	return whole;
}

int instruction_script(const struct instruction *in, char **ret, bool *ret_is_program)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	*ret_is_program = false;
	if (is_whole(in)) {
		buf_add(&b, in->heredocs[0].content, in->heredocs[0].len);
		*ret_is_program = strncmp(in->heredocs[0].content, "#!", 2) == 0;
	} else {
		buf_adds(&b, in->args.items[0]);
		for (size_t i = 0; i < in->n_heredocs; i++)
			buf_addf(&b, "\n%s%s", in->heredocs[i].content, in->heredocs[i].name);
	}
	if (buf_bad(&b))
		return -buf_bad(&b);
	*ret = b.data ? buf_take(&b) : strdup("");
	return *ret ? 0 : -ENOMEM;
}
