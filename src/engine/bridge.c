/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * netavark and aardvark-dns do the work, as with podman: bridges, addresses,
 * firewall, names. They are told what to do by one JSON text, in which every
 * word was checked (network_link.h, network_note.h): none is a container's.
 *
 * A note says of each container what it has (bridge_note.h). It is written
 * before anything is done, with the process of the command that starts it;
 * once there is an init, with that. So whoever is killed, wherever, leaves a
 * note of a process that is gone, and the next command, of whatever
 * container, undoes what the note says. When no note is left the holder is
 * killed, and with it all that undoing may have missed.
 *
 * The container's namespace is mounted by its id in the holder: it can still be found,
 * and its interface be taken away, when its last process has ended.
 */
#include "engine/bridge.h"

#include "engine/bridge_holder.h"
#include "engine/bridge_dns.h"
#include "engine/bridge_mac.h"
#include "engine/bridge_note.h"
#include "engine/bridge_ports.h"
#include "engine/networks.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/mountns.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/procfs.h"
#include "sys/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#define LOCK "bridge-lock" /* in the run directory */
#define LOCK_MS 120000 /* others start, one after the other */
#define ANSWER_MAX ((size_t)1 << 20)

/* All that one command has in hand while it holds the lock. */
struct desk {
	struct engine *eng;
	int dirfd, lock_fd;
	bool has_holder;
	struct bridge_holder holder;
	struct bridge_notes notes;
};
#define DESK_INIT {.dirfd = -EBADF, .lock_fd = -EBADF, .holder = BRIDGE_HOLDER_INIT}

static void desk_done(struct desk *d)
{
	bridge_notes_done(&d->notes);
	bridge_holder_done(&d->holder);
	fd_closep(&d->lock_fd);
	fd_closep(&d->dirfd);
}

void bridge_done(struct bridge *b)
{
	keeper_done(&b->keeper);
	hosts_bridge_done(&b->hosts);
	strv_done(&b->helper);
}

bool bridge_is_on(const struct container *c)
{
	return strcmp(json_str(c->spec, "config.network.mode"), "bridge") == 0;
}

/* ---- netavark ---- */

struct programs {
	int netavark_fd;
	char *aardvark; /* its path */
	struct bridge_ports_programs ports;
};
#define PROGRAMS_INIT {.netavark_fd = -EBADF, .ports = BRIDGE_PORTS_PROGRAMS_INIT}

static void programs_done(struct programs *p)
{
	fd_closep(&p->netavark_fd);
	mem_freep(&p->aardvark);
	bridge_ports_programs_done(&p->ports);
}

static int programs_open(struct programs *p, bool ports, struct err *e)
{
	static const char *const needed[] = {"netavark", "aardvark-dns", "iptables"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(needed); i++) {
		_cleanup_close_ int fd = -EBADF;

		r = self_open_helper(needed[i], &fd, i == 1 ? &p->aardvark : NULL, e);
		if (r == -ENOENT)
			err_hint(e, "bridge networks need it (Debian: apt install %s)", needed[i]);
		if (r == 0 && i == 0)
			p->netavark_fd = TAKE_FD(fd);
	}
	return r == 0 && ports ? bridge_ports_programs_open(&p->ports, e) : r;
}

struct work {
	const char *id;
	int netns_fd;     /* of the container, to be mounted first; -EBADF: it is */
	bool up, last;    /* last: nothing of it stays */
	struct bridge_ports ports; /* slot 0: none */
	const char *request;
	int answer_fd;
	const struct programs *programs;
	const struct strv *servers; /* up: who shall answer for names then */
	struct json_object *networks; /* up: "network_info" */
};

static void netns_path(const char *id, char out[static 96])
{
	snprintf(out, 96, BRIDGE_NETNS_DIR "/%s", id);
}

static void unmount_netns(const char *id)
{
	char path[96];

	netns_path(id, path);
	(void)umount2(path, MNT_DETACH);
	(void)unlink(path);
}

