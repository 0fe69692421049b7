/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Read here and handed to the worker as text, so that it needs no right to
 * read the user's files. Where a registry has authorities of its own, the
 * system's go with them, as in podman.
 */
#include "registry/certs.h"

#include "base/buf.h"
#include "sys/dir.h"
#include "sys/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PEM_MAX (64U << 10)
#define SYSTEM_MAX (1U << 20)

void certs_done(struct certs *c)
{
	if (c->key)
		explicit_bzero(c->key, strlen(c->key));
	free(c->ca);
	free(c->cert);
	free(c->key);
	*c = (struct certs){0};
}

static int read_file(int dirfd, const char *name, size_t max, struct buf *b, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return err_errno(e, errno, "certificate %s", name);
	r = fd_read_all(fd, max, b);
	buf_addc(b, '\n');
	return r < 0 ? err_errno(e, -r, "certificate %s", name) : 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && name[0] != '.' && strcmp(name + n - m, suffix) == 0;
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

static int take_pair(int dirfd, const char *cert_name, struct certs *c, struct err *e)
{
	_cleanup_(buf_done) struct buf cert = BUF_INIT, key = BUF_INIT;
	char key_name[NAME_MAX + 8];
	int r;

	snprintf(key_name, sizeof(key_name), "%.*s.key", (int)(strlen(cert_name) - strlen(".cert")), cert_name);
	r = read_file(dirfd, cert_name, PEM_MAX, &cert, e);
	if (r == 0)
		r = read_file(dirfd, key_name, PEM_MAX, &key, e);
	if (r == 0)
		r = take_text(&cert, &c->cert, e);
	return r < 0 ? r : take_text(&key, &c->key, e);
}

static int read_dir(int dirfd, struct certs *c, struct err *e)
{
	_cleanup_(buf_done) struct buf ca = BUF_INIT;
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "certificates");
	}
	while (r == 0 && (d = dir_next(dir, &r))) {
		if (has_suffix(d->d_name, ".crt"))
			r = read_file(dirfd, d->d_name, PEM_MAX, &ca, e);
		else if (has_suffix(d->d_name, ".cert"))
			r = take_pair(dirfd, d->d_name, c, e);
	}
	closedir(dir);
	if (r < 0)
		return e && e->code ? r : err_errno(e, -r, "certificates");
	if (ca.len == 0)
		return 0;
	if (faccessat(AT_FDCWD, "/etc/ssl/certs/ca-certificates.crt", R_OK, 0) == 0)
		r = read_file(AT_FDCWD, "/etc/ssl/certs/ca-certificates.crt", SYSTEM_MAX, &ca, e);
	return r < 0 ? r : take_text(&ca, &c->ca, e);
}

int certs_find(const char *domain, const struct registry_access *o, struct certs *ret, struct err *e)
{
	const struct {
		const char *base, *rest;
	} usual[] = {
		{o->xdg_config_home ? o->xdg_config_home : o->home,
		 o->xdg_config_home ? "/containers/certs.d" : "/.config/containers/certs.d"},
		{"/etc/containers/certs.d", ""},
		{"/etc/docker/certs.d", ""},
	};
	_cleanup_close_ int fd = -EBADF;
	struct certs c = {0};
	char path[4096];
	int r;

	if (o->cert_dir) {
		fd = open(o->cert_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_errno(e, errno, "--cert-dir %s", o->cert_dir);
	}
	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(usual); i++)
		if (usual[i].base &&
		    (size_t)snprintf(path, sizeof(path), "%s%s/%s", usual[i].base, usual[i].rest, domain) < sizeof(path))
			fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	r = read_dir(fd, &c, e);
	if (r < 0)
		certs_done(&c);
	else
		*ret = c;
	return r;
}
