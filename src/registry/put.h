/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * put - small things that are made here and sent: a blob of a few bytes, a manifest.
 *
 *	r = registry_put_blob(&fc, text, len, &digest, e);
 *	r = registry_put_manifest(&fc, "latest", media_type, text, len, e);
 *
 * On a worker that was connected to push, and that nothing else is asked of meanwhile.
 */
#ifndef RANBY_REGISTRY_PUT_H
#define RANBY_REGISTRY_PUT_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/digest.h"
#include "registry/fetch.h"

#include <stddef.h>

int registry_put_blob(struct fetch_client *fc, const void *data, size_t len, struct digest *ret, struct err *e) _must_check_;

/* `what`: a tag, or its digest. */
int registry_put_manifest(struct fetch_client *fc, const char *what, const char *media_type, const void *data, size_t len, struct err *e)
	_must_check_;

#endif
