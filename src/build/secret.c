/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A word that is not understood is refused: a mistyped src= would read another file. */
#include "build/secret.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void secret_done(struct secret *m)
{
	free(m->text);
	*m = (struct secret){0};
}

static int set(struct secret *m, const char *key, const char *value, const char **ret_type, struct err *e)
{
	const struct {
		const char *key;
		const char **slot;
	} keys[] = {{"id", &m->id}, {"src", &m->src}, {"source", &m->src}, {"env", &m->env}, {"type", ret_type}};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(key, keys[i].key) == 0 && value && *value) {
			*keys[i].slot = value;
			return 0;
		}
	return err_set(e, EINVAL, "--secret: \"%s\": must be id=, src=, env= or type=, with a value", key);
}

static int settle(struct secret *m, const char *type, struct err *e)
{
	bool is_env = type && strcmp(type, "env") == 0;

	if (type && !is_env && strcmp(type, "file") != 0)
		return err_set(e, EINVAL, "--secret type=%s: must be file or env", type);
	if (!m->id)
		return err_set(e, EINVAL, "--secret: no id=");
	if (is_env && !m->env) {
		m->env = m->src ? m->src : m->id;
		m->src = NULL;
	}
	if (m->env && (m->src || (type && !is_env)))
		return err_set(e, EINVAL, "--secret id=%s: a file or a variable, not both", m->id);
	m->either = !m->env && !m->src && !type;
	if (!m->env && !m->src)
		m->src = m->id;
	return 0;
}

int secret_parse(const char *text, struct secret *ret, struct err *e)
{
	struct secret m = {.text = strdup(text)};
	const char *type = NULL;
	int r = m.text ? 0 : err_errno(e, ENOMEM, "--secret");

	for (char *at = m.text, *next; r == 0 && at && *at; at = next) {
		char *value;

		next = strchr(at, ',');
		if (next)
			*next++ = '\0';
		value = strchr(at, '=');
		if (value)
			*value++ = '\0';
		r = set(&m, at, value, &type, e);
	}
	if (r == 0)
		r = settle(&m, type, e);
	if (r < 0)
		secret_done(&m);
	*ret = m;
	return r;
}

int secret_check(const struct build_request *q, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->secrets->n; i++) {
		_cleanup_(secret_done) struct secret m = {0};

		r = secret_parse(q->secrets->items[i], &m, e);
	}
	return r;
}

static int read_one(const struct session *s, const struct secret *m, struct buf *ret, struct err *e)
{
	const char *env = m->env ? m->env : m->either ? m->id : NULL, *value = env ? session_caller_env(s->q, env) : NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (m->env || value) {
		buf_adds(ret, value ? value : "");
		return value ? 0 : err_set(e, ENOENT, "--secret id=%s,env=%s: no such variable", m->id, m->env);
	}
	fd = open(m->src, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	r = fd < 0 ? -errno : fd_read_all(fd, SECRET_MAX, ret);
	if (r < 0)
		err_errno(e, -r, "--secret id=%s,src=%s", m->id, m->src);
	/* -ENOENT is that of no such id */
	return r == -ENOENT ? -ENODATA : r;
}

int secret_read(const struct session *s, const char *id, struct buf *ret, struct err *e)
{
	for (size_t i = 0; i < s->q->secrets->n; i++) {
		_cleanup_(secret_done) struct secret m = {0};
		int r = secret_parse(s->q->secrets->items[i], &m, e);

		if (r < 0)
			return r;
		if (strcmp(m.id, id) == 0)
			return read_one(s, &m, ret, e);
	}
	return -ENOENT;
}
