/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A copy has as much in it as the layer that it is of. */
#include "image/store_private.h"

#include "sys/dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

uint64_t store_layer_bytes(struct store *st, const struct image_layer *l)
{
	uint64_t n = layer_bytes(st, &l->chain_id);

	return n ? n : l->blob_bytes;
}

static int add_copy(struct store *st, const char *name, struct store_copies *ret)
{
	struct store_copy *grown;
	size_t len = strlen(name);
	struct digest chain;
	char text[DIGEST_TEXT_SIZE];

	/* "HEX@MAP" */
	if (len <= DIGEST_HEX_LEN || name[DIGEST_HEX_LEN] != '@' || len >= sizeof(grown->name))
		return 0;
	snprintf(text, sizeof(text), "sha256:%.*s", DIGEST_HEX_LEN, name);
	if (digest_parse(text, &chain, NULL) < 0)
		return 0;
	grown = mem_regrow(ret->items, ret->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ret->items = grown;
	memcpy(grown[ret->n].name, name, len + 1);
	grown[ret->n++].bytes = layer_bytes(st, &chain);
	return 0;
}

int store_copies(struct store *st, struct store_copies *ret, struct err *e)
{
	int copy = openat(st->layers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		r = err_errno(e, errno, "layers");
		fd_closep(&copy);
		return r;
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		r = add_copy(st, d->d_name, ret);
	closedir(dir);
	return r < 0 ? err_errno(e, -r, "layers") : 0;
}

void store_copies_done(struct store_copies *c)
{
	free(c->items);
	*c = (struct store_copies){0};
}
