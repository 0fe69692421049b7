/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * runtime_config - config.json of a bundle (OCI runtime-spec 1.2 and 1.3, config.md
 * and config-linux.md), read and checked.
 *
 *	_cleanup_(runtime_config_done) struct runtime_config c = {0};
 *	r = runtime_config_parse(text, len, &c, e);
 *
 * Strings are borrowed from the parsed JSON that the struct keeps. What a
 * config asks for and this runtime cannot do is an error that names the
 * place ("linux.intelRdt: not supported"), never left out: a caller who asked
 * for a limit or a confinement must not believe that it holds.
 */
#ifndef RANBY_OCI_RUNTIME_CONFIG_H
#define RANBY_OCI_RUNTIME_CONFIG_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "sys/caps.h"
#include "sys/idmap.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RUNTIME_CONFIG_MAX (8U << 20) /* bytes of a config.json */
#define CONFIG_GROUPS_MAX 65536
#define CONFIG_MOUNTS_MAX 4096
/* An annotation, as crun has it: how linux.mountLabel is given to what is mounted new, "context" (as without) or "rootcontext". */
#define CONFIG_MOUNT_CONTEXT "run.oci.mount_context_type"
/* Of a bind or an overlay, what follows: only this below its source, links resolved there as if it were the root. */
#define CONFIG_MOUNT_SUBPATH "ranby.subpath="
#define CONFIG_ITEMS_MAX 1024 /* of any other list */

struct config_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
};

#define CONFIG_CPUS_MAX 1024
struct config_cpus {
	bool given;
	uint64_t bits[CONFIG_CPUS_MAX / 64];
};

/* sched_setattr(2) */
struct config_scheduler {
	bool given;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
};

struct config_process {
	bool terminal;
	uint16_t rows, cols;      /* consoleSize, 0: not given */
	uid_t uid;
	gid_t gid;
	uint32_t *groups;         /* additionalGids */
	size_t n_groups;
	mode_t umask;             /* 022 when not given */
	struct strv args, env;
	const char *cwd;
	struct caps caps;         /* only what is asked; without the key all empty */
	const char *unknown_cap;  /* one that was asked for and left out, because nobody here knows it; NULL: none */
	struct config_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privs;
	bool has_oom_score_adj;
	int32_t oom_score_adj;
	struct config_scheduler scheduler;
	bool has_io_priority;
	uint32_t io_priority;     /* as ioprio_set(2) has it: class << 13 | level */
	struct config_cpus cpus_initial, cpus_final; /* execCPUAffinity: of an exec before it is in its cgroup, and then */
	const char *apparmor;     /* NULL when not given, empty or "unconfined" */
	const char *selinux;      /* NULL when not given or empty */
};

enum config_mount_kind {
	CONFIG_MOUNT_NEW,  /* a filesystem of its own */
	CONFIG_MOUNT_BIND, /* something of the host */
};

struct config_mount {
	enum config_mount_kind kind;
	bool recursive;           /* bind: with what is mounted below */
	const char *type;         /* filesystem type; "cgroup" becomes cgroup2 */
	const char *source;       /* bind: an absolute path of the host, or relative to the bundle */
	const char *destination;  /* absolute, in the container */
	uint64_t set, clear;      /* MOUNT_ATTR_* */
	uint64_t set_rec, clear_rec; /* the same, for all mounts below too */
	uint64_t propagation;     /* MS_*, 0: none asked */
	bool propagation_rec;
	bool copy_up;             /* tmpfs: starts with what the image has there (tmpcopyup) */
	bool idmap, idmap_rec;    /* seen through a map: `map`, or NULL for the container's own */
	struct id_map *map;
	const char *subpath;      /* bind, overlay: this below the source is mounted (CONFIG_MOUNT_SUBPATH); NULL: all of it */
	struct strv options;      /* what is left, for the filesystem: "size=64k" */
};

struct config_namespace {
	int flag;         /* CLONE_NEW* */
	const char *path; /* join this one; NULL: a new one */
};

