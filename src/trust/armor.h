/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_armor - OpenPGP keys as text ("-----BEGIN PGP PUBLIC KEY BLOCK-----", RFC 4880 section 6.2) or as they are. */
#ifndef RANBY_TRUST_ARMOR_H
#define RANBY_TRUST_ARMOR_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

/* Appends the bytes that it stands for: of every block of keys in it, or, without one, itself. -EINVAL: a block that is none. */
int trust_armor_decode(const struct buf *text, struct buf *ret, struct err *e) _must_check_;

#endif
