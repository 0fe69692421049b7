/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Each option is one row: the key of linux.resources that it becomes, and the
 * range it must lie in. What two options say together (--memory-swap and
 * --memory, --cpus and --cpu-quota) has a function of its own.
 *
 * 0 and -1 mean "no limit" where docker and podman let them; then nothing is
 * written, for a new group has none.
 */
#include "engine/limits.h"

#include "base/parse.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define PERIOD_US 100000
#define NANO 1000000000U

enum unit {
	SIZE,   /* bytes, "64m" */
	NUMBER,
	LIST,   /* "0-3,5" */
};

struct row {
	const char *option; /* without dashes */
	size_t offset;      /* of its string */
	enum unit unit;
	bool unlimited;     /* 0 and -1 are taken, for no limit */
	uint64_t min, max;
	const char *object, *key; /* of linux.resources */
};

#define O(member) offsetof(struct container_options, member)

static const struct row rows[] = {
	{"memory", O(memory), SIZE, true, 4096, INT64_MAX, "memory", "limit"},
	{"memory-reservation", O(memory_reservation), SIZE, true, 4096, INT64_MAX, "memory", "reservation"},
	{"cpu-shares", O(cpu_shares), NUMBER, true, 2, 262144, "cpu", "shares"},
	{"cpu-period", O(cpu_period), NUMBER, true, 1000, 1000000, "cpu", "period"},
	{"cpu-quota", O(cpu_quota), NUMBER, true, 1000, INT64_MAX, "cpu", "quota"},
	{"cpuset-cpus", O(cpuset_cpus), LIST, false, 0, 0, "cpu", "cpus"},
	{"cpuset-mems", O(cpuset_mems), LIST, false, 0, 0, "cpu", "mems"},
	{"pids-limit", O(pids_limit), NUMBER, true, 1, INT64_MAX, "pids", "limit"},
	{"blkio-weight", O(blkio_weight), NUMBER, true, 10, 1000, "blockIO", "weight"},
};

static const char *given(const struct container_options *o, const struct row *row)
{
	return *(const char *const *)(const void *)((const char *)o + row->offset);
}

/* An object of `resources`, made when it is missing. NULL without memory. */
static struct json_object *part(struct json_object *resources, const char *name)
{
	struct json_object *o = json_at(resources, name);

	if (o)
		return o;
	o = json_object_new_object();
	return json_add(resources, name, o) < 0 ? NULL : json_at(resources, name);
}

static int put_u64(struct json_object *resources, const char *object, const char *key, uint64_t n, struct err *e)
{
	struct json_object *o = part(resources, object);

	return o && json_add_u64(o, key, n) == 0 ? 0 : err_errno(e, ENOMEM, "limits");
}

static bool is_no_limit(const char *text)
{
	return strcmp(text, "0") == 0 || strcmp(text, "-1") == 0;
}

static int put_list(const struct row *row, const char *text, struct json_object *resources, struct err *e)
{
	struct json_object *o;

	if (!*text || strspn(text, "0123456789,-") != strlen(text))
		return err_set(e, EINVAL, "--%s %s: not a list like 0-3,5", row->option, text);
	o = part(resources, row->object);
	return o && json_add_str(o, row->key, text) == 0 ? 0 : err_errno(e, ENOMEM, "limits");
}

static int put_row(const struct row *row, const char *text, struct json_object *resources, struct err *e)
{
	uint64_t n;
	int r;

	if (row->unit == LIST)
		return put_list(row, text, resources, e);
	if (row->unlimited && is_no_limit(text))
		return 0;
	r = row->unit == SIZE ? parse_size(text, row->max, &n) : parse_u64(text, 0, UINT64_MAX, &n);
	if (r < 0)
		return err_set(e, EINVAL, "--%s %s: not a %s", row->option, text, row->unit == SIZE ? "size like 512m" : "number");
	if (n < row->min || n > row->max)
		return err_set(e, EINVAL, "--%s %s: must be %s%llu%s", row->option, text, row->max == INT64_MAX ? "at least " : "",
			       (unsigned long long)row->min, row->max == 1000 ? " to 1000" : row->max == 262144 ? " to 262144"
			       : row->max == 1000000 ? " to 1000000" : "");
	return put_u64(resources, row->object, row->key, n, e);
}

