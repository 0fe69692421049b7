/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The columns of top: one row of the table each, one function each.
 *
 * Where podman has a column, its descriptor, AIX code and header are kept to
 * the letter, and so is the form of its values, with these exceptions, which
 * the man page names too:
 *
 *	huser hgroup hgroups  "2001(alice)", as id(1) writes it: the number
 *	           always, the host's name for it where there is one. podman
 *	           prints one or the other, and takes the name from the
 *	           container's files. What parses the leading number works on both.
 *	pcpu time  podman cuts the CPU time to whole seconds first; here it
 *	           counts in clock ticks. etime ends at clock ticks as well: the
 *	           start is not known any better.
 *	capabilities  "full" is what this kernel knows, "unknown" never comes in threes.
 *	groups hgroups  "-" when there are none: an empty cell moves the columns
 *	           after it for whoever splits at blanks.
 *	user group    an ID that the container's map does not hold is "?", not
 *	           the name that the image gives to the overflow ID.
 *
 * A cell has two forms: a text, escaped, for people and templates, and a
 * typed value for JSON ("uid": 33, "huser": {"id": 2001, "name": "alice"}).
 * What cannot be known is "?" and null, never an empty or invented value.
 */
#include "view/top_cells.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

/* ---- cells ---- */

static int cell_set(struct top_cell *c, char *text, struct json_object *value)
{
	c->text = text;
	c->value = value;
	return text ? 0 : -ENOMEM;
}

static int cell_unknown(struct top_cell *c)
{
	return cell_set(c, strdup("?"), NULL);
}

static int cell_bytes(struct top_cell *c, const char *s, size_t len)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *value;

	escape_text(s, len, 0, &b);
	if (buf_bad(&b))
		return -buf_bad(&b);
	value = json_object_new_string_len(buf_str(&b), (int)b.len);
	if (!value)
		return -ENOMEM;
	return cell_set(c, strdup(buf_str(&b)), value);
}

static int cell_str(struct top_cell *c, const char *s)
{
	return s ? cell_bytes(c, s, strlen(s)) : cell_unknown(c);
}

static int cell_u64(struct top_cell *c, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	return cell_set(c, strdup(text), json_object_new_uint64(v));
}

static int cell_i64(struct top_cell *c, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	return cell_set(c, strdup(text), json_object_new_int64(v));
}

static int cell_bool(struct top_cell *c, int v)
{
	return v < 0 ? cell_unknown(c) : cell_set(c, strdup(v ? "yes" : "no"), json_object_new_boolean(v > 0));
}

static int cell_inode(struct top_cell *c, uint64_t v)
{
	return v ? cell_u64(c, v) : cell_unknown(c);
}

/* {"id": ..., "name": ... or null} */
static struct json_object *id_value(uint32_t id, const char *name)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (name)
		escape_text(name, strlen(name), 0, &b);
	/* the null is wanted: who reads it need not ask whether the key is there */
	if (!o || json_add_u64(o, "id", id) < 0 || json_object_object_add(o, "name", NULL) < 0 ||
	    (name && json_add_str(o, "name", buf_str(&b)) < 0))
		return NULL;
	return TAKE_PTR(o);
}

/* ---- IDs on the host: in another user namespace the kernel shows what the number is there ---- */

static int host_id(const struct top_row_view *v, enum names_kind kind, uint32_t id, struct top_cell *c)
{
	char text[NAMES_CELL_SIZE];

	if (!v->scene->q->fs->on_host)
		return cell_unknown(c);
	return cell_set(c, strdup(names_host_cell(v->scene->q->names, kind, id, text)),
			id_value(id, names_host(v->scene->q->names, kind, id)));
}

static int cell_huser(const struct top_row_view *v, struct top_cell *c)
{
	return host_id(v, NAMES_USER, v->p->status.uid[PROC_EFFECTIVE], c);
}

static int cell_hgroup(const struct top_row_view *v, struct top_cell *c)
{
	return host_id(v, NAMES_GROUP, v->p->status.gid[PROC_EFFECTIVE], c);
}

