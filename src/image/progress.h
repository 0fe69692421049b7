/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * progress - what a long command shows of itself: bars on a terminal, lines elsewhere.
 *
 *	_cleanup_(progress_closep) struct progress *p = NULL;
 *	r = progress_open(STDERR_FILENO, PROGRESS_AUTO, &p, e);
 *	progress_say(p, "Trying to pull %s...", name);
 *	i = progress_item(p, "Copying blob 5f70bf18a086", bytes);
 *	progress_update(p, i, done);
 *	progress_end(p, i, "done");
 *
 * Every function takes a NULL `p` (and then does nothing), so that nothing
 * below cmd/ need know whether anybody watches. Labels are escaped.
 */
#ifndef RANBY_IMAGE_PROGRESS_H
#define RANBY_IMAGE_PROGRESS_H

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>

#define PROGRESS_ITEMS_MAX 1100
#define PROGRESS_LABEL_SIZE 64

enum progress_mode {
	PROGRESS_AUTO,  /* bars when `fd` is a terminal, else a line at each item's end */
	PROGRESS_PLAIN, /* lines */
};

struct progress;

int progress_open(int fd, enum progress_mode mode, struct progress **ret, struct err *e) _must_check_;
struct progress *progress_close(struct progress *p);
static inline void progress_closep(struct progress **p)
{
	*p = progress_close(*p);
}

/* `p` when it draws on a terminal, else NULL: for work that is only worth a word to somebody who watches. */
struct progress *progress_if_watched(struct progress *p);

/* A line of its own, above the bars. */
void progress_say(struct progress *p, const char *fmt, ...) _printf_(2, 3);

/* A new item; total_bytes 0: not known. Returns its number (-1 when there are too many: then nothing shows). */
int progress_item(struct progress *p, const char *label, uint64_t total_bytes);

/* Renames it, for its next phase, and starts over. */
void progress_phase(struct progress *p, int item, const char *label, uint64_t total_bytes);
void progress_update(struct progress *p, int item, uint64_t done_bytes);
/* Its last word: "done", "skipped: already exists". */
void progress_end(struct progress *p, int item, const char *word);

#endif
