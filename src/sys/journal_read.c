/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The types of libsystemd are opaque pointers, so they are void here and its
 * header is not needed to build (as in user_manager.c).
 */
#include "sys/journal_read.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_ONLY 1 /* SD_JOURNAL_LOCAL_ONLY */

/* sd-journal(3) */
struct journal_library {
	void *handle;
	int (*open)(void **journal, int flags);
	void (*close)(void *journal);
	int (*add_match)(void *journal, const void *data, size_t size);
	int (*add_disjunction)(void *journal);
	int (*seek_head)(void *journal);
	int (*seek_tail)(void *journal);
	int (*seek_time)(void *journal, uint64_t usec);
	int (*next)(void *journal);
	int (*previous)(void *journal);
	int (*get_data)(void *journal, const char *field, const void **data, size_t *len);
	int (*get_time)(void *journal, uint64_t *usec);
	int (*wait)(void *journal, uint64_t usec);
	int (*set_threshold)(void *journal, size_t size);
	int (*has_runtime)(void *journal);
	int (*has_persistent)(void *journal);
};

static int find(void *handle, const char *name, void *ret)
{
	void *symbol = dlsym(handle, name);

	/* POSIX: what dlsym() gives for a function is its address */
	memcpy(ret, &symbol, sizeof(symbol));
	return symbol ? 0 : -ENOENT;
}

static int load(struct journal_library *l)
{
	const struct {
		const char *name;
		void *at;
	} symbols[] = {
		{"sd_journal_open", &l->open},
		{"sd_journal_close", &l->close},
		{"sd_journal_add_match", &l->add_match},
		{"sd_journal_add_disjunction", &l->add_disjunction},
		{"sd_journal_seek_head", &l->seek_head},
		{"sd_journal_seek_tail", &l->seek_tail},
		{"sd_journal_seek_realtime_usec", &l->seek_time},
		{"sd_journal_next", &l->next},
		{"sd_journal_previous", &l->previous},
		{"sd_journal_get_data", &l->get_data},
		{"sd_journal_get_realtime_usec", &l->get_time},
		{"sd_journal_wait", &l->wait},
		{"sd_journal_set_data_threshold", &l->set_threshold},
		{"sd_journal_has_runtime_files", &l->has_runtime},
		{"sd_journal_has_persistent_files", &l->has_persistent},
	};
	int r;

	l->handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	r = l->handle ? 0 : -ENOENT;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(symbols); i++)
		r = find(l->handle, symbols[i].name, symbols[i].at);
	return r;
}

void journal_reader_done(struct journal_reader *j)
{
	if (!j->lib)
		return;
	if (j->journal)
		j->lib->close(j->journal);
	if (j->lib->handle)
		dlclose(j->lib->handle);
	free(j->lib);
	*j = (struct journal_reader)JOURNAL_READER_INIT;
}

int journal_reader_open(struct journal_reader *ret, struct err *e)
{
	_cleanup_(journal_reader_done) struct journal_reader j = {.lib = calloc(1, sizeof(*j.lib))};
	int r;

	if (!j.lib)
		return err_errno(e, ENOMEM, "journal");
	if (load(j.lib) < 0) {
		err_set(e, ENOTSUP, "the journal cannot be read: libsystemd.so.0 cannot be used");
		err_hint(e, "install it (Debian: apt install libsystemd0)");
		return -ENOTSUP;
	}
	r = j.lib->open(&j.journal, LOCAL_ONLY);
	if (r < 0) {
		j.journal = NULL;
		return err_errno(e, -r, "the journal cannot be read");
	}
	if (j.lib->has_runtime(j.journal) <= 0 && j.lib->has_persistent(j.journal) <= 0) {
		err_set(e, ENOTSUP, "the journal cannot be read: none is kept here, or not for this user");
		err_hint(e, "members of the group systemd-journal may read it all");
		return -ENOTSUP;
	}
	r = j.lib->set_threshold(j.journal, 0);
	if (r < 0)
		return err_errno(e, -r, "the journal cannot be read");
	*ret = j;
	j = (struct journal_reader)JOURNAL_READER_INIT;
	return 0;
}

int journal_match(struct journal_reader *j, const char *field)
{
	return j->lib->add_match(j->journal, field, 0);
}

int journal_or(struct journal_reader *j)
{
	return j->lib->add_disjunction(j->journal);
}

int journal_seek(struct journal_reader *j, uint64_t usec)
{
	if (usec == UINT64_MAX)
		return j->lib->seek_tail(j->journal);
	return usec == 0 ? j->lib->seek_head(j->journal) : j->lib->seek_time(j->journal, usec);
}

int journal_step(struct journal_reader *j, int direction)
{
	return direction > 0 ? j->lib->next(j->journal) : j->lib->previous(j->journal);
}

int journal_get(struct journal_reader *j, const char *name, const char **ret, size_t *ret_len)
{
	size_t skip = strlen(name) + 1, len;
	const void *data;
	int r = j->lib->get_data(j->journal, name, &data, &len);

	if (r < 0)
		return r;
	if (len < skip)
		return -EBADMSG;
	*ret = (const char *)data + skip;
	*ret_len = len - skip;
	return 0;
}

int journal_time(struct journal_reader *j, uint64_t *ret_usec)
{
	return j->lib->get_time(j->journal, ret_usec);
}

int journal_wait(struct journal_reader *j, uint64_t usec)
{
	int r = j->lib->wait(j->journal, usec);

	return r < 0 ? r : 0;
}
