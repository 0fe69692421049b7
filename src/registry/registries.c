/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A misread registry list is a security matter: what has another type than it
 * should have is an error, and so is the first version of the format, whose
 * blocked registries would be passed over. Keys that are not ours are not.
 */
#include "registry/registries.h"

#include "base/buf.h"
#include "base/toml.h"
#include "sys/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>


static int set_string(char **to, struct json_object *o, const char *key, struct err *e)
{
	const char *value = NULL;
	int r = json_get_str(o, key, &value, e);

	if (r < 0 || !value || !*value)
		return r;
	*to = strdup(value);
	return *to ? 0 : err_errno(e, ENOMEM, "registries");
}

static int take_mirror(struct registry_mirror *m, struct json_object *o, bool by_digest, struct err *e)
{
	const char *when = NULL;
	int r = set_string(&m->location, o, "location", e);

	if (r == 0)
		r = json_get_bool(o, "insecure", &m->insecure, e);
	if (r == 0)
		r = json_get_str(o, "pull-from-mirror", &when, e);
	if (r < 0)
		return r;
	if (!m->location)
		return err_set(e, EINVAL, "a mirror without a location");
	m->when = by_digest ? MIRROR_DIGEST_ONLY : MIRROR_ALL;
	if (when && strcmp(when, "digest-only") == 0)
		m->when = MIRROR_DIGEST_ONLY;
	else if (when && strcmp(when, "tag-only") == 0)
		m->when = MIRROR_TAG_ONLY;
	else if (when && *when && strcmp(when, "all") != 0)
		return err_set(e, EINVAL, "pull-from-mirror is all, digest-only or tag-only, not \"%.32s\"", when);
	return 0;
}

static int take_mirrors(struct registry_rule *rule, struct json_object *o, struct err *e)
{
	struct json_object *list = NULL;
	bool by_digest = false;
	int r = json_get_array(o, "mirror", &list, e);
	size_t n = list ? json_object_array_length(list) : 0;

	if (r == 0)
		r = json_get_bool(o, "mirror-by-digest-only", &by_digest, e);
	if (r == 0 && n > REGISTRY_MIRRORS_MAX)
		r = err_set(e, EINVAL, "more than %d mirrors", REGISTRY_MIRRORS_MAX);
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_mirror(&rule->mirrors[rule->n_mirrors++], json_object_array_get_idx(list, i), by_digest, e);
	return r;
}

static void rule_done(struct registry_rule *rule)
{
	free(rule->prefix);
	free(rule->location);
	for (size_t i = 0; i < rule->n_mirrors; i++)
		free(rule->mirrors[i].location);
	*rule = (struct registry_rule){0};
}

/* A colon in the first part is a port's. */
static bool has_tag(const char *prefix)
{
	return strchr(prefix, '@') || strchr(prefix + strcspn(prefix, "/"), ':');
}

static int take_rule_keys(struct registry_rule *rule, struct json_object *o, struct err *e)
{
	int r = set_string(&rule->location, o, "location", e);

	if (r == 0)
		r = set_string(&rule->prefix, o, "prefix", e);
	if (r == 0)
		r = json_get_bool(o, "insecure", &rule->insecure, e);
	if (r == 0)
		r = json_get_bool(o, "blocked", &rule->blocked, e);
	if (r == 0)
		r = take_mirrors(rule, o, e);
	if (r < 0)
		return r;
	if (!rule->prefix && !rule->location)
		return err_set(e, EINVAL, "a registry with neither prefix nor location");
	if (!rule->prefix)
		rule->prefix = strdup(rule->location);
	if (!rule->prefix)
		return err_errno(e, ENOMEM, "registries");
	return has_tag(rule->prefix) ? err_set(e, EINVAL, "prefix %s: with a tag or a digest, which is not supported", rule->prefix) : 0;
}

/* A later file's rule of the same prefix takes the place of the earlier one. */
static int take_rule(struct registries *r, struct json_object *o, struct err *e)
{
	struct registry_rule rule = {0};
	int res = take_rule_keys(&rule, o, e);
	size_t at = 0;

	while (res == 0 && at < r->n_rules && strcmp(r->rules[at].prefix, rule.prefix) != 0)
		at++;
	if (res == 0 && at < r->n_rules && r->rules[at].file == r->n_files &&
	    (r->rules[at].blocked != rule.blocked || r->rules[at].insecure != rule.insecure))
		res = err_set(e, EINVAL, "prefix %s is there twice, with other words on blocked or insecure", rule.prefix);
	if (res == 0 && at == REGISTRIES_MAX)
		res = err_set(e, E2BIG, "more than %d registries", REGISTRIES_MAX);
	if (res < 0) {
		rule_done(&rule);
		return res;
	}
	if (at == r->n_rules)
		r->n_rules++;
	else
		rule_done(&r->rules[at]);
	rule.file = r->n_files;
	r->rules[at] = rule;
	return 0;
}

