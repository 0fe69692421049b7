/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/option.h"
#include "base/testing.h"

struct args {
	bool detach, interactive, quiet;
	const char *name, *pull, *record;
	struct strv volumes, words;
	uint32_t u32;
	int64_t i64;
	uint64_t u64, size, duration;
};

static const struct option_row rows[] = {
	{'d', "detach", OPT_FLAG, offsetof(struct args, detach), .help = "Run in the background, and print the id"},
	{'i', "interactive", OPT_FLAG, offsetof(struct args, interactive), .help = "Keep the input open"},
	{0, "name", OPT_STRING, offsetof(struct args, name), .arg = "NAME", .help = "Its name"},
	{'v', "volume", OPT_LIST, offsetof(struct args, volumes), .arg = "SRC:DST", .help = "A volume", .group = "Files"},
	{0, "words", OPT_LIST_CSV, offsetof(struct args, words), .arg = "A,B", .help = "Words"},
	{0, "u32", OPT_U32, offsetof(struct args, u32), .min = 1, .max = 10, .help = "A number", .group = "Numbers"},
	{'I', "i64", OPT_I64, offsetof(struct args, i64), .min = -5, .max = 5, .help = "A number"},
	{0, "u64", OPT_U64, offsetof(struct args, u64), .help = "A number"},
	{'m', "memory", OPT_SIZE, offsetof(struct args, size), .max = 1 << 30, .arg = "BYTES", .help = "A size"},
	{0, "time", OPT_DURATION, offsetof(struct args, duration), .help = "A duration"},
	{0, "pull", OPT_CHOICE, offsetof(struct args, pull), .choices = "always|missing|never", .help = "When to pull"},
	{'R', "record", OPT_OPTIONAL, offsetof(struct args, record), .arg = "FILE", .help = "Where to, if anywhere"},
	{'q', "quiet", OPT_FLAG, offsetof(struct args, quiet), .hidden = true},
	OPTION_REFUSED('X', "nothing", "there is none"),
	OPTION_END,
};

/* `line`, split at blanks, is argv. `want`: what show() makes of it, or '!' and what the error holds. */
static const struct {
	const char *line;
	enum option_mode mode;
	const char *want;
} cases[] = {
	{"x", OPTION_PERMUTE, "|"},
	{"x a b", OPTION_PERMUTE, "|a b"},
	{"x -d a", OPTION_PERMUTE, "d|a"},
	{"x --nothing a", OPTION_PERMUTE, "!--nothing: there is none"},
	{"x -dX", OPTION_PERMUTE, "!--nothing: there is none"},
	{"x a -d b -i c", OPTION_PERMUTE, "d i|a b c"},
	{"x a -d b -i c", OPTION_STOP_AT_OPERAND, "|a -d b -i c"},
	{"x -d a -i", OPTION_STOP_AT_OPERAND, "d|a -i"},
	{"x -d -- -i", OPTION_PERMUTE, "d|-i"},
	{"x -d -- -i", OPTION_STOP_AT_OPERAND, "d|-i"},
	{"x a -- -d -- b", OPTION_PERMUTE, "|a -d -- b"},
	{"x -", OPTION_PERMUTE, "|-"},
	{"x - -d", OPTION_PERMUTE, "d|-"},
	{"x -di", OPTION_PERMUTE, "d i|"},
	{"x -dva:b c", OPTION_PERMUTE, "d v=a:b|c"},
	{"x -dv a:b c", OPTION_PERMUTE, "d v=a:b|c"},
	{"x c -dv a:b e", OPTION_PERMUTE, "d v=a:b|c e"},
	{"x -v=a:b", OPTION_PERMUTE, "v=a:b|"},
	{"x -va -v b --volume c --volume=d", OPTION_PERMUTE, "v=a v=b v=c v=d|"},
	{"x -v --name", OPTION_PERMUTE, "v=--name|"},
	{"x --name -d", OPTION_PERMUTE, "name=-d|"},
	{"x --name a --name b", OPTION_PERMUTE, "name=b|"},
	{"x --name= b", OPTION_PERMUTE, "name=|b"},
	{"x --name=a=b", OPTION_PERMUTE, "name=a=b|"},
	{"x --detach=false -i=true", OPTION_PERMUTE, "i|"},
	{"x -d -d=0", OPTION_PERMUTE, "|"},
	{"x --words a,b --words=,c, --words=", OPTION_PERMUTE, "w=a w=b w= w=c w=|"},
	{"x --u32 10 -I -5 --u64 18446744073709551615", OPTION_PERMUTE, "u32=10 i64=-5 u64=18446744073709551615|"},
	{"x -I-5", OPTION_PERMUTE, "i64=-5|"},
	{"x -m 1g --time 1.5s", OPTION_PERMUTE, "size=1073741824 time=1500000|"},
	{"x --pull missing", OPTION_PERMUTE, "pull=missing|"},
	{"x -q", OPTION_PERMUTE, "q|"},
	{"x --record a", OPTION_PERMUTE, "record=|a"},
	{"x --record=b a", OPTION_PERMUTE, "record=b|a"},
	{"x -Rd a", OPTION_PERMUTE, "d record=|a"},
	{"x -R=b -R", OPTION_PERMUTE, "record=|"},
	/* errors, in the words that podman has */
	{"x --nope", OPTION_PERMUTE, "!unknown flag: --nope"},
	{"x --nam a", OPTION_PERMUTE, "!unknown flag: --nam"},
	{"x --nope=1", OPTION_PERMUTE, "!unknown flag: --nope"},
	{"x --=1", OPTION_PERMUTE, "!unknown flag: --"},
	{"x -dz", OPTION_PERMUTE, "!unknown shorthand flag: 'z' in -dz"},
	{"x --name", OPTION_PERMUTE, "!flag needs an argument: --name"},
	{"x -v", OPTION_PERMUTE, "!flag needs an argument: 'v' in -v"},
	{"x --detach=maybe", OPTION_PERMUTE, "!invalid argument \"maybe\" for \"-d, --detach\" flag: not true or false"},
	{"x --u32 0", OPTION_PERMUTE, "!invalid argument \"0\" for \"--u32\" flag: not from 1 to 10"},
	{"x --u32 11", OPTION_PERMUTE, "!not from 1 to 10"},
	{"x --u32 ten", OPTION_PERMUTE, "!not a number"},
	{"x -I -6", OPTION_PERMUTE, "!not from -5 to 5"},
	{"x --u64 -1", OPTION_PERMUTE, "!not a number"},
	{"x --u64 18446744073709551616", OPTION_PERMUTE, "!not from 0 to 18446744073709551615"},
	{"x -m 2g", OPTION_PERMUTE, "!too large"},
	{"x -m 2x", OPTION_PERMUTE, "!not a size"},
	{"x --time soon", OPTION_PERMUTE, "!not a duration"},
	{"x --pull sometimes", OPTION_PERMUTE, "!not one of always|missing|never"},
	{"x --pull miss", OPTION_PERMUTE, "!not one of"},
	{"x --pull=", OPTION_PERMUTE, "!not one of"},
};

