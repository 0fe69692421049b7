/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Nothing is executed to find these out: a version that only the program itself
 * can tell is left empty, and so is the path of a program that is not there.
 */
#include "cmd/info_host.h"

#include "engine/capset.h"
#include "engine/subid.h"
#include "sys/fd.h"
#include "sys/self.h"
#include "sys/user_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define FILE_MAX_BYTES (1U << 20)

static int read_file(const char *path, struct buf *b)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_read_all(fd, FILE_MAX_BYTES, b);
}

/* One of os-release(5)'s values, without its quotes. */
static int add_release(struct json_object *o, const char *key, const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *value = line + len + 1;
		_cleanup_free_ char *copy = NULL;

		if (strncmp(line, name, len) != 0 || line[len] != '=')
			continue;
		value += *value == '"';
		copy = strndup(value, strcspn(value, "\"\n"));
		return copy ? json_add_str(o, key, copy) : -ENOMEM;
	}
	return json_add_str(o, key, "unknown");
}

static int add_distribution(struct json_object *host)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *o = json_object_new_object();

	(void)!read_file("/etc/os-release", &b); /* a host without says "unknown" */
	if (json_add(host, "distribution", o) < 0 || add_release(o, "codename", buf_str(&b), "VERSION_CODENAME") < 0 ||
	    add_release(o, "distribution", buf_str(&b), "ID") < 0)
		return -ENOMEM;
	return add_release(o, "version", buf_str(&b), "VERSION_ID");
}

