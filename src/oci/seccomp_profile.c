/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What docker's and podman's loaders do (moby profiles/seccomp, containers
 * common pkg/seccomp): a rule holds when none of its `excludes` applies and all
 * of its `includes` do. They ignore keys that they do not know; here these
 * are errors, because a condition that is not understood would widen a rule.
 */
#include "oci/seccomp_profile.h"

#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RULES_MAX 4096

/* uname's word, the spec's word, the one in includes.arches */
static const struct {
	const char *machine, *oci, *docker;
} machines[] = {
	{"x86_64", "SCMP_ARCH_X86_64", "amd64"},   {"aarch64", "SCMP_ARCH_AARCH64", "arm64"},
	{"i686", "SCMP_ARCH_X86", "x86"},          {"i386", "SCMP_ARCH_X86", "x86"},
	{"armv7l", "SCMP_ARCH_ARM", "arm"},        {"armv6l", "SCMP_ARCH_ARM", "arm"},
	{"armv8l", "SCMP_ARCH_ARM", "arm"},        {"ppc64le", "SCMP_ARCH_PPC64LE", "ppc64le"},
	{"ppc64", "SCMP_ARCH_PPC64", "ppc64"},     {"s390x", "SCMP_ARCH_S390X", "s390x"},
	{"riscv64", "SCMP_ARCH_RISCV64", "riscv64"}, {"mips64", "SCMP_ARCH_MIPS64", "mips64"},
};

struct resolve {
	const struct seccomp_profile_context *c;
	const char *oci_arch, *docker_arch;
	uint32_t kernel[2];
};

/* "6.1.0-18-amd64" or "4.8" */
static int parse_version(const char *s, uint32_t ret[static 2])
{
	char part[12];
	size_t n = strspn(s, "0123456789");
	uint32_t v[2];

	if (n == 0 || n >= sizeof(part) || s[n] != '.')
		return -EINVAL;
	snprintf(part, sizeof(part), "%.*s", (int)n, s);
	if (parse_u32(part, 0, 100000, &v[0]) < 0)
		return -EINVAL;
	s += n + 1;
	n = strspn(s, "0123456789");
	if (n == 0 || n >= sizeof(part))
		return -EINVAL;
	snprintf(part, sizeof(part), "%.*s", (int)n, s);
	if (parse_u32(part, 0, 100000, &v[1]) < 0)
		return -EINVAL;
	ret[0] = v[0];
	ret[1] = v[1];
	return 0;
}

static int check_keys(struct json_object *o, const char *const *known, size_t n, struct err *e)
{
	json_object_object_foreach(o, key, value) {
		size_t i;

		(void)value;
		for (i = 0; i < n; i++)
			if (strcmp(key, known[i]) == 0)
				break;
		if (i == n)
			return err_set(e, EINVAL, "%.60s: unknown key", key);
	}
	return 0;
}

/* How many of the strings at `path` `has` says yes to, and how many there are. */
static int count_strings(struct json_object *o, const char *path, const struct resolve *s,
			 bool (*has)(const struct resolve *, const char *), size_t *ret_hits, size_t *ret_n, struct err *e)
{
	_cleanup_(strv_done) struct strv v = {0};
	int r = json_get_strv(o, path, &v, e);

	*ret_hits = 0;
	*ret_n = v.n;
	for (size_t i = 0; r == 0 && i < v.n; i++)
		*ret_hits += has(s, v.items[i]);
	return r;
}

static bool has_cap(const struct resolve *s, const char *name)
{
	return strv_find(s->c->caps, name) >= 0;
}

static bool has_arch(const struct resolve *s, const char *name)
{
	return strcmp(name, s->docker_arch) == 0;
}

static int kernel_is_at_least(const struct resolve *s, struct json_object *filter, bool *ret_given, bool *ret, struct err *e)
{
	const char *text = NULL;
	uint32_t v[2];
	int r = json_get_str(filter, "minKernel", &text, e);

	if (r < 0)
		return r;
	*ret_given = text && *text;
	if (!*ret_given)
		return 0;
	if (parse_version(text, v) < 0)
		return err_set(e, EINVAL, "minKernel: %.20s is not MAJOR.MINOR", text);
	*ret = s->kernel[0] > v[0] || (s->kernel[0] == v[0] && s->kernel[1] >= v[1]);
	return 0;
}

