/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/process.h"

#include "oci/landlock.h"
#include "runtime/exec_filter.h"
#include "runtime/filter.h"
#include "sys/canary.h"
#include "sys/fd.h"
#include "sys/lsm.h"
#include "sys/memfd.h"
#include "sys/path.h"
#include "sys/pty.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

_Static_assert(PLAN_DOMAINS_MAX == LANDLOCK_PROFILES_MAX, "the same");

static int plan_labels(const struct config_process *p, struct plan_writer *w, struct err *e)
{
	if (p->apparmor && !lsm_is_enabled(LSM_APPARMOR))
		return err_set(e, ENOTSUP, "apparmorProfile %.100s: AppArmor is not enabled on this host", p->apparmor);
	if (p->selinux && !lsm_is_enabled(LSM_SELINUX))
		return err_set(e, ENOTSUP, "selinuxLabel %.100s: SELinux is not enabled on this host", p->selinux);
	w->head.apparmor = plan_string(w, p->apparmor);
	w->head.selinux = plan_string(w, p->selinux);
	return 0;
}

static int plan_filter(const struct runtime_context *x, const struct config_process *p, const char *seccomp,
		       struct plan_writer *w, struct err *e)
{
	_cleanup_(seccomp_filter_done) struct seccomp_filter f = {0};
	int r;

	w->head.flags |= PLAN_KEYRING_MUST;
	if (!seccomp)
		return 0;
	r = filter_get(seccomp, x->cache_dir, &f, e);
	if (r == 0)
		r = filter_check_order(&f, p->no_new_privs, strstr(seccomp, "listenerPath") != NULL, e);
	if (r < 0)
		return r;
	w->head.flags |= PLAN_SECCOMP;
	if (filter_refuses_keys(&f))
		w->head.flags &= ~(uint32_t)PLAN_KEYRING_MUST;
	w->head.seccomp_flags = f.load_flags;
	w->head.seccomp = plan_items(w, f.insns, f.n, sizeof(*f.insns));
	return 0;
}

static int plan_domain(const struct landlock_profile *from, struct plan_writer *w, struct plan_domain *ret, struct err *e)
{
	_cleanup_free_ struct plan_path_rule *paths = mem_array(from->n_paths, sizeof(*paths));
	_cleanup_free_ struct plan_port_rule *ports = mem_array(from->n_ports, sizeof(*ports));

	if (!paths || !ports)
		return err_errno(e, ENOMEM, "Landlock");
	for (size_t i = 0; i < from->n_paths; i++)
		paths[i] = (struct plan_path_rule){.access = from->paths[i].access, .path = plan_string(w, from->paths[i].path)};
	for (size_t i = 0; i < from->n_ports; i++)
		ports[i] = (struct plan_port_rule){.access = from->ports[i].access, .port = from->ports[i].port};
	ret->handled = from->handled;
	ret->paths = plan_items(w, paths, from->n_paths, sizeof(*paths));
	ret->ports = plan_items(w, ports, from->n_ports, sizeof(*ports));
	return 0;
}

int process_plan_landlock(struct json_object *annotations, struct plan_writer *w, struct err *e)
{
	_cleanup_json_ struct json_object *json = NULL;
	struct plan_domain domains[PLAN_DOMAINS_MAX];
	struct landlock_profile *list = NULL;
	struct json_object *text;
	size_t n = 0;
	int abi, r;

	if (!json_object_object_get_ex(annotations, LANDLOCK_ANNOTATION, &text))
		return 0;
	if (!json_object_is_type(text, json_type_string))
		return err_set(e, EINVAL, "annotations." LANDLOCK_ANNOTATION ": not a string");
	abi = landlock_abi();
	r = landlock_profiles_parse(json_object_get_string(text), &json, &list, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = landlock_profile_check(&list[i], abi, e);
		if (r == 0)
			r = plan_domain(&list[i], w, &domains[i], e);
	}
	if (r == 0)
		w->head.domains = plan_items(w, domains, n, sizeof(domains[0]));
	landlock_profiles_free(list, n);
	return r;
}

static int plan_groups(const struct config_process *p, bool denied, struct plan_writer *w, struct err *e)
{
	size_t n = p->n_groups;

	/* the primary group alone is no wish for more */
	if (denied && n == 1 && p->groups[0] == p->gid)
		n = 0;
	if (denied && n > 0)
		return err_set(e, EPERM, "user.additionalGids: this user namespace may not set groups (a single id is mapped)");
	if (!denied)
		w->head.flags |= PLAN_SETGROUPS;
	w->head.groups = plan_items(w, p->groups, n, sizeof(*p->groups));
	return 0;
}