/* Since the host was started, in percent with two decimals: proc_stat(5). */
static int add_cpu(struct json_object *host)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	unsigned long long user = 0, nice = 0, system = 0, idle = 0;
	struct json_object *o = json_object_new_object();
	double all;

	(void)!read_file("/proc/stat", &b);
	(void)!sscanf(buf_str(&b), "cpu %llu %llu %llu %llu", &user, &nice, &system, &idle); /* NOLINT(cert-err34-c): the kernel's numbers */
	all = (double)(user + nice + system + idle);
	const struct {
		const char *key;
		unsigned long long ticks;
	} parts[] = {{"userPercent", user + nice}, {"systemPercent", system}, {"idlePercent", idle}};

	if (json_add(host, "cpuUtilization", o) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		double percent = all > 0 ? 100.0 * (double)parts[i].ticks / all : 0;
		char text[16];

		snprintf(text, sizeof(text), "%.2f", percent);
		if (json_add(o, parts[i].key, json_object_new_double_s(percent, text)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_uptime(struct json_object *host)
{
	struct sysinfo s;
	char text[80];

	if (sysinfo(&s) < 0)
		return -errno;
	snprintf(text, sizeof(text), "%ldh %ldm %ld.00s", s.uptime / 3600, s.uptime / 60 % 60, s.uptime % 60);
	if (s.uptime >= 3600 * 12)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " (Approximately %.2f days)", (double)s.uptime / 86400);
	return json_add_str(host, "uptime", text);
}

static int add_map(struct json_object *o, const char *key, enum subid_kind kind, uid_t own, struct err *e)
{
	char name[USER_NAME_SIZE];
	bool named = user_name_of(getuid(), name) == 0;
	struct json_object *array = json_object_new_array();
	_cleanup_free_ struct id_list *l = calloc(1, sizeof(*l));
	int r;

	if (json_add(o, key, array) < 0 || !l)
		return err_errno(e, ENOMEM, "info");
	r = subid_ranges(kind, getuid(), named ? name : NULL, l, e);
	for (size_t i = 0; r == 0 && i < l->n + 1; i++) {
		const struct id_extent x = i == 0 ? (struct id_extent){.inside = 0, .outside = own, .count = 1} : l->extents[i - 1];
		struct json_object *line = json_object_new_object();

		if (json_append(array, line) < 0 || json_add_int(line, "container_id", x.inside) < 0 ||
		    json_add_int(line, "host_id", x.outside) < 0 || json_add_int(line, "size", x.count) < 0)
			r = err_errno(e, ENOMEM, "info");
	}
	return r;
}

/* Root has no map, as in podman. */
static int add_maps(struct json_object *host, const struct engine *eng, struct err *e)
{
	struct json_object *o = json_object_new_object();
	int r = json_add(host, "idMappings", o) < 0 ? err_errno(e, ENOMEM, "info") : 0;

	if (r < 0 || eng->rootful)
		return r;
	r = add_map(o, "gidmap", SUBID_GROUP, getgid(), e);
	return r == 0 ? add_map(o, "uidmap", SUBID_USER, getuid(), e) : r;
}

/* A program by its path: one of ours, or a helper of the host's. */
static int add_program(struct json_object *host, const char *key, const char *path_key, const char *name, bool ours)
{
	struct json_object *o = json_object_new_object();
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	int r = ours ? self_open_program(name, &fd, &path, NULL) : self_open_helper(name, &fd, &path, NULL);

	if (json_add(host, key, o) < 0 || json_add_str(o, path_key, r == 0 ? path : "") < 0 || json_add_str(o, "package", "") < 0)
		return -ENOMEM;
	return json_add_str(o, "version", ours ? RANBY_VERSION : "");
}

int info_add_host(struct json_object *host, const struct engine *eng, struct err *e)
{
	struct json_object *socket = json_object_new_object();

	/* what conmon is to podman */
	if (json_add(host, "remoteSocket", socket) < 0 || json_add_str(socket, "path", "") < 0 || json_add_bool(socket, "exists", false) < 0 ||
	    add_program(host, "conmon", "path", "ranby-monitor", true) < 0 || add_program(host, "pasta", "executable", "pasta", false) < 0 ||
	    add_program(host, "slirp4netns", "executable", "slirp4netns", false) < 0 || add_distribution(host) < 0 || add_cpu(host) < 0 ||
	    add_uptime(host) < 0 || json_add_str(host, "networkBackend", "netavark") < 0 || json_add_str(host, "linkmode", "dynamic") < 0 ||
	    json_add_str(host, "buildahVersion", "") < 0)
		return err_errno(e, ENOMEM, "info");
	return add_maps(host, eng, e);
}

int info_add_security(struct json_object *security, struct err *e)
{
	static const struct strv none = {0};
	_cleanup_(strv_done) struct strv caps = {0};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = capset_resolve(NULL, &none, &none, false, &caps, e);

	for (size_t i = 0; i < caps.n; i++)
		buf_addf(&text, "%s%s", i ? "," : "", caps.items[i]);
	if (r == 0 && (buf_bad(&text) || json_add_str(security, "capabilities", buf_str(&text)) < 0 ||
		       json_add_str(security, "seccompProfilePath", "default") < 0))
		r = err_errno(e, ENOMEM, "info");
	return r;
}

static int add_words(struct json_object *o, const char *key, const char *words)
{
	struct json_object *array = json_object_new_array();
	int r = json_add(o, key, array);

	while (r == 0 && *words) {
		size_t len = strcspn(words, " ");
		_cleanup_free_ char *word = strndup(words, len);

		r = word ? json_append_str(array, word) : -ENOMEM;
		words += len + (words[len] == ' ');
	}
	return r;
}

int info_add_plugins(struct json_object *o, struct err *e)
{
	struct json_object *plugins = json_object_new_object(), *registries = json_object_new_object();

	if (json_add(o, "plugins", plugins) < 0 || json_add(o, "registries", registries) < 0 || add_words(plugins, "volume", "local") < 0 ||
	    add_words(plugins, "network", "bridge") < 0 || add_words(plugins, "log", "k8s-file json-file journald passthrough none") < 0 ||
	    json_object_object_add(plugins, "authorization", NULL) < 0)
		return err_errno(e, ENOMEM, "info");
	return 0;
}
