/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The judgement over one ledger, or over all shards of the system's. Evidence
 * is gathered first (heads, the audit log), then each chain is walked with the
 * anchors that name it. What could be found is said, and also what could not:
 * a chain without an anchor proves nothing about its end.
 *
 * 0: all that was looked at is whole; 1: something is not.
 */
#include "audit/crosscheck.h"
#include "audit/head.h"
#include "audit/ledger_verify.h"
#include "audit/system_ledger.h"
#include "audit/uuid.h"
#include "base/clock.h"
#include "base/json.h"
#include "query/ask.h"
#include "query/query.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_PATH "/etc/ranby/trail.pub"
#define EXIT_FAULTY 1
#define SECOND_NS 1000000000LL

struct anchor {
	char ledger[HEAD_LEDGER_MAX];
	struct ledger_anchor a;
	char where[96];
	bool outside; /* not beside the ledger itself */
};

struct verify {
	const struct audit_verify_args *a;
	bool json, owner_given;
	uint32_t owner;
	struct head_key *key;
	struct crosscheck *cross;
	struct anchor *anchors;
	size_t n_anchors, room;
	bool beside; /* the heads that are being read lie beside the ledger: who can change it could have signed them too */
	unsigned n_faults;
	struct json_object *ledgers, *faults; /* for --format json; faults of the ledger at hand */
};

static void verify_done(struct verify *v)
{
	head_key_free(v->key);
	crosscheck_free(v->cross);
	free(v->anchors);
	json_object_put(v->ledgers);
	json_object_put(v->faults);
}

/* ---- anchors ---- */

static int anchor_add(struct verify *v, const char *ledger, uint64_t seq, const char *hash, const char *where)
{
	struct anchor *a;

	if (v->n_anchors == v->room) {
		a = mem_regrow(v->anchors, v->room ? 2 * v->room : 64, sizeof(*a));
		if (!a)
			return -ENOMEM;
		v->anchors = a;
		v->room = v->room ? 2 * v->room : 64;
	}
	a = &v->anchors[v->n_anchors++];
	*a = (struct anchor){.a.seq = seq, .outside = !v->beside};
	snprintf(a->ledger, sizeof(a->ledger), "%s", ledger);
	snprintf(a->a.hash, sizeof(a->a.hash), "%s", hash);
	snprintf(a->where, sizeof(a->where), "%s", where);
	return 0;
}

static int fault_json(struct verify *v, const char *kind, const char *text, uint64_t seq, const char *receipt, const struct ledger_fault *at)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? json_add_str(o, "kind", kind) : -ENOMEM;

	r = r < 0 ? r : json_add_str(o, "text", text);
	if (r == 0 && seq > 0)
		r = json_add_u64(o, "seq", seq);
	if (r == 0 && at && at->to > seq)
		r = json_add_u64(o, "to", at->to);
	if (r == 0 && receipt && receipt[0])
		r = json_add_str(o, "receipt", receipt);
	if (r == 0 && at && at->segment[0]) {
		r = json_add_str(o, "segment", at->segment);
		r = r < 0 ? r : json_add_u64(o, "offset", at->offset);
	}
	return r < 0 ? r : json_append(v->faults, TAKE_PTR(o));
}

static void fault(struct verify *v, const char *kind, const char *text, uint64_t seq, const char *receipt, const struct ledger_fault *at)
{
	v->n_faults++;
	if (v->json) {
		/* without memory the count still tells */
		(void)!fault_json(v, kind, text, seq, receipt, at);
		return;
	}
	printf("  %s%s: %s", v->n_faults == 1 ? "first bad: " : "", kind, text);
	if (at && at->segment[0])
		printf(" (%s, byte %llu)", at->segment, (unsigned long long)at->offset);
	putchar('\n');
}

