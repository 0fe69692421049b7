/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One row per member of an entry and one column per schema, so that nothing
 * is lost on the way: a member without a place of its own goes below the
 * schema's place for what it does not know, under our name.
 */
#include "trail/export.h"

#include "audit/receipt.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const export_names[EXPORT_FORMATS] = {"json", "ecs", "ocsf"};

/* "a.b.c" in the schema; a word in front of ':' says how the value is written: s as text. */
static const struct row {
	const char *member, *ecs, *ocsf;
} rows[] = {
	{"seq", "event.sequence", "metadata.sequence"},
	{"pid", "process.pid", "process.pid"},
	{"ppid", "process.parent.pid", "process.parent_process.pid"},
	{"uid", "s:user.id", "s:process.user.uid"},
	{"auid", "s:user.audit.id", "s:actor.user.uid"},
	{"ses", "s:auditd.session", "s:actor.session.uid"},
	{"exe", "process.executable", "process.file.path"},
	{"comm", "process.name", "process.name"},
	{"cmd", "process.command_line", "process.cmd_line"},
	{"cwd", "process.working_directory", "unmapped.cwd"},
	{"tty", "ranby.tty", "unmapped.tty"},
	{"container", "ranby.container", "unmapped.container"},
	{"vm", "container.name", "unmapped.vm"},
	{"ctr", "container.id", "unmapped.ctr"},
	{"claimed-image", "container.image.name", "unmapped.claimed-image"},
	{"res", "auditd.result", "unmapped.res"},
	{"receipt", "ranby.receipt", "metadata.uid"},
	{"boot", "host.boot.id", "unmapped.boot"},
	{"addr", "source.address", "src_endpoint.name"},
	{"type", "auditd.message_type", "unmapped.type"},
	{"op", "event.action", "unmapped.op"},
	{"time", "event.created", "unmapped.time"},
};

/* Puts `value` at a dotted path below `o`, making objects on the way. Consumes it. */
static int put(struct json_object *o, const char *path, struct json_object *value)
{
	char part[64];
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		struct json_object *below;

		snprintf(part, sizeof(part), "%.*s", (int)(dot - path), path);
		below = json_object_object_get(o, part);
		if (!below) {
			below = json_object_new_object();
			if (json_add(o, part, below) < 0) {
				json_object_put(value);
				return -ENOMEM;
			}
		}
		o = below;
		path = dot + 1;
	}
	return json_add(o, path, value);
}

static int put_text(struct json_object *o, const char *path, const char *text)
{
	return put(o, path, json_object_new_string(text));
}

static int put_int(struct json_object *o, const char *path, int64_t n)
{
	return put(o, path, json_object_new_int64(n));
}

static int put_member(struct json_object *o, const char *path, struct json_object *value)
{
	if (strncmp(path, "s:", 2) == 0)
		return put_text(o, path + 2, json_object_get_string(value));
	return put(o, path, json_object_get(value));
}

/* All members of the entry, each to its place. */
static int put_all(struct json_object *o, enum export_format format, struct json_object *entry)
{
	const char *rest = format == EXPORT_ECS ? "ranby." : "unmapped.";
	char path[128];

	json_object_object_foreach(entry, key, value) {
		const char *to = NULL;
		int r;

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (strcmp(rows[i].member, key) == 0)
				to = format == EXPORT_ECS ? rows[i].ecs : rows[i].ocsf;
		if (!to) {
			snprintf(path, sizeof(path), "%s%s", rest, key);
			to = path;
		}
		r = put_member(o, to, value);
		if (r < 0)
			return r;
	}
	return 0;
}

static struct timespec time_of(struct json_object *entry)
{
	struct audit_receipt receipt = {.serial = 0};
	struct timespec t = {0};

	if (audit_receipt_parse(json_str(entry, "receipt"), &receipt) == 0 && receipt.serial > 0)
		return (struct timespec){.tv_sec = (time_t)receipt.sec, .tv_nsec = (long)receipt.milli * 1000000};
	(void)!clock_parse_rfc3339(json_str(entry, "time"), &t);
	return t;
}

static bool is_exec(struct json_object *entry)
{
	return strcmp(json_str(entry, "type"), "SYSCALL") == 0;
}

static bool is_login(struct json_object *entry)
{
	return strcmp(json_str(entry, "op"), "login") == 0;
}

static bool failed(struct json_object *entry)
{
	return strcmp(json_str(entry, "res"), "failed") == 0;
}

/* An exec in a container says so in the schema's fields for containers as well. */
static int name_container(struct json_object *o, const char *path, struct json_object *entry)
{
	return strcmp(json_str(entry, "where"), "container") == 0 ? put_text(o, path, json_str(entry, "container")) : 0;
}

