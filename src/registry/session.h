/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * registry_session - from a reference to a worker that talks to its registry.
 *
 *	struct registry_place place;
 *	_cleanup_(fetch_stop) struct fetch_client fc = FETCH_CLIENT_INIT;
 *	r = registry_place(&ref, conf, &place, e);
 *	r = registry_connect(&place, &need, &access, &fc, e);
 *	r = fetch_ask(&fc, ...);
 *
 * What is known of a registry comes together here: registries.conf, the auth
 * files, certs.d, the command line. Only image/ includes it.
 */
#ifndef RANBY_REGISTRY_SESSION_H
#define RANBY_REGISTRY_SESSION_H

#include "base/err.h"
#include "base/strv.h"
#include "oci/reference.h"
#include "registry/access.h"
#include "registry/fetch.h"
#include "registry/registries.h"

#include <stdbool.h>

/* Where a repository is served. */
struct registry_place {
	struct reference at;
	const char *domain; /* that the user named: whom --creds are for; borrowed from the reference */
	const struct strv *helpers; /* for credentials, of registries.conf; borrowed */
	bool is_mirror;
	bool insecure;      /* registries.conf allows http and bad certificates */
};

/* What is going to be asked of it. */
struct registry_need {
	bool push;
	bool has_next; /* another place would be asked: this one is not waited for long */
	bool login; /* of no repository: whether the credentials are good */
	const struct strv *mount_from; /* further repositories there that are read; NULL: none */
};

#define REGISTRY_PLACES_MAX (REGISTRY_MIRRORS_MAX + 1)

/*
 * Where the reference is served, in the order to be tried, in ret[0 … *ret_n):
 * its mirrors, when they are asked for, and then the place itself.
 * registries.conf may say elsewhere. -EACCES: it is blocked.
 */
int registry_places(const struct reference *ref, const struct registries *conf, bool mirrors, struct registry_place *ret, size_t *ret_n,
		    struct err *e) _must_check_;

/* The place itself. */
int registry_place(const struct reference *ref, const struct registries *conf, struct registry_place *ret, struct err *e) _must_check_;

/* What the reference itself names, wherever its images are had from: to log in. */
int registry_place_named(const struct reference *ref, const struct registries *conf, struct registry_place *ret, struct err *e) _must_check_;

/* Starts the worker and tells it all of that; whether the registry agrees is heard with the first answer. */
int registry_connect(const struct registry_place *place, const struct registry_need *need, const struct registry_access *access,
		     struct fetch_client *fc, struct err *e) _must_check_;

#endif
