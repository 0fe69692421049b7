/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The ledger is held while the witness is asked, so that the record can name
 * the entry before this one and this entry the record: each log then shows
 * what is missing in the other.
 *
 * A ledger that cannot be written is the owner's loss and stops nothing,
 * unless a receipt is required: then what was witnessed must be findable.
 * Of a kernel that keeps silent, and of a witness that is not there, only the
 * first question of a command hears.
 */
#include "engine/attest.h"
#include "engine/event_journal.h"

#include "audit/event_labels.h"
#include "audit/ledger.h"
#include "audit/witness.h"
#include "base/buf.h"
#include "base/json.h"
#include "engine/policy.h"
#include "monitor/exit.h"
#include "sys/fd.h"
#include "sys/loginuid.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "trust/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- the request ---- */

/* The words of a command with blanks between them: for the eye, state.json has them apart. */
static void add_command(struct witness_request *q, const struct container *c)
{
	static const char *const lists[] = {"config.entrypoint", "config.command"};
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_(strv_done) struct strv words = {0};

		if (json_get_strv(c->spec, lists[i], &words, NULL) < 0)
			continue;
		for (size_t k = 0; k < words.n && b.len < WITNESS_TEXT_SIZE; k++)
			buf_addf(&b, "%s%s", b.len ? " " : "", words.items[k]);
	}
	if (!buf_bad(&b))
		witness_text(q->claim[WITNESS_CLAIM_CMD], sizeof(q->claim[0]), buf_str(&b));
}

static void claim(struct witness_request *q, enum witness_claim which, const char *text)
{
	witness_text(q->claim[which], sizeof(q->claim[which]), text);
}

/* What was decided of the image when it came: nobody looks again. */
static void claim_trust(struct witness_request *q, struct json_object *decision, const char *digest)
{
	char text[TRUST_RECORD_SIZE];

	trust_record_text(decision, digest, text);
	claim(q, WITNESS_CLAIM_DETAIL, text);
}

static void claim_container(struct witness_request *q, const struct container *c)
{
	witness_text(q->ctr, sizeof(q->ctr), c->id);
	witness_text(q->vm, sizeof(q->vm), c->name ? c->name : c->id);
	claim(q, WITNESS_CLAIM_IMAGE, json_str(c->spec, "image.reference"));
	claim(q, WITNESS_CLAIM_DIGEST, json_str(c->spec, "image.digest"));
	claim(q, WITNESS_CLAIM_USER, json_str(c->spec, "options.user"));
	if (q->verb == AUDIT_VERB_START)
		claim_trust(q, json_at(c->spec, "image.trust"), json_str(c->spec, "image.digest"));
	if (c->state)
		claim(q, WITNESS_CLAIM_RUN, json_str(c->state, "uuid"));
	add_command(q, c);
}

/* Whose process gets the container's filter. The kernel shows how many filters there are, and not which. */
static void claim_profile(struct witness_request *q, const struct container *c)
{
	claim(q, WITNESS_CLAIM_PROFILE, json_str(c->spec, "config.seccompProfile"));
	claim(q, WITNESS_CLAIM_PROFILE_HASH, json_str(c->spec, "config.seccompHash"));
}

void attest_request(const struct attest *a, struct witness_request *q)
{
	witness_request_init(q, a->verb);
	if (a->c)
		claim_container(q, a->c);
	else
		witness_text(q->ctr, sizeof(q->ctr), a->ctr);
	if (a->c && (a->verb == AUDIT_VERB_START || a->verb == AUDIT_VERB_EXEC))
		claim_profile(q, a->c);
	if (a->name)
		witness_text(q->vm, sizeof(q->vm), a->name);
	witness_text(q->reason, sizeof(q->reason), a->reason);
	for (size_t i = 0; i < WITNESS_CLAIM_N; i++)
		if (a->claim[i])
			claim(q, (enum witness_claim)i, a->claim[i]);
	if (a->error) {
		q->flags |= WITNESS_FAILED;
		if (!a->claim[WITNESS_CLAIM_DETAIL])
			claim(q, WITNESS_CLAIM_DETAIL, strerror(a->error));
	}
	/* what has not begun has no run; what begins has the witness's uuid */
	if (a->pidfd >= 0 || a->verb == AUDIT_VERB_START)
		q->claim[WITNESS_CLAIM_RUN][0] = '\0';
	for (size_t i = 0; i < a->n_resources && i < WITNESS_RESOURCES_MAX; i++)
		q->resource[q->n_resources++] = a->resources[i];
}

