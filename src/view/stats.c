/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * podman asks the cgroup alone, and shows zeros where a controller is not
 * there for it (as on a host with version 1). A container of ours without
 * limits has no cgroup of its own at all; but its processes are known, so they
 * are asked: processor time of the living and of those that were waited for,
 * their proportional share of memory (each shared page counts once), threads,
 * bytes to and from disks. What a process that nobody waited for has used is
 * lost then, and so is the page cache.
 *
 * Each value is taken from the best place for it, not all from one.
 */
#include "view/stats.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/size.h"
#include "engine/place.h"
#include "view/top_cells.h"
#include "sys/cgroup.h"
#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND 1000000000ULL
#define TEXT_MAX (1U << 20)

/* ---- texts of the kernel ---- */

/* The number behind a word at the begin of a line ("usage_usec 12", "MemTotal:  12 kB"). */
static bool number_after(const char *text, const char *word, uint64_t *ret)
{
	size_t len = strlen(word);

	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char digits[24];
		const char *at;
		size_t n;

		if (strncmp(line, word, len) != 0)
			continue;
		at = line + len + strspn(line + len, ": \t");
		n = strspn(at, "0123456789");
		if (at == line + len || n == 0 || n >= sizeof(digits))
			continue;
		memcpy(digits, at, n);
		digits[n] = '\0';
		return parse_u64(digits, 0, UINT64_MAX, ret) == 0;
	}
	return false;
}

/* The sum over all devices of "rbytes=12". */
static uint64_t sum_of(const char *text, const char *key)
{
	size_t len = strlen(key);
	uint64_t sum = 0;

	for (const char *at = strstr(text, key); at; at = strstr(at + len, key)) {
		uint64_t n = 0;

		for (const char *c = at + len; *c >= '0' && *c <= '9'; c++)
			n = n * 10 + (uint64_t)(*c - '0');
		sum += n;
	}
	return sum;
}

/* /proc/PID/net/dev: "  eth0: BYTES and seven more, BYTES sent ...". */
static void add_interfaces(const char *text, struct stats *s)
{
	for (const char *line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
		unsigned long long in, out;
		char name[32];

		if (sscanf(line + 1, " %31[^:]: %llu %*u %*u %*u %*u %*u %*u %*u %llu", name, &in, &out) == 3 && strcmp(name, "lo") != 0) {
			s->net_input += in;
			s->net_output += out;
		}
	}
}

/* ---- its processes ---- */

static void add_process(const struct procfs *fs, const struct top_process *p, uint64_t ticks, struct stats *s)
{
	_cleanup_(buf_done) struct buf memory = BUF_INIT, io = BUF_INIT;
	_cleanup_(proc_close) struct proc proc = PROC_INIT;
	uint64_t kib = p->status.vm_rss_kib, n;

	s->cpu_ns += (p->stat.utime + p->stat.stime + p->stat.cutime + p->stat.cstime) * (SECOND / ticks);
	s->pids += p->stat.threads;
	if (proc_open_identity(fs, p->pid, p->stat.start_ticks, &proc) == 0) {
		if (proc_read(&proc, "smaps_rollup", TEXT_MAX, &memory) == 0)
			(void)number_after(buf_str(&memory), "Pss", &kib);
		if (proc_read(&proc, "io", TEXT_MAX, &io) == 0) {
			s->block_input += number_after(buf_str(&io), "read_bytes", &n) ? n : 0;
			s->block_output += number_after(buf_str(&io), "write_bytes", &n) ? n : 0;
		}
	}
	s->memory += kib * 1024;
}

static void read_network(const struct procfs *fs, const struct container *c, struct stats *s)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(proc_close) struct proc init = PROC_INIT, own = PROC_INIT;
	uint64_t theirs, ours;

	/* in the host's network the counters are the host's */
	if (proc_open_identity(fs, c->pid, c->start_ticks, &init) == 0 && proc_open(fs, getpid(), &own) == 0 &&
	    proc_ns_inode(&init, "net", &theirs) == 0 && proc_ns_inode(&own, "net", &ours) == 0 && theirs != ours &&
	    proc_read(&init, "net/dev", TEXT_MAX, &text) == 0)
		add_interfaces(buf_str(&text), s);
}

