/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One row per instruction: what it is called, the config's key, and what kind
 * of value that key holds.
 */
#include "image/change.h"

#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 256

enum change_kind { CHANGE_COMMAND, CHANGE_TEXT, CHANGE_ENV, CHANGE_LABELS, CHANGE_SET, CHANGE_LIST };

static const struct {
	const char *word, *key;
	enum change_kind kind;
} changes[] = {
	{"CMD", "Cmd", CHANGE_COMMAND},        {"ENTRYPOINT", "Entrypoint", CHANGE_COMMAND},
	{"ENV", "Env", CHANGE_ENV},            {"EXPOSE", "ExposedPorts", CHANGE_SET},
	{"LABEL", "Labels", CHANGE_LABELS},    {"ONBUILD", "OnBuild", CHANGE_LIST},
	{"STOPSIGNAL", "StopSignal", CHANGE_TEXT}, {"USER", "User", CHANGE_TEXT},
	{"VOLUME", "Volumes", CHANGE_SET},     {"WORKDIR", "WorkingDir", CHANGE_TEXT},
};

/* The value's JSON array, or NULL when it is not one. */
static struct json_object *as_array(const char *value)
{
	struct json_object *o = NULL;

	if (*value != '[' || json_parse(value, strlen(value), "value", &o, NULL) < 0)
		return NULL;
	if (json_object_is_type(o, json_type_array)) {
		size_t n = json_object_array_length(o), i = 0;

		while (i < n && json_object_is_type(json_object_array_get_idx(o, i), json_type_string))
			i++;
		if (i == n)
			return o;
	}
	json_object_put(o);
	return NULL;
}

/* Words at blanks; quotes keep blanks, a backslash the next byte. */
static int split_words(const char *s, struct strv *words)
{
	_cleanup_(buf_done) struct buf word = BUF_INIT;

	for (;;) {
		bool any = false;
		char quote = '\0';

		while (isspace((unsigned char)*s))
			s++;
		buf_reset(&word);
		for (; *s && (quote || !isspace((unsigned char)*s)); s++) {
			any = true;
			if (*s == '\\' && quote != '\'' && s[1])
				buf_addc(&word, *++s);
			else if (quote ? *s == quote : *s == '"' || *s == '\'')
				quote = quote ? '\0' : *s;
			else
				buf_addc(&word, *s);
		}
		if (quote)
			return -EINVAL;
		if (!any)
			return 0;
		if (words->n == WORDS_MAX || strv_add(words, buf_str(&word)) < 0)
			return -E2BIG;
	}
}

static struct json_object *sub_object(struct json_object *config, const char *key, bool array)
{
	struct json_object *o = json_at(config, key);

	if (o)
		return o;
	o = array ? json_object_new_array() : json_object_new_object();
	return json_add(config, key, o) == 0 ? o : NULL;
}

static int set_command(struct json_object *config, const char *key, const char *value)
{
	struct json_object *list = as_array(value);

	if (!list) {
		list = json_object_new_array();
		if (!list || json_append_str(list, "/bin/sh") < 0 || json_append_str(list, "-c") < 0 ||
		    json_append_str(list, value) < 0) {
			json_object_put(list);
			return -ENOMEM;
		}
	}
	return json_add(config, key, list);
}

/* Pairs NAME=value, or docker's old "NAME value with blanks". */
static int split_pairs(const char *value, struct strv *pairs)
{
	size_t name = strcspn(value, " \t=");

	if (value[name] == ' ' || value[name] == '\t') {
		const char *rest = value + name;

		while (isspace((unsigned char)*rest))
			rest++;
		return strv_addf(pairs, "%.*s=%s", (int)name, value, rest);
	}
	return split_words(value, pairs);
}

static int set_pairs(struct json_object *config, const char *key, const char *value, enum change_kind kind)
{
	_cleanup_(strv_done) struct strv pairs = {0};
	struct json_object *to = sub_object(config, key, kind == CHANGE_ENV);
	int r = split_pairs(value, &pairs);

	for (size_t i = 0; i < pairs.n && r == 0; i++) {
		char *equals = strchr(pairs.items[i], '=');

		if (!equals || equals == pairs.items[i])
			return -EINVAL;
		if (kind == CHANGE_ENV) {
			r = json_append_str(to, pairs.items[i]);
		} else {
			*equals = '\0';
			r = json_add_str(to, pairs.items[i], equals + 1);
		}
	}
	return r;
}

/* {"80/tcp": {}} */
static int set_members(struct json_object *config, const char *key, const char *value)
{
	_cleanup_(strv_done) struct strv words = {0};
	_cleanup_json_ struct json_object *list = as_array(value);
	struct json_object *to = sub_object(config, key, false);
	int r = 0;

	for (size_t i = 0; list && i < json_object_array_length(list) && r == 0; i++)
		r = strv_add(&words, json_object_get_string(json_object_array_get_idx(list, i)));
	if (!list)
		r = split_words(value, &words);
	for (size_t i = 0; i < words.n && r == 0; i++) {
		bool port = strcmp(key, "ExposedPorts") == 0 && !strchr(words.items[i], '/');

		if (port)
			r = strv_addf(&words, "%s/tcp", words.items[i]);
		else
			r = json_add(to, words.items[i], json_object_new_object());
	}
	return r;
}

static int apply(struct json_object *config, const char *key, enum change_kind kind, const char *value)
{
	switch (kind) {
	case CHANGE_COMMAND:
		return set_command(config, key, value);
	case CHANGE_TEXT:
		return json_add_str(config, key, value);
	case CHANGE_ENV:
	case CHANGE_LABELS:
		return set_pairs(config, key, value, kind);
	case CHANGE_SET:
		return set_members(config, key, value);
	case CHANGE_LIST:
		return json_append_str(sub_object(config, key, true), value);
	}
	return -EINVAL;
}

int change_apply(struct json_object *config, const char *line, struct err *e)
{
	size_t len = strcspn(line, " \t=");
	const char *value = line + len + (line[len] != '\0');

	while (isspace((unsigned char)*value))
		value++;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		int r;

		if (strlen(changes[i].word) != len || strncasecmp(changes[i].word, line, len) != 0)
			continue;
		r = *value ? apply(config, changes[i].key, changes[i].kind, value) : -EINVAL;
		return r < 0 ? err_errno(e, -r, "change \"%s\"", line) : 0;
	}
	err_set(e, EINVAL, "change \"%s\": no such instruction", line);
	err_hint(e, "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR");
	return -EINVAL;
}

int change_apply_all(struct json_object *config, const struct strv *lines, struct err *e)
{
	int r = 0;

	for (size_t i = 0; lines && i < lines->n && r == 0; i++)
		r = change_apply(config, lines->items[i], e);
	return r;
}
