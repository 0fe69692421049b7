/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Each worker sends one blob at a time; a few of them work side by side, each
 * with a login of its own. A worker is given one open descriptor per request
 * and cannot reach the store.
 */
#include "image/push.h"

#include "image/outgoing.h"
#include "registry/session.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define WORKERS_MAX 3
#define MOUNTS_MAX 8 /* repositories that are asked for */
#define DOCKER_TRANSPORT "docker://"

/* A blob to be sent: a layer or the config. */
struct piece {
	struct descriptor descriptor;
	const char *mount_from; /* borrowed from `sources`; NULL: none known */
	bool over;
	int item;
};

struct push {
	struct store *st;
	const struct push_options *o;
	struct reference to;
	struct registry_place place;
	struct outgoing out;
	struct piece *pieces;
	size_t n_pieces, next;
	struct strv sources; /* repositories to mount from */
	struct {
		struct fetch_client client;
		ptrdiff_t piece; /* -1: none */
	} workers[WORKERS_MAX];
};

static void push_done(struct push *p)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		fetch_stop(&p->workers[i].client);
	strv_done(&p->sources);
	free(p->pieces);
	outgoing_done(&p->out);
}

/* ---- what may be mounted ---- */

static bool has_layer(struct store *st, const struct ref *r, const struct digest *d)
{
	_cleanup_(manifest_done) struct manifest m = {0};
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	if (blob_read(st, &r->digest, &text, NULL) < 0 || manifest_parse(buf_str(&text), text.len, NULL, &m, NULL) < 0)
		return false;
	for (size_t i = 0; i < m.n_layers; i++)
		if (digest_equal(&m.layers[i].digest, d))
			return true;
	return false;
}

/* A repository of the same registry, kept in p->sources; NULL: not another one, or too many already. */
static const char *source_of(struct push *p, const struct ref *r)
{
	struct reference ref;
	ptrdiff_t at;

	if (ref_is_nameless(r) || reference_parse(r->name, &ref, NULL) < 0 || strcmp(ref.domain, p->to.domain) != 0 ||
	    strcmp(ref.path, p->to.path) == 0)
		return NULL;
	at = strv_find(&p->sources, ref.path);
	if (at < 0 && p->sources.n < MOUNTS_MAX && strv_add(&p->sources, ref.path) == 0)
		at = (ptrdiff_t)p->sources.n - 1;
	return at < 0 ? NULL : p->sources.items[at];
}

/* Only a saving: what cannot be found out is sent. */
static void find_mounts(struct push *p)
{
	_cleanup_(ref_list_done) struct ref_list all = {0};

	if (strcmp(p->place.at.domain, p->to.domain) != 0 || refs_load(p->st, &all, NULL) < 0)
		return;
	for (size_t i = 0; i + 1 < p->n_pieces; i++)
		for (size_t k = 0; k < all.n && !p->pieces[i].mount_from; k++)
			if (strncmp(all.items[k].name, p->to.domain, strlen(p->to.domain)) == 0 &&
			    has_layer(p->st, &all.items[k], &p->pieces[i].descriptor.digest))
				p->pieces[i].mount_from = source_of(p, &all.items[k]);
}

/* Each blob once; the config last. */
static int list_pieces(struct push *p, struct err *e)
{
	p->pieces = mem_array(p->out.n_layers + 1, sizeof(*p->pieces));
	if (!p->pieces)
		return err_errno(e, ENOMEM, "push");
	for (size_t i = 0; i <= p->out.n_layers; i++) {
		const struct descriptor *d = i < p->out.n_layers ? &p->out.layers[i].descriptor : &p->out.config;
		bool twice = false;

		for (size_t k = 0; k < p->n_pieces; k++)
			twice |= digest_equal(&p->pieces[k].descriptor.digest, &d->digest);
		if (!twice)
			p->pieces[p->n_pieces++] = (struct piece){.descriptor = *d, .item = -1};
	}
	return 0;
}

