/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_gpg - simple signing: an OpenPGP message whose text names image and digest.
 *
 * gpgv of the host verifies it with the keys of the requirement and no others;
 * ranby-trust starts it, confined, and reads what it says.
 */
#ifndef RANBY_TRUST_GPG_H
#define RANBY_TRUST_GPG_H

#include "base/err.h"
#include "base/mem.h"
#include "trust/claim.h"
#include "trust/policy.h"

/* claims[i] is of signature i. A failure is of keys or programs; a bad signature is only a bad claim. */
int trust_gpg_verify(const struct trust_requirement *q, const struct trust_signatures *s, struct trust_claim *claims, struct err *e)
	_must_check_;

#endif