static struct witness_request *request_of(const struct attest *a)
{
	struct witness_request *q = malloc(sizeof(*q));

	if (q)
		attest_request(a, q);
	return q;
}

/* ---- the ledger ---- */

static void pause_ledger(struct ledger **l)
{
	if (*l)
		ledger_pause(*l);
}

/* The command's own ledger, locked; for _cleanup_(pause_ledger). */
static int begin_ledger(struct engine *eng, struct ledger **ret, struct err *e)
{
	const char *path;
	int dir, r = engine_state(eng, &dir, &path, e);

	if (r < 0)
		return r;
	if (!eng->ledger) {
		eng->ledger = malloc(sizeof(*eng->ledger));
		if (!eng->ledger)
			return err_errno(e, ENOMEM, "ledger");
		*eng->ledger = (struct ledger)LEDGER_INIT;
	}
	r = ledger_resume(&(struct ledger_place){.dirfd = dir, .name = LEDGER_USER_NAME}, eng->ledger, e);
	if (r == 0)
		*ret = eng->ledger;
	return r;
}

static int add_text(struct json_object *o, const char *key, const char *text)
{
	return text && *text ? json_add_str(o, key, text) : 0;
}

/* The witness is a child of ours: what the kernel stamps its record with is ours. */
static int add_login(struct json_object *o, struct loginuid *own)
{
	int r = 0;

	if (own->how != LOGINUID_SET && loginuid_read(own, NULL) < 0)
		return 0;
	if (own->auid != LOGINUID_UNSET)
		r = json_add_int(o, "auid", own->auid);
	if (r == 0 && own->session != LOGINUID_UNSET)
		r = json_add_int(o, "ses", own->session);
	return r;
}

/* Its number alone would be another's in the next boot. */
static int add_process(struct json_object *o, const char *boot_id, int pidfd)
{
	uint64_t ticks;
	pid_t pid;

	if (pidfd < 0 || pidfd_pid(pidfd, &pid) < 0 || pid_start_ticks(pid, &ticks) < 0)
		return 0;
	return json_add_str(o, "boot", boot_id) < 0 || json_add_int(o, "vm-pid", pid) < 0 ||
	       json_add_int(o, "vm-start", (int64_t)ticks) < 0 ? -ENOMEM : 0;
}

static int event_json(const struct attest *a, struct engine *eng, const struct witness_request *q, const struct witness_reply *reply,
		      struct json_object **ret)
{
	static const char *const claims[] = {
		[WITNESS_CLAIM_REASON] = NULL,      [WITNESS_CLAIM_RUN] = "run",       [WITNESS_CLAIM_IMAGE] = "image",
		[WITNESS_CLAIM_DIGEST] = "digest",  [WITNESS_CLAIM_USER] = "user",     [WITNESS_CLAIM_SIGNAL] = "signal",
		[WITNESS_CLAIM_DETAIL] = "detail",  [WITNESS_CLAIM_LEDGER] = NULL,     [WITNESS_CLAIM_CMD] = "cmd",
		[WITNESS_CLAIM_PROFILE] = "profile", [WITNESS_CLAIM_PROFILE_HASH] = "profile-hash",
	};
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct audit_verb_row *row = audit_verb_row(q->verb);
	int r = o ? 0 : -ENOMEM;

