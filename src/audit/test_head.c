/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "audit/head.h"
#include "base/testing.h"

#include <sys/stat.h>

static void test_head(void **state)
{
	/* what is changed in a signed head, and how the check then ends */
	static const struct {
		const char *key, *value;
		int want;
	} cases[] = {
		{"seq", "7", 0}, /* the ledger's own: not signed, not looked at */
		{"ledger", "auid-1002", -EKEYREJECTED},
		{"ledger-seq", NULL, -EKEYREJECTED},
		{"ledger-hash", "0000000000000000000000000000000000000000000000000000000000000001", -EKEYREJECTED},
		{"ledger-hash", "0", -EINVAL},
		{"boot", "x", -EKEYREJECTED},
		{"head-time", "x", -EKEYREJECTED},
		{"key", "0123456789abcdef", -EKEYREJECTED},
		{"signature", "00", -EINVAL},
		{"op", "start", -EINVAL},
	};
	struct head head = {.ledger = "auid-1001", .seq = 5, .boot = "b"}, back;
	_cleanup_(head_key_freep) struct head_key *key = NULL, *public = NULL, *other = NULL;
	char path[64];
	int dir = testing_directory(path);
	struct err e = {0};
	struct stat st;

	(void)state;
	memset(head.hash, 'a', sizeof(head.hash) - 1);
	assert_int_equal(head_key_make(dir, "k", "k.pub", &e), 0);
	assert_int_equal(head_key_make(dir, "k", "k.pub", &e), -EEXIST);
	assert_int_equal(fstatat(dir, "k", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(head_key_open(dir, "k", &key, &e), 0);
	assert_int_equal(head_key_open_public(dir, "k.pub", &public, &e), 0);
	assert_int_equal(head_key_open_public(dir, "k", &other, &e), -EINVAL);
	assert_string_equal(head_key_id(key), head_key_id(public));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *o = NULL;
		int r;

		assert_int_equal(head_sign(key, &head, &o, &e), 0);
		assert_int_equal(head_check(public, o, &back, &e), 0);
		assert_string_equal(back.ledger, head.ledger);
		assert_int_equal(back.seq, 5);
		assert_string_equal(back.hash, head.hash);
		json_object_object_del(o, cases[i].key);
		r = cases[i].value ? json_add_str(o, cases[i].key, cases[i].value) : json_add_int(o, cases[i].key, 6);
		assert_int_equal(r, 0);
		r = head_check(public, o, &back, &e);
		if (r != cases[i].want)
			fail_msg("%s=%s: %d", cases[i].key, cases[i].value, r);
	}
	assert_int_equal(fchmodat(dir, "k", 0640, 0), 0);
	assert_int_equal(head_key_open(dir, "k", &other, &e), -EPERM);
	assert_int_equal(unlinkat(dir, "k", 0), 0);
	assert_int_equal(unlinkat(dir, "k.pub", 0), 0);
	close(dir);
	assert_int_equal(rmdir(path), 0);
}

/* Another key's heads are not taken. */
static void test_other_key(void **state)
{
	struct head head = {.ledger = "auid-1001", .seq = 5}, back;
	_cleanup_(head_key_freep) struct head_key *key = NULL, *other = NULL;
	_cleanup_json_ struct json_object *o = NULL;
	char path[64];
	int dir = testing_directory(path);
	struct err e = {0};

	(void)state;
	memset(head.hash, 'a', sizeof(head.hash) - 1);
	assert_int_equal(head_key_make(dir, "k", "k.pub", &e), 0);
	assert_int_equal(head_key_make(dir, "o", "o.pub", &e), 0);
	assert_int_equal(head_key_open(dir, "k", &key, &e), 0);
	assert_int_equal(head_key_open_public(dir, "o.pub", &other, &e), 0);
	assert_int_equal(head_sign(key, &head, &o, &e), 0);
	assert_int_equal(head_check(other, o, &back, &e), -EKEYREJECTED);
	json_object_object_del(o, "key");
	assert_int_equal(json_add_str(o, "key", head_key_id(other)), 0);
	assert_int_equal(head_check(other, o, &back, &e), -EKEYREJECTED);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(unlinkat(dir, ((const char *const[]){"k", "k.pub", "o", "o.pub"})[i], 0), 0);
	close(dir);
	assert_int_equal(rmdir(path), 0);
}

TESTS("audit/head", cmocka_unit_test(test_head), cmocka_unit_test(test_other_key))
