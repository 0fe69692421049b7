/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-unpack - the worker that reads foreign tars and compressed streams.
 *
 * It is started with three descriptors (unpack_protocol.h) inside the user
 * namespace whose ids the files must have, locks itself in (confine.h) before
 * it reads the first byte, and can then reach nothing but the directory that
 * it was given: no other file, no network, no program. All that it says goes
 * out through the answer pipe; what it packs goes where it was told, and nowhere else.
 */
#include "base/parse.h"
#include "base/sha256.h"
#include "sys/confine.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "tar/deflate.h"
#include "tar/inflate.h"
#include "tar/pack.h"
#include "tar/tar_reader.h"
#include "tar/unpack_protocol.h"
#include "tar/untar.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const int allowed_calls[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pwrite64), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(getdents64), SCMP_SYS(openat),
	SCMP_SYS(openat2), SCMP_SYS(mkdirat), SCMP_SYS(mknodat), SCMP_SYS(readlinkat), SCMP_SYS(fgetxattr), SCMP_SYS(flistxattr), SCMP_SYS(linkat), SCMP_SYS(symlinkat),
	SCMP_SYS(unlinkat), SCMP_SYS(fchown), SCMP_SYS(fchownat), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
	SCMP_SYS(utimensat), SCMP_SYS(fsetxattr), SCMP_SYS(ftruncate), SCMP_SYS(syncfs),
	SCMP_SYS(fcntl), SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static int answer(enum unpack_answer type, uint64_t in_bytes, const void *data, size_t len)
{
	const struct unpack_header h = {.type = type, .len = (uint32_t)len, .in_bytes = in_bytes};
	char packet[sizeof(h) + UNPACK_LEN_MAX];

	if (len > UNPACK_LEN_MAX)
		return -EMSGSIZE;
	memcpy(packet, &h, sizeof(h));
	if (len)
		memcpy(packet + sizeof(h), data, len);
	return fd_write_all(UNPACK_FD_ANSWER, packet, sizeof(h) + len);
}

/* 0 for ids that are all mapped; 1 when one id is all that there is. */
static bool has_single_id(void)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct id_list list = {0};
	int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	bool single = false;

	if (fd >= 0 && fd_read_all(fd, 65536, &text) == 0 && id_list_parse(buf_str(&text), &list) == 0)
		single = id_list_total(&list) == 1;
	fd_closep(&fd);
	return single;
}

/* dirfd -EBADF: no directory at all. */
static int confine(int dirfd, uint32_t *ret_no_landlock, struct err *e)
{
	const struct confine_rule rule = {.dirfd = dirfd, .write = true};
	struct pollfd answers = {.fd = UNPACK_FD_ANSWER};
	int r;

	r = confine_process(e);
	/* the starter may have died before that was armed */
	if (r == 0 && poll(&answers, 1, 0) == 1 && (answers.revents & POLLERR))
		r = err_set(e, EPIPE, "nobody reads the answers");
	if (r == 0)
		r = confine_files(&rule, dirfd >= 0, true, e);
	if (r < 0)
		return r;
	*ret_no_landlock = (uint32_t)r;
	return confine_calls(allowed_calls, ARRAY_SIZE(allowed_calls), e);
}

static int parse_map(int argc, char **argv, struct id_map *ret, struct err *e)
{
	if (argc != 2)
		return err_set(e, EINVAL, "layer: two maps or none");
	if (id_list_parse(argv[0], &ret->uid) < 0 || id_list_parse(argv[1], &ret->gid) < 0)
		return err_set(e, EINVAL, "layer: bad id map");
	return 0;
}

static void report_progress(struct inflate *in, uint64_t *said)
{
	uint64_t now = inflate_in_bytes(in);

	if (now - *said >= UNPACK_PROGRESS_BYTES) {
		*said = now;
		(void)!answer(UNPACK_PROGRESS, now, NULL, 0);
	}
}

static void progress_tick(void *ctx, struct inflate *in)
{
	report_progress(in, ctx);
}

