/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A stage: what it goes on, and its instructions in order. Each is expanded,
 * gets its key, is looked for in the cache, and else is done. After the first
 * that was not found nothing is looked for in this stage, since the keys of
 * all that follow hold the times of what was made now.
 */
#include "build/session.h"

#include "base/clock.h"
#include "base/escape.h"
#include "build/add.h"
#include "build/add_url.h"
#include "build/cache.h"
#include "build/content.h"
#include "build/context.h"
#include "build/layer.h"
#include "build/run.h"
#include "build/run_mount.h"
#include "build/stage_source.h"
#include "oci/expand.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define NOP "/bin/sh -c #(nop) "

struct copy;

struct step {
	struct session *s;
	struct stage *sg;
	const struct instruction *in; /* expanded */
	struct buf created_by;
	char key[DIGEST_HEX_SIZE];
	struct buf content;
	struct copy *copy; /* of COPY and ADD, while it is done */
};

void session_say(const struct session *s, const char *fmt, ...)
{
	_cleanup_(buf_done) struct buf safe = BUF_INIT;
	_cleanup_free_ char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&line, fmt, ap) < 0)
		line = NULL;
	va_end(ap);
	/* names and texts in it are a file's, or a foreign image's; who reads along need not know a password */
	if (line) {
		escape_userinfo(line, false);
		escape_text(line, strlen(line), 0, &safe);
	}
	if (line && !buf_bad(&safe) && s->q->say)
		s->q->say(s->q->ctx, buf_str(&safe));
}

void session_now(const struct session *s, char ret[static 40])
{
	struct timespec now = clock_now();
	char text[CLOCK_TEXT_SIZE];

	if (s->q->times)
		now = (struct timespec){.tv_sec = s->q->times->sec};
	snprintf(ret, 40, "%.39s", clock_rfc3339(&now, CLOCK_UTC, text));
}

struct stage *session_stage(struct session *s, const char *name, size_t before)
{
	char number[24];

	for (size_t i = before; i-- > 0;) {
		snprintf(number, sizeof(number), "%zu", i);
		if ((s->stages[i].name && strcasecmp(s->stages[i].name, name) == 0) || strcmp(number, name) == 0)
			return &s->stages[i];
	}
	return NULL;
}

/* ---- the key, and the cache ---- */

static void say_id(const struct session *s, const struct digest *id)
{
	session_say(s, "--> %.12s", digest_hex(id));
}

static int enter(const struct step *p, const struct cache_entry *c, struct err *e)
{
	struct image_state *st = &p->sg->state;

	return image_state_history(st, c->created, buf_str(&p->created_by), NULL, digest_is_set(&c->diff_id) ? &c->diff_id : NULL, e);
}

/* What the entry says must be what this step leads to, and its image be here; else all is put back. */
static bool use_cache(const struct step *p, const struct cache_entry *c)
{
	struct stage *sg = p->sg;
	size_t layers = json_object_array_length(json_at(sg->state.json, "rootfs.diff_ids"));
	size_t history = json_object_array_length(json_at(sg->state.json, "history"));
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct image *img = NULL;
	struct digest id;
	bool good = enter(p, c, NULL) == 0 && image_state_text(&sg->state, &text, &id, NULL) == 0 && digest_equal(&id, &c->id);

	if (good && digest_is_set(&c->diff_id))
		good = session_own_image(p->s, digest_hex(&c->id), &img, NULL) == 0 && img->n_layers == layers + 1;
	if (!good) {
		image_free(img);
		(void)!image_state_cut(&sg->state, layers, history, NULL);
		return false;
	}
	if (img) {
		image_free(sg->img);
		sg->img = img;
	}
	snprintf(sg->created, sizeof(sg->created), "%s", c->created);
	session_say(p->s, "--> Using cache %s", digest_hex(&id));
	return true;
}

static bool find(const struct step *p)
{
	struct cache_entry c;

	if (p->sg->missed || p->s->q->no_cache || !p->s->q->layers || cache_find(p->s->q->eng->data_fd, p->key, &c) < 0)
		return false;
	return use_cache(p, &c);
}

static int keep(const struct step *p, bool layer, struct err *e)
{
	struct stage *sg = p->sg;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct cache_entry c = {0};
	int r;

	snprintf(c.created, sizeof(c.created), "%s", sg->created);
	r = image_state_text(&sg->state, &text, &c.id, e);
	if (r < 0)
		return r;
	if (layer)
		c.diff_id = sg->img->layers[sg->img->n_layers - 1].diff_id;
	/* without it the next build is slower */
	if (p->s->q->layers)
		(void)!cache_put(p->s->q->eng->data_fd, p->key, &c);
	say_id(p->s, &c.id);
	return 0;
}

