/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/signame.h"
#include "base/testing.h"

#include <signal.h>
#include <string.h>

static const struct {
	const char *text;
	int r, want;
} cases[] = {
	{"SIGTERM", 0, SIGTERM}, {"term", 0, SIGTERM},  {"sigKill", 0, SIGKILL}, {"9", 0, 9},         {"64", 0, 64},
	{"HUP", 0, SIGHUP},      {"IOT", 0, SIGABRT},   {"CLD", 0, SIGCHLD},     {"POLL", 0, SIGIO},  {"IO", 0, SIGIO},
	{"RTMIN", 0, 34},        {"SIGRTMIN+3", 0, 37}, {"RTMAX", 0, 64},        {"rtmax-1", 0, 63},  {"RTMIN-1", -EINVAL, 0},
	{"RTMIN+31", -EINVAL, 0}, {"RTMAX+1", -EINVAL, 0}, {"0", -EINVAL, 0},    {"65", -EINVAL, 0},  {"-9", -EINVAL, 0},
	{"", -EINVAL, 0},        {"SIG", -EINVAL, 0},   {"TERM ", -EINVAL, 0},   {"SIGSIGTERM", -EINVAL, 0}, {"NOPE", -EINVAL, 0},
	{"RTMIN+", -EINVAL, 0},  {"RTMINX", -EINVAL, 0},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int sig = -1, r = signal_parse(cases[i].text, &sig);

		if (r != cases[i].r || sig != (r == 0 ? cases[i].want : -1))
			fail_msg("%s: %d, %d", cases[i].text, r, sig);
	}
}

static void test_round_trip(void **state)
{
	(void)state;
	for (int s = 1; s <= 64; s++) {
		char name[SIGNAME_MAX];
		int back;

		signal_name(s, name);
		if (s == 32 || s == 33) /* libc's own, without a name */
			continue;
		if (signal_parse(name, &back) < 0 || back != s)
			fail_msg("%d: %s", s, name);
	}
}

TESTS("base/signame",
      cmocka_unit_test(test_parse), cmocka_unit_test(test_round_trip))