	if (r < 0 || json_add_str(o, "op", row->op) < 0 || json_add_str(o, "verb", row->name) < 0 ||
	    json_add_str(o, "res", q->flags & WITNESS_FAILED ? "failed" : "success") < 0 ||
	    json_add_str(o, "reason", q->reason[0] ? q->reason : row->reason) < 0 || json_add_str(o, "virt", "ranby") < 0 ||
	    add_text(o, "vm", q->vm) < 0 || add_text(o, "uuid", reply->receipt.uuid) < 0 || add_text(o, "ctr", q->ctr) < 0 ||
	    add_login(o, &eng->login) < 0 || add_process(o, eng->boot_id, a->pidfd) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		if (claims[i] && add_text(o, claims[i], q->claim[i]) < 0)
			return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

static struct json_object *labels_of(const struct attest *a)
{
	return a->c ? json_at(a->c->spec, "config.labels") : NULL;
}

/* They are its own from its creation to its removal: once in what is kept for good. */
static int add_labels(struct json_object *event, const struct attest *a)
{
	return a->verb == AUDIT_VERB_CREATE ? event_labels_add(event, labels_of(a)) : 0;
}

/* A file that cannot be read has been told by whom it concerns; here it costs the copy. */
static bool goes_to_journal(struct engine *eng)
{
	bool chosen = false;

	if (eng->events_in_journal == 0)
		eng->events_in_journal = event_journal_is_chosen(eng, &chosen, NULL) == 0 && chosen ? 1 : -1;
	return eng->events_in_journal > 0;
}

static int write_entry(struct ledger *l, const struct attest *a, struct engine *eng, const struct witness_request *q,
		       const struct witness_reply *reply, bool required, struct err *e)
{
	_cleanup_json_ struct json_object *event = NULL;
	char receipt[AUDIT_RECEIPT_SIZE];
	int r = event_json(a, eng, q, reply, &event);

	if (r == 0)
		r = add_labels(event, a);
	if (r < 0)
		return err_errno(e, -r, "ledger");
	r = ledger_append(l, event, audit_receipt_text(&reply->receipt, receipt), e);
	if (r == 0 && goes_to_journal(eng))
		event_journal_send(event, audit_op_about(json_str(event, "op")), receipt, labels_of(a));
	return r == 0 && required ? ledger_sync(l, e) : r;
}

/* ---- together ---- */

static void ask(struct engine *eng, const struct attest *a, const struct witness_request *q, struct witness_reply *reply)
{
	int fds[WITNESS_FDS_MAX];
	size_t n = 0;

	*reply = (struct witness_reply){.outcome = (uint32_t)eng->audit_refusal};
	if (eng->audit_refusal)
		return;
	if (a->pidfd >= 0)
		fds[n++] = a->pidfd;
	if (a->pidfd >= 0 && a->init_pidfd >= 0)
		fds[n++] = a->init_pidfd;
	if (witness_ask(q, fds, n, reply, NULL) < 0)
		*reply = (struct witness_reply){.outcome = WITNESS_BROKEN};
	if (reply->outcome == WITNESS_SILENT || reply->outcome == WITNESS_NO_PRIVILEGE)
		eng->audit_refusal = (int)reply->outcome;
}

static int no_receipt(const struct attest *a, const struct witness_reply *reply, struct err *e)
{
	err_set(e, EPERM, "an audit receipt is required, and there is none for %s: %s", audit_verb_row((uint32_t)a->verb)->name,
		witness_outcome_text((enum witness_outcome)reply->outcome));
	err_hint(e, "see ranby-witness(8); without the requirement it goes on unwitnessed");
	err_exit(e, EXIT_ENGINE);
	return -EPERM;
}

/* What the ledger says of it then. */
static void fail_without_receipt(const struct attest *a, struct witness_request *q, const struct witness_reply *reply)
{
	q->flags |= WITNESS_FAILED;
	if (!a->error)
		claim(q, WITNESS_CLAIM_DETAIL, witness_outcome_text((enum witness_outcome)reply->outcome));
}

int attest(struct engine *eng, const struct attest *a, struct audit_receipt *ret, struct err *e)
{
	_cleanup_(pause_ledger) struct ledger *l = NULL;
	_cleanup_free_ struct witness_request *own = a->request ? NULL : request_of(a);
	struct witness_request *q = a->request ? a->request : own;
	struct witness_reply reply;
	struct policy policy = {0};
	bool required;
	int r = q ? policy_read(&policy, e) : err_errno(e, ENOMEM, "attest"), begun;

	if (r < 0)
		return r;
	required = a->required || policy.require_audit;
	if (required)
		q->flags |= WITNESS_REQUIRED;
	begun = begin_ledger(eng, &l, required ? e : NULL);
	if (begun == 0)
		snprintf(q->claim[WITNESS_CLAIM_LEDGER], sizeof(q->claim[0]), "%llu:%.32s", (unsigned long long)l->seq, l->prev);
	ask(eng, a, q, &reply);
	if (ret)
		*ret = reply.receipt;
	if (required && !audit_receipt_is(&reply.receipt))
		fail_without_receipt(a, q, &reply);
	if (begun == 0)
		begun = write_entry(l, a, eng, q, &reply, required, required ? e : NULL);
	if (required && a->error == 0 && !audit_receipt_is(&reply.receipt))
		return no_receipt(a, &reply, e);
	if (required && begun < 0)
		return err_wrap(e, begun, "ledger");
	return audit_receipt_is(&reply.receipt) ? ATTEST_WITNESSED : ATTEST_SELF;
}

int attest_failed(struct engine *eng, struct attest *a, int r, struct err *e)
{
	struct err own = {0};

	if (r >= 0)
		return r;
	a->error = -r;
	a->required = false;
	if (!a->claim[WITNESS_CLAIM_DETAIL] && e && e->text[0])
		a->claim[WITNESS_CLAIM_DETAIL] = e->text;
	(void)!attest(eng, a, NULL, &own); /* the failure itself is what the caller hears of */
	return r;
}

int attest_result(struct engine *eng, struct attest *a, int r, struct err *e)
{
	int k = r < 0 ? attest_failed(eng, a, r, e) : attest(eng, a, NULL, e);

	return k < 0 ? k : r;
}

int attest_image(struct engine *eng, enum audit_verb verb, const char *name, const struct image *img, int r, struct err *e)
{
	struct attest a = ATTEST_INIT(verb), check = ATTEST_INIT(AUDIT_VERB_VERIFY);
	char trust[TRUST_RECORD_SIZE] = "";

	a.name = check.name = name;
	a.claim[WITNESS_CLAIM_IMAGE] = check.claim[WITNESS_CLAIM_IMAGE] = name;
	if (img)
		a.claim[WITNESS_CLAIM_DIGEST] = check.claim[WITNESS_CLAIM_DIGEST] = img->digest.text;
	trust_record_text(img ? img->trust : NULL, img ? img->digest.text : "", trust);
	check.claim[WITNESS_CLAIM_DETAIL] = trust[0] ? trust : NULL;
	check.reason = audit_verb_row((uint32_t)verb)->name;
	if ((verb == AUDIT_VERB_PULL || verb == AUDIT_VERB_LOAD) && (r == 0 || r == -EBADMSG || r == -EKEYREJECTED))
		r = attest_result(eng, &check, r, e);
	return attest_result(eng, &a, r, e);
}

int attest_volume(struct engine *eng, enum audit_verb verb, const char *name, const char *ctr, const char *reason, bool required,
		  int r, struct err *e)
{
	struct attest a = ATTEST_INIT(verb);

	a.name = name;
	a.ctr = ctr;
	a.reason = reason;
	a.required = required;
	return attest_result(eng, &a, r, e);
}

int attest_running(struct engine *eng, struct attest *a, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r;

	if (container_pidfd(a->c, &pidfd) < 0)
		return 0;
	a->pidfd = pidfd;
	r = attest(eng, a, NULL, e);
	a->pidfd = -EBADF;
	return r < 0 ? r : 0;
}

int attest_to_json(const struct audit_receipt *receipt, struct json_object *o)
{
	char text[AUDIT_RECEIPT_SIZE];
	int r = json_add_str(o, "receipt", audit_receipt_text(receipt, text));

	return r == 0 ? add_text(o, "uuid", receipt->uuid) : r;
}

/* ---- starts and ends ---- */

/* `n` are there already, of which the last place says how many it stands for. */
static size_t add_resource(struct witness_item *items, size_t n, enum witness_resource kind, const char *text)
{
	struct witness_item *item = &items[n < WITNESS_RESOURCES_MAX ? n : WITNESS_RESOURCES_MAX - 1];

	if (!*text)
		return n;
	item->kind = kind;
	witness_text(item->text, sizeof(item->text), text);
	if (n >= WITNESS_RESOURCES_MAX)
		snprintf(item->text, sizeof(item->text), "... and %zu more", n - WITNESS_RESOURCES_MAX + 2);
	return n + 1;
}

/* What the caller asked for; the last place says how many are left out. */
static size_t add_resources(struct witness_item *items, const struct container *c)
{
	static const struct {
		const char *path;
		enum witness_resource kind;
	} lists[] = {
		{"options.volume", WITNESS_RESOURCE_MOUNT},  {"options.mount", WITNESS_RESOURCE_MOUNT},
		{"options.tmpfs", WITNESS_RESOURCE_MOUNT},   {"options.device", WITNESS_RESOURCE_DEVICE},
		{"options.publish", WITNESS_RESOURCE_NET},
	};
	size_t n = 0;

	n = add_resource(items, n, WITNESS_RESOURCE_IMAGE, json_str(c->spec, "image.name"));
	n = add_resource(items, n, WITNESS_RESOURCE_IMAGE, json_str(c->spec, "image.rootfs"));
	n = add_resource(items, n, WITNESS_RESOURCE_NET, json_str(c->spec, "config.network.mode"));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_(strv_done) struct strv words = {0};

		if (json_get_strv(c->spec, lists[i].path, &words, NULL) < 0)
			continue;
		for (size_t k = 0; k < words.n; k++)
			n = add_resource(items, n, lists[i].kind, words.items[k]);
	}
	return n < WITNESS_RESOURCES_MAX ? n : WITNESS_RESOURCES_MAX;
}

struct witness_request *attest_at_start(const struct container *c)
{
	_cleanup_free_ struct witness_item *items = mem_array(WITNESS_RESOURCES_MAX, sizeof(*items));
	struct attest a = ATTEST_INIT(AUDIT_VERB_START);

