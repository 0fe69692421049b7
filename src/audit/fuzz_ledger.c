/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A segment of any bytes. Beyond not crashing: what is appended behind it can
 * be read, is found as the end, and accounts for bytes that were no entry.
 */
#include "audit/ledger_tail.h"
#include "audit/ledger_verify.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SEGMENT "ledger/00000000000000000001.jsonl"

static int work_dir(void)
{
	static int fd = -1;
	char path[] = "/dev/shm/fuzz-ledger.XXXXXX";

	if (fd < 0 && mkdtemp(path)) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (mkdirat(fd, "ledger", 0700) < 0)
			abort();
	}
	return fd;
}

static void check(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static void verify(int dir, struct ledger_report *ret)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	struct err e = {0};

	check(ledger_reader_open(dir, "ledger", &rd, &e) == 0);
	check(ledger_verify(&rd, NULL, 0, NULL, NULL, ret, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(ledger_report_done) struct ledger_report before = {0}, after = {0};
	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
	_cleanup_json_ struct json_object *event = json_object_new_object();
	struct ledger_tail tail = LEDGER_TAIL_INIT;
	int dir = work_dir();
	struct ledger_place place = {.dirfd = dir, .name = "ledger"};
	struct err e = {0};
	bool loose;
	int fd = openat(dir, SEGMENT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && fd_write_all(fd, data, size) == 0);
	close(fd);
	verify(dir, &before);
	check(ledger_begin(&place, &l, &e) == 0);
	loose = l.torn > 0;
	if (l.seq >= (uint64_t)1 << 52)
		return 0;
	check(ledger_append(&l, event, NULL, &e) == 0);
	check(ledger_tail_of(dir, SEGMENT, &tail, &e) == 0);
	check(tail.seq + 1 == l.seq && strcmp(tail.hash, l.prev) == 0 && tail.end == l.size);
	verify(dir, &after);
	check(!after.unfinished && after.entries == before.entries + 1 + loose && after.torn == before.torn + loose);
	return 0;
}
