/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * "mounts" is the engine's own key: what is mounted in the container is known
 * here and not to the runtime, which gets plain paths.
 */
#include "engine/profile_landlock.h"

#include "engine/profile.h"
#include "oci/landlock.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int open_profile(const char *name, int *ret_fd, struct err *e)
{
	char file[128];
	int fd, r;

	if (!strchr(name, '/')) {
		snprintf(file, sizeof(file), "profiles/landlock/%.80s.json", name);
		r = profile_open_shipped(file, ret_fd, e);
		if (r == -ENOENT)
			err_hint(e, "a profile of your own is named with a '/': ./%.100s", name);
		return r;
	}
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_errno(e, errno, "%s", name);
	*ret_fd = fd;
	return 0;
}

static int read_json(const char *name, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r = open_profile(name, &fd, e);

	if (r < 0)
		return r;
	r = fd_read_all(fd, LANDLOCK_PROFILE_MAX, &b);
	return r < 0 ? err_errno(e, -r, "read") : json_parse(buf_str(&b), b.len, name, ret, e);
}

/* The list at "rw", made when it is missing. */
static struct json_object *writable_list(struct json_object *o)
{
	struct json_object *list = json_at(o, "rw");

	if (list)
		return json_object_is_type(list, json_type_array) ? list : NULL;
	list = json_object_new_array();
	return json_add(o, "rw", list) < 0 ? NULL : list;
}

static int add_mounts(struct json_object *o, const struct mount_list *mounts, struct err *e)
{
	bool wanted = false;
	int r = json_get_bool(o, "mounts", &wanted, e);
	struct json_object *list;

	if (r < 0)
		return r;
	json_object_object_del(o, "mounts");
	if (!wanted || !mounts)
		return 0;
	list = writable_list(o);
	if (!list)
		return err_set(e, EINVAL, "rw: not an array");
	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount_entry *m = &mounts->items[i];

		if (m->origin != MOUNT_DEFAULT && !m->read_only && json_append_str(list, m->destination) < 0)
			return err_errno(e, ENOMEM, "mounts");
	}
	return 0;
}

static int add_one(const char *name, const struct mount_list *mounts, struct json_object *list, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct landlock_profile p = {0};
	int r = read_json(name, &o, e);

	if (r == 0 && !json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "not an object");
	if (r == 0)
		r = add_mounts(o, mounts, e);
	if (r == 0)
		r = landlock_profile_read(o, &p, e);
	if (r == 0)
		r = landlock_profile_check(&p, landlock_abi(), e);
	landlock_profile_done(&p);
	if (r < 0)
		return r;
	json_object_object_del(o, "comment");
	return json_append(list, TAKE_PTR(o)) < 0 ? err_errno(e, ENOMEM, "Landlock") : 0;
}

int profile_landlock(const struct strv *names, const struct mount_list *mounts, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *list = NULL;

	if (names->n == 0)
		return 0;
	if (names->n > LANDLOCK_PROFILES_MAX)
		return err_set(e, E2BIG, "--security-opt landlock=: more than %d", LANDLOCK_PROFILES_MAX);
	list = json_object_new_array();
	if (!list)
		return err_errno(e, ENOMEM, "Landlock");
	for (size_t i = 0; i < names->n; i++) {
		int r = add_one(names->items[i], mounts, list, e);

		if (r < 0)
			return err_wrap(e, r, "--security-opt landlock=%s", names->items[i]);
	}
	*ret = TAKE_PTR(list);
	return 0;
}
