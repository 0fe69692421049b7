/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The login is read, and pinned, first of all, so that whatever is started has
 * it; then the options are checked, which costs nothing, before the keeper and
 * the image, which may.
 */
#include "cmd/make.h"
#include "cmd/container_options.h"
#include "cmd/each.h"
#include "cmd/image_common.h"
#include "cmd/report.h"
#include "engine/attest.h"
#include "engine/create.h"
#include "engine/ident.h"
#include "engine/recorded_store.h"
#include "engine/remove.h"
#include "engine/systemd_mode.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define HEAP_EXPECTED (168 * 1024) /* what a container of few options takes */

/* Who does this; and a password off the command line, which will be read for it and kept. */
static int read_login(const struct command_call *call, struct made *m, struct container_options *o, struct err *e)
{
	if (o->creds) {
		m->creds = image_take_secret(o->creds);
		o->creds = m->creds;
		if (!m->creds)
			return err_errno(e, ENOMEM, "credentials");
	}
	return origin_read_login(call->engine, &m->origin, e);
}

static void forget_creds(struct made *m)
{
	if (m->creds)
		explicit_bzero(m->creds, strlen(m->creds));
	free(m->creds);
	m->creds = NULL;
}

void made_done(struct made *m)
{
	forget_creds(m);
	origin_done(&m->origin);
	keeper_done(&m->keeper);
	peer_choice_done(&m->choice);
	monitor_handle_done(&m->monitor);
	m->c = container_free(m->c);
	fd_closep(&m->place.lock_fd);
	m->pod = pod_free(m->pod);
}

void make_notice(const struct keeper *k)
{
	if (k->single)
		report_warning("%s", keeper_notice());
}

int make_write_file(const char *option, const char *path, const char *text, bool must_be_new, struct err *e)
{
	/* a name that the caller chose, in the caller's own directories: links are followed as any command does */
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (must_be_new ? O_EXCL : O_TRUNC), 0644);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	if (r == -EEXIST)
		return err_set(e, EEXIST, "%s %s: the file is there already", option, path);
	return r < 0 ? err_errno(e, -r, "%s %s", option, path) : 0;
}

static int pull_options_of(const struct command_call *call, const struct container_options *o, const char *platform,
			   struct image_source *source, struct err *e)
{
	struct pull_options *ret = &source->options;
	int r = image_source_init(o->quiet, source, e);

	if (r < 0)
		return r;
	ret->platform = platform;
	ret->access.creds = o->creds;
	ret->access.auth_file = o->authfile;
	ret->signature_policy = o->signature_policy;
	if (option_given(call->command->rows, call->full_argc, call->full_argv, "tls-verify"))
		ret->access.tls = o->tls_verify ? REGISTRY_TLS_VERIFY : REGISTRY_TLS_INSECURE;
	return o->pull ? pull_policy_parse(o->pull, &ret->policy, e) : 0;
}

