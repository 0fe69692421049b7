/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Each file is written out in a short form and compared: "line KIND words", words in <>, JSON form in [].
 * Examples are those of the Dockerfile reference and of BuildKit's parser.
 */
#include "oci/containerfile.h"
#include "base/buf.h"
#include "base/testing.h"

static void say(struct buf *b, const char *name, const char *value)
{
	if (value)
		buf_addf(b, " --%s=%s", name, value);
}

static void say_flags(struct buf *b, const struct instruction_flags *f)
{
	say(b, "from", f->from);
	say(b, "chown", f->chown);
	say(b, "chmod", f->chmod);
	say(b, "checksum", f->checksum);
	say(b, "network", f->network);
	say(b, "security", f->security);
	say(b, "platform", f->platform);
	say(b, "interval", f->interval);
	say(b, "timeout", f->timeout);
	say(b, "retries", f->retries);
	say(b, "link", f->link ? "1" : NULL);
	say(b, "parents", f->parents ? "1" : NULL);
	say(b, "unpack", f->unpack ? "1" : f->no_unpack ? "0" : NULL);
	for (size_t i = 0; i < f->exclude.n; i++)
		say(b, "exclude", f->exclude.items[i]);
	for (size_t i = 0; i < f->mount.n; i++)
		say(b, "mount", f->mount.items[i]);
}

static void say_instruction(struct buf *b, const struct instruction *in)
{
	buf_addf(b, "%u %s", in->line, instruction_name(in->kind));
	say_flags(b, &in->flags);
	if (in->is_none)
		buf_adds(b, " none");
	if (in->is_exec && in->args.n == 0)
		buf_adds(b, " []");
	for (size_t i = 0; i < in->args.n; i++)
		buf_addf(b, in->is_exec ? " [%s]" : " <%s>", in->args.items[i]);
	for (size_t i = 0; i < in->n_heredocs; i++)
		buf_addf(b, " {%s%s%s:%s}", in->heredocs[i].name, in->heredocs[i].expand ? "" : "'", in->heredocs[i].strip_tabs ? "-" : "",
			 in->heredocs[i].content);
	buf_addc(b, '\n');
}

