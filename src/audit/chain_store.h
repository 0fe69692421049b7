/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * chain_store - what the chain solver keeps of a log: for each pid a line of
 * samples, and where the log cannot be relied on. For chain*.c only.
 */
#ifndef RANBY_AUDIT_CHAIN_STORE_H
#define RANBY_AUDIT_CHAIN_STORE_H

#include "audit/chain.h"

enum sample_flag {
	SAMPLE_DONE = 1U << 0,    /* the call succeeded */
	SAMPLE_FORK = 1U << 1,    /* of a process, and it may have succeeded */
	SAMPLE_NS = 1U << 2,      /* a fork into new mount or pid namespaces */
	SAMPLE_NEWPID = 1U << 3,  /* the latter */
	SAMPLE_ENTER = 1U << 4,   /* its process is in another mount namespace from here on, or its children in another pid namespace */
	SAMPLE_STAYS = 1U << 17,  /* the latter alone */
	SAMPLE_MOUNT = 1U << 5,   /* it mounted without being root on the host: it was so before */
	SAMPLE_EXIT = 1U << 6,
	SAMPLE_EXEC = 1U << 7,
	SAMPLE_LOGIN = 1U << 8,   /* by root on the host */
	SAMPLE_HOST = 1U << 9,    /* the caller says: on the host */
	/* statements about the process, not by it */
	SAMPLE_ALIVE = 1U << 10,  /* a start or exec record, or the caller's word: in `container` */
	SAMPLE_ZOMBIE = 1U << 11, /* a stop record: it has ended, and its number is still its own */
	SAMPLE_WHOLE = 1U << 12,  /* the caller's word for the whole log */
	/* worked out from the samples before it (store_prepare) */
	SAMPLE_TAINTED = 1U << 13, /* SAMPLE_ENTER here or earlier in what may be the same process */
	SAMPLE_ENDING = 1U << 14,  /* likewise SAMPLE_EXIT */
	SAMPLE_TAINTED_SINCE = 1U << 15, /* SAMPLE_ENTER after that */
	SAMPLE_AWAY = 1U << 16,    /* SAMPLE_TAINTED, and by more than a pid namespace that its children are in */
};
#define SAMPLE_FIXED (SAMPLE_ALIVE | SAMPLE_ZOMBIE)
#define SAMPLE_STATED (SAMPLE_FIXED | SAMPLE_HOST)

struct verdict {
	uint8_t where, method, confidence, doubt; /* enums of chain.h */
	uint16_t depth;
	uint32_t container;
	uint64_t anchor;
};

/* One moment of one process. */
struct sample {
	uint64_t key;
	uint64_t subject;  /* SAMPLE_FIXED: the process's start in ticks; 0: not said */
	uint32_t ppid, auid, ses;
	uint32_t child;    /* what a fork returned; 0: nothing */
	uint32_t container;
	uint32_t instance; /* counts what are surely different processes of that number (store_prepare) */
	uint32_t begin;    /* index + 1 of the login or word that began this process (store_prepare); 0: none */
	uint32_t flags;
	uint32_t round;    /* in which `verdict` was found; see chain.c */
	bool busy;
	struct verdict verdict;
};

/* A fork that returned this pid, in its caller's pid namespace. */
struct birth {
	uint64_t key;
	uint32_t caller, above, ses; /* who forked, and whose child that was */
	bool frozen;       /* the caller's sample was trimmed, and this is its verdict */
	struct verdict verdict;
	uint32_t flags;
};

/* All that is known of one pid in one boot. That of pid 0 has the births of which the child is not known. */
struct line {
	uint32_t pid, boot;
	bool sorted;
	bool had_fork;     /* forked, or is known without */
	bool whole;        /* the caller's word is for the whole log */
	struct sample *samples;
	size_t n, cap;
	struct birth *births;
	size_t n_births, cap_births;
	uint32_t *marks;   /* indices of SAMPLE_FIXED */
	size_t n_marks, cap_marks;
	uint64_t claimed;  /* key of the first statement about it that is not believed; 0: none */
};

