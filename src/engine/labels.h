/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* labels - KEY=VALUE of --label, --label-file and --annotation, as a JSON object. */
#ifndef RANBY_ENGINE_LABELS_H
#define RANBY_ENGINE_LABELS_H

#include "base/err.h"
#include "base/json.h"
#include "engine/options.h"

#include <stdbool.h>

#define LABEL_KEY_MAX 4096
#define LABEL_VALUE_MAX 65536

/* True when the whole string is UTF-8: what JSON can carry. */
bool text_is_utf8(const char *s);

/* One KEY=VALUE ("KEY" alone: an empty value) into `object`; the last of a key wins. `option` is for errors. */
int label_add(struct json_object *object, const char *option, const char *text, struct err *e) _must_check_;

/* A list of them, each as for label_add(). The caller owns *ret, also when it fails. */
int labels_make(const char *option, const struct strv *list, struct json_object **ret, struct err *e) _must_check_;

/* The image's, then the files', then the options'. The caller owns *ret. */
int labels_resolve(const struct container_options *o, struct json_object *image, struct json_object **ret, struct err *e) _must_check_;

#endif
