/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * worker - a process that makes one stage while the build does another.
 *
 *	r = worker_start(s, sg, &w, e);
 *	... poll w.answer_fd and w.lines[].from_fd; worker_pass(&w, e) ...
 *	r = worker_end(s, &w, e);	// w.ended: the stage is made, or STAGE_WAITS, or why not
 *	worker_stop(&w);		// or it shall not be made any more
 *
 * A copy of the build, with a directory and a guard of its own: whatever it is
 * killed by, nothing of it stays, and when the build dies it does too. The
 * layers that it makes are in the store like those of another build. What comes
 * back is what the stages after it need to know.
 */
#ifndef RANBY_BUILD_WORKER_H
#define RANBY_BUILD_WORKER_H

#include "build/lines.h"
#include "build/session.h"

#define WORKER_STREAMS 3

struct worker {
	struct stage *sg; /* NULL: none */
	pid_t pid;
	int pidfd, answer_fd;
	struct buf answer;
	bool ended; /* it, and its guard */
	struct lines lines[WORKER_STREAMS];
};
#define WORKER_INIT {.pidfd = -EBADF, .answer_fd = -EBADF, .lines = {LINES_INIT, LINES_INIT, LINES_INIT}}

/* The keeper is ready. */
int worker_start(struct session *s, struct stage *sg, struct worker *w, struct err *e) _must_check_;

/* What it has said by now. */
int worker_pass(struct worker *w, struct err *e) _must_check_;

/* Once it has ended. STAGE_WAITS: its base's ONBUILD names stages that are made first, which are needed now. */
int worker_end(struct session *s, struct worker *w, struct err *e) _must_check_;

/* Ends it, and waits until nothing of it is left. */
void worker_stop(struct worker *w);
/* Before that, where there are several: they end at once. */
void worker_kill(const struct worker *w);

/* ---- what it answers; for its test ---- */

int worker_answer(const struct session *s, struct stage *sg, int r, const struct err *why, struct buf *ret) _must_check_;

/* -EBADMSG: that is no answer. Else what the stage ended with. */
int worker_answer_parse(struct session *s, struct stage *sg, const struct buf *text, struct err *e) _must_check_;

#endif
