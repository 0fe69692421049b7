/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The manager's private socket, and not the bus: it is there without a bus
 * daemon, lies in a directory that is the user's alone, and its peer is the
 * manager and nobody else. A start answers with a job, and the end of the job
 * is a signal on the same connection.
 *
 * The types of libsystemd are opaque pointers, so they are void here and
 * its header is not needed to build.
 */
#include "sys/user_manager.h"

#include "base/buf.h"
#include "base/parse.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SERVICE "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define INTERFACE SERVICE ".Manager"
#define TIMEOUT_US 20000000U

/* sd-bus(3) */
struct bus_error {
	const char *name, *message;
	int need_free;
};
typedef int (*handler_fn)(void *message, void *ctx, struct bus_error *error);

struct library {
	void *handle;
	int (*bus_new)(void **bus);
	int (*set_address)(void *bus, const char *address);
	int (*start)(void *bus);
	void *(*close_unref)(void *bus);
	int (*match_signal)(void *bus, void **slot, const char *sender, const char *path, const char *interface, const char *member,
			    handler_fn handler, void *ctx);
	int (*new_call)(void *bus, void **message, const char *destination, const char *path, const char *interface, const char *member);
	int (*append)(void *message, const char *types, ...);
	int (*append_array)(void *message, char type, const void *data, size_t size);
	int (*open_container)(void *message, char type, const char *contents);
	int (*close_container)(void *message);
	int (*call)(void *bus, void *message, uint64_t usec, struct bus_error *error, void **reply);
	int (*read)(void *message, const char *types, ...);
	void *(*message_unref)(void *message);
	int (*process)(void *bus, void **message);
	int (*wait)(void *bus, uint64_t usec);
	int (*get_property)(void *bus, const char *destination, const char *path, const char *interface, const char *member,
			    struct bus_error *error, char type, void *ret);
	void (*error_free)(struct bus_error *error);
};

static int find(void *handle, const char *name, void *ret)
{
	void *symbol = dlsym(handle, name);

	/* POSIX: what dlsym() gives for a function is its address */
	memcpy(ret, &symbol, sizeof(symbol));
	return symbol ? 0 : -ENOENT;
}

static void library_done(struct library *l)
{
	if (l->handle)
		dlclose(l->handle);
}

static int library_open(struct library *ret, struct err *e)
{
	struct library l = {.handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL)};
	const struct {
		const char *name;
		void *at;
	} symbols[] = {
		{"sd_bus_new", &l.bus_new},
		{"sd_bus_set_address", &l.set_address},
		{"sd_bus_start", &l.start},
		{"sd_bus_flush_close_unref", &l.close_unref},
		{"sd_bus_match_signal", &l.match_signal},
		{"sd_bus_message_new_method_call", &l.new_call},
		{"sd_bus_message_append", &l.append},
		{"sd_bus_message_append_array", &l.append_array},
		{"sd_bus_message_open_container", &l.open_container},
		{"sd_bus_message_close_container", &l.close_container},
		{"sd_bus_call", &l.call},
		{"sd_bus_message_read", &l.read},
		{"sd_bus_message_unref", &l.message_unref},
		{"sd_bus_process", &l.process},
		{"sd_bus_wait", &l.wait},
		{"sd_bus_get_property_trivial", &l.get_property},
		{"sd_bus_error_free", &l.error_free},
	};
	int r = l.handle ? 0 : -ENOENT;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(symbols); i++)
		r = find(l.handle, symbols[i].name, symbols[i].at);
	if (r < 0) {
		library_done(&l);
		(void)err_set(e, ENOTSUP, "libsystemd.so.0 cannot be used, and the service manager is spoken to with it");
		err_hint(e, "install it (Debian: apt install libsystemd0)");
		return -ENOTSUP;
	}
	*ret = l;
	return 0;
}

