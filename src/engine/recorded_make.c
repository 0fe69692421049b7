/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * From what was seen to what is allowed. Calls and their classes are taken as
 * they are. Files are not: a second run has other process numbers and other
 * temporary names, so /proc, /dev and /sys count as a whole, what is made or
 * removed allows its directory, and a directory many of whose files are used
 * alike stands for them.
 */
#include "engine/recorded.h"

#include "base/parse.h"
#include "sys/callname.h"
#include "sys/landlock.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VALUES_MAX 64 /* of an argument; with more of them the call is allowed with any */

/* Of a key that recorded_add() has checked. */
static uint32_t number_of(const char *text)
{
	uint32_t value = 0;

	(void)!parse_u32(text, 0, UINT32_MAX, &value);
	return value;
}

/* ---- seccomp ---- */

/* In the order in which libc would try them, a launch needs these after its filter is loaded. */
static const char *const launch_calls[] = {"execve", "capset"};

static int add_rule(struct json_object *list, struct json_object *names, const char *action)
{
	struct json_object *rule = json_object_new_object();

	if (json_append(list, rule) < 0) {
		json_object_put(names);
		return -ENOMEM;
	}
	return json_add(rule, "names", names) < 0 || json_add_str(rule, "action", action) < 0 ? -ENOMEM : 0;
}

static struct json_object *last_of(struct json_object *list)
{
	return json_object_array_get_idx(list, json_object_array_length(list) - 1);
}

/* Values that were seen of a call's argument; 0: it is allowed with any. */
static size_t values_of(const struct recorded *r, const char *call)
{
	size_t n = 0, len = strlen(call);

	json_object_object_foreach(r->part[RECORDED_ARGUMENTS], key, value)
	{
		(void)value;
		n += strncmp(key, call, len) == 0 && key[len] == ':';
	}
	return n > VALUES_MAX ? 0 : n;
}

static unsigned argument_of(const char *call)
{
	return strcmp(call, "ioctl") == 0 || strcmp(call, "fcntl") == 0 || strcmp(call, "setns") == 0 ? 1 : 0;
}

/* Of clone the namespaces alone are recorded (monitor/record_args.c). */
static uint32_t mask_of(const char *call)
{
	return strcmp(call, "clone") == 0 ? 0x7e020000U : ~0U;
}

static int add_value_rule(const char *call, const char *text, struct json_object *list)
{
	struct json_object *names = json_object_new_array(), *args, *arg;

	if (json_append_str(names, call) < 0 || add_rule(list, names, "SCMP_ACT_ALLOW") < 0)
		return -ENOMEM;
	args = json_object_new_array();
	if (json_add(last_of(list), "args", args) < 0)
		return -ENOMEM;
	arg = json_object_new_object();
	if (json_append(args, arg) < 0 || json_add_int(arg, "index", argument_of(call)) < 0 || json_add_u64(arg, "value", mask_of(call)) < 0 ||
	    json_add_int(arg, "valueTwo", number_of(text)) < 0 || json_add_str(arg, "op", "SCMP_CMP_MASKED_EQ") < 0)
		return -ENOMEM;
	return 0;
}

