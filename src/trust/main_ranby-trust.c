/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-trust - the worker that has the cryptography.
 *
 * It is asked one thing (worker.h) and ends. Before it reads the question it
 * locks itself in: no file can be opened, no network reached, no program
 * started, no memory made executable. Keys come as bytes in the question.
 *
 * For gpgv, which is a program and opens its keyring by name, it is only the
 * lock: Landlock leaves what the loader needs to be read, the descriptors say
 * the rest.
 */
#include "base/buf.h"
#include "sys/confine.h"
#include "sys/fd.h"
#include "sys/landlock.h"
#include "trust/key.h"
#include "trust/sign.h"
#include "trust/verify.h"
#include "trust/worker.h"
#include "trust/yaml.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define GPGV_FD_STATUS 3
#define GPGV_FD_KEYS "/dev/fd/4"
#define GPGV_FD_PROGRAM 5
#define GPGV_CPU_S 10
#define GPGV_MEMORY (512UL << 20)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
#define GPGV_OUTPUT (1UL << 20)

static const int allowed_calls[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/*
 * What gpgv may do is what its libraries do, which nobody can list; what it has
 * no business with can be: it reads a keyring and a message, and writes two files.
 */
static const int denied_calls[] = {
	SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
	SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(kill), SCMP_SYS(tkill),
	SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo), SCMP_SYS(kcmp), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(mount_setattr), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(bpf), SCMP_SYS(userfaultfd), SCMP_SYS(perf_event_open), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(shmget), SCMP_SYS(msgget), SCMP_SYS(semget), SCMP_SYS(mq_open), SCMP_SYS(memfd_create),
};

/* ---- gpgv ---- */

static int limit(int what, rlim_t value, struct err *e)
{
	const struct rlimit l = {value, value};

	return setrlimit((__rlimit_resource_t)what, &l) < 0 ? err_errno(e, errno, "limit") : 0;
}

static int allow(int ruleset, const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	int r = fd < 0 ? 0 : landlock_allow_path(ruleset, fd, LANDLOCK_FS_READ | LANDLOCK_FS_EXECUTE);

	return r < 0 ? err_errno(e, -r, "Landlock") : 0;
}

/* Reads what a program is made of, and nothing else; writes and connects nowhere. */
static int confine_program(struct err *e)
{
	static const char *const paths[] = {"/usr/bin", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null"};
	struct landlock_rights handled = {.fs = LANDLOCK_FS_ABI_1 | LANDLOCK_FS_REFER};
	_cleanup_close_ int ruleset = -EBADF;
	int abi = landlock_abi(), r;

	/* it parses what strangers wrote: without a wall around the files, not at all */
	if (abi < 2) {
		r = err_set(e, EOPNOTSUPP, "gpgv: the kernel has no Landlock to confine it with");
		err_hint(e, "Linux 5.19 and later have it, unless lsm= of the kernel's command line leaves it out");
		return r;
	}
	handled.fs |= abi >= 3 ? LANDLOCK_FS_TRUNCATE : 0;
	handled.net = abi >= 4 ? LANDLOCK_NET_BIND | LANDLOCK_NET_CONNECT : 0;
	handled.scoped = abi >= 6 ? LANDLOCK_SCOPE_ABSTRACT_UNIX | LANDLOCK_SCOPE_SIGNAL : 0;
	r = landlock_ruleset_make(&handled, &ruleset);
	if (r < 0)
		return err_errno(e, -r, "Landlock");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		r = allow(ruleset, paths[i], e);
		if (r < 0)
			return r;
	}
	r = landlock_enter(ruleset);
	return r < 0 ? err_errno(e, -r, "Landlock") : 0;
}

