/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "trust/policy.h"

#include <string.h>

#define ACCEPT "[{\"type\":\"insecureAcceptAnything\"}]"

static void test_strict(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"{\"default\":" ACCEPT "}", true},
		{"{\"default\":" ACCEPT ",\"transports\":{\"docker\":{\"x\":" ACCEPT "}}}", true},
		{"{\"default\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPaths\":[\"/a\",\"/b\"]}]}", true},
		{"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyDatas\":[\"eA==\"],\"rekorPublicKeyData\":\"eA==\"}]}", true},
		{"{}", false},
		{"{\"default\":[]}", false},
		{"{\"default\":" ACCEPT ",\"default\":" ACCEPT "}", false},
		{"{\"default\":" ACCEPT ",\"more\":1}", false},
		{"{\"default\":" ACCEPT ",\"\":1}", false},
		{"{\"default\":" ACCEPT ",\"defaul\":1}", false},
		{"{\"default\":[{\"type\":\"reject\",\"type|keyType\":1}]}", false},
		{"{\"default\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/a\",\"type|keyType\":1}]}", false},
		{"{\"default\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/a\",\"keyData\":\"eA==\"}]}", false},
		{"{\"default\":[{\"type\":\"signedBy\",\"keyPath\":\"/a\"}]}", false},
		{"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyData\":\"!\"}]}", false},
		{"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPaths\":[]}]}", false},
		{"{\"default\":[{\"type\":\"sigstoreSigned\",\"fulcio\":{\"caPath\":\"/a\",\"oidcIssuer\":\"i\",\"subjectEmail\":\"e\"}}]}", false},
		{"{\"default\":[{\"type\":\"sigstoreSigned\",\"fulcio\":{\"caPath\":\"/a\",\"oidcIssuer\":\"i\"},\"rekorPublicKeyPath\":\"/l\"}]}", false},
		{"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/a\",\"signedIdentity\":{\"type\":\"matchAll\"}}]}", false},
		{"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/a\",\"signedIdentity\":{\"type\":\"exactRepository\",\"dockerRepository\":\"x/y:1\"}}]}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json_object *o = NULL;
		struct err e = {0};
		int r = trust_policy_parse(cases[i].text, strlen(cases[i].text), "policy.json", &o, &e);

		if ((r == 0) != cases[i].good)
			fail_msg("%s: %s", cases[i].text, e.text);
		json_object_put(o);
	}
}

