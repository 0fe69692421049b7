/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * terminal_filter - foreign output, shown as it looked, without what it would
 * do to the terminal it is shown on.
 *
 *	struct terminal_filter f = {0};
 *	terminal_filter(&f, data, len, &out);		// and the next piece with the same f
 *
 * Text, colours, cursor movements, screens pass. Left out is what reaches
 * beyond the picture: control strings (OSC: title, clipboard, links; DCS, APC,
 * PM, SOS), and what makes the terminal type an answer into its own input
 * (DA, DSR, DECRQM, window reports, ENQ): an old way to have a watcher execute
 * something. Sequences may be cut anywhere between two pieces.
 */
#ifndef RANBY_BASE_TERMINAL_FILTER_H
#define RANBY_BASE_TERMINAL_FILTER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_SEQUENCE_MAX 128 /* a longer control sequence is no terminal's */

struct terminal_filter {
	int state;
	size_t len;
	char held[TERMINAL_SEQUENCE_MAX]; /* of a sequence whose end is to come */
};

void terminal_filter(struct terminal_filter *f, const char *data, size_t len, struct buf *out);

#endif
