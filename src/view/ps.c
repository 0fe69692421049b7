/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Rows hold plain text; whoever prints them escapes. */
#include "view/ps.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/size.h"
#include "engine/health.h"
#include "engine/pod.h"
#include "engine/restart.h"
#include "sys/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COMMAND_WIDTH 17 /* and "...", as podman cuts it */

static struct timespec time_of(struct json_object *o, const char *key)
{
	return o && json_int(o, key) ? clock_from_ns(json_int(o, key)) : CLOCK_NEVER;
}

static struct timespec end_of(const struct container *c)
{
	if (!c->end.finished_sec)
		return CLOCK_NEVER;
	return (struct timespec){.tv_sec = c->end.finished_sec, .tv_nsec = c->end.finished_nsec};
}

void ps_status(const struct container *c, const struct timespec *now, char *out, size_t size)
{
	struct timespec start = time_of(c->state, "startedNs"), end = end_of(c);
	char text[CLOCK_TEXT_SIZE] = "", health[HEALTH_STATUS_SIZE];

	switch (c->status) {
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		health_status(c, health);
		snprintf(out, size, "Up %s%s%s%s%s", clock_human(now->tv_sec - start.tv_sec, text),
			 c->status == CONTAINER_PAUSED ? " (Paused)" : "", *health ? " (" : "", health, *health ? ")" : "");
		break;
	case CONTAINER_EXITED:
		if (!clock_is_never(&end))
			clock_ago(&end, now, text);
		snprintf(out, size, "%s (%d)%s%s", restart_is_pending(c) ? "Restarting" : "Exited", c->exit_code, *text ? " " : "", text);
		break;
	case CONTAINER_LOST:
		snprintf(out, size, "Lost");
		break;
	case CONTAINER_CREATED:
		snprintf(out, size, "Created");
		break;
	case CONTAINER_INITIALIZED:
		snprintf(out, size, "Initialized");
		break;
	}
}

/* Words joined by blanks; more than `max` bytes are cut there, and "..." follows (0: never). */
static void command_text(const struct container *c, size_t max, struct buf *b)
{
	_cleanup_(strv_done) struct strv words = {0};
	bool cut;

	if (json_get_strv(c->spec, "config.command", &words, NULL) < 0)
		return;
	if (words.n == 0 && json_get_strv(c->spec, "config.entrypoint", &words, NULL) < 0)
		return;
	for (size_t i = 0; i < words.n; i++)
		buf_addf(b, "%s%s", i ? " " : "", words.items[i]);
	cut = max > 0 && b->len > max;
	if (cut) {
		b->len = max;
		/* not in the middle of a UTF-8 character */
		while (b->len > 0 && ((unsigned char)b->data[b->len] & 0xc0) == 0x80)
			b->len--;
		buf_adds(b, "...");
	}
}

/* "web,db", or what it has instead of bridge networks. */
static void networks_text(const struct container *c, struct buf *b)
{
	struct json_object *list = json_at(c->spec, "config.network.networks");
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s%s", i ? "," : "", json_str(json_object_array_get_idx(list, i), "name"));
	if (!list)
		buf_adds(b, json_str(c->spec, "config.network.mode"));
}

/* "0.0.0.0:8080->80/tcp, ..." */
static void ports_text(const struct container *c, struct buf *b)
{
	struct json_object *list = json_at(c->spec, "config.network.ports");
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *p = json_object_array_get_idx(list, i);
		int64_t host = json_int(p, "hostPort"), inner = json_int(p, "containerPort"), count = json_int(p, "count");
		const char *ip = json_str(p, "hostIp"), *protocol = json_str(p, "protocol");

		buf_addf(b, "%s%s:%lld", i ? ", " : "", *ip ? ip : "0.0.0.0", (long long)host);
		if (count > 1)
			buf_addf(b, "-%lld->%lld-%lld", (long long)(host + count - 1), (long long)inner,
				 (long long)(inner + count - 1));
		else
			buf_addf(b, "->%lld", (long long)inner);
		buf_addf(b, "/%s", *protocol ? protocol : "tcp");
	}
}

