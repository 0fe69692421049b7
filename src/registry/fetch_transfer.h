/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fetch_transfer - one manifest or blob on its way into a descriptor.
 *
 *	r = transfer_start(&t, &session, multi, e);	// also for each further attempt
 *	... curl_multi_perform() ...
 *	outcome = transfer_ended(&t, &session, curl_code, e);
 *
 * Length and digest are checked while it streams; an attempt that broke off
 * is resumed where it stopped when the server can, and begun anew when not.
 */
#ifndef RANBY_REGISTRY_FETCH_TRANSFER_H
#define RANBY_REGISTRY_FETCH_TRANSFER_H

#include "base/sha256.h"
#include "registry/fetch_protocol.h"
#include "registry/fetch_session.h"

#include <stdbool.h>
#include <stdint.h>

#define TRANSFER_TRIES 4

struct transfer {
	struct fetch_request request;
	int fd;                  /* owned */
	char url[HTTP_URL_SIZE]; /* of the next attempt */
	unsigned redirects, tries;
	bool logged_in_again;
	int64_t not_before_ms;   /* CLOCK_MONOTONIC: pause before the next attempt */
	/* of this attempt */
	CURL *easy;
	struct curl_slist *headers;
	bool body_seen, body_good;
	uint64_t range_from;     /* asked for */
	uint64_t range_given;    /* of Content-Range; UINT64_MAX: none */
	uint32_t retry_after_s;
	char challenge[3072];
	char location[HTTP_URL_SIZE];
	char detail[CURL_ERROR_SIZE];
	char error_body[1024];
	size_t error_len;
	int failed;              /* of the write callback, -errno with text in `err` */
	struct err err;
	/* of the content */
	struct sha256 hash;
	uint64_t bytes, said_bytes;
	char content_type[128];
	int64_t mtime_sec;       /* of Last-Modified; 0: not said */
	struct digest digest;    /* when ended well */
	void (*on_bytes)(struct transfer *t);
};

enum transfer_outcome {
	TRANSFER_DONE = 1,
	TRANSFER_AGAIN, /* start it again, not before `not_before_ms` */
};

/* Prepares the URL; takes over the descriptor. */
int transfer_init(struct transfer *t, const struct fetch_request *request, int fd, const struct session *s, struct err *e)
	_must_check_;
int transfer_start(struct transfer *t, const struct session *s, CURLM *multi, struct err *e) _must_check_;
int transfer_ended(struct transfer *t, struct session *s, CURLM *multi, CURLcode code, struct err *e) _must_check_;
void transfer_done(struct transfer *t, CURLM *multi);

#endif
