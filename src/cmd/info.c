/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby info: the host, the store, the identity of the caller. */
#include "cmd/commands.h"
#include "cmd/info_host.h"
#include "cmd/screen.h"
#include "cmd/version.h"
#include "base/template.h"
#include "engine/container.h"
#include "engine/containers_conf.h"
#include "engine/keeper.h"
#include "engine/label.h"
#include "engine/place.h"
#include "engine/profile.h"
#include "engine/storage.h"
#include "image/store.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/fuse_overlay.h"
#include "sys/landlock.h"
#include "sys/loginuid.h"
#include "sys/self.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ZFS_MAGIC 0x2fc12fc1 /* of no header of the kernel's */

struct info_args {
	const char *format;
};

static const struct option_row info_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct info_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
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

/* The files of containers.conf(5) that were read, in their order. */
static int add_conf(struct json_object *host, const struct engine *eng, struct err *e)
{
	_cleanup_(containers_conf_done) struct containers_conf f = {0};
	int r = containers_conf_read(eng, &f, e);

	if (r < 0)
		return r;
	return json_add_strv(host, "containersConf", &f.files) < 0 ? err_errno(e, ENOMEM, "info") : 0;
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

static int add_security(struct json_object *host, const struct engine *eng, struct err *e)
{
	const char *apparmor = json_str(host, "confinement.apparmor"), *selinux = json_str(host, "confinement.selinux");
	struct json_object *o = json_object_new_object();

	/* the words for what is not there have no colon and are not our profile's name */
	if (json_add(host, "security", o) < 0 || json_add_bool(o, "apparmorEnabled", strncmp(apparmor, "ranby-", 6) == 0) < 0 ||
	    json_add_bool(o, "rootless", !eng->rootful) < 0 || json_add_bool(o, "seccompEnabled", true) < 0 ||
	    json_add_bool(o, "selinuxEnabled", strchr(selinux, ':') != NULL) < 0)
		return err_errno(e, ENOMEM, "info");
	return info_add_security(o, e);
}

static int add_memory(struct json_object *host)
{
	struct sysinfo s;
	uint64_t unit;

	if (sysinfo(&s) < 0)
		return -errno;
	unit = s.mem_unit;
	return json_add_u64(host, "memFree", s.freeram * unit) < 0 || json_add_u64(host, "memTotal", s.totalram * unit) < 0 ||
			       json_add_u64(host, "swapFree", s.freeswap * unit) < 0 || json_add_u64(host, "swapTotal", s.totalswap * unit) < 0
		       ? -ENOMEM
		       : 0;
}

static int add_runtime(struct json_object *host, struct err *e)
{
	struct json_object *o = json_object_new_object();
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	int r = self_open_program("ranby-runtime", &fd, &path, e);

	if (r < 0) {
		json_object_put(o);
		return r;
	}
	return json_add(host, "ociRuntime", o) < 0 || json_add_str(o, "name", "ranby-runtime") < 0 || json_add_str(o, "path", path) < 0 ||
			       json_add_str(o, "package", "") < 0 || json_add_str(o, "version", RANBY_VERSION) < 0
		       ? err_errno(e, ENOMEM, "info")
		       : 0;
}

static int add_machine(struct json_object *host)
{
	char name[256] = "";
	struct utsname u;

	(void)uname(&u);
	(void)gethostname(name, sizeof(name) - 1);
	return json_add_str(host, "arch", version_architecture()) < 0 || json_add_str(host, "os", "linux") < 0 ||
			       json_add_str(host, "hostname", name) < 0 || json_add_str(host, "kernel", u.release) < 0 ||
			       json_add_int(host, "cpus", sysconf(_SC_NPROCESSORS_ONLN)) < 0 ||
			       json_add_int(host, "landlockAbi", landlock_abi()) < 0 || json_add_str(host, "eventLogger", "file") < 0 ||
			       json_add_str(host, "logDriver", "k8s-file") < 0 || json_add_bool(host, "serviceIsRemote", false) < 0
		       ? -ENOMEM
		       : 0;
}

static int add_host(struct json_object *o, struct engine *eng, struct err *e)
{
	struct json_object *host = json_object_new_object();
	int r = json_add(o, "host", host);

	if (r == 0)
		r = add_conf(host, eng, e);
	if (r < 0 && e->code)
		return r;
	if (r < 0 || add_machine(host) < 0 || add_memory(host) < 0 || add_cgroups(host, eng) < 0)
		return err_errno(e, ENOMEM, "info");
	r = add_runtime(host, e);
	if (r == 0)
		r = add_confinement(host, e);
	if (r == 0)
		r = add_security(host, eng, e);
	if (r == 0)
		r = info_add_host(host, eng, e);
	return r < 0 ? r : add_login(host, e);
}

static int count_containers(struct json_object *store, struct engine *eng, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	struct json_object *o = json_object_new_object();
	int64_t running = 0, paused = 0;
	int r = json_add(store, "containerStore", o) < 0 ? err_errno(e, ENOMEM, "info") : container_list(eng, &l, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n; i++) {
		running += l.items[i]->status == CONTAINER_RUNNING;
		paused += l.items[i]->status == CONTAINER_PAUSED;
	}
	if (json_add_int(o, "number", (int64_t)l.n) < 0 || json_add_int(o, "paused", paused) < 0 ||
	    json_add_int(o, "running", running) < 0 || json_add_int(o, "stopped", (int64_t)l.n - running - paused) < 0)
		return err_errno(e, ENOMEM, "info");
	return 0;
}

/* The shared stores that are configured, and which of them are used: not those of podman, for one. */
static int add_shared(struct json_object *store, const struct engine *eng, const struct store *st, struct err *e)
{
	_cleanup_(strv_done) struct strv paths = {0};
	_cleanup_free_ char *file = NULL;
	struct json_object *list = json_object_new_array();
	int r = json_add(store, "additionalImageStores", list) < 0 ? err_errno(e, ENOMEM, "info") : storage_shared(eng, &paths, &file, e);

	if (r == 0 && json_add_str(store, "configFile", file ? file : "") < 0)
		r = err_errno(e, ENOMEM, "info");
	for (size_t i = 0; i < paths.n && r == 0; i++) {
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) < 0 || json_add_str(o, "path", paths.items[i]) < 0 ||
		    json_add_bool(o, "used", store_shares(st, paths.items[i])) < 0)
			r = err_errno(e, ENOMEM, "info");
	}
	return r;
}

