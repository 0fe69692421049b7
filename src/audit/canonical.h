/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * canonical - one text for one JSON value, so that it can be hashed and signed.
 *
 * RFC 8785 (JSON Canonicalization Scheme), of which we use a part:
 *
 *  - the members of an object are sorted by key; keys are of [A-Za-z0-9_.-],
 *    so that every order of code units is the order of bytes;
 *  - numbers are whole and lie in -(2^53-1) .. 2^53-1;
 *  - no blanks; in strings only `"`, `\` and the control characters below
 *    U+0020 are escaped: \b \t \n \f \r where there is such a form, else
 *    \u00xx in lower case; all else is UTF-8 as it is.
 *
 * Any implementation of RFC 8785 gives the same bytes.
 */
#ifndef RANBY_AUDIT_CANONICAL_H
#define RANBY_AUDIT_CANONICAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>

#define CANONICAL_INT_MAX ((int64_t)9007199254740991)
#define CANONICAL_KEYS_MAX 256 /* members of one object at most */
#define CANONICAL_DEPTH_MAX 8

/*
 * Appends the text of `o`. A byte of a string that is no UTF-8 becomes
 * U+FFFD, since JSON cannot carry it (who needs the bytes says them in hex).
 * -EINVAL: a number that is not whole, a key that is not of ours, too deep
 * or too many members; -ERANGE: a number past CANONICAL_INT_MAX; -ENOMEM, -EFBIG.
 */
int canonical_add(struct json_object *o, struct buf *out, struct err *e) _must_check_;

/* Is `text` what canonical_add() would write for `o`, which was parsed from it? */
bool canonical_is(struct json_object *o, const char *text, size_t len);

#endif
