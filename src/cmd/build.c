/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby build: what is asked, checked and opened; the work is build/build.h's. */
#include "cmd/commands.h"
#include "cmd/container_options.h"
#include "cmd/image_common.h"
#include "cmd/make.h"
#include "cmd/option_rows.h"
#include "cmd/report.h"
#include "base/escape.h"
#include "base/parse.h"
#include "build/build.h"
#include "build/context.h"
#include "build/guard.h"
#include "build/output.h"
#include "engine/attest.h"
#include "engine/peer_choice.h"
#include "image/assemble.h"
#include "image/manifest_list.h"
#include "oci/index.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct build_args {
	struct container_options o; /* of RUN; first, for container_options_finish() */
	struct image_source_args source;
	struct strv allow;
	struct strv tag, build_arg, label, annotation, env, unsetenv, unsetlabel, secret, ssh, build_context;
	struct strv file, output, platform;
	const char *ignorefile, *target, *iidfile, *format, *logfile, *pull, *author, *from, *isolation, *manifest;
	const char *timestamp, *source_date_epoch;
	uint32_t jobs;
	bool no_cache, squash, squash_all, layers, rm, force_rm, stdin;
};
#define O(member) offsetof(struct build_args, o.member)
#define A(member) offsetof(struct build_args, member)

