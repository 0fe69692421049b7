/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * SQLite with a write-ahead log, every commit on the disk, and what makes a
 * hostile database file harmless (SQLITE_DBCONFIG_DEFENSIVE, no trusted
 * schema): its reader may be root. A damaged file is not repaired but
 * removed, since the ledger has it all.
 *
 * All values are bound, none is pasted into SQL.
 */
#include "audit/index.h"

#include "base/clock.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define VERSION "2"
#define CLAIMED "claimed-"
#define BUSY_MS 5000
#define BATCH 5000 /* entries of one transaction */

struct index {
	sqlite3 *db;
	sqlite3_stmt *insert, *place, *found;
	char *path;
	struct stat st;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS place(ledger TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, segment INTEGER NOT NULL, "
	"at INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS entry(ledger TEXT NOT NULL, seq INTEGER NOT NULL, ns INTEGER NOT NULL, serial INTEGER, receipt TEXT, time TEXT, "
	"type TEXT, op TEXT, res TEXT, auid INTEGER, ses INTEGER, uid INTEGER, pid INTEGER, ppid INTEGER, vm TEXT, container TEXT, place TEXT, "
	"uuid TEXT, ctr TEXT, image TEXT, method TEXT, confidence TEXT, exe TEXT, cmd TEXT, profile TEXT, profile_hash TEXT, PRIMARY KEY(ledger, seq)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS entry_ns ON entry(ns);"
	"CREATE INDEX IF NOT EXISTS entry_auid ON entry(auid, ns);"
	"CREATE INDEX IF NOT EXISTS entry_container ON entry(container, ns);"
	"CREATE INDEX IF NOT EXISTS entry_uuid ON entry(uuid, ns);"
	"CREATE INDEX IF NOT EXISTS entry_image ON entry(image) WHERE image IS NOT NULL;";

/* A member of an entry for each column from `type` on: of "claimed-NAME", which in a user's own ledger is NAME; `confidence` of a program's record is whose word it is. */
static const struct column {
	const char *member;
	bool number;
} columns[] = {
	{"type", false}, {"op", false},        {"res", false},   {"auid", true},          {"ses", true},    {"uid", true},        {"pid", true},
	{"ppid", true},  {"vm", false},        {"container", false}, {"where", false},    {"uuid", false},  {"ctr", false},       {"claimed-image", false},
	{"method", false}, {"confidence", false}, {"exe", false}, {"cmd", false},
	{"claimed-profile", false}, {"claimed-profile-hash", false},
};
#define FIXED 6 /* columns before those */

static const char insert_sql[] = "INSERT OR REPLACE INTO entry VALUES(?,?,?,?,?,?, ?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
_Static_assert(ARRAY_SIZE(columns) == 20, "as many as the statement binds");

static const char query_sql[] =
	"SELECT ledger, time, receipt, type, op, res, container, place, uuid, ctr, image, method, confidence, exe, cmd, vm, profile, profile_hash, seq, ns, auid, ses, uid, pid, "
	"ppid FROM (SELECT * FROM entry WHERE ns >= ?1 AND ns < ?2 AND (?3 < 0 OR auid = ?3) AND (?7 IS NULL OR ledger = ?7) AND "
	"(?4 IS NULL OR container = ?4 OR vm = ?4 OR (length(?4) >= 8 AND (substr(ctr, 1, length(?4)) = ?4 OR substr(uuid, 1, length(?4)) = ?4))) AND "
	"(?5 IS NULL OR image = ?5 OR uuid IN (SELECT uuid FROM entry WHERE image = ?5 AND uuid IS NOT NULL) OR "
	"ctr IN (SELECT ctr FROM entry WHERE image = ?5 AND ctr IS NOT NULL)) "
	"ORDER BY ns DESC, serial DESC, ledger DESC, seq DESC LIMIT ?6) ORDER BY ns, serial, ledger, seq";

static int fail(const struct index *ix, struct err *e, const char *what)
{
	int code = sqlite3_errcode(ix->db), why = EIO;

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		why = EUCLEAN;
	else if (code == SQLITE_FULL)
		why = ENOSPC;
	else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		why = EAGAIN;
	else if (code == SQLITE_NOMEM)
		why = ENOMEM;
	return err_set(e, why, "index: %s: %s", what, sqlite3_errmsg(ix->db));
}

struct index *index_close(struct index *ix)
{
	if (!ix)
		return NULL;
	sqlite3_finalize(ix->insert);
	sqlite3_finalize(ix->place);
	sqlite3_finalize(ix->found);
	sqlite3_close(ix->db);
	free(ix->path);
	free(ix);
	return NULL;
}

static int run(struct index *ix, const char *sql, struct err *e)
{
	return sqlite3_exec(ix->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(ix, e, "cannot be written");
}

static int prepare(struct index *ix, const char *sql, sqlite3_stmt **ret, struct err *e)
{
	return sqlite3_prepare_v3(ix->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK ? 0 : fail(ix, e, "cannot be asked");
}

static int on_word(void *data, int n, char **values, char **names)
{
	(void)names;
	snprintf(data, 16, "%s", n > 0 && values[0] ? values[0] : "");
	return 0;
}

/* What a whole file answers to "PRAGMA ..." must be `want`. */
static int want_word(struct index *ix, const char *sql, const char *want, struct err *e)
{
	char word[16] = "";

	if (sqlite3_exec(ix->db, sql, on_word, word, NULL) != SQLITE_OK)
		return fail(ix, e, "cannot be read");
	return strcmp(word, want) == 0 ? 0 : err_set(e, EUCLEAN, "index: it is damaged, or of another version");
}

static int set_up(struct index *ix, enum index_mode mode, struct err *e)
{
	int r;

	sqlite3_busy_timeout(ix->db, BUSY_MS);
	sqlite3_extended_result_codes(ix->db, 0);
	sqlite3_db_config(ix->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(ix->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (mode == INDEX_READ)
		return want_word(ix, "PRAGMA user_version", VERSION, e);
	r = run(ix, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY", e);
	r = r < 0 ? r : want_word(ix, "PRAGMA quick_check(1)", "ok", e);
	r = r < 0 ? r : run(ix, schema, e);
	r = r < 0 ? r : want_word(ix, "PRAGMA user_version", "0", NULL) < 0 ? want_word(ix, "PRAGMA user_version", VERSION, e) : run(ix, "PRAGMA user_version=" VERSION, e);
	r = r < 0 ? r : prepare(ix, insert_sql, &ix->insert, e);
	r = r < 0 ? r : prepare(ix, "INSERT OR REPLACE INTO place VALUES(?,?,?,?,?)", &ix->place, e);
	return r < 0 ? r : prepare(ix, "SELECT seq, hash, segment, at FROM place WHERE ledger = ?", &ix->found, e);
}

static int open_once(const char *path, enum index_mode mode, struct index **ret, struct err *e)
{
	_cleanup_(index_closep) struct index *ix = calloc(1, sizeof(*ix));
	int flags = mode == INDEX_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int r;

	if (!ix || !(ix->path = strdup(path)))
		return -ENOMEM;
	if (sqlite3_open_v2(mode == INDEX_MEMORY ? ":memory:" : path, &ix->db, flags | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
		return fail(ix, e, "cannot be opened");
	r = set_up(ix, mode, e);
	if (r == 0 && mode != INDEX_MEMORY && lstat(path, &ix->st) < 0)
		r = err_errno(e, errno, "index");
	if (r == 0)
		*ret = TAKE_PTR(ix);
	return r;
}

static void remove_files(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "%s%s", path, suffixes[i]) >= 0)
			(void)unlink(name);
		else
			name = NULL;
	}
}

int index_open(const char *path, enum index_mode mode, struct index **ret, struct err *e)
{
	struct stat st;
	int r;

	if (mode == INDEX_READ && lstat(path, &st) < 0)
		return err_errno(e, errno, "index");
	r = open_once(path, mode, ret, e);
	if (r != -EUCLEAN || mode != INDEX_WRITE)
		return r;
	remove_files(path);
	err_clear(e);
	return open_once(path, mode, ret, e);
}

bool index_is_there(const struct index *ix)
{
	struct stat st;

	return lstat(ix->path, &st) == 0 && st.st_dev == ix->st.st_dev && st.st_ino == ix->st.st_ino;
}

/* ---- filling ---- */

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	if (text && text[0])
		sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(s, at);
}

static const char *word_of(struct json_object *entry, const char *member)
{
	const char *word = json_str(entry, member);

	if (!word[0] && strcmp(member, "confidence") == 0)
		return json_str(entry, "word");
	return !word[0] && strncmp(member, CLAIMED, strlen(CLAIMED)) == 0 ? json_str(entry, member + strlen(CLAIMED)) : word;
}

/* When it happened: by the kernel's word, or the writer's. */
static int insert(struct index *ix, const char *ledger, const struct ledger_entry *entry, struct err *e)
{
	sqlite3_stmt *s = ix->insert;
	uint64_t serial;
	int64_t ns = ledger_entry_time(entry->o, &serial);

	sqlite3_bind_text(s, 1, ledger, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)entry->seq);
	sqlite3_bind_int64(s, 3, ns);
	if (serial > 0)
		sqlite3_bind_int64(s, 4, (sqlite3_int64)serial);
	else
		sqlite3_bind_null(s, 4);
	bind_text(s, 5, json_str(entry->o, "receipt"));
	bind_text(s, 6, json_str(entry->o, "time"));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		struct json_object *v = json_at(entry->o, columns[i].member);
		int at = FIXED + 1 + (int)i;

		if (columns[i].number && json_object_is_type(v, json_type_int))
			sqlite3_bind_int64(s, at, json_object_get_int64(v));
		else if (!columns[i].number)
			bind_text(s, at, word_of(entry->o, columns[i].member));
		else
			sqlite3_bind_null(s, at);
	}
	return sqlite3_step(s) == SQLITE_DONE && sqlite3_reset(s) == SQLITE_OK ? 0 : fail(ix, e, "cannot be written");
}

struct place {
	uint64_t seq, segment, at;
	char hash[SHA256_HEX_SIZE];
};

static int place_load(struct index *ix, const char *ledger, struct place *ret, struct err *e)
{
	sqlite3_stmt *s = ix->found;
	int k;

	*ret = (struct place){.seq = 0};
	memset(ret->hash, '0', sizeof(ret->hash) - 1);
	sqlite3_bind_text(s, 1, ledger, -1, SQLITE_STATIC);
	k = sqlite3_step(s);
	if (k == SQLITE_ROW) {
		ret->seq = (uint64_t)sqlite3_column_int64(s, 0);
		snprintf(ret->hash, sizeof(ret->hash), "%s", (const char *)sqlite3_column_text(s, 1));
		ret->segment = (uint64_t)sqlite3_column_int64(s, 2);
		ret->at = (uint64_t)sqlite3_column_int64(s, 3);
	}
	sqlite3_reset(s);
	return k == SQLITE_ROW || k == SQLITE_DONE ? 0 : fail(ix, e, "cannot be read");
}

static int place_store(struct index *ix, const char *ledger, const struct place *p, struct err *e)
{
	sqlite3_stmt *s = ix->place;

	sqlite3_bind_text(s, 1, ledger, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)p->seq);
	sqlite3_bind_text(s, 3, p->hash, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)p->segment);
	sqlite3_bind_int64(s, 5, (sqlite3_int64)p->at);
	return sqlite3_step(s) == SQLITE_DONE && sqlite3_reset(s) == SQLITE_OK ? 0 : fail(ix, e, "cannot be written");
}

static int forget(struct index *ix, const char *ledger, struct err *e)
{
	static const char *const sql[] = {"DELETE FROM entry WHERE ledger = ?", "DELETE FROM place WHERE ledger = ?"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sql); i++) {
		sqlite3_stmt *s = NULL;

		r = prepare(ix, sql[i], &s, e);
		if (r == 0) {
			sqlite3_bind_text(s, 1, ledger, -1, SQLITE_STATIC);
			r = sqlite3_step(s) == SQLITE_DONE ? 0 : fail(ix, e, "cannot be written");
		}
		sqlite3_finalize(s);
	}
	return r;
}

