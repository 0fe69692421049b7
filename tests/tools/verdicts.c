/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * verdicts - what the seccomp filters that hold it answer to every system
 * call number by all three ways into an x86-64 kernel, and makes none of them.
 *
 *	verdicts		a line for each: "x86-64 41 allow*18,errno22,allow*21"
 *
 * It adds a filter of its own that asks this program's parent process about
 * each call whose sixth argument is a mark, and the parent answers with an
 * errno that no kernel has. A refusal by another filter weighs more than the
 * question, so it is seen as it is; all that would have been let through
 * comes back with that errno, and was not executed: exit, reboot and kill are
 * asked about like the rest. The calls are made by instructions, not by libc.
 *
 * Each number is asked about with the same list of arguments, and the answers
 * stand in the order of that list, alike ones counted. "signal" ended who asked.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK 0x52414e42
#define LET_THROUGH 4000 /* the kernel's own end at 530, and what it takes from a supervisor at 4095 */
#define SIGNAL (-1)      /* the asker did not live to tell */
#define X32 0x40000000L
#define NUMBERS 480      /* past the last one of any kernel that this was written on */
#define DEATHS 4         /* of one number, one after the other: then it is the same for the rest */

static const uint64_t firsts[] = {
	0, 1, 2, 8, 10, 11, 15, 16, 17, 38, 40, 0x20000, 0x20008, 0x40000, 0x10000000, 0x7e020000, 0xffffffff, UINT64_MAX,
};
static const uint64_t seconds[] = {3, 0x5412, 0x541c, 0x10000000};
#define N_FIRSTS (sizeof(firsts) / sizeof(*firsts))
#define N_ARGS (2 * N_FIRSTS + sizeof(seconds) / sizeof(*seconds))

enum abi { NATIVE, X32_ABI, I386, ABIS };
static const char *const abi_names[] = {"x86-64", "x32", "i386"};

struct shared {
	size_t at; /* the next question */
	int16_t answers[ABIS][NUMBERS][N_ARGS];
};
#define QUESTIONS ((size_t)ABIS * NUMBERS * N_ARGS)

static void arguments(size_t k, uint64_t a[3])
{
	a[0] = k < 2 * N_FIRSTS ? firsts[k % N_FIRSTS] : 0;
	a[1] = k < 2 * N_FIRSTS ? 0 : seconds[k - 2 * N_FIRSTS];
	a[2] = k >= N_FIRSTS && k < 2 * N_FIRSTS ? 9 : 0;
}

#if defined(__x86_64__)
static long native(long n, const uint64_t a[3])
{
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	register long r9 __asm__("r9") = MARK;
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return r;
}

/* The sixth argument is in ebp, which may be the frame's: kept below the red zone. */
static long i386(long n, const uint64_t a[3])
{
	long r;

	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tmov %[mark], %%ebp\n\tint $0x80\n\tpop %%rbp\n\tlea 128(%%rsp), %%rsp"
			 : "=a"(r)
			 : "a"(n), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(0L), "D"(0L), [mark] "i"(MARK)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}
#else
static long native(long n, const uint64_t a[3])
{
	return syscall(n, a[0], a[1], a[2], 0, 0, MARK) < 0 ? -errno : 0;
}

static long i386(long n, const uint64_t a[3])
{
	(void)n;
	(void)a;
	return -LET_THROUGH;
}
#endif

/* Does not return. */
static void ask(struct shared *s)
{
	for (; s->at < QUESTIONS; s->at++) {
		size_t k = s->at % N_ARGS, nr = s->at / N_ARGS % NUMBERS, abi = s->at / N_ARGS / NUMBERS;
		uint64_t a[3];
		long r;

		arguments(k, a);
		r = abi == I386 ? i386((long)nr, a) : native((long)nr | (abi == X32_ABI ? X32 : 0), a);
		s->answers[abi][nr][k] = (int16_t)-r;
	}
	_exit(0);
}

static int install(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(f) / sizeof(*f), .filter = f};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void answer_one(int listener)
{
	struct seccomp_notif q;
	struct seccomp_notif_resp a = {0};

	memset(&q, 0, sizeof(q));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &q) < 0)
		return;
	a.id = q.id;
	a.error = -LET_THROUGH;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &a);
}

/* One asker until it has asked all, or is dead: then its question has its answer. */
static int supervise(int listener, struct shared *s, unsigned *deaths)
{
	int ends[2], status;
	pid_t child;

	if (pipe(ends) < 0)
		return -1;
	child = fork();
	if (child < 0)
		return -1;
	if (child == 0)
		ask(s);
	close(ends[1]);
	for (;;) {
		struct pollfd p[] = {{.fd = listener, .events = POLLIN}, {.fd = ends[0]}};

		if (poll(p, 2, -1) < 0)
			return -1;
		if (p[0].revents & POLLIN)
			answer_one(listener);
		else if (p[1].revents)
			break;
	}
	close(ends[0]);
	if (waitpid(child, &status, 0) < 0)
		return -1;
	if (WIFEXITED(status))
		return s->at == QUESTIONS ? 0 : -1;
	do
		((int16_t *)s->answers)[s->at] = SIGNAL;
	while (++s->at % N_ARGS && *deaths >= DEATHS);
	*deaths = s->at % N_ARGS ? *deaths + 1 : 0;
	return 0;
}

static void print_answer(int16_t a, size_t n)
{
	char word[16];

	if (a == SIGNAL)
		snprintf(word, sizeof(word), "signal");
	else if (a == LET_THROUGH)
		snprintf(word, sizeof(word), "allow");
	else
		snprintf(word, sizeof(word), "errno%d", a);
	printf(n == 1 ? "%s" : n == N_ARGS ? "%s" : "%s*%zu", word, n);
}

static void print_line(const char *abi, size_t nr, const int16_t *a)
{
	printf("%s %zu ", abi, nr);
	for (size_t i = 0, same; i < N_ARGS; i += same) {
		for (same = 1; i + same < N_ARGS && a[i + same] == a[i]; same++)
			;
		printf("%s", i ? "," : "");
		print_answer(a[i], same);
	}
	printf("\n");
}

int main(void)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int listener = s == MAP_FAILED ? -1 : install();
	unsigned deaths = 0;

	if (listener < 0) {
		perror("verdicts");
		return 2;
	}
	while (s->at < QUESTIONS)
		if (supervise(listener, s, &deaths) < 0) {
			perror("verdicts: supervise");
			return 2;
		}
	for (size_t abi = 0; abi < ABIS; abi++)
		for (size_t nr = 0; nr < NUMBERS; nr++)
			print_line(abi_names[abi], nr, s->answers[abi][nr]);
	return 0;
}
