/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * argv - what is run: ENTRYPOINT and CMD of the image, --entrypoint and the
 * operands, put together as docker does.
 *
 *	--entrypoint given: it replaces ENTRYPOINT, and CMD is not used;
 *	operands given: they replace CMD;
 *	the payload is entrypoint followed by command.
 *
 * --entrypoint is one word, or a JSON array of words ('["sh","-c"]'); empty, it
 * clears the image's.
 */
#ifndef RANBY_ENGINE_ARGV_H
#define RANBY_ENGINE_ARGV_H

#include "base/err.h"
#include "base/strv.h"

struct argv_input {
	const char *entrypoint;             /* --entrypoint, or NULL */
	char *const *operands;              /* NULL-terminated, or NULL */
	const struct strv *image_entrypoint; /* or NULL */
	const struct strv *image_cmd;       /* or NULL */
};

/* Appends to both. -EINVAL when there is nothing to run, or --entrypoint is no array of strings. */
int argv_resolve(const struct argv_input *in, struct strv *ret_entrypoint, struct strv *ret_command, struct err *e) _must_check_;

#endif