static int count_images(struct json_object *store, struct engine *eng, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_list_done) struct image_list l = {0};
	struct json_object *o = json_object_new_object();
	int r = json_add(store, "imageStore", o) < 0 ? err_errno(e, ENOMEM, "info") : storage_open(eng, &st, e);

	if (r == 0)
		r = add_shared(store, eng, st, e);
	if (r == 0)
		r = store_list(st, &l, NULL, e);
	if (r == 0 && json_add_int(o, "number", (int64_t)l.n) < 0)
		r = err_errno(e, ENOMEM, "info");
	return r;
}

static int add_space(struct json_object *store, const struct engine *eng)
{
	struct statvfs s;

	if (fstatvfs(eng->data_fd, &s) < 0)
		return -errno;
	return json_add_u64(store, "graphRootAllocated", s.f_blocks * s.f_frsize) < 0 ||
			       json_add_u64(store, "graphRootUsed", (s.f_blocks - s.f_bfree) * s.f_frsize) < 0
		       ? -ENOMEM
		       : 0;
}

static int add_places(struct json_object *store, const struct engine *eng)
{
	_cleanup_free_ char *volumes = NULL;

	if (asprintf(&volumes, "%s/" ENGINE_VOLUMES, eng->data_path) < 0)
		return -ENOMEM;
	return json_add_str(store, "graphRoot", eng->data_path) < 0 || json_add_str(store, "runRoot", eng->run_path) < 0 ||
			       json_add_str(store, "volumePath", volumes) < 0
		       ? -ENOMEM
		       : add_space(store, eng);
}

