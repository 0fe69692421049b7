/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * How a process is scheduled: process.scheduler (sched_setattr(2)),
 * process.ioPriority (ioprio_set(2)), process.execCPUAffinity
 * (sched_setaffinity(2)). All words are checked here, so that init gets numbers.
 */
#include "oci/runtime_config.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

struct word {
	const char *name;
	uint64_t value;
};

static const struct word policies[] = {
	{"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2}, {"SCHED_BATCH", 3},
	{"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6}, {NULL, 0},
};

/* linux/sched.h, SCHED_FLAG_* */
static const struct word sched_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01}, {"SCHED_FLAG_RECLAIM", 0x02},     {"SCHED_FLAG_DL_OVERRUN", 0x04},
	{"SCHED_FLAG_KEEP_POLICY", 0x08},   {"SCHED_FLAG_KEEP_PARAMS", 0x10}, {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}, {NULL, 0},
};

/* linux/ioprio.h, IOPRIO_CLASS_* */
static const struct word io_classes[] = {{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}, {NULL, 0}};

static const struct word *find(const struct word *w, const char *name)
{
	for (; w->name; w++)
		if (strcmp(w->name, name) == 0)
			return w;
	return NULL;
}

static int read_flags(struct json_object *o, struct config_scheduler *s, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	int r = json_get_strv(o, "scheduler.flags", &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		const struct word *w = find(sched_flags, names.items[i]);

		if (!w)
			return err_set(e, EINVAL, "scheduler.flags[%zu]: %.40s is unknown", i, names.items[i]);
		s->flags |= w->value;
	}
	return r;
}

static int read_scheduler(struct json_object *o, struct config_scheduler *s, struct err *e)
{
	const char *policy = NULL;
	const struct word *w;
	struct json_object *given = NULL;
	int64_t nice = 0;
	int r = json_get_object(o, "scheduler", &given, e);

	if (r < 0 || !given)
		return r;
	r = json_get_str(o, "scheduler.policy", &policy, e);
	if (r < 0)
		return r;
	w = policy ? find(policies, policy) : NULL;
	if (!w)
		return err_set(e, EINVAL, "scheduler.policy: %.40s is unknown", policy ? policy : "(none)");
	s->given = true;
	s->policy = (uint32_t)w->value;
	r = json_get_i64(o, "scheduler.nice", -20, 19, &nice, e);
	s->nice = (int32_t)nice;
	if (r == 0)
		r = json_get_u32(o, "scheduler.priority", 0, 99, &s->priority, e);
	if (r == 0)
		r = json_get_u64(o, "scheduler.runtime", 0, UINT64_MAX, &s->runtime, e);
	if (r == 0)
		r = json_get_u64(o, "scheduler.deadline", 0, UINT64_MAX, &s->deadline, e);
	if (r == 0)
		r = json_get_u64(o, "scheduler.period", 0, UINT64_MAX, &s->period, e);
	return r == 0 ? read_flags(o, s, e) : r;
}

static int read_io(struct json_object *o, struct config_process *p, struct err *e)
{
	const char *class = NULL;
	struct json_object *given = NULL;
	const struct word *w;
	uint32_t level = 0;
	int r = json_get_object(o, "ioPriority", &given, e);

	if (r < 0 || !given)
		return r;
	r = json_get_str(o, "ioPriority.class", &class, e);
	if (r == 0)
		r = json_get_u32(o, "ioPriority.priority", 0, 7, &level, e);
	if (r < 0)
		return r;
	w = class ? find(io_classes, class) : NULL;
	if (!w)
		return err_set(e, EINVAL, "ioPriority.class: %.40s is unknown", class ? class : "(none)");
	p->has_io_priority = true;
	p->io_priority = (uint32_t)(w->value << 13 | level);
	return 0;
}

/* One of "4" and "4-7". */
static int add_cpus(struct config_cpus *c, char *part)
{
	char *dash = strchr(part, '-');
	uint32_t first, last;

	if (dash)
		*dash++ = '\0';
	if (parse_u32(part, 0, CONFIG_CPUS_MAX - 1, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && parse_u32(dash, first, CONFIG_CPUS_MAX - 1, &last) < 0)
		return -EINVAL;
	for (uint32_t i = first; i <= last; i++)
		c->bits[i / 64] |= 1ULL << (i % 64);
	return 0;
}

static int read_cpus(struct json_object *o, const char *path, struct config_cpus *c, struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(o, path, &text, e);
	_cleanup_free_ char *copy = NULL;
	char *rest;

	if (r < 0 || !text || !*text)
		return r;
	rest = copy = strdup(text);
	if (!copy)
		return err_errno(e, ENOMEM, "%s", path);
	while (rest)
		if (add_cpus(c, strsep(&rest, ",")) < 0)
			return err_set(e, EINVAL, "%s: %.60s is not a list like 0-3,7", path, text);
	c->given = true;
	return 0;
}

int config_sched_read(struct json_object *o, struct config_process *p, struct err *e)
{
	int r = read_scheduler(o, &p->scheduler, e);

	if (r == 0)
		r = read_io(o, p, e);
	if (r == 0)
		r = read_cpus(o, "execCPUAffinity.initial", &p->cpus_initial, e);
	return r == 0 ? read_cpus(o, "execCPUAffinity.final", &p->cpus_final, e) : r;
}