static int plan_rlimits(const struct config_process *p, struct plan_writer *w, struct err *e)
{
	_cleanup_free_ struct plan_rlimit *l = mem_array(p->n_rlimits, sizeof(*l));

	if (!l)
		return err_errno(e, ENOMEM, "rlimits");
	for (size_t i = 0; i < p->n_rlimits; i++)
		l[i] = (struct plan_rlimit){
			.resource = (uint32_t)p->rlimits[i].resource, .soft = p->rlimits[i].soft, .hard = p->rlimits[i].hard};
	w->head.rlimits = plan_items(w, l, p->n_rlimits, sizeof(*l));
	return 0;
}

void process_warn(const struct config_process *p, struct err *warning)
{
	if (p->unknown_cap && warning)
		(void)!err_set(warning, ENOENT, "process.capabilities: %.40s is unknown here and left out", p->unknown_cap);
}

int process_plan(const struct runtime_context *x, const struct config_process *p, const char *seccomp,
		 bool setgroups_denied, struct plan_writer *w, struct err *e)
{
	struct plan *h = &w->head;
	int r;

	h->uid = p->uid;
	h->gid = p->gid;
	h->umask = p->umask;
	h->rows = p->rows;
	h->cols = p->cols;
	h->caps = p->caps;
	h->oom_score_adj = p->oom_score_adj;
	h->flags |= (p->terminal ? PLAN_TERMINAL : 0U) | (p->no_new_privs ? PLAN_NO_NEW_PRIVS : 0U) |
		    (p->has_oom_score_adj ? PLAN_OOM_SCORE : 0U);
	h->flags |= (p->scheduler.given ? PLAN_SCHEDULER : 0U) | (p->has_io_priority ? PLAN_IO_PRIORITY : 0U);
	h->io_priority = p->io_priority;
	h->scheduler = (struct plan_scheduler){
		.policy = p->scheduler.policy, .nice = p->scheduler.nice, .priority = p->scheduler.priority, .flags = p->scheduler.flags,
		.runtime = p->scheduler.runtime, .deadline = p->scheduler.deadline, .period = p->scheduler.period,
	};
	h->cwd = plan_string(w, p->cwd);
	h->args = plan_strings(w, p->args.items, p->args.n);
	h->env = plan_strings(w, p->env.items, p->env.n);
	r = plan_labels(p, w, e);
	if (r == 0)
		r = plan_groups(p, setgroups_denied, w, e);
	if (r == 0)
		r = plan_rlimits(p, w, e);
	return r == 0 ? plan_filter(x, p, seccomp, w, e) : r;
}

int process_listen(int dirfd, const char *name, int *ret_fd, struct err *e)
{
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dirfd, name);

	if (s < 0)
		return err_errno(e, errno, "start socket");
	if (n < 0 || (size_t)n >= sizeof(a.sun_path))
		return err_errno(e, ENAMETOOLONG, "start socket");
	/* the mode of the name is the socket's own while it is bound (unix(7)) */
	if (fchmod(s, 0600) < 0 || bind(s, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(s, 4) < 0)
		return err_errno(e, errno, "start socket");
	*ret_fd = TAKE_FD(s);
	return 0;
}

/* A copy of the caller's `fd` for init; 0: there is none. */
static int keep_copy(const char *option, uint32_t fd, int32_t *slot, struct kept_fds *kept, struct err *e)
{
	int copy, r;

	if (fd == 0)
		return 0;
	copy = fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return err_errno(e, errno, "--%s %u", option, fd);
	*slot = copy;
	r = kept_fds_consume_fd(kept, copy);
	return r < 0 ? err_errno(e, -r, "--%s", option) : 0;
}

int process_keep_lifeline(uint32_t fd, struct plan_writer *w, struct kept_fds *kept, struct err *e)
{
	return keep_copy("lifeline-fd", fd, &w->head.lifeline_fd, kept, e);
}

static struct plan_list plan_watch_filter(const struct process_watch *watch, struct plan_writer *w)
{
	struct sock_filter execs[EXEC_FILTER_MAX], calls[RECORD_FILTER_MAX];

	if (watch->record)
		return plan_items(w, calls, record_filter_make(calls), sizeof(calls[0]));
	return plan_items(w, execs, exec_filter_make(watch->trail_fd ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_LOG, execs), sizeof(execs[0]));
}

