/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* features and spec: texts that say what this runtime can, and what a bundle looks like. */
#include "runtime/verb.h"
#include "sys/path.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>

static const struct option_row no_rows[] = {OPTION_END};

static const char features_text[] =
	"{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.2.0\",\"hooks\":[],"
	"\"mountOptions\":[\"async\",\"atime\",\"bind\",\"defaults\",\"dev\",\"diratime\",\"exec\",\"noatime\",\"nodev\","
	"\"nodiratime\",\"noexec\",\"nosuid\",\"nosymfollow\",\"private\",\"ratime\",\"rbind\",\"rdev\",\"relatime\",\"rexec\","
	"\"rnoatime\",\"rnodev\",\"rnodiratime\",\"rnoexec\",\"rnosuid\",\"rnosymfollow\",\"ro\",\"rprivate\",\"rro\",\"rrw\","
	"\"rshared\",\"rslave\",\"rsuid\",\"rsymfollow\",\"runbindable\",\"rw\",\"shared\",\"slave\",\"strictatime\",\"suid\","
	"\"symfollow\",\"unbindable\"],"
	"\"linux\":{\"namespaces\":[\"cgroup\",\"ipc\",\"mount\",\"network\",\"pid\",\"user\",\"uts\"],"
	"\"cgroup\":{\"v1\":false,\"v2\":true,\"systemd\":false,\"systemdUser\":false,\"rdma\":false},"
	"\"seccomp\":{\"enabled\":true,\"actions\":[\"SCMP_ACT_ALLOW\",\"SCMP_ACT_ERRNO\",\"SCMP_ACT_KILL\",\"SCMP_ACT_KILL_PROCESS\","
	"\"SCMP_ACT_KILL_THREAD\",\"SCMP_ACT_LOG\",\"SCMP_ACT_TRACE\",\"SCMP_ACT_TRAP\"],"
	"\"operators\":[\"SCMP_CMP_EQ\",\"SCMP_CMP_GE\",\"SCMP_CMP_GT\",\"SCMP_CMP_LE\",\"SCMP_CMP_LT\",\"SCMP_CMP_MASKED_EQ\","
	"\"SCMP_CMP_NE\"],\"supportedFlags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\",\"SECCOMP_FILTER_FLAG_TSYNC\"]},"
	"\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},\"intelRdt\":{\"enabled\":false},"
	"\"mountExtensions\":{\"idmap\":{\"enabled\":false}}}}";

static int features(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	int first, r = verb_parse(&verb_features, argc, argv, NULL, &first, e);

	(void)x;
	if (r == 0)
		buf_addf(&ret->out, "%s\n", features_text);
	return r;
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
