/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What was asked for is resolved at each start and not when the container is
 * made: its name may have changed since, and who starts it is not who made it.
 *
 * The file is opened by the monitor, which is in the host's namespaces and
 * has its user's rights: path= is a path of the host, and none of the
 * container.
 */
#include "engine/log_config.h"

#include "base/escape.h"
#include "base/json_text.h"
#include "base/parse.h"
#include "base/template.h"
#include "monitor/log_journal.h"
#include "monitor/log_json.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOG_FILE "ctr.log"
#define TAG_MAX 1024

static const struct driver {
	const char *name;
	enum log_place place;
	enum log_driver driver;
} drivers[] = {
	{"k8s-file", LOG_PLACE_FILE, LOG_K8S_FILE},
	{"json-file", LOG_PLACE_FILE, LOG_JSON_FILE},
	{"journald", LOG_PLACE_JOURNAL, LOG_JOURNALD},
	{"passthrough", LOG_PLACE_PASSED, LOG_K8S_FILE},
	{"none", LOG_PLACE_NONE, LOG_K8S_FILE},
};

/* The first is the default. */
static const struct driver *driver_of(const char *name)
{
	if (!name || !*name)
		return &drivers[0];
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	return NULL;
}

struct parsed {
	const struct driver *driver;
	const char *path, *tag, *labels, *env; /* borrowed */
	uint64_t max_size;
	uint32_t max_files;
};

/* ---- options ---- */

static int take_path(struct parsed *p, const char *value, struct err *e)
{
	if (value[0] != '/')
		return err_set(e, EINVAL, "--log-opt path=%s: must be absolute", value);
	p->path = value;
	return 0;
}

static int take_max_size(struct parsed *p, const char *value, struct err *e)
{
	/* docker's and podman's word for no limit */
	if (strcmp(value, "-1") == 0) {
		p->max_size = 0;
		return 0;
	}
	if (parse_size(value, INT64_MAX, &p->max_size) < 0 || p->max_size == 0)
		return err_set(e, EINVAL, "--log-opt max-size=%s: not a size, such as 10m", value);
	return 0;
}

static int take_max_file(struct parsed *p, const char *value, struct err *e)
{
	if (parse_u32(value, 1, LOG_FILES_MAX, &p->max_files) < 0)
		return err_set(e, EINVAL, "--log-opt max-file=%s: not a number from 1 to %d", value, LOG_FILES_MAX);
	return 0;
}

static int take_tag(struct parsed *p, const char *value, struct err *e)
{
	_cleanup_template_ struct template *t = NULL;
	int r = template_parse(value, &t, e);

	p->tag = value;
	return r < 0 ? err_wrap(e, r, "--log-opt tag") : 0;
}

static int take_labels(struct parsed *p, const char *value, struct err *e)
{
	(void)e;
	p->labels = value;
	return 0;
}

static int take_env(struct parsed *p, const char *value, struct err *e)
{
	(void)e;
	p->env = value;
	return 0;
}

#define FILES (1U << LOG_PLACE_FILE)
#define JOURNAL (1U << LOG_PLACE_JOURNAL)

static const struct option {
	const char *name;
	unsigned places; /* of the drivers that know it */
	int (*take)(struct parsed *p, const char *value, struct err *e);
} options[] = {
	{"path", FILES, take_path},       {"max-size", FILES, take_max_size},        {"max-file", FILES, take_max_file},
	{"tag", FILES | JOURNAL, take_tag}, {"labels", FILES | JOURNAL, take_labels}, {"env", FILES | JOURNAL, take_env},
};

static int take_option(struct parsed *p, const char *option, struct err *e)
{
	const char *eq = strchr(option, '=');
	size_t len = eq ? (size_t)(eq - option) : strlen(option);

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strlen(options[i].name) != len || strncmp(options[i].name, option, len) != 0)
			continue;
		if (!eq)
			return err_set(e, EINVAL, "--log-opt %s: has no value", option);
		if (!(options[i].places & 1U << p->driver->place))
			return err_set(e, EINVAL, "--log-opt %.*s: the log driver %s has no such option", (int)len, option, p->driver->name);
		return options[i].take(p, eq + 1, e);
	}
	err_set(e, EINVAL, "--log-opt %.*s: not supported", (int)len, option);
	err_hint(e, "there are path, max-size, max-file, tag, labels and env");
	return -EINVAL;
}

