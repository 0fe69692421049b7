/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * storage - the engine's image store, and the shared ones that storage.conf names.
 *
 *	_cleanup_(store_closep) struct store *st = NULL;
 *	r = storage_open(eng, &st, e);
 *
 * Of containers-storage.conf(5) the list `additionalimagestores` of
 * [storage.options] is ours: data directories as --root takes them, whose
 * images are seen read-only (store_share()). The first file that is there
 * counts: $CONTAINERS_STORAGE_CONF, else without privilege
 * $XDG_CONFIG_HOME/containers/storage.conf or ~/.config/containers/storage.conf,
 * then /etc/containers/storage.conf and /usr/share/containers/storage.conf.
 * All else in it is of podman's store, which is another one.
 */
#ifndef RANBY_ENGINE_STORAGE_H
#define RANBY_ENGINE_STORAGE_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "image/store.h"

/* Opens it with those, working in the engine's keeper. */
int storage_open(struct engine *eng, struct store **ret, struct err *e) _must_check_;

/* The paths that are configured, in order, absolute; *ret_file the file that was read, for the caller to free, NULL: none; it may be NULL. */
int storage_shared(const struct engine *eng, struct strv *ret, char **ret_file, struct err *e) _must_check_;

/* The same list of one file's text; `what` is its name. -EINVAL: no TOML, or a path that is not absolute. */
int storage_parse(const char *text, size_t len, const char *what, struct strv *ret, struct err *e) _must_check_;

#endif
