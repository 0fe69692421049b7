/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * label - the SELinux contexts of a container: of its processes and its files.
 *
 *	struct label_wishes w = {0};
 *	r = label_wish(&w, "level:s0:c1,c2", e);	// one --security-opt label=…
 *	r = label_make(&w, &label, e);
 *	if (label.state == LABEL_ON) … label.process, label.file …
 *
 * The user is the caller's own (system_u could not make files on a policy that
 * constrains users), the types are those that the host's policy has for
 * containers, else those of our module (policies/selinux/ranby-container.cil).
 * The level is a pair of categories of its own, see mcs.h; it is settled here,
 * and claimed when the container starts (start_label.h).
 *
 * A container that is `nested` sees selinuxfs (mounts.c), and what is mounted
 * new for it is labelled at its root alone (CONFIG_MOUNT_CONTEXT), so that it can
 * label the files in it.
 */
#ifndef RANBY_ENGINE_LABEL_H
#define RANBY_ENGINE_LABEL_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/mcs.h"
#include "sys/lsm_selinux.h"

#include <stdbool.h>

/* Borrowed words of the options. */
struct label_wishes {
	const char *user, *role, *type, *level, *filetype; /* NULL: the default */
	bool disable;
	bool nested; /* the container gives labels itself, as far as the policy lets its type */
};

enum label_state {
	LABEL_OFF,      /* SELinux is not enabled here */
	LABEL_ON,
	LABEL_DISABLED, /* asked for, or --privileged */
	LABEL_MISSING,  /* the policy has no types for containers */
};

struct label {
	enum label_state state;
	bool own_pair; /* the level is one that we chose */
	bool of_pod;   /* it is that of the pod's infra container */
	/* Without LABEL_ON: `process` is the login's where ranby has a domain of its own, else empty; `file` is empty. */
	char process[SELINUX_CONTEXT_SIZE], file[SELINUX_CONTEXT_SIZE];
	char layer[SELINUX_CONTEXT_SIZE]; /* of the image's layers, which containers share */
};

/* Something else than `disable` was asked for. */
bool label_is_wished(const struct label_wishes *w);

int label_wish(struct label_wishes *w, const char *value, struct err *e) _must_check_;

/*
 * A wish that cannot be fulfilled is an error: -ENOTSUP without SELinux,
 * -EINVAL for a context that the policy does not have, -EACCES for one that
 * this login may not enter.
 */
int label_make(const struct label_wishes *w, struct label *ret, struct err *e) _must_check_;

/*
 * For a member of a pod, whose infra container has the label `infra`: it wishes for the same categories, unless it wishes
 * for a level of its own or for no label. *ret_range holds what `w` borrows then. True: it does.
 */
bool label_join(struct label_wishes *w, const char *infra, char ret_range[static SELINUX_PART_SIZE]);

/* The error for labels that the policy does not have: -EINVAL, with what an administrator does. */
int label_unknown(const char *process, const char *file, struct err *e) _must_check_;

/* What label_make() asks the host; given by tests. */
struct label_host {
	const char *current;                            /* our own context */
	const char *previous;                           /* before our exec; NULL: not known */
	const struct selinux_container_contexts *policy; /* NULL: it has none */
	int (*check)(const char *context);               /* selinux_context_check() */
	int (*may_enter)(const char *from, const char *to); /* selinux_may_transition() */
};
int label_resolve(const struct label_wishes *w, const struct label_host *host, struct label *ret, struct err *e) _must_check_;

/* The file label that all containers share (option z): without categories. */
int label_shared(const char *file, char out[static SELINUX_CONTEXT_SIZE]) _must_check_;
/* Another pair in a context. */
int label_with_pair(const char *context, const struct mcs_pair *p, char out[static SELINUX_CONTEXT_SIZE]) _must_check_;

/* "selinux", "disabled" and so on, for inspect and info. */
const char *label_state_name(enum label_state s);

#endif
