/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Bars are drawn over themselves with two control sequences (cursor up, erase
 * to the end of the line), at most ten times a second; items that have ended
 * scroll off above. On anything but a terminal each item is one line when it
 * ends. What cannot be written is lost: nobody's pull fails for its bars.
 */
#include "image/progress.h"

#include "base/buf.h"
#include "base/escape.h"
#include "sys/fd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define REDRAW_NS 100000000
#define BAR_WIDTH_MAX 40
#define LINE_MAX_COLUMNS 512

struct item {
	char label[PROGRESS_LABEL_SIZE];
	uint64_t done, total;
	bool active;
};

struct progress {
	int fd;
	bool bars;
	struct item *items;
	int n;
	int drawn; /* lines of bars on the screen */
	struct timespec last;
};

int progress_open(int fd, enum progress_mode mode, struct progress **ret, struct err *e)
{
	struct progress *p = calloc(1, sizeof(*p));

	if (!p)
		return err_errno(e, ENOMEM, "progress");
	p->fd = fd;
	p->bars = mode == PROGRESS_AUTO && isatty(fd);
	*ret = p;
	return 0;
}

static unsigned columns(const struct progress *p)
{
	struct winsize w;

	if (ioctl(p->fd, TIOCGWINSZ, &w) < 0 || w.ws_col < 20)
		return 80;
	return w.ws_col > LINE_MAX_COLUMNS ? LINE_MAX_COLUMNS : w.ws_col;
}

static void add_bytes(struct buf *b, uint64_t n)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double v = (double)n;
	size_t u = 0;

	while (v >= 1024 && u + 1 < ARRAY_SIZE(units)) {
		v /= 1024;
		u++;
	}
	buf_addf(b, u ? "%.1f%s" : "%.0f%s", v, units[u]);
}

static void add_bar(struct buf *b, const struct item *it, unsigned width)
{
	uint64_t done = it->done > it->total ? it->total : it->done;
	unsigned full = (unsigned)((double)done / (double)it->total * width);

	buf_addc(b, '[');
	for (unsigned i = 0; i < width; i++)
		buf_addc(b, i < full ? '=' : i == full ? '>' : '-');
	buf_adds(b, "] ");
}

static void add_line(struct buf *out, const struct item *it, unsigned width)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT;
	unsigned taken = (unsigned)strlen(it->label) + 28;

	buf_addf(&line, "%s ", it->label);
	if (it->total && width > taken + 8)
		add_bar(&line, it, width - taken > BAR_WIDTH_MAX ? BAR_WIDTH_MAX : width - taken);
	add_bytes(&line, it->done);
	if (it->total) {
		buf_adds(&line, " / ");
		add_bytes(&line, it->total);
	}
	buf_add(out, buf_str(&line), line.len < width ? line.len : width - 1);
	buf_adds(out, "\x1b[K\n");
}

static void add_erase(struct progress *p, struct buf *b)
{
	for (int i = 0; i < p->drawn; i++)
		buf_adds(b, "\x1b[1A\x1b[2K");
	p->drawn = 0;
}

static void add_bars(struct progress *p, struct buf *b)
{
	unsigned width = columns(p);

	for (int i = 0; i < p->n; i++)
		if (p->items[i].active) {
			add_line(b, &p->items[i], width);
			p->drawn++;
		}
}

static void put(struct progress *p, const struct buf *b)
{
	(void)!fd_write_all(p->fd, buf_str(b), b->len);
}

static void redraw(struct progress *p, const char *line)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	add_erase(p, &b);
	if (line)
		buf_addf(&b, "%s\n", line);
	add_bars(p, &b);
	put(p, &b);
	clock_gettime(CLOCK_MONOTONIC, &p->last);
}

static bool is_due(const struct progress *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - p->last.tv_sec) * 1000000000LL + (now.tv_nsec - p->last.tv_nsec) >= REDRAW_NS;
}

static void line_out(struct progress *p, const char *line)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (p->bars) {
		redraw(p, line);
		return;
	}
	buf_addf(&b, "%s\n", line);
	put(p, &b);
}

struct progress *progress_if_watched(struct progress *p)
{
	return p && p->bars ? p : NULL;
}

void progress_say(struct progress *p, const char *fmt, ...)
{
	char raw[1024], line[2048];
	va_list ap;

	if (!p)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	line_out(p, escape_into(line, sizeof(line), raw));
}

int progress_item(struct progress *p, const char *label, uint64_t total_bytes)
{
	if (!p || p->n == PROGRESS_ITEMS_MAX)
		return -1;
	/* most commands have nothing to show */
	if (!p->items)
		p->items = mem_array(PROGRESS_ITEMS_MAX, sizeof(*p->items));
	if (!p->items)
		return -1;
	p->n++;
	progress_phase(p, p->n - 1, label, total_bytes);
	return p->n - 1;
}

void progress_phase(struct progress *p, int item, const char *label, uint64_t total_bytes)
{
	struct item *it;

	if (!p || item < 0)
		return;
	it = &p->items[item];
	escape_into(it->label, sizeof(it->label), label);
	it->done = 0;
	it->total = total_bytes;
	it->active = true;
	if (p->bars)
		redraw(p, NULL);
}

void progress_update(struct progress *p, int item, uint64_t done_bytes)
{
	if (!p || item < 0)
		return;
	p->items[item].done = done_bytes;
	if (p->bars && is_due(p))
		redraw(p, NULL);
}

void progress_end(struct progress *p, int item, const char *word)
{
	char line[PROGRESS_LABEL_SIZE + 64];

	if (!p || item < 0 || !p->items[item].active)
		return;
	p->items[item].active = false;
	snprintf(line, sizeof(line), "%s %s", p->items[item].label, word);
	line_out(p, line);
}

struct progress *progress_close(struct progress *p)
{
	if (!p)
		return NULL;
	for (int i = 0; i < p->n; i++)
		p->items[i].active = false;
	if (p->bars && p->drawn)
		redraw(p, NULL);
	free(p->items);
	free(p);
	return NULL;
}
