/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* features and spec: texts that say what this runtime can, and what a bundle looks like. */
#include "base/json.h"
#include "runtime/verb.h"
#include "sys/capname.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const struct option_row no_rows[] = {OPTION_END};

/* What this build can do; what the kernel that runs has not is taken out. */
static const char features_text[] =
	"{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.2.0\","
	"\"hooks\":[\"prestart\",\"createRuntime\",\"createContainer\",\"startContainer\",\"poststart\",\"poststop\"],"
	"\"mountOptions\":[\"async\",\"atime\",\"bind\",\"defaults\",\"dev\",\"diratime\",\"dirsync\",\"exec\",\"idmap\",\"lazytime\",\"loud\","
	"\"noatime\",\"nodev\",\"nodiratime\",\"noexec\",\"noiversion\",\"nolazytime\",\"nomand\",\"norelatime\","
	"\"nostrictatime\",\"nosuid\",\"nosymfollow\",\"private\",\"ratime\",\"rbind\",\"rdev\",\"rdiratime\",\"relatime\","
	"\"rexec\",\"ridmap\",\"rnoatime\",\"rnodev\",\"rnodiratime\",\"rnoexec\",\"rnorelatime\",\"rnostrictatime\","
	"\"rnosuid\",\"rnosymfollow\",\"ro\",\"rprivate\",\"rrelatime\",\"rro\",\"rrw\",\"rshared\",\"rslave\","
	"\"rstrictatime\",\"rsuid\",\"rsymfollow\",\"runbindable\",\"rw\",\"shared\",\"silent\",\"slave\",\"strictatime\","
	"\"suid\",\"symfollow\",\"sync\",\"tmpcopyup\",\"unbindable\"],"
	"\"linux\":{\"namespaces\":[\"cgroup\",\"ipc\",\"mount\",\"network\",\"pid\",\"time\",\"user\",\"uts\"],"
	"\"capabilities\":[],"
	"\"cgroup\":{\"v1\":false,\"v2\":true,\"systemd\":true,\"systemdUser\":true,\"rdma\":true},"
	"\"seccomp\":{\"enabled\":true,\"actions\":[\"SCMP_ACT_ALLOW\",\"SCMP_ACT_ERRNO\",\"SCMP_ACT_KILL\",\"SCMP_ACT_KILL_PROCESS\","
	"\"SCMP_ACT_KILL_THREAD\",\"SCMP_ACT_LOG\",\"SCMP_ACT_NOTIFY\",\"SCMP_ACT_TRACE\",\"SCMP_ACT_TRAP\"],"
	"\"operators\":[\"SCMP_CMP_EQ\",\"SCMP_CMP_GE\",\"SCMP_CMP_GT\",\"SCMP_CMP_LE\",\"SCMP_CMP_LT\",\"SCMP_CMP_MASKED_EQ\","
	"\"SCMP_CMP_NE\"],\"archs\":[\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\",\"SCMP_ARCH_MIPS\",\"SCMP_ARCH_MIPS64\",\"SCMP_ARCH_MIPS64N32\","
	"\"SCMP_ARCH_MIPSEL\",\"SCMP_ARCH_MIPSEL64\",\"SCMP_ARCH_MIPSEL64N32\",\"SCMP_ARCH_PARISC\",\"SCMP_ARCH_PARISC64\",\"SCMP_ARCH_PPC\","
	"\"SCMP_ARCH_PPC64\",\"SCMP_ARCH_PPC64LE\",\"SCMP_ARCH_RISCV64\",\"SCMP_ARCH_S390\",\"SCMP_ARCH_S390X\",\"SCMP_ARCH_X32\","
	"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],"
	"\"knownFlags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\",\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],"
	"\"supportedFlags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\",\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]},"
	"\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},\"intelRdt\":{\"enabled\":false,\"schemata\":false,\"monitoring\":false},"
	"\"mountExtensions\":{\"idmap\":{\"enabled\":true}},\"netDevices\":{\"enabled\":false},\"memoryPolicy\":{}},"
	"\"potentiallyUnsafeConfigAnnotations\":[\"org.ranby.landlock\",\"run.oci.mount_context_type\"],"
	"\"annotations\":{\"org.ranby.version\":\"" RANBY_VERSION "\"}}";

/* Takes out of a list what `there` says is not there. */
static int filter_list(struct json_object *root, const char *path, bool (*there)(const char *word, const char *known), const char *known)
{
	struct json_object *list = json_at(root, path);

	for (size_t i = json_object_array_length(list); i-- > 0;)
		if (!there(json_object_get_string(json_object_array_get_idx(list, i)), known) && json_object_array_del_idx(list, i, 1) < 0)
			return -ENOMEM;
	return 0;
}

static bool has_namespace(const char *word, const char *known)
{
	const char *file = strcmp(word, "mount") == 0 ? "mnt" : strcmp(word, "network") == 0 ? "net" : word;
	char path[32], to[32];

	(void)known;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", file);
	return readlink(path, to, sizeof(to)) > 0;
}

