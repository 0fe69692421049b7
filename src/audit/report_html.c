/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The page. Whoever opens it trusts us with his browser, and half of what is
 * on it was chosen by users: names, images, commands. So there is no script at
 * all, every text goes through html_text(), and the page's own policy allows
 * one style sheet, by its hash, and nothing else: no network, no form, no
 * inline attribute of style.
 *
 * Places in the timeline are SVG geometry in per cent, which needs no style:
 * so lanes are as wide as the window, and text keeps its size. The drawing is
 * hidden from screen readers; the table below it says the same.
 */
#include "audit/report.h"

#include "audit/report_controls.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/sha256.h"
#include "base/table.h"

#include <stdio.h>
#include <string.h>

#define LANES_TALL 40       /* more rows than these in a lane are drawn small */
#define ROW_TALL 24U
#define ROW_SMALL 9U
#define TICK_EVERY 0.25     /* per cent: nearer ones are one tick */
#define AXIS_TICKS 7
#define LABEL_MAX 24           /* characters */
#define LABEL_SIZE 256
#define LABEL_WIDTH 0.95    /* per cent that a character of a label takes, on a page of usual width */

static const char css[] =
	":root{color-scheme:light dark;--bg:#f7f6f2;--card:#fff;--ink:#1c2430;--soft:#566070;--line:#dedbd2;--grid:#ebe9e2;"
	"--done:#3c6db3;--done-ink:#fff;--open:#1d7f6e;--bad:#b9501b;--tick:#101722;--tick-in:#fff;--met:#1b7a4b;--not:#b3261e;--unk:#6a6f7a;"
	"--met-bg:#e3f3ea;--not-bg:#fbe6e4;--unk-bg:#ecedef;--mark:#fff3c4}"
	"@media(prefers-color-scheme:dark){:root{--bg:#11141a;--card:#191e27;--ink:#e6e9ef;--soft:#9aa5b5;--line:#2c3440;--grid:#232a35;"
	"--done:#5b93dd;--done-ink:#0b1018;--open:#4cbfa8;--bad:#ee8f4e;--tick:#f2f5fa;--tick-in:#0b1018;--met:#62cf96;--not:#ff8f86;--unk:#a3abb8;"
	"--met-bg:#16301f;--not-bg:#3a1c1a;--unk-bg:#262c36;--mark:#4a3f12}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;"
	"overflow-wrap:break-word}"
	"main{max-width:1180px;margin:0 auto;padding:28px 20px 60px}"
	"h1{font-size:27px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}h2{font-size:18px;margin:38px 0 10px}"
	".sub{color:var(--soft);margin:0}"
	".note{border-left:4px solid var(--done);background:var(--card);padding:10px 14px;margin:18px 0 0;border-radius:0 6px 6px 0;max-width:80ch}"
	".note.own{border-color:var(--bad)}"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(118px,1fr));gap:10px;margin:20px 0 0;padding:0;list-style:none}"
	".tiles li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px;color:var(--soft);font-size:13px}"
	".tiles b{display:block;font-size:24px;line-height:1.2;color:var(--ink);font-variant-numeric:tabular-nums}"
	".tiles .met b{color:var(--met)}.tiles .not b{color:var(--not)}.tiles .unk b{color:var(--unk)}"
	".box{background:var(--card);border:1px solid var(--line);border-radius:8px;overflow-x:auto}"
	".time{min-width:640px;padding:12px 14px 6px}"
	".who{font-weight:600;margin:10px 0 0;padding-top:8px;border-top:1px solid var(--line)}.who:first-of-type{border-top:0;padding-top:0}"
	".who span{color:var(--soft);font-weight:400}"
	".lane{display:grid;grid-template-columns:96px 1fr;align-items:start}.lane>span{color:var(--soft);font-size:13px;padding-top:3px}"
	"svg{display:block;width:100%;overflow:hidden}"
	".g{stroke:var(--grid);stroke-width:1}.ax{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}"
	".b{fill:var(--done)}.b.open{fill:var(--open)}.b.bad{fill:var(--bad)}"
	".t{stroke:var(--tick);stroke-width:1.5}.t.in{stroke:var(--tick-in);stroke-opacity:.85}"
	".l{fill:var(--ink);font-size:12px}.l.in{fill:var(--done-ink)}"
	"a:hover .b{stroke:var(--ink);stroke-width:1.5}"
	".key{display:flex;flex-wrap:wrap;gap:4px 20px;color:var(--soft);font-size:13px;margin:8px 0 0;padding:0;list-style:none}"
	".key svg{display:inline-block;width:26px;vertical-align:-2px;margin-right:6px}"
	"table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;vertical-align:top;padding:8px 12px;border-top:1px solid var(--line)}"
	"thead th{border-top:0;color:var(--soft);font-weight:600;font-size:13px;white-space:nowrap}tbody th{font-weight:600}"
	"th,td{overflow-wrap:break-word}.w{overflow-wrap:anywhere;min-width:11ch}"
	"td.n,td code,.u{white-space:nowrap}td.n{font-variant-numeric:tabular-nums}details code{white-space:normal}tr:target{background:var(--mark)}"
	"code{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}"
	".s{display:inline-block;white-space:nowrap;border-radius:20px;padding:1px 10px;font-size:13px;font-weight:600}"
	".s.met{color:var(--met);background:var(--met-bg)}.s.not{color:var(--not);background:var(--not-bg)}.s.unk{color:var(--unk);background:var(--unk-bg)}"
	"details{color:var(--soft);font-size:13px}summary{cursor:pointer}"
	".empty{padding:26px;color:var(--soft);text-align:center}"
	"footer{color:var(--soft);font-size:13px;margin-top:40px}"
	"@media(max-width:640px){main{padding:18px 12px 40px}h1{font-size:22px}.wide thead{position:absolute;left:-9999px}"
	".wide tr{display:block;border-top:1px solid var(--line);padding:8px 0}.wide th,.wide td{display:block;border:0;padding:2px 12px}"
	".wide td[data-h]:before{content:attr(data-h) \" \";color:var(--soft)}td.n,td code,.u{white-space:normal}}"
	"@media print{body{background:#fff}.box{overflow:visible}tr,.lane{break-inside:avoid}}";