struct config_device {
	const char *path; /* in the container */
	mode_t type;      /* S_IFCHR, S_IFBLK, S_IFIFO */
	uint32_t major, minor;
	mode_t mode;      /* permissions; 0666 when not given */
	uid_t uid;
	gid_t gid;
};

struct config_sysctl {
	char *name;       /* with '/': "net/ipv4/ip_forward"; checked */
	const char *value;
	int needs;        /* CLONE_NEW* that must be new or joined for it */
};

enum config_hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS,
};
#define CONFIG_HOOKS_MAX 128 /* of one kind */

struct config_hook {
	const char *path;    /* absolute */
	struct strv args;    /* never empty */
	struct strv env;
	uint32_t timeout_s;  /* 0: none */
};

struct config_hooks {
	struct config_hook *items[HOOK_KINDS];
	size_t n[HOOK_KINDS];
};

/* timeOffsets of one clock */
struct config_time_offset {
	bool given;
	int64_t secs;
	uint32_t nanosecs;
};

struct runtime_config {
	struct json_object *json; /* keeps the strings */
	const char *oci_version;
	struct config_process process;
	bool has_process;
	const char *root_path;    /* relative to the bundle, or absolute */
	bool root_readonly;
	const char *hostname, *domainname;
	struct config_mount *mounts;
	size_t n_mounts;
	struct json_object *annotations; /* an object, or NULL */

	struct config_namespace *namespaces;
	size_t n_namespaces;
	struct id_map *map;       /* NULL when there is none */
	struct config_device *devices;
	size_t n_devices;
	struct config_sysctl *sysctls;
	size_t n_sysctls;
	struct strv masked_paths, readonly_paths;
	struct config_time_offset monotonic, boottime;
	bool has_personality;
	uint32_t personality;        /* PER_* */
	struct config_hooks hooks;
	struct json_object *hooks_json; /* the same as an object, or NULL */
	uint64_t rootfs_propagation; /* MS_* | MS_REC, 0: not given (private) */
	char *seccomp;               /* text of an object, strictly scanned but not parsed; NULL: none */
	const char *mount_label;     /* NULL when not given */
	bool label_root_only;        /* CONFIG_MOUNT_CONTEXT: mount_label is the root's of a tmpfs, not that of all in it */
	const char *cgroups_path;    /* NULL when not given */
	struct json_object *resources; /* an object, or NULL */
};

void runtime_config_done(struct runtime_config *c);

int runtime_config_parse(const char *text, size_t len, struct runtime_config *ret, struct err *e) _must_check_;

/* The namespace of that CLONE_NEW* flag, or NULL when the config has none. */
const struct config_namespace *runtime_config_namespace(const struct runtime_config *c, int flag);

/* A process object alone (exec --process). The strings are borrowed from `o`. */
void config_process_done(struct config_process *p);
int config_process_read(struct json_object *o, struct config_process *ret, struct err *e) _must_check_;

/* ---- parts, each its own file ---- */
int config_mounts_read(struct json_object *root, struct runtime_config *c, struct err *e) _must_check_;
int config_linux_read(struct json_object *root, struct runtime_config *c, struct err *e) _must_check_;

int config_sched_read(struct json_object *o, struct config_process *p, struct err *e) _must_check_;
/* "prestart" ... of an object like "hooks"; strings are borrowed from it. What was read is the caller's, on failure too. */
int config_hooks_read(struct json_object *hooks, struct config_hooks *ret, struct err *e) _must_check_;
void config_hooks_done(struct config_hooks *h);
const char *config_hook_name(enum config_hook_kind kind);
/* Two lists of extents ("uidMappings", "gidMappings") of an object. */
int config_map_read(struct json_object *o, struct id_map *ret, struct err *e) _must_check_;

/* Elements of the array at `path`, all objects: calls `read` for each with a zeroed element of `size` bytes. The array becomes the caller's. */
typedef int (*config_read_item)(struct json_object *o, void *item, struct err *e);
int config_list_read(struct json_object *o, const char *path, size_t size, size_t max, config_read_item read,
		     void **ret_items, size_t *ret_n, struct err *e) _must_check_;

/* True for an object or array with at least one member. */
bool config_is_filled(struct json_object *o);

#endif