static int parse(const struct container_options *o, struct parsed *ret, struct err *e)
{
	*ret = (struct parsed){.driver = driver_of(o->log_driver)};
	if (!ret->driver) {
		err_set(e, EINVAL, "--log-driver %s: not supported", o->log_driver);
		err_hint(e, "there are k8s-file, json-file, journald, passthrough and none");
		return -EINVAL;
	}
	for (size_t i = 0; i < o->log_opt.n; i++) {
		int r = take_option(ret, o->log_opt.items[i], e);

		if (r < 0)
			return r;
	}
	if ((ret->tag || ret->labels || ret->env) && ret->driver->place == LOG_PLACE_FILE && ret->driver->driver == LOG_K8S_FILE)
		return err_set(e, EINVAL, "--log-opt tag, labels, env: a k8s-file has no place for them; json-file and journald have");
	return 0;
}

int log_config_check(const struct container_options *o, struct err *e)
{
	struct parsed p;
	int r = parse(o, &p, e);

	if (r == 0 && p.driver->place == LOG_PLACE_PASSED && o->tty)
		return err_set(e, EINVAL, "--log-driver passthrough: not with --tty: the terminal would be the container's and the caller's");
	return r;
}

/* "a,b" as ["a","b"]. */
static int add_words(struct json_object *o, const char *key, const char *words)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	_cleanup_free_ char *copy = strdup(words);
	char *rest = copy, *word;

	while (copy && (word = strsep(&rest, ",")))
		if (*word && json_append_str(list, word) < 0)
			return -ENOMEM;
	return copy ? json_add(o, key, TAKE_PTR(list)) : -ENOMEM;
}

int log_config_shown(const struct container_options *o, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *log = json_object_new_object();
	struct parsed p;
	int r = parse(o, &p, e);

	if (r < 0)
		return r;
	if (!log || json_add_str(log, "driver", p.driver->name) < 0 || json_add_u64(log, "maxSize", p.max_size) < 0 ||
	    (p.max_files && json_add_u64(log, "maxFiles", p.max_files) < 0) || (p.path && json_add_str(log, "path", p.path) < 0) ||
	    (p.tag && json_add_str(log, "tag", p.tag) < 0) || (p.labels && add_words(log, "labels", p.labels) < 0) ||
	    (p.env && add_words(log, "env", p.env) < 0))
		return err_errno(e, ENOMEM, "log");
	*ret = TAKE_PTR(log);
	return 0;
}

/* ---- of a container ---- */

static const struct driver *driver_in(const struct container *c)
{
	const struct driver *d = driver_of(json_str(c->spec, "config.log.driver"));

	return d ? d : &drivers[0];
}

enum log_place log_config_place(const struct container *c)
{
	return driver_in(c)->place;
}

enum log_driver log_config_driver(const struct container *c)
{
	return driver_in(c)->driver;
}

const char *log_config_name(const struct container *c)
{
	return driver_in(c)->name;
}

char *log_config_path(const struct engine *eng, const struct container *c)
{
	const char *own = json_str(c->spec, "config.log.path");
	char *path = NULL;

	if (log_config_place(c) != LOG_PLACE_FILE)
		return strdup("");
	if (*own)
		return strdup(own);
	return asprintf(&path, "%s/%s/%s/" LOG_FILE, eng->data_path, ENGINE_CONTAINERS, c->id) < 0 ? NULL : path;
}

/* docker's fields for --log-opt tag. */
static struct json_object *tag_data(const struct container *c)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const char *image = json_str(c->spec, "image.id");
	char short_id[CONTAINER_ID_SHORT + 1], short_image[CONTAINER_ID_SHORT + 1];

	if (strncmp(image, "sha256:", 7) == 0)
		image += 7;
	snprintf(short_id, sizeof(short_id), "%.*s", CONTAINER_ID_SHORT, c->id);
	snprintf(short_image, sizeof(short_image), "%.*s", CONTAINER_ID_SHORT, image);
	if (!o || json_add_str(o, "ID", short_id) < 0 || json_add_str(o, "FullID", c->id) < 0 || json_add_str(o, "Name", c->name) < 0 ||
	    json_add_str(o, "ImageID", short_image) < 0 || json_add_str(o, "ImageFullID", json_str(c->spec, "image.id")) < 0 ||
	    json_add_str(o, "ImageName", json_str(c->spec, "image.reference")) < 0 || json_add_str(o, "DaemonName", "ranby") < 0)
		return NULL;
	return TAKE_PTR(o);
}

