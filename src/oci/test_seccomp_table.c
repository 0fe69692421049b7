/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What the default profile says to every call number by all three ways into
 * an x86-64 kernel, asked of the compiled filter by simulation, against
 * tests/seccomp/default.table (attack class A36). A change of the profile
 * shows there, line by line, for a reader to agree with:
 *
 *	build/test/oci/test_seccomp_table --print >tests/seccomp/default.table
 *
 * "args" is a call that is allowed with some of the arguments tried, and refused with others.
 */
#include "base/testing.h"
#include "oci/seccomp.h"
#include "oci/seccomp_profile.h"
#include "sys/fd.h"
#include "sys/seccomp.h"
#include "sys/seccomp_shrink.h"

#include <linux/audit.h>
#include <seccomp.h>

#define TABLE "tests/seccomp/default.table"
#define PROFILE "profiles/seccomp/default.json"
#define NUMBERS 480 /* past the last one of any kernel that this was written on */
#define X32 0x40000000

#if defined(__x86_64__)
static int compile(struct seccomp_filter *f)
{
	_cleanup_(strv_done) struct strv none = {0};
	struct seccomp_profile_context c = {.caps = &none, .machine = "x86_64", .kernel = "6.1.0-18-amd64"};
	_cleanup_close_ int fd = open(PROFILE, O_RDONLY | O_CLOEXEC);
	_cleanup_json_ struct json_object *profile = NULL, *section = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct err e = {0};
	int r = fd < 0 ? -errno : fd_read_all(fd, SECCOMP_PROFILE_MAX, &b);

	if (r == 0)
		r = json_parse(buf_str(&b), b.len, PROFILE, &profile, &e);
	if (r == 0)
		r = seccomp_profile_resolve(profile, &c, &section, &e);
	return r == 0 ? seccomp_section_compile(section, f, &e) : r;
}

/* As it is loaded: in fewer instructions. */
static int compile_small(struct seccomp_filter *f)
{
	struct sock_filter *small = NULL;
	size_t n = 0;
	int r = compile(f);

	if (r == 0)
		r = seccomp_filter_shrink(f->insns, f->n, &small, &n);
	if (r == 0) {
		free(f->insns);
		f->insns = small;
		f->n = n;
	}
	return r;
}

static const char *word(uint32_t action)
{
	switch (action) {
	case SECCOMP_RET_ALLOW:
		return "allow";
	case SECCOMP_RET_ERRNO | EPERM:
		return "EPERM";
	case SECCOMP_RET_ERRNO | ENOSYS:
		return "ENOSYS";
	default:
		return "other";
	}
}

static const char *verdict(const struct seccomp_filter *f, uint32_t arch, int nr)
{
	static const uint64_t first[] = {0, 1, 2, 8, 10, 11, 16, 17, 38, 40, 0x11, 0x20000, 0x10000000, 0x40000, UINT64_MAX};
	static const uint64_t second[] = {0, 0x5401, 0x5412, 0x541c};
	const char *all = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(second); k++) {
			struct seccomp_data d = {.nr = nr, .arch = arch, .args = {first[i], second[k]}};
			const char *now = word(seccomp_filter_simulate(f->insns, f->n, &d));

			if (all && strcmp(all, now) != 0)
				return "args";
			all = now;
		}
	}
	return all;
}

/* "-" where this libseccomp knows no call of that number. */
static void name_of(uint32_t arch, int nr, char ret[static 32])
{
	_cleanup_free_ char *name = seccomp_syscall_resolve_num_arch(arch, nr);

	snprintf(ret, 32, "%s", name ? name : "-");
}

struct row {
	int nr;
	char name[32], native[8], x32[8], name32[32], i386[8];
};

static struct row row_of(const struct seccomp_filter *f, int nr)
{
	struct row r = {.nr = nr};

	name_of(SCMP_ARCH_X86_64, nr, r.name);
	name_of(SCMP_ARCH_X86, nr, r.name32);
	snprintf(r.native, sizeof(r.native), "%s", verdict(f, AUDIT_ARCH_X86_64, nr));
	snprintf(r.x32, sizeof(r.x32), "%s", verdict(f, AUDIT_ARCH_X86_64, nr | X32));
	snprintf(r.i386, sizeof(r.i386), "%s", verdict(f, AUDIT_ARCH_I386, nr));
	return r;
}

static void print_row(FILE *out, const struct row *r)
{
	fprintf(out, "%d %s %s %s %s %s\n", r->nr, r->name, r->native, r->x32, r->name32, r->i386);
}

/* A call whose name this libseccomp has and that of the table's making had not, or the other way round, is not compared. */
static bool differs(const char *name, const char *is, const char *want_name, const char *want)
{
	return strcmp(name, want_name) == 0 && strcmp(is, want) != 0;
}

static void against_table(const struct seccomp_filter *f)
{
	FILE *table = fopen(TABLE, "re");
	int rows = 0, wrong = 0;
	char line[256];

	assert_non_null(table);
	while (fgets(line, sizeof(line), table)) {
		struct row want, is;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%d %31s %7s %7s %31s %7s", &want.nr, want.name, want.native, want.x32, want.name32,
					want.i386), 6);
		assert_int_equal(want.nr, rows);
		is = row_of(f, rows++);
		if (strcmp(is.x32, "ENOSYS") != 0 || differs(is.name, is.native, want.name, want.native) ||
		    differs(is.name32, is.i386, want.name32, want.i386)) {
			wrong++;
			printf("the table: %s           is: ", line);
			print_row(stdout, &is);
		}
	}
	fclose(table);
	assert_int_equal(rows, NUMBERS);
	assert_int_equal(wrong, 0);
}

static void test_table(void **state)
{
	struct seccomp_filter f = {0};

	(void)state;
	assert_int_equal(compile(&f), 0);
	against_table(&f);
	seccomp_filter_done(&f);
}

static void test_table_small(void **state)
{
	struct seccomp_filter f = {0}, whole = {0};

	(void)state;
	assert_int_equal(compile_small(&f), 0);
	assert_int_equal(compile(&whole), 0);
	printf("instructions: %zu of %zu\n", f.n, whole.n);
	assert_true(f.n < whole.n / 2);
	against_table(&f);
	seccomp_filter_done(&f);
	seccomp_filter_done(&whole);
}

/* The oracle is no constant: another profile gives other rows. */
static void test_table_of_another_profile(void **state)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]}";
	_cleanup_json_ struct json_object *s = NULL;
	struct seccomp_filter f = {0};
	struct row r;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, "test", &s, NULL), 0);
	assert_int_equal(seccomp_section_compile(s, &f, NULL), 0);
	r = row_of(&f, 101);
	assert_string_equal(r.name, "ptrace");
	assert_string_equal(r.native, "allow");
	assert_string_equal(r.i386, "allow");
	seccomp_filter_done(&f);
}

static int print_table(void)
{
	struct seccomp_filter f = {0};

	if (compile(&f) < 0)
		return 1;
	printf("# %s: number, x86-64 call, its verdict, x32's; i386 call, its verdict (see src/oci/test_seccomp_table.c)\n", PROFILE);
	for (int nr = 0; nr < NUMBERS; nr++) {
		struct row r = row_of(&f, nr);

		print_row(stdout, &r);
	}
	seccomp_filter_done(&f);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_small), cmocka_unit_test(test_table_of_another_profile)};

	if (argc == 2 && strcmp(argv[1], "--print") == 0)
		return print_table();
	return cmocka_run_group_tests_name("oci/seccomp_table", tests, NULL, NULL);
}
#else
int main(void)
{
	return 0;
}
#endif