static void make_key(struct step *p)
{
	cache_key(p->sg->key, buf_str(&p->created_by), p->content.len ? buf_str(&p->content) : NULL, p->key);
}

/* Of stages that are made at once one does a step that two have, and the other finds it then. 1: found. */
static int await_same(const struct step *p, int *ret_lock, struct err *e)
{
	char name[sizeof("step-") + DIGEST_HEX_SIZE];
	int r;

	if (!p->s->is_worker || p->s->q->no_cache || !p->s->q->layers)
		return 0;
	snprintf(name, sizeof(name), "step-%s", p->key);
	r = lock_take(p->s->q->uses->dirfd, name, -1, ret_lock);
	return r < 0 ? err_errno(e, -r, "build") : find(p);
}

/* The last step of each: found, or done by `work`, which says whether it made a layer. */
static int finish(struct step *p, int (*work)(struct step *, bool *, struct err *), struct err *e)
{
	_cleanup_close_ int lock = -EBADF;
	struct stage *sg = p->sg;
	bool layer = false;
	int r = 1;

	make_key(p);
	if (!find(p))
		r = await_same(p, &lock, e);
	if (r == 0) {
		sg->missed = true;
		r = work(p, &layer, e);
		if (r == 0)
			r = keep(p, layer && p->s->q->layers, e);
	}
	if (r >= 0)
		memcpy(sg->key, p->key, sizeof(sg->key));
	return r < 0 ? r : 0;
}

static int only_history(struct step *p, bool *ret_layer, struct err *e)
{
	(void)ret_layer;
	session_now(p->s, p->sg->created);
	return image_state_history(&p->sg->state, p->sg->created, buf_str(&p->created_by), NULL, NULL, e);
}

/* ---- kinds of step ---- */

static int do_config(struct step *p, struct err *e)
{
	const struct instruction *in = p->in;
	int r = 0;

	buf_addf(&p->created_by, NOP "%s", in->text);
	if (in->kind == INSTRUCTION_ARG) {
		for (size_t i = 0; r == 0 && i < in->args.n; i++)
			r = vars_arg(&p->s->vars, in->args.items[i]) < 0 ? err_errno(e, ENOMEM, "ARG") : 0;
		return r == 0 ? finish(p, only_history, e) : r;
	}
	r = image_state_apply(&p->sg->state, in, e);
	for (size_t i = 0; in->kind == INSTRUCTION_ENV && r == 0 && i + 1 < in->args.n; i += 2)
		r = vars_env(&p->s->vars, in->args.items[i], in->args.items[i + 1]) < 0 ? err_errno(e, ENOMEM, "ENV") : 0;
	/* the text may have variables in it: what they became is in the configuration, which the cache compares */
	return r == 0 ? finish(p, only_history, e) : r;
}