static int mount_netns(const struct work *w, struct err *e)
{
	_cleanup_close_ int mount = -EBADF, at = -EBADF;
	char path[96];
	int r;

	netns_path(w->id, path);
	unmount_netns(w->id); /* of a start before, whose end nobody saw to its end */
	at = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (at < 0)
		return err_errno(e, errno, "%s", path);
	fd_closep(&at);
	at = open(path, O_PATH | O_CLOEXEC);
	r = at < 0 ? -errno : mount_clone(w->netns_fd, "", false, &mount);
	if (r == 0)
		r = mount_attach(mount, at);
	return r < 0 ? err_errno(e, -r, "network namespace of container %.12s", w->id) : 0;
}

static int run_netavark(const struct work *w, const char *verb, struct err *e)
{
	char path[96];
	const char *const argv[] = {"netavark", "--config", BRIDGE_CONFIG_DIR, "--rootless", "true", "--aardvark-binary",
				    w->programs->aardvark, verb, path, NULL};
	struct bridge_program p = {BRIDGE_PROGRAM_INIT, .exe_fd = w->programs->netavark_fd, .argv = argv, .input = w->request};

	netns_path(w->id, path);
	p.out = w->answer_fd;
	return bridge_program_run(&p, e);
}

/* In the holder. What was half made is undone from the note, by whoever comes next. */
static int set_up(const struct work *w, struct err *e)
{
	int r = w->netns_fd < 0 ? 0 : mount_netns(w, e);
	char path[96];

	if (r == 0)
		r = run_netavark(w, "setup", e);
	if (r == 0)
		r = bridge_mac_keep(w->networks, e);
	if (r == 0)
		r = bridge_dns_await("/proc/self/net", w->servers, e);
	if (r == 0 && w->ports.slot)
		r = bridge_ports_apply(&w->ports, true, &w->programs->ports, e);
	netns_path(w->id, path);
	return r == 0 ? bridge_dns_ask(path, w->servers, w->id, e) : r;
}

/* Each part is tried whatever became of the others. */
static int take_down(const struct work *w, struct err *e)
{
	int r = run_netavark(w, "teardown", e);

	if (w->last && w->ports.slot && bridge_ports_apply(&w->ports, false, &w->programs->ports, r < 0 ? NULL : e) < 0 && r == 0)
		r = -EIO;
	if (w->last)
		unmount_netns(w->id);
	return r;
}

static int work(void *ctx, struct err *e)
{
	const struct work *w = ctx;

	return w->up ? set_up(w, e) : take_down(w, e);
}

static struct bridge_ports ports_of(struct json_object *note)
{
	return (struct bridge_ports){.slot = (unsigned)json_int(note, "slot"), .families = (unsigned)json_int(note, "families")};
}

/* Takes away what a note says, all of it. That nothing is left is seen to by the holder's end, at the latest. */
static void undo(struct desk *d, struct json_object *note)
{
	_cleanup_(programs_done) struct programs p = PROGRAMS_INIT;
	struct json_object *request = json_at(note, "request");
	struct work w = {
		.id = json_str(note, "id"), .netns_fd = -EBADF, .last = true, .ports = ports_of(note),
		.request = json_text(request, NULL), .answer_fd = -EBADF, .programs = &p,
	};

	if (d->has_holder && json_int(note, "holderTicks") == (int64_t)d->holder.start_ticks && w.request &&
	    programs_open(&p, w.ports.slot != 0, NULL) == 0)
		(void)!bridge_holder_do(&d->holder, work, &w, NULL);
}

/* ---- the desk ---- */

/* The notes without those of processes that are gone, and that of `gone` (may be NULL). */
static int sweep(struct desk *d, const char *gone, struct err *e)
{
	size_t left = 0;
	int r = 0;

	for (size_t i = 0; i < d->notes.n; i++) {
		struct json_object *note = d->notes.items[i];
		const char *id = json_str(note, "id");
		bool stays = d->has_holder && json_int(note, "holderTicks") == (int64_t)d->holder.start_ticks &&
			     !(gone && strcmp(id, gone) == 0) && bridge_note_is_live(note);

		if (stays) {
			d->notes.items[left++] = note;
			continue;
		}
		/* the last one's end is the holder's: nothing has to be taken apart before */
		if (left > 0 || i + 1 < d->notes.n)
			undo(d, note);
		if (r == 0)
			r = bridge_note_remove(d->dirfd, id, e);
		json_object_put(note);
	}
	d->notes.n = left;
	return r;
}