static int layer(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	static struct id_map map;
	const struct inflate_limits limits = INFLATE_LIMITS_DEFAULT;
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	struct untar_options o = {.dest_fd = UNPACK_FD_DIR};
	struct untar_counts counts = {0};
	uint64_t said = 0;
	int r;

	if (argc > 0) {
		r = parse_map(argc, argv, &map, e);
		if (r < 0)
			return r;
		o.map = &map;
	}
	o.squash = has_single_id();
	r = confine(UNPACK_FD_DIR, &done->no_landlock, e);
	if (r == 0)
		r = inflate_open(UNPACK_FD_IN, &limits, &in, e);
	if (r < 0)
		return r;
	inflate_on_progress(in, progress_tick, &said);
	r = untar_layer(in, &o, &counts, e);
	if (r == 0 && syncfs(UNPACK_FD_DIR) < 0)
		r = err_errno(e, errno, "sync the layer");
	if (r < 0)
		return r;
	inflate_digest(in, &done->digest);
	done->in_bytes = inflate_in_bytes(in);
	done->out_bytes = inflate_out_bytes(in);
	done->entries = counts.entries;
	done->file_bytes = counts.file_bytes;
	done->devices_skipped = counts.devices_skipped;
	done->xattrs_dropped = counts.xattrs_dropped;
	done->owners_squashed = counts.owners_squashed;
	done->opaque_root = counts.opaque_root;
	return 0;
}

/* Writes the member's content as the file `index`, hashing it. */
static int store_member(struct tar_reader *tar, struct unpack_member *m, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char name[16], hex[SHA256_HEX_SIZE];
	struct tar_data data;
	struct sha256 hash;
	int r;

	snprintf(name, sizeof(name), "%u", m->index);
	fd = openat(UNPACK_FD_DIR, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, errno, "make a file");
	sha256_init(&hash);
	while ((r = tar_reader_data(tar, &data, e)) > 0) {
		/* an archive of blobs has no holes: a sparse member would hash as something else */
		if (data.offset != m->size_bytes)
			return err_set(e, EBADMSG, "a sparse member");
		sha256_add(&hash, data.bytes, data.len);
		r = fd_write_all(fd, data.bytes, data.len);
		if (r < 0)
			return err_errno(e, -r, "write");
		m->size_bytes += data.len;
	}
	if (r < 0)
		return r;
	/* not synced: an archive may hold a hundred thousand that nobody wants (image/archive_source.c) */
	sha256_end_hex(&hash, hex);
	digest_from_hex(hex, &m->digest);
	return 0;
}