/* *ret is untouched when none was asked for. */
static int make_tag(const struct container *c, char **ret, struct err *e)
{
	const char *text = json_str(c->spec, "config.log.tag");
	_cleanup_template_ struct template *t = NULL;
	_cleanup_json_ struct json_object *data = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(TAG_MAX);
	int r;

	if (!*text)
		return 0;
	r = template_parse(text, &t, e);
	data = r == 0 ? tag_data(c) : NULL;
	if (r == 0 && !data)
		r = err_errno(e, ENOMEM, "tag");
	if (r == 0)
		r = template_exec(t, data, TEMPLATE_STRICT, &b, e);
	if (r < 0)
		return err_wrap(e, r, "--log-opt tag");
	*ret = buf_take(&b);
	return *ret ? 0 : err_errno(e, ENOMEM, "tag");
}

/* Called for each label and variable that is to be with every line. */
typedef int (*extra_fn)(const char *key, const char *value, void *ctx);

static int each_extra(const struct container *c, extra_fn fn, void *ctx, struct err *e)
{
	_cleanup_(strv_done) struct strv labels = {0}, env = {0}, variables = {0};
	struct json_object *have = json_at(c->spec, "config.labels");
	int r = json_get_strv(c->spec, "config.log.labels", &labels, e);

	if (r == 0)
		r = json_get_strv(c->spec, "config.log.env", &env, e);
	if (r == 0 && env.n > 0)
		r = json_get_strv(c->spec, "config.env", &variables, e);
	for (size_t i = 0; r == 0 && i < labels.n; i++) {
		struct json_object *value = NULL;

		/* a label's key may have dots, so it is no path */
		if (have && json_object_object_get_ex(have, labels.items[i], &value))
			r = fn(labels.items[i], json_object_get_string(value), ctx);
	}
	for (size_t i = 0; r == 0 && i < env.n; i++) {
		const char *value = strv_env_get(&variables, env.items[i]);

		if (value)
			r = fn(env.items[i], value, ctx);
	}
	return r < 0 && !e->code ? err_errno(e, -r, "log") : r;
}

/* ---- json-file ---- */

