/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby search: what registries have under a word; with --list-tags, the tags of a repository. */
#include "base/template.h"
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/screen.h"
#include "image/search.h"

#include <errno.h>
#include <string.h>

struct search_args {
	struct registry_args registry;
	const char *format;
	uint32_t limit;
	bool list_tags, no_trunc;
};

static const struct option_row search_rows[] = {
	{0, "format", OPT_STRING, offsetof(struct search_args, format), .arg = "FORMAT", .choices = "json", .help = "json, or a Go template"},
	{0, "limit", OPT_U32, offsetof(struct search_args, limit), .arg = "N", .min = 1, .max = 1000000, .help = "At most so many of a registry (default 25)"},
	{0, "list-tags", OPT_FLAG, offsetof(struct search_args, list_tags), .help = "The tags of the repository that is named"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct search_args, no_trunc), .help = "Whole descriptions"},
	REGISTRY_ROWS(struct search_args, registry),
	OPTION_REFUSED(0, "filter", "registries tell no stars and no automation that could be trusted; filter the list of --format"),
	OPTION_REFUSED(0, "compatible", "take --format"),
	OPTION_END,
};

static int list_tags(const char *source, const struct image_source *from, uint32_t limit, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(strv_done) struct strv names = {0};
	int r = rows ? pull_list_tags(source, &from->options, &names, e) : err_errno(e, ENOMEM, "search");

	for (size_t i = 0; r == 0 && i < names.n && i < limit; i++) {
		char *colon = strrchr(names.items[i], ':');
		struct json_object *o = json_object_new_object();

		*colon = '\0';
		if (json_add_str(o, "Name", names.items[i]) < 0 || json_add_str(o, "Tag", colon + 1) < 0 || json_append(rows, o) < 0)
			r = err_errno(e, ENOMEM, "search");
	}
	if (r == 0)
		*ret = TAKE_PTR(rows);
	return r;
}

#define DESCRIPTION_MOST 44

static int cut_descriptions(struct json_object *rows)
{
	char text[DESCRIPTION_MOST + 4];
	int r = 0;

	for (size_t i = 0; i < json_object_array_length(rows) && r == 0; i++) {
		struct json_object *o = json_object_array_get_idx(rows, i);
		const char *all = json_str(o, "Description");

		if (strlen(all) <= DESCRIPTION_MOST)
			continue;
		memcpy(text, all, DESCRIPTION_MOST);
		memcpy(text + DESCRIPTION_MOST, "...", 4);
		r = json_add_str(o, "Description", text);
	}
	return r;
}

static int search_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_json_ struct json_object *rows = NULL;
	const struct search_args *a = call->args;
	uint32_t limit = a->limit ? a->limit : a->list_tags ? UINT32_MAX : 25;
	int r = image_source_init(true, &source, e);

	if (r == 0)
		r = registry_access_of(call, &a->registry, &source, e);
	if (r == 0)
		r = a->list_tags ? list_tags(call->argv[0], &source, limit, &rows, e) :
				   search_images(call->argv[0], limit, &source.options.access, &rows, e);
	if (r == 0 && !a->no_trunc && !a->list_tags && cut_descriptions(rows) < 0)
		r = err_errno(e, ENOMEM, "search");
	if (r < 0)
		return r;
	return screen_list(rows, a->format, a->list_tags ? "table {{.Name}}\t{{.Tag}}" : "table {{.Name}}\t{{.Description}}", NULL, TEMPLATE_STRICT, e);
}

const struct command command_search = {
	.name = "search",
	.aliases = "image search",
	.operands = "[OPTIONS] TERM",
	.summary = "Look for images in registries",
	.min_operands = 1,
	.max_operands = 1,
	.rows = search_rows,
	.args_size = sizeof(struct search_args),
	.run = search_run,
};
