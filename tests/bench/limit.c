/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * limit - what the kernel asks for, and nothing else: the bare work of
 * `ranby run --rm --network=none IMAGE COMMAND`, as the mark to measure by.
 *
 *	limit LOWERDIR SCRATCH COMMAND [ARG...]
 *
 * It makes the keeper user namespace with newuidmap and newgidmap, in it the
 * container's namespaces with their maps written directly, an overlay of
 * LOWERDIR over a fresh upper directory below SCRATCH, proc, sys, cgroup, a
 * small /dev, the three files of /etc, the masked and read-only paths: the
 * mounts that a container of ranby has, which tests/bench/run compares. It
 * brings the loopback up, pivots, drops the capabilities that no container
 * gets, and executes. Then it waits and removes what it made. It checks
 * little, syncs nothing, keeps no state, reads no configuration, watches
 * nobody and applies no seccomp filter: no engine can be below it.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	_exit(125);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

/* The subordinate range of this user in /etc/subuid or subgid. */
static void range_of(const char *file, const char *user, char first[16], char count[16])
{
	char line[256], name[64];
	FILE *f = fopen(file, "re");

	check(f != NULL, file);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]:%15[0-9]:%15[0-9]", name, first, count) == 3 && strcmp(name, user) == 0) {
			fclose(f);
			return;
		}
	}
	check(0, "no subordinate ids");
}

static pid_t map_by_helper(const char *helper, const char *pid, unsigned id, const char *first, const char *count)
{
	char own[16];
	pid_t child;

	snprintf(own, sizeof(own), "%u", id);
	child = vfork();
	if (child == 0) {
		execl(helper, helper, pid, "0", own, "1", "1", first, count, NULL);
		_exit(127);
	}
	check(child > 0, "vfork");
	return child;
}

static void wait_ok(pid_t pid, const char *what)
{
	int status;

	check(waitpid(pid, &status, 0) == pid && status == 0, what);
}

static void attach(const char *type, const char *target, unsigned long flags, const char *data)
{
	check(mount(type, target, type, flags, data) == 0, target);
}

