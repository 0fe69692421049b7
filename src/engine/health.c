/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The monitor counts the time and nothing else; what a check means is found out
 * here, by a ranby that lives as long as the check. Two at a time (one of them by
 * hand) write one after the other, under a lock of health.json's own: that of
 * the container may be held by who waits for its end.
 *
 * A check that is killed at its timeout has failed, whatever it would have said.
 */
#include "engine/health.h"

#include "base/clock.h"
#include "base/escape.h"
#include "engine/attest.h"
#include "engine/exec.h"
#include "engine/keeper.h"
#include "engine/restart.h"
#include "engine/sdnotify.h"
#include "engine/stop.h"
#include "monitor/collect.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "health.json"
#define LOCK_NAME "health.lock"
#define LOG_SUFFIX "-healthcheck.log"
#define LOCK_MS 5000
#define KILLED_MS 10000
#define CONFIG "config.healthcheck"
#define STARTUP CONFIG ".startup"
#define WRITE_TRIES 3

bool health_has(const struct container *c)
{
	return json_at(c->spec, CONFIG) != NULL;
}

/* ---- what is remembered ---- */

/* health.json, when it is of this run; NULL otherwise. */
static struct json_object *read_marks(const struct container *c)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;

	if (!c->state || container_read(c, FILE_NAME, CONTAINER_JSON_MAX, &b) < 0 ||
	    json_parse(buf_str(&b), b.len, FILE_NAME, &o, NULL) < 0 || !json_object_is_type(o, json_type_object))
		return NULL;
	if (json_int(o, "pid") != json_int(c->state, "pid") || json_int(o, "startTicks") != json_int(c->state, "startTicks"))
		return NULL;
	return TAKE_PTR(o);
}

/* One of our words, whatever the file says. */
static const char *status_of(struct json_object *marks)
{
	const char *text = marks ? json_str(marks, "status") : "";

	if (strcmp(text, HEALTH_HEALTHY) == 0)
		return HEALTH_HEALTHY;
	return strcmp(text, HEALTH_UNHEALTHY) == 0 ? HEALTH_UNHEALTHY : HEALTH_STARTING;
}

const char *health_status(const struct container *c, char out[static HEALTH_STATUS_SIZE])
{
	_cleanup_json_ struct json_object *marks = health_has(c) ? read_marks(c) : NULL;

	snprintf(out, HEALTH_STATUS_SIZE, "%s", health_has(c) ? status_of(marks) : "");
	return out;
}

static struct json_object *log_of(struct json_object *marks)
{
	struct json_object *log = marks ? json_at(marks, "log") : NULL;

	return log && json_object_is_type(log, json_type_array) ? json_object_get(log) : json_object_new_array();
}

/* Why the last check is not in the file of --health-log-destination; "": it is, or there is no such file. */
static const char *log_error(struct json_object *marks)
{
	return marks ? json_str(marks, "logError") : "";
}

struct json_object *health_json(const struct container *c)
{
	_cleanup_json_ struct json_object *marks = NULL, *o = NULL;

	if (!health_has(c))
		return NULL;
	marks = read_marks(c);
	o = json_object_new_object();
	if (!o || json_add_str(o, "Status", status_of(marks)) < 0 ||
	    json_add_int(o, "FailingStreak", marks ? json_int(marks, "failingStreak") : 0) < 0 || json_add(o, "Log", log_of(marks)) < 0 ||
	    (*log_error(marks) && json_add_str(o, "LogError", log_error(marks)) < 0))
		return NULL;
	return TAKE_PTR(o);
}

void health_step(struct health_mark *m, bool passed, bool in_start_period, uint32_t retries)
{
	if (passed) {
		m->status = HEALTH_HEALTHY;
		m->streak = 0;
	} else if (!in_start_period) {
		m->streak += m->streak < UINT32_MAX;
		if (m->streak >= retries)
			m->status = HEALTH_UNHEALTHY;
	}
}

