/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* name_words - names for containers that were given none: "quiet_otter". */
#ifndef RANBY_ENGINE_NAME_WORDS_H
#define RANBY_ENGINE_NAME_WORDS_H

#include "base/mem.h"

/* A random adjective and a random animal, joined by '_'. malloc'ed; NULL without memory or randomness. */
char *name_words_random(void) _must_check_;

#endif
