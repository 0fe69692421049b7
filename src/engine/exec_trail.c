/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whether a trail is written is never stored, for its writer can be killed:
 * it is asked whether it listens, each time somebody wants to know.
 */
#include "engine/exec_trail.h"

#include "monitor/trail.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char *const names[] = {
	[EXEC_TRAIL_NONE] = "", [EXEC_TRAIL_CALLS] = "calls", [EXEC_TRAIL_NOTIFY] = "notify", [EXEC_TRAIL_LOG] = "log",
};

enum exec_trail_mode exec_trail_of(const struct container *c)
{
	const char *word = json_str(c->spec, "options.trail");

	if (*json_str(c->spec, "options.record-profile"))
		return EXEC_TRAIL_CALLS;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(word, names[i]) == 0)
			return (enum exec_trail_mode)i;
	return EXEC_TRAIL_NONE;
}

bool exec_trail_has_writer(const struct container *c)
{
	enum exec_trail_mode mode = exec_trail_of(c);

	return mode == EXEC_TRAIL_NOTIFY || mode == EXEC_TRAIL_CALLS;
}

int exec_trail_runtime_argv(enum exec_trail_mode mode, struct strv *argv)
{
	switch (mode) {
	case EXEC_TRAIL_CALLS:
		if (strv_add(argv, "--record-calls") < 0)
			return -ENOMEM;
		return strv_add(argv, "--trail-fd") < 0 ? -ENOMEM : strv_add(argv, "{TRAIL_FD}");
	case EXEC_TRAIL_NOTIFY:
		return strv_add(argv, "--trail-fd") < 0 ? -ENOMEM : strv_add(argv, "{TRAIL_FD}");
	case EXEC_TRAIL_LOG:
		return strv_add(argv, "--trail-log");
	case EXEC_TRAIL_NONE:
		break;
	}
	return 0;
}

static bool is_served(struct engine *eng, const struct container *c)
{
	_cleanup_close_ int dir = -EBADF;

	return path_own_open(eng->run_fd, c->id, O_PATH | O_DIRECTORY, 0, &dir) == 0 && trail_is_served(dir);
}

int exec_trail_json(struct engine *eng, const struct container *c, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = NULL;
	enum exec_trail_mode mode = exec_trail_of(c);
	bool runs = c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;

	if (mode == EXEC_TRAIL_NONE || mode == EXEC_TRAIL_CALLS)
		return 0;
	o = json_object_new_object();
	if (!o || json_add_str(o, "mode", names[mode]) < 0)
		return -ENOMEM;
	if (mode == EXEC_TRAIL_NOTIFY &&
	    (json_add_str(o, "file", EXEC_TRAIL_FILE) < 0 || json_add_bool(o, "served", runs && is_served(eng, c)) < 0))
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}
