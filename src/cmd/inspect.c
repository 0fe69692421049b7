/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby inspect: a JSON array, or a template on each object. What is no container may be an image, a volume or a network, unless --type says which. */
#include "cmd/commands.h"
#include "cmd/inspect.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "engine/storage.h"
#include "engine/usage.h"
#include "view/inspect.h"
#include "image/store.h"

#include <errno.h>
#include <string.h>

struct inspect_args {
	bool latest, size;
	const char *format, *type;
};

static const struct option_row inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	{'l', "latest", OPT_FLAG, offsetof(struct inspect_args, latest), .help = "The newest container"},
	{'s', "size", OPT_FLAG, offsetof(struct inspect_args, size), .help = "Of containers, also SizeRw and SizeRootFs"},
	{'t', "type", OPT_CHOICE, offsetof(struct inspect_args, type), .arg = "TYPE", .choices = "all|container|image|network|pod|volume",
	 .help = "What to look for (default all)"},
	OPTION_END,
};

/* What it has changed, and that with its image. */
static int add_size(struct engine *eng, const struct container *c, struct json_object *o, struct err *e)
{
	_cleanup_(usage_done) struct usage u = {0};
	_cleanup_(image_list_done) struct image_list images = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	uint64_t image = 0;
	int r = storage_open(eng, &st, e);

	if (r == 0)
		r = store_list(st, &images, NULL, e);
	if (r == 0 && usage_add_container(&u, eng, c) < 0)
		r = err_errno(e, ENOMEM, "sizes");
	if (r == 0)
		r = usage_measure(eng, &u, e);
	for (size_t i = 0; i < images.n; i++)
		if (strcmp(images.items[i]->id, json_str(c->spec, "image.id")) == 0)
			image = images.items[i]->size_bytes;
	if (r == 0 && (json_add_u64(o, "SizeRw", u.bytes[0]) < 0 || json_add_u64(o, "SizeRootFs", image + u.bytes[0]) < 0))
		r = err_errno(e, ENOMEM, "sizes");
	return r;
}

static int add_container(const struct command_call *call, struct container *c, struct json_object *list, struct err *e)
{
	const struct inspect_args *a = call->args;
	_cleanup_json_ struct json_object *o = NULL;
	int r = inspect_container(call->engine, c, &o, e);

	if (r == 0 && a->size)
		r = add_size(call->engine, c, o, e);
	if (r == 0 && json_append(list, TAKE_PTR(o)) < 0)
		r = err_errno(e, ENOMEM, "inspect");
	return r;
}

static int add_named(const struct command_call *call, const char *name, struct json_object *list, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_find(call->engine, name, &c, e);

	return r == 0 ? add_container(call, c, list, e) : r;
}

static int add_image(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_freep) struct image *img = NULL;
	struct json_object *o;
	int r = storage_open(eng, &st, e);

	(void)whole;
	if (r == 0)
		r = store_resolve(st, name, &img, e);
	if (r == 0)
		r = image_inspect(st, img, &o, e);
	if (r == 0 && json_append(list, o) < 0)
		r = err_errno(e, ENOMEM, "inspect");
	return r;
}

/* In the order that a name without --type is looked for in: containers first. */
static const struct kind {
	const char *word;
	int (*add)(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e);
} kinds[] = {
	{"container", NULL}, {"image", add_image}, {"volume", inspect_add_volume}, {"network", inspect_add_network},
	{"pod", inspect_add_pod},
};

static int add_name(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	const struct inspect_args *a = call->args;
	bool whole = a->format && strcmp(a->format, "json") != 0, any = !a->type || strcmp(a->type, "all") == 0;

	(void)ctx;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int r;

		if (!any && strcmp(a->type, kinds[i].word) != 0)
			continue;
		r = kinds[i].add ? kinds[i].add(call->engine, name, whole, list, e) : add_named(call, name, list, e);
		/* what is no name of the one kind may be one of the next */
		if (r == 0 || !any || (i == 0 && r != -ENOENT))
			return r;
		err_clear(e);
	}
	return err_set(e, ENOENT, "no such object: \"%s\": no container, image, volume, network or pod has this name or ID", name);
}

int inspect_each(const struct command_call *call, inspect_fn fn, void *ctx, struct json_object *list)
{
	int code = 0;

	for (int i = 0; i < call->argc; i++) {
		struct err own = {0};

		if (fn(call, call->argv[i], ctx, list, &own) < 0) {
			report_error(&own);
			code = report_code(&own);
		}
	}
	return code;
}

int inspect_operands(const struct command_call *call, inspect_fn fn, void *ctx, const char *format, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	int code, r;

	if (!list)
		return err_errno(e, ENOMEM, "inspect");
	code = inspect_each(call, fn, ctx, list);
	r = screen_objects(list, format, e);
	return r < 0 ? r : code;
}

static int add_all(const struct command_call *call, struct json_object *list, int *ret_code, struct err *e)
{
	const struct inspect_args *a = call->args;
	_cleanup_(container_freep) struct container *c = NULL;
	int r;

	if (a->latest && call->argc > 0)
		return err_set(e, EINVAL, "ranby %s: give names or --latest, not both", call->command->name);
	if (a->latest) {
		r = container_latest(call->engine, &c, e);
		return r < 0 ? r : add_container(call, c, list, e);
	}
	if (call->argc == 0)
		return err_set(e, EINVAL, "ranby inspect: no container or image given");
	*ret_code = inspect_each(call, add_name, NULL, list);
	return 0;
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	const struct inspect_args *a = call->args;
	int code = 0, r;

	if (!list)
		return err_errno(e, ENOMEM, "inspect");
	r = add_all(call, list, &code, e);
	if (r < 0)
		return r;
	/* as podman: no line by a template for what is not there, but an array */
	if (json_object_array_length(list) == 0 && code && a->format && strcmp(a->format, "json") != 0)
		return code;
	r = screen_objects(list, a->format, e);
	return r < 0 ? r : code;
}

/* podman's: what is no container is not looked for elsewhere. */
static int container_inspect_run(const struct command_call *call, struct err *e)
{
	struct inspect_args *a = call->args;

	a->type = "container";
	return inspect_run(call, e);
}

static const struct option_row container_inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	{'l', "latest", OPT_FLAG, offsetof(struct inspect_args, latest), .help = "The newest container"},
	{'s', "size", OPT_FLAG, offsetof(struct inspect_args, size), .help = "Also SizeRw and SizeRootFs"},
	OPTION_END,
};

const struct command command_container_inspect = {
	.name = "container inspect",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Show all that is known of containers, as JSON",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = container_inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = container_inspect_run,
};

const struct command command_inspect = {
	.name = "inspect",
	.operands = "[OPTIONS] CONTAINER|IMAGE [CONTAINER|IMAGE...]",
	.summary = "Show all that is known of containers, images, volumes, networks or pods, as JSON",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};
