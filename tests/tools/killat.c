/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * killat - runs a command and kills one of its processes at its Nth system call, or lets that call fail.
 *
 *	killat [--victim NAME[/child]] [--error ERRNO] [--seconds S] N COMMAND [ARG...]
 *
 * Without --victim the command's own process is the victim and nothing else
 * is traced. With it, children are followed, and the first process that
 * executes a program of that name (argv[0]) is; with "/child" the first
 * process that that one makes, from its birth on. At the entry of its Nth
 * system call after that, and before it executes another program, it gets
 * SIGKILL; everybody else is let go and runs on as after any death. N 0 kills
 * nobody and counts.
 *
 * With --error (a number) the call is not made and gives that errno; all, the victim
 * too, are let go and run on. close(2) and its like are made all the
 * same, as Linux does whatever they return. Calls that cannot fail (getpid(2)) are not
 * counted then, nor those of the dynamic loader.
 *
 * A process in a pid namespace of its own is let go at once, unless the
 * victim is ranby-init: the engine wants to trace it itself. Set-user-id
 * programs lose their privilege when they are traced by a plain user, so a
 * sweep that follows has to have its keeper namespace made already.
 *
 * Prints "killed PID NAME at SYSCALL_NUMBER(FIRST ARGUMENT)", "failed ..." or "ended after COUNT, exit CODE" and
 * exits 0 when it killed, 3 when the command ended first (and what it left in the
 * background made no such call within a second), 99 when it hung. After an
 * error it ends as the command did, and "hung" says that it did not.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRACEES_MAX 256
#define BACKGROUND_SECONDS 1
enum { EXIT_ENDED = 3, EXIT_HUNG = 99 };

struct killer {
	char *victim_name;       /* NULL: the command itself */
	int of_child;            /* of the first process that the victim makes, until it executes something */
	long error;              /* 0: SIGKILL */
	int loaded;              /* the loader has done its work, which ends at set_tid_address(2) */
	int failing;             /* between the entry and the exit of the call that fails */
	long target;
	long count;
	pid_t command, parent, victim; /* parent: the named one, with of_child */
	pid_t tracees[TRACEES_MAX];
	int n;
	int letting_go, killed;
	int command_status, command_ended;
};

static void add(struct killer *k, pid_t pid)
{
	for (int i = 0; i < k->n; i++)
		if (k->tracees[i] == pid)
			return;
	if (k->n < TRACEES_MAX)
		k->tracees[k->n++] = pid;
}

static void drop(struct killer *k, pid_t pid)
{
	for (int i = 0; i < k->n; i++)
		if (k->tracees[i] == pid)
			k->tracees[i--] = k->tracees[--k->n];
}

/* The last part of argv[0]: comm would be a descriptor's number after fexecve(). */
static void program_of(pid_t pid, char name[32])
{
	char path[32], line[4096];
	const char *slash;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	name[0] = 0;
	f = fopen(path, "re");
	if (!f)
		return;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = 0;
	slash = strrchr(line, '/');
	snprintf(name, 32, "%.31s", slash ? slash + 1 : line);
}

static pid_t parent_of(pid_t pid)
{
	char path[32], line[512] = "";
	const char *end;
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f) && (end = strrchr(line, ')')))
		sscanf(end + 1, " %*c %d", &parent);
	fclose(f);
	return parent;
}

/* True in a pid namespace below ours: NSpid has two numbers or more (proc(5)). */
static int is_contained(pid_t pid)
{
	char path[32], line[256];
	int numbers = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		for (char *p = line + 6; *p; p++)
			numbers += *p == '\t';
	}
	if (f)
		fclose(f);
	return numbers > 1;
}

static void resume(struct killer *k, pid_t pid, int sig)
{
	if (k->letting_go ||
	    (k->victim_name && pid != k->victim && strcmp(k->victim_name, "ranby-init") != 0 && is_contained(pid))) {
		ptrace(PTRACE_DETACH, pid, 0, (long)sig);
		drop(k, pid);
	} else if (pid == k->victim) {
		ptrace(PTRACE_SYSCALL, pid, 0, (long)sig);
	} else {
		ptrace(PTRACE_CONT, pid, 0, (long)sig);
	}
}

static void let_go(struct killer *k)
{
	k->letting_go = 1;
	for (int i = 0; i < k->n; i++)
		ptrace(PTRACE_INTERRUPT, k->tracees[i], 0, 0);
}

#if defined(__x86_64__)
enum { CAN_FAIL = 1 };

/* Calls that give no error on any kernel, or do not return. */
static int cannot_fail(long long nr)
{
	static const long long never[] = {
		SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getpgrp, SYS_umask,
		SYS_set_tid_address, SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall, SYS_sched_yield, SYS_alarm,
		SYS_brk, SYS_arch_prctl, SYS_set_robust_list,
	};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (nr == never[i])
			return 1;
	return 0;
}

static void fail_entry(pid_t pid, long long nr)
{
	struct user_regs_struct regs;

	if (nr == SYS_close || ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
		return;
	regs.orig_rax = (unsigned long long)-1;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
}

static void fail_exit(pid_t pid, long error)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
		return;
	regs.rax = (unsigned long long)-error;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
}
#else
enum { CAN_FAIL = 0 };

static int cannot_fail(long long nr)
{
	(void)nr;
	return 0;
}

static void fail_entry(pid_t pid, long long nr)
{
	(void)pid;
	(void)nr;
}

static void fail_exit(pid_t pid, long error)
{
	(void)pid;
	(void)error;
}
#endif

