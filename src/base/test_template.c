/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/clock.h"
#include "base/template.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char data[] =
	"{\"Id\":\"abc123\",\"Names\":[\"web\",\"www\"],\"Pid\":42,\"Neg\":-7,\"Big\":18446744073709551615,"
	"\"Running\":true,\"Dead\":false,\"Empty\":\"\",\"None\":null,\"NoList\":[],\"NoMap\":{},"
	"\"Float\":1.5,\"Tiny\":1e-7,\"Huge\":3e20,\"Huger\":1e21,\"Whole\":100.0,"
	"\"State\":{\"Status\":\"running\",\"ExitCode\":0,\"Health\":{\"Status\":\"\"}},"
	"\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"Labels\":{\"z\":\"1\",\"a\":\"2\"},\"Cmd\":null},"
	"\"Mounts\":[{\"Source\":\"/s\",\"RW\":true},{\"Source\":\"/t\",\"RW\":false}],"
	"\"lower\":\"x\",\"Evil\":\"a\\u001b[2Jb\\u202e\\nc\"}";

struct golden {
	const char *text;
	const char *want; /* the output, or what the error's text holds when it begins with '!' */
};

static const struct golden goldens[] = {
	/* text */
	{"", ""},
	{"plain", "plain"},
	{"a\\tb\\nc\\x", "a\tb\nc\\x"},
	{"a {{/* note */}} b", "a  b"},
	{"a {{- /* note */ -}} b", "ab"},
	{"{{- 1 -}}  x", "1x"},
	{" \n {{- .Pid -}} \n ", "42"},
	{"{{-3}}", "-3"},
	{"{{ -3 }}", "-3"},
	/* fields */
	{"{{.Id}}", "abc123"},
	{"{{ .Id }}", "abc123"},
	{"{{.ID}}", "abc123"},
	{"{{.id}}", "<no value>"},
	{"{{.LOWER}}", "<no value>"},
	{"{{.State.Status}}", "running"},
	{"{{.State.Health.Status}}", ""},
	{"{{.Nope}}", "<no value>"},
	{"{{.Nope.X}}", "!template:1:3: <.Nope.X>: nil pointer evaluating .X"},
	{"{{.Id.X}}", "!can't evaluate field X"},
	{"{{.None}}", "<nil>"},
	{"{{$.Id}}{{$}}", NULL},
	/* how values print */
	{"{{.Pid}} {{.Neg}} {{.Big}} {{.Running}} {{.Dead}}", "42 -7 18446744073709551615 true false"},
	{"{{.Float}} {{.Tiny}} {{.Huge}} {{.Huger}} {{.Whole}}", "1.5 1e-07 3e+20 1e+21 100"},
	{"{{.Names}}", "[web www]"},
	{"{{.NoList}} {{.NoMap}}", "[] map[]"},
	{"{{.Config.Labels}}", "map[a:2 z:1]"},
	{"{{.Mounts}}", "[map[RW:true Source:/s] map[RW:false Source:/t]]"},
	{"{{.Config}}", "map[Cmd:<nil> Env:[A=1 B=2] Labels:map[a:2 z:1]]"},
	/* foreign text is escaped, the user's own is not */
	{"{{.Evil}}", "a\\x1b[2Jb\\u202e\nc"},
	{"{{json .Evil}}", "\"a\\u001b[2Jb\\u202e\\nc\""},
	{"\x1b[1m{{.Id}}", "\x1b[1mabc123"},
	/* functions */
	{"{{json .Names}}", "[\"web\",\"www\"]"},
	{"{{json.Names}}", "!unexpected character after an operand"},
	{"{{json .}}", NULL},
	{"{{json .State}}", "{\"Status\":\"running\",\"ExitCode\":0,\"Health\":{\"Status\":\"\"}}"},
	{"{{json .Nope}} {{json .None}} {{json .Id}}", "null null \"abc123\""},
	{"{{index .Names 1}}", "www"},
	{"{{index .Names 2}}", "!index out of range: 2"},
	{"{{index .Names -1}}", "!index out of range: -1"},
	{"{{index .Config.Labels \"z\"}}", "1"},
	{"{{index .Config.Labels \"none\"}}.", "."},
	{"{{index .Config \"none\"}}", "<no value>"},
	{"{{index .Mounts 1 \"Source\"}}", "/t"},
	{"{{(index .Mounts 0).Source}}", "/s"},
	{"{{index .Pid 1}}", "!can't index item of type int"},
	{"{{len .Names}} {{len .Id}} {{len .Config.Labels}} {{len .None}}", "2 6 2 0"},
	{"{{len .Pid}}", "!len of type int"},
	{"{{upper .Id}} {{lower \"ABC\"}} {{title \"one two\"}}", "ABC123 abc One Two"},
	{"{{upper .Pid}}", "!want string, got int"},
	{"{{join .Names \", \"}}", "web, www"},
	{"{{join .Pid \",\"}}", "!want list, got int"},
	{"{{split \"a:b:c\" \":\"}}", "[a b c]"},
	{"{{split \"abc\" \"\"}}", "[a b c]"},
	{"{{split \"\" \",\"}}", "[]"},
	{"{{slice .Id 1 3}} {{slice .Names 1}}", "bc [www]"},
	{"{{slice .Id 3 1}}", "!out of range"},
	{"{{pad \"x\" 2 1}}|{{truncate \"hello\" 3}}", "  x |hel"},
	{"{{print .Pid .Neg \"a\" 1 2}}", "42 -7a1 2"},
	{"{{println 1 \"a\"}}", "1 a\n"},
	{"{{.Id | upper | printf \"%s!\"}}", "ABC123!"},
	{"{{\"a\" | .Id}}", "!non-function"},
	{"{{.Id \"x\"}}", "!can't give argument"},
	{"{{.Label \"a\" \"b\"}}", "!can't give argument"},
	/* printf */
	{"{{printf \"%s-%d\" .Id .Pid}}", "abc123-42"},
	{"{{printf \"%5d|%-5d|%05d|%+d|%x|%X|%o\" 42 42 -42 42 255 255 8}}", "   42|42   |-0042|+42|ff|FF|10"},
	{"{{printf \"%6.2f|%e|%g|%v\" 1.5 1.5 1.5 1.5}}", "  1.50|1.500000e+00|1.5|1.5"},
	{"{{printf \"%q %v %t %%\" \"a\\\"b\\n\" .Names true}}", "\"a\\\"b\\n\" [web www] true %"},
	{"{{printf \"%.2s|%4s|%-4s|\" \"abc\" \"ab\" \"ab\"}}", "ab|  ab|ab  |"},
	{"{{printf \"%d\" \"x\"}}", "%!d(string=x)"},
	{"{{printf \"%s\" 1}}", "%!s(int=1)"},
	{"{{printf \"%s\"}}", "%!s(MISSING)"},
	{"{{printf \"x\" 1}}", "x%!(EXTRA int=1)"},
	{"{{printf \"%\"}}", "%!(NOVERB)"},
	{"{{printf \"%99999999d\" 1}}", NULL},
	{"{{printf \"%x\" \"hi\"}}", "6869"},
	{"{{printf \"%b|%08b|%c|%c|%c|%U|%U\" 5 5 65 8364 128512 65 128512}}", "101|00000101|A|\xe2\x82\xac|\xf0\x9f\x98\x80|U+0041|U+1F600"},
	{"{{printf \"%q|%5s|%d\" .Names .Names .Names}}", "[\"web\" \"www\"]|[  web   www]|[%!d(string=web) %!d(string=www)]"},
	{"{{printf \"%T %T\" 1 .Names}}", "int list"},
	/* comparisons, logic */
	{"{{eq .Pid 42}} {{eq .Id \"x\" \"abc123\"}} {{ne .Id \"x\"}}", "true true true"},
	{"{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge \"b\" \"a\"}} {{lt 1.5 2}}", "true true false true true"},
	{"{{eq .Id 1}}", "!incompatible types for comparison: string and int"},
	{"{{lt true false}}", "!incompatible types"},
	{"{{eq .Nope \"x\"}} {{eq .None nil}}", "false true"},
	{"{{eq .Names .Names}}", "!can't be compared"},
	{"{{and 1 0 2}} {{and 1 2}} {{or 0 \"\" \"x\"}} {{not .Dead}}", "0 2 x true"},
	{"{{or .Running .Nope.X}}", "true"},
	{"{{and .Dead .Nope.X}}", "false"},
	{"{{eq 1}}", "!wrong number of arguments for eq"},
	/* control */
	{"{{if .Running}}up{{else}}down{{end}}", "up"},
	{"{{if .Dead}}a{{else if .Running}}b{{else}}c{{end}}", "b"},
	{"{{if .Dead}}a{{else if .Empty}}b{{else if .NoList}}c{{else}}d{{end}}!", "d!"},
	{"{{if .NoMap}}a{{end}}{{if .None}}b{{end}}{{if .Nope}}c{{end}}.", "."},
	{"{{with .State}}{{.Status}}{{$.Id}}{{else}}none{{end}}", "runningabc123"},
	{"{{with .Empty}}x{{else}}none{{end}}", "none"},
	{"{{with $x := .Id}}{{$x}}{{.}}{{end}}", "abc123abc123"},
	{"{{range .Names}}{{.}},{{end}}", "web,www,"},
	{"{{range $i, $n := .Names}}{{$i}}={{$n}} {{end}}", "0=web 1=www "},
	{"{{range $n := .Names}}{{$n}} {{end}}", "web www "},
	{"{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}", "a=2 z=1 "},
	{"{{range .NoList}}x{{else}}none{{end}}", "none"},
	{"{{range .None}}x{{else}}none{{end}}", "none"},
	{"{{range .Id}}{{end}}", "!range can't iterate over type string"},
	{"{{range .Mounts}}{{if .RW}}{{continue}}{{end}}{{.Source}}{{end}}", "/t"},
	{"{{range .Mounts}}{{.Source}}{{break}}{{end}}", "/s"},
	{"{{range .Mounts}}{{range $.Names}}{{.}}{{break}}{{end}};{{end}}", "web;web;"},
	{"{{break}}", "!break and continue stand in a range"},
	{"{{range .Names}}{{end}}{{break}}", "!break and continue"},
	/* variables */
	{"{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "12"},
	{"{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"},
	{"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"},
	{"{{if true}}{{$x := 2}}{{end}}{{$x}}", "!undefined variable"},
	{"{{$s := .State}}{{$s.Status}}", "running"},
	{"{{$last := \"\"}}{{range .Names}}{{$last = .}}{{end}}{{$last}}", "www"},
	/* literals */
	{"{{\"a\\tb\\u00e9\\x41\"}}{{`raw\\n`}}", "a\tb\303\251Araw\\n"},
	{"{{1}} {{+2}} {{1.25}} {{1e3}} {{true}} {{nil}}", "1 2 1.25 1000 true <nil>"},
	/* as podman 4.3 prints them, which is Go's own engine */
	{"{{1e21}} {{1e20}} {{0.00001}} {{0.0001}} {{123456789.0}} {{1e6}} {{100000.5}}",
	 "1e+21 1e+20 1e-05 0.0001 1.23456789e+08 1e+06 100000.5"},
	{"{{'a'}} {{'\\n'}} {{0x1F}} {{0b11}} {{0o17}} {{1_000}} {{json 1.50}}", "97 10 31 3 15 1000 1.5"},
	{"{{printf \"%6.3d|%x|% d|%#x|%08.3f|%5t\" 7 \"hi\" 5 255 3.14159 true}}", "   007|6869| 5|0xff|0003.142| true"},
	{"{{range $i, $e := split \"a b c\" \" \"}}{{$i}}{{$e}}{{if eq $i 1}}{{break}}{{end}}{{end}}", "0a1b"},
	{"{{''}}", "!not one character"},
	{"{{'ab'}}", "!not one character"},
	{"{{0x}}", "!bad number"},
	{"{{0b12}}", "!bad number"},
	{"{{0xffffffffffffffffff}}", "!bad number"},
	{"{{\"\\x1b[0m\"}}", "\\x1b[0m"},
	/* what does not parse */
	{"{{", "!template:1:3: unclosed action"},
	{"{{}}", "!missing value for command"},
	{"{{.Id", "!unclosed action"},
	{"ab\n{{.Id}", "!template:2:6"},
	{"{{end}}", "!unexpected {{end}}"},
	{"{{else}}", "!unexpected {{else}}"},
	{"{{if .Id}}", "!{{end}} is missing"},
	{"{{if}}x{{end}}", "!missing value"},
	{"{{if .Id}}{{else}}{{else}}{{end}}", "!unexpected {{else}}"},
	{"{{range}}{{end}}", "!missing value"},
	{"{{nope .Id}}", "!template:1:3: function \"nope\" not defined"},
	{"{{define \"x\"}}{{end}}", "!function \"define\" not defined"},
	{"{{(.Id}}", "!')' was expected"},
	{"{{.Id)}}", "!unexpected text in the action"},
	{"{{\"abc}}", "!unterminated string"},
	{"{{\"\\q\"}}", "!unknown escape"},
	{"{{\"\\u12\"}}", "!hexadecimal"},
	{"{{/* x }}", "!unclosed comment"},
	{"{{1x}}", "!bad number"},
	{"{{99999999999999999999}}", "!bad number"},
	{"{{.Id | }}", "!missing value"},
	{"{{$}}}", NULL},
	{"{{..}}", "!unexpected"},
	{"{{.Id.}}", "!unexpected"},
	{"{{$y}}", "!undefined variable"},
	{"{{len len}}", "!wrong number of arguments"},
};

static struct json_object *parse_data(const char *text)
{
	struct json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), "data", &o, NULL), 0);
	return o;
}

