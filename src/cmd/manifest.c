/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby manifest create, add, annotate, inspect, push, rm, exists, remove: an
 * index is made here, image by image, and sent whole.
 */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/make.h"
#include "cmd/screen.h"
#include "engine/attest.h"
#include "image/manifest_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What several of them do: open the store and the list, change it, write it, say its id. */
struct work {
	struct image_source source;
	struct store *st;
	struct manifest_list list;
};

static void work_done(struct work *w)
{
	manifest_list_done(&w->list);
	image_source_done(&w->source);
	store_closep(&w->st);
}

static int work_open(const struct command_call *call, const struct registry_args *registry, bool quiet, struct work *w, struct err *e)
{
	int r = image_source_init(quiet, &w->source, e);

	if (r == 0 && registry)
		r = registry_access_of(call, registry, &w->source, e);
	return r < 0 ? r : image_store_open(call, &w->st, e);
}

static struct copy_options options_of(const struct work *w, bool all)
{
	return (struct copy_options){.which = all ? COPY_ALL : COPY_PLATFORM, .from = w->source.options.access, .to = w->source.options.access,
				     .progress = w->source.progress, .platform = w->source.platform};
}

/* The list's names mean another index now, which is a change of names as the record has it. */
static int work_commit(const struct command_call *call, struct work *w, int r, struct err *e)
{
	if (r == 0)
		r = manifest_list_commit(w->st, &w->list, e);
	r = attest_image(call->engine, AUDIT_VERB_TAG, call->argv[0], w->list.image, r, e);
	if (r < 0)
		return r;
	printf("%s\n", w->list.id);
	manifest_list_done(&w->list);
	return store_sweep(w->st, e);
}

/* ---- create ---- */

struct create_args {
	struct registry_args registry;
	bool all, amend;
};

static const struct option_row create_rows[] = {
	REGISTRY_ROWS(struct create_args, registry),
	{0, "all", OPT_FLAG, offsetof(struct create_args, all), .help = "Of an index that is added, all images"},
	{'a', "amend", OPT_FLAG, offsetof(struct create_args, amend), .help = "Go on with a list that is there"},
	OPTION_END,
};

static int create_run(const struct command_call *call, struct err *e)
{
	_cleanup_(work_done) struct work w = {0};
	const struct create_args *a = call->args;
	struct copy_options o;
	struct digest d;
	int r = work_open(call, &a->registry, false, &w, e);

	if (r == 0)
		r = manifest_list_create(w.st, call->argv[0], a->amend, &w.list, e);
	if (r < 0)
		return r;
	o = options_of(&w, a->all);
	for (int i = 1; i < call->argc && r == 0; i++)
		r = manifest_list_add(w.st, &w.list, call->argv[i], &o, NULL, &d, e);
	return work_commit(call, &w, r, e);
}

const struct command command_manifest_create = {
	.name = "manifest create",
	.operands = "[OPTIONS] LIST [IMAGE...]",
	.summary = "Make a manifest list",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = create_rows,
	.args_size = sizeof(struct create_args),
	.run = create_run,
};

/* ---- add, annotate ---- */

struct note_args {
	struct registry_args registry;
	const char *os, *arch, *variant, *os_version;
	struct strv features, os_features, annotations;
	bool all;
};

static void note_args_done(void *args)
{
	struct note_args *a = args;

	strv_done(&a->features);
	strv_done(&a->os_features);
	strv_done(&a->annotations);
}

#define NOTE_ROWS                                                                                                                        \
	{0, "annotation", OPT_LIST, offsetof(struct note_args, annotations), .arg = "KEY=VALUE", .help = "An annotation of the image"},   \
	{0, "arch", OPT_STRING, offsetof(struct note_args, arch), .arg = "ARCH", .help = "Architecture that the list says"},             \
	{0, "features", OPT_LIST, offsetof(struct note_args, features), .arg = "WORD", .help = "A feature of the processor"},            \
	{0, "os", OPT_STRING, offsetof(struct note_args, os), .arg = "OS", .help = "Operating system that the list says"},               \
	{0, "os-features", OPT_LIST, offsetof(struct note_args, os_features), .arg = "WORD", .help = "A feature of the operating system"}, \
	{0, "os-version", OPT_STRING, offsetof(struct note_args, os_version), .arg = "VERSION", .help = "Version of the operating system"}, \
	{0, "variant", OPT_STRING, offsetof(struct note_args, variant), .arg = "VARIANT", .help = "Variant of the architecture"}

static struct index_notes notes_of(const struct note_args *a)
{
	return (struct index_notes){.os = a->os, .arch = a->arch, .variant = a->variant, .os_version = a->os_version, .features = &a->features,
				    .os_features = &a->os_features, .annotations = &a->annotations};
}

static const struct option_row add_rows[] = {
	REGISTRY_ROWS(struct note_args, registry),
	NOTE_ROWS,
	{0, "all", OPT_FLAG, offsetof(struct note_args, all), .help = "Of an index, all images; else that of this host"},
	OPTION_END,
};

