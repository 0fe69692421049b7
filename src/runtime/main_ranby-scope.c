/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-scope - what ranby-runtime --systemd-cgroup has to say to a service
 * manager, and nothing else: the runtime is linked statically and cannot open
 * libsystemd, and what enters a container is to have no such library in it.
 *
 *	ranby-scope start DIR UNIT SLICE DESCRIPTION [NAME TYPE VALUE]...
 *	ranby-scope set DIR UNIT [NAME TYPE VALUE]...
 *	ranby-scope attach DIR UNIT PID
 *	ranby-scope stop DIR UNIT
 *
 * Descriptor 3 is a socket of the runtime's. What came of it is said there as
 * a struct err, with code 0 for good. start, and attach with a PID of 0, first
 * wait for a pid_t on it; when its other end is gone nothing is done.
 */
#include "base/parse.h"
#include "sys/fd.h"
#include "sys/self.h"
#include "sys/user_manager.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SOCKET 3
#define UNIT_TRIES 250 /* of 20 ms: an older scope of that name ends with its last process */
#define PROPERTIES_MAX 1024

static int take_pid(pid_t *ret, struct err *e)
{
	ssize_t n = read(SOCKET, ret, sizeof(*ret));

	return n == (ssize_t)sizeof(*ret) && *ret > 0 ? 0 : err_set(e, ECANCELED, "ranby-scope: nobody to be put into %s", "a scope");
}

/* Triples from argv on. */
static int take_properties(int argc, char **argv, struct unit_property *out, size_t *n, struct err *e)
{
	if (argc % 3 != 0 || argc / 3 > PROPERTIES_MAX)
		return err_set(e, EINVAL, "ranby-scope: properties are NAME TYPE VALUE, %d at most", PROPERTIES_MAX);
	for (*n = 0; *n < (size_t)argc / 3; ++*n)
		out[*n] = (struct unit_property){argv[3 * *n], argv[3 * *n + 1], argv[3 * *n + 2]};
	return 0;
}

static int start(const char *dir, const char *unit, int argc, char **argv, struct err *e)
{
	static const struct timespec pause = {.tv_nsec = 20000000};
	struct unit_property properties[PROPERTIES_MAX];
	struct user_manager_scope s = {.unit = unit, .properties = properties};
	int r = argc >= 2 ? take_properties(argc - 2, argv + 2, properties, &s.n_properties, e) : err_set(e, EINVAL, "ranby-scope: SLICE DESCRIPTION");

	if (r == 0)
		r = take_pid(&s.pid, e);
	if (r < 0)
		return r;
	s.slice = argv[0];
	s.description = argv[1];
	r = user_manager_start_scope(dir, &s, e);
	for (int i = 0; r == -EEXIST && i < UNIT_TRIES; i++) {
		(void)nanosleep(&pause, NULL);
		if (i == 0)
			(void)!user_manager_reset(dir, unit, NULL);
		err_clear(e);
		r = user_manager_start_scope(dir, &s, e);
	}
	return r;
}

static int set(const char *dir, const char *unit, int argc, char **argv, struct err *e)
{
	struct unit_property properties[PROPERTIES_MAX];
	size_t n = 0;
	int r = take_properties(argc, argv, properties, &n, e);

	return r == 0 && n > 0 ? user_manager_set(dir, unit, properties, n, e) : r;
}

static int attach(const char *dir, const char *unit, int argc, char **argv, struct err *e)
{
	uint32_t n = 0;
	pid_t pid;
	int r = argc == 1 && parse_u32(argv[0], 0, INT32_MAX, &n) == 0 ? 0 : err_set(e, EINVAL, "ranby-scope: PID");

	pid = (pid_t)n;
	if (r == 0 && pid == 0)
		r = take_pid(&pid, e);
	return r == 0 ? user_manager_attach(dir, unit, "/", pid, e) : r;
}

static int stop(const char *dir, const char *unit, int argc, char **argv, struct err *e)
{
	(void)argv;
	return argc == 0 ? user_manager_stop(dir, unit, e) : err_set(e, EINVAL, "ranby-scope: stop takes no more");
}

static const struct {
	const char *name;
	int (*run)(const char *dir, const char *unit, int argc, char **argv, struct err *e);
} verbs[] = {{"start", start}, {"set", set}, {"attach", attach}, {"stop", stop}};

int main(int argc, char **argv)
{
	struct err e = {0};
	int r = self_settle();

	if (r < 0)
		(void)err_errno(&e, -r, "standard streams");
	else if (argc < 4)
		r = err_set(&e, EINVAL, "ranby-scope: for ranby-runtime alone: VERB DIR UNIT ...");
	else
		r = err_set(&e, EINVAL, "ranby-scope: %.40s is no verb", argv[1]);
	for (size_t i = 0; argc >= 4 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			err_clear(&e);
			r = verbs[i].run(argv[2], argv[3], argc - 4, argv + 4, &e);
		}
	return fd_write_all(SOCKET, &e, sizeof(e)) < 0 || r < 0 ? 1 : 0;
}
