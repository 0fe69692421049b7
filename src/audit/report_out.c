/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A report as text and as JSON; the page is report_html.c. */
#include "audit/report.h"

#include "audit/report_controls.h"
#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void add_escaped(const char *text, struct buf *out)
{
	escape_text(text, strlen(text), 0, out);
}

static size_t count(const struct report *rep, enum report_status s)
{
	size_t n = 0;

	for (size_t i = 0; i < rep->n_results; i++)
		n += rep->results[i].status == s;
	return n;
}

static void text_result(const struct report *rep, const struct report_result *res, struct buf *out)
{
	static const char *const marks[] = {"met", "NOT MET", "not shown"};
	char text[128];

	buf_addf(out, "%-9s  %s  %s\n           ", marks[res->status], report_control_id(res->control), report_control_text(res->control));
	add_escaped(res->found, out);
	for (size_t i = 0; i < res->n_evidence; i++) {
		report_evidence_text(rep, res->evidence[i], text, sizeof(text));
		buf_adds(out, i ? ", " : "\n           ");
		add_escaped(text, out);
	}
	if (res->more)
		buf_addf(out, " and %zu more", res->more);
	buf_addc(out, '\n');
}

void report_text(const struct report *rep, struct buf *out)
{
	buf_addf(out, "%s\n", rep->title);
	buf_adds(out, "Host ");
	add_escaped(rep->host, out);
	buf_addf(out, ", made %s\n%s\n\n", rep->made, report_statement(rep));
	for (size_t i = 0; i < rep->n_results; i++)
		text_result(rep, &rep->results[i], out);
	buf_addf(out, "\n%zu containers, %zu entries. Controls: %zu met, %zu not met, %zu cannot be shown from this data.\n", rep->n_runs, rep->n,
		 count(rep, REPORT_MET), count(rep, REPORT_NOT_MET), count(rep, REPORT_NOT_SHOWN));
	if (rep->n_claims)
		buf_addf(out, "%s: %zu.\n", REPORT_CLAIMS_TEXT, rep->n_claims);
}

/* ---- JSON ---- */

static int json_result(const struct report *rep, const struct report_result *res, struct json_object *list)
{
	struct json_object *o = json_object_new_object(), *refs = json_object_new_array();
	char text[128];
	int r = json_append(list, o);

	if (r < 0) {
		json_object_put(refs);
		return r;
	}
	r = json_add(o, "evidence", refs);
	r = r < 0 ? r : json_add_str(o, "id", report_control_id(res->control));
	r = r < 0 ? r : json_add_str(o, "control", report_control_text(res->control));
	r = r < 0 ? r : json_add_str(o, "status", report_status_word(res->status));
	r = r < 0 ? r : json_add_str(o, "found", res->found);
	r = r < 0 ? r : json_add_u64(o, "evidenceMore", res->more);
	for (size_t i = 0; r == 0 && i < res->n_evidence; i++) {
		report_evidence_text(rep, res->evidence[i], text, sizeof(text));
		r = json_append_str(refs, text);
	}
	return r;
}

static int add_time(struct json_object *o, const char *key, int64_t ns)
{
	struct timespec t = clock_from_ns(ns);
	char text[CLOCK_TEXT_SIZE];

	return ns ? json_add_str(o, key, clock_rfc3339(&t, CLOCK_UTC, text)) : 0;
}

static int json_run(const struct report *rep, const struct report_run *run, struct json_object *list)
{
	struct json_object *o = json_object_new_object();
	char text[128];
	int r = json_append(list, o);

	r = r < 0 ? r : json_add_str(o, "container", run->name);
	r = r < 0 ? r : json_add_str(o, "uuid", *run->uuid ? run->uuid : NULL);
	r = r < 0 ? r : json_add_str(o, "image", *run->image ? run->image : NULL);
	if (run->auid != REPORT_NO_ID)
		r = r < 0 ? r : json_add_int(o, "auid", run->auid);
	if (run->ses != REPORT_NO_ID)
		r = r < 0 ? r : json_add_int(o, "ses", run->ses);
	r = r < 0 ? r : add_time(o, "start", run->start_ns);
	r = r < 0 ? r : add_time(o, "stop", run->stop_ns);
	r = r < 0 ? r : json_add_str(o, "ended", *run->ended ? run->ended : NULL);
	r = r < 0 ? r : json_add_u64(o, "execs", run->n_execs);
	report_evidence_text(rep, run->start, text, sizeof(text));
	r = r < 0 ? r : json_add_str(o, "startRecord", text);
	if (r == 0 && run->stop != SIZE_MAX) {
		report_evidence_text(rep, run->stop, text, sizeof(text));
		r = json_add_str(o, "stopRecord", text);
	}
	return r;
}

int report_json(const struct report *rep, struct buf *out)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *results = json_object_new_array(), *runs = json_object_new_array();
	int r = json_add(o, "controls", results), r2 = json_add(o, "containers", runs);

	r = r < 0 ? r : r2;
	r = r < 0 ? r : json_add_str(o, "profile", rep->profile);
	r = r < 0 ? r : json_add_str(o, "title", rep->title);
	r = r < 0 ? r : json_add_str(o, "host", rep->host);
	r = r < 0 ? r : json_add_str(o, "made", rep->made);
	r = r < 0 ? r : json_add_str(o, "source", rep->own ? "own ledger" : "system ledger");
	r = r < 0 ? r : json_add_str(o, "statement", report_statement(rep));
	r = r < 0 ? r : json_add_u64(o, "entries", rep->n);
	r = r < 0 ? r : json_add_u64(o, "notBelieved", rep->n_claims);
	r = r < 0 ? r : json_add_u64(o, "met", count(rep, REPORT_MET));
	r = r < 0 ? r : json_add_u64(o, "notMet", count(rep, REPORT_NOT_MET));
	r = r < 0 ? r : json_add_u64(o, "cannotBeShown", count(rep, REPORT_NOT_SHOWN));
	for (size_t i = 0; r == 0 && i < rep->n_results; i++)
		r = json_result(rep, &rep->results[i], results);
	for (size_t i = 0; r == 0 && i < rep->n_runs; i++)
		r = json_run(rep, &rep->runs[i], runs);
	if (r == 0)
		buf_addf(out, "%s\n", json_pretty(o));
	return r;
}
