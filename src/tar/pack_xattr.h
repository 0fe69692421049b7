/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* pack_xattr - which extended attributes of a file go into a tar: user.*, but for overlayfs' own, and its capabilities. */
#ifndef RANBY_TAR_PACK_XATTR_H
#define RANBY_TAR_PACK_XATTR_H

#include "base/buf.h"

/* Appends them to the pax records of the file's entry (base/tar_writer.h). What cannot be read is left out. */
void pack_xattrs(int fd, struct buf *pax);

#endif
