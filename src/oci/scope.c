/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Names and values come from a configuration that its author may have filled
 * from an image's annotations, so a property is taken from a list only: none
 * by which a unit would be run, joined by other processes, or moved.
 */
#include "oci/scope.h"

#include "base/buf.h"
#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CPUS_MAX 8192
#define SECOND 1000000U

void scope_plan_done(struct scope_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		free((char *)(uintptr_t)p->properties[i].value);
	free(p->properties);
	p->properties = NULL;
	p->n = 0;
}

static int add(struct scope_plan *p, const char *name, const char *type, const char *fmt, ...) _printf_(4, 5) _must_check_;

static int add(struct scope_plan *p, const char *name, const char *type, const char *fmt, ...)
{
	char *value;
	va_list ap;
	int n;

	if (p->n == SCOPE_PROPERTIES_MAX)
		return -E2BIG;
	if (!p->properties)
		p->properties = mem_array(SCOPE_PROPERTIES_MAX, sizeof(*p->properties));
	if (!p->properties)
		return -ENOMEM;
	va_start(ap, fmt);
	n = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	p->properties[p->n++] = (struct unit_property){.name = name, .type = type, .value = value};
	return 0;
}

/* ---- names ---- */

/* systemd.unit(5): "ASCII letters, digits, ":", "-", "_", ".", and "\"". */
static bool is_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";

	return *s && *s != '.' && strspn(s, letters) == strlen(s);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcmp(s + n - k, end) == 0;
}

/* The three parts of a path; NULL: the part is missing. */
struct parts {
	const char *slice, *prefix, *name;
	int slice_len, prefix_len;
};

static int split(const char *path, struct parts *ret, struct err *e)
{
	const char *one = strchr(path, ':'), *two = one ? strchr(one + 1, ':') : NULL;

	if (!two)
		return err_set(e, EINVAL, "linux.cgroupsPath: %.200s: a scope's is of the form SLICE:PREFIX:NAME", path);
	if (ends_with(two + 1, ".slice"))
		return err_set(e, ENOTSUP, "linux.cgroupsPath: %.200s: a container cannot be a slice", path);
	*ret = (struct parts){.slice = path, .slice_len = (int)(one - path), .prefix = one + 1, .prefix_len = (int)(two - one - 1), .name = two + 1};
	return 0;
}

int scope_plan_names(const char *cgroups_path, const char *id, bool rootful, struct scope_plan *ret, struct err *e)
{
	const char *path = cgroups_path ? cgroups_path : "";
	struct parts p = {.slice = "", .prefix = "ranby", .prefix_len = 5, .name = ""};
	char unit[SCOPE_NAME_MAX + 1], slice[SCOPE_NAME_MAX + 1];
	int r = *path ? split(path, &p, e) : 0, n;

	if (r < 0)
		return r;
	n = snprintf(unit, sizeof(unit), "%.*s%s%s.scope", p.prefix_len, p.prefix, p.prefix_len ? "-" : "", *p.name ? p.name : id);
	if (n < 0 || (size_t)n >= sizeof(unit) || p.slice_len > SCOPE_NAME_MAX)
		return err_set(e, EINVAL, "linux.cgroupsPath: %.100s...: too long for the name of a unit", path);
	if (p.slice_len > 0)
		snprintf(slice, sizeof(slice), "%.*s", p.slice_len, p.slice);
	else
		snprintf(slice, sizeof(slice), "%s", rootful ? "system.slice" : "user.slice");
	if (!is_name(unit) || !is_name(slice) || !ends_with(slice, ".slice"))
		return err_set(e, EINVAL, "linux.cgroupsPath: %.200s: not the names of units", path);
	memcpy(ret->unit, unit, sizeof(unit));
	memcpy(ret->slice, slice, sizeof(slice));
	return 0;
}

/* ---- annotations ---- */

