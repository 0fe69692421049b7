/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The object "hooks" (config.md, "POSIX-platform Hooks"). */
#include "oci/runtime_config.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = {
	[HOOK_PRESTART] = "prestart",
	[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",
	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",
	[HOOK_POSTSTOP] = "poststop",
};

const char *config_hook_name(enum config_hook_kind kind)
{
	return names[kind];
}

static int read_hook(struct json_object *o, void *item, struct err *e)
{
	struct config_hook *h = item;
	int r = json_get_str(o, "path", &h->path, e);

	if (r == 0 && (!h->path || h->path[0] != '/'))
		return err_set(e, EINVAL, "path: not an absolute path");
	if (r == 0)
		r = json_get_strv(o, "args", &h->args, e);
	if (r == 0)
		r = json_get_strv(o, "env", &h->env, e);
	/* the first argument is the program's own name, as execv(3) has it */
	if (r == 0 && h->args.n == 0 && strv_add(&h->args, h->path) < 0)
		r = err_errno(e, ENOMEM, "args");
	return r == 0 ? json_get_u32(o, "timeout", 1, 86400, &h->timeout_s, e) : r;
}

int config_hooks_read(struct json_object *hooks, struct config_hooks *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < HOOK_KINDS; i++)
		r = config_list_read(hooks, names[i], sizeof(*ret->items[i]), CONFIG_HOOKS_MAX, read_hook, (void **)&ret->items[i],
				     &ret->n[i], e);
	return r < 0 ? err_wrap(e, r, "hooks") : 0;
}

void config_hooks_done(struct config_hooks *h)
{
	for (size_t i = 0; i < HOOK_KINDS; i++) {
		for (size_t k = 0; k < h->n[i]; k++) {
			strv_done(&h->items[i][k].args);
			strv_done(&h->items[i][k].env);
		}
		free(h->items[i]);
	}
	memset(h, 0, sizeof(*h));
}
