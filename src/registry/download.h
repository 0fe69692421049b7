/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * download - the file behind an http or https address, got by ranby-fetch.
 *
 *	struct download d;
 *	r = download(url, checksum, max, access, fd, &d, e);		// fd has its bytes now, d what is known of them
 *
 * Nobody is logged in for it: the credentials and certificates of registries
 * stay away. Redirects are followed as for a registry, from https to https only.
 */
#ifndef RANBY_REGISTRY_DOWNLOAD_H
#define RANBY_REGISTRY_DOWNLOAD_H

#include "base/err.h"
#include "oci/digest.h"
#include "registry/access.h"

#include <stdint.h>

struct download {
	uint64_t bytes;
	struct digest digest; /* of all of them */
	int64_t mtime_sec;    /* of Last-Modified; 0: it was not said */
};

/*
 * Writes all of it into `fd`, an empty file. `want`: the digest that it must
 * have; NULL: any. -EBADMSG: it has another; -EFBIG: it is larger than `max`
 * bytes, or FETCH_URL_MAX; -ENOENT, -EACCES, -EPROTO: what the server says.
 */
int download(const char *url, const struct digest *want, uint64_t max, const struct registry_access *access, int fd, struct download *ret,
	     struct err *e) _must_check_;

#endif
