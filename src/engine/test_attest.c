/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Beside a test there is no witness: what is asked of it, and what the ledger has where nobody answers. */
#include "engine/attest.h"

#include "audit/witness.h"
#include "engine/policy.h"
#include "engine/testing_engine.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <sys/wait.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;
	struct err e = {0};

	if (json_parse(text, strlen(text), "test", &o, &e) < 0)
		fail_msg("%s", e.text);
	return o;
}

/* The n-th entry of the ledger, from 0; NULL when there are not so many. The caller puts it. */
static struct json_object *entry(const struct fixture *f, size_t n)
{
	char name[160], *line = NULL;
	struct json_object *o = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(name, sizeof(name), "%s/ledger/00000000000000000001.jsonl", f->state);
	file = fopen(name, "re");
	for (size_t i = 0; file && getline(&line, &room, file) > 0; i++)
		if (i == n)
			o = parse(line);
	free(line);
	if (file)
		fclose(file);
	return o;
}

static void assert_member(const struct fixture *f, size_t n, const char *key, const char *want)
{
	_cleanup_json_ struct json_object *o = entry(f, n);

	if (!o || strcmp(json_str(o, key), want) != 0)
		fail_msg("entry %zu: %s is \"%s\", not \"%s\"", n, key, o ? json_str(o, key) : "(none)", want);
}

/* ---- the request ---- */

#define SPEC                                                                                                          \
	"{\"image\":{\"reference\":\"docker.io/library/busybox:latest\",\"digest\":\"sha256:" ID "\"},"               \
	"\"options\":{\"user\":\"nobody\"},\"config\":{\"entrypoint\":[\"/bin/sh\",\"-c\"],\"command\":[\"true\"]}}"

static void request_of_a_container(void **state)
{
	struct container c = {.id = ID, .name = "web", .spec = parse(SPEC), .state = parse("{\"uuid\":\"the-run\"}")};
	struct attest a = ATTEST_INIT(AUDIT_VERB_KILL);
	static struct witness_request q;

	(void)state;
	a.c = &c;
	a.claim[WITNESS_CLAIM_SIGNAL] = "TERM";
	attest_request(&a, &q);
	assert_int_equal(q.verb, AUDIT_VERB_KILL);
	assert_int_equal(q.flags, 0);
	assert_string_equal(q.vm, "web");
	assert_string_equal(q.ctr, ID);
	assert_string_equal(q.reason, "");
	assert_string_equal(q.claim[WITNESS_CLAIM_IMAGE], "docker.io/library/busybox:latest");
	assert_string_equal(q.claim[WITNESS_CLAIM_DIGEST], "sha256:" ID);
	assert_string_equal(q.claim[WITNESS_CLAIM_USER], "nobody");
	assert_string_equal(q.claim[WITNESS_CLAIM_CMD], "/bin/sh -c true");
	assert_string_equal(q.claim[WITNESS_CLAIM_SIGNAL], "TERM");
	assert_string_equal(q.claim[WITNESS_CLAIM_RUN], "the-run");
	/* with a process the run is the witness's word, and a start has none before it */
	a.pidfd = 0;
	attest_request(&a, &q);
	assert_string_equal(q.claim[WITNESS_CLAIM_RUN], "");
	a.pidfd = -EBADF;
	a.verb = AUDIT_VERB_START;
	attest_request(&a, &q);
	assert_string_equal(q.claim[WITNESS_CLAIM_RUN], "");
	/* a failure says what, unless there are better words */
	a.error = ENOENT;
	attest_request(&a, &q);
	assert_int_equal(q.flags, WITNESS_FAILED);
	assert_string_equal(q.claim[WITNESS_CLAIM_DETAIL], strerror(ENOENT));
	a.claim[WITNESS_CLAIM_DETAIL] = "in words";
	attest_request(&a, &q);
	assert_string_equal(q.claim[WITNESS_CLAIM_DETAIL], "in words");
	/* one without a name goes by its id */
	c.name = NULL;
	attest_request(&a, &q);
	assert_string_equal(q.vm, ID);
	json_object_put(c.spec);
	json_object_put(c.state);
}

