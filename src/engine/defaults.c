/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A row per key: where it stands in the files, which option it is, how the
 * two are put together, and when it is left out. What is not a row is
 * ignored, but for the keys of `unable`.
 */
#include "engine/defaults.h"

#include "base/parse.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum how {
	TEXT,    /* when the option is not given */
	NUMBER,  /* likewise, a number or a text */
	SIZE,    /* likewise, bytes */
	FLAG,    /* likewise */
	ALL_OF,  /* before those that are given */
	INSTEAD, /* when none is given */
	BY_KEY,  /* those whose KEY= is not given */
	WORD,    /* one word of a list, when none is given */
};

/* When it is left out. */
#define POD 1U        /* in a pod, which has its own */
#define PRIVILEGED 2U /* with --privileged */
#define MAPPED 4U     /* with maps of IDs */
#define NO_NET 8U     /* without a network of its own */
#define NO_INIT 16U   /* without --init */
/* In a pod, of which it is an option: the pod has it instead. */
#define PODS 32U

struct row {
	const char *path, *option;
	enum how how;
	size_t at;
	unsigned unless;
};

#define O(member) offsetof(struct container_options, member)
#define C "containers."

static const struct row rows[] = {
	{C "annotations", "annotation", BY_KEY, O(annotation), 0},
	{C "base_hosts_file", "hosts-file", TEXT, O(hosts_file), PODS | NO_NET},
	{C "cgroup_conf", "cgroup-conf", BY_KEY, O(cgroup_conf), 0},
	{C "cgroupns", "cgroupns", TEXT, O(cgroupns), 0},
	{C "cgroups", "cgroups", TEXT, O(cgroups), POD},
	{C "default_capabilities", "default-capabilities", INSTEAD, O(default_caps), PRIVILEGED},
	{C "default_ulimits", "ulimit", BY_KEY, O(ulimit), 0},
	{C "devices", "device", ALL_OF, O(device), 0},
	{C "netns", "network", WORD, O(network), PODS},
	{"network.default_rootless_network_cmd", "network", WORD, O(network), PODS},
	{C "dns_options", "dns-option", INSTEAD, O(dns_option), PODS | NO_NET},
	{C "dns_searches", "dns-search", INSTEAD, O(dns_search), PODS | NO_NET},
	{C "dns_servers", "dns", INSTEAD, O(dns), PODS | NO_NET},
	{C "env", "env", BY_KEY, O(env), 0},
	{C "env_host", "env-host", FLAG, O(env_host), 0},
	{C "http_proxy", "http-proxy", FLAG, O(http_proxy), 0},
	{C "init", "init", FLAG, O(init), 0},
	{C "init_path", "init-path", TEXT, O(init_path), NO_INIT},
	{C "ipcns", "ipc", TEXT, O(ipc), POD},
	{C "log_driver", "log-driver", TEXT, O(log_driver), 0},
	{C "mounts", "mount", ALL_OF, O(mount), 0},
	{C "no_hosts", "no-hosts", FLAG, O(no_hosts), PODS},
	{C "oom_score_adj", "oom-score-adj", NUMBER, O(oom_score_adj), 0},
	{C "pidns", "pid", TEXT, O(pid), PODS},
	{C "pids_limit", "pids-limit", NUMBER, O(pids_limit), 0},
	{C "privileged", "privileged", FLAG, O(privileged), 0},
	{C "read_only", "read-only", FLAG, O(read_only), 0},
	{C "shm_size", "shm-size", SIZE, O(shm_size), 0},
	{C "tz", "tz", TEXT, O(tz), 0},
	{C "umask", "umask", TEXT, O(umask), 0},
	{C "userns", "userns", TEXT, O(userns), PODS | MAPPED},
	{C "utsns", "uts", TEXT, O(uts), PODS},
	{C "volumes", "volume", ALL_OF, O(volume), 0},
	{C "default_sysctls", "sysctl", BY_KEY, O(sysctl), PODS | NO_NET | MAPPED},
	{"engine.cdi_spec_dirs", "cdi-spec-dirs", INSTEAD, O(cdi_spec_dirs), 0},
	{"engine.pull_policy", "pull", TEXT, O(pull), 0},
	{"engine.stop_timeout", "stop-timeout", SIZE, O(stop_timeout), 0},
};

struct applying {
	const struct containers_conf *f;
	bool (*given)(void *ctx, const char *option);
	void *ctx;
	struct container_options *o;
	struct buf *used;
	struct err *e;
};

static bool shares_network(const struct container_options *o)
{
	const char *net = o->network.n ? o->network.items[0] : "";

	return strcmp(net, "host") == 0 || strcmp(net, "none") == 0 || strncmp(net, "container:", 10) == 0 || strncmp(net, "ns:", 3) == 0;
}

