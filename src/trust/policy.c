/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The checked JSON is the policy: after trust_policy_parse() every object in it
 * has the keys of its type and no other, so what reads it later needs no
 * second opinion. json_parse() has refused duplicate keys before.
 *
 * Scopes go from the reference itself over its repository, its namespaces and
 * its host to wildcards of the host's domain, the transport's "" and the
 * default of all; the first that is there decides alone.
 */
#include "trust/policy.h"

#include "base/base64.h"
#include "sys/config_file.h"
#include "sys/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define USER_POLICY ".config/containers/policy.json"

struct trust_policy *trust_policy_free(struct trust_policy *p)
{
	if (p) {
		json_object_put(p->json);
		free(p->path);
		free(p);
	}
	return NULL;
}

static const char *const type_words[] = {"insecureAcceptAnything", "reject", "signedBy", "sigstoreSigned"};

const char *trust_type_word(enum trust_type type)
{
	return type_words[type];
}

/* ---- is it one ---- */

static bool is_one_of(const char *key, const char *keys)
{
	size_t len = strlen(key), n;

	for (; *keys; keys += n + (keys[n] == '|')) {
		n = strcspn(keys, "|");
		if (n == len && strncmp(keys, key, n) == 0)
			return true;
	}
	return false;
}

/* Every key is one of `keys`, a list "type|keyPath". */
static int check_keys(struct json_object *o, const char *keys, const char *what, struct err *e)
{
	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "%s: not an object", what);
	json_object_object_foreach(o, key, value)
	{
		if (!is_one_of(key, keys))
			return err_set(e, EINVAL, "%s: unknown key \"%.64s\"", what, key);
		if (!value)
			return err_set(e, EINVAL, "%s: \"%s\" is null", what, key);
	}
	return 0;
}

static int check_text(struct json_object *o, const char *key, bool needed, struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(o, key, &text, e);

	if (r == 0 && ((needed && !text) || (text && !*text)))
		r = err_set(e, EINVAL, "\"%s\" is missing or empty", key);
	return r;
}

static int check_base64(const char *text, const char *key, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT_MAX(TRUST_POLICY_MAX);

	if (base64_decode(text, strlen(text), &out) < 0 || out.len == 0)
		return err_set(e, EINVAL, "\"%s\" is not base64", key);
	return 0;
}

static int check_texts(struct json_object *o, const char *key, bool base64, struct err *e)
{
	_cleanup_(strv_done) struct strv v = {0};
	int r = json_get_strv(o, key, &v, e);

	if (r == 0 && v.n == 0)
		r = err_set(e, EINVAL, "\"%s\" is empty", key);
	for (size_t i = 0; i < v.n && r == 0; i++)
		if (!v.items[i][0])
			r = err_set(e, EINVAL, "\"%s\" holds an empty string", key);
		else if (base64)
			r = check_base64(v.items[i], key, e);
	return r;
}

/* Of several ways to say something, one: each of `keys` that is there is well-formed; *ret_n of them are. */
static int check_ways(struct json_object *o, const char *const keys[static 4], size_t *ret_n, struct err *e)
{
	/* path, paths, data, datas */
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < 4 && r == 0; i++) {
		const char *text = NULL;

		if (!keys[i] || !json_at(o, keys[i]))
			continue;
		n++;
		if (i % 2 == 1) {
			r = check_texts(o, keys[i], i == 3, e);
			continue;
		}
		r = check_text(o, keys[i], true, e);
		if (r == 0 && i == 2)
			r = json_get_str(o, keys[i], &text, e);
		if (r == 0 && text)
			r = check_base64(text, keys[i], e);
	}
	*ret_n = n;
	return r;
}

