/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The default network has no file, as with podman, until somebody writes one.
 * A file that cannot be read makes the list fail, with its name: with one left
 * out, its subnet would be given out a second time.
 */
#include "engine/networks.h"

#include "base/clock.h"
#include "base/parse.h"
#include "engine/attest.h"
#include "engine/filter.h"
#include "oci/digest.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SUFFIX ".json"

void network_list_done(struct network_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		network_note_done(&l->items[i]);
	free(l->items);
	*l = (struct network_list){0};
}

/* ---- reading ---- */

static int read_one(int dirfd, const char *file, struct network_note *ret, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(dirfd, file, NETWORK_JSON_MAX, &b);

	if (r < 0)
		return err_errno(e, -r, "%s", file);
	r = network_note_parse(buf_str(&b), b.len, file, &n, e);
	if (r < 0)
		return r;
	if (strncmp(n.name, file, strlen(n.name)) != 0 || strcmp(file + strlen(n.name), SUFFIX) != 0)
		return err_set(e, EINVAL, "%s: defines network %s, which belongs into %s" SUFFIX, file, n.name, n.name);
	*ret = n;
	n = (struct network_note){0};
	return 0;
}

/* `n` is consumed. */
static int add(struct network_list *l, struct network_note *n)
{
	struct network_note *grown = l->n < NETWORKS_MAX ? mem_regrow(l->items, l->n + 1, sizeof(*grown)) : NULL;

	if (!grown) {
		network_note_done(n);
		return l->n < NETWORKS_MAX ? -ENOMEM : -E2BIG;
	}
	l->items = grown;
	l->items[l->n++] = *n;
	*n = (struct network_note){0};
	return 0;
}

static bool is_definition(const char *file)
{
	size_t n = strlen(file);

	return file[0] != '.' && n > strlen(SUFFIX) && strcmp(file + n - strlen(SUFFIX), SUFFIX) == 0;
}

static int read_entry(int fd, const char *file, struct network_list *l, struct err *e)
{
	struct network_note n = {0};
	struct err own = {0};
	int r = read_one(fd, file, &n, &own);

	if (r == -ENOENT)
		return 0;
	if (r < 0 && e)
		*e = own;
	if (r < 0)
		return err_wrap(e, r, ENGINE_NETWORKS);
	r = add(l, &n);
	return r < 0 ? err_errno(e, -r, "networks") : 0;
}

static int read_all(struct engine *eng, struct network_list *l, struct err *e)
{
	struct dirent *entry;
	int fd = -EBADF, end = 0, r = path_own_open(eng->data_fd, ENGINE_NETWORKS, O_RDONLY | O_DIRECTORY, 0, &fd);
	DIR *d;

	if (r < 0)
		return r == -ENOENT ? 0 : err_errno(e, -r, "networks");
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_errno(e, ENOMEM, "networks");
	}
	while (r == 0 && (entry = dir_next(d, &end)))
		if (is_definition(entry->d_name))
			r = read_entry(dirfd(d), entry->d_name, l, e);
	closedir(d);
	return r == 0 && end < 0 ? err_errno(e, -end, "networks") : r;
}

static int add_default(struct network_list *l)
{
	struct network_note n = {0};

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].name, NETWORK_DEFAULT) == 0)
			return 0;
	return network_note_default(&n) < 0 ? -ENOMEM : add(l, &n);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct network_note *)a)->name, ((const struct network_note *)b)->name);
}

int network_list(struct engine *eng, struct network_list *ret, struct err *e)
{
	_cleanup_(network_list_done) struct network_list l = {0};
	int r = read_all(eng, &l, e);

	if (r < 0)
		return r;
	r = add_default(&l);
	if (r < 0)
		return err_errno(e, -r, "networks");
	qsort(l.items, l.n, sizeof(*l.items), by_name);
	*ret = l;
	l = (struct network_list){0};
	return 0;
}

static int load_by_name(struct engine *eng, const char *name, struct network_note *ret, struct err *e)
{
	char file[sizeof(ENGINE_NETWORKS "/" SUFFIX) + NETWORK_NAME_MAX];
	_cleanup_close_ int dir = -EBADF;
	int r;

	if (network_name_check(name, NULL) < 0)
		return -ENOENT;
	r = path_own_open(eng->data_fd, ENGINE_NETWORKS, O_RDONLY | O_DIRECTORY, 0, &dir);
	snprintf(file, sizeof(file), "%s" SUFFIX, name);
	if (r == 0)
		r = read_one(dir, file, ret, e);
	if (r == -ENOENT && strcmp(name, NETWORK_DEFAULT) == 0)
		r = network_note_default(ret);
	return r;
}

