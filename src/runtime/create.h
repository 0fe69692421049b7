/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* create - a bundle into a process that waits to be started. */
#ifndef RANBY_RUNTIME_CREATE_H
#define RANBY_RUNTIME_CREATE_H

#include "base/err.h"
#include "runtime/context.h"
#include "runtime/process.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct create_args {
	const char *id;
	const char *bundle;         /* NULL: the working directory */
	const char *pid_file;       /* NULL: none */
	const char *console_socket; /* needed with process.terminal, refused without */
	const char *pidfd_socket;   /* unix socket that gets a pidfd of init; NULL: none */
	uint32_t preserve_fds;
	uint64_t preserve_holes;
	uint32_t error_fd;          /* gets a struct err: how it went, code 0 when the container is there; 0: none */
	bool early;                 /* return when init runs; whoever starts it hears when it cannot build the container */
	uint32_t lifeline_fd;       /* a pipe's writing end: init ends when its reader goes before START; 0: none */
	struct process_watch watch;
	uint32_t init_fd;           /* a socket on which a sealed copy of ranby-init comes, see launch_seal_init(); 0: none */
	uint32_t secrets_fd;        /* runtime/secrets.h; 0: none */
	uint32_t fuse_fd;           /* fuse-overlayfs, checked by the caller; 0: looked for here */
	bool tied;                  /* the container ends when the caller does, however he ends */
	bool keep_stdio;            /* 0..2 do not become the payload's user's: they are not made for this container */
	bool no_new_keyring;        /* keep the caller's session keyring */
	struct err *warning;        /* gets what is left out, and stops nothing; NULL: nobody asks */
};

struct created {
	pid_t pid;          /* init, a child of the caller */
	bool has_poststart; /* hooks for who starts it */
};

/*
 * Makes RROOT/ID, the namespaces, the root filesystem and init, which then
 * listens on RROOT/ID/start. On failure nothing of it is left: no process, no
 * directory, no mount. `ret` may be NULL.
 *
 * Process: single-threaded; its mount namespace, and where the config joins
 * namespaces these too, are changed for good: it should end soon.
 */
int runtime_create(const struct runtime_context *x, const struct create_args *a, struct created *ret, struct err *e) _must_check_;

/* The bundle's config.json, by the directory. */
struct runtime_config;
int runtime_read_config(int bundle_fd, struct runtime_config *ret, struct err *e) _must_check_;

#endif
