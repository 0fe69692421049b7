/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The rules are those of moby's patternmatcher, which docker, BuildKit and
 * buildah share: a rule is asked only when it could change the answer, for the
 * path itself and then for each directory above it.
 */
#include "build/ignore.h"

#include "oci/words.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void ignore_done(struct ignore *ig)
{
	free(ig->rules);
	*ig = (struct ignore){0};
}

static struct ignore_rule *new_rule(struct ignore *ig)
{
	struct ignore_rule *grown = mem_regrow(ig->rules, ig->n + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	ig->rules = grown;
	grown[ig->n] = (struct ignore_rule){0};
	return &grown[ig->n];
}

/* Go's filepath.Clean(), and no slash in front: in place. */
static void clean(char *path)
{
	char *out = path;

	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && strncmp(p, "..", 2) == 0) {
			while (out > path && *--out != '/')
				;
		} else if (len && !(len == 1 && *p == '.')) {
			if (out > path)
				*out++ = '/';
			memmove(out, p, len);
			out += len;
		}
		p += len + (p[len] == '/');
	}
	*out = '\0';
}

/* The line without its "!" and blanks, cleaned; NULL: no memory. "" is nothing, or the root. */
static char *pattern_text(const char *line, bool *ret_exception)
{
	const char *begin = line + strspn(line, WORDS_BLANKS);
	size_t n;
	char *text;

	*ret_exception = *begin == '!';
	if (*ret_exception) {
		begin++;
		begin += strspn(begin, WORDS_BLANKS);
	}
	n = strlen(begin);
	while (n && strchr(WORDS_BLANKS, begin[n - 1]))
		n--;
	text = strndup(begin, n);
	if (text)
		clean(text);
	return text;
}

int ignore_add(struct ignore *ig, const char *line, struct err *e)
{
	struct ignore_rule *rule;
	bool exception;
	_cleanup_free_ char *text = pattern_text(line, &exception);
	int r;

	if (!text)
		return err_errno(e, ENOMEM, "patterns");
	if (!*text)
		return exception ? err_set(e, EINVAL, "illegal exclusion pattern: \"!\"") : 0;
	if (ig->n == IGNORE_RULES_MAX)
		return err_set(e, E2BIG, "more than %d patterns", IGNORE_RULES_MAX);
	rule = new_rule(ig);
	if (!rule)
		return err_errno(e, ENOMEM, "patterns");
	r = pattern_compile(text, PATTERN_PATH, &rule->pattern);
	if (r < 0)
		return err_set(e, -r, "%.200s: %s", text, r == -EINVAL ? "a [ without its ]" : "the pattern is too long");
	rule->is_exception = exception;
	ig->has_exceptions = ig->has_exceptions || exception;
	ig->n++;
	return 0;
}

/* One line of `len` bytes; a comment is "#" at its very beginning. */
static int take_line(struct ignore *ig, const char *line, size_t len, struct err *e)
{
	_cleanup_free_ char *copy = NULL;

	if (len && line[len - 1] == '\r')
		len--;
	if (len == 0 || *line == '#')
		return 0;
	copy = strndup(line, len);
	return copy ? ignore_add(ig, copy, e) : err_errno(e, ENOMEM, "patterns");
}

int ignore_parse(const char *text, size_t len, const char *name, struct ignore *ig, struct err *e)
{
	const char *p = text, *end = text + len;
	unsigned line = 0;
	int r = 0;

	if (len > IGNORE_FILE_MAX)
		return err_set(e, E2BIG, "%s: larger than %zu bytes", name, IGNORE_FILE_MAX);
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	while (r == 0 && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

		line++;
		r = take_line(ig, p, n, e);
		p += n + (nl != NULL);
	}
	return r < 0 ? err_wrap(e, r, "%s:%u", name, line) : 0;
}

/* The path, or a directory above it. */
static bool rule_has(struct pattern *p, const char *path)
{
	char above[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(above))
		return false;
	memcpy(above, path, len + 1);
	for (char *slash = above + len; slash; slash = strrchr(above, '/')) {
		*slash = '\0';
		if (*above && pattern_is(p, above) > 0)
			return true;
	}
	return false;
}

bool ignore_has(const struct ignore *ig, const char *path)
{
	bool has = false;

	for (size_t i = 0; i < ig->n; i++) {
		if (ig->rules[i].is_exception == has && rule_has(&ig->rules[i].pattern, path))
			has = !has;
	}
	return has;
}