static int add_value_rules(const struct recorded *r, struct json_object *list)
{
	json_object_object_foreach(r->part[RECORDED_ARGUMENTS], key, value)
	{
		char call[48];

		(void)value;
		snprintf(call, sizeof(call), "%.*s", (int)strcspn(key, ":"), key);
		if (values_of(r, call) > 0 && add_value_rule(call, strchr(key, ':') + 1, list) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool is_recorded(const struct recorded *r, const char *call)
{
	return json_object_object_get_ex(r->part[RECORDED_CALLS], call, NULL);
}

static struct json_object *allowed_names(const struct recorded *r)
{
	_cleanup_json_ struct json_object *names = json_object_new_array();

	for (size_t i = 0; i < callname_base_n; i++)
		if (json_append_str(names, callname_of(callname_base[i])) < 0)
			return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(launch_calls); i++)
		if (!is_recorded(r, launch_calls[i]) && json_append_str(names, launch_calls[i]) < 0)
			return NULL;
	json_object_object_foreach(r->part[RECORDED_CALLS], key, value)
	{
		(void)value;
		if (values_of(r, key) == 0 && json_append_str(names, key) < 0)
			return NULL;
	}
	return TAKE_PTR(names);
}

static int add_without(const struct recorded *r, const struct strv *without, struct json_object *list)
{
	struct json_object *names = json_object_new_array();

	for (size_t i = 0; i < without->n; i++)
		if (!is_recorded(r, without->items[i]) && json_append_str(names, without->items[i]) < 0)
			return -ENOMEM;
	if (!names || json_object_array_length(names) == 0) {
		json_object_put(names);
		return 0;
	}
	return add_rule(list, names, "SCMP_ACT_ERRNO") < 0 || json_add_int(last_of(list), "errnoRet", ENOSYS) < 0 ? -ENOMEM : 0;
}

int recorded_seccomp(const struct recorded *r, const struct strv *without, bool log, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (!o || json_add_str(o, "defaultAction", log ? "SCMP_ACT_LOG" : "SCMP_ACT_ERRNO") < 0 ||
	    (!log && json_add_int(o, "defaultErrnoRet", EPERM) < 0) || json_add(o, "syscalls", list) < 0 ||
	    add_rule(list, allowed_names(r), "SCMP_ACT_ALLOW") < 0 || add_value_rules(r, list) < 0 || (!log && add_without(r, without, list) < 0))
		return err_errno(e, ENOMEM, "seccomp profile");
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- files ---- */

enum use { USE_READ = 1, USE_WRITE = 2, USE_EXEC = 4 };

struct place {
	char *path;
	unsigned use;
};

struct places {
	struct place *items;
	size_t n, room;
};

static void places_done(struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->items[i].path);
	free(p->items);
}

/* At the end; tidy() joins what is there twice. */
static int add_place(struct places *p, const char *path, size_t len, unsigned use)
{
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct place *more = mem_regrow(p->items, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->items = more;
		p->room = room;
	}
	p->items[p->n] = (struct place){.path = strndup(path, len), .use = use};
	return p->items[p->n].path ? (p->n++, 0) : -ENOMEM;
}

/* Bytes of the directory's name; 1 for "/". */
static size_t directory_len(const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);

	return len ? len : 1;
}

static int add_file(struct places *p, const char *path, const char *letters)
{
	static const char *const whole[] = {"/proc", "/dev", "/sys"};
	unsigned use = (strpbrk(letters, "rl") ? USE_READ : 0U) | (strchr(letters, 'w') ? USE_WRITE : 0U) | (strchr(letters, 'x') ? USE_EXEC : 0U);
	bool entry = strpbrk(letters, "cu");

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		size_t len = strlen(whole[i]);

		if (strncmp(path, whole[i], len) == 0 && (path[len] == '/' || !path[len]))
			return use || entry ? add_place(p, path, len, use | (entry ? USE_WRITE : 0)) : 0;
	}
	/* a program that was made first is not there yet when a profile is applied: its directory stands for it */
	if (entry && add_place(p, path, directory_len(path), USE_WRITE | (use & USE_EXEC)) < 0)
		return -ENOMEM;
	return use ? add_place(p, path, strlen(path), use) : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

/* Sorted by path, and each path once. */
static void join(struct places *p)
{
	size_t kept = 0;

	if (p->n > 0)
		qsort(p->items, p->n, sizeof(*p->items), by_path);
	for (size_t i = 0; i < p->n; i++) {
		if (kept > 0 && by_path(&p->items[kept - 1], &p->items[i]) == 0) {
			p->items[kept - 1].use |= p->items[i].use;
			free(p->items[i].path);
		} else {
			p->items[kept++] = p->items[i];
		}
	}
	p->n = kept;
}

/* The place of that path among the first n, which are sorted. */
static const struct place *find(const struct place *items, size_t n, const char *path, size_t len)
{
	while (n > 0) {
		const struct place *mid = &items[n / 2];
		int c = strncmp(path, mid->path, len);

		if (c == 0 && !mid->path[len])
			return mid;
		if (c > 0) {
			items = mid + 1;
			n -= n / 2 + 1;
		} else {
			n /= 2;
		}
	}
	return NULL;
}

/* What reading gives is in each of the other two as well. */
static bool covers(const struct place *dir, const struct place *p)
{
	return (p->use & ~(dir->use | USE_READ)) == 0;
}

/* By a directory above it; all of these are sorted before it. */
static bool is_covered(const struct places *p, size_t i)
{
	const char *path = p->items[i].path;

	for (size_t len = strlen(path); len > 1;) {
		const struct place *dir;

		while (len > 1 && path[len - 1] != '/')
			len--;
		len -= len > 1;
		dir = find(p->items, i, path, len);
		if (dir && covers(dir, &p->items[i]))
			return true;
	}
	return false;
}

/* Sorted, each path once, and none that a directory in it stands for. */
static void tidy(struct places *p)
{
	size_t kept = 0;

	join(p);
	/* from the end: who is asked about is covered by what is before it, or by nothing */
	for (size_t i = p->n; i-- > 0;)
		if (is_covered(p, i)) {
			free(p->items[i].path);
			p->items[i].path = NULL;
		}
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].path)
			p->items[kept++] = p->items[i];
	p->n = kept;
}

/* Siblings that are used alike come together. */
static int by_directory_and_use(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	size_t x_len = directory_len(x->path), y_len = directory_len(y->path);
	int c = memcmp(x->path, y->path, x_len < y_len ? x_len : y_len);

	if (c == 0)
		c = (x_len > y_len) - (x_len < y_len);
	return c ? c : (x->use > y->use) - (x->use < y->use);
}

