/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* session - what the files of a build share while it goes on. Only build/ includes it. */
#ifndef RANBY_BUILD_SESSION_H
#define RANBY_BUILD_SESSION_H

#include "build/build.h"
#include "build/vars.h"
#include "image/assemble.h"
#include "oci/image_state.h"

#define BUILD_STAGES_MAX 256

struct stage {
	size_t index;
	const char *name;        /* NULL: none */
	size_t first, last;      /* instructions: FROM, and the one behind its last */
	char *base;              /* expanded: an image, a stage's name, "scratch" */
	char *platform;          /* NULL: the build's */
	struct stage *from;      /* the stage that it goes on; NULL: an image or scratch */
	bool needed, made;
	bool waits[BUILD_STAGES_MAX]; /* for those: what it refers to */
	bool busy, begun;        /* a worker makes it; its FROM was said */

	struct image_state state;
	struct image *img;       /* what has its layers, in the store; NULL: none yet (scratch) */
	struct strv args;        /* ARGs with values, when it is made */
	size_t base_layers, base_history;
	char key[65];            /* of the cache: all that made it what it is */
	bool missed;             /* a step was not in the cache: nothing after it is looked for */
	bool upper;              /* without layers: the working directory has what was changed */
	char created[40];        /* the newest of its steps */
};

struct session {
	const struct build_request *q;
	struct assemble *dir;
	struct vars vars;
	struct stage *stages;
	size_t n_stages, n_needed;
	struct stage *target;
	char *platform;          /* of the image */
	size_t uppers;           /* directories that were made for layers */
	size_t binds;            /* and for what RUNs bind */
	bool is_worker;          /* the process that makes one stage (worker.h) */
};

/* ---- stage.c ---- */

/* Makes one; the stages that it needs are made. STAGE_WAITS, of a worker: its base names others that are not. */
enum { STAGE_MADE, STAGE_WAITS };
int stage_make(struct session *s, struct stage *sg, struct err *e) _must_check_;

/* The same, as a stage is that others go on. */
int session_make_one(struct session *s, struct stage *sg, struct err *e) _must_check_;

/* That is needed, and made before. */
void session_wait_for(struct session *s, struct stage *sg, struct stage *before);

/* Makes what the triggers of the stage's base refer to, which the file does not tell. STAGE_WAITS likewise. */
int session_make_triggered(struct session *s, struct stage *sg, struct err *e) _must_check_;

/* By name or number, among those before `before`; NULL. */
struct stage *session_stage(struct session *s, const char *name, size_t before);

void session_say(const struct session *s, const char *fmt, ...) _printf_(2, 3);

/* A variable of whoever builds; NULL. */
const char *session_caller_env(const struct build_request *q, const char *name);

/* The time of what is made now: the one that was asked for, else the clock's. */
void session_now(const struct session *s, char ret[static 40]);

/* ---- images.c ---- */

/* An image by any name: pulled when it is not here. The name means the same image in all of the build, and no command removes it meanwhile. */
int session_image(struct session *s, const char *name, const char *platform, struct image **ret, struct err *e) _must_check_;

/* The same for a name that the file has: the beginning of an id, which means another image tomorrow, is none. */
int session_named_image(struct session *s, const char *name, const char *platform, struct image **ret, struct err *e) _must_check_;

/* The image of that full id, of the cache. -ENOENT: it has been removed. */
int session_own_image(struct session *s, const char *id, struct image **ret, struct err *e) _must_check_;

#endif