/* ---- its cgroup ---- */

/* A file with one number; false for "max", or when it is not there. */
static bool group_number(int group, const char *file, uint64_t *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return cgroup_read(group, file, &b) == 0 && parse_u64(buf_str(&b), 0, UINT64_MAX, ret) == 0;
}

static void read_group(const struct engine *eng, const struct container *c, uint64_t host_memory, struct stats *s)
{
	_cleanup_(buf_done) struct buf cpu = BUF_INIT, io = BUF_INIT;
	_cleanup_close_ int group = -EBADF;
	uint64_t n;

	if (place_group(eng, c, &group) < 0)
		return;
	/* this one file is there without a controller */
	if (cgroup_read(group, "cpu.stat", &cpu) == 0 && number_after(buf_str(&cpu), "usage_usec", &n))
		s->cpu_ns = n * 1000;
	if (group_number(group, "pids.current", &n))
		s->pids = n;
	if (group_number(group, "memory.current", &n)) {
		s->memory = n;
		s->from_processes = false;
	}
	if (group_number(group, "memory.max", &n) && n < host_memory)
		s->memory_limit = n;
	if (cgroup_read(group, "io.stat", &io) == 0) {
		s->block_input = sum_of(buf_str(&io), "rbytes=");
		s->block_output = sum_of(buf_str(&io), "wbytes=");
	}
}

/* ---- all ---- */

static uint64_t host_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int scan(const struct procfs *fs, struct top_target *targets, const size_t *of, size_t n, struct stats *ret, struct err *e)
{
	struct top_request q = {.fs = fs, .targets = targets, .n_targets = n};
	_cleanup_(top_scene_done) struct top_scene scene = {.q = &q};
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	int r;

	q.names = names_new();
	r = q.names ? top_members_scan(&scene, 0, e) : err_errno(e, ENOMEM, "stats");
	for (size_t i = 0; r == 0 && i < n; i++)
		ret[of[i]].running = scene.sides[i].alive;
	for (size_t i = 0; r == 0 && i < scene.n; i++)
		add_process(fs, &scene.items[i], ticks, &ret[of[scene.items[i].target]]);
	names_freep(&q.names);
	return r;
}

int stats_collect(const struct engine *eng, struct container *const *containers, size_t n, struct stats *ret, struct err *e)
{
	_cleanup_free_ struct top_target *targets = mem_array(n, sizeof(*targets));
	_cleanup_free_ size_t *of = mem_array(n, sizeof(*of));
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK), now = 0;
	size_t running = 0;
	int r = targets && of ? procfs_open(&fs) : -ENOMEM;

	if (r == 0)
		r = procfs_uptime_ns(&fs, &now);
	if (r < 0)
		return err_errno(e, -r, "stats");
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct stats){.at_ns = now};
		if (containers[i]->pid <= 0)
			continue;
		of[running] = i;
		targets[running++] = top_target_of(containers[i]);
	}
	r = running ? scan(&fs, targets, of, running, ret, e) : 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!ret[i].running) {
			ret[i] = (struct stats){.at_ns = now};
			continue;
		}
		ret[i].from_processes = true;
		ret[i].since_ns = containers[i]->start_ticks * (SECOND / ticks);
		ret[i].memory_limit = host_memory();
		read_group(eng, containers[i], ret[i].memory_limit, &ret[i]);
		read_network(&fs, containers[i], &ret[i]);
	}
	return r;
}

/* ---- shown ---- */

double stats_cpu_percent(const struct stats *before, const struct stats *now)
{
	bool same = before && before->running && before->since_ns == now->since_ns && before->cpu_ns <= now->cpu_ns && before->at_ns < now->at_ns;
	uint64_t from = same ? before->at_ns : now->since_ns, used = now->cpu_ns - (same ? before->cpu_ns : 0);

	return now->running && now->at_ns > from ? 100.0 * (double)used / (double)(now->at_ns - from) : 0;
}