/* One level; never "/" itself: that would be everything. */
static int collapse(struct places *p, bool *ret_changed)
{
	size_t n = p->n, same;
	_cleanup_free_ struct place *sorted = mem_array(n, sizeof(*sorted));

	*ret_changed = false;
	if (!sorted || n == 0)
		return sorted ? 0 : -ENOMEM;
	/* the paths stay the list's */
	memcpy(sorted, p->items, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_directory_and_use);
	for (size_t i = 0; i < n; i += same) {
		size_t len = directory_len(sorted[i].path);

		for (same = 1; i + same < n && by_directory_and_use(&sorted[i], &sorted[i + same]) == 0;)
			same++;
		if (len <= 1 || same < RECORDED_COLLAPSE)
			continue;
		if (add_place(p, sorted[i].path, len, sorted[i].use) < 0)
			return -ENOMEM;
		*ret_changed = true;
	}
	return 0;
}

static int find_places(const struct recorded *r, struct places *p)
{
	bool changed = true;
	int rc = 0;

	json_object_object_foreach(r->part[RECORDED_FILES], key, value)
	{
		if (rc == 0)
			rc = add_file(p, key, json_object_get_string(value));
	}
	tidy(p);
	while (rc == 0 && changed) {
		rc = collapse(p, &changed);
		tidy(p);
	}
	return rc;
}

static int add_list(struct json_object *o, const char *key, const struct places *p, unsigned use)
{
	struct json_object *list = json_object_new_array();

	if (json_add(o, key, list) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		bool wanted = use == USE_READ ? p->items[i].use == USE_READ : (p->items[i].use & use) != 0;

		if (wanted && json_append_str(list, p->items[i].path) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_ports(struct json_object *o, const char *key, struct json_object *ports)
{
	struct json_object *list = json_object_new_array();

	if (json_add(o, key, list) < 0)
		return -ENOMEM;
	json_object_object_foreach(ports, port, value)
	{
		(void)value;
		if (json_append(list, json_object_new_int64(number_of(port))) < 0)
			return -ENOMEM;
	}
	return 0;
}

int recorded_landlock(const struct recorded *r, int abi, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(places_done) struct places p = {0};

	if (!o || find_places(r, &p) < 0 || add_list(o, "exec", &p, USE_EXEC) < 0 || add_list(o, "ro", &p, USE_READ) < 0 ||
	    add_list(o, "rw", &p, USE_WRITE) < 0)
		return err_errno(e, ENOMEM, "Landlock profile");
	if (abi >= 4 && (add_ports(o, "bind", r->part[RECORDED_BIND]) < 0 || add_ports(o, "connect", r->part[RECORDED_CONNECT]) < 0))
		return err_errno(e, ENOMEM, "Landlock profile");
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- AppArmor ---- */

/* In quotes, with what would be a pattern taken as it is. */
static void add_quoted(struct buf *out, const char *path)
{
	buf_addc(out, '"');
	for (; *path; path++) {
		if (strchr("\"\\*?[]{}^@", *path))
			buf_addc(out, '\\');
		if ((unsigned char)*path < 0x20 || (unsigned char)*path == 0x7f)
			buf_addf(out, "\\%03o", (unsigned)(unsigned char)*path);
		else
			buf_addc(out, *path);
	}
	buf_addc(out, '"');
}

static void add_path_rule(struct buf *out, const char *path, const char *glob, const char *perms)
{
	_cleanup_(buf_done) struct buf whole = BUF_INIT;

	add_quoted(&whole, path);
	if (!buf_bad(&whole) && whole.len > 0)
		buf_addf(out, "\t%.*s%s\" %s,\n", (int)whole.len - 1, whole.data, glob, perms);
}

static void add_place_rules(struct buf *out, const struct place *p)
{
	bool write = p->use & USE_WRITE;
	const char *perms = p->use & USE_EXEC ? (write ? "rwklix" : "rix") : write ? "rwkl" : "r";

	add_path_rule(out, p->path, "", p->use & USE_EXEC ? "mrix" : write ? "rwkl" : "mr");
	add_path_rule(out, p->path, strcmp(p->path, "/") == 0 ? "**" : "/**", perms);
}

int recorded_apparmor(const struct recorded *r, const char *name, struct buf *out, struct err *e)
{
	_cleanup_(strv_done) struct strv caps = {0};
	_cleanup_(places_done) struct places p = {0};
	int rc = recorded_capabilities(r, &caps, e);

	if (rc < 0)
		return rc;
	if (find_places(r, &p) < 0)
		return err_errno(e, ENOMEM, "AppArmor profile");
	buf_addf(out, "profile \"%s\" flags=(attach_disconnected,mediate_deleted) {\n", name);
	for (size_t i = 0; i < caps.n; i++) {
		buf_adds(out, "\tcapability ");
		for (const char *c = caps.items[i] + 4; *c; c++)
			buf_addc(out, (char)tolower((unsigned char)*c));
		buf_adds(out, ",\n");
	}
	buf_adds(out, is_recorded(r, "socket") ? "\tnetwork,\n" : "");
	buf_adds(out, "\tsignal (send, receive) peer=@{profile_name},\n\tsignal (receive) peer=unconfined,\n\tptrace (readby, tracedby),\n\tunix,\n");
	for (size_t i = 0; i < p.n; i++)
		add_place_rules(out, &p.items[i]);
	buf_adds(out, "}\n");
	return buf_bad(out) ? err_errno(e, buf_bad(out), "AppArmor profile") : 0;
}