static int check_reference(struct json_object *o, const char *key, bool exact, struct err *e)
{
	struct reference ref;
	const char *text = NULL;
	int r = check_text(o, key, true, e);

	if (r == 0)
		r = json_get_str(o, key, &text, e);
	if (r == 0)
		r = reference_parse(text, &ref, e);
	if (r == 0 && exact && !ref.tag[0] && !digest_is_set(&ref.digest))
		r = err_set(e, EINVAL, "\"%s\": neither tag nor digest", key);
	if (r == 0 && !exact && (ref.tag[0] || digest_is_set(&ref.digest)))
		r = err_set(e, EINVAL, "\"%s\": a repository has neither tag nor digest", key);
	return r;
}

static int check_identity(struct json_object *o, struct err *e)
{
	static const struct {
		const char *type, *keys;
	} rows[] = {
		{"matchExact", "type"},
		{"matchRepoDigestOrExact", "type"},
		{"matchRepository", "type"},
		{"exactReference", "type|dockerReference"},
		{"exactRepository", "type|dockerRepository"},
		{"remapIdentity", "type|prefix|signedPrefix"},
	};
	const char *type = "";
	int r = check_text(o, "type", true, e);

	if (r == 0)
		r = json_get_str(o, "type", &type, e);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && r == 0; i++) {
		if (strcmp(type, rows[i].type) != 0)
			continue;
		r = check_keys(o, rows[i].keys, "signedIdentity", e);
		if (r == 0 && i == 3)
			r = check_reference(o, "dockerReference", true, e);
		if (r == 0 && i == 4)
			r = check_reference(o, "dockerRepository", false, e);
		if (r == 0 && i == 5)
			r = check_text(o, "prefix", true, e);
		if (r == 0 && i == 5)
			r = check_text(o, "signedPrefix", true, e);
		return r;
	}
	return r < 0 ? r : err_set(e, EINVAL, "signedIdentity: unknown type \"%.64s\"", type);
}

static int check_signed_by(struct json_object *o, struct err *e)
{
	static const char *const keys[4] = {"keyPath", "keyPaths", "keyData", NULL};
	const char *type = "";
	size_t n = 0;
	int r = check_keys(o, "type|keyType|keyPath|keyPaths|keyData|signedIdentity", "signedBy", e);

	if (r == 0)
		r = json_get_str(o, "keyType", &type, e);
	if (r == 0 && strcmp(type, "GPGKeys") != 0)
		r = err_set(e, EINVAL, "keyType \"%.64s\": only GPGKeys", type);
	if (r == 0)
		r = check_ways(o, keys, &n, e);
	if (r == 0 && n != 1)
		r = err_set(e, EINVAL, "exactly one of keyPath, keyPaths and keyData");
	return r;
}

static int check_fulcio(struct json_object *o, struct err *e)
{
	static const char *const keys[4] = {"caPath", NULL, "caData", NULL};
	size_t n = 0;
	int r = check_keys(o, "caPath|caData|oidcIssuer|subjectEmail", "fulcio", e);

	if (r == 0)
		r = check_ways(o, keys, &n, e);
	if (r == 0 && n != 1)
		r = err_set(e, EINVAL, "exactly one of caPath and caData");
	if (r == 0)
		r = check_text(o, "oidcIssuer", true, e);
	return r < 0 ? r : check_text(o, "subjectEmail", true, e);
}

static int check_sigstore(struct json_object *o, struct err *e)
{
	static const char *const keys[4] = {"keyPath", "keyPaths", "keyData", "keyDatas"};
	static const char *const logs[4] = {"rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"};
	struct json_object *fulcio = json_at(o, "fulcio");
	size_t n = 0, n_logs = 0;
	int r = check_keys(o, "type|keyPath|keyPaths|keyData|keyDatas|fulcio|rekorPublicKeyPath|rekorPublicKeyPaths|"
			   "rekorPublicKeyData|rekorPublicKeyDatas|signedIdentity", "sigstoreSigned", e);

	if (r == 0)
		r = check_ways(o, keys, &n, e);
	if (r == 0)
		r = check_ways(o, logs, &n_logs, e);
	if (r == 0 && fulcio)
		r = check_fulcio(fulcio, e);
	if (r == 0 && n + (fulcio != NULL) != 1)
		r = err_set(e, EINVAL, "exactly one of keyPath, keyPaths, keyData, keyDatas and fulcio");
	if (r == 0 && n_logs > 1)
		r = err_set(e, EINVAL, "more than one way to name the log's keys");
	/* only the log says when a certificate of minutes was used */
	if (r == 0 && fulcio && n_logs == 0)
		r = err_set(e, EINVAL, "fulcio needs a rekorPublicKey");
	return r;
}