static int cell_huid(const struct top_row_view *v, struct top_cell *c)
{
	return v->scene->q->fs->on_host ? cell_u64(c, v->p->status.uid[PROC_EFFECTIVE]) : cell_unknown(c);
}

static int cell_hgid(const struct top_row_view *v, struct top_cell *c)
{
	return v->scene->q->fs->on_host ? cell_u64(c, v->p->status.gid[PROC_EFFECTIVE]) : cell_unknown(c);
}

static int cell_hpid(const struct top_row_view *v, struct top_cell *c)
{
	return cell_i64(c, v->p->pid);
}

/* "alice" for her own ID, "alice+33" for her 34th subordinate one. */
static int cell_howner(const struct top_row_view *v, struct top_cell *c)
{
	uint32_t id = v->p->status.uid[PROC_EFFECTIVE];
	const char *name = names_host(v->scene->q->names, NAMES_USER, id);
	char text[NAMES_NAME_MAX + 16];
	struct names_range range;

	if (!v->scene->q->fs->on_host)
		return cell_unknown(c);
	if (name)
		return cell_str(c, name);
	if (names_range_of(v->scene->q->names, NAMES_USER, id, &range) < 0)
		return cell_unknown(c);
	snprintf(text, sizeof(text), "%s+%u", range.owner, range.offset);
	return cell_str(c, text);
}

/* ---- IDs inside ---- */

/* The container's ID of a host ID; false when its map does not hold it. */
static bool inside_id(const struct top_row_view *v, enum names_kind kind, uint32_t host, uint32_t *ret)
{
	const struct id_list *l = kind == NAMES_USER ? &v->side->map.uid : &v->side->map.gid;

	return id_list_to_inside(l, host, ret) == 0;
}

static int inside_name(const struct top_row_view *v, enum names_kind kind, uint32_t host, struct top_cell *c)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *name;
	uint32_t id;

	if (!inside_id(v, kind, host, &id))
		return cell_unknown(c);
	name = names_inside(&v->side->names, kind, id);
	if (name)
		escape_text(name, strlen(name), 0, &b);
	else
		buf_addf(&b, "%u", id);
	return cell_set(c, buf_take(&b), id_value(id, name));
}

static int inside_number(const struct top_row_view *v, enum names_kind kind, uint32_t host, struct top_cell *c)
{
	uint32_t id;

	return inside_id(v, kind, host, &id) ? cell_u64(c, id) : cell_unknown(c);
}

static int cell_user(const struct top_row_view *v, struct top_cell *c)
{
	return inside_name(v, NAMES_USER, v->p->status.uid[PROC_EFFECTIVE], c);
}

static int cell_ruser(const struct top_row_view *v, struct top_cell *c)
{
	return inside_name(v, NAMES_USER, v->p->status.uid[PROC_REAL], c);
}

static int cell_group(const struct top_row_view *v, struct top_cell *c)
{
	return inside_name(v, NAMES_GROUP, v->p->status.gid[PROC_EFFECTIVE], c);
}

static int cell_rgroup(const struct top_row_view *v, struct top_cell *c)
{
	return inside_name(v, NAMES_GROUP, v->p->status.gid[PROC_REAL], c);
}

static int cell_uid(const struct top_row_view *v, struct top_cell *c)
{
	return inside_number(v, NAMES_USER, v->p->status.uid[PROC_EFFECTIVE], c);
}

static int cell_gid(const struct top_row_view *v, struct top_cell *c)
{
	return inside_number(v, NAMES_GROUP, v->p->status.gid[PROC_EFFECTIVE], c);
}