bool health_startup_step(struct health_startup *s, bool passed, uint32_t successes, uint32_t retries)
{
	if (s->over)
		return false;
	s->successes += passed && s->successes < UINT32_MAX;
	s->failures += !passed && s->failures < UINT32_MAX;
	s->over = passed && s->successes >= successes;
	return !passed && retries > 0 && s->failures >= retries;
}

static struct health_startup startup_of(struct json_object *marks)
{
	struct json_object *o = marks ? json_at(marks, "startup") : NULL;

	if (!o)
		return (struct health_startup){.over = false};
	return (struct health_startup){.over = json_true(o, "over"), .successes = (uint32_t)json_int(o, "successes"), .failures = (uint32_t)json_int(o, "failures")};
}

bool health_in_startup(const struct container *c)
{
	_cleanup_json_ struct json_object *marks = json_at(c->spec, STARTUP) ? read_marks(c) : NULL;

	return json_at(c->spec, STARTUP) && !startup_of(marks).over;
}

/* ---- one check ---- */

struct result {
	struct json_object *config; /* of the check, or of the startup check; borrowed */
	bool is_startup;
	struct timespec begin, end;
	int code;
	struct buf output;
};

static int log_entry(const struct result *x, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	char time[CLOCK_TEXT_SIZE];

	(void)escape_utf8(x->output.data, x->output.len, &text);
	if (!o || buf_bad(&text) || json_add_str(o, "Start", clock_rfc3339(&x->begin, CLOCK_UTC, time)) < 0 ||
	    json_add_str(o, "End", clock_rfc3339(&x->end, CLOCK_UTC, time)) < 0 || json_add_int(o, "ExitCode", x->code) < 0 ||
	    json_add_str(o, "Output", buf_str(&text)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* A container of an earlier version has none. */
static int64_t bound(const struct container *c, const char *key, int64_t usual)
{
	int64_t n = json_int(json_at(c->spec, CONFIG), key);

	return n > 0 ? n : usual;
}

static int add_startup(struct json_object *o, const struct health_startup *s)
{
	struct json_object *json = json_object_new_object();

	if (json_add(o, "startup", json) < 0 || json_add_bool(json, "over", s->over) < 0 || json_add_int(json, "successes", s->successes) < 0 ||
	    json_add_int(json, "failures", s->failures) < 0)
		return -ENOMEM;
	return 0;
}

static int marks_json(const struct container *c, const struct health_mark *m, const struct health_startup *s, struct json_object *old,
		      const struct result *x, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *entry = NULL, *log = json_object_new_array(), *before = log_of(old);
	size_t n = before ? json_object_array_length(before) : 0, kept = (size_t)bound(c, "maxLogCount", HEALTH_LOG_MAX);
	int r = o && log && before ? log_entry(x, &entry) : -ENOMEM;

	for (size_t i = n >= kept ? n - kept + 1 : 0; r == 0 && i < n; i++)
		r = json_append(log, json_object_get(json_object_array_get_idx(before, i)));
	if (r == 0)
		r = json_append(log, TAKE_PTR(entry));
	if (r < 0 || json_add_int(o, "pid", json_int(c->state, "pid")) < 0 ||
	    json_add_int(o, "startTicks", json_int(c->state, "startTicks")) < 0 || json_add_str(o, "status", m->status) < 0 ||
	    json_add_int(o, "failingStreak", m->streak) < 0 || json_add(o, "log", TAKE_PTR(log)) < 0 ||
	    (json_at(c->spec, STARTUP) && add_startup(o, s) < 0) || (*log_error(old) && json_add_str(o, "logError", log_error(old)) < 0))
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* Who starts or clears up takes temporary files away (container_tidy()): then once more. */
static int write_marks(const struct container *c, struct json_object *o)
{
	size_t len;
	const char *text = json_text(o, &len);
	int r = text ? -ENOENT : -ENOMEM;

	for (int i = 0; r == -ENOENT && i < WRITE_TRIES; i++)
		r = path_own_write(container_dir(c), FILE_NAME, text, len, 0600, PATH_SYNC_NONE);
	return r;
}

/* What inspect shows, for --health-log-destination. */
static int write_log(const struct container *c, struct err *e)
{
	const char *path = json_str(c->spec, CONFIG ".logDir");
	_cleanup_json_ struct json_object *o = *path ? health_json(c) : NULL;
	_cleanup_close_ int dir = *path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	char name[CONTAINER_ID_LEN + sizeof(LOG_SUFFIX)];
	size_t len = 0;
	const char *text;
	int r;

	if (!*path)
		return 0;
	if (o)
		json_object_object_del(o, "LogError"); /* of the file before this one */
	text = o ? json_text(o, &len) : NULL;
	if (dir < 0)
		return err_errno(e, errno, "health log %s", path);
	if (!text)
		return err_errno(e, ENOMEM, "health log %s", path);
	snprintf(name, sizeof(name), "%s" LOG_SUFFIX, c->id);
	r = path_own_write_spare(dir, name, text, len, 0600);
	if (r == -EOPNOTSUPP)
		r = path_own_write(dir, name, text, len, 0600, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "health log %s", path) : 0;
}

static bool is_in_start_period(const struct container *c, const struct result *x)
{
	return clock_ns(&x->begin) < json_int(c->state, "startedNs") + json_int(c->spec, CONFIG ".startPeriodNs");
}

/* What came of a check. */
struct after {
	struct health_mark mark;
	bool changed; /* its status */
	bool restart; /* the startup check has failed too often */
};

/* Writes down what came of it. */
static int remember(const struct container *c, const struct result *x, struct after *ret, struct err *e)
{
	_cleanup_json_ struct json_object *old = NULL, *o = NULL;
	_cleanup_close_ int lock = -EBADF;
	struct health_startup startup;
	struct health_mark m;
	bool restart = false;
	const char *before;
	int r = lock_take(container_dir(c), LOCK_NAME, LOCK_MS, &lock);

	if (r < 0)
		return err_errno(e, -r, "health of container %.12s", c->id);
	old = read_marks(c);
	before = status_of(old);
	m = (struct health_mark){.status = before, .streak = old ? (uint32_t)json_int(old, "failingStreak") : 0};
	startup = startup_of(old);
	if (x->is_startup)
		restart = health_startup_step(&startup, x->code == 0, (uint32_t)json_int(x->config, "successes"), (uint32_t)json_int(x->config, "retries"));
	/* its own check is run by nobody: what is known is that it has started */
	if (x->is_startup && startup.over && json_int(c->spec, CONFIG ".intervalNs") == 0)
		m.status = HEALTH_HEALTHY;
	if (!x->is_startup)
		health_step(&m, x->code == 0, is_in_start_period(c, x), (uint32_t)json_int(x->config, "retries"));
	r = marks_json(c, &m, &startup, old, x, &o);
	if (r == 0)
		r = write_marks(c, o);
	if (r < 0)
		return err_errno(e, -r, "health of container %.12s", c->id);
	*ret = (struct after){.mark = m, .changed = strcmp(before, m.status) != 0, .restart = restart};
	return 0;
}

static void say_timeout(struct result *x)
{
	char text[CLOCK_TEXT_SIZE];

	buf_done(&x->output);
	buf_addf(&x->output, "the check has not ended after %s, and was killed", clock_duration(json_int(x->config, "timeoutNs"), text));
	x->code = 128 + SIGKILL;
}

static void kill_check(struct exec *x)
{
	_cleanup_close_ int pidfd = -EBADF;

	if (pidfd_open_identity(x->launch.created.pid, x->launch.created.start_ticks, &pidfd) == 0 && pidfd_signal(pidfd, SIGKILL) == 0)
		(void)!pidfd_wait(pidfd, KILLED_MS);
}

static int run_exec(const struct exec_request *q, struct result *ret, struct err *e)
{
	_cleanup_(exec_done) struct exec x = EXEC_INIT;
	struct attach_options o = ATTACH_OPTIONS_INIT;
	_cleanup_(attach_done) struct attach a = ATTACH_INIT;
	struct monitor_exit end = {0};
	int r = exec_prepare(q, &x, e);

	o.flags = MONITOR_WANT_STDOUT | MONITOR_WANT_STDERR;
	if (r == 0)
		r = attach_connect(x.run_dirfd, &o, &a, e);
	if (r == 0)
		r = exec_release(&x, e);
	if (r < 0)
		return r;
	r = collect_output(&a, (int)(json_int(ret->config, "timeoutNs") / 1000000), (size_t)bound(q->c, "maxLogSize", HEALTH_OUTPUT_MAX), &ret->output, &end, e);
	ret->code = end.exit_code;
	if (r == -ETIMEDOUT) {
		kill_check(&x);
		attach_done(&a);
		say_timeout(ret);
		r = 0;
	}
	return r == 0 ? exec_ended(&x, e) : r;
}

static int run_check(struct engine *eng, struct container *c, const struct origin *who, struct result *x, struct err *e)
{
	static char *const none[] = {NULL};
	_cleanup_(strv_done) struct strv command = {0}, no_words = {0};
	struct exec_request q = {.eng = eng, .c = c, .origin = who, .env = &no_words, .env_file = &no_words, .caller_env = none, .reason = "healthcheck"};
	int r = json_get_strv(x->config, "command", &command, e);

	if (r < 0)
		return r;
	q.command = command.items;
	x->begin = clock_now();
	r = run_exec(&q, x, e);
	/* a command that is not there, or cannot be executed, is a check that fails */
	if (r < 0 && e->exit_code != 126 && e->exit_code != 127)
		return r;
	if (r < 0) {
		x->code = e->exit_code;
		buf_adds(&x->output, e->text);
		*e = (struct err){0};
	}
	x->end = clock_now();
	return 0;
}

/* ---- what follows ---- */

static void tell(struct engine *eng, const struct container *c, const char *status)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_HEALTH);
	struct err own = {0};

	a.c = c;
	a.reason = status;
	(void)!attest(eng, &a, NULL, &own);
}

/* Keeps for inspect what became of the log. True when that is a failure, and was none or another before. */
static bool log_newly_failed(const struct container *c, const char *error)
{
	_cleanup_json_ struct json_object *marks = NULL;
	_cleanup_close_ int lock = -EBADF;

	if (!*json_str(c->spec, CONFIG ".logDir") || lock_take(container_dir(c), LOCK_NAME, LOCK_MS, &lock) < 0)
		return false;
	marks = read_marks(c);
	if (!marks || strcmp(log_error(marks), error) == 0)
		return false;
	json_object_object_del(marks, "logError");
	if (*error && json_add_str(marks, "logError", error) < 0)
		return false;
	(void)!write_marks(c, marks);
	return *error;
}

/* Nobody may be looking when the monitor checks: inspect has it, and an event when it begins. */
static int log_check(struct engine *eng, const struct container *c, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_HEALTH);
	int r = write_log(c, e);

	a.c = c;
	a.reason = "log";
	return log_newly_failed(c, r < 0 ? e->text : "") ? attest_failed(eng, &a, r, e) : r;
}

static int record_kill(struct engine *eng, const struct container *c, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_KILL);

	a.c = c;
	a.reason = "unhealthy";
	return attest_running(eng, &a, e);
}