/* "1.5" in billionths. */
static int parse_nano(const char *text, uint64_t *ret)
{
	size_t whole = strcspn(text, "."), digits = text[whole] ? strlen(text + whole + 1) : 0;
	uint64_t n = 0, unit = NANO;

	if (whole > 6 || digits > 9 || (whole == 0 && digits == 0) || strspn(text, "0123456789") != whole ||
	    (digits > 0 && strspn(text + whole + 1, "0123456789") != digits))
		return -EINVAL;
	for (size_t i = 0; i < whole; i++)
		n = n * 10 + (uint64_t)(text[i] - '0');
	n *= NANO;
	for (size_t i = 0; i < digits; i++) {
		unit /= 10;
		n += unit * (uint64_t)(text[whole + 1 + i] - '0');
	}
	*ret = n;
	return 0;
}

uint64_t limits_nano_cpus(const struct container_options *o)
{
	uint64_t n = 0;

	return o->cpus && parse_nano(o->cpus, &n) == 0 ? n : 0;
}

static int put_cpus(const struct container_options *o, struct json_object *resources, struct err *e)
{
	uint64_t nano;
	int r;

	if (!o->cpus)
		return 0;
	if (o->cpu_quota || o->cpu_period)
		return err_set(e, EINVAL, "--cpus and --cpu-quota, --cpu-period exclude each other");
	if (parse_nano(o->cpus, &nano) < 0)
		return err_set(e, EINVAL, "--cpus %s: not a number like 1.5", o->cpus);
	if (nano == 0)
		return 0;
	if (nano < NANO / 100)
		return err_set(e, EINVAL, "--cpus %s: must be at least 0.01", o->cpus);
	r = put_u64(resources, "cpu", "quota", nano / (NANO / PERIOD_US), e);
	return r == 0 ? put_u64(resources, "cpu", "period", PERIOD_US, e) : r;
}

/* It counts memory too. */
static int put_swap(const struct container_options *o, struct json_object *resources, struct err *e)
{
	uint64_t memory = (uint64_t)json_int(resources, "memory.limit"), swap = 0;

	if (!o->memory_swap && memory == 0)
		return 0;
	if (o->memory_swap && memory == 0)
		return err_set(e, EINVAL, "--memory-swap needs --memory, which it counts too");
	if (o->memory_swap && strcmp(o->memory_swap, "-1") == 0)
		return json_add_int(json_at(resources, "memory"), "swap", -1) == 0 ? 0 : err_errno(e, ENOMEM, "limits");
	if (!o->memory_swap || strcmp(o->memory_swap, "0") == 0)
		swap = memory > INT64_MAX / 2 ? INT64_MAX : 2 * memory;
	else if (parse_size(o->memory_swap, INT64_MAX, &swap) < 0)
		return err_set(e, EINVAL, "--memory-swap %s: not a size like 1g", o->memory_swap);
	if (swap < memory)
		return err_set(e, EINVAL, "--memory-swap %s: less than --memory %s, which it counts too", o->memory_swap, o->memory);
	return put_u64(resources, "memory", "swap", swap, e);
}

static int put_conf(const struct container_options *o, struct json_object *resources, struct err *e)
{
	for (size_t i = 0; i < o->cgroup_conf.n; i++) {
		const char *text = o->cgroup_conf.items[i], *eq = strchr(text, '=');
		_cleanup_free_ char *file = eq ? strndup(text, (size_t)(eq - text)) : NULL;
		struct json_object *unified;

		if (!eq || !strchr(file ? file : "", '.') || strchr(file, '/') || strncmp(file, "cgroup.", 7) == 0)
			return err_set(e, EINVAL, "--cgroup-conf %s: not FILE=VALUE, like memory.high=1073741824", text);
		unified = part(resources, "unified");
		if (!unified || json_add_str(unified, file, eq + 1) < 0)
			return err_errno(e, ENOMEM, "limits");
	}
	return 0;
}

