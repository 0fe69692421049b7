/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-runtime - an OCI runtime (runtime-spec 1.2), command line as runc's.
 *
 *	ranby-runtime [--root DIR] [--log FILE] [--log-format text|json] VERB ...
 *
 * It must behave the same whoever drives it: ranby's monitor, podman,
 * containerd. So it reads no configuration, and of the environment only the
 * XDG directories that say where state and cache are by default. A failure is
 * one line on standard error, one in --log, and a struct err on --error-fd
 * (of create and exec), with exit code 1, or 125 to 127 where it means something.
 */
#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"
#include "oci/seccomp.h"
#include "runtime/state.h"
#include "runtime/verb.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/self.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define OCI_SPEC "1.2.0"

struct globals {
	const char *root, *log, *log_format, *rootless, *cgroup_manager;
	bool systemd_cgroup, debug, version, help;
	uint32_t error_fd;
};

static const struct option_row rows[] = {
	{0, "root", OPT_STRING, offsetof(struct globals, root), .arg = "DIR", .help = "Where the state of containers is kept"},
	{0, "log", OPT_STRING, offsetof(struct globals, log), .arg = "FILE", .help = "Append errors to that file"},
	{0, "log-format", OPT_CHOICE, offsetof(struct globals, log_format), .arg = "FORMAT", .choices = "text|json", .help = "Form of the log"},
	{0, "error-fd", OPT_U32, offsetof(struct globals, error_fd), .arg = "N", .min = 3, .max = 65535, .help = "Descriptor that gets the error as a struct"},
	{0, "systemd-cgroup", OPT_FLAG, offsetof(struct globals, systemd_cgroup), .help = "A container's cgroup is a scope of systemd's"},
	{0, "cgroup-manager", OPT_CHOICE, offsetof(struct globals, cgroup_manager), .arg = "MANAGER", .choices = "cgroupfs|systemd|disabled", .help = "As crun has it; systemd: as --systemd-cgroup; disabled: none is made"},
	{0, "rootless", OPT_STRING, offsetof(struct globals, rootless), .arg = "BOOL", .help = "Accepted: found out by itself"},
	{0, "debug", OPT_FLAG, offsetof(struct globals, debug), .help = "Accepted: there is no more to say"},
	{'v', "version", OPT_FLAG, offsetof(struct globals, version), .help = "Print the version"},
	{'h', "help", OPT_FLAG, offsetof(struct globals, help), .help = "Print this help"},
	OPTION_END,
};

static const char *env_value(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return (*env)[n + 1] == '/' ? *env + n + 1 : NULL;
	return NULL;
}

/* Default directories; *ret stays empty when there is none. */
static void default_dirs(char *const *env, char root[static PATH_MAX], char cache[static PATH_MAX])
{
	const char *run = env_value(env, "XDG_RUNTIME_DIR"), *c = env_value(env, "XDG_CACHE_HOME"), *home = env_value(env, "HOME");

	if (run)
		snprintf(root, PATH_MAX, "%s/" RUNTIME_ROOT_IN_XDG, run);
	else if (geteuid() == 0)
		snprintf(root, PATH_MAX, RUNTIME_ROOT_OF_ROOT);
	else
		snprintf(root, PATH_MAX, RUNTIME_ROOT_IN_TMP, geteuid());
	cache[0] = '\0';
	if (c)
		snprintf(cache, PATH_MAX, "%s/ranby/seccomp", c);
	else if (home)
		snprintf(cache, PATH_MAX, "%s/.cache/ranby/seccomp", home);
}

static void version(struct buf *out)
{
	char seccomp[SECCOMP_VERSION_MAX];

	seccomp_compiler_version(seccomp);
	buf_addf(out, "ranby-runtime version %s\nspec: %s\nlibseccomp: %s\n", RANBY_VERSION, OCI_SPEC, seccomp);
}

static void help(struct buf *out)
{
	static const char *const names[] = {"create", "start", "state", "kill", "delete", "run", "exec", "ps", "list", "pause", "resume", "update", "events", "features", "spec"};

	buf_adds(out, "usage: ranby-runtime [OPTIONS] VERB [OPTIONS] [ID] [ARG...]\n\nVerbs:\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		buf_addf(out, "  %-10s %s\n", names[i], verb_find(names[i])->summary);
	buf_adds(out, "\nOptions:\n");
	option_help(rows, 80, out);
}

/* A line on standard error; it may hold names that an image chose. */
static void say(const char *word, const char *text)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	escape_text(text, strlen(text), 0, &b);
	dprintf(2, "%s: %s\n", word, buf_str(&b));
}

