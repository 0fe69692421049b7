/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* logs - what `logs` and `pod logs` have in common. */
#ifndef RANBY_CMD_LOGS_H
#define RANBY_CMD_LOGS_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>

struct logs_args {
	bool color, follow, latest, names, timestamps;
	const char *tail, *since, *until;
};

/* One after the other; all at once when they are followed. Of several, each line begins with whose it is. Returns what run() is to return. */
int logs_show(struct engine *eng, const struct logs_args *a, struct container **list, int n, struct err *e) _must_check_;

#endif
