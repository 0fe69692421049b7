/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Its process is the container's own (config.json) with what the
 * caller asked for put over it; the rules about users and capabilities are
 * exec_process.c's. Everything else is launch.c's, as for a container.
 */
#include "engine/exec.h"
#include "engine/exec_process.h"
#include "engine/exec_trail.h"
#include "engine/inforce.h"
#include "engine/place.h"
#include "engine/recording.h"
#include "engine/secret_spec.h"
#include "engine/start_label.h"

#include "audit/witness.h"
#include "base/clock.h"
#include "engine/attest.h"
#include "oci/digest.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/self.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ENDING_MS 200
#define SESSION_PATH_MAX (2 * CONTAINER_ID_LEN + 16)

static void session_path(const char *id, const char *exec_id, char out[static SESSION_PATH_MAX])
{
	snprintf(out, SESSION_PATH_MAX, "%s/exec/%s", id, exec_id);
}

/* RUN/ID/exec/EID/name, living as long as `x`. */
static const char *keep(struct exec *x, const char *name)
{
	if (strv_addf(&x->texts, "%s/%s/exec/%s%s%s", x->q.eng->run_path, x->q.c->id, x->id, *name ? "/" : "", name) < 0)
		return NULL;
	return x->texts.items[x->texts.n - 1];
}

static int make_session(struct exec *x, struct err *e)
{
	char path[SESSION_PATH_MAX];
	int r = container_new_id(x->id);

	if (r == 0) {
		session_path(x->q.c->id, x->id, path);
		r = path_own_mkdirs(x->q.eng->run_fd, path, &x->run_dirfd);
	}
	return r < 0 ? err_errno(e, -r, "exec session of container %.12s", x->q.c->id) : 0;
}

static int write_process(struct exec *x, struct err *e)
{
	_cleanup_json_ struct json_object *process = NULL;
	const char *text;
	size_t len;
	int r = exec_process_make(&x->q, &process, e);

	if (r < 0)
		return r;
	text = json_text(process, &len);
	r = text ? path_own_write(x->run_dirfd, "process.json", text, len, 0600, PATH_SYNC_NONE) : -ENOMEM;
	return r < 0 ? err_errno(e, -r, "process of the exec session") : 0;
}

/* Copies the words; a NULL among them is one that memory did not suffice for. */
static int add_words(struct strv *v, const char *const *words, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!words[i] || strv_add(v, words[i]) < 0)
			return err_errno(e, ENOMEM, "exec");
	return 0;
}

static int runtime_argv(struct exec *x, struct err *e)
{
	_cleanup_free_ char *path = NULL, *root = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r = self_open_program("ranby-runtime", &fd, &path, e);

	if (r < 0)
		return r;
	if (asprintf(&root, "%s/%s", x->q.eng->run_path, ENGINE_RUNTIME) < 0)
		return err_errno(e, ENOMEM, "exec");
	const char *const words[] = {
		path, "--root", root, "exec", "--process", keep(x, "process.json"), "--detach",
		"--start-socket", keep(x, "start"), "--pid-file", x->plan.monitor.pid_file,
		"--error-fd", "{ERROR_FD}", "--lifeline-fd", "{ERROR_FD}", x->q.c->id, "--console-socket", "{CONSOLE}",
		"--secrets-fd", "{SECRETS_FD}",
	};
	size_t n = ARRAY_SIZE(words), options = n - 5;

	r = add_words(&x->runtime_argv, words, options, e);
	if (r == 0 && exec_trail_runtime_argv(exec_trail_of(x->q.c), &x->runtime_argv) < 0)
		r = err_errno(e, ENOMEM, "exec");
	if (r == 0 && x->q.tty)
		r = add_words(&x->runtime_argv, words + options + 1, 2, e);
	if (r == 0 && x->secrets_fd >= 0)
		r = add_words(&x->runtime_argv, words + options + 3, 2, e);
	if (r == 0)
		r = passed_fds_plan(x->q.passed, &x->plan.monitor, &x->runtime_argv, e);
	return r == 0 ? add_words(&x->runtime_argv, words + options, 1, e) : r;
}

static int exit_argv(struct exec *x, struct err *e)
{
	const char *const words[] = {"container", "cleanup", "--exec", x->id, x->q.c->id, NULL};

	return engine_argv(x->q.eng, words, &x->exit_argv, e);
}

static int place_exec(void *ctx, pid_t monitor, struct err *e)
{
	const struct exec *x = ctx;

	return place_beside(x->q.eng, x->q.c, monitor, e);
}

static int attest_exec(struct exec *x, const struct monitor_created *created, struct json_object *o, struct err *e);
static int record_exec(void *ctx, const struct monitor_created *created, struct json_object *in_force, struct err *e);

