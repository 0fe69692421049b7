/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ident - what tells a container's processes from all others in a kernel
 * audit record, by the record alone (run --ident).
 *
 *	uid       its own slice of the user's subordinate IDs: host uids name it
 *	session   a login session of its own (ranby-session): `ses` names it
 *	landlock  a Landlock domain, which the log names when it begins and ends
 *
 * Each may be missing on a host; ident_resolve() says what is left, and the
 * start what is in force: "identity" of state.json, .Ranby.Identity of inspect.
 */
#ifndef RANBY_ENGINE_IDENT_H
#define RANBY_ENGINE_IDENT_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "sys/loginuid.h"

#include <stdbool.h>

enum ident {
	IDENT_UID = 1U << 0,
	IDENT_SESSION = 1U << 1,
	IDENT_LANDLOCK = 1U << 2,
};
#define IDENT_TEXT_SIZE 24

/* "uid,session"; NULL and "" are none. -EINVAL with text. */
int ident_parse(const char *text, unsigned *ret, struct err *e) _must_check_;

/* The words again. Returns `out`. */
const char *ident_text(unsigned ident, char out[static IDENT_TEXT_SIZE]);

/*
 * What of `asked` this host can do: without a session to be had, the slice
 * instead; *ret_notice (a constant, or NULL) is what the user should know.
 */
unsigned ident_resolve(unsigned asked, const struct loginuid *login, const char **ret_notice);

/*
 * What is in force, by what the kernel says of the payload (`in_force` of
 * inforce.h) and the starter: {"asked", "inForce", "uidFrom", "uidTo",
 * "session", "sessionOf"}. NULL where nothing was asked; the caller owns it.
 */
int ident_json(unsigned asked, struct json_object *in_force, const struct loginuid *starter, struct json_object **ret) _must_check_;

#endif
