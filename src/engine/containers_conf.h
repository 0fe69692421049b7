/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * containers_conf - the user's and the host's containers.conf(5).
 *
 *	_cleanup_(containers_conf_done) struct containers_conf f = {0};
 *	r = containers_conf_read(eng, &f, e);
 *	... json_at(f.json, "containers.log_driver"), f.files
 *
 * /usr/share/containers/containers.conf, /etc/containers/containers.conf and
 * containers.conf.d/ there, sorted by name; without privilege also those of
 * $XDG_CONFIG_HOME/containers, or ~/.config/containers. With $CONTAINERS_CONF
 * that file alone; that of $CONTAINERS_CONF_OVERRIDE comes last in any case.
 * A key of a later file replaces that of an earlier one; a list that ends in
 * {append=true} continues it.
 *
 * Keys that nobody here knows are ignored, as podman does; a file that is no TOML, or cannot be
 * read though it is there, is an error: a default that confines must not be lost in silence.
 */
#ifndef RANBY_ENGINE_CONTAINERS_CONF_H
#define RANBY_ENGINE_CONTAINERS_CONF_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/engine.h"

#define CONTAINERS_CONF_FILE_MAX (1U << 20)
#define CONTAINERS_CONF_FILES_MAX 256

struct containers_conf {
	struct json_object *json; /* of all files together */
	struct strv files;        /* that were read, in this order */
};

int containers_conf_read(const struct engine *eng, struct containers_conf *ret, struct err *e) _must_check_;
void containers_conf_done(struct containers_conf *f);

/* One file's text into *f. -EINVAL with file and line. */
int containers_conf_add(struct containers_conf *f, const char *text, size_t len, const char *what, struct err *e) _must_check_;

#endif
