/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby info: the host, the store, the identity of the caller. */
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "base/template.h"
#include "engine/container.h"
#include "engine/keeper.h"
#include "engine/label.h"
#include "engine/place.h"
#include "engine/profile.h"
#include "image/store.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/fuse_overlay.h"
#include "sys/landlock.h"
#include "sys/loginuid.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct info_args {
	const char *format;
};

static const struct option_row info_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct info_args, format), .arg = "TEMPLATE", .help = "json, or a Go template"},
	OPTION_END,
};

static int add_login(struct json_object *o, struct err *e)
{
	struct json_object *login = json_object_new_object();
	struct loginuid l;
	int r = loginuid_read(&l, e);

	if (r < 0 || !login || json_add_str(login, "state", loginuid_word(l.how)) < 0 ||
	    (l.auid != LOGINUID_UNSET && json_add_int(login, "auid", l.auid) < 0) ||
	    (l.session != LOGINUID_UNSET && json_add_int(login, "session", l.session) < 0)) {
		json_object_put(login);
		return r < 0 ? r : err_errno(e, ENOMEM, "info");
	}
	return json_add(o, "login", login) < 0 ? err_errno(e, ENOMEM, "info") : 0;
}

/* How a limit would be set, and which. */
static int add_cgroups(struct json_object *host, const struct engine *eng)
{
	_cleanup_(buf_done) struct buf names = BUF_INIT;
	struct json_object *list = json_object_new_array();
	struct place p;

	place_find(eng, &p);
	cgroup_names(p.manager == PLACE_NONE ? 0 : p.controllers, "", &names);
	if (buf_bad(&names) || json_add_str(host, "cgroupVersion", p.version2 ? "v2" : "v1") < 0 ||
	    json_add_str(host, "cgroupManager", place_manager_name(p.manager)) < 0 || json_add(host, "cgroupControllers", list) < 0)
		return -ENOMEM;
	for (char *at = names.data, *word; (word = strsep(&at, " "));)
		if (json_append_str(list, word) < 0)
			return -ENOMEM;
	return 0;
}

/* What a container gets here when nothing is asked for. */
static int add_confinement(struct json_object *host, struct err *e)
{
	struct json_object *o = json_object_new_object();
	const struct label_wishes none = {0};
	struct profile p = {0};
	struct label l;
	int r = json_add(host, "confinement", o);

	if (r < 0)
		return err_errno(e, ENOMEM, "info");
	r = profile_apparmor(&p, e);
	if (r == 0)
		r = label_make(&none, &l, e);
	if (r < 0)
		return r;
	if (json_add_str(o, "apparmor", p.apparmor ? p.apparmor : p.apparmor_state) < 0 ||
	    json_add_str(o, "selinux", l.state == LABEL_ON ? l.process : label_state_name(l.state)) < 0)
		return err_errno(e, ENOMEM, "info");
	return 0;
}

static int add_host(struct json_object *o, struct engine *eng, struct err *e)
{
	struct json_object *host = json_object_new_object();
	char name[256] = "";
	struct utsname u;
	int r = host ? json_add(o, "host", host) : -ENOMEM;

	(void)uname(&u);
	(void)gethostname(name, sizeof(name) - 1);
	if (r < 0 || json_add_str(host, "hostname", name) < 0 || json_add_str(host, "kernel", u.release) < 0 ||
	    json_add_str(host, "arch", u.machine) < 0 || json_add_int(host, "cpus", sysconf(_SC_NPROCESSORS_ONLN)) < 0 ||
	    json_add_int(host, "landlockAbi", landlock_abi()) < 0 || json_add_bool(host, "rootless", !eng->rootful) < 0 || json_add_str(host, "ociRuntime", "ranby-runtime") < 0 ||
	    add_cgroups(host, eng) < 0)
		return err_errno(e, ENOMEM, "info");
	r = add_confinement(host, e);
	return r < 0 ? r : add_login(host, e);
}

static int count_containers(struct json_object *store, struct engine *eng, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	int64_t running = 0;
	int r = container_list(eng, &l, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n; i++)
		running += l.items[i]->pid > 0;
	if (json_add_int(store, "containers", (int64_t)l.n) < 0 || json_add_int(store, "running", running) < 0)
		return err_errno(e, ENOMEM, "info");
	return 0;
}

static int count_images(struct json_object *store, struct engine *eng, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_list_done) struct image_list l = {0};
	int r = store_open(eng->data_fd, &st, e);

	if (r == 0)
		r = store_list(st, &l, NULL, e);
	if (r == 0 && json_add_int(store, "images", (int64_t)l.n) < 0)
		r = err_errno(e, ENOMEM, "info");
	return r;
}

/* Which overlay a new container gets; what an existing one has is in its inspect (Ranby.InForce.rootfs). */
static int add_driver(struct json_object *store, struct engine *eng, struct err *e)
{
	struct fuse_program fuse = FUSE_PROGRAM_INIT;
	const char *program;
	int r = fuse_program_open(eng->mount_program, &fuse, e);

	if (r < 0)
		return r;
	program = fuse.forced ? "always" : fuse.exe_fd >= 0 ? "where the kernel refuses" : "not installed";
	fd_closep(&fuse.exe_fd);
	if (json_add_str(store, "graphDriverName", "overlay") < 0 || json_add_str(store, "fuseOverlayfs", program) < 0)
		return err_errno(e, ENOMEM, "info");
	return 0;
}

static int add_store(struct json_object *o, struct engine *eng, struct err *e)
{
	struct json_object *store = json_object_new_object();
	int r = store ? json_add(o, "store", store) : -ENOMEM;

	if (r < 0 || json_add_str(store, "graphRoot", eng->data_path) < 0 || json_add_str(store, "runRoot", eng->run_path) < 0)
		return err_errno(e, ENOMEM, "info");
	r = add_driver(store, eng, e);
	if (r == 0)
		r = count_containers(store, eng, e);
	return r == 0 ? count_images(store, eng, e) : r;
}

/* "key: value" lines, objects indented. */
static void print_tree(struct json_object *o, unsigned depth, struct buf *out)
{
	json_object_object_foreach(o, key, value)
	{
		buf_addf(out, "%*s%s:", (int)(2 * depth), "", key);
		if (json_object_is_type(value, json_type_object)) {
			buf_addc(out, '\n');
			print_tree(value, depth + 1, out);
		} else {
			buf_addf(out, " %s\n", json_object_get_string(value));
		}
	}
}

static int print(struct json_object *o, const char *format, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	_cleanup_template_ struct template *t = NULL;
	int r = 0;

	if (!format) {
		print_tree(o, 0, &out);
	} else if (strcmp(format, "json") == 0) {
		buf_addf(&out, "%s\n", json_pretty(o));
	} else {
		r = template_parse(format, &t, e);
		if (r == 0)
			r = template_exec(t, o, TEMPLATE_STRICT, &out, e);
		buf_addc(&out, '\n');
	}
	return r < 0 ? r : screen_put(&out, e);
}

static int info_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct info_args *a = call->args;
	int r;

	if (!o || json_add_str(o, "version", RANBY_VERSION) < 0)
		return err_errno(e, ENOMEM, "info");
	r = add_host(o, call->engine, e);
	if (r == 0)
		r = add_store(o, call->engine, e);
	return r == 0 ? print(o, a->format, e) : r;
}

const struct command command_info = {
	.name = "info",
	.aliases = "system info",
	.operands = "[OPTIONS]",
	.summary = "Show this host and this store",
	.needs = NEED_ENGINE,
	.rows = info_rows,
	.args_size = sizeof(struct info_args),
	.run = info_run,
};
