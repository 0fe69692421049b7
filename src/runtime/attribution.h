/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * attribution - who had a container made, as a part of its state: what the
 * kernel says of us who make it, and what it is confined by. Whatever engine
 * drives us, the login's identity comes along by fork and exec.
 */
#ifndef RANBY_RUNTIME_ATTRIBUTION_H
#define RANBY_RUNTIME_ATTRIBUTION_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/runtime_config.h"
#include "sys/loginuid.h"

struct attribution_input {
	const struct runtime_config *c;
	bool initial;           /* we began in the first user namespace; else the next two mean nothing */
	struct loginuid login;  /* read there, before any other was entered */
	uid_t uid;
	char *const *env;       /* the caller's environment, NULL: unknown */
};

/*
 * A JSON object as text, malloc'ed:
 *	verified   whether auid and session are the kernel's word. Inside a user
 *	           namespace they cannot be read: then false, with `why`, and neither is there
 *	auid, session, loginuid ("set", "unset", "absent"), uid
 *	uidMap, gidMap   lines as in /proc/PID/uid_map, to the namespace around
 *	seccomp    SHA-256 of the text of linux.seccomp; apparmor, selinux
 *	claimed    what the environment says of a batch job (SLURM_JOB_ID ...): anybody can set it
 */
int attribution_text(const struct attribution_input *in, char **ret, struct err *e) _must_check_;

#endif
