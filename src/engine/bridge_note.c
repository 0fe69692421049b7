/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * There is no list of leases beside the notes that could disagree with them:
 * what is taken is counted from the notes each time. A container that was
 * killed has a note until somebody sees that its process is gone, and that one
 * removes it; so an address is never lost, and never given to two.
 *
 * The lowest free address is taken. It may have been another container's a
 * moment ago, and neighbours remember whose it was: so the MAC address is made
 * of the address (bridge.c), and what they remember stays true.
 */
#include "engine/bridge_note.h"

#include "oci/digest.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void bridge_notes_done(struct bridge_notes *l)
{
	for (size_t i = 0; i < l->n; i++)
		json_object_put(l->items[i]);
	free(l->items);
	*l = (struct bridge_notes){0};
}

int bridge_note_read(int dirfd, const char *id, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(dirfd, id, BRIDGE_NOTE_MAX, &b);

	if (r < 0)
		return r;
	if (json_parse(buf_str(&b), b.len, id, &o, NULL) < 0 || !o || strcmp(json_str(o, "id"), id) != 0)
		return -EBADMSG;
	*ret = TAKE_PTR(o);
	return 0;
}

static int add_note(int dirfd, const char *id, struct bridge_notes *l)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object **grown;
	int r = bridge_note_read(dirfd, id, &o);

	if (r == -EBADMSG && unlinkat(dirfd, id, 0) == 0)
		return 0;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	grown = l->n < BRIDGE_NOTES_MAX ? mem_regrow(l->items, l->n + 1, sizeof(struct json_object *)) : NULL;
	if (!grown)
		return l->n < BRIDGE_NOTES_MAX ? -ENOMEM : -E2BIG;
	l->items = grown;
	l->items[l->n++] = TAKE_PTR(o);
	return 0;
}

int bridge_notes_read(int dirfd, struct bridge_notes *ret, struct err *e)
{
	_cleanup_(bridge_notes_done) struct bridge_notes l = {0};
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), end = 0, r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		fd_closep(&fd);
		return err_errno(e, ENOMEM, "bridge networks");
	}
	while (r == 0 && (entry = dir_next(d, &end)))
		if (digest_is_hex(entry->d_name))
			r = add_note(dirfd, entry->d_name, &l);
	closedir(d);
	if (r == 0 && end < 0)
		r = end;
	if (r < 0)
		return err_errno(e, -r, "bridge networks: notes of containers");
	*ret = l;
	l = (struct bridge_notes){0};
	return 0;
}

struct json_object *bridge_notes_find(const struct bridge_notes *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(json_str(l->items[i], "id"), id) == 0)
			return l->items[i];
	return NULL;
}

int bridge_note_write(int dirfd, struct json_object *note, struct err *e)
{
	size_t len = 0;
	const char *text = json_text(note, &len);
	int r = text ? path_own_write(dirfd, json_str(note, "id"), text, len, 0600, PATH_SYNC_NONE) : -ENOMEM;

	return r < 0 ? err_errno(e, -r, "bridge networks: note of container %.12s", json_str(note, "id")) : 0;
}

int bridge_note_remove(int dirfd, const char *id, struct err *e)
{
	if (unlinkat(dirfd, id, 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "bridge networks: note of container %.12s", id);
	return 0;
}

struct json_object *bridge_note_of_network(struct json_object *note, const char *part, const char *network)
{
	struct json_object *parent = json_at(note, part), *o = NULL;

	if (!parent || !json_object_is_type(parent, json_type_object) || !json_object_object_get_ex(parent, network, &o))
		return NULL;
	return o;
}

bool bridge_note_is_live(struct json_object *note)
{
	_cleanup_close_ int pidfd = -EBADF;
	int64_t pid = json_int(note, "pid");

	return pid > 0 && pidfd_open_identity((pid_t)pid, (uint64_t)json_int(note, "startTicks"), &pidfd) == 0 &&
	       !pidfd_has_ended(pidfd);
}

/* ---- leases ---- */

/* The container that has the address on that network, or NULL. */
static const char *holder_of(const struct bridge_notes *l, const char *network, const char *ip)
{
	for (size_t i = 0; i < l->n; i++) {
		struct json_object *o = bridge_note_of_network(l->items[i], "request.networks", network);
		struct json_object *ips = o ? json_at(o, "static_ips") : NULL;
		size_t n = ips && json_object_is_type(ips, json_type_array) ? json_object_array_length(ips) : 0;

		for (size_t k = 0; k < n; k++)
			if (strcmp(json_object_get_string(json_object_array_get_idx(ips, k)), ip) == 0)
				return json_str(l->items[i], "id");
	}
	return NULL;
}

static int lease_asked(const struct bridge_notes *l, const struct network_note *n, const char *ip, struct json_object *ips, struct err *e)
{
	const char *id = holder_of(l, n->name, ip);

	if (id)
		return err_set(e, EADDRINUSE, "requested ip address %s is already allocated to container ID %s", ip, id);
	return json_append_str(ips, ip) < 0 ? err_errno(e, ENOMEM, "addresses") : 0;
}

static int lease_any(const struct bridge_notes *l, const struct network_note *n, const struct network_subnet *s, struct json_object *ips,
		     struct err *e)
{
	struct ip ip = s->has_range ? s->first : subnet_first(&s->subnet), last = s->has_range ? s->last : subnet_last(&s->subnet);
	struct ip broadcast = subnet_last(&s->subnet);
	char text[SUBNET_TEXT_SIZE];

	/* as many as there are notes may be taken, and the gateway's */
	for (size_t i = 0; i < l->n + 2 && ip_compare(&ip, &last) <= 0; i++) {
		bool reserved = ip_compare(&ip, &s->gateway) == 0 || (!ip.six && ip_compare(&ip, &broadcast) == 0);

		if (!reserved && !holder_of(l, n->name, ip_text(&ip, text)))
			return json_append_str(ips, text) < 0 ? err_errno(e, ENOMEM, "addresses") : 0;
		if (!ip_add(&ip, 1))
			break;
	}
	return err_set(e, EADDRNOTAVAIL, "no free address in subnet %s of network %s", subnet_text(&s->subnet, text), n->name);
}

int bridge_lease(const struct bridge_notes *l, const struct network_note *n, const struct network_link *link, struct json_object *ips,
		 struct err *e)
{
	bool four = false, six = false;
	int r = network_link_check(link, n, e);

	if (r == 0 && link->ip[0]) {
		r = lease_asked(l, n, link->ip, ips, e);
		four = true;
	}
	if (r == 0 && link->ip6[0]) {
		r = lease_asked(l, n, link->ip6, ips, e);
		six = true;
	}
	for (size_t i = 0; r == 0 && i < n->n_subnets; i++) {
		const struct network_subnet *s = &n->subnets[i];
		bool *done = s->subnet.base.six ? &six : &four;

		/* one of each kind */
		if (!*done)
			r = lease_any(l, n, s, ips, e);
		*done = true;
	}
	return r;
}
