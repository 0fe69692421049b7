/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/record.h"

#include "audit/witness.h"
#include "base/json.h"
#include "runtime/record_root.h"
#include "runtime/state.h"
#include "sys/fd.h"
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
	if (record_is_container_id(t->s->id))
		witness_text(q->ctr, sizeof(q->ctr), t->s->id);
	witness_text(q->claim[WITNESS_CLAIM_PROFILE_HASH], sizeof(q->claim[0]), json_str(attribution, "seccomp"));
	claim_job(attribution, q->claim[WITNESS_CLAIM_DETAIL], sizeof(q->claim[0]));
	return witness_ask(q, &t->p.pidfd, 1, &t->reply, NULL);
}

static int write_by_root(struct subject *t, struct json_object *attribution)
{
	char job[WITNESS_TEXT_SIZE] = "";

	claim_job(attribution, job, sizeof(job));
	return record_root_write(&(struct record_root){.verb = AUDIT_VERB_START, .s = t->s, .p = &t->p, .job = job}, &t->reply);
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

/* `key`: of the receipt. */
static int note(int rroot, const char *id, const char *key, const struct witness_reply *reply)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_close_ int dir = -EBADF;
	char receipt[AUDIT_RECEIPT_SIZE];
	const char *text;
	size_t len;
	int r = o ? path_own_open(rroot, id, O_RDONLY | O_DIRECTORY, 0, &dir) : -ENOMEM;

	if (r == 0 && reply->outcome == WITNESS_RECORDED) {
		r = json_add_str(o, key, audit_receipt_text(&reply->receipt, receipt));
		if (r == 0)
			r = json_add_str(o, "uuid", reply->receipt.uuid);
	} else if (r == 0) {
		r = json_add_str(o, "why", witness_outcome_text((enum witness_outcome)reply->outcome));
	}
	if (r < 0)
		return r;
	text = json_text(o, &len);
	return text ? path_own_write(dir, FILE_NAME, text, len, 0600, PATH_SYNC_NONE) : -ENOMEM;
}

int record_note(int rroot, const char *id, const struct witness_reply *reply)
{
	return note(rroot, id, "receipt", reply);
}

/* Not in a user namespace, and not a plain user where nobody is installed who may. */
static bool can_record(void)
{
	bool initial = false;

	return userns_is_initial(&initial) == 0 && initial && (geteuid() == 0 || witness_is_installed());
}

/* ---- root's own ---- */

static bool is_roots(void)
{
	return geteuid() == 0 && can_record();
}

void record_exec(const struct runtime_state *s, pid_t pid)
{
	_cleanup_(subject_done) struct subject t = {.s = s, .fs = PROCFS_INIT, .p = PROC_INIT};

	if (is_roots() && procfs_open(&t.fs) == 0 && proc_open(&t.fs, pid, &t.p) == 0)
		(void)!record_root_write(&(struct record_root){.verb = AUDIT_VERB_EXEC, .s = s, .p = &t.p, .job = ""}, &t.reply);
}

void record_gone(const struct runtime_context *x, struct runtime_state *s)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct witness_reply reply;

	if (!is_roots() || runtime_state_load_record(x->rroot, s) < 0 || !s->record ||
	    json_parse(s->record, strlen(s->record), FILE_NAME, &o, NULL) < 0 || !*json_str(o, "receipt"))
		return;
	/* a removal that fails, or is killed, is done again by the next one, and what is recorded then is not recorded anew */
	if (record_root_write(&(struct record_root){.verb = AUDIT_VERB_EXIT, .s = s, .job = ""}, &reply) == 0 && reply.outcome == WITNESS_RECORDED)
		(void)!note(x->rroot, s->id, "ended", &reply);
}

/* ---- for who is elsewhere by then ---- */

static void record(const struct runtime_context *x, const char *id, enum audit_verb verb)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_(subject_done) struct subject t = {.s = &s, .verb = verb, .fs = PROCFS_INIT, .p = PROC_INIT};

	if (runtime_state_load(x->rroot, id, &s, NULL) < 0)
		return;
	if (verb == AUDIT_VERB_RM) {
		record_gone(x, &s);
		return;
	}
	if (procfs_open(&t.fs) < 0 || proc_open_identity(&t.fs, s.pid, s.start_ticks, &t.p) < 0)
		return;
	if (testify(&t) && verb == AUDIT_VERB_START)
		(void)!record_note(x->rroot, id, &t.reply);
}

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
