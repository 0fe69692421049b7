/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Records hold file names, arguments and whatever programs say of themselves,
 * and an uid without privilege can still do much: read what all may read, talk
 * to the network, try the kernel's calls. The reader has all it needs before
 * it sees the first record: its input, the log's files, the writer's socket
 * and syslog's. So by then it can read these, send, and get memory; a reader
 * that was taken over can lie to the writer about what was recorded, and no more.
 *
 * SQLite makes too many kinds of calls for a list that would say much; the
 * indexer has files alone taken from it.
 */
#include "trail/confine.h"

#include "sys/confine.h"
#include "trail/trail.h"

#include <errno.h>
#include <seccomp.h>
#include <syslog.h>

#define STREAM_CALLS                                                                                                     \
	SCMP_SYS(read), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(send),            \
	SCMP_SYS(close), SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),          \
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), \
	SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getpid), SCMP_SYS(getppid),       \
	SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group)

static const int stream_calls[] = {STREAM_CALLS};
static const int reader_calls[] = {
	STREAM_CALLS, SCMP_SYS(openat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(lseek),
	SCMP_SYS(_llseek), SCMP_SYS(getdents64), SCMP_SYS(fcntl), SCMP_SYS(fcntl64), SCMP_SYS(pread64), SCMP_SYS(prctl), SCMP_SYS(seccomp),
};

static int files(const struct confine_rule *rules, size_t n, struct err *e)
{
	int r = confine_files(rules, n, true, e);

	if (r > 0)
		trail_say(LOG_WARNING, "this kernel has no Landlock: who reads can open what everybody may read");
	return r < 0 ? r : 0;
}

int trail_confine_reader(int ledger_dirfd, struct err *e)
{
	const struct confine_rule ledger = {.dirfd = ledger_dirfd};
	int r = files(&ledger, 1, e);

	return r < 0 ? r : confine_calls(reader_calls, ARRAY_SIZE(reader_calls), e);
}

int trail_confine_stream(struct err *e)
{
	return confine_calls(stream_calls, ARRAY_SIZE(stream_calls), e);
}

int trail_confine_indexer(int ledger_dirfd, int index_dirfd, int export_dirfd, struct err *e)
{
	const struct confine_rule rules[] = {
		{.dirfd = ledger_dirfd},
		{.dirfd = index_dirfd, .write = true},
		{.dirfd = export_dirfd, .write = true},
	};

	return files(rules, ARRAY_SIZE(rules), e);
}
