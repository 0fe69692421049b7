/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The JSON is changed in place, so that everything else in the file stays.
 * A private key, one of the other kind, or one that nothing can be checked with
 * would make a policy that refuses everything: it is read as verifying reads it.
 */
#include "trust/policy_edit.h"

#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "trust/armor.h"
#include "trust/keys.h"
#include "trust/worker.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000
#define PGP_SECRET_KEY 5
#define PGP_PUBLIC_KEY 6
#define ACCEPT_ALL "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}"

/* ---- scope ---- */

static bool is_domain(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

	return n > 0 && !text[n] && text[0] != '.' && text[0] != '-';
}

/* As trust_policy_find() will look for it. */
static int read_scope(const char *scope, char ret[static REFERENCE_TEXT_SIZE], struct err *e)
{
	const char *slash = strchr(scope, '/');
	_cleanup_free_ char *whole = NULL;
	struct reference ref;
	int r;

	if (strncmp(scope, "*.", 2) == 0) {
		if (!is_domain(scope + 2) || strlen(scope) > REFERENCE_NAME_MAX)
			return err_set(e, EINVAL, "scope \"%.128s\": not \"*.\" and a domain", scope);
		snprintf(ret, REFERENCE_TEXT_SIZE, "%s", scope);
		return 0;
	}
	if (asprintf(&whole, "%s%s", scope, slash ? "" : "/x") < 0)
		return err_errno(e, ENOMEM, "scope");
	r = reference_parse(whole, &ref, e);
	if (r == 0 && !ref.domain[0])
		r = err_set(e, EINVAL, "it begins with no registry");
	if (r < 0) {
		r = err_wrap(e, r, "scope \"%.128s\"", scope);
		err_hint(e, "write \"default\", a registry, such as registry.example.com[:5000], or what is in it, as registry.example.com/team/app[:tag]");
		return r;
	}
	if (slash)
		reference_text(&ref, ret);
	else
		snprintf(ret, REFERENCE_TEXT_SIZE, "%s", ref.domain);
	return 0;
}

/* ---- keys ---- */

static bool holds(const struct buf *b, const char *text)
{
	return memmem(b->data, b->len, text, strlen(text)) != NULL;
}

/* Of what is not armored, the type of its first packet, in either of the two forms (RFC 9580 section 4.2); 0: it is none. */
static unsigned packet_type(const struct buf *b)
{
	unsigned first = b->len ? (unsigned char)b->data[0] : 0;

	return (first & 0xc0) == 0xc0 ? first & 0x3f : first & 0x80 ? (first >> 2) & 0x0f : 0;
}