static int take_list(struct json_object *o, const char *key, struct strv *to, struct err *e)
{
	if (!json_object_object_get_ex(o, key, NULL))
		return 0;
	strv_done(to);
	return json_get_strv(o, key, to, e);
}

static int take_aliases(struct registries *r, struct json_object *o, struct err *e)
{
	struct json_object *aliases = NULL;
	int res = json_get_object(o, "aliases", &aliases, e);

	if (res < 0 || !aliases)
		return res;
	json_object_object_foreach(aliases, name, value) {
		if (!json_object_is_type(value, json_type_string))
			return err_set(e, EINVAL, "aliases: %s is no string", name);
		if (strv_addf(&r->aliases, "%s=%s", name, json_object_get_string(value)) < 0)
			return err_errno(e, ENOMEM, "aliases");
	}
	return 0;
}

static int take_mode(struct registries *r, struct json_object *o, struct err *e)
{
	static const char *const words[] = {
		[SHORT_NAME_PERMISSIVE] = "permissive", [SHORT_NAME_ENFORCING] = "enforcing", [SHORT_NAME_DISABLED] = "disabled",
	};
	const char *word = NULL;
	int res = json_get_str(o, "short-name-mode", &word, e);

	if (res < 0 || !word)
		return res;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0) {
			r->short_names = (enum short_name_mode)i;
			return 0;
		}
	return err_set(e, EINVAL, "short-name-mode \"%s\": not permissive, enforcing or disabled", word);
}

static int take_all(struct registries *r, struct json_object *o, struct err *e)
{
	struct json_object *list = NULL;
	int res;

	if (json_object_object_get_ex(o, "registries", NULL))
		return err_set(e, EINVAL, "[registries.…] is the format's first version, which is not supported");
	res = take_list(o, "unqualified-search-registries", &r->search, e);
	if (res == 0)
		res = take_mode(r, o, e);
	if (res == 0)
		res = take_list(o, "credential-helpers", &r->helpers, e);
	if (res == 0)
		res = json_get_array(o, "registry", &list, e);
	for (size_t i = 0; res == 0 && list && i < json_object_array_length(list); i++) {
		res = take_rule(r, json_object_array_get_idx(list, i), e);
		if (res < 0)
			err_wrap(e, res, "registry[%zu]", i);
	}
	return res == 0 ? take_aliases(r, o, e) : res;
}

int registries_parse(const char *text, size_t len, const char *what, struct registries *r, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int res = toml_parse(text, len, what, &o, e);

	if (res < 0)
		return res;
	r->n_files++;
	res = take_all(r, o, e);
	return res < 0 ? err_wrap(e, res, "%s", what) : 0;
}

/* The answers that podman keeps: a table of aliases, and nothing else counts in it. */
static int parse_aliases(const char *text, size_t len, const char *what, struct registries *r, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int res = toml_parse(text, len, what, &o, e);

	if (res < 0)
		return res;
	res = take_aliases(r, o, e);
	return res < 0 ? err_wrap(e, res, "%s", what) : 0;
}

/* Or it is where we may not look. */
static bool is_not_there(int r, struct err *e)
{
	if (r != -ENOENT && r != -EACCES && r != -ENOTDIR)
		return false;
	err_clear(e);
	return true;
}

/* 1: read; 0: not there. */
static int load_file(const char *path, int (*parse)(const char *text, size_t len, const char *what, struct registries *r, struct err *e),
		     struct registries *r, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int res = config_file_read(path, REGISTRIES_FILE_MAX, &b, e);

	if (res < 0)
		return is_not_there(res, e) ? 0 : res;
	res = parse(buf_str(&b), b.len, path, r, e);
	return res < 0 ? res : 1;
}

static int load_named(const char *path, struct registries *r, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int res = config_file_read_named(path, REGISTRIES_FILE_MAX, &b, e);

	if (res == -ENOENT)
		return err_errno(e, ENOENT, "%s", path);
	return res < 0 ? res : registries_parse(buf_str(&b), b.len, path, r, e);
}

