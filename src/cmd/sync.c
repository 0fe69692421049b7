/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby sync: many images at once, from a registry or a directory into
 * another: a copy of each, under the name that its source has. Lists come from
 * standard input, a name a line, rather than from YAML, of which no parser
 * is let near the store.
 */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/report.h"
#include "engine/attest.h"
#include "image/copy.h"
#include "sys/dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LIST_LINE_MAX 4096
#define IMAGES_MAX 100000

struct sync_args {
	struct registry_args registry;
	const char *src, *dest, *format;
	bool all, scoped, keep_going, preserve_digests, quiet;
};

/* Of skopeo's options of one side. */
#define BOTH_AUTHFILE "log in to both with ranby login, or take one --authfile with both logins"
#define BOTH_CERTS "--cert-dir is of both; of one, put them into certs.d/HOST:PORT of ~/.config/containers or /etc/containers"
#define BOTH_TLS "--tls-verify is of both; of one, say insecure = true in registries.conf"

static const struct option_row sync_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct sync_args, all), .help = "Of an index, all images; else that of this host"},
	{'d', "dest", OPT_CHOICE, offsetof(struct sync_args, dest), .arg = "TRANSPORT", .choices = "docker|dir", .help = "Where to: a registry or a directory"},
	{'f', "format", OPT_CHOICE, offsetof(struct sync_args, format), .arg = "FORMAT", .choices = "oci|v2s2|docker",
	 .help = "Kind of manifest instead of the image's own"},
	{0, "keep-going", OPT_FLAG, offsetof(struct sync_args, keep_going), .help = "Go on with the others when an image fails"},
	{0, "preserve-digests", OPT_FLAG, offsetof(struct sync_args, preserve_digests), .help = "Fail where a digest would have to change"},
	{'q', "quiet", OPT_FLAG, offsetof(struct sync_args, quiet), .help = "Show no progress"},
	{0, "scoped", OPT_FLAG, offsetof(struct sync_args, scoped), .help = "Whole names below the destination, the registry's too"},
	{'s', "src", OPT_CHOICE, offsetof(struct sync_args, src), .arg = "TRANSPORT", .choices = "docker|dir|list",
	 .help = "Where from: a repository, a directory of directories, or names on standard input"},
	REGISTRY_ROWS(struct sync_args, registry),
	TWO_SIDES_REFUSED,
	OPTION_REFUSED(0, "src-creds", BOTH_AUTHFILE), OPTION_REFUSED(0, "dest-creds", BOTH_AUTHFILE),
	OPTION_REFUSED(0, "src-authfile", BOTH_AUTHFILE), OPTION_REFUSED(0, "dest-authfile", BOTH_AUTHFILE),
	OPTION_REFUSED(0, "src-cert-dir", BOTH_CERTS), OPTION_REFUSED(0, "dest-cert-dir", BOTH_CERTS),
	OPTION_REFUSED(0, "src-tls-verify", BOTH_TLS), OPTION_REFUSED(0, "dest-tls-verify", BOTH_TLS),
	OPTION_REFUSED(0, "dry-run", "ranby search --list-tags shows what a repository has"),
	OPTION_REFUSED(0, "remove-signatures", "none are copied without it either"),
	OPTION_END,
};

struct syncing {
	const struct command_call *call;
	const struct sync_args *a;
	const struct image_source *source;
	struct store *st;
	struct strv names; /* "REGISTRY/PATH:TAG", or of a directory "NAME" below argv[0] */
};

/* ---- what there is ---- */

/* A repository stands for all of its tags. */
static int add_repository(struct syncing *s, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/');

	if (s->names.n >= IMAGES_MAX)
		return err_set(e, E2BIG, "sync: more than %d images", IMAGES_MAX);
	if (strchr(slash ? slash : name, ':') || strchr(name, '@'))
		return strv_add(&s->names, name) < 0 ? err_errno(e, ENOMEM, "sync") : 0;
	return pull_list_tags(name, &s->source->options, &s->names, e);
}

static int add_list(struct syncing *s, struct err *e)
{
	char line[LIST_LINE_MAX];
	int r = 0;

	while (r == 0 && fgets(line, sizeof(line), stdin)) {
		size_t len = strcspn(line, "\r\n");

		if (!line[len] && !feof(stdin))
			return err_set(e, EINVAL, "sync: a line of more than %d bytes", LIST_LINE_MAX - 1);
		line[len] = '\0';
		if (*line && *line != '#')
			r = add_repository(s, line, e);
	}
	return r == 0 && ferror(stdin) ? err_set(e, EIO, "sync: standard input") : r;
}