static const struct option_row build_rows[] = {
	{'t', "tag", OPT_LIST, A(tag), .arg = "NAME[:TAG]", .help = "Name the image"},
	{'f', "file", OPT_LIST, A(file), .arg = "FILE", .help = "The Containerfile; - is standard input; several are one after another (Containerfile or Dockerfile of the context)"},
	{0, "ignorefile", OPT_STRING, A(ignorefile), .arg = "FILE", .help = "Instead of the context's .containerignore or .dockerignore"},
	{0, "build-arg", OPT_LIST, A(build_arg), .arg = "NAME[=VALUE]", .help = "Value of an ARG; without one, the caller's variable"},
	{0, "build-context", OPT_LIST, A(build_context), .arg = "NAME=PLACE", .help = "A directory or container-image:IMAGE that --from= finds by name"},
	{0, "target", OPT_STRING, A(target), .arg = "STAGE", .help = "Stop at this stage"},
	{0, "secret", OPT_LIST, A(secret), .arg = "id=ID[,src=FILE|,env=NAME]", .help = "What RUN --mount=type=secret may have"},
	{0, "ssh", OPT_LIST, A(ssh), .arg = "ID[=SOCKET]", .help = "An agent's socket that RUN --mount=type=ssh may have"},
	{0, "jobs", OPT_U32, A(jobs), .arg = "N", .help = "At most N stages at once (1); 0: any number"},

	{0, "no-cache", OPT_FLAG, A(no_cache), .group = "Layers", .help = "Do each step, whatever was done before"},
	{0, "layers", OPT_FLAG, A(layers), .help = "A layer for each step, and a cache of them (true); false: one layer for all"},
	{0, "squash", OPT_FLAG, A(squash), .help = "One layer for all steps"},
	{0, "squash-all", OPT_FLAG, A(squash_all), .help = "One layer for all, the base's too"},
	{0, "timestamp", OPT_STRING, A(timestamp), .arg = "SECONDS", .help = "This time, since 1970, on the image and on all new files"},
	{0, "source-date-epoch", OPT_STRING, A(source_date_epoch), .arg = "SECONDS",
	 .help = "This time on the image, and on new files that are younger ($SOURCE_DATE_EPOCH)"},
	{0, "rm", OPT_FLAG, A(rm), .help = "Remove the containers of RUN (true); they cannot be kept"},
	{0, "force-rm", OPT_FLAG, A(force_rm), .help = "Also when the build fails (true); they cannot be kept"},

	{0, "format", OPT_CHOICE, A(format), .arg = "FORMAT", .choices = "oci|docker", .group = "The image", .help = "Of its manifest: oci or docker"},
	{0, "iidfile", OPT_STRING, A(iidfile), .arg = "FILE", .help = "Write the image's id there"},
	{'o', "output", OPT_LIST, A(output), .arg = "DIR|-|type=local|tar,dest=PLACE", .help = "Write the files of the last stage there, too"},
	{0, "label", OPT_LIST, A(label), .arg = "KEY=VALUE", .help = "Set a label of the image"},
	{0, "unsetlabel", OPT_LIST, A(unsetlabel), .arg = "KEY", .help = "Leave a label of the base out"},
	{0, "annotation", OPT_LIST, A(annotation), .arg = "KEY=VALUE", .help = "Set an annotation of the manifest"},
	{0, "env", OPT_LIST, A(env), .arg = "NAME[=VALUE]", .help = "Set a variable in the image"},
	{0, "unsetenv", OPT_LIST, A(unsetenv), .arg = "NAME", .help = "Leave a variable of the base out"},
	{0, "manifest", OPT_STRING, A(manifest), .arg = "LIST", .help = "Add the image to this manifest list, which is made where there is none"},
	{0, "platform", OPT_LIST_CSV, A(platform), .arg = "OS/ARCH[/VARIANT]", .help = "Platform instead of this host's; of several an image each, with --manifest"},
	IMAGE_SOURCE_ROWS_BUT_PLATFORM(struct build_args, source),
	{0, "pull", OPT_OPTIONAL, A(pull), .arg = "POLICY", .choices = PULL_CHOICES, .help = "When to pull base images: always, missing, never, newer (missing; alone: always)"},
	{0, "logfile", OPT_STRING, A(logfile), .arg = "FILE", .help = "Write the output there"},

	{0, "network", OPT_LIST, O(network), .arg = "MODE", .choices = NETWORK_CHOICES, .group = "RUN", .help = "Its network: none, host, and as for ranby run"},
	{0, "allow", OPT_LIST_CSV, A(allow), .arg = "WHAT", .help = "network.host: RUN --network=host of the file may have the host's network"},
	{'v', "volume", OPT_LIST, O(volume), .arg = "SRC:DST[:OPTS]", .choices = "VOLUME", .help = "Mount a directory, a file or a volume while it runs"},
	{0, "device", OPT_LIST, O(device), .arg = "HOST[:DST[:rwm]]", .help = "Make a device of the host available"},
	{0, "security-opt", OPT_LIST, O(security_opt), .arg = "OPTION", .choices = SECURITY_CHOICES, .help = "As for ranby run: seccomp=, apparmor=, label=, mask=, unmask="},
	{0, "cap-add", OPT_LIST_CSV, O(cap_add), .arg = "CAPABILITY", .help = "Add a capability"},
	{0, "cap-drop", OPT_LIST_CSV, O(cap_drop), .arg = "CAPABILITY", .help = "Take a capability away"},
	{0, "group-add", OPT_LIST, O(group_add), .arg = "GROUP", .help = "Add a supplementary group"},
	{0, "ulimit", OPT_LIST, O(ulimit), .arg = "NAME=SOFT[:HARD]", .help = "Set a resource limit of processes"},
	{0, "shm-size", OPT_SIZE, O(shm_size), .arg = "SIZE", .max = INT64_MAX, .help = "Size of /dev/shm (64m)"},
	{0, "http-proxy", OPT_FLAG, O(http_proxy), .help = "Pass the caller's proxy variables on (true)"},
	{0, "cgroup-parent", OPT_STRING, O(cgroup_parent), .arg = "SLICE", .help = "A slice of the service manager"},
	{0, "ipc", OPT_STRING, O(ipc), .arg = "MODE", .choices = "private|host", .help = "IPC namespace: private, host"},
	{0, "pid", OPT_STRING, O(pid), .arg = "MODE", .choices = "private|host", .help = "PID namespace: private, host"},
	{0, "uts", OPT_STRING, O(uts), .arg = "MODE", .choices = "private|host", .help = "UTS namespace: private, host"},
	{0, "cgroupns", OPT_STRING, O(cgroupns), .arg = "MODE", .choices = "private|host", .help = "Cgroup namespace: private, host"},
	{0, "no-hostname", OPT_FLAG, O(no_hostname), .help = "Leave /etc/hostname alone"},
	NAME_ROWS(O),
	LIMIT_ROWS(O),
	{0, "isolation", OPT_CHOICE, A(isolation), .arg = "KIND", .choices = "oci|rootless", .hidden = true, .help = "RUN is always a container"},
	LIMIT_REFUSED_ROWS,
	OPTION_REFUSED(0, "compress", "leave it out: the context is sent nowhere"),
	OPTION_REFUSED(0, "userns", "RUN has the map of ranby run; files belong to the ids that the image has"),
	OPTION_REFUSED(0, "userns-uid-map", "RUN has the map of ranby run"), OPTION_REFUSED(0, "userns-gid-map", "RUN has the map of ranby run"),
	OPTION_REFUSED(0, "cache-from", "the cache is this host's"), OPTION_REFUSED(0, "cache-to", "the cache is this host's"),
	OPTION_REFUSED(0, "cache-ttl", "use --no-cache"), OPTION_REFUSED(0, "cpp-flag", "run cpp before: cpp -E FILE.in | ranby build -f - DIR"),
	OPTION_REFUSED(0, "sign-by", "sign the image when it is pushed"), OPTION_REFUSED(0, "from", "use ARG before FROM, and --build-arg"),
	OPTION_REFUSED(0, "stdin", "RUN has no input"), OPTION_REFUSED(0, "runtime", "RUN is started by ranby-runtime"),
	OPTION_REFUSED(0, "runtime-flag", "RUN is started by ranby-runtime"),
	OPTION_REFUSED(0, "userns-uid-map-user", "RUN has the map of ranby run"), OPTION_REFUSED(0, "userns-gid-map-group", "RUN has the map of ranby run"),
	OPTION_REFUSED('D', "disable-compression", "leave it out: layers are compressed when they are pushed or saved"),
	OPTION_REFUSED(0, "disable-content-trust", OPTION_NO_CONTENT_TRUST),
	OPTION_REFUSED(0, "decryption-key", OPTION_NO_DECRYPTION),
	OPTION_REFUSED(0, "identity-label", "leave it out: no label names the builder"),
	OPTION_REFUSED(0, "logsplit", "build for one platform at a time, each with its --logfile"),
	OPTION_REFUSED(0, "omit-history", "ranby export and ranby import make an image without that of its build"),
	OPTION_REFUSED(0, "os-feature", "only images for linux are made"), OPTION_REFUSED(0, "os-version", "only images for linux are made"),
	OPTION_REFUSED(0, "retry", OPTION_RETRIES), OPTION_REFUSED(0, "retry-delay", OPTION_RETRY_PAUSE),
	OPTION_REFUSED(0, "skip-unused-stages", "leave it out: stages that the target does not need are left out"),
	OPTION_REFUSED(0, "hooks-dir", "ranby executes no hooks"), OPTION_REFUSED(0, "all-platforms", "say them: --platform linux/amd64,linux/arm64"),
	OPTION_END,
};

