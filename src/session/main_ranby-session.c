/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-session - gives a container a login session of its own.
 *
 *	ranby-session MONITOR-ARGV...	the monitor, in a new session
 *	ranby-session --check		0: it could; 3: the kernel forbids it; 4: no capability; 5: no login
 *
 * When a task writes its loginuid, the kernel gives it a fresh session ID,
 * also when the value is the one that it had. To write a loginuid that is set
 * takes CAP_AUDIT_CONTROL, a capability that can also switch audit off. So
 * this program has it, as a file capability, and nothing else is done with
 * it: the very bytes that were read are written back, by a value that comes
 * from the kernel alone; then all capabilities are gone, and the one program
 * that is executed is the monitor beside us.
 *
 * It links no code of ours, uses no heap, reads no environment and no
 * argument but "--check", and is installed only by `make install-session`.
 * With loginuid_immutable (auditctl --loginuid-immutable) the kernel refuses;
 * the monitor is executed all the same, in the session that it would have had,
 * and ranby, which compares, says so.
 *
 * In a user namespace the file capability is worth nothing, and the write
 * fails as it does without.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define UNSET "4294967295"
#define MONITOR "ranby-monitor"
#define VALUE_MAX 11 /* digits, and one too many */

enum outcome { MINTED = 0, FAILED = 125, FORBIDDEN = 3, NO_CAPABILITY = 4, NO_LOGIN = 5 };

/* 0 to 2 must be open: what is opened below must not become standard output. */
static bool guard_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < 3 && fcntl(fd, F_SETFD, 0) == 0);
	return fd >= 3 && close(fd) == 0;
}

static bool has_capability(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	return syscall(SYS_capget, &h, d) == 0 && (d[CAP_TO_INDEX(CAP_AUDIT_CONTROL)].effective & CAP_TO_MASK(CAP_AUDIT_CONTROL));
}

/* None is left in any set, and that is what the kernel says too. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {{0}, {0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || syscall(SYS_capset, &h, d) < 0)
		return false;
	memset(d, 0xff, sizeof(d));
	if (syscall(SYS_capget, &h, d) < 0)
		return false;
	for (int i = 0; i < 2; i++)
		if (d[i].effective || d[i].permitted || d[i].inheritable)
			return false;
	return true;
}

static bool is_number(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return len > 0 && len < VALUE_MAX;
}

/* Reads the kernel's value and writes the same bytes back. */
static enum outcome write_back(int fd)
{
	char value[VALUE_MAX];
	struct statfs fs;
	ssize_t n;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return FAILED;
	n = pread(fd, value, sizeof(value), 0);
	if (n <= 0 || !is_number(value, (size_t)n))
		return FAILED;
	if ((size_t)n == strlen(UNSET) && memcmp(value, UNSET, (size_t)n) == 0)
		return NO_LOGIN;
	if (pwrite(fd, value, (size_t)n, 0) == n)
		return MINTED;
	return errno == EPERM ? FORBIDDEN : FAILED;
}

static enum outcome mint(void)
{
	enum outcome o;
	int fd;

	if (!has_capability())
		return NO_CAPABILITY;
	/* with a file capability we are not dumpable, and files of ours in /proc are root's */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return FAILED;
	fd = open("/proc/self/loginuid", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	o = fd < 0 ? FAILED : write_back(fd);
	if (fd >= 0)
		close(fd);
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? FAILED : o;
}

/* The monitor in our own directory: a regular file of who owns us, that nobody else can write. */
static int open_monitor(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(MONITOR));
	struct stat ours, its;
	char *slash;
	int fd;

	if (n <= 0 || n >= (ssize_t)(sizeof(path) - sizeof(MONITOR)))
		return -1;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || stat("/proc/self/exe", &ours) < 0)
		return -1;
	memcpy(slash + 1, MONITOR, sizeof(MONITOR));
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &its) < 0 || !S_ISREG(its.st_mode) || its.st_uid != ours.st_uid || (its.st_mode & 022))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	enum outcome o;
	int fd;

	if (argc < 1 || !guard_stdio())
		return FAILED;
	o = mint();
	if (!drop_capabilities())
		return FAILED;
	if (argc == 2 && strcmp(argv[1], "--check") == 0)
		return (int)o;
	fd = open_monitor();
	if (fd >= 0)
		syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return FAILED;
}
