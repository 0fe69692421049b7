/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "audit/index.h"

#include "audit/ledger.h"
#include "base/buf.h"
#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <sys/stat.h>

struct place {
	char path[64], file[96];
	int dirfd;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	p->dirfd = testing_directory(p->path);
	snprintf(p->file, sizeof(p->file), "%s/" INDEX_FILE, p->path);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"auid-1001", "auid-1002", "ledger", "auid-1", INDEX_FILE, INDEX_FILE "-wal", INDEX_FILE "-shm", INDEX_FILE ".damaged"};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)!path_own_remove_tree(p->dirfd, names[i]);
	close(p->dirfd);
	rmdir(p->path);
	free(p);
	return 0;
}

static void append(struct place *p, const char *ledger, const char *text, const char *receipt)
{
	const struct ledger_place place = {.dirfd = p->dirfd, .name = ledger};
	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	struct err e = {0};

	assert_int_equal(json_parse(text, strlen(text), "event", &o, &e), 0);
	assert_int_equal(ledger_begin(&place, &l, &e), 0);
	assert_int_equal(ledger_append(&l, o, receipt, &e), 0);
}

static void fill(struct place *p)
{
	append(p, "auid-1001", "{\"op\":\"start\",\"type\":\"VIRT_CONTROL\",\"auid\":1001,\"ses\":3,\"vm\":\"web\",\"uuid\":\"u-1-0123\",\"ctr\":\"c0ffeec0ffee\",\"claimed-image\":\"busybox\",\"res\":\"success\"}",
	       "1700000001.000:1");
	append(p, "auid-1001", "{\"op\":\"execve\",\"type\":\"SYSCALL\",\"auid\":1001,\"pid\":7,\"exe\":\"/bin/ls\",\"container\":\"web\",\"where\":\"container\",\"uuid\":\"u-1-0123\",\"ctr\":\"c0ffeec0ffee\"}",
	       "1700000003.000:3");
	append(p, "auid-1002", "{\"op\":\"execve\",\"type\":\"SYSCALL\",\"auid\":1002,\"exe\":\"/bin/id\",\"container\":\"host\",\"where\":\"host\"}", "1700000002.000:2");
	append(p, "auid-1002", "{\"op\":\"execve\",\"type\":\"SYSCALL\",\"auid\":1002,\"exe\":\"/bin/id\",\"container\":\"unknown\",\"where\":\"unknown\"}", "1700000002.000:4");
}

struct answer {
	char text[256];
};

static int on_row(const struct index_row *row, void *data, struct err *e)
{
	struct answer *a = data;
	size_t len = strlen(a->text);

	(void)e;
	snprintf(a->text + len, sizeof(a->text) - len, "%s%s", len ? " " : "", strchr(row->receipt, ':') + 1);
	return 0;
}

static void update(struct place *p, struct index *ix)
{
	struct err e = {0};

	if (index_update(ix, p->dirfd, "auid-1001", &e) < 0 || index_update(ix, p->dirfd, "auid-1002", &e) < 0)
		fail_msg("%s", e.text);
}

static void expect(struct index *ix, const struct index_query *q, const char *serials, const char *what)
{
	struct answer a = {""};
	struct err e = {0};

	assert_int_equal(index_query(ix, q, on_row, &a, &e), 0);
	if (strcmp(a.text, serials) != 0)
		fail_msg("%s: \"%s\"", what, a.text);
}

#define SECOND(n) (INT64_C(1700000000000000000) + (n) * INT64_C(1000000000))

static void test_questions(void **state)
{
	static const struct {
		const char *what;
		struct index_query q;
		const char *serials;
	} cases[] = {
		{"all, by time and serial", {INT64_MIN, INT64_MAX, -1, NULL, NULL, NULL, 0}, "1 2 4 3"},
		{"since", {SECOND(2), INT64_MAX, -1, NULL, NULL, NULL, 0}, "2 4 3"},
		{"until, without that moment", {INT64_MIN, SECOND(3), -1, NULL, NULL, NULL, 0}, "1 2 4"},
		{"a user's", {INT64_MIN, INT64_MAX, 1002, NULL, NULL, NULL, 0}, "2 4"},
		{"nobody's", {INT64_MIN, INT64_MAX, 7, NULL, NULL, NULL, 0}, ""},
		{"a container's, by name", {INT64_MIN, INT64_MAX, -1, "web", NULL, NULL, 0}, "1 3"},
		{"by the beginning of its id", {INT64_MIN, INT64_MAX, -1, "c0ffeec0", NULL, NULL, 0}, "1 3"},
		{"by its uuid", {INT64_MIN, INT64_MAX, -1, "u-1-0123", NULL, NULL, 0}, "1 3"},
		{"on the host", {INT64_MIN, INT64_MAX, -1, "host", NULL, NULL, 0}, "2"},
		{"unknown", {INT64_MIN, INT64_MAX, -1, "unknown", NULL, NULL, 0}, "4"},
		{"of an image", {INT64_MIN, INT64_MAX, -1, NULL, "busybox", NULL, 0}, "1 3"},
		{"words of SQL are words", {INT64_MIN, INT64_MAX, -1, "x' OR '1'='1", NULL, NULL, 0}, ""},
		{"a wildcard is a letter", {INT64_MIN, INT64_MAX, -1, "%", NULL, NULL, 0}, ""},
		{"one ledger", {INT64_MIN, INT64_MAX, -1, NULL, NULL, "auid-1002", 0}, "2 4"},
		{"the newest two", {INT64_MIN, INT64_MAX, -1, NULL, NULL, NULL, 2}, "4 3"},
	};
	_cleanup_(index_closep) struct index *ix = NULL;
	struct place *p = *state;
	struct err e = {0};

	fill(p);
	assert_int_equal(index_open("", INDEX_MEMORY, &ix, &e), 0);
	update(p, ix);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(ix, &cases[i].q, cases[i].serials, cases[i].what);
}