static const struct good {
	const char *text, *want;
} good[] = {
	{"FROM scratch", "1 FROM <scratch>\n"},
	{"from a:1 aS Base\n", "1 FROM <a:1> <Base>\n"},
	{"FROM --platform=linux/arm64 debian\n", "1 FROM --platform=linux/arm64 <debian>\n"},
	{"\xEF\xBB\xBF" "FROM a\r\nRUN x \\\r\n  y\r\n", "1 FROM <a>\n2 RUN <x   y>\n"},
	{"ARG V=1\nFROM a:${V}\nARG A B=\"x y\"\n", "1 ARG <V=1>\n2 FROM <a:${V}>\n3 ARG <A> <B=\"x y\">\n"},
	/* comments, also in a continued instruction; # elsewhere is a character */
	{"# a\nFROM a\nRUN echo \\\n# comment\n  # too\n\n  hello # not\n", "2 FROM <a>\n3 RUN <echo   hello # not>\n"},
	{"FROM a\n  # x\n  RUN echo hello\\\nworld", "1 FROM <a>\n3 RUN <echo helloworld>\n"},
	{"FROM a\nRUN a \\  \n b\nRUN c \\\\\nRUN d\n", "1 FROM <a>\n2 RUN <a  b>\n4 RUN <c \\\\>\n5 RUN <d>\n"},
	{"# escape=`\nFROM a\nRUN dir `\n c:\\\nCOPY a c:\\\n", "2 FROM <a>\n3 RUN <dir  c:\\>\n5 COPY <a> <c:\\>\n"},
	{"\\\nFROM a\nRUN x\\\n\n\n", "2 FROM <a>\n3 RUN <x>\n"},
	/* commands */
	{"FROM a\nRUN [\"a\", \"b c\"]\nCMD [\"x\"] # y\nENTRYPOINT []\nCMD [ not json\nSHELL [\"powershell\", \"-command\"]\n",
	 "1 FROM <a>\n2 RUN [a] [b c]\n3 CMD [x]\n4 ENTRYPOINT []\n5 CMD <[ not json>\n6 SHELL [powershell] [-command]\n"},
	{"FROM a\nRUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t --network=none apt x\n",
	 "1 FROM <a>\n2 RUN --network=none --mount=type=cache,target=/c --mount=type=tmpfs,target=/t <apt x>\n"},
	{"FROM a\nRUN --mount='type=bind,source=a b,target=/x' -- --x\n", "1 FROM <a>\n2 RUN --mount=type=bind,source=a b,target=/x <--x>\n"},
	{"FROM a\nHEALTHCHECK --interval=5m --timeout=3s CMD curl -f http://localhost/ || exit 1\nhealthcheck NONE\nHEALTHCHECK cmd [\"a\"]\n",
	 "1 FROM <a>\n2 HEALTHCHECK --interval=5m --timeout=3s <curl -f http://localhost/ || exit 1>\n3 HEALTHCHECK none\n4 HEALTHCHECK [a]\n"},
	/* names and values stay raw */
	{"FROM a\nENV MY_NAME=\"John Doe\" MY_DOG=Rex\\ The\\ Dog \\\n    MY_CAT=fluffy\nENV ONE TWO= THREE=world\n",
	 "1 FROM <a>\n2 ENV <MY_NAME> <\"John Doe\"> <MY_DOG> <Rex\\ The\\ Dog> <MY_CAT> <fluffy>\n4 ENV <ONE> <TWO= THREE=world>\n"},
	{"FROM a\nLABEL \"com.example.vendor\"=\"ACME = Inc\" v='1 \\' x=\n",
	 "1 FROM <a>\n2 LABEL <\"com.example.vendor\"> <\"ACME = Inc\"> <v> <'1 \\'> <x> <>\n"},
	{"FROM a\nCOPY --chown=55:mygroup --chmod=u=rwX,go=rX --link --parents --exclude=*.md --exclude=b files* /somedir/\n",
	 "1 FROM <a>\n2 COPY --chown=55:mygroup --chmod=u=rwX,go=rX --link=1 --parents=1 --exclude=*.md --exclude=b <files*> </somedir/>\n"},
	{"FROM a\nADD --checksum=sha256:00 --unpack=false --link=false https://x/y /\nCOPY [\"a b\", \"/c d/\"]\nCOPY --from=build /x .\n",
	 "1 FROM <a>\n2 ADD --checksum=sha256:00 --unpack=0 <https://x/y> </>\n3 COPY [a b] [/c d/]\n4 COPY --from=build </x> <.>\n"},
	{"FROM a\nEXPOSE 80/tcp 80/udp\nVOLUME [\"/data\"]\nVOLUME /var/log /var/db\nUSER a:b\nWORKDIR /a b\nSTOPSIGNAL 9\nMAINTAINER me you\n",
	 "1 FROM <a>\n2 EXPOSE <80/tcp> <80/udp>\n3 VOLUME [/data]\n4 VOLUME </var/log> </var/db>\n5 USER <a:b>\n6 WORKDIR </a b>\n7 STOPSIGNAL "
	 "<9>\n8 MAINTAINER <me you>\n"},
	{"FROM a\nONBUILD RUN /usr/local/bin/python-build --dir /app/src\n", "1 FROM <a>\n2 ONBUILD <RUN /usr/local/bin/python-build --dir /app/src>\n"},
	/* here-documents */
	{"FROM a\nRUN <<EOF\napt-get update\n  x\nEOF\nRUN y\n", "1 FROM <a>\n2 RUN <<<EOF> {EOF:apt-get update\n  x\n}\n6 RUN <y>\n"},
	{"FROM a\nRUN <<F1 cat > f1 && <<-'F2' cat > f2\nI am\nF1\n\tthe \\\n\tF2\n",
	 "1 FROM <a>\n2 RUN <<<F1 cat > f1 && <<-'F2' cat > f2> {F1:I am\n} {F2'-:the \\\n}\n"},
	{"FROM a\nCOPY <<-EOF <<\"B\" /d/\n\thello ${N}\n\tEOF\n# $x\nB\n", "1 FROM <a>\n2 COPY <<<-EOF> <<<\"B\"> </d/> {EOF-:hello ${N}\n} {B':# $x\n}\n"},
	{"FROM a\nRUN cat <<<x a<<b \"<<c\" $((1<<2))\nRUN [\"<<EOF\"]\n", "1 FROM <a>\n2 RUN <cat <<<x a<<b \"<<c\" $((1<<2))>\n3 RUN [<<EOF]\n"},
	{"FROM a\nRUN <<EOF\nEOF", "1 FROM <a>\n2 RUN <<<EOF> {EOF:}\n"},
	{"FROM a\r\nCOPY <<E x\r\n1\r\nE\r\n", "1 FROM <a>\n2 COPY <<<E> <x> {E:1\r\n}\n"},
};