static void show(const struct args *a, char **operands, struct buf *b)
{
	buf_adds(b, a->detach ? "d " : "");
	buf_adds(b, a->interactive ? "i " : "");
	buf_adds(b, a->quiet ? "q " : "");
	if (a->name)
		buf_addf(b, "name=%s ", a->name);
	for (size_t i = 0; i < a->volumes.n; i++)
		buf_addf(b, "v=%s ", a->volumes.items[i]);
	for (size_t i = 0; i < a->words.n; i++)
		buf_addf(b, "w=%s ", a->words.items[i]);
	if (a->u32)
		buf_addf(b, "u32=%u ", a->u32);
	if (a->i64)
		buf_addf(b, "i64=%lld ", (long long)a->i64);
	if (a->u64)
		buf_addf(b, "u64=%llu ", (unsigned long long)a->u64);
	if (a->size)
		buf_addf(b, "size=%llu ", (unsigned long long)a->size);
	if (a->duration)
		buf_addf(b, "time=%llu ", (unsigned long long)a->duration);
	if (a->pull)
		buf_addf(b, "pull=%s ", a->pull);
	if (a->record)
		buf_addf(b, "record=%s ", a->record);
	if (b->len > 0)
		b->data[--b->len] = '\0';
	buf_addc(b, '|');
	for (size_t i = 0; operands[i]; i++)
		buf_addf(b, "%s%s", i ? " " : "", operands[i]);
}

static int split(char *line, char *argv[static 16])
{
	int argc = 0;

	while (*line) {
		size_t n = strcspn(line, " ");

		argv[argc++] = line;
		line += n;
		if (*line)
			*line++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf shown = BUF_INIT;
		_cleanup_free_ char *line = strdup(cases[i].line);
		struct args a = {0};
		struct err e = {0};
		char *argv[16];
		int argc = split(line, argv), first = -1;
		const char *want = cases[i].want;
		int r = option_parse(rows, argc, argv, cases[i].mode, &a, &first, &e);

		if (r == 0)
			show(&a, argv + first, &shown);
		if (want[0] == '!' ? (r != -EINVAL && r != -ENOTSUP) || !strstr(e.text, want + 1) : r != 0 || strcmp(buf_str(&shown), want) != 0)
			fail_msg("%s: %d \"%s\" \"%s\", not \"%s\"", cases[i].line, r, e.text, buf_str(&shown), want);
		strv_done(&a.volumes);
		strv_done(&a.words);
	}
}

