/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The examples of the Dockerfile reference, "Environment replacement", and of BuildKit's lexer. */
#include "oci/expand.h"
#include "base/buf.h"
#include "base/testing.h"
#include "oci/containerfile.h"

static const char *get(const char *name, void *ctx _unused_)
{
	static const char *const vars[][2] = {{"FOO", "/bar"}, {"str", "foobarbaz"}, {"empty", ""}, {"two", "a b"}, {"q", "'\"$FOO\\x"},
					      {"PWD", "/home"}, {"SHELL", "bash"}, {"u", "h\xc3\xa9llo"}, {"V", "1.2.3-rc1"}, {"_a1", "under"}};

	for (size_t i = 0; i < ARRAY_SIZE(vars); i++) {
		if (strcmp(vars[i][0], name) == 0)
			return vars[i][1];
	}
	return NULL;
}

static const struct expand backslash = {.escape = '\\', .get = get}, backtick = {.escape = '`', .get = get};

static const struct word {
	const char *text, *want; /* want "!…": the error */
} words[] = {
	{"", ""}, {"hello", "hello"}, {"he'll'o", "hello"}, {"he'llo", "!unexpected end of statement while looking for matching single-quote"},
	{"he\\'llo", "he'llo"}, {"he\\\\'llo", "!unexpected end of statement while looking for matching single-quote"},
	{"abc\\tdef", "abctdef"}, {"\"abc\\tdef\"", "abc\\tdef"}, {"'abc\\tdef'", "abc\\tdef"}, {"hello\\", "hello"}, {"hello\\\\", "hello\\"},
	{"\"hello", "!unexpected end of statement while looking for matching double-quote"}, {"\"hello\\\"", "!unexpected end of statement while looking for matching double-quote"},
	{"\"hel'lo\"", "hel'lo"}, {"'hello\\there'", "hello\\there"}, {"'hello\\\\there'", "hello\\\\there"}, {"\"''\"", "''"},
	{"$.", "$."}, {"he$1x", "hex"}, {"he$.x", "he$.x"}, {"he$pwd.", "he."}, {"he$PWD", "he/home"}, {"he\\$PWD", "he$PWD"}, {"he\"$PWD\"", "he/home"},
	{"'$PWD'", "$PWD"}, {"\"\\$PWD\"", "$PWD"}, {"\"\\\\$PWD\"", "\\/home"}, {"he\\\\$PWD", "he\\/home"}, {"${}", "!syntax error: bad substitution"},
	{"he${}xx", "!syntax error: bad substitution"}, {"he${", "!syntax error: missing '}'"}, {"he${hi", "!syntax error: missing '}'"}, {"he${hi}", "he"},
	{"he${PWD}", "he/home"}, {"he${hi:-}xx", "hexx"}, {"he${PWD:-x}xx", "he/homexx"}, {"he${NONE:-$PWD:-:YYY}xx", "he/home:-:YYYxx"},
	{"he${NONE:-${PWD}z}xx", "he/homezxx"}, {"he${NONE:-\\$PWD}xx", "he$PWDxx"}, {"he${NONE:-'$PWD'}xx", "he$PWDxx"}, {"${empty:-w}", "w"}, {"${empty-w}", ""},
	{"${NONE-w}", "w"}, {"${empty:+w}", ""}, {"${empty+w}", "w"}, {"${FOO:+w}", "w"}, {"${NONE+w}", ""}, {"${FOO:?x}", "/bar"}, {"${empty?x}", ""},
	{"${empty:?x y}", "!empty: x y"}, {"${NONE:?}", "!NONE: is not allowed to be unset"}, {"${empty:?}", "!empty: is not allowed to be empty"},
	{"${NONE?not $FOO}", "!NONE: not /bar"}, {"${NONE:-", "!unexpected end of statement while looking for matching }"}, {"${FOO=x}", "!unsupported modifier (=) in substitution"},
	{"${FOO:=x}", "!unsupported modifier (:=) in substitution"}, {"${FOO:#x}", "!unsupported modifier (:#) in substitution"},
	/* the reference */
	{"${FOO}", "/bar"}, {"\\$FOO", "$FOO"}, {"${str#f*b}", "arbaz"}, {"${str##f*b}", "az"}, {"${str%b*}", "foobar"}, {"${str%%b*}", "foo"},
	{"${str/ba/fo}", "fooforbaz"}, {"${str//ba/fo}", "fooforfoz"},
	{"${str#x}", "foobarbaz"}, {"${str#*}", "foobarbaz"}, {"${str##*}", ""}, {"${str%%*}", ""}, {"${str%?}", "foobarba"}, {"${str/b?r/}", "foobaz"},
	{"${str/\\*/x}", "foobarbaz"}, {"${str//[a]/x}", "foobarbaz"}, {"${NONE/a/b}", ""}, {"${str//a/$FOO}", "foob/barrb/barz"}, {"${str/a/}", "foobrbaz"},
	{"${u/?l/X}", "hXlo"}, {"${u#h?}", "llo"}, {"${u%%?llo}", "h"}, {"${V%%-*}", "1.2.3"}, {"${V%.*}", "1.2"}, {"${V//./_}", "1_2_3-rc1"}, {"${V##*-}", "rc1"},
	{"${NONE:-${V%%.*}}", "1"}, {"$_a1/$_a1", "under/under"}, {"$q", "'\"$FOO\\x"}, {"\"${q}\"", "'\"$FOO\\x"}, {"$$FOO", "FOO"}, {"a$", "a$"},
	{"${str/ba}", "!unexpected end of statement while looking for matching /"},
};

