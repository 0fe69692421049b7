/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A line is an instruction of a Containerfile, read by the parser that a build
 * has and applied as a build applies it (oci/instruction.h, oci/image_state.h).
 * What is podman's own: "ENV=A=b" too; variables are not expanded; a CMD of the
 * base survives an ENTRYPOINT; a variable that is set again goes to the end; a
 * signal is written as its number.
 */
#include "image/change.h"

#include "base/buf.h"
#include "base/signame.h"
#include "oci/expand.h"
#include "oci/image_state.h"
#include "oci/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHANGES "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR"

static bool may_change(int kind)
{
	static const bool may[INSTRUCTION_KINDS] = {
		[INSTRUCTION_CMD] = true,    [INSTRUCTION_ENTRYPOINT] = true, [INSTRUCTION_ENV] = true,        [INSTRUCTION_EXPOSE] = true,
		[INSTRUCTION_LABEL] = true,  [INSTRUCTION_ONBUILD] = true,    [INSTRUCTION_STOPSIGNAL] = true, [INSTRUCTION_USER] = true,
		[INSTRUCTION_VOLUME] = true, [INSTRUCTION_WORKDIR] = true,
	};

	return kind >= 0 && may[kind];
}

/* "KEY=VALUE" is "KEY VALUE". */
static int read_line(const char *line, struct instruction **ret, struct err *e)
{
	const char *begin = words_skip(line);
	size_t len = strcspn(begin, WORDS_BLANKS "=");
	_cleanup_free_ char *word = strndup(begin, len);
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	if (!word)
		return err_errno(e, ENOMEM, "change");
	if (!may_change(instruction_kind_of(word))) {
		err_set(e, EINVAL, "no such instruction");
		err_hint(e, CHANGES);
		return -EINVAL;
	}
	buf_addf(&text, "%s %s", word, begin[len] ? begin + len + 1 : "");
	return buf_bad(&text) ? err_errno(e, buf_bad(&text), "change") : instruction_parse(buf_str(&text), '\\', ret, e);
}

static int signal_number(struct instruction *in, struct err *e)
{
	char number[16];
	int signal;

	if (signal_parse(in->args.items[0], &signal) < 0)
		return err_set(e, EINVAL, "STOPSIGNAL %s: no signal", in->args.items[0]);
	snprintf(number, sizeof(number), "%d", signal);
	strv_done(&in->args);
	return strv_add(&in->args, number) < 0 ? err_errno(e, ENOMEM, "STOPSIGNAL") : 0;
}

/* Those that are set anew are added at the end. */
static int forget_env(struct image_state *s, const struct strv *pairs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < pairs->n; i += 2)
		r = image_state_env_unset(s, pairs->items[i]);
	return r;
}

static int apply(struct json_object *config, const char *line, struct err *e)
{
	static const struct expand x = {.escape = '\\', .keep_variables = true};
	_cleanup_instruction_ struct instruction *read = NULL, *in = NULL;
	struct image_state s = {.config = config, .own_cmd = true}; /* of which nothing but the "config" is changed */
	int r = read_line(line, &read, e);

	if (r == 0)
		r = instruction_expand(read, &x, &in, e);
	if (r == 0 && in->kind == INSTRUCTION_STOPSIGNAL)
		r = signal_number(in, e);
	if (r == 0 && in->kind == INSTRUCTION_ENV && forget_env(&s, &in->args) < 0)
		r = err_errno(e, ENOMEM, "ENV");
	return r == 0 ? image_state_apply(&s, in, e) : r;
}

int change_apply(struct json_object *config, const char *line, struct err *e)
{
	int r = apply(config, line, e);

	return r < 0 ? err_wrap(e, r, "change \"%.200s\"", line) : 0;
}

int change_apply_all(struct json_object *config, const struct strv *lines, struct err *e)
{
	int r = 0;

	for (size_t i = 0; lines && i < lines->n && r == 0; i++)
		r = change_apply(config, lines->items[i], e);
	return r;
}
