/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "registry/registries.h"

static const char text[] =
	"# comment\n"
	"unqualified-search-registries = [\"a.example\", # first\n"
	"  'b.example' ,\n"
	"]\n"
	"credential-helpers = [\"x\"]\n"
	"short-name-mode=\"enforcing\"\n"
	"[[registry]]\n"
	"prefix = \"a.example/ns\"\n"
	"location = \"mirror.example/x\"\n"
	"insecure = true\n"
	"\n"
	"[[registry.mirror]]\n"
	"location = \"m.example\"\n"
	"[[registry]]\n"
	"location = \"a.example\"\n"
	"blocked=true # yes\n"
	"[[registry]]\n"
	"prefix = '*.wild.example'\nblocked = true\n"
	"[aliases]\n"
	"  \"debian\" = \"docker.io/library/debian\"\n"
	"  \"ns/x\" = \"quay.io/ns/x\"\n";

static const char later[] = "unqualified-search-registries=[]\n[aliases]\n\"debian\"=\"x/y\"\n'ns/x'=''\n[[registry]]\nlocation='a.example'";

static void test_read(void **state)
{
	_cleanup_(registries_freep) struct registries *r = calloc(1, sizeof(*r));
	struct err e = {0};
	size_t covered = 0;

	(void)state;
	assert_non_null(r);
	if (registries_parse(text, strlen(text), "f", r, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(r->search.n, 2);
	assert_string_equal(r->search.items[1], "b.example");
	assert_int_equal(r->n_rules, 3);
	assert_string_equal(registries_alias(r, "debian"), "docker.io/library/debian");
	assert_string_equal(registries_alias(r, "ns/x"), "quay.io/ns/x");
	assert_null(registries_alias(r, "deb"));
	assert_true(registries_rule(r, "a.example/ns/repo", &covered)->insecure);
	assert_int_equal(covered, strlen("a.example/ns"));
	assert_int_equal(registries_rule(r, "a.example/ns/repo", &covered)->n_mirrors, 1);
	assert_true(registries_rule(r, "a.example/other", &covered)->blocked);
	assert_false(registries_rule(r, "a.example/nsx", &covered)->insecure);
	assert_null(registries_rule(r, "a.example.evil/ns", &covered));
	assert_null(registries_rule(r, "a.example:5000/ns", &covered));
	assert_true(registries_rule(r, "x.y.wild.example/ns", &covered)->blocked);
	assert_int_equal(covered, strlen("x.y.wild.example"));
	assert_true(registries_rule(r, "x.wild.example:5000/ns", &covered)->blocked);
	assert_int_equal(covered, strlen("x.wild.example:5000"));
	assert_null(registries_rule(r, "wild.example/ns", &covered));
	assert_null(registries_rule(r, "wild.example:5000/ns", &covered));
	assert_null(registries_rule(r, "wild.example.evil/ns", &covered));
	/* a later file's alias and list win */
	assert_int_equal(registries_parse(later, strlen(later), "g", r, NULL), 0);
	assert_int_equal(r->search.n, 0);
	assert_int_equal(r->short_names, SHORT_NAME_ENFORCING);
	assert_string_equal(registries_alias(r, "debian"), "x/y");
	assert_null(registries_alias(r, "ns/x"));
	assert_int_equal(r->n_rules, 3);
	assert_false(registries_rule(r, "a.example/other", &covered)->blocked);
}

static const char *const bad[] = {
	"x", "x =", "= 1", "x = \"a", "x = [\"a\"", "x = [\"a\" \"b\n\"]", "[x", "[[x]", "[]", "x = \"a\" y", "x = 1 2",
	"[[registry]] x", "x = \"\\q\"", "x = {", "\"x = 1", "unqualified-search-registries = 'x'", "[[registry]]\nblocked = 'true'\nlocation='x'",
	"[[registry]]\nblocked = true", "[registries.search]\nregistries = []", "[registry]\nlocation='x'",
	"[[registry]]\nlocation='x'\n[[registry.mirror]]\ninsecure=true", "[aliases]\nx = 1",
	"[[registry]]\nlocation='x'\n[[registry.mirror]]\nlocation='y'\npull-from-mirror='some'",
	"[[registry]]\nprefix='x.example/ns:tag'\nblocked=true", "[[registry]]\nlocation='x.example@sha256:00'\nblocked=true",
	"[[registry]]\nlocation='x:5'\nblocked=true\n[[registry]]\nlocation='x:5'",
	"[[registry]]\nlocation='x'\n[[registry]]\nprefix='x'\ninsecure=true", "short-name-mode = 'strict'", "short-name-mode = 1",
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(registries_freep) struct registries *r = calloc(1, sizeof(*r));
		struct err e = {0};

		assert_non_null(r);
		if (registries_parse(bad[i], strlen(bad[i]), "f", r, &e) >= 0 || strncmp(e.text, "f", 1) != 0)
			fail_msg("%s: %s", bad[i], e.text);
	}
}

TESTS("registry/registries", cmocka_unit_test(test_read), cmocka_unit_test(test_bad))
