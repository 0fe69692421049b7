/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * docker's way of putting them together: what is not said on the command line
 * is the image's. An option about a check that nobody has named is an error.
 */
#include "engine/health_spec.h"
#include "engine/health.h"

#include "base/parse.h"
#include "oci/healthcheck.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_INTERVAL_NS 30000000000U
#define DEFAULT_TIMEOUT_NS 30000000000U
#define DEFAULT_RETRIES 3
#define TIME_MAX_US (INT32_MAX * 1000ULL) /* what poll(2) can wait */

static int read_time(const char *option, const char *text, uint64_t min_us, uint64_t *ret_ns, struct err *e)
{
	uint64_t us;

	if (!text)
		return 0;
	if (parse_duration(text, &us) < 0 || us > TIME_MAX_US)
		return err_set(e, EINVAL, "--%s %s: not a duration, as 30s or 1m30s", option, text);
	if (us < min_us)
		return err_set(e, EINVAL, "--%s %s: at least 1 second", option, text);
	*ret_ns = us * 1000;
	return 0;
}

static int read_interval(const char *option, const char *text, uint64_t *ret_ns, struct err *e)
{
	return read_time(option, text && strcmp(text, "disable") == 0 ? "0" : text, 0, ret_ns, e);
}

/* 0 is podman's word for no bound: as much as is ever kept, for health.json is read whole. */
static int read_bound(const char *option, const char *text, uint32_t usual, uint32_t limit, uint32_t *ret, struct err *e)
{
	uint32_t n = usual;

	if (text && parse_u32(text, 0, limit, &n) < 0)
		return err_set(e, EINVAL, "--%s %s: not a number from 0 to %u", option, text, limit);
	*ret = n ? n : limit;
	return 0;
}

static int read_bounds(const struct container_options *o, uint32_t *ret_count, uint32_t *ret_size, struct err *e)
{
	int r = read_bound("health-max-log-count", o->health_max_log_count, HEALTH_LOG_MAX, HEALTH_LOG_LIMIT, ret_count, e);

	return r == 0 ? read_bound("health-max-log-size", o->health_max_log_size, HEALTH_OUTPUT_MAX, HEALTH_OUTPUT_LIMIT, ret_size, e) : r;
}

/* NULL: health.json alone. */
static const char *log_directory(const struct container_options *o)
{
	return o->health_log_destination && strcmp(o->health_log_destination, "local") != 0 ? o->health_log_destination : NULL;
}

static int check_log(const struct container_options *o, struct err *e)
{
	const char *path = log_directory(o);
	_cleanup_close_ int dir = -EBADF;

	if (!path)
		return 0;
	if (strcmp(path, "events_logger") == 0)
		return err_set(e, ENOTSUP, "--health-log-destination events_logger: an event holds what a container has become, not what a check says; "
			       "give a directory");
	if (*path != '/')
		return err_set(e, EINVAL, "--health-log-destination %s: neither local nor an absolute path", path);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || faccessat(dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return err_errno(e, errno, "--health-log-destination %s", path);
	return 0;
}

static int read_options(const struct container_options *o, struct healthcheck *h, struct err *e)
{
	uint32_t unused;
	int r = 0;

	if (o->health_cmd) {
		strv_done(&h->test);
		r = healthcheck_parse_text(o->health_cmd, &h->test, e);
	}
	if (r == 0)
		r = read_time("health-timeout", o->health_timeout, 1000000, &h->timeout_ns, e);
	if (r == 0)
		r = read_time("health-start-period", o->health_start_period, 0, &h->start_period_ns, e);
	if (r == 0)
		r = read_bounds(o, &unused, &unused, e);
	if (r == 0)
		r = read_interval("health-interval", o->health_interval, &h->interval_ns, e);
	if (r == 0 && o->health_retries && parse_u32(o->health_retries, 1, INT32_MAX, &h->retries) < 0)
		r = err_set(e, EINVAL, "--health-retries %s: not a number greater than 0", o->health_retries);
	return r;
}

/* What must succeed before the checks begin. */
struct startup {
	struct healthcheck h;
	struct strv argv; /* empty: there is nothing */
	uint32_t successes;
};

static void startup_done(struct startup *s)
{
	healthcheck_done(&s->h);
	strv_done(&s->argv);
}

static int read_count(const char *option, const char *text, uint32_t *ret, struct err *e)
{
	if (text && parse_u32(text, 0, INT32_MAX, ret) < 0)
		return err_set(e, EINVAL, "--%s %s: not a number", option, text);
	return 0;
}

/* One of them that is about the command. NULL: none is there. */
static const char *startup_asked(const struct container_options *o)
{
	if (o->health_startup_interval)
		return "health-startup-interval";
	if (o->health_startup_retries)
		return "health-startup-retries";
	if (o->health_startup_success)
		return "health-startup-success";
	return o->health_startup_timeout ? "health-startup-timeout" : NULL;
}

static int read_startup(const struct container_options *o, struct startup *ret, struct err *e)
{
	int r = o->health_startup_cmd ? healthcheck_parse_text(o->health_startup_cmd, &ret->h.test, e) : 0;

	ret->h.interval_ns = DEFAULT_INTERVAL_NS;
	ret->h.timeout_ns = DEFAULT_TIMEOUT_NS;
	if (r < 0)
		return err_wrap(e, r, "--health-startup-cmd");
	r = read_interval("health-startup-interval", o->health_startup_interval, &ret->h.interval_ns, e);
	if (r == 0)
		r = read_time("health-startup-timeout", o->health_startup_timeout, 1000000, &ret->h.timeout_ns, e);
	if (r == 0)
		r = read_count("health-startup-retries", o->health_startup_retries, &ret->h.retries, e);
	if (r == 0)
		r = read_count("health-startup-success", o->health_startup_success, &ret->successes, e);
	if (r == 0)
		r = healthcheck_command(&ret->h, &ret->argv, e);
	if (r == 0 && ret->argv.n == 0 && startup_asked(o))
		r = err_set(e, EINVAL, "--%s: there is no --health-startup-cmd", startup_asked(o));
	return r;
}

static int check_action(const struct container_options *o, struct err *e)
{
	static const char *const words[] = {"none", "kill", "restart", "stop"};

	for (size_t i = 0; o->health_on_failure && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], o->health_on_failure) == 0)
			return 0;
	return o->health_on_failure ? err_set(e, EINVAL, "--health-on-failure %s: not one of none, kill, restart, stop", o->health_on_failure) : 0;
}

