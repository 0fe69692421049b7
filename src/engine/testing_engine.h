/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* testing_engine - an engine with directories of its own for each test: cmocka_unit_test_setup_teardown(test_x, setup, teardown). */
#ifndef RANBY_ENGINE_TESTING_ENGINE_H
#define RANBY_ENGINE_TESTING_ENGINE_H

#include "base/testing.h"
#include "engine/engine.h"
#include "sys/path.h"

struct fixture {
	char dir[64], data[96], run[96], state[96];
	struct engine *eng;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = {0};
	int fd = testing_directory(f->dir);

	close(fd);
	snprintf(f->data, sizeof(f->data), "%s/data", f->dir);
	snprintf(f->run, sizeof(f->run), "%s/run", f->dir);
	snprintf(f->state, sizeof(f->state), "%s/state", f->dir);
	if (engine_open(&(struct engine_where){.root = f->data, .runroot = f->run}, &f->eng, &e) < 0)
		fail_msg("%s", e.text);
	f->eng->state_path = strdup(f->state);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	engine_close(f->eng);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(path_own_remove_tree(AT_FDCWD, f->dir + 1), 0);
	free(f);
	return 0;
}

#endif
