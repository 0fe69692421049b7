/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Runs are put together whenever somebody asks: there is no sum that could
 * be torn, and a run that was a mistake is taken out by removing its file.
 */
#include "engine/recorded_store.h"

#include "base/clock.h"
#include "engine/profile.h"
#include "oci/landlock.h"
#include "oci/seccomp_profile.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RUN_PREFIX "run-"
#define VERIFY_PREFIX "verify-"
#define PROFILE_OPTION "profile="

static const char *plain_name(const char *name, bool *ret_verify)
{
	*ret_verify = strncmp(name, RECORDED_VERIFY_PREFIX, strlen(RECORDED_VERIFY_PREFIX)) == 0;
	return *ret_verify ? name + strlen(RECORDED_VERIFY_PREFIX) : name;
}

static int open_profile(struct engine *eng, const char *name, bool make, int *ret_fd, struct err *e)
{
	char path[sizeof(ENGINE_PROFILES) + 130];
	int r;

	if (!container_name_is_valid(name))
		return err_set(e, EINVAL, "profile %.130s: not a name (letters, digits, _ . -)", name);
	snprintf(path, sizeof(path), ENGINE_PROFILES "/%s", name);
	r = make ? path_own_mkdirs(eng->data_fd, path, ret_fd) : path_own_open(eng->data_fd, path, O_RDONLY | O_DIRECTORY, 0, ret_fd);
	if (r == -ENOENT) {
		(void)err_set(e, ENOENT, "profile %s: there is none of that name", name);
		err_hint(e, "make one: ranby profile record %s IMAGE", name);
		return r;
	}
	return r < 0 ? err_errno(e, -r, "profile %s", name) : 0;
}

int recorded_run_path(struct engine *eng, const char *name, char **ret, struct err *e)
{
	struct timespec now = clock_now();
	_cleanup_close_ int dir = -EBADF;
	bool verify;
	const char *plain = plain_name(name, &verify);
	int r = open_profile(eng, plain, true, &dir, e);

	if (r < 0)
		return r;
	if (asprintf(ret, "%s/" ENGINE_PROFILES "/%s/%s%020" PRId64 ".json", eng->data_path, plain, verify ? VERIFY_PREFIX : RUN_PREFIX,
		     clock_ns(&now)) < 0)
		return err_errno(e, ENOMEM, "profile %s", plain);
	return 0;
}

/* ---- reading ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct strv *v)
{
	if (v->n > 1)
		qsort(v->items, v->n, sizeof(*v->items), by_text);
}

/* Names of a directory that begin with `prefix`, sorted. */
static int list_names(int dirfd, const char *prefix, struct strv *ret)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d) {
		r = -errno;
		fd_closep(&fd);
		return r;
	}
	while (r == 0 && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			r = strv_add(ret, entry->d_name);
	closedir(d);
	sort(ret);
	return r;
}

static int read_runs(int dir, const struct strv *names, struct recorded *ret, struct err *e)
{
	int r = 0;

	if (names->n > RECORDED_RUNS_MAX)
		return err_set(e, E2BIG, "more than %d runs", RECORDED_RUNS_MAX);
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		r = path_own_read(dir, names->items[i], RECORDED_RUN_MAX, &b);
		r = r < 0 ? err_errno(e, -r, "%s", names->items[i]) : recorded_add(ret, buf_str(&b), b.len, names->items[i], e);
	}
	return r;
}

static int load(int dir, const char *name, const char *prefix, struct strv *names, struct recorded *ret, struct err *e)
{
	int r = list_names(dir, prefix, names);

	if (r < 0)
		return err_errno(e, -r, "profile %s", name);
	if (names->n == 0)
		return err_set(e, ENOENT, "profile %s: no run of it was recorded to its end", name);
	r = read_runs(dir, names, ret, e);
	if (r < 0)
		recorded_done(ret);
	return r < 0 ? err_wrap(e, r, "profile %s", name) : 0;
}

int recorded_load(struct engine *eng, const char *name, struct recorded *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	_cleanup_close_ int dir = -EBADF;
	int r = open_profile(eng, name, false, &dir, e);

	return r < 0 ? r : load(dir, name, RUN_PREFIX, &names, ret, e);
}

int recorded_take_verified(struct engine *eng, const char *name, struct recorded *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	_cleanup_close_ int dir = -EBADF;
	int r = open_profile(eng, name, false, &dir, e);

	if (r == 0)
		r = load(dir, name, VERIFY_PREFIX, &names, ret, e);
	for (size_t i = 0; i < names.n; i++)
		(void)!unlinkat(dir, names.items[i], 0);
	return r;
}

int recorded_names(struct engine *eng, struct strv *ret, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	int r = path_own_open(eng->data_fd, ENGINE_PROFILES, O_RDONLY | O_DIRECTORY, 0, &dir);

	if (r == 0)
		r = list_names(dir, "", ret);
	return r < 0 && r != -ENOENT ? err_errno(e, -r, "profiles") : 0;
}

/* ---- making ---- */

