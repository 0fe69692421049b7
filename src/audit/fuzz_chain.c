/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Events that no machine could make: parents that are their own children,
 * statements in any order, forks of everybody by everybody. The solver ends,
 * and an answer without confidence is unknown.
 */
#include "audit/chain.h"

#include <sched.h>
#include <stdlib.h>

/* Six bytes are an event; few pids, so that they meet. */
static struct log_event make(const uint8_t *d, uint32_t serial)
{
	static const enum log_kind kinds[] = {LOG_SYSCALL, LOG_SYSCALL, LOG_SYSCALL, LOG_SYSCALL, LOG_LOGIN, LOG_VIRT, LOG_DAMAGED, LOG_RULES};
	static const char *const ops[] = {"start", "exec", "stop", "kill"};
	static const char *const trusts[] = {"live", "root", "zombie", "caller"};
	struct log_event ev = {.kind = kinds[d[0] % 8], .serial = serial + (d[0] >> 7), .pid = d[1] % 16 + 1U, .ppid = d[2] % 16,
			       .ses = d[3] % 4, .auid = 1000, .uid = d[3] & 8 ? 1000 : 0, .done = d[3] & 16, .comm = "", .exe = ""};

	ev.call = (enum log_call)(d[4] % (LOG_CALL_PRIVILEGED + 1));
	ev.ns_flags = d[4] & 64 ? (uint32_t)(CLONE_NEWNS | CLONE_NEWPID) : 0;
	ev.exit = d[5] % 16;
	ev.virt = (struct log_virt){.virt = "ranby", .op = ops[d[4] % 4], .trust = trusts[d[4] % 4], .vm = "c", .uuid = "", .ctr = "",
				    .reason = "", .image = "", .uid_map = "", .vm_pid = d[2] % 16, .init_pid = d[5] % 16,
				    .init_start = d[3] % 4, .vm_start = d[3] % 4, .starter_ses = d[3] % 4, .ses_of = d[3] % 4,
				    .pid_ns = d[5] & 64 ? 4026531836U : 1, .success = true};
	return ev;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chain *c = NULL;
	struct err e;
	uint32_t serial = 1;

	if (chain_new(&CHAIN_OPTIONS_DEFAULT, &c, &e) < 0)
		abort();
	for (size_t i = 0; i + 6 <= size && i < 6000; i += 6) {
		struct log_event ev = make(data + i, serial++);
		struct chain_answer a;

		if (chain_feed(c, &ev, &e) < 0)
			abort();
		if (i % 60 == 0)
			chain_ask(c, log_event_key(&ev), &a);
	}
	for (uint32_t s = 1; s < serial; s++) {
		struct chain_answer a;

		chain_ask(c, s, &a);
		if ((a.where == CHAIN_UNKNOWN) != (a.confidence == CHAIN_NO_CONFIDENCE))
			abort();
	}
	chain_free(c);
	return 0;
}
