/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The order is the security: what came with us is undone, privileges and
 * calls are cut down, and only then the first byte of the caller is read. Facts are
 * read before the rate limit is charged, so that a refusal costs nobody
 * anything, and the charge is on the disk before a record is sent. Before
 * that last step nothing can be opened any more.
 *
 * Nothing here grants anything: whoever runs this learns the serial of a
 * record that bears his own login, and no more.
 */
#include "witness/witness.h"

#include "sys/fd.h"
#include "witness/shed.h"
#include "witness/rate.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

/* ---- the request ---- */

static bool is_word(const char *text, size_t size, const char *of)
{
	return strnlen(text, size) < size && text[strspn(text, of)] == '\0';
}

/* What failed has no process, or none that may be looked at; a caller may show whom it is about. */
static bool fds_are_right(const struct witness_request *q, size_t n_fds)
{
	if ((q->flags & WITNESS_FAILED) || audit_verb_row(q->verb)->trust == AUDIT_TRUST_CALLER)
		return n_fds <= 1;
	return n_fds == (q->verb == AUDIT_VERB_EXEC ? 2 : 1);
}

bool witness_request_is_sound(const struct witness_request *q, size_t n_fds)
{
	if (q->magic != WITNESS_MAGIC || q->version != WITNESS_VERSION || !audit_verb_row(q->verb) ||
	    (q->flags & ~(uint32_t)(WITNESS_FAILED | WITNESS_REQUIRED)) || !fds_are_right(q, n_fds) ||
	    q->n_resources > (q->verb == AUDIT_VERB_START ? WITNESS_RESOURCES_MAX : 0))
		return false;
	if (!is_word(q->reason, sizeof(q->reason), "abcdefghijklmnopqrstuvwxyz0123456789-") ||
	    !is_word(q->ctr, sizeof(q->ctr), "0123456789abcdef") || (q->ctr[0] && strlen(q->ctr) != 64) ||
	    !is_word(q->claim[WITNESS_CLAIM_PROFILE_HASH], sizeof(q->claim[0]), "0123456789abcdef") || !memchr(q->vm, '\0', sizeof(q->vm)))
		return false;
	for (size_t i = 0; i < WITNESS_CLAIM_N; i++)
		if (!memchr(q->claim[i], '\0', sizeof(q->claim[i])))
			return false;
	for (size_t i = 0; i < q->n_resources; i++)
		if (q->resource[i].kind >= WITNESS_RESOURCE_N || !memchr(q->resource[i].text, '\0', sizeof(q->resource[i].text)))
			return false;
	return true;
}

static enum witness_outcome take_request(struct witness *w)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(w->fds))];
	} control;
	struct iovec part = {&w->q, sizeof(w->q)};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	/* who does not ask in time is left by our alarm */
	if (recvmsg(0, &msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(w->q) || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return WITNESS_BAD_REQUEST;
	c = CMSG_FIRSTHDR(&msg);
	if (c && (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS))
		return WITNESS_BAD_REQUEST;
	if (c) {
		w->n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(w->fds, CMSG_DATA(c), w->n_fds * sizeof(int));
	}
	if (!witness_request_is_sound(&w->q, w->n_fds))
		return WITNESS_BAD_REQUEST;
	w->row = audit_verb_row(w->q.verb);
	return WITNESS_RECORDED;
}

/* ---- facts ---- */

/*
 * A root's process of that name? By its credentials: the files in /proc of whoever is not dumpable are root's. Who
 * else runs as root may lie to us about it, and about all else.
 */
static bool is_auditd(unsigned pid, char *text)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/%u/status", pid);
	return facts_slurp(AT_FDCWD, name, text) && strncmp(text, "\nName:\tauditd\n", 14) == 0 && strstr(text, "\nUid:\t0\t0\t0\t0\n");
}

/* One that holds an audit socket: its port is its number, and no file has to tell it. */
static bool daemon_is_there(struct witness *w)
{
	unsigned protocol, port;

	if (!facts_slurp(AT_FDCWD, "/proc/net/netlink", w->scratch))
		return false;
	for (const char *p = strchr(w->scratch + 1, '\n'); p; p = strchr(p + 1, '\n'))
		if (sscanf(p, " %*x %u %u", &protocol, &port) == 2 && protocol == NETLINK_AUDIT && is_auditd(port, w->scratch2))
			return true;
	return false;
}

static enum witness_outcome read_targets(struct witness *w)
{
	struct audit_run run;
	enum witness_outcome o = facts_read(w->fds[0], w->row->trust, w->scratch, &w->target);

