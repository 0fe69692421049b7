/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby audit doctor: what this host can prove, what is in the way of more.
 * It asks and looks, and changes nothing; each line that is not `ok` ends in
 * the command that would.
 */
#include "audit/doctor.h"
#include "base/escape.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/policy.h"
#include "engine/subid.h"
#include "sys/landlock.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/user_name.h"
#include "sys/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif

struct doctor_args {
	const char *format;
	uint32_t level;
	bool quiet;
};

static const struct option_row doctor_rows[] = {
	{0, "format", OPT_CHOICE, offsetof(struct doctor_args, format), .arg = "FORMAT", .choices = "text|json", .help = "text (the default) or json"},
	{0, "level", OPT_U32, offsetof(struct doctor_args, level), .arg = "N", .min = 0, .max = 3,
	 .help = "Exit 1 unless the host has reached level N (default 0)"},
	{'q', "quiet", OPT_FLAG, offsetof(struct doctor_args, quiet), .help = "Only what is not ok"},
	OPTION_END,
};

/* ---- asking ---- */

static uint64_t count_subids(enum subid_kind kind, uid_t uid, const char *name)
{
	_cleanup_free_ struct id_list *l = calloc(1, sizeof(*l));
	struct err e = {0};

	return l && subid_ranges(kind, uid, name, l, &e) == 0 ? id_list_total(l) : 0;
}

static bool in_host_userns(void)
{
	bool on_host = false;

	return userns_is_initial(&on_host) == 0 && on_host;
}

static bool has_pidfd(void)
{
	int fd;

	if (pidfd_open_pid(getpid(), &fd) < 0)
		return false;
	close(fd);
	return true;
}

/* PREFIX/libexec/ranby/NAME and PREFIX/sbin/NAME, of the running program's PREFIX. */
static char *program_path(const char *folder, const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *path = NULL;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	for (int i = 0; i < 2; i++) {
		slash = strrchr(self, '/');
		if (!slash)
			return NULL;
		*slash = '\0';
	}
	return asprintf(&path, "%s/%s/%s", self, folder, name) < 0 ? NULL : path;
}

static int examine(struct doctor_report *ret, struct err *e)
{
	_cleanup_(kaudit_state_done) struct kaudit_state kernel = {0};
	_cleanup_free_ char *witness = program_path("libexec/ranby", "ranby-witness");
	_cleanup_free_ char *trail = program_path("sbin", "ranby-trail");
	char name[USER_NAME_SIZE];
	struct doctor_host h = {.uid = getuid(), .host_userns = in_host_userns(), .pidfd = has_pidfd(), .witness = witness, .trail = trail};
	bool named = user_name_of(h.uid, name) == 0;
	struct policy policy = {0};

	if (!witness || !trail)
		return err_errno(e, ENOMEM, "audit doctor");
	h.policy_error = policy_read(&policy, NULL);
	h.require_audit = policy.require_audit;
	h.kernel_error = kaudit_state_read(&kernel);
	h.kernel = h.kernel_error == 0 ? &kernel : NULL;
	h.landlock_abi = landlock_abi();
	h.subuids = count_subids(SUBID_USER, h.uid, named ? name : NULL);
	h.subgids = count_subids(SUBID_GROUP, h.uid, named ? name : NULL);
	h.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (h.root_fd < 0)
		return err_errno(e, errno, "/");
	doctor_examine(&h, ret);
	close(h.root_fd);
	return 0;
}

/* ---- telling ---- */

static void add_escaped(const char *text, struct buf *out)
{
	escape_text(text, strlen(text), 0, out);
}

static void add_finding(const struct doctor_finding *f, struct buf *out)
{
	static const char *const colors[] = {"32", "33", "31", "36"};
	char word[32];

	snprintf(word, sizeof(word), "%-8s", doctor_state_word(f->state));
	if (screen_color())
		buf_addf(out, "  \033[%sm%s\033[0m", colors[f->state], word);
	else
		buf_addf(out, "  %s", word);
	/* the name that a script, or who greps, knows it by */
	buf_addf(out, "%-20s  %s: ", f->check->id, f->check->title);
	add_escaped(f->found, out);
	buf_addc(out, '\n');
	if (f->state == DOCTOR_OK)
		return;
	buf_addf(out, "            %s\n", f->check->why);
	if (*f->mend) {
		buf_adds(out, "            mend: ");
		add_escaped(*f->mend == '#' ? f->mend + 2 : f->mend, out);
		buf_addc(out, '\n');
	}
}

