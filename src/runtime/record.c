/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The witness reads what it says by itself, for a caller who owns the user
 * namespace that the process is in. Root may write any record, and needs no
 * witness; his containers may be in the host's user namespace, where that
 * sees nothing. So the facts are then ours, from /proc, before init has run
 * anything of the container's.
 */
#include "runtime/record.h"

#include "audit/readback.h"
#include "audit/record_words.h"
#include "audit/witness.h"
#include "base/json.h"
#include "runtime/state.h"
#include "sys/fd.h"
#include "sys/kaudit_state.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/procfs.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_NAME "record"
#define NAME_MAX_IN_RECORD 120
#define CGROUP_MAX_IN_RECORD 180

/* One process of a container, and what became of its record. */
struct subject {
	const struct runtime_state *s;
	enum audit_verb verb;
	struct procfs fs;
	struct proc p;
	struct witness_reply reply;
};

static void subject_done(struct subject *t)
{
	proc_close(&t->p);
	procfs_close(&t->fs);
}

/* ---- by the witness ---- */

static bool is_container_id(const char *id)
{
	return strlen(id) == 64 && id[strspn(id, "0123456789abcdef")] == '\0';
}

/* The job that the environment named when it was made: a claim there, and here. */
static void claim_job(struct json_object *a, char *out, size_t size)
{
	const char *job = json_str(a, "claimed.SLURM_JOB_ID");

	if (*job)
		snprintf(out, size, "SLURM_JOB_ID=%s", job);
}

static int ask_witness(struct subject *t, struct json_object *attribution)
{
	_cleanup_free_ struct witness_request *q = malloc(sizeof(*q));

	if (!q)
		return -ENOMEM;
	witness_request_init(q, t->verb);
	witness_text(q->reason, sizeof(q->reason), t->verb == AUDIT_VERB_START ? "runtime" : "");
	witness_text(q->vm, sizeof(q->vm), t->s->id);
	if (is_container_id(t->s->id))
		witness_text(q->ctr, sizeof(q->ctr), t->s->id);
	witness_text(q->claim[WITNESS_CLAIM_PROFILE_HASH], sizeof(q->claim[0]), json_str(attribution, "seccomp"));
	claim_job(attribution, q->claim[WITNESS_CLAIM_DETAIL], sizeof(q->claim[0]));
	return witness_ask(q, &t->p.pidfd, 1, &t->reply, NULL);
}

/* ---- by root ---- */

static void add_namespaces(struct record *r, const struct proc *p)
{
	static const char *const names[] = {"pid", "user", "mnt", "net"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t inode = 0;

		if (proc_ns_inode(p, names[i], &inode) == 0)
			record_add(r, " %s-ns=%llu", names[i], (unsigned long long)inode);
	}
}

static void add_login(struct record *r, const struct proc *p)
{
	uint32_t auid, ses;

	if (proc_read_id(p, "loginuid", &auid) == 0 && proc_read_id(p, "sessionid", &ses) == 0)
		record_add(r, " starter-auid=%u starter-ses=%u", auid, ses);
}

/* In the order of the witness's own (witness/record.h). */
static void compose(struct subject *t, struct json_object *attribution, struct record *r)
{
	_cleanup_(buf_done) struct buf cgroup = BUF_INIT;
	char job[WITNESS_TEXT_SIZE] = "";
	unsigned long long ticks = t->p.start_ticks;

	record_add(r, "virt=ranby op=start reason=runtime");
	record_nv(r, "vm", t->s->id, NAME_MAX_IN_RECORD);
	record_add(r, " uuid=%s vm-pid=%d trust=%s", t->reply.receipt.uuid, (int)t->p.pid, audit_trust_word(AUDIT_TRUST_ROOT));
	if (is_container_id(t->s->id))
		record_add(r, " ctr=%s", t->s->id);
	record_add(r, " boot=%s vm-start=%llu init-pid=%d init-start=%llu", t->s->boot_id, ticks, (int)t->p.pid, ticks);
	add_namespaces(r, &t->p);
	if (proc_read_cgroup(&t->p, &cgroup) == 0)
		record_nv(r, "cgroup", buf_str(&cgroup), CGROUP_MAX_IN_RECORD);
	add_login(r, &t->p);
	record_add(r, " stage=pre-exec");
	claim_job(attribution, job, sizeof(job));
	if (*job)
		record_nv(r, "claimed-detail", job, sizeof(job));
	record_add(r, " exe=\"ranby-runtime\" hostname=? addr=? terminal=? res=success");
}

static int make_uuid(struct subject *t)
{
	struct audit_run run = {.pid = (uint32_t)t->p.pid, .start_ticks = t->p.start_ticks};
	int r = audit_boot_bits(t->s->boot_id, &run.boot);

	if (r == 0)
		audit_uuid_text(&run, t->reply.receipt.uuid);
	return r;
}