static void check(size_t i, const char *want, const char *is, const struct err *e)
{
	if (*want == '!' ? !e->code || strcmp(want + 1, e->text) != 0 : !is || strcmp(want, is) != 0)
		fail_msg("case %zu (%s): %s, is %s %s", i, words[i].text, want, is ? is : "", e->text);
}

static void test_word(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_free_ char *is = NULL;
		struct err e = {0};
		int r = expand_word(words[i].text, &backslash, &is, &e);

		assert_int_equal(r < 0, e.code != 0);
		check(i, words[i].want, is, &e);
	}
}

static void test_backtick(void **state _unused_)
{
	_cleanup_free_ char *a = NULL, *b = NULL;

	assert_int_equal(expand_word("c:\\x`$FOO\"`\"\"", &backtick, &a, NULL), 0);
	assert_string_equal(a, "c:\\x$FOO\"");
	/* a here-document's escape is always the backslash, and its quotes are text */
	assert_int_equal(expand_text("'$FOO' \"\\$FOO\" `$two`\n", &backtick, &b, NULL), 0);
	assert_string_equal(b, "'/bar' \"$FOO\" `a b`\n");
}

static void test_words(void **state _unused_)
{
	_cleanup_(strv_done) struct strv v = {0};

	assert_int_equal(expand_words(" $two  \"$two\" '' x\\ y $empty ", &backslash, &v, NULL), 0);
	assert_int_equal(v.n, 5);
	assert_string_equal(v.items[0], "a");
	assert_string_equal(v.items[1], "b");
	assert_string_equal(v.items[2], "a b");
	assert_string_equal(v.items[3], "");
	assert_string_equal(v.items[4], "x y");
}

/* What an instruction becomes: its arguments joined by "|", then its flags. */
static const struct whole {
	const char *text, *want;
} wholes[] = {
	{"ENV A=$FOO B=\"x y\" C=a\\ b 'D'=$D", "A|/bar|B|x y|C|a b|D|"},
	{"ENV A  it's", "!"},
	{"ENV A $two \"q\"", "A|a b q"},
	{"LABEL \"a b\"=\"$two\"", "a b|a b"},
	{"ARG A=\"x y\" B", "A=x y|B"},
	{"EXPOSE $two 80", "a|b|80"},
	{"WORKDIR $FOO/$two", "/bar/a b"},
	{"USER ${NONE:-me}", "me"},
	{"VOLUME [\"$two\", \"x\"]", "a b|x"},
	{"STOPSIGNAL ${NONE:-9}", "9"},
	{"COPY --chown=$NONE:1 --exclude=*.$SHELL $two $FOO/", "a b|/bar/|:1|*.bash"},
	{"FROM --platform=$SHELL $str:${V} AS $x", "!"},
	{"FROM --platform=$SHELL $str:${V} AS x", "foobarbaz:1.2.3-rc1|x|bash"},
	{"RUN --mount=type=cache,target=$FOO echo $FOO", "echo $FOO|type=cache,target=/bar"},
	{"CMD $FOO", "$FOO"},
	{"ENTRYPOINT [\"$FOO\"]", "$FOO"},
	{"SHELL [\"$FOO\"]", "$FOO"},
	{"HEALTHCHECK CMD $FOO", "$FOO"},
	{"MAINTAINER $FOO", "$FOO"},
	{"ONBUILD ENV A=$FOO", "ENV A=$FOO"},
};

