/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Words and a number; podman's rules for what goes together. */
#include "engine/restart_policy.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

static const char *const words[] = {
	[RESTART_NO] = "no",
	[RESTART_ALWAYS] = "always",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_UNLESS_STOPPED] = "unless-stopped",
};

const char *restart_policy_word(enum restart_kind kind)
{
	return words[kind];
}

int restart_policy_parse(const char *text, struct restart_policy *ret, struct err *e)
{
	struct restart_policy p = {.kind = RESTART_NO};
	size_t n;

	if (!text || !*text) {
		*ret = p;
		return 0;
	}
	n = strcspn(text, ":");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) != n || strncmp(words[i], text, n) != 0)
			continue;
		p.kind = (enum restart_kind)i;
		if (text[n] && p.kind != RESTART_ON_FAILURE)
			return err_set(e, EINVAL, "--restart %s: only on-failure has a number of times", text);
		if (text[n] && parse_u32(text + n + 1, 0, INT32_MAX, &p.retries) < 0)
			return err_set(e, EINVAL, "--restart %s: not a number of times", text);
		*ret = p;
		return 0;
	}
	return err_set(e, EINVAL, "--restart %s: not one of no, always, on-failure[:N], unless-stopped", text);
}
