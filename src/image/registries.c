/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A reader of the little TOML that these files are made of: tables, keys,
 * strings, booleans, arrays of strings over several lines. Keys that are not
 * ours are skipped with their values; what is not such TOML is an error that
 * names its line, since a misread registry list is a security matter.
 */
#include "image/registries.h"

#include "base/buf.h"
#include "sys/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define WORD_SIZE 512

enum table { TABLE_TOP, TABLE_REGISTRY, TABLE_ALIASES, TABLE_OTHER };

struct reader {
	const char *at, *end;
	unsigned line;
	enum table table;
	bool search_seen;
};

static char peek(const struct reader *p)
{
	return p->at < p->end ? *p->at : '\0';
}

static void step(struct reader *p)
{
	if (p->at < p->end && *p->at++ == '\n')
		p->line++;
}

/* Blanks and comments; lines too when `lines`. */
static void skip(struct reader *p, bool lines)
{
	for (;;) {
		char c = peek(p);

		if (c == '#')
			while (p->at < p->end && peek(p) != '\n')
				step(p);
		else if (p->at < p->end && (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')))
			step(p);
		else
			return;
	}
}

static int take_string(struct reader *p, char *out)
{
	char quote = peek(p);
	size_t n = 0;

	for (step(p); peek(p) != quote; step(p)) {
		char c = peek(p);

		if (c == '\\' && quote == '"') {
			step(p);
			c = peek(p);
			if (c != '"' && c != '\\')
				return -EINVAL;
		}
		if ((unsigned char)c < 0x20 || n + 1 >= WORD_SIZE)
			return -EINVAL;
		out[n++] = c;
	}
	step(p);
	out[n] = '\0';
	return 0;
}

static int take_bare(struct reader *p, char *out)
{
	size_t n = 0;

	while (peek(p) && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+:", peek(p))) {
		if (n + 1 >= WORD_SIZE)
			return -EINVAL;
		out[n++] = peek(p);
		step(p);
	}
	out[n] = '\0';
	return n ? 0 : -EINVAL;
}

static int take_word(struct reader *p, char *out)
{
	return peek(p) == '"' || peek(p) == '\'' ? take_string(p, out) : take_bare(p, out);
}

/* One value: a string or bare word into `word`, or an array of them into `list`. Inline tables of arrays are skipped. */
static int take_value(struct reader *p, char *word, struct strv *list)
{
	int depth = 0, r;

	word[0] = '\0';
	if (peek(p) != '[' && peek(p) != '{')
		return take_word(p, word);
	do {
		char c = peek(p), item[WORD_SIZE];

		if (c == '[' || c == '{') {
			depth++;
			step(p);
		} else if (c == ']' || c == '}') {
			depth--;
			step(p);
		} else if (c == ',' || c == '=') {
			step(p);
		} else {
			r = take_word(p, item);
			if (r == 0)
				r = strv_add(list, item);
			if (r < 0)
				return r;
		}
		if (depth > 0)
			skip(p, true);
	} while (depth > 0);
	return 0;
}

static int set_string(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int take_registry_key(struct registry_rule *rule, const char *key, const char *value)
{
	if (strcmp(key, "prefix") == 0)
		return set_string(&rule->prefix, value);
	if (strcmp(key, "location") == 0)
		return set_string(&rule->location, value);
	if (strcmp(key, "insecure") == 0)
		rule->insecure = strcmp(value, "true") == 0;
	if (strcmp(key, "blocked") == 0)
		rule->blocked = strcmp(value, "true") == 0;
	return 0;
}

static int take_key(struct reader *p, struct registries *r)
{
	_cleanup_(strv_done) struct strv list = {0};
	char key[WORD_SIZE], value[WORD_SIZE];
	int res = take_word(p, key);

	skip(p, false);
	if (res < 0 || peek(p) != '=')
		return -EINVAL;
	step(p);
	skip(p, false);
	res = take_value(p, value, &list);
	if (res < 0)
		return res;
	if (p->table == TABLE_REGISTRY)
		return take_registry_key(&r->rules[r->n_rules - 1], key, value);
	if (p->table == TABLE_ALIASES)
		return strv_addf(&r->aliases, "%s=%s", key, value);
	if (p->table == TABLE_TOP && strcmp(key, "unqualified-search-registries") == 0) {
		strv_done(&r->search);
		r->search = list;
		list = (struct strv){0};
	}
	if (p->table == TABLE_TOP && strcmp(key, "credential-helpers") == 0) {
		strv_done(&r->helpers);
		r->helpers = list;
		list = (struct strv){0};
	}
	return 0;
}

static int take_table(struct reader *p, struct registries *r)
{
	char name[WORD_SIZE];
	bool array;

	step(p);
	array = peek(p) == '[';
	if (array)
		step(p);
	skip(p, false);
	if (take_word(p, name) < 0)
		return -EINVAL;
	skip(p, false);
	for (int i = array ? 2 : 1; i > 0; i--) {
		if (peek(p) != ']')
			return -EINVAL;
		step(p);
	}
	p->table = !array && strcmp(name, "aliases") == 0 ? TABLE_ALIASES :
		   array && strcmp(name, "registry") == 0 ? TABLE_REGISTRY : TABLE_OTHER;
	if (p->table == TABLE_REGISTRY && r->n_rules == REGISTRIES_MAX)
		return -E2BIG;
	if (p->table == TABLE_REGISTRY)
		r->rules[r->n_rules++] = (struct registry_rule){0};
	return 0;
}

int registries_parse(const char *text, size_t len, const char *what, struct registries *r, struct err *e)
{
	struct reader p = {.at = text, .end = text + len, .line = 1};
	int res = 0;

	for (skip(&p, true); res == 0 && p.at < p.end; skip(&p, true)) {
		unsigned line = p.line;

		res = peek(&p) == '[' ? take_table(&p, r) : take_key(&p, r);
		if (res == 0) {
			skip(&p, false);
			if (p.at < p.end && peek(&p) != '\n')
				res = -EINVAL;
		}
		if (res == -EINVAL)
			return err_set(e, EINVAL, "%s:%u: not the TOML that containers-registries.conf(5) describes", what, line);
		if (res < 0)
			return err_errno(e, -res, "%s:%u", what, line);
	}
	return 0;
}

/* 1: read; 0: not there. */
static int load_file(const char *path, struct registries *r, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int res;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : err_errno(e, errno, "%s", path);
	res = fd_read_all(fd, REGISTRIES_FILE_MAX, &b);
	if (res < 0)
		return err_errno(e, -res, "%s", path);
	res = registries_parse(buf_str(&b), b.len, path, r, e);
	return res < 0 ? res : 1;
}

static int is_conf(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && d->d_name[0] != '.' && strcmp(d->d_name + len - 5, ".conf") == 0;
}

static int load_dir(const char *path, struct registries *r, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_conf, alphasort), res = 0;
	char file[4096];

	/* a file that forbids a registry must not be missed */
	if (n < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
		return err_errno(e, errno, "%s", path);

	for (int i = 0; i < n; i++) {
		if (res >= 0 && (size_t)snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) < sizeof(file))
			res = load_file(file, r, e);
		free(names[i]);
	}
	free(names);
	return res < 0 ? res : 0;
}

static int load_all(const struct registry_access *o, struct registries *r, struct err *e)
{
	char user[3072], path[4096];
	int res;

	snprintf(user, sizeof(user), "%s%s/containers", o->xdg_config_home ? o->xdg_config_home : o->home ? o->home : "",
		 o->xdg_config_home ? "" : "/.config");
	snprintf(path, sizeof(path), "%s/registries.conf", user);
	res = user[0] == '/' ? load_file(path, r, e) : 0;
	if (res == 0)
		res = load_file("/etc/containers/registries.conf", r, e);
	if (res >= 0)
		res = load_dir("/etc/containers/registries.conf.d", r, e);
	snprintf(path, sizeof(path), "%s/registries.conf.d", user);
	if (res >= 0 && user[0] == '/')
		res = load_dir(path, r, e);
	return res;
}

int registries_load(const struct registry_access *o, struct registries **ret, struct err *e)
{
	_cleanup_(registries_freep) struct registries *r = calloc(1, sizeof(*r));
	int res;

	if (!r)
		return err_errno(e, ENOMEM, "registries.conf");
	res = load_all(o, r, e);
	if (res < 0)
		return res;
	*ret = TAKE_PTR(r);
	return 0;
}

void registries_done(struct registries *r)
{
	strv_done(&r->search);
	strv_done(&r->helpers);
	strv_done(&r->aliases);
	for (size_t i = 0; i < r->n_rules; i++) {
		free(r->rules[i].prefix);
		free(r->rules[i].location);
	}
	r->n_rules = 0;
}

struct registries *registries_free(struct registries *r)
{
	if (r)
		registries_done(r);
	free(r);
	return NULL;
}

static bool is_prefix_of(const char *prefix, const char *repository)
{
	size_t n = strlen(prefix);

	return n && strncmp(prefix, repository, n) == 0 && (repository[n] == '\0' || repository[n] == '/');
}

const struct registry_rule *registries_rule(const struct registries *r, const char *repository)
{
	const struct registry_rule *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < r->n_rules; i++) {
		const char *prefix = r->rules[i].prefix ? r->rules[i].prefix : r->rules[i].location;

		if (prefix && is_prefix_of(prefix, repository) && strlen(prefix) > best_len) {
			best = &r->rules[i];
			best_len = strlen(prefix);
		}
	}
	return best;
}

const char *registries_alias(const struct registries *r, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = r->aliases.n; i-- > 0;)
		if (strncmp(r->aliases.items[i], name, n) == 0 && r->aliases.items[i][n] == '=')
			return r->aliases.items[i] + n + 1;
	return NULL;
}
