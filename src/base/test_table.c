/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/table.h"
#include "base/testing.h"

/* Text with tabs and newlines, aligned. */
static const struct {
	struct table_style style;
	const char *text, *want;
} cases[] = {
	{{12, 2}, "", ""},
	{{12, 2}, "A\tB\n", "A           B\n"},
	{{12, 2}, "A\tB\n1234567890\tx\n", "A           B\n1234567890  x\n"},
	{{12, 2}, "A\tB\n1234567890abc\tx\n", "A              B\n1234567890abc  x\n"},
	{{0, 2}, "A\tB\tC\naaa\tb\tc\n", "A    B  C\naaa  b  c\n"},
	{{10, 3}, "REPOSITORY\tTAG\nx\ty\n", "REPOSITORY   TAG\nx            y\n"},
	{{0, 2}, "a\tb", "a  b"},
	{{0, 2}, "alone\n", "alone\n"},
	{{0, 2}, "a\t\tc\n", "a    c\n"},
	/* a row that is shorter than its fellows, and one whose last cell is empty, as Go has it */
	{{0, 2}, "a\tb\tc\nx\nlong\ty\n", "a     b  c\nx\nlong  y\n"},
	{{0, 2}, "a\t\nb\tc\n", "a  \nb  c\n"},
	/* columns are what a terminal shows */
	{{0, 2}, "\346\227\245\346\234\254\tx\nab\ty\n", "\346\227\245\346\234\254  x\nab    y\n"},
	{{0, 2}, "e\314\201\tx\nab\ty\n", "e\314\201   x\nab  y\n"},
	{{0, 2}, "\xff\tx\nab\ty\n", "\xff   x\nab  y\n"},
};

static void test_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf rows = BUF_INIT, out = BUF_INIT;

		buf_adds(&rows, cases[i].text);
		table_format(&rows, cases[i].style, &out);
		if (strcmp(buf_str(&out), cases[i].want) != 0)
			fail_msg("case %zu: \"%s\", not \"%s\"", i, buf_str(&out), cases[i].want);
	}
}

static void test_cells(void **state)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT;

	(void)state;
	table_cell(&rows, "evil\tcell\n\x1b[2J");
	table_cell(&rows, NULL);
	table_cellf(&rows, "%d", 5);
	table_end_row(&rows);
	table_end_row(&rows);
	table_cell(&rows, "");
	table_end_row(&rows);
	assert_string_equal(buf_str(&rows), "evil\\tcell\\n\\x1b[2J\t\t5\n\n\n");
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *want;
	} c[] = {
		{"short", 10, "short\t"}, {"0123456789", 10, "0123456789\t"}, {"0123456789a", 10, "012345678\342\200\246\t"},
		{"0123456789a", 0, "0123456789a\t"}, {"\346\227\245\346\234\254\346\234\254", 6, "\346\227\245\346\234\254\346\234\254\t"},
		{"\346\227\245\346\234\254\346\234\254", 5, "\346\227\245\346\234\254\342\200\246\t"}, {"ab", 1, "\342\200\246\t"}, {NULL, 5, "\t"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		_cleanup_(buf_done) struct buf rows = BUF_INIT;

		table_cell_cut(&rows, c[i].text, c[i].max);
		assert_string_equal(buf_str(&rows), c[i].want);
	}
}

static void test_many_columns(void **state)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (int i = 0; i < 500; i++)
		table_cell(&rows, "x");
	table_end_row(&rows);
	table_format(&rows, TABLE_TIGHT, &out);
	assert_int_equal(out.len, 64 * 3 + 435 * 2 + 2); /* those past the 64th have a blank only */
}

static void test_errors_go_on(void **state)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT_MAX(4), out = BUF_INIT;

	(void)state;
	table_cell(&rows, "too long");
	table_end_row(&rows);
	table_format(&rows, TABLE_TIGHT, &out);
	assert_int_equal(buf_bad(&out), EFBIG);
}

TESTS("base/table", cmocka_unit_test(test_format), cmocka_unit_test(test_cells), cmocka_unit_test(test_cut),
      cmocka_unit_test(test_many_columns), cmocka_unit_test(test_errors_go_on))
