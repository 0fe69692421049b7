/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* That the index is used is seen by what is forged in it; that it never lies, by what is changed beside it. */
#include "engine/container_index.h"

#include "base/clock.h"
#include "engine/testing_engine.h"
#include "sys/fd.h"

#include <time.h>

#define COUNT (CONTAINER_INDEX_FEW + 6)

static char ids[COUNT + 1][CONTAINER_ID_LEN + 1]; /* of "n00", "n01" and so on */

static void make(struct fixture *f, size_t n)
{
	struct container_making m = CONTAINER_MAKING_INIT;
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct container *c = NULL;
	struct err e = {0};
	char name[16];

	snprintf(name, sizeof(name), "n%02zu", n);
	if (container_begin(f->eng, name, &m, NULL, &e) < 0 || json_add_str(o, "name", name) < 0 ||
	    json_add_int(o, "createdNs", (int64_t)n) < 0 || json_add_str(o, "other", "not kept") < 0 ||
	    container_commit(f->eng, &m, o, false, &c, &e) < 0)
		fail_msg("%s", e.text);
	memcpy(ids[n], m.id, sizeof(m.id));
	container_free(c);
	container_making_done(f->eng, &m);
}

/* What was changed a moment ago is not kept. */
static void settle(void)
{
	struct timespec t = {.tv_nsec = 300000000};

	assert_int_equal(nanosleep(&t, NULL), 0);
}

static int setup_many(void **state)
{
	int r = setup(state);

	for (size_t i = 0; r == 0 && i < COUNT; i++)
		make(*state, i);
	return r;
}

static bool has_index(struct fixture *f)
{
	return faccessat(f->eng->run_fd, CONTAINER_INDEX, F_OK, 0) == 0;
}

/* Their names, and a part of them, in their order. */
static void names(struct fixture *f, const char *spec, const char *part, struct buf *out)
{
	_cleanup_(container_parts_done) struct container_parts parts = {0};
	_cleanup_(container_list_done) struct container_list l = {0};
	struct err e = {0};

	buf_reset(out);
	assert_int_equal(container_parts_add(&parts, spec, ""), 0);
	if (container_list_parts(f->eng, &parts, &l, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < l.n; i++)
		buf_addf(out, "%s%s%s%s ", l.items[i]->name, part ? json_str(l.items[i]->spec, part) : "",
			 l.items[i]->state ? "+" : "", l.items[i]->status == CONTAINER_LOST ? "lost" : "");
}

static void assert_names(struct fixture *f, const char *first, const char *spec, const char *part, const char *suffix)
{
	_cleanup_(buf_done) struct buf is = BUF_INIT, want = BUF_INIT;

	for (size_t i = 0; i < COUNT; i++)
		if (i == 0 && first)
			buf_addf(&want, "%s%s ", first, suffix);
		else
			buf_addf(&want, "n%02zu%s ", i, suffix);
	names(f, spec, part, &is);
	assert_string_equal(buf_str(&is), buf_str(&want));
}

static void read_index(struct fixture *f, struct buf *ret)
{
	buf_reset(ret);
	assert_int_equal(path_own_read(f->eng->run_fd, CONTAINER_INDEX, 1 << 20, ret), 0);
}

static void write_index(struct fixture *f, const char *data, size_t len)
{
	assert_int_equal(path_own_write_spare(f->eng->run_fd, CONTAINER_INDEX, data, len, 0600), 0);
}

/* Puts another name among its values. */
static void forge(struct fixture *f, const char *from, const char *to)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char *at;

	read_index(f, &b);
	at = memmem(b.data, b.len, from, strlen(from));
	assert_non_null(at);
	memcpy(at, to, strlen(to));
	write_index(f, b.data, b.len);
}

static struct container *load(struct fixture *f, size_t i)
{
	struct container *c = NULL;
	struct err e = {0};

