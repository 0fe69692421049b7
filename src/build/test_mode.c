/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What chmod(1) makes with a umask of 0. */
#include "base/testing.h"
#include "build/mode.h"

#include <sys/stat.h>

static const struct {
	const char *text;
	mode_t mode, want;
} cases[] = {
	{"640", S_IFREG | 0777, 0640}, {"0755", S_IFREG, 0755}, {"7777", S_IFREG, 07777}, {"0", S_IFREG | 0777, 0},
	{"u=rwX,go=rX", S_IFREG | 0600, 0644}, {"u=rwX,go=rX", S_IFREG | 0100, 0755}, {"u=rwX,go=rX", S_IFDIR | 0700, 0755},
	{"a+x", S_IFREG | 0644, 0755}, {"+x", S_IFREG | 0644, 0755}, {"go-rwx", S_IFREG | 0777, 0700}, {"u+s", S_IFREG | 0755, 04755},
	{"g+s", S_IFREG | 0755, 02755}, {"+t", S_IFDIR | 0755, 01755}, {"u+t", S_IFDIR | 0755, 01755}, {"=", S_IFREG | 0777, 0}, {"u=", S_IFREG | 0777, 0077},
	{"u+rw-x,o=r", S_IFREG | 0170, 0674}, {"a=r,u+w", S_IFREG, 0644}, {"u-s", S_IFREG | 04755, 0755},
};

static void test_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		mode_t got = mode_change(cases[i].text, cases[i].mode);

		if (mode_check(cases[i].text, NULL) != 0 || got != cases[i].want)
			fail_msg("%s of %o: %o, not %o", cases[i].text, cases[i].mode, got, cases[i].want);
	}
}

static void test_refused(void **state)
{
	static const char *const none[] = {"", "8", "10000", "u", "u=q", "u=rw,", ",u=r", "rw", "u=rw g=r", "-1", "0x7"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		struct err e = {0};

		if (mode_check(none[i], &e) != -EINVAL || !strstr(e.text, "invalid chmod parameter"))
			fail_msg("\"%s\" is taken", none[i]);
	}
}

TESTS("build/mode", cmocka_unit_test(test_change), cmocka_unit_test(test_refused))
