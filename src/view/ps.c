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

static struct json_object *mounts_list(const struct container *c)
{
	struct json_object *list = json_at(c->spec, "config.mounts"), *ret = json_object_new_array();
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; ret && i < n; i++)
		if (json_append_str(ret, json_str(json_object_array_get_idx(list, i), "destination")) < 0) {
			json_object_put(ret);
			return NULL;
		}
	return ret;
}

static void labels_text(const struct container *c, struct buf *b)
{
	struct json_object *map = json_at(c->spec, "config.labels");

	if (!map || !json_object_is_type(map, json_type_object))
		return;
	json_object_object_foreach(map, key, value)
		buf_addf(b, "%s%s=%s", b->len ? "," : "", key, json_object_get_string(value));
}

static int add_text(struct json_object *o, const char *key, const struct container *c,
		    void (*fn)(const struct container *, struct buf *))
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	fn(c, &b);
	return buf_bad(&b) ? -ENOMEM : json_add_str(o, key, buf_str(&b));
}

/* Who started it; who created it when it was never started. */
static struct json_object *who(const struct container *c)
{
	struct json_object *o = c->state ? json_at(c->state, "startedBy") : NULL;

	return o ? o : json_at(c->spec, "createdBy");
}

static int add_number_text(struct json_object *o, const char *key, struct json_object *from, const char *path)
{
	struct json_object *v = from ? json_at(from, path) : NULL;
	char text[24] = "";

	if (v)
		snprintf(text, sizeof(text), "%lld", (long long)json_object_get_int64(v));
	return json_add_str(o, key, text);
}

static int add_who(struct json_object *o, const struct container *c)
{
	struct json_object *w = who(c);

	if (add_number_text(o, "LoginUID", w, "auid") < 0 || add_number_text(o, "Session", w, "session") < 0 ||
	    json_add_str(o, "LoginUser", w ? json_str(w, "loginUser") : "") < 0 ||
	    json_add_str(o, "TTY", w ? json_str(w, "tty") : "") < 0 ||
	    json_add_str(o, "Receipt", c->state ? json_str(c->state, "receipt") : "") < 0 ||
	    json_add_str(o, "UUID", c->state ? json_str(c->state, "uuid") : "") < 0)
		return -ENOMEM;
	if (json_add_str(o, "Ident", c->state ? json_str(c->state, "identity.inForce") : "") < 0)
		return -ENOMEM;
	return json_add(o, "StartedBy", w ? json_object_get(w) : json_object_new_object());
}

static int add_times(struct json_object *o, const struct container *c, const struct timespec *now)
{
	struct timespec created = time_of(c->spec, "createdNs"), start = time_of(c->state, "startedNs"), end = end_of(c);
	char ago[CLOCK_TEXT_SIZE], human[CLOCK_TEXT_SIZE];

	clock_ago(&created, now, ago);
	clock_human(now->tv_sec - created.tv_sec, human);
	if (json_add_time(o, "CreatedAt", &created) < 0 || json_add_time(o, "Created", &created) < 0 ||
	    json_add_str(o, "RunningFor", ago) < 0 || json_add_str(o, "CreatedHuman", ago) < 0 ||
	    json_add_int(o, "StartedAt", start.tv_sec) < 0 || json_add_int(o, "ExitedAt", end.tv_sec) < 0)
		return -ENOMEM;
	return 0;
}

static int add_words(struct json_object *o, const struct container *c, bool no_trunc)
{
	_cleanup_(buf_done) struct buf command = BUF_INIT;
	char id[CONTAINER_ID_LEN + 1], image[CONTAINER_ID_LEN + 1];
	int width = no_trunc ? CONTAINER_ID_LEN : CONTAINER_ID_SHORT;
	const char *name = pod_is_infra(c) ? "" : json_str(c->spec, json_at(c->spec, "image.name") ? "image.name" : "image.rootfs");

	snprintf(id, sizeof(id), "%.*s", width, c->id);
	snprintf(image, sizeof(image), "%.*s", width, json_str(c->spec, "image.id"));
	command_text(c, no_trunc ? 0 : COMMAND_WIDTH, &command);
	if (buf_bad(&command) || json_add_str(o, "ID", id) < 0 || json_add_str(o, "Names", c->name) < 0 ||
	    json_add_str(o, "Image", name) < 0 || json_add_str(o, "ImageID", image) < 0 ||
	    json_add_str(o, "Command", buf_str(&command)) < 0)
		return -ENOMEM;
	return 0;
}

static int add_state(struct json_object *o, const struct container *c, const struct timespec *now)
{
	bool ended = c->status == CONTAINER_EXITED || c->status == CONTAINER_LOST;
	char status[160];

	ps_status(c, now, status, sizeof(status));
	if (json_add_str(o, "State", container_status_word(c->status)) < 0 || json_add_str(o, "Status", status) < 0 ||
	    json_add_int(o, "Pid", c->pid) < 0 || json_add_int(o, "ExitCode", ended ? c->exit_code : 0) < 0 ||
	    json_add_bool(o, "Exited", ended) < 0 || json_add_int(o, "Restarts", restart_count(c)) < 0)
		return -ENOMEM;
	return 0;
}

static int add_options(struct json_object *o, const struct container *c, bool no_trunc)
{
	char pod[CONTAINER_ID_LEN + 1];
	struct json_object *labels = json_at(c->spec, "config.labels");

	snprintf(pod, sizeof(pod), "%.*s", no_trunc ? CONTAINER_ID_LEN : CONTAINER_ID_SHORT, pod_id_of(c));
	if (json_add_bool(o, "AutoRemove", json_true(c->spec, "options.rm")) < 0 || json_add_bool(o, "IsInfra", pod_is_infra(c)) < 0 ||
	    json_add_str(o, "Pod", pod) < 0 || json_add_str(o, "PodName", json_str(c->spec, "podName")) < 0 ||
	    add_text(o, "Networks", c, networks_text) < 0 ||
	    json_add_str(o, "CIDFile", json_str(c->spec, "options.cidfile")) < 0 ||
	    json_add(o, "Label", labels ? json_object_get(labels) : json_object_new_object()) < 0 ||
	    add_text(o, "Labels", c, labels_text) < 0 || add_text(o, "Ports", c, ports_text) < 0)
		return -ENOMEM;
	return json_add(o, "Mounts", mounts_list(c));
}

int ps_row(const struct container *c, bool no_trunc, const struct timespec *now, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!o || add_words(o, c, no_trunc) < 0 || add_state(o, c, now) < 0 || add_options(o, c, no_trunc) < 0 ||
	    add_times(o, c, now) < 0 || add_who(o, c) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
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
	int r = names ? ps_row(c, true, now, &o) : -ENOMEM;

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