static int member(struct tar_reader *tar, struct archive_entry *entry, uint32_t *index, struct inflate *in, struct err *e)
{
	const char *name = archive_entry_pathname(entry), *link = archive_entry_hardlink(entry);
	struct unpack_member m = {.index = UINT32_MAX};
	char packet[UNPACK_LEN_MAX];
	size_t name_len = strlen(name), link_len;
	int r;

	if (!link)
		link = archive_entry_symlink(entry);
	link_len = link ? strlen(link) : 0;
	if (!link && archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	if (name_len > UNPACK_NAME_MAX || link_len > UNPACK_NAME_MAX)
		return err_set(e, ENAMETOOLONG, "a name longer than %d bytes", UNPACK_NAME_MAX);
	if (*index >= UNPACK_MEMBERS_MAX)
		return err_set(e, E2BIG, "more than %d members", UNPACK_MEMBERS_MAX);
	if (!link) {
		m.index = (*index)++;
		r = store_member(tar, &m, e);
		if (r < 0)
			return r;
	}
	m.name_len = (uint16_t)name_len;
	m.link_len = (uint16_t)link_len;
	memcpy(packet, &m, sizeof(m));
	memcpy(packet + sizeof(m), name, name_len);
	if (link_len)
		memcpy(packet + sizeof(m) + name_len, link, link_len);
	r = answer(UNPACK_MEMBER, inflate_in_bytes(in), packet, sizeof(m) + name_len + link_len);
	return r < 0 ? err_errno(e, -r, "answer") : 0;
}

static int archive(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	const struct inflate_limits limits = INFLATE_LIMITS_ALL_KINDS;
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	_cleanup_(tar_reader_closep) struct tar_reader *tar = NULL;
	struct archive_entry *entry;
	uint32_t index = 0;
	uint64_t said = 0;
	int r;

	(void)argv;
	if (argc != 0)
		return err_set(e, EINVAL, "archive: no arguments");
	r = confine(UNPACK_FD_DIR, &done->no_landlock, e);
	if (r == 0)
		r = inflate_open(UNPACK_FD_IN, &limits, &in, e);
	if (r == 0)
		r = tar_reader_open(in, &tar, e);
	if (r < 0)
		return r;
	inflate_on_progress(in, progress_tick, &said);
	while ((r = tar_reader_next(tar, &entry, e)) > 0) {
		r = member(tar, entry, &index, in, e);
		if (r < 0)
			return err_wrap(e, r, "%.256s", archive_entry_pathname(entry));
	}
	done->in_bytes = inflate_in_bytes(in);
	done->entries = index;
	return r;
}

static int digest(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	const struct inflate_limits limits = INFLATE_LIMITS_DEFAULT;
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	const void *bytes;
	uint64_t said = 0;
	ssize_t n;
	int r;

	(void)argv;
	if (argc != 0)
		return err_set(e, EINVAL, "digest: no arguments");
	r = confine(-EBADF, &done->no_landlock, e);
	if (r == 0)
		r = inflate_open(UNPACK_FD_IN, &limits, &in, e);
	if (r < 0)
		return r;
	inflate_on_progress(in, progress_tick, &said);
	while ((n = inflate_read(in, &bytes, e)) > 0)
		;
	if (n < 0)
		return (int)n;
	inflate_digest(in, &done->digest);
	done->in_bytes = inflate_in_bytes(in);
	done->out_bytes = inflate_out_bytes(in);
	return 0;
}

static int copy_packed(struct inflate *in, struct deflate *out, struct unpack_done *done, struct err *e)
{
	const void *bytes;
	uint64_t said = 0;
	ssize_t n;
	int r = 0;

	inflate_on_progress(in, progress_tick, &said);
	while (r == 0 && (n = inflate_read(in, &bytes, e)) != 0)
		r = n < 0 ? (int)n : deflate_write(out, bytes, (size_t)n, e);
	if (r == 0)
		r = deflate_end(out, &done->packed, &done->packed_bytes, e);
	return r;
}

static int recompress(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	const struct inflate_limits limits = INFLATE_LIMITS_ALL_KINDS;
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	_cleanup_(deflate_closep) struct deflate *out = NULL;
	enum deflate_format format = DEFLATE_NONE;
	uint32_t level = 0;
	int r;

	if (argc != 2 || parse_u32(argv[1], 0, 100, &level) < 0)
		return err_set(e, EINVAL, "recompress: a format and a level");
	r = deflate_format_parse(argv[0], &format, e);
	if (r == 0)
		r = confine(-EBADF, &done->no_landlock, e);
	if (r == 0)
		r = inflate_open(UNPACK_FD_IN, &limits, &in, e);
	if (r == 0)
		r = deflate_open(UNPACK_FD_DIR, format, level, &out, e);
	if (r == 0)
		r = copy_packed(in, out, done, e);
	if (r < 0)
		return r;
	inflate_digest(in, &done->digest);
	done->in_bytes = inflate_in_bytes(in);
	done->out_bytes = inflate_out_bytes(in);
	return 0;
}

static int remove_trees(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	int r;

	r = confine(UNPACK_FD_IN, &done->no_landlock, e);
	if (r < 0)
		return r;
	for (int i = 0; i < argc; i++) {
		r = path_own_remove_tree(UNPACK_FD_IN, argv[i]);
		if (r < 0)
			return err_errno(e, -r, "remove %s", argv[i]);
	}
	return 0;
}

/* ---- cp, export and commit (unpack_copy.h) ---- */

static const char *value_of(int argc, char **argv, const char *key)
{
	size_t len = strlen(key);

	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], key, len) == 0 && argv[i][len] == '=')
			return argv[i] + len + 1;
	return NULL;
}

/* *ret stays NULL without one. */
static int map_of(int argc, char **argv, const struct id_map **ret, struct err *e)
{
	static struct id_map map;
	const char *uid = value_of(argc, argv, "uid-map"), *gid = value_of(argc, argv, "gid-map");

	if (!uid || !gid)
		return 0;
	if (id_list_parse(uid, &map.uid) < 0 || id_list_parse(gid, &map.gid) < 0)
		return err_set(e, EINVAL, "bad id map");
	*ret = &map;
	return 0;
}