/* The supplementary groups, each made by `one`, joined by commas; an array in JSON. */
static int group_list(const struct top_row_view *v, struct top_cell *c,
		      int (*one)(const struct top_row_view *, enum names_kind, uint32_t, struct top_cell *))
{
	_cleanup_json_ struct json_object *array = json_object_new_array();
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = array ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < v->p->status.n_groups; i++) {
		struct top_cell each = {0};

		r = one(v, NAMES_GROUP, v->p->status.groups[i], &each);
		buf_addf(&b, "%s%s", i ? "," : "", each.text ? each.text : "");
		free(each.text);
		/* an unknown one is a null in its place */
		if (json_object_array_add(array, each.value) < 0)
			r = -ENOMEM;
	}
	if (r < 0)
		return r;
	return cell_set(c, b.len ? buf_take(&b) : strdup("-"), TAKE_PTR(array));
}

static int host_group(const struct top_row_view *v, enum names_kind kind, uint32_t id, struct top_cell *c)
{
	return host_id(v, kind, id, c);
}

static int cell_groups(const struct top_row_view *v, struct top_cell *c)
{
	return group_list(v, c, inside_name);
}

static int cell_hgroups(const struct top_row_view *v, struct top_cell *c)
{
	return v->scene->q->fs->on_host ? group_list(v, c, host_group) : cell_unknown(c);
}

/* ---- processes ---- */

/* 0 is what the kernel prints for a number that the namespace does not see. */
static uint32_t at_level(const struct proc_pids *p, size_t level)
{
	return level < p->n ? p->v[level] : 0;
}

static int cell_pid(const struct top_row_view *v, struct top_cell *c)
{
	uint32_t pid = at_level(&v->p->status.nspid, v->side->level);

	return pid ? cell_u64(c, pid) : cell_unknown(c);
}

/* The parent's own number in the container's namespace; 0: its parent is outside. */
static int cell_ppid(const struct top_row_view *v, struct top_cell *c)
{
	const struct top_scene *s = v->scene;

	for (size_t i = 0; i < s->n; i++)
		if ((uint32_t)s->items[i].pid == v->p->status.ppid)
			return cell_u64(c, at_level(&s->items[i].status.nspid, v->side->level));
	return cell_u64(c, v->side->level == 0 ? v->p->status.ppid : 0);
}

static int cell_pgid(const struct top_row_view *v, struct top_cell *c)
{
	return cell_u64(c, at_level(&v->p->status.nspgid, v->side->level));
}

static int cell_comm(const struct top_row_view *v, struct top_cell *c)
{
	return cell_str(c, v->p->stat.comm);
}

static int cell_args(const struct top_row_view *v, struct top_cell *c)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	size_t len = v->p->cmdline.len;

	while (len > 0 && v->p->cmdline.data[len - 1] == '\0')
		len--;
	if (len == 0) {
		buf_addf(&b, "[%s]", v->p->stat.comm);
	} else {
		buf_add(&b, v->p->cmdline.data, len);
		for (size_t i = 0; b.data && i < b.len; i++)
			if (b.data[i] == '\0')
				b.data[i] = ' ';
		if (v->p->cmdline_cut)
			buf_adds(&b, "...");
	}
	return buf_bad(&b) ? -buf_bad(&b) : cell_bytes(c, b.data, b.len);
}

/* Device numbers as stat(2) packs them: minor in bits 0-7 and 20-31, major in 8-19. */
static int cell_tty(const struct top_row_view *v, struct top_cell *c)
{
	uint32_t dev = v->p->stat.tty;
	uint32_t major = dev >> 8 & 0xfff, minor = (dev & 0xff) | (dev >> 12 & 0xfff00);
	char text[32];

	if (major >= 136 && major <= 143)
		snprintf(text, sizeof(text), "pts/%u", (major - 136) * 256 + minor);
	else if (major == 4 && minor < 64)
		snprintf(text, sizeof(text), "tty%u", minor);
	else if (major == 4)
		snprintf(text, sizeof(text), "ttyS%u", minor - 64);
	else if (major == 5 && minor == 1)
		snprintf(text, sizeof(text), "console");
	else
		return cell_unknown(c);
	return cell_str(c, text);
}

static int cell_nice(const struct top_row_view *v, struct top_cell *c)
{
	return cell_i64(c, v->p->stat.nice);
}

