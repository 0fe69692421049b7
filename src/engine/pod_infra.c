/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The infra container: the pod's namespaces, and a process in them that does
 * nothing. It is a container like any other, of ranby's own tiny static init
 * instead of an image: a root that is empty and read-only, no capability, no
 * log. So nothing is pulled, and there is nothing in it that could be
 * attacked but fifty lines that wait for signals.
 *
 * Its user namespace is nested in the keeper, as each container's is, and the
 * members have one each beside it, unless the pod shares it too: what belongs
 * to it (the network, the name) they use, but root in a member does not own
 * it. Ports below 1024 are then opened by a setting of the network namespace.
 */
#include "engine/pod_private.h"

#include "engine/attest.h"
#include "engine/create.h"
#include "engine/hosts.h"
#include "engine/network.h"
#include "engine/start.h"
#include "sys/fd.h"
#include "sys/lsm.h"
#include "sys/path.h"
#include "sys/self.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PORTS "net.ipv4.ip_unprivileged_port_start"

int pod_infra_make_root(int pod_dirfd, struct err *e)
{
	static const char *const dirs[] = {"dev", "etc", "proc", "run", "sys", "tmp"};
	static const char *const files[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/passwd", "etc/group", "pause"};
	_cleanup_close_ int root = -EBADF;
	int r = path_own_mkdirs(pod_dirfd, POD_ROOTFS, &root);

	/* its root may be nobody's of ours: then he has to get through */
	if (r == 0 && fchmod(root, 0755) < 0)
		r = -errno;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++)
		r = mkdirat(root, dirs[i], 0755) < 0 || fchmodat(root, dirs[i], 0755, 0) < 0 ? -errno : 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++) {
		_cleanup_close_ int fd = -EBADF;

		r = path_own_open(root, files[i], O_WRONLY | O_CREAT | O_EXCL, 0644, &fd);
	}
	return r < 0 ? err_errno(e, -r, "pod: root of the infra container") : 0;
}

static bool sets_ports(const struct strv *sysctls)
{
	for (size_t i = 0; i < sysctls->n; i++)
		if (strncmp(sysctls->items[i], PORTS "=", sizeof(PORTS)) == 0)
			return true;
	return false;
}

/* What network it is, as far as it decides about others of its options. */
static int network_kind_of(const struct container_options *pod, enum network_kind *ret, struct err *e)
{
	_cleanup_(network_plan_done) struct network_plan plan = {0};
	int r = network_plan_make(pod, NULL, &plan, e);

	if (r == 0)
		*ret = plan.kind;
	return r;
}

struct parts {
	struct strv volume, cap_drop, security, sysctl, alias;
	char rootfs[4096], name[CONTAINER_ID_LEN + 8];
};

static void parts_done(struct parts *x)
{
	strv_done(&x->volume);
	strv_done(&x->cap_drop);
	strv_done(&x->security);
	strv_done(&x->sysctl);
	strv_done(&x->alias);
}

/* Its label is the pod's; all else that the members are confined by is nothing to a process that waits. */
static int add_labels(const struct strv *security, struct strv *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < security->n; i++)
		if (strncmp(security->items[i], "label", 5) == 0 && strchr("=:", security->items[i][5]))
			r = strv_add(to, security->items[i]);
	return r;
}

#define INIT_MAX (8U << 20)

/*
 * SELinux lets a container begin with what has the label of its files, which the installed program has not and is not to
 * get. Elsewhere the one that is installed is mounted: the pod's directory may be where nothing can be executed.
 */