static int add_attr(const char *key, const char *value, void *ctx)
{
	return json_add_str(ctx, key, value);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_quoted(struct buf *b, const char *s)
{
	size_t len = strlen(s);
	char *at = buf_reserve(b, 6 * len + 2), *end;

	if (!at)
		return -ENOMEM;
	*at = '"';
	end = log_json_text(at + 1, s, len);
	*end++ = '"';
	buf_commit(b, (size_t)(end - at));
	return 0;
}

/* As Go writes a map: sorted, and with what HTML knows escaped. */
static int attrs_text(struct json_object *attrs, struct buf *b)
{
	size_t n = (size_t)json_object_object_length(attrs), i = 0;
	_cleanup_free_ const char **keys = mem_array(n, sizeof(*keys));
	int r = keys ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	json_object_object_foreach(attrs, key, unused) {
		(void)unused;
		keys[i++] = key;
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (i = 0; r == 0 && i < n; i++) {
		struct json_object *value = NULL;

		(void)json_object_object_get_ex(attrs, keys[i], &value);
		buf_addc(b, i ? ',' : '{');
		r = add_quoted(b, keys[i]);
		buf_addc(b, ':');
		if (r == 0)
			r = add_quoted(b, json_object_get_string(value));
	}
	buf_addc(b, '}');
	return r == 0 ? -buf_bad(b) : r;
}

static int plan_attrs(const struct container *c, const char *tag, struct strv *texts, const char **ret, struct err *e)
{
	_cleanup_json_ struct json_object *attrs = json_object_new_object();
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = attrs ? each_extra(c, add_attr, attrs, e) : err_errno(e, ENOMEM, "log");

	if (r == 0 && tag && json_add_str(attrs, "tag", tag) < 0)
		r = err_errno(e, ENOMEM, "log");
	if (r < 0 || json_object_object_length(attrs) == 0)
		return r;
	r = attrs_text(attrs, &b);
	if (r == 0 && b.len > LOG_JSON_ATTRS_MAX)
		return err_set(e, E2BIG, "--log-opt labels, env, tag: %zu bytes with every line, and %d are the most", b.len, LOG_JSON_ATTRS_MAX);
	if (r == 0)
		r = strv_add(texts, buf_str(&b));
	if (r < 0)
		return err_errno(e, -r, "log");
	*ret = texts->items[texts->n - 1];
	return 0;
}

/* ---- journald ---- */

/* Fields of an entry that say what it is of: a label of an image must not say it too. */
static bool is_ours(const char *name)
{
	static const char *const begins[] = {"CONTAINER_", "RANBY_", "SYSLOG_", "IMAGE_NAME", "MESSAGE", "PRIORITY"};

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* A key as the journal takes them: capitals, digits and _, not with that at its beginning. */
static int add_field(const char *key, const char *value, void *ctx)
{
	char name[64];
	size_t n = 0;

	for (; *key && n + 1 < sizeof(name); key++) {
		unsigned char ch = (unsigned char)*key;

		if (isalnum(ch))
			name[n++] = (char)toupper(ch);
		else if (n > 0)
			name[n++] = '_';
	}
	name[n] = '\0';
	return n > 0 && !isdigit((unsigned char)name[0]) && !is_ours(name) ? strv_addf(ctx, "%s=%s", name, value) : 0;
}

static int plan_fields(const struct container *c, struct json_object *started_by, const char *tag, struct strv *fields, struct err *e)
{
	char short_id[CONTAINER_ID_SHORT + 1];
	int r;

	snprintf(short_id, sizeof(short_id), "%.*s", CONTAINER_ID_SHORT, c->id);
	if (strv_addf(fields, "CONTAINER_ID=%s", short_id) < 0 || strv_addf(fields, LOG_JOURNAL_ID "=%s", c->id) < 0 ||
	    strv_addf(fields, "CONTAINER_NAME=%s", c->name) < 0 || strv_addf(fields, "CONTAINER_TAG=%s", tag ? tag : short_id) < 0 ||
	    strv_addf(fields, "SYSLOG_IDENTIFIER=%s", tag ? tag : c->name) < 0 ||
	    strv_addf(fields, "IMAGE_NAME=%s", json_str(c->spec, "image.reference")) < 0 ||
	    strv_addf(fields, "RANBY_IMAGE_DIGEST=%s", json_str(c->spec, "image.digest")) < 0 ||
	    strv_addf(fields, "RANBY_AUID=%lld", (long long)json_int(started_by, "auid")) < 0 ||
	    strv_addf(fields, "RANBY_SES=%lld", (long long)json_int(started_by, "session")) < 0)
		return err_errno(e, ENOMEM, "log");
	r = each_extra(c, add_field, fields, e);
	return r;
}

int log_config_plan(const struct engine *eng, const struct container *c, struct json_object *started_by, struct strv *texts,
		    struct strv *fields, struct monitor_launch *m, struct err *e)
{
	const struct driver *d = driver_in(c);
	_cleanup_free_ char *tag = NULL;
	char *path;
	int r = make_tag(c, &tag, e);

	if (r < 0)
		return r;
	if (d->place == LOG_PLACE_JOURNAL) {
		r = plan_fields(c, started_by, tag, fields, e);
		m->log_journal = fields->items;
	}
	if (d->place != LOG_PLACE_FILE)
		return r;
	path = log_config_path(eng, c);
	if (!path || strv_consume(texts, path) < 0)
		return err_errno(e, ENOMEM, "log");
	m->log_file = path;
	m->log_json = d->driver == LOG_JSON_FILE;
	m->log_max_bytes = (uint64_t)json_int(c->spec, "config.log.maxSize");
	m->log_files = (uint64_t)json_int(c->spec, "config.log.maxFiles");
	return m->log_json ? plan_attrs(c, tag, texts, &m->log_attrs, e) : 0;
}