/* /proc/sys/kernel/seccomp/actions_avail: "kill_process kill_thread trap errno user_notif trace log allow" */
static bool has_action(const char *word, const char *known)
{
	static const char *const words[][2] = {
		{"SCMP_ACT_ALLOW", "allow"}, {"SCMP_ACT_ERRNO", "errno"}, {"SCMP_ACT_KILL", "kill_thread"}, {"SCMP_ACT_KILL_THREAD", "kill_thread"},
		{"SCMP_ACT_KILL_PROCESS", "kill_process"}, {"SCMP_ACT_LOG", "log"}, {"SCMP_ACT_NOTIFY", "user_notif"}, {"SCMP_ACT_TRACE", "trace"},
		{"SCMP_ACT_TRAP", "trap"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i][0], word) == 0)
			return strstr(known, words[i][1]) != NULL;
	return false;
}

static int add_caps(struct json_object *root)
{
	struct json_object *list = json_at(root, "linux.capabilities");
	char name[CAPNAME_MAX];
	int r = 0;

	for (int cap = 0; r == 0 && cap < 64 && capname_of(cap, name) == 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		r = json_append_str(list, name);
	return r;
}

static int tell_truth(struct json_object *root)
{
	_cleanup_close_ int actions = open("/proc/sys/kernel/seccomp/actions_avail", O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = actions < 0 ? 0 : fd_read_all(actions, 4096, &b);

	if (r == 0)
		r = filter_list(root, "linux.namespaces", has_namespace, NULL);
	if (r == 0)
		r = filter_list(root, "linux.seccomp.actions", has_action, buf_str(&b));
	/* -1 is no mount: a kernel that has the call says so */
	if (r == 0 && mount_idmap(-1, -1, false) == -ENOSYS)
		r = json_add_bool(json_at(root, "linux.mountExtensions.idmap"), "enabled", false);
	return r == 0 ? add_caps(root) : r;
}

static int features(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	_cleanup_json_ struct json_object *root = NULL;
	int first, r = verb_parse(&verb_features, argc, argv, NULL, &first, e);

	(void)x;
	if (r == 0)
		r = json_parse(features_text, strlen(features_text), "features", &root, e);
	if (r < 0)
		return r;
	r = tell_truth(root);
	if (r < 0)
		return err_errno(e, -r, "features");
	buf_addf(&ret->out, "%s\n", json_text(root, NULL));
	return 0;
}

const struct verb verb_features = {"features", "", "Print what this runtime supports", no_rows, 0, 0, false, features};

static const char spec_head[] =
	"{\n\t\"ociVersion\": \"1.2.0\",\n\t\"process\": {\n\t\t\"terminal\": false,\n\t\t\"user\": {\"uid\": 0, \"gid\": 0},\n"
	"\t\t\"args\": [\"sh\"],\n\t\t\"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\", \"TERM=xterm\"],\n"
	"\t\t\"cwd\": \"/\",\n\t\t\"capabilities\": {\n"
	"\t\t\t\"bounding\": [\"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
	"\t\t\t\"effective\": [\"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
	"\t\t\t\"permitted\": [\"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]\n\t\t},\n"
	"\t\t\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024}],\n\t\t\"noNewPrivileges\": true\n\t},\n"
	"\t\"root\": {\"path\": \"rootfs\", \"readonly\": true},\n\t\"hostname\": \"ranby\",\n\t\"mounts\": [\n"
	"\t\t{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\", \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},\n"
	"\t\t{\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},\n"
	"\t\t{\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\", \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"]},\n"
	"\t\t{\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\", \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]},\n"
	"\t\t{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\", \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},\n"
	"\t\t{\"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\", \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]}\n\t],\n"
	"\t\"linux\": {\n";
static const char spec_tail[] =
	"\t\t\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"}, {\"type\": \"ipc\"}, {\"type\": \"uts\"}, {\"type\": \"mount\"}, {\"type\": \"cgroup\"}, {\"type\": \"user\"}],\n"
	"\t\t\"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", \"/proc/keys\", \"/proc/latency_stats\", \"/proc/timer_list\", \"/proc/timer_stats\", \"/proc/sched_debug\", \"/proc/scsi\", \"/sys/firmware\"],\n"
	"\t\t\"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", \"/proc/sysrq-trigger\"]\n\t}\n}\n";

struct spec_args {
	const char *bundle;
	bool rootless;
};

static const struct option_row spec_rows[] = {
	{'b', "bundle", OPT_STRING, offsetof(struct spec_args, bundle), .arg = "DIR", .help = "Where config.json is written"},
	{0, "rootless", OPT_FLAG, offsetof(struct spec_args, rootless), .help = "Accepted: it always is"},
	OPTION_END,
};

static int spec(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct spec_args a = {.bundle = "."};
	_cleanup_close_ int dir = -EBADF;
	int first, r = verb_parse(&verb_spec, argc, argv, &a, &first, e);

	(void)x;
	(void)ret;
	if (r < 0)
		return r;
	dir = open(a.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(e, errno, "%s", a.bundle);
	buf_adds(&b, spec_head);
	buf_addf(&b, "\t\t\"uidMappings\": [{\"containerID\": 0, \"hostID\": %u, \"size\": 1}],\n", geteuid());
	buf_addf(&b, "\t\t\"gidMappings\": [{\"containerID\": 0, \"hostID\": %u, \"size\": 1}],\n", getegid());
	buf_adds(&b, spec_tail);
	r = buf_bad(&b) ? -buf_bad(&b) : path_own_write_new(dir, "config.json", b.data, b.len, 0644, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "%s/config.json", a.bundle) : 0;
}

const struct verb verb_spec = {"spec", "[OPTIONS]", "Write an example config.json", spec_rows, 0, 0, false, spec};
