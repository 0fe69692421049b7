/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The same loop as the index's, into files: read a ledger from where we were,
 * write, remember where we are. Apart from it, because an index that is made
 * anew must not send the history of the machine to a log server again.
 */
#include "trail/exports.h"

#include "audit/ledger_read.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "trail/export.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define POSITION "position"
#define LOCK_MS 20000
#define POSITION_MAX ((size_t)1 << 20)

struct exports {
	int dirfd, lock;
	bool wanted[EXPORT_FORMATS];
	int fd[EXPORT_FORMATS];
	uint64_t size[EXPORT_FORMATS];
	struct json_object *position; /* {"files":{...},"ledgers":{NAME:{"segment":N,"at":N}}} */
	bool dirty;
};

struct exports *exports_close(struct exports *x)
{
	if (!x)
		return NULL;
	for (size_t i = 0; i < EXPORT_FORMATS; i++)
		fd_closep(&x->fd[i]);
	fd_closep(&x->lock);
	json_object_put(x->position);
	free(x);
	return NULL;
}

static void file_name(enum export_format format, unsigned number, char out[static 32])
{
	if (number == 0)
		snprintf(out, 32, "%s.jsonl", export_names[format]);
	else
		snprintf(out, 32, "%s.jsonl.%u", export_names[format], number);
}

static int want(struct exports *x, const char *formats, struct err *e)
{
	_cleanup_free_ char *copy = strdup(formats);
	char *rest = copy, *word;

	if (!copy)
		return -ENOMEM;
	if (strcmp(formats, "none") == 0)
		return 0;
	while ((word = strsep(&rest, " \t,")) != NULL) {
		size_t i = 0;

		while (i < EXPORT_FORMATS && strcmp(export_names[i], word) != 0)
			i++;
		if (i < EXPORT_FORMATS)
			x->wanted[i] = true;
		else if (word[0] != '\0')
			return err_set(e, EINVAL, "exports: \"%s\" is none of json, ecs and ocsf", word);
	}
	return 0;
}

static int load_position(struct exports *x)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	if (path_own_read(x->dirfd, POSITION, POSITION_MAX, &text) == 0 &&
	    json_parse(buf_str(&text), text.len, POSITION, &x->position, NULL) == 0 && json_object_is_type(x->position, json_type_object))
		return 0;
	json_object_put(x->position);
	x->position = json_object_new_object();
	return x->position ? 0 : -ENOMEM;
}

