/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pod - containers that belong together: data/pods/NAME/pod.json.
 *
 *	_cleanup_(pod_freep) struct pod *p = NULL;
 *	r = pod_find(eng, "web", &p, e);		// name, id, unique id prefix
 *	for (i = 0; i < p->members.n; i++) ...		// the infra container is p->infra, and among them
 *	puts(pod_state_word(p));
 *
 * pod.json says what the pod was made with. Which containers are in it they
 * say themselves ("pod" of container.json), so that a kill at any point
 * leaves no list that is wrong. Its name is the directory's. A directory
 * without a pod.json is of a pod that is being made or removed by whoever
 * has its lock; without one it is swept.
 *
 * What the members share is the infra container's: a process of ours that
 * waits (ranby-init pause) and holds the namespaces. A member is started
 * after it, and enters them (peer.h).
 */
#ifndef RANBY_ENGINE_POD_H
#define RANBY_ENGINE_POD_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "engine/origin.h"
#include "engine/peer.h"

#include <stdbool.h>

#define PODS_MAX 16384
#define POD_JSON_MAX (1U << 20)

struct pod {
	char id[CONTAINER_ID_LEN + 1];
	const char *name;              /* borrowed from spec */
	struct json_object *spec;      /* pod.json */
	int dirfd;
	struct container_list members; /* by creation */
	struct container *infra;       /* one of them, or NULL */
};

struct pod_list {
	struct pod **items;
	size_t n;
};

struct pod *pod_free(struct pod *p);
static inline void pod_freep(struct pod **p)
{
	*p = pod_free(*p);
}
void pod_list_done(struct pod_list *l);

/* ---- reading ---- */

/* -ENOENT with podman's words; -EEXIST when an id prefix is ambiguous. */
int pod_find(struct engine *eng, const char *name_or_id, struct pod **ret, struct err *e) _must_check_;

/* All of them, newest last. */
int pod_list(struct engine *eng, struct pod_list *ret, struct err *e) _must_check_;
int pod_latest(struct engine *eng, struct pod **ret, struct err *e) _must_check_;

/* "Created", "Running", "Degraded", "Exited", "Stopped", "Paused", "Errored": of what its members are. */
const char *pod_state_word(const struct pod *p);

/* The id of a container's pod; "" for one that is in none. */
const char *pod_id_of(const struct container *c);
bool pod_is_infra(const struct container *c);

/* Does another member of its pod run? */
bool pod_has_running(struct engine *eng, const struct container *c);

/* ---- making ---- */

#define POD_SHARE_DEFAULT (PEER_BIT(PEER_NET) | PEER_BIT(PEER_IPC) | PEER_BIT(PEER_UTS))

enum pod_exit_policy { POD_CONTINUE, POD_STOP };

struct pod_wanted {
	const struct container_options *options; /* of the infra container and its members; name: the pod's. Checked by pod_create() */
	bool infra;
	const char *infra_name;  /* NULL: ID-infra */
	unsigned share;          /* PEER_BIT()s */
	bool share_parent;       /* members' cgroups go below the pod's */
	enum pod_exit_policy exit_policy;
	const struct origin *origin;
	struct keeper *keeper;   /* begun */
	char *const *env;        /* of the caller */
	const char *cwd;
};

/* "net,ipc,uts" in any order, "none", "". -EINVAL with podman's words. */
int pod_share_parse(const char *text, unsigned *ret, struct err *e) _must_check_;

/* Recorded here. -EEXIST: the name is in use. On failure nothing is left. */
int pod_create(struct engine *eng, const struct pod_wanted *w, struct pod **ret, struct err *e) _must_check_;

struct pod_remove_options {
	bool force;         /* ends members that run */
	int grace_ms;       /* with force: time before SIGKILL */
	const char *reason; /* of the records */
};

/* With all its members, the infra container last. Recorded here. -EBUSY: some run, and no force; nothing is removed then. */
int pod_remove(struct engine *eng, struct pod *p, const struct pod_remove_options *o, struct err *e) _must_check_;

/* Finishes what makers and removers left that are gone. */
void pod_sweep(struct engine *eng);

/* ---- members ---- */

struct pod_place {
	struct pod *pod;      /* borrowed */
	unsigned share;       /* what this member is going to share: what it did not choose itself */
	char shm[4096];       /* the host's directory for /dev/shm; "": none */
	int lock_fd;          /* held until it is one: the pod is not removed meanwhile */
};
#define POD_PLACE_INIT {.lock_fd = -EBADF}

/*
 * What the pod says about a container that is made in it: changes `o`, which
 * borrows from `p`. -EINVAL with podman's words for what is the pod's alone.
 */
int pod_join(struct engine *eng, struct pod *p, struct container_options *o, struct pod_place *ret, struct err *e) _must_check_;

/* The reverse: what pod_join() gave a member is taken out of the options that it was made with. */
int pod_leave(const struct pod *p, struct container_options *o, struct err *e) _must_check_;

/*
 * What a container that comes from elsewhere has in place of what the pod
 * shares is left out, and what pod_join() would refuse; but not none or
 * private, which is less than the pod's, nor --ident, which pod_join() refuses.
 */
void pod_yield(const struct pod *p, struct container_options *o);

/* Right before the member is made: -ENOENT when the pod has gone meanwhile. */
int pod_place_hold(struct pod_place *place, struct err *e) _must_check_;

/* The infra container of a member that is to be started, running when this returns. */
struct start_request; /* engine/start.h */
int pod_start_infra(const struct start_request *q, struct err *e) _must_check_;

/*
 * As act_stop() (act.h), of the members at once and then the infra container: it takes one timeout, not one for each.
 * All are tried. The first failure is returned; `failed`, which may be NULL, hears of the others.
 */
typedef void (*pod_failed_fn)(const struct err *e);
int pod_stop(struct engine *eng, struct pod *p, int timeout_ms, const char *reason, pod_failed_fn failed, struct err *e) _must_check_;

/* Its two halves, for several at once: all are signalled, and then waited for. pod_stop_end() ends what pod_stop_begin() has made. */
struct pod_ending; /* pod_act.c */
struct pod_stopping {
	int timeout_ms;
	const char *reason;
	struct pod_ending *all;
};
int pod_stop_begin(struct engine *eng, struct pod *p, int timeout_ms, const char *reason, struct pod_stopping *ret, struct err *e) _must_check_;
int pod_stop_end(struct engine *eng, struct pod *p, struct pod_stopping *s, pod_failed_fn failed, struct err *e) _must_check_;

/* A signal to the init of each that runs, in the same two halves: SIGKILL is waited for. */
struct pod_killing {
	int sig;
	struct pod_ending *all;
};
int pod_kill_begin(struct engine *eng, struct pod *p, int sig, struct pod_killing *ret, struct err *e) _must_check_;
int pod_kill_end(struct engine *eng, struct pod *p, struct pod_killing *s, pod_failed_fn failed, struct err *e) _must_check_;

/* The infra container, then the members as they were made, those that do not run; the same for failures. */
struct act_starter; /* act.h */
int pod_start(struct engine *eng, struct pod *p, struct act_starter *by, pod_failed_fn failed, struct err *e) _must_check_;

/* A member has ended: by its exit policy the pod may have to follow. */
void pod_member_ended(struct engine *eng, const struct container *c);

#endif
