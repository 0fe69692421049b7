/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Numbers of record types are those of linux/audit.h and of libaudit's
 * audit-records.h; of system calls those of each architecture's table. They are
 * written here because a log is read elsewhere than where it was made: a newer kernel's
 * types on an older system, another architecture's numbers.
 *
 * Flags of clone() are looked at only where they are in a register for sure: the first one
 * on these architectures. clone3() has them behind a pointer, and audit cannot see them.
 */
#include "audit/log_type.h"

#include "base/mem.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>

#define NS_FLAGS (0x7e020000U) /* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
#define THREAD_FLAG 0x10000U

static const struct {
	const char *name;
	uint16_t type;
	enum log_role role;
} types[] = {
	{"LOGIN", 1006, LOG_ROLE_LOGIN},
	{"USER_AUTH", 1100, LOG_ROLE_USER},
	{"USER_ACCT", 1101, LOG_ROLE_USER},
	{"USER_MGMT", 1102, LOG_ROLE_USER},
	{"CRED_ACQ", 1103, LOG_ROLE_USER},
	{"CRED_DISP", 1104, LOG_ROLE_USER},
	{"USER_START", 1105, LOG_ROLE_USER},
	{"USER_END", 1106, LOG_ROLE_USER},
	{"USER_AVC", 1107, LOG_ROLE_USER},
	{"USER_CHAUTHTOK", 1108, LOG_ROLE_USER},
	{"USER_ERR", 1109, LOG_ROLE_USER},
	{"CRED_REFR", 1110, LOG_ROLE_USER},
	{"USYS_CONFIG", 1111, LOG_ROLE_USER},
	{"USER_LOGIN", 1112, LOG_ROLE_USER},
	{"USER_LOGOUT", 1113, LOG_ROLE_USER},
	{"ADD_USER", 1114, LOG_ROLE_USER},
	{"DEL_USER", 1115, LOG_ROLE_USER},
	{"ADD_GROUP", 1116, LOG_ROLE_USER},
	{"DEL_GROUP", 1117, LOG_ROLE_USER},
	{"CHGRP_ID", 1119, LOG_ROLE_USER},
	{"TEST", 1120, LOG_ROLE_USER},
	{"TRUSTED_APP", 1121, LOG_ROLE_USER},
	{"USER_SELINUX_ERR", 1122, LOG_ROLE_USER},
	{"USER_CMD", 1123, LOG_ROLE_USER},
	{"USER_TTY", 1124, LOG_ROLE_USER},
	{"CHUSER_ID", 1125, LOG_ROLE_USER},
	{"GRP_AUTH", 1126, LOG_ROLE_USER},
	{"SYSTEM_BOOT", 1127, LOG_ROLE_USER},
	{"SYSTEM_SHUTDOWN", 1128, LOG_ROLE_USER},
	{"SYSTEM_RUNLEVEL", 1129, LOG_ROLE_USER},
	{"SERVICE_START", 1130, LOG_ROLE_USER},
	{"SERVICE_STOP", 1131, LOG_ROLE_USER},
	{"DAEMON_START", 1200, LOG_ROLE_DAEMON},
	{"DAEMON_END", 1201, LOG_ROLE_DAEMON},
	{"DAEMON_ABORT", 1202, LOG_ROLE_DAEMON},
	{"DAEMON_CONFIG", 1203, LOG_ROLE_DAEMON},
	{"DAEMON_RECONFIG", 1204, LOG_ROLE_DAEMON},
	{"DAEMON_ROTATE", 1205, LOG_ROLE_DAEMON},
	{"DAEMON_RESUME", 1206, LOG_ROLE_DAEMON},
	{"DAEMON_ACCEPT", 1207, LOG_ROLE_DAEMON},
	{"DAEMON_CLOSE", 1208, LOG_ROLE_DAEMON},
	{"DAEMON_ERR", 1209, LOG_ROLE_DAEMON},
	{"SYSCALL", 1300, LOG_ROLE_SYSCALL},
	{"PATH", 1302, LOG_ROLE_PART},
	{"IPC", 1303, LOG_ROLE_PART},
	{"SOCKETCALL", 1304, LOG_ROLE_PART},
	{"CONFIG_CHANGE", 1305, LOG_ROLE_RULES},
	{"SOCKADDR", 1306, LOG_ROLE_PART},
	{"CWD", 1307, LOG_ROLE_PART},
	{"EXECVE", 1309, LOG_ROLE_PART},
	{"IPC_SET_PERM", 1311, LOG_ROLE_PART},
	{"MQ_OPEN", 1312, LOG_ROLE_PART},
	{"MQ_SENDRECV", 1313, LOG_ROLE_PART},
	{"MQ_NOTIFY", 1314, LOG_ROLE_PART},
	{"MQ_GETSETATTR", 1315, LOG_ROLE_PART},
	{"FD_PAIR", 1317, LOG_ROLE_PART},
	{"OBJ_PID", 1318, LOG_ROLE_PART},
	{"TTY", 1319, LOG_ROLE_OTHER},
	{"EOE", 1320, LOG_ROLE_END},
	{"BPRM_FCAPS", 1321, LOG_ROLE_PART},
	{"CAPSET", 1322, LOG_ROLE_PART},
	{"MMAP", 1323, LOG_ROLE_PART},
	{"NETFILTER_PKT", 1324, LOG_ROLE_OTHER},
	{"NETFILTER_CFG", 1325, LOG_ROLE_OTHER},
	{"SECCOMP", 1326, LOG_ROLE_OTHER},
	{"PROCTITLE", 1327, LOG_ROLE_LAST},
	{"FEATURE_CHANGE", 1328, LOG_ROLE_OTHER},
	{"KERN_MODULE", 1330, LOG_ROLE_PART},
	{"FANOTIFY", 1331, LOG_ROLE_OTHER},
	{"EVENT_LISTENER", 1335, LOG_ROLE_OTHER},
	{"URINGOP", 1336, LOG_ROLE_URING},
	{"OPENAT2", 1337, LOG_ROLE_PART},
	{"AVC", 1400, LOG_ROLE_OTHER},
	{"LANDLOCK_ACCESS", 1423, LOG_ROLE_OTHER},
	{"LANDLOCK_DOMAIN", 1424, LOG_ROLE_OTHER},
	{"ANOM_PROMISCUOUS", 1700, LOG_ROLE_OTHER},
	{"ANOM_ABEND", 1701, LOG_ROLE_OTHER},
	{"KERNEL", 2000, LOG_ROLE_KERNEL},
	{"VIRT_CONTROL", 2500, LOG_ROLE_VIRT},
	{"VIRT_RESOURCE", 2501, LOG_ROLE_VIRT},
	{"VIRT_MACHINE_ID", 2502, LOG_ROLE_VIRT},
	{"VIRT_INTEGRITY_CHECK", 2503, LOG_ROLE_VIRT},
	{"VIRT_CREATE", 2504, LOG_ROLE_VIRT},
	{"VIRT_DESTROY", 2505, LOG_ROLE_VIRT},
	{"VIRT_MIGRATE_IN", 2506, LOG_ROLE_VIRT},
	{"VIRT_MIGRATE_OUT", 2507, LOG_ROLE_VIRT},
};