static int copy_options(int argc, char **argv, struct untar_copy *c, struct err *e)
{
	const char *uid = value_of(argc, argv, "uid"), *gid = value_of(argc, argv, "gid");

	*c = (struct untar_copy){.below = value_of(argc, argv, "path"),
				 .own = uid && gid,
				 .overwrite = value_of(argc, argv, "overwrite") != NULL,
				 .no_set_id = value_of(argc, argv, "no-set-id") != NULL};
	if (c->own && (parse_u32(uid, 0, UINT32_MAX - 1, &c->uid) < 0 || parse_u32(gid, 0, UINT32_MAX - 1, &c->gid) < 0))
		return err_set(e, EINVAL, "bad owner");
	return 0;
}

static int extract(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	const struct inflate_limits limits = INFLATE_LIMITS_ALL_KINDS;
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	struct untar_options o = {.dest_fd = UNPACK_FD_DIR, .squash = has_single_id()};
	struct untar_counts counts = {0};
	struct untar_copy copy;
	int r = copy_options(argc, argv, &copy, e);

	o.copy = &copy;
	if (r == 0)
		r = map_of(argc, argv, &o.map, e);
	if (r == 0)
		r = confine(UNPACK_FD_DIR, &done->no_landlock, e);
	if (r == 0)
		r = inflate_open(UNPACK_FD_IN, &limits, &in, e);
	if (r == 0) {
		inflate_leave_sum(in);
		r = untar_layer(in, &o, &counts, e);
	}
	if (r < 0)
		return r;
	done->entries = counts.entries;
	done->file_bytes = counts.file_bytes;
	done->devices_skipped = counts.devices_skipped;
	return 0;
}

/* "time=" for each entry, "latest=" for later ones. 1: given. */
static int times_of(int argc, char **argv, struct pack_times *ret, struct err *e)
{
	const char *all = value_of(argc, argv, "time"), *latest = value_of(argc, argv, "latest");

	if (!all && !latest)
		return 0;
	ret->all = all != NULL;
	return parse_i64(all ? all : latest, 0, INT64_MAX, &ret->sec) < 0 ? err_set(e, EINVAL, "bad time") : 1;
}

static int pack_tree(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	const char *path = value_of(argc, argv, "path");
	struct pack_options o = {.root_fd = UNPACK_FD_DIR, .path = path ? path : "", .top = value_of(argc, argv, "top"),
				 .layer = value_of(argc, argv, "layer") != NULL,
				 .one_mount = value_of(argc, argv, "one-mount") != NULL, .out_fd = UNPACK_FD_IN};
	struct pack_counts counts = {0};
	struct pack_times times;
	int r = times_of(argc, argv, &times, e);

	if (r > 0)
		o.times = &times;
	if (r >= 0)
		r = map_of(argc, argv, &o.map, e);
	if (r == 0)
		r = confine(UNPACK_FD_DIR, &done->no_landlock, e);
	if (r == 0)
		r = pack(&o, &counts, e);
	if (r < 0)
		return r;
	done->entries = counts.entries;
	done->file_bytes = counts.file_bytes;
	done->devices_skipped = counts.skipped;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct unpack_done *done, struct err *e);
} verbs[] = {
	{"layer", layer},
	{"archive", archive},
	{"digest", digest},
	{"recompress", recompress},
	{"extract", extract},
	{"pack", pack_tree},
	{"remove", remove_trees},
};

static int run(int argc, char **argv, struct unpack_done *done, struct err *e)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(argc - 2, argv + 2, done, e);
	return err_set(e, EINVAL, "ranby-unpack is started by ranby only");
}

int main(int argc, char **argv)
{
	struct unpack_done done = {0};
	struct err e = {0};
	int r;

	if (fcntl(UNPACK_FD_ANSWER, F_GETFD) < 0 && errno == EBADF) {
		fprintf(stderr, "Error: ranby-unpack is started by ranby only\n");
		return EXIT_ENGINE;
	}
	umask(0);
	r = run(argc, argv, &done, &e);
	if (r < 0)
		(void)!answer(UNPACK_FAILED, 0, &e, sizeof(e));
	else
		r = answer(UNPACK_DONE, done.in_bytes, &done, sizeof(done));
	return r < 0 ? 1 : 0;
}
