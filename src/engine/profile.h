/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * profile - what confines the payload: capabilities, seccomp, labels, masked
 * and read-only paths, no_new_privs, sysctls, limits.
 *
 *	_cleanup_(profile_done) struct profile p = {0};
 *	r = profile_make(&options, &p, e);
 *	r = profile_seccomp(&p, &section, e);
 *
 * A --security-opt is applied, or it is an error; none is dropped.
 */
#ifndef RANBY_ENGINE_PROFILE_H
#define RANBY_ENGINE_PROFILE_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/label.h"
#include "engine/options.h"

#include <stdbool.h>
#include <stdint.h>

#define PROFILE_RLIMITS_MAX 16

struct profile_rlimit {
	const char *type;    /* "RLIMIT_NOFILE" */
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
};

struct profile {
	bool privileged;
	bool no_new_privs;
	bool seccomp_unconfined;
	const char *seccomp_file;  /* NULL: the default profile */
	bool seccomp_log;          /* what it refuses goes to the kernel's audit log */
	const char *apparmor;      /* "unconfined"; NULL: none asked for */
	const char *apparmor_state; /* "on", or why none is in force */
	struct label_wishes label;
	struct strv landlock;      /* names and files, one domain each */
	struct strv caps;          /* the bounding set */
	struct strv masked, readonly;
	struct strv proc_options;  /* mount options of /proc */
	struct strv sysctls;       /* "net.ipv4.ip_forward=1" */
	size_t n_rlimits;
	struct profile_rlimit rlimits[PROFILE_RLIMITS_MAX];
};

int profile_make(const struct container_options *o, struct profile *ret, struct err *e) _must_check_;
void profile_done(struct profile *p);

/* The i-th key of --security-opt, NULL past the last; profile= is expanded before (recorded_store.h). */
const char *profile_security_opt(size_t i, bool *ret_needs_value);

/*
 * The OCI section linux.seccomp for these capabilities; NULL in *ret when
 * unconfined. The default profile is found relative to the running program:
 * PREFIX/share/ranby/profiles/seccomp/default.json. The caller owns *ret, which is
 * good for being written into a larger object, not for being looked into: it
 * may be the text that an earlier call left in `cache_dirfd` (-EBADF: none).
 */
int profile_seccomp(const struct profile *p, int cache_dirfd, struct json_object **ret, struct err *e) _must_check_;

#define PROFILE_SECCOMP_DEFAULT "profiles/seccomp/default.json"
/* Opens a profile that is installed, as the one above. -ENOENT: there is none of that name. */
int profile_open_shipped(const char *name, int *ret_fd, struct err *e) _must_check_;

#define PROFILE_APPARMOR_DEFAULT "ranby-default"
/*
 * Settles p->apparmor on this host: what was asked for must be loaded (-ENOENT,
 * -ENOTSUP with text otherwise); else PROFILE_APPARMOR_DEFAULT where it is
 * loaded, and NULL where it is not.
 */
int profile_apparmor(struct profile *p, struct err *e) _must_check_;

/* What was read, for inspect and the records: "default", "unconfined" or the file. */
const char *profile_seccomp_name(const struct profile *p);

#endif