static int load_dir(const char *path, struct registries *r, struct err *e)
{
	_cleanup_(strv_done) struct strv files = {0};
	int res = config_file_list(path, ".conf", &files, e);

	/* a file that forbids a registry must not be missed */
	if (res < 0)
		return is_not_there(res, e) ? 0 : res;
	for (size_t i = 0; i < files.n && res >= 0; i++)
		res = load_file(files.items[i], registries_parse, r, e);
	return res < 0 ? res : 0;
}

static int load_all(const struct registry_access *o, struct registries *r, struct err *e)
{
	char user[3072], path[4096];
	int res;

	if (o->registries_conf && *o->registries_conf)
		return load_named(o->registries_conf, r, e);
	snprintf(user, sizeof(user), "%s%s/containers", o->xdg_config_home ? o->xdg_config_home : o->home ? o->home : "",
		 o->xdg_config_home ? "" : "/.config");
	snprintf(path, sizeof(path), "%s/registries.conf", user);
	res = user[0] == '/' ? load_file(path, registries_parse, r, e) : 0;
	if (res == 0)
		res = load_file("/etc/containers/registries.conf", registries_parse, r, e);
	if (res >= 0)
		res = load_dir("/etc/containers/registries.conf.d", r, e);
	snprintf(path, sizeof(path), "%s/registries.conf.d", user);
	if (res >= 0 && user[0] == '/')
		res = load_dir(path, r, e);
	return res;
}

int registries_answers_path(const struct registry_access *o, char ret[static 4096])
{
	const char *base = o->xdg_cache_home && *o->xdg_cache_home ? o->xdg_cache_home : o->home;
	int n;

	if (geteuid() == 0)
		n = snprintf(ret, 4096, "/var/cache/containers/" REGISTRIES_ANSWERS);
	else
		n = base ? snprintf(ret, 4096, "%s%s/containers/" REGISTRIES_ANSWERS, base, base == o->home ? "/.cache" : "") : -1;
	return n > 0 && n < 4096 && ret[0] == '/' ? 0 : -ENOENT;
}

static int load_answers(const struct registry_access *o, struct registries *r, struct err *e)
{
	char path[4096];
	int res = registries_answers_path(o, path) == 0 ? load_file(path, parse_aliases, r, e) : 0;

	return res < 0 ? res : 0;
}

int registries_load(const struct registry_access *o, struct registries **ret, struct err *e)
{
	_cleanup_(registries_freep) struct registries *r = calloc(1, sizeof(*r));
	int res;

	if (!r)
		return err_errno(e, ENOMEM, "registries.conf");
	res = load_all(o, r, e);
	if (res == 0)
		res = load_answers(o, r, e);
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
	for (size_t i = 0; i < r->n_rules; i++)
		rule_done(&r->rules[i]);
	r->n_rules = 0;
}

struct registries *registries_free(struct registries *r)
{
	if (r)
		registries_done(r);
	free(r);
	return NULL;
}

/* How much of the repository the prefix covers; 0: it is another one. "*.example.com" covers the hosts below it, on all ports. */
static size_t covers(const char *prefix, const char *repository)
{
	size_t n = strlen(prefix), host = strcspn(repository, "/"), name = strcspn(repository, "/:");

	if (strncmp(prefix, "*.", 2) == 0) {
		n--;
		return name > n && strncasecmp(repository + name - n, prefix + 1, n) == 0 ? host : 0;
	}
	return n && strncasecmp(prefix, repository, n) == 0 && (repository[n] == '\0' || repository[n] == '/') ? n : 0;
}

const struct registry_rule *registries_rule(const struct registries *r, const char *repository, size_t *ret_covered)
{
	const struct registry_rule *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < r->n_rules; i++) {
		size_t covered = covers(r->rules[i].prefix, repository), len = strlen(r->rules[i].prefix);

		if (covered && len > best_len) {
			best = &r->rules[i];
			best_len = len;
			*ret_covered = covered;
		}
	}
	return best;
}

const char *registries_alias(const struct registries *r, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = r->aliases.n; i-- > 0;)
		if (strncmp(r->aliases.items[i], name, n) == 0 && r->aliases.items[i][n] == '=')
			return r->aliases.items[i][n + 1] ? r->aliases.items[i] + n + 1 : NULL; /* "" takes one away */
	return NULL;
}
