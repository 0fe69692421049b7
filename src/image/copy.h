/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * copy - an image goes from one place to another.
 *
 *	struct copy_options o = {.which = COPY_ALL, .from = access, .to = access};
 *	r = copy_image(st, "docker://a.example/x:1", "oci:/tmp/layout:x", &o, &digest, e);
 *
 * The places, as skopeo writes them:
 *
 *	docker://NAME[:TAG][@DIGEST]   a registry
 *	oci:DIR[:NAME]                 a directory of an OCI image layout
 *	oci-archive:PATH[:NAME]        a tar of that layout
 *	docker-archive:PATH[:NAME]     a tar as docker save writes it
 *	dir:DIR                        manifest and blobs beside each other
 *	store:NAME, NAME               an image here
 *
 * Whatever comes from anywhere but the store is let in by the policy, as a
 * pull is (trust/check.h), wherever it goes. Nothing is unpacked. What is on its way lies in the store's staging
 * directory or among its blobs, without a name, and is collected afterwards.
 * containers-storage: and docker-daemon: are not read, and what is to be used
 * instead is said.
 */
#ifndef RANBY_IMAGE_COPY_H
#define RANBY_IMAGE_COPY_H

#include "base/buf.h"
#include "base/err.h"
#include "image/progress.h"
#include "image/push.h"
#include "image/store.h"
#include "registry/access.h"

enum copy_which {
	COPY_PLATFORM,   /* of an index, the image of the platform */
	COPY_ALL,        /* an index with all of its images */
	COPY_INDEX_ONLY, /* an index alone; its images must be there, or come later */
};

struct copy_options {
	enum copy_which which;
	const char *platform;  /* "os[/arch[/variant]]"; NULL: this host's */
	enum outgoing_format format;
	bool preserve_digests; /* -EINVAL when the place takes it only changed */
	struct registry_access from, to;
	struct progress *progress;
	const char *signature_policy; /* this policy.json; NULL: the usual places (trust/policy.h) */
	const struct digest *only; /* of an index, the image of this digest, which has to be in it; NULL */
};

/*
 * *ret: digest of what is there now. `to` NULL: the store, without a name, where
 * it stays for as long as the caller pins (an image, say).
 */
int copy_image(struct store *st, const char *from, const char *to, const struct copy_options *o, struct digest *ret, struct err *e)
	_must_check_;

/* True when the text begins with one of the transports above, or one that is refused. */
bool copy_has_transport(const char *text);
/* -EOPNOTSUPP, with what to use instead, when it begins with a transport that others have and ranby has not. */
int copy_refuse_transport(const char *text, struct err *e) _must_check_;

/*
 * Reads the manifest or index that `from` means, its bytes as they are, into
 * `ret`; of an index with `platform` set ("" is this host's), the manifest of
 * that platform. `ret_config` (may be NULL) is its config, which needs a platform.
 * Nothing is stored. `ret_type`: its media type, constant; may be NULL.
 */
int copy_read(struct store *st, const char *from, const char *platform, const struct copy_options *o, struct buf *ret, struct buf *ret_config,
	      const char **ret_type, struct err *e) _must_check_;

#endif
