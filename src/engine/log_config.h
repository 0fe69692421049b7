/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_config - where a container's output is kept: --log-driver, --log-opt.
 *
 *	r = log_config_check(options, e);			// when it is made
 *	r = log_config_shown(options, &config_log, e);		// "config.log" of container.json
 *	r = log_config_plan(eng, c, origin, &texts, &plan, e);	// each start: what the monitor is told
 *	place = log_config_place(eng, c, &path);		// to read it back
 *
 * Drivers: k8s-file (the default) and json-file (docker's format) in the
 * container's directory or at path=FILE, journald, passthrough (the caller's
 * own standard streams), none. Options: path, max-size, max-file, tag (a Go
 * template, docker's fields), labels, env (lists of keys).
 *
 * config.log: {driver, path, maxSize, maxFiles, tag, labels[], env[]}, what was not given is absent.
 */
#ifndef RANBY_ENGINE_LOG_CONFIG_H
#define RANBY_ENGINE_LOG_CONFIG_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "monitor/launch.h"
#include "monitor/log.h"

enum log_place {
	LOG_PLACE_FILE,
	LOG_PLACE_JOURNAL,
	LOG_PLACE_PASSED, /* to whoever started it */
	LOG_PLACE_NONE,
};

int log_config_check(const struct container_options *o, struct err *e) _must_check_;

/* The caller owns *ret. */
int log_config_shown(const struct container_options *o, struct json_object **ret, struct err *e) _must_check_;

/* What points out of `m` lies in `texts` and `fields`. `started_by`: origin.json of who starts it. */
int log_config_plan(const struct engine *eng, const struct container *c, struct json_object *started_by, struct strv *texts,
		    struct strv *fields, struct monitor_launch *m, struct err *e) _must_check_;

enum log_place log_config_place(const struct container *c);

/* Of LOG_PLACE_FILE. */
enum log_driver log_config_driver(const struct container *c);

/* The absolute path of the file, "" when there is none; the caller frees. NULL without memory. */
char *log_config_path(const struct engine *eng, const struct container *c);

/* The driver's name. */
const char *log_config_name(const struct container *c);

#endif