static void test_scopes(void **state)
{
	static const char text[] = "{\"default\":" ACCEPT ",\"transports\":{\"docker\":{"
				   "\"a.example/ns/x:1\":" ACCEPT ",\"a.example/ns\":" ACCEPT ",\"*.example\":" ACCEPT ",\"Upper.Test/ns\":" ACCEPT ",\"\":" ACCEPT "},"
				   "\"oci\":{\"/srv/images\":" ACCEPT ",\"/srv/images/two:bad\":" ACCEPT ",\"/srv/x/two\":" ACCEPT "},"
				   "\"dir\":{\"/srv/d:e\":" ACCEPT "}}}";
	static const struct {
		const char *transport, *what, *scope, *name;
	} cases[] = {
		{"docker", "a.example/ns/x:1", "docker:a.example/ns/x:1", NULL},
		{"docker", "a.example/ns/x:2", "docker:a.example/ns", NULL},
		{"docker", "a.example/ns/x/deep:1", "docker:a.example/ns", NULL},
		{"docker", "a.example/nsx/x:1", "docker:*.example", NULL},
		{"docker", "b.a.example:5000/x:1", "docker:*.example", NULL},
		{"docker", "a.example.org/x:1", "docker:", NULL},
		/* hosts have no case */
		{"docker", "A.Example/ns/x:1", "docker:a.example/ns/x:1", NULL},
		{"docker", "upper.test/ns/x:1", "docker:upper.test/ns", NULL},
		{"oci", "/srv/images/one", "oci:/srv/images", "tag"},
		{"oci", "/srv/images/two", "oci:/srv/images/two:bad", "bad"},
		{"oci", "/srv/images/two", "oci:/srv/images", "good"},
		{"oci", "/srv/images/two", "oci:/srv/images", NULL},
		/* a path with a colon is no other path's name */
		{"oci", "/srv/images/two:bad", "oci:/srv/images", NULL},
		{"oci", "/srv/images/two:bad", "oci:/srv/images", "x"},
		{"oci", "/srv/x/two:evil", "default", NULL},
		{"oci", "/srv/x/two:evil/below", "default", "bad"},
		{"oci", "/srv/imagesx", "default", NULL},
		{"dir", "/srv/d:e", "dir:/srv/d:e", "not asked"},
		{"dir", "/srv/images", "default", NULL},
	};
	struct trust_policy p = {0};

	(void)state;
	assert_int_equal(trust_policy_parse(text, strlen(text), "policy.json", &p.json, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trust_image image = {.transport = cases[i].transport};
		struct trust_rule rule;
		struct reference ref;

		if (strcmp(cases[i].transport, "docker") == 0) {
			assert_int_equal(reference_parse(cases[i].what, &ref, NULL), 0);
			image.ref = &ref;
		} else {
			image.place = cases[i].what;
			image.name = cases[i].name;
		}
		assert_int_equal(trust_policy_find(&p, &image, &rule, NULL), 0);
		assert_string_equal(rule.scope, cases[i].scope);
	}
	json_object_put(p.json);
}

static void test_identity(void **state)
{
#define D "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	static const struct {
		const char *rule, *asked, *has;
		bool good;
	} cases[] = {
		{"null", "r.example/x:1", "r.example/x:1", true},
		{"null", "r.example/x:1", "r.example/x:2", false},
		{"null", "r.example/x:1", "r.example/x", false},
		{"null", "r.example/x" D, "r.example/x:7", true},
		{"null", "r.example/x" D, "r.example/y:7", false},
		{"null", "r.example/x:1", NULL, false},
		{"null", "r.example/x" D, NULL, true},
		{"null", "r.example/x:1", "x:1", false},
		{"{\"type\":\"matchExact\"}", "r.example/x" D, "r.example/x:7", false},
		{"{\"type\":\"matchExact\"}", "r.example/x" D, NULL, false},
		{"{\"type\":\"matchRepository\"}", "r.example/x:1", "r.example/x:2", true},
		{"{\"type\":\"matchRepository\"}", "r.example/x:1", NULL, false},
		{"{\"type\":\"matchRepository\"}", "r.example/x" D, NULL, false},
		{"null", "R.Example/x:1", "r.EXAMPLE/x:1", true},
		{"{\"type\":\"remapIdentity\",\"prefix\":\"m.example\",\"signedPrefix\":\"r.example\"}", "m.example/x:1", "r.example/x:1", true},
		{"{\"type\":\"remapIdentity\",\"prefix\":\"m.example\",\"signedPrefix\":\"r.example\"}", "m.example:5000/x:1", "r.example:5000/x:1", false},
		{"{\"type\":\"remapIdentity\",\"prefix\":\"m.exam\",\"signedPrefix\":\"r.exam\"}", "m.example/x:1", "r.example/x:1", false},
		{"{\"type\":\"exactRepository\",\"dockerRepository\":\"r.example/x\"}", "m.example/y:1", "r.example/x:1", true},
		{"{\"type\":\"exactReference\",\"dockerReference\":\"r.example/x:1\"}", "m.example/y:1", "r.example/x:2", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trust_requirement q = {.type = TRUST_SIGSTORE, .json = json_object_new_object()};
		struct trust_image image = {.transport = "docker"};
		struct reference ref;

		json_object_object_add(q.json, "signedIdentity", json_tokener_parse(cases[i].rule));
		assert_int_equal(reference_parse(cases[i].asked, &ref, NULL), 0);
		image.ref = &ref;
		if ((trust_identity_check(&q, &image, cases[i].has, NULL) == 0) != cases[i].good)
			fail_msg("case %zu", i);
		json_object_put(q.json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
