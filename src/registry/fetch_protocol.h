/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fetch_protocol - what ranby and ranby-fetch say to each other.
 *
 * Over the SOCK_SEQPACKET socket that ranby-fetch has as descriptor 3. First
 * ranby sends the session: one packet with a memfd, which holds this JSON:
 *
 *	{"host": "localhost:5000", "repository": "debian", "allowHttp": true, "skipVerify": false,
 *	 "skipVerifyOthers": false,
 *	 "username": …, "password": …, "identityToken": …, "ca": PEM, "cert": PEM, "key": PEM}
 *
 * or {"url": ADDRESS, "skipVerifyOthers": false} for that one file, without any
 * login; where skipVerify is of that host alone, skipVerifyOthers of token servers and
 * redirects elsewhere; "repository" is "" to log in only;
 * and for a push "push": true, "mountFrom": [REPOSITORY, …]; then any number
 * of requests, each a struct fetch_request with one descriptor: writable for
 * what is got, readable for what is sent, none to log in. Each is answered by
 * any number of PROGRESS and then DONE or FAILED. What is sent is sent one
 * after the other. Closing the socket ends the worker. The session is the only place
 * where credentials travel: not in argv, not in the environment.
 *
 * The worker checks length and digest while it writes. Its answers are
 * foreign bytes all the same: the reader bounds and checks them.
 */
#ifndef RANBY_REGISTRY_FETCH_PROTOCOL_H
#define RANBY_REGISTRY_FETCH_PROTOCOL_H

#include "base/err.h"
#include "oci/digest.h"

#include <stdint.h>

#define FETCH_FD 3
#define FETCH_SESSION_MAX (2U << 20) /* bytes of the session's JSON */
#define FETCH_WHAT_SIZE 160        /* a tag or a digest */
#define FETCH_REQUESTS_MAX 512
#define FETCH_MANIFEST_MAX (4U << 20)
#define FETCH_LIST_MAX (16U << 20) /* bytes of all pages of a list */
#define FETCH_PAGES_MAX 1000
#define FETCH_URL_MAX ((uint64_t)64 << 30) /* bytes of a file behind an address */

enum fetch_kind {
	FETCH_MANIFEST = 1,
	FETCH_BLOB,
	FETCH_LOGIN,        /* nothing but whether the credentials are good */
	FETCH_PUT_BLOB,
	FETCH_PUT_MANIFEST,
	FETCH_HAVE_BLOB,    /* whether PUT_BLOB need not send it: `how` is 0 when it must. No descriptor */
	/* lists; all of their pages, each followed by a NUL */
	FETCH_TAGS,         /* of the repository; `what` is "" */
	FETCH_CATALOG,      /* of the registry's repositories; "" */
	FETCH_REFERRERS,    /* what refers to the manifest of that digest; -ENOENT also where the registry has no such list */
	FETCH_SEARCH,       /* /v1/search: `what` is the term */
	FETCH_URL,          /* the session's address: `what` is the digest that it must have, or ""; it has at most size_bytes */
};

struct fetch_request {
	uint32_t kind;   /* enum fetch_kind */
	uint32_t id;     /* the caller's, comes back in the answers */
	uint64_t size_bytes; /* that it must have; UINT64_MAX: not known (manifests) */
	char what[FETCH_WHAT_SIZE]; /* tag or digest of a manifest, digest of a blob, a term */
	/* PUT_BLOB */
	uint64_t chunk_bytes;    /* sent in pieces of so many; 0: whole */
	char mount_from[256];    /* repository of the registry that may have it; "": none known */
	/* PUT_MANIFEST */
	char content_type[128];
};

enum fetch_how { FETCH_SENT = 1, FETCH_WAS_THERE, FETCH_MOUNTED };

enum fetch_answer_type { FETCH_PROGRESS = 1, FETCH_DONE, FETCH_FAILED };

struct fetch_answer {
	uint32_t type; /* enum fetch_answer_type */
	uint32_t id;
	uint64_t bytes;           /* so far, or in all */
	uint32_t how;             /* DONE of PUT_BLOB: enum fetch_how */
	int64_t mtime_sec;        /* DONE of URL: of Last-Modified; 0: not said */
	char content_type[128];   /* DONE */
	struct digest digest;     /* DONE: of what was written */
	struct err err;           /* FAILED */
};

#endif
