/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An administrator has a number from `ls -l` or a PID from a log, and wants
 * a person. The way leads through four books: the host's users, the
 * subordinate ranges, the maps of containers, and the kernel's own record of
 * logins; they do not weigh the same, so each fact carries the book that it
 * is from, and the first line is made of the strongest ones only.
 *
 * Containers are the caller's own (those of this store). Those that run are
 * asked of the kernel; those that do not, of their records, where a map is
 * only as good as the owner of the file.
 */
#include "view/whois.h"

#include "base/escape.h"
#include "base/table.h"
#include "engine/inforce.h"
#include "view/map.h"
#include "view/top.h"
#include "sys/fd.h"
#include "sys/idmap.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FACTS_MAX 4096
#define ANCESTORS_MAX 32

const char *whois_source_word(enum whois_source s)
{
	static const char *const words[] = {
		[WHOIS_KERNEL] = "kernel",
		[WHOIS_NSS] = "host users",
		[WHOIS_SUBID] = "subordinate ranges",
		[WHOIS_RECORD] = "recorded",
		[WHOIS_IMAGE] = "container's files",
		[WHOIS_COMPUTED] = "computed",
	};

	return words[s];
}

void whois_done(struct whois *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->facts[i].key);
		free(w->facts[i].value);
		json_object_put(w->facts[i].json);
	}
	free(w->facts);
	free(w->subject);
	free(w->answer);
	memset(w, 0, sizeof(*w));
}

/* ---- facts ---- */

/* Takes `json` over, on failure too; NULL: the value as a string. */
static int fact_add(struct whois *w, enum whois_source source, const char *key, const char *value, struct json_object *json)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct whois_fact *grown = w->n < FACTS_MAX ? mem_regrow(w->facts, w->n + 1, sizeof(*grown)) : NULL;
	struct whois_fact f = {.source = source};

	escape_text(value, strlen(value), 0, &b);
	f.json = json ? json : json_object_new_string(buf_str(&b));
	f.key = strdup(key);
	f.value = strdup(buf_str(&b));
	if (grown)
		w->facts = grown;
	if (!grown || !f.key || !f.value || !f.json || buf_bad(&b)) {
		free(f.key);
		free(f.value);
		json_object_put(f.json);
		return -ENOMEM;
	}
	w->facts[w->n++] = f;
	return 0;
}

static int fact_number(struct whois *w, enum whois_source source, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	return fact_add(w, source, key, text, json_object_new_uint64(v));
}

/* What the kernel shows as an ID in another user namespace than the host's is one of that namespace. */
static int fact_translated(struct whois *w, const char *key)
{
	return fact_add(w, WHOIS_KERNEL, key, "translated: not known in this user namespace", json_object_new_string("translated"));
}

/* One line, escaped, in place of what was there. */
static int _printf_(2, 3) set_line(char **slot, const char *fmt, ...)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text)
		return -ENOMEM;
	escape_text(text, strlen(text), 0, &b);
	free(*slot);
	*slot = buf_take(&b);
	return *slot ? 0 : -ENOMEM;
}

/* ---- an ID ---- */

static const char *kind_word(enum names_kind kind)
{
	return kind == NAMES_USER ? "user" : "group";
}

/* The container's own name of it, while it runs. */
static const char *inner_name(const struct whois_context *ctx, const struct container *c, enum names_kind kind, uint32_t inside,
			      struct names_inside *files)
{
	_cleanup_(proc_close) struct proc init = PROC_INIT;

	if (c->pid <= 0 || proc_open_identity(ctx->fs, c->pid, c->start_ticks, &init) < 0)
		return NULL;
	names_inside_load(&init, inforce_fuse_device(c->state), files);
	return names_inside(files, kind, inside);
}

static int add_container_id(const struct whois_context *ctx, const struct container *c, enum names_kind kind, uint32_t inside,
			    enum map_source source, struct whois *w)
{
	_cleanup_(names_inside_done) struct names_inside files = NAMES_INSIDE_INIT;
	const char *name = inner_name(ctx, c, kind, inside, &files);
	struct json_object *o = json_object_new_object();
	char text[NAME_MAX + NAMES_NAME_MAX + 96];