/* Directories below argv[0], one level, that hold a manifest. */
static int add_directories(struct syncing *s, struct err *e)
{
	DIR *dir = opendir(s->call->argv[0]);
	struct dirent *d;
	int r = 0;

	if (!dir)
		return err_errno(e, errno, "%s", s->call->argv[0]);
	while (r == 0 && (d = dir_next(dir, &r))) {
		char path[sizeof(d->d_name) + 16];
		struct stat st;

		snprintf(path, sizeof(path), "%s/manifest.json", d->d_name);
		if (fstatat(dirfd(dir), path, &st, 0) == 0)
			r = strv_add(&s->names, d->d_name);
	}
	closedir(dir);
	return r < 0 ? err_errno(e, -r, "%s", s->call->argv[0]) : 0;
}

/* ---- one of them ---- */

/* All directories that lead to the last one. */
static int make_parents(char *path, struct err *e)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_errno(e, errno, "%s", path);
		*at = '/';
	}
	return 0;
}

static int sync_one(struct syncing *s, const char *name, struct err *e)
{
	const char *to = s->call->argv[s->call->argc - 1], *slash = strrchr(name, '/'), *last = s->a->scoped || !slash ? name : slash + 1;
	struct copy_options o = {.which = s->a->all ? COPY_ALL : COPY_PLATFORM, .format = image_format(s->a->format),
				 .preserve_digests = s->a->preserve_digests, .from = s->source->options.access, .to = s->source->options.access,
				 .progress = s->source->progress};
	bool from_dir = strcmp(s->a->src, "dir") == 0, to_dir = strcmp(s->a->dest, "dir") == 0;
	_cleanup_free_ char *from = NULL, *target = NULL;
	struct digest digest;
	int r = 0;

	if (asprintf(&from, "%s%s%s%s", from_dir ? "dir:" : "docker://", from_dir ? s->call->argv[0] : "", from_dir ? "/" : "", name) < 0 ||
	    asprintf(&target, "%s%s/%s", to_dir ? "dir:" : "docker://", to, last) < 0)
		return err_errno(e, ENOMEM, "sync");
	if (to_dir)
		r = make_parents(target + 4, e);
	progress_say(s->source->progress, "Copying %s to %s", from, target);
	if (r == 0)
		r = copy_image(s->st, from, target, &o, &digest, e);
	return to_dir ? r : attest_image(s->call->engine, AUDIT_VERB_PUSH, target, NULL, r, e);
}

static int sync_all(struct syncing *s, struct err *e)
{
	size_t failed = 0;
	int r = 0;

	for (size_t i = 0; i < s->names.n && r == 0; i++) {
		struct err own = {0};

		r = sync_one(s, s->names.items[i], s->a->keep_going ? &own : e);
		if (r < 0 && s->a->keep_going) {
			report_error(&own);
			failed++;
			r = 0;
		}
	}
	return r == 0 && failed ? err_set(e, EIO, "sync: %zu of %zu images could not be copied", failed, s->names.n) : r;
}

static int sync_run(const struct command_call *call, struct err *e)
{
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	const struct sync_args *a = call->args;
	struct syncing s = {.call = call, .a = a, .source = &source};
	bool list = a->src && strcmp(a->src, "list") == 0;
	int r;

	if (!a->src || !a->dest)
		return err_set(e, EINVAL, "sync: from where with --src, to where with --dest");
	if (call->argc != (list ? 1 : 2))
		return err_set(e, EINVAL, list ? "sync --src list: the destination alone; names come from standard input" : "sync: a source and a destination");
	if (strcmp(a->src, "dir") == 0 && strcmp(a->dest, "dir") == 0)
		return err_set(e, EINVAL, "sync: from a directory to a directory: cp -r does that");
	r = image_source_init(a->quiet, &source, e);
	if (r == 0)
		r = registry_access_of(call, &a->registry, &source, e);
	if (r == 0)
		r = image_store_open(call, &st, e);
	s.st = st;
	if (r == 0)
		r = list ? add_list(&s, e) : strcmp(a->src, "dir") == 0 ? add_directories(&s, e) : add_repository(&s, call->argv[0], e);
	if (r == 0 && s.names.n == 0)
		r = err_set(e, ENOENT, "sync: there is no image in it");
	if (r == 0)
		r = sync_all(&s, e);
	strv_done(&s.names);
	return r < 0 ? r : store_sweep(st, e);
}

const struct command command_sync = {
	.name = "sync",
	.aliases = "image sync",
	.operands = "[OPTIONS] SOURCE DESTINATION",
	.summary = "Copy many images between a registry and a directory or another registry",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 2,
	.rows = sync_rows,
	.args_size = sizeof(struct sync_args),
	.run = sync_run,
};