/* The last one leaves nothing behind, no process and no file. */
static int close_up(struct desk *d, struct err *e)
{
	int r = 0;

	if (d->notes.n == 0 && d->has_holder) {
		r = bridge_holder_end(&d->holder, d->dirfd, e);
		d->has_holder = false;
	}
	if (d->notes.n == 0 && r == 0)
		r = path_own_remove_tree(d->eng->run_fd, ENGINE_BRIDGE);
	return r;
}

static int open_dir(struct engine *eng, int *ret_fd)
{
	return path_own_open(eng->run_fd, ENGINE_BRIDGE, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

/* -ENOENT, without text: nobody is on a bridge; only without `make`. */
static int desk_open(struct engine *eng, bool make, const char *gone, struct desk *d, struct err *e)
{
	/* mostly nobody is, and then there is no lock to wait for */
	int r = make ? 0 : open_dir(eng, &d->dirfd);

	d->eng = eng;
	if (r == 0)
		r = lock_take(eng->run_fd, LOCK, LOCK_MS, &d->lock_fd);
	fd_closep(&d->dirfd);
	if (r == 0)
		r = make ? path_own_mkdirs(eng->run_fd, ENGINE_BRIDGE, &d->dirfd) : open_dir(eng, &d->dirfd);
	if (r == -ENOENT && !make)
		return r;
	if (r < 0)
		return err_errno(e, -r, "bridge networks");
	r = bridge_holder_find(eng, d->dirfd, &d->holder, e);
	d->has_holder = r == 0;
	if (r < 0 && r != -ESRCH)
		return r;
	r = bridge_notes_read(d->dirfd, &d->notes, e);
	return r == 0 ? sweep(d, gone, e) : r;
}

int bridge_sweep(struct engine *eng, struct err *e)
{
	_cleanup_(desk_done) struct desk d = DESK_INIT;
	int r = desk_open(eng, false, NULL, &d, e);

	if (r == 0)
		r = close_up(&d, e);
	return r == -ENOENT ? 0 : r;
}

int bridge_detach(struct engine *eng, const struct container *c, struct err *e)
{
	_cleanup_(desk_done) struct desk d = DESK_INIT;
	int r;

	if (!bridge_is_on(c))
		return 0;
	r = desk_open(eng, false, c->id, &d, e);
	if (r == 0)
		r = close_up(&d, e);
	return r == -ENOENT ? 0 : r;
}

/* ---- what netavark is told ---- */

/* 02:42 and the address: whoever remembers the address's owner of before remembers the same. */
static const char *mac_of(const struct network_link *l, struct json_object *ips, char out[static MAC_TEXT_SIZE])
{
	struct ip ip = {0};
	const uint8_t *b;

	if (l->mac[0])
		return l->mac;
	if (json_object_array_length(ips) > 0 && ip_parse(json_object_get_string(json_object_array_get_idx(ips, 0)), &ip) < 0)
		return NULL;
	b = ip.six ? ip.bytes + 12 : ip.bytes;
	snprintf(out, MAC_TEXT_SIZE, "02:42:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3]);
	return out;
}

/* ethN, the lowest that no network of the request has. */
static const char *interface_of(const struct network_link *l, struct json_object *networks, char out[static NETWORK_DEVICE_SIZE])
{
	if (l->interface[0])
		return l->interface;
	for (unsigned n = 0; n <= NETWORK_LINKS_MAX; n++) {
		bool taken = false;

		snprintf(out, NETWORK_DEVICE_SIZE, "eth%u", n);
		json_object_object_foreach(networks, name, o)
		{
			(void)name;
			taken |= strcmp(json_str(o, "interface_name"), out) == 0;
		}
		if (!taken)
			break;
	}
	return out;
}

/* The id's first twelve digits are an alias, as with podman. */
static int add_aliases(struct json_object *o, const struct network_link *l, const char *id)
{
	struct json_object *aliases = json_object_new_array();
	char own[CONTAINER_ID_SHORT + 1];

	snprintf(own, sizeof(own), "%.12s", id);
	if (json_add(o, "aliases", aliases) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < l->aliases.n; i++)
		if (json_append_str(aliases, l->aliases.items[i]) < 0)
			return -ENOMEM;
	return json_append_str(aliases, own);
}

/*
 * netavark's text of the network. Podman lets the containers of one network
 * reach those of another by address; here they do only when isolate=false
 * says so, since a network of its own is what keeps a service from others.
 */
static int info_of(const struct network_note *n, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *options;
	int r = network_note_json(n, &o);

	if (r < 0)
		return r;
	options = json_at(o, "options");
	if (!options) {
		options = json_object_new_object();
		if (json_add(o, "options", options) < 0)
			return -ENOMEM;
	}
	if (!json_at(options, "isolate") && json_add_str(options, "isolate", "true") < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* One network of the container: an address is taken. */
static int add_network(struct desk *d, const struct network_link *l, const char *id, struct json_object *request, struct err *e)
{
	struct json_object *networks = json_at(request, "networks"), *infos = json_at(request, "network_info"), *o, *ips, *info = NULL;
	_cleanup_(network_note_done) struct network_note n = {0};
	char mac[MAC_TEXT_SIZE], interface[NETWORK_DEVICE_SIZE];
	int r = network_load(d->eng, l->name, &n, e);

	if (r < 0)
		return r;
	o = json_object_new_object();
	ips = json_object_new_array();
	if (json_add(o, "static_ips", ips) < 0 || info_of(&n, &info) < 0 || json_add(infos, n.name, info) < 0) {
		json_object_put(o);
		return err_errno(e, ENOMEM, "network %s", l->name);
	}
	r = bridge_lease(&d->notes, &n, l, ips, e);
	if (r == 0 && (json_add_str(o, "static_mac", mac_of(l, ips, mac)) < 0 ||
		       json_add_str(o, "interface_name", interface_of(l, networks, interface)) < 0 || add_aliases(o, l, id) < 0))
		r = err_errno(e, ENOMEM, "network %s", l->name);
	if (r < 0) {
		json_object_put(o);
		return r;
	}
	return json_add(networks, n.name, o) < 0 ? err_errno(e, ENOMEM, "network %s", l->name) : 0;
}

static int add_networks(struct desk *d, const struct container *c, struct json_object *request, struct err *e)
{
	struct json_object *list;
	int r = json_get_array(c->spec, "config.network.networks", &list, e);
	size_t n = r == 0 && list ? json_object_array_length(list) : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_(network_link_done) struct network_link l = {0};

		r = network_link_from_json(json_object_array_get_idx(list, i), &l, e);
		if (r == 0)
			r = add_network(d, &l, c->id, request, e);
	}
	return r;
}

/* --dns: whom aardvark-dns asks for this container. */
static int add_servers(const struct container *c, struct json_object *request)
{
	_cleanup_(strv_done) struct strv servers = {0};

	if (json_get_strv(c->spec, "options.dns", &servers, NULL) < 0 || servers.n == 0 || strcmp(servers.items[0], "none") == 0)
		return 0;
	return json_add_strv(request, "dns_servers", &servers);
}

static int make_request(struct desk *d, const struct container *c, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *ports = NULL;
	int r;

	if (!o || json_add_str(o, "container_id", c->id) < 0 || json_add_str(o, "container_name", c->name) < 0 ||
	    json_add(o, "networks", json_object_new_object()) < 0 || json_add(o, "network_info", json_object_new_object()) < 0 ||
	    add_servers(c, o) < 0)
		return err_errno(e, ENOMEM, "networks of container %.12s", c->id);
	r = add_networks(d, c, o, e);
	if (r == 0)
		r = bridge_ports_map(&d->notes, c->id, json_at(c->spec, "config.network.ports"), &ports, e);
	if (r == 0 && json_add(o, "port_mappings", ports) < 0)
		r = err_errno(e, ENOMEM, "networks of container %.12s", c->id);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

/* ---- what the container's files say ---- */

static int add_hosts(struct json_object *own, struct json_object *info, struct hosts_bridge *h)
{
	struct json_object *ips = json_at(own, "static_ips"), *subnets = json_at(info, "subnets");
	int r = 0;

	for (size_t i = 0; r == 0 && ips && i < json_object_array_length(ips); i++)
		r = strv_add(&h->addresses, json_object_get_string(json_object_array_get_idx(ips, i)));
	for (size_t i = 0; r == 0 && json_true(info, "dns_enabled") && subnets && i < json_object_array_length(subnets); i++)
		r = strv_add(&h->servers, json_str(json_object_array_get_idx(subnets, i), "gateway"));
	return r;
}

static int hosts_of(const struct container *c, struct json_object *note, struct hosts_bridge *ret, struct err *e)
{
	struct json_object *networks = json_at(note, "request.networks");
	int r = strv_add(&ret->names, c->name);

	if (networks) {
		json_object_object_foreach(networks, name, own)
		{
			if (r == 0)
				r = add_hosts(own, bridge_note_of_network(note, "request.network_info", name), ret);
		}
	}
	return r < 0 ? err_errno(e, -r, "addresses of container %.12s", c->id) : 0;
}

/* ---- start ---- */

static int make_note(struct desk *d, const struct container *c, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *request = NULL, *ports = json_at(c->spec, "config.network.ports");
	bool publishes = ports && json_object_array_length(ports) > 0;
	unsigned slot = publishes ? bridge_ports_slot(&d->notes) : 0, families;
	uint64_t ticks;
	int r = pid_start_ticks(getpid(), &ticks);

	if (r < 0)
		return err_errno(e, -r, "own process");
	if (publishes && !slot)
		return err_set(e, ENOSPC, "--publish: more than %d containers that publish on bridge networks", BRIDGE_SLOTS_MAX);
	r = make_request(d, c, &request, e);
	if (r < 0)
		return r;
	families = bridge_ports_families(request);
	r = bridge_ports_check(families, ports, e);
	if (r == 0 && (!o || json_add(o, "request", request) < 0 || json_add_str(o, "id", c->id) < 0 || json_add_int(o, "pid", getpid()) < 0 ||
		       json_add_u64(o, "startTicks", ticks) < 0 || json_add_u64(o, "holderTicks", d->holder.start_ticks) < 0 ||
		       json_add_int(o, "slot", slot) < 0 || json_add_int(o, "families", families) < 0))
		r = err_errno(e, ENOMEM, "note of container %.12s", c->id);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

static int begin(struct desk *d, struct bridge *b, struct keeper *k, struct err *e)
{
	_cleanup_json_ struct json_object *note = NULL;
	const struct container *c = b->c;
	int r = 0;

	/* the last one's network was not taken apart: see sweep() */
	if (d->has_holder && d->notes.n == 0) {
		r = bridge_holder_end(&d->holder, d->dirfd, e);
		bridge_holder_done(&d->holder);
		d->has_holder = false;
	}
	if (r == 0 && d->has_holder)
		r = bridge_holder_mend(&d->holder, e);
	if (r == 0 && !d->has_holder) {
		r = bridge_holder_make(b->eng, d->dirfd, k, &d->holder, e);
		d->has_holder = r == 0;
	}
	if (r == 0)
		r = make_note(d, c, &note, e);
	if (r == 0)
		r = hosts_of(c, note, &b->hosts, e);
	if (r == 0 && json_int(note, "slot") &&
	    bridge_ports_argv((unsigned)json_int(note, "slot"), (unsigned)json_int(note, "families"), &d->holder, json_at(c->spec, "config.network.ports"), &b->helper) < 0)
		r = err_errno(e, ENOMEM, "network helper");
	if (r == 0)
		r = bridge_note_write(d->dirfd, note, e);
	if (r < 0)
		return r;
	b->keeper = d->holder.keeper;
	d->holder.keeper = (struct keeper)KEEPER_INIT;
	return 0;
}

int bridge_begin(struct engine *eng, const struct container *c, struct keeper *k, struct bridge *ret, struct err *e)
{
	_cleanup_(programs_done) struct programs p = PROGRAMS_INIT;
	_cleanup_(desk_done) struct desk d = DESK_INIT;
	bool known;
	int r;

	if (!bridge_is_on(c))
		return 0;
	ret->eng = eng;
	ret->c = c;
	/* all that it will need, before anything is begun */
	r = programs_open(&p, true, e);
	if (r == 0)
		r = desk_open(eng, true, c->id, &d, e);
	known = r == 0;
	if (r == 0)
		r = begin(&d, ret, k, e);
	/* who could not read the notes does not know that nobody else is there */
	if (r == 0 || !known)
		return r;
	/* one may have been made of which we were not told */
	if (!d.has_holder)
		d.has_holder = bridge_holder_find(eng, d.dirfd, &d.holder, NULL) == 0;
	(void)!close_up(&d, NULL);
	return r;
}

static int open_init(pid_t pid, uint64_t start_ticks, int *ret_netns, struct err *e)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	int r = procfs_open(&fs);

	if (r == 0)
		r = proc_open_identity(&fs, pid, start_ticks, &p);
	if (r == 0)
		r = proc_ns_open(&p, "net", ret_netns);
	return r < 0 ? err_errno(e, -r, "network namespace of the container's init") : 0;
}

/* netavark's answer, into the note. */
static int read_answer(int fd, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_all(fd, ANSWER_MAX, &b);

	if (r < 0)
		return err_errno(e, -r, "netavark's answer");
	return json_parse(buf_str(&b), b.len, "netavark's answer", ret, e);
}

/* `request` may be a part of the note's. */
static int run_setup(struct desk *d, struct json_object *note, struct json_object *request, int netns_fd, struct json_object **ret, struct err *e)
{
	_cleanup_(programs_done) struct programs p = PROGRAMS_INIT;
	_cleanup_close_ int answer = memfd_create("answer", MFD_CLOEXEC);
	_cleanup_(strv_done) struct strv servers = {0}, six_bridges = {0};
	struct work w = {
		.id = json_str(note, "id"), .netns_fd = netns_fd, .up = true, .request = json_text(request, NULL), .answer_fd = answer,
		.programs = &p, .servers = &servers, .networks = json_at(request, "network_info"),
	};
	int r;

	if (netns_fd >= 0)
		w.ports = ports_of(note);
	w.ports.six_bridges = &six_bridges;

	if (answer < 0 || !w.request)
		return err_errno(e, ENOMEM, "netavark");
	r = programs_open(&p, w.ports.slot != 0, e);
	if (r == 0)
		r = bridge_dns_servers(request, &servers, e);
	if (r == 0 && bridge_ports_six_bridges(request, &six_bridges) < 0)
		r = err_errno(e, ENOMEM, "networks");
	if (r == 0)
		r = bridge_holder_do(&d->holder, work, &w, e);
	return r == 0 ? read_answer(answer, ret, e) : r;
}

/* The lock again, and the container's note, which is borrowed. */
static int reopen(struct engine *eng, const char *id, struct desk *d, struct json_object **ret, struct err *e)
{
	int r = desk_open(eng, false, NULL, d, e);

	if (r == 0)
		*ret = bridge_notes_find(&d->notes, id);
	if (r == -ENOENT || (r == 0 && !*ret))
		return err_set(e, ESRCH, "container %.12s: its bridge networks have gone meanwhile", id);
	return r;
}

int bridge_attach(const struct bridge *b, pid_t pid, uint64_t start_ticks, struct err *e)
{
	_cleanup_(desk_done) struct desk d = DESK_INIT;
	_cleanup_close_ int netns = -EBADF;
	struct json_object *note = NULL, *status = NULL;
	int r;

	if (!b->eng)
		return 0;
	r = reopen(b->eng, b->c->id, &d, &note, e);
	if (r == 0)
		r = open_init(pid, start_ticks, &netns, e);
	if (r == 0 && (json_add_int(note, "pid", pid) < 0 || json_add_u64(note, "startTicks", start_ticks) < 0))
		r = err_errno(e, ENOMEM, "note of container %.12s", b->c->id);
	if (r == 0)
		r = bridge_note_write(d.dirfd, note, e);
	if (r == 0)
		r = run_setup(&d, note, json_at(note, "request"), netns, &status, e);
	if (r == 0 && json_add(note, "status", status) < 0)
		r = err_errno(e, ENOMEM, "note of container %.12s", b->c->id);
	return r == 0 ? bridge_note_write(d.dirfd, note, e) : r;
}

/* ---- while it runs ---- */

/* Only that one of the members of an object. */
static int keep_one(struct json_object *o, const char *part, const char *network)
{
	struct json_object *all = json_at(o, part), *own = NULL, *one;

	if (!all || !json_object_object_get_ex(all, network, &own))
		return -ENOENT;
	one = json_object_new_object();
	if (json_add(one, network, json_object_get(own)) < 0) {
		json_object_put(one);
		return -ENOMEM;
	}
	return json_add(o, part, one);
}

/* The request with that one of its networks only. */
static int request_of(struct json_object *request, const char *network, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r;

	if (json_object_deep_copy(request, &o, NULL) < 0)
		return -ENOMEM;
	r = keep_one(o, "networks", network);
	if (r == 0)
		r = keep_one(o, "network_info", network);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

static void forget(struct json_object *note, const char *network)
{
	static const char *const parts[] = {"request.networks", "request.network_info", "status"};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (bridge_note_of_network(note, parts[i], network))
			json_object_object_del(json_at(note, parts[i]), network);
}

static int take_one(struct desk *d, struct json_object *note, const char *network, struct err *e)
{
	_cleanup_(programs_done) struct programs p = PROGRAMS_INIT;
	_cleanup_json_ struct json_object *request = NULL;
	struct work w = {.id = json_str(note, "id"), .netns_fd = -EBADF, .answer_fd = -EBADF, .programs = &p};
	int r = request_of(json_at(note, "request"), network, &request);

	if (r < 0)
		return err_errno(e, -r, "network %s", network);
	w.request = json_text(request, NULL);
	r = w.request ? programs_open(&p, false, e) : -ENOMEM;
	return r == 0 ? bridge_holder_do(&d->holder, work, &w, e) : r;
}

static int connect_one(struct desk *d, struct json_object *note, const char *network, struct err *e)
{
	_cleanup_json_ struct json_object *request = NULL, *answer = NULL;
	struct json_object *status = json_at(note, "status"), *own = NULL;
	int r = request_of(json_at(note, "request"), network, &request);

	if (r < 0)
		return err_errno(e, -r, "network %s", network);
	r = bridge_note_write(d->dirfd, note, e);
	if (r == 0)
		r = run_setup(d, note, request, -EBADF, &answer, e);
	if (r < 0) {
		(void)!take_one(d, note, network, NULL);
		forget(note, network);
		(void)!bridge_note_write(d->dirfd, note, NULL);
		return r;
	}
	if (!status || !json_object_object_get_ex(answer, network, &own) || json_add(status, network, json_object_get(own)) < 0)
		return err_errno(e, ENOMEM, "network %s", network);
	return bridge_note_write(d->dirfd, note, e);
}

int bridge_connect(struct engine *eng, const struct container *c, const struct network_link *link, struct hosts_bridge *ret, struct err *e)
{
	_cleanup_(desk_done) struct desk d = DESK_INIT;
	struct json_object *note = NULL;
	int r = reopen(eng, c->id, &d, &note, e);

	if (r == 0)
		r = add_network(&d, link, c->id, json_at(note, "request"), e);
	if (r == 0)
		r = connect_one(&d, note, link->name, e);
	return r == 0 ? hosts_of(c, note, ret, e) : r;
}

int bridge_disconnect(struct engine *eng, const struct container *c, const char *network, struct hosts_bridge *ret, struct err *e)
{
	_cleanup_(desk_done) struct desk d = DESK_INIT;
	struct json_object *note = NULL;
	int r = reopen(eng, c->id, &d, &note, e);

	if (r == 0)
		r = take_one(&d, note, network, e);
	if (r == 0) {
		forget(note, network);
		r = bridge_note_write(d.dirfd, note, e);
	}
	return r == 0 ? hosts_of(c, note, ret, e) : r;
}

int bridge_status(struct engine *eng, const struct container *c, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *note = NULL;
	_cleanup_close_ int dir = -EBADF;
	int r;

	*ret = NULL;
	if (!bridge_is_on(c))
		return 0;
	r = open_dir(eng, &dir);
	if (r == 0)
		r = bridge_note_read(dir, c->id, &note);
	if (r == -ENOENT || r == -EBADMSG)
		return 0;
	if (r < 0)
		return err_errno(e, -r, "bridge networks of container %.12s", c->id);
	if (bridge_note_is_live(note) && json_at(note, "status"))
		*ret = json_object_get(json_at(note, "status"));
	return 0;
}
