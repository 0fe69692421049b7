/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * --volumes-from: what another container has of volumes and binds, as its
 * container.json has it. Each becomes a wish of this container's own, so that
 * it goes through the same rules, with the other's words for it.
 *
 * A tmpfs, an overlay (O) and an image belong to one container and do not
 * come along, nor does a device, which is no volume. An anonymous volume stays
 * that of the other container: it goes with that one, unless somebody still mounts it.
 */
#include "engine/mounts_parts.h"

#include "engine/container.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What was given after the name. */
struct from {
	char *name;
	char access[3]; /* "ro", "rw", "": as there */
	char relabel;
};

static int take_word(struct from *f, const char *word, struct err *e)
{
	if (strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0) {
		if (f->access[0] && strcmp(f->access, word) != 0)
			return err_set(e, EINVAL, "ro and rw exclude each other");
		memcpy(f->access, word, sizeof(f->access));
		return 0;
	}
	if (strcmp(word, "z") == 0) {
		f->relabel = 'z';
		return 0;
	}
	return err_set(e, EINVAL, "option %s: not one of ro, rw, z", word);
}

/* CONTAINER[:OPTION[,OPTION...]]. Edits `text`, which f->name points into. */
static int parse(char *text, struct from *f, struct err *e)
{
	char *colon = strchr(text, ':'), *save = NULL;
	int r = 0;

	f->name = text;
	if (colon)
		*colon++ = '\0';
	if (!*text)
		return err_set(e, EINVAL, "no container");
	if (colon && !*colon)
		return err_set(e, EINVAL, "no option after the colon");
	for (char *w = colon ? strtok_r(colon, ",", &save) : NULL; r == 0 && w; w = strtok_r(NULL, ",", &save))
		r = take_word(f, w, e);
	return r;
}

static bool is_device(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode));
}

/* An overlay is shown with that as its source, also when it is of a volume. */
static bool comes_along(struct json_object *o)
{
	const char *type = json_str(o, "type"), *source = json_str(o, "source");

	if (strcmp(source, "overlay") == 0)
		return false;
	return *source == '/' && (*json_str(o, "name") || (strcmp(type, "bind") == 0 && !is_device(source)));
}

static bool is_access(const char *word)
{
	return strcmp(word, "ro") == 0 || strcmp(word, "rro") == 0 || strcmp(word, "rw") == 0;
}

static int copy_text(char **slot, const char *text)
{
	*slot = *text ? strdup(text) : NULL;
	return *text && !*slot ? -ENOMEM : 0;
}

/* The wish that leads to such an entry. */
static int make_spec(struct json_object *o, const struct from *f, struct mount_spec *s, struct err *e)
{
	_cleanup_(strv_done) struct strv options = {0};
	const char *volume = json_str(o, "name");
	int r = json_get_strv(o, "options", &options, e);

	if (r < 0)
		return r;
	s->kind = *volume ? MOUNT_VOLUME : MOUNT_BIND;
	s->read_only = f->access[0] ? strcmp(f->access, "ro") == 0 : !json_true(o, "rw");
	s->relabel = f->relabel;
	r = copy_text(&s->source, *volume ? volume : json_str(o, "source"));
	if (r == 0)
		r = copy_text(&s->destination, json_str(o, "destination"));
	if (r == 0)
		r = copy_text(&s->subpath, json_str(o, "subpath"));
	for (size_t i = 0; r == 0 && i < options.n; i++)
		if (!is_access(options.items[i]))
			r = strv_add(&s->options, options.items[i]);
	if (r == 0 && s->read_only)
		r = strv_add(&s->options, "ro");
	return r < 0 ? err_errno(e, ENOMEM, "mount") : 0;
}

static int add_one(struct mount_list *l, const struct mounts_input *m, const struct from *f, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	struct json_object *mounts;
	int r = container_find(m->in->eng, f->name, &c, e);

	if (r < 0)
		return r;
	mounts = json_at(c->spec, "config.mounts");
	for (size_t i = 0; r == 0 && mounts && i < json_object_array_length(mounts); i++) {
		struct json_object *o = json_object_array_get_idx(mounts, i);
		_cleanup_(mount_spec_done) struct mount_spec s = {0};

		if (!comes_along(o) || mount_is_taken(l, json_str(o, "destination")))
			continue;
		r = make_spec(o, f, &s, e);
		if (r == 0)
			r = mounts_add_spec(l, m, &s, MOUNT_USER, e);
	}
	return r;
}

int mounts_add_from(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const struct strv *from = &m->in->options->volumes_from;
	int r = 0;

	/* from the last one: what is there then is not replaced by the others' */
	for (size_t i = from->n; r == 0 && i-- > 0;) {
		_cleanup_free_ char *copy = strdup(from->items[i]);
		struct from f = {.access = ""};

		r = copy ? parse(copy, &f, e) : err_errno(e, ENOMEM, "volumes");
		if (r == 0)
			r = add_one(l, m, &f, e);
		if (r < 0)
			r = err_wrap(e, r, "--volumes-from %s", from->items[i]);
	}
	return r;
}
