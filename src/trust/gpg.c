/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * gpgv answers on two ways: what it says of the signature is lines of
 * "[GNUPG:]", what was signed is its output. The lines must be of exactly one
 * signature, and the output one JSON text and nothing else. Bytes of the
 * message that gpgv passes over in silence, such as a packet after the signed
 * ones that it does not know, are not seen here: nothing is read from them.
 */
#include "trust/gpg.h"

#include "sys/fd.h"
#include "sys/memfd.h"
#include "sys/self.h"
#include "sys/spawn.h"
#include "trust/armor.h"
#include "trust/gpg_status.h"
#include "trust/keys.h"
#include "trust/payload.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define OUTPUT_MAX (1U << 20)

struct gpg {
	int keyring, gpgv, worker;
	struct err *e;
	struct buf keys;
};

static void gpg_done(struct gpg *g)
{
	fd_closep(&g->keyring);
	fd_closep(&g->gpgv);
	fd_closep(&g->worker);
	buf_done(&g->keys);
}

static int take_key(void *ctx, const struct buf *key)
{
	struct gpg *g = ctx;

	return trust_armor_decode(key, &g->keys, g->e);
}

static int begin(struct gpg *g, const struct trust_requirement *q, struct err *e)
{
	int r;

	g->e = e;
	r = trust_keys_each(q->json, "key", take_key, g, e);
	if (r == 0)
		r = self_open_program("ranby-trust", &g->worker, NULL, e);
	if (r < 0)
		return r;
	r = self_open_helper("gpgv", &g->gpgv, NULL, e);
	if (r < 0) {
		err_hint(e, "a policy of signedBy needs gpgv; Debian has it in the package of that name");
		return r;
	}
	r = memfd_seal_bytes("keys", g->keys.data, g->keys.len, &g->keyring);
	return r < 0 ? err_errno(e, -r, "keys") : 0;
}

static int start(const struct gpg *g, int message, int output, int status, int *ret_status, struct err *e)
{
	static char *const no_env[] = {NULL};
	char name[] = "ranby-trust", verb[] = "gpgv";
	char *argv[] = {name, verb, NULL};
	const int fds[] = {status, g->keyring, g->gpgv};
	struct spawn s = SPAWN_INIT;
	pid_t pid = 0;
	int r;

	s.exe_fd = g->worker;
	s.argv = argv;
	s.envp = no_env;
	s.fds = fds;
	s.n_fds = ARRAY_SIZE(fds);
	s.stdio[0] = message;
	s.stdio[1] = output;
	s.stdio[2] = -EBADF;
	s.die_with_us = true;
	r = spawn_start(&s, &pid, NULL, e);
	if (r == 0 && (r = spawn_wait(pid, ret_status)) < 0)
		r = err_errno(e, -r, "gpgv");
	return r;
}

static int read_back(int fd, struct buf *ret, struct err *e)
{
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_all(fd, OUTPUT_MAX, ret);

	return r < 0 ? err_errno(e, -r, "gpgv") : 0;
}

/* -EACCES: the signature is not good, with why. */
static int verify_one(const struct gpg *g, const struct trust_signature *s, struct trust_claim *c, struct err *e)
{
	_cleanup_close_ int message = -EBADF, output = memfd_create("output", MFD_CLOEXEC), status = memfd_create("status", MFD_CLOEXEC);
	_cleanup_(buf_done) struct buf text = BUF_INIT, said = BUF_INIT;
	struct trust_payload p;
	int r = output < 0 || status < 0 ? -errno : memfd_seal_bytes("message", s->body.data, s->body.len, &message), code = 0;

	if (r == 0 && lseek(message, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "gpgv");
	r = start(g, message, output, status, &code, e);
	if (r == 0)
		r = read_back(status, &said, e);
	if (r == 0)
		r = read_back(output, &text, e);
	if (r < 0)
		return r;
	/* not gpgv's: ranby-trust could not start it, and says why */
	if (WIFEXITED(code) && WEXITSTATUS(code) == EXIT_ENGINE)
		return err_set(e, EIO, "%s", said.len ? buf_str(&said) : "gpgv could not be started");
	r = trust_gpg_status(buf_str(&said), WIFEXITED(code) && WEXITSTATUS(code) == 0, c->key, &c->err);
	if (r == 0)
		r = trust_payload_parse(buf_str(&text), text.len, TRUST_PAYLOAD_SIMPLE, &p, &c->err);
	if (r < 0)
		return 0;
	c->digest = p.digest;
	snprintf(c->name, sizeof(c->name), "%s", p.name);
	c->good = true;
	return 0;
}

int trust_gpg_verify(const struct trust_requirement *q, const struct trust_signatures *s, struct trust_claim *claims, struct err *e)
{
	_cleanup_(gpg_done) struct gpg g = {.keyring = -EBADF, .gpgv = -EBADF, .worker = -EBADF};
	int r = begin(&g, q, e);

	for (size_t i = 0; i < s->n && r == 0; i++) {
		claims[i] = (struct trust_claim){0};
		r = verify_one(&g, &s->items[i], &claims[i], e);
	}
	return r;
}
