/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * unpack_protocol - what ranby-unpack is given, and what it answers.
 *
 *	ranby-unpack layer [UID_MAP GID_MAP]	3: blob, 4: directory, 5: answers
 *	ranby-unpack archive			3: tar, 4: directory, 5: answers
 *	ranby-unpack digest			3: blob, 4: unused, 5: answers
 *	ranby-unpack recompress FORMAT LEVEL	3: blob, 4: where it goes, 5: answers
 *	ranby-unpack extract [KEY=VALUE...]	3: tar, 4: directory, 5: answers
 *	ranby-unpack pack [KEY=VALUE...]	3: where the tar goes, 4: directory, 5: answers
 *	ranby-unpack remove NAME...		3: directory, 4: unused, 5: answers
 *
 * layer: unpacks one layer into the directory. The maps are the text of
 * /proc/PID/uid_map, ids of the tar to ids of the namespace that it runs in.
 * archive: writes each regular member as the file "0", "1", … of the
 * directory, and answers with a MEMBER each: names in an archive never become
 * names of files. digest: hashes what the blob unpacks to. recompress: writes
 * the blob anew, packed as FORMAT says (tar/deflate.h). remove: removes trees that hold other ids' files.
 *
 * archive, recompress and extract take bzip2 and xz too.
 *
 * extract, pack: what `cp` and the like are made of, see tar/untar.h and
 * tar/pack.h for what the keys mean (unpack_copy.h has their names).
 *
 * Answers are packets, a header of fixed size and `len` bytes after it; the
 * last one is DONE or FAILED. Everything in them is checked by the reader:
 * the worker may have been taken over by what it read.
 */
#ifndef RANBY_TAR_UNPACK_PROTOCOL_H
#define RANBY_TAR_UNPACK_PROTOCOL_H

#include "base/err.h"
#include "oci/digest.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	UNPACK_FD_IN = 3,
	UNPACK_FD_DIR = 4,
	UNPACK_FD_ANSWER = 5,
};

#define UNPACK_NAME_MAX 4096        /* bytes of a member's name, and of its link's target */
#define UNPACK_MEMBERS_MAX 100000
#define UNPACK_PROGRESS_BYTES (4U << 20) /* of input between two PROGRESS */

enum unpack_answer {
	UNPACK_PROGRESS = 1, /* in_bytes so far */
	UNPACK_MEMBER,       /* struct unpack_member, name, link */
	UNPACK_DONE,         /* struct unpack_done */
	UNPACK_FAILED,       /* struct err */
};

struct unpack_header {
	uint32_t type; /* enum unpack_answer */
	uint32_t len;  /* of what follows */
	uint64_t in_bytes;
};

struct unpack_member {
	uint32_t index;    /* name of the file in the directory; UINT32_MAX: a link, no file */
	uint16_t name_len, link_len;
	uint64_t size_bytes;
	struct digest digest; /* of the file's content */
};

struct unpack_done {
	struct digest digest; /* of the uncompressed stream */
	uint64_t in_bytes, out_bytes;
	uint64_t entries, file_bytes, devices_skipped, xattrs_dropped, owners_squashed;
	struct digest packed; /* recompress: of what was written, */
	uint64_t packed_bytes; /* and its length */
	uint32_t no_landlock; /* 1: this kernel had none */
	uint32_t opaque_root; /* 1: layers below are not to be seen */
};

/* For a tar that shall be the same whenever it is made. */
struct pack_times {
	int64_t sec;  /* since 1970 */
	bool all;     /* each entry has this time; else none a later one */
};

#define UNPACK_LEN_MAX (sizeof(struct unpack_member) + 2 * UNPACK_NAME_MAX)

#endif
