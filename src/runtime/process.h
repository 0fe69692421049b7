/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * process - one process of the config into init's plan: what create and exec
 * have in common.
 */
#ifndef RANBY_RUNTIME_PROCESS_H
#define RANBY_RUNTIME_PROCESS_H

#include "base/err.h"
#include "oci/runtime_config.h"
#include "runtime/context.h"
#include "runtime/plan.h"
#include "runtime/rootfs.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Identity, limits, capabilities, labels, filter, arguments. Checks what can
 * be checked before anything is made: that the label's module runs, that the
 * filter lets init finish, that groups can be set.
 */
int process_plan(const struct runtime_context *x, const struct config_process *p, const char *seccomp,
		 bool setgroups_denied, struct plan_writer *w, struct err *e) _must_check_;

/* What of it is left out, as words; `warning` may be NULL. */
void process_warn(const struct config_process *p, struct err *warning);

/* The Landlock domains of the config's annotation (oci/landlock.h). -ENOTSUP: the kernel has not what they need. */
int process_plan_landlock(struct json_object *annotations, struct plan_writer *w, struct err *e) _must_check_;

/* A listening SOCK_SEQPACKET socket `name` in `dirfd`, 0600. The caller owns *ret_fd. */
int process_listen(int dirfd, const char *name, int *ret_fd, struct err *e) _must_check_;

/* A copy of the caller's `fd` for init (w->head.lifeline_fd); 0: there is none. */
int process_keep_lifeline(uint32_t fd, struct plan_writer *w, struct kept_fds *kept, struct err *e) _must_check_;

/* How a process is watched, beside what the config says of it. */
struct process_watch {
	uint32_t trail_fd; /* a socket that gets the listener of its execs (init_confine.c); 0: none */
	bool record;       /* trail_fd gets a listener of nearly all its calls instead (exec_filter.h) */
	bool trail_log;    /* the kernel's audit log gets its execs */
	bool canary;       /* a Landlock domain of its own (sys/canary.h) */
};

/* Plans it; a copy of trail_fd is kept for init. -ENOTSUP: the kernel cannot. */
int process_keep_watch(const struct process_watch *watch, struct plan_writer *w, struct kept_fds *kept, struct err *e) _must_check_;

/*
 * linux.seccomp.listenerPath: connects to it, for init (w->head.notify_fd).
 * *ret_metadata, malloc'ed, stays NULL when there is no such path. What
 * process_write_notify() writes goes to the listener with the filter's descriptor.
 */
int process_plan_notify(const char *seccomp, struct plan_writer *w, struct kept_fds *kept, char **ret_metadata, struct err *e) _must_check_;
/* `state` is runtime_state_text()'s; `fd` one of process_keep_text(). */
int process_write_notify(int fd, pid_t pid, const char *metadata, const char *state, struct err *e) _must_check_;

/* A memfd for a text that is known later (w->head.text_fd[which]). */
int process_keep_text(enum plan_text which, struct plan_writer *w, struct kept_fds *kept, struct err *e) _must_check_;

/* --pidfd-socket: sends it there; path NULL: to nobody. */
int process_send_pidfd(const char *path, int pidfd, struct err *e) _must_check_;

/* The pid as text, through a temporary and a rename. */
int process_write_pid_file(const char *path, pid_t pid, struct err *e) _must_check_;

/*
 * Says on `error_fd` (0: to nobody) that all is done, by a struct err without
 * an error: our own end takes a while, which nobody has to wait for.
 */
int process_say_done(uint32_t error_fd, struct err *e) _must_check_;

/* Opens the directory of `path`; *ret_name is the rest, borrowed from `path`. */
int process_open_parent(const char *path, int *ret_dirfd, const char **ret_name, struct err *e) _must_check_;

#endif
