/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby images: a row per name, as podman has it; json is an object per image.
 * The table is a template like any other, so that there is one way to print.
 */
#include "base/clock.h"
#include "base/template.h"
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/image_filter.h"
#include "cmd/option_rows.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "oci/image_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NONE "<none>"

struct images_args {
	bool all, digests, no_trunc, noheading, quiet;
	const char *format, *sort;
	struct strv filters;
};

static const struct option_row images_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct images_args, all), .help = "All images, those of the steps of a build too"},
	{0, "digests", OPT_FLAG, offsetof(struct images_args, digests), .help = "Show the manifests' digests"},
	{'f', "filter", OPT_LIST, offsetof(struct images_args, filters), .arg = "KEY=VALUE", .choices = IMAGE_FILTER_CHOICES,
	 .help = "Only those with: before, containers, dangling, id, label, label!, readonly, reference, since, until"},
	{0, "format", OPT_STRING, offsetof(struct images_args, format), .arg = "FORMAT", .choices = "json", .help = "json, or a Go template"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct images_args, no_trunc), .help = "Show ids in full"},
	{'n', "noheading", OPT_FLAG, offsetof(struct images_args, noheading), .help = "No line of headings"},
	{'q', "quiet", OPT_FLAG, offsetof(struct images_args, quiet), .help = "Only ids"},
	{0, "sort", OPT_CHOICE, offsetof(struct images_args, sort), .arg = "FIELD", .choices = "created|id|repository|size|tag",
	 .help = "Order by (default created)"},
	OPTION_REFUSED(0, "history", "an image's earlier names are not kept"),
	OPTION_END,
};

static void images_args_done(void *args)
{
	strv_done(&((struct images_args *)args)->filters);
}

/* One line: an image under one of its names. */
struct line {
	const struct image *img;
	char *repository;
	const char *tag;  /* in the image's names, or constant */
	struct timespec created;
};

struct lines {
	struct line *items;
	size_t n;
};

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].repository);
	free(l->items);
}

static struct timespec created_of(const struct image *img)
{
	struct timespec t = CLOCK_NEVER;

	if (img->config->created)
		(void)!clock_parse_rfc3339(img->config->created, &t);
	return t;
}

static int add_line(struct lines *l, const struct image *img, const char *name)
{
	struct line *grown = mem_regrow(l->items, l->n + 1, sizeof(*grown)), *to;
	int r;

	if (!grown)
		return -ENOMEM;
	l->items = grown;
	to = &grown[l->n];
	*to = (struct line){.img = img, .tag = NONE, .created = created_of(img)};
	if (name)
		r = image_split_name(name, &to->repository, &to->tag);
	else
		r = (to->repository = strdup(NONE)) ? 0 : -ENOMEM;
	l->n += r == 0;
	return r;
}

/* Repositories that the image is known by through a digest only: "repo@sha256:…". */
static int add_digest_names(struct lines *l, const struct image *img)
{
	size_t before = l->n;
	int r = 0;

	for (size_t i = 0; i < img->repo_digests.n && r == 0; i++) {
		size_t len = strcspn(img->repo_digests.items[i], "@");
		bool known = false;

		for (size_t k = before; k < l->n; k++)
			known |= strlen(l->items[k].repository) == len &&
				 strncmp(l->items[k].repository, img->repo_digests.items[i], len) == 0;
		if (!known)
			r = add_line(l, img, img->repo_digests.items[i]);
	}
	return r;
}

static int add_lines(struct lines *l, const struct image *img)
{
	int r = 0;

	for (size_t i = 0; i < img->names.n && r == 0; i++)
		r = add_line(l, img, img->names.items[i]);
	if (r == 0 && img->names.n == 0)
		r = img->repo_digests.n ? add_digest_names(l, img) : add_line(l, img, NULL);
	return r;
}

static int by_created(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return clock_compare(&y->created, &x->created);
}
static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->img->id, ((const struct line *)b)->img->id);
}
static int by_repository(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->repository, ((const struct line *)b)->repository);
}
static int by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct line *)a)->img->size_bytes, y = ((const struct line *)b)->img->size_bytes;

	return (x > y) - (x < y);
}
static int by_tag(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->tag, ((const struct line *)b)->tag);
}

