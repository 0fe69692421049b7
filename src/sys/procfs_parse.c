/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The texts of /proc/PID, made values. The kernel writes them, but a process
 * chooses parts of them: its name may hold ')', blanks and newlines (which
 * stat prints as they are; a parser that stops at the first ')' can be told
 * any terminal, parent or user: CVE-2017-1000367), and status prints the
 * name in its first line, with newlines escaped. So stat is split at its
 * last ')', since nothing after it is text; and status is read line by line,
 * where each key counts only at the start of a line and only once.
 *
 * What is missing in an older kernel keeps the value that says so; what is
 * malformed is -EINVAL, never a guess.
 */
#include "sys/procfs.h"

#include <errno.h>
#include <string.h>

/* ---- words ---- */

/* Copies the next word, ended by a blank or `end`; -ENODATA when there is none. */
static int next_word(const char **s, const char *end, char out[static 24])
{
	const char *p = *s;
	size_t len = 0;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p + len < end && p[len] != ' ' && p[len] != '\t' && p[len] != '\n')
		len++;
	if (len == 0)
		return -ENODATA;
	if (len >= 24)
		return -EINVAL;
	memcpy(out, p, len);
	out[len] = '\0';
	*s = p + len;
	return 0;
}

/*
 * The next word as decimal digits, with a minus or without. A pass of its own, and not next_word() and parse_u64(): the 49
 * numbers of a thousand processes' stat are what `ps` reads most of.
 */
static int next_number(const char **s, const char *end, bool *negative, uint64_t *ret)
{
	const char *p = *s, *from;
	uint64_t v = 0;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p == '\n')
		return -ENODATA;
	*negative = *p == '-';
	p += *negative;
	for (from = p; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10U, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	if (p == from || (*from == '0' && p - from > 1) || (p < end && *p != ' ' && *p != '\t' && *p != '\n'))
		return -EINVAL;
	*s = p;
	*ret = v;
	return 0;
}

static int next_u64(const char **s, const char *end, uint64_t max, uint64_t *ret)
{
	bool negative;
	uint64_t v;
	int r = next_number(s, end, &negative, &v);

	if (r < 0 || negative || v > max)
		return r < 0 ? r : negative ? -EINVAL : -ERANGE;
	*ret = v;
	return 0;
}