enum word {
	WORD_OPEN = 0,  /* not looked at yet */
	WORD_BELIEVED,
	WORD_CLAIMED,
};

/* What a record says of a process, until its sender's word is weighed (chain_word.c), and after. */
struct statement {
	struct sample sample; /* for the line of `subject`, when it is believed */
	uint32_t boot, subject;
	uint32_t init_pid;    /* whose run it is of */
	uint64_t init_start;
	struct chain_sender sender;
	bool is_start;
	bool is_final;
	enum word word;
};

struct seen {
	uint64_t key;
	uint32_t pid;
	bool doubtful;
};

struct session {
	uint32_t boot, ses;
	uint64_t key;
};

/* By boot, session and key. */
struct session_list {
	struct session *items;
	size_t n, cap;
};

struct range {
	uint64_t first, last;
};

struct chain {
	struct chain_options options;
	struct line **lines; /* a hash table: open addressing by (boot, pid) */
	size_t n_lines, lines_cap;
	struct line **dirty; /* lines that are not sorted */
	size_t n_dirty, dirty_cap;
	struct seen *seen;
	size_t n_seen, seen_cap, n_samples;
	bool seen_sorted;
	size_t ranges_done;  /* of seen, already in ranges */
	struct range *ranges; /* where the log is not to be relied on, ascending */
	size_t n_ranges, ranges_cap;
	struct session_list logins; /* by root */
	struct session_list roots;  /* root has had a container recorded in it, or made a pid namespace: when first */
	struct chain_container *containers;
	size_t n_containers, containers_cap;
	struct statement *statements;
	size_t n_statements, statements_cap;
	size_t n_final;      /* of them, from the first: those of which the word does not change any more */
	bool statements_sorted;
	uint32_t weighed;    /* the round of the last look at them */
	uint64_t trimmed;    /* nothing is kept of before */
	bool late;           /* something came out of order */
	uint32_t round;      /* counts feeds: a verdict that may change with more events is of one round */
};

/* The verdict of this round or of a later one holds. */
#define ROUND_SETTLED UINT32_MAX

/* NULL: never seen. */
struct line *store_line(const struct chain *c, uint32_t boot, uint32_t pid);
int store_add_line(struct chain *c, uint32_t boot, uint32_t pid, struct line **ret, struct err *e) _must_check_;
int store_add_sample(struct chain *c, uint32_t boot, uint32_t pid, const struct sample *s, struct err *e) _must_check_;
int store_add_birth(struct chain *c, uint32_t boot, uint32_t pid, const struct birth *b, struct err *e) _must_check_;
int store_add_seen(struct chain *c, const struct seen *s, struct err *e) _must_check_;
int store_add_session(struct session_list *l, const struct session *s, struct err *e) _must_check_;
int store_add_container(struct chain *c, const struct chain_container *k, struct err *e) _must_check_;
int store_add_statement(struct chain *c, const struct statement *s, struct err *e) _must_check_;
/* No statement of that key about the process any more. */
int store_drop_sample(struct chain *c, uint32_t boot, uint32_t pid, uint64_t key, struct err *e) _must_check_;
void store_free(struct chain *c);

/* Sorts what came since, works out what follows from a line alone, and the ranges. */
int store_prepare(struct chain *c, struct err *e) _must_check_;

/* No verdict is settled any more. */
void store_unsettle(struct chain *c);

/* True when something between the two, without them, is missing or damaged, or the rules changed. */
bool store_doubtful(const struct chain *c, uint64_t after, uint64_t before);
/* The lowest key of that session, 0 when it is not in the list. */
uint64_t store_session(const struct session_list *l, uint32_t boot, uint32_t ses);
/* The key of the login of that session, 0 when it is not in the log. */
uint64_t store_login(const struct chain *c, uint32_t boot, uint32_t ses);
/* The event of that key, NULL. */
const struct seen *store_seen(const struct chain *c, uint64_t key);

/* Index of the first sample with a key of at least (`after`: above) that; n when there is none. */
size_t line_find(const struct line *l, uint64_t key, bool after);

static inline uint32_t key_boot(uint64_t key)
{
	return (uint32_t)(key >> 32);
}

#endif