/* "UNKNOWN[1423]": the number. */
static uint16_t unknown_number(const char *name, size_t len)
{
	static const char prefix[] = "UNKNOWN[";
	unsigned v = 0;

	if (len < sizeof(prefix) + 1 || memcmp(name, prefix, sizeof(prefix) - 1) != 0 || name[len - 1] != ']')
		return 0;
	for (size_t i = sizeof(prefix) - 1; i < len - 1; i++) {
		if (name[i] < '0' || name[i] > '9' || v > 6000)
			return 0;
		v = v * 10 + (unsigned)(name[i] - '0');
	}
	return (uint16_t)v;
}

uint16_t log_type_parse(const char *name, size_t len, enum log_role *ret_role)
{
	uint16_t unknown = unknown_number(name, len);

	*ret_role = LOG_ROLE_OTHER;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type != unknown && (strlen(types[i].name) != len || memcmp(types[i].name, name, len) != 0))
			continue;
		*ret_role = types[i].role;
		return types[i].type;
	}
	return unknown;
}

const char *log_type_name(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

enum { X86_64 = 0xc000003e, I386 = 0x40000003, AARCH64 = 0xc00000b7, X32_BIT = 0x40000000 };

static const struct {
	enum log_call call;
	int x86_64, x32, i386, aarch64; /* -1: not there */
} calls[] = {
	{LOG_CALL_EXEC, 59, 520, 11, 221},
	{LOG_CALL_EXEC, 322, 545, 358, 281},
	{LOG_CALL_FORK, 56, 56, 120, 220},
	{LOG_CALL_FORK, 57, 57, 2, -1},
	{LOG_CALL_FORK, 58, 58, 190, -1},
	{LOG_CALL_CLONE3, 435, 435, 435, 435},
	{LOG_CALL_UNSHARE, 272, 272, 310, 97},
	{LOG_CALL_SETNS, 308, 308, 346, 268},
	{LOG_CALL_MOUNT, 165, 165, 21, 40},
	{LOG_CALL_MOUNT, 155, 155, 217, 41},
	{LOG_CALL_MOUNT, 429, 429, 429, 429},
	{LOG_CALL_MOUNT, 432, 432, 432, 432},
	{LOG_CALL_EXIT, 231, 231, 252, 94},
	{LOG_CALL_KILL, 62, 62, 37, 129},
	{LOG_CALL_KILL, 200, 200, 238, 130},
	{LOG_CALL_KILL, 234, 234, 270, 131},
	{LOG_CALL_KILL, 424, 424, 424, 424},
	{LOG_CALL_OPEN, 2, 2, 5, -1},
	{LOG_CALL_OPEN, 85, 85, 8, -1},
	{LOG_CALL_OPEN, 257, 257, 295, 56},
	{LOG_CALL_OPEN, 437, 437, 437, 437},
	{LOG_CALL_PRIVILEGED, 161, 161, 61, 51},
	{LOG_CALL_PRIVILEGED, 166, 166, 52, 39},
	{LOG_CALL_PRIVILEGED, 170, 170, 74, 161},
	{LOG_CALL_PRIVILEGED, 171, 171, 121, 162},
};

enum log_call log_call_of(uint32_t arch, uint32_t nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int there = -1;

		if (arch == X86_64)
			there = nr & X32_BIT ? calls[i].x32 : calls[i].x86_64;
		else if (arch == I386)
			there = calls[i].i386;
		else if (arch == AARCH64)
			there = calls[i].aarch64;
		if (there >= 0 && (uint32_t)there == (arch == X86_64 ? nr & ~(uint32_t)X32_BIT : nr))
			return calls[i].call;
	}
	return LOG_CALL_OTHER;
}

