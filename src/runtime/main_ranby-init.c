/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-init - the first process of a container.
 *
 *	ranby-init -- COMMAND [ARG...]  pid 1 for `--init`: forwards signals, reaps, ends as COMMAND does
 *	ranby-init pause                pid 1 that only waits, for a pod
 *	ranby-init stage FD             internal: what create and exec start from a sealed copy; FD holds the plan
 *
 * Static, without heap to speak of, without a configuration and without a
 * look at the environment: it runs inside containers.
 */
#include "base/parse.h"
#include "runtime/init.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint32_t fd;

	if (argc == 3 && strcmp(argv[1], "stage") == 0 && parse_u32(argv[2], 3, INT32_MAX, &fd) == 0)
		init_run((int)fd);
	if (argc > 2 && strcmp(argv[1], "--") == 0)
		reap_run(argv + 2);
	if (argc == 2 && strcmp(argv[1], "pause") == 0)
		reap_pause();
	dprintf(2, "usage: ranby-init -- COMMAND [ARG...] | ranby-init pause\n");
	return EXIT_ENGINE;
}
