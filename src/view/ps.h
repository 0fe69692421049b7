/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ps - containers as rows for `ps`, and which of them are wanted.
 *
 *	_cleanup_(ps_filter_done) struct ps_filter f = {0};
 *	uint64_t fields = ps_fields_of(template);
 *	r = ps_filter_add(&f, "status=running", e);
 *	r = ps_parts(fields, &f, &parts);
 *	r = container_list_parts(eng, &parts, &list, e);
 *	if (ps_filter_match(&f, c, &list)) r = ps_row(c, fields, no_trunc, &now, &row);
 *
 * Of a container's files only that is looked at which the wanted fields and
 * filters read: a row of each table says what that is.
 */
#ifndef RANBY_ENGINE_PS_H
#define RANBY_ENGINE_PS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/template.h"
#include "engine/container.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* KEY=VALUE as given. Different keys must all match, of one key any value (docker-ps(1)); labels must all match. */
struct ps_filter {
	struct strv items;
};

/* Keys: id, name, label, label!, status, ancestor, exited, command, before, since, volume, network, pod, restart-policy, health, auid, session, until. -EINVAL, the nearest in the hint. */
int ps_filter_add(struct ps_filter *f, const char *text, struct err *e) _must_check_;

/* before= and since= name containers, which are looked up in `all`. */
bool ps_filter_match(const struct ps_filter *f, const struct container *c, const struct container_list *all);

/* -ENOENT: one that before= or since= names is not in `all`. */
int ps_filter_check(const struct ps_filter *f, const struct container_list *all, struct err *e) _must_check_;

/* Adds what the filters look at. */
int ps_filter_parts(const struct ps_filter *f, struct container_parts *ret) _must_check_;

/* True when a status was asked for: then --all is meant. */
bool ps_filter_has(const struct ps_filter *f, const char *key);
void ps_filter_done(struct ps_filter *f);

/* Placeholders of --format, as a set: podman's names, and LoginUID, Session, LoginUser, TTY, StartedBy and more of our own. */
#define PS_ALL_FIELDS UINT64_MAX
uint64_t ps_fields_of(const struct template *t);
uint64_t ps_field(const char *name); /* 0: there is none of that name */

/* What of the containers is looked at for this set of fields and the filters. 0, -ENOMEM. */
int ps_parts(uint64_t set, const struct ps_filter *f, struct container_parts *ret) _must_check_;

/* Those fields, as texts mostly. */
int ps_row(const struct container *c, uint64_t set, bool no_trunc, const struct timespec *now, struct json_object **ret) _must_check_;

/* And all others to such a row, as null, from which a template's mistyped one is told and a better one suggested: one row of a thousand will do. */
int ps_add_other_keys(struct json_object *o, uint64_t set) _must_check_;

/* The object of `--format json`. */
int ps_json(const struct container *c, const struct timespec *now, struct json_object **ret) _must_check_;

/* Its first process's namespaces (--ns), as texts: CGROUPNS, IPC, MNT, NET, PIDNS, USERNS, UTS; empty ones of one that does not run. `as_text` of ps_row(), else in "Namespaces" of ps_json(). */
int ps_add_namespaces(const struct container *c, struct json_object *o, bool as_text) _must_check_;

/* --size: what it has changed, and its image with that; in podman's words, or as its object of JSON. */
int ps_add_size(struct json_object *o, uint64_t bytes, uint64_t image_bytes, bool as_text) _must_check_;

/* "Up 3 minutes", "Up 3 minutes (healthy)", "Exited (0) 2 hours ago", "Restarting (1) 2 seconds ago", "Created", "Lost". */
void ps_status(const struct container *c, const struct timespec *now, char *out, size_t size);

#endif
