/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * request - what ranby-witness is asked, and what it answers.
 *
 * The witness is started with one end of a SOCK_SEQPACKET pair as descriptor
 * 0. It takes one message: exactly one struct witness_request, and by
 * SCM_RIGHTS first the pidfd of the process that the record is about, then
 * (exec) that of the container's init. It answers with one struct
 * witness_reply and ends. Both structs are of fixed size and of numbers and
 * characters; anything else than the expected size, count or range is
 * WITNESS_BAD_REQUEST.
 *
 * Nothing of the request is believed. It says what the caller claims, which
 * the record repeats behind `claimed-`; what is a fact the witness reads
 * itself. Texts are NUL-terminated and of any bytes: in the record they are
 * encoded as kernel audit does it.
 */
#ifndef RANBY_AUDIT_REQUEST_H
#define RANBY_AUDIT_REQUEST_H

#include "audit/receipt.h"

#include <stdint.h>

#define WITNESS_MAGIC 0x746e7772U
#define WITNESS_VERSION 2U
#define WITNESS_FDS_MAX 2
#define WITNESS_RESOURCES_MAX 32
#define WITNESS_TEXT_SIZE 328

enum witness_flag {
	WITNESS_FAILED = 1U << 0,       /* res=failed: what was tried did not happen */
	WITNESS_REQUIRED = 1U << 1,     /* no receipt without a registered auditd; waits longer for it */
};

/* What the caller says beside the verb: `claimed-NAME` in the record, cut at a length of its own. */
enum witness_claim {
	WITNESS_CLAIM_REASON,  /* why it ended, where it says more than the exit status: oom, killed-by */
	WITNESS_CLAIM_RUN,     /* uuid of a run that is over */
	WITNESS_CLAIM_IMAGE,   /* reference */
	WITNESS_CLAIM_DIGEST,
	WITNESS_CLAIM_USER,    /* as which user in the container */
	WITNESS_CLAIM_SIGNAL,
	WITNESS_CLAIM_DETAIL,  /* in words: an error, a path, another name */
	WITNESS_CLAIM_LEDGER,  /* seq and hash of the ledger's entry before this one */
	WITNESS_CLAIM_CMD,
	WITNESS_CLAIM_PROFILE, /* start and exec: name of the seccomp profile, or "unconfined" */
	WITNESS_CLAIM_PROFILE_HASH, /* SHA-256 of what it came to, 64 hex digits */
	WITNESS_CLAIM_N,
};

enum witness_resource {
	WITNESS_RESOURCE_MOUNT,
	WITNESS_RESOURCE_DEVICE,
	WITNESS_RESOURCE_NET,
	WITNESS_RESOURCE_IMAGE,
	WITNESS_RESOURCE_N,
};

struct witness_request {
	uint32_t magic, version;
	uint32_t verb;             /* enum audit_verb */
	uint32_t flags;            /* enum witness_flag */
	uint32_t n_resources;      /* VIRT_RESOURCE records before the VIRT_CONTROL one; live verbs only */
	char reason[32];           /* of [a-z0-9-]; "": the verb's own */
	char ctr[68];              /* "", or 64 hex digits: the container's id */
	char vm[WITNESS_TEXT_SIZE]; /* name of the container, image or volume */
	char claim[WITNESS_CLAIM_N][WITNESS_TEXT_SIZE];
	struct witness_item {
		uint32_t kind;     /* enum witness_resource */
		char text[252];
	} resource[WITNESS_RESOURCES_MAX];
};

enum witness_outcome {
	WITNESS_RECORDED,
	WITNESS_BAD_REQUEST,
	WITNESS_NO_PRIVILEGE,  /* its capabilities were lost on the way: no_new_privs, nosuid, traced, not installed so */
	WITNESS_NOT_HOST,      /* it runs in another user or pid namespace than the host's */
	WITNESS_GONE,          /* the process has ended and was reaped */
	WITNESS_ENDED,         /* a running process was wanted, this one has ended */
	WITNESS_RUNS,          /* an ended process was wanted, this one runs */
	WITNESS_NOT_CONTAINED, /* the process is in no user namespace of its own */
	WITNESS_FOREIGN,       /* its user namespace belongs to somebody else, or cannot be looked at */
	WITNESS_NOT_SAME,      /* exec: the two processes are not of one container */
	WITNESS_LIMITED,       /* too many records of this user in too short a time */
	WITNESS_NO_DAEMON,     /* required, and no auditd is registered */
	WITNESS_NO_AUDIT,      /* the kernel refuses or has no audit */
	WITNESS_EXCLUDED,      /* the kernel took it and a rule dropped it */
	WITNESS_SILENT,        /* the kernel took it and nothing was read back: audit is off, or a rule drops it */
	WITNESS_BROKEN,        /* the system fails; `error` says how */
	WITNESS_OUTCOME_N,
};

struct witness_reply {
	uint32_t magic;
	uint32_t outcome; /* enum witness_outcome */
	int32_t error;    /* WITNESS_BROKEN, _NO_AUDIT: the errno value that goes with it */
	uint32_t auid, ses; /* as the kernel stamped them; UINT32_MAX when unset */
	struct audit_receipt receipt;
};

#endif