/* event.category and event.type, which are lists. */
static int ecs_lists(struct json_object *entry, struct json_object *o)
{
	const char *kind = is_exec(entry) || is_login(entry) ? "start" : strcmp(json_str(entry, "op"), "stop") == 0 ? "end" : "info";
	_cleanup_json_ struct json_object *category = json_object_new_array(), *type = json_object_new_array();
	int r = category && type ? json_append_str(category, is_login(entry) ? "authentication" : "process") : -ENOMEM;

	r = r < 0 ? r : json_append_str(type, kind);
	r = r < 0 ? r : put(o, "event.category", TAKE_PTR(category));
	return r < 0 ? r : put(o, "event.type", TAKE_PTR(type));
}

static int ecs(const char *ledger, struct json_object *entry, struct json_object *o)
{
	struct timespec t = time_of(entry);
	char text[CLOCK_TEXT_SIZE], id[96];
	int r = put_text(o, "@timestamp", clock_rfc3339_fixed(&t, CLOCK_UTC, text));

	snprintf(id, sizeof(id), "%s:%lld", ledger, (long long)json_int(entry, "seq"));
	r = r < 0 ? r : put_text(o, "ecs.version", "8.11.0");
	r = r < 0 ? r : put_text(o, "event.id", id);
	r = r < 0 ? r : put_text(o, "event.kind", "event");
	r = r < 0 ? r : put_text(o, "event.provider", "ranby");
	r = r < 0 ? r : put_text(o, "event.module", "auditd");
	r = r < 0 ? r : put_text(o, "event.outcome", failed(entry) ? "failure" : "success");
	r = r < 0 ? r : ecs_lists(entry, o);
	r = r < 0 ? r : put_text(o, "ranby.ledger", ledger);
	r = r < 0 ? r : name_container(o, "container.name", entry);
	return r < 0 ? r : put_all(o, EXPORT_ECS, entry);
}

/* class_uid and activity_id of OCSF 1.1. */
static void ocsf_class(struct json_object *entry, int *class, int *category, int *activity)
{
	const char *op = json_str(entry, "op");

	*class = is_exec(entry) ? 1007 : is_login(entry) ? 3002 : 6002;
	*category = *class / 1000;
	if (*class != 6002)
		*activity = 1; /* Launch; Logon */
	else if (strcmp(op, "start") == 0 || strcmp(op, "stop") == 0)
		*activity = op[3] == 'r' ? 3 : 4; /* Start, Stop */
	else
		*activity = 99;
}

static int ocsf(const char *ledger, struct json_object *entry, struct json_object *o)
{
	int class, category, activity, r;
	struct timespec t = time_of(entry);

	ocsf_class(entry, &class, &category, &activity);
	r = put_int(o, "class_uid", class);
	r = r < 0 ? r : put_int(o, "category_uid", category);
	r = r < 0 ? r : put_int(o, "activity_id", activity);
	r = r < 0 ? r : put_int(o, "type_uid", class * 100 + activity);
	r = r < 0 ? r : put_int(o, "severity_id", 1);
	r = r < 0 ? r : put_int(o, "status_id", failed(entry) ? 2 : 1);
	r = r < 0 ? r : put_int(o, "time", clock_ns(&t) / 1000000);
	r = r < 0 ? r : put_text(o, "metadata.version", "1.1.0");
	r = r < 0 ? r : put_text(o, "metadata.product.name", "ranby");
	r = r < 0 ? r : put_text(o, "metadata.product.vendor_name", "ranby");
	r = r < 0 ? r : put_text(o, "metadata.product.version", RANBY_VERSION);
	r = r < 0 ? r : put_text(o, "metadata.log_name", ledger);
	if (r == 0 && class == 6002)
		r = put_text(o, "app.name", "ranby");
	if (r == 0 && is_exec(entry)) {
		r = name_container(o, "process.container.name", entry);
		if (r == 0 && json_str(entry, "ctr")[0])
			r = put_text(o, "process.container.uid", json_str(entry, "ctr"));
	}
	return r < 0 ? r : put_all(o, EXPORT_OCSF, entry);
}

int export_object(enum export_format format, const char *ledger, struct json_object *entry, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	if (format == EXPORT_ECS) {
		r = ecs(ledger, entry, o);
	} else if (format == EXPORT_OCSF) {
		r = ocsf(ledger, entry, o);
	} else {
		json_object_object_foreach(entry, key, value)
			r = r < 0 ? r : json_add(o, key, json_object_get(value));
		r = r < 0 ? r : json_add_str(o, "ledger", ledger);
	}
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}
