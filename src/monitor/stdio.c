/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Only our ends are non-blocking: a pipe's two ends are two open file
 * descriptions, so the payload never sees O_NONBLOCK. A terminal's master is
 * ours alone, once the runtime that sent it is gone.
 *
 * A master reads EIO whenever nobody has the terminal open, which is not the
 * end while the payload lives: it may close all and open /dev/console again.
 * As such a master is always "ready", it is then looked at once in a while.
 */
#include "monitor/stdio.h"

#include "monitor/cast_writer.h"

#include "sys/fd.h"
#include "sys/lsm_selinux.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#define TTY_RETRY_MS 200

void output_init(struct output *o, enum log_stream stream)
{
	o->fd = -EBADF;
	o->stream = stream;
	o->left = -1;
	o->slot = -1;
}

void input_init(struct input *in)
{
	in->fd = -EBADF;
	in->last = '\n';
	in->slot = -1;
}

/* One direction of it is used. */
static int labelled_sockets(const char *label, int p[static 2])
{
	int r = selinux_set_socket_label(label), undone;

	if (r < 0)
		return r;
	r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0 ? -errno : 0;
	undone = selinux_set_socket_label(NULL);
	if (r == 0 && undone < 0) {
		close(p[0]);
		close(p[1]);
		r = undone;
	}
	return r;
}

static int make_pair(const struct stdio_labels *labels, int p[static 2])
{
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	/* one inode: both ends */
	if (!labels->file || selinux_label_fd(p[0], labels->file) == 0)
		return 0;
	close(p[0]);
	close(p[1]);
	return labelled_sockets(labels->process, p);
}

static int pair(const struct stdio_labels *labels, int *ret_read, int *ret_write, bool ours_is_read)
{
	int p[2], r = make_pair(labels, p);

	if (r < 0)
		return r;
	if (fcntl(p[ours_is_read ? 0 : 1], F_SETFL, O_NONBLOCK) < 0) {
		int saved = errno;

		close(p[0]);
		close(p[1]);
		return -saved;
	}
	*ret_read = p[0];
	*ret_write = p[1];
	return 0;
}

void stdio_ends_done(struct stdio_ends *ends)
{
	for (size_t i = 0; i < 3; i++)
		fd_closep(&ends->fds[i]);
}

int stdio_open(bool tty, bool stdin_open, const struct stdio_labels *labels, struct output out[static 2], struct input *in, struct stdio_ends *ret, struct err *e)
{
	_cleanup_(stdio_ends_done) struct stdio_ends ends = {{-EBADF, -EBADF, -EBADF}};
	int r;

	r = pair(labels, &out[LOG_STDERR].fd, &ends.fds[2], true);
	if (r == 0 && !tty)
		r = pair(labels, &out[LOG_STDOUT].fd, &ends.fds[1], true);
	if (r == 0 && !tty && stdin_open)
		r = pair(labels, &ends.fds[0], &in->fd, false);
	if (r < 0)
		return err_errno(e, -r, "pipes for the payload");
	*ret = ends;
	ends = (struct stdio_ends){{-EBADF, -EBADF, -EBADF}};
	return 0;
}

int stdio_set_terminal(int consume_fd, struct output out[static 2], struct input *in)
{
	_cleanup_close_ int master = consume_fd;
	_cleanup_close_ int copy = -EBADF;

	if (!isatty(master))
		return -ENOTTY;
	copy = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (copy < 0 || fcntl(master, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	out[LOG_STDOUT].fd = TAKE_FD(master);
	out[LOG_STDOUT].is_tty = true;
	in->fd = TAKE_FD(copy);
	in->is_tty = true;
	return 0;
}

void output_close(struct output *o)
{
	fd_closep(&o->fd);
}

int output_read(struct output *o, bool payload_ended)
{
	size_t room = sizeof(o->data);
	ssize_t n;

	if (o->fd < 0)
		return OUTPUT_ENDED;
	if (o->left >= 0 && (uint64_t)o->left < room)
		room = (size_t)o->left;
	do
		n = room > 0 ? read(o->fd, o->data, room) : 0;
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return OUTPUT_IDLE;
	if (n < 0 && errno == EIO && o->is_tty && !payload_ended) {
		o->retry_ms = now_ms() + TTY_RETRY_MS;
		return OUTPUT_IDLE;
	}
	if (n <= 0) {
		output_close(o);
		return OUTPUT_ENDED;
	}
	o->len = (size_t)n;
	if (o->left >= 0)
		o->left -= n;
	return OUTPUT_PIECE;
}

void input_close(struct input *in)
{
	fd_closep(&in->fd);
	in->at = 0;
	in->len = 0;
}

/* A terminal's end of file is a character, which counts only at the beginning of a line, or twice. */
static void terminal_eof(struct input *in)
{
	struct termios t;
	size_t n = in->last == '\n' ? 1 : 2;

	if (tcgetattr(in->fd, &t) < 0 || !(t.c_lflag & ICANON))
		return;
	in->at = 0;
	in->len = n;
	for (size_t i = 0; i < n; i++)
		in->data[i] = (char)t.c_cc[VEOF];
}

void input_put(struct input *in, const char *data, size_t len)
{
	if (in->fd < 0 || in->eof_wanted)
		return;
	if (len > sizeof(in->data))
		len = sizeof(in->data);
	for (size_t i = 0; i < len; i++)
		in->data[i] = data[i];
	if (in->cast)
		cast_input(in->cast, data, len);
	in->at = 0;
	in->len = len;
	input_flush(in);
}

void input_end(struct input *in)
{
	if (in->fd < 0)
		return;
	in->eof_wanted = true;
	input_flush(in);
}

void input_flush(struct input *in)
{
	while (in->fd >= 0 && in->at < in->len) {
		ssize_t n = write(in->fd, in->data + in->at, in->len - in->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			/* a pipe that nobody reads any more; a terminal may be opened again, what is typed at nobody is dropped */
			if (in->is_tty)
				break;
			input_close(in);
			return;
		}
		in->at += (size_t)n;
		in->last = in->data[in->at - 1];
	}
	in->at = 0;
	in->len = 0;
	if (!in->eof_wanted || in->fd < 0)
		return;
	in->eof_wanted = false;
	if (!in->is_tty) {
		input_close(in);
		return;
	}
	terminal_eof(in);
	if (in->len > 0)
		input_flush(in);
}

void input_resize(struct input *in, const struct monitor_winsize *size)
{
	struct winsize w = {.ws_row = size->rows, .ws_col = size->cols};

	if (in->fd < 0 || !in->is_tty)
		return;
	(void)ioctl(in->fd, TIOCSWINSZ, &w);
	if (in->cast)
		cast_resize(in->cast, size->cols, size->rows);
}
