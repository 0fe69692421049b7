/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The kernel answers AUDIT_LIST_RULES from a thread of its own, one datagram
 * for each rule and NLMSG_DONE at the end; the acknowledgement may come
 * before, between or after them. So what is awaited is the end of the list and
 * not the acknowledgement; an error in it ends the wait too.
 */
#include "sys/kaudit_state.h"

#include "sys/fd.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_TIMEOUT_MS 5000
#define MESSAGE_MAX (16U << 10) /* a rule's strings are 4096 bytes each at most, and few */

struct message {
	struct nlmsghdr head;
	char data[MESSAGE_MAX];
};

static int ask(int fd, uint16_t type)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct nlmsghdr head = {
		.nlmsg_len = sizeof(head), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = type};
	ssize_t n = sendto(fd, &head, sizeof(head), 0, (struct sockaddr *)&kernel, sizeof(kernel));

	return n < 0 ? -errno : 0;
}

/* The length of the payload. */
static int receive(int fd, struct message *m)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct sockaddr_nl from = {0};
	socklen_t from_len = sizeof(from);
	ssize_t n;
	int ready = poll(&p, 1, ANSWER_TIMEOUT_MS);

	if (ready <= 0)
		return ready < 0 ? -errno : -ETIMEDOUT;
	n = recvfrom(fd, m, sizeof(*m), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	if (n < 0)
		return -errno;
	if (from.nl_pid != 0 || (size_t)n < sizeof(m->head))
		return -EBADMSG;
	return (int)((size_t)n - sizeof(m->head));
}

static int error_of(const struct message *m, int len)
{
	int error;

	if ((size_t)len < sizeof(error))
		return -EBADMSG;
	memcpy(&error, m->data, sizeof(error));
	return error;
}

/* One answer of that type, its first `size` bytes; what the kernel left out is zero. */
static int get(int fd, uint16_t type, void *ret, size_t size)
{
	_cleanup_free_ struct message *m = malloc(sizeof(*m));
	int r = m ? ask(fd, type) : -ENOMEM;

	while (r == 0) {
		int len = receive(fd, m);

		if (len < 0)
			return len;
		if (m->head.nlmsg_type == NLMSG_ERROR && m->head.nlmsg_seq == type)
			r = error_of(m, len);
		if (m->head.nlmsg_type != type)
			continue;
		memset(ret, 0, size);
		memcpy(ret, m->data, (size_t)len < size ? (size_t)len : size);
		return 0;
	}
	return r;
}

int kaudit_state_add_rule(struct kaudit_state *s, const void *data, size_t len)
{
	uint32_t size = (uint32_t)len;

	if (s->n_rules >= KAUDIT_RULES_MAX || len > MESSAGE_MAX || s->rules.len + len > KAUDIT_RULES_BYTES)
		return -E2BIG;
	buf_add(&s->rules, &size, sizeof(size));
	buf_add(&s->rules, data, len);
	s->n_rules++;
	return -buf_bad(&s->rules);
}

static int list_rules(int fd, struct kaudit_state *s)
{
	_cleanup_free_ struct message *m = malloc(sizeof(*m));
	int r = m ? ask(fd, AUDIT_LIST_RULES) : -ENOMEM;

	while (r == 0) {
		int len = receive(fd, m);

		if (len < 0)
			return len;
		if (m->head.nlmsg_type == NLMSG_DONE)
			return 0;
		if (m->head.nlmsg_type == NLMSG_ERROR && m->head.nlmsg_seq == AUDIT_LIST_RULES)
			r = error_of(m, len);
		else if (m->head.nlmsg_type == AUDIT_LIST_RULES)
			r = kaudit_state_add_rule(s, m->data, (size_t)len);
	}
	return r;
}

int kaudit_state_read(struct kaudit_state *ret)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct audit_status status = {0};
	struct audit_features features = {0};
	struct kaudit_state s = {0};
	int r;

	if (fd < 0)
		return -errno;
	r = get(fd, AUDIT_GET, &status, sizeof(status));
	if (r == 0)
		r = get(fd, AUDIT_GET_FEATURE, &features, sizeof(features));
	if (r == 0)
		r = list_rules(fd, &s);
	if (r < 0) {
		kaudit_state_done(&s);
		return r;
	}
	s.enabled = status.enabled;
	s.failure = status.failure;
	s.pid = status.pid;
	s.rate_limit = status.rate_limit;
	s.backlog_limit = status.backlog_limit;
	s.lost = status.lost;
	s.backlog = status.backlog;
	s.features = features.features;
	s.locked = features.lock;
	*ret = s;
	return 0;
}

void kaudit_state_done(struct kaudit_state *s)
{
	buf_done(&s->rules);
	memset(s, 0, sizeof(*s));
}