/* A line of a file of heads: an entry of the heads' ledger, or what syslog made of one. */
static int take_head(struct verify *v, const struct ledger_item *item, struct err *e)
{
	_cleanup_json_ struct json_object *parsed = NULL;
	const char *brace = memchr(item->text, '{', item->len);
	struct json_object *o = item->entry.o;
	struct err why = {0};
	struct head head;
	char where[96];
	int r;

	if (!brace)
		return 0;
	if (!item->is_entry) {
		if (json_parse(brace, item->len - (size_t)(brace - item->text), "head", &parsed, NULL) < 0)
			return 0;
		o = parsed;
	}
	r = head_check(v->key, o, &head, &why);
	if (r == -EINVAL)
		return 0; /* something else is in the file as well */
	if (r < 0) {
		fault(v, "head", why.text, (uint64_t)json_int(o, "ledger-seq"), NULL, NULL);
		return 0;
	}
	snprintf(where, sizeof(where), "the head of %.40s", head.time);
	r = anchor_add(v, head.ledger, head.seq, head.hash, where);
	/* the line itself is an anchor of the ledger of heads */
	if (r == 0 && item->is_entry && !v->beside)
		r = anchor_add(v, "heads", item->entry.seq, item->entry.hash, "the copy of the heads");
	return r < 0 ? err_errno(e, -r, "heads") : 0;
}

static int read_heads(struct verify *v, int dirfd, const char *path, struct err *e)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	struct ledger_item item;
	int r = ledger_reader_open(dirfd, path, &rd, e);

	if (r < 0)
		return r;
	while ((r = ledger_reader_next(&rd, &item, e)) > 0) {
		r = take_head(v, &item, e);
		if (r < 0)
			return r;
	}
	return r;
}

static int open_key(struct verify *v, struct err *e)
{
	struct err why = {0};
	int r = head_key_open_public(AT_FDCWD, v->a->key ? v->a->key : KEY_PATH, &v->key, &why);

	if (r == 0 || (!v->a->key && v->a->heads.n == 0))
		return 0;
	*e = why;
	return r;
}

static int on_log_anchor(uint64_t seq, const char *hash, const char *receipt, void *data)
{
	char where[96];

	snprintf(where, sizeof(where), "audit record %s", receipt);
	return anchor_add(data, "", seq, hash, where);
}

/* ---- one ledger ---- */

static int on_entry(const struct ledger_item *item, void *data, struct err *e)
{
	const struct verify *v = data;
	int r = v->cross ? crosscheck_entry(v->cross, item->entry.seq, item->entry.o) : 0;

	return r < 0 ? err_errno(e, -r, "ledger") : 0;
}

static int on_cross(const struct crosscheck_fault *f, void *data)
{
	fault(data, crosscheck_word(f->kind), f->text, f->seq, f->receipt, NULL);
	return 0;
}

/* When a process that is there now began, since 1970. */
static int64_t began_ns(uint64_t ticks)
{
	struct timespec now = clock_now(), up;

	clock_gettime(CLOCK_BOOTTIME, &up);
	return clock_ns(&now) - clock_ns(&up) + (int64_t)(ticks * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK)));
}

/* A boot that is over has no run. Without a uuid, it is the process of that pid, unless that began later than the entry was written. */
static bool runs(const struct crosscheck_run *run)
{
	struct audit_run id;
	uint64_t ticks = 0;

	if (run->uuid[0])
		return audit_uuid_parse(run->uuid, &id) < 0 || (pid_start_ticks((pid_t)id.pid, &ticks) == 0 && ticks == id.start_ticks);
	if (run->pid == 0)
		return true;
	return pid_start_ticks((pid_t)run->pid, &ticks) == 0 && began_ns(ticks) <= run->ns + SECOND_NS;
}