/* As `ranby restart`, but nobody has asked for it. */
static int restart(struct engine *eng, struct container *c, struct err *e)
{
	_cleanup_(keeper_done) struct keeper keeper = KEEPER_INIT;
	/* what a start cannot do without is had before the run is ended */
	int r = keeper_open(eng, &keeper, e);

	if (r == 0)
		r = record_kill(eng, c, e);
	if (r == 0)
		r = stop_container(eng, c, STOP_TIMEOUT_OWN, e);
	return r == 0 ? restart_start(eng, c, e) : r;
}

/* Under the lock, of the run that was checked and no other. */
static int act_locked(struct engine *eng, struct container *c, const char *action, struct err *e)
{
	uint64_t ticks = c->start_ticks;
	int r = container_refresh(eng, c, e);

	if (r < 0 || c->pid == 0 || c->start_ticks != ticks)
		return r;
	if (strcmp(action, "restart") == 0)
		return restart(eng, c, e);
	r = record_kill(eng, c, e);
	if (r < 0)
		return r;
	return strcmp(action, "stop") == 0 ? stop_container(eng, c, STOP_TIMEOUT_OWN, e) : stop_kill(c, e);
}

static int act(struct engine *eng, struct container *c, const char *action, struct err *e)
{
	_cleanup_close_ int lock = -EBADF;
	int r = 0;

	if (strcmp(action, "none") == 0)
		return 0;
	if (strcmp(action, "stop") == 0)
		r = restart_forbid(eng, c, e);
	if (r == 0)
		r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);
	return r == 0 ? act_locked(eng, c, action, e) : r;
}

