/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * podman hands what is no descriptor to a ps inside the container, docker to
 * the host's ps. Inside means the image's own program (CVE-2022-1227), or a
 * host program that has entered the container; so it is the host's here, on
 * the host's /proc, and its PIDs and users are the host's, as with docker.
 * To imitate podman's we would have to draw ps's hundred columns ourselves,
 * and get some of them wrong.
 *
 * ps is told the processes (-p) unless the arguments select some themselves
 * (-e, `aux`, -C sleep), and its lines are filtered in any case. With a format of the caller's own (-o) a PID column of
 * fixed width is put in front and cut off again; otherwise the PID column is
 * found by its header, as docker does. A line that has no number there is an
 * error: a row more or less in silence is what this program exists against.
 *
 * Afterwards each process is asked for again by its start time: if it is
 * there, its number was its own while ps ran.
 */
#include "view/top_ps.h"

#include "base/escape.h"
#include "base/parse.h"
#include "base/strv.h"
#include "sys/fd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PID_WIDTH 10        /* "-o pid:10=", then a blank */
#define PIDS_PER_ARG 8192   /* an argument may have 128 KiB */

bool top_ps_wanted(const char *arg)
{
	if (*arg == '-')
		return true;
	/* clusters as people type them hold a and x: no descriptor does, nor comes near */
	return strchr(arg, 'a') && strchr(arg, 'x') && arg[strspn(arg, "aAcefghjlLmorsSTuvwxXZ")] == '\0';
}

/* ---- the processes ---- */

struct picked {
	pid_t pid;
	uint64_t start_ticks;
	bool there;
};
struct pick {
	struct picked *items; /* by pid */
	size_t n;
};

static void pick_done(struct pick *p)
{
	free(p->items);
	p->items = NULL;
	p->n = 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct picked *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int pick_members(struct top_request *q, struct pick *ret, struct err *e)
{
	static const struct top_columns none = {.n = 0};
	_cleanup_(top_table_done) struct top_table t = {0};
	struct top_request bare = *q;
	int r;

	bare.columns = &none;
	r = top_collect(&bare, &t, e);
	if (r < 0)
		return r;
	ret->items = mem_array(t.n, sizeof(*ret->items));
	if (!ret->items)
		return err_errno(e, ENOMEM, "top");
	for (; ret->n < t.n; ret->n++)
		ret->items[ret->n] = (struct picked){.pid = t.rows[ret->n].hpid, .start_ticks = t.rows[ret->n].start_ticks};
	qsort(ret->items, ret->n, sizeof(*ret->items), by_pid);
	return 0;
}

static void pick_recheck(const struct procfs *fs, struct pick *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct proc proc = PROC_INIT;

		p->items[i].there = proc_open_identity(fs, p->items[i].pid, p->items[i].start_ticks, &proc) == 0;
		proc_close(&proc);
	}
}

static bool pick_has(const struct pick *p, uint32_t pid)
{
	struct picked key = {.pid = (pid_t)pid};
	const struct picked *found = p->n ? bsearch(&key, p->items, p->n, sizeof(key), by_pid) : NULL;

	return found && found->there;
}

/* ---- ps ---- */

/* What the caller's arguments do. */
struct meaning {
	bool format;  /* -o, -eo, axo, --format */
	bool selects; /* -e, -C, aux, ...: then -p of ours would only add to it */
};

/* A cluster ("-eo", "axo"): its last option may take the rest, or the next argument, as its value; true when it is the next. */
static bool read_cluster(const char *cluster, bool bsd, struct meaning *m)
{
	const char *valued = bsd ? "GOUkNopqtu" : "CGOUgkNnopqstu";
	const char *selecting = bsd ? "Tagrxpqt" : "AaCdeGgNpqstuU";
	size_t n = strcspn(cluster, valued);

	for (size_t i = 0; i <= n && cluster[i]; i++)
		m->selects = m->selects || strchr(selecting, cluster[i]);
	m->format = m->format || cluster[n] == 'o';
	return cluster[n] && !cluster[n + 1];
}

static struct meaning read_meaning(char *const *args, size_t n_args)
{
	static const char *const long_selecting[] = {"--Group", "--User", "--group", "--user", "--pid", "--ppid",
						     "--quick-pid", "--sid", "--tty", "--deselect"};
	struct meaning m = {0};

	for (size_t i = 0; i < n_args; i++) {
		const char *a = args[i];

		if (strncmp(a, "--", 2) != 0) {
			i += read_cluster(a + (*a == '-'), *a != '-', &m);
			continue;
		}
		m.format = m.format || strncmp(a, "--format", 8) == 0;
		for (size_t j = 0; j < ARRAY_SIZE(long_selecting); j++)
			m.selects = m.selects || strncmp(a, long_selecting[j], strlen(long_selecting[j])) == 0;
	}
	return m;
}

static int build_argv(const struct pick *p, char *const *args, size_t n_args, struct meaning m, struct strv *v)
{
	_cleanup_(buf_done) struct buf list = BUF_INIT;
	int r = strv_add(v, "ps");

	if (r == 0 && m.format)
		r = strv_addf(v, "-o");
	if (r == 0 && m.format)
		r = strv_addf(v, "pid:%d=", PID_WIDTH);
	for (size_t i = 0; i < n_args && r == 0; i++)
		r = strv_add(v, args[i]);
	for (size_t i = 0; !m.selects && i < p->n && r == 0; i++) {
		buf_addf(&list, "%s%d", list.len ? "," : "", (int)p->items[i].pid);
		if ((i + 1) % PIDS_PER_ARG != 0 && i + 1 != p->n)
			continue;
		r = buf_bad(&list) ? -buf_bad(&list) : strv_add(v, "-p");
		if (r == 0)
			r = strv_add(v, buf_str(&list));
		buf_reset(&list);
	}
	return r;
}