static const struct {
	const char *word;
	int (*compare)(const void *a, const void *b);
} orders[] = {
	{"created", by_created}, {"id", by_id}, {"repository", by_repository}, {"size", by_size}, {"tag", by_tag},
};

static void sort_lines(struct lines *l, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (l->n && strcmp(orders[i].word, word ? word : "created") == 0)
			qsort(l->items, l->n, sizeof(*l->items), orders[i].compare);
}

static int add_id(struct json_object *o, const char *key, const struct image *img, bool full)
{
	char id[DIGEST_TEXT_SIZE];

	snprintf(id, sizeof(id), full ? "sha256:%s" : "%.12s", img->id);
	return json_add_str(o, key, id);
}

static int add_labels(struct json_object *o, const char *key, const struct image *img)
{
	struct json_object *labels = img->config->labels;

	return json_add(o, key, labels ? json_object_get(labels) : json_object_new_object());
}

static int add_times(struct json_object *o, const struct line *ln, const struct timespec *now)
{
	char text[CLOCK_TEXT_SIZE];
	int r = 0;

	r |= json_add_str(o, "Created", clock_ago(&ln->created, now, text));
	r |= json_add_str(o, "CreatedSince", text);
	r |= json_add_str(o, "CreatedAt", clock_go(&ln->created, CLOCK_UTC, text));
	r |= json_add_str(o, "CreatedTime", text);
	return r;
}

static int row_json(const struct line *ln, const struct images_args *a, const struct timespec *now, struct json_object *o)
{
	char size[32];
	int r = 0;

	image_size_text(ln->img->size_bytes, size);
	r |= json_add_str(o, "Repository", ln->repository);
	r |= json_add_str(o, "Tag", ln->tag);
	r |= json_add_str(o, "Digest", ln->img->digest.text);
	r |= add_id(o, "ID", ln->img, a->no_trunc);
	r |= json_add_str(o, "Id", ln->img->id);
	r |= add_times(o, ln, now);
	r |= json_add_str(o, "Size", size);
	r |= json_add_str(o, "VirtualSize", size);
	r |= add_labels(o, "Labels", ln->img);
	r |= add_labels(o, "Label", ln->img); /* {{.Label "key"}} */
	r |= json_add_strv(o, "Names", &ln->img->names);
	r |= json_add_strv(o, "RepoTags", &ln->img->names);
	r |= json_add_strv(o, "RepoDigests", &ln->img->repo_digests);
	r |= json_add_str(o, "ParentId", "");
	r |= json_add_bool(o, "ReadOnly", ln->img->is_read_only);
	r |= json_add_bool(o, "Dangling", ln->img->names.n == 0);
	return r;
}

static int rows_json(const struct lines *l, const struct images_args *a, struct json_object **ret)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	const struct timespec now = clock_now();
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; i < l->n && r == 0; i++) {
		struct json_object *o = json_object_new_object();

		r = o ? row_json(&l->items[i], a, &now, o) : -ENOMEM;
		r |= json_append(list, o);
	}
	*ret = TAKE_PTR(list);
	return r ? -ENOMEM : 0;
}

/* podman's object of `images --format json`. */
static int image_json(const struct image *img, const struct strv *uses, struct json_object *o)
{
	const struct timespec created = created_of(img);
	char text[CLOCK_TEXT_SIZE];
	int r = 0;

	r |= json_add_str(o, "Id", img->id);
	r |= json_add_str(o, "ParentId", "");
	r |= json_add_strv(o, "RepoTags", &img->names);
	r |= json_add_strv(o, "RepoDigests", &img->repo_digests);
	r |= json_add_u64(o, "Size", img->size_bytes);
	r |= json_add_u64(o, "SharedSize", 0);
	r |= json_add_u64(o, "VirtualSize", img->size_bytes);
	r |= add_labels(o, "Labels", img);
	r |= json_add_int(o, "Containers", image_count_uses(uses, img->id));
	r |= json_add_strv(o, "Names", &img->names);
	r |= json_add_str(o, "Digest", img->digest.text);
	if (img->is_read_only)
		r |= json_add_bool(o, "ReadOnly", true);
	r |= json_add_strv(o, "History", &img->names);
	r |= json_add_int(o, "Created", created.tv_sec);
	r |= json_add_str(o, "CreatedAt", clock_rfc3339(&created, CLOCK_UTC, text));
	return r;
}

