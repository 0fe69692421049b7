/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The graph: stages in the order of the file, of which the target and what it
 * leads to are made; a stage can only refer to one before it, so that order is
 * right. They are made one after another, or at once (jobs.h).
 */
#include "build/build.h"

#include "build/jobs.h"
#include "build/layer.h"
#include "build/output.h"
#include "build/secret.h"
#include "build/session.h"
#include "build/stage_source.h"
#include "oci/expand.h"
#include "oci/image_config.h"
#include "oci/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void session_done(struct session *s)
{
	for (size_t i = 0; i < s->n_stages; i++) {
		struct stage *sg = &s->stages[i];

		free(sg->base);
		free(sg->platform);
		image_free(sg->img);
		image_state_done(&sg->state);
		strv_done(&sg->args);
	}
	free(s->stages);
	free(s->platform);
	vars_done(&s->vars);
}

/* ---- variables that all stages see ---- */

const char *session_caller_env(const struct build_request *q, const char *name)
{
	size_t len = strlen(name);

	for (char *const *at = q->env; at && *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}

static int give_args(struct session *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->q->build_args->n; i++) {
		const char *arg = s->q->build_args->items[i];

		r = vars_give(&s->vars, arg, strchr(arg, '=') ? NULL : session_caller_env(s->q, arg), e);
	}
	return r;
}

static int begin_platform(struct session *s, struct err *e)
{
	char host[PLATFORM_TEXT_SIZE], want[PLATFORM_TEXT_SIZE];
	struct platform p;
	int r = 0;

	platform_host(&p);
	platform_text(&p, host);
	if (s->q->platform)
		r = platform_parse(s->q->platform, &p, e);
	if (r < 0)
		return r;
	platform_text(&p, want);
	s->platform = strdup(want);
	return s->platform ? vars_platform(&s->vars, host, want, e) : err_errno(e, ENOMEM, "platform");
}

/* ---- the graph ---- */

static int add_stage(struct session *s, size_t at, const struct instruction *from, const struct expand *x, struct err *e)
{
	_cleanup_instruction_ struct instruction *ready = NULL;
	struct stage *sg = &s->stages[s->n_stages];
	int r = instruction_expand(from, x, &ready, e);

	if (r < 0)
		return r;
	if (!*ready->args.items[0])
		return err_set(e, EINVAL, "line %u: FROM %s: the name of the image is empty: a variable of it has no value", from->line, from->args.items[0]);
	*sg = (struct stage){.index = s->n_stages, .first = at, .last = s->q->file->n, .base = strdup(ready->args.items[0])};
	s->n_stages++;
	sg->name = from->args.n > 1 ? from->args.items[1] : NULL;
	if (ready->flags.platform && *ready->flags.platform) {
		sg->platform = strdup(ready->flags.platform);
		if (!sg->platform)
			return err_errno(e, ENOMEM, "stages");
	}
	if (!sg->base)
		return err_errno(e, ENOMEM, "stages");
	sg->from = stage_source_is_context(s, sg->base) ? NULL : session_stage(s, sg->base, sg->index);
	if (sg->index > 0)
		s->stages[sg->index - 1].last = at;
	return 0;
}

static int find_stages(struct session *s, struct err *e)
{
	const struct expand x = {.escape = s->q->file->escape, .get = vars_global_get, .ctx = &s->vars};
	int r = 0;

	s->stages = calloc(BUILD_STAGES_MAX, sizeof(*s->stages));
	if (!s->stages)
		return err_errno(e, ENOMEM, "stages");
	for (size_t i = 0; r == 0 && i < s->q->file->n; i++) {
		const struct instruction *in = s->q->file->items[i];

		if (in->kind == INSTRUCTION_FROM) {
			r = s->n_stages < BUILD_STAGES_MAX ? add_stage(s, i, in, &x, e) : err_set(e, E2BIG, "more than %d stages", BUILD_STAGES_MAX);
		} else if (s->n_stages == 0) {
			_cleanup_instruction_ struct instruction *ready = NULL;

			r = instruction_expand(in, &x, &ready, e);
			for (size_t k = 0; r == 0 && k < ready->args.n; k++)
				r = vars_global_arg(&s->vars, ready->args.items[k]) < 0 ? err_errno(e, ENOMEM, "ARG") : 0;
		}
	}
	if (r == 0 && s->n_stages == 0)
		r = err_set(e, EINVAL, "no build stage in current context: there is no FROM");
	return r;
}