static int cell_state(const struct top_row_view *v, struct top_cell *c)
{
	return cell_bytes(c, &v->p->stat.state, 1);
}

static int cell_vsz(const struct top_row_view *v, struct top_cell *c)
{
	return cell_u64(c, v->p->stat.vsize / 1024);
}

static int cell_rss(const struct top_row_view *v, struct top_cell *c)
{
	return cell_u64(c, v->p->status.vm_rss_kib);
}

/* ---- times ---- */

static int64_t ticks_ns(const struct top_row_view *v, uint64_t ticks)
{
	uint64_t hz = v->scene->ticks_per_second;
	uint64_t sec = ticks / hz;

	if (sec > (uint64_t)INT64_MAX / 1000000000U - 1)
		return INT64_MAX;
	return (int64_t)(sec * 1000000000U + ticks % hz * (1000000000U / hz));
}

/* Since it started, to the tick. */
static int64_t elapsed_ns(const struct top_row_view *v)
{
	int64_t tick = (int64_t)(1000000000U / v->scene->ticks_per_second);
	int64_t ns = (int64_t)v->scene->uptime_ns - ticks_ns(v, v->p->stat.start_ticks);

	return ns < 0 ? 0 : ns / tick * tick;
}

static int64_t cpu_ns(const struct top_row_view *v)
{
	return ticks_ns(v, v->p->stat.utime + v->p->stat.stime);
}

static int cell_duration(struct top_cell *c, int64_t ns)
{
	char text[CLOCK_TEXT_SIZE];

	return cell_set(c, strdup(clock_duration(ns, text)), json_object_new_int64(ns));
}

static int cell_etime(const struct top_row_view *v, struct top_cell *c)
{
	return cell_duration(c, elapsed_ns(v));
}

static int cell_time(const struct top_row_view *v, struct top_cell *c)
{
	return cell_duration(c, cpu_ns(v));
}

static int cell_pcpu(const struct top_row_view *v, struct top_cell *c)
{
	int64_t elapsed = elapsed_ns(v);
	double pcpu = elapsed > 0 ? 100.0 * (double)cpu_ns(v) / (double)elapsed : 0.0;
	char text[48];

	snprintf(text, sizeof(text), "%.3f", pcpu);
	return cell_set(c, strdup(text), json_object_new_double_s(pcpu, text));
}

static int cell_stime(const struct top_row_view *v, struct top_cell *c)
{
	int64_t ns = v->scene->realtime_ns - (int64_t)v->scene->uptime_ns + ticks_ns(v, v->p->stat.start_ticks);
	struct timespec t = {.tv_sec = ns / 1000000000};
	char text[CLOCK_TEXT_SIZE], rfc[CLOCK_TEXT_SIZE];

	clock_rfc3339(&t, CLOCK_LOCAL, rfc);
	return cell_set(c, strdup(clock_go(&t, CLOCK_LOCAL, text)), json_object_new_string(rfc));
}

/* ---- confinement ---- */

static int cell_seccomp(const struct top_row_view *v, struct top_cell *c)
{
	const char *word = proc_seccomp_word(&v->p->status);

	return word ? cell_str(c, word) : cell_unknown(c);
}

static int cell_filters(const struct top_row_view *v, struct top_cell *c)
{
	return v->p->status.seccomp_filters < 0 ? cell_unknown(c) : cell_i64(c, v->p->status.seccomp_filters);
}

static int cell_nnp(const struct top_row_view *v, struct top_cell *c)
{
	return cell_bool(c, v->p->status.no_new_privs);
}

static int cell_label(const struct top_row_view *v, struct top_cell *c)
{
	return cell_str(c, v->p->label);
}

/* "selinux", "apparmor(enforce)", or "none". */
static int cell_lsm(const struct top_row_view *v, struct top_cell *c)
{
	const char *label = v->p->label, *mode = label ? strrchr(label, '(') : NULL;
	char text[64];

	if (!v->p->lsm)
		return cell_str(c, "none");
	if (strcmp(v->p->lsm, "apparmor") != 0)
		mode = NULL;
	snprintf(text, sizeof(text), "%s%.32s", v->p->lsm, mode ? mode : "");
	return cell_str(c, text);
}

