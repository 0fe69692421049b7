/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A row is a container's state, its process, or both. Sources says of each
 * fact who vouches for it: the kernel, the system ledger ("verified"), or
 * nobody but who wrote it down ("claimed"); what is not known is "unknown".
 */
#include "cmd/all_engines.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/template.h"
#include "cmd/all_users.h"
#include "engine/container.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "view/engines.h"
#include "view/ps.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTAINERD_ROOTS "/run/containerd/runc" /* below it one for each namespace */
#define SLURM_ROOT "/tmp/ranby-slurm-%s"        /* as ranby-slurm(7) has it */
#define NAMESPACES_MAX 4096

struct view {
	const struct all_engines_ps *a;
	struct engines engines;
	struct container_list own;
	struct names *names;
	struct procfs fs;
};

static void view_done(struct view *v)
{
	engines_done(&v->engines);
	container_list_done(&v->own);
	names_freep(&v->names);
	procfs_close(&v->fs);
}

struct shown {
	const struct view *v;
	const struct engine_state *t;   /* NULL: none tells of it */
	const struct census_row *row;   /* its process; `none` when it has ended */
	const struct container *own;    /* ranby's, or NULL */
};
static char empty[1];
static const struct census_row none = {
	.owner = PROC_ID_UNSET, .uid = PROC_ID_UNSET, .auid = PROC_ID_UNSET, .ses = PROC_ID_UNSET, .outer = CENSUS_NONE, .command = empty, .uid_map = empty};

/* ---- where states are ---- */

/* One of the usual places: what is not there, or not for the caller, is none of his. */
static int add_usual(struct view *v, const char *path, const char *engine, struct err *e)
{
	struct err why = {0};
	int r = engines_add(&v->engines, path, engine, &why);

	if (r == -EPERM)
		fprintf(stderr, "Note: not read: %s\n", why.text);
	if (r == -EPERM || r == -ENOENT || r == -EACCES)
		return 0;
	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

static int add_containerd(struct view *v, struct err *e)
{
	_cleanup_close_ int fd = open(CONTAINERD_ROOTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char **names = NULL, path[PATH_MAX];
	size_t n = 0;
	int r = fd < 0 ? 0 : dir_sorted(fd, NAMESPACES_MAX, &names, &n);

	if (r < 0)
		return err_errno(e, -r, CONTAINERD_ROOTS);
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), CONTAINERD_ROOTS "/%s", names[i]);
		if (r == 0)
			r = add_usual(v, path, "containerd", e);
		free(names[i]);
	}
	free(names);
	return r;
}

static int add_states(struct view *v, const struct engine *eng, struct err *e)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR"), *user = names_host(v->names, NAMES_USER, geteuid());
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s/" ENGINE_RUNTIME, eng->run_path);
	r = add_usual(v, path, NULL, e);
	snprintf(path, sizeof(path), "%s/" RUNTIME_ROOT_IN_XDG, xdg && *xdg == '/' ? xdg : "/nonexistent");
	if (r == 0)
		r = add_usual(v, path, NULL, e);
	if (r == 0)
		r = add_usual(v, RUNTIME_ROOT_OF_ROOT, NULL, e);
	snprintf(path, sizeof(path), RUNTIME_ROOT_IN_TMP, geteuid());
	if (r == 0)
		r = add_usual(v, path, NULL, e);
	snprintf(path, sizeof(path), SLURM_ROOT, user ? user : "");
	if (r == 0 && user && !strchr(user, '/'))
		r = add_usual(v, path, "slurm", e);
	if (r == 0)
		r = add_containerd(v, e);
	for (size_t i = 0; r == 0 && i < v->a->roots->n; i++)
		r = engines_add(&v->engines, v->a->roots->items[i], NULL, e);
	return r;
}

/* ---- a row ---- */

static const char *engine_of(const struct shown *s)
{
	return s->own ? "ranby" : s->t ? s->t->engine : "unknown";
}

static const char *id_of(const struct shown *s)
{
	return s->own ? s->own->id : s->t ? s->t->s.id : s->row->ctr;
}

static const char *trust_of(const struct shown *s)
{
	return s->row->pid ? census_source_word(s->row->source) : "claimed";
}

static const char *status_of(const struct shown *s, char out[static 128])
{
	struct timespec now = clock_now();

	if (s->t)
		return runtime_status_name(s->t->status);
	if (!s->own)
		return "running"; /* more is not known of it */
	ps_status(s->own, &now, out, 128);
	return out;
}

