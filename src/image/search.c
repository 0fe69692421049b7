/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What a registry answers is its own word: it is shown, and leads to nothing.
 */
#include "image/search.h"

#include "registry/listing.h"
#include "registry/session.h"

#include <stdio.h>
#include <string.h>

struct searching {
	const struct registry_access *access;
	const struct registries *conf;
	const char *domain, *word;
	uint32_t limit;
	struct json_object *rows;
};

static int add_row(struct searching *s, const char *name, const char *description, int64_t stars, bool official)
{
	_cleanup_free_ char *full = NULL;
	struct json_object *o;
	int r;

	if (asprintf(&full, "%s/%s", s->domain, name) < 0)
		return -ENOMEM;
	o = json_object_new_object();
	r = json_add_str(o, "Index", s->domain);
	r |= json_add_str(o, "Name", full);
	r |= json_add_str(o, "Description", description);
	r |= json_add_int(o, "Stars", stars);
	r |= json_add_str(o, "Official", official ? "[OK]" : "");
	return r ? (json_object_put(o), -ENOMEM) : json_append(s->rows, o);
}

static int take_results(struct searching *s, struct json_object *list)
{
	size_t n = json_object_array_length(list);
	int r = 0;

	for (size_t i = 0; i < n && i < s->limit && r == 0; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		r = add_row(s, json_str(o, "name"), json_str(o, "description"), json_int(o, "star_count"), json_true(o, "is_official"));
	}
	return r;
}

static int take_catalog(struct searching *s, const struct strv *names)
{
	uint32_t found = 0;
	int r = 0;

	for (size_t i = 0; i < names->n && found < s->limit && r == 0; i++)
		if (strstr(names->items[i], s->word)) {
			r = add_row(s, names->items[i], "", 0, false);
			found++;
		}
	return r;
}

static int ask(struct searching *s, struct err *e)
{
	const struct registry_need need = {.login = true};
	_cleanup_(fetch_stop) struct fetch_client fc = FETCH_CLIENT_INIT;
	_cleanup_json_ struct json_object *list = NULL;
	_cleanup_(strv_done) struct strv names = {0};
	struct registry_place place;
	struct reference ref;
	char text[REFERENCE_TEXT_SIZE];
	int r;

	snprintf(text, sizeof(text), "%s/x", s->domain);
	r = reference_parse(text, &ref, e);
	if (r == 0 && !ref.domain[0])
		r = err_set(e, EINVAL, "%s: no registry", s->domain);
	if (r == 0)
		r = registry_place(&ref, s->conf, &place, e);
	if (r == 0)
		r = registry_connect(&place, &need, s->access, &fc, e);
	if (r == 0 && *s->word) {
		r = registry_search(&fc, s->word, &list, e);
		if (r == 0)
			return take_results(s, list) < 0 ? err_errno(e, ENOMEM, "search") : 0;
	} else if (r == 0) {
		r = -ENOENT;
	}
	/* no such search there: the list of all that there is */
	if (r != -ENOENT && r != -EACCES && r != -EPROTO)
		return r;
	err_clear(e);
	r = registry_catalog(&fc, &names, e);
	return r < 0 ? r : take_catalog(s, &names) < 0 ? err_errno(e, ENOMEM, "search") : 0;
}

int search_images(const char *term, uint32_t limit, const struct registry_access *access, struct json_object **ret, struct err *e)
{
	_cleanup_(registries_freep) struct registries *conf = NULL;
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_free_ char *domain = NULL;
	const char *slash = strchr(term, '/');
	struct searching s = {.access = access, .word = term, .limit = limit, .rows = rows};
	int r = rows ? registries_load(access, &conf, e) : err_errno(e, ENOMEM, "search");

	if (r < 0)
		return r;
	s.conf = conf;
	if (slash && (memchr(term, '.', (size_t)(slash - term)) || memchr(term, ':', (size_t)(slash - term)) || strncmp(term, "localhost/", 10) == 0)) {
		s.domain = domain = strndup(term, (size_t)(slash - term));
		s.word = slash + 1;
		r = domain ? ask(&s, e) : err_errno(e, ENOMEM, "search");
		r = r < 0 ? err_wrap(e, r, "search %s", term) : 0;
	} else if (conf->search.n == 0) {
		r = err_set(e, EINVAL, "search %s: registries.conf names no unqualified-search-registries", term);
		err_hint(e, "write the registry too, such as quay.io/%s", term);
	}
	for (size_t i = 0; !domain && i < conf->search.n && r == 0; i++) {
		s.domain = conf->search.items[i];
		r = ask(&s, e);
	}
	if (r == 0)
		*ret = TAKE_PTR(rows);
	return r;
}
