/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A Containerfile, and then all that is made of one: expansion, a script, a
 * copy. What was read once must be read the same from its own text.
 */
#include "oci/containerfile.h"
#include "oci/expand.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(const char *name, void *ctx)
{
	return strlen(name) % 3 ? ctx : NULL;
}

/* Each has what its kind promises. */
static void check(const struct instruction *in)
{
	_cleanup_instruction_ struct instruction *again = NULL;
	bool pairs = in->kind == INSTRUCTION_ENV || in->kind == INSTRUCTION_LABEL;

	if (in->line == 0 || in->last_line < in->line || !in->text || (pairs && in->args.n % 2) || (in->kind == INSTRUCTION_ONBUILD) != (in->trigger != NULL))
		__builtin_trap();
	if ((in->kind == INSTRUCTION_COPY || in->kind == INSTRUCTION_ADD) && in->args.n < 2)
		__builtin_trap();
	for (size_t i = 0; i < in->n_heredocs; i++) {
		if (!in->heredocs[i].name[0] || strlen(in->heredocs[i].content) != in->heredocs[i].len)
			__builtin_trap();
	}
	if (in->kind != INSTRUCTION_ONBUILD && instruction_parse(in->text, '\\', &again, NULL) == 0 && again->kind != in->kind)
		__builtin_trap();
}

/* The same bytes as a foreign image's OnBuild: what comes out can be executed by itself. */
static void check_trigger(const uint8_t *data, size_t size, const struct expand *x)
{
	_cleanup_instruction_ struct instruction *in = NULL, *ready = NULL;
	_cleanup_free_ char *line = strndup((const char *)data, size), *script = NULL;
	bool is_program;

	if (!line || instruction_parse_trigger(line, &in, NULL) < 0)
		return;
	if (in->n_heredocs || in->kind == INSTRUCTION_FROM || in->kind == INSTRUCTION_MAINTAINER || in->kind == INSTRUCTION_ONBUILD)
		__builtin_trap();
	if (instruction_expand(in, x, &ready, NULL) == 0 && ready->kind == INSTRUCTION_RUN && !ready->is_exec)
		(void)!instruction_script(ready, &script, &is_program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[] = "a b'\"$";
	struct expand x = {.escape = '\\', .get = get, .ctx = value};
	struct containerfile f = {0};

	if (containerfile_parse((const char *)data, size, "F", &f, NULL) == 0) {
		x.escape = f.escape;
		for (size_t i = 0; i < f.n; i++) {
			_cleanup_instruction_ struct instruction *ready = NULL;
			_cleanup_free_ char *script = NULL;
			bool is_program;

			check(f.items[i]);
			(void)!instruction_expand(f.items[i], &x, &ready, NULL);
			if (f.items[i]->kind == INSTRUCTION_RUN)
				(void)!instruction_script(f.items[i], &script, &is_program);
		}
	}
	containerfile_done(&f);
	x.escape = '\\';
	check_trigger(data, size, &x);
	return 0;
}