static int fill_plan(struct exec *x, struct err *e)
{
	struct monitor_launch *m = &x->plan.monitor;
	int r;

	*m = (struct monitor_launch)MONITOR_LAUNCH_INIT;
	m->id = x->q.c->id;
	m->transient = true;
	m->tty = x->q.tty;
	m->stdin_open = x->q.stdin_open;
	m->userns_fd = x->keeper.userns_fd;
	m->run_dir = keep(x, "");
	m->exit_file = keep(x, "exit.json");
	m->pid_file = keep(x, "pid");
	if (exec_trail_has_writer(x->q.c) &&
	    (strv_addf(&x->texts, "%s/%s", x->q.eng->run_path, x->q.c->id) < 0 ||
	     !(m->trail_of = x->texts.items[x->texts.n - 1])))
		return err_errno(e, ENOMEM, "exec");
	if (!m->run_dir || !m->exit_file || !m->pid_file)
		return err_errno(e, ENOMEM, "exec");
	r = x->q.record ? recording_make(x->q.eng, x->q.c, x->q.record, json_str(x->q.origin->json, "cwd"), &x->texts, e) : 0;
	if (r == 0 && x->q.record)
		m->record_file = x->texts.items[x->texts.n - 1];
	m->record_input = x->q.record_input;
	if (r == 0)
		r = secret_specs_seal(x->q.eng, json_at(x->q.c->spec, "config.secrets"), true, NULL, &x->secrets_fd, e);
	m->secrets_fd = x->secrets_fd;
	if (r == 0)
		r = runtime_argv(x, e);
	if (r == 0)
		r = exit_argv(x, e);
	if (r < 0)
		return r;
	start_label_streams(x->q.c, &m->labels);
	m->runtime_argv = x->runtime_argv.items;
	m->on_exit_argv = x->exit_argv.items;
	x->plan.run_dirfd = x->run_dirfd;
	x->plan.start_dirfd = x->run_dirfd;
	x->plan.start_name = "start";
	if (*json_str(x->q.c->spec, "config.limitedBy"))
		x->plan.place = place_exec;
	x->plan.record = record_exec;
	x->plan.ctx = x;
	return 0;
}

static int prepare(const struct exec_request *q, struct exec *x, struct err *e)
{
	int r = keeper_of(q->eng, q->c, &x->keeper, e);
	if (r == 0)
		r = make_session(x, e);
	if (r == 0)
		r = write_process(x, e);
	if (r == 0)
		r = fill_plan(x, e);
	if (r == 0)
		r = launch_watch(&x->plan, &x->launch, e);
	fd_closep(&x->secrets_fd);
	return r;
}

static int add_command(struct json_object *o, char *const *command)
{
	struct json_object *list = json_object_new_array();
	int r = list ? 0 : -ENOMEM;

	for (; r == 0 && *command; command++)
		r = json_append_str(list, *command);
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return json_add(o, "command", list);
}

static int record_exec(void *ctx, const struct monitor_created *created, struct json_object *in_force, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct exec *x = ctx;
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];
	const char *text;
	size_t len;
	int r = o ? json_add(o, "inForce", in_force) : (json_object_put(in_force), -ENOMEM);

	if (r < 0 || inforce_add_landlock(in_force, json_at(x->q.c->spec, "config")) < 0 ||
	    json_add_str(o, "id", x->id) < 0 || json_add_int(o, "pid", created->pid) < 0 || json_add_u64(o, "startTicks", created->start_ticks) < 0 || add_command(o, x->q.command) < 0 ||
	    json_add_str(o, "startedAt", clock_rfc3339_fixed(&now, CLOCK_UTC, time)) < 0 ||
	    json_add(o, "startedBy", json_object_get(x->q.origin->json)) < 0)
		return err_errno(e, ENOMEM, "exec.json");
	r = attest_exec(x, created, o, e);
	if (r < 0)
		return r;
	text = json_text(o, &len);
	if (!text)
		return err_errno(e, ENOMEM, "exec.json");
	r = path_own_write(x->run_dirfd, "exec.json", text, len, 0600, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "write exec.json") : 0;
}

/* The command with blanks between its words, for the eye. */
static void command_text(char *const *command, char out[static WITNESS_TEXT_SIZE])
{
	size_t len = 0;

	out[0] = '\0';
	for (; *command && len < WITNESS_TEXT_SIZE - 1; command++) {
		witness_text(out + len, WITNESS_TEXT_SIZE - len, len ? " " : "");
		len += strlen(out + len);
		witness_text(out + len, WITNESS_TEXT_SIZE - len, *command);
		len += strlen(out + len);
	}
}

static struct attest attest_of(const struct exec *x, const char *command)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_EXEC);

	a.c = x->q.c;
	a.reason = x->q.reason;
	a.required = x->q.require_audit || json_true(x->q.c->spec, "options.require-audit");
	a.claim[WITNESS_CLAIM_CMD] = command;
	a.claim[WITNESS_CLAIM_USER] = x->q.user;
	return a;
}

