/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_keys - what a requirement's paths and data hold, read into the list of a request. */
#ifndef RANBY_TRUST_KEYS_H
#define RANBY_TRUST_KEYS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#define TRUST_KEY_FILE_MAX (1U << 20)

/* One file whole. */
int trust_read_file(const char *path, struct buf *ret, struct err *e) _must_check_;

/* Calls `take` with each key of `o`: in files at "PREFIXPath" and "PREFIXPaths", in base64 at "PREFIXData" and "PREFIXDatas". */
int trust_keys_each(struct json_object *o, const char *prefix, int (*take)(void *ctx, const struct buf *key), void *ctx, struct err *e)
	_must_check_;

#endif
