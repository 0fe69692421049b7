/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby audit rules: the rules pack with the paths of this installation, or
 * the rules that see one container alone.
 *
 * What matches inside a container is what the kernel itself stamps: the session, if it
 * was minted for the container, or the host ids of a slice that no other
 * container has. A rule on exe= would be about the host's file, and one on a
 * pid or on clone3's flags would match nothing.
 */
#include "cmd/audit_rules.h"

#include "base/parse.h"
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/container.h"
#include "sys/fd.h"
#include "sys/self.h"
#include "view/census.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACK "share/ranby/policies/audit/40-ranby.rules"
#define PACK_MAX ((size_t)1 << 20)
#define DEFAULT_LIBEXEC "/usr/local/libexec/ranby/"
#define UNSET 4294967295U

/* PREFIX/bin/ranby: PREFIX. */
static int find_prefix(char **ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	int r = self_open_program("ranby", &fd, &path, e);

	for (int i = 0; r == 0 && i < 2; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return err_set(e, EINVAL, "%s is in no directory", path);
		*slash = 0;
	}
	if (r == 0)
		*ret = TAKE_PTR(path);
	return r;
}

/* The kernel refuses a watch below a directory that is not there. */
static bool can_watch(const char *line)
{
	char path[512], *slash;
	const char *at = strstr(line, "-w ");
	bool exact = false;

	if (!at) {
		at = strstr(line, "-F path=");
		exact = at != NULL;
	}
	if (!at || sscanf(exact ? at + 8 : at + 3, "%511s", path) != 1)
		return true;
	slash = strrchr(path, '/');
	if (!exact && slash && slash != path)
		*slash = 0;
	return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
}

static void add_line(const char *line, size_t len, const char *prefix, bool any_host, struct buf *out)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *at = memmem(line, len, DEFAULT_LIBEXEC, strlen(DEFAULT_LIBEXEC));

	if (at) {
		buf_add(&b, line, (size_t)(at - line));
		buf_addf(&b, "%s/libexec/ranby/", prefix);
		at += strlen(DEFAULT_LIBEXEC);
		buf_add(&b, at, len - (size_t)(at - line));
	} else {
		buf_add(&b, line, len);
	}
	if (!any_host && b.len > 0 && buf_str(&b)[0] != '#' && !can_watch(buf_str(&b)))
		buf_adds(out, "# not on this host: ");
	buf_addf(out, "%s\n", buf_str(&b));
}

int audit_rules_text(const char *prefix, bool any_host, struct buf *out, struct err *e)
{
	_cleanup_(buf_done) struct buf name = BUF_INIT, text = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r;

	buf_addf(&name, "%s/" PACK, prefix);
	fd = open(buf_str(&name), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "open %s", buf_str(&name));
	r = fd_read_all(fd, PACK_MAX, &text);
	if (r < 0)
		return err_errno(e, -r, "read %s", buf_str(&name));
	for (const char *p = buf_str(&text), *end; *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		add_line(p, (size_t)(end - p), prefix, any_host, out);
	}
	return buf_bad(out) ? err_errno(e, buf_bad(out), "rules") : 0;
}

static int print_pack(struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_free_ char *prefix = NULL;
	int r = find_prefix(&prefix, e);

	r = r < 0 ? r : audit_rules_text(prefix, false, &text, e);
	if (r == 0)
		fwrite(buf_str(&text), 1, text.len, stdout);
	return r;
}

/* A small file of /proc/PID; "" when it cannot be read. */
static void read_proc(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = 0;
}

static void print_rules(const char *who, const char *name)
{
	static const char *const calls[] = {"execve,execveat", "fork,vfork,clone,clone3"};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		for (int arch = 64; arch >= 32; arch -= 32)
			printf("-a always,exit -F arch=b%d -S %s %s -k ranby-%.12s\n", arch, calls[i], who, name);
}

/* The slice of the host's ids, if it is not the user's own map that all his containers have. */
static bool print_slice(const struct container *c)
{
	char text[4096], who[128];
	unsigned inside, first, count, auid;

	read_proc(c->pid, "loginuid", text, sizeof(text));
	if (sscanf(text, "%u", &auid) != 1 || auid == UNSET)
		return false;
	read_proc(c->pid, "uid_map", text, sizeof(text));
	if (sscanf(text, "%u %u %u", &inside, &first, &count) != 3 || inside != 0 || first == getuid() || count < 2)
		return false;
	snprintf(who, sizeof(who), "-F auid=%u -F uid>=%u -F uid<%u", auid, first, first + count);
	printf("# by its ids on the host, %u to %u: no other container of yours may have them\n", first, first + count - 1);
	print_rules(who, c->id);
	return true;
}

static bool print_session(const struct container *c)
{
	int64_t starter = json_int(c->state, "startedBy.session");
	char text[64], who[64];
	unsigned ses;

	read_proc(c->pid, "sessionid", text, sizeof(text));
	if (sscanf(text, "%u", &ses) != 1 || ses == UNSET || starter <= 0 || starter == (int64_t)ses)
		return false;
	snprintf(who, sizeof(who), "-F sessionid=%u", ses);
	printf("# by its session %u, which was minted for it\n", ses);
	print_rules(who, c->id);
	return true;
}

static int print_container(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	int r = procfs_open(&fs);

	if (r < 0)
		return err_errno(e, -r, "/proc");
	/* elsewhere the kernel shows other numbers than those that its rules are about */
	r = census_on_host(&fs, "audit rules CONTAINER", e);
	if (r == 0)
		r = container_find(call->engine, call->argv[0], &c, e);
	if (r < 0)
		return r;
	if (c->pid <= 0)
		return err_set(e, ESRCH, "container %s does not run: rules match what a running one is", c->name);
	if (print_session(c) || print_slice(c))
		return 0;
	printf("# Container %.12s has neither a session nor host ids of its own, so that no rule can match it alone.\n"
	       "# Run it with --ident=session or --ident=uid; or load the whole pack (ranby audit rules), and ask\n"
	       "#	ranby audit attribute --container %.12s\n",
	       c->id, c->id);
	return 0;
}

static int rules_run(const struct command_call *call, struct err *e)
{
	return call->argc > 0 ? print_container(call, e) : print_pack(e);
}

const struct command command_audit_rules = {
	.name = "audit rules",
	.operands = "[CONTAINER]",
	.summary = "Print audit rules: the pack, or those that see one container alone",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.run = rules_run,
};
