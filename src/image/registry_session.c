/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Credentials go with the place, not with the name: one that is served
 * elsewhere is asked for with what the auth file has for there, and --creds,
 * which were given for the registry that the user named, stay away from it.
 */
#include "image/registry_session.h"

#include "image/auth.h"
#include "image/certs.h"

#include <stdio.h>
#include <string.h>

static const char *registry_host(const char *domain)
{
	return strcmp(domain, "docker.io") == 0 ? "registry-1.docker.io" : domain;
}

static int move(const struct reference *ref, const struct registry_rule *rule, struct reference *ret, struct err *e)
{
	char repository[REFERENCE_TEXT_SIZE], moved[2 * REFERENCE_TEXT_SIZE];
	const char *prefix = rule->prefix ? rule->prefix : rule->location;
	int r;

	if (!rule->location || strcmp(rule->location, prefix) == 0)
		return 0;
	reference_repository(ref, repository);
	snprintf(moved, sizeof(moved), "%s%s", rule->location, repository + strlen(prefix));
	r = reference_parse(moved, ret, e);
	if (r < 0)
		return err_wrap(e, r, "registries.conf: location of %s", prefix);
	memcpy(ret->tag, ref->tag, sizeof(ret->tag));
	ret->digest = ref->digest;
	return 0;
}

int registry_place(const struct reference *ref, const struct registries *conf, struct registry_place *ret, struct err *e)
{
	struct registry_place place = {.at = *ref, .domain = ref->domain, .helpers = &conf->helpers};
	char repository[REFERENCE_TEXT_SIZE];
	const struct registry_rule *rule;
	int r = 0;

	reference_repository(ref, repository);
	rule = registries_rule(conf, repository);
	if (rule && rule->blocked)
		return err_set(e, EACCES, "registry %s is blocked in registries.conf", ref->domain);
	if (rule) {
		place.insecure = rule->insecure;
		r = move(ref, rule, &place.at, e);
	}
	if (r == 0)
		*ret = place;
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
	r |= json_add_str(o, "repository", place->at.path);
	r |= json_add_bool(o, "allowHttp", insecure);
	r |= json_add_bool(o, "skipVerify", insecure);
	r |= json_add_bool(o, "push", need->push);
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
