/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cdi - devices by name (--device vendor.com/class=name, --gpus): what the files of their vendors say (oci/cdi.h).
 *
 *	r = cdi_check(options, e);			// the names alone
 *	_cleanup_(cdi_edits_done) struct cdi_edits c = {0};
 *	r = cdi_collect(options, &c, e);		// reads the files, when a name is there
 *	r = cdi_apply_env(&c, &env, e);
 *	r = cdi_hooks(&c, &json, e);			// "hooks" of config.json, or NULL
 *
 * Files are read from /etc/cdi and /var/run/cdi, or where containers.conf
 * says (cdi_spec_dirs); of two directories the later counts. Directories,
 * files and hooks' programs must be root's, and root's alone to write: what
 * they say is done for everybody who uses the device.
 */
#ifndef RANBY_ENGINE_CDI_H
#define RANBY_ENGINE_CDI_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/options.h"

/* Lists of objects of checked documents, in their order; NULL: nothing was asked for. */
struct cdi_edits {
	struct strv env;
	struct json_object *nodes, *mounts, *hooks, *gids;
};

void cdi_edits_done(struct cdi_edits *c);

int cdi_check(const struct container_options *o, struct err *e) _must_check_;
int cdi_collect(const struct container_options *o, struct cdi_edits *ret, struct err *e) _must_check_;

int cdi_apply_env(const struct cdi_edits *c, struct strv *env, struct err *e) _must_check_;
int cdi_hooks(const struct cdi_edits *c, struct json_object **ret, struct err *e) _must_check_;

#endif