static int next_u32(const char **s, const char *end, uint32_t *ret)
{
	uint64_t v;
	int r = next_u64(s, end, UINT32_MAX, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

/* Sixteen hexadecimal digits, as capability sets are printed. */
static int next_hex(const char **s, const char *end, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	char word[24];
	uint64_t v = 0;
	int r = next_word(s, end, word);

	if (r < 0)
		return r;
	if (strlen(word) > 16)
		return -EINVAL;
	for (const char *c = word; *c; c++) {
		const char *d = strchr(digits, *c);

		if (!d)
			return -EINVAL;
		v = v << 4 | (uint64_t)(d - digits);
	}
	*ret = v;
	return 0;
}

/* ---- stat ---- */

enum {
	STAT_PPID = 4, STAT_PGRP, STAT_SESSION, STAT_TTY,
	STAT_UTIME = 14, STAT_STIME, STAT_CUTIME, STAT_CSTIME,
	STAT_NICE = 19, STAT_THREADS,
	STAT_START = 22, STAT_VSIZE, STAT_RSS,
	STAT_EXIT_CODE = 52,
};

static void stat_field(struct proc_stat *st, int field, int64_t i, uint64_t u)
{
	switch (field) {
	case STAT_PPID: st->ppid = (pid_t)i; break;
	case STAT_PGRP: st->pgrp = (pid_t)i; break;
	case STAT_SESSION: st->session = (pid_t)i; break;
	case STAT_TTY: st->tty = (uint32_t)i; break;
	case STAT_UTIME: st->utime = u; break;
	case STAT_STIME: st->stime = u; break;
	case STAT_CUTIME: st->cutime = u; break;
	case STAT_CSTIME: st->cstime = u; break;
	case STAT_NICE: st->nice = i; break;
	case STAT_THREADS: st->threads = u; break;
	case STAT_START: st->start_ticks = u; break;
	case STAT_VSIZE: st->vsize = u; break;
	case STAT_RSS: st->rss_pages = u; break;
	case STAT_EXIT_CODE: st->exit_code = u; break;
	default: break;
	}
}

/* The numbers after the state, from field 4 on. The last that every kernel has and we need is STAT_RSS. */
static int stat_numbers(const char *s, const char *end, struct proc_stat *st)
{
	for (int field = STAT_PPID; field <= STAT_EXIT_CODE; field++) {
		bool negative;
		uint64_t u;
		int r = next_number(&s, end, &negative, &u);

		if (r == -ENODATA)
			return field > STAT_RSS ? 0 : -EINVAL;
		if (r < 0 || (negative && u > INT64_MAX))
			return -EINVAL;
		if (negative)
			stat_field(st, field, -(int64_t)u, 0);
		else
			stat_field(st, field, u > INT64_MAX ? INT64_MAX : (int64_t)u, u);
	}
	return 0;
}

int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret)
{
	const char *end = text + len, *s = text, *open, *close;
	struct proc_stat st = {0};
	uint64_t pid;
	int r;

	open = memchr(text, '(', len);
	close = memrchr(text, ')', len);
	if (!open || !close || close < open || end - close < 4)
		return -EINVAL;
	if (next_u64(&s, open, INT32_MAX, &pid) < 0)
		return -EINVAL;
	if ((size_t)(close - open) > sizeof(st.comm))
		return -EINVAL;
	st.pid = (pid_t)pid;
	memcpy(st.comm, open + 1, (size_t)(close - open - 1));
	if (close[1] != ' ' || close[3] != ' ')
		return -EINVAL;
	st.state = close[2];
	r = stat_numbers(close + 3, end, &st);
	if (r < 0)
		return r;
	*ret = st;
	return 0;
}

/* ---- status ---- */

static int line_ids(const char *s, const char *end, uint32_t ids[static 4])
{
	int r = 0;

	for (int i = 0; r == 0 && i < 4; i++)
		r = next_u32(&s, end, &ids[i]);
	return r;
}

static int line_pids(const char *s, const char *end, struct proc_pids *p)
{
	int r = 0;

	while (p->n < PROC_LEVELS_MAX) {
		r = next_u32(&s, end, &p->v[p->n]);
		if (r < 0)
			break;
		p->n++;
	}
	return r == -ENODATA && p->n > 0 ? 0 : r;
}

static int line_groups(const char *s, const char *end, struct proc_status *st)
{
	/* each takes at least two bytes, so that the line bounds the list */
	st->groups = mem_array((size_t)(end - s) / 2 + 1, sizeof(*st->groups));
	if (!st->groups)
		return -ENOMEM;
	for (;;) {
		int r = next_u32(&s, end, &st->groups[st->n_groups]);

		if (r < 0)
			return r == -ENODATA ? 0 : r;
		st->n_groups++;
	}
}

static int line_int(const char *s, const char *end, int64_t *ret)
{
	uint64_t v;
	int r = next_u64(&s, end, INT32_MAX, &v);

	if (r == 0)
		*ret = (int64_t)v;
	return r;
}

enum key {
	KEY_UID, KEY_GID, KEY_GROUPS, KEY_PPID, KEY_NSPID, KEY_NSTGID, KEY_NSPGID, KEY_NSSID,
	KEY_CAPINH, KEY_CAPPRM, KEY_CAPEFF, KEY_CAPBND, KEY_CAPAMB,
	KEY_NNP, KEY_SECCOMP, KEY_FILTERS, KEY_RSS, KEY_SIZE, KEYS,
};
static const char *const keys[KEYS] = {
	[KEY_UID] = "Uid", [KEY_GID] = "Gid", [KEY_GROUPS] = "Groups", [KEY_PPID] = "PPid",
	[KEY_NSPID] = "NSpid", [KEY_NSTGID] = "NStgid", [KEY_NSPGID] = "NSpgid", [KEY_NSSID] = "NSsid",
	[KEY_CAPINH] = "CapInh", [KEY_CAPPRM] = "CapPrm", [KEY_CAPEFF] = "CapEff",
	[KEY_CAPBND] = "CapBnd", [KEY_CAPAMB] = "CapAmb",
	[KEY_NNP] = "NoNewPrivs", [KEY_SECCOMP] = "Seccomp", [KEY_FILTERS] = "Seccomp_filters",
	[KEY_RSS] = "VmRSS", [KEY_SIZE] = "VmSize",
};
#define KEYS_NEEDED (1U << KEY_UID | 1U << KEY_GID | 1U << KEY_PPID | 1U << KEY_CAPEFF)

static int status_ids(enum key key, const char *s, const char *end, struct proc_status *st)
{
	switch (key) {
	case KEY_UID: return line_ids(s, end, st->uid);
	case KEY_GID: return line_ids(s, end, st->gid);
	case KEY_GROUPS: return line_groups(s, end, st);
	case KEY_PPID: return next_u32(&s, end, &st->ppid);
	case KEY_NSPID: return line_pids(s, end, &st->nspid);
	case KEY_NSTGID: return line_pids(s, end, &st->nstgid);
	case KEY_NSPGID: return line_pids(s, end, &st->nspgid);
	default: return line_pids(s, end, &st->nssid);
	}
}

static int status_rest(enum key key, const char *s, const char *end, struct proc_status *st)
{
	int64_t v = -1;
	int r;

	switch (key) {
	case KEY_CAPINH: return next_hex(&s, end, &st->cap_inh);
	case KEY_CAPPRM: return next_hex(&s, end, &st->cap_prm);
	case KEY_CAPEFF: return next_hex(&s, end, &st->cap_eff);
	case KEY_CAPBND: return next_hex(&s, end, &st->cap_bnd);
	case KEY_CAPAMB: return next_hex(&s, end, &st->cap_amb);
	case KEY_RSS: return next_u64(&s, end, UINT64_MAX, &st->vm_rss_kib);
	case KEY_SIZE: return next_u64(&s, end, UINT64_MAX, &st->vm_size_kib);
	default: break;
	}
	r = line_int(s, end, &v);
	if (key == KEY_NNP)
		st->no_new_privs = (int)v;
	else if (key == KEY_SECCOMP)
		st->seccomp = (int)v;
	else
		st->seccomp_filters = v;
	return r;
}

static int status_line(const char *s, const char *end, unsigned *seen, struct proc_status *st)
{
	const char *colon = memchr(s, ':', (size_t)(end - s));
	size_t len = colon ? (size_t)(colon - s) : 0;

	for (unsigned k = 0; colon && k < KEYS; k++) {
		int r;

		if (strlen(keys[k]) != len || memcmp(keys[k], s, len) != 0)
			continue;
		if (*seen & 1U << k)
			return -EINVAL;
		*seen |= 1U << k;
		r = k <= KEY_NSSID ? status_ids(k, colon + 1, end, st) : status_rest(k, colon + 1, end, st);
		return r == -ENOMEM ? r : r < 0 ? -EINVAL : 0;
	}
	return 0;
}

int proc_status_parse(const char *text, size_t len, struct proc_status *ret)
{
	struct proc_status st = {.no_new_privs = -1, .seccomp = -1, .seccomp_filters = -1};
	const char *end = text + len;
	unsigned seen = 0;
	int r = 0;

	while (r == 0 && text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));

		r = status_line(text, eol ? eol : end, &seen, &st);
		text = eol ? eol + 1 : end;
	}
	if (r == 0 && (seen & KEYS_NEEDED) != KEYS_NEEDED)
		r = -EINVAL;
	if (r < 0) {
		proc_status_done(&st);
		return r;
	}
	*ret = st;
	return 0;
}

