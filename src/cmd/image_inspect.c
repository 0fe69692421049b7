/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby image inspect, ranby image exists. */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/inspect.h"
#include "cmd/screen.h"
#include "image/copy.h"
#include "oci/image_config.h"
#include "oci/manifest.h"

#include <errno.h>
#include <string.h>

struct inspect_args {
	struct registry_args registry;
	const char *format;
	bool raw, config, no_tags;
};

static const struct option_row inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	{0, "config", OPT_FLAG, offsetof(struct inspect_args, config), .help = "Only the image's config, as it is; of any place that copy knows"},
	{0, "no-tags", OPT_FLAG, offsetof(struct inspect_args, no_tags), .help = "Of docker://, do not ask for the list of tags"},
	{0, "raw", OPT_FLAG, offsetof(struct inspect_args, raw), .help = "Only the manifest or index, as it is; of any place that copy knows"},
	REGISTRY_ROWS(struct inspect_args, registry),
	OPTION_END,
};

static int inspect_one(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	struct json_object *o = NULL;
	struct store *st = ctx;
	int r = store_resolve(st, name, &img, e);

	(void)call;
	if (r == 0)
		r = image_inspect(st, img, &o, e);
	if (r == 0 && json_append(list, o) < 0)
		r = err_errno(e, ENOMEM, "inspect");
	return r;
}

/* ---- of what is elsewhere: nothing is pulled ---- */

/* skopeo's object of `inspect`. */
static int add_remote(const struct image_config *c, const struct manifest *m, struct json_object *o)
{
	struct json_object *layers = json_object_new_array();
	int r = layers ? 0 : -ENOMEM;

	r |= json_add_time_text(o, "Created", c->created ? c->created : "0001-01-01T00:00:00Z");
	r |= json_add_str(o, "DockerVersion", json_str(c->json, "docker_version"));
	r |= json_add(o, "Labels", c->labels ? json_object_get(c->labels) : json_object_new_object());
	r |= json_add_str(o, "Architecture", c->platform.arch);
	r |= json_add_str(o, "Os", c->platform.os);
	for (size_t i = 0; i < m->n_layers && r == 0; i++)
		r = json_append_str(layers, m->layers[i].digest.text);
	r |= json_add(o, "Layers", layers);
	r |= json_add_strv(o, "Env", &c->env);
	return r;
}

static int add_tags(const char *place, const struct image_source *source, struct json_object *o, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0}, tags = {0};
	char *repository = NULL;
	const char *tag;
	int r;

	r = image_split_name(place, &repository, &tag);
	if (r < 0)
		return err_errno(e, ENOMEM, "tags");
	r = pull_list_tags(repository, &source->options, &names, e);
	free(repository);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = strv_add(&tags, strrchr(names.items[i], ':') + 1);
	return r < 0 ? r : json_add_strv(o, "RepoTags", &tags);
}

static int inspect_remote(const struct command_call *call, struct store *st, const struct image_source *source, const char *place,
			  struct json_object *list, struct err *e)
{
	const struct copy_options o = {.which = COPY_ALL, .from = source->options.access};
	const struct inspect_args *a = call->args;
	_cleanup_(image_config_freep) struct image_config *config = NULL;
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_(buf_done) struct buf top = BUF_INIT, text = BUF_INIT, config_text = BUF_INIT;
	struct json_object *out;
	struct digest digest;
	int r = copy_read(st, place, NULL, &o, &top, NULL, NULL, e);

	if (r == 0 && a->raw)
		return screen_put(&top, e);
	if (r == 0)
		r = copy_read(st, place, "", &o, &text, &config_text, NULL, e);
	if (r == 0 && a->config)
		return screen_put(&config_text, e);
	if (r == 0)
		r = manifest_parse(buf_str(&text), text.len, NULL, &m, e);
	if (r == 0)
		r = image_config_parse(buf_str(&config_text), config_text.len, &config, e);
	if (r < 0)
		return r;
	digest_of(buf_str(&top), top.len, &digest);
	out = json_object_new_object();
	r = json_add_str(out, "Name", place);
	r |= json_add_str(out, "Digest", digest.text);
	if (r == 0 && !a->no_tags && strncmp(place, "docker://", 9) == 0)
		r = add_tags(place, source, out, e);
	if (r == 0)
		r = add_remote(config, &m, out);
	r |= json_append(list, out);
	return r < 0 && e && !e->code ? err_errno(e, ENOMEM, "inspect") : r;
}

struct remote {
	struct store *st;
	const struct image_source *source;
};

static int remote_one(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	struct remote *w = ctx;

	return inspect_remote(call, w->st, w->source, name, list, e);
}

static int inspect_elsewhere(const struct command_call *call, struct store *st, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_json_ struct json_object *none = NULL;
	const struct inspect_args *a = call->args;
	struct remote w = {.st = st, .source = &source};
	int r = image_source_init(true, &source, e);

	if (r == 0)
		r = registry_access_of(call, &a->registry, &source, e);
	if (r < 0)
		return r;
	if (!a->raw && !a->config)
		return inspect_operands(call, remote_one, &w, a->format, e);
	if (call->argc != 1 || a->format)
		return err_set(e, EINVAL, "image inspect: --raw and --config are of one image, and have no --format");
	none = json_object_new_array();
	return none ? inspect_remote(call, st, &source, call->argv[0], none, e) : err_errno(e, ENOMEM, "inspect");
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	const struct inspect_args *a = call->args;
	int r = image_store_open(call, &st, e);

	if (r == 0 && (a->raw || a->config || copy_has_transport(call->argv[0])))
		return inspect_elsewhere(call, st, e);
	return r < 0 ? r : inspect_operands(call, inspect_one, st, a->format, e);
}

const struct command command_image_inspect = {
	.name = "image inspect",
	.operands = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Show all that is known of images, as JSON",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;

	return image_exists(call, store_resolve, &img, e);
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_image_exists = {
	.name = "image exists",
	.operands = "IMAGE",
	.summary = "Exit with 0 when the image is here, with 1 when it is not",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = no_rows,
	.run = exists_run,
};
