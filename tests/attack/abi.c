/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * abi - system calls that a default profile must refuse, by all three ways
 * into an x86-64 kernel. Prints "ABI CALL refused|open"; "open" is anything
 * that reached the kernel's own code. No libc in the calls' way.
 *
 *	abi              the calls below, with arguments that would do something
 *	abi TABLE        every call that tests/seccomp/default.table says is refused, with arguments that
 *	                 no call accepts: prints those that are not refused so, and "N of M as in the table"
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32 0x40000000L

static long native(long n, long a, long b, long c)
{
	long r = syscall(n, a, b, c);

	return r < 0 ? -errno : r;
}

/* Arguments are 32 bits wide there: what they point to lies below 4 GiB. */
static long i386(long n, long a, long b, long c)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

static void say(const char *abi, const char *call, long r)
{
	int refused = r == -EPERM || r == -ENOSYS;

	printf("%s %s %s %ld\n", abi, call, refused ? "refused" : "open", r);
	if (r > 2)
		close((int)r);
}

/* The last number of Linux 6.6: above it a table of another kernel's making would say nothing of this one. */
#define LAST 456

static void check(const char *abi, int nr, const char *want, long r, int *n, int *same)
{
	long error = strcmp(want, "EPERM") == 0 ? -EPERM : -ENOSYS;

	if (strcmp(want, "EPERM") != 0 && strcmp(want, "ENOSYS") != 0)
		return;
	++*n;
	*same += r == error;
	if (r != error)
		printf("%s %d: %ld, not %s\n", abi, nr, r, want);
	if (r > 2)
		close((int)r);
}

static int refused(const char *want)
{
	return want[0] == 'E';
}

static int compare(const char *path)
{
	char line[256], native_want[16], x32_want[16], i386_want[16];
	int nr, n = 0, same = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return 1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%d %*s %15s %15s %*s %15s", &nr, native_want, x32_want, i386_want) != 4 || nr > LAST)
			continue;
		/* what is allowed is not called: it might do something */
		/* 335 and 336 are of the kernel's own trampolines, asked of no filter, and SIGILL for others */
		if (refused(native_want) && nr != 335 && nr != 336)
			check("x86-64", nr, native_want, native(nr, -1, -1, -1), &n, &same);
		if (refused(x32_want))
			check("x32", nr, x32_want, native(nr | X32, -1, -1, -1), &n, &same);
		if (refused(i386_want))
			check("i386", nr, i386_want, i386(nr, -1, -1, -1), &n, &same);
	}
	fclose(f);
	printf("%d of %d as in the table\n", same, n);
	return same != n;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		long n64, n32, a, b, c;
	} calls[] = {
		{"socket-alg", SYS_socket, 359, 38, 5, 0},
		{"socket-vsock", SYS_socket, 359, 40, 1, 0},
		{"io_uring_setup", SYS_io_uring_setup, 425, 1, 0, 0},
		{"userfaultfd", SYS_userfaultfd, 374, 1, 0, 0},
		{"keyctl", SYS_keyctl, 288, 0, -3, 0},
		{"add_key", SYS_add_key, 286, 0, 0, 0},
		{"bpf", SYS_bpf, 357, 0, 0, 0},
		{"perf_event_open", SYS_perf_event_open, 336, 0, 0, -1},
		{"unshare-user", SYS_unshare, 310, 0x10000000, 0, 0},
		{"kexec_load", SYS_kexec_load, 283, 0, 0, 0},
		{"mount", SYS_mount, 21, 0, 0, 0},
		{"open_tree", SYS_open_tree, 428, -1, 0, 1},
		{"fsopen", SYS_fsopen, 430, 0, 0, 0},
		{"ptrace-attach-1", SYS_process_vm_readv, 347, 1, 0, 0},
		{"personality", SYS_personality, 136, 0x0400000, 0, 0},
		{"acct", SYS_acct, 51, 0, 0, 0},
		{"setns", SYS_setns, 346, -1, 0, 0},
		{"open_by_handle_at", SYS_open_by_handle_at, 342, -1, 0, 0},
	};
	unsigned *low;

	if (argc == 2)
		return compare(argv[1]);
	low = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		say("x86-64", calls[i].name, native(calls[i].n64, calls[i].a, calls[i].b, calls[i].c));
		say("x32", calls[i].name, native(calls[i].n64 | X32, calls[i].a, calls[i].b, calls[i].c));
		say("i386", calls[i].name, i386(calls[i].n32, calls[i].a, calls[i].b, calls[i].c));
	}
	if (low != MAP_FAILED) { /* socketcall(SYS_SOCKET, {AF_ALG, SOCK_SEQPACKET, 0}): the arguments are behind a pointer */
		unsigned args[] = {38, 5, 0};

		memcpy(low, args, sizeof(args));
		say("i386", "socketcall-alg", i386(102, 1, (long)low, 0));
	}
	/* a call that must work natively, or the rest proves nothing */
	printf("x86-64 getpid %s\n", native(SYS_getpid, 0, 0, 0) > 0 ? "works" : "broken");
	return 0;
}
