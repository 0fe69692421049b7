/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The default is podman's, three less than docker's: AUDIT_WRITE, MKNOD and
 * NET_RAW are left out. The table is the kernel's list of capabilities in its
 * order (include/uapi/linux/capability.h); the engine needs names only, so it
 * does not load libcap-ng for them at each start.
 */
#include "engine/capset.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	bool is_default;
} caps[] = {
	{"CAP_CHOWN", true},          {"CAP_DAC_OVERRIDE", true},  {"CAP_DAC_READ_SEARCH", false},
	{"CAP_FOWNER", true},         {"CAP_FSETID", true},        {"CAP_KILL", true},
	{"CAP_SETGID", true},         {"CAP_SETUID", true},        {"CAP_SETPCAP", true},
	{"CAP_LINUX_IMMUTABLE", false}, {"CAP_NET_BIND_SERVICE", true}, {"CAP_NET_BROADCAST", false},
	{"CAP_NET_ADMIN", false},     {"CAP_NET_RAW", false},      {"CAP_IPC_LOCK", false},
	{"CAP_IPC_OWNER", false},     {"CAP_SYS_MODULE", false},   {"CAP_SYS_RAWIO", false},
	{"CAP_SYS_CHROOT", true},     {"CAP_SYS_PTRACE", false},   {"CAP_SYS_PACCT", false},
	{"CAP_SYS_ADMIN", false},     {"CAP_SYS_BOOT", false},     {"CAP_SYS_NICE", false},
	{"CAP_SYS_RESOURCE", false},  {"CAP_SYS_TIME", false},     {"CAP_SYS_TTY_CONFIG", false},
	{"CAP_MKNOD", false},         {"CAP_LEASE", false},        {"CAP_AUDIT_WRITE", false},
	{"CAP_AUDIT_CONTROL", false}, {"CAP_SETFCAP", true},       {"CAP_MAC_OVERRIDE", false},
	{"CAP_MAC_ADMIN", false},     {"CAP_SYSLOG", false},       {"CAP_WAKE_ALARM", false},
	{"CAP_BLOCK_SUSPEND", false}, {"CAP_AUDIT_READ", false},   {"CAP_PERFMON", false},
	{"CAP_BPF", false},           {"CAP_CHECKPOINT_RESTORE", false},
};

#define ALL ((UINT64_C(1) << ARRAY_SIZE(caps)) - 1)

static uint64_t mask_of(const char *name)
{
	if (strcasecmp(name, "ALL") == 0)
		return ALL;
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if (strcasecmp(caps[i].name + 4, name) == 0)
			return UINT64_C(1) << i;
	return 0;
}

bool capset_is_name(const char *name)
{
	uint64_t m = mask_of(name);

	return m != 0 && m != ALL;
}

/* The named ones, and whether ALL was among them. */
static int read_list(const char *option, const struct strv *list, uint64_t *ret_mask, bool *ret_all, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		uint64_t m = mask_of(list->items[i]);

		if (m == 0)
			return err_set(e, EINVAL, "--%s %s: no such capability", option, list->items[i]);
		if (m == ALL)
			*ret_all = true;
		else
			*ret_mask |= m;
	}
	return 0;
}

int capset_resolve(const struct strv *usual, const struct strv *add, const struct strv *drop, bool all, struct strv *ret, struct err *e)
{
	uint64_t added = 0, dropped = 0, mask = 0;
	bool add_all = false, drop_all = false;
	int r;

	r = read_list("cap-add", add, &added, &add_all, e);
	if (r == 0)
		r = read_list("cap-drop", drop, &dropped, &drop_all, e);
	if (r < 0)
		return r;
	if ((added & dropped) || (add_all && drop_all))
		return err_set(e, EINVAL, "--cap-add and --cap-drop name the same capability");
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if (caps[i].is_default)
			mask |= UINT64_C(1) << i;
	if (usual && usual->n > 0) {
		bool every = false;

		mask = 0;
		r = read_list("default_capabilities", usual, &mask, &every, e);
		if (r < 0)
			return r;
		mask = every ? ALL : mask;
	}
	if (all || add_all)
		mask = ALL;
	if (drop_all)
		mask = 0;
	mask = (mask & ~dropped) | added;
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if ((mask & UINT64_C(1) << i) && strv_add(ret, caps[i].name) < 0)
			return err_errno(e, ENOMEM, "capabilities");
	return 0;
}
