/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * subid - which subordinate IDs a user may map (subuid(5), subgid(5)).
 *
 *	struct id_list uids = {0};
 *	r = subid_ranges(SUBID_USER, uid, name, &uids, e);	// uids.n 0: none
 *
 * From /etc/subuid and /etc/subgid, unless nsswitch.conf names another source
 * for "subid:" (LDAP, SSS): then libsubid is asked, which knows them all. The
 * library is opened only here, so that who does not need it does not pay.
 */
#ifndef RANBY_ENGINE_SUBID_H
#define RANBY_ENGINE_SUBID_H

#include "base/err.h"
#include "base/mem.h"
#include "sys/idmap.h"

#include <stdbool.h>
#include <sys/types.h>

#define SUBID_RANGES_MAX 64 /* of one user that are used */
#define SUBID_OWNER_MAX 256 /* bytes of a name, with its NUL */

enum subid_kind { SUBID_USER, SUBID_GROUP };

/*
 * The user's ranges, laid out one after the other from inside ID 1 on, as
 * podman does; `name` is the login name, NULL when the user has none. None at
 * all: 0, and ret->n is 0. Ranges that overlap each other are left out.
 */
int subid_ranges(enum subid_kind kind, uid_t uid, const char *name, struct id_list *ret, struct err *e) _must_check_;

/* Whether the text of nsswitch.conf(5) names a source for "subid:" other than "files" alone. */
bool subid_elsewhere(const char *nsswitch);

/*
 * Who owns that subordinate ID, where nsswitch.conf names more than the files:
 * how many, with *ret malloc'ed then; none, or no library: 0 or less.
 */
int subid_owners(enum subid_kind kind, uint32_t id, uid_t **ret);

/* The owner, a name or a number, in the file's line that holds the ID. -ENOENT: none does. */
int subid_file_owner(enum subid_kind kind, uint32_t id, char ret_owner[static SUBID_OWNER_MAX]) _must_check_;

/* The lines of one such file, as above; for tests and where there is no library. */
void subid_parse(const char *text, uid_t uid, const char *name, struct id_list *ret);

#endif
