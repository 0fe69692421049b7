/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod create: makes the pod and its infra container, and starts neither. */
#include "cmd/commands.h"
#include "cmd/make.h"
#include "cmd/pod_options.h"
#include "engine/pod.h"

#include <stdio.h>

static int create_run(const struct command_call *call, struct err *e)
{
	struct pod_options *a = call->args;
	_cleanup_(pod_freep) struct pod *p = NULL;
	int r = pod_options_finish(call, a, e);

	if (r == 0)
		r = pod_options_create(call, a, &p, e);
	if (r < 0)
		return r;
	if (a->o.pod_id_file)
		r = make_write_file("--pod-id-file", a->o.pod_id_file, p->id, false, e);
	if (r < 0)
		(void)!pod_remove(call->engine, p, &(struct pod_remove_options){.force = true}, NULL);
	else
		puts(p->id);
	return r;
}

const struct command command_pod_create = {
	.name = "pod create",
	.operands = "[OPTIONS] [NAME]",
	.summary = "Make a pod: containers that share namespaces and limits",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = pod_create_rows,
	.args_size = sizeof(struct pod_options),
	.args_done = pod_options_done,
	.run = create_run,
};