/* At the entry of the victim's next call: 1 when it was its last. */
static int victim_enters(struct killer *k, pid_t pid, long long nr, long long first)
{
	char name[32];

	if (k->error && !k->loaded) {
		k->loaded = k->of_child || nr == SYS_set_tid_address;
		return 0;
	}
	if (k->error && cannot_fail(nr))
		return 0;
	k->count++;
	if (k->count != k->target)
		return 0;
	program_of(pid, name);
	printf("%s %d %s at %lld(%lld)\n", k->error ? "failed" : "killed", pid, name, nr, first);
	if (k->error) {
		fail_entry(pid, nr);
		k->failing = 1;
		return 0;
	}
	kill(pid, SIGKILL);
	drop(k, pid);
	k->killed = 1;
	let_go(k);
	return 1;
}

/* A stop at a system call's entry or exit; the victim's time may have come. */
static void on_syscall(struct killer *k, pid_t pid)
{
	struct __ptrace_syscall_info info = {0};

	if (pid == k->victim && !k->letting_go) {
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
		/* the first stop after an exec is the exit of execve(2) */
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY && victim_enters(k, pid, (long long)info.entry.nr, (long long)info.entry.args[0]))
			return;
		if (info.op == PTRACE_SYSCALL_INFO_EXIT && k->failing) {
			k->failing = 0;
			k->killed = 1;
			fail_exit(pid, k->error);
			let_go(k);
		}
	}
	resume(k, pid, 0);
}

/* The program that was named has been executed. */
static void on_program(struct killer *k, pid_t pid)
{
	if (k->of_child && !k->parent)
		k->parent = pid;
	else if (!k->of_child && !k->victim)
		k->victim = pid;
}

static void on_event(struct killer *k, pid_t pid, int event, int sig)
{
	unsigned long child = 0;
	char name[32];

	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		ptrace(PTRACE_GETEVENTMSG, pid, 0, &child);
		add(k, (pid_t)child);
		if (pid == k->parent && !k->victim)
			k->victim = (pid_t)child;
		break;
	case PTRACE_EVENT_EXEC:
		program_of(pid, name);
		if (pid == k->victim)
			let_go(k); /* another program now: not the one that was meant */
		else if (!k->victim_name || strcmp(name, k->victim_name) == 0)
			on_program(k, pid);
		break;
	case PTRACE_EVENT_STOP:
		/* a new process may stop before its parent says that it is there */
		if (k->parent && !k->victim && parent_of(pid) == k->parent)
			k->victim = pid;
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) {
			if (k->letting_go) {
				resume(k, pid, 0);
				return;
			}
			ptrace(PTRACE_LISTEN, pid, 0, 0);
			return;
		}
		break;
	default:
		break;
	}
	resume(k, pid, 0);
}

static void on_end(struct killer *k, pid_t pid, int status)
{
	drop(k, pid);
	if (pid == k->command) {
		k->command_ended = 1;
		k->command_status = status;
		/* what it left in the background may go on for ever: it has this long to come to rest */
		alarm(BACKGROUND_SECONDS);
	}
}

static volatile sig_atomic_t alarmed;

static void on_alarm(int sig)
{
	(void)sig;
	alarmed = 1;
}

static void hung(void)
{
	puts("hung");
	exit(EXIT_HUNG);
}

static void loop(struct killer *k)
{
	while (k->n > 0 || !k->command_ended) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR && alarmed) {
			alarmed = 0;
			if (!k->command_ended)
				hung();
			let_go(k);
			continue;
		}
		if (pid < 0)
			return;
		if (!WIFSTOPPED(status)) {
			on_end(k, pid, status);
			continue;
		}
		add(k, pid);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			on_syscall(k, pid);
		else if (status >> 16)
			on_event(k, pid, status >> 16, WSTOPSIG(status));
		else
			resume(k, pid, WSTOPSIG(status));
		/* a detached command is still our child; the others are not waited for */
		if (k->letting_go && k->n == 0 && k->command_ended)
			return;
	}
}

static int usage(void)
{
	fputs("usage: killat [--victim NAME[/child]] [--error ERRNO] [--seconds S] N COMMAND [ARG...]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct killer k = {0};
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
	struct sigaction action = {.sa_handler = on_alarm};
	unsigned seconds = 20;
	char *slash;
	int i = 1, status;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--victim") == 0)
			k.victim_name = argv[i + 1];
		else if (strcmp(argv[i], "--error") == 0)
			k.error = CAN_FAIL ? atol(argv[i + 1]) : 0;
		else if (strcmp(argv[i], "--seconds") == 0)
			seconds = (unsigned)atoi(argv[i + 1]);
		else
			return usage();
	}
	if (i + 1 >= argc)
		return usage();
	slash = k.victim_name ? strchr(k.victim_name, '/') : NULL;
	if (slash) {
		*slash = '\0';
		k.of_child = 1;
	}
	k.target = atol(argv[i]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	k.command = fork();
	if (k.command == 0) {
		raise(SIGSTOP);
		execvp(argv[i + 1], argv + i + 1);
		perror(argv[i + 1]);
		_exit(127);
	}
	waitpid(k.command, &status, WUNTRACED);
	if (k.victim_name)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (ptrace(PTRACE_SEIZE, k.command, 0, options) < 0) {
		perror("PTRACE_SEIZE");
		kill(k.command, SIGKILL);
		return 1;
	}
	add(&k, k.command);
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
	kill(k.command, SIGCONT);
	loop(&k);
	if (k.killed && !k.error)
		return 0;
	printf("ended after %ld, exit %d\n", k.count,
	       WIFEXITED(k.command_status) ? WEXITSTATUS(k.command_status) : 128 + WTERMSIG(k.command_status));
	return k.killed ? 0 : EXIT_ENDED;
}
