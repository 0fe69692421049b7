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
#include "witness/confine.h"
#include "witness/facts.h"
#include "witness/rate.h"
#include "witness/readback.h"
#include "witness/record.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define REQUEST_TIMEOUT_MS 5000
#define RECORDS_MAX (WITNESS_RESOURCES_MAX + 3)

struct witness {
	struct witness_request q;
	struct witness_reply reply;
	struct facts_self self;
	struct facts target, init;
	struct record_subject subject;
	const struct audit_verb_row *row;
	int fds[WITNESS_FDS_MAX];
	size_t n_fds;
	int rate_fd;
	struct readback back;
	struct record record;
	char scratch[FACTS_SCRATCH];
};

/* ---- the request ---- */

static bool is_word(const char *text, size_t size, const char *of)
{
	return strnlen(text, size) < size && text[strspn(text, of)] == '\0';
}

static bool is_text(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

bool witness_request_is_sound(const struct witness_request *q)
{
	bool good = q->magic == WITNESS_MAGIC && q->version == WITNESS_VERSION && audit_verb_row(q->verb) &&
		    (q->flags & ~(uint32_t)(WITNESS_FAILED | WITNESS_REQUIRED)) == 0 && q->n_resources <= WITNESS_RESOURCES_MAX;

	good = good && is_word(q->reason, sizeof(q->reason), "abcdefghijklmnopqrstuvwxyz0123456789-") &&
	       is_word(q->ctr, sizeof(q->ctr), "0123456789abcdef") && (q->ctr[0] == '\0' || strlen(q->ctr) == 64) &&
	       is_text(q->vm, sizeof(q->vm));
	for (size_t i = 0; good && i < WITNESS_CLAIM_N; i++)
		good = is_text(q->claim[i], sizeof(q->claim[i]));
	for (size_t i = 0; good && i < q->n_resources; i++)
		good = q->resource[i].kind < WITNESS_RESOURCE_N && is_text(q->resource[i].text, sizeof(q->resource[i].text));
	return good;
}

bool witness_fds_are_right(const struct audit_verb_row *row, const struct witness_request *q, size_t n_fds)
{
	bool failed = q->flags & WITNESS_FAILED;

	if (q->n_resources > 0 && q->verb != AUDIT_VERB_START)
		return false;
	if (q->verb == AUDIT_VERB_EXEC && !failed)
		return n_fds == 2;
	/* what failed has no process, or none that may be looked at; a caller may show whom it is about */
	return row->trust == AUDIT_TRUST_CALLER || failed ? n_fds <= 1 : n_fds == 1;
}

static enum witness_outcome take_request(struct witness *w)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(w->fds))];
	} control;
	struct iovec part = {&w->q, sizeof(w->q)};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct pollfd ready = {.fd = 0, .events = POLLIN};
	struct cmsghdr *c;

	if (poll(&ready, 1, REQUEST_TIMEOUT_MS) != 1)
		return WITNESS_BROKEN;
	if (recvmsg(0, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != (ssize_t)sizeof(w->q) || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return WITNESS_BAD_REQUEST;
	c = CMSG_FIRSTHDR(&msg);
	if (c) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			return WITNESS_BAD_REQUEST;
		w->n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(w->fds, CMSG_DATA(c), w->n_fds * sizeof(int));
	}
	if (!witness_request_is_sound(&w->q))
		return WITNESS_BAD_REQUEST;
	w->row = audit_verb_row(w->q.verb);
	return witness_fds_are_right(w->row, &w->q, w->n_fds) ? WITNESS_RECORDED : WITNESS_BAD_REQUEST;
}

/* ---- facts ---- */

/* A root's process of that name? Who else runs as root may lie to us about it, and about all else. */
static bool is_auditd(unsigned pid)
{
	_cleanup_close_ int comm = -EBADF;
	char name[32], text[16] = "";
	struct stat st;

	snprintf(name, sizeof(name), "/proc/%u/comm", pid);
	comm = open(name, O_RDONLY | O_CLOEXEC);
	return comm >= 0 && fstat(comm, &st) == 0 && st.st_uid == 0 && read(comm, text, sizeof(text) - 1) > 0 &&
	       strcmp(text, "auditd\n") == 0;
}

