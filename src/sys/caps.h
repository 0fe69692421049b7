/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * caps - capability sets as 64-bit masks (capabilities(7)), applied by the
 * bare system calls and read back.
 *
 * Who applies them is the container's init, after pivot_root: libcap-ng's
 * own capng_apply() first reads /proc by name, which is the container's there.
 * So names and masks are libcap-ng's (capname.h), the last step is ours.
 */
#ifndef RANBY_SYS_CAPS_H
#define RANBY_SYS_CAPS_H

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>
#include <sys/types.h>

struct caps {
	uint64_t bounding;
	uint64_t permitted;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t ambient;
};

/* Number of capabilities that this kernel knows (PR_CAPBSET_READ until EINVAL). */
int caps_count(void);

/* Drops all but `keep` from the bounding set. Needs CAP_SETPCAP. */
int caps_bound(uint64_t keep) _must_check_;

/* capset(2). The ambient set is emptied by the kernel where inheritable or permitted lose it. */
int caps_set(uint64_t permitted, uint64_t effective, uint64_t inheritable) _must_check_;

/* Makes the ambient set exactly `ambient`, which must be permitted and inheritable. */
int caps_set_ambient(uint64_t ambient) _must_check_;

/* The sets of the calling thread. */
int caps_get(struct caps *ret) _must_check_;

/*
 * caps_bound(), and then the sets as they are: from `status`, the calling
 * thread's own /proc/PID/status, in one read; from -EBADF, or one that does
 * not say all, by a call for each capability. -EPERM when the bounding set has
 * more than `keep`.
 */
int caps_bound_verified(uint64_t keep, int status, struct caps *ret, struct err *e) _must_check_;

/* Compares the calling thread's sets with what was wanted; an error names the first set that differs. */
int caps_verify(const struct caps *want, struct err *e) _must_check_;
/* The same for who has read the bounding set back already (caps_bound_verified), which never grows. */
int caps_verify_bounded(const struct caps *want, struct err *e) _must_check_;

/* Makes everything permitted also inheritable and ambient, so that an exec keeps it when no uid 0 is mapped. */
int caps_keep_over_exec(void) _must_check_;

#endif
