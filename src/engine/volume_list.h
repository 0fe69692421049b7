/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * volume_list - the volumes that are there, as objects, and which of them are wanted.
 *
 *	_cleanup_(volume_list_done) struct volume_list l = {0};
 *	r = volume_list(eng, &l, e);			// by name
 *	r = volume_filter_parse(&filters, &f, e);
 *	if (volume_filter_match(&f, &l.items[i], &containers))
 *		r = volume_json(eng, &l.items[i], false, &o);
 */
#ifndef RANBY_ENGINE_VOLUME_LIST_H
#define RANBY_ENGINE_VOLUME_LIST_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/volume_note.h"

#include <stdbool.h>

#define VOLUMES_MAX 65536 /* listed at most */

struct volume_list {
	struct volume_note *items;
	size_t n;
};
void volume_list_done(struct volume_list *l);

/* All, by name. Those that vanish meanwhile are left out. */
int volume_list(struct engine *eng, struct volume_list *ret, struct err *e) _must_check_;

/* One. -ENOENT with podman's words. */
int volume_load(struct engine *eng, const char *name, struct volume_note *ret, struct err *e) _must_check_;

/* podman's object of `volume inspect` and `volume ls --format json`. `whole`: with what JSON leaves out, for templates. */
int volume_json(const struct engine *eng, const struct volume_note *n, bool whole, struct json_object **ret) _must_check_;

/* The first of the containers that mounts it, from `start` on; l->n when there is none. */
size_t volume_user(const struct container_list *l, size_t start, const char *name);

/* KEY=VALUE: of one key any value, labels all; keys all. Keys: dangling, driver, label, label!, name, opt, scope, since, until, after. */
struct volume_filter {
	struct strv items;
};
int volume_filter_parse(const struct strv *filters, struct volume_filter *ret, struct err *e) _must_check_;
bool volume_filter_match(const struct volume_filter *f, const struct volume_note *n, const struct container_list *containers);
void volume_filter_done(struct volume_filter *f);

#endif