/* -EINVAL: none of the types. */
static int type_of(struct json_object *o, enum trust_type *ret, struct err *e)
{
	const char *type = "";
	int r;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "a requirement is not an object");
	r = json_get_str(o, "type", &type, e);
	for (size_t i = 0; i < ARRAY_SIZE(type_words) && r == 0; i++)
		if (strcmp(type, type_words[i]) == 0) {
			*ret = (enum trust_type)i;
			return 0;
		}
	return r < 0 ? r : err_set(e, EINVAL, "unknown type \"%.64s\"", type);
}

static int check_requirement(struct json_object *o, struct err *e)
{
	enum trust_type type;
	int r = type_of(o, &type, e);

	if (r < 0)
		return r;
	if (type == TRUST_ACCEPT || type == TRUST_REJECT)
		return check_keys(o, "type", trust_type_word(type), e);
	r = type == TRUST_SIGNED_BY ? check_signed_by(o, e) : check_sigstore(o, e);
	if (r == 0 && json_at(o, "signedIdentity"))
		r = check_identity(json_at(o, "signedIdentity"), e);
	return r;
}

static int check_list(struct json_object *list, struct err *e)
{
	size_t n;
	int r = 0;

	if (!json_object_is_type(list, json_type_array))
		return err_set(e, EINVAL, "not a list of requirements");
	n = json_object_array_length(list);
	if (n == 0)
		return err_set(e, EINVAL, "a list of requirements is empty");
	for (size_t i = 0; i < n && r == 0; i++) {
		r = check_requirement(json_object_array_get_idx(list, i), e);
		if (r < 0)
			return err_wrap(e, r, "[%zu]", i);
	}
	return r;
}

static int check_scopes(struct json_object *scopes, struct err *e)
{
	int r;

	if (!json_object_is_type(scopes, json_type_object))
		return err_set(e, EINVAL, "not an object");
	json_object_object_foreach(scopes, scope, list)
	{
		r = check_list(list, e);
		if (r < 0)
			return err_wrap(e, r, "\"%.128s\"", scope);
	}
	return 0;
}

static int check_policy(struct json_object *o, struct err *e)
{
	struct json_object *transports;
	int r = check_keys(o, "default|transports", "policy", e);

	if (r < 0)
		return r;
	if (!json_at(o, "default"))
		return err_set(e, EINVAL, "no \"default\"");
	r = check_list(json_at(o, "default"), e);
	if (r < 0)
		return err_wrap(e, r, "default");
	transports = json_at(o, "transports");
	if (!transports)
		return 0;
	if (!json_object_is_type(transports, json_type_object))
		return err_set(e, EINVAL, "transports: not an object");
	json_object_object_foreach(transports, name, scopes)
	{
		r = check_scopes(scopes, e);
		if (r < 0)
			return err_wrap(e, r, "transports.%.64s", name);
	}
	return 0;
}

