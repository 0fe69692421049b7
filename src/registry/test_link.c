/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "registry/link.h"

#include <string.h>

static const struct {
	const char *value, *next; /* NULL: none */
} cases[] = {
	{"</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "/v2/a/tags/list?n=2&last=b"},
	{"<https://h/v2/x>; rel=next", "https://h/v2/x"},
	{"<a>; rel=\"prev\", <b>; rel=\"next\"", "b"},
	{"<a>; rel=\"next\", <b>; rel=\"prev\"", "a"},
	{"<a>; title=\"x\"; rel=\"next\"", "a"},
	{"<a>; rel=\"prev\"", NULL},
	{"<a>", NULL},
	{"<a", NULL},
	{"", NULL},
	{"a; rel=next", NULL},
	{"<0123456789012345678901234567890123456789>; rel=next", NULL}, /* no room */
};

static void test_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char next[36] = "";
		bool found = link_next(cases[i].value, next, sizeof(next));

		if (found != (cases[i].next != NULL) || (found && strcmp(next, cases[i].next) != 0))
			fail_msg("%s: %s", cases[i].value, next);
	}
}

TESTS("registry/link", cmocka_unit_test(test_next))
