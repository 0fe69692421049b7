/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The words of root's own record, of a process that is there: ourselves; what
 * a container's state says of it; and who can have nobody asked. That audit
 * hears it is tests/root/runtime_record.bats.
 */
#include "runtime/record.h"

#include "audit/record_words.h"
#include "audit/witness.h"
#include "base/json.h"
#include "base/testing.h"
#include "runtime/record_root.h"
#include "runtime/state.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/procfs.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define BOOT "7781bde8-58fb-47b0-899c-3eb99c46d0f1"
#define UUID "7781bde8-58c0-8000-8064-0000000003e8"
#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define END " exe=\"ranby-runtime\" hostname=? addr=? terminal=? res=success"

static unsigned long long inode_of(const char *ns)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", ns);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

/* All of `text` that is not between `from` and `to`, which may be of any length. */
static void without(char *text, const char *from, const char *to)
{
	char *a = strstr(text, from), *b = a ? strstr(a, to) : NULL;

	assert_non_null(b);
	memmove(a, b, strlen(b) + 1);
}

static void test_words(void **state)
{
	static const struct {
		const char *id, *ctr, *job, *claim;
	} cases[] = {
		{"web", "", "", ""},
		{ID64, " ctr=" ID64, "", ""},
		/* one digit short, and one that is none */
		{"123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "", "", ""},
		{"G123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "", "", ""},
		{"web", "", "SLURM_JOB_ID=4711", " claimed-detail=\"SLURM_JOB_ID=4711\""},
		/* the environment is the caller's: no word of it becomes one of ours */
		{"web", "", "SLURM_JOB_ID=1\" res=failed", " claimed-detail=534C55524D5F4A4F425F49443D3122207265733D6661696C6564"},
		{"web", "", "SLURM_JOB_ID=1\ntype=", " claimed-detail=534C55524D5F4A4F425F49443D310A747970653D"},
	};
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;

	(void)state;
	assert_int_equal(procfs_open(&fs), 0);
	assert_int_equal(proc_open(&fs, getpid(), &p), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct runtime_state s = {.boot_id = BOOT, .pid = getpid(), .start_ticks = p.start_ticks};
		struct record r;
		char want[RECORD_MAX];
		int n;

		snprintf(s.id, sizeof(s.id), "%s", cases[i].id);
		record_root_text(&(struct record_root){.verb = AUDIT_VERB_START, .s = &s, .p = &p, .job = cases[i].job}, UUID, &r);
		assert_false(r.cut);
		/* the kernel's own words, which are another's test */
		without(r.text, " cgroup=", " starter-auid=");
		n = snprintf(want, sizeof(want),
			     "virt=ranby op=start reason=runtime vm=\"%s\" uuid=" UUID " vm-pid=%d trust=root%s boot=" BOOT
			     " vm-start=%llu init-pid=%d init-start=%llu pid-ns=%llu user-ns=%llu mnt-ns=%llu net-ns=%llu starter-auid=",
			     cases[i].id, (int)getpid(), cases[i].ctr, (unsigned long long)p.start_ticks, (int)getpid(),
			     (unsigned long long)p.start_ticks, inode_of("pid"), inode_of("user"), inode_of("mnt"), inode_of("net"));
		assert_true(n > 0 && (size_t)n < sizeof(want));
		if (strncmp(r.text, want, (size_t)n) != 0)
			fail_msg("case %zu:\n%s\nnot\n%s", i, r.text, want);
		snprintf(want, sizeof(want), " stage=pre-exec%s" END, cases[i].claim);
		if (strlen(r.text) < strlen(want) || strcmp(r.text + strlen(r.text) - strlen(want), want) != 0)
			fail_msg("case %zu:\n%s\nends not in\n%s", i, r.text, want);
	}
}

/* Of an exec what is read of its process, and the run that it is in; of the end no more than that it has come. */
static void test_words_of_exec_and_end(void **state)
{
	struct runtime_state s = {.id = "web", .boot_id = BOOT, .pid = 100, .start_ticks = 1000};
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	char want[RECORD_MAX];
	struct record r;

	(void)state;
	assert_int_equal(procfs_open(&fs), 0);
	assert_int_equal(proc_open(&fs, getpid(), &p), 0);
	record_root_text(&(struct record_root){.verb = AUDIT_VERB_EXEC, .s = &s, .p = &p, .job = ""}, UUID, &r);
	without(r.text, " cgroup=", " auid-of=");
	without(r.text, " auid-of=", " stage=");
	snprintf(want, sizeof(want),
		 "virt=ranby op=exec reason=runtime vm=\"web\" uuid=" UUID " vm-pid=%d trust=root boot=" BOOT
		 " vm-start=%llu init-pid=100 init-start=1000 pid-ns=%llu stage=pre-exec" END,
		 (int)getpid(), (unsigned long long)p.start_ticks, inode_of("pid"));
	assert_string_equal(r.text, want);
	record_root_text(&(struct record_root){.verb = AUDIT_VERB_EXIT, .s = &s, .job = ""}, UUID, &r);
	assert_string_equal(r.text, "virt=ranby op=stop reason=deleted vm=\"web\" uuid=" UUID
				    " vm-pid=100 trust=root boot=" BOOT " vm-start=1000 init-pid=100 init-start=1000" END);
}

/* The state of `id` below `dir`, with what came of its record. */
static char *state_of(int dir, const char *id)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	char *text = NULL;

	assert_int_equal(runtime_state_load(dir, id, &s, NULL), 0);
	assert_int_equal(runtime_state_load_record(dir, &s), 0);
	assert_int_equal(runtime_state_text(&s, RUNTIME_RUNNING, &text, NULL), 0);
	return text;
}

static void has(int dir, const char *key, const char *value)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *text = state_of(dir, "c1"), *path = NULL;

	assert_int_equal(json_parse(text, strlen(text), "state", &o, NULL), 0);
	assert_true(asprintf(&path, "attribution.record.%s", key) > 0);
	assert_string_equal(json_str(o, path), value);
}