static void test_goldens(void **state)
{
	_cleanup_json_ struct json_object *o = parse_data(data);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(goldens); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT;
		_cleanup_template_ struct template *t = NULL;
		const char *want = goldens[i].want;
		struct err e = {0};
		int r = template_parse(goldens[i].text, &t, &e);

		if (r == 0)
			r = template_exec(t, o, 0, &out, &e);
		if (!want)
			continue;
		if (want[0] == '!') {
			if (r == 0 || !strstr(e.text, want + 1))
				fail_msg("%s: gave %d \"%s\" \"%s\", not an error with \"%s\"", goldens[i].text, r, e.text,
					 buf_str(&out), want + 1);
		} else if (r < 0 || strcmp(buf_str(&out), want) != 0) {
			fail_msg("%s: gave %d \"%s\" \"%s\", not \"%s\"", goldens[i].text, r, e.text, buf_str(&out), want);
		}
	}
}

static const char rows[] = "[{\"ID\":\"0123456789ab\",\"Names\":[\"web\"],\"CreatedAt\":\"now\",\"Label\":\"a\\nb\\tc\"},"
			   "{\"ID\":\"f\",\"Names\":[\"a-long-name-of-one\"],\"CreatedAt\":\"then\",\"Label\":\"\"}]";

static const struct golden row_goldens[] = {
	{"{{.ID}}", "0123456789ab\nf\n"},
	{"{{.ID}}\\n", "0123456789ab\nf\n"},
	{"{{.ID}}\\t{{.CreatedAt}}", "0123456789ab\tnow\nf\tthen\n"},
	{"table {{.ID}}\\t{{.CreatedAt}}", "CONTAINER ID  CREATED AT\n0123456789ab  now\nf             then\n"},
	{"table {{.CreatedAt}} {{.ID}}", "CREATED AT  CONTAINER ID\nnow         0123456789ab\nthen        f\n"},
	{"table {{range .}}{{.ID}}\\t{{index .Names 0}}\\n{{end}}",
	 "CONTAINER ID  NAMES\n0123456789ab  web\nf             a-long-name-of-one\n"},
	{"{{range .}}{{.ID}} {{end}}", "0123456789ab f \n"},
	{"table {{upper .ID}}\\t{{json .Names}}\\t{{join .Names \",\"}}\\t{{printf \"%s\" .ID}}",
	 "CONTAINER ID  NAMES                   NAMES               CONTAINER ID\n"
	 "0123456789AB  [\"web\"]                 web                 0123456789ab\n"
	 "F             [\"a-long-name-of-one\"]  a-long-name-of-one  f\n"},
	{"table {{if .Label}}{{.Label}}{{end}}", "LABEL\na\\nb\\tc\n\n"},
	{"{{.Label}}|{{range .Names}}{{.}}{{end}}", "a\\nb\\tc|web\n|a-long-name-of-one\n"},
	{"{{.Names}}", "[web]\n[a-long-name-of-one]\n"},
	{"{{.Id}}", "0123456789ab\nf\n"},
	{"{{.Nam}}", "!no field Nam"},
};