static void socket_path(const char *runtime_dir, char ret[static PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/systemd/private", runtime_dir);
}

bool user_manager_is_there(const char *runtime_dir)
{
	char path[PATH_MAX];
	struct stat st;

	socket_path(runtime_dir, path);
	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid();
}

/* One conversation. */
struct talk {
	struct library l;
	void *bus;
	const char *unit;
	char result[32]; /* of the job that ended for our unit, "" until then */
};

static void talk_done(struct talk *t)
{
	if (t->bus)
		t->l.close_unref(t->bus);
	library_done(&t->l);
}

static int talk_begin(const char *runtime_dir, struct talk *t, struct err *e)
{
	char path[PATH_MAX], address[PATH_MAX + 16];
	int r = library_open(&t->l, e);

	if (r < 0)
		return r;
	socket_path(runtime_dir, path);
	/* what an address would have to escape is in no such directory */
	if (strpbrk(path, ",;%="))
		return err_set(e, EINVAL, "%s: not the path of a service manager's socket", path);
	snprintf(address, sizeof(address), "unix:path=%s", path);
	r = t->l.bus_new(&t->bus);
	if (r >= 0)
		r = t->l.set_address(t->bus, address);
	if (r >= 0)
		r = t->l.start(t->bus);
	return r < 0 ? err_errno(e, -r, "service manager at %s", path) : 0;
}

/* `*ret_reply`, unless NULL, is the caller's. */
static int call(struct talk *t, void *message, const char *what, void **ret_reply, struct err *e)
{
	struct bus_error error = {0};
	void *reply = NULL;
	int r = t->l.call(t->bus, message, TIMEOUT_US, &error, &reply);

	if (r < 0) {
		bool exists = error.name && strcmp(error.name, SERVICE ".UnitExists") == 0;
		bool none = error.name && strcmp(error.name, SERVICE ".NoSuchUnit") == 0;

		r = err_set(e, exists ? EEXIST : none ? ENOENT : -r, "service manager: %s %s: %s", what, t->unit,
			    error.message ? error.message : strerror(-r));
	}
	t->l.error_free(&error);
	if (r >= 0 && ret_reply)
		*ret_reply = TAKE_PTR(reply);
	t->l.message_unref(reply);
	return r < 0 ? r : 0;
}

/* JobRemoved(u id, o job, s unit, s result) */
static int job_removed(void *message, void *ctx, struct bus_error *error)
{
	const char *job = NULL, *unit = NULL, *result = NULL;
	struct talk *t = ctx;
	uint32_t id;

	(void)error;
	if (t->l.read(message, "uoss", &id, &job, &unit, &result) >= 0 && strcmp(unit, t->unit) == 0)
		snprintf(t->result, sizeof(t->result), "%s", result);
	return 0;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int await_job(struct talk *t, const char *what, struct err *e)
{
	int64_t until = now_us() + TIMEOUT_US;

	while (!t->result[0]) {
		int64_t left = until - now_us();
		int r = t->l.process(t->bus, NULL);

		if (r == 0 && left > 0)
			r = t->l.wait(t->bus, (uint64_t)left);
		if (r < 0 && r != -EINTR)
			return err_errno(e, -r, "service manager: %s %s", what, t->unit);
		if (left <= 0)
			return err_set(e, ETIMEDOUT, "service manager: %s %s: not done in time", what, t->unit);
	}
	if (strcmp(t->result, "done") != 0)
		return err_set(e, EIO, "service manager: %s %s: %s", what, t->unit, t->result);
	return 0;
}

/* ---- properties ---- */

static int append_number(struct talk *t, void *m, const struct unit_property *p)
{
	bool is_signed = p->type[0] == 'i';
	uint64_t n = UINT64_MAX;
	int64_t i = 0;
	int r = is_signed ? parse_i64(p->value, INT32_MIN, INT32_MAX, &i)
		: strcmp(p->value, "max") == 0 && p->type[0] == 't' ? 0
		: parse_u64(p->value, 0, p->type[0] == 'u' ? UINT32_MAX : UINT64_MAX, &n);

	if (r < 0)
		return -EINVAL;
	/* as the library reads its arguments: 32 bits or 64 */
	return p->type[0] == 't' ? t->l.append(m, "t", n) : is_signed ? t->l.append(m, "i", (int32_t)i) : t->l.append(m, "u", (uint32_t)n);
}

static int append_words(struct talk *t, void *m, const char *value)
{
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy, *word;
	int r = copy ? t->l.open_container(m, 'a', "s") : -ENOMEM;

	while (r >= 0 && (word = strsep(&rest, " ")))
		if (*word)
			r = t->l.append(m, "s", word);
	return r < 0 ? r : t->l.close_container(m);
}

static int append_bytes(struct talk *t, void *m, const char *value)
{
	uint8_t bytes[1024];
	size_t n = strlen(value) / 2;

	if (strlen(value) % 2 || n > sizeof(bytes) || strspn(value, "0123456789abcdef") != strlen(value))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		uint8_t high = (uint8_t)(value[2 * i] <= '9' ? value[2 * i] - '0' : value[2 * i] - 'a' + 10);
		uint8_t low = (uint8_t)(value[2 * i + 1] <= '9' ? value[2 * i + 1] - '0' : value[2 * i + 1] - 'a' + 10);

		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return t->l.append_array(m, 'y', bytes, n);
}

static int append_pair(struct talk *t, void *m, const struct unit_property *p)
{
	_cleanup_free_ char *first = strdup(p->value);
	bool number = strcmp(p->type, "a(st)") == 0;
	char *second = first ? strchr(first, ' ') : NULL;
	uint64_t n = 0;
	int r;

	if (!first || (*first && !second))
		return first ? -EINVAL : -ENOMEM;
	r = t->l.open_container(m, 'a', number ? "(st)" : "(ss)");
	if (r >= 0 && second) {
		*second++ = '\0';
		if (number && parse_u64(second, 0, UINT64_MAX, &n) < 0)
			return -EINVAL;
		r = number ? t->l.append(m, "(st)", first, n) : t->l.append(m, "(ss)", first, second);
	}
	return r < 0 ? r : t->l.close_container(m);
}

static int append_value(struct talk *t, void *m, const struct unit_property *p)
{
	if (strcmp(p->type, "b") == 0)
		return t->l.append(m, "b", (int)(strcmp(p->value, "true") == 0));
	if (strcmp(p->type, "s") == 0)
		return t->l.append(m, "s", p->value);
	if (strcmp(p->type, "as") == 0)
		return append_words(t, m, p->value);
	if (strcmp(p->type, "ay") == 0)
		return append_bytes(t, m, p->value);
	if (strcmp(p->type, "a(ss)") == 0 || strcmp(p->type, "a(st)") == 0)
		return append_pair(t, m, p);
	return strlen(p->type) == 1 && strchr("tui", p->type[0]) ? append_number(t, m, p) : -EINVAL;
}

/* Into an array that is open. */
static int append_properties(struct talk *t, void *m, const struct unit_property *p, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = t->l.open_container(m, 'r', "sv");

		if (r >= 0)
			r = t->l.append(m, "s", p[i].name);
		if (r >= 0)
			r = t->l.open_container(m, 'v', p[i].type);
		if (r >= 0)
			r = append_value(t, m, &p[i]);
		if (r >= 0)
			r = t->l.close_container(m);
		if (r >= 0)
			r = t->l.close_container(m);
		if (r < 0)
			return err_errno(e, -r, "property %s of %s", p[i].name, t->unit);
	}
	return 0;
}

/* ---- what is asked ---- */

/* Tells us of the ends of jobs from now on. */
static int listen_for_jobs(struct talk *t)
{
	return t->l.match_signal(t->bus, NULL, NULL, OBJECT, INTERFACE, "JobRemoved", job_removed, t);
}

/* Starts a message to the manager. */
static int new_message(struct talk *t, const char *method, void **ret)
{
	return t->l.new_call(t->bus, ret, SERVICE, OBJECT, INTERFACE, method);
}

static int ask_for_scope(struct talk *t, const struct user_manager_scope *s, struct err *e)
{
	const struct unit_property own[] = {
		{"Description", "s", s->description}, {"Slice", "s", s->slice}, {"Delegate", "b", "true"},
		{"CollectMode", "s", "inactive-or-failed"},
	};
	void *m = NULL;
	int r = listen_for_jobs(t);

	if (r >= 0)
		r = new_message(t, "StartTransientUnit", &m);
	if (r >= 0)
		r = t->l.append(m, "ss", s->unit, "fail");
	if (r >= 0)
		r = t->l.open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = append_properties(t, m, own, ARRAY_SIZE(own), e);
	if (r >= 0)
		r = t->l.append(m, "(sv)", "PIDs", "au", 1, (uint32_t)s->pid);
	if (r >= 0)
		r = append_properties(t, m, s->properties, s->n_properties, e);
	if (r >= 0)
		r = t->l.close_container(m);
	if (r >= 0)
		r = t->l.append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = call(t, m, "start", NULL, e);
	else if (!e || !e->code)
		r = err_errno(e, -r, "service manager");
	t->l.message_unref(m);
	return r;
}

int user_manager_start_scope(const char *runtime_dir, const struct user_manager_scope *s, struct err *e)
{
	_cleanup_(talk_done) struct talk t = {.unit = s->unit};
	int r = talk_begin(runtime_dir, &t, e);

	if (r == 0)
		r = ask_for_scope(&t, s, e);
	return r == 0 ? await_job(&t, "start", e) : r;
}

int user_manager_set(const char *runtime_dir, const char *unit, const struct unit_property *properties, size_t n, struct err *e)
{
	_cleanup_(talk_done) struct talk t = {.unit = unit};
	void *m = NULL;
	int r = talk_begin(runtime_dir, &t, e);

	if (r < 0)
		return r;
	r = new_message(&t, "SetUnitProperties", &m);
	if (r >= 0)
		r = t.l.append(m, "sb", unit, 1);
	if (r >= 0)
		r = t.l.open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = append_properties(&t, m, properties, n, e);
	if (r >= 0)
		r = t.l.close_container(m);
	if (r >= 0)
		r = call(&t, m, "set properties of", NULL, e);
	else if (!e || !e->code)
		r = err_errno(e, -r, "service manager");
	t.l.message_unref(m);
	return r;
}

/* A method with the unit's name, and a second text where there is one. */
static int ask_about(struct talk *t, const char *method, const char *second, const char *what, struct err *e)
{
	void *m = NULL;
	int r = new_message(t, method, &m);

	if (r >= 0)
		r = second ? t->l.append(m, "ss", t->unit, second) : t->l.append(m, "s", t->unit);
	r = r < 0 ? err_errno(e, -r, "service manager") : call(t, m, what, NULL, e);
	t->l.message_unref(m);
	return r;
}

int user_manager_stop(const char *runtime_dir, const char *unit, struct err *e)
{
	_cleanup_(talk_done) struct talk t = {.unit = unit};
	int r = talk_begin(runtime_dir, &t, e);

	if (r < 0)
		return r;
	r = listen_for_jobs(&t);
	if (r < 0)
		return err_errno(e, -r, "service manager");
	r = ask_about(&t, "StopUnit", "replace", "stop", e);
	if (r == -ENOENT)
		return 0;
	return r == 0 ? await_job(&t, "stop", e) : r;
}

int user_manager_reset(const char *runtime_dir, const char *unit, struct err *e)
{
	_cleanup_(talk_done) struct talk t = {.unit = unit};
	int r = talk_begin(runtime_dir, &t, e);

	if (r == 0)
		r = ask_about(&t, "ResetFailedUnit", NULL, "reset", e);
	return r == -ENOENT ? 0 : r;
}

static int ask_delegate(struct talk *t, const char *path, int *ret)
{
	size_t n = strlen(t->unit);
	bool scope = n > 6 && strcmp(t->unit + n - 6, ".scope") == 0;
	struct bus_error error = {0};
	int r = t->l.get_property(t->bus, SERVICE, path, scope ? SERVICE ".Scope" : SERVICE ".Service", "Delegate", &error, 'b', ret);

	t->l.error_free(&error);
	return r;
}

bool user_manager_delegates(const char *runtime_dir, const char *unit)
{
	_cleanup_(talk_done) struct talk t = {.unit = unit};
	void *m = NULL, *reply = NULL;
	const char *path = NULL;
	int delegates = 0, r = talk_begin(runtime_dir, &t, NULL);

	if (r == 0)
		r = t.l.new_call(t.bus, &m, SERVICE, OBJECT, INTERFACE, "GetUnit");
	if (r >= 0)
		r = t.l.append(m, "s", unit);
	if (r >= 0)
		r = call(&t, m, "find", &reply, NULL);
	if (r >= 0)
		r = t.l.read(reply, "o", &path);
	if (r >= 0)
		r = ask_delegate(&t, path, &delegates);
	if (t.bus) {
		t.l.message_unref(reply);
		t.l.message_unref(m);
	}
	return r >= 0 && delegates;
}

int user_manager_attach(const char *runtime_dir, const char *unit, const char *cgroup, pid_t pid, struct err *e)
{
	_cleanup_(talk_done) struct talk t = {.unit = unit};
	void *m = NULL;
	int r = talk_begin(runtime_dir, &t, e);

	if (r < 0)
		return r;
	r = t.l.new_call(t.bus, &m, SERVICE, OBJECT, INTERFACE, "AttachProcessesToUnit");
	if (r >= 0)
		r = t.l.append(m, "ssau", unit, cgroup, 1, (uint32_t)pid);
	r = r < 0 ? err_errno(e, -r, "service manager") : call(&t, m, "attach to", NULL, e);
	t.l.message_unref(m);
	return r;
}