	if (!items)
		return NULL;
	a.c = c;
	a.resources = items;
	a.n_resources = add_resources(items, c);
	return request_of(&a);
}

int attest_container_start(struct engine *eng, const struct container *c, struct witness_request *q, int pidfd, bool required,
			   struct audit_receipt *ret, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_START);

	if (!q)
		return err_errno(e, ENOMEM, "attest");
	a.c = c;
	a.request = q;
	a.pidfd = pidfd;
	a.required = required || json_true(c->spec, "options.require-audit");
	return attest(eng, &a, ret, e);
}

struct witness_request *attest_at_exit(const struct container *c)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_EXIT);
	struct witness_request *q;

	a.c = c;
	q = request_of(&a);
	if (q)
		q->claim[WITNESS_CLAIM_RUN][0] = '\0'; /* the witness makes it again */
	return q;
}

#define BEGUN "begun"

void attest_begun(int run_dirfd)
{
	int fd = openat(run_dirfd, BEGUN, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	fd_closep(&fd);
}

/* True for one of those who see it: the name can be taken away once. */
static bool take_begun(struct engine *eng, const char *id)
{
	_cleanup_close_ int dir = -EBADF;

	return path_own_open(eng->run_fd, id, O_RDONLY | O_DIRECTORY, 0, &dir) == 0 && unlinkat(dir, BEGUN, 0) == 0;
}

void attest_end(struct engine *eng, const struct container *c)
{
	_cleanup_(pause_ledger) struct ledger *l = NULL;
	_cleanup_free_ struct witness_request *q = NULL;
	struct attest a = ATTEST_INIT(AUDIT_VERB_EXIT);
	struct witness_reply reply = {0};
	char code[16];

	if (!take_begun(eng, c->id) || !(q = attest_at_exit(c)))
		return;
	witness_text(q->reason, sizeof(q->reason), exit_reason_name((enum monitor_exit_reason)c->end.reason));
	snprintf(code, sizeof(code), "%d", c->exit_code);
	witness_text(q->claim[WITNESS_CLAIM_DETAIL], sizeof(q->claim[0]), code);
	reply.receipt = c->end.receipt;
	witness_text(reply.receipt.uuid, sizeof(reply.receipt.uuid), c->state ? json_str(c->state, "uuid") : "");
	a.c = c;
	if (begin_ledger(eng, &l, NULL) == 0)
		(void)!write_entry(l, &a, eng, q, &reply, false, NULL);
}
