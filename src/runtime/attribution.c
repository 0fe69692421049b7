/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/attribution.h"

#include "base/buf.h"
#include "base/sha256.h"
#include "base/strv.h"

#include <errno.h>
#include <string.h>

#define CLAIM_MAX 256

static int add_identity(struct json_object *o, const struct attribution_input *in)
{
	const struct loginuid *l = &in->login;
	int r = json_add_bool(o, "verified", in->initial && l->how == LOGINUID_SET);

	if (r == 0 && !in->initial)
		return json_add_str(o, "why", "made inside of a user namespace, where the login's identity cannot be read");
	if (r == 0)
		r = json_add_str(o, "loginuid", loginuid_word(l->how));
	if (r == 0 && l->how == LOGINUID_SET)
		r = json_add_int(o, "auid", l->auid);
	if (r == 0 && l->how == LOGINUID_SET)
		r = json_add_int(o, "session", l->session);
	return r == 0 ? json_add_int(o, "uid", in->uid) : r;
}

static int add_map(struct json_object *o, const char *key, const struct id_list *l)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	id_list_text(l, &b);
	return buf_bad(&b) ? -ENOMEM : json_add_str(o, key, buf_str(&b));
}

static int add_confinement(struct json_object *o, const struct runtime_config *c)
{
	char hex[SHA256_HEX_SIZE];
	int r = 0;

	if (c->seccomp) {
		sha256_hex(c->seccomp, strlen(c->seccomp), hex);
		r = json_add_str(o, "seccomp", hex);
	}
	if (r == 0)
		r = json_add_str(o, "apparmor", c->process.apparmor);
	if (r == 0)
		r = json_add_str(o, "selinux", c->process.selinux);
	if (r == 0 && c->map)
		r = add_map(o, "uidMap", &c->map->uid);
	return r == 0 && c->map ? add_map(o, "gidMap", &c->map->gid) : r;
}

static bool is_clean(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (text[n] < ' ' || text[n] > '~' || n == CLAIM_MAX)
			return false;
	return n > 0;
}

static int add_claims(struct json_object *o, char *const *env)
{
	static const char *const names[] = {"SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_JOB_USER", "SLURM_PROCID", "SLURM_STEP_ID"};
	struct json_object *claimed = NULL;
	int r = 0;

	for (; r == 0 && env && *env; env++)
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
			size_t n = strlen(names[i]);

			if (strncmp(*env, names[i], n) != 0 || (*env)[n] != '=' || !is_clean(*env + n + 1))
				continue;
			if (!claimed) {
				claimed = json_object_new_object();
				r = json_add(o, "claimed", claimed);
			}
			if (r == 0)
				r = json_add_str(claimed, names[i], *env + n + 1);
		}
	return r;
}

int attribution_text(const struct attribution_input *in, char **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? add_identity(o, in) : -ENOMEM;

	if (r == 0)
		r = add_confinement(o, in->c);
	if (r == 0)
		r = add_claims(o, in->env);
	if (r == 0) {
		*ret = strdup(json_text(o, NULL));
		r = *ret ? 0 : -ENOMEM;
	}
	return r < 0 ? err_errno(e, -r, "who made it") : 0;
}
