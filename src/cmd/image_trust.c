/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby image trust show, set: the policy.json that pull asks, as a table, and
 * one scope of it changed. Columns and fields are podman's; its ID is of GPG
 * keys alone, which it has a gpg read: here it is the file that holds the key.
 */
#include "base/table.h"
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/screen.h"
#include "trust/keys.h"
#include "trust/lookaside.h"
#include "trust/policy_edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct show_args {
	bool json, noheading, raw;
	const char *policy_file;
};

static const struct option_row show_rows[] = {
	{'j', "json", OPT_FLAG, offsetof(struct show_args, json), .help = "As JSON"},
	{'n', "noheading", OPT_FLAG, offsetof(struct show_args, noheading), .help = "No line of headers"},
	{0, "policypath", OPT_STRING, offsetof(struct show_args, policy_file), .arg = "FILE", .help = "This file instead of the one that counts"},
	{0, "raw", OPT_FLAG, offsetof(struct show_args, raw), .help = "The file as it is"},
	OPTION_END,
};

/* What is being shown. */
struct show {
	struct json_object *lookaside, *list; /* of registries.d; entries */
};

static const char *type_word(enum trust_type type)
{
	static const char *const words[] = {[TRUST_ACCEPT] = "accept", [TRUST_REJECT] = "reject", [TRUST_SIGNED_BY] = "signed",
					    [TRUST_SIGSTORE] = "sigstoreSigned"};

	return words[type];
}

/* Whose word is wanted: the files with keys, "data" for those that are in the policy, and a certificate's owner. */
static int keys_of(struct json_object *o, struct strv *ret)
{
	const char *path = NULL, *email = json_str(o, "fulcio.subjectEmail");
	int r = json_get_str(o, "keyPath", &path, NULL);

	if (r == 0 && path)
		r = strv_add(ret, path);
	if (r == 0)
		r = json_get_strv(o, "keyPaths", ret, NULL);
	if (r == 0 && (json_at(o, "keyData") || json_at(o, "keyDatas")))
		r = strv_add(ret, "data");
	return r == 0 && email[0] ? strv_add(ret, email) : r;
}

static int add_entry(struct show *s, const char *transport, const char *name, const struct trust_requirement *q, const char *store)
{
	_cleanup_(strv_done) struct strv keys = {0};
	struct json_object *o = json_object_new_object();
	bool is_default = strcmp(transport, "all") == 0;
	int r = o ? keys_of(q->json, &keys) : -ENOMEM;

	if (r == 0)
		r = json_add_str(o, "transport", transport);
	if (r == 0 && *name)
		r = json_add_str(o, "name", is_default ? "* (default)" : name);
	if (r == 0 && *name)
		r = json_add_str(o, "repo_name", name);
	if (r == 0 && keys.n)
		r = json_add_strv(o, "keys", &keys);
	if (r == 0 && store)
		r = json_add_str(o, "sigstore", store);
	if (r == 0)
		r = json_add_str(o, "type", type_word(q->type));
	return r < 0 ? (json_object_put(o), r) : json_append(s->list, o);
}

/* A row for each requirement of the scope. */
static int add_scope(struct show *s, const char *transport, const char *name, struct json_object *requirements, struct err *e)
{
	bool is_docker = strcmp(transport, "docker") == 0, is_default = strcmp(transport, "all") == 0;
	_cleanup_(trust_lookaside_done) struct trust_lookaside at = {0};
	const struct trust_rule rule = {.requirements = requirements};
	int r = is_docker || is_default ? trust_lookaside_pick_name(s->lookaside, is_docker ? name : "", &at, e) : 0;

	for (size_t i = 0; r == 0 && i < trust_rule_count(&rule); i++) {
		const struct trust_requirement q = trust_rule_at(&rule, i);

		if (add_entry(s, is_docker ? "repository" : transport, name, &q, at.read) < 0)
			r = err_errno(e, ENOMEM, "policy");
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int sorted_keys(struct json_object *o, struct strv *ret)
{
	int r = 0;

	if (!o)
		return 0;
	json_object_object_foreach(o, key, value)
	{
		(void)value;
		r = r == 0 ? strv_add(ret, key) : r;
	}
	if (r == 0 && ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return r;
}

static int add_transport(struct show *s, const char *transport, struct json_object *scopes, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	int r = sorted_keys(scopes, &names) < 0 ? err_errno(e, ENOMEM, "policy") : 0;

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct json_object *list = NULL;

		(void)json_object_object_get_ex(scopes, names.items[i], &list);
		r = add_scope(s, transport, names.items[i], list, e);
	}
	return r;
}

static int add_all(struct show *s, struct json_object *policy, struct err *e)
{
	struct json_object *transports = json_at(policy, "transports");
	_cleanup_(strv_done) struct strv names = {0};
	int r = add_scope(s, "all", "default", json_at(policy, "default"), e);

	if (r == 0 && sorted_keys(transports, &names) < 0)
		r = err_errno(e, ENOMEM, "policy");
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct json_object *scopes = NULL;

		(void)json_object_object_get_ex(transports, names.items[i], &scopes);
		r = add_transport(s, names.items[i], scopes, e);
	}
	return r;
}

/* What decides about the one that was named. */
static int add_one(struct show *s, const struct trust_policy *p, const char *name, struct err *e)
{
	struct trust_rule rule = {0};
	const char *scope;

	trust_policy_find_name(p, name, &rule);
	scope = strchr(rule.scope, ':');
	return add_scope(s, scope ? "docker" : "all", scope ? scope + 1 : "default", rule.requirements, e);
}

static int print_table(const struct show *s, bool noheading, struct err *e)
{
	static const char *const columns[] = {"TRANSPORT", "NAME", "TYPE", "ID", "STORE"};
	_cleanup_(buf_done) struct buf rows = BUF_INIT, out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(columns) && !noheading; i++)
		table_cell(&rows, columns[i]);
	if (!noheading)
		table_end_row(&rows);
	for (size_t i = 0; i < json_object_array_length(s->list); i++) {
		struct json_object *o = json_object_array_get_idx(s->list, i);
		_cleanup_(strv_done) struct strv keys = {0};
		_cleanup_(buf_done) struct buf ids = BUF_INIT;

		if (json_get_strv(o, "keys", &keys, e) < 0)
			return -EINVAL;
		for (size_t k = 0; k < keys.n; k++)
			buf_addf(&ids, "%s%s", k ? ", " : "", keys.items[k]);
		table_cell(&rows, json_str(o, "transport"));
		table_cell(&rows, json_str(o, "repo_name"));
		table_cell(&rows, json_str(o, "type"));
		table_cell(&rows, buf_str(&ids));
		table_cell(&rows, json_str(o, "sigstore"));
		table_end_row(&rows);
	}
	table_format(&rows, TABLE_PODMAN, &out);
	return buf_bad(&out) ? err_errno(e, ENOMEM, "policy") : screen_put(&out, e);
}

