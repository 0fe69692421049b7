/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/mountpoints.h"

#include "base/testing.h"
#include "sys/overlay.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-mountpoints.XXXXXX";

static int setup(void **state)
{
	int *fd = malloc(sizeof(*fd));

	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	if (!fd || !mkdtemp(dir))
		return -1;
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = fd;
	return *fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	int *fd = *state, tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = path_own_remove_tree(tmp, dir + strlen("/tmp/"));

	close(tmp);
	close(*fd);
	free(fd);
	return r;
}

static void assert_there(int fd)
{
	static const char *const files[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf"};
	static const char *const directories[] = {".", "etc", "dev", "proc", "sys"};
	char path[64];
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), MOUNTPOINTS_DIR "/%s", files[i]);
		assert_int_equal(fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0644);
		assert_int_equal(st.st_size, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), MOUNTPOINTS_DIR "/%s", directories[i]);
		assert_int_equal(fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(st.st_mode, S_IFDIR | 0755);
	}
}

static void test_make(void **state)
{
	struct err e = {0};
	int fd = *(int *)*state;

	assert_int_equal(mountpoints_make(fd, &e), 0);
	assert_there(fd);
	assert_int_equal(mountpoints_make(fd, &e), 0);
	assert_there(fd);
}

/* Whoever began was killed after any of its steps. */
static void test_half_made(void **state)
{
	static const char *const last[] = {"etc/resolv.conf", "etc/hostname", "etc/hosts", "etc", "sys"};
	struct err e = {0};
	int fd = *(int *)*state;
	char path[64];

	for (size_t n = 1; n <= ARRAY_SIZE(last); n++) {
		assert_int_equal(mountpoints_make(fd, &e), 0);
		for (size_t i = 0; i < n; i++) {
			snprintf(path, sizeof(path), MOUNTPOINTS_DIR "/%s", last[i]);
			assert_int_equal(unlinkat(fd, path, i >= 3 ? AT_REMOVEDIR : 0), 0);
		}
		assert_int_equal(mountpoints_make(fd, &e), 0);
		assert_there(fd);
	}
}

/* A link that somebody put there leads nowhere. */
static void test_link(void **state)
{
	struct err e = {0};
	int fd = *(int *)*state;

	assert_int_equal(symlinkat("/etc", fd, MOUNTPOINTS_DIR), 0);
	assert_true(mountpoints_make(fd, &e) < 0);
	assert_non_null(strstr(e.text, "mount points"));
}

/* Nothing of it may be seen: where one of its files would not be covered, it is not used. */
static void test_fit(void **state)
{
	char host[] = "host", none[] = "none", address[] = "10.0.0.1", *dns[] = {none, NULL};
	struct container_options o = {0};

	(void)state;
	assert_true(mountpoints_fit(&o, 1, false));
	assert_false(mountpoints_fit(&o, 1, true));
	assert_true(mountpoints_fit(&o, OVERLAY_LOWER_MAX - 1, false));
	assert_false(mountpoints_fit(&o, OVERLAY_LOWER_MAX, false));
	o.no_hosts = true;
	assert_false(mountpoints_fit(&o, 1, false));
	o = (struct container_options){.no_hostname = true};
	assert_false(mountpoints_fit(&o, 1, false));
	o = (struct container_options){.uts = host};
	assert_false(mountpoints_fit(&o, 1, false));
	o = (struct container_options){.dns = {.items = dns, .n = 1}};
	assert_false(mountpoints_fit(&o, 1, false));
	dns[0] = address;
	assert_true(mountpoints_fit(&o, 1, false));
}

TESTS("engine/mountpoints", cmocka_unit_test_setup_teardown(test_make, setup, teardown),
      cmocka_unit_test_setup_teardown(test_half_made, setup, teardown),
      cmocka_unit_test_setup_teardown(test_link, setup, teardown), cmocka_unit_test(test_fit))
