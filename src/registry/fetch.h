/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fetch - drive ranby-fetch, the confined registry client.
 *
 *	_cleanup_(fetch_stop) struct fetch_client fc = FETCH_CLIENT_INIT;
 *	r = fetch_start(&fc, session_json, e);
 *	r = fetch_ask(&fc, FETCH_BLOB, 7, digest, size, fd, e);
 *	r = fetch_answer(&fc, &answer, e);		// blocks; poll(fc.sock) first
 */
#ifndef RANBY_REGISTRY_FETCH_H
#define RANBY_REGISTRY_FETCH_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "registry/fetch_protocol.h"

#include <errno.h>
#include <sys/types.h>

struct fetch_client {
	pid_t pid; /* 0: none */
	int pidfd;
	int sock;
};
#define FETCH_CLIENT_INIT {.pidfd = -EBADF, .sock = -EBADF}

/* `env`: NULL-terminated, for proxies; NULL: none. */
int fetch_start(struct fetch_client *fc, struct json_object *session, char *const *env, struct err *e) _must_check_;
int fetch_ask(struct fetch_client *fc, enum fetch_kind kind, uint32_t id, const char *what, uint64_t size_bytes, int fd,
	      struct err *e) _must_check_;
/* The same with all that a request can say; `request` is filled in but for `what`. fd -EBADF: none. */
int fetch_request(struct fetch_client *fc, struct fetch_request *request, const char *what, int fd, struct err *e) _must_check_;
/* The next answer. A failure of the whole session, or the worker's death, is an error; that of one request is an answer. */
int fetch_answer(struct fetch_client *fc, struct fetch_answer *ret, struct err *e) _must_check_;
void fetch_stop(struct fetch_client *fc);

#endif