/* ---- text ---- */

/* Foreign text, also where an attribute's value is. */
static void html_text(const char *text, struct buf *out)
{
	_cleanup_(buf_done) struct buf safe = BUF_INIT;

	escape_text(text, strlen(text), 0, &safe);
	for (const char *s = buf_str(&safe); *s; s++) {
		switch (*s) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_addc(out, *s);
		}
	}
	if (buf_bad(&safe))
		buf_adds(out, "...");
}

/* "2026-01-02 03:04:05" */
static void add_time(int64_t ns, struct buf *out)
{
	struct timespec t = clock_from_ns(ns / 1000000000 * 1000000000);
	char text[CLOCK_TEXT_SIZE];

	clock_rfc3339(&t, CLOCK_UTC, text);
	text[10] = ' ';
	text[19] = '\0';
	buf_adds(out, text);
}

static void add_head(const struct report *rep, struct buf *out)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, css, sizeof(css) - 1);
	sha256_end(&h, digest);
	buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
	base64_encode(digest, sizeof(digest), out);
	buf_adds(out, "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>Who started what: ");
	html_text(rep->host, out);
	buf_addf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", css);
}

/* ---- the top ---- */

static size_t count(const struct report *rep, enum report_status s)
{
	size_t n = 0;

	for (size_t i = 0; i < rep->n_results; i++)
		n += rep->results[i].status == s;
	return n;
}

/* Runs are in the order of login and session, so that each new pair is another one. */
static void count_lanes(const struct report *rep, size_t *ret_users, size_t *ret_sessions)
{
	*ret_users = *ret_sessions = 0;
	for (size_t i = 0; i < rep->n_runs; i++) {
		const struct report_run *run = &rep->runs[i], *before = i ? run - 1 : NULL;

		*ret_users += !before || before->auid != run->auid;
		*ret_sessions += !before || before->auid != run->auid || before->ses != run->ses;
	}
}

static void add_tile(size_t n, const char *one, const char *many, const char *class, struct buf *out)
{
	buf_addf(out, "<li%s><b>%zu</b>%s</li>\n", class, n, n == 1 ? one : many);
}

