/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A log of any bytes. Beyond not crashing: cut anywhere, it gives the same
 * events; no string of an event is NULL; and the solver answers about each of them.
 */
#include "audit/chain.h"

#include <stdlib.h>
#include <string.h>

struct sums {
	struct chain *chain;
	uint64_t sum, events;
	uint64_t keys[256];
};

static void add(struct sums *s, const char *text)
{
	for (; *text; text++)
		s->sum = s->sum * 31 + (unsigned char)*text;
}

static int sink(const struct log_event *ev, void *data, struct err *e)
{
	struct sums *s = data;

	add(s, ev->comm);
	add(s, ev->exe);
	add(s, ev->argv);
	add(s, ev->virt.vm);
	add(s, ev->user.acct);
	for (unsigned i = 0; i < ev->n_paths; i++)
		add(s, ev->paths[i]);
	s->sum = s->sum * 31 + ev->serial + ev->pid + (uint64_t)ev->kind;
	s->keys[s->events++ % 256] = log_event_key(ev);
	return chain_feed(s->chain, ev, e);
}

static void run(const uint8_t *data, size_t size, size_t cut, struct sums *s)
{
	struct log_reader *lr = NULL;
	struct err e;

	if (chain_new(&CHAIN_OPTIONS_DEFAULT, &s->chain, &e) < 0 || log_reader_new(sink, s, &lr, &e) < 0)
		abort();
	if (log_reader_feed(lr, (const char *)data, cut, &e) < 0 ||
	    log_reader_feed(lr, (const char *)data + cut, size - cut, &e) < 0 || log_reader_end(lr, &e) < 0)
		abort();
	log_reader_free(lr);
	for (size_t i = 0; i < s->events && i < 256; i++) {
		struct chain_answer a;

		chain_ask(s->chain, s->keys[i], &a);
		if ((a.where == CHAIN_UNKNOWN) != (a.confidence == CHAIN_NO_CONFIDENCE))
			abort();
		add(s, chain_where_text(s->chain, &a));
	}
	chain_free(s->chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sums whole = {0}, cut = {0};

	run(data, size, size, &whole);
	run(data, size, size ? data[0] % size : 0, &cut);
	if (whole.sum != cut.sum || whole.events != cut.events)
		abort();
	return 0;
}
