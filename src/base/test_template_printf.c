/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/template.h"
#include "base/testing.h"

#include <string.h>

struct printed {
	const char *text, *want;
};

static void all_print(const struct printed *cases, size_t n, struct json_object *o)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_template_ struct template *t = NULL;
		_cleanup_(buf_done) struct buf out = BUF_INIT;
		struct err e = {0};

		if (template_parse(cases[i].text, &t, &e) < 0)
			fail_msg("%s: %s", cases[i].text, e.text);
		assert_int_equal(template_exec(t, o, 0, &out, &e), 0);
		assert_string_equal(buf_str(&out), cases[i].want);
	}
}

/* What podman 4.3.1 (Go 1.19) prints for the same texts. */
static void of_constants(void **state)
{
	static const struct printed cases[] = {
		{"{{printf \"%q %x %X %U %#U %c %O %b %#o %#b\" 65 65 65 65 8364 65 65 65 65 65}}", "'A' 41 41 U+0041 U+20AC '\xe2\x82\xac' A 0o101 1000001 0101 0b1000001"},
		{"{{printf \"%q %#q %+q %#q %+q\" \"a\\\"b\" \"ab\" \"\xc3\xa9\" \"a`b\" \"\\u2028\"}}", "\"a\\\"b\" `ab` \"\\u00e9\" \"a`b\" \"\\u2028\""},
		{"{{printf \"%x %X % x %#x % #X\" \"hi\" \"hi\" \"hi\" \"hi\" \"hi\"}}", "6869 6869 68 69 0x6869 0X68 0X69"},
		{"{{printf \"%.1x|%.3q|%10q|%-10q|\" \"hi\" \"hello\" \"hi\" \"hi\"}}", "68|\"hel\"|      \"hi\"|\"hi\"      |"},
		{"{{printf \"%#v %#v %#v %#v\" \"hi\" 1 true 1.5}}", "\"hi\" 1 true 1.5"},
		{"{{printf \"%q %t %d %s\" true true true true}}", "%!q(bool=true) true %!d(bool=true) %!s(bool=true)"},
		{"{{printf \"%x %q %b %s %d %c %U\" 1.5 1.5 1.5 1.5 1.5 1.5 1.5}}",
		 "0x1.8p+00 %!q(float64=1.5) 6755399441055744p-52 %!s(float64=1.5) %!d(float64=1.5) %!c(float64=1.5) %!U(float64=1.5)"},
		{"{{printf \"%e %E %f %F %g %G %.3g|%8.2f|%-8.2f|%+.1f|% .1f|%08.2f\" 1234.5678 1234.5678 1234.5678 1234.5678 1234.5678 1234.5678 "
		 "1234.5678 1234.5678 1234.5678 1234.5678 1234.5678 -1234.5678}}",
		 "1.234568e+03 1.234568E+03 1234.567800 1234.567800 1234.5678 1234.5678 1.23e+03| 1234.57|1234.57 |+1234.6| 1234.6|-1234.57"},
		{"{{printf \"%G %g %g %g %v\" 1e-7 1e21 1e20 100000000.0 1234567.5}}", "1E-07 1e+21 1e+20 1e+08 1.2345675e+06"},
		{"{{printf \"%z %!\" 1}}", "%!z(int=1) %!!(MISSING)"},
		{"{{printf \"%[2]d %[1]d\" 1 2}}|{{printf \"%[3]d\" 1 2}}|{{printf \"%[x]d\" 1 2}}|{{printf \"%[2]d\" 1 2}}", "2 1|%!d(BADINDEX)|%!d(BADINDEX)|2"},
		{"{{printf \"%*d|%-*d|%.*f|%*d|\" 5 42 5 42 2 3.14159 -4 7}}|{{printf \"%*d\" \"x\" 42}}|{{printf \"%.*d\" \"x\" 42}}",
		 "   42|42   |3.14|7   ||%!(BADWIDTH)42|%!(BADPREC)42"},
		{"{{printf \"%s %d %v %T\" nil nil nil nil}}", "%!s(<nil>) %!d(<nil>) <nil> <nil>"},
		{"{{printf \"%w %c %U\" \"x\" \"x\" \"x\"}} {{printf \"%t\" 1}}", "%!w(string=x) %!c(string=x) %!U(string=x) %!t(int=1)"},
		{"{{printf \"%6.2d|%+06d|% 06d|%-06d|%x|%x|% x|%+x|%.0d|\" 7 42 42 42 -255 255 255 255 0}}", "    07|+00042| 00042|42    |-ff|ff| ff|+ff||"},
		{"{{printf \"%#x %#X %#o %O %#b %#d %#q\" 255 255 8 8 5 5 65}}", "0xff 0XFF 010 0o10 0b101 5 'A'"},
		{"{{printf \"%08s|%-08s|%08q|%08t\" \"ab\" \"ab\" \"ab\" true}}", "000000ab|ab      |0000\"ab\"|0000true"},
		{"{{printf \"%d %s\" 1}} {{printf \"%d\" 1 2 \"x\"}} {{printf \"%%|%5%|%-5%|\"}} {{printf \"x%\"}} {{printf \"x%-5.\"}}",
		 "1 %!s(MISSING) 1%!(EXTRA int=2, string=x) %|%|%| x%!(NOVERB) x%!(NOVERB)"},
		{"{{printf \"%.3v|%.3v|%10v|%-10v|%010v\" \"hello\" 3.14159 \"hi\" \"hi\" 42}}", "hel|3.14|        hi|hi        |0000000042"},
		{"{{printf \"%+v|%+v|%+q|% d|% v\" 42 \"x\" 233 -3 7}}", "42|x|'\\u00e9'|-3| 7"},
		{"{{printf \"%q\" 1114112}} {{printf \"%c\" 1114112}} {{printf \"%U\" 1114112}} {{printf \"%c\" 55296}}", "'\xef\xbf\xbd' \xef\xbf\xbd U+110000 \xef\xbf\xbd"},
		{"{{printf \"%#U %#U|%10U|%-10U|%+U\" 10 65 65 65 65}}", "U+000A U+0041 'A'|    U+0041|U+0041    |U+0041"},
		{"{{printf \"%q %q %q %q\" \"\\x01\" \"\\t\\n\\a\" \"\\x7f\" \"\xf0\x9f\x98\x80\"}}", "\"\\x01\" \"\\t\\n\\a\" \"\\x7f\" \"\xf0\x9f\x98\x80\""},
		{"{{printf \"%x|%X\" 3.5 -3.5}} {{printf \"%6.3v|%T %T %T %T\" 3.14159 1 1.5 \"x\" true}}", "0x1.cp+01|-0X1.CP+01   3.14|int float64 string bool"},
		/* a letter that is no ASCII, and what is past the bound */
		{"{{printf \"%\xc3\xa9\" 1}} {{printf \"%*d\" 2000000 1}} {{printf \"%[2]*[1]d\" 1 4}}", "%!\xc3\xa9(int=1) %!(BADWIDTH)1    1"},
	};

	(void)state;
	all_print(cases, ARRAY_SIZE(cases), NULL);
}

