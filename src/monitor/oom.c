/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The cgroup is read off the process when it has been released: by then
 * whoever makes scopes has moved it. One that the monitor is in, too, is not
 * the container's, and its count says nothing.
 */
#include "monitor/oom.h"

#include "base/parse.h"
#include "sys/cgroup.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int read_kills(int fd, uint64_t *ret)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	char *line;

	if (n <= 0)
		return -ENODATA;
	text[n] = '\0';
	line = strstr(text, "\noom_kill ");
	if (!line)
		return -ENODATA;
	line += strlen("\noom_kill ");
	line[strcspn(line, "\n")] = '\0';
	return parse_u64(line, 0, UINT64_MAX, ret);
}

void oom_watch_open(struct oom_watch *w, pid_t pid)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char own[PATH_MAX], theirs[PATH_MAX], path[PATH_MAX + 64];

	if (cgroup_of(pid, theirs) < 0 || (cgroup_of(0, own) == 0 && strcmp(own, theirs) == 0))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(mounts) && w->fd < 0; i++) {
		snprintf(path, sizeof(path), "%s%s/memory.events", mounts[i], theirs);
		w->fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (w->fd >= 0 && read_kills(w->fd, &w->kills) < 0)
		fd_closep(&w->fd);
}

bool oom_watch_fired(const struct oom_watch *w)
{
	uint64_t kills;

	return w->fd >= 0 && read_kills(w->fd, &kills) == 0 && kills > w->kills;
}

void oom_watch_done(struct oom_watch *w)
{
	fd_closep(&w->fd);
}