static bool is_left_out(const struct container_options *o, unsigned unless)
{
	return ((unless & (POD | PODS)) && (o->pod || o->pod_id_file)) || ((unless & PRIVILEGED) && o->privileged) ||
	       ((unless & MAPPED) && (o->uidmap.n || o->gidmap.n)) || ((unless & NO_NET) && shares_network(o)) || ((unless & NO_INIT) && !o->init);
}

static void note(struct applying *x, const char *path)
{
	buf_addf(x->used, "%s%s", x->used->len ? ", " : "", strchr(path, '.') + 1);
}

/* ---- one value ---- */

static int wrong(const struct applying *x, const struct row *row, const char *wanted)
{
	return err_set(x->e, EINVAL, "containers.conf: %s: is no %s", row->path, wanted);
}

static int take_text(struct applying *x, const struct row *row, struct json_object *value)
{
	const char **at = (const char **)(void *)((char *)x->o + row->at);

	if (!json_object_is_type(value, json_type_string) && !(row->how == NUMBER && json_object_is_type(value, json_type_int)))
		return wrong(x, row, row->how == NUMBER ? "number" : "text");
	/* podman's word for "no limit" is that of none */
	if (row->at == O(pids_limit) && *json_object_get_string(value) == '-')
		return 0;
	if (*at || x->given(x->ctx, row->option) || !*json_object_get_string(value))
		return 0;
	*at = json_object_get_string(value);
	note(x, row->path);
	return 0;
}

static int take_size(struct applying *x, const struct row *row, struct json_object *value)
{
	uint64_t n;

	if (x->given(x->ctx, row->option))
		return 0;
	if (parse_size(json_object_get_string(value), INT64_MAX, &n) < 0 || (row->at == O(stop_timeout) && n > INT32_MAX / 1000))
		return wrong(x, row, "number or size that fits");
	if (row->at == O(stop_timeout))
		x->o->stop_timeout = (uint32_t)n;
	else
		x->o->shm_size = n;
	note(x, row->path);
	return 0;
}

static int take_flag(struct applying *x, const struct row *row, struct json_object *value)
{
	bool *at = (bool *)(void *)((char *)x->o + row->at), b = json_object_get_boolean(value);

	if (!json_object_is_type(value, json_type_boolean))
		return wrong(x, row, "true or false");
	if (x->given(x->ctx, row->option) || *at == b)
		return 0;
	*at = b;
	note(x, row->path);
	return 0;
}

static bool has_key(const struct strv *v, const char *pair)
{
	size_t n = strcspn(pair, "=");

	for (size_t i = 0; i < v->n; i++)
		if (strncmp(v->items[i], pair, n) == 0 && (v->items[i][n] == '=' || v->items[i][n] == '\0'))
			return true;
	return false;
}

static int take_list(struct applying *x, const struct row *row, struct json_object *value)
{
	_cleanup_(strv_done) struct strv mine = {0};
	struct strv *at = (struct strv *)(void *)((char *)x->o + row->at);
	size_t n = at->n;
	int r = 0;

	if (!json_object_is_type(value, json_type_array))
		return wrong(x, row, "list");
	if (row->how == INSTEAD && n > 0)
		return 0;
	for (size_t i = 0; r == 0 && i < json_object_array_length(value); i++) {
		struct json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, json_type_string))
			return wrong(x, row, "list of texts");
		if (row->how != BY_KEY || !has_key(at, json_object_get_string(item)))
			r = strv_add(&mine, json_object_get_string(item));
	}
	if (r < 0)
		return err_errno(x->e, ENOMEM, "containers.conf");
	if (mine.n == 0)
		return 0;
	if (n > 0 && strv_add_all(&mine, at->items) < 0)
		return err_errno(x->e, ENOMEM, "containers.conf");
	strv_done(at);
	*at = mine;
	mine = (struct strv){0};
	note(x, row->path);
	return 0;
}

static int take_word(struct applying *x, const struct row *row, struct json_object *value)
{
	struct strv *at = (struct strv *)(void *)((char *)x->o + row->at);

	if (!json_object_is_type(value, json_type_string))
		return wrong(x, row, "text");
	/* private is what there is without a word */
	if (at->n > 0 || !*json_object_get_string(value) || strcmp(json_object_get_string(value), "private") == 0)
		return 0;
	note(x, row->path);
	return strv_add(at, json_object_get_string(value)) < 0 ? err_errno(x->e, ENOMEM, "containers.conf") : 0;
}

static int take(struct applying *x, const struct row *row)
{
	struct json_object *value = json_at(x->f->json, row->path);

	if (!value || is_left_out(x->o, row->unless))
		return 0;
	switch (row->how) {
	case TEXT:
	case NUMBER:
		return take_text(x, row, value);
	case SIZE:
		return take_size(x, row, value);
	case FLAG:
		return take_flag(x, row, value);
	case WORD:
		return take_word(x, row, value);
	case ALL_OF:
	case INSTEAD:
	case BY_KEY:
		return take_list(x, row, value);
	}
	return -EINVAL;
}

