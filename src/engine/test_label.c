/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The host's answers are given here: policies of the kinds that there are. */
#include "engine/label.h"

#include "base/testing.h"

#define LOGIN "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"

static const char *const *known; /* "role:type", and "object_r:type" */
static int enter = 1;

static int check(const char *context)
{
	struct selinux_context c;
	char key[2 * SELINUX_PART_SIZE];

	assert_int_equal(selinux_context_parse(context, &c), 0);
	snprintf(key, sizeof(key), "%s:%s", c.role, c.type);
	for (const char *const *k = known; *k; k++)
		if (strcmp(*k, key) == 0)
			return 0;
	return -EINVAL;
}

static int may_enter(const char *from, const char *to)
{
	assert_string_equal(from, LOGIN);
	assert_non_null(strstr(to, "_r:"));
	return enter;
}

static int may_leave(const char *from, const char *to)
{
	assert_non_null(strstr(from, ":ranby_t:"));
	assert_non_null(strstr(to, ":unconfined_t:"));
	return enter;
}

static const struct selinux_container_contexts policy_contexts = {
	.process = {.type = "container_t"}, .file = {.type = "container_file_t"}, .read_only = {.type = "container_ro_file_t"},
};

#define FILES "object_r:container_file_t", "object_r:container_ro_file_t"
#define NESTED "unconfined_r:ranby_container_nested_t"
#define OURS NESTED, "unconfined_r:ranby_container_t", "object_r:ranby_container_file_t", "object_r:ranby_container_ro_file_t"
static const char *const fedora[] = {"unconfined_r:container_t", FILES, NULL};
static const char *const trixie[] = {"system_r:container_t", FILES, NULL};
static const char *const bookworm[] = {NULL};
static const char *const with_module[] = {OURS, NULL};
static const char *const both[] = {"system_r:container_t", FILES, OURS, NULL};

static const struct {
	const char *wish, *wish2;
	const char *const *known;
	int r;
	enum label_state state;
	bool own_pair;
	const char *process, *file; /* beginnings */
} cases[] = {
	{NULL, NULL, fedora, 0, LABEL_ON, true, "unconfined_u:unconfined_r:container_t:s0:c", "unconfined_u:object_r:container_file_t:s0:c"},
	{NULL, NULL, trixie, 0, LABEL_ON, true, "unconfined_u:system_r:container_t:s0:c", "unconfined_u:object_r:container_file_t:s0:c"},
	{NULL, NULL, bookworm, 0, LABEL_MISSING, false, "", ""},
	{NULL, NULL, with_module, 0, LABEL_ON, true, "unconfined_u:unconfined_r:ranby_container_t:s0:c", "unconfined_u:object_r:ranby_container_file_t:s0:c"},
	{NULL, NULL, both, 0, LABEL_ON, true, "unconfined_u:system_r:container_t:s0:c", "unconfined_u:object_r:container_file_t:s0:c"},
	{"level:s0:c1,c2", NULL, trixie, 0, LABEL_ON, false, "unconfined_u:system_r:container_t:s0:c1,c2", "unconfined_u:object_r:container_file_t:s0:c1,c2"},
	{"level:s0:c1,c2", NULL, bookworm, -EINVAL, LABEL_OFF, false, "", ""},
	{"user:staff_u", "level:s0", trixie, 0, LABEL_ON, false, "staff_u:system_r:container_t:s0", "staff_u:object_r:container_file_t:s0"},
	{"type:nosuch_t", NULL, trixie, -EINVAL, LABEL_OFF, false, "", ""},
	{"role:sysadm_r", NULL, trixie, -EINVAL, LABEL_OFF, false, "", ""},
	{"filetype:nosuch_t", NULL, trixie, -EINVAL, LABEL_OFF, false, "", ""},
	{"nested", NULL, with_module, 0, LABEL_ON, true, "unconfined_u:unconfined_r:ranby_container_nested_t:s0:c", "unconfined_u:object_r:ranby_container_file_t:s0:c"},
	{"nested", NULL, both, 0, LABEL_ON, true, "unconfined_u:unconfined_r:ranby_container_nested_t:s0:c", "unconfined_u:object_r:container_file_t:s0:c"},
	{"nested", "type:container_t", trixie, 0, LABEL_ON, true, "unconfined_u:system_r:container_t:s0:c", "unconfined_u:object_r:container_file_t:s0:c"},
	{"nested", NULL, trixie, -EINVAL, LABEL_OFF, false, "", ""},
	{"nested", NULL, bookworm, -EINVAL, LABEL_OFF, false, "", ""},
	{"type:ranby_container_t", NULL, both, 0, LABEL_ON, true, "unconfined_u:unconfined_r:ranby_container_t:s0:c", "unconfined_u:object_r:container_file_t:s0:c"},
};