/* One that holds an audit socket: its port is its number, and no file has to tell it. */
static bool daemon_is_there(char *scratch)
{
	_cleanup_close_ int fd = open("/proc/net/netlink", O_RDONLY | O_CLOEXEC);
	unsigned protocol, port;
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, scratch + len, FACTS_SCRATCH - 1 - len)) > 0)
		len += (size_t)n;
	scratch[len] = '\0';
	for (const char *p = strchr(scratch, '\n'); p; p = strchr(p + 1, '\n'))
		if (sscanf(p + 1, "%*x %u %u", &protocol, &port) == 2 && protocol == NETLINK_AUDIT && is_auditd(port))
			return true;
	return false;
}

/* An exec's process is in the container that the other one is the init of. */
static bool is_one_container(const struct facts *a, const struct facts *b)
{
	return a->ns[FACTS_NS_USER] == b->ns[FACTS_NS_USER] && a->ns[FACTS_NS_PID] == b->ns[FACTS_NS_PID];
}

static enum witness_outcome read_target(struct witness *w)
{
	static const enum facts_wanted wanted[] = {
		[AUDIT_TRUST_CALLER] = FACTS_EITHER,
		[AUDIT_TRUST_LIVE] = FACTS_LIVE,
		[AUDIT_TRUST_ZOMBIE] = FACTS_ZOMBIE,
	};
	const struct facts *init = &w->target;
	enum witness_outcome o = facts_read(w->fds[0], wanted[w->row->trust], &w->self, getuid(), w->scratch, &w->target);

	if (o == WITNESS_RECORDED && w->n_fds == 2) {
		o = facts_read(w->fds[1], FACTS_LIVE, &w->self, getuid(), w->scratch, &w->init);
		if (o == WITNESS_RECORDED && !is_one_container(&w->target, &w->init))
			o = WITNESS_NOT_SAME;
		init = &w->init;
	}
	if (o != WITNESS_RECORDED)
		return o;
	w->self.run.pid = (uint32_t)init->pid;
	w->self.run.start_ticks = init->start_ticks;
	audit_uuid_text(&w->self.run, w->reply.receipt.uuid);
	w->subject.trust = w->row->trust;
	w->subject.target = &w->target;
	w->subject.init = init;
	return WITNESS_RECORDED;
}

static enum witness_outcome read_facts(struct witness *w)
{
	enum witness_outcome o = facts_read_self(w->scratch, &w->self);
	int r;

	if (o != WITNESS_RECORDED)
		return o;
	r = rate_open(w->self.auid, &w->rate_fd);
	if (r < 0 || confine_group() < 0) {
		w->reply.error = r < 0 ? -r : EPERM;
		return WITNESS_BROKEN;
	}
	if ((w->q.flags & WITNESS_REQUIRED) && !daemon_is_there(w->scratch))
		return WITNESS_NO_DAEMON;
	w->subject.q = &w->q;
	w->subject.row = w->row;
	w->subject.self = &w->self;
	w->subject.uuid = w->reply.receipt.uuid;
	if (getrandom(&w->subject.nonce, sizeof(w->subject.nonce), GRND_NONBLOCK) != (ssize_t)sizeof(w->subject.nonce))
		return WITNESS_BROKEN;
	return w->n_fds > 0 ? read_target(w) : WITNESS_RECORDED;
}

/* ---- records ---- */

/* Of the record that was just built. Its text must stay as it is until it was read back. */
static enum witness_outcome send_record(struct witness *w, enum audit_type type)
{
	int r = w->record.cut ? -EMSGSIZE : readback_send(&w->back, (uint16_t)type, w->record.text);

