/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What gpgv says, of which a signature's maker chooses some, and keys in
 * armor. Whatever the lines are, there is no good signature in a program that
 * ended badly, and none without GOODSIG and VALIDSIG.
 */
#include "trust/armor.h"
#include "trust/gpg_status.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void status(const char *lines)
{
	char key[TRUST_WORD_SIZE] = "";

	if (trust_gpg_status(lines, false, key, NULL) == 0)
		__builtin_trap();
	if (trust_gpg_status(lines, true, key, NULL) == 0 && (!key[0] || !strstr(lines, "GOODSIG") || !strstr(lines, "VALIDSIG")))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT, keys = BUF_INIT;

	buf_add(&text, data, size);
	if (buf_bad(&text))
		return 0;
	status(buf_str(&text));
	(void)!trust_armor_decode(&text, &keys, NULL);
	return 0;
}