static char *name_of(const struct shown *s)
{
	if (s->row->name || (!s->own && !s->t))
		return census_name(&s->v->engines.census, s->row);
	return strdup(s->own ? s->own->name : s->t->s.id);
}

static const char *image_of(const struct shown *s)
{
	static const char *const keys[] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"};
	struct json_object *v = NULL;

	if (s->row->image)
		return s->row->image;
	if (s->own)
		return json_str(s->own->spec, "image.name");
	for (size_t i = 0; s->t && s->t->annotations && i < ARRAY_SIZE(keys); i++)
		if (json_object_object_get_ex(s->t->annotations, keys[i], &v) && json_object_is_type(v, json_type_string))
			return json_object_get_string(v);
	return NULL;
}

#define ADD(call) r = r < 0 ? r : (call)

/* One fact that may be had: its value, or "unknown", and who vouches for it. */
static int add_fact(struct json_object *o, struct json_object *sources, const char *key, const char *value, const char *source)
{
	bool known = value && *value;
	int r = json_add_str(o, key, known ? value : "unknown");

	return r == 0 ? json_add_str(sources, key, known ? source : "unknown") : r;
}

static int add_confinement(const struct shown *s, struct json_object *o, struct json_object *sources)
{
	_cleanup_(proc_status_done) struct proc_status st = {0};
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	char label[PROC_LABEL_MAX];
	bool there = s->row->pid && proc_open_identity(&s->v->fs, s->row->pid, s->row->start_ticks, &p) == 0;
	const char *mode = there && proc_read_status(&p, &st) == 0 ? proc_seccomp_word(&st) : NULL;
	bool labelled = there && proc_read_label(&p, "current", label) == 0;
	int r = add_fact(o, sources, "Seccomp", mode, "kernel");

	return r == 0 ? add_fact(o, sources, "Label", labelled ? label : NULL, "kernel") : r;
}

/* The login: the kernel's word of the process; of one that has ended what its state says, if that. */
static int add_login(const struct shown *s, bool json, struct json_object *o, struct json_object *sources)
{
	bool lives = s->row->pid != 0, claimed = !lives && s->t && json_at(s->t->attribution, "auid");
	const char *who = lives ? "kernel" : claimed ? "claimed" : "unknown";
	char cell[NAMES_CELL_SIZE], number[24];
	int64_t session;
	int r = json_add_str(sources, "LoginUID", who);

	if (r == 0)
		r = json_add_str(sources, "Session", who);
	if (r < 0 || lives)
		return r;
	if (!claimed)
		return json ? 0 : json_add_str(o, "LoginUser", "unknown") < 0 ? -ENOMEM : json_add_str(o, "Session", "unknown");
	session = json_int(s->t->attribution, "session");
	snprintf(number, sizeof(number), "%lld", (long long)session);
	r = json_add_int(o, "LoginUID", json_int(s->t->attribution, "auid"));
	if (r == 0)
		r = json_add_str(o, "LoginUser", all_users_user(s->v->names, (uint32_t)json_int(s->t->attribution, "auid"), cell));
	if (r == 0)
		r = json ? json_add_int(o, "Session", session) : json_add_str(o, "Session", number);
	return r;
}

static int add_process_sources(const struct shown *s, struct json_object *sources)
{
	static const char *const keys[] = {"Pid", "UID", "UIDMap", "StartedAt"};
	bool lives = s->row->pid != 0;
	int r = json_add_str(sources, "OwnerUID", s->row->owner != PROC_ID_UNSET ? "kernel" : "unknown");

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = json_add_str(sources, keys[i], lives ? "kernel" : "unknown");
	return r == 0 ? json_add_str(sources, "Status", lives || s->t ? "kernel" : "claimed") : r;
}

/* What the ledger says of it is worth. */
static const char *by_ledger(const struct shown *s)
{
	return s->row->source == CENSUS_CLAIMED ? "claimed" : "verified";
}

static int add_receipt(const struct shown *s, struct json_object *o, struct json_object *sources)
{
	struct json_object *record = s->t ? json_at(s->t->attribution, "record") : NULL;

	if (s->row->source != CENSUS_PROC)
		return add_fact(o, sources, "Receipt", s->row->receipt, by_ledger(s));
	return add_fact(o, sources, "Receipt", record ? json_str(record, "receipt") : NULL, "claimed");
}

