/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * chain - in which container, or on the host, did what the kernel recorded happen?
 *
 *	_cleanup_(chain_freep) struct chain *c = NULL;
 *	r = chain_new(&CHAIN_OPTIONS_DEFAULT, &c, e);
 *	r = chain_anchor(c, &(struct chain_anchor){.pid = 4711, .name = "web"}, e);	// when the log lacks its start
 *	... for each event, in any order: r = chain_feed(c, ev, e);
 *	chain_ask(c, log_event_key(ev), &answer);
 *
 * Needs a log of the rules pack (40-ranby.rules): successful execs and all forks of logins.
 * Answers are made from host pids and parents as the kernel stamped them on
 * the caller of a system call, in the order of serials. An answer is either right or
 * "unknown", also when records were lost; src/audit/chain.c holds the argument.
 *
 * On a stream: feed events as they come, and ask about one when CHAIN_LOOK_AHEAD
 * later ones (or a second) have come, because a parent's record may follow its child's. An answer never
 * changes from one container to another, or between host and container, by feeding more: it may become
 * unknown, and unknown may become known. `settled` says that it will not change any more.
 * All that was fed is kept: who feeds a stream without end begins anew now and
 * then, and says that what came before is forgotten.
 */
#ifndef RANBY_AUDIT_CHAIN_H
#define RANBY_AUDIT_CHAIN_H

#include "audit/log_reader.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_LOOK_AHEAD 256 /* events after which a vfork's record has come, but for a parent that is being held */
#define CHAIN_NAME_MAX 256
#define CHAIN_SAMPLES_MAX (64U << 20) /* events at most */
#define CHAIN_CONTAINERS_MAX (1U << 20)

enum chain_where {
	CHAIN_UNKNOWN = 0,
	CHAIN_HOST,
	CHAIN_CONTAINER,
};

/* By what the answer is proved. */
enum chain_method {
	CHAIN_BY_NOTHING = 0,
	CHAIN_BY_START,   /* the process that a start record names */
	CHAIN_BY_EXEC,    /* the process that an exec record names */
	CHAIN_BY_ANCHOR,  /* the process that the caller names */
	CHAIN_BY_LOGIN,   /* the process that logged in */
	CHAIN_BY_PARENTS, /* below one of these: fork by fork */
};

enum chain_confidence {
	CHAIN_NO_CONFIDENCE = 0,
	CHAIN_LIKELY,  /* right unless a fork was held by a debugger until after the log ended, or the container's stop went unrecorded */
	CHAIN_CERTAIN, /* follows from the records */
};

/* Why not known. */
enum chain_doubt {
	CHAIN_NO_DOUBT = 0,
	CHAIN_NOT_THERE,   /* no event of that serial, or none that has a process */
	CHAIN_NO_PARENT,   /* the chain ends in a process of which the log says nothing */
	CHAIN_LOST,        /* it depends on records that are missing or damaged */
	CHAIN_AMBIGUOUS,   /* two answers are possible: a pid was used again */
	CHAIN_NAMESPACE,   /* below a process that made namespaces, with no start record */
	CHAIN_NO_ORIGIN,   /* no login, service or anchor above it in the log */
	CHAIN_CLAIMED,     /* in a container by a record that is not believed: see struct chain_container */
	CHAIN_TOO_DEEP,
};

/* Whose word a record is (chain_word.c). */
enum chain_word {
	CHAIN_WORD_UNKNOWN = 0, /* who sent it can be placed nowhere, and may have been in a container */
	CHAIN_WORD_BELIEVED,
	CHAIN_WORD_CLAIMED,     /* who sent it was in a container */
};

/* Who sent a record, and when, as the kernel stamped it. */
struct chain_sender {
	uint64_t key;
	uint32_t pid, uid, ses;
	bool by_root; /* it says trust=root, which the witness never does */
};

struct chain_options {
	unsigned depth_max; /* generations; more is unknown */
};
#define CHAIN_OPTIONS_DEFAULT ((struct chain_options){.depth_max = 1000})

/* What stands in for a start record that the log lacks. */
struct chain_anchor {
	uint32_t pid;      /* on the host */
	uint32_t serial;   /* it is that process from here on; 0: in the whole log */
	uint32_t boot;
	const char *name;  /* NULL: the host */
};

/* A run of a container, as its start record or an anchor tells it. */
struct chain_container {
	char name[CHAIN_NAME_MAX]; /* its name; without one the uuid */
	char uuid[40];
	char ctr[72];        /* its id, as claimed; "" when not said */
	uint32_t pid;        /* init's, on the host */
	uint64_t start, stop; /* keys of the records; 0: none */
	uint32_t auid, ses;  /* of the start record's sender, as the kernel stamped it */
	uint64_t pid_ns, init_start;
	bool anchor;         /* the caller's word, no record */
	bool claimed;        /* its record is not believed: who sent it was in a container, or could have been (chain_word.c) */
};

struct chain_answer {
	enum chain_where where;
	uint32_t container; /* for chain_container_at() */
	enum chain_method method;
	enum chain_confidence confidence;
	enum chain_doubt doubt;
	uint64_t anchor;    /* key of the record that it rests on; 0: the caller's word */
	unsigned depth;     /* forks between that and the event */
	bool settled;
	uint32_t pid, ppid, auid, ses;
};

struct chain;
int chain_new(const struct chain_options *o, struct chain **ret, struct err *e) _must_check_;
struct chain *chain_free(struct chain *c);
DEFINE_CLEANUP(struct chain *, chain_free);

/* Before or after the events. -EEXIST: another one for that pid and serial. */
int chain_anchor(struct chain *c, const struct chain_anchor *a, struct err *e) _must_check_;

/* Keeps what it needs of the event. -E2BIG past CHAIN_SAMPLES_MAX. */
int chain_feed(struct chain *c, const struct log_event *ev, struct err *e) _must_check_;

/* About the process that the event of that key is of. Always answers. */
void chain_ask(struct chain *c, uint64_t key, struct chain_answer *ret);

/* About process `pid` at the moment of `key`, whether or not it did something then. */
void chain_ask_pid(struct chain *c, uint32_t pid, uint64_t key, struct chain_answer *ret);

/* Of any record of a program's: the same that decides about what start, exec and stop records say. */
void chain_sender_of(const struct log_event *ev, struct chain_sender *ret);
enum chain_word chain_weigh(struct chain *c, const struct chain_sender *s);
/* "believed", "claimed", "unknown". */
const char *chain_word_text(enum chain_word w);

/* True when a fork by that process made one that a start or exec record or an anchor names: it is an engine at its work. */
bool chain_made_container(struct chain *c, uint32_t boot, uint32_t pid);

/* How many there are, the claimed ones too. */
size_t chain_containers(struct chain *c);
const struct chain_container *chain_container_at(const struct chain *c, uint32_t index);

/* "host", "unknown" or the container's name; borrowed. */
const char *chain_where_text(const struct chain *c, const struct chain_answer *a);
/* "start", "parents", ...; "certain", "likely", "none"; a half sentence. */
const char *chain_method_text(enum chain_method m);
const char *chain_confidence_text(enum chain_confidence k);
const char *chain_doubt_text(enum chain_doubt d);

#endif
