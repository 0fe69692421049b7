/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * origin - who starts something, and from where.
 *
 *	_cleanup_(origin_done) struct origin o = ORIGIN_INIT;
 *	r = origin_read(eng, &o, e);		// before any unshare; pins an unset loginuid
 *	... o.json is "startedBy" of state.json and of an exec, and .Ranby.StartedBy of inspect
 *
 * What is in `json`:
 *
 *	auid, session, loginUser, loginUid ("set", "pinned", "refused", "absent"), pinned
 *	uid, gid, tty, parentPid, parentComm, parentExe, parentCwd, cwd   read from the kernel
 *	argv, ssh, time                                    what the caller claims ("claimed" lists them)
 *
 * A fact that could not be read is absent. Read by the user's own process
 * and kept in the user's own file: it tells about others and about accidents,
 * and proves nothing against its owner ("trust": "self").
 */
#ifndef RANBY_ENGINE_ORIGIN_H
#define RANBY_ENGINE_ORIGIN_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "sys/loginuid.h"

#define ORIGIN_ARGV_MAX (32U << 10) /* bytes of arguments that are kept */

struct origin {
	struct loginuid login;
	struct json_object *json;
};
#define ORIGIN_INIT {.json = NULL}

int origin_read(const struct engine *eng, struct origin *ret, struct err *e) _must_check_;

/*
 * Its two halves, for who has something to start in between: the login, pinned
 * when it is unset, so that all children have it; and then the rest.
 */
int origin_read_login(const struct engine *eng, struct origin *ret, struct err *e) _must_check_;
int origin_read_rest(const struct engine *eng, struct origin *o, struct err *e) _must_check_;
void origin_done(struct origin *o);

#endif