/* ---- those that become part of another option ---- */

static bool begins(const struct strv *v, const char *word)
{
	for (size_t i = 0; i < v->n; i++)
		if (strncmp(v->items[i], word, strlen(word)) == 0 && strchr("=:", v->items[i][strlen(word)]))
			return true;
	return false;
}

static int take_security(struct applying *x, const char *word, const char *path)
{
	struct json_object *value = json_at(x->f->json, path);
	const char *text = value ? json_object_get_string(value) : "";

	if (!*text || x->o->privileged || begins(&x->o->security_opt, word))
		return 0;
	note(x, path);
	return strv_addf(&x->o->security_opt, "%s=%s", word, text) < 0 ? err_errno(x->e, ENOMEM, "containers.conf") : 0;
}

/* label = false: no SELinux label of its own. */
static int take_label(struct applying *x)
{
	struct json_object *value = json_at(x->f->json, C "label");

	if (!value || json_object_get_boolean(value) || begins(&x->o->security_opt, "label"))
		return 0;
	note(x, C "label");
	return strv_add(&x->o->security_opt, "label=disable") < 0 ? err_errno(x->e, ENOMEM, "containers.conf") : 0;
}

/* Which drivers have a place for it is not the file's concern: podman's own default file sets both. */
static int take_log(struct applying *x)
{
	const char *driver = x->o->log_driver ? x->o->log_driver : "k8s-file", *tag = json_str(x->f->json, C "log_tag");
	int64_t max = json_int(x->f->json, C "log_size_max");
	bool file = strcmp(driver, "k8s-file") == 0 || strcmp(driver, "json-file") == 0;
	int r = 0;

	if (max > 0 && file && !begins(&x->o->log_opt, "max-size")) {
		note(x, C "log_size_max");
		r = strv_addf(&x->o->log_opt, "max-size=%lld", (long long)max);
	}
	if (r == 0 && *tag && (strcmp(driver, "journald") == 0 || strcmp(driver, "json-file") == 0) && !begins(&x->o->log_opt, "tag")) {
		note(x, C "log_tag");
		r = strv_addf(&x->o->log_opt, "tag=%s", tag);
	}
	return r < 0 ? err_errno(x->e, ENOMEM, "containers.conf") : 0;
}

/* What would confine or watch a container, and is not done here. */
static int add_warnings(const struct containers_conf *f, struct strv *warnings)
{
	struct json_object *hooks = json_at(f->json, "engine.hooks_dir");

	if (hooks && json_object_is_type(hooks, json_type_array) && json_object_array_length(hooks) > 0)
		return strv_addf(warnings, "containers.conf: hooks_dir: OCI hooks are not run, those of %s neither",
				 json_object_get_string(json_object_array_get_idx(hooks, 0)));
	return 0;
}

int defaults_apply(const struct containers_conf *f, bool (*given)(void *ctx, const char *option), void *ctx, struct container_options *o,
		   struct buf *used, struct strv *warnings, struct err *e)
{
	struct applying x = {.f = f, .given = given, .ctx = ctx, .o = o, .used = used, .e = e};
	int r = 0;

	if (!f->json)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		r = take(&x, &rows[i]);
	if (r == 0)
		r = take_security(&x, "apparmor", C "apparmor_profile");
	if (r == 0)
		r = take_security(&x, "seccomp", C "seccomp_profile");
	if (r == 0)
		r = take_label(&x);
	if (r == 0)
		r = take_log(&x);
	if (r == 0 && add_warnings(f, warnings) < 0)
		r = err_errno(e, ENOMEM, "containers.conf");
	if (r == 0 && !o->source)
		o->source = json_object_get(f->json);
	return r;
}

int defaults_apply_pod(const struct containers_conf *f, bool (*given)(void *ctx, const char *option), void *ctx, struct container_options *o,
		       struct buf *used, struct err *e)
{
	struct applying x = {.f = f, .given = given, .ctx = ctx, .o = o, .used = used, .e = e};
	const char *pod = o->pod, *file = o->pod_id_file;
	int r = 0;

	/* it is not the member that is asked here */
	o->pod = o->pod_id_file = NULL;
	for (size_t i = 0; r == 0 && f->json && i < ARRAY_SIZE(rows); i++)
		r = rows[i].unless & PODS ? take(&x, &rows[i]) : 0;
	o->pod = pod;
	o->pod_id_file = file;
	if (r == 0 && !o->source && f->json)
		o->source = json_object_get(f->json);
	return r;
}