	snprintf(text, sizeof(text), "%s %u%s%s%s in %s (%.12s, %s)", kind_word(kind), inside, name ? " \"" : "", name ? name : "",
		 name ? "\"" : "", c->name, c->id, container_status_word(c->status));
	if (!o || json_add_str(o, "id", c->id) < 0 || json_add_str(o, "name", c->name) < 0 ||
	    json_add_str(o, "status", container_status_word(c->status)) < 0 || json_add_u64(o, "inside", inside) < 0 ||
	    (name && json_add_str(o, "insideName", name) < 0)) {
		json_object_put(o);
		return -ENOMEM;
	}
	return fact_add(w, source == MAP_KERNEL ? WHOIS_KERNEL : WHOIS_RECORD, "container", text, o);
}

static int add_containers_of_id(const struct whois_context *ctx, enum names_kind kind, uint32_t id, struct whois *w)
{
	_cleanup_free_ struct id_map *map = calloc(1, sizeof(*map));
	int r = map ? 0 : -ENOMEM;

	for (size_t i = 0; ctx->containers && i < ctx->containers->n && r == 0; i++) {
		const struct container *c = ctx->containers->items[i];
		enum map_source source;
		uint32_t inside;

		*map = (struct id_map){0};
		if (map_read(c, map, &source, NULL) < 0 ||
		    id_list_to_inside(kind == NAMES_USER ? &map->uid : &map->gid, id, &inside) < 0)
			continue;
		r = add_container_id(ctx, c, kind, inside, source, w);
	}
	return r;
}

/* Facts of an ID: used for the ID itself, and for owners of processes and files. *ret_range: owner "" when it is nobody's. */
static int add_id(const struct whois_context *ctx, enum names_kind kind, uint32_t id, struct whois *w, struct names_range *ret_range)
{
	const char *name = names_host(ctx->names, kind, id);
	char text[NAMES_NAME_MAX + 64];
	int r = 0;

	ret_range->owner[0] = '\0';
	if (name)
		r = fact_add(w, WHOIS_NSS, kind == NAMES_USER ? "host user" : "host group", name, NULL);
	if (r == 0 && names_range_of(ctx->names, kind, id, ret_range) == 0) {
		snprintf(text, sizeof(text), "%s, %u to %u", ret_range->owner, ret_range->start,
			 ret_range->start + ret_range->count - 1);
		r = fact_add(w, WHOIS_SUBID, "subordinate range of", text, NULL);
		if (r == 0)
			r = fact_number(w, WHOIS_SUBID, "offset", ret_range->offset);
		if (r == 0)
			r = fact_number(w, WHOIS_COMPUTED, "keeper ID", (uint64_t)ret_range->offset + 1);
	}
	return r;
}

int whois_id(const struct whois_context *ctx, enum names_kind kind, uint32_t id, struct whois *ret, struct err *e)
{
	_cleanup_(whois_done) struct whois w = {0};
	const char *name = names_host(ctx->names, kind, id);
	struct names_range range;
	int r;

	/* the one who asks took it from what he sees there, and it is not the host's */
	if (!ctx->fs->on_host)
		return err_set(e, EACCES, "whois: whose %s ID %u is can be told on the host only, not in a user namespace", kind_word(kind), id);
	r = set_line(&w.subject, "%s ID %u", kind_word(kind), id);
	if (r == 0)
		r = add_id(ctx, kind, id, &w, &range);
	if (r == 0)
		r = add_containers_of_id(ctx, kind, id, &w);
	if (r == 0 && name && range.owner[0])
		r = set_line(&w.answer, "the %s %s of the host, and a subordinate ID of %s: these overlap", kind_word(kind), name, range.owner);
	else if (r == 0 && name)
		r = set_line(&w.answer, "the %s %s of the host", kind_word(kind), name);
	else if (r == 0 && range.owner[0])
		r = set_line(&w.answer, "a subordinate %s ID of %s", kind_word(kind), range.owner);
	else if (r == 0)
		r = set_line(&w.answer, "nobody's: no %s of the host, in no subordinate range", kind_word(kind));
	if (r < 0)
		return err_errno(e, -r, "whois");
	*ret = w;
	w = (struct whois){0};
	return 0;
}

/* The owner of a process or a file, as the kernel shows it. */
static int add_owner(const struct whois_context *ctx, enum names_kind kind, uint32_t id, struct whois *w)
{
	const char *key = kind == NAMES_USER ? "host user ID" : "host group ID";
	struct names_range range;
	int r;

	if (!ctx->fs->on_host)
		return fact_translated(w, key);
	r = fact_number(w, WHOIS_KERNEL, key, id);
	return r == 0 ? add_id(ctx, kind, id, w, &range) : r;
}