static void add_summary(const struct report *rep, struct buf *out)
{
	size_t users, sessions, execs = 0;

	count_lanes(rep, &users, &sessions);
	for (size_t i = 0; i < rep->n_runs; i++)
		execs += rep->runs[i].n_execs;
	buf_adds(out, "<header>\n<h1>Who started what on ");
	html_text(rep->host, out);
	buf_addf(out, "</h1>\n<p class=\"sub\">%s &middot; made ", rep->title);
	html_text(rep->made, out);
	buf_addf(out, "</p>\n<p class=\"note%s\">%s</p>\n<ul class=\"tiles\">\n", rep->own ? " own" : "", report_statement(rep));
	add_tile(rep->n_runs, "container run", "container runs", "", out);
	add_tile(users, "login user", "login users", "", out);
	add_tile(sessions, "session", "sessions", "", out);
	add_tile(execs, "exec in them", "execs in them", "", out);
	add_tile(count(rep, REPORT_MET), "control met", "controls met", " class=\"met\"", out);
	add_tile(count(rep, REPORT_NOT_MET), "not met", "not met", " class=\"not\"", out);
	add_tile(count(rep, REPORT_NOT_SHOWN), "cannot be shown", "cannot be shown", " class=\"unk\"", out);
	buf_adds(out, "</ul>\n</header>\n");
}

/* ---- the timeline ---- */

struct span {
	int64_t from, to; /* ns; to > from */
	int64_t step;     /* between marks of the axis */
};

static struct span span_of(const struct report *rep)
{
	static const int64_t steps[] = {1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 7776000};
	struct span s = {INT64_MAX, INT64_MIN, 0};
	int64_t width;

	for (size_t i = 0; i < rep->n_runs; i++) {
		const struct report_run *run = &rep->runs[i];
		int64_t last = run->stop_ns ? run->stop_ns : run->start_ns;

		if (run->n_ticks && rep->events[run->ticks[run->n_ticks - 1]].ns > last)
			last = rep->events[run->ticks[run->n_ticks - 1]].ns;
		s.from = run->start_ns < s.from ? run->start_ns : s.from;
		s.to = last > s.to ? last : s.to;
	}
	width = s.to - s.from;
	if (width < 2000000000)
		width = 2000000000;
	s.from -= width / 50;
	s.to = s.from + width + width / 50 + width / 25;
	for (size_t i = 0; i < ARRAY_SIZE(steps) && !s.step; i++)
		if ((s.to - s.from) / (steps[i] * 1000000000) <= AXIS_TICKS)
			s.step = steps[i] * 1000000000;
	s.step = s.step ? s.step : (s.to - s.from) / AXIS_TICKS;
	return s;
}

static double place(const struct span *s, int64_t ns)
{
	return 100.0 * (double)(ns - s->from) / (double)(s->to - s->from);
}

#define DAY_NS INT64_C(86400000000000)

/* Of "2026-01-02T03:04:05Z" what is new: the day alone, the time alone, both at the beginning and at midnight. */
static const char *axis_text(const struct span *s, int64_t at, bool first, char *text)
{
	text[s->step >= DAY_NS ? 10 : s->step < INT64_C(60000000000) ? 19 : 16] = '\0';
	if (s->step >= DAY_NS)
		return text;
	text[10] = ' ';
	return first || at % DAY_NS == 0 ? text + 5 : text + 11;
}

static void add_axis(const struct span *s, struct buf *out)
{
	int64_t first = (s->from / s->step + 1) * s->step;

	buf_adds(out, "<div class=\"lane\"><span>UTC</span><svg height=\"20\">");
	for (int64_t at = first; at < s->to; at += s->step) {
		struct timespec t = clock_from_ns(at);
		char text[CLOCK_TEXT_SIZE];

		clock_rfc3339(&t, CLOCK_UTC, text);
		buf_addf(out, "<text class=\"ax\" x=\"%.2f%%\" y=\"14\" text-anchor=\"%s\">%s</text>", place(s, at),
			 place(s, at) < 5 ? "start" : place(s, at) > 95 ? "end" : "middle",
			 axis_text(s, at, at == first, text));
	}
	buf_adds(out, "</svg></div>\n");
}

static void add_grid(const struct span *s, struct buf *out)
{
	for (int64_t at = (s->from / s->step + 1) * s->step; at < s->to; at += s->step)
		buf_addf(out, "<line class=\"g\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>", place(s, at), place(s, at));
}

static const char *bar_class(const struct report_run *run)
{
	if (run->stop == SIZE_MAX)
		return " open";
	return *run->ended && strcmp(run->ended, "exited") != 0 && strcmp(run->ended, "stop") != 0 ? " bad" : "";
}

