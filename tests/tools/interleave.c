/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * interleave - times commands against each other in one run.
 *
 *	interleave ROUNDS COMMAND [ARG...] -- COMMAND [ARG...] ...
 *
 * Each round runs each command once, so that the machine's moods meet all
 * alike; one round more, at the start, is not counted. Prints a line for each:
 * median, fastest, and 90th percentile in microseconds of wall time, failures.
 * Standard output of the commands is dropped, standard error is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define ROUNDS_MAX 10000

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t run_once(char **command, posix_spawn_file_actions_t *actions, int *ret_failed)
{
	int64_t start = now_us();
	int status = -1;
	pid_t pid;

	if (posix_spawnp(&pid, command[0], actions, NULL, command, environ) != 0) {
		perror(command[0]);
		exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret_failed = status != 0;
	return now_us() - start;
}

int main(int argc, char **argv)
{
	static int64_t times[COMMANDS_MAX][ROUNDS_MAX];
	char **commands[COMMANDS_MAX];
	int failures[COMMANDS_MAX] = {0}, n = 0, rounds = argc > 2 ? atoi(argv[1]) : 0;
	posix_spawn_file_actions_t actions;

	if (rounds < 1 || rounds > ROUNDS_MAX || argc < 3) {
		fputs("usage: interleave ROUNDS COMMAND [ARG...] -- COMMAND [ARG...] ...\n", stderr);
		return 2;
	}
	commands[n++] = argv + 2;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		if (n < COMMANDS_MAX && i + 1 < argc)
			commands[n++] = argv + i + 1;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int round = -1; round < rounds; round++) {
		for (int i = 0; i < n; i++) {
			int failed;
			int64_t us = run_once(commands[i], &actions, &failed);

			failures[i] += failed;
			if (round >= 0)
				times[i][round] = us;
		}
	}
	for (int i = 0; i < n; i++) {
		qsort(times[i], (size_t)rounds, sizeof(times[i][0]), by_value);
		printf("%lld %lld %lld %d\n", (long long)times[i][rounds / 2], (long long)times[i][0],
		       (long long)times[i][rounds * 9 / 10], failures[i]);
	}
	return 0;
}