static void build_args_done(void *args)
{
	struct build_args *a = args;
	struct strv *const lists[] = {&a->allow, &a->tag, &a->build_arg, &a->label, &a->annotation, &a->env, &a->unsetenv, &a->unsetlabel, &a->secret,
				      &a->ssh, &a->build_context, &a->file, &a->output, &a->platform};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
	container_options_done(&a->o);
}

/* All that is open while it builds. */
struct building {
	const struct command_call *call;
	struct build_args *a;
	struct image_source source;
	struct store *st;
	struct keeper keeper;
	struct origin origin;
	struct context context;
	struct strv names, env;
	struct pack_times times;
	char *platform;          /* of the image at hand; NULL: this host's */
	char cwd[PATH_MAX];
	int log_fd, null_fd;
	FILE *words; /* what is said: standard output is for words, or for a tar */
	struct guard guard;
	struct build_request q;
};

static void building_done(struct building *b)
{
	guard_done(&b->guard);
	context_done(&b->context);
	image_source_done(&b->source);
	origin_done(&b->origin);
	keeper_done(&b->keeper);
	b->st = store_close(b->st);
	strv_done(&b->names);
	strv_done(&b->env);
	free(b->platform);
	fd_closep(&b->log_fd);
	fd_closep(&b->null_fd);
}

