/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What was collected is put in order, and judged: the one place that knows runs and controls both. */
#include "audit/report.h"

#include "audit/report_controls.h"
#include "audit/report_runs.h"

#include <errno.h>
#include <stdlib.h>

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int by_time(const void *a, const void *b)
{
	const struct report_event *x = a, *y = b;
	int r = ORDER(x->ns, y->ns);

	if (r == 0)
		r = ORDER(x->serial, y->serial);
	if (r == 0)
		r = ORDER(x->ledger, y->ledger);
	return r ? r : ORDER(x->seq, y->seq);
}

static int by_place(const void *a, const void *b)
{
	const struct report_run *x = a, *y = b;
	int r = ORDER(x->auid, y->auid);

	if (r == 0)
		r = ORDER(x->ses, y->ses);
	if (r == 0)
		r = ORDER(x->start_ns, y->start_ns);
	return r ? r : ORDER(x->start, y->start);
}

int report_finish(struct report *rep, struct err *e)
{
	int r;

	if (rep->n > 1)
		qsort(rep->events, rep->n, sizeof(*rep->events), by_time);
	r = report_place(rep);
	if (r < 0)
		return err_errno(e, -r, "report");
	if (rep->n_runs > 1)
		qsort(rep->runs, rep->n_runs, sizeof(*rep->runs), by_place);
	return report_judge(rep, e);
}
