/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * seccomp_profile - docker's and podman's profile shape, resolved.
 *
 * A profile says more than the OCI section `linux.seccomp` can: rules that
 * hold only with (`includes`) or without (`excludes`) a capability, on some
 * architectures, or from a kernel version on (`minKernel`), and an `archMap`.
 * seccomp_profile_resolve() decides all that for one container and returns
 * the OCI section, which config.json then carries. A profile that is an OCI
 * section already comes out as it went in.
 */
#ifndef RANBY_OCI_SECCOMP_PROFILE_H
#define RANBY_OCI_SECCOMP_PROFILE_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"

#define SECCOMP_PROFILE_MAX (4U << 20) /* bytes of a profile */

struct seccomp_profile_context {
	const struct strv *caps;  /* the container's bounding set, "CAP_CHOWN", ... */
	const char *machine;      /* uname(2) machine, "x86_64" */
	const char *kernel;       /* uname(2) release, "6.1.0-18-amd64" */
};

/* The section for that container; the caller owns *ret. Unknown keys, actions or operators are errors that name their place. */
int seccomp_profile_resolve(struct json_object *profile, const struct seccomp_profile_context *c,
			    struct json_object **ret, struct err *e) _must_check_;

#endif
