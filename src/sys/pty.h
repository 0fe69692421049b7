/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pty - a pseudo-terminal out of a given devpts (pty(7), devpts).
 *
 * The slave is opened through the master (TIOCGPTPEER, Linux 4.13), never by
 * its name: a name in a container's /dev/pts can be swapped for a link
 * (CVE-2025-52565).
 */
#ifndef RANBY_SYS_PTY_H
#define RANBY_SYS_PTY_H

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>

/* `devpts_fd` is a directory that must be the root of a devpts. The caller owns both. Neither becomes the controlling terminal. */
int pty_open(int devpts_fd, int *ret_master, int *ret_slave, struct err *e) _must_check_;

int pty_set_size(int fd, uint16_t rows, uint16_t cols) _must_check_;

/* Makes it the controlling terminal of this session leader, and its 0, 1, 2. */
int pty_take(int slave) _must_check_;

/* Connects to the unix socket at `path` (SOCK_STREAM, as OCI callers make it), for pty_send_master(). */
int pty_console_connect(const char *path, int *ret_sock, struct err *e) _must_check_;

/* Sends the master over that socket with the text "/dev/ptmx", as runc does. */
int pty_send_master(int sock, int master, struct err *e) _must_check_;

#endif
