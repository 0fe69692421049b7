/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * detach_keys - the key sequence that leaves a terminal without ending it.
 *
 * "ctrl-p,ctrl-q" (docker-attach(1)): a list of single characters and of
 * ctrl- and one of a-z @ [ \ ] ^ _ (either case of the letter), or DEL.
 * "" means none. Keys that begin the sequence are held back until it is
 * complete or broken; then they are given on.
 */
#ifndef RANBY_MONITOR_DETACH_KEYS_H
#define RANBY_MONITOR_DETACH_KEYS_H

#include "base/err.h"
#include "base/mem.h"

#include <stddef.h>

#define DETACH_KEYS_MAX 16
#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

struct detach_keys {
	unsigned char keys[DETACH_KEYS_MAX];
	size_t n;
};

int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e) _must_check_;

/*
 * Takes `len` bytes of input, gives in `out` (room for len + DETACH_KEYS_MAX)
 * those to send on, `*ret_out_len` of them. `*matched` is how many keys are
 * held back: 0 at first, kept by the caller between calls. Returns 1 when the
 * sequence is complete (what came before it is in `out`, what follows is
 * dropped), else 0.
 */
int detach_keys_filter(const struct detach_keys *k, size_t *matched, const unsigned char *in, size_t len, unsigned char *out,
		       size_t *ret_out_len);

#endif
