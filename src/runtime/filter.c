/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The cache is a directory of files named by the SHA-256 of what determines
 * the filter: our own version of the compilation, libseccomp's version, the
 * architecture and the section's text. The content is the instructions, and
 * behind them, in the place of one more, the load flags, marked as no
 * instruction is. A file that anybody else could have written is not read, and
 * a damaged one is as good as none.
 */
#include "runtime/filter.h"

#include "base/buf.h"
#include "base/sha256.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/seccomp.h"
#include "sys/seccomp_shrink.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define COMPILATION "ranby-seccomp-6"
#define FLAGS_MARK 0xf1a6

static void name_of(const char *section, char hex[static SHA256_HEX_SIZE])
{
	char version[SECCOMP_VERSION_MAX], head[128];
	struct sha256 h;

	seccomp_compiler_version(version);
	snprintf(head, sizeof(head), COMPILATION " %s %x\n", version, seccomp_native_arch());
	sha256_init(&h);
	sha256_add(&h, head, strlen(head));
	sha256_add(&h, section, strlen(section));
	sha256_end_hex(&h, hex);
}

static int read_cached(int dir, const char *name, struct seccomp_filter *f)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	const struct sock_filter *insns;
	struct stat st;
	size_t n;
	int r;

	r = path_own_open(dir, name, O_RDONLY | O_NONBLOCK, 0, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return -EPERM;
	r = fd_read_all(fd, (SECCOMP_INSNS_MAX + 1) * sizeof(struct sock_filter), &b);
	if (r < 0)
		return r;
	insns = (const struct sock_filter *)(const void *)b.data;
	n = b.len / sizeof(*insns);
	if (b.len % sizeof(*insns) != 0 || n < 2 || insns[n - 1].code != FLAGS_MARK || seccomp_filter_check(insns, n - 1) < 0)
		return -EINVAL;
	f->load_flags = insns[n - 1].k;
	f->n = n - 1;
	f->insns = (struct sock_filter *)(void *)buf_take(&b);
	return 0;
}

static void write_cached(int dir, const char *name, const struct seccomp_filter *f)
{
	const struct sock_filter last = {.code = FLAGS_MARK, .k = f->load_flags};
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	buf_add(&b, f->insns, f->n * sizeof(*f->insns));
	buf_add(&b, &last, sizeof(last));
	if (!buf_bad(&b))
		(void)!path_own_write(dir, name, b.data, b.len, 0600, PATH_SYNC_NONE);
}

/* A cache that cannot be used is no error: only time is lost. */
static int open_cache(const char *cache_dir, int *ret_fd)
{
	return cache_dir ? path_make_private(cache_dir, ret_fd) : -ENOENT;
}

static int compile(const char *section, struct seccomp_filter *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct sock_filter *small;
	size_t n;
	int r = json_parse(section, strlen(section), "linux.seccomp", &o, e);

	if (r == 0)
		r = seccomp_section_compile(o, ret, e);
	if (r < 0)
		return r;
	/* what cannot be made smaller is loaded as it is */
	if (seccomp_filter_shrink(ret->insns, ret->n, &small, &n) == 0) {
		free(ret->insns);
		ret->insns = small;
		ret->n = n;
	}
	return 0;
}

int filter_get(const char *section, const char *cache_dir, struct seccomp_filter *ret, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	struct seccomp_filter f = {0};
	char name[SHA256_HEX_SIZE];
	int r;

	name_of(section, name);
	if (open_cache(cache_dir, &dir) == 0 && read_cached(dir, name, &f) == 0) {
		*ret = f;
		return 0;
	}
	r = compile(section, &f, e);
	if (r < 0)
		return r;
	if (dir >= 0)
		write_cached(dir, name, &f);
	*ret = f;
	return 0;
}

static bool lets_pass(const struct seccomp_filter *f, int nr)
{
	struct seccomp_data call = {.nr = nr, .arch = seccomp_native_arch()};
	uint32_t action = seccomp_filter_simulate(f->insns, f->n, &call) & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

bool filter_refuses_keys(const struct seccomp_filter *f)
{
	return !lets_pass(f, SYS_keyctl) && !lets_pass(f, SYS_add_key) && !lets_pass(f, SYS_request_key);
}

int filter_check_order(const struct seccomp_filter *f, bool no_new_privs, bool notifies, struct err *e)
{
	const struct {
		const char *name;
		int nr;
		bool needed;
	} needed[] = {
		{"capset", SYS_capset, !no_new_privs},
		{"sendmsg", SYS_sendmsg, notifies},
		{"execve", SYS_execve, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!needed[i].needed || lets_pass(f, needed[i].nr))
			continue;
		(void)err_set(e, EPERM, "seccomp: the profile refuses %s, which is needed after it is loaded", needed[i].name);
		err_hint(e, needed[i].nr == SYS_capset ? "allow it in the profile, or use no-new-privileges" : "allow it in the profile");
		return -EPERM;
	}
	return 0;
}
