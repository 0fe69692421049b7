/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The form is that of version 1, which is what readers of it know; so names
 * here are runc's, and a limit that is "max" is the largest number, as it was.
 * A file that is not there belongs to a controller that is not enabled: its
 * part is left out, for a zero would be a claim.
 */
#include "runtime/stats.h"

#include "base/buf.h"
#include "base/parse.h"
#include "sys/cgroup.h"

#include <errno.h>
#include <string.h>

#define NS_PER_US 1000U

int stats_value(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char number[24];
		size_t n;

		if (strncmp(p, key, len) != 0 || p[len] != ' ')
			continue;
		n = strcspn(p + len + 1, "\n");
		if (n >= sizeof(number))
			return -EINVAL;
		memcpy(number, p + len + 1, n);
		number[n] = '\0';
		return parse_u64(number, 0, UINT64_MAX, ret);
	}
	return -ENOENT;
}

static int read_text(int fd, const char *file, struct buf *b)
{
	return cgroup_read(fd, file, b);
}

/* A file of one number; "max" is the largest. */
static int read_number(int fd, const char *file, uint64_t *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = read_text(fd, file, &b);

	if (r == 0 && strcmp(buf_str(&b), "max") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	return r == 0 ? parse_u64(buf_str(&b), 0, UINT64_MAX, ret) : r;
}

/* Adds `from`'s value as `key`, times `factor`; one that is not there is left out. */
static int add_value(struct json_object *o, const char *key, const char *text, const char *from, uint64_t factor)
{
	uint64_t v;

	return stats_value(text, from, &v) < 0 ? 0 : json_add_u64(o, key, v * factor);
}

static int add_cpu(int fd, struct json_object *data)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *cpu = json_object_new_object(), *usage = json_object_new_object(), *bound = json_object_new_object();
	int r = json_add(data, "cpu", cpu);

	if (r == 0)
		r = json_add(cpu, "usage", usage);
	if (r == 0)
		r = json_add(cpu, "throttling", bound);
	if (r < 0 || read_text(fd, "cpu.stat", &b) < 0)
		return r;
	r = add_value(usage, "total", buf_str(&b), "usage_usec", NS_PER_US);
	if (r == 0)
		r = add_value(usage, "kernel", buf_str(&b), "system_usec", NS_PER_US);
	if (r == 0)
		r = add_value(usage, "user", buf_str(&b), "user_usec", NS_PER_US);
	if (r == 0)
		r = add_value(bound, "periods", buf_str(&b), "nr_periods", 1);
	if (r == 0)
		r = add_value(bound, "throttledPeriods", buf_str(&b), "nr_throttled", 1);
	return r == 0 ? add_value(bound, "throttledTime", buf_str(&b), "throttled_usec", NS_PER_US) : r;
}

/* {"usage", "max", "limit"} of two or three files. */
static int add_use(int fd, struct json_object *in, const char *key, const char *now, const char *peak, const char *limit)
{
	struct json_object *o = json_object_new_object();
	uint64_t v;
	int r = json_add(in, key, o);

	if (r == 0 && read_number(fd, now, &v) == 0)
		r = json_add_u64(o, "usage", v);
	if (r == 0 && peak && read_number(fd, peak, &v) == 0)
		r = json_add_u64(o, "max", v);
	if (r == 0 && read_number(fd, limit, &v) == 0)
		r = json_add_u64(o, "limit", v);
	return r;
}

/* memory.stat as it is, every key of it. */
static int add_raw(const char *text, struct json_object *memory)
{
	struct json_object *raw = json_object_new_object();
	int r = json_add(memory, "raw", raw);

	for (const char *p = text; r == 0 && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t n = strcspn(p, " \n");
		char key[64];

		if (n == 0 || n >= sizeof(key) || p[n] != ' ')
			continue;
		memcpy(key, p, n);
		key[n] = '\0';
		r = add_value(raw, key, p, key, 1);
	}
	return r;
}

