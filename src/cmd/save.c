/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby save: images as an archive, or as a directory. One name after another of the same image are its names there. */
#include "cmd/commands.h"
#include "sys/output_file.h"
#include "cmd/image_common.h"
#include "image/save.h"
#include "sys/dir.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct save_args {
	const char *format, *output;
	bool compress, multi, quiet, uncompressed;
};

static const struct option_row save_rows[] = {
	{0, "compress", OPT_FLAG, offsetof(struct save_args, compress), .help = "Pack plain layers with gzip; directories only"},
	{0, "format", OPT_STRING, offsetof(struct save_args, format), .arg = "FORMAT", .choices = "docker-archive|oci-archive|oci-dir|docker-dir",
	 .help = "docker-archive (the default), oci-archive, oci-dir or docker-dir"},
	{'m', "multi-image-archive", OPT_FLAG, offsetof(struct save_args, multi), .help = "Several images; they are taken without it too"},
	{'o', "output", OPT_STRING, offsetof(struct save_args, output), .arg = "PATH", .help = "Write this file or directory, not standard output"},
	{'q', "quiet", OPT_FLAG, offsetof(struct save_args, quiet), .help = "Show no progress"},
	{0, "uncompressed", OPT_FLAG, offsetof(struct save_args, uncompressed), .help = "Layers as plain tars"},
	OPTION_END,
};

struct saving {
	struct image *images[SAVE_IMAGES_MAX];
	struct strv names[SAVE_IMAGES_MAX];
	struct save_item items[SAVE_IMAGES_MAX];
	size_t n;
};

static void saving_free(struct saving **s)
{
	for (size_t i = 0; *s && i < (*s)->n; i++) {
		image_free((*s)->images[i]);
		strv_done(&(*s)->names[i]);
	}
	free(*s);
}

static int take_one(struct saving *s, struct store *st, const char *text, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	size_t i = 0;
	int r = store_resolve(st, text, &img, e);

	if (r < 0)
		return r;
	while (i < s->n && strcmp(s->images[i]->id, img->id) != 0)
		i++;
	if (i == SAVE_IMAGES_MAX)
		return err_set(e, E2BIG, "save: more than %d images", SAVE_IMAGES_MAX);
	if (img->name && strv_find(&s->names[i], img->name) < 0 && strv_add(&s->names[i], img->name) < 0)
		return err_errno(e, ENOMEM, "save");
	if (i < s->n)
		return 0;
	s->items[i] = (struct save_item){.image = img, .names = &s->names[i]};
	s->images[s->n++] = TAKE_PTR(img);
	return 0;
}

/* A new directory, or one that is empty. */
static int open_dir(const char *path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct dirent *d = NULL;
	int r = 0, copy;
	DIR *dir;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "%s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	copy = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		fd_closep(&copy);
		return err_errno(e, errno, "%s", path);
	}
	d = dir_next(dir, &r);
	closedir(dir);
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	return d ? err_set(e, ENOTEMPTY, "%s: it is not empty", path) : TAKE_FD(fd);
}

static int open_output(const struct save_args *a, enum save_format format, struct output_file *ret, struct err *e)
{
	bool dir = format == SAVE_OCI_DIR || format == SAVE_DOCKER_DIR;

	if (dir && !a->output)
		return err_set(e, EINVAL, "save: a directory is wanted with --output");
	if (!a->output && isatty(STDOUT_FILENO))
		return err_set(e, EINVAL, "refusing to save to terminal: use -o flag or redirect");
	if (a->output && !dir)
		return output_file_open(a->output, ret, e);
	ret->fd = dir ? open_dir(a->output, e) : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (ret->fd >= 0)
		return 0;
	return dir ? ret->fd : err_errno(e, errno, "standard output");
}

static int save(const struct save_args *a, struct store *st, const struct saving *s, struct progress *progress, struct err *e)
{
	struct save_options o = {.progress = progress};
	_cleanup_(output_file_done) struct output_file file = OUTPUT_FILE_INIT;
	int r = save_format_parse(a->format ? a->format : "docker-archive", &o.format, e);

	if (r < 0)
		return r;
	if (a->compress && (o.format != SAVE_OCI_DIR && o.format != SAVE_DOCKER_DIR))
		return err_set(e, EINVAL, "--compress can only be set when --format is 'oci-dir' or 'docker-dir'");
	if (a->compress && a->uncompressed)
		return err_set(e, EINVAL, "--compress and --uncompressed exclude each other");
	o.packing = a->uncompressed ? OUTGOING_UNPACKED : a->compress ? OUTGOING_PACKED : OUTGOING_PACKED_AS_IT_IS;
	r = open_output(a, o.format, &file, e);
	if (r < 0)
		return r;
	o.out_fd = file.fd;
	r = save_images(st, s->items, s->n, &o, e);
	return r == 0 && a->output ? output_file_keep(&file, e) : r;
}

static int save_run(const struct command_call *call, struct err *e)
{
	_cleanup_(saving_free) struct saving *s = calloc(1, sizeof(*s));
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	const struct save_args *a = call->args;
	int r = s ? image_source_init(a->quiet, &source, e) : err_errno(e, ENOMEM, "save");

	if (r == 0)
		r = image_store_open(call, &st, e);
	for (int i = 0; i < call->argc && r == 0; i++)
		r = take_one(s, st, call->argv[i], e);
	return r < 0 ? r : save(a, st, s, source.progress, e);
}

const struct command command_save = {
	.name = "save",
	.aliases = "image save",
	.operands = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Write images as an archive",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = save_rows,
	.args_size = sizeof(struct save_args),
	.run = save_run,
};
