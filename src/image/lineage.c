/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Which image goes on from which: nothing says so but their layers and their
 * history, of which one begins with the other's. That is how podman finds the
 * parents of an image too; of the history the last entry is compared, which
 * has a time and the step's words.
 */
#include "base/json.h"
#include "image/store.h"
#include "oci/image_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t history_length(const struct image *img)
{
	return img->config->history ? json_object_array_length(img->config->history) : 0;
}

static bool goes_on(const struct image *img, const struct image *on)
{
	size_t n = history_length(on), len, other_len;
	const char *last, *other;

	if (img == on || on->n_layers == 0 || img->n_layers < on->n_layers || n == 0 || history_length(img) <= n ||
	    !digest_equal(&img->layers[on->n_layers - 1].chain_id, &on->layers[on->n_layers - 1].chain_id))
		return false;
	last = json_text(json_object_array_get_idx(on->config->history, n - 1), &len);
	other = json_text(json_object_array_get_idx(img->config->history, n - 1), &other_len);
	return last && other && strcmp(last, other) == 0;
}

bool image_is_intermediate(const struct image_list *l, const struct image *img)
{
	if (img->names.n > 0)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (goes_on(l->items[i], img))
			return true;
	return false;
}

static int by_history(const void *a, const void *b)
{
	size_t x = history_length(*(const struct image *const *)a), y = history_length(*(const struct image *const *)b);

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Somebody that stays: not `img`, and none of those that go with it. */
static bool is_wanted(const struct image_list *l, const struct image *step, const struct image *img, const struct strv *going)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i] != img && strv_find(going, l->items[i]->id) < 0 && goes_on(l->items[i], step))
			return true;
	return false;
}

int image_steps_of(const struct image_list *l, const struct image *img, const struct strv *uses, struct strv *ret)
{
	_cleanup_free_ const struct image **steps = calloc(l->n + 1, sizeof(*steps));
	size_t n = 0;
	int r = 0;

	if (!steps)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i]->names.n == 0 && goes_on(img, l->items[i]))
			steps[n++] = l->items[i];
	qsort(steps, n, sizeof(*steps), by_history);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!is_wanted(l, steps[i], img, ret) && !(uses && strv_env_get(uses, steps[i]->id)))
			r = strv_add(ret, steps[i]->id);
	return r;
}