static int report_json(struct verify *v, const char *path, const struct ledger_report *rep, uint64_t outside)
{
	struct json_object *o = json_object_new_object();
	int r = o ? json_add_str(o, "ledger", path) : -ENOMEM;

	r = r < 0 ? r : json_add_u64(o, "entries", rep->entries);
	r = r < 0 ? r : json_add_u64(o, "last-seq", rep->last_seq);
	r = r < 0 ? r : json_add_str(o, "last-hash", rep->last_hash);
	r = r < 0 ? r : json_add_u64(o, "torn", rep->torn);
	r = r < 0 ? r : json_add_bool(o, "unfinished", rep->unfinished);
	r = r < 0 ? r : json_add_u64(o, "anchors", rep->anchors_met);
	r = r < 0 ? r : json_add_u64(o, "anchors-outside", outside);
	r = r < 0 ? r : json_add(o, "faults", TAKE_PTR(v->faults));
	if (r < 0)
		json_object_put(o);
	else
		r = json_append(v->ledgers, o);
	v->faults = json_object_new_array();
	return r;
}

static void report_text(const struct verify *v, const char *path, const struct ledger_report *rep, uint64_t outside, unsigned faults_before)
{
	bool whole = v->n_faults == faults_before;

	printf("%s: %llu entries, %s\n", path, (unsigned long long)rep->entries, whole ? "whole" : "NOT whole");
	if (rep->torn > 0)
		printf("  %u torn lines of killed writers, accounted for\n", rep->torn);
	if (rep->unfinished)
		printf("  the last line does not end: a writer was killed, or is at it\n");
	if (rep->anchors_met > 0)
		printf("  %llu anchors met, %llu of them kept elsewhere\n", (unsigned long long)rep->anchors_met, (unsigned long long)outside);
	if (outside == 0 && rep->entries > 0)
		printf("  no anchor from elsewhere: that nothing was cut off at its end, or all of it written anew, is not proved\n");
}

/* `name`: which heads speak of it. */
static int verify_one(struct verify *v, int dirfd, const char *path, const char *shown, const char *name, struct err *e)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	_cleanup_(ledger_report_done) struct ledger_report rep = {0};
	unsigned before = v->n_faults;
	uint64_t outside = 0;
	int r = ledger_reader_open(dirfd, path, &rd, e);

	r = r < 0 ? r : ledger_verify(&rd, NULL, 0, on_entry, v, &rep, e);
	for (size_t i = 0; r == 0 && i < v->n_anchors; i++) {
		uint64_t met = rep.anchors_met;

		v->anchors[i].a.where = v->anchors[i].where;
		/* a hash that is none was no hash of ours either */
		if (strcmp(v->anchors[i].ledger, name) == 0)
			(void)!ledger_verify_anchor(&rep, &v->anchors[i].a);
		outside += v->anchors[i].outside && rep.anchors_met > met;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < rep.n_faults; i++)
		fault(v, ledger_fault_word(rep.faults[i].kind), rep.faults[i].text, rep.faults[i].seq, NULL, &rep.faults[i]);
	if (v->json)
		return report_json(v, shown, &rep, outside);
	report_text(v, shown, &rep, outside, before);
	return 0;
}

/* ---- the system ledger ---- */

/* Shards that a head names, and that are not there at all. */
static int missing_shards(struct verify *v, const struct strv *shards)
{
	for (size_t i = 0; i < v->n_anchors; i++) {
		bool found = false, told = false;
		char text[256];

		for (size_t k = 0; k < shards->n; k++)
			found |= strcmp(shards->items[k], v->anchors[i].ledger) == 0;
		for (size_t k = 0; k < i; k++)
			told |= strcmp(v->anchors[k].ledger, v->anchors[i].ledger) == 0;
		if (found || told)
			continue;
		snprintf(text, sizeof(text), "the ledger %s is not there, and %s names it", v->anchors[i].ledger, v->anchors[i].where);
		fault(v, "truncated", text, v->anchors[i].a.seq, NULL, NULL);
	}
	return 0;
}

