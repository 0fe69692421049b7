/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * recorded_store - recorded profiles of the user, by name: profiles/NAME/ in
 * the data directory, with a file for each run (run-*.json) and what apply
 * made of them (seccomp.json, landlock.json).
 */
#ifndef RANBY_ENGINE_RECORDED_STORE_H
#define RANBY_ENGINE_RECORDED_STORE_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "engine/recorded.h"

#define ENGINE_PROFILES "profiles"
#define RECORDED_RUNS_MAX 1000
#define RECORDED_VERIFY_PREFIX "verify:" /* in container_options.record_profile: not a run of NAME, but compared with it */

/* Where the next run of that name (or "verify:NAME") is written; the directory is made. The caller frees *ret. */
int recorded_run_path(struct engine *eng, const char *name, char **ret, struct err *e) _must_check_;

/* All runs of a profile together. -ENOENT: none of that name. */
int recorded_load(struct engine *eng, const char *name, struct recorded *ret, struct err *e) _must_check_;

/* What verifying runs have seen, and forgets them. -ENOENT: none has. */
int recorded_take_verified(struct engine *eng, const char *name, struct recorded *ret, struct err *e) _must_check_;

/* Names of all profiles, sorted, appended. */
int recorded_names(struct engine *eng, struct strv *ret, struct err *e) _must_check_;

/* The section for a launch, see recorded_seccomp(); what libraries do without is ENOSYS, as in the default profile. */
int recorded_store_seccomp(const struct recorded *r, bool log, struct json_object **ret, struct err *e) _must_check_;

/* Writes seccomp.json and landlock.json, and appends the options of run that use them, one argument each. `log`: seccomp-log.json, which refuses nothing. */
int recorded_apply(struct engine *eng, const char *name, bool log, struct strv *ret, struct err *e) _must_check_;

/* Replaces each --security-opt profile=NAME by what it stands for. */
int recorded_expand(struct engine *eng, struct container_options *o, struct err *e) _must_check_;

#endif