static void labels_text(const struct container *c, struct buf *b)
{
	struct json_object *map = json_at(c->spec, "config.labels");

	if (!map || !json_object_is_type(map, json_type_object))
		return;
	json_object_object_foreach(map, key, value)
		buf_addf(b, "%s%s=%s", b->len ? "," : "", key, json_object_get_string(value));
}

/* ---- fields ---- */

struct showing {
	const struct container *c;
	const struct timespec *now;
	bool no_trunc;
};

static int add_id(struct json_object *o, const char *key, const struct showing *s, const char *id)
{
	char text[CONTAINER_ID_LEN + 1];

	snprintf(text, sizeof(text), "%.*s", s->no_trunc ? CONTAINER_ID_LEN : CONTAINER_ID_SHORT, id);
	return json_add_str(o, key, text);
}

static int add_text(struct json_object *o, const char *key, const struct showing *s,
		    void (*fn)(const struct container *, struct buf *))
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	fn(s->c, &b);
	return buf_bad(&b) ? -ENOMEM : json_add_str(o, key, buf_str(&b));
}

static int id_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_id(o, key, s, s->c->id);
}

static int names_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_str(o, key, s->c->name);
}

static int image_field(struct json_object *o, const char *key, const struct showing *s)
{
	const char *path = json_at(s->c->spec, "image.name") ? "image.name" : "image.rootfs";

	return json_add_str(o, key, pod_is_infra(s->c) ? "" : json_str(s->c->spec, path));
}

static int image_id_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_id(o, key, s, json_str(s->c->spec, "image.id"));
}

static int command_field(struct json_object *o, const char *key, const struct showing *s)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	command_text(s->c, s->no_trunc ? 0 : COMMAND_WIDTH, &b);
	return buf_bad(&b) ? -ENOMEM : json_add_str(o, key, buf_str(&b));
}

static int state_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_str(o, key, container_status_word(s->c->status));
}

static int status_field(struct json_object *o, const char *key, const struct showing *s)
{
	char status[160];

	ps_status(s->c, s->now, status, sizeof(status));
	return json_add_str(o, key, status);
}

static int pid_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_int(o, key, s->c->pid);
}

static bool has_ended(const struct container *c)
{
	return c->status == CONTAINER_EXITED || c->status == CONTAINER_LOST;
}

static int exit_code_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_int(o, key, has_ended(s->c) ? s->c->exit_code : 0);
}

static int exited_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_bool(o, key, has_ended(s->c));
}

static int restarts_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_int(o, key, restart_count(s->c));
}

static int auto_remove_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_bool(o, key, json_true(s->c->spec, "options.rm"));
}

static int is_infra_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_bool(o, key, pod_is_infra(s->c));
}

static int pod_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_id(o, key, s, pod_id_of(s->c));
}

static int pod_name_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_str(o, key, json_str(s->c->spec, "podName"));
}

static int networks_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_text(o, key, s, networks_text);
}

static int cidfile_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_str(o, key, json_str(s->c->spec, "options.cidfile"));
}

static int label_field(struct json_object *o, const char *key, const struct showing *s)
{
	struct json_object *labels = json_at(s->c->spec, "config.labels");

	return json_add(o, key, labels ? json_object_get(labels) : json_object_new_object());
}

static int labels_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_text(o, key, s, labels_text);
}

static int ports_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_text(o, key, s, ports_text);
}

static const char *const exposed_protocols[] = {"tcp", "udp"};

static int add_exposed_port(struct json_object *map, unsigned port, uint8_t protocols)
{
	struct json_object *of = json_object_new_array();
	char text[8];
	int r;

	snprintf(text, sizeof(text), "%u", port);
	r = json_add(map, text, of);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(exposed_protocols); i++)
		if (protocols >> i & 1)
			r = json_append_str(of, exposed_protocols[i]);
	return r;
}

