/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as a state.json: it is refused with words, or what is taken of it can be shown. */
#include "runtime/state.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_free_ char *text = NULL;
	struct err e = {0};

	if (runtime_state_parse((const char *)data, size, &s, &e) < 0) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	if (s.pid < 0 || s.servers.n > ROOTFS_SERVERS_MAX || runtime_state_text(&s, RUNTIME_RUNNING, &text, NULL) < 0)
		abort();
	return 0;
}
