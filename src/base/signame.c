/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The names are libc's (sigabbrev_np(3), glibc 2.32: no locale, no memory),
 * but for the real-time ones, which it does not name. RTMIN is the C library's
 * (34), as for docker and kill(1).
 */
#include "base/signame.h"

#include "base/parse.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SIGNAL_MAX 64

/* "RTMIN", "RTMIN+3", "RTMAX-2" */
static int parse_realtime(const char *name, int *ret)
{
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	uint32_t n = 0;

	if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
		return -EINVAL;
	name += 5;
	if (*name && (*name != (from_min ? '+' : '-') ||
		      parse_u32(name + 1, 0, (uint32_t)(SIGRTMAX - SIGRTMIN), &n) < 0))
		return -EINVAL;
	*ret = from_min ? SIGRTMIN + (int)n : SIGRTMAX - (int)n;
	return 0;
}

int signal_parse(const char *text, int *ret_signal)
{
	/* signal(7) has two names for these, libc one */
	static const struct {
		const char *name;
		int signal;
	} others[] = {{"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"IO", SIGIO}, {"POLL", SIGIO}};
	uint32_t n;

	if (parse_u32(text, 1, SIGNAL_MAX, &n) == 0) {
		*ret_signal = (int)n;
		return 0;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int s = 1; s < SIGRTMIN; s++) {
		const char *name = sigabbrev_np(s);

		if (name && strcasecmp(name, text) == 0) {
			*ret_signal = s;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcasecmp(others[i].name, text) == 0) {
			*ret_signal = others[i].signal;
			return 0;
		}
	return parse_realtime(text, ret_signal);
}

void signal_name(int signal, char ret[static SIGNAME_MAX])
{
	const char *name = signal > 0 && signal < SIGRTMIN ? sigabbrev_np(signal) : NULL;

	if (name)
		snprintf(ret, SIGNAME_MAX, "SIG%s", name);
	else if (signal == SIGRTMIN)
		snprintf(ret, SIGNAME_MAX, "SIGRTMIN");
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(ret, SIGNAME_MAX, "SIGRTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(ret, SIGNAME_MAX, "SIG%d", signal);
}