/* "2001(alice)", or that it cannot be told. */
static const char *owner_cell(const struct whois_context *ctx, enum names_kind kind, uint32_t id, char out[static NAMES_CELL_SIZE])
{
	return ctx->fs->on_host ? names_host_cell(ctx->names, kind, id, out) : "not known in this user namespace";
}

/* ---- a process ---- */

/* "4711 17 1": from the host inwards. */
static int add_pids(const struct proc_status *st, struct whois *w)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < st->nspid.n; i++) {
		buf_addf(&b, "%s%u", i ? " > " : "", st->nspid.v[i]);
		if (json_append(array, json_object_new_uint64(st->nspid.v[i])) < 0)
			return -ENOMEM;
	}
	return fact_add(w, WHOIS_KERNEL, "PIDs, from here inwards", buf_str(&b), array);
}

static int add_login_user(const struct whois_context *ctx, const struct proc *p, struct whois *w)
{
	const char *name;
	uint32_t auid;
	int r;

	if (!ctx->fs->on_host)
		return fact_translated(w, "login user ID");
	if (proc_read_id(p, "loginuid", &auid) < 0)
		return 0;
	if (auid == PROC_ID_UNSET)
		return fact_add(w, WHOIS_KERNEL, "login user ID", "unset: no login stands behind it", json_object_new_int64(-1));
	name = names_host(ctx->names, NAMES_USER, auid);
	r = fact_number(w, WHOIS_KERNEL, "login user ID", auid);
	return r == 0 && name ? fact_add(w, WHOIS_NSS, "login user", name, NULL) : r;
}

static int add_login(const struct whois_context *ctx, const struct proc *p, struct whois *w)
{
	int r = add_login_user(ctx, p, w);
	uint32_t ses;

	if (r == 0 && proc_read_id(p, "sessionid", &ses) == 0 && ses != PROC_ID_UNSET)
		r = fact_number(w, WHOIS_KERNEL, "login session", ses);
	return r;
}

/* "sshd 900 > bash 1002 > ranby-monitor 1100": its ancestors, oldest first. */
static int add_ancestors(const struct whois_context *ctx, pid_t pid, struct whois *w)
{
	char chain[ANCESTORS_MAX][PROC_COMM_MAX * 4 + 16];
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int n = 0;

	while (n < ANCESTORS_MAX && pid > 0) {
		_cleanup_(proc_close) struct proc p = PROC_INIT;
		char comm[PROC_COMM_MAX * 4];
		struct proc_stat st;

		if (proc_open(ctx->fs, pid, &p) < 0 || proc_read_stat(&p, &st) < 0)
			break;
		if (n > 0 || st.ppid == 0)
			snprintf(chain[n], sizeof(chain[n]), "%s(%d)", escape_into(comm, sizeof(comm), st.comm), (int)pid);
		else
			chain[n][0] = '\0';
		n++;
		pid = st.ppid;
	}
	for (int i = n - 1; i > 0; i--)
		buf_addf(&b, "%s%s", b.len ? " > " : "", chain[i]);
	return b.len ? fact_add(w, WHOIS_KERNEL, "ancestors", buf_str(&b), NULL) : 0;
}

/* The container that top would list it under; NULL: none of ours. */
static const struct container *container_of(const struct whois_context *ctx, pid_t pid, uint64_t start_ticks, struct top_table *t,
					    struct top_columns *cols, size_t *ret_row)
{
	const struct container_list *l = ctx->containers;
	_cleanup_free_ struct top_target *targets = mem_array(l ? l->n : 0, sizeof(*targets));
	_cleanup_free_ size_t *which = mem_array(l ? l->n : 0, sizeof(*which));
	struct top_request q = {.fs = ctx->fs, .names = ctx->names, .columns = cols, .targets = targets};