/* Calls that the default profile answers with ENOSYS whatever a container has. */
static int refused_by_default(struct strv *ret, struct err *e)
{
	_cleanup_json_ struct json_object *profile = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct json_object *rules = NULL;
	int r = profile_open_shipped(PROFILE_SECCOMP_DEFAULT, &fd, e);

	if (r < 0)
		return r;
	r = fd_read_all(fd, SECCOMP_PROFILE_MAX, &b);
	r = r < 0 ? err_errno(e, -r, "the default seccomp profile") : json_parse(buf_str(&b), b.len, "the default seccomp profile", &profile, e);
	if (r == 0)
		r = json_get_array(profile, "syscalls", &rules, e);
	for (size_t i = 0; r == 0 && rules && i < json_object_array_length(rules); i++) {
		struct json_object *rule = json_object_array_get_idx(rules, i);

		if (json_int(rule, "errnoRet") == ENOSYS && !json_at(rule, "includes"))
			r = json_get_strv(rule, "names", ret, e);
	}
	return r;
}

int recorded_store_seccomp(const struct recorded *r, bool log, struct json_object **ret, struct err *e)
{
	_cleanup_(strv_done) struct strv without = {0};
	int rc = refused_by_default(&without, e);

	return rc < 0 ? rc : recorded_seccomp(r, &without, log, ret, e);
}

static int write_json(int dir, const char *file, struct json_object *o, struct err *e)
{
	const char *text = json_pretty(o);
	int r = text ? path_own_write(dir, file, text, strlen(text), 0600, PATH_SYNC_NONE) : -ENOMEM;

	return r < 0 ? err_errno(e, -r, "%s", file) : 0;
}

static int add_cap_options(const struct recorded *rec, struct strv *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv caps = {0};
	int r = recorded_capabilities(rec, &caps, e);

	if (r < 0)
		return r;
	r = strv_add(ret, "--cap-drop=ALL");
	for (size_t i = 0; r == 0 && i < caps.n; i++)
		r = strv_addf(ret, "--cap-add=%s", caps.items[i]);
	return r < 0 ? err_errno(e, ENOMEM, "capabilities") : 0;
}

int recorded_apply(struct engine *eng, const char *name, bool log, struct strv *ret, struct err *e)
{
	_cleanup_json_ struct json_object *seccomp = NULL, *landlock = NULL;
	_cleanup_(recorded_done) struct recorded rec = {0};
	const char *file = log ? "seccomp-log.json" : "seccomp.json";
	int abi = landlock_abi();
	_cleanup_close_ int dir = -EBADF;
	int r = recorded_load(eng, name, &rec, e);

	if (r == 0)
		r = open_profile(eng, name, false, &dir, e);
	if (r == 0)
		r = recorded_store_seccomp(&rec, log, &seccomp, e);
	if (r == 0)
		r = write_json(dir, file, seccomp, e);
	if (r == 0 && strv_addf(ret, "--security-opt=seccomp=%s/" ENGINE_PROFILES "/%s/%s", eng->data_path, name, file) < 0)
		r = err_errno(e, ENOMEM, "profile %s", name);
	if (r < 0 || log)
		return r;
	r = recorded_landlock(&rec, abi, &landlock, e);
	if (r == 0)
		r = write_json(dir, "landlock.json", landlock, e);
	/* where the kernel cannot, the rest is better than nothing; whoever asks for the profile is told */
	if (r == 0 && abi >= 3 && strv_addf(ret, "--security-opt=landlock=%s/" ENGINE_PROFILES "/%s/landlock.json", eng->data_path, name) < 0)
		r = err_errno(e, ENOMEM, "profile %s", name);
	return r < 0 ? r : add_cap_options(&rec, ret, e);
}

/* "--security-opt=X", "--cap-add=X", "--cap-drop=X" into the option's list. */
static int take_option(struct container_options *o, const char *text)
{
	const struct {
		const char *prefix;
		struct strv *list;
	} lists[] = {{"--security-opt=", &o->security_opt}, {"--cap-add=", &o->cap_add}, {"--cap-drop=", &o->cap_drop}};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (strncmp(text, lists[i].prefix, strlen(lists[i].prefix)) == 0)
			return strv_add(lists[i].list, text + strlen(lists[i].prefix));
	return -EINVAL;
}

static int expand(struct engine *eng, struct container_options *o, const char *name, struct err *e)
{
	_cleanup_(strv_done) struct strv words = {0};
	int r = recorded_apply(eng, name, false, &words, e);

	if (r == 0 && landlock_abi() < 3) {
		(void)err_set(e, ENOTSUP, "the profile's files need Landlock ABI 3, and this kernel has %d", landlock_abi());
		err_hint(e, "without them: ranby run $(ranby profile apply %s) ...", name);
		return -ENOTSUP;
	}
	for (size_t i = 0; r == 0 && i < words.n; i++)
		if (take_option(o, words.items[i]) < 0)
			r = err_errno(e, ENOMEM, "options");
	return r;
}

int recorded_expand(struct engine *eng, struct container_options *o, struct err *e)
{
	struct strv given = o->security_opt;
	int r = 0;

	o->security_opt = (struct strv){0};
	for (size_t i = 0; r == 0 && i < given.n; i++) {
		const char *text = given.items[i];

		if (strncmp(text, PROFILE_OPTION, strlen(PROFILE_OPTION)) == 0)
			r = expand(eng, o, text + strlen(PROFILE_OPTION), e);
		else if (strv_add(&o->security_opt, text) < 0)
			r = err_errno(e, ENOMEM, "--security-opt");
		if (r < 0)
			r = err_wrap(e, r, "--security-opt %s", text);
	}
	strv_done(&given);
	return r;
}