static double bar_end(const struct span *s, const struct report_run *run)
{
	double from = place(s, run->start_ns), to = run->stop_ns ? place(s, run->stop_ns) : 100;

	return to < from + 0.3 ? from + 0.3 : to;
}

/* A bar's label: as it will be shown, cut after LABEL_MAX characters. Returns how many it has. */
static size_t label_of(const struct report_run *run, char out[static LABEL_SIZE])
{
	const char *at = out, *end;
	uint32_t code;
	size_t n = 0;

	escape_into(out, LABEL_SIZE - 4, run->name);
	end = out + strlen(out);
	while (at < end && n < LABEL_MAX && utf8_next(&at, end, &code) == 0)
		n++;
	if (at < end)
		snprintf(out + (at - out), 4, "\u2026");
	return text_width(out, strlen(out));
}

static double label_width(size_t n)
{
	return (double)n * LABEL_WIDTH + 1;
}

/* Each bar with its label into the first row that is free there; how many rows, into `rows` which. */
static size_t pack(const struct span *s, const struct report_run *runs, size_t n, size_t *rows)
{
	double *free_from = mem_array(n, sizeof(*free_from));
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		char name[LABEL_SIZE];
		double from = place(s, runs[i].start_ns), label = label_width(label_of(&runs[i], name));
		double to = bar_end(s, &runs[i]);
		size_t row = 0;

		while (free_from && row < used && free_from[row] > from)
			row++;
		rows[i] = row;
		used = row == used ? used + 1 : used;
		if (free_from)
			free_from[row] = (to - from > label ? to : to + label) + 0.4;
	}
	free(free_from);
	return used;
}

static void add_label(const struct report_run *run, double from, double to, unsigned y, struct buf *out)
{
	char label[LABEL_SIZE];
	double width = label_width(label_of(run, label));
	bool inside = to - from > width;

	if (!inside && to + width > 100 && from < width)
		return;
	if (inside)
		buf_addf(out, "<text class=\"l in\" x=\"%.3f%%\" dx=\"5\" y=\"%u\">", from, y + 12);
	else if (to + width > 100)
		buf_addf(out, "<text class=\"l\" x=\"%.3f%%\" dx=\"-5\" y=\"%u\" text-anchor=\"end\">", from, y + 13);
	else
		buf_addf(out, "<text class=\"l\" x=\"%.3f%%\" dx=\"5\" y=\"%u\">", to, y + 13);
	html_text(label, out);
	buf_adds(out, "</text>");
}

static void add_ticks(const struct report *rep, const struct span *s, const struct report_run *run, unsigned y1, unsigned y2, struct buf *out)
{
	double last = -1, end = bar_end(s, run);

	for (size_t i = 0; i < run->n_ticks; i++) {
		double at = place(s, rep->events[run->ticks[i]].ns);

		if (at < last + TICK_EVERY)
			continue;
		last = at;
		buf_addf(out, "<line class=\"t%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%u\" y2=\"%u\"/>", at <= end ? " in" : "", at, at, y1, y2);
	}
}

static void add_bar(const struct report *rep, const struct span *s, size_t i, size_t row, bool small, struct buf *out)
{
	const struct report_run *run = &rep->runs[i];
	unsigned y = (unsigned)row * (small ? ROW_SMALL : ROW_TALL) + 2, height = small ? ROW_SMALL - 2 : ROW_TALL - 4;
	double from = place(s, run->start_ns), to = bar_end(s, run);

	buf_addf(out, "<a href=\"#run-%zu\" tabindex=\"-1\"><title>", i + 1);
	html_text(run->name, out);
	if (*run->image) {
		buf_adds(out, "\n");
		html_text(run->image, out);
	}
	buf_adds(out, "\nfrom ");
	add_time(run->start_ns, out);
	buf_adds(out, run->stop_ns ? "\nto " : "\nno end recorded");
	if (run->stop_ns)
		add_time(run->stop_ns, out);
	buf_addf(out, "\n%zu execs</title><rect class=\"b%s\" x=\"%.3f%%\" y=\"%u\" width=\"%.3f%%\" height=\"%u\" rx=\"3\"/>", run->n_execs,
		 bar_class(run), from, y, to - from, height);
	add_ticks(rep, s, run, small ? y + 1 : y + 14, y + height - 1, out);
	if (!small)
		add_label(run, from, to, y, out);
	buf_adds(out, "</a>\n");
}