static void bind_dev(const char *name)
{
	char host[64], here[64];

	snprintf(host, sizeof(host), "/dev/%s", name);
	snprintf(here, sizeof(here), "dev/%s", name);
	close(open(here, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	check(mount(host, here, NULL, MS_BIND, NULL) == 0, here);
}

static const char *const etc_files[] = {"hosts", "hostname", "resolv.conf"};

static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_EXCL | O_CLOEXEC, 0644);

	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

static void bind_etc(const char *scratch)
{
	char ours[1040], here[32];

	for (size_t i = 0; i < 3; i++) {
		snprintf(ours, sizeof(ours), "%s/%s", scratch, etc_files[i]);
		snprintf(here, sizeof(here), "etc/%s", etc_files[i]);
		close(open(here, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
		check(mount(ours, here, NULL, MS_BIND, NULL) == 0, here);
		check(mount(NULL, here, NULL, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0, here);
	}
}

static void loopback_up(void)
{
	struct ifreq r = {.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(r.ifr_name, "lo", 3);
	check(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0, "lo");
	close(fd);
}

static void populate(const char *scratch)
{
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const char *const masked[] = {"proc/acpi", "proc/kcore", "proc/keys", "proc/latency_stats",
					     "proc/timer_list", "proc/scsi", "sys/firmware",
					     "sys/devices/virtual/powercap"};
	static const char *const read_only[] = {"proc/asound", "proc/bus", "proc/fs", "proc/irq", "proc/sys",
						"proc/sysrq-trigger"};
	struct stat st;

	attach("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	attach("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	check(mkdir("dev/pts", 0755) == 0 && mkdir("dev/shm", 01777) == 0 && mkdir("dev/mqueue", 0755) == 0, "dev");
	attach("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
	attach("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k");
	attach("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	attach("sysfs", "sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
	bind_etc(scratch);
	attach("cgroup2", "sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		bind_dev(devices[i]);
	check(symlink("pts/ptmx", "dev/ptmx") == 0 && symlink("/proc/self/fd", "dev/fd") == 0, "symlink");
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		if (stat(masked[i], &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			attach("tmpfs", masked[i], MS_RDONLY, "size=0k");
		else
			check(mount("/dev/null", masked[i], NULL, MS_BIND, NULL) == 0, masked[i]);
	}
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
		if (mount(read_only[i], read_only[i], NULL, MS_BIND, NULL) < 0)
			continue;
		check(mount(NULL, read_only[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			    NULL) == 0, read_only[i]);
	}
}

/* Inside the container's namespaces, once the maps are there. */
static void init(const char *lower, const char *scratch, char **command)
{
	char merged[1040], data[8192];

	check(setgid(0) == 0 && setuid(0) == 0, "setuid");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
	snprintf(merged, sizeof(merged), "%s/merged", scratch);
	snprintf(data, sizeof(data), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work,userxattr,volatile", lower, scratch, scratch);
	attach("overlay", merged, 0, data);
	check(chdir(merged) == 0, merged);
	loopback_up();
	populate(scratch);
	check(sethostname("limit", 5) == 0, "sethostname");
	check(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
	check(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "umount");
	for (int cap = 0; cap < 41; cap++) {
		if (!(0x800405fbULL >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
	execvp(command[0], command);
	check(0, command[0]);
}

/* In the keeper, root there: the container's init, its maps, its end. */
static void keep(const char *lower, const char *scratch, char **command, const char *count_uid, const char *count_gid)
{
	char path[64], map[64];
	int go[2], status;
	pid_t pid;

	check(pipe2(go, O_CLOEXEC) == 0, "pipe");
	pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			     CLONE_NEWNET | CLONE_NEWCGROUP, 0, 0, 0, 0);
	check(pid >= 0, "clone");
	if (pid == 0) {
		char byte;

		close(go[1]);
		if (read(go[0], &byte, 1) == 1)
			init(lower, scratch, command);
		_exit(125);
	}
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(map, sizeof(map), "0 0 1\n1 1 %s\n", count_uid);
	put(path, map);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	snprintf(map, sizeof(map), "0 0 1\n1 1 %s\n", count_gid);
	put(path, map);
	check(write(go[1], "", 1) == 1, "go");
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	/* all that there is after `true`; the overlay's work directory is root's of the keeper, and closed */
	static const char *const files[] = {"hosts", "hostname", "resolv.conf", "upper/etc/hosts", "upper/etc/hostname",
					    "upper/etc/resolv.conf", "work/work/incompat/volatile/dirty"};
	static const char *const made[] = {"work/work/incompat/volatile", "work/work/incompat", "work/work", "work",
					   "upper/proc", "upper/sys", "upper/dev", "upper/etc", "upper", "merged"};
	check(chdir(scratch) == 0, scratch);
	chmod("work/work", 0700);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		rmdir(made[i]);
	check(chdir("/") == 0 && rmdir(scratch) == 0, "remove");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	char first[2][16], count[2][16], pid_text[16], scratch[1024], dir[1040], byte;
	static const char *const dirs[] = {"upper", "work", "merged"};
	int ready[2], go[2], status;
	const char *user = getenv("USER");
	pid_t keeper, helper[2];

	if (argc < 4 || !user)
		return 2;
	range_of("/etc/subuid", user, first[0], count[0]);
	range_of("/etc/subgid", user, first[1], count[1]);
	snprintf(scratch, sizeof(scratch), "%s/limit.%d", argv[2], getpid());
	check(mkdir(scratch, 0755) == 0, scratch);
	for (size_t i = 0; i < 3; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", scratch, dirs[i]);
		check(mkdir(dir, 0755) == 0, dir);
	}
	for (size_t i = 0; i < 3; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", scratch, etc_files[i]);
		make_file(dir, "127.0.0.1 localhost\n");
	}
	check(pipe2(ready, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0, "pipe");
	keeper = fork();
	check(keeper >= 0, "fork");
	if (keeper == 0) {
		check(unshare(CLONE_NEWUSER) == 0, "unshare");
		check(write(ready[1], "", 1) == 1 && read(go[0], &byte, 1) == 1, "ready");
		check(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0, "setresuid");
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		keep(argv[1], scratch, argv + 3, count[0], count[1]);
	}
	check(read(ready[0], &byte, 1) == 1, "keeper");
	snprintf(pid_text, sizeof(pid_text), "%d", keeper);
	helper[0] = map_by_helper("/usr/bin/newuidmap", pid_text, getuid(), first[0], count[0]);
	helper[1] = map_by_helper("/usr/bin/newgidmap", pid_text, getgid(), first[1], count[1]);
	wait_ok(helper[0], "newuidmap");
	wait_ok(helper[1], "newgidmap");
	check(write(go[1], "", 1) == 1, "go");
	check(waitpid(keeper, &status, 0) == keeper, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
