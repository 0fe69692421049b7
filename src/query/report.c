/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Of which ledger? The system's when the caller may read it, else his own;
 * the report says at its head which, and what that proves. Each ledger is read
 * by the verifier, in one pass: its entries into the report, its first fault
 * beside them.
 */
#include "audit/ledger_verify.h"
#include "audit/report.h"
#include "audit/report_controls.h"
#include "audit/system_ledger.h"
#include "base/clock.h"
#include "query/ask.h"
#include "query/query.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/user_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>


static const char *name_of(uint32_t uid, char *buf, size_t size)
{
	char name[USER_NAME_SIZE];

	if (user_name_of(uid, name) < 0 || strlen(name) >= size)
		return NULL;
	snprintf(buf, size, "%s", name);
	return buf;
}

/* ---- reading ---- */

static int visit(const struct ledger_item *item, void *arg, struct err *e)
{
	return report_add(arg, &item->entry, e);
}

static int read_ledger(struct report *rep, int dirfd, const char *path, const char *name, struct err *e)
{
	_cleanup_(ledger_report_done) struct ledger_report whole = {0};
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	int r = ledger_reader_open(dirfd, path, &rd, e);

	r = r < 0 ? r : report_add_ledger(rep, name, e);
	r = r < 0 ? r : ledger_verify(&rd, NULL, 0, visit, rep, &whole, e);
	if (r == 0 && whole.n_faults)
		report_ledger_fault(rep, whole.faults[0].text);
	return r < 0 ? err_wrap(e, r, "ledger %s", name) : 0;
}

static int read_shard(int dirfd, const char *name, void *data, struct err *e)
{
	return read_ledger(data, dirfd, name, name, e);
}

static int read_system(struct report *rep, const char *path, struct err *e)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r = system_ledger_open(path, &dirfd, e);

	return r < 0 ? r : system_ledger_each(dirfd, SYSTEM_LEDGER_USERS | SYSTEM_LEDGER_OWN | SYSTEM_LEDGER_SIGNED, read_shard, rep, e);
}

static int read_own(struct report *rep, const char *path, struct err *e)
{
	int r;

	rep->own = true;
	r = read_ledger(rep, AT_FDCWD, path, LEDGER_USER_NAME, e);
	return r == -ENOENT ? ask_no_ledger(path, e) : r;
}

static int read_source(struct report *rep, const struct audit_report_args *a, const char *state, struct err *e)
{
	char path[4096];
	int which = ask_source(a->ledger, a->system, state, path, sizeof(path), e);

	if (which < 0)
		return which;
	return which == ASK_SYSTEM ? read_system(rep, path, e) : read_own(rep, path, e);
}

/* ---- the question ---- */

static int ask(struct report *rep, const struct audit_report_args *a, struct err *e)
{
	struct timespec now = clock_from_ns(clock_now().tv_sec * INT64_C(1000000000));
	char text[CLOCK_TEXT_SIZE];
	int r;

	rep->profile = report_profile(a->profile ? a->profile : "800-53", &rep->title);
	rep->user_name = name_of;
	rep->any_user = !a->user;
	snprintf(rep->made, sizeof(rep->made), "%s", clock_rfc3339(&now, CLOCK_UTC, text));
	if (gethostname(rep->host, sizeof(rep->host) - 1) < 0)
		snprintf(rep->host, sizeof(rep->host), "this host");
	r = ask_moment(a->since, "--since", &rep->since_ns, e);
	r = r < 0 ? r : ask_moment(a->until, "--until", &rep->until_ns, e);
	return r == 0 && a->user ? ask_user(a->user, &rep->auid, e) : r;
}

/* ---- the answer ---- */

/* Into a file that is whole or not there, for the caller's eyes. */
static int put_file(const char *path, const struct buf *out, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	_cleanup_close_ int dirfd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int r = dirfd < 0 ? -errno : *name ? path_own_write(dirfd, name, buf_str(out), out->len, 0600, PATH_SYNC_NONE) : -EISDIR;

	return r < 0 ? err_errno(e, -r, "write %s", path) : 0;
}

int query_report(const struct command_call *call, const char *state, struct err *e)
{
	const struct audit_report_args *a = call->args;
	_cleanup_(report_done) struct report rep = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT_MAX((size_t)1 << 30);
	int r = ask(&rep, a, e);

	r = r < 0 ? r : read_source(&rep, a, state, e);
	r = r < 0 ? r : report_finish(&rep, e);
	if (r < 0)
		return r;
	if (a->format && a->format[0] == 'h')
		report_html(&rep, &out);
	else if (a->format && a->format[0] == 'j')
		r = report_json(&rep, &out);
	else
		report_text(&rep, &out);
	r = r < 0 ? r : -buf_bad(&out);
	if (r < 0)
		return err_errno(e, -r, "report");
	if (a->output)
		return put_file(a->output, &out, e);
	fwrite(buf_str(&out), 1, out.len, stdout);
	return 0;
}
