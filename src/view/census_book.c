/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What the system ledger knows of the processes that were seen. The uuid of a
 * start record is made of boot, pid and start time (audit/uuid.h), and so can
 * be made of a row too: the record of that very process has it, and no other.
 * So nothing is parsed but the one line that holds it. The newest segments
 * come first, and no more than SEGMENTS_MAX of a login are looked through:
 * who has run for longer than that is shown as seen in /proc.
 *
 * The record must be one whose writer read the process itself: the witness
 * (trust=live), or root (trust=root, by the kernel's stamp). A ledger that others than root may write is not asked.
 *
 * A process of a container that has CAP_AUDIT_WRITE could have sent it too, but not as another login: that is the kernel's stamp,
 * by which the ledger is divided. So the record of a process speaks for it when both are of one login, and the recorder believed
 * who sent it (system_ledger_doubt()). Else, and without a login, where nothing tells a service that makes containers from what
 * is in them, it is a claim; and one that is believed goes before it.
 */
#include "view/census.h"

#include "audit/ledger.h"
#include "audit/system_ledger.h"
#include "audit/uuid.h"
#include "base/json.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SEGMENTS_MAX 64
#define SEGMENT_BYTES ((size_t)64 << 20)

static bool is_roots(int fd, uid_t root)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == root && (st.st_mode & 022) == 0;
}

static char *word_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && v ? strdup(json_object_get_string(v)) : NULL;
}

static bool says(struct json_object *o, const char *key, const char *value)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && v && strcmp(json_object_get_string(v), value) == 0;
}

static bool is_seen_alive(struct json_object *o)
{
	return says(o, "trust", "live") || (says(o, "trust", "root") && says(o, "uid", "0"));
}

static void put(char **at, char *word)
{
	free(*at);
	*at = word;
}

/* One line: is it the start record of this uuid? Then the row is what it says. True: nothing better can be found. */
static bool take_line(struct census_row *row, const char *uuid, const char *line, size_t len)
{
	_cleanup_json_ struct json_object *o = NULL;
	bool believed;

	if (json_parse(line, len, "ledger", &o, NULL) < 0 || !json_object_is_type(o, json_type_object))
		return false;
	if (!says(o, "op", "start") || !says(o, "virt", "ranby") || !is_seen_alive(o) || !says(o, "res", "success") || !says(o, "uuid", uuid))
		return false;
	believed = !*system_ledger_doubt(o);
	if (!believed && row->source == CENSUS_CLAIMED)
		return false;
	put(&row->name, word_of(o, "vm"));
	put(&row->ctr, word_of(o, "ctr"));
	put(&row->image, word_of(o, "claimed-image"));
	put(&row->receipt, word_of(o, "receipt"));
	put(&row->uuid, strdup(uuid));
	row->source = believed && row->auid != PROC_ID_UNSET ? CENSUS_LEDGER : CENSUS_CLAIMED;
	return believed;
}

static bool find_in(struct census_row *row, const char *uuid, const struct buf *text)
{
	const char *end = text->data + text->len;

	for (const char *at = text->data; at && at < end;) {
		const char *line, *line_end;

		at = memmem(at, (size_t)(end - at), uuid, AUDIT_UUID_SIZE - 1);
		if (!at)
			return false;
		line = memrchr(text->data, '\n', (size_t)(at - text->data));
		line = line ? line + 1 : text->data;
		line_end = memchr(at, '\n', (size_t)(end - at));
		if (!line_end)
			return false; /* it is being written */
		if (take_line(row, uuid, line, (size_t)(line_end - line)))
			return true;
		at = line_end + 1;
	}
	return false;
}

/* Of the rows of one login, those that are not found yet, in one segment. How many are left. */
static size_t look_in(struct census *c, uint32_t auid, uint64_t boot, const struct buf *text)
{
	size_t left = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct census_row *row = &c->rows[i];
		struct audit_run run = {.boot = boot, .pid = (uint32_t)row->pid, .start_ticks = row->start_ticks};
		char uuid[AUDIT_UUID_SIZE];

		/* without a login none is better than another */
		if (row->auid != auid || row->source == CENSUS_LEDGER || (row->source == CENSUS_CLAIMED && auid == PROC_ID_UNSET))
			continue;
		audit_uuid_text(&run, uuid);
		left += !find_in(row, uuid, text);
	}
	return left;
}

static void join_login(struct census *c, int dirfd, uint32_t auid, uint64_t boot, uid_t root)
{
	_cleanup_free_ uint64_t *segments = NULL;
	_cleanup_close_ int shard = -EBADF;
	char name[LEDGER_SEGMENT_NAME_SIZE + 16];
	size_t n = 0, left = 1;

	if (auid == PROC_ID_UNSET)
		snprintf(name, sizeof(name), SYSTEM_LEDGER_AUID "unset");
	else
		snprintf(name, sizeof(name), SYSTEM_LEDGER_AUID "%u", auid);
	shard = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (shard < 0 || !is_roots(shard, root) || ledger_segments(shard, &segments, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n && i < SEGMENTS_MAX && left; i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT_MAX(SEGMENT_BYTES);
		_cleanup_close_ int fd = -EBADF;

		ledger_segment_name(segments[n - 1 - i], name);
		fd = openat(shard, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || !is_roots(fd, root) || fd_read_all(fd, SEGMENT_BYTES, &text) < 0)
			continue;
		left = text.len ? look_in(c, auid, boot, &text) : left;
	}
}

int census_join(struct census *c, const char *path, const char *boot_id, uid_t root)
{
	_cleanup_close_ int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t boot;

	if (dirfd < 0)
		return -errno;
	if (!is_roots(dirfd, root))
		return -EPERM;
	if (audit_boot_bits(boot_id, &boot) < 0)
		return -EINVAL;
	/* rows are in the order of their logins, but for what was added */
	for (size_t i = 0; i < c->n; i++)
		if (i == 0 || c->rows[i].auid != c->rows[i - 1].auid)
			join_login(c, dirfd, c->rows[i].auid, boot, root);
	return 0;
}