/* ---- the workers ---- */

static int start_worker(struct push *p, size_t w, struct err *e)
{
	const struct registry_need need = {.push = true, .mount_from = &p->sources};

	if (p->workers[w].client.pid > 0)
		return 0;
	return registry_connect(&p->place, &need, &p->o->access, &p->workers[w].client, e);
}

static int give(struct push *p, size_t w, struct err *e)
{
	struct piece *piece = &p->pieces[p->next];
	struct fetch_request request = {.kind = FETCH_PUT_BLOB, .id = (uint32_t)p->next, .size_bytes = piece->descriptor.size_bytes};
	_cleanup_close_ int fd = -EBADF;
	char label[PROGRESS_LABEL_SIZE];
	int r;

	request.chunk_bytes = p->o->chunk_bytes;
	if (!request.chunk_bytes && request.size_bytes > PUSH_CHUNK_BYTES)
		request.chunk_bytes = PUSH_CHUNK_BYTES;
	snprintf(request.mount_from, sizeof(request.mount_from), "%s", piece->mount_from ? piece->mount_from : "");
	r = start_worker(p, w, e);
	if (r == 0)
		r = outgoing_open_blob(&p->out, &piece->descriptor.digest, &fd, e);
	if (r == 0)
		r = fetch_request(&p->workers[w].client, &request, piece->descriptor.digest.text, fd, e);
	if (r < 0)
		return r;
	snprintf(label, sizeof(label), "Copying %s %.12s", p->next + 1 == p->n_pieces ? "config" : "blob", digest_hex(&piece->descriptor.digest));
	piece->item = progress_item(p->o->outgoing.progress, label, request.size_bytes);
	p->workers[w].piece = (ptrdiff_t)p->next++;
	return 0;
}

static const char *word_for(uint32_t how)
{
	return how == FETCH_WAS_THERE ? "skipped: already exists" : how == FETCH_MOUNTED ? "mounted" : "done";
}

static int take_answer(struct push *p, size_t w, struct err *e)
{
	struct fetch_answer a;
	struct piece *piece;
	int r = fetch_answer(&p->workers[w].client, &a, e);

	if (r < 0)
		return r;
	if (p->workers[w].piece < 0 || a.id != (uint32_t)p->workers[w].piece)
		return err_set(e, EPROTO, "ranby-fetch gave a bad answer");
	piece = &p->pieces[a.id];
	if (a.type == FETCH_PROGRESS) {
		progress_update(p->o->outgoing.progress, piece->item, a.bytes);
		return 0;
	}
	if (a.type == FETCH_FAILED) {
		if (e)
			*e = a.err;
		return err_wrap(e, -a.err.code, "blob %.12s", digest_hex(&piece->descriptor.digest));
	}
	progress_end(p->o->outgoing.progress, piece->item, word_for(a.how));
	piece->over = true;
	p->workers[w].piece = -1;
	return 0;
}

/* Gives work to who has none, while there is some; returns how many work. */
static int give_all(struct push *p, size_t *ret_busy, struct err *e)
{
	size_t busy = 0;
	int r = 0;

	for (size_t w = 0; w < WORKERS_MAX && r == 0; w++) {
		/* the first one finds out whether we are let in */
		bool may_start = p->workers[w].client.pid > 0 || w == 0 || p->pieces[0].over;

		if (p->workers[w].piece < 0 && p->next < p->n_pieces && may_start)
			r = give(p, w, e);
		busy += p->workers[w].piece >= 0;
	}
	*ret_busy = busy;
	return r;
}

