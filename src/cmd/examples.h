/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* examples - lines that --help shows of the commands that are used most. */
#ifndef RANBY_CMD_EXAMPLES_H
#define RANBY_CMD_EXAMPLES_H

#define EXAMPLES_MAX 4

/* NULL-terminated; of a command that has none: an empty list. */
const char *const *examples_of(const char *command);

#endif
