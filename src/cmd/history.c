/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby history: how an image was made, as its config tells it, newest first.
 * All of it are its builder's words; only the sizes are ours. Entries and
 * layers are matched in order: those that call themselves empty have none.
 */
#include "base/clock.h"
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/screen.h"
#include "oci/image_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID_SHORT 12
#define CREATED_BY_SHORT 45

struct history_args {
	const char *format;
	bool human, no_trunc, quiet;
};

static const struct option_row history_rows[] = {
	{0, "format", OPT_STRING, offsetof(struct history_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	{'H', "human", OPT_FLAG, offsetof(struct history_args, human), .help = "Sizes and times in words (default); =false: in numbers"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct history_args, no_trunc), .help = "Whole ids and commands"},
	{'q', "quiet", OPT_FLAG, offsetof(struct history_args, quiet), .help = "Ids only"},
	OPTION_END,
};

/* What is told of one entry; strings are borrowed. */
struct step {
	const struct image *img;
	struct json_object *entry; /* of the config; NULL: a layer that it says nothing about */
	uint64_t bytes;
	bool newest;
};

static struct timespec created_of(const struct step *s)
{
	const char *text = s->entry ? json_str(s->entry, "created") : s->img->config->created;
	struct timespec t = {0};

	if (text && *text)
		(void)!clock_parse_rfc3339(text, &t);
	return t;
}

static int add_texts(struct json_object *o, const struct step *s, const struct history_args *a, bool human)
{
	const char *by = s->entry ? json_str(s->entry, "created_by") : "";
	char id[DIGEST_HEX_SIZE] = "<missing>", shown[CREATED_BY_SHORT + 1], created[CLOCK_TEXT_SIZE], since[CLOCK_TEXT_SIZE], size[32];
	const struct timespec now = clock_now(), then = created_of(s);
	int r = 0;

	if (s->newest)
		snprintf(id, sizeof(id), "%.*s", a->no_trunc ? DIGEST_HEX_LEN : ID_SHORT, s->img->id);
	if (!a->no_trunc && strlen(by) > CREATED_BY_SHORT) {
		snprintf(shown, sizeof(shown), "%.*s...", CREATED_BY_SHORT - 3, by);
		by = shown;
	}
	clock_rfc3339(&then, CLOCK_UTC, created);
	clock_ago(&then, &now, since);
	image_size_text(s->bytes, size);
	r |= json_add_str(o, "ID", id);
	r |= json_add_str(o, "Created", human ? since : created);
	r |= json_add_str(o, "CreatedSince", since);
	r |= json_add_str(o, "CreatedAt", created);
	r |= json_add_str(o, "CreatedBy", by);
	r |= human ? json_add_str(o, "Size", size) : json_add_u64(o, "Size", s->bytes);
	r |= json_add_str(o, "Comment", s->entry ? json_str(s->entry, "comment") : "");
	return r;
}

/* podman's keys of --format json. */
static int add_json(struct json_object *o, const struct step *s)
{
	const struct timespec then = created_of(s);
	char text[CLOCK_TEXT_SIZE];
	int r = 0;

	r |= json_add_str(o, "id", s->newest ? s->img->id : "<missing>");
	r |= json_add_time(o, "created", &then);
	r |= json_add_str(o, "CreatedBy", s->entry ? json_str(s->entry, "created_by") : "");
	r |= json_add_u64(o, "size", s->bytes);
	r |= json_add_str(o, "comment", s->entry ? json_str(s->entry, "comment") : "");
	r |= json_add_strv(o, "tags", s->newest ? &s->img->names : &(struct strv){0});
	r |= json_add_str(o, "Created", clock_rfc3339(&then, CLOCK_UTC, text));
	return r;
}

static int add_step(struct json_object *rows, const struct step *s, const struct history_args *a, bool json, bool human)
{
	struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	if (r == 0)
		r = json ? add_json(o, s) : add_texts(o, s, a, human);
	if (r) {
		json_object_put(o);
		return -ENOMEM;
	}
	return json_append(rows, o);
}

static int add_steps(struct store *st, const struct image *img, struct json_object *rows, const struct history_args *a, bool json,
		     bool human)
{
	struct json_object *list = img->config->history;
	size_t left = img->n_layers, n = list ? json_object_array_length(list) : 0;
	bool newest = true;
	int r = 0;

	/* from the top: a config that says too little leaves the lowest layers over */
	for (size_t i = n; i-- > 0 && r == 0; newest = false) {
		struct step s = {.img = img, .entry = json_object_array_get_idx(list, i), .newest = newest};

		if (!json_true(s.entry, "empty_layer") && left > 0)
			s.bytes = store_layer_bytes(st, &img->layers[--left]);
		r = add_step(rows, &s, a, json, human);
	}
	for (; left > 0 && r == 0; newest = false) {
		struct step s = {.img = img, .newest = newest};

		s.bytes = store_layer_bytes(st, &img->layers[--left]);
		r = add_step(rows, &s, a, json, human);
	}
	return r;
}

static int history_run(const struct command_call *call, struct err *e)
{
	static const struct template_heading headings[] = {
		{"CreatedBy", "CREATED BY"}, {"CreatedSince", "CREATED"}, {"CreatedAt", "CREATED AT"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(store_closep) struct store *st = NULL;
	const struct history_args *a = call->args;
	bool json = a->format && strcmp(a->format, "json") == 0;
	bool human = a->human || !option_given(call->command->rows, call->full_argc, call->full_argv, "human");
	int r = rows ? image_store_open(call, &st, e) : err_errno(e, ENOMEM, "history");

	if (r == 0)
		r = store_resolve(st, call->argv[0], &img, e);
	if (r == 0 && add_steps(st, img, rows, a, json, human) < 0)
		r = err_errno(e, ENOMEM, "history");
	if (r < 0)
		return r;
	return screen_list(rows, a->quiet ? "{{.ID}}" : a->format, "table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
			   headings, TEMPLATE_STRICT, e);
}

const struct command command_history = {
	.name = "history",
	.aliases = "image history",
	.operands = "[OPTIONS] IMAGE",
	.summary = "Show how an image was made",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = history_rows,
	.args_size = sizeof(struct history_args),
	.run = history_run,
};
