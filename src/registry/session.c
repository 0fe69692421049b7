/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Credentials go with the place, not with the name: one that is served
 * elsewhere is asked for with what the auth file has for there, and --creds,
 * which were given for the registry that the user named, stay away from it.
 */
#include "registry/session.h"

#include "registry/auth.h"
#include "registry/certs.h"

#include <stdio.h>
#include <string.h>

static const char *registry_host(const char *domain)
{
	return strcmp(domain, "docker.io") == 0 ? "registry-1.docker.io" : domain;
}

/* The reference with `location` in place of the first `covered` bytes of its repository. */
static int move(const struct reference *ref, const char *location, size_t covered, struct reference *ret, struct err *e)
{
	char repository[REFERENCE_TEXT_SIZE], moved[2 * REFERENCE_TEXT_SIZE];
	int r;

	reference_repository(ref, repository);
	snprintf(moved, sizeof(moved), "%s%s", location, repository + covered);
	r = reference_parse(moved, ret, e);
	if (r == 0 && !ret->domain[0])
		r = err_set(e, EINVAL, "it names no registry");
	if (r < 0)
		return err_wrap(e, r, "registries.conf: location %s", location);
	memcpy(ret->tag, ref->tag, sizeof(ret->tag));
	ret->digest = ref->digest;
	return 0;
}

static bool serves(const struct registry_mirror *m, const struct reference *ref)
{
	bool by_digest = digest_is_set(&ref->digest);

	return m->when == MIRROR_ALL || by_digest == (m->when == MIRROR_DIGEST_ONLY);
}

/* *ret_rule NULL: none is about it. */
static int find_rule(const struct reference *ref, const struct registries *conf, const struct registry_rule **ret_rule, size_t *ret_covered,
		     struct err *e)
{
	char repository[REFERENCE_TEXT_SIZE];

	reference_repository(ref, repository);
	*ret_rule = registries_rule(conf, repository, ret_covered);
	if (*ret_rule && (*ret_rule)->blocked)
		return err_set(e, EACCES, "registry %s is blocked in registries.conf", (*ret_rule)->prefix);
	return 0;
}

static bool is_moved(const struct registry_rule *rule)
{
	return rule->location && strcmp(rule->location, rule->prefix) != 0;
}

int registry_places(const struct reference *ref, const struct registries *conf, bool mirrors, struct registry_place *ret, size_t *ret_n,
		    struct err *e)
{
	const struct registry_place own = {.at = *ref, .domain = ref->domain, .helpers = &conf->helpers};
	const struct registry_rule *rule;
	size_t n = 0, covered = 0;
	int r = find_rule(ref, conf, &rule, &covered, e);

	if (r < 0)
		return r;
	for (size_t i = 0; rule && mirrors && i < rule->n_mirrors && r == 0; i++) {
		if (!serves(&rule->mirrors[i], ref))
			continue;
		ret[n] = own;
		ret[n].is_mirror = true;
		ret[n].insecure = rule->mirrors[i].insecure;
		r = move(ref, rule->mirrors[i].location, covered, &ret[n++].at, e);
	}
	if (r < 0)
		return r;
	ret[n] = own;
	if (rule) {
		ret[n].insecure = rule->insecure;
		if (is_moved(rule))
			r = move(ref, rule->location, covered, &ret[n].at, e);
	}
	*ret_n = n + 1;
	return r;
}

int registry_place(const struct reference *ref, const struct registries *conf, struct registry_place *ret, struct err *e)
{
	size_t n;

	return registry_places(ref, conf, false, ret, &n, e);
}

int registry_place_named(const struct reference *ref, const struct registries *conf, struct registry_place *ret, struct err *e)
{
	const struct registry_rule *rule;
	size_t covered;
	int r = find_rule(ref, conf, &rule, &covered, e);

	/* what may be skipped at the place that it is moved to may not be here */
	*ret = (struct registry_place){.at = *ref, .domain = ref->domain, .helpers = &conf->helpers,
				       .insecure = r == 0 && rule && rule->insecure && !is_moved(rule)};
	return r;
}

static bool may_skip_tls(const struct registry_place *place, enum registry_tls tls)
{
	if (tls != REGISTRY_TLS_DEFAULT)
		return tls == REGISTRY_TLS_INSECURE;
	return reference_domain_is_loopback(place->at.domain) || place->insecure;
}

static int add_need(const struct registry_place *place, const struct registry_need *need, const struct registry_access *access,
		    struct json_object *o)
{
	bool insecure = may_skip_tls(place, access->tls);
	int r = 0;

	r |= json_add_str(o, "host", registry_host(place->at.domain));
	r |= json_add_str(o, "repository", need->login ? "" : place->at.path);
	r |= json_add_bool(o, "allowHttp", insecure);
	r |= json_add_bool(o, "skipVerify", insecure);
	r |= json_add_bool(o, "skipVerifyOthers", access->tls == REGISTRY_TLS_INSECURE);
	r |= json_add_bool(o, "push", need->push);
	r |= json_add_bool(o, "hasNext", need->has_next);
	if (need->mount_from)
		r |= json_add_strv(o, "mountFrom", need->mount_from);
	return r;
}

static int session_json(const struct registry_place *place, const struct registry_need *need, const struct registry_access *access,
			struct json_object *o, struct err *e)
{
	struct registry_access here = *access;
	_cleanup_(auth_done) struct auth auth = {0};
	_cleanup_(certs_done) struct certs certs = {0};
	int r;

	if (strcmp(place->at.domain, place->domain) != 0)
		here.creds = NULL;
	r = auth_find(&place->at, &here, place->helpers, &auth, e);
	if (r == 0)
		r = certs_find(place->at.domain, &here, &certs, e);
	if (r < 0)
		return r;
	r |= add_need(place, need, access, o);
	r |= json_add_str(o, "username", auth.username);
	r |= json_add_str(o, "password", auth.password);
	r |= json_add_str(o, "identityToken", auth.identity_token);
	r |= json_add_str(o, "ca", certs.ca);
	r |= json_add_str(o, "cert", certs.cert);
	r |= json_add_str(o, "key", certs.key);
	return r ? err_errno(e, ENOMEM, "session") : 0;
}

int registry_connect(const struct registry_place *place, const struct registry_need *need, const struct registry_access *access,
		     struct fetch_client *fc, struct err *e)
{
	_cleanup_json_ struct json_object *session = json_object_new_object();
	int r;

	if (!session)
		return err_errno(e, ENOMEM, "session");
	r = session_json(place, need, access, session, e);
	return r < 0 ? r : fetch_start(fc, session, access->env, e);
}
