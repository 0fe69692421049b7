/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fetch_list - the lists that a registry has: tags, repositories, referrers, what a search finds.
 *
 * Source: distribution-spec 1.1, "Listing Tags" and "Listing Referrers";
 * docker's registry API for _catalog and /v1/search. Only ranby-fetch links this.
 */
#ifndef RANBY_REGISTRY_FETCH_LIST_H
#define RANBY_REGISTRY_FETCH_LIST_H

#include "base/err.h"
#include "registry/fetch_protocol.h"
#include "registry/fetch_session.h"

/* Writes all pages into `fd`, each followed by a NUL. -ENOENT: there is no such list. */
int list_get(struct session *s, const struct fetch_request *request, int fd, struct err *e) _must_check_;

#endif