static int read_memfd(int fd, struct buf *b)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return fd_read_all(fd, TOP_PS_OUTPUT_MAX, b);
}

/* The first line that ps complained with. */
static int ps_failed(int errors_fd, int status, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (read_memfd(errors_fd, &b) == 0 && b.len)
		return err_set(e, EINVAL, "ps: %.*s", (int)strcspn(buf_str(&b), "\n"), buf_str(&b));
	return err_set(e, EINVAL, "ps ended with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

static int run_ps(const struct strv *argv, unsigned width, struct buf *out, struct err *e)
{
	_cleanup_close_ int exe = -EBADF, output = -EBADF, errors = -EBADF;
	struct spawn s = SPAWN_INIT;
	char columns[32];
	char *env[] = {columns, (char *)(uintptr_t)"LC_ALL=C.UTF-8", (char *)(uintptr_t)"PATH=/usr/bin:/bin", NULL};
	pid_t pid;
	int status, r;

	r = self_open_helper("ps", &exe, NULL, e);
	if (r < 0) {
		err_hint(e, "it is in the package procps; descriptors (`ranby top NAME pid,huser,args`) do not need it");
		return r;
	}
	output = memfd_create("ps-output", MFD_CLOEXEC);
	errors = memfd_create("ps-errors", MFD_CLOEXEC);
	if (output < 0 || errors < 0)
		return err_errno(e, errno, "memfd");
	snprintf(columns, sizeof(columns), "COLUMNS=%u", width ? width + PID_WIDTH + 1 : 131072U);
	s.exe_fd = exe;
	s.argv = argv->items;
	s.envp = env;
	s.stdio[0] = -EBADF;
	s.stdio[1] = output;
	s.stdio[2] = errors;
	r = spawn_start(&s, &pid, NULL, e);
	if (r < 0)
		return r;
	r = spawn_wait(pid, &status);
	if (r == 0)
		r = read_memfd(output, out);
	if (r < 0)
		return err_errno(e, -r, "read from ps");
	/* status 1 and not a word: nothing was found */
	if (out->len == 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return ps_failed(errors, status, e);
	return 0;
}

/* ---- its lines ---- */

/* The n-th word of the line (0 first), or an empty one. */
static const char *nth_word(const char *line, size_t n, size_t *ret_len)
{
	for (;;) {
		line += strspn(line, " ");
		*ret_len = strcspn(line, " ");
		if (n-- == 0 || *ret_len == 0)
			return line;
		line += *ret_len;
	}
}

static bool word_pid(const char *word, size_t len, uint32_t *ret)
{
	char text[16];

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = '\0';
	return parse_u32(text, 1, INT32_MAX, ret) == 0;
}

/* Which word of the header is "PID"; -1: none. */
static int pid_column(const char *header)
{
	for (int n = 0; n < 64; n++) {
		size_t len;
		const char *w = nth_word(header, (size_t)n, &len);

		if (len == 0)
			return -1;
		if (len == 3 && memcmp(w, "PID", 3) == 0)
			return n;
	}
	return -1;
}

struct filter {
	const struct pick *pick;
	bool format;  /* our PID column is in front */
	int column;   /* else: which word it is */
	bool any;     /* a line was seen */
};

static void put_line(const char *line, struct buf *out)
{
	escape_text(line, strlen(line), 0, out);
	buf_addc(out, '\n');
}

/* 0 or -EINVAL with text. */
static int filter_line(struct filter *f, char *line, struct buf *out, struct err *e)
{
	const char *word = line, *rest = line;
	bool first = !f->any;
	size_t len;
	uint32_t pid;

	f->any = true;
	if (f->format) {
		if (strlen(line) < PID_WIDTH + 1)
			return 0;
		word = nth_word(line, 0, &len);
		rest = line + PID_WIDTH + 1;
		if (first && (word >= rest || !word_pid(word, len, &pid))) {
			put_line(rest, out); /* the header */
			return 0;
		}
	} else {
		if (first) {
			f->column = pid_column(line);
			if (f->column < 0)
				return err_set(e, EINVAL, "ps shows no PID column, so its lines cannot be told apart");
			put_line(line, out);
			return 0;
		}
		word = nth_word(line, (size_t)f->column, &len);
	}
	if (!word_pid(word, len, &pid))
		return err_set(e, EINVAL, "ps printed a line without a PID: %.200s", line);
	if (pick_has(f->pick, pid))
		put_line(rest, out);
	return 0;
}

int top_ps(struct top_request *q, char *const *args, size_t n_args, unsigned width, struct buf *out, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = {0};
	_cleanup_(buf_done) struct buf text = BUF_INIT_MAX(TOP_PS_OUTPUT_MAX + 1);
	_cleanup_(pick_done) struct pick pick = {0};
	const struct meaning m = read_meaning(args, n_args);
	struct filter f = {.pick = &pick};
	int r;

	f.format = m.format;
	r = pick_members(q, &pick, e);
	if (r < 0)
		return r;
	r = build_argv(&pick, args, n_args, m, &argv);
	if (r < 0)
		return err_errno(e, -r, "ps");
	r = run_ps(&argv, width, &text, e);
	if (r < 0)
		return r;
	pick_recheck(q->fs, &pick);
	for (char *line = text.data, *next; line && *line && r == 0; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = filter_line(&f, line, out, e);
	}
	return r;
}
