/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A file and not options, because auditd 3 hands two arguments to a plugin at
 * most. Read once, as root, before anything else; who may write it may write
 * the ledger as well.
 */
#include "trail/config.h"

#include "audit/system_ledger.h"
#include "base/parse.h"
#include "sys/fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct row {
	const char *key;
	enum { WORD, PATH, NUMBER, YES_NO } type;
	size_t offset;
	const char *preset;
	uint32_t min, max;
};

#define AT(field) offsetof(struct trail_config, field)
static const struct row rows[] = {
	{"directory", PATH, AT(directory), SYSTEM_LEDGER_DIR, 0, 0},
	{"keys", PATH, AT(keys), "/etc/ranby", 0, 0},
	{"user", WORD, AT(user), "ranby-trail", 0, 0},
	{"group", WORD, AT(group), "ranby-audit", 0, 0},
	{"audit-log", PATH, AT(log), "/var/log/audit/audit.log", 0, 0},
	{"exports", WORD, AT(exports), "none", 0, 0},
	{"queue", NUMBER, AT(queue), "20000", 16, 1000000},
	{"heads-seconds", NUMBER, AT(heads_seconds), "60", 1, 86400},
	{"heads-entries", NUMBER, AT(heads_entries), "1000", 1, 1000000},
	{"index", YES_NO, AT(index), "yes", 0, 0},
};

static void *field(struct trail_config *c, const struct row *row)
{
	return (char *)c + row->offset;
}

static bool is_text(const struct row *row)
{
	return row->type == WORD || row->type == PATH;
}

void trail_config_done(struct trail_config *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (is_text(&rows[i]))
			mem_freep(field(c, &rows[i]));
	*c = (struct trail_config){0};
}

static int set(struct trail_config *c, const struct row *row, const char *value)
{
	bool *flag = field(c, row);
	char *copy, **place = field(c, row);

	if (row->type == NUMBER)
		return parse_u32(value, row->min, row->max, field(c, row));
	if (row->type == YES_NO) {
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return -EINVAL;
		*flag = strcmp(value, "yes") == 0;
		return 0;
	}
	if (value[0] == '\0' || (row->type == PATH && value[0] != '/' && strcmp(value, "none") != 0))
		return -EINVAL;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

static char *trim(char *s)
{
	char *end = s + strlen(s);

	while (isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static int parse_line(char *line, struct trail_config *c, struct err *e)
{
	char *equals, *key;

	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (line[0] == '\0')
		return 0;
	equals = strchr(line, '=');
	if (!equals)
		return err_set(e, EINVAL, "\"key = value\" was expected");
	*equals = '\0';
	key = trim(line);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r;

		if (strcmp(rows[i].key, key) != 0)
			continue;
		r = set(c, &rows[i], trim(equals + 1));
		return r < 0 ? err_set(e, -r, "%s: a value that it cannot have", rows[i].key) : 0;
	}
	return err_set(e, EINVAL, "there is no such key");
}

int trail_config_parse(const char *text, const char *what, struct trail_config *ret, struct err *e)
{
	_cleanup_(trail_config_done) struct trail_config c = {.queue = 0};
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;
	unsigned number = 0;
	int r = copy ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		r = set(&c, &rows[i], rows[i].preset);
	while (r == 0 && (line = strsep(&rest, "\n")) != NULL) {
		number++;
		r = parse_line(line, &c, e);
	}
	if (r < 0)
		return err_wrap(e, r, "%s, line %u", what, number);
	*ret = c;
	c = (struct trail_config){0};
	return 0;
}

int trail_config_read(const char *path, struct trail_config *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_all(fd, TRAIL_CONFIG_MAX, &text);

	if (r < 0 && r != -ENOENT)
		return err_errno(e, -r, "cannot read %s", path);
	return trail_config_parse(buf_str(&text), path, ret, e);
}
