/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * relabel - gives files and trees of the host an SELinux label (-v …:z, :Z).
 *
 *	r = relabel_check("/home/alice/data", e);	// when the option is read
 *	r = relabel(&list, &keeper, e);			// when the container starts
 */
#ifndef RANBY_ENGINE_RELABEL_H
#define RANBY_ENGINE_RELABEL_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/keeper.h"

/*
 * -EPERM with text for what belongs to the host or is somebody's whole home:
 * with the label of containers, nothing else could use it any more. By what the
 * path leads to, not by how it is written.
 */
int relabel_check(const char *path, struct err *e) _must_check_;

/* paths[i] gets labels[i], with all that is below it in the same file system; what has it already is left alone. */
int relabel(const struct strv *paths, const struct strv *labels, struct keeper *keeper, struct err *e) _must_check_;

/*
 * Layers (absolute directories) whose own label has another type or level than
 * this get it, from below, the directory itself last: so that one look at it
 * tells a layer that is done, also after an interruption.
 */
int relabel_layers(const struct strv *dirs, const char *label, struct keeper *keeper, struct err *e) _must_check_;

#endif