static int load_by_id(struct engine *eng, const char *prefix, struct network_note *ret, struct err *e)
{
	_cleanup_(network_list_done) struct network_list l = {0};
	struct network_note *found = NULL;
	int r = network_list(eng, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		if (strncmp(l.items[i].id, prefix, strlen(prefix)) != 0)
			continue;
		if (found)
			return err_set(e, EINVAL, "more than one result for network ID %s", prefix);
		found = &l.items[i];
	}
	if (r < 0 || !found)
		return r < 0 ? r : -ENOENT;
	*ret = *found;
	*found = (struct network_note){0};
	return 0;
}

int network_load(struct engine *eng, const char *name, struct network_note *ret, struct err *e)
{
	int r = load_by_name(eng, name, ret, e);

	if (r == -ENOENT && digest_is_hex_prefix(name))
		r = load_by_id(eng, name, ret, e);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "unable to find network with name or ID %s: network not found", name);
	return r;
}

/* ---- removing ---- */

int networks_lock(struct engine *eng, int *ret_lock, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	int r = path_own_mkdirs(eng->data_fd, ENGINE_NETWORKS, &dir);

	if (r == 0)
		r = lock_take(dir, "lock", NETWORKS_LOCK_MS, ret_lock);
	return r < 0 ? err_errno(e, -r, "networks") : 0;
}

int networks_hold(struct engine *eng, struct json_object *links, int *ret_lock, struct err *e)
{
	size_t n = json_object_is_type(links, json_type_array) ? json_object_array_length(links) : 0;
	_cleanup_close_ int lock = -EBADF;
	int r = n > 0 ? networks_lock(eng, &lock, e) : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_(network_note_done) struct network_note note = {0};

		r = network_load(eng, json_str(json_object_array_get_idx(links, i), "name"), &note, e);
	}
	if (r == 0)
		*ret_lock = TAKE_FD(lock);
	return r;
}

static int remove_file(struct engine *eng, const struct network_note *n, struct err *e)
{
	char file[NETWORK_NAME_MAX + sizeof(SUFFIX)];
	_cleanup_close_ int dir = -EBADF;
	int r;

	if (strcmp(n->name, NETWORK_DEFAULT) == 0)
		return err_set(e, EINVAL, "default network %s cannot be removed", n->name);
	r = path_own_open(eng->data_fd, ENGINE_NETWORKS, O_RDONLY | O_DIRECTORY, 0, &dir);
	snprintf(file, sizeof(file), "%s" SUFFIX, n->name);
	if (r == 0 && unlinkat(dir, file, 0) < 0)
		r = -errno;
	return r < 0 ? err_errno(e, -r, "network %s", n->name) : 0;
}

int network_remove(struct engine *eng, const struct network_note *n, const char *reason, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_NETWORK_RM);

	a.name = n->name;
	a.reason = reason;
	return attest_result(eng, &a, remove_file(eng, n, e), e);
}

/* ---- showing ---- */

/* "a=b,c=" of an object of strings. */
static int joined(struct json_object *words, struct json_object **ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (words) {
		json_object_object_foreach(words, key, value)
			buf_addf(&b, "%s%s=%s", b.len ? "," : "", key, json_object_get_string(value));
	}
	*ret = buf_bad(&b) ? NULL : json_object_new_string(buf_str(&b));
	return *ret ? 0 : -ENOMEM;
}

static int labels_field(const struct network_note *n, bool in_list, struct json_object **ret)
{
	if (in_list)
		return joined(n->labels, ret);
	*ret = n->labels ? json_object_get(n->labels) : json_object_new_object();
	return *ret ? 0 : -ENOMEM;
}