/* As verifying will read it: a key that never fits refuses every image. */
static int check_pem(const char *path, const struct buf *text, struct err *e)
{
	_cleanup_json_ struct json_object *request = json_object_new_object(), *answer = NULL;
	int r;

	if (!holds(text, "-----BEGIN PUBLIC KEY-----"))
		return err_set(e, EINVAL, "%s: no public key in PEM, which sigstoreSigned needs", path);
	if (!request || trust_append_bytes(request, "keys", text->data, text->len) < 0)
		return err_errno(e, ENOMEM, "key");
	r = trust_worker_ask("key", request, &answer, e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

static int check_pgp(const char *path, const struct buf *text, struct err *e)
{
	_cleanup_(buf_done) struct buf bytes = BUF_INIT;
	int r = trust_armor_decode(text, &bytes, e);

	if (r < 0)
		return err_wrap(e, r, "%s", path);
	return packet_type(&bytes) == PGP_PUBLIC_KEY ? 0 : err_set(e, EINVAL, "%s: no PGP public key, which signedBy needs", path);
}

static int check_key(const char *path, enum trust_type type, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = trust_read_file(path, &text, e);

	if (r < 0)
		return r;
	if (holds(&text, "PRIVATE KEY") || packet_type(&text) == PGP_SECRET_KEY)
		return err_set(e, EINVAL, "%s: a private key; a policy names the public one", path);
	return type == TRUST_SIGNED_BY ? check_pgp(path, &text, e) : check_pem(path, &text, e);
}

/* ---- requirements ---- */

static int add_requirement(struct json_object *list, enum trust_type type, const char *key)
{
	struct json_object *o = json_object_new_object();
	int r = o ? json_add_str(o, "type", trust_type_word(type)) : -ENOMEM;

	if (r == 0 && type == TRUST_SIGNED_BY)
		r = json_add_str(o, "keyType", "GPGKeys");
	if (r == 0 && key)
		r = json_add_str(o, "keyPath", key);
	return r < 0 ? (json_object_put(o), r) : json_append(list, o);
}

static int add_key(struct json_object *list, enum trust_type type, const char *path, struct err *e)
{
	_cleanup_free_ char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0), *whole = NULL;
	int r;

	if (path[0] != '/' && !cwd)
		return err_errno(e, errno, "current directory");
	if (asprintf(&whole, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", path) < 0)
		return err_errno(e, ENOMEM, "key");
	r = check_key(whole, type, e);
	if (r < 0)
		return r;
	return add_requirement(list, type, whole) < 0 ? err_errno(e, ENOMEM, "key") : 0;
}

static int make_list(enum trust_type type, const struct strv *keys, struct json_object **ret, struct err *e)
{
	bool wants_keys = type == TRUST_SIGNED_BY || type == TRUST_SIGSTORE;
	_cleanup_json_ struct json_object *list = json_object_new_array();
	int r = list ? 0 : err_errno(e, ENOMEM, "policy");

	if (r == 0 && wants_keys && keys->n == 0)
		r = err_set(e, EINVAL, "%s: by whose key is not said", trust_type_word(type));
	if (r == 0 && !wants_keys && keys->n > 0)
		r = err_set(e, EINVAL, "%s: keys say nothing there", trust_type_word(type));
	for (size_t i = 0; i < keys->n && r == 0; i++)
		r = add_key(list, type, keys->items[i], e);
	if (r == 0 && !wants_keys && add_requirement(list, type, NULL) < 0)
		r = err_errno(e, ENOMEM, "policy");
	if (r == 0)
		*ret = TAKE_PTR(list);
	return r;
}

/* ---- the file ---- */

/* `o`.`key`, made when it is not there. A scope may hold dots, which json_at() takes for a path. */
static struct json_object *object_in(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(o, key, &value))
		return value;
	value = json_object_new_object();
	return value && json_add(o, key, value) == 0 ? value : NULL;
}

static int put(struct json_object *policy, const char *scope, struct json_object *list, struct err *e)
{
	struct json_object *in = policy;

	if (strcmp(scope, "default") != 0) {
		in = object_in(policy, "transports");
		in = in ? object_in(in, "docker") : NULL;
	}
	return !in || json_add(in, scope, json_object_get(list)) < 0 ? err_errno(e, ENOMEM, "policy") : 0;
}

static int open_dir(const char *path, const char **ret_name, int *ret_fd, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	bool made;
	int r;

	if (!dir)
		return err_errno(e, ENOMEM, "policy");
	*ret_name = slash ? slash + 1 : path;
	if (dir[0] == '/') {
		/* /etc's is everybody's to read, whatever the umask is */
		made = strcmp(path, TRUST_SYSTEM_POLICY) == 0 && mkdir(dir, 0755) == 0;
		r = path_make_base(dir, ret_fd);
		if (r == 0 && made && fchmod(*ret_fd, 0755) < 0)
			r = -errno;
	} else {
		*ret_fd = open(dir[0] ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = *ret_fd < 0 ? -errno : 0;
	}
	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

/* What holds now: of the file itself, or of what it takes the place of, or that all is accepted. */
static int read_now(const struct trust_access *access, const char *path, struct json_object **ret, struct err *e)
{
	_cleanup_(trust_policy_freep) struct trust_policy *now = NULL;
	int r = access->policy_file && path_is_missing(path) ? 0 : trust_policy_load(access, &now, e);

	if (r < 0)
		return r;
	if (!now)
		return trust_policy_parse(ACCEPT_ALL, strlen(ACCEPT_ALL), path, ret, e);
	*ret = TAKE_PTR(now->json);
	return 0;
}

static int write_back(int dirfd, const char *name, const char *path, struct json_object *policy, struct err *e)
{
	_cleanup_json_ struct json_object *again = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	const char *pretty = json_pretty(policy);
	mode_t mode = 0644;
	struct stat s;
	int r;

	if (fstatat(dirfd, name, &s, AT_SYMLINK_NOFOLLOW) == 0) {
		mode = s.st_mode & 0777;
		if (!S_ISREG(s.st_mode)) {
			r = err_set(e, EINVAL, "%s: no plain file, which another could take the place of", path);
			err_hint(e, "if it is a link, name the file that it leads to with --policypath");
			return r;
		}
	}
	if (!pretty)
		return err_errno(e, ENOMEM, "policy");
	buf_addf(&text, "%s\n", pretty);
	if (buf_bad(&text))
		return err_errno(e, ENOMEM, "policy");
	if (text.len > TRUST_POLICY_MAX)
		return err_set(e, EFBIG, "%s: it would have more than %u bytes", path, TRUST_POLICY_MAX);
	r = trust_policy_parse(buf_str(&text), text.len, path, &again, e);
	if (r < 0)
		return r;
	r = path_own_write(dirfd, name, text.data, text.len, mode, PATH_SYNC_FULL);
	return r < 0 ? err_errno(e, -r, "write %s", path) : 0;
}

int trust_policy_set(const struct trust_access *access, const char *scope, enum trust_type type, const struct strv *keys, char **ret_path,
		     struct err *e)
{
	_cleanup_json_ struct json_object *list = NULL, *policy = NULL;
	char where[REFERENCE_TEXT_SIZE] = "default";
	_cleanup_close_ int dirfd = -EBADF, lock = -EBADF;
	_cleanup_free_ char *path = NULL;
	const char *name = NULL;
	int r = strcmp(scope, "default") == 0 ? 0 : read_scope(scope, where, e);

	if (r == 0)
		r = make_list(type, keys, &list, e);
	if (r == 0)
		r = trust_policy_path(access, &path, e);
	if (r == 0)
		r = open_dir(path, &name, &dirfd, e);
	if (r < 0)
		return r;
	r = lock_take_dir(dirfd, LOCK_WAIT_MS, &lock);
	if (r < 0)
		return err_errno(e, -r, "lock the directory of %s", path);
	r = read_now(access, path, &policy, e);
	if (r == 0)
		r = put(policy, where, list, e);
	if (r == 0)
		r = write_back(dirfd, name, path, policy, e);
	if (r == 0)
		*ret_path = TAKE_PTR(path);
	return r;
}