int process_keep_watch(const struct process_watch *watch, struct plan_writer *w, struct kept_fds *kept, struct err *e)
{
	if (watch->record && !watch->trail_fd)
		return err_set(e, EINVAL, "--record-calls needs --trail-fd");
	if (watch->trail_fd && watch->trail_log)
		return err_set(e, EINVAL, "--trail-fd and --trail-log exclude each other");
	if (watch->canary && !canary_is_supported())
		return err_set(e, ENOTSUP, "Landlock does not log here (Linux 6.15 and later do, where it is enabled)");
	w->head.flags |= watch->canary ? PLAN_CANARY : 0U;
	if (watch->trail_fd || watch->trail_log)
		w->head.trail = plan_watch_filter(watch, w);
	return keep_copy("trail-fd", watch->trail_fd, &w->head.trail_fd, kept, e);
}

int process_open_parent(const char *path, int *ret_dirfd, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	*ret_dirfd = fd;
	*ret_name = slash ? slash + 1 : path;
	return 0;
}

int process_write_pid_file(const char *path, pid_t pid, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	const char *name;
	char text[16];
	int r, n;

	if (!path)
		return 0;
	r = process_open_parent(path, &dir, &name, e);
	if (r < 0)
		return r;
	n = snprintf(text, sizeof(text), "%d", (int)pid);
	r = path_own_write(dir, name, text, (size_t)n, 0644, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "pid file %s", path) : 0;
}

int process_plan_notify(const char *seccomp, struct plan_writer *w, struct kept_fds *kept, char **ret_metadata, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *path = NULL, *metadata = NULL;
	int sock, r;

	/* the section is parsed only when its filter must be compiled, or here */
	if (!seccomp || !strstr(seccomp, "listenerPath"))
		return 0;
	r = json_parse(seccomp, strlen(seccomp), "linux.seccomp", &o, e);
	if (r == 0)
		r = json_get_str(o, "listenerPath", &path, e);
	if (r == 0)
		r = json_get_str(o, "listenerMetadata", &metadata, e);
	if (r < 0 || !path || !*path)
		return r;
	*ret_metadata = strdup(metadata ? metadata : "");
	if (!*ret_metadata)
		return err_errno(e, ENOMEM, "linux.seccomp");
	r = pty_console_connect(path, &sock, e);
	if (r < 0)
		return err_wrap(e, r, "linux.seccomp.listenerPath");
	w->head.notify_fd = sock;
	r = kept_fds_consume_fd(kept, sock);
	return r < 0 ? err_errno(e, -r, "linux.seccomp.listenerPath") : 0;
}

int process_keep_text(enum plan_text which, struct plan_writer *w, struct kept_fds *kept, struct err *e)
{
	int fd, r = memfd_empty("ranby-text", &fd);

	if (r == 0) {
		w->head.text_fd[which] = fd;
		r = kept_fds_consume_fd(kept, fd);
	}
	return r < 0 ? err_errno(e, -r, "texts for init") : 0;
}

int process_write_notify(int fd, pid_t pid, const char *metadata, const char *state, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *fds = json_object_new_array(), *s = NULL;
	size_t len = 0;
	int r = o && fds ? json_parse(state, strlen(state), "state", &s, e) : -ENOMEM;

	if (r == 0)
		r = json_add_str(o, "ociVersion", json_str(s, "ociVersion"));
	if (r == 0)
		r = json_append_str(fds, "seccompFd");
	if (r == 0) {
		r = json_add(o, "fds", fds);
		fds = NULL;
	}
	if (r == 0)
		r = json_add_int(o, "pid", pid);
	if (r == 0)
		r = json_add_str(o, "metadata", metadata);
	if (r == 0) {
		r = json_add(o, "state", s);
		s = NULL;
	}
	if (r == 0) {
		const char *text = json_text(o, &len);

		r = fd_write_all(fd, text, len);
	}
	json_object_put(fds);
	json_object_put(s);
	return r < 0 ? err_errno(e, -r, "text for the seccomp listener") : 0;
}

int process_send_pidfd(const char *path, int pidfd, struct err *e)
{
	_cleanup_close_ int sock = -EBADF;
	int r;

	if (!path)
		return 0;
	r = pty_console_connect(path, &sock, e);
	if (r < 0)
		return err_wrap(e, r, "--pidfd-socket");
	r = fd_send(sock, "pidfd", 5, &pidfd, 1);
	return r < 0 ? err_errno(e, -r, "--pidfd-socket %s", path) : 0;
}

int process_say_done(uint32_t error_fd, struct err *e)
{
	static const struct err done;
	int r = error_fd ? fd_write_all((int)error_fd, &done, sizeof(done)) : 0;

	return r < 0 ? err_errno(e, -r, "error-fd") : 0;
}
