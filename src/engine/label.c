/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whether a context can be had is asked of the kernel, for each candidate: the
 * policy's own types or our module's, in the caller's role or in system_r
 * (refpolicy gives container_t to that one alone). The first that exists is
 * taken; and then whether this login may enter it, because an exec that SELinux
 * refuses says no more than "Permission denied".
 *
 * No types at all is not an error by itself: then there is no SELinux
 * confinement to have, and inspect and info say so. It is one as soon as a
 * label was asked for.
 *
 * label=nested is a type of our module's, for a container that gives labels
 * itself: which ones is for the policy to say. No type that a host's policy has
 * for containers may do that without doing much else.
 *
 * ranby itself may be in a domain of its own, entered when the login executed
 * it. That is no label for a payload: it has rights that the login has not (to
 * make user namespaces). So a container without a label is given the login's,
 * which the kernel still knows as the one before the last exec.
 */
#include "engine/label.h"

#include "sys/lsm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OUR_PROCESS_TYPE "ranby_container_t"
#define OUR_NESTED_TYPE "ranby_container_nested_t"
#define OUR_FILE_TYPE "ranby_container_file_t"
#define OUR_LAYER_TYPE "ranby_container_ro_file_t"
#define OUR_OWN_TYPE "ranby_t" /* policies/selinux/ranby.cil */

const char *label_state_name(enum label_state s)
{
	static const char *const names[] = {
		[LABEL_OFF] = "not enabled", [LABEL_ON] = "on", [LABEL_DISABLED] = "disabled",
		[LABEL_MISSING] = "no types for containers in the policy",
	};

	return names[s];
}

/* ---- wishes ---- */

int label_wish(struct label_wishes *w, const char *value, struct err *e)
{
	const struct {
		const char *key;
		const char **to;
	} parts[] = {
		{"user:", &w->user}, {"role:", &w->role}, {"type:", &w->type}, {"level:", &w->level}, {"filetype:", &w->filetype},
	};

	if (strcmp(value, "disable") == 0) {
		w->disable = true;
		return 0;
	}
	if (strcmp(value, "nested") == 0) {
		w->nested = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len = strlen(parts[i].key);

		if (strncmp(value, parts[i].key, len) != 0)
			continue;
		if (!value[len] || strlen(value + len) >= SELINUX_PART_SIZE)
			return err_set(e, EINVAL, "%s needs a value", parts[i].key);
		*parts[i].to = value + len;
		return 0;
	}
	return err_set(e, EINVAL, "neither disable, nested nor one of user:, role:, type:, level:, filetype:");
}

bool label_is_wished(const struct label_wishes *w)
{
	return w->user || w->role || w->type || w->level || w->filetype || w->nested;
}

bool label_join(struct label_wishes *w, const char *infra, char ret_range[static SELINUX_PART_SIZE])
{
	struct selinux_context c;

	if (w->level || w->disable || selinux_context_parse(infra, &c) < 0 || !*c.range)
		return false;
	memcpy(ret_range, c.range, sizeof(c.range));
	w->level = ret_range;
	return true;
}

/* ---- contexts ---- */

static void set_part(char out[static SELINUX_PART_SIZE], const char *value)
{
	snprintf(out, SELINUX_PART_SIZE, "%s", value);
}

/* The level: what was asked for, else a pair out of the login's range (its own, where it is one), else its sensitivity alone. */
static int choose_level(const struct label_wishes *w, const struct selinux_context *own, char out[static SELINUX_PART_SIZE],
			bool *ret_own_pair, struct err *e)
{
	struct selinux_categories range;
	char sensitivity[16], text[MCS_PAIR_SIZE];
	struct mcs_pair pair;
	int r;

	*ret_own_pair = false;
	set_part(out, w->level ? w->level : own->range);
	if (w->level || !*own->range)
		return 0;
	/* in a container that is nested: it has that pair, and no other can be had from it */
	if (mcs_pair_of(own->range, &pair) == 0)
		return 0;
	r = selinux_high_level(own->range, sensitivity, &range);
	if (r < 0)
		return err_set(e, EINVAL, "SELinux: the range of this login, %s, is not understood", own->range);
	r = mcs_pick(&range, &pair);
	if (r == -ENOENT) {
		set_part(out, sensitivity);
		return 0;
	}
	if (r < 0)
		return err_errno(e, -r, "SELinux: categories for the container");
	mcs_pair_text(&pair, text);
	snprintf(out, SELINUX_PART_SIZE, "%s:%s", sensitivity, text);
	*ret_own_pair = true;
	return 0;
}

struct candidate {
	const char *role, *process_type, *file_type, *layer_type;
};

static bool try(const struct candidate *c, const struct selinux_context *base, const struct label_host *host, struct label *ret)
{
	struct selinux_context process = *base, file = *base, layer;

	set_part(process.role, c->role);
	set_part(process.type, c->process_type);
	set_part(file.role, "object_r");
	set_part(file.type, c->file_type);
	layer = file;
	set_part(layer.type, c->layer_type);
	layer.range[strcspn(layer.range, ":-")] = '\0';
	selinux_context_text(&layer, ret->layer);
	selinux_context_text(&process, ret->process);
	selinux_context_text(&file, ret->file);
	return host->check(ret->process) == 0 && host->check(ret->file) == 0 && host->check(ret->layer) == 0;
}

