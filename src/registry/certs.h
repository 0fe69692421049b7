/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * certs - a registry's own certificates, containers-certs.d(5).
 *
 * In --cert-dir, else ~/.config/containers/certs.d/HOST[:PORT],
 * /etc/containers/certs.d/…, /etc/docker/certs.d/…, the first that exists:
 * *.crt are authorities, NAME.cert with NAME.key is who we are.
 */
#ifndef RANBY_REGISTRY_CERTS_H
#define RANBY_REGISTRY_CERTS_H

#include "base/err.h"
#include "base/mem.h"
#include "registry/access.h"

struct certs {
	char *ca, *cert, *key; /* PEM text or NULL */
};
void certs_done(struct certs *c);

/* 0 also when there are none. -EINVAL: a .cert without its .key. */
int certs_find(const char *domain, const struct registry_access *o, struct certs *ret, struct err *e) _must_check_;

#endif