static void add_verdict(const struct doctor_report *rep, struct buf *out)
{
	const struct doctor_finding *next = doctor_next(rep);

	if (rep->level < 0)
		buf_adds(out, "Not even level 0: containers do not work here.\n");
	else
		buf_addf(out, "Level %d, %s.\n", rep->level, doctor_level_word(rep->level));
	if (!next)
		return;
	buf_addf(out, "Not level %d, %s, because of %s: %s: ", rep->level + 1, doctor_level_word(rep->level + 1),
		 next->check->id, next->check->title);
	add_escaped(next->found, out);
	buf_adds(out, "\nNext: ");
	add_escaped(*next->mend == '#' ? next->mend + 2 : next->mend, out);
	buf_addc(out, '\n');
	if (rep->possible > rep->level)
		buf_addf(out, "Root would see more: it may be level %d.\n", rep->possible);
}

static void tell_text(const struct doctor_report *rep, bool quiet, struct buf *out)
{
	int level = -1;

	for (size_t i = 0; i < rep->n; i++) {
		const struct doctor_finding *f = &rep->findings[i];

		if (quiet && f->state == DOCTOR_OK)
			continue;
		if (f->check->level != level) {
			level = f->check->level;
			buf_addf(out, "%sLevel %d, %s\n", out->len ? "\n" : "", level, doctor_level_word(level));
		}
		add_finding(f, out);
	}
	if (out->len)
		buf_addc(out, '\n');
	add_verdict(rep, out);
}

static int add_row(struct json_object *rows, const struct doctor_finding *f)
{
	struct json_object *o = json_object_new_object();
	int r = json_append(rows, o);

	r = r < 0 ? r : json_add_str(o, "id", f->check->id);
	r = r < 0 ? r : json_add_int(o, "level", f->check->level);
	r = r < 0 ? r : json_add_str(o, "state", doctor_state_word(f->state));
	r = r < 0 ? r : json_add_str(o, "title", f->check->title);
	r = r < 0 ? r : json_add_str(o, "found", f->found);
	r = r < 0 ? r : json_add_str(o, "why", f->check->why);
	return r < 0 ? r : json_add_str(o, "mend", *f->mend ? f->mend : NULL);
}

static int tell_json(const struct doctor_report *rep, struct buf *out)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *rows = json_object_new_array();
	const struct doctor_finding *next = doctor_next(rep);
	int r = json_add_int(o, "level", rep->level);

	r = r < 0 ? r : json_add_str(o, "name", doctor_level_word(rep->level));
	r = r < 0 ? r : json_add_int(o, "possible", rep->possible);
	if (next) {
		r = r < 0 ? r : json_add_str(o, "because", next->check->id);
		r = r < 0 ? r : json_add_str(o, "next", next->mend);
	}
	r = json_add(o, "checks", rows) < 0 ? -ENOMEM : r;
	for (size_t i = 0; r == 0 && i < rep->n; i++)
		r = add_row(rows, &rep->findings[i]);
	if (r == 0)
		buf_addf(out, "%s\n", json_pretty(o));
	return r;
}

static int doctor_run(const struct command_call *call, struct err *e)
{
	_cleanup_free_ struct doctor_report *rep = calloc(1, sizeof(*rep));
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct doctor_args *a = call->args;
	int r = rep ? examine(rep, e) : err_errno(e, ENOMEM, "audit doctor");

	if (r < 0)
		return r;
	if (a->format && strcmp(a->format, "json") == 0)
		r = tell_json(rep, &out);
	else
		tell_text(rep, a->quiet, &out);
	r = r < 0 ? err_errno(e, -r, "audit doctor") : screen_put(&out, e);
	return r < 0 ? r : rep->level < (int)a->level;
}

const struct command command_audit_doctor = {
	.name = "audit doctor",
	.operands = "[OPTIONS]",
	.summary = "Say what this host can prove about its containers, and what to do for more",
	.needs = NEED_NOTHING,
	.rows = doctor_rows,
	.args_size = sizeof(struct doctor_args),
	.run = doctor_run,
};
