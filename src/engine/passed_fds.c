/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What must hold: nothing of ours gets into a container under a number that
 * the caller named and did not open. Ours are close-on-exec from birth, and
 * what was inherited over our own exec cannot be: so that flag tells them
 * apart, and no list of what was open at the beginning is needed.
 *
 * A number between two that were named is a hole: something is there in the
 * monitor and the runtime, so that nothing else can be, and it closes at the
 * payload's exec.
 */
#include "engine/passed_fds.h"

#include "base/parse.h"

#include <fcntl.h>
#include <unistd.h>

static int take(struct passed_fds *p, uint32_t fd, struct err *e)
{
	int flags = fcntl((int)fd, F_GETFD);

	if (flags < 0 || (flags & FD_CLOEXEC)) {
		err_set(e, EBADF, "file descriptor %u is not open", fd);
		err_hint(e, "the caller has to open it: ranby ... %u<FILE", fd);
		return -EBADF;
	}
	for (; p->n <= fd - 3; p->n++)
		p->fds[p->n] = -EBADF;
	p->fds[fd - 3] = (int)fd;
	return 0;
}

int passed_fds_take(struct passed_fds *p, uint32_t count, const struct strv *list, struct err *e)
{
	int r = 0;

	if (count > 0 && list->n > 0)
		return err_set(e, EINVAL, "--preserve-fds and --preserve-fd exclude each other");
	if (count > MONITOR_PASSED_MAX)
		return err_set(e, EINVAL, "--preserve-fds %u: %d are the most", count, MONITOR_PASSED_MAX);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		r = take(p, 3 + i, e);
		if (r < 0)
			return err_wrap(e, r, "--preserve-fds %u", count);
	}
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		uint32_t fd;

		if (parse_u32(list->items[i], 0, 2 + MONITOR_PASSED_MAX, &fd) < 0)
			return err_set(e, EINVAL, "--preserve-fd %s: not a number from 0 to %d", list->items[i], 2 + MONITOR_PASSED_MAX);
		/* the standard three it gets anyway */
		r = fd < 3 ? 0 : take(p, fd, e);
		if (r < 0)
			return err_wrap(e, r, "--preserve-fd");
	}
	return 0;
}

int passed_fds_plan(const struct passed_fds *p, struct monitor_launch *m, struct strv *runtime_argv, struct err *e)
{
	uint64_t holes = 0;

	if (!p || p->n == 0)
		return 0;
	for (size_t i = 0; i < p->n; i++)
		holes |= p->fds[i] < 0 ? UINT64_C(1) << i : 0;
	m->passed_fds = p->fds;
	m->n_passed_fds = p->n;
	if (strv_add(runtime_argv, "--preserve-fds") < 0 || strv_addf(runtime_argv, "%zu", p->n) < 0)
		return err_errno(e, ENOMEM, "descriptors");
	if (holes && (strv_add(runtime_argv, "--preserve-holes") < 0 || strv_addf(runtime_argv, "%llu", (unsigned long long)holes) < 0))
		return err_errno(e, ENOMEM, "descriptors");
	return 0;
}

int passed_fds_stdio(struct monitor_launch *m, struct err *e)
{
	static const int standard[3] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

	for (size_t i = 0; i < 3; i++)
		if (isatty(standard[i])) {
			err_set(e, ENOTSUP, "--log-driver passthrough: a standard stream is a terminal, which the container could type into");
			err_hint(e, "redirect all three: </dev/null >FILE 2>&1");
			return -ENOTSUP;
		}
	m->stdio_fds = standard;
	return 0;
}
