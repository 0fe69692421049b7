/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What each type of record says is a table of rows: key, kind of value, place
 * in the event, and whether the record is whole without it. The first of two equal
 * keys counts, so that nothing which a process chose (it stands later in the
 * record) replaces what the kernel stamped. A record without one of
 * its needed fields was cut: "ppid=218" at the end of a cut line may
 * have been 21830. The fields that close a record (key=, res=, the quote of msg=') are
 * needed ones for that reason.
 */
#include "audit/log_record.h"

#include "audit/log_field.h"
#include "base/buf.h"
#include "base/escape.h"

#include <string.h>

enum value_kind { VALUE_U32, VALUE_U64, VALUE_I64, VALUE_HEX32, VALUE_HEX64, VALUE_TRUE, VALUE_TEXT, VALUE_WORD };

struct value_row {
	const char *key;
	enum value_kind kind;
	size_t offset;
	bool needed;
};
#define ROW(key, kind, member, needed) {key, kind, offsetof(struct log_event, member), needed}
#define ROWS_MAX 32

static const struct value_row syscall_rows[] = {
	ROW("arch", VALUE_HEX32, arch, true),
	ROW("syscall", VALUE_U32, nr, true),
	ROW("success", VALUE_TRUE, done, false),
	ROW("exit", VALUE_I64, exit, false),
	ROW("a0", VALUE_HEX64, args[0], true),
	ROW("a1", VALUE_HEX64, args[1], true),
	ROW("a2", VALUE_HEX64, args[2], true),
	ROW("a3", VALUE_HEX64, args[3], true),
	ROW("ppid", VALUE_U32, ppid, true),
	ROW("pid", VALUE_U32, pid, true),
	ROW("auid", VALUE_U32, auid, true),
	ROW("uid", VALUE_U32, uid, true),
	ROW("euid", VALUE_U32, euid, false),
	ROW("tty", VALUE_WORD, tty, false),
	ROW("ses", VALUE_U32, ses, true),
	ROW("comm", VALUE_TEXT, comm, false),
	ROW("exe", VALUE_TEXT, exe, false),
	ROW("key", VALUE_TEXT, key, true),
};

static const struct value_row login_rows[] = {
	ROW("pid", VALUE_U32, pid, true),
	ROW("uid", VALUE_U32, uid, true),
	ROW("old-auid", VALUE_U32, old_auid, true),
	ROW("auid", VALUE_U32, auid, true),
	ROW("old-ses", VALUE_U32, old_ses, true),
	ROW("ses", VALUE_U32, ses, true),
	ROW("res", VALUE_TRUE, done, true),
};

static const struct value_row sender_rows[] = {
	ROW("pid", VALUE_U32, pid, true),
	ROW("uid", VALUE_U32, uid, true),
	ROW("auid", VALUE_U32, auid, true),
	ROW("ses", VALUE_U32, ses, true),
};

static const struct value_row virt_rows[] = {
	ROW("virt", VALUE_WORD, virt.virt, false),
	ROW("op", VALUE_WORD, virt.op, false),
	ROW("reason", VALUE_WORD, virt.reason, false),
	ROW("vm", VALUE_TEXT, virt.vm, false),
	ROW("uuid", VALUE_WORD, virt.uuid, false),
	ROW("vm-pid", VALUE_U32, virt.vm_pid, false),
	ROW("ctr", VALUE_WORD, virt.ctr, false),
	ROW("trust", VALUE_WORD, virt.trust, false),
	ROW("claimed-image", VALUE_TEXT, virt.image, false),
	ROW("claimed-ledger", VALUE_TEXT, virt.ledger, false),
	ROW("claimed-profile", VALUE_TEXT, virt.profile, false),
	ROW("claimed-profile-hash", VALUE_TEXT, virt.profile_hash, false),
	ROW("uid-map", VALUE_TEXT, virt.uid_map, false),
	ROW("vm-start", VALUE_U64, virt.vm_start, false),
	ROW("init-pid", VALUE_U32, virt.init_pid, false),
	ROW("init-start", VALUE_U64, virt.init_start, false),
	ROW("starter-auid", VALUE_U32, virt.starter_auid, false),
	ROW("starter-ses", VALUE_U32, virt.starter_ses, false),
	ROW("pid-ns", VALUE_U64, virt.pid_ns, false),
	ROW("user-ns", VALUE_U64, virt.user_ns, false),
	ROW("ses-of", VALUE_U32, virt.ses_of, false),
	ROW("exe", VALUE_TEXT, exe, false),
	ROW("res", VALUE_TRUE, virt.success, true),
};

static const struct value_row user_rows[] = {
	ROW("op", VALUE_WORD, user.op, false),
	ROW("acct", VALUE_TEXT, user.acct, false),
	ROW("unit", VALUE_WORD, user.unit, false),
	ROW("exe", VALUE_TEXT, exe, false),
	ROW("hostname", VALUE_WORD, user.hostname, false),
	ROW("addr", VALUE_WORD, user.addr, false),
	ROW("terminal", VALUE_WORD, user.terminal, false),
	ROW("res", VALUE_TRUE, user.success, false),
};

static const struct value_row obj_pid_rows[] = {
	ROW("opid", VALUE_U32, opid, true),
	ROW("oauid", VALUE_U32, oauid, true),
	ROW("oses", VALUE_U32, oses, true),
};

static const struct value_row cwd_rows[] = {ROW("cwd", VALUE_TEXT, cwd, false)};

/* What a change of the rules says is of no use to us, but that it was whole. */
static const struct value_row rules_rows[] = {
	ROW("op", VALUE_WORD, user.op, false),
	ROW("audit_enabled", VALUE_U32, enabled, false),
	ROW("old", VALUE_U32, old_value, false),
	ROW("res", VALUE_TRUE, done, false),
};

/* Copies text into the slot: "" when it does not fit, which is bad only where the text is needed. */
static const char *keep_text(struct log_slot *s, const struct log_field *f, enum value_kind kind)
{
	size_t room = sizeof(s->text) - LOG_ARGV_MAX - s->used;
	char *at = s->text + s->used;
	int len;

	if (s->used + LOG_ARGV_MAX >= sizeof(s->text))
		return "";
	len = kind == VALUE_WORD ? log_field_word(f, at, room) : log_field_text(f, at, room);
	if (len < 0)
		return "";
	s->used += (size_t)len + 1;
	return at;
}

static bool is_true(const struct log_field *f)
{
	return (f->value_len == 3 && memcmp(f->value, "yes", 3) == 0) ||
	       (f->value_len == 7 && memcmp(f->value, "success", 7) == 0) || (f->value_len == 1 && f->value[0] == '1');
}

static bool take_number(const struct value_row *row, const struct log_field *f, void *at)
{
	uint64_t v = 0;
	bool ok;

	if (row->kind == VALUE_I64)
		return log_field_i64(f, at);
	if (row->kind == VALUE_HEX32 || row->kind == VALUE_HEX64)
		ok = log_field_hex(f, row->kind == VALUE_HEX32 ? UINT32_MAX : UINT64_MAX, &v);
	else
		ok = log_field_u64(f, row->kind == VALUE_U32 ? UINT32_MAX : UINT64_MAX, &v);
	if (row->kind == VALUE_U32 || row->kind == VALUE_HEX32)
		*(uint32_t *)at = (uint32_t)v;
	else
		*(uint64_t *)at = v;
	return ok;
}

static bool take_value(const struct value_row *row, const struct log_field *f, struct log_slot *s)
{
	void *at = (char *)&s->ev + row->offset;

	switch (row->kind) {
	case VALUE_TRUE:
		*(bool *)at = is_true(f);
		return true;
	case VALUE_TEXT:
	case VALUE_WORD:
		*(const char **)at = keep_text(s, f, row->kind);
		return !f->cut;
	default:
		return take_number(row, f, at);
	}
}

/* Reads a body by rows; false when it was not whole. `ret_msg` takes the field msg='...' where there may be one. */
static bool read_rows(const struct value_row *rows, size_t n, const char *p, size_t len, struct log_slot *s,
		      struct log_field *ret_msg)
{
	bool seen[ROWS_MAX] = {false}, ok = true;
	const char *end = p + len;
	struct log_field f;

	while (log_field_next(&p, end, &f)) {
		if (ret_msg && log_field_is(&f, "msg")) {
			*ret_msg = f;
			break;
		}
		for (size_t i = 0; i < n && i < ROWS_MAX; i++)
			if (!seen[i] && log_field_is(&f, rows[i].key)) {
				seen[i] = true;
				ok = take_value(&rows[i], &f, s) && ok;
				break;
			}
	}
	for (size_t i = 0; i < n && i < ROWS_MAX; i++)
		ok = ok && (seen[i] || !rows[i].needed);
	return ok;
}
#define READ_ROWS(rows, rec, s) read_rows(rows, ARRAY_SIZE(rows), (rec)->body, (rec)->body_len, s, NULL)

static bool apply_syscall(const struct log_record *rec, struct log_slot *s)
{
	struct log_event *ev = &s->ev;
	bool done = ev->done;

	if (s->has_syscall)
		return false; /* two of them: these are two events, or a forgery */
	s->has_syscall = true;
	if (!READ_ROWS(syscall_rows, rec, s))
		return false;
	ev->call = log_call_of(ev->arch, ev->nr);
	ev->ns_flags = log_call_namespaces(ev->call, ev->arch, ev->nr, ev->args);
	ev->thread = log_call_thread(ev->call, ev->arch, ev->nr, ev->args);
	ev->writes = log_call_writes(ev->call, ev->arch, ev->nr, ev->args);
	ev->signal = log_call_signal(ev->call, ev->arch, ev->nr, ev->args);
	if (ev->kind == LOG_LOGIN || ev->kind == LOG_RULES)
		ev->done = done; /* that of the write() or sendto() is not what counts */
	else
		ev->kind = LOG_SYSCALL;
	return ev->pid > 0;
}

static bool apply_login(const struct log_record *rec, struct log_slot *s)
{
	s->ev.kind = LOG_LOGIN;
	return READ_ROWS(login_rows, rec, s) && s->ev.pid > 0;
}

static bool apply_rules(const struct log_record *rec, struct log_slot *s)
{
	struct log_event *ev = &s->ev;
	const char *op;

	ev->done = true;
	if (!READ_ROWS(rules_rows, rec, s))
		return false;
	op = ev->user.op;
	if (ev->enabled != LOG_NONE ? ev->enabled != ev->old_value
				    : strcmp(op, "add_rule") == 0 || strcmp(op, "remove_rule") == 0 || strcmp(op, "") == 0)
		ev->kind = LOG_RULES;
	return true;
}

/* The kernel's stamp, then what the sender says. */
static bool apply_sent(const struct log_record *rec, struct log_slot *s, enum log_kind kind,
		       const struct value_row *rows, size_t n)
{
	struct log_field msg = {0};

	s->ev.kind = kind;
	if (!read_rows(sender_rows, ARRAY_SIZE(sender_rows), rec->body, rec->body_len, s, &msg))
		return false;
	if (!msg.key || msg.quote != '\'' || msg.cut)
		return kind == LOG_USER && msg.key && !msg.cut;
	return read_rows(rows, n, msg.value, msg.value_len, s, NULL);
}

/* "a3" or "a3[1]" of EXECVE. */
static bool is_argument(const struct log_field *f)
{
	return f->key_len >= 2 && f->key[0] == 'a' && f->key[1] >= '0' && f->key[1] <= '9' &&
	       (f->key[f->key_len - 1] == ']' || (f->key[f->key_len - 1] >= '0' && f->key[f->key_len - 1] <= '9'));
}

/* Arguments as words for a shell, at the end of the slot's text as long as they come. */
static void apply_execve(const struct log_record *rec, struct log_slot *s)
{
	static const char cut_mark[] = " ...";
	_cleanup_(buf_done) struct buf words = BUF_INIT_MAX(LOG_ARGV_MAX - sizeof(cut_mark));
	const char *p = rec->body, *end = rec->body + rec->body_len;
	char *argv = s->text + sizeof(s->text) - LOG_ARGV_MAX;
	char arg[LOG_ARGV_MAX];
	struct log_field f;

	buf_add(&words, argv, s->argv_len);
	while (log_field_next(&p, end, &f)) {
		if (!is_argument(&f))
			continue;
		if (words.len > 0)
			buf_addc(&words, ' ');
		if (log_field_text(&f, arg, sizeof(arg)) < 0)
			break;
		escape_shell(arg, &words);
	}
	s->argv_len = words.len;
	if (words.len > 0)
		memcpy(argv, words.data, words.len);
	argv[words.len] = 0;
	if (buf_bad(&words) || p < end)
		memcpy(argv + words.len, cut_mark, sizeof(cut_mark));
	s->ev.argv = argv;
}

static void apply_path(const struct log_record *rec, struct log_slot *s)
{
	const char *p = rec->body, *end = rec->body + rec->body_len;
	struct log_field f;

	while (log_field_next(&p, end, &f))
		if (log_field_is(&f, "name") && s->ev.n_paths < LOG_PATHS_MAX) {
			s->ev.paths[s->ev.n_paths++] = keep_text(s, &f, VALUE_TEXT);
			return;
		}
}

static bool apply_part(const struct log_record *rec, struct log_slot *s)
{
	s->has_part = true;
	switch (rec->type) {
	case 1302:
		apply_path(rec, s);
		return true;
	case 1307:
		(void)READ_ROWS(cwd_rows, rec, s);
		return true;
	case 1309:
		apply_execve(rec, s);
		return true;
	case 1318:
		(void)READ_ROWS(obj_pid_rows, rec, s);
		return true;
	default:
		return true;
	}
}

void log_record_apply(const struct log_record *rec, bool cut, struct log_slot *s)
{
	bool ok = true;

	switch (rec->role) {
	case LOG_ROLE_SYSCALL:
		ok = apply_syscall(rec, s);
		break;
	case LOG_ROLE_LAST:
		s->whole = true;
		s->has_part = true;
		break;
	case LOG_ROLE_PART:
		ok = apply_part(rec, s);
		break;
	case LOG_ROLE_LOGIN:
		ok = apply_login(rec, s);
		break;
	case LOG_ROLE_RULES:
		ok = apply_rules(rec, s);
		break;
	case LOG_ROLE_VIRT:
		s->whole = true;
		ok = apply_sent(rec, s, LOG_VIRT, virt_rows, ARRAY_SIZE(virt_rows));
		break;
	case LOG_ROLE_USER:
		s->whole = true;
		ok = apply_sent(rec, s, LOG_USER, user_rows, ARRAY_SIZE(user_rows));
		break;
	case LOG_ROLE_URING:
		s->has_syscall = true;
		break;
	case LOG_ROLE_END:
	case LOG_ROLE_KERNEL:
		s->whole = true;
		break;
	case LOG_ROLE_DAEMON:
	case LOG_ROLE_OTHER:
		break;
	}
	s->bad = s->bad || !ok || (cut && rec->role != LOG_ROLE_LAST);
}

void log_slot_init(struct log_slot *s, const struct log_record *rec, uint32_t boot)
{
	struct log_event *ev = &s->ev;
	/* every string of an event, so that none is ever NULL */
	const char **texts[] = {&ev->comm, &ev->exe, &ev->tty, &ev->key, &ev->cwd, &ev->argv,
				&ev->virt.virt, &ev->virt.op, &ev->virt.reason, &ev->virt.vm, &ev->virt.uuid, &ev->virt.ctr,
				&ev->virt.trust, &ev->virt.image, &ev->virt.ledger, &ev->virt.uid_map, &ev->virt.profile, &ev->virt.profile_hash, &ev->user.op, &ev->user.acct,
				&ev->user.addr, &ev->user.hostname, &ev->user.terminal, &ev->user.unit};

	*ev = (struct log_event){.type = rec->type, .boot = boot, .serial = rec->serial, .sec = rec->sec, .milli = rec->milli};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*texts[i] = "";
	ev->uid = ev->auid = ev->ses = ev->old_auid = ev->old_ses = LOG_NONE;
	ev->opid = ev->oses = ev->oauid = ev->enabled = ev->old_value = LOG_NONE;
	ev->virt.ses_of = ev->virt.starter_ses = ev->virt.starter_auid = LOG_NONE;
	s->has_syscall = s->has_part = s->whole = s->bad = false;
	s->used = s->argv_len = 0;
}

void log_slot_finish(struct log_slot *s)
{
	if (s->bad || (s->ev.kind == LOG_OTHER && s->has_part && !s->has_syscall))
		s->ev.kind = LOG_DAMAGED;
}

/* "1700000000.123:4567" */
static bool parse_stamp(const char *p, const char *end, struct log_record *ret)
{
	const char *dot = memchr(p, '.', (size_t)(end - p)), *colon = memchr(p, ':', (size_t)(end - p));
	uint64_t milli, serial;

	if (!dot || !colon || dot > colon)
		return false;
	if (!log_field_u64(&(struct log_field){.value = p, .value_len = (size_t)(dot - p)}, INT64_MAX / 2000, &ret->sec) ||
	    !log_field_u64(&(struct log_field){.value = dot + 1, .value_len = (size_t)(colon - dot - 1)}, 999, &milli) ||
	    !log_field_u64(&(struct log_field){.value = colon + 1, .value_len = (size_t)(end - colon - 1)}, UINT32_MAX, &serial))
		return false;
	ret->milli = (uint32_t)milli;
	ret->serial = (uint32_t)serial;
	return true;
}

/* Moves past `word` if it is what comes. */
static bool skip(const char **p, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *p) < len || memcmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

bool log_record_split(const char *line, size_t len, struct log_record *ret)
{
	const char *p = line, *end = line + len, *stop, *enriched = memchr(line, 0x1d, len);
	struct log_record rec = {.node = ""};

	if (enriched)
		end = enriched;
	if (skip(&p, end, "node=")) {
		stop = memchr(p, ' ', (size_t)(end - p));
		if (!stop)
			return false;
		rec.node = p;
		rec.node_len = (size_t)(stop - p);
		p = stop + 1;
	}
	if (!skip(&p, end, "type=") || !(stop = memchr(p, ' ', (size_t)(end - p))))
		return false;
	rec.type = log_type_parse(p, (size_t)(stop - p), &rec.role);
	p = stop + 1;
	if (!skip(&p, end, "msg=audit(") || !(stop = memchr(p, ')', (size_t)(end - p))) || !parse_stamp(p, stop, &rec))
		return false;
	p = stop + 1;
	if (!skip(&p, end, ":"))
		return false;
	rec.body = p;
	rec.body_len = (size_t)(end - p);
	*ret = rec;
	return true;
}