static void test_rows(void **state)
{
	static const struct template_heading headings[] = {{"ID", "CONTAINER ID"}, {NULL, NULL}};
	_cleanup_json_ struct json_object *o = parse_data(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row_goldens); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT;
		_cleanup_template_ struct template *t = NULL;
		const char *want = row_goldens[i].want;
		struct err e = {0};
		int r = template_parse(row_goldens[i].text, &t, &e);

		if (r == 0)
			r = template_print(t, o, headings, TEMPLATE_STRICT, &out, &e);
		if (want[0] == '!' ? r == 0 || !strstr(e.text, want + 1) : r < 0 || strcmp(buf_str(&out), want) != 0)
			fail_msg("%s: gave %d \"%s\"\n%s\nnot\n%s", row_goldens[i].text, r, e.text, buf_str(&out), want);
	}
}

static void test_flags(void **state)
{
	_cleanup_json_ struct json_object *o = parse_data(rows);
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	_cleanup_template_ struct template *t = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(template_parse("table {{.ID}}", &t, &e), 0);
	assert_true(template_is_table(t));
	assert_int_equal(template_print(t, o, NULL, TEMPLATE_NO_HEADING, &out, &e), 0);
	assert_string_equal(buf_str(&out), "0123456789ab\nf\n");
	buf_reset(&out);
	assert_int_equal(template_print(t, NULL, NULL, 0, &out, &e), 0);
	assert_string_equal(buf_str(&out), "ID\n");
}