	for (size_t i = 0; l && targets && which && i < l->n; i++) {
		if (l->items[i]->pid <= 0)
			continue;
		which[q.n_targets] = i;
		targets[q.n_targets++] = top_target_of(l->items[i]);
	}
	if (q.n_targets == 0 || top_collect(&q, t, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < t->n; i++) {
		if (t->rows[i].hpid != pid || t->rows[i].start_ticks != start_ticks)
			continue;
		*ret_row = i;
		return l->items[which[t->rows[i].target]];
	}
	return NULL;
}

/* user, group in the container, and who started it. */
static int add_membership(const struct container *c, const struct top_row *row, struct whois *w)
{
	char text[NAME_MAX + 32];
	const char *who = json_str(c->state, "startedBy.loginUser");
	int r;

	snprintf(text, sizeof(text), "%s (%.12s)", c->name, c->id);
	r = fact_add(w, WHOIS_KERNEL, "container", text, NULL);
	if (r == 0)
		r = fact_add(w, WHOIS_IMAGE, "user in it", row->cells[0].text, json_object_get(row->cells[0].value));
	if (r == 0)
		r = fact_add(w, WHOIS_IMAGE, "group in it", row->cells[1].text, json_object_get(row->cells[1].value));
	if (r == 0 && *who)
		r = fact_add(w, WHOIS_RECORD, "container started by", who, NULL);
	return r;
}

static int add_command(const struct proc *p, struct whois *w)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	bool cut;

	if (proc_read_cmdline(p, 1024, &b, &cut) < 0 || b.len == 0)
		return 0;
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] == '\0')
			b.data[i] = i + 1 < b.len ? ' ' : '\0';
	return fact_add(w, WHOIS_KERNEL, "arguments, which it may change", b.data, NULL);
}

static int add_process(const struct whois_context *ctx, const struct proc *p, const struct proc_status *st, struct whois *w)
{
	int r;

	r = add_pids(st, w);
	if (r == 0)
		r = add_login(ctx, p, w);
	if (r == 0)
		r = add_owner(ctx, NAMES_USER, st->uid[PROC_EFFECTIVE], w);
	if (r == 0 && ctx->fs->on_host)
		r = fact_number(w, WHOIS_KERNEL, "host group ID", st->gid[PROC_EFFECTIVE]);
	if (r == 0)
		r = add_command(p, w);
	if (r == 0)
		r = add_ancestors(ctx, p->pid, w);
	return r;
}

static int answer_process(const struct whois_context *ctx, const struct proc_stat *stat, const struct proc_status *st,
			  const struct container *c, struct whois *w)
{
	char id[NAMES_CELL_SIZE];
	const char *owner = owner_cell(ctx, NAMES_USER, st->uid[PROC_EFFECTIVE], id);

	if (c)
		return set_line(&w->answer, "%s in container %s, on the host user %s", stat->comm, c->name, owner);
	return set_line(&w->answer, "%s of host user %s, in none of your containers", stat->comm, owner);
}

int whois_pid(const struct whois_context *ctx, pid_t pid, struct whois *ret, struct err *e)
{
	char user[] = "user", group[] = "group";
	char *words[] = {user, group};
	_cleanup_(top_table_done) struct top_table t = {0};
	_cleanup_(whois_done) struct whois w = {0};
	_cleanup_(proc_status_done) struct proc_status st = {0};
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	struct top_columns cols = {0};
	const struct container *c;
	struct proc_stat stat;
	size_t row = 0;
	int r;

	r = proc_open(ctx->fs, pid, &p);
	if (r == 0)
		r = proc_read_stat(&p, &stat);
	if (r == 0)
		r = proc_read_status(&p, &st);
	if (r < 0)
		return err_errno(e, -r, "process %d", (int)pid);
	r = top_columns_parse(words, ARRAY_SIZE(words), &cols, e);
	if (r < 0)
		return r;
	r = set_line(&w.subject, "process %d", (int)pid);
	c = container_of(ctx, pid, p.start_ticks, &t, &cols, &row);
	if (r == 0 && c)
		r = add_membership(c, &t.rows[row], &w);
	if (r == 0)
		r = add_process(ctx, &p, &st, &w);
	if (r == 0)
		r = answer_process(ctx, &stat, &st, c, &w);
	if (r == 0 && !proc_is_there(&p))
		r = -ESRCH;
	if (r < 0)
		return err_errno(e, -r, "process %d", (int)pid);
	*ret = w;
	w = (struct whois){0};
	return 0;
}

/* ---- a file ---- */

/* True when `path` is `top` or below it; *ret_rest is what comes after the slash. */
static bool is_below(const char *path, const char *top, const char **ret_rest)
{
	size_t n = strlen(top);

	if (strncmp(path, top, n) != 0 || (path[n] != '\0' && path[n] != '/'))
		return false;
	*ret_rest = path + n + strspn(path + n, "/");
	return true;
}