/* What was read is not read again; what came since is; over a closing and opening too. */
static void test_goes_on(void **state)
{
	struct index *ix = NULL;
	struct place *p = *state;
	struct err e = {0};

	fill(p);
	assert_int_equal(index_open(p->file, INDEX_READ, &ix, &e), -ENOENT);
	assert_int_equal(index_open(p->file, INDEX_WRITE, &ix, &e), 0);
	update(p, ix);
	update(p, ix);
	expect(ix, &INDEX_QUERY_ALL, "1 2 4 3", "twice");
	ix = index_close(ix);
	append(p, "auid-1001", "{\"op\":\"stop\",\"auid\":1001,\"vm\":\"web\"}", "1700000009.000:9");
	assert_int_equal(index_open(p->file, INDEX_WRITE, &ix, &e), 0);
	update(p, ix);
	expect(ix, &INDEX_QUERY_ALL, "1 2 4 3 9", "more");
	assert_true(index_is_there(ix));
	assert_int_equal(unlink(p->file), 0);
	assert_false(index_is_there(ix));
	index_close(ix);
}

/* Another ledger under the old name: nothing of the old one stays. */
static void test_written_anew(void **state)
{
	_cleanup_(index_closep) struct index *ix = NULL;
	struct place *p = *state;
	struct err e = {0};

	fill(p);
	assert_int_equal(index_open(p->file, INDEX_WRITE, &ix, &e), 0);
	update(p, ix);
	assert_int_equal(path_own_remove_tree(p->dirfd, "auid-1001"), 0);
	append(p, "auid-1001", "{\"op\":\"create\",\"auid\":1001,\"vm\":\"another\"}", "1700000005.000:5");
	update(p, ix);
	expect(ix, &INDEX_QUERY_ALL, "2 4 5", "anew");
}

static void test_damaged(void **state)
{
	static const char junk[8192] = "no database";
	struct index *ix = NULL;
	struct place *p = *state;
	struct err e = {0};

	fill(p);
	assert_int_equal(path_own_write(p->dirfd, INDEX_FILE, junk, sizeof(junk), 0600, PATH_SYNC_NONE), 0);
	assert_true(index_open(p->file, INDEX_READ, &ix, &e) < 0);
	assert_int_equal(index_open(p->file, INDEX_WRITE, &ix, &e), 0);
	update(p, ix);
	expect(ix, &INDEX_QUERY_ALL, "1 2 4 3", "made anew");
	index_close(ix);
}

/* What the system ledger calls a claim stands in a user's own under its plain name: both are found, and shown. */
static int on_claims(const struct index_row *row, void *data, struct err *e)
{
	(void)e;
	snprintf(data, 64, "%s %s %s", row->image, row->profile, row->profile_hash);
	return 0;
}

static void test_claims(void **state)
{
	static const char *const entries[] = {
		"{\"op\":\"start\",\"image\":\"own\",\"profile\":\"default\",\"profile-hash\":\"abcd\"}",
		"{\"op\":\"start\",\"claimed-image\":\"own\",\"claimed-profile\":\"default\",\"claimed-profile-hash\":\"abcd\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		_cleanup_(index_closep) struct index *ix = NULL;
		struct index_query q = INDEX_QUERY_ALL;
		struct place *p = *state;
		char text[64] = "";
		struct err e = {0};

		append(p, i ? "auid-1" : "ledger", entries[i], NULL);
		assert_int_equal(index_open("", INDEX_MEMORY, &ix, &e), 0);
		assert_int_equal(index_update(ix, p->dirfd, i ? "auid-1" : "ledger", &e), 0);
		q.image = "own";
		assert_int_equal(index_query(ix, &q, on_claims, text, &e), 0);
		assert_string_equal(text, "own default abcd");
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS("audit/index", CASE(test_questions), CASE(test_goes_on), CASE(test_written_anew), CASE(test_damaged), CASE(test_claims))