static bool is_there(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int create(const struct command_call *call, struct made *m, struct err *e)
{
	_cleanup_free_ char *platform = NULL;
	const struct container_options *o = m->options;
	_cleanup_(image_source_done) struct image_source source = {0};
	char cwd[PATH_MAX];
	struct create_request q = {
		.options = o,
		.image = o->rootfs ? NULL : call->argv[0],
		.command = call->argv + 1,
		.pull = &source.options,
		.origin = &m->origin,
		.keeper = &m->keeper,
		.monitor = m->starts ? &m->monitor : NULL,
		.pod = m->pod,
		.place = m->pod ? &m->place : NULL,
		.choice = m->choice.set ? &m->choice : NULL,
		.env = environ,
		.cwd = cwd,
	};
	int r = image_platform(o->platform, o->os, o->arch, o->variant, &platform, e);

	if (r == 0)
		r = pull_options_of(call, o, platform, &source, e);
	if (r < 0)
		return r;
	/* one that was removed: only a relative path needs it */
	if (!getcwd(cwd, sizeof(cwd))) {
		if (errno != ENOENT)
			return err_errno(e, errno, "current directory");
		q.cwd = NULL;
	}
	r = create_container(call->engine, &q, &m->c, e);
	if (r == 0 && *systemd_mode_lack(m->c->spec))
		report_warning("systemd mode with a read-only /sys/fs/cgroup, in which systemd does not boot: %s", systemd_mode_lack(m->c->spec));
	fd_closep(&m->place.lock_fd);
	return r;
}

/* What files give the pod goes where its own options are; namespaces and parameters that were given are the member's. */
static int take_pod_defaults(const struct command_call *call, struct container_options *o, struct container_options *pod, struct err *e)
{
	struct container_options member = *o;
	_cleanup_(buf_done) struct buf used = BUF_INIT;
	int r;

	o->sysctl = (struct strv){0};
	r = container_options_of_pod(call, o, &used, e);
	pod->pid = member.pid ? NULL : o->pid;
	pod->uts = member.uts ? NULL : o->uts;
	pod->sysctl = o->sysctl;
	o->pid = member.pid;
	o->uts = member.uts;
	o->sysctl = member.sysctl;
	return r;
}

static int make_pod_of(const struct command_call *call, struct made *m, const struct container_options *o, struct container_options *pod,
		       struct err *e)
{
	bool one_map = o->userns || o->uidmap.n || o->gidmap.n;
	const struct pod_wanted w = {
		.options = pod, .infra = true, .share = POD_SHARE_DEFAULT | (one_map ? PEER_BIT(PEER_USER) : 0), .share_parent = true,
		.origin = &m->origin, .keeper = &m->keeper, .env = environ};
	int r;

	pod->name = o->pod + strlen("new:");
	pod->hostname = o->hostname;
	pod->userns = o->userns;
	pod->uidmap = o->uidmap;
	pod->gidmap = o->gidmap;
	pod->network = o->network;
	pod->publish = o->publish;
	pod->dns = o->dns;
	pod->dns_search = o->dns_search;
	pod->dns_option = o->dns_option;
	pod->add_host = o->add_host;
	pod->no_hosts = o->no_hosts;
	pod->hosts_file = o->hosts_file;
	pod->network_alias = o->network_alias;
	pod->ip = o->ip;
	pod->ip6 = o->ip6;
	pod->mac_address = o->mac_address;
	r = keeper_ready(&m->keeper, e);
	return r == 0 ? pod_create(call->engine, &w, &m->pod, e) : r;
}

/* --pod new:NAME: what is a pod's alone to say was said to its first member. */
static int make_pod(const struct command_call *call, struct made *m, struct container_options *o, struct err *e)
{
	struct strv *const lists[] = {&o->uidmap, &o->gidmap, &o->network, &o->publish, &o->dns, &o->dns_search, &o->dns_option, &o->add_host,
				&o->network_alias};
	struct container_options pod = {0};
	int r;

	container_options_defaults(&pod);
	r = take_pod_defaults(call, o, &pod, e);
	if (r == 0)
		r = make_pod_of(call, m, o, &pod, e);
	/* all others are the member's, lent */
	strv_done(&pod.sysctl);
	if (r < 0)
		return r;
	m->new_pod = true;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
	o->userns = o->hostname = o->ip = o->ip6 = o->mac_address = o->hosts_file = NULL;
	return 0;
}

static int enter_pod(const struct command_call *call, struct made *m, struct container_options *o, struct err *e)
{
	char id[CONTAINER_ID_LEN + 1];
	int r = 0;

	if (o->pod && o->pod_id_file)
		return err_set(e, EINVAL, "--pod and --pod-id-file exclude each other");
	if (o->pod_id_file)
		r = read_id_file(o->pod_id_file, "reading pod ID file:", id, e);
	if (r < 0 || (!o->pod && !o->pod_id_file))
		return r;
	if (o->pod && strcmp(o->pod, "new:") == 0)
		return err_set(e, EINVAL, "--pod new:: new pod name must be at least one character");
	if (o->pod && strncmp(o->pod, "new:", 4) == 0)
		r = make_pod(call, m, o, e);
	else
		r = pod_find(call->engine, o->pod ? o->pod : id, &m->pod, e);
	if (r == 0)
		o->pod = m->pod->name;
	return r == 0 ? pod_join(call->engine, m->pod, o, &m->place, e) : r;
}

static int join_others(const struct command_call *call, struct made *m, struct container_options *o, struct err *e)
{
	int r = enter_pod(call, m, o, e);

	return r == 0 ? peer_choose(call->engine, o, &m->choice, e) : r;
}

/* One that was made for a container that then could not be made. */
static void drop_new_pod(const struct command_call *call, struct made *m)
{
	if (m->new_pod)
		(void)!pod_remove(call->engine, m->pod, &(struct pod_remove_options){.force = true, .reason = REMOVE_AUTO}, NULL);
}

static int attest_create(const struct command_call *call, const struct made *m, int r, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_CREATE);

	a.c = m->c;
	a.required = m->options->require_audit;
	if (!m->c) {
		a.name = m->options->name;
		a.claim[WITNESS_CLAIM_IMAGE] = call->argv[0];
	}
	return attest_result(call->engine, &a, r, e);
}