static int copy_program(int pod_dirfd, const char *program, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int root = -EBADF, fd = open(program, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_all(fd, INIT_MAX, &b);

	if (r == 0)
		r = path_own_open(pod_dirfd, POD_ROOTFS, O_RDONLY | O_DIRECTORY, 0, &root);
	if (r == 0)
		r = path_own_write(root, "pause", b.data, b.len, 0755, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "infra container: its program") : 0;
}

/* What it has beside the pod's own words. */
static int make_parts(struct engine *eng, const struct pod *p, const struct container_options *pod, struct parts *x, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *init = NULL;
	enum network_kind network;
	int r = network_kind_of(pod, &network, e);

	if (r == 0)
		r = self_open_program("ranby-init", &fd, &init, e);
	if (r < 0)
		return r;
	snprintf(x->rootfs, sizeof(x->rootfs), "%s/" ENGINE_PODS "/%s/" POD_ROOTFS, eng->data_path, p->name);
	snprintf(x->name, sizeof(x->name), "%.12s-infra", p->id);
	r = strv_add_all(&x->sysctl, pod->sysctl.items);
	if (r == 0 && !network_is_foreign(network) && !sets_ports(&pod->sysctl))
		r = strv_add(&x->sysctl, PORTS "=0");
	if (r == 0)
		r = strv_add_all(&x->alias, pod->network_alias.items);
	/* its members have no names there; the pod has */
	if (r == 0 && network == NETWORK_BRIDGE && host_name_is_valid(p->name, HOST_NAME_LEN_MAX))
		r = strv_add(&x->alias, p->name);
	if (r == 0)
		r = add_labels(&pod->security_opt, &x->security);
	if (r == 0 && lsm_is_enabled(LSM_SELINUX)) {
		r = copy_program(p->dirfd, init, e);
		if (r < 0)
			return r;
	} else if (r == 0) {
		r = strv_addf(&x->volume, "%s:/pause:ro", init);
	}
	if (r < 0 || strv_add(&x->cap_drop, "ALL") < 0 ||
	    strv_add(&x->security, "no-new-privileges") < 0)
		return err_errno(e, ENOMEM, "infra container");
	return 0;
}

/* Borrows from the pod's and from `x`. */
static struct container_options infra_options(const struct pod *p, const struct pod_wanted *w, const struct parts *x)
{
	const struct container_options *pod = w->options;
	struct container_options o = {0};

	container_options_defaults(&o);
	o.name = w->infra_name ? w->infra_name : x->name;
	o.hostname = pod->uts && strcmp(pod->uts, "host") == 0 ? NULL : pod->hostname ? pod->hostname : p->name;
	o.rootfs = x->rootfs;
	o.entrypoint = "[\"/pause\",\"pause\"]";
	o.log_driver = "none";
	o.read_only = true;
	o.read_only_tmpfs = false;
	o.user = "0:0";
	o.workdir = "/";
	o.volume = x->volume;
	o.cap_drop = x->cap_drop;
	o.security_opt = x->security;
	o.sysctl = x->sysctl;
	o.cgroups = "enabled";
	o.network = pod->network;
	o.ip = pod->ip;
	o.ip6 = pod->ip6;
	o.mac_address = pod->mac_address;
	o.network_alias = x->alias;
	o.publish = pod->publish;
	o.dns = pod->dns;
	o.dns_search = pod->dns_search;
	o.dns_option = pod->dns_option;
	o.add_host = pod->add_host;
	o.no_hosts = pod->no_hosts;
	o.hosts_file = pod->hosts_file;
	o.cgroup_parent = pod->cgroup_parent;
	o.userns = pod->userns;
	o.uidmap = pod->uidmap;
	o.gidmap = pod->gidmap;
	o.pid = pod->pid;
	o.uts = pod->uts;
	return o;
}

int pod_infra_make(struct engine *eng, struct pod *p, const struct pod_wanted *w, struct err *e)
{
	_cleanup_(parts_done) struct parts x = {0};
	struct attest a = ATTEST_INIT(AUDIT_VERB_CREATE);
	struct container_options o;
	char *no_command[] = {NULL};
	struct create_request q = {.options = &o, .command = no_command, .origin = w->origin, .keeper = w->keeper, .env = w->env,
				   .cwd = w->cwd, .pod = p, .is_infra = true};
	struct container *c = NULL;
	int r = make_parts(eng, p, w->options, &x, e);

	if (r == 0) {
		o = infra_options(p, w, &x);
		r = container_options_check(&o, e);
	}
	if (r == 0)
		r = create_container(eng, &q, &c, e);
	a.c = c;
	a.name = c ? NULL : p->name;
	r = attest_result(eng, &a, r, e);
	if (r < 0) {
		container_free(c);
		return r;
	}
	p->members.items = mem_array(1, sizeof(struct container *));
	if (!p->members.items) {
		container_free(c);
		return err_errno(e, ENOMEM, "pod %s", p->name);
	}
	p->members.items[p->members.n++] = c;
	p->infra = c;
	return 0;
}

int pod_start_infra(const struct start_request *q, struct err *e)
{
	const char *id = json_str(q->c->spec, "config.joined.container");
	_cleanup_(container_freep) struct container *infra = NULL;
	struct start *s;
	int r;

	if (!*id || !*pod_id_of(q->c))
		return 0;
	r = container_load(q->eng, id, &infra, e);
	if (r < 0)
		return err_wrap(e, r, "the infra container of its pod");
	if (container_runs(infra))
		return 0;
	s = malloc(sizeof(*s)); /* large, and the caller has one on its stack */
	if (!s)
		return err_errno(e, ENOMEM, "infra container");
	*s = (struct start)START_INIT;
	r = start_prepare(&(struct start_request){.eng = q->eng, .c = infra, .keeper = q->keeper, .origin = q->origin,
						  .require_audit = q->require_audit}, s, e);
	if (r == 0)
		r = start_release(s, e);
	start_done(s);
	free(s);
	/* somebody else was faster */
	if (r == -EALREADY) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? err_wrap(e, r, "the infra container of its pod") : 0;
}