static const struct {
	const char *name, *type;
} allowed[] = {
	{"After", "as"}, {"Before", "as"}, {"BindsTo", "as"}, {"CPUAccounting", "b"}, {"CollectMode", "s"}, {"Conflicts", "as"},
	{"DefaultDependencies", "b"}, {"FinalKillSignal", "i"}, {"IOAccounting", "b"}, {"IPAccounting", "b"}, {"KillMode", "s"},
	{"KillSignal", "i"}, {"ManagedOOMMemoryPressure", "s"}, {"ManagedOOMPreference", "s"}, {"ManagedOOMSwap", "s"},
	{"MemoryAccounting", "b"}, {"MemoryHigh", "t"}, {"MemoryLow", "t"}, {"MemoryMin", "t"}, {"OOMPolicy", "s"}, {"PartOf", "as"},
	{"Requires", "as"}, {"RuntimeMaxUSec", "t"}, {"SendSIGHUP", "b"}, {"SendSIGKILL", "b"}, {"StartupCPUWeight", "t"},
	{"StartupIOWeight", "t"}, {"TasksAccounting", "b"}, {"TimeoutStopUSec", "t"}, {"Wants", "as"},
};

/* 'text' or "text", and what is behind it; NULL: it is none. Of what can be in a text only what needs no escape. */
static const char *read_text(const char *s, struct buf *out)
{
	char quote = *s;
	const char *end = quote == '\'' || quote == '"' ? strchr(s + 1, quote) : NULL;

	for (const char *c = s + 1; end && c < end; c++)
		if (*c == '\\' || (unsigned char)*c < ' ' || *c == 127)
			return NULL;
	if (!end)
		return NULL;
	buf_add(out, s + 1, (size_t)(end - s - 1));
	return end + 1;
}

static const char *skip(const char *s)
{
	return s + strspn(s, " ");
}

static bool read_list(const char *s, struct buf *out)
{
	if (*s++ != '[')
		return false;
	for (bool first = true; *(s = skip(s)) != ']'; first = false) {
		size_t at;

		if (!first && *s++ != ',')
			return false;
		if (!first)
			buf_addc(out, ' ');
		at = out->len;
		s = read_text(skip(s), out);
		if (!s || buf_bad(out) || !is_name(buf_str(out) + at))
			return false;
	}
	return !*skip(s + 1);
}

/* A number, with a word for its type in front or without. `factor`: seconds, of which there may be parts. */
static bool read_number(const char *s, bool is_signed, bool seconds, struct buf *out)
{
	static const char *const words[] = {"int16 ", "int32 ", "int64 ", "uint16 ", "uint32 ", "uint64 ", "double "};
	char whole[24];
	const char *dot;
	uint64_t n, part = 0;
	int64_t i;

	for (size_t k = 0; k < ARRAY_SIZE(words); k++)
		if (strncmp(s, words[k], strlen(words[k])) == 0) {
			s = skip(s + strlen(words[k]));
			break;
		}
	if (is_signed && parse_i64(s, INT32_MIN, INT32_MAX, &i) == 0) {
		buf_addf(out, "%" PRId64, i);
		return true;
	}
	dot = strchr(s, '.');
	snprintf(whole, sizeof(whole), "%.*s", dot ? (int)(dot - s) : (int)strlen(s), s);
	if (is_signed || (dot && !seconds) || strlen(s) >= sizeof(whole) || parse_u64(whole, 0, seconds ? UINT64_MAX / SECOND - 1 : UINT64_MAX, &n) < 0)
		return false;
	if (dot) {
		char digits[] = "000000";

		if (!dot[1] || strspn(dot + 1, "0123456789") != strlen(dot + 1))
			return false;
		memcpy(digits, dot + 1, strlen(dot + 1) < 6 ? strlen(dot + 1) : 6);
		if (parse_u64(digits + strspn(digits, "0"), 0, SECOND, &part) < 0)
			part = 0;
	}
	buf_addf(out, "%" PRIu64, seconds ? n * SECOND + part : n);
	return true;
}

static bool read_value(const char *type, const char *s, bool seconds, struct buf *out)
{
	const char *end;

	s = skip(s);
	if (strcmp(type, "as") == 0)
		return read_list(s, out);
	if (strcmp(type, "s") == 0) {
		end = read_text(s, out);
		return end && !*skip(end);
	}
	if (strcmp(type, "b") == 0) {
		bool yes = strncmp(s, "true", 4) == 0, no = strncmp(s, "false", 5) == 0;

		buf_adds(out, yes ? "true" : "false");
		return (yes || no) && !*skip(s + (yes ? 4 : 5));
	}
	return read_number(s, type[0] == 'i', seconds, out);
}

