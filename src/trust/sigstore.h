/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_sigstore - which of these signatures are good by a sigstoreSigned requirement. ranby-trust finds it out. */
#ifndef RANBY_TRUST_SIGSTORE_H
#define RANBY_TRUST_SIGSTORE_H

#include "base/err.h"
#include "base/mem.h"
#include "trust/claim.h"
#include "trust/policy.h"

/* claims[i] is of signature i. A failure is of keys or of the worker; a bad signature is only a bad claim. */
int trust_sigstore_verify(const struct trust_requirement *q, const struct trust_signatures *s, struct trust_claim *claims, struct err *e)
	_must_check_;

#endif
