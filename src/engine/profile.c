/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * --security-opt, --cap-*, --sysctl and --ulimit, each checked here, where the
 * user's words are still at hand for the error; the runtime checks again what
 * it is handed.
 *
 * --privileged, rootless: all capabilities in the container's own user
 * namespace, no seccomp filter, nothing masked or read-only. It gives nothing
 * that the user does not have on the host, and no devices.
 */
#include "engine/profile.h"

#include "base/parse.h"
#include "engine/capset.h"
#include "sys/caps.h"
#include "sys/lsm.h"
#include "sys/lsm_apparmor.h"
#include "sys/userns.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

/* podman-run(1), "Default masked paths". */
static const char *const masked_default[] = {
	"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list", "/proc/timer_stats", "/sys/firmware", SELINUXFS, "/sys/devices/virtual/powercap",
};
static const char *const readonly_default[] = {
	"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

void profile_done(struct profile *p)
{
	strv_done(&p->caps);
	strv_done(&p->landlock);
	strv_done(&p->masked);
	strv_done(&p->readonly);
	strv_done(&p->proc_options);
	strv_done(&p->sysctls);
}

/* ---- paths ---- */

static int set_paths(struct strv *v, const char *const *paths, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = strv_add(v, paths[i]);
	return r;
}

/* Absolute, and nothing in it that would name another place than it says. */
static bool is_clean_path(const char *s)
{
	return s[0] == '/' && s[1] && !strstr(s, "//") && !strstr(s, "/../") && !strstr(s, "/./") &&
	       (strlen(s) < 3 || strcmp(s + strlen(s) - 3, "/..") != 0);
}

static void remove_path(struct strv *v, const char *path)
{
	ptrdiff_t i = strv_find(v, path);

	if (i < 0)
		return;
	free(v->items[i]);
	memmove(&v->items[i], &v->items[i + 1], (v->n - (size_t)i) * sizeof(*v->items));
	v->n--;
}

static int mask_paths(struct profile *p, const char *list, bool mask, struct err *e)
{
	_cleanup_free_ char *copy = strdup(list);
	char *save = NULL;

	if (!copy)
		return err_errno(e, ENOMEM, "mask");
	if (!mask && strcasecmp(list, "all") == 0) {
		strv_done(&p->masked);
		strv_done(&p->readonly);
		return 0;
	}
	if (!*copy)
		return err_set(e, EINVAL, "no paths");
	for (char *path = strtok_r(copy, ":", &save); path; path = strtok_r(NULL, ":", &save)) {
		if (!is_clean_path(path))
			return err_set(e, EINVAL, "%s: not an absolute path", path);
		if (strpbrk(path, "*?["))
			return err_set(e, ENOTSUP, "%s: patterns are not supported", path);
		remove_path(&p->masked, path);
		if (!mask)
			remove_path(&p->readonly, path);
		else if (strv_add(&p->masked, path) < 0)
			return err_errno(e, ENOMEM, "mask");
	}
	return 0;
}

/* ---- --security-opt ---- */

static int opt_no_new_privs(struct profile *p, const char *value, struct err *e)
{
	p->no_new_privs = true;
	if (value && parse_bool(value, &p->no_new_privs) < 0)
		return err_set(e, EINVAL, "neither true nor false");
	return 0;
}

static int opt_seccomp(struct profile *p, const char *value, struct err *e)
{
	if (!*value)
		return err_set(e, EINVAL, "neither a file nor unconfined");
	p->seccomp_unconfined = strcmp(value, "unconfined") == 0;
	p->seccomp_file = p->seccomp_unconfined || strcmp(value, "builtin") == 0 ? NULL : value;
	return 0;
}

static int opt_seccomp_log(struct profile *p, const char *value, struct err *e)
{
	p->seccomp_log = true;
	if (value && parse_bool(value, &p->seccomp_log) < 0)
		return err_set(e, EINVAL, "neither true nor false");
	return 0;
}

/* Each is a domain of its own, inside the ones before. */
static int opt_landlock(struct profile *p, const char *value, struct err *e)
{
	if (!*value)
		return err_set(e, EINVAL, "neither a profile nor unconfined");
	if (strcmp(value, "unconfined") == 0) {
		strv_done(&p->landlock);
		return 0;
	}
	return strv_add(&p->landlock, value) < 0 ? err_errno(e, ENOMEM, "landlock") : 0;
}

static int opt_apparmor(struct profile *p, const char *value, struct err *e)
{
	if (!*value)
		return err_set(e, EINVAL, "neither a profile nor unconfined");
	p->apparmor = value;
	return 0;
}

static int opt_label(struct profile *p, const char *value, struct err *e)
{
	int r = label_wish(&p->label, value, e);

	if (r == 0 && p->label.nested)
		remove_path(&p->masked, SELINUXFS);
	return r;
}

static int opt_mask(struct profile *p, const char *value, struct err *e)
{
	return mask_paths(p, value, true, e);
}

static int opt_unmask(struct profile *p, const char *value, struct err *e)
{
	return mask_paths(p, value, false, e);
}

static int opt_systempaths(struct profile *p, const char *value, struct err *e)
{
	if (strcmp(value, "unconfined") != 0)
		return err_set(e, EINVAL, "only unconfined is possible");
	return mask_paths(p, "ALL", false, e);
}

static int opt_proc(struct profile *p, const char *value, struct err *e)
{
	static const char *const allowed[] = {
		"hidepid=0", "hidepid=1", "hidepid=2", "hidepid=off", "hidepid=noaccess", "hidepid=invisible",
		"hidepid=ptraceable", "subset=pid", "nosuid", "nodev", "noexec", "ro",
	};
	_cleanup_free_ char *copy = strdup(value);
	char *save = NULL;

	if (!copy)
		return err_errno(e, ENOMEM, "proc-opts");
	for (char *o = strtok_r(copy, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
			known |= strcmp(allowed[i], o) == 0;
		if (!known)
			return err_set(e, EINVAL, "%s: not an option of /proc that can be set", o);
		if (strv_add(&p->proc_options, o) < 0)
			return err_errno(e, ENOMEM, "proc-opts");
	}
	return 0;
}

static const struct {
	const char *key;
	bool needs_value;
	int (*apply)(struct profile *p, const char *value, struct err *e);
} security_opts[] = {
	{"no-new-privileges", false, opt_no_new_privs},
	{"seccomp", true, opt_seccomp},
	{"seccomp-log", false, opt_seccomp_log},
	{"landlock", true, opt_landlock},
	{"apparmor", true, opt_apparmor},
	{"label", true, opt_label},
	{"mask", true, opt_mask},
	{"unmask", true, opt_unmask},
	{"systempaths", true, opt_systempaths},
	{"proc-opts", true, opt_proc},
};

const char *profile_security_opt(size_t i, bool *ret_needs_value)
{
	if (i >= ARRAY_SIZE(security_opts))
		return NULL;
	*ret_needs_value = security_opts[i].needs_value;
	return security_opts[i].key;
}

static int security_opt(struct profile *p, const char *text, struct err *e)
{
	/* docker once wrote "seccomp:unconfined", and still takes it */
	size_t len = strcspn(text, "=:");
	const char *value = text[len] ? text + len + 1 : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(security_opts); i++) {
		int r;

		if (strlen(security_opts[i].key) != len || strncmp(security_opts[i].key, text, len) != 0)
			continue;
		if (!value && security_opts[i].needs_value)
			return err_set(e, EINVAL, "--security-opt %s: needs a value", text);
		r = security_opts[i].apply(p, value, e);
		return r < 0 ? err_wrap(e, r, "--security-opt %s", text) : 0;
	}
	return err_set(e, EINVAL, "--security-opt %s: unknown", text);
}

/* ---- --sysctl ---- */

static bool in_namespace(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]);

		if (list[i][len - 1] == '.' ? strncmp(name, list[i], len) == 0 && name[len] : strcmp(name, list[i]) == 0)
			return true;
	}
	return false;
}

