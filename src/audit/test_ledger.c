/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "audit/canonical.h"
#include "audit/ledger.h"
#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct place {
	char path[64];
	int dirfd;
	struct ledger_place place;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	p->dirfd = testing_directory(p->path);
	p->place = (struct ledger_place){.dirfd = p->dirfd, .name = "ledger"};
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	assert_int_equal(path_own_remove_tree(p->dirfd, "ledger"), 0);
	close(p->dirfd);
	rmdir(p->path);
	free(p);
	return 0;
}

static struct json_object *event_of(const char *op, int n)
{
	struct json_object *o = json_object_new_object();

	assert_int_equal(json_add_str(o, "op", op), 0);
	assert_int_equal(json_add_int(o, "n", n), 0);
	return o;
}

static int append_one(const struct ledger_place *place, int n)
{
	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
	_cleanup_json_ struct json_object *o = event_of("start", n);
	struct err e = {0};
	int r = ledger_begin(place, &l, &e);

	return r < 0 ? r : ledger_append(&l, o, "1700000000.123:4567", &e);
}

/* All segments' text, one after the other; the caller frees. */
static char *all_text(const struct place *p)
{
	_cleanup_close_ int dir = openat(p->dirfd, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ uint64_t *segments = NULL;
	struct buf b = BUF_INIT;
	struct err e = {0};
	size_t n = 0;

	assert_int_equal(ledger_segments(dir, &segments, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		char name[LEDGER_SEGMENT_NAME_SIZE];

		ledger_segment_name(segments[i], name);
		assert_int_equal(path_own_read(dir, name, (size_t)64 << 20, &b), 0);
	}
	buf_addc(&b, '\0');
	return buf_take(&b);
}

/* Every line is an entry and holds the hash of the one before; how many there are. What is torn is skipped where a torn entry says so. */
static uint64_t check_chain(const struct place *p, unsigned *ret_torn)
{
	_cleanup_free_ char *text = all_text(p);
	char prev[SHA256_HEX_SIZE];
	uint64_t seq = 0;
	char *line = text, *newline;

	memset(prev, '0', sizeof(prev) - 1);
	prev[sizeof(prev) - 1] = '\0';
	*ret_torn = 0;
	while ((newline = strchr(line, '\n')) != NULL) {
		struct ledger_entry entry;
		struct err e = {0};

		if (ledger_entry_parse(line, (size_t)(newline - line), &entry, &e) < 0) {
			(*ret_torn)++;
		} else {
			assert_int_equal(entry.seq, ++seq);
			assert_string_equal(entry.prev, prev);
			memcpy(prev, entry.hash, sizeof(prev));
			ledger_entry_done(&entry);
		}
		line = newline + 1;
	}
	return seq;
}

static void test_canonical(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"{\"b\":1,\"a\":[true,null,-5,\"x\"],\"B\":{}}", "{\"B\":{},\"a\":[true,null,-5,\"x\"],\"b\":1}"},
		{"\"\\u0001\\b\\n\\\"\\\\\\/\\u00e9\\u007f\"", "\"\\u0001\\b\\n\\\"\\\\/\xc3\xa9\x7f\""},
		{"9007199254740991", "9007199254740991"},
		{"9007199254740992", NULL},
		{"-9007199254740992", NULL},
		{"18446744073709551615", NULL},
		{"1.5", NULL},
		{"{\"a b\":1}", NULL},
		{"{\"\":1}", NULL},
		{"[[[[[[[[1]]]]]]]]", "[[[[[[[[1]]]]]]]]"},
		{"[[[[[[[[[1]]]]]]]]]", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		_cleanup_(buf_done) struct buf out = BUF_INIT;
		struct err e = {0};
		int r;

		assert_int_equal(json_parse(cases[i].in, strlen(cases[i].in), "case", &o, &e), 0);
		r = canonical_add(o, &out, &e);
		if ((r == 0) != (cases[i].out != NULL) || (r == 0 && strcmp(buf_str(&out), cases[i].out) != 0))
			fail_msg("%s: %d, %s", cases[i].in, r, buf_str(&out));
	}
}

static void test_canonical_bad_bytes(void **state)
{
	_cleanup_json_ struct json_object *o = json_object_new_string_len("a\xff\0z", 4);
	_cleanup_(buf_done) struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(canonical_add(o, &out, NULL), 0);
	assert_string_equal(buf_str(&out), "\"a\xef\xbf\xbd\\u0000z\"");
}

static void test_chain(void **state)
{
	struct place *p = *state;
	_cleanup_free_ char *text = NULL;
	unsigned torn;
	struct stat st;

	for (int i = 0; i < 5; i++)
		assert_int_equal(append_one(&p->place, i), 0);
	assert_int_equal(check_chain(p, &torn), 5);
	assert_int_equal(torn, 0);
	text = all_text(p);
	assert_ptr_equal(strstr(text, "{\"n\":0,\"op\":\"start\",\"prev\":\"0000"), text);
	assert_non_null(strstr(text, "\"receipt\":\"1700000000.123:4567\",\"seq\":1,\"time\":\""));
	assert_int_equal(fstatat(p->dirfd, "ledger", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(p->dirfd, "ledger/00000000000000000001.jsonl", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_abort_writes_nothing(void **state)
{
	struct place *p = *state;
	struct err e = {0};
	unsigned torn;

	for (int i = 0; i < 2; i++) {
		_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;

		assert_int_equal(ledger_begin(&p->place, &l, &e), 0);
		assert_int_equal(l.seq, 1);
	}
	assert_int_equal(check_chain(p, &torn), 0);
	assert_int_equal(append_one(&p->place, 0), 0);
	assert_int_equal(check_chain(p, &torn), 1);
}

static void test_segments(void **state)
{
	struct place *p = *state;
	_cleanup_close_ int dir = -EBADF;
	_cleanup_free_ uint64_t *segments = NULL;
	struct err e = {0};
	size_t n = 0;
	unsigned torn;

	p->place.segment_max = 700;
	for (int i = 0; i < 40; i++)
		assert_int_equal(append_one(&p->place, i), 0);
	assert_int_equal(check_chain(p, &torn), 40);
	dir = openat(p->dirfd, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ledger_segments(dir, &segments, &n, &e), 0);
	assert_true(n >= 13 && n <= 20);
	for (size_t i = 0; i < n; i++) {
		char name[LEDGER_SEGMENT_NAME_SIZE];
		struct stat st;

		ledger_segment_name(segments[i], name);
		assert_int_equal(fstatat(dir, name, &st, 0), 0);
		assert_true(st.st_size <= 700);
	}
}

static void damage(const struct place *p, const char *bytes, size_t len)
{
	_cleanup_close_ int fd = openat(p->dirfd, "ledger/00000000000000000001.jsonl", O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_equal(fd_write_all(fd, bytes, len), 0);
}

static void test_torn(void **state)
{
	static char zeros[200000];
	static const struct {
		const char *what, *bytes;
		size_t len;
		unsigned lines;
	} cases[] = {
		{"half a line", "{\"n\":7,\"op\":\"st", 15, 1},
		{"one byte", "{", 1, 1},
		{"a line that is no entry", "{\"n\":7}\n", 8, 1},
		{"lines that are none, and half a one", "x\ny\nz", 5, 3},
		{"an empty line", "\n", 1, 1},
		{"more than a window", zeros, sizeof(zeros), 1},
	};
	struct place *p = *state;
	unsigned torn, lines = 0;
	uint64_t seq = 1;

	memset(zeros, 'z', sizeof(zeros));
	assert_int_equal(append_one(&p->place, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		damage(p, cases[i].bytes, cases[i].len);
		assert_int_equal(append_one(&p->place, 1), 0);
		lines += cases[i].lines;
		seq += 2;
		if (check_chain(p, &torn) != seq || torn != lines)
			fail_msg("%s: seq %llu, %u torn", cases[i].what, (unsigned long long)check_chain(p, &torn), torn);
	}
}

/* The first line of all is torn: nothing is before it. */
static void test_torn_first(void **state)
{
	struct place *p = *state;
	_cleanup_free_ char *text = NULL;
	unsigned torn;

	assert_int_equal(mkdirat(p->dirfd, "ledger", 0700), 0);
	close(openat(p->dirfd, "ledger/00000000000000000001.jsonl", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	damage(p, "{\"n\"", 4);
	assert_int_equal(append_one(&p->place, 1), 0);
	assert_int_equal(check_chain(p, &torn), 2);
	assert_int_equal(torn, 1);
	text = all_text(p);
	assert_non_null(strstr(text, "{\"bytes\":4,\"offset\":0,\"op\":\"torn\",\"prev\":\"000"));
}

/* A segment was made, and its maker killed before the first line. */
static void test_empty_segment(void **state)
{
	struct place *p = *state;
	unsigned torn;

	assert_int_equal(append_one(&p->place, 0), 0);
	close(openat(p->dirfd, "ledger/00000000000000000002.jsonl", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(append_one(&p->place, 1), 0);
	assert_int_equal(check_chain(p, &torn), 2);
	assert_int_equal(torn, 0);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *event;
		int want;
	} cases[] = {
		{"{\"seq\":1}", -EINVAL},
		{"{\"prev\":\"x\"}", -EINVAL},
		{"{\"time\":\"x\"}", -EINVAL},
		{"{\"receipt\":\"x\"}", -EINVAL},
		{"{\"a\":1.5}", -EINVAL},
		{"[1]", -EINVAL},
	};
	struct place *p = *state;
	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
	_cleanup_json_ struct json_object *big = json_object_new_object();
	_cleanup_free_ char *text = calloc(1, LEDGER_LINE_MAX + 1);
	struct err e = {0};
	unsigned torn;

	assert_int_equal(ledger_begin(&p->place, &l, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = NULL;

		assert_int_equal(json_parse(cases[i].event, strlen(cases[i].event), "case", &o, &e), 0);
		assert_int_equal(ledger_append(&l, o, NULL, &e), cases[i].want);
	}
	memset(text, 'x', LEDGER_LINE_MAX);
	assert_int_equal(json_add_str(big, "a", text), 0);
	assert_int_equal(ledger_append(&l, big, NULL, &e), -EMSGSIZE);
	ledger_end(&l);
	assert_int_equal(append_one(&p->place, 0), 0);
	assert_int_equal(check_chain(p, &torn), 1);
	assert_int_equal(torn, 0);
}

/* As a full disk: the write is short. The chain is as before, and goes on when there is room. */
static void test_no_room(void **state)
{
	struct place *p = *state;
	struct rlimit old, small;
	unsigned torn;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(append_one(&p->place, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){300, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(append_one(&p->place, 1), -ENOSPC);
	assert_int_equal(append_one(&p->place, 2), -ENOSPC);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(check_chain(p, &torn), 1);
	assert_int_equal(torn, 0);
	assert_int_equal(append_one(&p->place, 3), 0);
	assert_int_equal(check_chain(p, &torn), 2);
	assert_int_equal(torn, 0);
}

static void test_not_ours(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdirat(p->dirfd, "ledger", 0700), 0);
	assert_int_equal(symlinkat("/etc/passwd", p->dirfd, "ledger/00000000000000000001.jsonl"), 0);
	assert_int_equal(append_one(&p->place, 0), -ELOOP);
	assert_int_equal(unlinkat(p->dirfd, "ledger/00000000000000000001.jsonl", 0), 0);
	assert_int_equal(mkfifoat(p->dirfd, "ledger/00000000000000000001.jsonl", 0600), 0);
	assert_int_equal(append_one(&p->place, 0), -EINVAL);
}

#define WRITERS 200
/* Each of them writes three entries; all are there, in one chain. */
static void test_writers(void **state)
{
	struct place *p = *state;
	unsigned torn;
	int bad = 0;

	p->place.segment_max = 20000;
	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			for (int k = 0; k < 3; k++)
				if (append_one(&p->place, i) < 0)
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = 0;

		assert_true(wait(&status) > 0);
		bad += status != 0;
	}
	assert_int_equal(bad, 0);
	assert_int_equal(check_chain(p, &torn), 3 * WRITERS);
	assert_int_equal(torn, 0);
}

/* Writers are killed at any time; what they said was written is there, and the chain holds. */
static void test_kill(void **state)
{
	struct place *p = *state;
	uint64_t said = 0;
	unsigned torn;

	p->place.segment_max = 5000;
	for (int i = 0; i < 100; i++) {
		int fds[2], status, pidfd;
		pid_t pid;
		char c;

		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			for (;;)
				if (append_one(&p->place, i) == 0)
					(void)!write(fds[1], "x", 1);
		}
		close(fds[1]);
		usleep((useconds_t)(i * 37 % 2000));
		assert_int_equal(pidfd_open_pid(pid, &pidfd), 0);
		assert_int_equal(pidfd_signal(pidfd, SIGKILL), 0);
		close(pidfd);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		while (read(fds[0], &c, 1) == 1)
			said++;
		close(fds[0]);
	}
	assert_int_equal(append_one(&p->place, 0), 0);
	assert_true(check_chain(p, &torn) > said);
}

static void append_again(const struct place *p, struct ledger *l, int n)
{
	_cleanup_json_ struct json_object *o = event_of("start", n);
	struct err e = {0};

	if (ledger_resume(&p->place, l, &e) < 0 || ledger_append(l, o, NULL, &e) < 0)
		fail_msg("%s", e.text);
	ledger_pause(l);
}

/* Between two entries of one writer, everything happens that another may do. */
static void test_resume(void **state)
{
	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
	struct place *p = *state;
	_cleanup_close_ int fd = -EBADF;
	unsigned torn;

	append_again(p, &l, 0);
	append_again(p, &l, 1);
	assert_int_equal(append_one(&p->place, 2), 0);
	append_again(p, &l, 3);
	fd = openat(p->dirfd, "ledger/00000000000000000001.jsonl", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "{\"half", 6), 6);
	append_again(p, &l, 4);
	assert_int_equal(check_chain(p, &torn), 6); /* torn is an entry too */
	assert_int_equal(torn, 1);
	/* another segment is the newest one */
	p->place.segment_max = 1;
	assert_int_equal(append_one(&p->place, 5), 0);
	p->place.segment_max = 0;
	append_again(p, &l, 6);
	assert_int_equal(check_chain(p, &torn), 8);
	/* and the whole of it goes away */
	assert_int_equal(path_own_remove_tree(p->dirfd, "ledger"), 0);
	append_again(p, &l, 7);
	assert_int_equal(check_chain(p, &torn), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS("audit/ledger", cmocka_unit_test(test_canonical), cmocka_unit_test(test_canonical_bad_bytes), CASE(test_chain),
      CASE(test_abort_writes_nothing), CASE(test_segments), CASE(test_torn), CASE(test_torn_first), CASE(test_empty_segment),
      CASE(test_refusals), CASE(test_no_room), CASE(test_not_ours), CASE(test_writers), CASE(test_kill), CASE(test_resume))
