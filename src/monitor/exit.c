/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The exit file's text, both ways, without a JSON library: the monitor links
 * none, and what it writes has one form only, so the reader wants exactly
 * that form and takes nothing else for an exit.
 */
#include "monitor/exit.h"

#include "base/parse.h"
#include "monitor/log_format.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

static const char *const reason_names[] = {
	[MONITOR_REASON_EXITED] = "exited",
	[MONITOR_REASON_SIGNAL] = "signal",
	[MONITOR_REASON_OOM] = "oom",
	[MONITOR_REASON_STARTER_DIED] = "starter-died",
	[MONITOR_REASON_TIMEOUT] = "timeout",
	[MONITOR_REASON_LOST] = "lost",
};

const char *exit_reason_name(enum monitor_exit_reason reason)
{
	return (size_t)reason < ARRAY_SIZE(reason_names) ? reason_names[reason] : "lost";
}

void exit_from_status(int status, struct monitor_exit *x)
{
	if (WIFSIGNALED(status)) {
		x->signal = WTERMSIG(status);
		x->exit_code = 128 + x->signal;
		x->reason = MONITOR_REASON_SIGNAL;
	} else {
		x->signal = 0;
		x->exit_code = WEXITSTATUS(status);
		x->reason = MONITOR_REASON_EXITED;
	}
}

static char *put_str(char *p, const char *s)
{
	size_t len = strlen(s);

	memcpy(p, s, len);
	return p + len;
}

static char *put_u64(char *p, uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n > 0)
		*p++ = digits[--n];
	return p;
}

/* As audit_receipt_text(), of which the monitor has no need otherwise. */
static char *put_receipt(char *p, const struct audit_receipt *r)
{
	p = put_u64(p, r->sec);
	p = put_str(p, r->milli < 10 ? ".00" : r->milli < 100 ? ".0" : ".");
	p = put_u64(p, r->milli);
	p = put_str(p, ":");
	return put_u64(p, r->serial);
}

/* The fields in their order; the text between the values. */
static const char *const keys[] = {
	"{\"pid\":", ",\"startTicks\":", ",\"exitCode\":", ",\"signal\":", ",\"finishedAt\":\"", "\",\"reason\":\"",
};
#define KEY_LOST ",\"logLostBytes\":"
#define KEY_RECEIPT ",\"receipt\":\""

size_t exit_text(const struct monitor_exit *x, char out[static EXIT_TEXT_MAX])
{
	struct timespec at = {.tv_sec = x->finished_sec, .tv_nsec = x->finished_nsec};
	uint64_t values[] = {(uint64_t)x->pid, x->start_ticks, (uint64_t)x->exit_code, (uint64_t)x->signal};
	char *p = out;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		p = put_str(p, keys[i]);
		p = put_u64(p, values[i]);
	}
	p = put_str(p, keys[4]);
	log_stamp(&at, p);
	p += LOG_STAMP_LEN;
	p = put_str(p, keys[5]);
	p = put_str(p, exit_reason_name((enum monitor_exit_reason)x->reason));
	p = put_str(p, "\"");
	if (x->log_lost_bytes > 0) {
		p = put_str(p, KEY_LOST);
		p = put_u64(p, x->log_lost_bytes);
	}
	if (audit_receipt_is(&x->receipt)) {
		p = put_str(p, KEY_RECEIPT);
		p = put_receipt(p, &x->receipt);
		p = put_str(p, "\"");
	}
	p = put_str(p, "}\n");
	return (size_t)(p - out);
}

/* Skips `word` at `*p`; -EBADMSG where something else stands. */
static int skip(const char **p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*p, word, len) != 0)
		return -EBADMSG;
	*p += len;
	return 0;
}

static int take_u64(const char **p, uint64_t min, uint64_t max, uint64_t *ret)
{
	char digits[24];
	size_t n = strspn(*p, "0123456789");

	if (n == 0 || n >= sizeof(digits))
		return -EBADMSG;
	memcpy(digits, *p, n);
	digits[n] = '\0';
	*p += n;
	return parse_u64(digits, min, max, ret) < 0 ? -EBADMSG : 0;
}

static int take_time(const char **p, struct monitor_exit *x)
{
	char again[LOG_STAMP_LEN];
	struct timespec t;

	if (strnlen(*p, LOG_STAMP_LEN) < LOG_STAMP_LEN || log_stamp_parse(*p, LOG_STAMP_LEN, &t) < 0)
		return -EBADMSG;
	/* as a monitor writes it: in UTC, no leap second */
	log_stamp(&t, again);
	if (memcmp(again, *p, LOG_STAMP_LEN) != 0)
		return -EBADMSG;
	x->finished_sec = t.tv_sec;
	x->finished_nsec = t.tv_nsec;
	*p += LOG_STAMP_LEN;
	return 0;
}

static int take_reason(const char **p, struct monitor_exit *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(reason_names); i++) {
		size_t len = strlen(reason_names[i]);

		if (strncmp(*p, reason_names[i], len) == 0 && (*p)[len] == '"') {
			x->reason = (int32_t)i;
			*p += len;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_receipt(const char **p, struct audit_receipt *ret)
{
	char text[AUDIT_RECEIPT_SIZE];
	size_t n = strcspn(*p, "\"");

	if (n >= sizeof(text) || (*p)[n] != '"')
		return -EBADMSG;
	memcpy(text, *p, n);
	text[n] = '\0';
	*p += n + 1;
	return audit_receipt_parse(text, ret) < 0 || !audit_receipt_is(ret) ? -EBADMSG : 0;
}

static int parse(const char *p, struct monitor_exit *x)
{
	static const uint64_t max[] = {INT_MAX, UINT64_MAX, 255, 127};
	uint64_t values[ARRAY_SIZE(max)] = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(max); i++) {
		r = skip(&p, keys[i]);
		if (r == 0)
			r = take_u64(&p, 0, max[i], &values[i]);
	}
	if (r == 0)
		r = skip(&p, keys[4]);
	if (r == 0)
		r = take_time(&p, x);
	if (r == 0)
		r = skip(&p, keys[5]);
	if (r == 0)
		r = take_reason(&p, x);
	if (r == 0)
		r = skip(&p, "\"");
	if (r == 0 && skip(&p, KEY_LOST) == 0)
		r = take_u64(&p, 1, UINT64_MAX, &x->log_lost_bytes);
	if (r == 0 && skip(&p, KEY_RECEIPT) == 0)
		r = take_receipt(&p, &x->receipt);
	if (r < 0)
		return r;
	x->pid = (int32_t)values[0];
	x->start_ticks = values[1];
	x->exit_code = (int32_t)values[2];
	x->signal = (int32_t)values[3];
	return strcmp(p, "}\n") == 0 ? 0 : -EBADMSG;
}

int exit_parse(const char *text, size_t len, struct monitor_exit *ret)
{
	struct monitor_exit x = {0};
	char copy[EXIT_TEXT_MAX];

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return -EBADMSG;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (parse(copy, &x) < 0)
		return -EBADMSG;
	*ret = x;
	return 0;
}
