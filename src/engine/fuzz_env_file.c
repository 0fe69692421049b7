/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* An env-file: whatever is in it, each variable has a name without blanks, and no name is there twice. */
#include "engine/env.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *const caller[] = {(char[]){"A=1"}, (char[]){"PATH=/bin"}, NULL};
	struct strv env = {0};

	if (env_file_apply(&env, "file", (const char *)data, size, caller, NULL) == 0)
		for (size_t i = 0; i < env.n && i < 64; i++) {
			size_t len = strcspn(env.items[i], "=");

			if (len == 0 || !env.items[i][len] || strcspn(env.items[i], " \t\r\n") < len)
				__builtin_trap();
			for (size_t k = 0; k < i; k++)
				if (strncmp(env.items[k], env.items[i], len + 1) == 0)
					__builtin_trap();
		}
	strv_done(&env);
	return 0;
}
