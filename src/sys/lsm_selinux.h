/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * lsm_selinux - contexts, categories and labels, spoken with the kernel itself.
 *
 *	struct selinux_context c;
 *	char text[SELINUX_CONTEXT_SIZE];
 *
 *	r = selinux_current(text);			// ours
 *	r = selinux_context_parse(text, &c);		// user:role:type[:range]
 *	selinux_context_text(&c, text);
 *	r = selinux_context_check(text);		// does this host's policy know it?
 *	r = selinux_label_fd(fd, text);
 *
 * Without libselinux: what is asked here is a file in /proc or selinuxfs and an
 * attribute of an inode, and the programs that ask it are linked statically or
 * have to start fast (the library and its PCRE cost more than a whole start).
 *
 * "enabled" means that a policy is loaded; whether it is enforced is the
 * kernel's business, and the same is done.
 */
#ifndef RANBY_SYS_LSM_SELINUX_H
#define RANBY_SYS_LSM_SELINUX_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SELINUXFS "/sys/fs/selinux"
#define SELINUX_CONTEXT_SIZE 1024
#define SELINUX_PART_SIZE 256
#define SELINUX_CATEGORIES 1024

struct selinux_context {
	char user[SELINUX_PART_SIZE], role[SELINUX_PART_SIZE], type[SELINUX_PART_SIZE];
	char range[SELINUX_PART_SIZE]; /* "s0:c1,c2", "s0-s0:c0.c1023"; "": a policy without levels */
};

/* -EINVAL: not user:role:type[:range] of the letters that policies use. */
int selinux_context_parse(const char *text, struct selinux_context *ret) _must_check_;
void selinux_context_text(const struct selinux_context *c, char out[static SELINUX_CONTEXT_SIZE]);

/* The process's own. -ENOENT: no SELinux. */
int selinux_current(char out[static SELINUX_CONTEXT_SIZE]) _must_check_;

/* The one it had before its last exec; what -ENOENT means is the same. */
int selinux_previous(char out[static SELINUX_CONTEXT_SIZE]) _must_check_;

/* 0; -EINVAL: the loaded policy has no such context; else why it could not be asked. */
int selinux_context_check(const char *context) _must_check_;

/* 1: the policy lets a process of one context become one of the other at an exec, 0: not; else why it could not be asked. */
int selinux_may_transition(const char *from, const char *to) _must_check_;

/* The categories of a level. */
struct selinux_categories {
	uint64_t bits[SELINUX_CATEGORIES / 64];
};
bool selinux_has_category(const struct selinux_categories *s, unsigned n);
unsigned selinux_count_categories(const struct selinux_categories *s);

/*
 * Of the high level of a range: "s0-s0:c0.c5,c9" -> {0…5, 9}, and its
 * sensitivity ("s0"). -EINVAL for what is no range.
 */
int selinux_high_level(const char *range, char ret_sensitivity[static 16], struct selinux_categories *ret) _must_check_;

/* Labels an open file, pipe or directory. */
int selinux_label_fd(int fd, const char *context) _must_check_;
int selinux_fd_label(int fd, char out[static SELINUX_CONTEXT_SIZE]) _must_check_;

/* The label of the sockets that this process makes from now on; NULL: the policy's choice again. */
int selinux_set_socket_label(const char *context) _must_check_;

/*
 * The contexts that the host's policy has for a container's process and its
 * files: lxc_contexts(5) of the loaded policy. -ENOENT: it has none.
 */
struct selinux_container_contexts {
	struct selinux_context process, file, read_only; /* read_only: of what no container may write */
};
int selinux_container_contexts(struct selinux_container_contexts *ret) _must_check_;
/* The parser of that file, for tests. */
int selinux_container_contexts_parse(const char *text, struct selinux_container_contexts *ret) _must_check_;

#endif