/* One transaction: 1 when there may be more. *again: what was read is not what the ledger has now. */
static int read_batch(struct index *ix, struct ledger_reader *rd, const char *ledger, struct place *p, bool *again, struct err *e)
{
	struct ledger_item item;
	unsigned n = 0;
	bool first = p->seq > 0;
	int r;

	while (n < BATCH && (r = ledger_reader_next(rd, &item, e)) > 0) {
		if (item.unfinished)
			return 0; /* it is being written: the next time */
		n++;
		if (!item.is_entry)
			continue;
		if (first && strcmp(item.entry.prev, p->hash) != 0) {
			*again = true;
			return 0;
		}
		first = false;
		p->seq = item.entry.seq;
		memcpy(p->hash, item.entry.hash, sizeof(p->hash));
		r = insert(ix, ledger, &item.entry, e);
		if (r < 0)
			return r;
		ledger_reader_place(rd, &p->segment, &p->at);
	}
	return n < BATCH ? r : 1;
}

static int read_on(struct index *ix, int dirfd, const char *ledger, bool *again, struct err *e)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	struct place p;
	int r = place_load(ix, ledger, &p, e);

	r = r < 0 ? r : ledger_reader_open(dirfd, ledger, &rd, e);
	if (r == 0 && p.seq > 0 && rd.dirfd >= 0 && ledger_reader_seek(&rd, p.segment, p.at) < 0) {
		*again = true;
		return 0;
	}
	do {
		uint64_t before = p.seq;

		r = r < 0 ? r : run(ix, "BEGIN IMMEDIATE", e);
		if (r < 0)
			return r;
		r = read_batch(ix, &rd, ledger, &p, again, e);
		if (r >= 0 && !*again && p.seq != before && place_store(ix, ledger, &p, e) < 0)
			r = -EIO;
		if (r < 0 || *again)
			sqlite3_exec(ix->db, "ROLLBACK", NULL, NULL, NULL);
		else if (run(ix, "COMMIT", e) < 0)
			return -EIO;
	} while (r > 0 && !*again);
	return r;
}

