/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * registry_access - how a registry may be spoken to, and as whom: what all
 * that goes there is given by its caller. The rooms below cmd/ read no
 * environment, so what matters of that is here too.
 */
#ifndef RANBY_REGISTRY_ACCESS_H
#define RANBY_REGISTRY_ACCESS_H

#include <stdbool.h>

enum registry_tls {
	REGISTRY_TLS_DEFAULT, /* https; http is tried for loopback registries and those that registries.conf calls insecure */
	REGISTRY_TLS_VERIFY,
	REGISTRY_TLS_INSECURE, /* no certificate check, not of token servers and redirects either; http allowed */
};

/* Strings are borrowed. */
struct registry_access {
	enum registry_tls tls;
	const char *creds;     /* "USER[:PASSWORD]"; NULL: from the auth file */
	const char *auth_file; /* NULL: the usual places */
	bool auth_file_may_be_new; /* it is going to be written */
	const char *cert_dir;  /* NULL: the usual places */
	char *const *env;      /* for the registry worker: proxies only; NULL: none */
	/* from the caller's environment; NULL where unset */
	const char *home, *xdg_runtime_dir, *xdg_config_home, *xdg_cache_home, *registry_auth_file;
	const char *registries_conf; /* CONTAINERS_REGISTRIES_CONF */
	const char *path; /* PATH, for credential helpers */
};

#endif