static void say(void *ctx, const char *line)
{
	const struct building *b = ctx;
	bool several = b->a->platform.n > 1;
	const char *begin = several ? "[" : "", *platform = several ? b->platform : "", *end = several ? "] " : "";

	if (b->a->source.quiet)
		return;
	if (b->log_fd >= 0) {
		dprintf(b->log_fd, "%s%s%s%s\n", begin, platform, end, line);
		return;
	}
	fprintf(b->words, "%s%s%s%s\n", begin, platform, end, line);
	/* in order with what RUN writes past stdio */
	fflush(b->words);
}

/* ---- what was asked ---- */

static bool given(const struct command_call *call, const char *name)
{
	return option_given(call->command->rows, call->full_argc, call->full_argv, name);
}

static int read_times(struct building *b, struct err *e)
{
	const char *epoch = b->a->source_date_epoch ? b->a->source_date_epoch : getenv("SOURCE_DATE_EPOCH");
	const char *text = b->a->timestamp ? b->a->timestamp : epoch;

	if (!text || !*text)
		return 0;
	if (b->a->timestamp && b->a->source_date_epoch)
		return err_set(e, EINVAL, "--timestamp and --source-date-epoch exclude each other");
	b->times.all = b->a->timestamp != NULL;
	if (parse_i64(text, 0, 253402300799, &b->times.sec) < 0)
		return err_set(e, EINVAL, "%s %s: no number of seconds since 1970", b->times.all ? "--timestamp" : "--source-date-epoch", text);
	b->q.times = &b->times;
	return 0;
}

/* --env NAME takes the caller's. */
static int read_env(struct building *b, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->a->env.n; i++) {
		const char *text = b->a->env.items[i], *value = strchr(text, '=') ? NULL : getenv(text);

		if (strchr(text, '='))
			r = strv_add(&b->env, text);
		else if (value)
			r = strv_addf(&b->env, "%s=%s", text, value);
	}
	return r < 0 ? err_errno(e, -r, "--env") : 0;
}

static int read_names(struct building *b, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->a->tag.n; i++)
		r = import_full_name(b->a->tag.items[i], &b->names, e);
	return r;
}

/* What an image is made of does not depend on who builds: their user namespace, a root that is read only, an init, their environment. */
static const char *const not_of_files[] = {"userns", "read-only", "privileged", "init", "env-host", "log-driver", NULL};

static int check_options(const struct command_call *call, const struct container_options *o, struct err *e)
{
	int r = container_options_finish_but(call, not_of_files, e);

	return r == 0 ? peer_choice_refuse(o, "a step of a build has no other container's: private or host", e) : r;
}

static int check_allow(const struct strv *allow, struct err *e)
{
	for (size_t i = 0; i < allow->n; i++) {
		if (strcmp(allow->items[i], "security.insecure") == 0)
			return err_set(e, ENOTSUP, "--allow security.insecure: each RUN is confined as a container is");
		if (strcmp(allow->items[i], "network.host") != 0)
			return err_set(e, EINVAL, "--allow %s: must be network.host", allow->items[i]);
	}
	return 0;
}

