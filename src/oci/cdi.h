/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cdi - descriptions of devices (cncf-tags/container-device-interface, versions 0.1.0 to 1.1.0).
 *
 *	r = cdi_name_parse("vendor.com/class=name", &n, e);
 *	r = cdi_spec_check(json, e);			// a whole document, strictly
 *	edits = cdi_spec_device(json, n.name);		// containerEdits of the device; NULL: it has none such
 *	all = json_at(json, "containerEdits");		// and those of each device of the document
 *
 * Whatever is unknown is an error, for an edit that is left out in silence
 * would be a device that half works, or one that is less confined. Of YAML,
 * whose scalars come as texts, a number may be a text of digits.
 */
#ifndef RANBY_OCI_CDI_H
#define RANBY_OCI_CDI_H

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

#define CDI_KIND_SIZE 256
#define CDI_DEVICES_MAX 1024

struct cdi_name {
	char kind[CDI_KIND_SIZE]; /* vendor.com/class */
	char name[CDI_KIND_SIZE];
};

/* Is it meant to be one? A path is not, nor is a word without '='. */
bool cdi_is_name(const char *text);

/* -EINVAL with text. */
int cdi_name_parse(const char *text, struct cdi_name *ret, struct err *e) _must_check_;

/* The document may be followed as it is after that: types and names are right. -EINVAL with the key. */
int cdi_spec_check(struct json_object *spec, struct err *e) _must_check_;

/* Borrowed, of a checked document. */
struct json_object *cdi_spec_device(struct json_object *spec, const char *name);

/* A number of a checked document; `absent` when it is not there. */
int64_t cdi_number(struct json_object *o, const char *key, int64_t absent);

#endif