int made_attest(void *ctx, struct err *e)
{
	struct made *m = ctx;
	int r = attest_create(m->call, m, 0, e);

	m->unrecorded = r < 0;
	return r;
}

/* What names it in audit records: what this host can do of it is what is kept. */
static int resolve_ident(struct container_options *o, struct made *m, struct err *e)
{
	const char *notice;
	unsigned ident;
	int r = ident_parse(o->ident, &ident, e);

	if (r < 0 || ident == 0)
		return r;
	ident = ident_resolve(ident, &m->origin.login, &notice);
	if (notice)
		report_warning("%s", notice);
	o->ident = ident_text(ident, m->ident);
	return container_options_check(o, e);
}

/* It is made. */
static int finish(const struct command_call *call, struct made *m, struct err *e)
{
	int r = m->starts ? 0 : made_attest(m, e), unwritten = 0;

	if (r == 0 && m->options->cidfile)
		r = unwritten = make_write_file("--cidfile", m->options->cidfile, m->c->id, true, e);
	/* it will not be started, with which it would have been recorded */
	if (r < 0 && m->starts)
		(void)!made_attest(m, NULL);
	/* one that had to be recorded and could not be does not stay, nor one whose ID nobody is told */
	if (m->unrecorded || unwritten < 0)
		(void)!remove_container(call->engine, m->c, &(struct remove_options){.volumes = true, .reason = REMOVE_AUTO}, NULL);
	if (unwritten < 0)
		drop_new_pod(call, m);
	return r;
}

int make_container(const struct command_call *call, struct made *m, struct err *e)
{
	int r;

	self_expect_heap(HEAP_EXPECTED);
	r = read_login(call, m, call->args, e);
	if (r == 0)
		r = recorded_expand(call->engine, call->args, e);
	if (r == 0)
		r = container_options_finish(call, e);
	if (r == 0)
		r = resolve_ident(call->args, m, e);
	if (r < 0)
		return r;
	m->options = call->args;
	if (m->options->record && *m->options->record && is_there(m->options->record))
		return err_set(e, EEXIST, "--record %s: the file is there already", m->options->record);
	if (m->options->cidfile && is_there(m->options->cidfile))
		return err_set(e, EEXIST, "--cidfile %s: the file is there already", m->options->cidfile);
	r = keeper_begin(call->engine, &m->keeper, e);
	/* newuidmap and newgidmap are at work from here on */
	if (r == 0)
		r = origin_read_rest(call->engine, &m->origin, e);
	if (r < 0)
		return r;
	make_notice(&m->keeper);
	m->call = call;
	r = join_others(call, m, call->args, e);
	if (r == 0)
		r = create(call, m, e);
	forget_creds(m);
	m->options->creds = NULL;
	if (r < 0) {
		r = attest_create(call, m, r, e);
		drop_new_pod(call, m);
		return r;
	}
	return finish(call, m, e);
}