static enum health_outcome outcome_of(const struct result *x)
{
	if (x->is_startup)
		return x->code == 0 ? HEALTH_STARTUP_PASSED : HEALTH_STARTUP_FAILED;
	return x->code == 0 ? HEALTH_PASSED : HEALTH_FAILED;
}

static int follow(struct engine *eng, struct container *c, const struct after *after, struct err *e)
{
	const char *status = after->mark.status;

	if (after->restart)
		return act(eng, c, "restart", e);
	if (after->changed && strcmp(status, HEALTH_HEALTHY) == 0)
		sdnotify_healthy(eng, c);
	if (after->changed)
		tell(eng, c, status);
	return strcmp(status, HEALTH_UNHEALTHY) == 0 ? act(eng, c, json_str(c->spec, CONFIG ".onFailure"), e) : 0;
}

int health_check(struct engine *eng, struct container *c, const struct origin *who, bool by_monitor, enum health_outcome *ret, struct err *e)
{
	struct result x = {.is_startup = health_in_startup(c), .output = BUF_INIT};
	struct after after = {.mark.status = HEALTH_STARTING};
	struct err of_log = {0};
	int r, logged = 0;

	if (!health_has(c))
		return err_set(e, ENOENT, "container %s has no defined healthcheck", c->name);
	if (c->status != CONTAINER_RUNNING)
		return err_set(e, ESRCH, "container %s is not running", c->name);
	x.config = json_at(c->spec, x.is_startup ? STARTUP : CONFIG);
	*ret = HEALTH_NOT_DUE;
	if (by_monitor && json_int(x.config, "intervalNs") <= 0)
		return 0;
	r = run_check(eng, c, who, &x, e);
	if (r == 0)
		r = remember(c, &x, &after, e);
	*ret = outcome_of(&x);
	buf_done(&x.output);
	if (r == 0) {
		logged = log_check(eng, c, &of_log);
		r = follow(eng, c, &after, e);
	}
	/* whoever looks is told; what the check has found holds all the same */
	if (r == 0 && logged < 0 && !by_monitor) {
		*e = of_log;
		r = logged;
	}
	return r;
}

/* ---- the monitor's part ---- */

/* 0: never. */
static uint64_t interval_ms(const struct container *c, const char *at)
{
	struct json_object *config = json_at(c->spec, at);
	int64_t ns = config ? json_int(config, "intervalNs") : 0;

	return ns > 0 && ns < 1000000 ? 1 : ns < 0 ? 0 : (uint64_t)ns / 1000000;
}

int health_plan(struct engine *eng, const struct container *c, struct monitor_launch *m, struct strv *argv, struct err *e)
{
	const char *const words[] = {"healthcheck", "run", "--by-monitor", c->id, NULL};
	uint64_t own = interval_ms(c, CONFIG), startup = interval_ms(c, STARTUP);
	int r;

	if (own == 0 && startup == 0)
		return 0;
	r = engine_argv(eng, words, argv, e);
	if (r < 0)
		return r;
	m->check_argv = argv->items;
	m->check_interval_ms = own;
	/* until somebody has run that by hand, it is looked for as often as for the others */
	if (json_at(c->spec, STARTUP))
		m->check_startup_interval_ms = startup ? startup : own;
	return 0;
}
