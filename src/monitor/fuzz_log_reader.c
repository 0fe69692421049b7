/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A log file of any bytes, of either format. Beyond not crashing: --tail of more lines than
 * there are gives what no --tail gives, and --tail N is an end of that, in
 * each stream.
 */
#include "monitor/log.h"

#include "base/buf.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static int collect(enum log_stream stream, const char *data, size_t len, void *sink_data)
{
	buf_add(&((struct buf *)sink_data)[stream], data, len);
	return 0;
}

static void read_log(int dir, enum log_driver driver, int64_t tail, struct buf out[2])
{
	struct log_query q = LOG_QUERY_INIT;
	struct err e;

	q.driver = driver;
	q.tail = tail;
	if (log_read(dir, "log", &q, collect, out, NULL, &e) < 0)
		abort();
}

static int work_dir(void)
{
	static int fd = -1;
	char path[] = "/dev/shm/fuzz-log.XXXXXX";

	if (fd < 0 && mkdtemp(path))
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

static void put_file(int dir, const char *name, const void *data, size_t size)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, data, size) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf all[2] = {BUF_INIT, BUF_INIT}, most[2] = {BUF_INIT, BUF_INIT}, some[2] = {BUF_INIT, BUF_INIT};
	int dir = work_dir();
	size_t cut = size > 0 ? data[0] % size : 0;
	int64_t tail = size > 1 ? data[1] % 8 : 1;

	enum log_driver driver = memchr(data, '{', size) ? LOG_JSON_FILE : LOG_K8S_FILE;

	put_file(dir, "log.1", data, cut);
	put_file(dir, "log", data + cut, size - cut);
	read_log(dir, driver, -1, all);
	read_log(dir, driver, INT64_MAX, most);
	read_log(dir, driver, tail, some);
	for (int s = 0; s < 2; s++) {
		if (all[s].len != most[s].len || (all[s].len > 0 && memcmp(all[s].data, most[s].data, all[s].len) != 0))
			abort();
		if (some[s].len > all[s].len ||
		    (some[s].len > 0 && memcmp(all[s].data + all[s].len - some[s].len, some[s].data, some[s].len) != 0))
			abort();
		buf_done(&all[s]);
		buf_done(&most[s]);
		buf_done(&some[s]);
	}
	return 0;
}