static int verify_system(struct verify *v, const char *path, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	_cleanup_(strv_done) struct strv shards = {0};
	int r = system_ledger_open(path, &dir, e);

	r = r < 0 ? r : system_ledger_list(dir, SYSTEM_LEDGER_USERS | SYSTEM_LEDGER_OWN | SYSTEM_LEDGER_SIGNED, &shards, e);
	if (r == 0 && v->key && faccessat(dir, "heads", F_OK, 0) == 0) {
		v->beside = true;
		r = read_heads(v, dir, "heads", e);
		v->beside = false;
	}
	for (size_t i = 0; r == 0 && i < shards.n; i++) {
		char shown[4096];

		snprintf(shown, sizeof(shown), "%s/%s", path, shards.items[i]);
		r = verify_one(v, dir, shards.items[i], shown, shards.items[i], e);
	}
	return r < 0 ? r : missing_shards(v, &shards);
}

/* ---- together ---- */

static int read_logs(struct verify *v, struct err *e)
{
	const struct crosscheck_options o = {.system = v->a->system != NULL, .uid = v->owner, .runs = runs};
	int r = 0;

	v->cross = crosscheck_new(&o);
	if (!v->cross)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < v->a->logs.n; i++)
		r = crosscheck_log(v->cross, v->a->logs.items[i], e);
	return r < 0 ? r : crosscheck_anchors(v->cross, on_log_anchor, v);
}

static int end_cross(struct verify *v)
{
	struct crosscheck_stats stats = {0};
	int r = crosscheck_end(v->cross, &stats, on_cross, v);

	if (r < 0 || v->json || v->a->logs.n == 0)
		return r;
	printf("audit log: %llu records and %llu entries compared, %llu entries outside of what it covers, %llu entries without a receipt\n",
	       (unsigned long long)stats.records, (unsigned long long)stats.entries, (unsigned long long)stats.outside,
	       (unsigned long long)stats.unwitnessed);
	return 0;
}

static int print_json(struct verify *v)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? json_add_bool(o, "whole", v->n_faults == 0) : -ENOMEM;

	r = r < 0 ? r : json_add(o, "ledgers", TAKE_PTR(v->ledgers));
	r = r < 0 ? r : json_add(o, "faults", TAKE_PTR(v->faults));
	if (r == 0)
		puts(json_pretty(o));
	return r;
}

/* The ledger's owner: by the file, unless it was copied. */
static void find_owner(struct verify *v, const struct command_call *call, const char *path)
{
	struct stat st;

	v->owner = getuid();
	if (option_given(call->command->rows, call->full_argc, call->full_argv, "owner"))
		v->owner = v->a->owner;
	else if (stat(path, &st) == 0)
		v->owner = st.st_uid;
}

int query_verify(const struct command_call *call, const char *state, struct err *e)
{
	_cleanup_(verify_done) struct verify v = {.a = call->args, .ledgers = json_object_new_array(), .faults = json_object_new_array()};
	char own[4096];
	const char *path = v.a->ledger;
	int r;

	if (v.a->system && v.a->ledger)
		return err_set(e, EINVAL, "--ledger and --system exclude each other");
	v.json = v.a->format && strcmp(v.a->format, "json") == 0;
	snprintf(own, sizeof(own), "%s/" LEDGER_USER_NAME, state);
	path = path ? path : own;
	find_owner(&v, call, path);
	r = open_key(&v, e);
	r = r < 0 ? r : read_logs(&v, e);
	for (size_t i = 0; r == 0 && i < v.a->heads.n; i++)
		r = read_heads(&v, AT_FDCWD, v.a->heads.items[i], e);
	if (r == 0 && v.a->system)
		r = verify_system(&v, v.a->system[0] ? v.a->system : SYSTEM_LEDGER_DIR, e);
	else if (r == 0) {
		r = verify_one(&v, AT_FDCWD, path, path, "", e);
		if (r == -ENOENT && path == own)
			r = ask_no_ledger(path, e);
	}
	r = r < 0 ? r : end_cross(&v);
	if (r == 0 && v.json)
		r = print_json(&v);
	return r < 0 ? r : v.n_faults > 0 ? EXIT_FAULTY : 0;
}
