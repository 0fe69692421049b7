/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A name is looked for in docker's order: --build-context, then the stages before, then images. */
#include "build/stage_source.h"

#include "build/context.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>

void stage_source_done(struct stage_source *c)
{
	c->image = image_free(c->image);
	fd_closep(&c->dir_fd);
}

/* --build-context of that name. 0: found; -ENOENT. */
static int find_context(struct session *s, const char *name, const char *platform, struct stage_source *c, struct err *e)
{
	for (size_t i = 0; i < s->q->contexts->n; i++) {
		_cleanup_(build_context_done) struct build_context b = {0};
		int r = build_context_parse(s->q->contexts->items[i], &b, e);

		if (r < 0)
			return r;
		if (strcmp(b.name, name) != 0)
			continue;
		if (b.kind == BUILD_CONTEXT_IMAGE)
			r = session_image(s, b.value, platform, &c->image, e);
		else if (b.kind == BUILD_CONTEXT_DIRECTORY)
			c->dir_fd = open(b.value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		else
			r = err_set(e, ENOTSUP, "--build-context %s: load the layout first: ranby pull oci:PATH", b.name);
		if (r == 0 && !c->image && c->dir_fd < 0)
			r = err_errno(e, errno, "--build-context %s", s->q->contexts->items[i]);
		return r;
	}
	return -ENOENT;
}

static bool is_number(const char *name)
{
	return *name && name[strspn(name, "0123456789")] == '\0';
}

int stage_source_find(struct session *s, const struct stage *sg, const char *name, struct stage_source *ret, struct err *e)
{
	struct stage *from;
	int r = find_context(s, name, NULL, ret, e);

	/* what cannot be opened of a context is not looked for elsewhere */
	if (r == -ENOENT && !stage_source_is_context(s, name)) {
		from = session_stage(s, name, sg->index);
		if (!from && is_number(name))
			return err_set(e, ENOENT, "--from=%s: there is no such stage before this one", name);
		if (from && !from->made)
			return err_set(e, EINVAL, "--from=%s: that stage was not made", name);
		if (from && !from->img)
			return err_set(e, ENOENT, "--from=%s: there is no file in that stage", name);
		ret->other = from ? from->img : NULL;
		r = from ? 0 : session_named_image(s, name, NULL, &ret->image, e);
	}
	if (ret->image)
		ret->other = ret->image;
	return r;
}


bool stage_source_is_context(const struct session *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < s->q->contexts->n; i++)
		if (strncmp(s->q->contexts->items[i], name, len) == 0 && s->q->contexts->items[i][len] == '=')
			return true;
	return false;
}

int stage_source_base(struct session *s, const char *name, const char *platform, struct image **ret, struct err *e)
{
	_cleanup_(stage_source_done) struct stage_source src = STAGE_SOURCE_INIT;
	int r = find_context(s, name, platform, &src, e);

	if (r == -ENOENT && !stage_source_is_context(s, name))
		return session_named_image(s, name, platform, ret, e);
	if (r == 0 && !src.image)
		return err_set(e, ENOTSUP, "FROM %s: --build-context has it as a directory, and a stage goes on an image: docker-image://NAME", name);
	*ret = TAKE_PTR(src.image);
	return r;
}