static const char *const cap_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int cell_caps(const struct top_row_view *v, uint64_t mask, struct top_cell *c)
{
	const char *names[64];
	_cleanup_json_ struct json_object *array = json_object_new_array();
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	size_t n = 0;

	for (unsigned i = 0; i < 64; i++)
		if (mask >> i & 1)
			names[n++] = i < ARRAY_SIZE(cap_names) ? cap_names[i] : "unknown";
	qsort(names, n, sizeof(names[0]), by_name);
	for (size_t i = 0; i < n; i++) {
		buf_addf(&b, "%s%s", i ? "," : "", names[i]);
		if (json_append_str(array, names[i]) < 0)
			return -ENOMEM;
	}
	if (!array || buf_bad(&b))
		return -ENOMEM;
	if (n == 0)
		return cell_set(c, strdup("none"), TAKE_PTR(array));
	return cell_set(c, mask == v->scene->cap_all ? strdup("full") : buf_take(&b), TAKE_PTR(array));
}

static int cell_capeff(const struct top_row_view *v, struct top_cell *c)
{
	return cell_caps(v, v->p->status.cap_eff, c);
}

static int cell_capprm(const struct top_row_view *v, struct top_cell *c)
{
	return cell_caps(v, v->p->status.cap_prm, c);
}

static int cell_capinh(const struct top_row_view *v, struct top_cell *c)
{
	return cell_caps(v, v->p->status.cap_inh, c);
}

static int cell_capbnd(const struct top_row_view *v, struct top_cell *c)
{
	return cell_caps(v, v->p->status.cap_bnd, c);
}

static int cell_capamb(const struct top_row_view *v, struct top_cell *c)
{
	return cell_caps(v, v->p->status.cap_amb, c);
}

/* ---- who, and where ---- */

/* Absent in kernels without audit: "?"; never set: "unset". */
static int cell_login(const struct top_row_view *v, uint32_t id, struct top_cell *c)
{
	if (!v->p->has_login)
		return cell_unknown(c);
	return id == PROC_ID_UNSET ? cell_set(c, strdup("unset"), NULL) : cell_u64(c, id);
}

static int cell_auid(const struct top_row_view *v, struct top_cell *c)
{
	return v->scene->q->fs->on_host ? cell_login(v, v->p->loginuid, c) : cell_unknown(c);
}

static int cell_ses(const struct top_row_view *v, struct top_cell *c)
{
	return cell_login(v, v->p->sessionid, c);
}

static int cell_luser(const struct top_row_view *v, struct top_cell *c)
{
	const char *name = NULL;

	if (v->scene->q->fs->on_host && v->p->has_login && v->p->loginuid != PROC_ID_UNSET)
		name = names_host(v->scene->q->names, NAMES_USER, v->p->loginuid);
	return name ? cell_str(c, name) : cell_auid(v, c);
}

static int cell_userns(const struct top_row_view *v, struct top_cell *c)
{
	return cell_inode(c, v->p->userns);
}

static int cell_pidns(const struct top_row_view *v, struct top_cell *c)
{
	return cell_inode(c, v->p->pidns);
}

static int cell_mntns(const struct top_row_view *v, struct top_cell *c)
{
	return cell_inode(c, v->p->mntns);
}

static int cell_uidmap(const struct top_row_view *v, struct top_cell *c)
{
	return v->scene->q->fs->on_host ? cell_str(c, v->p->uidmap) : cell_unknown(c);
}

static int cell_cgroup(const struct top_row_view *v, struct top_cell *c)
{
	return cell_str(c, v->p->cgroup);
}

static int cell_ctr(const struct top_row_view *v, struct top_cell *c)
{
	return cell_str(c, v->target->name);
}