static int find_target(struct session *s, struct err *e)
{
	s->target = s->q->target ? session_stage(s, s->q->target, s->n_stages) : &s->stages[s->n_stages - 1];
	if (s->target)
		return 0;
	return err_set(e, ENOENT, "the target \"%s\" was not found in the provided Containerfile", s->q->target);
}

static void need(struct session *s, struct stage *sg);

void session_wait_for(struct session *s, struct stage *sg, struct stage *before)
{
	sg->waits[before->index] = true;
	need(s, before);
}

static void need_all(struct session *s, struct stage *sg)
{
	for (size_t i = 0; i < sg->index; i++)
		session_wait_for(s, sg, &s->stages[i]);
}

#define EXPANDS "$\"'\\`"

/* One with a variable in it can be any of them, and so can one that is another word once it is expanded. */
static void need_name(struct session *s, struct stage *sg, const char *name)
{
	struct stage *other = name ? session_stage(s, name, sg->index) : NULL;

	if (name && strpbrk(name, EXPANDS))
		need_all(s, sg);
	if (other)
		session_wait_for(s, sg, other);
}

/* from= of a --mount, wherever it stands. */
static void need_mount(struct session *s, struct stage *sg, const char *text)
{
	for (size_t len; *text; text += len + (text[len] == ',')) {
		_cleanup_free_ char *part = NULL;

		len = strcspn(text, ",");
		part = strndup(text, len);
		/* what is quoted may be any of them too */
		if (!part || strpbrk(part, EXPANDS))
			need_all(s, sg);
		else if (strncmp(part, "from=", 5) == 0)
			need_name(s, sg, part + 5);
	}
}

static void need_of(struct session *s, struct stage *sg, const struct instruction *in)
{
	const struct instruction_flags *f = &in->flags;

	need_name(s, sg, f->from);
	for (size_t k = 0; k < f->mount.n; k++)
		need_mount(s, sg, f->mount.items[k]);
}

static void need(struct session *s, struct stage *sg)
{
	if (sg->needed)
		return;
	sg->needed = true;
	s->n_needed++;
	if (sg->from)
		session_wait_for(s, sg, sg->from);
	for (size_t i = sg->first; i < sg->last; i++)
		need_of(s, sg, s->q->file->items[i]);
}

int session_make_one(struct session *s, struct stage *sg, struct err *e)
{
	int r = stage_make(s, sg, e);

	return r == 0 && sg != s->target && !s->q->layers ? layer_finish(s, sg, NULL, NULL, e) : r;
}

/* Those that are needed before `end`, as far as they are not made yet. */
static int make_needed(struct session *s, size_t end, struct err *e)
{
	int r = 0;

	if (s->q->jobs != 1)
		return jobs_make(s, end, e);
	for (size_t i = 0; r == 0 && i < end; i++)
		if (s->stages[i].needed && !s->stages[i].made)
			r = session_make_one(s, &s->stages[i], e);
	return r;
}

/* A worker makes one stage and no other. */
static int has_all(const struct session *s, const struct stage *sg)
{
	for (size_t i = 0; i < sg->index; i++)
		if (sg->waits[i] && !s->stages[i].made)
			return STAGE_WAITS;
	return STAGE_MADE;
}

int session_make_triggered(struct session *s, struct stage *sg, struct err *e)
{
	_cleanup_(strv_done) struct strv triggers = {0};
	int r = json_get_strv(sg->state.config, "OnBuild", &triggers, NULL);

	if (r < 0)
		return err_errno(e, -r, "ONBUILD");
	for (size_t i = 0; r == 0 && i < triggers.n; i++) {
		_cleanup_instruction_ struct instruction *in = NULL;

		r = instruction_parse_trigger(triggers.items[i], &in, e);
		r = r < 0 ? err_wrap(e, r, "ONBUILD of the base image") : 0;
		if (r == 0)
			need_of(s, sg, in);
	}
	if (r < 0)
		return r;
	return s->is_worker ? has_all(s, sg) : make_needed(s, sg->index, e);
}