/* What lies below the store: containers/storage's word where it has one, else the kernel's number (statfs(2)). */
static int add_status(struct json_object *store, const struct engine *eng)
{
	static const struct {
		long magic;
		const char *word;
	} known[] = {
		{EXT4_SUPER_MAGIC, "extfs"}, {XFS_SUPER_MAGIC, "xfs"},   {BTRFS_SUPER_MAGIC, "btrfs"},         {TMPFS_MAGIC, "tmpfs"},
		{NFS_SUPER_MAGIC, "nfs"},    {ZFS_MAGIC, "zfs"},         {OVERLAYFS_SUPER_MAGIC, "overlayfs"}, {F2FS_SUPER_MAGIC, "f2fs"},
	};
	struct json_object *o = json_object_new_object();
	char number[24];
	struct statfs s;
	const char *word = number;

	if (json_add(store, "graphStatus", o) < 0 || fstatfs(eng->data_fd, &s) < 0)
		return -ENOMEM;
	snprintf(number, sizeof(number), "0x%lx", (unsigned long)s.f_type);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (s.f_type == known[i].magic)
			word = known[i].word;
	return json_add_str(o, "Backing Filesystem", word);
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
	if (json_add(store, "graphOptions", json_object_new_object()) < 0 || add_status(store, eng) < 0 ||
	    json_add_str(store, "graphDriverName", "overlay") < 0 ||
	    json_add_str(store, "imageCopyTmpDir", eng->data_path) < 0 || json_add_str(store, "fuseOverlayfs", program) < 0)
		return err_errno(e, ENOMEM, "info");
	return 0;
}

static int add_store(struct json_object *o, struct engine *eng, struct err *e)
{
	struct json_object *store = json_object_new_object();
	int r = store ? json_add(o, "store", store) : -ENOMEM;

	if (r < 0 || add_places(store, eng) < 0)
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

static int copy_capital(struct json_object *from, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!o)
		return -ENOMEM;
	json_object_object_foreach(from, key, value)
	{
		_cleanup_free_ char *name = strdup(key);
		struct json_object *copy = NULL;
		int r = 0;

		if (!name)
			return -ENOMEM;
		if (name[0] >= 'a' && name[0] <= 'z')
			name[0] = (char)(name[0] ^ 0x20);
		if (json_object_is_type(value, json_type_object))
			r = copy_capital(value, &copy);
		else
			copy = json_object_get(value);
		/* null is a value too */
		if (r < 0 || (copy ? json_add(o, name, copy) : json_object_object_add(o, name, NULL)) < 0)
			return -ENOMEM;
	}
	*ret = TAKE_PTR(o);
	return 0;
}

/* Fields whose name is not that of their key with a capital letter. */
static int rename_fields(struct json_object *fields)
{
	static const struct {
		const char *in, *key, *name;
	} renamed[] = {{"Host", "Host.CgroupVersion", "CgroupsVersion"}, {"Host.Security", "Host.Security.Capabilities", "DefaultCapabilities"}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(renamed); i++)
		r = json_add(json_at(fields, renamed[i].in), renamed[i].name, json_object_get(json_at(fields, renamed[i].key)));
	return r;
}

/* podman's templates have the names of fields (.Host.Security.Rootless), its JSON those of keys (host): both are there. */
static int add_fields(struct json_object *o)
{
	static const char *const keys[] = {"host", "store", "version", "plugins", "registries"};
	_cleanup_json_ struct json_object *fields = NULL;
	int r = copy_capital(o, &fields);

	if (r == 0)
		r = rename_fields(fields);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++) {
		char name[16];

		snprintf(name, sizeof(name), "%s", keys[i]);
		name[0] = (char)(name[0] ^ 0x20);
		r = json_add(o, name, json_object_get(json_at(fields, name)));
	}
	return r;
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
		r = add_fields(o) < 0 ? err_errno(e, ENOMEM, "info") : template_parse(format, &t, e);
		if (r == 0)
			r = template_exec(t, o, TEMPLATE_STRICT, &out, e);
		buf_addc(&out, '\n');
	}
	return r < 0 ? r : screen_put(&out, e);
}

static int info_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *version = NULL;
	const struct info_args *a = call->args;
	int r;

	if (!o || version_json(&version) < 0)
		return err_errno(e, ENOMEM, "info");
	r = add_host(o, call->engine, e);
	if (r == 0)
		r = add_store(o, call->engine, e);
	if (r == 0)
		r = info_add_plugins(o, e);
	if (r == 0 && json_add(o, "version", TAKE_PTR(version)) < 0)
		r = err_errno(e, ENOMEM, "info");
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