static int add_run(const struct command_call *call, struct err *e)
{
	_cleanup_(work_done) struct work w = {0};
	const struct note_args *a = call->args;
	const struct index_notes notes = notes_of(a);
	struct copy_options o;
	struct digest d;
	int r = work_open(call, &a->registry, false, &w, e);

	if (r == 0)
		r = manifest_list_open_to_change(w.st, call->argv[0], &w.list, e);
	/* what the list is to say is also what is looked for */
	if (r == 0 && !a->all && (a->os || a->arch))
		r = image_platform(NULL, a->os, a->arch, a->arch ? a->variant : NULL, &w.source.platform, e);
	if (r < 0)
		return r;
	o = options_of(&w, a->all);
	for (int i = 1; i < call->argc && r == 0; i++)
		r = manifest_list_add(w.st, &w.list, call->argv[i], &o, &notes, &d, e);
	return work_commit(call, &w, r, e);
}

const struct command command_manifest_add = {
	.name = "manifest add",
	.operands = "[OPTIONS] LIST IMAGE [IMAGE...]",
	.summary = "Add images to a manifest list",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = -1,
	.rows = add_rows,
	.args_size = sizeof(struct note_args),
	.args_done = note_args_done,
	.run = add_run,
};

static const struct option_row annotate_rows[] = {
	NOTE_ROWS,
	OPTION_END,
};

static int annotate_run(const struct command_call *call, struct err *e)
{
	_cleanup_(work_done) struct work w = {0};
	const struct index_notes notes = notes_of(call->args);
	struct digest d;
	int r = work_open(call, NULL, true, &w, e);

	if (r == 0)
		r = manifest_list_open_to_change(w.st, call->argv[0], &w.list, e);
	if (r < 0)
		return r;
	r = manifest_list_entry(w.st, &w.list, call->argv[1], &d, e);
	if (r == 0)
		r = index_annotate(w.list.json, &d, &notes, e);
	return work_commit(call, &w, r, e);
}

const struct command command_manifest_annotate = {
	.name = "manifest annotate",
	.operands = "[OPTIONS] LIST IMAGE",
	.summary = "Say more of an image in a manifest list",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = annotate_rows,
	.args_size = sizeof(struct note_args),
	.args_done = note_args_done,
	.run = annotate_run,
};

/* ---- remove, rm, exists ---- */

static const struct option_row no_rows[] = {OPTION_END};

static int remove_run(const struct command_call *call, struct err *e)
{
	_cleanup_(work_done) struct work w = {0};
	struct digest d;
	int r = work_open(call, NULL, true, &w, e);

	if (r == 0)
		r = manifest_list_open_to_change(w.st, call->argv[0], &w.list, e);
	if (r < 0)
		return r;
	for (int i = 1; i < call->argc && r == 0; i++) {
		r = manifest_list_entry(w.st, &w.list, call->argv[i], &d, e);
		if (r == 0)
			r = index_drop(w.list.json, &d, e);
	}
	return work_commit(call, &w, r, e);
}

const struct command command_manifest_remove = {
	.name = "manifest remove",
	.operands = "LIST DIGEST [DIGEST...]",
	.summary = "Take images out of a manifest list",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = -1,
	.rows = no_rows,
	.run = remove_run,
};

static int remove_list(const struct command_call *call, struct store *st, const char *name, struct err *e)
{
	_cleanup_(store_removed_done) struct store_removed removed = {0};
	_cleanup_(strv_done) struct strv uses = {0};
	_cleanup_(image_freep) struct image *img = NULL;
	int r = store_resolve_any(st, name, &img, e);

	if (r == 0 && !img->is_index)
		r = err_set(e, EINVAL, "%s: an image, not a manifest list", name);
	if (r == 0)
		r = image_uses(call->engine, &uses, e);
	img = image_free(img);
	if (r == 0)
		r = store_remove(st, name, false, &uses, &removed, e);
	for (size_t i = 0; i < removed.lines.n; i++)
		printf("%s\n", removed.lines.items[i]);
	r = attest_image(call->engine, AUDIT_VERB_RMI, name, NULL, r, e);
	if (r == -EBUSY && e)
		e->exit_code = EXIT_IN_USE;
	return r;
}

static int rm_run(const struct command_call *call, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	int r = image_store_open(call, &st, e);

	for (int i = 0; i < call->argc && r == 0; i++)
		r = remove_list(call, st, call->argv[i], e);
	return r;
}

const struct command command_manifest_rm = {
	.name = "manifest rm",
	.operands = "LIST [LIST...]",
	.summary = "Remove manifest lists",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = no_rows,
	.run = rm_run,
};

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	int r = image_exists(call, store_resolve_any, &img, e);

	return r != 0 ? r : !img->is_index;
}

const struct command command_manifest_exists = {
	.name = "manifest exists",
	.operands = "LIST",
	.summary = "Exit with 0 when the manifest list is here, with 1 when it is not",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = no_rows,
	.run = exists_run,
};

/* ---- inspect ---- */

struct inspect_args {
	struct registry_args registry;
};

static const struct option_row inspect_rows[] = {
	REGISTRY_ROWS(struct inspect_args, registry),
	OPTION_END,
};

