/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/health.h"
#include "engine/health_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* '+' passed, '-' failed, 'p' failed in the start period; after each: s(tarting), h(ealthy), u(nhealthy). */
static void test_step(void **state)
{
	static const struct {
		const char *checks, *wanted;
		uint32_t retries, streak;
	} cases[] = {
		{"+", "h", 3, 0},         {"---", "ssu", 3, 3},     {"--+", "ssh", 3, 0},     {"+--", "hhh", 3, 2},
		{"+---+", "hhhuh", 3, 0}, {"-", "u", 1, 1},         {"ppppp", "sssss", 1, 0}, {"pp-", "ssu", 1, 1},
		{"+p", "hh", 1, 0},       {"-----", "ssuuu", 3, 5}, {"--+--", "sshhh", 3, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct health_mark m = {.status = HEALTH_STARTING};

		for (size_t k = 0; cases[i].checks[k]; k++) {
			health_step(&m, cases[i].checks[k] == '+', cases[i].checks[k] == 'p', cases[i].retries);
			assert_int_equal(m.status[0], cases[i].wanted[k]);
		}
		assert_int_equal(m.streak, cases[i].streak);
	}
}

/* After each check, + or -: ., o(ver), r(estart). */
static void test_startup_step(void **state)
{
	static const struct {
		const char *checks, *wanted;
		uint32_t successes, retries;
	} cases[] = {
		{"+", "o", 0, 0},        {"+", "o", 1, 0},     {"++", ".o", 2, 0},   {"+-+", "..o", 2, 0},  {"-----+", ".....o", 0, 0},
		{"---", "..r", 0, 3},    {"-", "r", 0, 1},     {"-+-+", "..ro", 2, 2}, {"+--", "ooo", 1, 1}, {"--+", ".ro", 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct health_startup s = {.over = false};

		for (size_t k = 0; cases[i].checks[k]; k++) {
			bool restart = health_startup_step(&s, cases[i].checks[k] == '+', cases[i].successes, cases[i].retries);

			assert_int_equal(restart ? 'r' : s.over ? 'o' : '.', cases[i].wanted[k]);
		}
	}
}

static struct json_object *make(const struct container_options *o, const char *image, int wanted)
{
	_cleanup_json_ struct json_object *json = NULL;
	struct json_object *out = NULL;
	struct err e = {0};

	if (image)
		assert_int_equal(json_parse(image, strlen(image), "image", &json, NULL), 0);
	assert_int_equal(health_spec_make(o, json, &out, &e), wanted);
	return out;
}

#define IMAGE "{\"Test\":[\"CMD\",\"/check\"],\"Interval\":7000000000,\"Retries\":9}"

static void test_spec(void **state)
{
	_cleanup_json_ struct json_object *own = NULL, *image = NULL, *both = NULL, *startup = NULL, *none = NULL;

	(void)state;
	own = make(&(struct container_options){.health_cmd = "true"}, NULL, 0);
	assert_int_equal(json_int(own, "intervalNs"), 30000000000);
	assert_int_equal(json_int(own, "timeoutNs"), 30000000000);
	assert_int_equal(json_int(own, "retries"), 3);
	assert_string_equal(json_str(own, "onFailure"), "none");
	image = make(&(struct container_options){0}, IMAGE, 0);
	assert_int_equal(json_int(image, "intervalNs"), 7000000000);
	assert_int_equal(json_int(image, "retries"), 9);
	both = make(&(struct container_options){.health_interval = "disable", .health_timeout = "2s", .health_on_failure = "kill"}, IMAGE, 0);
	assert_int_equal(json_int(both, "intervalNs"), 0);
	assert_int_equal(json_int(both, "timeoutNs"), 2000000000);
	assert_int_equal(json_int(both, "retries"), 9);
	assert_string_equal(json_str(both, "onFailure"), "kill");
	assert_null(make(&(struct container_options){0}, NULL, 0));
	assert_null(make(&(struct container_options){0}, "{\"Test\":[\"NONE\"]}", 0));
	assert_null(make(&(struct container_options){.no_healthcheck = true}, IMAGE, 0));
	assert_null(make(&(struct container_options){.health_cmd = "none"}, IMAGE, 0));
	assert_null(make(&(struct container_options){.no_healthcheck = true}, "{\"Test\":[\"RUN\"]}", 0));
	assert_null(make(&(struct container_options){0}, "{\"Test\":[\"RUN\"]}", -EINVAL));
	assert_null(make(&(struct container_options){.health_interval = "1s"}, NULL, -EINVAL));
	assert_null(make(&(struct container_options){.health_on_failure = "kill"}, NULL, -EINVAL));
	assert_null(make(&(struct container_options){.health_startup_cmd = "true"}, NULL, -EINVAL));
	startup = make(&(struct container_options){.health_startup_cmd = "/up", .health_startup_success = "2", .health_startup_timeout = "4s"}, IMAGE, 0);
	assert_int_equal(json_int(startup, "intervalNs"), 7000000000);
	assert_string_equal(json_text(json_at(startup, "startup"), NULL),
			    "{\"test\":[\"CMD-SHELL\",\"/up\"],\"command\":[\"/bin/sh\",\"-c\",\"/up\"],\"intervalNs\":30000000000,"
			    "\"timeoutNs\":4000000000,\"retries\":0,\"successes\":2}");
	none = make(&(struct container_options){.health_on_failure = "none"}, NULL, 0);
	assert_null(none);
}

static void test_refused(void **state)
{
	const struct container_options bad[] = {
		{.health_cmd = ""},           {.health_cmd = "[1]"},           {.health_cmd = "[]"},        {.health_interval = "x"},
		{.health_interval = "-1s"},   {.health_timeout = "0"},         {.health_timeout = "999ms"}, {.health_retries = "0"},
		{.health_retries = "-1"},     {.health_retries = "many"},      {.health_start_period = "soon"},
		{.health_on_failure = "die"}, {.health_interval = "1000000h"}, {.no_healthcheck = true, .health_cmd = "true"},
		{.health_startup_cmd = ""},   {.health_startup_success = "1"}, {.health_startup_interval = "1s"}, {.health_startup_timeout = "2s"},
		{.health_startup_retries = "1"}, {.health_startup_cmd = "x", .health_startup_retries = "-1"},
		{.health_startup_cmd = "x", .health_startup_success = "x"}, {.health_startup_cmd = "x", .health_startup_timeout = "1ms"},
		{.health_startup_cmd = "none", .health_startup_success = "1"}, {.no_healthcheck = true, .health_startup_cmd = "x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = {0};

		assert_int_equal(health_spec_check(&bad[i], &e), -EINVAL);
		assert_non_null(strstr(e.text, "health"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_step), cmocka_unit_test(test_startup_step), cmocka_unit_test(test_spec), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
