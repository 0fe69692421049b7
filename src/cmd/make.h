/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * make - what `run` and `create` share: from the command line to a container.
 *
 *	_cleanup_(made_done) struct made m = MADE_INIT;
 *	r = make_container(call, &m, e);
 */
#ifndef RANBY_CMD_MAKE_H
#define RANBY_CMD_MAKE_H

#include "base/err.h"
#include "cmd/command.h"
#include "engine/container.h"
#include "engine/ident.h"
#include "engine/keeper.h"
#include "engine/options.h"
#include "engine/origin.h"
#include "engine/peer_choice.h"
#include "engine/pod.h"
#include "monitor/launch.h"

#include <stdbool.h>

struct made {
	struct container_options *options; /* the command's arguments */
	struct origin origin;
	char ident[IDENT_TEXT_SIZE]; /* what options->ident points to */
	char *creds;                 /* what options->creds points to until the image is here */
	struct keeper keeper;
	bool starts;                 /* it is started at once, by `monitor` */
	struct monitor_handle monitor;
	struct pod *pod;             /* it is in this one; NULL: in none */
	struct pod_place place;      /* in it */
	struct peer_choice choice;   /* of other containers */
	bool new_pod;                /* which was made for it */
	struct container *c;
	const struct command_call *call;
	bool unrecorded;             /* made_attest() has failed: it must not stay */
};
#define MADE_INIT {.origin = ORIGIN_INIT, .keeper = KEEPER_INIT, .monitor = MONITOR_HANDLE_INIT, .place = POD_PLACE_INIT}

/* Takes the options and operands of the call. Writes --cidfile. */
int make_container(const struct command_call *call, struct made *m, struct err *e) _must_check_;
void made_done(struct made *m);

/*
 * The record of its making. make_container() sees to it, but for one that
 * starts at once: then it is made while the monitor works. ctx: struct made.
 */
int made_attest(void *ctx, struct err *e) _must_check_;

/* Writes a number or an id into a file that the caller named; `option` is for the error. */
int make_write_file(const char *option, const char *path, const char *text, bool must_be_new, struct err *e) _must_check_;

/* Says what a single ID means, when the keeper has one only. */
void make_notice(const struct keeper *k);

#endif