/* The runs of one session: [first, first + n). */
static void add_lane(const struct report *rep, const struct span *s, size_t first, size_t n, struct buf *out)
{
	size_t *rows = mem_array(n, sizeof(*rows));
	size_t used = rows ? pack(s, rep->runs + first, n, rows) : 1;
	bool small = used > LANES_TALL;

	if (rep->runs[first].ses == REPORT_NO_ID)
		buf_adds(out, "<div class=\"lane\"><span>no session</span>");
	else
		buf_addf(out, "<div class=\"lane\"><span>session %u</span>", rep->runs[first].ses);
	buf_addf(out, "<svg height=\"%zu\">", used * (small ? ROW_SMALL : ROW_TALL) + 2);
	add_grid(s, out);
	for (size_t i = 0; rows && i < n; i++)
		add_bar(rep, s, first + i, rows[i], small, out);
	buf_adds(out, "</svg></div>\n");
	free(rows);
}

static size_t same_session(const struct report *rep, size_t first)
{
	size_t n = 1;

	while (first + n < rep->n_runs && rep->runs[first + n].auid == rep->runs[first].auid && rep->runs[first + n].ses == rep->runs[first].ses)
		n++;
	return n;
}

static size_t runs_of_user(const struct report *rep, size_t first)
{
	size_t n = 0;

	while (first + n < rep->n_runs && rep->runs[first + n].auid == rep->runs[first].auid)
		n++;
	return n;
}

static void add_timeline(const struct report *rep, struct buf *out)
{
	struct span s;
	char name[64];

	buf_adds(out, "<section>\n<h2>Timeline</h2>\n");
	if (rep->n_runs == 0) {
		buf_adds(out, "<div class=\"box empty\">No container was started in this time.</div>\n</section>\n");
		return;
	}
	s = span_of(rep);
	buf_adds(out, "<div class=\"box\" aria-hidden=\"true\"><div class=\"time\">\n");
	add_axis(&s, out);
	for (size_t i = 0, n; i < rep->n_runs; i += n) {
		n = same_session(rep, i);
		if (i == 0 || rep->runs[i - 1].auid != rep->runs[i].auid) {
			size_t runs = runs_of_user(rep, i);

			buf_adds(out, "<p class=\"who\">");
			html_text(report_user(rep, rep->runs[i].auid, name), out);
			if (rep->runs[i].auid != REPORT_NO_ID)
				buf_addf(out, " <span>auid %u,", rep->runs[i].auid);
			else
				buf_adds(out, " <span>");
			buf_addf(out, " %zu run%s</span></p>\n", runs, runs == 1 ? "" : "s");
		}
		add_lane(rep, &s, i, n, out);
	}
	buf_adds(out, "</div></div>\n<ul class=\"key\">"
		      "<li><svg height=\"12\"><rect class=\"b\" width=\"26\" height=\"12\" rx=\"3\"/></svg>ended by itself or asked to</li>"
		      "<li><svg height=\"12\"><rect class=\"b bad\" width=\"26\" height=\"12\" rx=\"3\"/></svg>killed</li>"
		      "<li><svg height=\"12\"><rect class=\"b open\" width=\"26\" height=\"12\" rx=\"3\"/></svg>no end recorded</li>"
		      "<li><svg height=\"12\"><rect class=\"b\" width=\"26\" height=\"12\" rx=\"3\"/>"
		      "<line class=\"t in\" x1=\"8\" x2=\"8\" y1=\"5\" y2=\"11\"/><line class=\"t in\" x1=\"17\" x2=\"17\" y1=\"5\" y2=\"11\"/></svg>"
		      "an exec in it</li></ul>\n<p class=\"sub\">The same is in the table of containers below; a bar leads to its line.</p>\n</section>\n");
}

/* ---- controls ---- */

static void add_control(const struct report *rep, const struct report_result *res, struct buf *out)
{
	static const char *const classes[] = {"met", "not", "unk"};
	static const char *const marks[] = {"&#10003;", "&#10007;", "?"};
	char text[128];

	buf_adds(out, "<tr><th scope=\"row\" class=\"u\">");
	html_text(report_control_id(res->control), out);
	buf_adds(out, "</th><td>");
	html_text(report_control_text(res->control), out);
	buf_addf(out, "</td><td><span class=\"s %s\"><span aria-hidden=\"true\">%s</span> %s</span></td><td>", classes[res->status], marks[res->status],
		 report_status_word(res->status));
	html_text(res->found, out);
	if (res->n_evidence) {
		buf_addf(out, "<details><summary>%s %zu</summary>", res->status == REPORT_MET ? "evidence:" : "against it:", res->n_evidence + res->more);
		for (size_t i = 0; i < res->n_evidence; i++) {
			report_evidence_text(rep, res->evidence[i], text, sizeof(text));
			buf_adds(out, i ? ", <code>" : "<code>");
			html_text(text, out);
			buf_adds(out, "</code>");
		}
		if (res->more)
			buf_addf(out, " and %zu more", res->more);
		buf_adds(out, "</details>");
	}
	buf_adds(out, "</td></tr>\n");
}

