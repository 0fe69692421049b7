/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One that cannot be started is tried again at the next time, as one that has failed. */
#include "monitor/checks.h"

#include "sys/spawn.h"

#include <errno.h>
#include <sys/wait.h>

void checks_step(struct checks *c, const struct monitor_options *o, struct pollset *set)
{
	struct spawn sp = SPAWN_INIT;

	if (!o->check || c->never || c->pid > 0)
		return;
	if (now_ms() < c->due_ms) {
		pollset_wake_at(set, c->due_ms);
		return;
	}
	sp.path = o->check[0];
	sp.argv = o->check;
	for (size_t i = 0; i < 3; i++)
		sp.stdio[i] = -EBADF;
	if (spawn_start(&sp, &c->pid, NULL, NULL) < 0)
		checks_child_ended(c, o, -1);
}

void checks_child_ended(struct checks *c, const struct monitor_options *o, int status)
{
	bool over = !c->began && WIFEXITED(status) && WEXITSTATUS(status) == CHECKS_STARTUP_OVER;
	bool startup = !c->began && !over && status != 0 && o->check_startup_interval_ms > 0;
	uint64_t ms = startup ? o->check_startup_interval_ms : over ? 0 : o->check_interval_ms;

	c->pid = 0;
	c->began = !startup;
	c->never = c->began && o->check_interval_ms == 0;
	c->due_ms = now_ms() + (int64_t)ms;
}