static bool is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

/* A bridge network has a colon too, before its address. */
static bool is_joined(const char *mode)
{
	return mode && (strncmp(mode, "container:", 10) == 0 || strncmp(mode, "ns:", 3) == 0);
}

/* CVE-2022-0811: a '+', a '=' or a newline made one value set two. */
static bool is_sysctl(const char *name, const char *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!*name || strspn(name, letters) != strlen(name) || strstr(name, ".."))
		return false;
	for (; *value; value++)
		if (((unsigned char)*value < 0x20 && *value != '\t') || (unsigned char)*value >= 0x7f || *value == '+' || *value == '=')
			return false;
	return true;
}

/* Sets of sysctls and the namespace that holds them. */
static int check_namespace(const struct container_options *o, const char *name, struct err *e)
{
	static const char *const ipc[] = {"fs.mqueue.", "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
					  "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
	static const char *const net[] = {"net."};
	static const char *const uts[] = {"kernel.domainname"};
	const struct {
		const char *what;
		const char *const *names;
		size_t n;
		const char *mode;
	} sets[] = {
		{"network", net, ARRAY_SIZE(net), o->network.n > 0 ? o->network.items[o->network.n - 1] : NULL},
		{"IPC", ipc, ARRAY_SIZE(ipc), o->ipc},
		{"UTS", uts, ARRAY_SIZE(uts), o->uts},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (!in_namespace(name, sets[i].names, sets[i].n))
			continue;
		if (is_joined(sets[i].mode))
			return err_set(e, EPERM, "the container shares another's %s namespace", sets[i].what);
		return is_host(sets[i].mode)
			       ? err_set(e, EPERM, "the container shares the host's %s namespace", sets[i].what)
			       : 0;
	}
	return err_set(e, EPERM, "belongs to no namespace of the container, it would change the host");
}

static int add_sysctl(const struct container_options *o, struct profile *p, const char *text, struct err *e)
{
	_cleanup_free_ char *name = strndup(text, strcspn(text, "="));
	const char *value = strchr(text, '=');
	int r;

	if (!name)
		return err_errno(e, ENOMEM, "--sysctl");
	if (!value || !is_sysctl(name, value + 1))
		return err_set(e, EINVAL, "--sysctl %s: not NAME=VALUE as a sysctl has them", name);
	r = check_namespace(o, name, e);
	if (r < 0)
		return err_wrap(e, r, "--sysctl %s", name);
	return strv_add(&p->sysctls, text) < 0 ? err_errno(e, ENOMEM, "--sysctl") : 0;
}

/* ---- --ulimit ---- */

struct limit_name {
	const char *name, *type;
	int resource;
};

#define LIMIT(name, type) {name, "RLIMIT_" #type, RLIMIT_##type}
static const struct limit_name limit_names[] = {
	LIMIT("as", AS),           LIMIT("core", CORE),         LIMIT("cpu", CPU),       LIMIT("data", DATA),
	LIMIT("fsize", FSIZE),     LIMIT("locks", LOCKS),       LIMIT("memlock", MEMLOCK), LIMIT("msgqueue", MSGQUEUE),
	LIMIT("nice", NICE),       LIMIT("nofile", NOFILE),     LIMIT("nproc", NPROC),   LIMIT("rss", RSS),
	LIMIT("rtprio", RTPRIO),   LIMIT("rttime", RTTIME),     LIMIT("sigpending", SIGPENDING),
	LIMIT("stack", STACK),
};
#undef LIMIT

static const struct limit_name *find_limit(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(limit_names); i++)
		if (strlen(limit_names[i].name) == len && strncmp(limit_names[i].name, name, len) == 0)
			return &limit_names[i];
	return NULL;
}