static void of_what_has_a_name(void **state)
{
	static const char text[] = "{\"T\":\"2026-11-23T15:05:07.042511339Z\",\"Every\":90000000000,\"Labels\":{\"tier\":\"front\",\"a\\\"b\":\"x,y\"},\"Cmd\":[\"true\"]}";
	static const struct printed cases[] = {
		{"{{printf \"%q\" .T}}", "\"2026-11-23 15:05:07.042511339 +0000 UTC\""},
		{"{{printf \"%x\" .T}}", "323032362d31312d32332031353a30353a30372e303432353131333339202b3030303020555443"},
		{"{{printf \"%T|%+v\" .T .T}}", "time.Time|2026-11-23 15:05:07.042511339 +0000 UTC"},
		{"{{printf \"%5.3s|%40s|%-40s|\" .T .T .T}}", "  202| 2026-11-23 15:05:07.042511339 +0000 UTC|2026-11-23 15:05:07.042511339 +0000 UTC |"},
		{"{{printf \"%10q\" .T.Month}}", "\"November\""},
		{"{{printf \"%q|%x|%X|%d|%o|%U|%t\" .T.Month .T.Month .T.Month .T.Month .T.Month .T.Month .T.Month}}",
		 "\"November\"|4e6f76656d626572|4E6F76656D626572|11|13|U+000B|%!t(time.Month=11)"},
		{"{{printf \"%q %s %x %v %d\" .Every .Every .Every .Every .Every}}", "\"1m30s\" 1m30s 316d333073 1m30s 90000000000"},
		{"{{printf \"%v %+v %d %q\" .Labels .Labels .Labels .Labels}}",
		 "map[a\"b:x,y tier:front] map[a\"b:x,y tier:front] map[%!d(string=a\"b):%!d(string=x,y) %!d(string=tier):%!d(string=front)] map[\"a\\\"b\":\"x,y\" \"tier\":\"front\"]"},
		{"{{printf \"%s %x\" .Labels .Labels}}", "map[a\"b:x,y tier:front] map[612262:782c79 74696572:66726f6e74]"},
		{"{{printf \"%s %q %d %v %x\" .Cmd .Cmd .Cmd .Cmd .Cmd}}", "[true] [\"true\"] [%!d(string=true)] [true] [74727565]"},
	};
	_cleanup_json_ struct json_object *o = NULL;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), "test", &o, NULL), 0);
	json_mark(json_at(o, "T"), JSON_TIME);
	json_mark(json_at(o, "Every"), JSON_DURATION);
	all_print(cases, ARRAY_SIZE(cases), o);
}

TESTS("base/template_printf", cmocka_unit_test(of_constants), cmocka_unit_test(of_what_has_a_name))
