/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* stdio_labels - what SELinux has to know of a payload's standard streams; see stdio_open(). */
#ifndef RANBY_MONITOR_STDIO_LABELS_H
#define RANBY_MONITOR_STDIO_LABELS_H

struct stdio_labels {
	const char *file;    /* the label of the container's files, which a pipe gets; NULL: it has none */
	const char *process; /* that of its processes, which a socket gets */
};

#endif