int limits_make(const struct container_options *o, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *resources = NULL;
	int r = 0;

	if (!limits_option(o))
		return 0;
	resources = json_object_new_object();
	if (!resources)
		return err_errno(e, ENOMEM, "limits");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (given(o, &rows[i]))
			r = put_row(&rows[i], given(o, &rows[i]), resources, e);
	if (r == 0)
		r = put_cpus(o, resources, e);
	if (r == 0)
		r = put_swap(o, resources, e);
	if (r == 0)
		r = put_conf(o, resources, e);
	if (r == 0 && json_object_object_length(resources) > 0)
		*ret = TAKE_PTR(resources);
	return r;
}

int limits_check(const struct container_options *o, struct err *e)
{
	_cleanup_json_ struct json_object *resources = NULL;
	uint64_t nano;
	int r = limits_make(o, &resources, e);

	/* no -1 for this one */
	if (r == 0 && o->cpus && parse_nano(o->cpus, &nano) < 0)
		return err_set(e, EINVAL, "--cpus %s: not a number like 1.5", o->cpus);
	if (r == 0 && resources && o->cgroups && strcmp(o->cgroups, "disabled") == 0)
		return err_set(e, EINVAL, "%s and --cgroups disabled exclude each other", limits_option(o));
	return r;
}

/* Each option with one value, in the order in which the first is named. */
static const struct {
	const char *option;
	size_t offset;
	bool listed; /* "0" is a list of one, and not no limit */
} all[] = {
	{"--memory", O(memory), false}, {"--memory-swap", O(memory_swap), false}, {"--memory-reservation", O(memory_reservation), false},
	{"--cpus", O(cpus), false}, {"--cpu-shares", O(cpu_shares), false}, {"--cpu-quota", O(cpu_quota), false}, {"--cpu-period", O(cpu_period), false},
	{"--cpuset-cpus", O(cpuset_cpus), true}, {"--cpuset-mems", O(cpuset_mems), true}, {"--pids-limit", O(pids_limit), false},
	{"--blkio-weight", O(blkio_weight), false}, {"--cgroup-parent", O(cgroup_parent), false},
};

static const char **value_of(struct container_options *o, size_t i)
{
	return (const char **)(void *)((char *)o + all[i].offset);
}

static const char *value_in(const struct container_options *o, size_t i)
{
	return *(const char *const *)(const void *)((const char *)o + all[i].offset);
}

const char *limits_option(const struct container_options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *text = value_in(o, i);

		if (text && (all[i].listed || !is_no_limit(text)))
			return all[i].option;
	}
	if (o->cgroup_conf.n > 0)
		return "--cgroup-conf";
	return o->cgroups && strcmp(o->cgroups, "disabled") != 0 ? "--cgroups" : NULL;
}

bool limits_is_given(const struct container_options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (value_in(o, i))
			return true;
	return o->cgroup_conf.n > 0;
}

int limits_change(struct container_options *o, const struct container_options *change)
{
	/* two ways to say one thing: the newer word counts */
	if (change->cpus)
		o->cpu_quota = o->cpu_period = NULL;
	if (change->cpu_quota || change->cpu_period)
		o->cpus = NULL;
	if (change->memory && is_no_limit(change->memory))
		o->memory_swap = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (value_in(change, i))
			*value_of(o, i) = value_in(change, i);
	for (size_t i = 0; i < change->cgroup_conf.n; i++)
		if (strchr(change->cgroup_conf.items[i], '=') ? strv_env_set(&o->cgroup_conf, change->cgroup_conf.items[i]) < 0
							      : strv_add(&o->cgroup_conf, change->cgroup_conf.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

int limits_to_options(const struct container_options *o, struct json_object *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *text = value_in(o, i);
		_cleanup_free_ char *copy = text ? strdup(text) : NULL;

		/* what is replaced may be what the text was borrowed from */
		if (text && !copy)
			return -ENOMEM;
		json_object_object_del(options, all[i].option + 2);
		if (copy && json_add_str(options, all[i].option + 2, copy) < 0)
			return -ENOMEM;
	}
	json_object_object_del(options, "cgroup-conf");
	return o->cgroup_conf.n > 0 ? json_add_strv(options, "cgroup-conf", &o->cgroup_conf) : 0;
}