static void test_resolve(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct label_wishes w = {0};
		struct label l = {0};
		struct err e = {0};
		struct label_host host = {.current = LOGIN, .policy = &policy_contexts, .check = check, .may_enter = may_enter};
		int r;

		known = cases[i].known;
		if (cases[i].wish)
			assert_int_equal(label_wish(&w, cases[i].wish, &e), 0);
		if (cases[i].wish2)
			assert_int_equal(label_wish(&w, cases[i].wish2, &e), 0);
		r = label_resolve(&w, &host, &l, &e);
		if (r != cases[i].r || (r < 0) != (e.text[0] != '\0'))
			fail_msg("case %zu: %d %s", i, r, e.text);
		if (r < 0)
			continue;
		assert_int_equal(l.state, cases[i].state);
		assert_int_equal(l.own_pair, cases[i].own_pair);
		if (strncmp(l.process, cases[i].process, strlen(cases[i].process)) != 0 ||
		    strncmp(l.file, cases[i].file, strlen(cases[i].file)) != 0)
			fail_msg("case %zu: %s %s", i, l.process, l.file);
		if (l.state == LABEL_ON)
			assert_string_equal(strrchr(l.layer, ':'), ":s0");
	}
}

/* The categories of a pod's infra container, unless a member has a wish of its own. */
static void test_join(void **state)
{
	static const char *const infra = "unconfined_u:system_r:container_t:s0:c3,c4";
	static const struct {
		const char *wish, *infra;
		bool joins;
		const char *process;
	} all[] = {
		{NULL, infra, true, "unconfined_u:system_r:container_t:s0:c3,c4"},
		{"user:staff_u", infra, true, "staff_u:system_r:container_t:s0:c3,c4"},
		{"level:s0:c1,c2", infra, false, "unconfined_u:system_r:container_t:s0:c1,c2"},
		{"disable", infra, false, ""},
		{NULL, "", false, "unconfined_u:system_r:container_t:s0:c"},
	};
	struct label_host host = {.current = LOGIN, .policy = &policy_contexts, .check = check, .may_enter = may_enter};

	(void)state;
	known = trixie;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct label_wishes w = {0};
		char range[SELINUX_PART_SIZE];
		struct err e = {0};
		struct label l;

		if (all[i].wish)
			assert_int_equal(label_wish(&w, all[i].wish, &e), 0);
		assert_int_equal(label_join(&w, all[i].infra, range), all[i].joins);
		assert_int_equal(label_resolve(&w, &host, &l, &e), 0);
		assert_int_equal(strncmp(l.process, all[i].process, strlen(all[i].process)), 0);
		if (all[i].joins)
			assert_false(l.own_pair);
	}
}

static void test_refused(void **state)
{
	struct label_host host = {.current = LOGIN, .policy = &policy_contexts, .check = check, .may_enter = may_enter};
	struct label_wishes w = {0};
	struct err e = {0};
	struct label l;

	(void)state;
	known = trixie;
	enter = 0;
	assert_int_equal(label_resolve(&w, &host, &l, &e), -EACCES);
	assert_non_null(strstr(e.text, "container_t"));
	enter = -EACCES; /* cannot be asked: the exec will tell */
	assert_int_equal(label_resolve(&w, &host, &l, &e), 0);
	enter = 1;
	host.current = "not a context";
	assert_int_equal(label_resolve(&w, &host, &l, &e), -EINVAL);
}