/* WORKDIR makes its directory. 1: it was not there. */
static int make_workdir(int root_fd, int source_fd, void *ctx, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = path_in_root_open(root_fd, ctx, O_PATH, &fd);

	(void)source_fd;
	if (r == 0 && fstat(fd, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : err_set(e, ENOTDIR, "WORKDIR %s: it is there, and no directory", (char *)ctx);
	if (r == -ENOENT)
		r = path_in_root_mkdirs(root_fd, ctx, 0755, &fd);
	return r < 0 ? err_errno(e, -r, "WORKDIR %s", (char *)ctx) : 1;
}

static int work_workdir(struct step *p, bool *ret_layer, struct err *e)
{
	_cleanup_free_ char *dir = strdup(image_state_workdir(&p->sg->state));
	int r = dir ? layer_work(p->s, p->sg, NULL, make_workdir, dir, e) : -ENOMEM;

	if (r < 0)
		return r;
	*ret_layer = r > 0;
	if (r > 0)
		return layer_commit(p->s, p->sg, -EBADF, buf_str(&p->created_by), e);
	layer_drop(p->s, p->sg);
	return only_history(p, ret_layer, e);
}

static int do_workdir(struct step *p, struct err *e)
{
	int r = image_state_apply(&p->sg->state, p->in, e);

	buf_addf(&p->created_by, NOP "WORKDIR %s", image_state_workdir(&p->sg->state));
	return r == 0 ? finish(p, work_workdir, e) : r;
}

struct copy {
	struct add_request q;
	struct add_url urls;
	struct stage_source from;
	struct digest digest;      /* as it was found before */
};

static void copy_done(struct copy *c)
{
	content_shared_done(c->q.written);
	add_url_done(&c->urls);
	stage_source_done(&c->from);
}

static int apply_copy(int root_fd, int source_fd, void *ctx, struct err *e)
{
	struct copy *c = ctx;

	if (source_fd >= 0)
		c->q.source_fd = source_fd;
	return add_apply(&c->q, root_fd, e);
}

static int name_copy(struct step *p, struct err *e)
{
	const struct instruction *in = p->in;

	buf_reset(&p->created_by);
	buf_addf(&p->created_by, NOP "%s %s:%s in %s ", instruction_name(in->kind), in->args.n > 2 ? "multi" : "file",
		 digest_hex(&p->copy->digest), in->args.items[in->args.n - 1]);
	return buf_bad(&p->created_by) ? err_errno(e, ENOMEM, "%s", instruction_name(in->kind)) : 0;
}

/* The files were others when they were copied than when the key was made: the layer belongs to the key of what it has. */
static int name_anew(struct step *p, struct err *e)
{
	struct copy *c = p->copy;
	size_t end = strlen(c->digest.text) + 1; /* what the content ends in */
	int r;

	if (c->from.other || digest_equal(c->q.written, &c->digest))
		return 0;
	p->content.len -= end;
	c->digest = *c->q.written;
	buf_addf(&p->content, "%s\n", c->digest.text);
	r = name_copy(p, e);
	make_key(p);
	return r;
}

static int work_copy(struct step *p, bool *ret_layer, struct err *e)
{
	int r = layer_work(p->s, p->sg, p->copy->from.other, apply_copy, p->copy, e);

	*ret_layer = true;
	if (r >= 0)
		r = name_anew(p, e);
	return r < 0 ? r : layer_commit(p->s, p->sg, -EBADF, buf_str(&p->created_by), e);
}

/* All that the words became, and what they select. */
static int copy_content(struct step *p, struct copy *c, struct err *e)
{
	struct digest *digest = &c->digest;
	struct buf *ret = &p->content;
	const struct instruction *in = p->in;
	const struct instruction_flags *f = &in->flags;
	const char *const flags[] = {f->from, f->chown, f->chmod, f->checksum};
	int r = 0;

	for (size_t i = 0; i < in->args.n; i++)
		buf_addf(ret, "%zu:%s\n", strlen(in->args.items[i]), in->args.items[i]);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		buf_addf(ret, "%s\n", flags[i] ? flags[i] : "");
	for (size_t i = 0; i < f->exclude.n; i++)
		buf_addf(ret, "%zu:%s\n", strlen(f->exclude.items[i]), f->exclude.items[i]);
	for (size_t i = 0; i < in->n_heredocs; i++)
		buf_addf(ret, "%zu:%s\n", in->heredocs[i].len, in->heredocs[i].content);
	buf_addf(ret, "%d%d%d%d\n%s\n", f->link, f->parents, f->unpack, f->no_unpack, image_state_workdir(&p->sg->state));
	if (c->from.other)
		*digest = c->from.other->n_layers ? c->from.other->layers[c->from.other->n_layers - 1].chain_id : (struct digest){{0}};
	else
		r = content_digest(p->s, &c->q, digest, e);
	buf_addf(ret, "%s\n", digest->text);
	return r < 0 ? r : buf_bad(ret) ? err_errno(e, ENOMEM, "COPY") : 0;
}

static int do_copy(struct step *p, struct err *e)
{
	const struct context *context = p->s->q->context;
	_cleanup_(copy_done) struct copy c = {.from = STAGE_SOURCE_INIT};
	const struct instruction *in = p->in;
	int r = in->flags.from ? stage_source_find(p->s, p->sg, in->flags.from, &c.from, e) : 0;

	if (r < 0)
		return r;
	c.q = (struct add_request){.in = in, .source_fd = c.from.dir_fd, .keep_owners = c.from.other != NULL, .workdir = image_state_workdir(&p->sg->state),
				   .now = clock_now(), .written = content_shared_digest()};
	if (!c.q.written)
		return err_errno(e, ENOMEM, "COPY");
	if (p->s->q->times)
		c.q.now = (struct timespec){.tv_sec = p->s->q->times->sec};
	if (!in->flags.from) {
		c.q.source_fd = context->dir_fd;
		c.q.ignore = &context->ignore;
	}
	p->copy = &c;
	r = add_url_get(p->s, in, &c.urls, e);
	c.q.downloads = c.urls.items;
	if (r == 0)
		r = copy_content(p, &c, e);
	if (r == 0)
		r = name_copy(p, e);
	if (r == 0)
		r = finish(p, work_copy, e);
	p->copy = NULL;
	return r;
}

/* What it is executed with besides its text: ARGs, options of the build, what is mounted. `bound`: run_mounts_content(). */
static int run_content(struct step *p, const struct strv *bound, struct err *e)
{
	_cleanup_(strv_done) struct strv args = {0}, command = {0};
	_cleanup_json_ struct json_object *options = NULL;
	struct buf *ret = &p->content;
	size_t len;
	int r;

	if (vars_run_args(&p->s->vars, &args) < 0 || container_options_to_json(p->s->q->run, &options) < 0)
		return err_errno(e, ENOMEM, "RUN");
	for (size_t i = 0; i < args.n; i++)
		buf_addf(ret, "%zu:%s\n", strlen(args.items[i]), args.items[i]);
	buf_addf(ret, "%s\n%s\n", p->in->flags.network ? p->in->flags.network : "", json_text(options, &len));
	r = run_mounts_content(p->s, p->sg, p->in, bound, ret, e);
	if (r == 0)
		r = run_command(p->s, p->sg, p->in, &command, e);
	/* two commands may read alike and be divided into other words */
	for (size_t i = 0; i < command.n; i++)
		buf_addf(ret, "%zu,", strlen(command.items[i]));
	return r < 0 ? r : buf_bad(ret) ? err_errno(e, ENOMEM, "RUN") : 0;
}

static int work_run(struct step *p, bool *ret_layer, struct err *e)
{
	_cleanup_(strv_done) struct strv digests = {0};
	int r = run_step(p->s, p->sg, p->in, buf_str(&p->created_by), &digests, e);

	*ret_layer = true;
	if (r < 0 || digests.n == 0)
		return r;
	/* what was bound may be other than when the key was made: the layer belongs to what the command saw */
	buf_reset(&p->content);
	r = run_content(p, &digests, e);
	make_key(p);
	return r;
}
static int do_run(struct step *p, struct err *e)
{
	_cleanup_(strv_done) struct strv command = {0}, args = {0};
	int r = run_command(p->s, p->sg, p->in, &command, e);

	if (r == 0 && vars_run_args(&p->s->vars, &args) < 0)
		r = err_errno(e, ENOMEM, "RUN");
	if (r == 0)
		r = run_content(p, NULL, e);
	if (r < 0)
		return r;
	if (args.n > 0)
		buf_addf(&p->created_by, "|%zu ", args.n);
	for (size_t i = 0; i < args.n; i++)
		buf_addf(&p->created_by, "%s ", args.items[i]);
	for (size_t i = 0; i < command.n; i++)
		buf_addf(&p->created_by, "%s%s", i ? " " : "", command.items[i]);
	if (!p->in->is_exec && p->in->n_heredocs == 1 && strcmp(command.items[0], RUN_SCRIPT) == 0)
		buf_addf(&p->created_by, " <<%s\n%s", p->in->heredocs[0].name, p->in->heredocs[0].content);
	if (buf_bad(&p->created_by))
		return err_errno(e, ENOMEM, "RUN");
	return finish(p, work_run, e);
}

/* Of a long step the beginning, so that there is room for the reason; an address's password is not told from its host when it is cut. */
static int step_failed(const char *step, int r, struct err *e)
{
	char shown[201];
	bool is_cut = strlen(step) >= sizeof(shown);

	snprintf(shown, sizeof(shown), "%.200s", step);
	escape_userinfo(shown, is_cut);
	return err_wrap(e, r, "building at STEP \"%s%s\"", shown, is_cut ? "..." : "");
}

static int do_step(struct session *s, struct stage *sg, const struct instruction *in, struct err *e)
{
	const struct expand x = {.escape = s->q->file->escape, .get = vars_get, .ctx = &s->vars};
	_cleanup_instruction_ struct instruction *ready = NULL;
	struct step p = {.s = s, .sg = sg, .created_by = BUF_INIT, .content = BUF_INIT};
	int r = instruction_expand(in, &x, &ready, e);

	p.in = ready;
	/* a trigger has no line */
	if (r < 0 && in->line > 0)
		r = err_wrap(e, r, "line %u", in->line);
	if (r == 0) {
		if (in->kind == INSTRUCTION_RUN)
			r = do_run(&p, e);
		else if (in->kind == INSTRUCTION_COPY || in->kind == INSTRUCTION_ADD)
			r = do_copy(&p, e);
		else if (in->kind == INSTRUCTION_WORKDIR)
			r = do_workdir(&p, e);
		else
			r = do_config(&p, e);
	}
	buf_done(&p.created_by);
	buf_done(&p.content);
	return r < 0 ? step_failed(in->text, r, e) : 0;
}

/* ---- a stage ---- */

static int resolve_base(struct session *s, struct stage *sg, struct err *e)
{
	struct json_object *json = NULL;
	int r = 0;

	if (sg->from) {
		/* without one it is scratch and what was said of it */
		r = sg->from->img ? store_resolve(s->q->store, sg->from->img->id, &sg->img, e) : 0;
		json = sg->from->state.json;
	} else if (strcmp(sg->base, "scratch") != 0) {
		r = stage_source_base(s, sg->base, sg->platform ? sg->platform : s->q->platform, &sg->img, e);
		json = r == 0 ? sg->img->json : NULL;
	}
	if (r == 0)
		r = image_state_begin(&sg->state, json, sg->platform ? sg->platform : s->platform, e);
	if (r < 0)
		return r;
	sg->base_layers = json_object_array_length(json_at(sg->state.json, "rootfs.diff_ids"));
	sg->base_history = json_object_array_length(json_at(sg->state.json, "history"));
	snprintf(sg->created, sizeof(sg->created), "%.39s", json_str(sg->state.json, "created"));
	return 0;
}

/* The key begins with all that the base is, and with the times that its files shall have. */
static int begin_key(const struct session *s, struct stage *sg, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	const struct pack_times *times = s->q->times;
	char asked[48] = "";
	struct digest id;
	int r = image_state_text(&sg->state, &text, &id, e);

	if (times)
		snprintf(asked, sizeof(asked), "%s %lld", times->all ? "all" : "until", (long long)times->sec);
	if (r == 0)
		cache_key(digest_hex(&id), "FROM", *asked ? asked : NULL, sg->key);
	return r;
}

static int begin_vars(struct session *s, struct stage *sg, struct err *e)
{
	_cleanup_(strv_done) struct strv env = {0};
	char number[24];
	int r = json_get_strv(sg->state.config, "Env", &env, e);

	snprintf(number, sizeof(number), "%zu", sg->index);
	if (r == 0 && vars_stage(&s->vars, env.items, sg->name ? sg->name : number) < 0)
		r = err_errno(e, ENOMEM, "stage");
	if (r == 0 && sg->from && vars_inherit(&s->vars, &sg->from->args) < 0)
		r = err_errno(e, ENOMEM, "stage");
	return r;
}

static int run_triggers(struct session *s, struct stage *sg, struct err *e)
{
	_cleanup_(strv_done) struct strv triggers = {0};
	int r = image_state_take_triggers(&sg->state, &triggers);

	if (r < 0)
		return err_errno(e, -r, "ONBUILD");
	for (size_t i = 0; r == 0 && i < triggers.n; i++) {
		_cleanup_instruction_ struct instruction *in = NULL;

		session_say(s, "STEP: ONBUILD %s", triggers.items[i]);
		r = instruction_parse_trigger(triggers.items[i], &in, e);
		r = r < 0 ? err_wrap(e, r, "ONBUILD of the base image") : 0;
		if (r == 0)
			r = do_step(s, sg, in, e);
	}
	return r;
}

static void say_step(const struct session *s, const struct stage *sg, size_t i, const char *text)
{
	size_t n = sg->last - sg->first;
	char stage[48] = "";

	if (s->n_needed > 1)
		snprintf(stage, sizeof(stage), "[%zu/%zu] ", sg->index + 1, s->n_stages);
	session_say(s, "%sSTEP %zu/%zu: %s", stage, i - sg->first + 1, n, text);
}

int stage_make(struct session *s, struct stage *sg, struct err *e)
{
	const struct containerfile *f = s->q->file;
	int r;

	if (!sg->begun)
		say_step(s, sg, sg->first, f->items[sg->first]->text);
	sg->begun = true;
	r = resolve_base(s, sg, e);
	if (r < 0)
		return step_failed(f->items[sg->first]->text, r, e);
	r = session_make_triggered(s, sg, e);
	if (r == 0)
		r = begin_vars(s, sg, e);
	if (r == 0)
		r = begin_key(s, sg, e);
	if (r == 0)
		r = run_triggers(s, sg, e);
	for (size_t i = sg->first + 1; r == 0 && i < sg->last; i++) {
		say_step(s, sg, i, f->items[i]->text);
		r = do_step(s, sg, f->items[i], e);
	}
	if (r == 0 && strv_add_all(&sg->args, s->vars.args.items) < 0)
		r = err_errno(e, ENOMEM, "stage");
	sg->made = r == 0;
	return r;
}
