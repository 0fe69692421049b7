/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One copy of the text, cut at commas and at the first "=" of each part; what
 * is read points into it. A key of a text that is given twice has the last one.
 */
#include "build/run_mount_spec.h"

#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int set_number(const char *key, const char *value, uint32_t *slot, bool octal, struct err *e)
{
	if (octal)
		return parse_mode(value, slot) < 0 ? err_set(e, EINVAL, "--mount %s=%s: no octal mode", key, value) : 0;
	return parse_u32(value, 0, UINT32_MAX - 1, slot) < 0 ? err_set(e, EINVAL, "--mount %s=%s: no number", key, value) : 0;
}

static int set_bool(const char *key, const char *value, bool *slot, bool yes, struct err *e)
{
	if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*slot = yes;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*slot = !yes;
	else
		return err_set(e, EINVAL, "--mount %s=%s: neither true nor false", key, value);
	return 0;
}

static int set_key(struct run_mount_spec *m, const char *key, const char *value, struct err *e)
{
	const struct {
		const char *key;
		const char **slot;
	} texts[] = {{"type", &m->type}, {"from", &m->from}, {"source", &m->source}, {"src", &m->source}, {"target", &m->target},
		     {"dst", &m->target}, {"destination", &m->target}, {"id", &m->id}, {"sharing", &m->sharing}, {"env", &m->env},
		     {"size", &m->size}, {"tmpfs-size", &m->size}};
	const struct {
		const char *key;
		bool *slot, yes;
	} flags[] = {{"rw", &m->rw, true}, {"readwrite", &m->rw, true}, {"ro", &m->ro, true}, {"readonly", &m->ro, true},
		     {"required", &m->required, true}};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(key, texts[i].key) == 0 && value) {
			*texts[i].slot = value;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(key, flags[i].key) == 0)
			return set_bool(key, value, flags[i].slot, flags[i].yes, e);
	if (value && strcmp(key, "mode") == 0) {
		m->has_mode = true;
		return set_number(key, value, &m->mode, true, e);
	}
	if (value && (strcmp(key, "uid") == 0 || strcmp(key, "gid") == 0))
		return set_number(key, value, *key == 'u' ? &m->uid : &m->gid, false, e);
	/* an SELinux label of its own: there is none to change */
	if (strcmp(key, "z") == 0 || strcmp(key, "Z") == 0)
		return 0;
	return err_set(e, EINVAL, "--mount: unknown option \"%s\"", key);
}

/* Which types take a key; one that is not here all of them do. */
static const struct {
	const char *key, *types;
} takers[] = {
	{"from", "bind cache"}, {"source", "bind secret"}, {"src", "bind secret"}, {"id", "cache secret ssh"}, {"sharing", "cache"},
	{"env", "secret"},      {"size", "tmpfs"},         {"tmpfs-size", "tmpfs"}, {"mode", "cache secret ssh"}, {"uid", "cache secret ssh"},
	{"gid", "cache secret ssh"}, {"required", "secret ssh"}, {"rw", "bind cache tmpfs"}, {"readwrite", "bind cache tmpfs"},
	{"ro", "bind cache secret ssh"}, {"readonly", "bind cache secret ssh"},
};

static unsigned bit_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		if (strcmp(takers[i].key, key) == 0)
			return 1U << i;
	return 0;
}

/* A key that would do nothing is not passed over. An unknown type is said where it is made. */
static int check_keys(const struct run_mount_spec *m, unsigned given, struct err *e)
{
	static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh"};
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		known |= strcmp(m->type, types[i]) == 0;
	for (size_t i = 0; known && i < ARRAY_SIZE(takers); i++)
		if ((given & 1U << i) && !strstr(takers[i].types, m->type))
			return err_set(e, EINVAL, "--mount type=%s does not take \"%s\"", m->type, takers[i].key);
	if (known && m->source && m->id)
		return err_set(e, EINVAL, "--mount type=%s: source and id are the same there", m->type);
	return 0;
}

int run_mount_spec_parse(const char *text, struct run_mount_spec *m, struct err *e)
{
	unsigned given = 0;
	int r = 0;

	*m = (struct run_mount_spec){.type = "bind", .text = strdup(text)};
	if (!m->text)
		return err_errno(e, ENOMEM, "--mount");
	for (char *at = m->text, *next; r == 0 && at && *at; at = next) {
		char *value;

		next = strchr(at, ',');
		if (next)
			*next++ = '\0';
		value = strchr(at, '=');
		if (value)
			*value++ = '\0';
		r = set_key(m, at, value, e);
		given |= bit_of(at);
	}
	return r < 0 ? r : check_keys(m, given, e);
}

void run_mount_spec_done(struct run_mount_spec *m)
{
	free(m->text);
	*m = (struct run_mount_spec){0};
}
