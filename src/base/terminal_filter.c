/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ECMA-48 as terminals read it: ESC and one byte; CSI, parameters, a final
 * byte; control strings up to ST or BEL. The 8-bit forms (C1) are, in UTF-8,
 * C2 80 to C2 9F: some terminals obey them, no program needs them, so none
 * passes. The end of a string that is cancelled (CAN, SUB) is the same.
 */
#include "base/terminal_filter.h"

#include <string.h>

enum { TEXT, ESCAPE, INTERMEDIATE, CSI, STRING, STRING_ESCAPE, LEAD };

#define ESC '\x1b'
#define BEL '\x07'
#define ENQ '\x05'
#define CAN '\x18'
#define SUB '\x1a'

static void hold(struct terminal_filter *f, char c)
{
	if (f->len < sizeof(f->held))
		f->held[f->len] = c;
	f->len++;
}

/* The sequence is whole: it passes, or not. */
static void end(struct terminal_filter *f, bool passes, struct buf *out)
{
	if (passes && f->len <= sizeof(f->held))
		buf_add(out, f->held, f->len);
	f->state = TEXT;
	f->len = 0;
}

/* Whether a control sequence changes the picture only. */
static bool is_picture(const struct terminal_filter *f, char final)
{
	/* c: DA; n: DSR; t: windows; x: DECREQTPARM; p with $: DECRQM, else resets, which are fine; y, u, q with $ or > ask too */
	if (strchr("cntxy", final))
		return false;
	if (strchr("pquw", final) && (memchr(f->held, '$', f->len) || memchr(f->held, '>', f->len) || memchr(f->held, '?', f->len) ||
				      memchr(f->held, '*', f->len)))
		return false;
	return true;
}

static void in_text(struct terminal_filter *f, char c, struct buf *out)
{
	if (c == ESC) {
		f->state = ESCAPE;
		f->len = 0;
		hold(f, c);
	} else if (c == '\xc2') {
		f->state = LEAD;
	} else if (c != ENQ) {
		buf_addc(out, c);
	}
}

static void in_escape(struct terminal_filter *f, char c, struct buf *out)
{
	hold(f, c);
	if (c == '[')
		f->state = CSI;
	else if (memchr("]PX^_", c, 5))
		f->state = STRING;
	else if (c >= 0x20 && c <= 0x2f)
		f->state = INTERMEDIATE;
	else
		end(f, c >= 0x30 && c <= 0x7e && c != 'Z' && c != '\\', out); /* Z: DECID */
}

static void in_csi(struct terminal_filter *f, char c, struct buf *out)
{
	hold(f, c);
	if (c >= 0x40 && c <= 0x7e)
		end(f, f->len <= sizeof(f->held) && is_picture(f, c), out);
	else if (c < 0x20 || c > 0x3f)
		end(f, false, out); /* control bytes in a sequence act on their own; nothing that is meant well has them */
}

static void in_string(struct terminal_filter *f, char c)
{
	if (c == ESC)
		f->state = STRING_ESCAPE;
	else if (c == BEL || c == CAN || c == SUB)
		f->state = TEXT;
}

static void step(struct terminal_filter *f, char c, struct buf *out)
{
	switch (f->state) {
	case ESCAPE:
		if (c == ESC)
			f->len = 1;
		else
			in_escape(f, c, out);
		break;
	case INTERMEDIATE:
		hold(f, c);
		if (c < 0x20 || c > 0x2f)
			end(f, c >= 0x30 && c <= 0x7e, out);
		break;
	case CSI:
		in_csi(f, c, out);
		break;
	case STRING:
		in_string(f, c);
		break;
	case STRING_ESCAPE:
		f->state = TEXT;
		if (c != '\\') {
			/* not ST: a new sequence has begun */
			in_text(f, ESC, out);
			step(f, c, out);
		}
		break;
	case LEAD:
		f->state = TEXT;
		if ((unsigned char)c >= 0x80 && (unsigned char)c <= 0x9f)
			break;
		buf_addc(out, '\xc2');
		in_text(f, c, out);
		break;
	default:
		in_text(f, c, out);
	}
}

void terminal_filter(struct terminal_filter *f, const char *data, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++)
		step(f, data[i], out);
}
