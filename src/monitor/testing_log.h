/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* testing_log - a directory for the log of a test, and the log's path in it; each test takes its own files away. */
#ifndef RANBY_MONITOR_TESTING_LOG_H
#define RANBY_MONITOR_TESTING_LOG_H

#include "base/testing.h"

static int dir = -EBADF;
static char dir_path[64], log_path[96];

/* For setup. */
static inline int make_dir(void **state)
{
	(void)state;
	dir = testing_directory(dir_path);
	snprintf(log_path, sizeof(log_path), "%s/ctr.log", dir_path);
	return 0;
}

#endif