static void request_is_cut(void **state)
{
	static struct witness_item items[WITNESS_RESOURCES_MAX + 1];
	struct attest a = ATTEST_INIT(AUDIT_VERB_START);
	static struct witness_request q;
	static char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	a.name = a.reason = text;
	for (size_t i = 0; i < WITNESS_CLAIM_N; i++)
		a.claim[i] = text;
	a.resources = items;
	a.n_resources = ARRAY_SIZE(items);
	attest_request(&a, &q);
	assert_int_equal(strlen(q.vm), sizeof(q.vm) - 1);
	assert_int_equal(strlen(q.reason), sizeof(q.reason) - 1);
	for (size_t i = 0; i < WITNESS_CLAIM_N; i++)
		if (i != WITNESS_CLAIM_RUN)
			assert_int_equal(strlen(q.claim[i]), sizeof(q.claim[i]) - 1);
	assert_int_equal(q.n_resources, WITNESS_RESOURCES_MAX);
	/* nothing known: nothing said */
	attest_request(&(struct attest)ATTEST_INIT(AUDIT_VERB_CREATE), &q);
	assert_string_equal(q.vm, "");
	assert_string_equal(q.ctr, "");
}

/* ---- with nobody to ask ---- */

/* This host's own would be obeyed. */
static void skip_with_policy(void)
{
	struct policy p = {0};

	if (policy_read(&p, NULL) < 0 || p.require_audit)
		skip();
}

static void unwitnessed(void **state)
{
	struct fixture *f = *state;
	struct attest a = ATTEST_INIT(AUDIT_VERB_VOLUME_CREATE);
	struct audit_receipt receipt = {.serial = 9};
	struct err e = {0};

	skip_with_policy();
	a.name = "data";
	assert_int_equal(attest(f->eng, &a, &receipt, &e), ATTEST_SELF);
	assert_int_equal(receipt.serial, 0);
	assert_string_equal(e.text, "");
	assert_member(f, 0, "op", "volume-create");
	assert_member(f, 0, "vm", "data");
	assert_member(f, 0, "res", "success");
	assert_member(f, 0, "receipt", "self");
	assert_member(f, 0, "boot", ""); /* of no process */
	/* what is required and is not there is a failure, and in the ledger one too */
	a.required = true;
	assert_int_equal(attest(f->eng, &a, &receipt, &e), -EPERM);
	assert_non_null(strstr(e.text, "an audit receipt is required, and there is none for volume-create: ranby-witness has no capabilities"));
	assert_int_equal(e.exit_code, 125);
	assert_member(f, 1, "res", "failed");
	/* a failure that is told already is not one of the receipt */
	a.error = EIO;
	assert_int_equal(attest(f->eng, &a, NULL, &e), ATTEST_SELF);
	assert_member(f, 2, "res", "failed");
	assert_member(f, 2, "detail", strerror(EIO));
}

static void results(void **state)
{
	struct fixture *f = *state;
	struct attest a = ATTEST_INIT(AUDIT_VERB_RM);
	struct err e = {0};

	skip_with_policy();
	a.name = "web";
	assert_int_equal(attest_failed(f->eng, &a, 0, &e), 0);
	assert_null(entry(f, 0));
	err_set(&e, EBUSY, "it runs");
	a.required = true;
	assert_int_equal(attest_result(f->eng, &a, -EBUSY, &e), -EBUSY);
	assert_string_equal(e.text, "it runs");
	assert_member(f, 0, "detail", "it runs");
	assert_member(f, 0, "res", "failed");
	a = (struct attest)ATTEST_INIT(AUDIT_VERB_RM);
	assert_int_equal(attest_result(f->eng, &a, 5, &e), 5);
	assert_member(f, 1, "res", "success");
	a.required = true;
	assert_int_equal(attest_result(f->eng, &a, 0, &e), -EPERM);
}

