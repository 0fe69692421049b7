/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* device_rules - linux.resources.devices (config-linux, "Allowed Device list") as rules of sys/device_filter.h. */
#ifndef RANBY_OCI_DEVICE_RULES_H
#define RANBY_OCI_DEVICE_RULES_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "sys/device_filter.h"

/*
 * First those of the configuration in their order, then the default devices
 * that every container has and that any node may be made (opened it may not
 * be): what runc adds too. `resources` may be NULL.
 */
int device_rules_read(struct json_object *resources, struct device_rule ret[static DEVICE_RULES_MAX], size_t *ret_n,
		      struct err *e) _must_check_;

#endif