/* `any`: one condition is enough (excludes); else all are needed (includes). An absent filter excludes nothing and includes all. */
static int filter_holds(const struct resolve *s, struct json_object *rule, const char *key, bool any, bool *ret, struct err *e)
{
	static const char *const known[] = {"caps", "arches", "minKernel"};
	struct json_object *f = NULL;
	size_t caps = 0, n_caps = 0, arches = 0, n_arches = 0;
	bool kernel_given = false, kernel = false;
	int r;

	*ret = !any;
	r = json_get_object(rule, key, &f, e);
	if (r < 0 || !f)
		return r;
	r = check_keys(f, known, ARRAY_SIZE(known), e);
	if (r == 0)
		r = count_strings(f, "caps", s, has_cap, &caps, &n_caps, e);
	if (r == 0)
		r = count_strings(f, "arches", s, has_arch, &arches, &n_arches, e);
	if (r == 0)
		r = kernel_is_at_least(s, f, &kernel_given, &kernel, e);
	if (r < 0)
		return err_wrap(e, r, "%s", key);
	if (any)
		*ret = caps > 0 || arches > 0 || (kernel_given && kernel);
	else
		*ret = caps == n_caps && (n_arches == 0 || arches > 0) && (!kernel_given || kernel);
	return 0;
}

static int copy_member(struct json_object *from, const char *key, struct json_object *to)
{
	struct json_object *v = json_at(from, key);

	return v ? json_add(to, key, json_object_get(v)) : 0;
}

/* "EPERM" as podman writes beside the number; used only where there is no number. */
static int copy_errno(struct json_object *from, const char *number_key, const char *name_key, struct json_object *to,
		      struct err *e)
{
	const char *name = NULL;
	int r;

	if (json_at(from, number_key))
		return copy_member(from, number_key, to);
	r = json_get_str(from, name_key, &name, e);
	if (r < 0 || !name || !*name)
		return r;
	for (int i = 1; i < 200; i++)
		if (strerrorname_np(i) && strcmp(strerrorname_np(i), name) == 0)
			return json_add_int(to, number_key, i);
	return err_set(e, EINVAL, "%s: %.20s is unknown", name_key, name);
}

static int copy_rule(struct json_object *rule, struct json_object *list, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const char *name = NULL;
	int r;

	if (!o)
		return err_errno(e, ENOMEM, "rule");
	r = json_get_str(rule, "name", &name, e);
	if (r == 0 && name && *name) {
		struct json_object *names = json_object_new_array();

		r = json_append_str(names, name);
		if (r == 0)
			r = json_add(o, "names", names);
	} else if (r == 0) {
		r = copy_member(rule, "names", o);
	}
	if (r == 0)
		r = copy_member(rule, "action", o);
	if (r == 0)
		r = copy_errno(rule, "errnoRet", "errno", o, e);
	if (r == 0 && json_at(rule, "args") && json_object_array_length(json_at(rule, "args")) > 0)
		r = copy_member(rule, "args", o);
	if (r == 0) {
		r = json_append(list, o);
		o = NULL;
	}
	return r;
}

static int take_rule(const struct resolve *s, struct json_object *rule, struct json_object *list, struct err *e)
{
	static const char *const known[] = {"names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes"};
	struct json_object *args = NULL;
	bool excluded = false, included = true;
	int r;

	if (!json_object_is_type(rule, json_type_object))
		return err_set(e, EINVAL, "not an object");
	r = check_keys(rule, known, ARRAY_SIZE(known), e);
	if (r == 0)
		r = json_get_array(rule, "args", &args, e);
	if (r == 0)
		r = filter_holds(s, rule, "excludes", true, &excluded, e);
	if (r == 0)
		r = filter_holds(s, rule, "includes", false, &included, e);
	return r == 0 && !excluded && included ? copy_rule(rule, list, e) : r;
}