static void test_heading_text(void **state)
{
	static const char *const cases[][2] = {
		{"ID", "ID"}, {"CreatedAt", "CREATED AT"}, {"Names", "NAMES"}, {"PIDNamespace", "PID NAMESPACE"},
		{"LoginUID", "LOGIN UID"}, {"x", "X"}, {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		template_heading_text(cases[i][0], &b);
		assert_string_equal(buf_str(&b), cases[i][1]);
	}
}

/* The bounds hold: depth, output, work. */
static void test_bounds(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(buf_done) struct buf out = BUF_INIT_MAX(1000);
	_cleanup_template_ struct template *deep = NULL, *wide = NULL, *slow = NULL;
	_cleanup_json_ struct json_object *list = json_object_new_array();
	struct err e = {0};

	(void)state;
	for (int i = 0; i < TEMPLATE_DEPTH_MAX + 1; i++)
		buf_adds(&text, "{{if 1}}");
	assert_int_equal(template_parse(buf_str(&text), &deep, &e), -EINVAL);
	assert_non_null(strstr(e.text, "nested too deeply"));
	buf_reset(&text);
	buf_adds(&text, "{{");
	for (int i = 0; i < 10000; i++)
		buf_addc(&text, '(');
	assert_int_equal(template_parse(buf_str(&text), &deep, &e), -EINVAL);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(json_append(list, json_object_new_int(i)), 0);
	assert_int_equal(template_parse("{{range .}}{{.}}{{end}}", &wide, &e), 0);
	assert_int_equal(template_exec(wide, list, 0, &out, &e), -EFBIG);
	assert_int_equal(template_parse("{{range .}}{{range $}}{{range $}}{{end}}{{end}}{{end}}", &slow, &e), 0);
	buf_reset(&out);
	assert_int_equal(template_exec(slow, list, 0, &out, &e), -EINVAL);
	assert_non_null(strstr(e.text, "takes too long"));
}

/* Which fields it may read: too many is right, too few is not. */
static void test_uses(void **state)
{
	static const struct {
		const char *text;
		bool id, pid;
	} c[] = {
		{"plain", false, false},
		{"{{.ID}}", true, false},
		{"table {{.id}}\\t{{upper .Image}}", true, false},
		{"{{if .Image}}{{.Pid}}{{else}}{{.Id}}{{end}}", true, true},
		{"{{with .Image}}{{$.Pid}}{{end}}", false, true},
		{"{{$x := .Image}}{{$x.Pid}}", false, true},
		{"{{range $k, $v := .}}{{$k}}{{end}}", true, true},
		{"{{json .}}", true, true},
		{"{{index . \"ID\"}}", true, true},
		{"{{$}}", true, true},
		{"{{(index .Mounts 0).Pid}}", false, false},
		{"{{printf \"%s\" (.Pid)}}", false, true},
		{"{{.Image | printf \"ID %s\"}}", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		_cleanup_template_ struct template *t = NULL;
		struct err e = {0};

		if (template_parse(c[i].text, &t, &e) < 0)
			fail_msg("%s: %s", c[i].text, e.text);
		if (template_uses(t, "ID") != c[i].id || template_uses(t, "Pid") != c[i].pid)
			fail_msg("%s", c[i].text);
	}
}

/* Fixed fields print as a Go struct, whatever they are in; a map inside stays a map. */
static void test_struct(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"{{.}}", "map[Every:1m30.5s Pid:1 Policy:{no 0 map[a:b c:d]}]"},
		{"{{.Policy}}|{{println .Policy}}", "{no 0 map[a:b c:d]}|{no 0 map[a:b c:d]}\n"},
		{"{{printf \"%v|%+v\" .Policy .Policy}}", "{no 0 map[a:b c:d]}|{Name:no Count:0 Map:map[a:b c:d]}"},
		{"{{.Every}} {{printf \"%s|%v|%d|%T\" .Every .Every .Every .Every}}", "1m30.5s 1m30.5s|1m30.5s|90500000000|time.Duration"},
		{"{{json .Every}} {{if .Every}}{{gt .Every 9}}{{end}} {{len (print .Every)}}", "90500000000 true 7"},
		{"{{json .Policy}}", "{\"Name\":\"no\",\"Count\":0,\"Map\":{\"c\":\"d\",\"a\":\"b\"}}"},
	};
	_cleanup_json_ struct json_object *o = NULL;
	static const char text[] = "{\"Pid\":1,\"Every\":90500000000,\"Policy\":{\"Name\":\"no\",\"Count\":0,\"Map\":{\"c\":\"d\",\"a\":\"b\"}}}";
	struct err e = {0};

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), "test", &o, &e), 0);
	json_mark(json_at(o, "Policy"), JSON_STRUCT);
	json_mark(json_at(o, "Every"), JSON_DURATION);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_template_ struct template *t = NULL;
		_cleanup_(buf_done) struct buf out = BUF_INIT;

		assert_int_equal(template_parse(cases[i].text, &t, &e), 0);
		assert_int_equal(template_exec(t, o, 0, &out, &e), 0);
		assert_string_equal(buf_str(&out), cases[i].want);
	}
}

