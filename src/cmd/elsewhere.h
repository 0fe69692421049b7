/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* elsewhere - commands of docker and podman that ranby has not, and what to use instead. */
#ifndef RANBY_CMD_ELSEWHERE_H
#define RANBY_CMD_ELSEWHERE_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

/* Whether argv begins with one of them; then *e says what to use, -ENOTSUP. */
bool elsewhere_is(int argc, char **argv, struct err *e);

#endif
