/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The writer as a process, with a reader of ours that says what a reader that
 * was taken over may say: all that is right is in the ledger, the rest is a gap
 * in it, and the chain is whole.
 */
#include "audit/ledger_read.h"
#include "audit/system_ledger.h"
#include "base/testing.h"
#include "sys/path.h"
#include "trail/message.h"
#include "trail/trail.h"

#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct world {
	char path[64];
	struct trail t;
	int sock; /* the reader's end */
	pid_t writer;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = {0};
	int socks[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks), 0);
	w->t = (struct trail){.dirfd = testing_directory(w->path), .sock = socks[1], .wake = -EBADF, .audit_gid = getgid(), .boot = "b"};
	w->t.config.heads_seconds = w->t.config.heads_entries = 1000;
	assert_int_equal(head_key_make(w->t.dirfd, TRAIL_KEY_NAME, TRAIL_PUBLIC_NAME, &e), 0);
	assert_int_equal(head_key_open(w->t.dirfd, TRAIL_KEY_NAME, &w->t.key, &e), 0);
	w->sock = socks[0];
	w->writer = fork();
	if (w->writer == 0) {
		close(w->sock);
		_exit(trail_writer(&w->t, -EBADF, &e) < 0);
	}
	close(w->t.sock);
	*state = w;
	return 0;
}

/* Root's are append-only. */
static void unlock(int dirfd, const char *ledger)
{
	char name[64];
	int fd, flags;

	snprintf(name, sizeof(name), "%s/00000000000000000001.jsonl", ledger);
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags &= ~FS_APPEND_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	close(fd);
}

static int teardown(void **state)
{
	struct world *w = *state;
	const char *const ledgers[] = {"auid-7", "auid-unset", SYSTEM_LEDGER_SYSTEM, SYSTEM_LEDGER_HEADS};

	for (size_t i = 0; i < ARRAY_SIZE(ledgers); i++)
		unlock(w->t.dirfd, ledgers[i]);
	for (size_t i = 0; i < ARRAY_SIZE(ledgers); i++)
		(void)!path_own_remove_tree(w->t.dirfd, ledgers[i]);
	(void)unlinkat(w->t.dirfd, TRAIL_KEY_NAME, 0);
	(void)unlinkat(w->t.dirfd, TRAIL_PUBLIC_NAME, 0);
	head_key_free(w->t.key);
	close(w->t.dirfd);
	assert_int_equal(rmdir(w->path), 0);
	free(w);
	return 0;
}

static void say(struct world *w, const void *bytes, size_t len)
{
	assert_true(send(w->sock, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static void say_entry(struct world *w, uint32_t auid, const char *text)
{
	struct {
		struct trail_message m;
		char text[256];
	} out = {.m = {.magic = TRAIL_MAGIC, .shard = TRAIL_SHARD_AUID, .auid = auid}};

	snprintf(out.text, sizeof(out.text), "%s", text);
	say(w, &out, sizeof(out.m) + strlen(out.text));
}

/* How many entries have that op and reason; of the reason's gaps, the sum of what they count. */
static unsigned count(struct world *w, const char *ledger, const char *op, const char *reason, int64_t *ret_sum)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	struct ledger_item item;
	struct err e = {0};
	unsigned n = 0;

	*ret_sum = 0;
	assert_int_equal(ledger_reader_open(w->t.dirfd, ledger, &rd, &e), 0);
	while (ledger_reader_next(&rd, &item, &e) > 0) {
		assert_true(item.is_entry);
		if (strcmp(json_str(item.entry.o, "op"), op) != 0 || strcmp(json_str(item.entry.o, "reason"), reason) != 0)
			continue;
		n++;
		*ret_sum += json_int(item.entry.o, "count");
	}
	return n;
}

static void end(struct world *w)
{
	int status;

	close(w->sock);
	assert_int_equal(waitpid(w->writer, &status, 0), w->writer);
	assert_int_equal(status, 0);
}

static void test_bad_messages(void **state)
{
	struct world *w = *state;
	struct trail_message other = {.magic = TRAIL_MAGIC + 1}, shard = {.magic = TRAIL_MAGIC, .shard = 2}, long_receipt = {.magic = TRAIL_MAGIC};
	static char much[TRAIL_MESSAGE_MAX + 1];
	char whole[sizeof(other) + 2];
	int64_t n;

	say_entry(w, 7, "{\"op\":\"one\"}");
	say(w, "x", 1);
	say(w, &other, sizeof(other)); /* nothing behind it */
	memcpy(whole, &other, sizeof(other));
	memcpy(whole + sizeof(other), "{}", 2);
	say(w, whole, sizeof(whole));
	memcpy(whole, &shard, sizeof(shard));
	say(w, whole, sizeof(whole));
	memset(long_receipt.receipt, '1', sizeof(long_receipt.receipt));
	memcpy(whole, &long_receipt, sizeof(long_receipt));
	say(w, whole, sizeof(whole));
	say(w, much, sizeof(much));
	say_entry(w, 7, "no JSON");
	say_entry(w, 7, "{\"op\":\"two\"");
	say_entry(w, 7, "{\"op\":\"two\"}{}");
	say_entry(w, UINT32_MAX, "{\"op\":\"two\"}");
	say_entry(w, 7, "{\"op\":\"three\"}");
	end(w);
	assert_int_equal(count(w, "auid-7", "one", "", &n), 1);
	assert_int_equal(count(w, "auid-unset", "two", "", &n), 1);
	assert_int_equal(count(w, "auid-7", "three", "", &n), 1);
	assert_int_equal(count(w, "auid-7", "two", "", &n), 0);
	assert_true(count(w, SYSTEM_LEDGER_SYSTEM, "gap", "message", &n) >= 1);
	assert_int_equal(n, 9);
	assert_int_equal(count(w, SYSTEM_LEDGER_SYSTEM, "trail-stop", "", &n), 1);
}

/* What is JSON and no entry cannot be appended: that is a loss of the other kind. */
static void test_no_entry(void **state)
{
	struct world *w = *state;
	int64_t n;

	say_entry(w, 7, "[1]");
	say_entry(w, 7, "{\"op\":\"one\"}");
	end(w);
	assert_int_equal(count(w, "auid-7", "one", "", &n), 1);
	assert_true(count(w, SYSTEM_LEDGER_SYSTEM, "gap", "write", &n) + count(w, SYSTEM_LEDGER_SYSTEM, "gap", "message", &n) >= 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS("trail/writer", CASE(test_bad_messages), CASE(test_no_entry))