const char *proc_seccomp_word(const struct proc_status *st)
{
	static const char *const words[] = {"disabled", "strict", "filter"};

	return st->seccomp >= 0 && st->seccomp < (int)ARRAY_SIZE(words) ? words[st->seccomp] : NULL;
}

void proc_status_done(struct proc_status *st)
{
	free(st->groups);
	st->groups = NULL;
	st->n_groups = 0;
}

/* ---- cgroup ---- */

/* True when the comma list of controllers ("cpu,cpuacct") holds `name`. */
static bool controllers_hold(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list, *end = list + len; p < end;) {
		size_t word = strcspn(p, ",:");

		if (word == n && memcmp(p, name, n) == 0)
			return true;
		p += word + 1;
	}
	return false;
}

int proc_cgroup_parse(const char *text, const char *v1, struct buf *out)
{
	const char *unified = NULL, *other = NULL, *pick;
	size_t unified_len = 0, other_len = 0, len;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");
		const char *a = memchr(line, ':', n);
		const char *b = a ? memchr(a + 1, ':', n - (size_t)(a + 1 - line)) : NULL;

		if (!b)
			return -EINVAL;
		len = n - (size_t)(b + 1 - line);
		if (b == a + 1 && !unified) {
			unified = b + 1;
			unified_len = len;
		} else if (v1 && !other && controllers_hold(a + 1, (size_t)(b - a - 1), v1)) {
			other = b + 1;
			other_len = len;
		}
	}
	pick = unified && (unified_len > 1 || !other) ? unified : other;
	len = pick == unified ? unified_len : other_len;
	if (!pick)
		return -ENODATA;
	buf_add(out, pick, len);
	return -buf_bad(out);
}