struct texts {
	char id[CONTAINER_ID_LEN + 1];
	char cpu[32], average[32], memory[2 * SIZE_TEXT_SIZE + 4], memory_bytes[64], memory_percent[32];
	char net[2 * SIZE_TEXT_SIZE + 4], block[2 * SIZE_TEXT_SIZE + 4], pids[24], time[CLOCK_TEXT_SIZE];
};

static double memory_percent(const struct stats *s)
{
	return s->memory_limit ? 100.0 * (double)s->memory / (double)s->memory_limit : 0;
}

static void pair(uint64_t a, uint64_t b, char out[static 2 * SIZE_TEXT_SIZE + 4])
{
	char x[SIZE_TEXT_SIZE], y[SIZE_TEXT_SIZE];

	snprintf(out, 2 * SIZE_TEXT_SIZE + 4, "%s / %s", size_text(a, 4, "", x), size_text(b, 4, "", y));
}

static void make_texts(const struct container *c, const struct stats *before, const struct stats *s, bool no_trunc, struct texts *t)
{
	snprintf(t->id, sizeof(t->id), "%.*s", no_trunc ? CONTAINER_ID_LEN : CONTAINER_ID_SHORT, c->id);
	snprintf(t->cpu, sizeof(t->cpu), "%.2f%%", stats_cpu_percent(before, s));
	snprintf(t->average, sizeof(t->average), "%.2f%%", stats_cpu_percent(NULL, s));
	pair(s->memory, s->memory_limit, t->memory);
	snprintf(t->memory_bytes, sizeof(t->memory_bytes), "%llu / %llu", (unsigned long long)s->memory, (unsigned long long)s->memory_limit);
	snprintf(t->memory_percent, sizeof(t->memory_percent), "%.2f%%", memory_percent(s));
	pair(s->net_input, s->net_output, t->net);
	pair(s->block_input, s->block_output, t->block);
	snprintf(t->pids, sizeof(t->pids), "%llu", (unsigned long long)s->pids);
	clock_duration((int64_t)s->cpu_ns, t->time);
}

struct pair_of_texts {
	const char *key, *text;
};

static int add_texts(struct json_object *o, const struct pair_of_texts *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_add_str(o, rows[i].key, rows[i].text) < 0)
			return -ENOMEM;
	return 0;
}

int stats_row(const struct container *c, const struct stats *before, const struct stats *now, bool no_trunc, struct json_object **ret)
{
	struct texts t;
	const struct pair_of_texts rows[] = {
		{"ID", t.id}, {"ContainerID", c->id}, {"Name", c->name}, {"CPUPerc", t.cpu}, {"AvgCPU", t.average}, {"MemUsage", t.memory},
		{"MemUsageBytes", t.memory_bytes}, {"MemPerc", t.memory_percent}, {"NetIO", t.net}, {"BlockIO", t.block}, {"PIDS", t.pids},
		{"UpTime", t.time}, {"Source", now->from_processes ? "processes" : "cgroup"},
	};
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"CPUNano", now->cpu_ns}, {"SystemNano", now->at_ns}, {"MemLimit", now->memory_limit}, {"NetInput", now->net_input},
		{"NetOutput", now->net_output}, {"BlockInput", now->block_input}, {"BlockOutput", now->block_output}, {"PIDs", now->pids},
	};
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	make_texts(c, before, now, no_trunc, &t);
	if (r == 0)
		r = add_texts(o, rows, ARRAY_SIZE(rows));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
		r = json_add_u64(o, numbers[i].key, numbers[i].value);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

int stats_json(const struct container *c, const struct stats *before, const struct stats *now, bool no_trunc, struct json_object **ret)
{
	struct texts t;
	const struct pair_of_texts rows[] = {
		{"id", t.id}, {"name", c->name}, {"cpu_time", t.time}, {"cpu_percent", t.cpu}, {"avg_cpu", t.average}, {"mem_usage", t.memory},
		{"mem_percent", t.memory_percent}, {"net_io", t.net}, {"block_io", t.block}, {"pids", t.pids},
		{"source", now->from_processes ? "processes" : "cgroup"},
	};
	_cleanup_json_ struct json_object *o = json_object_new_object();

	make_texts(c, before, now, no_trunc, &t);
	if (!o || add_texts(o, rows, ARRAY_SIZE(rows)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}