int index_update(struct index *ix, int dirfd, const char *name, struct err *e)
{
	bool again = false;
	int r = read_on(ix, dirfd, name, &again, e);

	if (r < 0 || !again)
		return r;
	r = forget(ix, name, e);
	again = false;
	return r < 0 ? r : read_on(ix, dirfd, name, &again, e);
}

/* ---- asking ---- */

static const char *text_at(sqlite3_stmt *s, int at)
{
	const char *t = (const char *)sqlite3_column_text(s, at);

	return t ? t : "";
}

static int64_t number_at(sqlite3_stmt *s, int at)
{
	return sqlite3_column_type(s, at) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, at);
}

static void row_of(sqlite3_stmt *s, struct index_row *row)
{
	const char **const texts[] = {&row->ledger,    &row->time, &row->receipt, &row->type,   &row->op,         &row->res, &row->container, &row->where,
				      &row->uuid,      &row->ctr,  &row->image,   &row->method, &row->confidence, &row->exe, &row->cmd,       &row->vm,
				      &row->profile,   &row->profile_hash};
	int64_t *const numbers[] = {&row->seq, &row->ns, &row->auid, &row->ses, &row->uid, &row->pid, &row->ppid};
	int at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*texts[i] = text_at(s, at++);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*numbers[i] = number_at(s, at++);
}

int index_query(struct index *ix, const struct index_query *q, index_sink *sink, void *data, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int r = prepare(ix, query_sql, &s, e), k = SQLITE_DONE;

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, q->since_ns);
	sqlite3_bind_int64(s, 2, q->until_ns);
	sqlite3_bind_int64(s, 3, q->auid);
	bind_text(s, 4, q->container);
	bind_text(s, 5, q->image);
	sqlite3_bind_int64(s, 6, q->limit > 0 ? q->limit : -1);
	bind_text(s, 7, q->ledger);
	while (r == 0 && (k = sqlite3_step(s)) == SQLITE_ROW) {
		struct index_row row;

		row_of(s, &row);
		r = sink(&row, data, e);
	}
	if (r == 0 && k != SQLITE_DONE)
		r = fail(ix, e, "cannot be asked");
	sqlite3_finalize(s);
	return r;
}