/* setrlimit(2): the kernel asks for it in the host's own user namespace. */
static bool may_raise_limits(void)
{
	bool initial = false;
	struct caps c;

	return userns_is_initial(&initial) == 0 && initial && caps_get(&c) == 0 && (c.effective & 1ULL << CAP_SYS_RESOURCE);
}

/* The most that may be set: our own hard limit, or none; how many files may be open has an end for root too (fs.nr_open), so that one stays. */
static int most_of(int resource, uint64_t *ret)
{
	struct rlimit own;

	if (getrlimit((__rlimit_resource_t)resource, &own) < 0)
		return -errno;
	*ret = resource != RLIMIT_NOFILE && may_raise_limits() ? UINT64_MAX : own.rlim_max;
	return 0;
}

/* -1 is the most that there is for who runs it, as podman has it. */
static int limit_value(const char *s, size_t len, uint64_t most, uint64_t *ret)
{
	char copy[24];

	if (len == 0 || len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, s, len);
	copy[len] = '\0';
	if (strcmp(copy, "-1") == 0 || strcmp(copy, "unlimited") == 0) {
		*ret = most;
		return 0;
	}
	return parse_u64(copy, 0, UINT64_MAX - 1, ret);
}

static int parse_limit(const char *text, uint64_t most, struct profile_rlimit *l, struct err *e)
{
	const char *value = strchr(text, '=') + 1, *colon = strchr(value, ':');

	if (limit_value(value, colon ? (size_t)(colon - value) : strlen(value), most, &l->soft) < 0)
		return err_set(e, EINVAL, "--ulimit %s: the soft limit is not a number", text);
	l->hard = l->soft;
	if (colon && limit_value(colon + 1, strlen(colon + 1), most, &l->hard) < 0)
		return err_set(e, EINVAL, "--ulimit %s: the hard limit is not a number", text);
	if (l->soft > l->hard)
		return err_set(e, EINVAL, "--ulimit %s: the soft limit is over the hard one", text);
	if (l->hard > most && !may_raise_limits())
		return err_set(e, EPERM, "--ulimit %s: above the hard limit of whoever runs it, %llu", text, (unsigned long long)most);
	return 0;
}