static void images(void **state)
{
	struct fixture *f = *state;
	struct image img = {.digest = {.text = "sha256:" ID}};
	struct err e = {0};

	skip_with_policy();
	assert_int_equal(attest_image(f->eng, AUDIT_VERB_PULL, "busybox", &img, 0, &e), 0);
	assert_member(f, 0, "op", "verify");
	assert_member(f, 0, "reason", "pull");
	assert_member(f, 0, "digest", "sha256:" ID);
	assert_member(f, 1, "op", "pull");
	assert_member(f, 1, "digest", "sha256:" ID);
	/* other content than its digest says */
	err_set(&e, EBADMSG, "its content is another");
	assert_int_equal(attest_image(f->eng, AUDIT_VERB_LOAD, "busybox", NULL, -EBADMSG, &e), -EBADMSG);
	assert_member(f, 2, "op", "verify");
	assert_member(f, 2, "res", "failed");
	assert_member(f, 2, "detail", "its content is another");
	assert_member(f, 3, "op", "load");
	assert_member(f, 3, "res", "failed");
	/* nothing came, so nothing was compared; and a tag brings nothing */
	assert_int_equal(attest_image(f->eng, AUDIT_VERB_PULL, "busybox", NULL, -ENOENT, NULL), -ENOENT);
	assert_member(f, 4, "op", "pull");
	assert_int_equal(attest_image(f->eng, AUDIT_VERB_TAG, "busybox", NULL, 0, NULL), 0);
	assert_member(f, 5, "op", "tag");
	assert_null(entry(f, 6));
}

static void a_process(void **state)
{
	struct fixture *f = *state;
	struct attest a = ATTEST_INIT(AUDIT_VERB_START);
	_cleanup_json_ struct json_object *o = NULL;
	uint64_t ticks, vm_start;
	uint32_t vm_pid;
	pid_t pid;

	skip_with_policy();
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(pid_start_ticks(pid, &ticks), 0);
	assert_int_equal(pidfd_open_pid(pid, &a.pidfd), 0);
	assert_int_equal(attest(f->eng, &a, NULL, NULL), ATTEST_SELF);
	o = entry(f, 0);
	assert_int_equal(json_get_u32(o, "vm-pid", 1, UINT32_MAX, &vm_pid, NULL), 0);
	assert_int_equal(json_get_u64(o, "vm-start", 1, UINT64_MAX, &vm_start, NULL), 0);
	assert_int_equal(vm_pid, pid);
	assert_int_equal(vm_start, ticks);
	assert_string_equal(json_str(o, "boot"), f->eng->boot_id);
	assert_int_equal(pidfd_signal(a.pidfd, SIGKILL), 0);
	waitpid(pid, NULL, 0);
	close(a.pidfd);
}

static void not_running(void **state)
{
	struct fixture *f = *state;
	struct container c = {.id = ID, .own_dir = -EBADF, .parent = -EBADF, .status = CONTAINER_EXITED};
	struct attest a = ATTEST_INIT(AUDIT_VERB_PAUSE);

	a.c = &c;
	a.required = true;
	assert_int_equal(attest_running(f->eng, &a, NULL), 0);
	assert_null(entry(f, 0));
}

static void in_json(void **state)
{
	static const struct audit_receipt seen = {.sec = 17, .milli = 5, .serial = 4, .uuid = "u"}, none = {0};
	_cleanup_json_ struct json_object *a = json_object_new_object(), *b = json_object_new_object();

	(void)state;
	assert_int_equal(attest_to_json(&seen, a), 0);
	assert_string_equal(json_object_to_json_string_ext(a, JSON_C_TO_STRING_PLAIN), "{\"receipt\":\"17.005:4\",\"uuid\":\"u\"}");
	assert_int_equal(attest_to_json(&none, b), 0);
	assert_string_equal(json_object_to_json_string_ext(b, JSON_C_TO_STRING_PLAIN), "{\"receipt\":\"self\"}");
}

#define IN_ENGINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

TESTS("engine/attest", cmocka_unit_test(request_of_a_container), cmocka_unit_test(request_is_cut), IN_ENGINE(unwitnessed),
      IN_ENGINE(results), IN_ENGINE(images), IN_ENGINE(a_process), IN_ENGINE(not_running), cmocka_unit_test(in_json))
