/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "query/ask.h"

#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <pwd.h>

int ask_user(const char *text, uint32_t *ret, struct err *e)
{
	const struct passwd *pw;

	if (parse_u32(text, 0, UINT32_MAX - 1, ret) == 0)
		return 0;
	pw = getpwnam(text); /* NOLINT(concurrency-mt-unsafe): one thread */
	if (!pw)
		return err_set(e, EINVAL, "there is no user %s", text);
	*ret = pw->pw_uid;
	return 0;
}

int ask_moment(const char *text, const char *option, int64_t *ret, struct err *e)
{
	struct timespec now = clock_now(), t;

	if (!text)
		return 0;
	if (clock_parse_moment(text, &now, &t) < 0)
		return err_set(e, EINVAL, "%s: \"%s\" is no time", option, text);
	*ret = clock_ns(&t);
	return 0;
}
