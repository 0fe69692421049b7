/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What `audit setup` made, in lines, so that --undo leaves alone what was
 * there before, or was changed since: an administrator's group of that name,
 * his rules, his plugin file. Without a record nothing is ours but what is
 * exactly as we would write it.
 */
#include "cmd/audit_setup.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_MAX (64U << 10)
#define RECORD_PATH SETUP_RECORD_DIR "/" SETUP_RECORD

static const char *root_of(const struct setup *s)
{
	return s->a->root ? s->a->root : "";
}

int setup_open_dir(struct setup *s, const char *path, bool make, const char **ret_name, int *ret_fd)
{
	_cleanup_close_ int base = open(s->a->root ? s->a->root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *copy = strdup(path);
	int r = base < 0 ? -errno : copy ? 0 : -ENOMEM;

	*ret_name = strrchr(path, '/') + 1;
	if (r < 0)
		return r;
	if (*ret_name == path + 1) {
		*ret_fd = TAKE_FD(base);
		return 0;
	}
	copy[*ret_name - path - 1] = '\0';
	/* path_own_mkdirs() makes 0700, which /etc/sysusers.d must not be */
	for (char *at = copy; make && r == 0 && at; at = strchr(at + 1, '/')) {
		char *slash = strchr(at + 1, '/');

		if (slash)
			*slash = '\0';
		if (mkdirat(base, copy + 1, 0755) == 0)
			r = fchmodat(base, copy + 1, 0755, 0) < 0 ? -errno : setup_note(s, "dir", copy, NULL);
		else if (errno != EEXIST)
			r = -errno;
		if (!slash)
			break;
		*slash = '/';
	}
	return r < 0 ? r : path_own_open(base, copy + 1, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

int setup_record_read(struct setup *s, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int dir = -EBADF;
	const char *name;
	int r = setup_open_dir(s, RECORD_PATH, false, &name, &dir);

	r = r < 0 ? r : path_own_read(dir, name, RECORD_MAX, &b);
	if (r == -ENOENT)
		return 0;
	for (const char *p = buf_str(&b), *end; r == 0 && *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		r = strv_addf(&s->made, "%.*s", (int)(end - p), p);
	}
	return r < 0 ? err_errno(e, -r, "%s" RECORD_PATH, root_of(s)) : 0;
}

int setup_record_write(struct setup *s, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int dir = -EBADF;
	const char *name;
	int r;

	if (!s->made_changed)
		return 0;
	r = setup_open_dir(s, RECORD_PATH, s->made.n > 0, &name, &dir);
	for (size_t i = 0; i < s->made.n; i++)
		buf_addf(&b, "%s\n", s->made.items[i]);
	if (r == 0 && s->made.n > 0)
		r = path_own_write(dir, name, buf_str(&b), b.len, 0644, PATH_SYNC_FULL);
	else if (r == 0 && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 && r != -ENOENT ? err_errno(e, -r, "%s" RECORD_PATH, root_of(s)) : 0;
}

/* The line "KIND NAME[ VALUE]"; *ret_value is its VALUE. */
static bool is_line(const char *line, const char *kind, const char *name, const char **ret_value)
{
	size_t k = strlen(kind), n = strlen(name);

	if (strncmp(line, kind, k) != 0 || line[k] != ' ' || strncmp(line + k + 1, name, n) != 0)
		return false;
	line += k + 1 + n;
	if (*line != '\0' && *line != ' ')
		return false;
	*ret_value = *line ? line + 1 : line;
	return true;
}

const char *setup_made(const struct setup *s, const char *kind, const char *name)
{
	const char *value;

	for (size_t i = 0; i < s->made.n; i++)
		if (is_line(s->made.items[i], kind, name, &value))
			return value;
	return NULL;
}

void setup_forget(struct setup *s, const char *kind, const char *name)
{
	const char *value;

	for (size_t i = s->made.n; i-- > 0;) {
		if (!is_line(s->made.items[i], kind, name, &value))
			continue;
		free(s->made.items[i]);
		/* with the NULL behind the last */
		memmove(s->made.items + i, s->made.items + i + 1, (s->made.n - i) * sizeof(char *));
		s->made.n--;
		s->made_changed = true;
	}
}

int setup_note(struct setup *s, const char *kind, const char *name, const char *value)
{
	setup_forget(s, kind, name);
	s->made_changed = true;
	return value ? strv_addf(&s->made, "%s %s %s", kind, name, value) : strv_addf(&s->made, "%s %s", kind, name);
}
