/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * session - the whole life of one monitor: from the runtime's create to the
 * last client's farewell. One loop, one process, no threads.
 */
#ifndef RANBY_MONITOR_SESSION_H
#define RANBY_MONITOR_SESSION_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/cast_writer.h"
#include "monitor/checks.h"
#include "monitor/clients.h"
#include "monitor/create.h"
#include "monitor/exit_file.h"
#include "monitor/helper.h"
#include "monitor/log_writer.h"
#include "monitor/oom.h"
#include "monitor/options.h"
#include "monitor/pollset.h"
#include "monitor/protocol.h"
#include "monitor/stdio.h"
#include "monitor/trail.h"

#include <stdbool.h>

enum phase {
	PHASE_CREATE,   /* the runtime is at work */
	PHASE_HELPER,   /* init is there; the network helper is coming up */
	PHASE_HELD,     /* CREATED is said; init waits for its release, we for STARTED */
	PHASE_RUN,      /* the container lives by itself */
	PHASE_DRAIN,    /* init is a zombie; its last output is read, the helper is asked to end */
	PHASE_REPORTED, /* exit file and EXITED are out; clients that lag read on */
	PHASE_DONE,
};

struct session {
	const struct monitor_options *o;
	enum phase phase;
	int run_dirfd;
	int sync_fd; /* -EBADF: the starter has gone */
	int signal_fd;
	int release_fd; /* listens for who goes on, after KEEP; -EBADF: nobody is waited for */
	int sync_slot, signal_slot, release_slot, restart_slot;
	bool kept;         /* KEEP was said, and no STARTED since */
	bool cleaned;      /* CLEANED was said */
	bool on_exit_done; /* started, or not wanted */
	bool starter_died; /* before STARTED */
	bool asked_to_end; /* by a signal: the payload shall not come back */
	bool let_go;       /* the same, when it had ended: who lags or does not clear up is not waited for */
	bool restart_never, restart_failed; /* as of its end */
	bool restart_done; /* started, and who did that has ended; or not wanted */
	int restart_fd;    /* pidfd of who starts it anew, or -EBADF */
	bool timed_out;
	int64_t run_ms;    /* when the payload was released */
	pid_t init;
	int init_status; /* of the zombie */
	int64_t ended_ms;
	struct monitor_created created;
	struct monitor_exit exit;
	struct witness_request *at_exit; /* NULL: the end is not witnessed */
	struct exit_file exit_file;
	bool exit_synced;
	struct oom_watch oom;
	struct checks checks;
	struct create create;
	struct helper helper;
	struct log_writer log;
	struct trail trail;
	struct cast_writer cast;
	struct clients clients;
	struct pollset set;
	struct output out[2];
	struct input in;
};

/* `s` is zeroed memory. */
void session_init(struct session *s, const struct monitor_options *o);

/* Prepares and runs to the end. `signal_fd` delivers every signal that can be blocked. 0, or -errno when nothing came into being. */
int session_run(struct session *s, int signal_fd, struct err *e) _must_check_;

#endif