/* True: one was found; false: `ret` has the last that was tried. */
static bool find(const struct label_wishes *w, const struct selinux_context *own, const struct selinux_context *base,
		 const struct label_host *host, struct label *ret)
{
	const char *roles[] = {w->role ? w->role : own->role, w->role ? w->role : "system_r"};
	const struct {
		const char *process, *file, *layer;
	} types[] = {
		{w->nested ? OUR_NESTED_TYPE : host->policy ? host->policy->process.type : OUR_PROCESS_TYPE, host->policy ? host->policy->file.type : OUR_FILE_TYPE,
		 host->policy ? host->policy->read_only.type : OUR_LAYER_TYPE},
		{w->nested ? OUR_NESTED_TYPE : OUR_PROCESS_TYPE, OUR_FILE_TYPE, OUR_LAYER_TYPE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (size_t k = 0; k < ARRAY_SIZE(roles); k++) {
			const struct candidate c = {roles[k], w->type ? w->type : types[i].process,
						    w->filetype ? w->filetype : types[i].file, types[i].layer};

			if (try(&c, base, host, ret))
				return true;
		}
	return false;
}

/* The label of a payload that gets none: the login's, where ours is not. The range is the one we were started with. */
static int unlabelled(enum label_state state, const struct label_host *host, struct label *ret, struct err *e)
{
	struct selinux_context own, login;
	struct label l = {.state = state};

	if (selinux_context_parse(host->current, &own) == 0 && strcmp(own.type, OUR_OWN_TYPE) == 0) {
		if (!host->previous || selinux_context_parse(host->previous, &login) < 0 || strcmp(login.type, OUR_OWN_TYPE) == 0)
			return err_set(e, EINVAL, "SELinux: the label of the login that runs in %s is not known", host->current);
		memcpy(login.range, own.range, sizeof(login.range));
		selinux_context_text(&login, l.process);
		if (host->may_enter(host->current, l.process) == 0)
			return err_set(e, EACCES, "SELinux: the policy of this host does not let %s become %s", host->current, l.process);
	}
	*ret = l;
	return 0;
}

int label_unknown(const char *process, const char *file, struct err *e)
{
	int r = err_set(e, EINVAL, "SELinux: the policy of this host does not have %s with %s", process, file);

	err_hint(e, "for container types of ranby's own, as root: semodule -i " RANBY_DATADIR "/policies/selinux/ranby-container.cil");
	return r;
}

int label_resolve(const struct label_wishes *w, const struct label_host *host, struct label *ret, struct err *e)
{
	struct selinux_context own, base;
	struct label l = {.state = LABEL_ON};
	int r;

	if (w->disable)
		return label_is_wished(w) ? err_set(e, EINVAL, "label=disable, and another label=: one of them") :
					    unlabelled(LABEL_DISABLED, host, ret, e);
	r = selinux_context_parse(host->current, &own);
	if (r < 0)
		return err_set(e, EINVAL, "SELinux: the context of this login, %.100s, is not understood", host->current);
	base = own;
	r = choose_level(w, &own, base.range, &l.own_pair, e);
	if (r < 0)
		return r;
	if (w->user)
		set_part(base.user, w->user);
	if (!find(w, &own, &base, host, &l))
		return label_is_wished(w) ? label_unknown(l.process, l.file, e) : unlabelled(LABEL_MISSING, host, ret, e);
	if (host->may_enter(host->current, l.process) == 0)
		return err_set(e, EACCES, "SELinux: the policy of this host does not let %s become %s", host->current, l.process);
	*ret = l;
	return 0;
}

int label_make(const struct label_wishes *w, struct label *ret, struct err *e)
{
	struct selinux_container_contexts policy;
	char current[SELINUX_CONTEXT_SIZE], previous[SELINUX_CONTEXT_SIZE];
	struct label_host host = {
		.current = current, .check = selinux_context_check, .may_enter = selinux_may_transition,
	};
	int r;

	if (!lsm_is_enabled(LSM_SELINUX)) {
		if (label_is_wished(w))
			return err_set(e, ENOTSUP, "SELinux is not enabled on this host");
		*ret = (struct label){.state = LABEL_OFF};
		return 0;
	}
	r = selinux_current(current);
	if (r < 0)
		return err_errno(e, -r, "SELinux: the context of this login");
	if (selinux_previous(previous) == 0)
		host.previous = previous;
	r = selinux_container_contexts(&policy);
	if (r == 0)
		host.policy = &policy;
	else if (r != -ENOENT)
		return err_errno(e, -r, "SELinux: lxc_contexts of the policy");
	return label_resolve(w, &host, ret, e);
}

/* ---- from one label to another ---- */

static int with_categories(const char *context, const char *categories, char out[static SELINUX_CONTEXT_SIZE])
{
	struct selinux_context c;
	struct selinux_categories range;
	char sensitivity[16];
	int r = selinux_context_parse(context, &c);

	if (r == 0 && *c.range)
		r = selinux_high_level(c.range, sensitivity, &range);
	if (r < 0)
		return r;
	if (*c.range)
		snprintf(c.range, sizeof(c.range), "%s%s%s", sensitivity, categories ? ":" : "", categories ? categories : "");
	selinux_context_text(&c, out);
	return 0;
}

int label_shared(const char *file, char out[static SELINUX_CONTEXT_SIZE])
{
	return with_categories(file, NULL, out);
}

int label_with_pair(const char *context, const struct mcs_pair *p, char out[static SELINUX_CONTEXT_SIZE])
{
	char pair[MCS_PAIR_SIZE];

	mcs_pair_text(p, pair);
	return with_categories(context, pair, out);
}
