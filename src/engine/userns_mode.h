/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * userns_mode - --userns, --uidmap and --gidmap, made into a map.
 *
 *	r = userns_mode_parse(&options, &mode, e);
 *	r = userns_plan_make(&mode, &host, &plan, e);
 *	layers = image_layers(store, image, plan.owned ? &plan.map : NULL, …);
 *
 * The IDs on the right of --uidmap are the keeper's, as podman's rootless
 * "intermediate" IDs are: 0 is the user, 1 the first subordinate ID.
 * "@1000" there is a host ID.
 */
#ifndef RANBY_ENGINE_USERNS_MODE_H
#define RANBY_ENGINE_USERNS_MODE_H

#include "base/err.h"
#include "engine/options.h"
#include "sys/idmap.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define USERNS_AUTO_SIZE_DEFAULT 1024

enum userns_kind {
	USERNS_PRIVATE, /* a namespace of its own with all of the keeper's IDs: the default */
	USERNS_HOST,    /* the keeper's itself */
	USERNS_KEEP_ID,
	USERNS_AUTO,
	USERNS_NOMAP,
	USERNS_CUSTOM,  /* --uidmap, --gidmap */
};

struct userns_mode {
	enum userns_kind kind;
	bool has_uid, has_gid; /* keep-id:uid=,gid= */
	uint32_t uid, gid, size; /* size 0: not given */
	/* with USERNS_CUSTOM: borrowed from the options */
	const struct strv *uidmap, *gidmap;
};

/* What the map is made against. */
struct userns_host {
	uint32_t uid, gid;          /* the user's own, on the host */
	struct id_map keeper;       /* keeper ids -> host ids */
	struct id_list used_uid;    /* --userns=auto: keeper ids that other containers hold (`outside` counts) */
	struct id_list used_gid;
	uint32_t size_hint;         /* --userns=auto: IDs that the image's passwd needs, 0: unknown */
};

struct userns_plan {
	enum userns_kind kind;
	bool create;       /* a user namespace of its own */
	bool owned;        /* the layers must be owned by `map`: it is not the identity on the keeper's IDs */
	bool single;       /* the keeper has only the user's own ID: the notice is due */
	struct id_map map; /* container ids -> keeper ids, in lines that the kernel takes */
	/* who the payload is when neither -u nor the image says: keep-id's user; else 0 */
	bool has_user;
	uint32_t user_uid, user_gid;
};

int userns_mode_parse(const struct container_options *o, struct userns_mode *ret, struct err *e) _must_check_;
int userns_plan_make(const struct userns_mode *m, const struct userns_host *h, struct userns_plan *ret, struct err *e) _must_check_;

/* "private", "host", "keep-id", … for inspect. */
const char *userns_kind_name(enum userns_kind k);

#endif
