/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* pidns - PID namespaces by their inode (pid_namespaces(7)). */
#ifndef RANBY_SYS_PIDNS_H
#define RANBY_SYS_PIDNS_H

/* The host's, in every kernel: PROC_PID_INIT_INO of linux/proc_ns.h, which is not among the headers for programs. */
#define FIRST_PID_NS 4026531836U

#endif
