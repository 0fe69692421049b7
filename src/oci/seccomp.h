/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * seccomp - the OCI section `linux.seccomp` (runtime-spec, config-linux,
 * "Seccomp") compiled to a filter by libseccomp.
 *
 *	_cleanup_(seccomp_filter_done) struct seccomp_filter f = {0};
 *	r = seccomp_section_compile(section, &f, e);
 */
#ifndef RANBY_OCI_SECCOMP_H
#define RANBY_OCI_SECCOMP_H

#include "base/err.h"
#include "base/json.h"

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_filter {
	struct sock_filter *insns; /* malloc'ed */
	size_t n;
	uint32_t load_flags; /* SECCOMP_FILTER_FLAG_* */
};

void seccomp_filter_done(struct seccomp_filter *f);

/*
 * Compiles. A name that libseccomp does not know is left out where the
 * default action is a refusal, and an error where it is not. Calls newer than
 * any the section names get ENOSYS, so that a C library falls back instead of
 * failing with EPERM. Notification (SCMP_ACT_NOTIFY) wants a
 * listenerPath, and cannot be the default.
 */
int seccomp_section_compile(struct json_object *section, struct seccomp_filter *ret, struct err *e) _must_check_;

/* libseccomp's version, part of what a cached filter depends on. */
#define SECCOMP_VERSION_MAX 40
void seccomp_compiler_version(char ret[static SECCOMP_VERSION_MAX]);

#endif