/* One line for people, or one object for containerd and podman. */
static void log_line(const struct globals *g, const char *level, const struct err *e)
{
	_cleanup_close_ int fd = open(g->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (fd < 0 || !o)
		return;
	clock_rfc3339(&now, CLOCK_UTC, time);
	if (!g->log_format || strcmp(g->log_format, "json") != 0) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		escape_text(e->text, strlen(e->text), 0, &b);
		dprintf(fd, "time=\"%s\" level=%s msg=\"%s\"\n", time, level, buf_str(&b));
		return;
	}
	if (json_add_str(o, "level", level) == 0 && json_add_str(o, "msg", e->text) == 0 && json_add_str(o, "time", time) == 0)
		dprintf(fd, "%s\n", json_text(o, NULL));
}

static int report(const struct globals *g, int error_fd, const struct err *e)
{
	if (error_fd >= 0 && fd_write_all(error_fd, e, sizeof(*e)) < 0)
		dprintf(2, "Error: %s: --error-fd cannot be written\n", e->text);
	if (error_fd < 0)
		say("Error", e->text);
	if (error_fd < 0 && e->hint[0])
		say("Hint", e->hint);
	if (g->log)
		log_line(g, "error", e);
	return e->exit_code ? e->exit_code : 1;
}

static int run_verb(const struct globals *g, char *const *env, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	char root[PATH_MAX], cache[PATH_MAX];
	_cleanup_close_ int rroot = -EBADF;
	struct runtime_context x = {.rroot = -EBADF};
	const struct verb *v;
	int r;

	if (argc == 0)
		return err_set(e, EINVAL, "no verb: see ranby-runtime --help");
	v = verb_find(argv[0]);
	if (!v)
		return err_set(e, EINVAL, "verb %.40s is unknown: see ranby-runtime --help", argv[0]);
	default_dirs(env, root, cache);
	x.env = env;
	x.systemd = g->systemd_cgroup || (g->cgroup_manager && strcmp(g->cgroup_manager, "systemd") == 0);
	x.no_cgroup = g->cgroup_manager && strcmp(g->cgroup_manager, "disabled") == 0;
	if (g->systemd_cgroup && g->cgroup_manager && strcmp(g->cgroup_manager, "systemd") != 0)
		return err_set(e, EINVAL, "--systemd-cgroup and --cgroup-manager=%s: one of them", g->cgroup_manager);
	x.rroot_path = g->root ? g->root : root;
	x.cache_dir = cache[0] ? cache : NULL;
	if (v->needs_root) {
		char absolute[PATH_MAX];

		if (x.rroot_path[0] != '/' && (!getcwd(absolute, sizeof(absolute)) ||
					       strlen(absolute) + strlen(x.rroot_path) + 2 > sizeof(root)))
			return err_errno(e, ENAMETOOLONG, "%s", x.rroot_path);
		if (x.rroot_path[0] != '/') {
			snprintf(root, sizeof(root), "%.2000s/%.2000s", absolute, x.rroot_path);
			x.rroot_path = root;
		}
		r = path_make_private(x.rroot_path, &rroot);
		if (r == -EPERM)
			return err_set(e, EPERM, "%s: a link, not yours, or others may write in it", x.rroot_path);
		if (r < 0)
			return err_errno(e, -r, "%s", x.rroot_path);
		x.rroot = rroot;
	}
	return v->run(&x, argc, argv, ret, e);
}

static int flush(struct buf *out)
{
	int r = fd_write_all(1, out->data, out->len);

	buf_done(out);
	*out = (struct buf)BUF_INIT;
	return r;
}

int main(int argc, char **argv, char **env)
{
	struct verb_result result = {.error_fd = -1, .flush = flush};
	struct globals g = {.debug = false};
	struct err e = {0};
	int first = argc, hidden, r;

	/*
	 * Nobody who shares our uid in a container may look into us while we join
	 * or build it. A plain user outside of any namespace would lose his own
	 * /proc/PID/uid_map by this, and is safe without: his user namespace is
	 * no container's.
	 */
	hidden = userns_is_privileged() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
	r = self_settle();
	/* what is made inside of a container is for its users too, whatever mask its caller has */
	(void)umask(022);
	if (r < 0)
		(void)err_errno(&e, -r, "standard streams");
	else
		r = option_parse(rows, argc, argv, OPTION_STOP_AT_OPERAND, &g, &first, &e);
	if (g.error_fd)
		result.error_fd = (int)g.error_fd;
	if (r == 0 && hidden < 0)
		r = err_errno(&e, -hidden, "not dumpable");
	if (r == 0 && g.version)
		version(&result.out);
	else if (r == 0 && g.help)
		help(&result.out);
	else if (r == 0)
		r = run_verb(&g, env, argc - first, argv + first, &result, &e);
	if (result.warning.code) {
		say("Warning", result.warning.text);
		if (g.log)
			log_line(&g, "warning", &result.warning);
	}
	if (r < 0)
		result.exit_code = report(&g, result.error_fd, &e);
	if (result.out.len > 0 && fd_write_all(1, result.out.data, result.out.len) < 0)
		result.exit_code = 1;
	buf_done(&result.out);
	return result.exit_code;
}