/* Not here: what the registry has. */
static int inspect_remote(struct work *w, const char *name, struct json_object **ret, struct err *e)
{
	const struct copy_options o = options_of(w, true);
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_free_ char *source = NULL;
	int r;

	if (asprintf(&source, "%s%s", copy_has_transport(name) ? "" : "docker://", name) < 0)
		return err_errno(e, ENOMEM, "inspect");
	r = copy_read(w->st, source, NULL, &o, &text, NULL, NULL, e);
	return r < 0 ? r : json_parse(buf_str(&text), text.len, "index", ret, e);
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *remote = NULL;
	_cleanup_(work_done) struct work w = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct inspect_args *a = call->args;
	int r = work_open(call, &a->registry, true, &w, e);

	if (r < 0)
		return r;
	r = copy_has_transport(call->argv[0]) ? -ENOENT : manifest_list_open(w.st, call->argv[0], &w.list, e);
	if (r == -ENOENT) {
		err_clear(e);
		r = inspect_remote(&w, call->argv[0], &remote, e);
	}
	if (r < 0)
		return r;
	buf_addf(&out, "%s\n", json_pretty(remote ? remote : w.list.json));
	return screen_put(&out, e);
}

const struct command command_manifest_inspect = {
	.name = "manifest inspect",
	.operands = "[OPTIONS] LIST",
	.summary = "Show a manifest list, from here or from a registry",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

/* ---- push ---- */

struct push_args {
	struct registry_args registry;
	const char *format, *digestfile;
	bool all, quiet, remove, remove_signatures;
};

static const struct option_row push_rows[] = {
	REGISTRY_ROWS(struct push_args, registry),
	{0, "all", OPT_FLAG, offsetof(struct push_args, all),
	 .help = "The images too, not the list alone (default true)"},
	{0, "digestfile", OPT_STRING, offsetof(struct push_args, digestfile), .arg = "FILE",
	 .help = "Write the digest of the pushed list there"},
	{'f', "format", OPT_CHOICE, offsetof(struct push_args, format), .arg = "FORMAT", .choices = "oci|v2s2|docker",
	 .help = "Kind of list and manifests instead of their own"},
	{'q', "quiet", OPT_FLAG, offsetof(struct push_args, quiet), .help = "Show no progress"},
	{0, "remove-signatures", OPT_FLAG, offsetof(struct push_args, remove_signatures),
	 .help = "Push no signatures; none are pushed without it either"},
	{0, "rm", OPT_FLAG, offsetof(struct push_args, remove), .help = "Remove the list when it is pushed"},
	OPTION_REFUSED(0, "sign-by", OPTION_NO_SIGN),
	OPTION_REFUSED(0, "sign-by-sigstore-private-key", OPTION_NO_SIGN),
	OPTION_REFUSED(0, "sign-passphrase-file", OPTION_NO_SIGN),
	OPTION_REFUSED(0, "compression-format", "a list goes with its layers as they are; pack its images with ranby push --compression-format"),
	OPTION_END,
};

int manifest_push(const struct command_call *call, struct store *st, const char *name, const char *to, struct copy_options *o,
		  const char *digestfile, struct err *e)
{
	_cleanup_free_ char *source = NULL, *target = NULL;
	struct digest digest = {0};
	int r;

	if (asprintf(&source, "store:%s", name) < 0 || asprintf(&target, "%s%s", strstr(to, ":/") || copy_has_transport(to) ? "" : "docker://", to) < 0)
		return err_errno(e, ENOMEM, "push");
	r = copy_image(st, source, target, o, &digest, e);
	r = attest_image(call->engine, AUDIT_VERB_PUSH, to, NULL, r, e);
	return r == 0 && digestfile ? make_write_file("--digestfile", digestfile, digest.text, false, e) : r;
}

static int push_run(const struct command_call *call, struct err *e)
{
	bool all = !option_given(call->command->rows, call->full_argc, call->full_argv, "all");
	_cleanup_(work_done) struct work w = {0};
	const struct push_args *a = call->args;
	struct copy_options o;
	const char *to;
	int r = work_open(call, &a->registry, a->quiet, &w, e);

	if (r == 0)
		r = manifest_list_open(w.st, call->argv[0], &w.list, e);
	if (r < 0)
		return r;
	to = call->argc > 1 ? call->argv[1] : w.list.image->name;
	if (!to)
		return err_set(e, EINVAL, "push %s: a list without a name needs a destination", call->argv[0]);
	o = options_of(&w, true);
	o.which = all || a->all ? COPY_ALL : COPY_INDEX_ONLY;
	o.format = image_format(a->format);
	r = manifest_push(call, w.st, call->argv[0], to, &o, a->digestfile, e);
	manifest_list_done(&w.list);
	return r == 0 && a->remove ? remove_list(call, w.st, call->argv[0], e) : r;
}

const struct command command_manifest_push = {
	.name = "manifest push",
	.operands = "[OPTIONS] LIST [DESTINATION]",
	.summary = "Send a manifest list and its images to a registry",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 2,
	.rows = push_rows,
	.args_size = sizeof(struct push_args),
	.run = push_run,
};