/* clone(2), whose first argument is its flags, and not fork(2) or vfork(2), which have none. */
static bool is_clone(uint32_t arch, uint32_t nr)
{
	return arch == X86_64 ? (nr & ~(uint32_t)X32_BIT) == 56 : nr == (arch == I386 ? 120U : 220U);
}

uint32_t log_call_namespaces(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4])
{
	switch (call) {
	case LOG_CALL_FORK:
		return is_clone(arch, nr) ? (uint32_t)args[0] & NS_FLAGS : 0;
	case LOG_CALL_UNSHARE:
		return (uint32_t)args[0] & (NS_FLAGS | CLONE_NEWTIME);
	case LOG_CALL_SETNS:
		return (uint32_t)args[1] & (NS_FLAGS | CLONE_NEWTIME);
	default:
		return 0;
	}
}

bool log_call_thread(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4])
{
	return call == LOG_CALL_FORK && is_clone(arch, nr) && (args[0] & THREAD_FLAG) != 0;
}

bool log_call_writes(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4])
{
	bool i386 = arch == I386;

	if (arch == X86_64)
		nr &= ~(uint32_t)X32_BIT;
	if (call != LOG_CALL_OPEN)
		return false;
	if (nr == 437 || (arch != AARCH64 && nr == (i386 ? 8U : 85U)))
		return true;
	return (args[arch != AARCH64 && nr == (i386 ? 5U : 2U) ? 1 : 2] & O_ACCMODE) != O_RDONLY;
}

uint32_t log_call_signal(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4])
{
	uint32_t tgkill = arch == X86_64 ? 234 : arch == I386 ? 270 : 131;

	if (call != LOG_CALL_KILL)
		return 0;
	return (uint32_t)args[(arch == X86_64 ? nr & ~(uint32_t)X32_BIT : nr) == tgkill ? 2 : 1];
}
