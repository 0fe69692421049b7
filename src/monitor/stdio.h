/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * stdio - the monitor's ends of the payload's standard streams.
 *
 * An output stream holds at most one piece (MONITOR_DATA_MAX bytes) and
 * reads no further until every client has taken it: that is the whole of
 * the backpressure, and of the memory.
 */
#ifndef RANBY_MONITOR_STDIO_H
#define RANBY_MONITOR_STDIO_H

#include "base/err.h"
#include "base/mem.h"
#include "monitor/log.h"
#include "monitor/pollset.h"
#include "monitor/protocol.h"
#include "monitor/stdio_labels.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

struct output {
	int fd; /* non-blocking; -EBADF: ended, or not there yet */
	enum log_stream stream;
	bool is_tty;        /* a terminal without users reads as EIO, and may get users again */
	unsigned waiting;   /* clients that have not taken the piece */
	size_t len;         /* of the piece; 0: none */
	int64_t retry_ms;   /* terminal: not before then */
	int64_t left;       /* bytes that will still be read; -1: no limit */
	int slot;
	char data[MONITOR_DATA_MAX];
};
/* Of zeroed memory; the buffer is not touched, so that one never used costs nothing. */
void output_init(struct output *o, enum log_stream stream);

struct cast_writer; /* cast_writer.h */

struct input {
	int fd; /* non-blocking; -EBADF: closed */
	bool is_tty;
	bool eof_wanted; /* after what is in `data` */
	char last;       /* last byte given to a terminal */
	struct cast_writer *cast; /* what is put in goes there too; NULL: nowhere */
	size_t at, len;
	int slot;
	char data[MONITOR_DATA_MAX];
};
void input_init(struct input *in);

/* The payload's ends, for spawn(); closed by stdio_ends_done() in the monitor. */
struct stdio_ends {
	int fds[3]; /* -EBADF: /dev/null */
};
void stdio_ends_done(struct stdio_ends *ends);

/*
 * Makes the pipes. With a terminal only stderr is one (the runtime's own
 * words until the payload has the terminal).
 *
 * With SELinux a pipe has the label of the login that made it, to which a process with
 * categories of its own cannot write, and its output would vanish. So it gets the label of the container's
 * files; and where the policy does not let us do that, it is a socket pair with that of its processes instead
 * (which a payload cannot open again as /dev/stdout).
 */
int stdio_open(bool tty, bool stdin_open, const struct stdio_labels *labels, struct output out[static 2], struct input *in, struct stdio_ends *ret, struct err *e)
	_must_check_;

/* The terminal's master has come: stdout reads from it, input writes to it. Consumes the fd. */
int stdio_set_terminal(int consume_fd, struct output out[static 2], struct input *in) _must_check_;

enum output_state {
	OUTPUT_PIECE = 1, /* there is one in data[0..len) */
	OUTPUT_IDLE,      /* nothing to read now */
	OUTPUT_ENDED,     /* fd is closed */
};
/*
 * Reads one piece. `payload_ended`: an empty terminal has come to its end,
 * too. Must not be called while a piece is there.
 */
int output_read(struct output *o, bool payload_ended);
void output_close(struct output *o);

static inline bool output_is_done(const struct output *o)
{
	return o->fd < 0 && o->len == 0;
}

/* True when more input can be taken (it is dropped when the payload's end is closed). */
static inline bool input_has_room(const struct input *in)
{
	return in->len == 0;
}

/* Takes up to MONITOR_DATA_MAX bytes; only when it has room. */
void input_put(struct input *in, const char *data, size_t len);
void input_end(struct input *in);
/* Writes what the payload takes. */
void input_flush(struct input *in);
void input_resize(struct input *in, const struct monitor_winsize *size);
void input_close(struct input *in);

#endif