int trust_policy_parse(const char *text, size_t len, const char *what, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r = json_parse(text, len, what, &o, e);

	if (r < 0)
		return r;
	r = check_policy(o, e);
	if (r < 0)
		return err_wrap(e, r, "%s", what);
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- where it is ---- */

/* -ENOENT without text: not there. */
static int load_file(const char *path, bool is_named, struct trust_policy **ret, struct err *e)
{
	_cleanup_(trust_policy_freep) struct trust_policy *p = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = (is_named ? config_file_read_named : config_file_read)(path, TRUST_POLICY_MAX, &text, e);

	if (r < 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p || !(p->path = strdup(path)))
		return err_errno(e, ENOMEM, "policy");
	r = trust_policy_parse(buf_str(&text), text.len, path, &p->json, e);
	if (r == 0)
		*ret = TAKE_PTR(p);
	return r;
}

static int user_path(const char *home, char **ret, struct err *e)
{
	if (strlen(home) > 4000)
		return err_set(e, ENAMETOOLONG, "%.128s…", home);
	if (asprintf(ret, "%s/" USER_POLICY, home) < 0) {
		*ret = NULL;
		return err_errno(e, ENOMEM, "policy");
	}
	return 0;
}

int trust_policy_path(const struct trust_access *access, char **ret, struct err *e)
{
	_cleanup_free_ char *user = NULL;
	int r = access->home && !access->policy_file ? user_path(access->home, &user, e) : 0;

	if (r < 0)
		return r;
	if (!access->policy_file && !user && geteuid() != 0)
		return err_set(e, ENOENT, "no place for a policy.json: there is no home; name a file");
	if (user && (geteuid() != 0 || !path_is_missing(user))) {
		*ret = TAKE_PTR(user);
		return 0;
	}
	*ret = strdup(access->policy_file ? access->policy_file : TRUST_SYSTEM_POLICY);
	return *ret ? 0 : err_errno(e, ENOMEM, "policy");
}

int trust_policy_load(const struct trust_access *access, struct trust_policy **ret, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	int r = -ENOENT;

	*ret = NULL;
	if (access->policy_file) {
		r = load_file(access->policy_file, true, ret, e);
		return r == -ENOENT ? err_errno(e, ENOENT, "open %s", access->policy_file) : r;
	}
	if (access->home) {
		r = user_path(access->home, &path, e);
		if (r == 0)
			r = load_file(path, false, ret, e);
	}
	if (r == -ENOENT)
		r = load_file(TRUST_SYSTEM_POLICY, false, ret, e);
	return r == -ENOENT ? 0 : r;
}

/* ---- which of it ---- */

/* json_at() would take the dots of a scope for a path. */
static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	return o && json_object_object_get_ex(o, key, &value) ? value : NULL;
}

/* A reference has its host in lower case, an administrator may have written another. */
static struct json_object *docker_member(struct json_object *scopes, const char *scope)
{
	struct json_object *found = member(scopes, scope);
	size_t host = strcspn(scope, "/");

	if (found || !scopes)
		return found;
	json_object_object_foreach(scopes, key, value)
	{
		if (strncasecmp(key, scope, host) == 0 && strcmp(key + host, scope + host) == 0)
			return value;
	}
	return NULL;
}

/* True when the transport has that scope, which is then in *ret. */
static bool take(struct json_object *scopes, const char *transport, const char *scope, struct trust_rule *ret)
{
	ret->requirements = strcmp(transport, "docker") == 0 ? docker_member(scopes, scope) : member(scopes, scope);
	if (ret->requirements)
		snprintf(ret->scope, sizeof(ret->scope), "%s:%s", transport, scope);
	return ret->requirements != NULL;
}

/* "*.example.com" of "www.example.com:5000/x", then "*.com". */
static bool take_wildcard(struct json_object *scopes, const char *domain, struct trust_rule *ret)
{
	char text[REFERENCE_NAME_MAX + 3];
	size_t host = strcspn(domain, ":/");

	for (const char *dot = memchr(domain, '.', host); dot; dot = memchr(dot + 1, '.', host - (size_t)(dot + 1 - domain))) {
		snprintf(text, sizeof(text), "*%.*s", (int)(host - (size_t)(dot - domain)), dot);
		if (take(scopes, "docker", text, ret))
			return true;
	}
	return false;
}

