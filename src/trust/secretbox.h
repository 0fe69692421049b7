/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_secretbox - NaCl's secretbox (XSalsa20 and Poly1305), in which cosign keeps private keys. In ranby-trust only. */
#ifndef RANBY_TRUST_SECRETBOX_H
#define RANBY_TRUST_SECRETBOX_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

#define SECRETBOX_KEY_SIZE 32
#define SECRETBOX_NONCE_SIZE 24
#define SECRETBOX_TAG_SIZE 16

/* Appends what is in the box. -EACCES: another key, or not this box. */
int trust_secretbox_open(const uint8_t key[static SECRETBOX_KEY_SIZE], const uint8_t nonce[static SECRETBOX_NONCE_SIZE], const struct buf *box,
			 struct buf *ret) _must_check_;

#endif