static int add_memory(int fd, struct json_object *data)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *memory;
	int r;

	if (read_text(fd, "memory.stat", &b) < 0)
		return 0;
	memory = json_object_new_object();
	r = json_add(data, "memory", memory);
	if (r == 0)
		r = add_use(fd, memory, "usage", "memory.current", "memory.peak", "memory.max");
	if (r == 0)
		r = add_use(fd, memory, "swap", "memory.swap.current", NULL, "memory.swap.max");
	if (r == 0)
		r = add_value(memory, "cache", buf_str(&b), "file", 1);
	return r == 0 ? add_raw(buf_str(&b), memory) : r;
}

static int add_pids(int fd, struct json_object *data)
{
	struct json_object *pids;
	uint64_t now, limit;
	int r;

	if (read_number(fd, "pids.current", &now) < 0)
		return 0;
	pids = json_object_new_object();
	r = json_add(data, "pids", pids);
	if (r == 0)
		r = json_add_u64(pids, "current", now);
	return r == 0 && read_number(fd, "pids.max", &limit) == 0 ? json_add_u64(pids, "limit", limit) : r;
}

static int add_io(struct json_object *list, uint32_t major, uint32_t minor, const char *op, uint64_t value)
{
	struct json_object *o = json_object_new_object();
	int r = json_append(list, o);

	if (r == 0)
		r = json_add_int(o, "major", major);
	if (r == 0)
		r = json_add_int(o, "minor", minor);
	if (r == 0)
		r = json_add_str(o, "op", op);
	return r == 0 ? json_add_u64(o, "value", value) : r;
}

/* One line, without its newline. */
static int io_line(char *line, struct json_object *bytes, struct json_object *ops)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} keys[] = {{"rbytes", "Read", true}, {"wbytes", "Write", true}, {"rios", "Read", false}, {"wios", "Write", false}};
	char *rest = strchr(line, ' '), *colon = strchr(line, ':');
	uint32_t major, minor;

	if (!rest || !colon || colon > rest)
		return 0;
	*rest++ = *colon++ = '\0';
	if (parse_u32(line, 0, UINT32_MAX, &major) < 0 || parse_u32(colon, 0, UINT32_MAX, &minor) < 0)
		return 0;
	while (rest) {
		char *word = strsep(&rest, " "), *eq = strchr(word, '=');
		uint64_t v;

		if (!eq || parse_u64(eq + 1, 0, UINT64_MAX, &v) < 0)
			continue;
		*eq = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(word, keys[i].key) == 0 && add_io(keys[i].bytes ? bytes : ops, major, minor, keys[i].op, v) < 0)
				return -ENOMEM;
	}
	return 0;
}

int stats_io(const char *text, struct json_object *ret_bytes, struct json_object *ret_ops)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && rest)
		r = io_line(strsep(&rest, "\n"), ret_bytes, ret_ops);
	return r;
}

static int add_blocks(int fd, struct json_object *data)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *blocks, *bytes, *ops;
	int r;

	if (read_text(fd, "io.stat", &b) < 0)
		return 0;
	blocks = json_object_new_object();
	bytes = json_object_new_array();
	ops = json_object_new_array();
	r = json_add(data, "blkio", blocks);
	if (r == 0)
		r = json_add(blocks, "ioServiceBytesRecursive", bytes);
	if (r == 0)
		r = json_add(blocks, "ioServicedRecursive", ops);
	return r == 0 ? stats_io(buf_str(&b), bytes, ops) : r;
}

int stats_read(int cgroup_fd, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *data = json_object_new_object();
	int r = data ? add_cpu(cgroup_fd, data) : -ENOMEM;

	if (r == 0)
		r = add_memory(cgroup_fd, data);
	if (r == 0)
		r = add_pids(cgroup_fd, data);
	if (r == 0)
		r = add_blocks(cgroup_fd, data);
	if (r < 0)
		return err_errno(e, -r, "figures of the cgroup");
	*ret = data;
	data = NULL;
	return 0;
}
