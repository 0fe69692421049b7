/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* To syslog, because a plugin of auditd has no other place where somebody looks; the three processes share one connection. */
#include "trail/trail.h"

#include <stdarg.h>
#include <syslog.h>

void trail_say(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsyslog(priority, fmt, ap);
	va_end(ap);
}
