/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * registries - containers-registries.conf(5): what a short name means, and what a registry allows.
 *
 * Version 2 of the format: unqualified-search-registries, short-name-mode, credential-helpers,
 * [aliases], and in [[registry]] prefix, location, insecure, blocked,
 * mirror-by-digest-only and [[registry.mirror]]. A prefix with a tag or digest
 * is refused, and so are two of one prefix in a file that contradict each other. From
 * ~/.config/containers/registries.conf, else /etc/containers/registries.conf,
 * and then registries.conf.d/ of /etc and of the user, sorted by name; with
 * $CONTAINERS_REGISTRIES_CONF from that file alone. The user's answers to what
 * podman asked of short names go before all aliases: short-name-aliases.conf
 * in $XDG_CACHE_HOME/containers or ~/.cache/containers, root's in
 * /var/cache/containers; registry/short_name.h adds to them.
 * What was not named is read only where nobody else could have written it (sys/config_file.h).
 */
#ifndef RANBY_REGISTRY_REGISTRIES_H
#define RANBY_REGISTRY_REGISTRIES_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "registry/access.h"

#include <stdbool.h>
#include <stddef.h>

#define REGISTRIES_MAX 256
#define REGISTRIES_FILE_MAX (1U << 20)

#define REGISTRY_MIRRORS_MAX 16

enum mirror_when { MIRROR_ALL, MIRROR_DIGEST_ONLY, MIRROR_TAG_ONLY };

struct registry_mirror {
	char *location;
	bool insecure;
	enum mirror_when when;
};

struct registry_rule {
	char *prefix;   /* "example.com/ns", "*.example.com" */
	char *location; /* NULL: the prefix */
	bool insecure, blocked;
	unsigned file; /* counted from 1 */
	struct registry_mirror mirrors[REGISTRY_MIRRORS_MAX]; /* to be tried before it, in this order */
	size_t n_mirrors;
};

/* short-name-mode: what becomes of a short name when `search` has several. */
enum short_name_mode {
	SHORT_NAME_PERMISSIVE, /* the user chooses; where nobody can be asked, all are tried in order */
	SHORT_NAME_ENFORCING,  /* the user chooses; where nobody can be asked, it is an error */
	SHORT_NAME_DISABLED,   /* nobody is asked, all are tried in order */
};

struct registries {
	struct strv search;
	enum short_name_mode short_names;
	struct strv helpers; /* credential-helpers; none: the auth files alone */
	struct strv aliases; /* "debian=docker.io/library/debian", the last of a name counts */
	struct registry_rule rules[REGISTRIES_MAX];
	size_t n_rules;
	unsigned n_files;
};
void registries_done(struct registries *r);

/* The file of the user's answers. -ENOENT: there is no place for one. */
#define REGISTRIES_ANSWERS "short-name-aliases.conf"
int registries_answers_path(const struct registry_access *o, char ret[static 4096]) _must_check_;

int registries_load(const struct registry_access *o, struct registries **ret, struct err *e) _must_check_;
struct registries *registries_free(struct registries *r);
static inline void registries_freep(struct registries **r)
{
	*r = registries_free(*r);
}

/* Reads one file's text into `r`; search lists replace the one before. -EINVAL with "FILE:LINE". */
int registries_parse(const char *text, size_t len, const char *what, struct registries *r, struct err *e) _must_check_;

/* The rule of the longest prefix of "host/path", and how many bytes of that its location takes the place of; NULL. */
const struct registry_rule *registries_rule(const struct registries *r, const char *repository, size_t *ret_covered);

/* What the short name ("debian") stands for, or NULL. */
const char *registries_alias(const struct registries *r, const char *name);

#endif
