/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * options - what the user asked of `run` and `create`, as given.
 *
 *	struct container_options o = {0};
 *	container_options_defaults(&o);		// cmd: container_options_finish()
 *	r = container_options_check(&o, e);	// each value on its own
 *	r = container_options_to_json(&o, &json);
 *
 *	_cleanup_(container_options_done) struct container_options back = {0};
 *	r = container_options_from_json(json, &back, e);
 *
 * The struct is what the option rows of cmd/container_options.c fill, and
 * what container.json holds under "options": nothing is resolved in it. What
 * the image and the host make of it is decided by the other files of this
 * room: userns_mode, user, mounts, env, profile, network; bundle joins them.
 *
 * Strings are borrowed: from argv, or from `source` when read from JSON.
 * NULL and 0 mean "not given" unless said otherwise; "" was given empty.
 */
#ifndef RANBY_ENGINE_OPTIONS_H
#define RANBY_ENGINE_OPTIONS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

#define SHM_SIZE_DEFAULT (64U << 20)

struct container_options {
	struct json_object *source; /* owner of the strings after container_options_from_json() */

	/* what is run */
	const char *name, *hostname, *user, *workdir, *umask, *tz;
	const char *entrypoint; /* a word, or a JSON array; "" clears the image's */
	const char *rootfs;     /* --rootfs DIR[:O]; the first operand is then DIR, not an image */
	bool rootfs_flag;       /* --rootfs was given: cmd moves the operand to `rootfs` */
	struct strv env, env_file, unsetenv, label, label_file, annotation;
	struct strv env_merge;
	bool unsetenv_all, env_host, http_proxy /* default true */;
	bool init;
	const char *stop_signal;
	uint32_t stop_timeout; /* seconds; default 10 */
	struct strv group_add;
	bool passwd; /* default true: users get lines in /etc/passwd (etc.h) */
	const char *passwd_entry, *group_entry;
	struct strv hostuser;

	/* how its front behaves */
	bool detach, interactive, tty, quiet, sig_proxy /* default true */;
	bool rm, replace, rmi;
	const char *pod, *pod_id_file; /* NAME, ID or new:NAME; a file with an ID */
	struct strv secret; /* secret_spec.h */
	struct strv attach; /* stdin, stdout, stderr */
	uint32_t preserve_fds;      /* passed_fds.h; not recorded: a later start has none */
	struct strv preserve_fd;
	const char *detach_keys, *pidfile, *monitor_pidfile, *cidfile;
	const char *restart; /* restart_policy.h */
	const char *health_cmd, *health_interval, *health_retries, *health_start_period, *health_timeout, *health_on_failure; /* health_spec.h */
	const char *health_max_log_count, *health_max_log_size, *health_log_destination;
	const char *health_startup_cmd, *health_startup_interval, *health_startup_retries, *health_startup_success, *health_startup_timeout;
	bool no_healthcheck;
	struct strv requires; /* containers (requires.h) */
	uint64_t timeout;    /* seconds, then SIGKILL; 0: none */
	const char *log_driver; /* log_config.h */
	struct strv log_opt;
	const char *ident;  /* ident.h */
	const char *trail;  /* notify, log */
	const char *record_profile; /* the recorded profile that its calls are added to (recorded_store.h); no option of run */
	bool verify;        /* profile record --verify */
	const char *record; /* a file, or "": one of our own */
	bool record_input;
	bool require_audit;

	/* where the image comes from */
	const char *pull, *platform, *arch, *os, *variant, *authfile, *creds, *signature_policy;
	bool tls_verify; /* default true */

	/* namespaces */
	const char *userns, *pid, *ipc, *uts, *cgroupns, *cgroups;
	struct strv uidmap, gidmap;
	const char *subuidname, *subgidname; /* cmd makes the two above of them; never recorded */
	struct strv network; /* more than one: bridge networks */
	const char *ip, *ip6, *mac_address;
	struct strv network_alias;
	struct strv publish, expose;
	bool publish_all;
	struct strv dns, dns_search, dns_option, add_host;
	bool no_hosts, no_hostname;
	const char *hosts_file; /* the base of /etc/hosts: a path, or none */

	/* resources (limits.h), as given */
	const char *memory, *memory_swap, *memory_reservation;
	const char *cpus, *cpu_shares, *cpu_period, *cpu_quota, *cpuset_cpus, *cpuset_mems;
	const char *pids_limit, *blkio_weight;
	const char *cgroup_parent; /* a slice of the service manager */
	struct strv cgroup_conf;   /* FILE=VALUE */

	/* file systems */
	bool read_only, read_only_tmpfs /* default true */;
	struct strv volume, mount, tmpfs, device, volumes_from;
	struct strv gpus, cdi_spec_dirs; /* cdi.h; the second only from containers.conf */
	const char *image_volume; /* anonymous (bind), tmpfs, ignore */
	uint64_t shm_size;        /* bytes; default SHM_SIZE_DEFAULT */

	/* confinement */
	bool privileged;
	struct strv default_caps; /* of containers.conf (defaults.h); none: the built-in ones */
	struct strv security_opt, cap_add, cap_drop, ulimit, sysctl;
	const char *oom_score_adj;
	const char *init_path;   /* with `init`: a file of the host */
	const char *personality; /* LINUX, LINUX32 */
	const char *systemd;       /* systemd_mode.h */
	uint64_t shm_size_systemd; /* bytes, of each of its tmpfs; 0: the usual */
	const char *sdnotify; /* sdnotify.h */
};

/* Sets what is not zero by default. */
void container_options_defaults(struct container_options *o);

/* Frees the lists and the source; for _cleanup_(). */
void container_options_done(struct container_options *o);

/*
 * Checks whatever can be checked without image and host: grammars, options
 * that exclude each other, values that are not supported. -EINVAL with text
 * that names the option.
 */
int container_options_check(const struct container_options *o, struct err *e) _must_check_;

/* All that was given, under podman's long names ("cap-add": ["…"]); the caller owns *ret. 0 or -ENOMEM. */
int container_options_to_json(const struct container_options *o, struct json_object **ret) _must_check_;

/* The reverse; an unknown key is ignored (a newer ranby wrote it). Keeps a reference to `json`. */
int container_options_from_json(struct json_object *json, struct container_options *ret, struct err *e) _must_check_;

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 128 bytes: names of containers and of volumes. */
#define CONTAINER_NAME_MAX 128
bool container_name_is_valid(const char *name);
/* The same as an error that begins with `what`, "container name". -EINVAL */
int container_name_check(const char *what, const char *name, struct err *e) _must_check_;

#endif
