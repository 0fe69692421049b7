/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What of cgroups is not the kernel's; a directory of plain files stands for a group. */
#include "sys/cgroup.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <sys/stat.h>

static void test_names(void **state)
{
	static const struct {
		unsigned set;
		const char *text;
	} sets[] = {
		{0, ""}, {CGROUP_CPU, "+cpu"}, {CGROUP_MEMORY | CGROUP_CPUSET, "+cpuset +memory"}, {CGROUP_ALL, "+cpuset +cpu +io +memory +pids"},
	};
	static const struct {
		const char *file;
		unsigned bit;
	} files[] = {
		{"memory.max", CGROUP_MEMORY}, {"cpu.max.burst", CGROUP_CPU}, {"cpuset.cpus", CGROUP_CPUSET}, {"hugetlb.2MB.max", CGROUP_HUGETLB},
		{"pids", 0}, {"cpus.max", 0}, {"cgroup.procs", 0}, {"", 0}, {".max", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		cgroup_names(sets[i].set, "+", &b);
		assert_string_equal(buf_str(&b), sets[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(cgroup_controller_of(files[i].file), files[i].bit);
}

static void put(int dir, const char *name, const char *text)
{
	assert_int_equal(path_own_write(dir, name, text, strlen(text), 0600, PATH_SYNC_NONE), 0);
}

static void test_files(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[64];
	_cleanup_close_ int dir = testing_directory(path), parent = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned set = 99;

	(void)state;
	put(dir, "cgroup.controllers", "cpu memory misc pids\n");
	put(dir, "cgroup.subtree_control", "\n");
	put(dir, "cgroup.procs", "\n");
	assert_int_equal(cgroup_controllers(dir, &set), 0);
	assert_int_equal(set, CGROUP_CPU | CGROUP_MEMORY | CGROUP_PIDS);
	assert_int_equal(cgroup_enabled(dir, &set), 0);
	assert_int_equal(set, 0);
	assert_true(cgroup_is_ours(dir));
	assert_false(cgroup_is_delegated(dir));
	/* what is not there cannot be enabled, and nothing is tried */
	assert_int_equal(cgroup_enable(dir, CGROUP_IO, CGROUP_ALL), -ENODEV);
	assert_int_equal(cgroup_enable(dir, CGROUP_PIDS, CGROUP_ALL), 0);
	assert_int_equal(cgroup_read(dir, "cgroup.subtree_control", &b), 0);
	assert_string_equal(buf_str(&b), "+cpu +memory +pids");
	put(dir, "cgroup.subtree_control", "cpu memory pids\n");
	assert_int_equal(cgroup_enable(dir, CGROUP_PIDS, CGROUP_ALL), 0);
	assert_int_equal(cgroup_write(dir, "memory.max", "1"), -ENOENT);
	assert_int_equal(path_own_remove_tree(parent, path + 1), 0);
	assert_int_equal(cgroup_remove_tree(parent, path + 1), 0);
}

/* The kernel takes its time: asked for, and not so, is no answer, and the wish is taken back. */
static void test_freeze(void **state)
{
	char path[64];
	_cleanup_close_ int dir = testing_directory(path), parent = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_false(cgroup_is_frozen(dir));
	assert_int_equal(cgroup_freeze(dir, true, 10), -ENOENT);
	put(dir, "cgroup.freeze", "0");
	put(dir, "cgroup.events", "populated 1\nfrozen 1\n");
	assert_int_equal(cgroup_freeze(dir, true, 10), 0);
	assert_true(cgroup_is_frozen(dir));
	assert_int_equal(cgroup_freeze(dir, false, 10), -ETIMEDOUT);
	assert_true(cgroup_is_frozen(dir));
	put(dir, "cgroup.events", "populated 1\nfrozen 0\n");
	assert_int_equal(cgroup_freeze(dir, false, 10), 0);
	assert_false(cgroup_is_frozen(dir));
	assert_int_equal(path_own_remove_tree(parent, path + 1), 0);
}

static void test_own(void **state)
{
	_cleanup_close_ int mount = -EBADF, fd = -EBADF;
	char own[PATH_MAX], same[PATH_MAX];

	(void)state;
	if (cgroup_mount_open(&mount) < 0) {
		print_message("skipped: this host has no cgroup v2, or not alone\n");
		skip();
	}
	assert_int_equal(cgroup_of(0, own), 0);
	assert_int_equal(cgroup_of(getpid(), same), 0);
	assert_string_equal(own, same);
	assert_int_equal(cgroup_open(mount, own, &fd), 0);
	assert_int_equal(cgroup_of(INT_MAX, own), -ENOENT);
}

TESTS("sys/cgroup", cmocka_unit_test(test_names), cmocka_unit_test(test_files), cmocka_unit_test(test_freeze),
      cmocka_unit_test(test_own))