static int add_claims(const struct shown *s, bool json, struct json_object *o, struct json_object *sources)
{
	bool told = s->t || s->own, whole = json || s->v->a->no_trunc;
	const char *image = image_of(s), *bundle = s->t ? s->t->s.bundle : NULL;
	int r = add_fact(o, sources, "Engine", engine_of(s), told ? "claimed" : "unknown");

	ADD(add_fact(o, sources, "ID", id_of(s), told ? "claimed" : by_ledger(s)));
	ADD(add_fact(o, sources, "Image", image, s->row->image ? by_ledger(s) : "claimed"));
	ADD(add_fact(o, sources, "Bundle", bundle, "claimed"));
	ADD(add_fact(o, sources, "StateRoot", s->t ? s->t->root : NULL, "kernel"));
	ADD(add_receipt(s, o, sources));
	ADD(all_users_id(o, json_str(o, "ID"), whole));
	ADD(all_users_cut(o, "Origin", json_str(o, image && *image ? "Image" : "Bundle"), whole ? 0 : 40));
	if (s->t && s->t->attribution && json)
		ADD(json_add(o, "Claimed", json_object_get(s->t->attribution)));
	return r;
}

static int add_row(const struct shown *s, bool json, struct json_object *o)
{
	static const char *const of_process[] = {"Pid",       "UID",        "User", "Owner",   "UIDMap", "StartTicks", "StartedAt",
						 "CreatedAt", "RunningFor", "Age",  "Command", "Comm",   "ParentComm"};
	struct json_object *sources = json_object_new_object();
	_cleanup_free_ char *name = name_of(s);
	const struct census *c = &s->v->engines.census;
	char status[128];
	int r = !name ? -ENOMEM : json ? all_users_json(c, s->row, s->v->names, o) : all_users_texts(c, s->row, s->v->names, s->v->a->no_trunc, o);

	if (json_add(o, "Sources", sources) < 0)
		return -ENOMEM;
	if (s->row->pid == 0)
		for (size_t i = 0; i < ARRAY_SIZE(of_process); i++)
			ADD(!json_object_object_get_ex(o, of_process[i], NULL) ? 0 : json ? json_object_object_add(o, of_process[i], NULL) : json_add_str(o, of_process[i], "unknown"));
	ADD(json_add_str(o, "Engine", engine_of(s)));
	ADD(json_add_str(o, "Trust", trust_of(s)));
	ADD(json_add_str(o, "Status", status_of(s, status)));
	ADD(all_users_cut(o, "Name", name, 0));
	ADD(all_users_cut(o, "Names", name, json || s->v->a->no_trunc ? 0 : 32));
	ADD(add_claims(s, json, o, sources));
	ADD(add_login(s, json, o, sources));
	ADD(add_process_sources(s, sources));
	ADD(add_confinement(s, o, sources));
	return r;
}
#undef ADD

/* ---- filters ---- */

static bool matches(const void *row, const char *key, const char *value)
{
	const struct shown *s = row;
	_cleanup_free_ char *name = NULL;
	char status[128];

	if (strcmp(key, "engine") == 0)
		return strcmp(engine_of(s), value) == 0;
	if (strcmp(key, "id") == 0)
		return id_of(s) && strncmp(id_of(s), value, strlen(value)) == 0;
	if (strcmp(key, "status") == 0)
		return strcmp(status_of(s, status), value) == 0;
	if (strcmp(key, "trust") == 0)
		return strcmp(trust_of(s), value) == 0;
	if (strcmp(key, "name") == 0) {
		name = name_of(s);
		return name && strstr(name, value);
	}
	return s->row->pid && all_users_matches(&s->v->engines.census, s->row, s->v->names, key, value);
}

static const struct filter_rows filters = {
	.keys = (const char *const[]){"auid", "engine", "id", "name", "pid", "session", "status", "trust", NULL},
	.matches = matches,
	.there_are = "--all-engines there are auid=, engine=, id=, name=, pid=, session=, status= and trust=",
};

/* ---- all of them ---- */