static int whole(const char *text, struct buf *out)
{
	_cleanup_instruction_ struct instruction *in = NULL, *x = NULL;
	const char *more[4];

	if (instruction_parse(text, '\\', &in, NULL) < 0 || instruction_expand(in, &backslash, &x, NULL) < 0) {
		buf_adds(out, "!");
		return 0;
	}
	for (size_t i = 0; i < x->args.n; i++)
		buf_addf(out, "%s%s", i ? "|" : "", x->args.items[i]);
	more[0] = x->flags.chown;
	more[1] = x->flags.exclude.n ? x->flags.exclude.items[0] : NULL;
	more[2] = x->flags.platform;
	more[3] = x->flags.mount.n ? x->flags.mount.items[0] : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		if (more[i])
			buf_addf(out, "|%s", more[i]);
	}
	return buf_bad(out);
}

static void test_instruction(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(wholes); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		assert_int_equal(whole(wholes[i].text, &b), 0);
		if (strcmp(wholes[i].want, buf_str(&b)) != 0)
			fail_msg("%s: %s, is %s", wholes[i].text, wholes[i].want, buf_str(&b));
	}
}

static void test_heredoc(void **state _unused_)
{
	static const char text[] = "FROM a\nCOPY <<E <<'F' <<\"$FOO\" $FOO\n$two\nE\n$two\nF\n1\n$FOO\n";
	_cleanup_(containerfile_done) struct containerfile f = {0};
	_cleanup_instruction_ struct instruction *x = NULL;

	assert_int_equal(containerfile_parse(text, strlen(text), "F", &f, NULL), 0);
	assert_int_equal(instruction_expand(f.items[1], &backslash, &x, NULL), 0);
	assert_string_equal(x->heredocs[0].content, "a b\n");
	assert_int_equal(x->heredocs[0].len, 4);
	assert_string_equal(x->heredocs[1].content, "$two\n");
	assert_ptr_equal(instruction_heredoc(x, x->args.items[2]), &x->heredocs[2]);
	assert_string_equal(x->args.items[3], "/bar");
	assert_string_equal(f.items[1]->heredocs[0].content, "$two\n");
}

/* Depth, size and work end with an error, not with the machine's memory. */
static void test_bounds(void **state _unused_)
{
	_cleanup_(buf_done) struct buf deep = BUF_INIT, wide = BUF_INIT;
	_cleanup_free_ char *is = NULL;

	for (int i = 0; i <= EXPAND_DEPTH_MAX; i++)
		buf_adds(&deep, "${X:-");
	assert_int_equal(expand_word(buf_str(&deep), &backslash, &is, NULL), -E2BIG);
	for (size_t i = 0; i * 9 <= EXPAND_MAX; i++)
		buf_adds(&wide, "$str");
	assert_int_equal(expand_word(buf_str(&wide), &backslash, &is, NULL), -EFBIG);
}

static const char *many(const char *name _unused_, void *ctx)
{
	return ctx;
}

static void test_work(void **state _unused_)
{
	_cleanup_free_ char *as = malloc(200001), *is = NULL;
	struct expand x = {.escape = '\\', .get = many, .ctx = as};

	assert_non_null(as);
	memset(as, 'a', 200000);
	as[200000] = '\0';
	assert_int_equal(expand_word("${v//a*a*a*a*b/x}", &x, &is, NULL), -E2BIG);
	assert_int_equal(expand_word("${v%a*b}", &x, &is, NULL), -E2BIG);
	assert_int_equal(expand_word("${v##*a}", &x, &is, NULL), 0);
	assert_string_equal(is, "");
}

static void test_keep(void **state _unused_)
{
	static const struct expand x = {.escape = '\\', .keep_variables = true};
	_cleanup_free_ char *is = NULL;

	assert_int_equal(expand_word("$a \"${b:-c} \\$d\" '$e' ${", &x, &is, NULL), 0);
	assert_string_equal(is, "$a ${b:-c} $d $e ${");
}

TESTS("oci/expand", cmocka_unit_test(test_word), cmocka_unit_test(test_backtick), cmocka_unit_test(test_words), cmocka_unit_test(test_instruction),
      cmocka_unit_test(test_heredoc), cmocka_unit_test(test_keep), cmocka_unit_test(test_bounds), cmocka_unit_test(test_work))