static int read_outputs(struct building *b, struct err *e)
{
	int r = 0;

	b->words = stdout;
	for (size_t i = 0; r == 0 && i < b->a->output.n; i++) {
		struct output o = {0};

		r = output_parse(b->a->output.items[i], &o, e);
		if (r == 0 && !o.dest) {
			if (b->words == stderr)
				r = err_set(e, EINVAL, "--output: more than one for standard output");
			else if (isatty(STDOUT_FILENO))
				r = err_set(e, EINVAL, "--output: a tar is not for a terminal: redirect it");
			b->words = stderr;
		}
		output_done(&o);
	}
	return r;
}

static int check_kept(const struct building *b, struct err *e)
{
	if ((!given(b->call, "rm") || b->a->rm) && (!given(b->call, "force-rm") || b->a->force_rm))
		return 0;
	err_set(e, EINVAL, "--rm=false, --force-rm=false: the containers of RUN are not kept");
	err_hint(e, "to look into a step: ranby run -it the id that was printed before it");
	return -EINVAL;
}

static int open_log(struct building *b, struct err *e)
{
	const char *file = b->a->logfile;

	if (!b->a->source.quiet && !file)
		return 0;
	b->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (file)
		b->log_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return b->null_fd < 0 || (file && b->log_fd < 0) ? err_errno(e, errno, "--logfile %s", file ? file : "") : 0;
}

/* The names of images and of their list are not each other's. */
static int check_list(const struct building *b, struct err *e)
{
	const struct build_args *a = b->a;
	_cleanup_(strv_done) struct strv list = {0};
	int r = a->manifest ? import_full_name(a->manifest, &list, e) : 0;

	for (size_t i = 0; r == 0 && a->manifest && i < b->names.n; i++)
		if (strcmp(b->names.items[i], list.items[0]) == 0)
			r = err_set(e, EINVAL, "--tag and --manifest cannot give the same name: %s", list.items[0]);
	if (r < 0 || a->platform.n <= 1)
		return r;
	if (!a->manifest)
		return err_set(e, EINVAL, "--platform: several are several images: --manifest LIST names them all");
	if (b->names.n > 0)
		return err_set(e, EINVAL, "--tag names one image, and there is one for each --platform: --manifest names them all");
	if (a->output.n > 0)
		return err_set(e, EINVAL, "--output is of one image, and there is one for each --platform");
	return 0;
}

/* All of them, before the image of the first is made. */
static int check_platforms(const struct build_args *a, struct err *e)
{
	size_t n = a->platform.n ? a->platform.n : 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_free_ char *text = NULL;
		const char *given = i < a->platform.n ? a->platform.items[i] : NULL;
		struct platform p;

		r = image_platform(given, a->source.os, a->source.arch, a->source.variant, &text, e);
		if (r == 0 && text)
			r = platform_parse(text, &p, e);
	}
	return r;
}

static int check_words(struct building *b, struct err *e)
{
	struct build_args *a = b->a;
	int r = check_kept(b, e);

	if (!given(b->call, "layers"))
		a->layers = true;
	if (!given(b->call, "jobs"))
		a->jobs = 1;
	if (r == 0)
		r = check_options(b->call, &a->o, e);
	if (r == 0)
		r = check_allow(&a->allow, e);
	if (r == 0)
		r = read_outputs(b, e);
	if (r == 0)
		r = read_names(b, e);
	if (r == 0)
		r = check_list(b, e);
	if (r == 0)
		r = check_platforms(b->a, e);
	if (r == 0)
		r = read_times(b, e);
	return r == 0 ? read_env(b, e) : r;
}

/* That of image number `i`, for all that is pulled for it too. */
static int choose_platform(struct building *b, size_t i, struct err *e)
{
	const struct build_args *a = b->a;
	const char *platform = i < a->platform.n ? a->platform.items[i] : NULL;
	int r;

	free(b->platform);
	b->platform = NULL;
	r = image_platform(platform, a->source.os, a->source.arch, a->source.variant, &b->platform, e);
	b->source.options.platform = b->platform;
	return r;
}