static void test_good(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_(containerfile_done) struct containerfile f = {0};
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		struct err e = {0};

		if (containerfile_parse(good[i].text, strlen(good[i].text), "F", &f, &e) < 0)
			fail_msg("case %zu: %s", i, e.text);
		for (size_t j = 0; j < f.n; j++)
			say_instruction(&b, f.items[j]);
		if (strcmp(buf_str(&b), good[i].want) != 0)
			fail_msg("case %zu:\n%s--- is\n%s", i, good[i].want, buf_str(&b));
	}
}

static const struct bad {
	const char *text, *want;
} bad[] = {
	{"", "F:0: file with no instructions"},
	{"# only\n", "F:1: file with no instructions"},
	{"FROM a\nRUM x\n", "F:2: unknown instruction: RUM (did you mean RUN?)"},
	{"FROM a\n\nfoobar x\n", "F:3: unknown instruction: FOOBAR"},
	{"RUN x\n", "F:1: no build stage in current context: RUN stands before the first FROM"},
	{"FROM\n", "F:1: FROM requires either one or three arguments"},
	{"FROM a b\n", "F:1: FROM requires either one or three arguments"},
	{"FROM a as 1x\n", "F:1: invalid name for build stage: \"1x\", name can't start with a number or contain symbols"},
	{"FROM a\nCOPY x\n", "F:2: COPY requires at least two arguments, but only one was provided. Destination could not be determined"},
	{"FROM a\nADD\n", "F:2: ADD requires at least two arguments"},
	{"FROM a\nCOPY x <<EOF\nEOF\n", "F:2: COPY cannot accept a heredoc as destination"},
	{"FROM a\nCOPY --chwon=1 a b\n", "F:2: unknown flag: --chwon (did you mean --chown?)"},
	{"FROM a\nCOPY --mount=x a b\n", "F:2: unknown flag: --mount"},
	{"FROM a\nCOPY --from=a --from=b a b\n", "F:2: duplicate flag specified: from"},
	{"FROM a\nCOPY --from a b\n", "F:2: missing a value on flag: --from"},
	{"FROM a\nCOPY --link=yes a b\n", "F:2: expecting boolean value for flag --link, not: yes"},
	{"FROM a\nENV x\n", "F:2: ENV must have two arguments"},
	{"FROM a\nENV a=1 b\n", "F:2: Syntax error - can't find = in \"b\". Must be of the form: name=value"},
	{"FROM a\nENV =1\n", "F:2: ENV names can not be blank"},
	{"FROM a\nARG =1\n", "F:2: ARG names can not be blank"},
	{"FROM a\nSHELL sh -c\n", "F:2: SHELL requires the arguments to be in JSON form"},
	{"FROM a\nRUN [1, 2]\n", "F:2: when using JSON array syntax, arrays must be comprised of strings only"},
	{"FROM a\nRUN\n", "F:2: RUN requires at least one argument"},
	{"FROM a\nUSER\n", "F:2: USER requires exactly one argument"},
	{"FROM a\nVOLUME [\"\"]\n", "F:2: VOLUME specified can not be an empty string"},
	{"FROM a\nHEALTHCHECK curl\n", "F:2: Unknown type \"curl\" in HEALTHCHECK (try CMD)"},
	{"FROM a\nHEALTHCHECK --timeout=0 --interval=5 CMD x\n", "F:2: --interval: missing unit in duration 5: 5s is seconds"},
	{"FROM a\nHEALTHCHECK --interval=1us CMD x\n", "F:2: --interval: 1us is less than 1ms"},
	{"FROM a\nHEALTHCHECK NONE x\n", "F:2: HEALTHCHECK NONE takes no arguments"},
	{"FROM a\nONBUILD ONBUILD RUN x\n", "F:2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
	{"FROM a\nONBUILD FROM x\n", "F:2: FROM isn't allowed as an ONBUILD trigger"},
	{"FROM a\nRUN <<EOF\nx\n", "F:2: unterminated heredoc: no line is EOF"},
	{"# escape=x\nFROM a\n", "F:1: invalid escape token 'x' does not match ` or \\"},
	{"# escape=\\\n# escape=`\nFROM a\n", "F:2: only one escape parser directive can be used"},
	{"FROM a\nLABEL x=\xff\n", "F:2: the instruction is not UTF-8"},
};

static void test_bad(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(containerfile_done) struct containerfile f = {0};
		struct err e = {0};

		if (containerfile_parse(bad[i].text, strlen(bad[i].text), "F", &f, &e) >= 0)
			fail_msg("case %zu passed: %s", i, bad[i].text);
		if (strcmp(e.text, bad[i].want) != 0)
			fail_msg("case %zu: %s\n--- is %s", i, bad[i].want, e.text);
	}
}