/* One of them that asks for a check. NULL: none does. */
static const char *asked(const struct container_options *o)
{
	const struct {
		const char *name, *value;
	} options[] = {
		{"health-cmd", o->health_cmd}, {"health-interval", o->health_interval}, {"health-timeout", o->health_timeout},
		{"health-start-period", o->health_start_period}, {"health-retries", o->health_retries},
		{"health-on-failure", o->health_on_failure}, {"health-max-log-count", o->health_max_log_count},
		{"health-max-log-size", o->health_max_log_size}, {"health-log-destination", log_directory(o)},
		{"health-startup-cmd", o->health_startup_cmd},
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].value && strcmp(options[i].value, "none") != 0)
			return options[i].name;
	return NULL;
}

int health_spec_check(const struct container_options *o, struct err *e)
{
	_cleanup_(healthcheck_done) struct healthcheck h = {0};
	_cleanup_(startup_done) struct startup s = {0};
	_cleanup_(strv_done) struct strv argv = {0};
	int r = read_options(o, &h, e);

	if (r == 0)
		r = check_action(o, e);
	if (r == 0)
		r = check_log(o, e);
	if (r == 0)
		r = read_startup(o, &s, e);
	if (r == 0)
		r = healthcheck_command(&h, &argv, e);
	if (r == 0 && o->no_healthcheck && asked(o))
		r = err_set(e, EINVAL, "--no-healthcheck and --%s exclude each other", asked(o));
	return r;
}

static int add_startup(struct json_object *to, const struct startup *s)
{
	struct json_object *json = json_object_new_object();

	if (s->argv.n == 0) {
		json_object_put(json);
		return 0;
	}
	if (json_add(to, "startup", json) < 0 || json_add_strv(json, "test", &s->h.test) < 0 || json_add_strv(json, "command", &s->argv) < 0 ||
	    json_add_u64(json, "intervalNs", s->h.interval_ns) < 0 || json_add_u64(json, "timeoutNs", s->h.timeout_ns) < 0 ||
	    json_add_int(json, "retries", s->h.retries) < 0 || json_add_int(json, "successes", s->successes) < 0)
		return -ENOMEM;
	return 0;
}

static int to_json(const struct container_options *o, const struct healthcheck *h, const struct strv *argv, const struct startup *s,
		   struct json_object **ret)
{
	_cleanup_json_ struct json_object *json = json_object_new_object();
	uint64_t interval = h->interval_ns || o->health_interval ? h->interval_ns : DEFAULT_INTERVAL_NS;

	uint32_t count = 0, size = 0;

	if (read_bounds(o, &count, &size, NULL) < 0)
		return -EINVAL;
	if (!json || json_add_int(json, "maxLogCount", count) < 0 || json_add_int(json, "maxLogSize", size) < 0 || json_add_strv(json, "test", &h->test) < 0 || json_add_strv(json, "command", argv) < 0 ||
	    json_add_u64(json, "intervalNs", interval) < 0 ||
	    json_add_u64(json, "timeoutNs", h->timeout_ns ? h->timeout_ns : DEFAULT_TIMEOUT_NS) < 0 ||
	    json_add_u64(json, "startPeriodNs", h->start_period_ns) < 0 ||
	    json_add_int(json, "retries", h->retries ? h->retries : DEFAULT_RETRIES) < 0 ||
	    json_add_str(json, "onFailure", o->health_on_failure ? o->health_on_failure : "none") < 0 || add_startup(json, s) < 0 ||
	    json_add_str(json, "logDir", log_directory(o)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(json);
	return 0;
}

int health_spec_make(const struct container_options *o, struct json_object *image, struct json_object **ret, struct err *e)
{
	_cleanup_(healthcheck_done) struct healthcheck h = {0};
	_cleanup_(startup_done) struct startup s = {0};
	_cleanup_(strv_done) struct strv argv = {0};
	const char *option = asked(o);
	int r;

	if (o->no_healthcheck || (!image && !o->health_cmd && !option))
		return 0;
	r = healthcheck_parse(image, &h, e);
	if (r == 0)
		r = read_options(o, &h, e);
	if (r == 0)
		r = healthcheck_command(&h, &argv, e);
	if (r == 0)
		r = read_startup(o, &s, e);
	if (r < 0) {
		err_hint(e, "--no-healthcheck goes without the image's check");
		return r;
	}
	if (argv.n == 0 && option && strcmp(option, "health-cmd") != 0)
		return err_set(e, EINVAL, "--%s: there is no health check, neither the image's nor a --health-cmd", option);
	if (argv.n == 0)
		return 0;
	return to_json(o, &h, &argv, &s, ret) < 0 ? err_errno(e, ENOMEM, "health check") : 0;
}
