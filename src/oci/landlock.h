/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * landlock - profiles of files, ports and scopes for a payload (ranby-landlock(5)).
 *
 *	{"exec": ["/usr"], "ro": ["/etc"], "rw": ["/tmp", "/dev"], "bind": [80], "scope": ["signal"]}
 *
 * OCI has no place for them, so a config.json carries them in an annotation,
 * LANDLOCK_ANNOTATION, whose value is the text of an array of profiles. Each
 * is a domain of its own inside the one before: what one refuses no later one
 * gives back.
 */
#ifndef RANBY_OCI_LANDLOCK_H
#define RANBY_OCI_LANDLOCK_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "sys/landlock.h"

#include <stddef.h>
#include <stdint.h>

#define LANDLOCK_ANNOTATION "org.ranby.landlock"
#define LANDLOCK_PROFILE_MAX (1U << 20) /* bytes of a profile */
#define LANDLOCK_PROFILES_MAX 8         /* of a container; the kernel stacks 16, nested ones included */
#define LANDLOCK_RULES_MAX 8192         /* paths of a profile; also ports */

struct landlock_path {
	const char *path; /* absolute, in the container; borrowed */
	uint64_t access;
};

struct landlock_port {
	uint16_t port;
	uint64_t access;
};

struct landlock_profile {
	struct landlock_rights handled;
	struct landlock_path *paths;
	size_t n_paths;
	struct landlock_port *ports;
	size_t n_ports;
};

/*
 * Strings are borrowed from `o`. Unknown keys, relative paths and paths with
 * "." or "..", a profile that restricts nothing: errors that name their place.
 */
int landlock_profile_read(struct json_object *o, struct landlock_profile *ret, struct err *e) _must_check_;
void landlock_profile_done(struct landlock_profile *p);

/* The profiles of an annotation's value: *ret_json keeps the strings; the array and its n profiles are the caller's. */
int landlock_profiles_parse(const char *text, struct json_object **ret_json, struct landlock_profile **ret, size_t *ret_n,
			    struct err *e) _must_check_;
void landlock_profiles_free(struct landlock_profile *list, size_t n);

/* -ENOTSUP, with the words, when the kernel's ABI (landlock_abi()) has not all that the profile handles. */
int landlock_profile_check(const struct landlock_profile *p, int abi, struct err *e) _must_check_;

#endif