static int open_file(struct exports *x, enum export_format i, struct err *e)
{
	char name[32], path[64];

	file_name(i, 0, name);
	snprintf(path, sizeof(path), "files.%s", export_names[i]);
	x->size[i] = (uint64_t)json_int(x->position, path);
	x->fd[i] = openat(x->dirfd, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (x->fd[i] < 0)
		return err_errno(e, errno, "exports: cannot open %s", name);
	return 0;
}

/* What was written after the last commit is written again: so it goes. */
static int cut_file(struct exports *x, enum export_format i, struct err *e)
{
	struct stat st;

	if (fstat(x->fd[i], &st) < 0)
		return err_errno(e, errno, "exports");
	if ((uint64_t)st.st_size < x->size[i])
		x->size[i] = (uint64_t)st.st_size; /* somebody else cut it */
	if ((uint64_t)st.st_size > x->size[i] && ftruncate(x->fd[i], (off_t)x->size[i]) < 0)
		return err_errno(e, errno, "exports");
	return 0;
}

int exports_open(int dirfd, const char *formats, struct exports **ret, struct err *e)
{
	_cleanup_(exports_closep) struct exports *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return -ENOMEM;
	x->dirfd = dirfd;
	x->lock = -EBADF;
	for (size_t i = 0; i < EXPORT_FORMATS; i++)
		x->fd[i] = -EBADF;
	r = want(x, formats, e);
	/* the one before may still be at its end */
	if (r == 0 && (r = lock_take(dirfd, "lock", LOCK_MS, &x->lock)) < 0)
		err_errno(e, -r, "exports: another process writes them");
	r = r < 0 ? r : load_position(x);
	for (size_t i = 0; r == 0 && i < EXPORT_FORMATS; i++)
		if (x->wanted[i]) {
			r = open_file(x, (enum export_format)i, e);
			r = r < 0 ? r : cut_file(x, (enum export_format)i, e);
		}
	if (r == 0)
		*ret = TAKE_PTR(x);
	return r;
}

static int write_all(struct exports *x, const char *ledger, struct json_object *entry, struct err *e)
{
	for (size_t i = 0; i < EXPORT_FORMATS; i++) {
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_(buf_done) struct buf line = BUF_INIT;
		size_t len = 0;
		const char *text;
		int r;

		if (!x->wanted[i])
			continue;
		r = export_object((enum export_format)i, ledger, entry, &o);
		if (r < 0)
			return r;
		text = json_text(o, &len);
		buf_add(&line, text, len);
		buf_addc(&line, '\n');
		r = buf_bad(&line) ? -buf_bad(&line) : fd_write_all(x->fd[i], line.data, line.len);
		if (r < 0)
			return err_errno(e, -r, "exports: cannot write %s", export_names[i]);
		x->size[i] += line.len;
	}
	x->dirty = true;
	return 0;
}

static int set_position(struct exports *x, const char *group, const char *name, struct json_object *value)
{
	struct json_object *o = json_object_object_get(x->position, group);
	int r = 0;

	if (!o) {
		o = json_object_new_object();
		r = o ? json_add(x->position, group, o) : -ENOMEM;
	}
	if (r < 0)
		json_object_put(value);
	return r < 0 ? r : json_add(o, name, value);
}

int exports_update(struct exports *x, int ledger_dirfd, const char *ledger, struct err *e)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	struct json_object *ledgers = json_object_object_get(x->position, "ledgers"), *mine = NULL, *value;
	uint64_t first = 0, at = 0;
	struct ledger_item item;
	int r = ledger_reader_open(ledger_dirfd, ledger, &rd, e);

	if (r < 0)
		return r;
	json_object_object_get_ex(ledgers, ledger, &mine);
	if (mine && ledger_reader_seek(&rd, (uint64_t)json_int(mine, "segment"), (uint64_t)json_int(mine, "at")) == 0) {
		first = (uint64_t)json_int(mine, "segment");
		at = (uint64_t)json_int(mine, "at");
	}
	while ((r = ledger_reader_next(&rd, &item, e)) > 0 && !item.unfinished) {
		r = item.is_entry ? write_all(x, ledger, item.entry.o, e) : 0;
		if (r < 0)
			return r;
		ledger_reader_place(&rd, &first, &at);
	}
	if (r < 0 || first == 0)
		return r;
	value = json_object_new_object();
	if (!value || json_add_u64(value, "segment", first) < 0 || json_add_u64(value, "at", at) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return set_position(x, "ledgers", ledger, value);
}

/* NAME -> NAME.1 -> NAME.2 ...: the oldest is overwritten. */
static int rotate(struct exports *x, enum export_format i, struct err *e)
{
	for (unsigned n = EXPORTS_KEPT; n > 0; n--) {
		char from[32], to[32];

		file_name(i, n - 1, from);
		file_name(i, n, to);
		if (renameat(x->dirfd, from, x->dirfd, to) < 0 && errno != ENOENT)
			return err_errno(e, errno, "exports: cannot rename %s", from);
	}
	fd_closep(&x->fd[i]);
	json_object_object_del(json_object_object_get(x->position, "files"), export_names[i]);
	return open_file(x, i, e);
}

int exports_commit(struct exports *x, struct err *e)
{
	size_t len = 0;
	const char *text;
	int r = 0;

	if (!x->dirty)
		return 0;
	for (size_t i = 0; r == 0 && i < EXPORT_FORMATS; i++) {
		if (x->wanted[i] && x->size[i] > EXPORTS_FILE_MAX)
			r = rotate(x, (enum export_format)i, e);
		if (r == 0 && x->wanted[i])
			r = set_position(x, "files", export_names[i], json_object_new_int64((int64_t)x->size[i]));
	}
	if (r < 0)
		return r;
	text = json_text(x->position, &len);
	r = path_own_write(x->dirfd, POSITION, text, len, 0640, PATH_SYNC_NONE);
	if (r < 0)
		return err_errno(e, -r, "exports: cannot write %s", POSITION);
	x->dirty = false;
	return 0;
}