	w->init = &w->target;
	if (o == WITNESS_RECORDED && w->n_fds == 2) {
		o = facts_read(w->fds[1], AUDIT_TRUST_LIVE, w->scratch, &w->init_facts);
		w->init = &w->init_facts;
	}
	if (o != WITNESS_RECORDED)
		return o;
	if (strcmp(w->target.user_ns, w->init->user_ns) != 0 || strcmp(w->target.pid_ns, w->init->pid_ns) != 0)
		return WITNESS_NOT_SAME;
	run.pid = (uint32_t)w->init->pid;
	run.start_ticks = w->init->start_ticks;
	if (audit_boot_bits(w->boot_id, &run.boot) < 0)
		return WITNESS_BROKEN;
	audit_uuid_text(&run, w->reply.receipt.uuid);
	w->trust = w->row->trust;
	return WITNESS_RECORDED;
}

static enum witness_outcome read_facts(struct witness *w)
{
	enum witness_outcome o = facts_read_self(w->scratch, &w->self, w->boot_id);

	if (o != WITNESS_RECORDED)
		return o;
	w->rate_fd = rate_open();
	if (w->rate_fd < 0 || shed_group() < 0 || getrandom(&w->nonce, sizeof(w->nonce), GRND_NONBLOCK) < 0)
		return WITNESS_BROKEN;
	if ((w->q.flags & WITNESS_REQUIRED) && !daemon_is_there(w))
		return WITNESS_NO_DAEMON;
	return w->n_fds > 0 ? read_targets(w) : WITNESS_RECORDED;
}

/* ---- records ---- */

/* The one that was just built, unless one before it was refused. */
static void send_record(struct witness *w, enum audit_type type)
{
	if (w->reply.error == 0)
		w->reply.error = w->record.cut ? EMSGSIZE : -kaudit_send(w->back.fd, (uint16_t)type, w->record.text);
}

/* What a container is given, before it starts; then the verb's own, which is waited for. */
static enum witness_outcome send_all(struct witness *w)
{
	bool starts = w->q.verb == AUDIT_VERB_START && w->init;

	for (size_t i = 0; i < w->q.n_resources; i++) {
		record_resource(w, w->q.resource[i].kind, w->q.resource[i].text);
		send_record(w, AUDIT_TYPE_VIRT_RESOURCE);
	}
	if (starts) {
		record_resource(w, WITNESS_RESOURCE_N, w->target.uid_map);
		send_record(w, AUDIT_TYPE_VIRT_RESOURCE);
	}
	if (starts && w->target.label[0]) {
		record_label(w);
		send_record(w, AUDIT_TYPE_VIRT_MACHINE_ID);
	}
	record_verb(w);
	send_record(w, w->row->type);
	return w->reply.error ? WITNESS_NO_AUDIT
			      : readback_wait(&w->back, (uint16_t)w->row->type, w->record.text, w->q.flags & WITNESS_REQUIRED, &w->reply);
}

static enum witness_outcome record_it(struct witness *w)
{
	int go = rate_take(w->rate_fd, w->q.n_resources + (w->q.verb == AUDIT_VERB_START ? 3 : 1), &w->suppressed);

	if (go < 0)
		return WITNESS_BROKEN;
	if (!go && w->suppressed > 1)
		return WITNESS_LIMITED;
	w->reply.error = -readback_open(&w->back);
	if (w->reply.error)
		return WITNESS_NO_AUDIT;
	if (shed_files() < 0)
		return WITNESS_BROKEN;
	if (go)
		return send_all(w);
	record_suppressed(w);
	send_record(w, AUDIT_TYPE_VIRT_CONTROL);
	return w->reply.error ? WITNESS_NO_AUDIT : WITNESS_LIMITED;
}

int witness_main(void)
{
	static struct witness w; /* two megabytes, of which what is used becomes memory */
	enum witness_outcome o;
	bool able;

	w.reply = (struct witness_reply){.magic = WITNESS_MAGIC, .auid = UINT32_MAX, .ses = UINT32_MAX};
	if (shed_inheritance() < 0)
		return WITNESS_EXIT_MUTE;
	able = shed_privileges();
	if (shed_calls() < 0)
		return WITNESS_EXIT_MUTE;
	/* also without privileges: an answer to what was not read is lost (unix(7), ECONNRESET) */
	o = take_request(&w);
	if (o == WITNESS_RECORDED && !able)
		o = WITNESS_NO_PRIVILEGE;
	if (o == WITNESS_RECORDED)
		o = read_facts(&w);
	if (o == WITNESS_RECORDED)
		o = record_it(&w);
	w.reply.outcome = (uint32_t)o;
	if (o == WITNESS_BROKEN)
		w.reply.error = errno;
	return send(0, &w.reply, sizeof(w.reply), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(w.reply) ? WITNESS_EXIT_ANSWERED
												      : WITNESS_EXIT_MUTE;
}
