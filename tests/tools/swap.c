/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * swap - exchanges two names as fast as it can, until it is killed: the
 * racing half of an attack on whoever looks a name up twice. With PAUSE, it
 * waits up to so many microseconds before each: who looks often would else
 * never be through.
 *
 *	swap A B [PAUSE]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int pause = argc == 4 ? atoi(argv[3]) : 0;

	if (argc != 3 && pause <= 0)
		return 2;
	for (;;) {
		if (pause > 0)
			usleep((useconds_t)(rand() % pause));
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0)
			return 1;
	}
}