static void add_controls(const struct report *rep, struct buf *out)
{
	buf_addf(out, "<section>\n<h2>Controls of %s</h2>\n<div class=\"box\"><table class=\"wide\">\n<thead><tr><th scope=\"col\">Control</th>"
		      "<th scope=\"col\">Demand</th><th scope=\"col\">Status</th><th scope=\"col\">Found</th></tr></thead>\n<tbody>\n", rep->title);
	for (size_t i = 0; i < rep->n_results; i++)
		add_control(rep, &rep->results[i], out);
	buf_adds(out, "</tbody></table></div>\n</section>\n");
}

/* ---- the table of runs ---- */

static void add_run(const struct report *rep, size_t i, struct buf *out)
{
	const struct report_run *run = &rep->runs[i];
	char text[128], name[64];

	buf_addf(out, "<tr id=\"run-%zu\"><th scope=\"row\" class=\"w\">", i + 1);
	html_text(run->name, out);
	buf_adds(out, "</th><td class=\"u\" data-h=\"user\">");
	html_text(report_user(rep, run->auid, name), out);
	if (run->ses == REPORT_NO_ID)
		buf_adds(out, "</td><td class=\"n\" data-h=\"session\">none</td><td class=\"w\" data-h=\"image\">");
	else
		buf_addf(out, "</td><td class=\"n\" data-h=\"session\">%u</td><td class=\"w\" data-h=\"image\">", run->ses);
	html_text(*run->image ? run->image : "-", out);
	buf_adds(out, "</td><td class=\"n\" data-h=\"from\">");
	add_time(run->start_ns, out);
	buf_adds(out, "</td><td class=\"n\" data-h=\"to\">");
	if (run->stop_ns)
		add_time(run->stop_ns, out);
	else
		buf_adds(out, "no end recorded");
	buf_adds(out, "</td><td data-h=\"ended by\">");
	html_text(*run->ended ? run->ended : "-", out);
	buf_addf(out, "</td><td class=\"n\" data-h=\"execs\">%zu</td><td data-h=\"record\"><code>", run->n_execs);
	report_evidence_text(rep, run->start, text, sizeof(text));
	html_text(text, out);
	buf_adds(out, "</code></td></tr>\n");
}

static void add_runs(const struct report *rep, struct buf *out)
{
	if (rep->n_runs == 0)
		return;
	buf_adds(out, "<section>\n<h2>Containers</h2>\n<div class=\"box\"><table class=\"wide\">\n<thead><tr><th scope=\"col\">Container</th>"
		      "<th scope=\"col\">User</th><th scope=\"col\">Session</th><th scope=\"col\">Image</th><th scope=\"col\">From (UTC)</th>"
		      "<th scope=\"col\">To (UTC)</th><th scope=\"col\">Ended by</th><th scope=\"col\">Execs</th><th scope=\"col\">Start record</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < rep->n_runs; i++)
		add_run(rep, i, out);
	buf_adds(out, "</tbody></table></div>\n</section>\n");
}

void report_html(const struct report *rep, struct buf *out)
{
	add_head(rep, out);
	add_summary(rep, out);
	add_timeline(rep, out);
	add_controls(rep, out);
	add_runs(rep, out);
	if (rep->n_claims)
		buf_addf(out, "<p class=\"note\">" REPORT_CLAIMS_TEXT ": %zu.</p>\n", rep->n_claims);
	buf_addf(out, "<footer>%zu entries of %zu ledger%s. A record of the form sec.milli:serial is found by <code>ausearch -a serial</code>; "
		      "one of the form ledger#number is that line of the ledger.</footer>\n</main>\n</body>\n</html>\n",
		 rep->n, rep->n_ledgers, rep->n_ledgers == 1 ? "" : "s");
}
