/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* report_runs - which events belong to which run of a container. */
#ifndef RANBY_AUDIT_REPORT_RUNS_H
#define RANBY_AUDIT_REPORT_RUNS_H

#include "audit/report.h"

/* Makes the runs of the sorted events. 0 or -ENOMEM. */
int report_place(struct report *rep) _must_check_;

#endif