static void test_note(void **state)
{
	struct runtime_state s = {.id = "c1", .pid = 1, .start_ticks = 1000, .boot_id = BOOT, .attribution = (char[]){"{\"verified\":true}"}};
	struct witness_reply recorded = {.outcome = WITNESS_RECORDED, .receipt = {.sec = 17, .milli = 5, .serial = 4567, .uuid = UUID}};
	char path[64];
	int fd = testing_directory(path), dir;

	(void)state;
	assert_int_equal(record_note(fd, "c1", &recorded), -ENOENT);
	assert_int_equal(mkdirat(fd, "c1", 0700), 0);
	dir = openat(fd, "c1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(runtime_state_save(dir, &s, NULL), 0);
	has(fd, "receipt", "");
	assert_int_equal(record_note(fd, "c1", &recorded), 0);
	has(fd, "receipt", "17.005:4567");
	has(fd, "uuid", UUID);
	has(fd, "why", "");
	/* started again: what it says is of the last start */
	for (uint32_t o = WITNESS_BAD_REQUEST; o < WITNESS_OUTCOME_N; o++) {
		assert_int_equal(record_note(fd, "c1", &(struct witness_reply){.outcome = o, .receipt = recorded.receipt}), 0);
		has(fd, "why", witness_outcome_text((enum witness_outcome)o));
		has(fd, "receipt", "");
	}
	close(dir);
	close(fd);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(path_own_remove_tree(fd, path + 1), 0);
	close(fd);
}

/* In a user namespace audit is out of reach: nobody is left behind, and asking says nothing. */
static void test_nobody_to_ask(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct runtime_context x = {.rroot = -EBADF};
		struct recorder c = RECORDER_INIT;

		if (unshare(CLONE_NEWUSER) < 0)
			_exit(77);
		if (recorder_begin(&x, "c1", &c) != 0 || c.able || c.pid != 0 || c.sock >= 0)
			_exit(1);
		recorder_ask(&c, AUDIT_VERB_START);
		recorder_end(&c);
		_exit(wait(NULL) < 0 && errno == ECHILD ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Where somebody can be asked: of a container that is not there nothing is recorded, and he ends with whoever left him behind. */
static void test_who_stays(void **state)
{
	char path[64];
	int fd = testing_directory(path);
	const struct runtime_context x = {.rroot = fd};
	struct recorder c = RECORDER_INIT;

	(void)state;
	assert_int_equal(recorder_begin(&x, "none", &c), 0);
	assert_int_equal(c.pid > 0, c.able);
	recorder_ask(&c, AUDIT_VERB_START);
	recorder_ask(&c, AUDIT_VERB_EXIT);
	recorder_end(&c);
	assert_int_equal(c.pid, 0);
	assert_true(c.sock < 0);
	assert_int_equal(wait(NULL), -1);
	close(fd);
	assert_int_equal(rmdir(path), 0);
}

TESTS("runtime/record", cmocka_unit_test(test_words), cmocka_unit_test(test_words_of_exec_and_end),
      cmocka_unit_test(test_note), cmocka_unit_test(test_nobody_to_ask), cmocka_unit_test(test_who_stays))
