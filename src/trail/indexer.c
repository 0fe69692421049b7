/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The process that makes what can be made again out of the ledger: the index
 * and the exports. It is woken when the ledger has grown, works until it has
 * caught up, and is allowed to fail: a child does the work, and a new one is
 * made, later and later, when that ends in an error. The ledger goes on
 * without it.
 */
#include "audit/index.h"
#include "audit/system_ledger.h"
#include "sys/fd.h"
#include "trail/confine.h"
#include "trail/exports.h"
#include "trail/shards.h"
#include "trail/trail.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 10000 /* also when nobody wakes us: the index may have been removed */
#define RETRY_MAX_S 60

struct indexer {
	struct trail *t;
	char path[4096];
	int export_dir;
	struct index *index;
	struct exports *exports;
};

static int update_one(int dirfd, const char *ledger, void *data, struct err *e)
{
	struct indexer *ix = data;
	int r = ix->index ? index_update(ix->index, dirfd, ledger, e) : 0;

	return r < 0 || !ix->exports ? r : exports_update(ix->exports, dirfd, ledger, e);
}

static int update_all(struct indexer *ix, struct err *e)
{
	int r = system_ledger_each(ix->t->dirfd, SYSTEM_LEDGER_USERS | SYSTEM_LEDGER_OWN, update_one, ix, e);

	return r < 0 || !ix->exports ? r : exports_commit(ix->exports, e);
}

/* Opens the index again when it was removed or is damaged: it is made anew then. */
static int catch_up(struct indexer *ix, struct err *e)
{
	int r;

	if (ix->t->config.index && (!ix->index || !index_is_there(ix->index))) {
		ix->index = index_close(ix->index);
		r = index_open(ix->path, INDEX_WRITE, &ix->index, e);
		if (r < 0)
			return r;
	}
	r = update_all(ix, e);
	if (r == -EUCLEAN) {
		trail_say(LOG_WARNING, "%s: it is made anew", e->text);
		ix->index = index_close(ix->index);
		r = index_open(ix->path, INDEX_WRITE, &ix->index, e);
		r = r < 0 ? r : update_all(ix, e);
	}
	return r;
}

/* False when the writer is gone. */
static bool wait_for_more(int wake)
{
	struct pollfd p = {.fd = wake, .events = POLLIN};
	char drop[4096];
	ssize_t n = 1;

	if (poll(&p, 1, LOOK_MS) <= 0)
		return true;
	while (n > 0)
		n = read(wake, drop, sizeof(drop));
	return n < 0;
}

static int work(struct trail *t, struct err *e)
{
	_cleanup_close_ int index_dir = openat(t->dirfd, TRAIL_INDEX_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct indexer ix = {.t = t};
	int r;
	bool more = true;

	snprintf(ix.path, sizeof(ix.path), "%s/" TRAIL_INDEX_DIR "/" INDEX_FILE, t->config.directory);
	ix.export_dir = openat(t->dirfd, TRAIL_EXPORT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ix.export_dir < 0 || index_dir < 0)
		return err_errno(e, errno, "cannot open the directories of index and exports");
	r = trail_confine_indexer(t->dirfd, index_dir, ix.export_dir, e);
	if (r == 0 && strcmp(t->config.exports, "none") != 0)
		r = exports_open(ix.export_dir, t->config.exports, &ix.exports, e);
	while (r == 0) {
		r = catch_up(&ix, e);
		if (!more)
			break;
		more = r == 0 && wait_for_more(t->wake);
	}
	index_close(ix.index);
	exports_close(ix.exports);
	fd_closep(&ix.export_dir);
	return r;
}

int trail_indexer(struct trail *t, struct err *e)
{
	unsigned pause_s = 1;

	for (;;) {
		pid_t parent = getpid(), pid = fork();
		int status = 0;

		if (pid < 0)
			return err_errno(e, errno, "fork");
		if (pid == 0) {
			int r = prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 || getppid() != parent ? -ESRCH : work(t, e);

			if (r < 0)
				trail_say(LOG_ERR, "the index is not kept: %s", e->text);
			_exit(r < 0);
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return 0;
		/* does the writer still live? then again, later */
		if (poll(&(struct pollfd){.fd = t->wake}, 1, (int)pause_s * 1000) > 0)
			return err_set(e, EIO, "the index was not kept to the end");
		pause_s = pause_s * 2 < RETRY_MAX_S ? pause_s * 2 : RETRY_MAX_S;
	}
}
