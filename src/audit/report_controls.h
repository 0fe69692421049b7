/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* report_controls - the profiles, and what each of their controls finds in a report's events and runs. */
#ifndef RANBY_AUDIT_REPORT_CONTROLS_H
#define RANBY_AUDIT_REPORT_CONTROLS_H

#include "audit/report.h"

/* "pci4", "srg-ctr", "800-53", "800-190": the id itself, for struct report; NULL for any other. *ret_title may be NULL. */
const char *report_profile(const char *id, const char **ret_title);

const char *report_control_id(const struct report_control *c);
const char *report_control_text(const struct report_control *c);

/* Judges. */
int report_judge(struct report *rep, struct err *e) _must_check_;

#endif