static int send_pieces(struct push *p, struct err *e)
{
	struct pollfd fds[WORKERS_MAX];
	size_t busy = 0;
	int r;

	for (;;) {
		r = give_all(p, &busy, e);
		if (r < 0 || busy == 0)
			return r;
		for (size_t w = 0; w < WORKERS_MAX; w++)
			fds[w] = (struct pollfd){.fd = p->workers[w].piece >= 0 ? p->workers[w].client.sock : -1, .events = POLLIN};
		if (poll(fds, WORKERS_MAX, -1) < 0 && errno != EINTR)
			return err_errno(e, errno, "poll");
		for (size_t w = 0; w < WORKERS_MAX && r == 0; w++)
			if (fds[w].fd >= 0 && fds[w].revents)
				r = take_answer(p, w, e);
		if (r < 0)
			return r;
	}
}

/* ---- the manifest ---- */

static int text_fd(const struct buf *text, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("manifest", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, buf_str(text), text->len);

	if (r < 0)
		return err_errno(e, -r, "manifest");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int send_manifest(struct push *p, struct err *e)
{
	struct fetch_request request = {.kind = FETCH_PUT_MANIFEST, .size_bytes = p->out.manifest.len};
	const char *what = p->to.tag[0] ? p->to.tag : p->out.digest.text;
	_cleanup_close_ int fd = -EBADF;
	struct fetch_answer a;
	int r = text_fd(&p->out.manifest, &fd, e);

	snprintf(request.content_type, sizeof(request.content_type), "%s", p->out.media_type);
	if (r == 0)
		r = fetch_request(&p->workers[0].client, &request, what, fd, e);
	if (r == 0)
		do
			r = fetch_answer(&p->workers[0].client, &a, e);
		while (r == 0 && a.type == FETCH_PROGRESS);
	if (r == 0 && a.type != FETCH_DONE) {
		r = -a.err.code;
		if (e)
			*e = a.err;
		r = err_wrap(e, r, "manifest");
	}
	return r;
}

/* ---- all of it ---- */

static int parse_destination(const char *text, struct reference *ret, struct err *e)
{
	int r;

	if (strncmp(text, DOCKER_TRANSPORT, strlen(DOCKER_TRANSPORT)) == 0)
		text += strlen(DOCKER_TRANSPORT);
	r = reference_parse(text, ret, e);
	if (r < 0)
		return r;
	if (!ret->domain[0]) {
		r = err_set(e, EINVAL, "%s: it names no registry", text);
		err_hint(e, "write the registry too, such as registry.example/%s", text);
		return r;
	}
	reference_set_default_tag(ret);
	return 0;
}

static int push(struct push *p, const struct image *img, const struct registries *conf, struct digest *ret, struct err *e)
{
	int r = registry_place(&p->to, conf, &p->place, e);

	if (r == 0)
		r = outgoing_prepare(&p->out, p->st, img, &p->o->outgoing, e);
	if (r == 0 && digest_is_set(&p->to.digest) && !digest_equal(&p->to.digest, &p->out.digest))
		r = err_set(e, EINVAL, "what would be pushed is %s", p->out.digest.text);
	if (r == 0)
		r = list_pieces(p, e);
	if (r < 0)
		return r;
	find_mounts(p);
	r = send_pieces(p, e);
	if (r == 0) {
		progress_say(p->o->outgoing.progress, "Writing manifest to image destination");
		r = send_manifest(p, e);
	}
	if (r == 0)
		*ret = p->out.digest;
	return r;
}

int push_image(struct store *st, const struct image *img, const char *destination, const struct push_options *o, struct digest *ret,
	       struct err *e)
{
	_cleanup_(registries_freep) struct registries *conf = NULL;
	_cleanup_(push_done) struct push p = {.st = st, .o = o, .out = OUTGOING_INIT};
	int r;

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		p.workers[i].client = (struct fetch_client)FETCH_CLIENT_INIT;
		p.workers[i].piece = -1;
	}
	r = parse_destination(destination, &p.to, e);
	if (r == 0)
		r = registries_load(&o->access, &conf, e);
	if (r < 0 || !conf)
		return r;
	r = push(&p, img, conf, ret, e);
	return r < 0 ? err_wrap(e, r, "push %s", destination) : 0;
}