/* The record's word, unless the kernel knows better: a process without a filter is under no profile. */
static int cell_recorded(const struct top_row_view *v, const char *recorded, const char *without, struct top_cell *c)
{
	if (v->p->status.seccomp == 0)
		return cell_str(c, without);
	return recorded && *recorded ? cell_str(c, recorded) : cell_unknown(c);
}

static int cell_profile(const struct top_row_view *v, struct top_cell *c)
{
	return cell_recorded(v, v->target->profile, "unconfined", c);
}

static int cell_profile_hash(const struct top_row_view *v, struct top_cell *c)
{
	return cell_recorded(v, v->target->profile_hash, "none", c);
}

/* ---- the table ---- */

#define IN TOP_NEED_INSIDE
#define FILES (TOP_NEED_INSIDE | TOP_NEED_FILES)

const struct top_column top_column_table[] = {
	{"args", "%a", "COMMAND", TOP_NEED_ARGS, cell_args, "Command with its arguments"},
	{"auid", NULL, "AUID", TOP_NEED_LOGIN, cell_auid, "Login user ID, which the kernel keeps from the login on"},
	{"capamb", NULL, "AMBIENT CAPS", 0, cell_capamb, "Ambient capabilities"},
	{"capbnd", NULL, "BOUNDING CAPS", 0, cell_capbnd, "Bounding capabilities"},
	{"capeff", NULL, "EFFECTIVE CAPS", 0, cell_capeff, "Effective capabilities"},
	{"capinh", NULL, "INHERITED CAPS", 0, cell_capinh, "Inheritable capabilities"},
	{"capprm", NULL, "PERMITTED CAPS", 0, cell_capprm, "Permitted capabilities"},
	{"cgroup", NULL, "CGROUP", TOP_NEED_CGROUP, cell_cgroup, "Control group, as the host names it"},
	{"comm", "%c", "COMMAND", 0, cell_comm, "Command without arguments"},
	{"ctr", NULL, "CONTAINER", 0, cell_ctr, "Name of the container"},
	{"etime", "%t", "ELAPSED", 0, cell_etime, "Time since it started"},
	{"filters", NULL, "FILTERS", 0, cell_filters, "Number of seccomp filters"},
	{"gid", NULL, "GID", IN, cell_gid, "Effective group ID in the container"},
	{"group", "%G", "GROUP", FILES, cell_group, "Effective group in the container"},
	{"groups", NULL, "GROUPS", FILES, cell_groups, "Supplementary groups in the container"},
	{"hgid", NULL, "HGID", 0, cell_hgid, "Effective group ID on the host"},
	{"hgroup", NULL, "HGROUP", 0, cell_hgroup, "Effective group on the host: number(name)"},
	{"hgroups", NULL, "HGROUPS", 0, cell_hgroups, "Supplementary groups on the host"},
	{"howner", NULL, "HOWNER", 0, cell_howner, "Whose host user ID that is: a user, or user+N in the subordinate range"},
	{"hpid", NULL, "HPID", 0, cell_hpid, "Process ID on the host"},
	{"huid", NULL, "HUID", 0, cell_huid, "Effective user ID on the host"},
	{"huser", NULL, "HUSER", 0, cell_huser, "Effective user on the host: number(name)"},
	{"label", NULL, "LABEL", TOP_NEED_LABEL, cell_label, "Security label (SELinux context, AppArmor profile)"},
	{"lsm", NULL, "LSM", TOP_NEED_LABEL, cell_lsm, "Security module of the label, and its mode"},
	{"luser", NULL, "LUSER", TOP_NEED_LOGIN, cell_luser, "Login user on the host"},
	{"mntns", NULL, "MNTNS", TOP_NEED_NS, cell_mntns, "Mount namespace"},
	{"nice", "%n", "NI", 0, cell_nice, "Nice value"},
	{"nnp", NULL, "NNP", 0, cell_nnp, "Whether no_new_privs is set"},
	{"pcpu", "%C", "%CPU", 0, cell_pcpu, "CPU time per elapsed time, in percent"},
	{"pgid", "%r", "PGID", 0, cell_pgid, "Process group ID in the container"},
	{"pid", "%p", "PID", 0, cell_pid, "Process ID in the container"},
	{"pidns", NULL, "PIDNS", TOP_NEED_NS, cell_pidns, "PID namespace"},
	{"ppid", "%P", "PPID", 0, cell_ppid, "Parent's process ID in the container"},
	{"profile", NULL, "PROFILE", 0, cell_profile, "Seccomp profile, as the container's record names it"},
	{"profilehash", NULL, "PROFILE HASH", 0, cell_profile_hash, "SHA-256 of what that profile came to, from the record"},
	{"rgroup", "%g", "RGROUP", FILES, cell_rgroup, "Real group in the container"},
	{"rss", NULL, "RSS", 0, cell_rss, "Resident memory, KiB"},
	{"ruser", "%u", "RUSER", FILES, cell_ruser, "Real user in the container"},
	{"seccomp", NULL, "SECCOMP", 0, cell_seccomp, "Seccomp mode: disabled, strict or filter"},
	{"ses", NULL, "SES", TOP_NEED_LOGIN, cell_ses, "Login session ID"},
	{"state", NULL, "STATE", 0, cell_state, "State, one letter"},
	{"stime", NULL, "STIME", 0, cell_stime, "When it started"},
	{"time", "%x", "TIME", 0, cell_time, "CPU time"},
	{"tty", "%y", "TTY", 0, cell_tty, "Controlling terminal"},
	{"uid", NULL, "UID", IN, cell_uid, "Effective user ID in the container"},
	{"uidmap", NULL, "UIDMAP", TOP_NEED_MAP, cell_uidmap, "User ID map of its namespace: inside:host:count"},
	{"user", "%U", "USER", FILES, cell_user, "Effective user in the container"},
	{"userns", NULL, "USERNS", TOP_NEED_NS, cell_userns, "User namespace"},
	{"vsz", "%z", "VSZ", 0, cell_vsz, "Virtual memory, KiB"},
	{NULL, NULL, NULL, 0, NULL, NULL},
};

