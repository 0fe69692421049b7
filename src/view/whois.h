/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * whois - whose is this ID, this process, this file?
 *
 *	_cleanup_(whois_done) struct whois w = {0};
 *	r = whois_id(&ctx, NAMES_USER, 100033, &w, e);
 *	whois_text(&w, &out);		// or whois_json(&w)
 *
 * The answer is a list of facts, each with its source: what the kernel
 * vouches for is told from what somebody's file says. A fact that cannot be
 * had is left out, never guessed.
 */
#ifndef RANBY_ENGINE_WHOIS_H
#define RANBY_ENGINE_WHOIS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "view/names.h"
#include "sys/procfs.h"

#include <stdint.h>
#include <sys/types.h>

/* Who says so. */
enum whois_source {
	WHOIS_KERNEL,   /* read from the kernel just now: nobody else could have written it */
	WHOIS_NSS,      /* the host's user database */
	WHOIS_SUBID,    /* the host's subordinate ranges */
	WHOIS_RECORD,   /* a file of the user's: protects from accidents, not from its owner */
	WHOIS_IMAGE,    /* a file of the container's: means something inside of it only */
	WHOIS_COMPUTED, /* follows from the facts before it */
};

/* "kernel", "host users", "subordinate ranges", "recorded", "container's files", "computed". */
const char *whois_source_word(enum whois_source s);

struct whois_fact {
	char *key;   /* "loginuid", "container" */
	char *value; /* for people: escaped */
	struct json_object *json; /* typed */
	enum whois_source source;
};
struct whois {
	char *subject; /* "user ID 100033", "process 4711", "/srv/x" */
	char *answer;  /* one line */
	struct whois_fact *facts;
	size_t n;
};
void whois_done(struct whois *w);

/* What the questions are asked of. `containers` may be NULL: the host alone then. */
struct whois_context {
	struct engine *eng;
	const struct container_list *containers;
	const struct procfs *fs;
	struct names *names;
};

int whois_id(const struct whois_context *ctx, enum names_kind kind, uint32_t id, struct whois *ret, struct err *e) _must_check_;

/* -ESRCH when there is none. */
int whois_pid(const struct whois_context *ctx, pid_t pid, struct whois *ret, struct err *e) _must_check_;

/* `fd`: the file, opened O_PATH; `path`: as the user wrote it. */
int whois_file(const struct whois_context *ctx, int fd, const char *path, struct whois *ret, struct err *e) _must_check_;

void whois_text(const struct whois *w, struct buf *out);

/* {"subject", "answer", "facts": [{"fact", "value", "source"}]}; the caller owns it; NULL: no memory. */
struct json_object *whois_json(const struct whois *w) _must_check_;

#endif