/* podman's: {"53": ["tcp", "udp"]}. Ranges overlap, so each port is marked first, and said once. */
static int exposed_field(struct json_object *o, const char *key, const struct showing *s)
{
	struct json_object *list = json_at(s->c->spec, "config.network.exposed");
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	_cleanup_json_ struct json_object *map = json_object_new_object();
	_cleanup_free_ uint8_t *marks = n ? mem_array(UINT16_MAX + 1, sizeof(*marks)) : NULL;

	if (!map || (n && !marks))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct json_object *p = json_object_array_get_idx(list, i);
		int64_t first = json_int(p, "containerPort"), count = json_int(p, "count");
		uint8_t mark = strcmp(json_str(p, "protocol"), "udp") == 0 ? 2 : 1;

		for (int64_t k = 0; first >= 0 && k < count && first + k <= UINT16_MAX; k++)
			marks[first + k] |= mark;
	}
	for (unsigned port = 0; marks && port <= UINT16_MAX; port++)
		if (marks[port] && add_exposed_port(map, port, marks[port]) < 0)
			return -ENOMEM;
	return json_add(o, key, TAKE_PTR(map));
}

static int mounts_field(struct json_object *o, const char *key, const struct showing *s)
{
	struct json_object *from = json_at(s->c->spec, "config.mounts");
	size_t n = from && json_object_is_type(from, json_type_array) ? json_object_array_length(from) : 0;
	_cleanup_json_ struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < n; i++)
		if (json_append_str(list, json_str(json_object_array_get_idx(from, i), "destination")) < 0)
			return -ENOMEM;
	return json_add(o, key, TAKE_PTR(list));
}

static int created_field(struct json_object *o, const char *key, const struct showing *s)
{
	struct timespec created = time_of(s->c->spec, "createdNs");

	return json_add_time(o, key, &created);
}

static int ago_field(struct json_object *o, const char *key, const struct showing *s)
{
	struct timespec created = time_of(s->c->spec, "createdNs");
	char ago[CLOCK_TEXT_SIZE];

	clock_ago(&created, s->now, ago);
	return json_add_str(o, key, ago);
}

static int started_at_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_int(o, key, time_of(s->c->state, "startedNs").tv_sec);
}

static int exited_at_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_int(o, key, end_of(s->c).tv_sec);
}

/* Who started it; who created it when it was never started. */
static struct json_object *who(const struct container *c)
{
	struct json_object *o = c->state ? json_at(c->state, "startedBy") : NULL;

	return o ? o : json_at(c->spec, "createdBy");
}

static int add_number_of_who(struct json_object *o, const char *key, const struct showing *s, const char *path)
{
	struct json_object *w = who(s->c), *v = w ? json_at(w, path) : NULL;
	char text[24] = "";

	if (v)
		snprintf(text, sizeof(text), "%lld", (long long)json_object_get_int64(v));
	return json_add_str(o, key, text);
}

static int add_text_of_who(struct json_object *o, const char *key, const struct showing *s, const char *path)
{
	struct json_object *w = who(s->c);

	return json_add_str(o, key, w ? json_str(w, path) : "");
}

static int login_uid_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_number_of_who(o, key, s, "auid");
}

static int session_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_number_of_who(o, key, s, "session");
}

static int login_user_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_text_of_who(o, key, s, "loginUser");
}

static int tty_field(struct json_object *o, const char *key, const struct showing *s)
{
	return add_text_of_who(o, key, s, "tty");
}

static int started_by_field(struct json_object *o, const char *key, const struct showing *s)
{
	struct json_object *w = who(s->c);

	return json_add(o, key, w ? json_object_get(w) : json_object_new_object());
}

static const char *of_state(const struct showing *s, const char *path)
{
	return s->c->state ? json_str(s->c->state, path) : "";
}

static int receipt_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_str(o, key, of_state(s, "receipt"));
}

static int uuid_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_str(o, key, of_state(s, "uuid"));
}

static int ident_field(struct json_object *o, const char *key, const struct showing *s)
{
	return json_add_str(o, key, of_state(s, "identity.inForce"));
}

