/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Read here and handed to the worker as text, so that it needs no right to
 * read the user's files. Where a registry has authorities of its own, the
 * system's go with them, as in podman.
 */
#include "registry/certs.h"

#include "base/buf.h"
#include "base/strv.h"
#include "sys/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PEM_MAX (64U << 10)
#define SYSTEM_MAX (1U << 20)
#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

void certs_done(struct certs *c)
{
	if (c->key)
		explicit_bzero(c->key, strlen(c->key));
	free(c->ca);
	free(c->cert);
	free(c->key);
	*c = (struct certs){0};
}

/* Those of a directory that was named are read as they are. */
struct place {
	const char *dir;
	bool is_named;
};

static int read_file(bool is_named, const char *path, size_t max, struct buf *b, struct err *e)
{
	int r = (is_named ? config_file_read_named : config_file_read)(path, max, b, e);

	buf_addc(b, '\n');
	return r == -ENOENT ? err_errno(e, ENOENT, "certificate %s", path) : r;
}

static int take_text(struct buf *b, char **to, struct err *e)
{
	char *text = buf_take(b);

	if (!text)
		return err_errno(e, ENOMEM, "certificates");
	free(*to);
	*to = text;
	return 0;
}

static int take_pair(const struct place *p, const char *cert_path, struct certs *c, struct err *e)
{
	_cleanup_(buf_done) struct buf cert = BUF_INIT, key = BUF_INIT;
	_cleanup_free_ char *key_path = NULL;
	int r;

	if (asprintf(&key_path, "%.*s.key", (int)(strlen(cert_path) - strlen(".cert")), cert_path) < 0) {
		key_path = NULL;
		return err_errno(e, ENOMEM, "certificates");
	}
	r = read_file(p->is_named, cert_path, PEM_MAX, &cert, e);
	if (r == 0)
		r = read_file(p->is_named, key_path, PEM_MAX, &key, e);
	if (r == 0)
		r = take_text(&cert, &c->cert, e);
	return r < 0 ? r : take_text(&key, &c->key, e);
}

/* -ENOENT, without text: there is no such directory. */
static int list(const struct place *p, const char *suffix, struct strv *ret, struct err *e)
{
	return (p->is_named ? config_file_list_named : config_file_list)(p->dir, suffix, ret, e);
}

static int read_dir(const struct place *p, struct certs *c, struct err *e)
{
	_cleanup_(strv_done) struct strv authorities = {0}, own = {0};
	_cleanup_(buf_done) struct buf ca = BUF_INIT;
	int r = list(p, ".crt", &authorities, e);

	if (r == 0)
		r = list(p, ".cert", &own, e);
	for (size_t i = 0; i < authorities.n && r == 0; i++)
		r = read_file(p->is_named, authorities.items[i], PEM_MAX, &ca, e);
	for (size_t i = 0; i < own.n && r == 0; i++)
		r = take_pair(p, own.items[i], c, e);
	if (r < 0 || ca.len == 0)
		return r;
	if (faccessat(AT_FDCWD, SYSTEM_BUNDLE, R_OK, 0) == 0)
		r = read_file(true, SYSTEM_BUNDLE, SYSTEM_MAX, &ca, e);
	return r < 0 ? r : take_text(&ca, &c->ca, e);
}

/* The first of the usual places that is there and that we may look into. */
static int read_usual(const char *domain, const struct registry_access *o, struct certs *c, struct err *e)
{
	const struct {
		const char *base, *rest;
	} usual[] = {
		{o->xdg_config_home ? o->xdg_config_home : o->home,
		 o->xdg_config_home ? "/containers/certs.d" : "/.config/containers/certs.d"},
		{"/etc/containers/certs.d", ""},
		{"/etc/docker/certs.d", ""},
	};
	char path[4096];
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(usual); i++) {
		if (!usual[i].base ||
		    (size_t)snprintf(path, sizeof(path), "%s%s/%s", usual[i].base, usual[i].rest, domain) >= sizeof(path))
			continue;
		r = read_dir(&(struct place){.dir = path}, c, e);
		if (r == -ENOTDIR || (r == -EACCES && faccessat(AT_FDCWD, path, X_OK, 0) < 0)) {
			err_clear(e);
			r = -ENOENT;
		}
	}
	return r == -ENOENT ? 0 : r;
}

int certs_find(const char *domain, const struct registry_access *o, struct certs *ret, struct err *e)
{
	struct certs c = {0};
	int r;

	if (o->cert_dir) {
		r = read_dir(&(struct place){.dir = o->cert_dir, .is_named = true}, &c, e);
		if (r < 0)
			err_wrap(e, r, "--cert-dir");
	} else {
		r = read_usual(domain, o, &c, e);
	}
	if (r < 0)
		certs_done(&c);
	else
		*ret = c;
	return r;
}