/* By its process; of one that has ended by its ID. */
static const struct container *own_of(const struct view *v, const struct engine_state *t)
{
	for (size_t i = 0; i < v->own.n; i++) {
		const struct container *c = v->own.items[i];

		if (t->row == CENSUS_NONE ? strcmp(c->id, t->s.id) == 0 : c->pid == t->s.pid && c->start_ticks == t->s.start_ticks)
			return c;
	}
	return NULL;
}

static int show(const struct shown *s, bool json, struct json_object *rows)
{
	struct json_object *o;

	if (!filter_rows_match(&filters, s->v->a->filter, s))
		return 0;
	o = json_object_new_object();
	return json_append(rows, o) < 0 ? -ENOMEM : add_row(s, json, o);
}

static int make_rows(const struct view *v, bool json, struct json_object *rows)
{
	const struct engines *g = &v->engines;
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->own.n; i++)
		if (v->a->all && !container_runs(v->own.items[i]))
			r = show(&(struct shown){v, NULL, &none, v->own.items[i]}, json, rows);
	for (size_t i = 0; r == 0 && i < g->n; i++) {
		const struct engine_state *t = &g->items[i];
		const struct census_row *row = t->row == CENSUS_NONE ? &none : &g->census.rows[t->row];

		const struct container *own = own_of(v, t);

		/* ranby's own that have ended are there already */
		if (t->row != CENSUS_NONE || (v->a->all && !own))
			r = show(&(struct shown){v, t, row, own}, json, rows);
	}
	for (size_t i = 0; r == 0 && i < g->census.n; i++)
		if (engines_is_unknown(g, i))
			r = show(&(struct shown){v, NULL, &g->census.rows[i], NULL}, json, rows);
	return r;
}

static int take(struct view *v, struct engine *eng, struct err *e)
{
	int r = procfs_open(&v->fs);

	if (r < 0)
		return err_errno(e, -r, "/proc");
	r = census_on_host(&v->fs, "--all-engines", e);
	if (r == 0)
		r = container_list(eng, &v->own, e);
	if (r == 0)
		r = add_states(v, eng, e);
	if (r == 0)
		r = engines_join(&v->engines, &v->fs, e);
	if (r < 0)
		return r;
	/* where the caller may not read it, rows are as /proc shows them */
	if (census_join(&v->engines.census, CENSUS_LEDGER_DIR, eng->boot_id, 0) == -EPERM)
		fputs("Note: " CENSUS_LEDGER_DIR " can be written by others than root: it is not believed\n", stderr);
	if (v->engines.census.hidden)
		fputs("Note: /proc hides processes from you (hidepid): what is theirs is missing here\n", stderr);
	if (v->engines.refused)
		fprintf(stderr, "Note: %zu states were not read: neither yours nor root's, or not whole\n", v->engines.refused);
	return 0;
}

#define TABLE                                                                                                                      \
	"table {{.Engine}}\t{{.ID}}\t{{.Owner}}\t{{.LoginUser}}\t{{.Session}}\t{{.Pid}}\t{{.Status}}\t{{.Trust}}\t{{.Names}}\t{{.Origin}}"
static const struct template_heading headings[] = {
	{"LoginUser", "LOGIN"}, {"Session", "SES"}, {"Pid", "HPID"}, {"Origin", "IMAGE/BUNDLE"}, {"UIDMap", "UID MAP"}, {"LoginUID", "LOGINUID"},
	{"StateRoot", "STATE ROOT"}, {NULL, NULL},
};

int all_engines_ps(struct engine *eng, const struct all_engines_ps *a, struct buf *out, struct err *e)
{
	const char *format = a->format && strcmp(a->format, "table") != 0 ? a->format : a->quiet ? "{{.ID}}" : TABLE;
	_cleanup_(view_done) struct view v = {.a = a, .names = names_new(), .fs = PROCFS_INIT};
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_template_ struct template *t = NULL;
	bool json = strcmp(format, "json") == 0;
	int r = filter_rows_check(&filters, a->filter, e);

	if (r == 0 && (!rows || !v.names))
		return err_errno(e, ENOMEM, "ps");
	if (r == 0 && !json)
		r = template_parse(format, &t, e);
	if (r == 0)
		r = take(&v, eng, e);
	if (r < 0)
		return r;
	if (make_rows(&v, json, rows) < 0)
		return err_errno(e, ENOMEM, "ps");
	if (!json)
		return template_print(t, rows, headings, TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), out, e);
	buf_addf(out, "%s\n", json_pretty(rows));
	return 0;
}