static int print_json(const struct command_call *call, const struct lines *l, struct buf *out, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	_cleanup_(strv_done) struct strv uses = {0};
	int r = image_uses(call->engine, &uses, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n && r == 0; i++) {
		struct json_object *o;

		/* one object per image, at its first line */
		for (size_t k = 0; k < i; k++)
			r |= l->items[k].img == l->items[i].img;
		if (r) {
			r = 0;
			continue;
		}
		o = json_object_new_object();
		r = o ? image_json(l->items[i].img, &uses, o) : -ENOMEM;
		r |= json_append(list, o);
	}
	if (r)
		return err_errno(e, ENOMEM, "images");
	buf_addf(out, "%s\n", json_pretty(list));
	return 0;
}

static void print_ids(const struct lines *l, bool full, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= l->items[k].img == l->items[i].img;
		if (!seen)
			buf_addf(out, full ? "sha256:%s\n" : "%.12s\n", l->items[i].img->id);
	}
}

/* podman's column R/O is there when there is something to say in it. */
static bool has_read_only(const struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].img->is_read_only)
			return true;
	return false;
}

static int print_template(const struct lines *l, const struct images_args *a, struct buf *out, struct err *e)
{
	static const struct template_heading headings[] = {
		{"ID", "IMAGE ID"}, {"CreatedAt", "CREATED AT"}, {"CreatedSince", "CREATED"}, {"ReadOnly", "R/O"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *rows = NULL;
	_cleanup_template_ struct template *t = NULL;
	const char *format = a->format;
	char table[256];
	int r;

	if (!format || strcmp(format, "table") == 0) {
		snprintf(table, sizeof(table), "table {{.Repository}}\t{{.Tag}}\t%s{{.ID}}\t{{.Created}}\t{{.Size}}%s",
			 a->digests ? "{{.Digest}}\t" : "", has_read_only(l) ? "\t{{.ReadOnly}}" : "");
		format = table;
	}
	r = template_parse(format, &t, e);
	if (r == 0 && rows_json(l, a, &rows) < 0)
		r = err_errno(e, ENOMEM, "images");
	if (r < 0)
		return r;
	return template_print(t, rows, headings, TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0), out, e);
}

static int images_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_filter_done) struct image_filter filter = {0};
	_cleanup_(image_list_done) struct image_list images = {0};
	_cleanup_(lines_done) struct lines lines = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	_cleanup_(store_closep) struct store *st = NULL;
	const struct images_args *a = call->args;
	size_t damaged = 0;
	int r;

	if (a->quiet && a->format)
		return err_set(e, EINVAL, "images: --quiet and --format exclude each other");
	r = image_store_open(call, &st, e);
	if (r == 0)
		r = image_filter_parse(&a->filters, call->argc ? call->argv[0] : NULL, st, call->engine, &filter, e);
	if (r == 0)
		r = store_list(st, &images, &damaged, e);
	for (size_t i = 0; i < images.n && r == 0; i++)
		if ((a->all || !image_is_intermediate(&images, images.items[i])) && image_filter_match(&filter, images.items[i]) &&
		    add_lines(&lines, images.items[i]) < 0)
			r = err_errno(e, ENOMEM, "images");
	if (r < 0)
		return r;
	if (damaged)
		report_warning("%zu damaged image%s left out", damaged, damaged == 1 ? "" : "s");
	sort_lines(&lines, a->sort);
	if (a->quiet)
		print_ids(&lines, a->no_trunc, &out);
	else if (a->format && strcmp(a->format, "json") == 0)
		r = print_json(call, &lines, &out, e);
	else
		r = print_template(&lines, a, &out, e);
	return r < 0 ? r : screen_put(&out, e);
}

const struct command command_images = {
	.name = "images",
	.aliases = "image ls|image list",
	.operands = "[OPTIONS] [IMAGE]",
	.summary = "List the images that are here",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = images_rows,
	.args_size = sizeof(struct images_args),
	.args_done = images_args_done,
	.run = images_run,
};