static int take_rules(const struct resolve *s, struct json_object *profile, struct json_object *to, struct err *e)
{
	struct json_object *from = NULL, *list;
	int r = json_get_array(profile, "syscalls", &from, e);
	size_t n = r == 0 && from ? json_object_array_length(from) : 0;

	if (r < 0)
		return r;
	if (n > RULES_MAX)
		return err_set(e, E2BIG, "syscalls: more than %d", RULES_MAX);
	list = json_object_new_array();
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = take_rule(s, json_object_array_get_idx(from, i), list, e);
		if (r < 0)
			r = err_wrap(e, r, "syscalls[%zu]", i);
	}
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return json_add(to, "syscalls", list);
}

static int add_arch_entry(struct json_object *entry, struct json_object *to, struct err *e)
{
	_cleanup_(strv_done) struct strv v = {0};
	struct json_object *list = json_object_new_array();
	int r = json_get_strv(entry, "subArchitectures", &v, e);

	if (r == 0)
		r = json_append_str(list, json_str(entry, "architecture"));
	for (size_t i = 0; r == 0 && i < v.n; i++)
		r = json_append_str(list, v.items[i]);
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return json_add(to, "architectures", list);
}

/* The native one with what it can run beside, from the archMap; or the list as it is. */
static int take_arches(const struct resolve *s, struct json_object *profile, struct json_object *to, struct err *e)
{
	struct json_object *map = NULL, *list = NULL;
	int r = json_get_array(profile, "archMap", &map, e);
	size_t n = r == 0 && map ? json_object_array_length(map) : 0;

	if (r == 0)
		r = json_get_array(profile, "architectures", &list, e);
	if (r < 0)
		return r;
	if (n > 0 && list && json_object_array_length(list) > 0)
		return err_set(e, EINVAL, "architectures and archMap: use one of them");
	if (n == 0)
		return copy_member(profile, "architectures", to);
	for (size_t i = 0; i < n; i++) {
		struct json_object *entry = json_object_array_get_idx(map, i);

		if (!json_object_is_type(entry, json_type_object))
			return err_set(e, EINVAL, "archMap[%zu]: not an object", i);
		if (strcmp(json_str(entry, "architecture"), s->oci_arch) == 0)
			return add_arch_entry(entry, to, e);
	}
	return 0;
}

static int start(struct resolve *s, struct err *e)
{
	if (parse_version(s->c->kernel, s->kernel) < 0)
		return err_set(e, EINVAL, "kernel version %.40s", s->c->kernel);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i].machine, s->c->machine) == 0) {
			s->oci_arch = machines[i].oci;
			s->docker_arch = machines[i].docker;
			return 0;
		}
	return err_set(e, ENOTSUP, "seccomp on machine %.40s", s->c->machine);
}

static int resolve(const struct resolve *s, struct json_object *profile, struct json_object *to, struct err *e)
{
	static const char *const known[] = {
		"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures", "archMap", "flags",
		"listenerPath", "listenerMetadata", "syscalls", "comment",
	};
	static const char *const same[] = {"defaultAction", "flags", "listenerPath", "listenerMetadata"};
	int r = check_keys(profile, known, ARRAY_SIZE(known), e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(same); i++)
		r = copy_member(profile, same[i], to);
	if (r == 0)
		r = copy_errno(profile, "defaultErrnoRet", "defaultErrno", to, e);
	if (r == 0)
		r = take_arches(s, profile, to, e);
	return r == 0 ? take_rules(s, profile, to, e) : r;
}

int seccomp_profile_resolve(struct json_object *profile, const struct seccomp_profile_context *c,
			    struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *to = json_object_new_object();
	struct resolve s = {.c = c};
	int r;

	if (!to)
		return err_errno(e, ENOMEM, "seccomp profile");
	if (!json_object_is_type(profile, json_type_object))
		return err_set(e, EINVAL, "seccomp profile: not an object");
	r = start(&s, e);
	if (r == 0)
		r = resolve(&s, profile, to, e);
	if (r == -ENOMEM)
		return err_errno(e, ENOMEM, "seccomp profile");
	if (r < 0)
		return err_wrap(e, r, "seccomp profile");
	*ret = TAKE_PTR(to);
	return 0;
}