static void test_directives(void **state _unused_)
{
	static const char text[] = "#syntax = docker/dockerfile:1\n# CHECK=skip=all\n# escape=`\nFROM a\n# syntax=late\n";
	static const char late[] = "# a comment\n# escape=`\nFROM a\n";
	_cleanup_(containerfile_done) struct containerfile f = {0}, g = {0};

	assert_int_equal(containerfile_parse(text, strlen(text), "F", &f, NULL), 0);
	assert_string_equal(f.syntax, "docker/dockerfile:1");
	assert_string_equal(f.check, "skip=all");
	assert_int_equal(f.escape, '`');
	assert_int_equal(containerfile_parse(late, strlen(late), "F", &g, NULL), 0);
	assert_int_equal(g.escape, '\\');
	assert_null(g.syntax);
}

/* Of several files all, in order; each is numbered by itself, and one that is refused adds nothing. */
static void test_several(void **state _unused_)
{
	static const struct {
		const char *text;
		size_t n;
		const char *words; /* NULL: it is taken */
	} files[] = {
		{"RUN a\n", 0, "F:1: no build stage in current context"},
		{"# syntax=one\nFROM a AS b\nRUN c\n", 2, NULL},
		{"# syntax=two\nRUN d\n", 3, NULL},
		{"RUN e\n\nRUM f\n", 3, "F:3: unknown instruction: RUM"},
		{"# escape=`\nRUN g\n", 3, "F:2: another escape"},
		{"# nothing\n", 3, "F:1: file with no instructions"},
		{"FROM b\n", 4, NULL},
	};
	_cleanup_(containerfile_done) struct containerfile f = {0};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct err e = {0};
		int r = containerfile_parse(files[i].text, strlen(files[i].text), "F", &f, &e);

		if (files[i].words ? r != -EINVAL || !strstr(e.text, files[i].words) : r != 0)
			fail_msg("%s: %d %s", files[i].text, r, e.text);
		assert_int_equal(f.n, files[i].n);
		assert_true(f.n == 0 || f.escape == '\\');
	}
	assert_string_equal(f.syntax, "two");
	assert_int_equal(f.items[2]->line, 2);
}