static int run_gpgv(struct err *e)
{
	static char *const argv[] = {"gpgv",      "--homedir", "/nonexistent", "--status-fd", "3",            "--keyring",
				     GPGV_FD_KEYS, "--weak-digest", "SHA1",     "--weak-digest", "RIPEMD160",
				     "--output",   "-",         "-",            NULL};
	static char *const env[] = {"LC_ALL=C", NULL};
	int r = confine_process(e);

	if (r == 0)
		r = limit(RLIMIT_CPU, GPGV_CPU_S, e);
	/* a sanitizer's shadow is terabytes of addresses, and it needs more of them until the exec */
	if (r == 0 && !SANITIZED)
		r = limit(RLIMIT_AS, GPGV_MEMORY, e);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, GPGV_OUTPUT, e);
	if (r == 0)
		r = confine_program(e);
	if (r == 0)
		r = confine_deny(denied_calls, ARRAY_SIZE(denied_calls), e);
	if (r == 0)
		r = fd_set_cloexec(GPGV_FD_PROGRAM, true);
	if (r == 0 && execveat(GPGV_FD_PROGRAM, "", argv, env, AT_EMPTY_PATH) < 0)
		r = err_errno(e, errno, "execute gpgv");
	return r;
}

/* ---- questions ---- */

static const struct {
	const char *name;
	int (*run)(struct json_object *request, struct json_object **ret, struct err *e);
} verbs[] = {
	{"verify", trust_verify},
	{"sign", trust_sign},
	{"yaml", trust_yaml},
	{"key", trust_key_question},
};

static int read_request(struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_MAX(TRUST_REQUEST_MAX);
	int r = fd_read_all(TRUST_FD_REQUEST, TRUST_REQUEST_MAX, &text);

	if (r < 0)
		return err_errno(e, -r, "question");
	r = json_parse(buf_str(&text), text.len, "question", ret, e);
	/* a passphrase may be in it */
	OPENSSL_cleanse(text.data, text.len);
	return r;
}

static int serve(const char *verb, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *request = NULL;
	EVP_MD *md;
	int r = confine_process(e);

	/* what libcrypto loads, it loads now */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 || !(md = EVP_MD_fetch(NULL, "SHA256", NULL)))
		return err_set(e, EIO, "libcrypto does not start");
	EVP_MD_free(md);
	if (r == 0)
		r = confine_files(NULL, 0, true, e);
	if (r >= 0)
		r = confine_calls(allowed_calls, ARRAY_SIZE(allowed_calls), e);
	if (r == 0)
		r = read_request(&request, e);
	for (size_t i = 0; i < ARRAY_SIZE(verbs) && r == 0; i++)
		if (strcmp(verbs[i].name, verb) == 0)
			return verbs[i].run(request, ret, e);
	return r < 0 ? r : err_set(e, EINVAL, "ranby-trust is started by ranby only");
}

static int answer_error(const struct err *e, struct json_object **ret)
{
	struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	if (r == 0) {
		r |= json_add_str(o, "error", e->text);
		r |= json_add_str(o, "hint", e->hint[0] ? e->hint : NULL);
		r |= json_add_int(o, "code", e->code > 0 ? e->code : EIO);
	}
	*ret = o;
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_json_ struct json_object *answer = NULL;
	struct err e = {0};
	const char *text;
	size_t len;

	if (argc != 2 || fcntl(TRUST_FD_REQUEST, F_GETFD) < 0 || fcntl(TRUST_FD_ANSWER, F_GETFD) < 0) {
		fprintf(stderr, "Error: ranby-trust is started by ranby only\n");
		return EXIT_ENGINE;
	}
	if (strcmp(argv[1], "gpgv") == 0) {
		/* where gpgv would have said what it found */
		if (run_gpgv(&e) < 0)
			(void)!fd_write_all(GPGV_FD_STATUS, e.text, strlen(e.text));
		return EXIT_ENGINE;
	}
	if (serve(argv[1], &answer, &e) < 0 && answer_error(&e, &answer) < 0)
		return EXIT_ENGINE;
	text = json_text(answer, &len);
	return text && fd_write_all(TRUST_FD_ANSWER, text, len) == 0 ? 0 : EXIT_ENGINE;
}