static int read_options(struct building *b, struct err *e)
{
	struct build_args *a = b->a;
	int r = check_words(b, e);

	if (r == 0)
		r = image_source_open(b->call, &a->source, &b->source, e);
	if (a->jobs != 1)
		b->source.options.choose = NULL; /* several stages at once would ask at once */
	if (r == 0 && a->pull)
		r = pull_policy_parse(*a->pull ? a->pull : "always", &b->source.options.policy, e);
	if (r == 0)
		r = choose_platform(b, 0, e);
	return r == 0 ? open_log(b, e) : r;
}

/* ---- what it is made of ---- */

static int open_all(struct building *b, struct err *e)
{
	int r = origin_read(b->call->engine, &b->origin, e);

	if (r == 0)
		r = keeper_open(b->call->engine, &b->keeper, e);
	if (r < 0)
		return r;
	make_notice(&b->keeper);
	if (!getcwd(b->cwd, sizeof(b->cwd)))
		return err_errno(e, errno, "current directory");
	return image_store_open(b->call, &b->st, e);
}

static int read_file(struct building *b, struct assemble *dir, struct err *e)
{
	const struct context_options o = {
		.operand = b->call->argc > 0 ? b->call->argv[0] : ".", .files = &b->a->file, .ignore_file = b->a->ignorefile,
		.scratch_fd = dir->dirfd, .access = &b->source.options.access, .keeper_fd = b->keeper.userns_fd,
	};

	return context_open(&o, &b->context, e);
}

static int make_image(struct building *b, struct assemble *uses, struct image **ret, struct err *e)
{
	const struct build_args *a = b->a;
	_cleanup_(assemble_endp) struct assemble *dir = NULL;
	int out = b->log_fd >= 0 ? b->log_fd : a->source.quiet ? b->null_fd : fileno(b->words);
	int r = assemble_begin(b->st, &dir, e);

	if (r < 0)
		return r;
	b->q = (struct build_request){
		.eng = b->call->engine, .store = b->st, .keeper = &b->keeper, .origin = &b->origin, .file = &b->context.file,
		.context = &b->context, .dir = dir, .uses = uses, .guard = &b->guard, .run = &a->o, .pull = &b->source.options, .env = environ, .cwd = b->cwd,
		.names = &b->names, .build_args = &a->build_arg, .labels = &a->label, .annotations = &a->annotation,
		.set_env = &b->env, .unset_env = &a->unsetenv, .unset_label = &a->unsetlabel, .contexts = &a->build_context,
		.secrets = &a->secret, .ssh = &a->ssh, .outputs = &a->output, .jobs = a->jobs, .target = a->target, .platform = b->platform, .no_cache = a->no_cache,
		.layers = a->layers && !a->squash && !a->squash_all, .squash_all = a->squash_all,
		.docker = a->format && strcmp(a->format, "docker") == 0, .times = b->q.times, .say = say, .ctx = b,
		.allow_host_network = a->allow.n > 0,
		.out_fd = out, .err_fd = b->log_fd >= 0 || a->source.quiet ? out : STDERR_FILENO,
	};
	return build_image(&b->q, ret, e);
}

/* An address may be in any of the words, and is in the instruction that they end in: what is secret in it goes into no line and no record. */
static int mask(int r, struct err *e)
{
	if (r < 0 && e) {
		escape_userinfo(e->text, strlen(e->text) + 1 == sizeof(e->text));
		escape_userinfo(e->hint, strlen(e->hint) + 1 == sizeof(e->hint));
	}
	return r;
}

static int attest_build(const struct building *b, const struct image *img, int r, struct err *e)
{
	const char *name = b->names.n ? b->names.items[0] : img ? img->id : "";

	return attest_image(b->call->engine, AUDIT_VERB_BUILD, name, img, mask(r, e), e);
}