static int add_ulimit(struct profile *p, const char *text, struct err *e)
{
	const struct limit_name *name = find_limit(text, strcspn(text, "="));
	struct profile_rlimit l = {0};
	uint64_t most;
	int r;

	/* what none is set for is inherited */
	if (strcmp(text, "host") == 0) {
		p->n_rlimits = 0;
		return 0;
	}
	if (!name || !strchr(text, '='))
		return err_set(e, EINVAL, "--ulimit %s: neither NAME=SOFT[:HARD] of a known limit nor host", text);
	r = most_of(name->resource, &most);
	if (r < 0)
		return err_errno(e, -r, "--ulimit %s", text);
	l.type = name->type;
	r = parse_limit(text, most, &l, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < p->n_rlimits; i++)
		if (p->rlimits[i].type == l.type) {
			p->rlimits[i] = l;
			return 0;
		}
	p->rlimits[p->n_rlimits++] = l;
	return 0;
}

/* ---- AppArmor ---- */

int profile_apparmor(struct profile *p, struct err *e)
{
	bool enabled = lsm_is_enabled(LSM_APPARMOR);
	int r;

	p->apparmor_state = enabled ? "unconfined" : "not enabled";
	if (p->apparmor && strcmp(p->apparmor, "unconfined") == 0)
		return 0;
	if (p->apparmor && !enabled)
		return err_set(e, ENOTSUP, "--security-opt apparmor=%s: AppArmor is not enabled on this host", p->apparmor);
	if (!enabled || (p->privileged && !p->apparmor))
		return 0;
	r = apparmor_is_loaded(p->apparmor ? p->apparmor : PROFILE_APPARMOR_DEFAULT);
	if (!p->apparmor) {
		p->apparmor = r == 1 ? PROFILE_APPARMOR_DEFAULT : NULL;
		p->apparmor_state = r == 1   ? "on"
				    : r == 0 ? PROFILE_APPARMOR_DEFAULT " is not loaded"
					     : "unknown: whether " PROFILE_APPARMOR_DEFAULT " is loaded cannot be asked";
		return 0;
	}
	p->apparmor_state = "on";
	if (r == 0) {
		r = err_set(e, ENOENT, "--security-opt apparmor=%s: no such AppArmor profile is loaded", p->apparmor);
		err_hint(e, "an administrator loads it: apparmor_parser -r FILE");
		return r;
	}
	if (r == -EINVAL)
		return err_set(e, EINVAL, "--security-opt apparmor=%s: not the name of a profile", p->apparmor);
	return 0; /* not to be asked here (no securityfs): the start asks the kernel */
}

/* ---- all of it ---- */

static int fill(const struct container_options *o, struct profile *p, struct err *e)
{
	int r = 0;

	p->privileged = o->privileged;
	p->seccomp_unconfined = o->privileged;
	if (!o->privileged && (set_paths(&p->masked, masked_default, ARRAY_SIZE(masked_default)) < 0 ||
			       set_paths(&p->readonly, readonly_default, ARRAY_SIZE(readonly_default)) < 0))
		return err_errno(e, ENOMEM, "profile");
	for (size_t i = 0; r == 0 && i < o->security_opt.n; i++)
		r = security_opt(p, o->security_opt.items[i], e);
	/* unless a label was asked for: as the other engines have it */
	if (o->privileged && !label_is_wished(&p->label))
		p->label.disable = true;
	for (size_t i = 0; r == 0 && i < o->sysctl.n; i++)
		r = add_sysctl(o, p, o->sysctl.items[i], e);
	for (size_t i = 0; r == 0 && i < o->ulimit.n; i++)
		r = add_ulimit(p, o->ulimit.items[i], e);
	if (r == 0 && p->seccomp_log && p->seccomp_unconfined)
		r = err_set(e, EINVAL, "--security-opt seccomp-log: there is no filter that could refuse anything (%s)",
			    p->privileged ? "--privileged" : "seccomp=unconfined");
	return r < 0 ? r : capset_resolve(&o->default_caps, &o->cap_add, &o->cap_drop, o->privileged, &p->caps, e);
}

int profile_make(const struct container_options *o, struct profile *ret, struct err *e)
{
	_cleanup_(profile_done) struct profile p = {0};
	int r = fill(o, &p, e);

	if (r < 0)
		return r;
	*ret = p;
	p = (struct profile){0};
	return 0;
}

const char *profile_seccomp_name(const struct profile *p)
{
	return p->seccomp_unconfined ? "unconfined" : p->seccomp_file ? p->seccomp_file : "default";
}
