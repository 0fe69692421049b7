/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The question is that of aa_query_label(2): a transaction on one open file of
 * securityfs, "label", the name, and what it would be allowed (here: to read
 * "/", the answer to which is not looked at). No library: it is one write.
 */
#include "sys/lsm_apparmor.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>

#define ACCESS "/sys/kernel/security/apparmor/.access"
#define CLASS_FILE 2

int apparmor_is_loaded(const char *profile)
{
	_cleanup_close_ int fd = -EBADF;
	char query[APPARMOR_NAME_MAX + 16] = "label";
	size_t len = strlen(profile), n = sizeof("label");

	if (len == 0 || len > APPARMOR_NAME_MAX)
		return -EINVAL;
	for (const char *c = profile; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return -EINVAL;
	memcpy(query + n, profile, len + 1);
	n += len + 1;
	query[n++] = CLASS_FILE;
	query[n++] = '/';
	fd = open(ACCESS, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, query, n) == (ssize_t)n)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}
