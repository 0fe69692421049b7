/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A file is taken by making it (O_EXCL), so that two sessions that begin at
 * once never write into one; whoever writes opens it by its name afterwards,
 * and refuses one that is not empty.
 */
#include "engine/recording.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 32

static void numbered(uint32_t n, char out[static NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "record-%u.cast", n);
}

/* In the container's directory. */
static int make_own(struct engine *eng, const struct container *c, struct strv *texts)
{
	char name[NAME_SIZE];

	for (uint32_t n = 1; n <= RECORDINGS_MAX; n++) {
		_cleanup_close_ int fd = -EBADF;

		numbered(n, name);
		fd = openat(container_dir(c), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			return strv_addf(texts, "%s/%s/%s/%s", eng->data_path, ENGINE_CONTAINERS, c->id, name);
		if (errno != EEXIST)
			return -errno;
	}
	return -EMFILE;
}

/* Where the user said. */
static int make_asked(const char *asked, const char *cwd, struct strv *texts)
{
	for (uint32_t n = 0; n <= RECORDINGS_MAX; n++) {
		_cleanup_free_ char *path = NULL;
		_cleanup_close_ int fd = -EBADF;
		char suffix[16] = "";

		if (n > 0)
			snprintf(suffix, sizeof(suffix), ".%u", n);
		if (asprintf(&path, "%s%s%s%s", *asked == '/' ? "" : cwd, *asked == '/' ? "" : "/", asked, suffix) < 0)
			return -ENOMEM;
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			return strv_consume(texts, TAKE_PTR(path));
		if (errno != EEXIST)
			return -errno;
	}
	return -EMFILE;
}

int recording_make(struct engine *eng, const struct container *c, const char *asked, const char *cwd, struct strv *texts,
		   struct err *e)
{
	int r = *asked ? make_asked(asked, cwd, texts) : make_own(eng, c, texts);

	return r < 0 ? err_errno(e, -r, "--record%s%s", *asked ? " " : "", asked) : 0;
}

int recording_open(const struct container *c, uint32_t number, int *ret_fd, struct err *e)
{
	const char *asked = json_str(c->spec, "options.record");
	char name[NAME_SIZE];
	int fd = -1, next;

	if (number > 0) {
		numbered(number, name);
		fd = openat(container_dir(c), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	}
	for (uint32_t n = 1; number == 0 && n <= RECORDINGS_MAX; n++) {
		numbered(n, name);
		next = openat(container_dir(c), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (next < 0)
			break;
		fd_closep(&fd);
		fd = next;
	}
	if (fd < 0 && number == 0 && *asked == '/')
		fd = open(asked, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	if (number > 0)
		return err_set(e, ENOENT, "container %s has no recording %u", c->name, number);
	(void)err_set(e, ENOENT, "container %s has no recording", c->name);
	err_hint(e, "run and exec make one with --record");
	return -ENOENT;
}