/* Subnets with Go's names of the fields. */
static int subnet_fields(const struct network_subnet *s, struct json_object *list)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *range = NULL;
	char text[SUBNET_TEXT_SIZE];

	if (!o || json_add_str(o, "Subnet", subnet_text(&s->subnet, text)) < 0 ||
	    json_add_str(o, "Gateway", ip_text(&s->gateway, text)) < 0)
		return -ENOMEM;
	/* none is null, which prints as Go's <nil> */
	if (!s->has_range && json_object_object_add(o, "LeaseRange", NULL) < 0)
		return -ENOMEM;
	if (s->has_range) {
		range = json_object_new_object();
		if (!range || json_add_str(range, "StartIP", ip_text(&s->first, text)) < 0 ||
		    json_add_str(range, "EndIP", ip_text(&s->last, text)) < 0 ||
		    json_add(o, "LeaseRange", TAKE_PTR(range)) < 0)
			return -ENOMEM;
	}
	return json_append(list, TAKE_PTR(o));
}

static int add_lists(const struct network_note *n, struct json_object *o)
{
	_cleanup_json_ struct json_object *subnets = json_object_new_array(), *ipam = json_object_new_object(), *options = NULL;

	for (size_t i = 0; i < n->n_subnets; i++)
		if (!subnets || subnet_fields(&n->subnets[i], subnets) < 0)
			return -ENOMEM;
	options = n->options ? json_object_get(n->options) : json_object_new_object();
	if (!subnets || !ipam || !options || json_add_str(ipam, "driver", "host-local") < 0 ||
	    json_add(o, "Subnets", TAKE_PTR(subnets)) < 0 || json_add(o, "IPAMOptions", TAKE_PTR(ipam)) < 0 ||
	    json_add(o, "Options", TAKE_PTR(options)) < 0)
		return -ENOMEM;
	return 0;
}

int network_fields(const struct network_note *n, bool in_list, bool whole_id, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *labels = NULL;
	struct timespec created = CLOCK_NEVER;
	char id[SHA256_HEX_SIZE];

	snprintf(id, sizeof(id), "%.*s", whole_id ? 64 : 12, n->id);
	(void)!clock_parse_rfc3339(n->created, &created);
	if (!o || labels_field(n, in_list, &labels) < 0 || json_add_str(o, "Name", n->name) < 0 || json_add_str(o, "ID", id) < 0 ||
	    json_add_str(o, "Driver", "bridge") < 0 || json_add_str(o, "NetworkInterface", n->device) < 0 ||
	    json_add_time(o, "Created", &created) < 0 || add_lists(n, o) < 0 || json_add_bool(o, "IPv6Enabled", n->ipv6) < 0 ||
	    json_add_bool(o, "Internal", n->internal) < 0 || json_add_bool(o, "DNSEnabled", n->dns) < 0 ||
	    json_add(o, "Labels", TAKE_PTR(labels)) < 0 ||
	    (in_list && json_add(o, "Label", n->labels ? json_object_get(n->labels) : json_object_new_object()) < 0))
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- filters ---- */

static bool match_name(const void *subject, const char *value)
{
	return filter_is_like(((const struct network_note *)subject)->name, value);
}

static bool match_id(const void *subject, const char *value)
{
	return strncmp(((const struct network_note *)subject)->id, value, strlen(value)) == 0;
}

static bool match_driver(const void *subject, const char *value)
{
	(void)subject;
	return strcmp(value, "bridge") == 0;
}

static bool match_label(const void *subject, const char *value)
{
	return filter_has_word(((const struct network_note *)subject)->labels, value);
}

static bool match_no_label(const void *subject, const char *value)
{
	return !match_label(subject, value);
}

/* The default network is nobody's to remove, and never dangles. */
static bool match_dangling(const void *subject, const char *value)
{
	const struct network_note *n = subject;
	bool wanted = false;

	return parse_bool(value, &wanted) == 0 && wanted == (!n->is_used && strcmp(n->name, NETWORK_DEFAULT) != 0);
}

static bool match_until(const void *subject, const char *value)
{
	return filter_against(((const struct network_note *)subject)->created, value) < 0;
}

static const struct filter_key keys[] = {
	{"name", match_name, NULL, false},
	{"id", match_id, NULL, false},
	{"driver", match_driver, NULL, false},
	{"label", match_label, NULL, true},
	{"label!", match_no_label, NULL, true},
	{"dangling", match_dangling, filter_check_bool, false},
	{"until", match_until, filter_check_moment, false},
	{.key = NULL},
};

int network_filter_parse(const struct strv *filters, struct strv *ret, struct err *e)
{
	return filter_parse(keys, "network", filters, ret, e);
}

bool network_filter_match(const struct strv *items, const struct network_note *n)
{
	return filter_match(keys, items, n);
}
