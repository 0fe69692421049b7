/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Through a memfd, as whatever else the worker sends comes out of a descriptor. */
#include "registry/put.h"

#include "sys/fd.h"
#include "sys/memfd.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int put(struct fetch_client *fc, struct fetch_request *request, const char *what, const void *data, size_t len, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct fetch_answer a = {0};
	int r = memfd_seal_bytes("small", data, len, &fd);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "%s", what);
	request->size_bytes = len;
	r = fetch_request(fc, request, what, fd, e);
	if (r == 0)
		do
			r = fetch_answer(fc, &a, e);
		while (r == 0 && a.type == FETCH_PROGRESS);
	if (r == 0 && a.type != FETCH_DONE) {
		r = -a.err.code;
		if (e)
			*e = a.err;
	}
	return r;
}

int registry_put_blob(struct fetch_client *fc, const void *data, size_t len, struct digest *ret, struct err *e)
{
	struct fetch_request request = {.kind = FETCH_PUT_BLOB};

	digest_of(data, len, ret);
	return put(fc, &request, ret->text, data, len, e);
}

int registry_put_manifest(struct fetch_client *fc, const char *what, const char *media_type, const void *data, size_t len, struct err *e)
{
	struct fetch_request request = {.kind = FETCH_PUT_MANIFEST};

	snprintf(request.content_type, sizeof(request.content_type), "%s", media_type);
	return put(fc, &request, what, data, len, e);
}
