/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * attest - what has been done, said to kernel audit and to the ledger.
 *
 *	struct attest a = {.verb = AUDIT_VERB_RM, .c = c, .error = r < 0 ? -r : 0};
 *
 *	r = attest(eng, &a, NULL, e);
 *
 * The one function that every verb calls that changes something, also when it
 * failed. The witness (audit/witness.h) writes the record and gives the receipt;
 * the user's ledger gets an entry that holds it. Where no witness is
 * installed, the entry's receipt is "self".
 *
 * A process that is the record's subject is given by its pidfd: start and exec
 * while it stands at its exec; kill, stop, pause and attach before they act,
 * so that the witness sees whom they are about. All other verbs are
 * attested when they are over.
 */
#ifndef RANBY_ENGINE_ATTEST_H
#define RANBY_ENGINE_ATTEST_H

#include "audit/receipt.h"
#include "audit/request.h"
#include "audit/verb.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "image/store.h"

#include <stdbool.h>

struct attest {
	enum audit_verb verb;
	const struct container *c; /* NULL: about an image or a volume, or a container that could not be found or made */
	const char *name;          /* vm=; NULL: the container's name */
	const char *ctr;           /* without c: the id of the container that it is for, or NULL */
	const char *reason;        /* of [a-z0-9-]; NULL: the verb's own */
	int error;                 /* errno value of the failure; 0: done */
	int pidfd, init_pidfd;     /* -EBADF: none */
	const char *claim[WITNESS_CLAIM_N]; /* what the caller says of it; NULL: nothing. Long ones are cut */
	const struct witness_item *resources; /* start alone: what it is given */
	size_t n_resources;
	struct witness_request *request; /* attest_request() of it, made before; NULL: made when it is wanted */
	bool required;             /* --require-audit; policy (engine/policy.h) may require it too */
};
#define ATTEST_INIT(v) {.verb = (v), .pidfd = -EBADF, .init_pidfd = -EBADF}

enum attest_outcome {
	ATTEST_WITNESSED = 0, /* there is a receipt */
	ATTEST_SELF = 1,      /* no witness here, or it had no receipt to give: the ledger has the entry, *e is untouched */
};

/*
 * ATTEST_WITNESSED or ATTEST_SELF; a negative errno, with text, only when a
 * receipt is required and there is none, or then the ledger could not be
 * written. *ret (may be NULL) gets the receipt, serial 0 without one.
 */
int attest(struct engine *eng, const struct attest *a, struct audit_receipt *ret, struct err *e) _must_check_;

/*
 * The same for a verb that has just returned `r`: keeps that result and its
 * text, and records it. For `return attest_result(eng, &a, r, e);`
 */
int attest_result(struct engine *eng, struct attest *a, int r, struct err *e) _must_check_;

/* Only when `r` is a failure; returns `r`. After attest_running() and a start, whose success is recorded already. */
int attest_failed(struct engine *eng, struct attest *a, int r, struct err *e) _must_check_;

/*
 * attest_result() of a verb about an image, called `name`; `img` may be NULL.
 * All that a pull or load brings is compared with its digests on the way: what came of
 * that is a record of its own before the verb's, AUDIT_VERB_VERIFY; -EBADMSG is that it differs.
 */
int attest_image(struct engine *eng, enum audit_verb verb, const char *name, const struct image *img, int r, struct err *e) _must_check_;

/* attest_result() of a volume that container `ctr` has made, or takes away with it. `reason` as above. */
int attest_volume(struct engine *eng, enum audit_verb verb, const char *name, const char *ctr, const char *reason, bool required,
		  int r, struct err *e) _must_check_;

/* Of a verb about the running container a->c, before it acts. Not running: nothing, and 0. */
int attest_running(struct engine *eng, struct attest *a, struct err *e) _must_check_;

/* What the witness is asked: the claims of `a`. */
void attest_request(const struct attest *a, struct witness_request *q);

/* "receipt" and "uuid" into state.json and the like. */
int attest_to_json(const struct audit_receipt *receipt, struct json_object *o) _must_check_;

/* ---- a container's start and end, which have more to say ---- */

/* What is asked about its start, and what it is given; malloc'ed, NULL without memory. */
struct witness_request *attest_at_start(const struct container *c);

/* At the exec stop, with `q` of attest_at_start(). As attest(); -ENOMEM for NULL. */
int attest_container_start(struct engine *eng, const struct container *c, struct witness_request *q, int pidfd, bool required,
			   struct audit_receipt *ret, struct err *e) _must_check_;

/* What the monitor is to ask when it has ended; malloc'ed, NULL without memory (it then ends unwitnessed). */
struct witness_request *attest_at_exit(const struct container *c);

/* Marks in the run directory that there is an end to be told. */
void attest_begun(int run_dirfd);

/* The ledger's entry of the end, by whoever clears up first; `c` has been refreshed since then. */
void attest_end(struct engine *eng, const struct container *c);

#endif