/* A login without categories gives none; a policy without levels none either. */
static void test_no_categories(void **state)
{
	static const char *const logins[] = {"user_u:user_r:user_t:s0", "user_u:user_r:user_t:s0:c5"};
	static const char *const user[] = {"user_r:container_t", FILES, NULL};

	(void)state;
	known = user;
	for (size_t i = 0; i < ARRAY_SIZE(logins); i++) {
		struct label_host host = {.current = logins[i], .policy = &policy_contexts, .check = check, .may_enter = selinux_may_transition};
		struct label_wishes w = {0};
		struct err e = {0};
		struct label l;

		assert_int_equal(label_resolve(&w, &host, &l, &e), 0);
		assert_string_equal(l.process, "user_u:user_r:container_t:s0");
		assert_false(l.own_pair);
	}
}

/* In a domain of its own, ranby gives a container without a label that of the login, and never its own. */
static void test_own_domain(void **state)
{
	static const char own[] = "unconfined_u:unconfined_r:ranby_t:s0-s0:c1,c2", shell[] = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c1,c2";
	const struct {
		const char *current, *previous;
		const char *const *known;
		bool disable;
		int enter, r;
		enum label_state state;
		const char *process;
	} all[] = {
		{own, LOGIN, trixie, true, 1, 0, LABEL_DISABLED, shell},
		{own, LOGIN, bookworm, false, 1, 0, LABEL_MISSING, shell},
		{own, LOGIN, trixie, true, 0, -EACCES, LABEL_OFF, ""},
		{own, NULL, trixie, true, 1, -EINVAL, LABEL_OFF, ""},
		{own, own, trixie, true, 1, -EINVAL, LABEL_OFF, ""},
		{own, "unconfined", trixie, true, 1, -EINVAL, LABEL_OFF, ""},
		/* no domain of its own: as it is, whatever was before */
		{LOGIN, LOGIN, trixie, true, 1, 0, LABEL_DISABLED, ""},
		{LOGIN, "system_u:system_r:init_t:s0", bookworm, false, 1, 0, LABEL_MISSING, ""},
		{LOGIN, NULL, trixie, true, 1, 0, LABEL_DISABLED, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct label_host host = {.current = all[i].current, .previous = all[i].previous, .check = check, .may_enter = may_leave};
		struct label_wishes w = {.disable = all[i].disable};
		struct label l = {0};
		struct err e = {0};
		int r;

		known = all[i].known;
		enter = all[i].enter;
		r = label_resolve(&w, &host, &l, &e);
		enter = 1;
		if (r != all[i].r || (r < 0) != (e.text[0] != '\0') || l.state != all[i].state || strcmp(l.process, all[i].process) != 0)
			fail_msg("case %zu: %d %s: %d %s", i, r, e.text, l.state, l.process);
		assert_string_equal(l.file, "");
	}
}

static void test_wishes(void **state)
{
	static const char *const bad[] = {"", "x", "type:", "level:", "typ:x", "type", "Disable", "user:"};
	struct label_wishes w = {0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (label_wish(&w, bad[i], &e) != -EINVAL || !e.text[0])
			fail_msg("%s was taken", bad[i]);
	assert_false(label_is_wished(&w));
	assert_int_equal(label_wish(&w, "disable", &e), 0);
	assert_false(label_is_wished(&w));
	assert_true(w.disable);
	assert_int_equal(label_wish(&w, "nested", &e), 0);
	assert_true(label_is_wished(&w) && w.nested);
	w = (struct label_wishes){0};
	assert_int_equal(label_wish(&w, "type:t", &e), 0);
	assert_true(label_is_wished(&w));
}

static void test_change(void **state)
{
	struct mcs_pair p = {3, 77};
	char out[SELINUX_CONTEXT_SIZE];

	(void)state;
	assert_int_equal(label_shared("u:object_r:f:s0:c1,c2", out), 0);
	assert_string_equal(out, "u:object_r:f:s0");
	assert_int_equal(label_with_pair("u:r:t:s0:c1,c2", &p, out), 0);
	assert_string_equal(out, "u:r:t:s0:c3,c77");
	assert_int_equal(label_shared("u:object_r:f", out), 0);
	assert_string_equal(out, "u:object_r:f");
	assert_int_equal(label_shared("x", out), -EINVAL);
}

TESTS("engine/label", cmocka_unit_test(test_resolve), cmocka_unit_test(test_join), cmocka_unit_test(test_refused), cmocka_unit_test(test_no_categories),
      cmocka_unit_test(test_own_domain), cmocka_unit_test(test_wishes), cmocka_unit_test(test_change))
