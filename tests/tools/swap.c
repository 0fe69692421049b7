/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * swap - exchanges two names as fast as it can, until it is killed: the
 * racing half of an attack on whoever looks a name up twice. Slowly, it waits
 * up to twenty milliseconds before each: who looks often would else never be
 * through.
 *
 *	swap A B [slowly]
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_US 20000

int main(int argc, char **argv)
{
	bool slowly = argc == 4 && strcmp(argv[3], "slowly") == 0;

	if (argc != 3 && !slowly)
		return 2;
	for (;;) {
		if (slowly)
			usleep((useconds_t)rand() % PAUSE_US);
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0)
			return 1;
	}
}
