/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * recorded - what recorded runs of a workload asked of the kernel, put
 * together, and what can be made of it: a seccomp section, a Landlock profile,
 * capabilities, an AppArmor profile.
 *
 *	_cleanup_(recorded_done) struct recorded r = {0};
 *	rc = recorded_add(&r, text, len, "run-1.json", e);	// one run; once for each
 *	rc = recorded_seccomp(&r, &refused, &section, e);
 *
 * The format of a run is in ranby-profile(5); monitor/record.c writes it. Its
 * text is not trusted: a payload chose the names in it.
 */
#ifndef RANBY_ENGINE_RECORDED_H
#define RANBY_ENGINE_RECORDED_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

#define RECORDED_RUN_MAX (8U << 20) /* bytes of a run */
#define RECORDED_COLLAPSE 8         /* files of a directory that are used alike: then it is the directory */

enum recorded_part {
	RECORDED_CALLS,
	RECORDED_ARGUMENTS, /* "socket:2" */
	RECORDED_FOREIGN,   /* "40000003:5": calls of another architecture, by number */
	RECORDED_BIND,
	RECORDED_CONNECT,
	RECORDED_CAPABILITIES, /* "0": why it seems to be needed */
	RECORDED_FILES,        /* path: letters, monitor/record.h */
	RECORDED_PARTS,
};

struct recorded {
	struct json_object *part[RECORDED_PARTS]; /* objects; NULL before the first run */
	uint64_t runs, lost, unread;
};

void recorded_done(struct recorded *r);

/* Checks a run and adds it. On failure `r` may hold a part of it. */
int recorded_add(struct recorded *r, const char *text, size_t len, const char *what, struct err *e) _must_check_;

/* "calls", "arguments", ... */
const char *recorded_part_name(enum recorded_part part);

/* All of it as one object, keys sorted. The caller owns *ret. */
int recorded_json(const struct recorded *r, struct json_object **ret, struct err *e) _must_check_;

/*
 * linux.seccomp that allows what was recorded, what every program does, and
 * what a launch needs. Calls named in `without` get ENOSYS when they were not
 * recorded: libraries try them first, and then take another way. `log`: what is
 * outside is allowed, those too, and written to the kernel's audit log.
 */
int recorded_seccomp(const struct recorded *r, const struct strv *without, bool log, struct json_object **ret, struct err *e) _must_check_;

/* A profile of ranby-landlock(5) for a kernel of that ABI; ports only from 4 on. */
int recorded_landlock(const struct recorded *r, int abi, struct json_object **ret, struct err *e) _must_check_;

/* "CAP_CHOWN", sorted by number, appended. */
int recorded_capabilities(const struct recorded *r, struct strv *ret, struct err *e) _must_check_;

/* Text of an AppArmor profile of that name. */
int recorded_apparmor(const struct recorded *r, const char *name, struct buf *out, struct err *e) _must_check_;

/* Lines "+calls ptrace" (in `b` alone) and "-files /etc/x r", sorted by part. Returns how many, or -errno. `only_more`: no "-" lines. */
int recorded_diff(const struct recorded *a, const struct recorded *b, bool only_more, struct buf *out, struct err *e) _must_check_;

#endif