/* What each reads of container.json and of state.json: only that is there when only it is wanted. */
static const struct {
	const char *name;
	int (*add)(struct json_object *o, const char *key, const struct showing *s);
	const char *spec, *state;
} fields[] = {
	{"ID", id_field, "", ""},
	{"Names", names_field, "", ""},
	{"Image", image_field, "image.name image.rootfs isInfra", ""},
	{"ImageID", image_id_field, "image.id", ""},
	{"Command", command_field, "config.command config.entrypoint", ""},
	{"State", state_field, "", ""},
	{"Status", status_field, "config.healthcheck options.restart", "startedNs restartCount"},
	{"Pid", pid_field, "", ""},
	{"ExitCode", exit_code_field, "", ""},
	{"Exited", exited_field, "", ""},
	{"Restarts", restarts_field, "", "restartCount"},
	{"AutoRemove", auto_remove_field, "options.rm", ""},
	{"IsInfra", is_infra_field, "isInfra", ""},
	{"Pod", pod_field, "pod", ""},
	{"PodName", pod_name_field, "podName", ""},
	{"Networks", networks_field, "config.network.networks config.network.mode", ""},
	{"CIDFile", cidfile_field, "options.cidfile", ""},
	{"Label", label_field, "config.labels", ""},
	{"Labels", labels_field, "config.labels", ""},
	{"ExposedPorts", exposed_field, "config.network.exposed", ""},
	{"Ports", ports_field, "config.network.ports", ""},
	{"Mounts", mounts_field, "config.mounts", ""},
	{"CreatedAt", created_field, "", ""},
	{"Created", created_field, "", ""},
	{"RunningFor", ago_field, "", ""},
	{"CreatedHuman", ago_field, "", ""},
	{"StartedAt", started_at_field, "", "startedNs"},
	{"ExitedAt", exited_at_field, "", ""},
	{"LoginUID", login_uid_field, "createdBy.auid", "startedBy.auid"},
	{"Session", session_field, "createdBy.session", "startedBy.session"},
	{"LoginUser", login_user_field, "createdBy.loginUser", "startedBy.loginUser"},
	{"TTY", tty_field, "createdBy.tty", "startedBy.tty"},
	{"StartedBy", started_by_field, "createdBy", "startedBy"},
	{"Receipt", receipt_field, "", "receipt"},
	{"UUID", uuid_field, "", "uuid"},
	{"Ident", ident_field, "", "identity.inForce"},
};
_Static_assert(ARRAY_SIZE(fields) <= 64, "a set of fields is a number");

uint64_t ps_fields_of(const struct template *t)
{
	uint64_t set = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (template_uses(t, fields[i].name))
			set |= UINT64_C(1) << i;
	return set;
}

uint64_t ps_field(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return UINT64_C(1) << i;
	return 0;
}

int ps_parts(uint64_t set, const struct ps_filter *f, struct container_parts *ret)
{
	int r = ps_filter_parts(f, ret);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++)
		if (set >> i & 1)
			r = container_parts_add(ret, fields[i].spec, fields[i].state);
	return r;
}

int ps_row(const struct container *c, uint64_t set, bool no_trunc, const struct timespec *now, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct showing s = {.c = c, .now = now, .no_trunc = no_trunc};
	int r = o ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++)
		if (set >> i & 1)
			r = fields[i].add(o, fields[i].name, &s);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

int ps_add_other_keys(struct json_object *o, uint64_t set)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!(set >> i & 1) && json_object_object_add_ex(o, fields[i].name, NULL,
								 JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT) < 0)
			return -ENOMEM;
	return 0;
}

static int add_copy(struct json_object *o, const char *key, const struct container *c, const char *path)
{
	struct json_object *v = json_at(c->spec, path);

	return v ? json_add(o, key, json_object_get(v)) : 0;
}

/* Published ports in podman's shape. */
static struct json_object *ports_list(const struct container *c)
{
	struct json_object *list = json_at(c->spec, "config.network.ports");
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	_cleanup_json_ struct json_object *ret = json_object_new_array();