const struct top_column *top_column_find(const char *name)
{
	for (const struct top_column *c = top_column_table; c->name; c++)
		if (strcmp(c->name, name) == 0 || (c->code && strcmp(c->code, name) == 0))
			return c;
	return NULL;
}

static const char *nth_name(size_t i, const void *ctx)
{
	(void)ctx;
	return top_column_table[i].name;
}

static int add_word(const char *word, size_t len, struct top_columns *cols, struct err *e)
{
	char name[64];
	const struct top_column *c;
	const char *near;

	snprintf(name, sizeof(name), "%.*s", len < sizeof(name) ? (int)len : (int)sizeof(name) - 1, word);
	c = top_column_find(name);
	if (!c) {
		near = suggest(name, nth_name, NULL);
		err_set(e, EINVAL, "unknown descriptor \"%s\"", name);
		if (near)
			err_hint(e, "did you mean \"%s\"? `ranby top --list-descriptors` shows all", near);
		else
			err_hint(e, "`ranby top --list-descriptors` shows all");
		return -EINVAL;
	}
	if (cols->n == TOP_COLUMNS_MAX)
		return err_set(e, E2BIG, "more than %d descriptors", TOP_COLUMNS_MAX);
	cols->items[cols->n++] = c;
	return 0;
}

static int add_words(const char *text, struct top_columns *cols, struct err *e)
{
	while (*text) {
		size_t len = strcspn(text, ", \t\n");
		int r = len ? add_word(text, len, cols, e) : 0;

		if (r < 0)
			return r;
		text += len + (text[len] != '\0');
	}
	return 0;
}

int top_columns_parse(char *const *words, size_t n_words, struct top_columns *cols, struct err *e)
{
	size_t before = cols->n;
	int r = 0;

	for (size_t i = 0; i < n_words && r == 0; i++)
		r = add_words(words[i], cols, e);
	return r == 0 && cols->n == before ? add_words(TOP_DEFAULT, cols, e) : r;
}