	if (container_load(f->eng, ids[i], &c, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

static void test_used_and_compared(void **state)
{
	struct fixture *f = *state;
	struct container *c;
	struct err e = {0};
	int fd;

	settle();
	assert_names(f, NULL, "", NULL, "");
	assert_true(has_index(f));
	forge(f, "n00", "f00");
	assert_names(f, "f00", "", NULL, "");
	/* a part that is not kept: the container's own file is read */
	assert_names(f, NULL, "other", "other", "not kept");

	/* another file in its place */
	c = load(f, 0);
	assert_int_equal(json_add_str(c->spec, "name", "m00"), 0);
	assert_int_equal(container_write_spec(c, c->spec, &e), 0);
	assert_names(f, "m00", "", NULL, "");
	container_free(c);

	/* the same file with other bytes, as many, and its time put back */
	forge(f, "n01", "f01");
	c = load(f, 1);
	{
		_cleanup_(buf_done) struct buf b = BUF_INIT, is = BUF_INIT;
		struct stat st;
		char *at;

		assert_int_equal(container_read(c, "container.json", 1 << 16, &b), 0);
		at = strstr(b.data, "\"n01\"");
		assert_non_null(at);
		memcpy(at, "\"h01\"", 5);
		fd = openat(container_dir(c), "container.json", O_WRONLY | O_CLOEXEC);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(write(fd, b.data, b.len), (ssize_t)b.len);
		assert_int_equal(futimens(fd, (struct timespec[]){st.st_atim, st.st_mtim}), 0);
		close(fd);
		names(f, "", NULL, &is);
		assert_non_null(strstr(buf_str(&is), " h01 "));
		memcpy(at, "\"n01\"", 5);
		assert_int_equal(path_own_write(container_dir(c), "container.json", b.data, b.len, 0600, PATH_SYNC_NONE), 0);
	}
	container_free(c);
}

static int64_t coarse_ns(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &t), 0);
	return clock_ns(&t);
}

/* On a busy host it may take longer than what is a moment ago: then it is tried again. */
static void test_a_moment_ago(void **state)
{
	struct fixture *f = *state;
	bool quick = false;

	for (int tries = 0; !quick && tries < 100; tries++) {
		int64_t begun = coarse_ns();

		(void)unlinkat(f->eng->run_fd, CONTAINER_INDEX, 0);
		for (size_t i = 0; i < COUNT; i++) {
			_cleanup_(container_freep) struct container *c = load(f, i);
			_cleanup_(buf_done) struct buf b = BUF_INIT;

			assert_int_equal(container_read(c, "container.json", 1 << 16, &b), 0);
			assert_int_equal(path_own_write(container_dir(c), "container.json", b.data, b.len, 0600, PATH_SYNC_NONE), 0);
		}
		assert_names(f, NULL, "", NULL, "");
		quick = coarse_ns() - begun < 100000000;
		if (quick)
			assert_false(has_index(f));
	}
	assert_true(quick);
}

static void test_state_comes_and_goes(void **state)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(buf_done) struct buf is = BUF_INIT;
	struct fixture *f = *state;
	struct container *c;
	struct err e = {0};

	settle();
	assert_names(f, NULL, "", NULL, "");
	assert_true(has_index(f));
	c = load(f, 2);
	assert_int_equal(json_add_int(o, "pid", getpid()), 0);
	assert_int_equal(json_add_int(o, "startTicks", 1), 0); /* it is not we */
	assert_int_equal(json_add_str(o, "bootId", f->eng->boot_id), 0);
	assert_int_equal(container_write_state(c, o, false, &e), 0);
	names(f, "", NULL, &is);
	assert_non_null(strstr(buf_str(&is), " n02+lost "));
	assert_int_equal(unlinkat(container_dir(c), "state.json", 0), 0);
	assert_names(f, NULL, "", NULL, "");
	/* one that is gone, and a new one */
	make(f, COUNT);
	assert_int_equal(path_own_remove_tree(f->eng->containers_fd, ids[2]), 0);
	names(f, "", NULL, &is);
	assert_null(strstr(buf_str(&is), "n02"));
	assert_non_null(strstr(buf_str(&is), "n70 "));
	container_free(c);
}

/* Cut anywhere, of another boot or directory: it is as if there were none. */
static void test_damaged(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct fixture *f = *state;

	settle();
	assert_names(f, NULL, "", NULL, "");
	read_index(f, &b);
	for (size_t len = 0; len < b.len; len += 97) {
		write_index(f, b.data, len);
		assert_names(f, NULL, "", NULL, "");
	}
	for (size_t at = 0; at < 1100; at += 13) {
		char was = b.data[at];

		b.data[at] ^= 0x41;
		write_index(f, b.data, b.len);
		assert_names(f, NULL, "", NULL, "");
		b.data[at] = was;
	}
	/* a value that is not one: that container's own files are read. The name's letter comes before its length. */
	{
		char *name = memmem(b.data, b.len, "n00", 3), *letter = name - 5;

		assert_non_null(name);
		assert_int_equal(*letter, 's');
		for (int i = 0; i < 255; i++) {
			*letter = (char)i;
			if (i == 's' || i == 'j' || (i && strchr("nftiao", i)))
				continue;
			write_index(f, b.data, b.len);
			assert_names(f, NULL, "", NULL, "");
		}
		*letter = 's';
		memset(name - 4, 0xff, 4);
		write_index(f, b.data, b.len);
		assert_names(f, NULL, "", NULL, "");
	}
	write_index(f, "", 0);
	assert_names(f, NULL, "", NULL, "");
}

static void test_goes_with_the_many(void **state)
{
	_cleanup_(buf_done) struct buf is = BUF_INIT;
	struct fixture *f = *state;

	for (size_t left = COUNT; left > 0; left -= left >= 10 ? 10 : left) {
		write_index(f, "", 0);
		names(f, "", NULL, &is);
		assert_int_equal(has_index(f), left >= CONTAINER_INDEX_FEW);
		for (size_t i = left; i > 0 && i + 10 > left; i--)
			assert_int_equal(path_own_remove_tree(f->eng->containers_fd, ids[i - 1]), 0);
	}
	write_index(f, "", 0);
	names(f, "", NULL, &is);
	assert_false(has_index(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_used_and_compared, setup_many, teardown),
		cmocka_unit_test_setup_teardown(test_a_moment_ago, setup_many, teardown),
		cmocka_unit_test_setup_teardown(test_state_comes_and_goes, setup_many, teardown),
		cmocka_unit_test_setup_teardown(test_goes_with_the_many, setup_many, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup_many, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