static void test_bounds(void **state _unused_)
{
	_cleanup_(containerfile_done) struct containerfile f = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	assert_int_equal(containerfile_parse("FROM a\0RUN b\n", 13, "F", &f, NULL), -EINVAL);
	for (size_t i = 0; i <= CONTAINERFILE_INSTRUCTIONS_MAX; i++)
		buf_adds(&b, "FROM a\n");
	assert_int_equal(containerfile_parse(b.data, b.len, "F", &f, NULL), -E2BIG);
	assert_int_equal(containerfile_parse(b.data, b.len - 7, "F", &f, NULL), 0);
	assert_int_equal(f.n, CONTAINERFILE_INSTRUCTIONS_MAX);
	while (b.len <= CONTAINERFILE_MAX)
		buf_adds(&b, "# ........................................................................\n");
	assert_int_equal(containerfile_parse(b.data, b.len, "F", &f, NULL), -E2BIG);
}

static void test_text(void **state _unused_)
{
	static const char text[] = "FROM a\n  run a \\\n # c\n b  \nCOPY <<E x\n1\nE\n";
	_cleanup_(containerfile_done) struct containerfile f = {0};

	assert_int_equal(containerfile_parse(text, strlen(text), "F", &f, NULL), 0);
	assert_string_equal(f.items[1]->text, "run a  b");
	assert_int_equal(f.items[1]->last_line, 4);
	assert_string_equal(f.items[2]->text, "COPY <<E x");
	assert_int_equal(f.items[2]->last_line, 7);
	assert_ptr_equal(instruction_heredoc(f.items[2], "<<E"), &f.items[2]->heredocs[0]);
	assert_null(instruction_heredoc(f.items[2], "<<F"));
	assert_null(instruction_heredoc(f.items[2], "x"));
}

static const struct script {
	const char *text, *want;
	bool is_program;
} scripts[] = {
	{"FROM a\nRUN echo a\n", "echo a", false},
	{"FROM a\nRUN <<EOF\na\nb\nEOF\n", "a\nb\n", false},
	{"FROM a\nRUN <<EOF\n#!/bin/x\nb\nEOF\n", "#!/bin/x\nb\n", true},
	{"FROM a\nRUN sh <<EOF\n#!a\nEOF\n", "sh <<EOF\n#!a\nEOF", false},
	{"FROM a\nRUN <<-A cat && <<B cat\n\ta\n\tA\nb\nB\n", "<<-A cat && <<B cat\na\nA\nb\nB", false},
};

static void test_script(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		_cleanup_(containerfile_done) struct containerfile f = {0};
		_cleanup_free_ char *script = NULL;
		bool is_program;

		assert_int_equal(containerfile_parse(scripts[i].text, strlen(scripts[i].text), "F", &f, NULL), 0);
		assert_int_equal(instruction_script(f.items[1], &script, &is_program), 0);
		assert_string_equal(script, scripts[i].want);
		assert_int_equal(is_program, scripts[i].is_program);
	}
}

/* Each kind is found by its name, in any case. */
static void test_kinds(void **state _unused_)
{
	for (int i = 0; i < INSTRUCTION_KINDS; i++)
		assert_int_equal(instruction_kind_of(instruction_name((enum instruction_kind)i)), i);
	assert_int_equal(instruction_kind_of("hEaLtHcHeCk"), INSTRUCTION_HEALTHCHECK);
	assert_int_equal(instruction_kind_of("FRO"), -1);
}

TESTS("oci/containerfile", cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_directives), cmocka_unit_test(test_several),
      cmocka_unit_test(test_bounds), cmocka_unit_test(test_text), cmocka_unit_test(test_script), cmocka_unit_test(test_kinds))
