/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The relay itself is monitor/attach.h's; here is what the command line adds. */
#include "cmd/front.h"

#include "engine/containers_conf.h"

#include "sys/pidfd.h"

#include <string.h>
#include <unistd.h>

int front_check_tty(bool tty, bool want_stdin, struct err *e)
{
	if (!tty || !want_stdin || isatty(STDIN_FILENO))
		return 0;
	err_set(e, ENOTTY, "--tty with --interactive: standard input is not a terminal");
	err_hint(e, "leave --tty out when input comes from a pipe or a file");
	return -ENOTTY;
}

int front_flags(bool interactive, const struct strv *attach, uint32_t *ret, struct err *e)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} words[] = {{"stdin", MONITOR_WANT_STDIN}, {"stdout", MONITOR_WANT_STDOUT}, {"stderr", MONITOR_WANT_STDERR}};
	uint32_t flags = 0;

	for (size_t i = 0; attach && i < attach->n; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(words) && strcasecmp(words[k].word, attach->items[i]) != 0)
			k++;
		if (k == ARRAY_SIZE(words))
			return err_set(e, EINVAL, "--attach %s: must be stdin, stdout or stderr", attach->items[i]);
		flags |= words[k].flag;
	}
	if (!flags)
		flags = MONITOR_WANT_STDOUT | MONITOR_WANT_STDERR;
	if (interactive)
		flags |= MONITOR_WANT_STDIN;
	*ret = flags;
	return 0;
}

static void pass_signal(int sig, void *data)
{
	const struct front *f = data;

	if (f->pid_fd >= 0)
		(void)!pidfd_signal(f->pid_fd, sig);
}

/* Those of the option, of containers.conf, or docker's. The file is read where keys can come. */
static int choose_keys(struct front *f, struct err *e)
{
	_cleanup_(containers_conf_done) struct containers_conf conf = {0};
	const char *keys = f->detach_keys;
	int r = !keys && isatty(STDIN_FILENO) ? containers_conf_read(f->engine, &conf, e) : 0;

	if (r == 0 && !keys)
		r = json_get_str(conf.json, "engine.detach_keys", &keys, e);
	if (r < 0)
		return r;
	r = detach_keys_parse(keys ? keys : DETACH_KEYS_DEFAULT, &f->options.keys, e);
	return r < 0 && !f->detach_keys ? err_wrap(e, r, "containers.conf: engine.detach_keys") : r;
}

int front_connect(struct front *f, int run_dirfd, struct err *e)
{
	int r = choose_keys(f, e);

	if (r < 0)
		return r;
	f->options.flags = f->flags;
	if (f->sig_proxy) {
		f->options.on_signal = pass_signal;
		f->options.data = f;
	}
	return attach_connect(run_dirfd, &f->options, &f->attach, e);
}

int front_join(struct front *f, const struct start *s, int *ret_pidfd, struct err *e)
{
	int r = pidfd_open_identity(s->launch.created.pid, s->launch.created.start_ticks, ret_pidfd);

	if (r < 0)
		return err_errno(e, -r, "init of the container");
	f->pid_fd = *ret_pidfd;
	return front_connect(f, s->run_dirfd, e);
}

int front_relay(struct front *f, int *ret_code, struct err *e)
{
	struct monitor_exit x = {0};
	int r = attach_relay(&f->attach, &f->options, &x, e);

	if (r < 0)
		return r;
	switch ((enum attach_outcome)r) {
	case ATTACH_EXITED:
		*ret_code = x.exit_code;
		return FRONT_EXITED;
	case ATTACH_DETACHED:
		return FRONT_DETACHED;
	case ATTACH_BROKEN_PIPE:
		return FRONT_BROKEN;
	case ATTACH_LOST:
		break;
	}
	return FRONT_LOST;
}

void front_done(struct front *f)
{
	attach_done(&f->attach);
}
