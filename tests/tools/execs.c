/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * execs - executes itself N times, in each of the ways there are, and says
 * how long one took. Static, so that it runs in any container.
 *
 *	execs MODE N     fork, vfork, clone3, fexecve, thread, orphan (a grandchild,
 *	                 whose parent does not wait), narrow (the 32-bit gate)
 *	execs done       exits
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *const done[] = {(char[]){"execs"}, (char[]){"done"}, NULL};

static void *in_thread(void *unused)
{
	(void)unused;
	execve("/proc/self/exe", done, environ);
	_exit(1);
}

#if defined(__x86_64__)
/* execve(2) by int 0x80: all that it is given must lie below 4 GiB. */
static void narrow(void)
{
	struct low {
		char path[32], words[2][8];
		unsigned argv[3], envp[1];
	} *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r;

	if (l == MAP_FAILED)
		_exit(1);
	strcpy(l->path, "/proc/self/exe");
	strcpy(l->words[0], "execs");
	strcpy(l->words[1], "done");
	l->argv[0] = (unsigned)(unsigned long)l->words[0];
	l->argv[1] = (unsigned)(unsigned long)l->words[1];
	l->argv[2] = l->envp[0] = 0;
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(11L), "b"((long)l->path), "c"((long)l->argv), "d"((long)l->envp)
			 : "memory", "r8", "r9", "r10", "r11");
	_exit(r == -ENOSYS ? 77 : 1);
}
#else
static void narrow(void)
{
	_exit(77);
}
#endif

static void child(const char *mode)
{
	pthread_t t;

	if (strcmp(mode, "fexecve") == 0) {
		int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);

		syscall(SYS_execveat, fd, "", done, environ, 0x1000 /* AT_EMPTY_PATH */);
	} else if (strcmp(mode, "thread") == 0) {
		if (pthread_create(&t, NULL, in_thread, NULL) == 0)
			pthread_join(t, NULL);
	} else if (strcmp(mode, "narrow") == 0) {
		narrow();
	} else if (strcmp(mode, "orphan") == 0) {
		pid_t pid = fork();

		if (pid != 0)
			_exit(pid < 0);
		execve("/proc/self/exe", done, environ);
	} else {
		execve("/proc/self/exe", done, environ);
	}
	_exit(errno > 0 && errno < 77 ? errno : 1);
}

/* As fork() does it, by the newer call. */
static pid_t by_clone3(void)
{
	uint64_t args[8] = {[4] = SIGCHLD};

	return (pid_t)syscall(SYS_clone3, args, sizeof(args));
}

static pid_t make(const char *mode)
{
	if (strcmp(mode, "clone3") == 0)
		return by_clone3();
	return fork();
}

int main(int argc, char **argv)
{
	struct timespec from, to;
	const int n = argc == 3 ? atoi(argv[2]) : 0;
	volatile int i = 0; /* vfork */

	if (argc == 2 && strcmp(argv[1], "done") == 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (; i < n; i++) {
		pid_t pid = strcmp(argv[1], "vfork") == 0 ? vfork() : make(argv[1]);
		int status;

		if (pid == 0)
			child(argv[1]);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
			printf("%s %d: status %x\n", argv[1], i, (unsigned)status);
			return WIFEXITED(status) && WEXITSTATUS(status) == 77 ? 77 : 1;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%s: %d execs, %.1f us each\n", argv[1], n,
	       ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1e3 / (n ? n : 1));
	return 0;
}
