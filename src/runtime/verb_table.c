/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/verb.h"

#include <errno.h>
#include <string.h>

const struct verb *verb_find(const char *name)
{
	static const struct verb *const all[] = {
		&verb_create, &verb_start, &verb_state, &verb_kill, &verb_delete, &verb_run,
		&verb_exec,   &verb_ps,    &verb_list,  &verb_pause, &verb_resume, &verb_update, &verb_events,
		&verb_features, &verb_spec, &verb_checkpoint, &verb_restore,
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

int verb_parse(const struct verb *v, int argc, char **argv, void *base, int *ret_operand, struct err *e)
{
	int first = argc, n;
	int r = option_parse(v->rows, argc, argv, v->max_operands < 0 ? OPTION_STOP_AT_OPERAND : OPTION_PERMUTE, base, &first, e);

	if (r < 0)
		return r;
	n = argc - first;
	if (n < v->min_operands || (v->max_operands >= 0 && n > v->max_operands))
		return err_set(e, EINVAL, "%s: usage: ranby-runtime %s %s", v->name, v->name, v->operands);
	*ret_operand = first;
	return 0;
}
