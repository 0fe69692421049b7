/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct packet {
	uint32_t type;
	struct err failure; /* FAILED only */
};

/* The table: in which state which message may come. The sender is the only other party there is. */
static const struct {
	enum message_state state;
	enum message_type type;
	size_t len;
} allowed[] = {
	{INIT_WAITS_MAP, MESSAGE_MAPPED, sizeof(uint32_t)},
	{CREATE_WAITS_READY, MESSAGE_READY, sizeof(uint32_t)},
	{CREATE_WAITS_READY, MESSAGE_FAILED, sizeof(struct packet)},
	{INIT_WAITS_START, MESSAGE_START, sizeof(uint32_t)},
	{STARTER_WAITS_READY, MESSAGE_READY, sizeof(uint32_t)},
	{STARTER_WAITS_READY, MESSAGE_FAILED, sizeof(struct packet)},
	{STARTER_WAITS_CONFINED, MESSAGE_CONFINED, sizeof(uint32_t)},
	{STARTER_WAITS_CONFINED, MESSAGE_FAILED, sizeof(struct packet)},
	{STARTER_WAITS_EXEC, MESSAGE_NONE, 0},
	{STARTER_WAITS_EXEC, MESSAGE_FAILED, sizeof(struct packet)},
	{CREATE_WAITS_BUILT, MESSAGE_BUILT, sizeof(uint32_t)},
	{CREATE_WAITS_BUILT, MESSAGE_FAILED, sizeof(struct packet)},
	{INIT_WAITS_HOOKED, MESSAGE_HOOKED, sizeof(uint32_t)},
};

/* What an early end of file means to whom. */
static const char *const ended[] = {
	[INIT_WAITS_MAP] = "create ended",
	[CREATE_WAITS_READY] = "init ended without a word",
	[INIT_WAITS_START] = "the starter went away",
	[STARTER_WAITS_READY] = "init ended without a word",
	[STARTER_WAITS_CONFINED] = "init ended without a word",
	[STARTER_WAITS_EXEC] = "init ended",
	[CREATE_WAITS_BUILT] = "init ended without a word",
	[INIT_WAITS_HOOKED] = "create ended",
};

int message_send(int sock, enum message_type type, const struct err *failure)
{
	struct packet p = {.type = (uint32_t)type};
	size_t len = sizeof(p.type);
	ssize_t n;

	if (failure) {
		p.failure = *failure;
		len = sizeof(p);
	}
	do
		n = write(sock, &p, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int take_failure(const struct packet *p, struct err *e)
{
	int code = p->failure.code;

	if (e) {
		*e = p->failure;
		e->text[sizeof(e->text) - 1] = '\0';
		e->hint[sizeof(e->hint) - 1] = '\0';
	}
	return code > 0 && code < 4096 ? -code : -EIO;
}

int message_receive(int sock, enum message_state state, enum message_type *ret, struct err *e)
{
	struct packet p = {0};
	ssize_t n;

	do
		n = read(sock, &p, sizeof(p));
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return err_errno(e, errno, "receive a message");
	if (n <= 0) {
		n = 0;
		p.type = MESSAGE_NONE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (allowed[i].state != state || allowed[i].type != p.type || allowed[i].len != (size_t)n)
			continue;
		if (p.type == MESSAGE_FAILED)
			return take_failure(&p, e);
		*ret = (enum message_type)p.type;
		return 0;
	}
	if (n == 0)
		return err_set(e, ENODATA, "%s", ended[state]);
	return err_set(e, EPROTO, "message %u of %zd bytes is not allowed here", p.type, n);
}