static bool take_parents(struct json_object *scopes, const char *transport, char *text, struct trust_rule *ret)
{
	char *slash;

	for (;;) {
		if (take(scopes, transport, text, ret))
			return true;
		slash = strrchr(text, '/');
		if (!slash || slash == text)
			return false;
		*slash = '\0';
	}
}

static bool take_docker(struct json_object *scopes, const struct reference *ref, struct trust_rule *ret)
{
	struct reference one = *ref;
	char text[REFERENCE_TEXT_SIZE];

	/* what is asked for by digest is that, whatever tag stands beside it */
	if (digest_is_set(&one.digest))
		one.tag[0] = '\0';
	reference_text(&one, text);
	if (take(scopes, "docker", text, ret))
		return true;
	reference_repository(ref, text);
	return take_parents(scopes, "docker", text, ret) || take_wildcard(scopes, ref->domain, ret);
}

/*
 * "/dir/layout:name", then the directories. In a scope of oci a colon ends the
 * path: one of a path that holds colons itself would be read as another's
 * name, so none means it, nor what lies below it.
 */
static bool take_place(struct json_object *scopes, const struct trust_image *image, struct trust_rule *ret)
{
	bool has_names = strncmp(image->transport, "oci", 3) == 0;
	char text[TRUST_SCOPE_SIZE];
	char *colon;

	snprintf(text, sizeof(text), "%s%s%s", image->place, has_names && image->name ? ":" : "", has_names && image->name ? image->name : "");
	colon = has_names ? strchr(image->place, ':') : NULL;
	if (!colon && take(scopes, image->transport, text, ret))
		return true;
	snprintf(text, sizeof(text), "%s", image->place);
	if (colon) {
		text[colon - image->place] = '\0';
		colon = strrchr(text, '/');
		if (!colon || colon == text)
			return false;
		*colon = '\0';
	}
	return take_parents(scopes, image->transport, text, ret);
}

int trust_policy_find(const struct trust_policy *p, const struct trust_image *image, struct trust_rule *ret, struct err *e)
{
	struct json_object *scopes = member(member(p->json, "transports"), image->transport);

	if (image->place && strlen(image->place) + (image->name ? strlen(image->name) : 0) >= TRUST_SCOPE_SIZE - 16)
		return err_set(e, ENAMETOOLONG, "%.128s…", image->place);
	if (scopes && image->ref && strcmp(image->transport, "docker") == 0 && take_docker(scopes, image->ref, ret))
		return 0;
	if (scopes && image->place && take_place(scopes, image, ret))
		return 0;
	if (scopes && take(scopes, image->transport, "", ret))
		return 0;
	ret->requirements = member(p->json, "default");
	snprintf(ret->scope, sizeof(ret->scope), "default");
	return 0;
}

void trust_policy_find_name(const struct trust_policy *p, const char *name, struct trust_rule *ret)
{
	struct json_object *scopes = member(member(p->json, "transports"), "docker");
	char text[TRUST_SCOPE_SIZE], *tag;

	snprintf(text, sizeof(text), "%s", name);
	if (take(scopes, "docker", text, ret))
		return;
	tag = strchr(text, '/');
	tag = tag ? strpbrk(tag, ":@") : NULL;
	if (tag)
		*tag = '\0';
	if (take_parents(scopes, "docker", text, ret) || take_wildcard(scopes, text, ret) || take(scopes, "docker", "", ret))
		return;
	ret->requirements = member(p->json, "default");
	snprintf(ret->scope, sizeof(ret->scope), "default");
}

size_t trust_rule_count(const struct trust_rule *rule)
{
	return json_object_array_length(rule->requirements);
}

struct trust_requirement trust_rule_at(const struct trust_rule *rule, size_t i)
{
	struct trust_requirement q = {.type = TRUST_REJECT, .json = json_object_array_get_idx(rule->requirements, i)};

	if (type_of(q.json, &q.type, NULL) < 0)
		q.type = TRUST_REJECT;
	return q;
}