static int attest_exec(struct exec *x, const struct monitor_created *created, struct json_object *o, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF, init = -EBADF;
	char command[WITNESS_TEXT_SIZE] = "";
	struct attest a = attest_of(x, command);
	struct audit_receipt receipt;
	int r = pidfd_open_identity(created->pid, created->start_ticks, &pidfd);

	if (r == 0)
		r = container_pidfd(x->q.c, &init);
	if (r < 0)
		return err_errno(e, -r, "process of the exec session");
	command_text(x->q.command, command);
	a.pidfd = pidfd;
	a.init_pidfd = init;
	r = attest(x->q.eng, &a, &receipt, e);
	if (r < 0)
		return r;
	r = attest_to_json(&receipt, o);
	return r < 0 ? err_errno(e, -r, "exec.json") : 0;
}

/* What it failed at says little, when it was the end of the container. A command that is not there has its own exit code. */
static int or_ended(const struct exec *x, int r, struct err *e)
{
	_cleanup_close_ int init = -EBADF;

	if (r >= 0 || (e && e->exit_code))
		return r;
	/* its processes are killed before it is one that has ended */
	if (container_pidfd(x->q.c, &init) == 0 && pidfd_wait(init, r == -EINVAL ? 0 : ENDING_MS) < 0)
		return r;
	err_clear(e);
	return err_set(e, ESRCH, "container %.12s ended before the command ran in it", x->q.c->id);
}

static int failed(struct exec *x, int r, struct err *e)
{
	char command[WITNESS_TEXT_SIZE] = "";
	struct attest a = attest_of(x, command);

	command_text(x->q.command, command);
	return attest_failed(x->q.eng, &a, or_ended(x, r, e), e);
}

int exec_prepare(const struct exec_request *q, struct exec *x, struct err *e)
{
	x->q = *q;
	return failed(x, prepare(q, x, e), e);
}

int exec_release(struct exec *x, struct err *e)
{
	return failed(x, launch_release(&x->plan, &x->launch, e), e);
}

int exec_clean_up(struct engine *eng, const struct container *c, const char *exec_id, struct err *e)
{
	char path[SESSION_PATH_MAX];
	int r;

	if (!digest_is_hex(exec_id))
		return err_set(e, EINVAL, "\"%s\" is no exec session", exec_id);
	session_path(c->id, exec_id, path);
	r = path_own_remove_tree(eng->run_fd, path);
	return r < 0 ? err_errno(e, -r, "remove exec session %.12s", exec_id) : 0;
}

int exec_ended(struct exec *x, struct err *e)
{
	/* a monitor that has been killed needs no telling */
	(void)!monitor_say_cleaned(&x->launch.monitor, NULL);
	return exec_clean_up(x->q.eng, x->q.c, x->id, e);
}

void exec_done(struct exec *x)
{
	bool failed = x->run_dirfd >= 0 && !x->launch.released;

	launch_done(&x->launch);
	if (failed)
		(void)!exec_clean_up(x->q.eng, x->q.c, x->id, NULL);
	keeper_done(&x->keeper);
	fd_closep(&x->run_dirfd);
	fd_closep(&x->secrets_fd);
	strv_done(&x->runtime_argv);
	strv_done(&x->exit_argv);
	strv_done(&x->texts);
}

/* Appends the session's exec.json if its process still runs. */
static int list_session(int dirfd, const char *id, struct json_object *list)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_close_ int pidfd = -EBADF;
	char path[CONTAINER_ID_LEN + 16];

	snprintf(path, sizeof(path), "%.64s/exec.json", id);
	if (path_own_read(dirfd, path, CONTAINER_JSON_MAX, &b) < 0 || json_parse(buf_str(&b), b.len, path, &o, NULL) < 0)
		return 0;
	if (pidfd_open_identity((pid_t)json_int(o, "pid"), (uint64_t)json_int(o, "startTicks"), &pidfd) < 0 ||
	    pidfd_has_ended(pidfd))
		return 0;
	return json_append(list, TAKE_PTR(o));
}

int exec_list(struct engine *eng, const struct container *c, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	char path[CONTAINER_ID_LEN + 8];
	struct dirent *d;
	int r = list ? 0 : -ENOMEM, fd = -EBADF;
	DIR *dir = NULL;

	snprintf(path, sizeof(path), "%s/exec", c->id);
	if (r == 0 && path_own_open(eng->run_fd, path, O_RDONLY | O_DIRECTORY, 0, &fd) == 0) {
		dir = fdopendir(fd);
		if (!dir)
			fd_closep(&fd);
	}
	while (dir && r == 0 && json_object_array_length(list) < EXEC_SESSIONS_MAX && (d = dir_next(dir, &r)))
		if (digest_is_hex(d->d_name))
			r = list_session(dirfd(dir), d->d_name, list);
	if (dir)
		closedir(dir);
	if (r < 0)
		return err_errno(e, -r, "list exec sessions");
	*ret = TAKE_PTR(list);
	return 0;
}