static int print_json(const struct show *s, struct err *e)
{
	const char *text = json_pretty(s->list);
	_cleanup_(buf_done) struct buf out = BUF_INIT;

	buf_addf(&out, "%s\n", text ? text : "");
	return !text || buf_bad(&out) ? err_errno(e, ENOMEM, "policy") : screen_put(&out, e);
}

static int print_raw(const struct trust_policy *p, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = trust_read_file(p->path, &out, e);

	return r < 0 ? r : screen_put(&out, e);
}

static int show_entries(const struct command_call *call, const struct trust_policy *p, const char *home, struct err *e)
{
	const struct show_args *a = call->args;
	struct show s = {.list = json_object_new_array()};
	int r = s.list ? trust_lookaside_load(home, &s.lookaside, e) : err_errno(e, ENOMEM, "policy");

	if (r == 0)
		r = call->argc ? add_one(&s, p, call->argv[0], e) : add_all(&s, p->json, e);
	if (r == 0)
		r = a->json ? print_json(&s, e) : print_table(&s, a->noheading, e);
	json_object_put(s.list);
	json_object_put(s.lookaside);
	return r;
}

static int show_run(const struct command_call *call, struct err *e)
{
	_cleanup_(trust_policy_freep) struct trust_policy *p = NULL;
	_cleanup_(image_source_done) struct image_source source = {0};
	const struct show_args *a = call->args;
	struct trust_access access = {.policy_file = a->policy_file};
	int r = a->raw && (a->json || a->noheading || call->argc) ? err_set(e, EINVAL, "image trust show: --raw is the whole file, as it is") : 0;

	if (r == 0)
		r = image_source_init(true, &source, e);
	access.home = source.options.access.home;
	if (r == 0)
		r = trust_policy_load(&access, &p, e);
	if (r < 0)
		return r;
	if (!p) {
		r = err_set(e, ENOENT, "there is no policy.json: every image is accepted");
		err_hint(e, "make one with ranby image trust set");
		return r;
	}
	return a->raw ? print_raw(p, e) : show_entries(call, p, access.home, e);
}

const struct command command_image_trust_show = {
	.name = "image trust show",
	.operands = "[OPTIONS] [REGISTRY[/REPOSITORY]]",
	.summary = "Show which images are accepted, and on whose word",
	.min_operands = 0,
	.max_operands = 1,
	.rows = show_rows,
	.args_size = sizeof(struct show_args),
	.run = show_run,
};

/* ---- set ---- */

struct set_args {
	const char *type, *policy_file;
	struct strv keys;
};

static const struct option_row set_rows[] = {
	{0, "policypath", OPT_STRING, offsetof(struct set_args, policy_file), .arg = "FILE", .help = "This file instead of the one that counts"},
	{'f', "pubkeysfile", OPT_LIST_CSV, offsetof(struct set_args, keys), .arg = "FILE", .help = "A public key; of several each must have signed"},
	{'t', "type", OPT_CHOICE, offsetof(struct set_args, type), .arg = "TYPE", .choices = "signedBy|sigstoreSigned|accept|reject",
	 .help = "What is wanted of an image (default signedBy)"},
	OPTION_END,
};

static enum trust_type type_of(const char *word)
{
	return !word || strcmp(word, "signedBy") == 0  ? TRUST_SIGNED_BY :
	       strcmp(word, "sigstoreSigned") == 0 ? TRUST_SIGSTORE :
	       strcmp(word, "accept") == 0	       ? TRUST_ACCEPT :
							 TRUST_REJECT;
}

static int set_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	const struct set_args *a = call->args;
	struct trust_access access = {.policy_file = a->policy_file};
	_cleanup_free_ char *path = NULL;
	int r = image_source_init(true, &source, e);

	access.home = source.options.access.home;
	if (r == 0)
		r = trust_policy_set(&access, call->argv[0], type_of(a->type), &a->keys, &path, e);
	return r < 0 ? err_wrap(e, r, "image trust set") : 0;
}

const struct command command_image_trust_set = {
	.name = "image trust set",
	.operands = "[OPTIONS] REGISTRY[/REPOSITORY]|default",
	.summary = "Say which images are accepted, and on whose word",
	.min_operands = 1,
	.max_operands = 1,
	.rows = set_rows,
	.args_size = sizeof(struct set_args),
	.run = set_run,
};