static void test_hint(void **state)
{
	static const char *const c[][2] = {
		{"--nmae", "did you mean --name?"}, {"--detahc", "did you mean --detach?"}, {"--volumes", "did you mean --volume?"},
		{"--quie", ""}, /* hidden */ {"--xyzzy", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		char prog[] = "x", *argv[] = {prog, strdup(c[i][0]), NULL};
		struct args a = {0};
		struct err e = {0};
		int first;

		assert_int_equal(option_parse(rows, 2, argv, OPTION_PERMUTE, &a, &first, &e), -EINVAL);
		assert_string_equal(e.hint, c[i][1]);
		free(argv[1]);
	}
}

static void test_given(void **state)
{
	_cleanup_free_ char *line = strdup("x a -dv a:b --u32 3 -- --name y");
	struct args a = {0};
	char *argv[16];
	int argc = split(line, argv), first;

	(void)state;
	assert_int_equal(option_parse(rows, argc, argv, OPTION_PERMUTE, &a, &first, NULL), 0);
	assert_true(option_given(rows, argc, argv, "detach"));
	assert_true(option_given(rows, argc, argv, "volume"));
	assert_true(option_given(rows, argc, argv, "u32"));
	assert_false(option_given(rows, argc, argv, "interactive"));
	assert_false(option_given(rows, argc, argv, "name"));
	strv_done(&a.volumes);
}

/* The last word of the line is the begun one; "_" stands for an empty one. */
static const struct {
	const char *line;
	enum option_mode mode;
	enum option_place place;
	const char *row; /* of a value */
	int operands;    /* before an operand */
} places[] = {
	{"x _", OPTION_PERMUTE, OPTION_PLACE_OPERAND, NULL, 0},
	{"x a _", OPTION_PERMUTE, OPTION_PLACE_OPERAND, NULL, 1},
	{"x a -d b _", OPTION_PERMUTE, OPTION_PLACE_OPERAND, NULL, 2},
	{"x a -d b c", OPTION_STOP_AT_OPERAND, OPTION_PLACE_OPERAND, NULL, 3},
	{"x a -", OPTION_STOP_AT_OPERAND, OPTION_PLACE_OPERAND, NULL, 1},
	{"x -", OPTION_PERMUTE, OPTION_PLACE_NAME, NULL, 0},
	{"x --", OPTION_PERMUTE, OPTION_PLACE_NAME, NULL, 0},
	{"x -d --na", OPTION_STOP_AT_OPERAND, OPTION_PLACE_NAME, NULL, 0},
	{"x a --na", OPTION_PERMUTE, OPTION_PLACE_NAME, NULL, 0},
	{"x --name _", OPTION_PERMUTE, OPTION_PLACE_VALUE, "name", 0},
	{"x --name a _", OPTION_PERMUTE, OPTION_PLACE_OPERAND, NULL, 0},
	{"x -v --na", OPTION_PERMUTE, OPTION_PLACE_VALUE, "volume", 0},
	{"x -dv _", OPTION_PERMUTE, OPTION_PLACE_VALUE, "volume", 0},
	{"x --pull=mi", OPTION_PERMUTE, OPTION_PLACE_VALUE, "pull", 0},
	{"x --nope=mi", OPTION_PERMUTE, OPTION_PLACE_UNKNOWN, NULL, 0},
	{"x --nope _", OPTION_PERMUTE, OPTION_PLACE_UNKNOWN, NULL, 0},
	{"x -dz _", OPTION_PERMUTE, OPTION_PLACE_UNKNOWN, NULL, 0},
	{"x a -- --na", OPTION_PERMUTE, OPTION_PLACE_OPERAND, NULL, 1},
	{"x -- -d --na", OPTION_STOP_AT_OPERAND, OPTION_PLACE_OPERAND, NULL, 1},
};

static void test_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *line = strdup(places[i].line);
		const struct option_row *row = NULL;
		char *argv[16];
		int argc = split(line, argv), operands = 0;
		enum option_place place;

		if (strcmp(argv[argc - 1], "_") == 0)
			argv[argc - 1][0] = '\0';
		place = option_place(rows, argc, argv, places[i].mode, &row, &operands);
		if (place != places[i].place || (place == OPTION_PLACE_OPERAND && operands != places[i].operands) ||
		    (places[i].row && strcmp(row->long_name, places[i].row) != 0))
			fail_msg("%s: place %d, row %s, %d operands", places[i].line, place, row ? row->long_name : "none", operands);
	}
}

static void test_help(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	option_help(rows, 60, &b);
	assert_string_equal(buf_str(&b), "Options:\n"
					 "  -d, --detach          Run in the background, and print the\n"
					 "                        id\n"
					 "  -i, --interactive     Keep the input open\n"
					 "      --name NAME       Its name\n"
					 "\n"
					 "Files:\n"
					 "  -v, --volume SRC:DST  A volume\n"
					 "      --words A,B       Words\n"
					 "\n"
					 "Numbers:\n"
					 "      --u32 VALUE       A number\n"
					 "  -I, --i64 VALUE       A number\n"
					 "      --u64 VALUE       A number\n"
					 "  -m, --memory BYTES    A size\n"
					 "      --time VALUE      A duration\n"
					 "      --pull always|missing|never\n"
					 "                        When to pull\n"
					 "  -R, --record[=FILE]   Where to, if anywhere\n");
}

TESTS("base/option", cmocka_unit_test(test_parse), cmocka_unit_test(test_hint), cmocka_unit_test(test_given),
      cmocka_unit_test(test_place), cmocka_unit_test(test_help))