/* One that is no list is found before anything is made. */
static int check_manifest(const struct building *b, struct err *e)
{
	_cleanup_(manifest_list_done) struct manifest_list l = {0};
	int r = manifest_list_open(b->st, b->a->manifest, &l, e);

	if (r == -ENOENT)
		err_clear(e);
	return r == -ENOENT ? 0 : r;
}

static int add_to_list(const struct building *b, struct image *const *images, size_t n, char id[static DIGEST_HEX_SIZE], struct err *e)
{
	_cleanup_(manifest_list_done) struct manifest_list l = {0};
	int r = manifest_list_create(b->st, b->a->manifest, true, &l, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = manifest_list_add_image(b->st, &l, images[i], e);
	if (r == 0)
		r = manifest_list_commit(b->st, &l, e);
	r = attest_image(b->call->engine, AUDIT_VERB_TAG, b->a->manifest, l.image, r, e);
	if (r == 0)
		memcpy(id, l.id, sizeof(l.id));
	return r;
}

/* The files of a context that comes from an address or from standard input are in `dir`. */
static int prepare(struct building *b, struct assemble **dir, struct err *e)
{
	int r = b->a->manifest ? check_manifest(b, e) : 0;

	guard_sweep(b->call->engine);
	if (r == 0)
		r = guard_start(b->call->engine, &b->guard, e);
	if (r == 0)
		r = assemble_begin(b->st, dir, e);
	return r == 0 ? read_file(b, *dir, e) : r;
}

/* The image's id, or that of the list which has them all. */
static int build(struct building *b, char id[static DIGEST_HEX_SIZE], struct err *e)
{
	_cleanup_(assemble_endp) struct assemble *dir = NULL;
	size_t n = b->a->platform.n ? b->a->platform.n : 1, made = 0;
	struct image **images = mem_array(n, sizeof(struct image *));
	int r = images ? prepare(b, &dir, e) : err_errno(e, ENOMEM, "build");

	if (r < 0)
		r = attest_build(b, NULL, r, e);
	while (r == 0 && made < n) {
		struct image *img = NULL;

		r = choose_platform(b, made, e);
		if (r == 0)
			r = make_image(b, dir, &img, e);
		r = attest_build(b, img, r, e);
		if (img)
			images[made++] = img;
	}
	if (r == 0)
		memcpy(id, images[0]->id, DIGEST_HEX_SIZE);
	if (r == 0 && b->a->manifest)
		r = add_to_list(b, images, made, id, e);
	while (made > 0)
		image_free(images[--made]);
	free(images);
	return r;
}

static int build_run(const struct command_call *call, struct err *e)
{
	struct building b = {.call = call, .a = call->args, .keeper = KEEPER_INIT, .origin = ORIGIN_INIT, .context = CONTEXT_INIT,
			      .log_fd = -EBADF, .null_fd = -EBADF, .guard = GUARD_INIT};
	char id[DIGEST_HEX_SIZE] = "";
	int r = read_options(&b, e);

	if (r == 0)
		r = open_all(&b, e);
	if (r == 0)
		r = build(&b, id, e);
	if (r == 0 && b.a->iidfile)
		r = make_write_file("--iidfile", b.a->iidfile, id, false, e);
	if (r == 0)
		fprintf(b.words, "%s\n", id);
	/* what lost its name to the new image */
	if (b.st)
		(void)!store_sweep(b.st, NULL);
	building_done(&b);
	return r;
}

const struct command command_build = {
	.name = "build",
	.aliases = "image build|buildx build|builder build",
	.operands = "[OPTIONS] [CONTEXT]",
	.summary = "Make an image of a Containerfile",
	.needs = NEED_ENGINE,
	.min_operands = 0,
	.max_operands = 1,
	.rows = build_rows,
	.args_size = sizeof(struct build_args),
	.args_done = build_args_done,
	.run = build_run,
};