static int write_by_root(struct subject *t, struct json_object *attribution)
{
	_cleanup_(kaudit_state_done) struct kaudit_state k = {0};
	_cleanup_free_ struct record *text = mem_array(1, sizeof(*text));
	_cleanup_free_ struct readback *back = mem_array(1, sizeof(*back));
	int r = text && back ? kaudit_state_read(&k) : -ENOMEM;

	t->reply = (struct witness_reply){.outcome = WITNESS_NO_AUDIT};
	if (r < 0)
		return r;
	/* nothing comes back from a kernel that is silent, and to wait for it costs each start its time */
	t->reply.outcome = WITNESS_SILENT;
	if (k.enabled == 0)
		return 0;
	r = make_uuid(t);
	if (r < 0)
		return r;
	compose(t, attribution, text);
	*back = (struct readback){.fd = -EBADF, .log_fd = -EBADF};
	r = text->cut ? -EMSGSIZE : readback_open(back);
	if (r == 0)
		r = kaudit_send(back->fd, AUDIT_TYPE_VIRT_CONTROL, text->text);
	t->reply.outcome = r == 0 ? readback_wait(back, AUDIT_TYPE_VIRT_CONTROL, text->text, false, &t->reply) : WITNESS_NO_AUDIT;
	fd_closep(&back->fd);
	fd_closep(&back->log_fd);
	return 0;
}

/* ---- either ---- */

/* True when somebody was asked. */
static bool testify(struct subject *t)
{
	_cleanup_json_ struct json_object *a = NULL;
	int r = t->s->attribution ? json_parse(t->s->attribution, strlen(t->s->attribution), "attribution", &a, NULL) : -ENOENT;

	if (r < 0)
		return false;
	if (geteuid() != 0)
		return ask_witness(t, a) == 0;
	return t->verb == AUDIT_VERB_START && write_by_root(t, a) == 0;
}

static void note(const struct runtime_context *x, const struct subject *t)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_close_ int dir = -EBADF;
	char receipt[AUDIT_RECEIPT_SIZE];
	const char *text;
	size_t len;
	int r = o ? path_own_open(x->rroot, t->s->id, O_RDONLY | O_DIRECTORY, 0, &dir) : -ENOMEM;

	if (r == 0 && t->reply.outcome == WITNESS_RECORDED) {
		r = json_add_str(o, "receipt", audit_receipt_text(&t->reply.receipt, receipt));
		if (r == 0)
			r = json_add_str(o, "uuid", t->reply.receipt.uuid);
	} else if (r == 0) {
		r = json_add_str(o, "why", witness_outcome_text((enum witness_outcome)t->reply.outcome));
	}
	text = r == 0 ? json_text(o, &len) : NULL;
	if (text)
		(void)!path_own_write(dir, FILE_NAME, text, len, 0600, PATH_SYNC_NONE);
}

/* Not in a user namespace, and not a plain user where nobody is installed who may. */
static bool can_record(void)
{
	bool initial = false;

	return userns_is_initial(&initial) == 0 && initial && (geteuid() == 0 || witness_is_installed());
}

static void record(const struct runtime_context *x, const char *id, enum audit_verb verb)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_(subject_done) struct subject t = {.s = &s, .verb = verb, .fs = PROCFS_INIT, .p = PROC_INIT};

	if (runtime_state_load(x->rroot, id, &s, NULL) < 0 || procfs_open(&t.fs) < 0 ||
	    proc_open_identity(&t.fs, s.pid, s.start_ticks, &t.p) < 0)
		return;
	if (testify(&t) && verb == AUDIT_VERB_START)
		note(x, &t);
}

/* ---- for who is elsewhere by then ---- */

/* Until nobody asks any more. */
_Noreturn static void stay(const struct runtime_context *x, const char *id, int sock)
{
	unsigned char verb;

	while (read(sock, &verb, 1) == 1) {
		record(x, id, verb);
		if (write(sock, &verb, 1) != 1)
			break;
	}
	_exit(0);
}

void recorder_here(const struct runtime_context *x, const char *id, struct recorder *ret)
{
	ret->x = x;
	ret->id = id;
	ret->able = can_record();
}

int recorder_begin(const struct runtime_context *x, const char *id, struct recorder *ret)
{
	int pair[2];

	recorder_here(x, id, ret);
	if (!ret->able)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ret->pid = fork();
	if (ret->pid == 0) {
		close(pair[0]);
		stay(x, id, pair[1]);
	}
	close(pair[1]);
	ret->sock = pair[0];
	return ret->pid < 0 ? -errno : 0;
}

void recorder_ask(const struct recorder *c, enum audit_verb verb)
{
	unsigned char word = (unsigned char)verb;

	if (c->able && c->sock < 0)
		record(c->x, c->id, verb);
	else if (c->able && send(c->sock, &word, 1, MSG_NOSIGNAL) == 1)
		(void)!read(c->sock, &word, 1);
}

void recorder_end(struct recorder *c)
{
	fd_closep(&c->sock);
	if (c->pid > 0)
		(void)!waitpid(c->pid, NULL, 0);
	c->pid = 0;
}
