/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fetch_upload - a manifest or blob on its way to a registry.
 *
 *	struct upload u = {.request = &request, .fd = fd};
 *	r = upload_blob(&session, &u, &how, e);		// until it is there, or cannot be
 *
 * Source: distribution-spec 1.1, "Pushing blobs" and "Pushing manifests".
 * Nothing is sent that the registry has, or can mount from a repository that has it.
 */
#ifndef RANBY_REGISTRY_FETCH_UPLOAD_H
#define RANBY_REGISTRY_FETCH_UPLOAD_H

#include "base/err.h"
#include "registry/fetch_protocol.h"
#include "registry/fetch_session.h"

#include <stdint.h>

struct upload {
	const struct fetch_request *request;
	int fd; /* borrowed; read by position */
	void (*on_bytes)(void *ctx, uint64_t bytes); /* sent so far; may be NULL */
	void *ctx;
	/* its own */
	uint64_t said_bytes;
};

/* *ret_how: enum fetch_how. */
int upload_blob(struct session *s, struct upload *u, uint32_t *ret_how, struct err *e) _must_check_;

/* Whether it is there, or could be mounted; *ret_how is 0 when it must be sent. */
int upload_have(struct session *s, struct upload *u, uint32_t *ret_how, struct err *e) _must_check_;

int upload_manifest(struct session *s, struct upload *u, struct err *e) _must_check_;

#endif
