/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One question, one process: what a signature may have done to it is gone when
 * the next is read.
 */
#include "trust/worker.h"

#include "base/base64.h"
#include "sys/fd.h"
#include "sys/memfd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <string.h>

#define WORKER "ranby-trust"

int trust_add_bytes(struct json_object *o, const char *key, const void *data, size_t len)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	base64_encode(data, len, &text);
	return buf_bad(&text) ? -ENOMEM : json_add_str(o, key, buf_str(&text));
}

int trust_append_bytes(struct json_object *o, const char *key, const void *data, size_t len)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct json_object *list = json_at(o, key);
	int r = 0;

	if (!list) {
		r = json_add(o, key, json_object_new_array());
		list = json_at(o, key);
	}
	base64_encode(data, len, &text);
	return r < 0 || buf_bad(&text) ? -ENOMEM : json_append_str(list, buf_str(&text));
}

static int start(const char *verb, int request, int answer, pid_t *ret, struct err *e)
{
	static char *const no_env[] = {NULL};
	_cleanup_free_ char *name = strdup(WORKER), *word = strdup(verb);
	char *argv[] = {name, word, NULL};
	const int fds[] = {request, answer};
	_cleanup_close_ int exe = -EBADF;
	struct spawn s = SPAWN_INIT;
	int r;

	if (!name || !word)
		return err_errno(e, ENOMEM, WORKER);
	r = self_open_program(WORKER, &exe, NULL, e);
	if (r < 0)
		return r;
	s.exe_fd = exe;
	s.argv = argv;
	s.envp = no_env;
	s.fds = fds;
	s.n_fds = ARRAY_SIZE(fds);
	s.stdio[0] = s.stdio[1] = s.stdio[2] = -EBADF;
	/* and no terminal to ask at */
	s.new_session = true;
	s.die_with_us = true;
	r = spawn_start(&s, ret, NULL, e);
	return r < 0 ? err_wrap(e, r, WORKER) : 0;
}

static int check_answer(struct json_object *o, struct err *e)
{
	uint32_t code = EIO;
	const char *text = NULL, *hint = NULL;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EPROTO, WORKER " gave a bad answer");
	r = json_get_str(o, "error", &text, e);
	if (r == 0)
		r = json_get_str(o, "hint", &hint, e);
	if (r == 0)
		r = json_get_u32(o, "code", 1, 4095, &code, e);
	if (r < 0)
		return err_wrap(e, -EPROTO, WORKER);
	if (!text)
		return 0;
	r = err_set(e, (int)code, "%s", text);
	if (hint)
		err_hint(e, "%s", hint);
	return r;
}

int trust_worker_ask(const char *verb, struct json_object *request, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_MAX(TRUST_ANSWER_MAX);
	_cleanup_close_ int memory = -EBADF, in = -EBADF, out = -EBADF;
	_cleanup_json_ struct json_object *o = NULL;
	size_t len = 0;
	const char *asked = json_text(request, &len);
	int pipes[2] = {-EBADF, -EBADF}, status = 0, r;
	pid_t pid = 0;

	if (!asked || len > TRUST_REQUEST_MAX)
		return err_set(e, EMSGSIZE, WORKER ": too much to ask");
	r = memfd_seal_bytes("request", asked, len, &memory);
	if (r == 0 && (lseek(memory, 0, SEEK_SET) < 0 || pipe2(pipes, O_CLOEXEC) < 0))
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, WORKER);
	in = pipes[0];
	out = pipes[1];
	r = start(verb, memory, out, &pid, e);
	if (r < 0)
		return r;
	fd_closep(&out);
	r = fd_read_all(in, TRUST_ANSWER_MAX, &text);
	fd_closep(&in);
	if (spawn_wait(pid, &status) < 0 || (r == 0 && text.len == 0))
		return err_set(e, EIO, WORKER " ended without an answer (status %d)", status);
	if (r < 0)
		return err_errno(e, -r, WORKER);
	r = json_parse(buf_str(&text), text.len, WORKER, &o, e);
	if (r == 0)
		r = check_answer(o, e);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}
