/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby image tree: an image's layers from the lowest up, and whose uppermost they are. */
#include "base/buf.h"
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/screen.h"

#include <errno.h>
#include <string.h>

static const struct option_row no_rows[] = {OPTION_END};

static void add_names(const struct strv *names, struct buf *out)
{
	buf_adds(out, "[");
	for (size_t i = 0; i < names->n; i++)
		buf_addf(out, "%s%s", i ? " " : "", names->items[i]);
	buf_adds(out, "]");
}

/* Every image whose uppermost layer this one is. */
static void add_tops(const struct image_list *all, const struct image_layer *l, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; i < all->n; i++) {
		const struct image *img = all->items[i];

		if (img->n_layers == 0 || img->names.n == 0 || !digest_equal(&img->layers[img->n_layers - 1].chain_id, &l->chain_id))
			continue;
		buf_adds(out, first ? " Top Layer of: " : " ");
		add_names(&img->names, out);
		first = false;
	}
}

static void print_tree(struct store *st, const struct image *img, const struct image_list *all, struct buf *out)
{
	const struct strv *names = &img->names;
	uint64_t sum = 0;
	char size[32];

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->items[i]->id, img->id) == 0)
			names = &all->items[i]->names;
	for (size_t i = 0; i < img->n_layers; i++)
		sum += store_layer_bytes(st, &img->layers[i]);
	buf_addf(out, "Image ID: %.12s\nTags:     ", img->id);
	add_names(names, out);
	image_size_text(sum, size);
	buf_addf(out, "\nSize:     %s\n%s\n", size, img->n_layers ? "Image Layers" : "No Image Layers");
	for (size_t i = 0; i < img->n_layers; i++) {
		const struct image_layer *l = &img->layers[i];

		image_size_text(store_layer_bytes(st, l), size);
		buf_addf(out, "%s ID: %.12s Size: %s", i + 1 < img->n_layers ? "├──" : "└──", digest_hex(&l->chain_id), size);
		add_tops(all, l, out);
		buf_adds(out, "\n");
	}
}

static int tree_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_list_done) struct image_list all = {0};
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = image_store_open(call, &st, e);

	if (r == 0)
		r = store_resolve(st, call->argv[0], &img, e);
	if (r == 0)
		r = store_list(st, &all, NULL, e);
	if (r < 0)
		return r;
	print_tree(st, img, &all, &out);
	return buf_bad(&out) ? err_errno(e, ENOMEM, "tree") : screen_put(&out, e);
}

const struct command command_image_tree = {
	.name = "image tree",
	.operands = "IMAGE",
	.summary = "Show an image's layers",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = no_rows,
	.run = tree_run,
};