/* What podman's print of the same moments. */
static void test_methods(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"{{.T}} {{.T.Year}} {{.T.Month}} {{.T.Day}} {{.T.Hour}} {{.T.Minute}} {{.T.Second}} {{.T.Nanosecond}}",
		 "2026-11-23 11:03:13.5 +0000 UTC 2026 November 23 11 3 13 500000000"},
		{"{{.T.Unix}} {{.T.UnixMilli}} {{.T.UnixMicro}} {{.T.UnixNano}}", "1795431793 1795431793500 1795431793500000 1795431793500000000"},
		{"{{.T.Weekday}} {{.T.YearDay}} {{.T.UTC.Year}} {{.T.UTC}} {{.T.String}}",
		 "Monday 327 2026 2026-11-23 11:03:13.5 +0000 UTC 2026-11-23 11:03:13.5 +0000 UTC"},
		{"{{.T.Format \"2006-01-02\"}} {{\"15:04\" | .T.Format}} {{(.T).Format \"06\"}}", "2026-11-23 11:03 26"},
		{"{{$t := .T}}{{$t.Year}}{{$t.Format \" Jan\"}}{{with .T}} {{.Day}}{{end}}", "2026 Nov 23"},
		{"{{.T.IsZero}} {{.Never.IsZero}} {{.Never}} {{.Never.Unix}}", "false true 0001-01-01 00:00:00 +0000 UTC -62135596800"},
		{"{{.T.Sub .S}} {{(.T.Sub .S).Seconds}} {{.S.Sub .T}} {{.Never.Sub .T}}", "1m0.25s 60.25 -1m0.25s -2562047h47m16.854775808s"},
		{"{{.T.Before .S}} {{.T.After .S}} {{.T.Equal .T}} {{.S.Before .T}}", "false true true true"},
		{"{{printf \"%d-%02d %s %v %d %T\" .T.Year .T.Month .T.Month .T.Month .T.Weekday .T.Month}}",
		 "2026-11 November November 1 time.Month"},
		{"{{json .T.Month}} {{eq .T.Month 11}} {{eq .T.Year 2026}} {{.T.Month.String}} {{printf \"%T\" .T}}", "11 true true November time.Time"},
		{"{{.D}} {{.D.Seconds}} {{.D.Minutes}} {{.D.Hours}} {{.D.Milliseconds}} {{.D.String}}", "1m30.5s 90.5 1.5083333333333333 0.025138888888888888 90500 1m30.5s"},
		{"{{.T.Local.Local}} {{.T.Local.Hour}} {{.T.Local.Format \"15:04 MST\"}} {{.T.Local.UTC}} {{.T.Local.Equal .T}}",
		 "2026-11-23 12:33:13.5 +0130 XYZ 12 12:33 XYZ 2026-11-23 11:03:13.5 +0000 UTC true"},
		/* what is none */
		{"{{.T.Nope}}", "!can't evaluate field Nope in type time.Time"},
		{"{{.T.year}}", "!can't evaluate field year in type time.Time"},
		{"{{.T.Year.X}}", "!can't evaluate field X in type int"},
		{"{{.T.Format}}", "!wrong number of arguments for Format"},
		{"{{.T.Year 3}}", "!wrong number of arguments for Year"},
		{"{{.T.Format 5}}", "!want string, got int"},
		{"{{.T.Sub 5}}", "!want time.Time, got int"},
		{"{{.T.Sub .Text}}", "!want time.Time, got string"},
		{"{{.Text.Year}}", "!can't evaluate field Year in type string"},
		{"{{.D.Year}}", "!can't evaluate field Year in type time.Duration"},
		{"{{.T.Sub .None}}", "!want time.Time, got nil"},
		{"{{.Text | .T}}", "!can't give argument to non-function .T"},
		{"{{.T.Format .Nope.X}}", "!nil pointer"},
		{"{{.T | .}}", "!non-function"},
	};
	const struct timespec t = {.tv_sec = 1795431793, .tv_nsec = 500000000}, never = CLOCK_NEVER;
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct err e = {0};

	(void)state;
	setenv("TZ", "XYZ-1:30", 1);
	tzset();
	assert_int_equal(json_add_time(o, "T", &t), 0);
	assert_int_equal(json_add_time_text(o, "S", "2026-11-23T12:02:13.25+01:00"), 0);
	assert_int_equal(json_add_time(o, "Never", &never), 0);
	assert_int_equal(json_add_time_text(o, "Text", "yesterday"), 0);
	assert_int_equal(json_add_int(o, "D", 90500000000), 0);
	json_mark(json_at(o, "D"), JSON_DURATION);
	assert_int_equal(json_object_object_add(o, "None", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_template_ struct template *tpl = NULL;
		_cleanup_(buf_done) struct buf out = BUF_INIT;
		const char *want = cases[i].want;
		int r;

		e = (struct err){0};
		r = template_parse(cases[i].text, &tpl, &e);
		if (r == 0)
			r = template_exec(tpl, o, 0, &out, &e);
		if (*want == '!' ? r == 0 || !strstr(e.text, want + 1) : r < 0 || strcmp(buf_str(&out), want) != 0)
			fail_msg("%s: %s %s", cases[i].text, buf_str(&out), e.text);
	}
	unsetenv("TZ");
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_struct), cmocka_unit_test(test_methods),
		cmocka_unit_test(test_goldens),	     cmocka_unit_test(test_rows),   cmocka_unit_test(test_flags),
		cmocka_unit_test(test_heading_text), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_uses),
	};

	return cmocka_run_group_tests_name("base/template", tests, NULL, NULL);
}