	for (size_t i = 0; ret && i < n; i++) {
		struct json_object *p = json_object_array_get_idx(list, i), *o = json_object_new_object();

		if (json_append(ret, o) < 0 || json_add_str(o, "host_ip", json_str(p, "hostIp")) < 0 ||
		    json_add_int(o, "container_port", json_int(p, "containerPort")) < 0 ||
		    json_add_int(o, "host_port", json_int(p, "hostPort")) < 0 || json_add_int(o, "range", json_int(p, "count")) < 0 ||
		    json_add_str(o, "protocol", json_str(p, "protocol")) < 0)
			return NULL;
	}
	return TAKE_PTR(ret);
}

/* The bridge networks that it is on. */
static struct json_object *networks_list(const struct container *c)
{
	struct json_object *list = json_at(c->spec, "config.network.networks");
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	_cleanup_json_ struct json_object *ret = json_object_new_array();

	for (size_t i = 0; ret && i < n; i++)
		if (json_append_str(ret, json_str(json_object_array_get_idx(list, i), "name")) < 0)
			return NULL;
	return TAKE_PTR(ret);
}

int ps_json(const struct container *c, const struct timespec *now, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = NULL, *names = json_object_new_array();
	int r = names ? ps_row(c, PS_ALL_FIELDS, true, now, &o) : -ENOMEM;

	if (r == 0)
		r = json_append_str(names, c->name);
	if (r < 0)
		return r;
	for (size_t i = 0; i < 7; i++) {
		static const char *const texts[] = {"ID", "Names", "Command", "Labels", "Label", "Ports", "Created"};

		json_object_object_del(o, texts[i]);
	}
	if (json_add_str(o, "Id", c->id) < 0 || json_add(o, "Names", TAKE_PTR(names)) < 0 ||
	    add_copy(o, "Command", c, "config.command") < 0 || add_copy(o, "Labels", c, "config.labels") < 0 ||
	    json_add(o, "Ports", ports_list(c)) < 0 || json_add(o, "Networks", networks_list(c)) < 0 ||
	    json_add(o, "Namespaces", json_object_new_object()) < 0 || json_object_object_add(o, "Size", NULL) < 0 ||
	    json_add_int(o, "Created", json_int(c->spec, "createdNs") / 1000000000) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

int ps_add_size(struct json_object *o, uint64_t bytes, uint64_t image_bytes, bool as_text)
{
	_cleanup_json_ struct json_object *size = json_object_new_object();
	char own[SIZE_TEXT_SIZE], all[SIZE_TEXT_SIZE], text[2 * SIZE_TEXT_SIZE + 16];

	if (as_text) {
		(void)size_text(bytes, 3, "", own);
		(void)size_text(image_bytes + bytes, 3, "", all);
		snprintf(text, sizeof(text), "%s (virtual %s)", own, all);
		return json_add_str(o, "Size", text);
	}
	if (!size || json_add_u64(size, "rootFsSize", image_bytes + bytes) < 0 || json_add_u64(size, "rwSize", bytes) < 0)
		return -ENOMEM;
	return json_add(o, "Size", TAKE_PTR(size));
}

int ps_add_namespaces(const struct container *c, struct json_object *o, bool as_text)
{
	static const struct {
		const char *key, *json_key, *ns;
	} all[] = {{"CGROUPNS", "Cgroup", "cgroup"}, {"IPC", "IPC", "ipc"}, {"MNT", "Mnt", "mnt"}, {"NET", "NET", "net"},
		   {"PIDNS", "PIDNS", "pid"}, {"USERNS", "User", "user"}, {"UTS", "UTS", "uts"}};
	struct json_object *to = as_text ? o : json_at(o, "Namespaces");
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	bool runs = c->pid > 0 && procfs_open(&fs) == 0 && proc_open_identity(&fs, c->pid, c->start_ticks, &p) == 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(all); i++) {
		char text[24] = "";
		uint64_t inode;

		if (runs && proc_ns_inode(&p, all[i].ns, &inode) == 0)
			snprintf(text, sizeof(text), "%llu", (unsigned long long)inode);
		r = json_add_str(to, as_text ? all[i].key : all[i].json_key, text);
	}
	return r;
}
