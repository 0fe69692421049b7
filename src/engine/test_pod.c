/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "engine/pod.h"

#include <string.h>

static void test_share(void **state)
{
	static const struct {
		const char *text;
		unsigned set;
	} good[] = {
		{"", 0}, {"none", 0}, {"net", PEER_BIT(PEER_NET)}, {"ipc,net,uts", POD_SHARE_DEFAULT},
		{"uts,,uts", PEER_BIT(PEER_UTS)}, {"pid,cgroup,user", PEER_BIT(PEER_PID) | PEER_BIT(PEER_CGROUP) | PEER_BIT(PEER_USER)},
	};
	static const char *const bad[] = {"network", "ne", "net,bad", "net;ipc", "mnt"};
	unsigned set;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err e = {0};

		assert_int_equal(pod_share_parse(good[i].text, &set, &e), 0);
		assert_int_equal(set, good[i].set);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = {0};

		assert_int_equal(pod_share_parse(bad[i], &set, &e), -EINVAL);
		assert_non_null(strstr(e.text, "invalid kernel namespace to share"));
	}
}

/* podman's rules, case by case. */
static void test_states(void **state)
{
	static const struct {
		enum container_status of[3];
		size_t n;
		const char *word;
	} cases[] = {
		{{CONTAINER_CREATED}, 0, "Created"},
		{{CONTAINER_CREATED, CONTAINER_CREATED}, 2, "Created"},
		{{CONTAINER_RUNNING, CONTAINER_RUNNING}, 2, "Running"},
		{{CONTAINER_RUNNING, CONTAINER_EXITED, CONTAINER_PAUSED}, 3, "Degraded"},
		{{CONTAINER_PAUSED, CONTAINER_PAUSED}, 2, "Paused"},
		{{CONTAINER_EXITED, CONTAINER_EXITED}, 2, "Exited"},
		{{CONTAINER_EXITED, CONTAINER_CREATED}, 2, "Stopped"},
		{{CONTAINER_LOST, CONTAINER_CREATED}, 2, "Errored"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container c[3] = {{.pid = 0}}, *items[3] = {&c[0], &c[1], &c[2]};
		struct pod p = {.members = {.items = items, .n = cases[i].n}};

		for (size_t k = 0; k < 3; k++)
			c[k].status = cases[i].of[k];
		assert_string_equal(pod_state_word(&p), cases[i].word);
	}
}

TESTS("engine/pod", cmocka_unit_test(test_share), cmocka_unit_test(test_states))