/* ---- the end ---- */

static int apply_pairs(const struct strv *pairs, struct image_state *st, int (*set)(struct image_state *, const char *, const char *))
{
	int r = 0;

	for (size_t i = 0; pairs && r == 0 && i < pairs->n; i++) {
		_cleanup_free_ char *name = strndup(pairs->items[i], strcspn(pairs->items[i], "="));

		r = name ? set(st, name, pairs->items[i][strlen(name)] ? pairs->items[i] + strlen(name) + 1 : "") : -ENOMEM;
	}
	return r;
}

static int unset_words(struct stage *sg, const struct build_request *q)
{
	struct json_object *labels = json_at(sg->state.config, "Labels");
	int r = 0;

	for (size_t i = 0; labels && q->unset_label && i < q->unset_label->n; i++)
		json_object_object_del(labels, q->unset_label->items[i]);
	for (size_t i = 0; r == 0 && q->unset_env && i < q->unset_env->n; i++)
		r = image_state_env_unset(&sg->state, q->unset_env->items[i]);
	return r;
}

static int annotations_of(const struct build_request *q, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	for (size_t i = 0; q->annotations && i < q->annotations->n; i++) {
		const char *text = q->annotations->items[i];
		_cleanup_free_ char *name = strndup(text, strcspn(text, "="));

		if (!name || json_add_str(o, name, text[strlen(name)] ? text + strlen(name) + 1 : "") < 0)
			return -ENOMEM;
	}
	*ret = q->annotations && q->annotations->n ? TAKE_PTR(o) : NULL;
	return 0;
}

static int finish(struct session *s, struct image **ret, struct err *e)
{
	const struct build_request *q = s->q;
	_cleanup_json_ struct json_object *annotations = NULL;
	struct stage *sg = s->target;
	int r = apply_pairs(q->set_env, &sg->state, image_state_env);

	if (r == -E2BIG)
		return err_set(e, E2BIG, "--env: more than %d variables", IMAGE_CONFIG_ENV_MAX);
	if (r < 0 || apply_pairs(q->labels, &sg->state, image_state_label) < 0 ||
	    unset_words(sg, q) < 0 || annotations_of(q, &annotations) < 0 ||
	    (q->times && json_add_str(sg->state.json, "created", sg->created) < 0))
		return err_errno(e, ENOMEM, "build");
	for (size_t i = 0; i < q->names->n; i++)
		session_say(s, "COMMIT %s", q->names->items[i]);
	if (q->names->n == 0)
		session_say(s, "COMMIT");
	r = layer_finish(s, sg, q->names, annotations, e);
	if (r < 0)
		return r;
	session_say(s, "--> %.12s", sg->img->id);
	for (size_t i = 0; i < q->names->n; i++)
		session_say(s, "Successfully tagged %s", q->names->items[i]);
	*ret = TAKE_PTR(sg->img);
	return 0;
}

static void warn_unused(const struct session *s)
{
	_cleanup_(strv_done) struct strv unused = {0};
	_cleanup_(buf_done) struct buf names = BUF_INIT;

	if (vars_unused(&s->vars, &unused) < 0 || unused.n == 0)
		return;
	for (size_t i = 0; i < unused.n; i++)
		buf_addf(&names, "%s%s", i ? " " : "", unused.items[i]);
	session_say(s, "[Warning] one or more build args were not consumed: [%s]", buf_str(&names));
}

int build_image(const struct build_request *q, struct image **ret, struct err *e)
{
	_cleanup_(session_done) struct session s = {.q = q};
	int r = begin_platform(&s, e);

	if (r == 0)
		r = secret_check(q, e);
	if (r == 0)
		r = give_args(&s, e);
	if (r == 0)
		r = find_stages(&s, e);
	if (r == 0)
		r = find_target(&s, e);
	s.dir = q->dir;
	if (r < 0)
		return r;
	need(&s, s.target);
	r = make_needed(&s, s.n_stages, e);
	if (r == 0)
		warn_unused(&s);
	if (r == 0)
		r = output_write(&s, e);
	return r == 0 ? finish(&s, ret, e) : r;
}