/* "layers/HEX/...", "volumes/NAME/...", "containers/ID/..." in the store. */
static int add_store_place(const char *rest, struct whois *w)
{
	static const struct {
		const char *dir, *key;
	} places[] = {{"layers", "in layer"}, {"volumes", "in volume"}, {"blobs", "in blob store"}, {"images", "in image references"}};
	size_t len = strcspn(rest, "/");
	const char *name = rest + len + strspn(rest + len, "/");
	char text[NAME_MAX + 1];

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(name, "/"), name);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strlen(places[i].dir) == len && memcmp(places[i].dir, rest, len) == 0)
			return fact_add(w, WHOIS_RECORD, places[i].key, text, NULL);
	return 0;
}

static int add_place(const struct whois_context *ctx, const char *path, struct whois *w)
{
	const char *rest, *id;
	int r = 0;

	if (!is_below(path, ctx->eng->data_path, &rest))
		return 0;
	if (strncmp(rest, ENGINE_CONTAINERS "/", sizeof(ENGINE_CONTAINERS)) != 0)
		return add_store_place(rest, w);
	id = rest + sizeof(ENGINE_CONTAINERS);
	for (size_t i = 0; ctx->containers && i < ctx->containers->n && r == 0; i++)
		if (strncmp(id, ctx->containers->items[i]->id, CONTAINER_ID_LEN) == 0)
			r = fact_add(w, WHOIS_RECORD, "file of container", ctx->containers->items[i]->name, NULL);
	return r;
}

int whois_file(const struct whois_context *ctx, int fd, const char *path, struct whois *ret, struct err *e)
{
	_cleanup_(whois_done) struct whois w = {0};
	char self[32], real[PATH_MAX], uid[NAMES_CELL_SIZE], gid[NAMES_CELL_SIZE];
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", path);
	snprintf(self, sizeof(self), "self/fd/%d", fd);
	n = readlinkat(ctx->fs->fd, self, real, sizeof(real) - 1);
	if (n < 0)
		return err_errno(e, errno, "%s", path);
	real[n] = '\0';
	r = set_line(&w.subject, "%s", real);
	if (r == 0)
		r = add_owner(ctx, NAMES_USER, st.st_uid, &w);
	if (r == 0 && ctx->fs->on_host)
		r = add_containers_of_id(ctx, NAMES_USER, st.st_uid, &w);
	if (r == 0)
		r = add_owner(ctx, NAMES_GROUP, st.st_gid, &w);
	if (r == 0 && ctx->fs->on_host)
		r = add_containers_of_id(ctx, NAMES_GROUP, st.st_gid, &w);
	if (r == 0)
		r = add_place(ctx, real, &w);
	if (r == 0)
		r = set_line(&w.answer, "owned by user %s and group %s", owner_cell(ctx, NAMES_USER, st.st_uid, uid),
			       owner_cell(ctx, NAMES_GROUP, st.st_gid, gid));
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	*ret = w;
	w = (struct whois){0};
	return 0;
}

/* ---- out ---- */

void whois_text(const struct whois *w, struct buf *out)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT;

	buf_addf(out, "%s: %s\n", w->subject, w->answer);
	for (size_t i = 0; i < w->n; i++) {
		table_cellf(&rows, "  %s", w->facts[i].key);
		table_cellf(&rows, "[%s]", whois_source_word(w->facts[i].source));
		table_cell(&rows, w->facts[i].value);
		table_end_row(&rows);
	}
	table_format(&rows, TABLE_TIGHT, out);
}

static struct json_object *fact_json(const struct whois_fact *f)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!o || json_add_str(o, "fact", f->key) < 0 || json_add(o, "value", json_object_get(f->json)) < 0 ||
	    json_add_str(o, "source", whois_source_word(f->source)) < 0)
		return NULL;
	return TAKE_PTR(o);
}

struct json_object *whois_json(const struct whois *w)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *facts = json_object_new_array();
	int r = o && facts ? 0 : -ENOMEM;

	for (size_t i = 0; i < w->n && r == 0; i++) {
		struct json_object *f = fact_json(&w->facts[i]);

		r = f ? json_append(facts, f) : -ENOMEM;
	}
	if (r == 0)
		r = json_add_str(o, "subject", w->subject);
	if (r == 0)
		r = json_add_str(o, "answer", w->answer);
	if (r < 0) {
		json_object_put(facts);
		return NULL;
	}
	return json_add(o, "facts", facts) < 0 ? NULL : TAKE_PTR(o);
}
