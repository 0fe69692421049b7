/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The texts of /proc/PID. The first byte chooses the parser; what was parsed must be within its bounds. */
#include "sys/procfs.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_stat(const char *text, size_t len)
{
	struct proc_stat st;

	if (proc_stat_parse(text, len, &st) == 0 && memchr(st.comm, '\0', sizeof(st.comm)) == NULL)
		__builtin_trap();
}

static void fuzz_status(const char *text, size_t len)
{
	struct proc_status st = {0};

	if (proc_status_parse(text, len, &st) < 0)
		return;
	if (st.nspid.n > PROC_LEVELS_MAX || st.nssid.n > PROC_LEVELS_MAX || st.n_groups > len)
		__builtin_trap();
	proc_status_done(&st);
}

static void fuzz_cgroup(const char *text, size_t len)
{
	struct buf b = BUF_INIT, copy = BUF_INIT;

	buf_add(&copy, text, len);
	if (proc_cgroup_parse(buf_str(&copy), "memory", &b) == 0 && memchr(buf_str(&b), '\n', b.len))
		__builtin_trap();
	buf_done(&b);
	buf_done(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size < 1)
		return 0;
	if (data[0] % 3 == 0)
		fuzz_stat(text, size - 1);
	else if (data[0] % 3 == 1)
		fuzz_status(text, size - 1);
	else
		fuzz_cgroup(text, size - 1);
	return 0;
}