	w->reply.error = -r;
	return r == 0 ? WITNESS_RECORDED : WITNESS_NO_AUDIT;
}

static void new_record(struct witness *w)
{
	w->record.len = 0;
	w->record.cut = false;
}

/* What a container is given, before it starts. */
static enum witness_outcome send_resources(struct witness *w)
{
	enum witness_outcome o = WITNESS_RECORDED;

	for (size_t i = 0; o == WITNESS_RECORDED && i < w->q.n_resources; i++) {
		new_record(w);
		record_resource(&w->record, &w->subject, &w->q.resource[i]);
		o = send_record(w, AUDIT_TYPE_VIRT_RESOURCE);
	}
	if (o != WITNESS_RECORDED || w->q.verb != AUDIT_VERB_START || !w->subject.target)
		return o;
	new_record(w);
	record_map(&w->record, &w->subject);
	o = send_record(w, AUDIT_TYPE_VIRT_RESOURCE);
	if (o == WITNESS_RECORDED && w->target.label[0]) {
		new_record(w);
		record_label(&w->record, &w->subject);
		o = send_record(w, AUDIT_TYPE_VIRT_MACHINE_ID);
	}
	return o;
}

static enum witness_outcome send_all(struct witness *w)
{
	enum witness_outcome o = send_resources(w);

	if (o != WITNESS_RECORDED)
		return o;
	new_record(w);
	record_verb(&w->record, &w->subject);
	o = send_record(w, w->row->type);
	if (o == WITNESS_RECORDED)
		o = readback_wait(&w->back, w->self.pid, w->q.flags & WITNESS_REQUIRED, &w->reply);
	w->reply.records = w->back.seen;
	return o;
}

static enum witness_outcome send_limited(struct witness *w, int answer)
{
	if (answer == RATE_FIRST) {
		new_record(w);
		record_suppressed(&w->record, &w->subject);
		if (send_record(w, AUDIT_TYPE_VIRT_CONTROL) != WITNESS_RECORDED)
			return WITNESS_NO_AUDIT;
	}
	return WITNESS_LIMITED;
}

static enum witness_outcome record_it(struct witness *w)
{
	int answer = rate_take(w->rate_fd, w->q.n_resources + (w->q.verb == AUDIT_VERB_START ? 3 : 1), &w->subject.suppressed), r;

	if (answer < 0) {
		w->reply.error = -answer;
		return WITNESS_BROKEN;
	}
	if (answer == RATE_STOP)
		return WITNESS_LIMITED;
	r = readback_open(&w->back);
	if (r < 0) {
		w->reply.error = -r;
		return WITNESS_NO_AUDIT;
	}
	if (confine_files() < 0)
		return WITNESS_BROKEN;
	return answer == RATE_GO ? send_all(w) : send_limited(w, answer);
}

int witness_main(void)
{
	static struct witness w; /* two megabytes, of which what is used becomes memory */
	enum witness_outcome o;
	bool able;

	w.reply = (struct witness_reply){.magic = WITNESS_MAGIC, .auid = UINT32_MAX, .ses = UINT32_MAX};
	w.back = (struct readback)READBACK_INIT;
	if (confine_inheritance() < 0)
		return WITNESS_EXIT_MUTE;
	able = confine_privileges();
	if (able && confine_calls() < 0)
		return WITNESS_EXIT_MUTE;
	o = able ? take_request(&w) : WITNESS_NO_PRIVILEGE;
	if (o == WITNESS_RECORDED)
		o = read_facts(&w);
	if (o == WITNESS_RECORDED)
		o = record_it(&w);
	if (o != WITNESS_RECORDED)
		w.reply.receipt.serial = 0;
	w.reply.outcome = (uint32_t)o;
	if (o == WITNESS_BROKEN && w.reply.error == 0)
		w.reply.error = EIO;
	return send(0, &w.reply, sizeof(w.reply), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(w.reply) ? WITNESS_EXIT_ANSWERED
												      : WITNESS_EXIT_MUTE;
}