/* The row of the list, or SIZE_MAX. "TimeoutStopSec" is "TimeoutStopUSec" in other units. */
static size_t row_of(const char *name, bool *seconds)
{
	size_t n = strlen(name);

	*seconds = n > 3 && strcmp(name + n - 3, "Sec") == 0 && name[n - 4] != 'U';
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (*seconds ? strlen(allowed[i].name) == n + 1 && strncmp(allowed[i].name, name, n - 3) == 0 &&
				       strcmp(allowed[i].name + n - 3, "USec") == 0
			     : strcmp(allowed[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

static int add_annotation(const char *key, struct json_object *value, struct scope_plan *p, struct err *e)
{
	const char *name = key + sizeof(SCOPE_ANNOTATION) - 1;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	bool seconds;
	size_t row = row_of(name, &seconds);
	int r;

	if (row == SIZE_MAX)
		return err_set(e, ENOTSUP, "annotations.%.100s: a property that is not taken from a configuration", key);
	if (!json_object_is_type(value, json_type_string) || strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value) ||
	    !read_value(allowed[row].type, json_object_get_string(value), seconds, &b))
		return err_set(e, EINVAL, "annotations.%.100s: not a value for this property", key);
	r = buf_bad(&b) ? -buf_bad(&b) : add(p, allowed[row].name, allowed[row].type, "%s", buf_str(&b));
	return r < 0 ? err_errno(e, -r, "annotations") : 0;
}

int scope_plan_annotations(struct json_object *annotations, struct scope_plan *p, struct err *e)
{
	int r = 0;

	if (!annotations)
		return 0;
	json_object_object_foreach(annotations, key, value)
		if (r == 0 && strncmp(key, SCOPE_ANNOTATION, sizeof(SCOPE_ANNOTATION) - 1) == 0)
			r = add_annotation(key, value, p, e);
	return r;
}

/* ---- limits ---- */

static int add_plain(struct scope_plan *p, const char *name, const char *value)
{
	uint64_t n;

	/* by `unified` it may be anything; the kernel judges it */
	return strcmp(value, "max") == 0 || parse_u64(value, 0, UINT64_MAX, &n) == 0 ? add(p, name, "t", "%s", value) : 0;
}

/* "QUOTA PERIOD": the manager counts the quota in a second. */
static int add_bandwidth(struct scope_plan *p, const char *name, const char *value)
{
	char quota[24] = "";
	uint64_t q = 0, period = 0;
	const char *blank = strchr(value, ' ');
	int r;

	if (blank && (size_t)(blank - value) < sizeof(quota))
		memcpy(quota, value, (size_t)(blank - value));
	if (!quota[0] || parse_u64(blank + 1, 1, SECOND * 10ULL, &period) < 0)
		return 0;
	r = add(p, "CPUQuotaPeriodUSec", "t", "%" PRIu64, period);
	if (r < 0)
		return r;
	if (strcmp(quota, "max") == 0)
		return add(p, name, "t", "max");
	if (parse_u64(quota, 1, UINT64_MAX / SECOND - period, &q) < 0)
		return 0;
	return add(p, name, "t", "%" PRIu64, (q * SECOND + period - 1) / period);
}

/* "0-3,5" as bits, the lowest first. */
static int add_set(struct scope_plan *p, const char *name, const char *value)
{
	uint8_t bits[CPUS_MAX / 8] = {0};
	_cleanup_(buf_done) struct buf hex = BUF_INIT;
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy, *item;
	size_t n = 0;

	if (!copy)
		return -ENOMEM;
	while ((item = strsep(&rest, ","))) {
		char *dash = strchr(item, '-');
		uint64_t first, last;

		if (dash)
			*dash++ = '\0';
		if (parse_u64(item, 0, CPUS_MAX - 1, &first) < 0 || parse_u64(dash ? dash : item, first, CPUS_MAX - 1, &last) < 0)
			return 0;
		for (uint64_t i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1U << i % 8);
		n = last / 8 + 1 > n ? (size_t)last / 8 + 1 : n;
	}
	for (size_t i = 0; i < n; i++)
		buf_addf(&hex, "%02x", bits[i]);
	return buf_bad(&hex) ? -buf_bad(&hex) : add(p, name, "ay", "%s", buf_str(&hex));
}

/* "default 100" */
static int add_default(struct scope_plan *p, const char *name, const char *value)
{
	return strncmp(value, "default ", 8) == 0 ? add_plain(p, name, value + 8) : 0;
}

/* "8:0 rbps=100" */
static int add_throttle(struct scope_plan *p, const char *name, const char *value)
{
	static const char *const words[][2] = {
		{"rbps=", "IOReadBandwidthMax"}, {"wbps=", "IOWriteBandwidthMax"}, {"riops=", "IOReadIOPSMax"}, {"wiops=", "IOWriteIOPSMax"},
	};
	const char *blank = strchr(value, ' ');
	uint64_t n;

	(void)name;
	if (!blank || strspn(value, "0123456789:") != (size_t)(blank - value))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(blank + 1, words[i][0], strlen(words[i][0])) == 0 &&
		    parse_u64(blank + 1 + strlen(words[i][0]), 0, UINT64_MAX, &n) == 0)
			return add(p, words[i][1], "a(st)", "/dev/block/%.*s %" PRIu64, (int)(blank - value), value, n);
	return 0;
}

static const struct {
	const char *file, *name;
	int (*add)(struct scope_plan *p, const char *name, const char *value);
} files[] = {
	{"memory.max", "MemoryMax", add_plain},
	{"memory.high", "MemoryHigh", add_plain},
	{"memory.low", "MemoryLow", add_plain},
	{"memory.min", "MemoryMin", add_plain},
	{"memory.swap.max", "MemorySwapMax", add_plain},
	{"pids.max", "TasksMax", add_plain},
	{"cpu.weight", "CPUWeight", add_plain},
	{"cpu.max", "CPUQuotaPerSecUSec", add_bandwidth},
	{"cpuset.cpus", "AllowedCPUs", add_set},
	{"cpuset.mems", "AllowedMemoryNodes", add_set},
	{"io.weight", "IOWeight", add_default},
	{"io.max", NULL, add_throttle},
};

int scope_plan_limits(const struct cgroup_limits *l, struct scope_plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(files); k++)
			if (strcmp(l->items[i].file, files[k].file) == 0)
				r = files[k].add(p, files[k].name, l->items[i].value);
	return r < 0 ? err_errno(e, -r, "linux.resources") : 0;
}

/* ---- devices ---- */

static bool is_all(const struct device_rule *d)
{
	return d->type == 'a' && d->major == DEVICE_ANY && d->minor == DEVICE_ANY;
}

/* A node by its numbers, or all of a type. What has one number only cannot be said. */
static int add_device(struct scope_plan *p, const struct device_rule *d)
{
	const char *kind = d->type == 'b' ? "block" : "char";
	char access[4] = "", *a = access;

	if (d->access & DEVICE_READ)
		*a++ = 'r';
	if (d->access & DEVICE_WRITE)
		*a++ = 'w';
	if (d->access & DEVICE_MAKE)
		*a++ = 'm';
	if (d->major == DEVICE_ANY)
		return add(p, "DeviceAllow", "a(ss)", "%s-* %s", kind, access);
	if (d->major == 136 && d->minor == DEVICE_ANY && d->type == 'c')
		return add(p, "DeviceAllow", "a(ss)", "char-pts %s", access);
	return add(p, "DeviceAllow", "a(ss)", "/dev/%s/%" PRId64 ":%" PRId64 " %s", kind, d->major, d->minor, access);
}

static bool can_be_said(const struct device_rule *d)
{
	if (!d->allow || d->type == 'a' || d->access == 0)
		return false;
	if (d->major == DEVICE_ANY)
		return d->minor == DEVICE_ANY;
	return d->minor != DEVICE_ANY || (d->type == 'c' && d->major == 136);
}

int scope_plan_devices(const struct device_rule *rules, size_t n, struct scope_plan *p, struct err *e)
{
	size_t first = n > 0 && is_all(&rules[0]) && !rules[0].allow ? 1 : 0;
	int r;

	for (size_t i = first; i < n; i++)
		if (!can_be_said(&rules[i]))
			return 0;
	r = add(p, "DevicePolicy", "s", "strict");
	if (r == 0) /* none of before */
		r = add(p, "DeviceAllow", "a(ss)", "%s", "");
	for (size_t i = first; r == 0 && i < n; i++)
		r = add_device(p, &rules[i]);
	return r < 0 ? err_errno(e, -r, "linux.resources.devices") : 0;
}
