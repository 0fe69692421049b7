/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_gpg_status - what gpgv's --status-fd lines come to (GnuPG's doc/DETAILS). */
#ifndef RANBY_TRUST_GPG_STATUS_H
#define RANBY_TRUST_GPG_STATUS_H

#include "base/err.h"
#include "base/mem.h"
#include "trust/claim.h"

#include <stdbool.h>

/* 0: one good signature of a known key, whose primary key's fingerprint is in ret_key. -EACCES with why. */
int trust_gpg_status(const char *lines, bool ended_well, char ret_key[static TRUST_WORD_SIZE], struct err *e) _must_check_;

#endif
