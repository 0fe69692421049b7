/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A small history in which all that entries can show is met. Each member of
 * each entry is then left out alone: at most one control of a profile may
 * change by that, it must be the one that asks for it, and none may become met.
 */
#include "base/testing.h"

#include "audit/report.h"
#include "audit/report_controls.h"

#include <string.h>

#define UUID_A "aaaaaaaa-aaaa-8aaa-8aaa-aaaaaaaaaaaa"
#define UUID_B "bbbbbbbb-bbbb-8bbb-8bbb-bbbbbbbbbbbb"
#define CTR_A "1111111111111111111111111111111111111111111111111111111111111111"
#define CTR_B "2222222222222222222222222222222222222222222222222222222222222222"

enum { TRAIL, LOGIN, CREATE, START_A, EXECVE, EXECVE_HOST, STOP_A, START_B, STOP_B, START_A2, REMOVE, VOLUME, EXECVE_ROOT, HEAD, N_GOLDEN };
static const char *const golden[N_GOLDEN] = {
	[TRAIL] = "{'op':'trail-start','time':'2026-11-22T07:00:00Z'}",
	[LOGIN] = "{'op':'login','type':'USER_LOGIN','auid':1001,'ses':7,'addr':'10.0.0.5','res':'success','receipt':'1795330800.000:10'}",
	[CREATE] = "{'op':'create','virt':'ranby','word':'believed','vm':'web','ctr':'" CTR_A "','auid':1001,'ses':7,'res':'success','receipt':'1795334400.000:11'}",
	[START_A] = "{'op':'start','virt':'ranby','word':'believed','vm':'web','uuid':'" UUID_A "','ctr':'" CTR_A
		    "','claimed-image':'nginx','auid':1001,'ses':7,'res':'success','receipt':'1795334401.000:12'}",
	[EXECVE] = "{'op':'execve','where':'container','uuid':'" UUID_A
		   "','cmd':'sh -c x','tty':'pts0','uid':1001,'auid':1001,'ses':7,'receipt':'1795334402.000:13'}",
	[EXECVE_HOST] = "{'op':'execve','where':'host','cmd':'ls','tty':'pts0','uid':1001,'auid':1001,'ses':7,'receipt':'1795334403.000:14'}",
	[STOP_A] = "{'op':'stop','reason':'exited','virt':'ranby','word':'believed','vm':'web','uuid':'" UUID_A "','ctr':'" CTR_A
		   "','auid':1001,'ses':7,'res':'success','receipt':'1795334404.000:15'}",
	[START_B] = "{'op':'start','virt':'ranby','word':'believed','vm':'db','uuid':'" UUID_B "','ctr':'" CTR_B
		    "','claimed-image':'pg','auid':1001,'ses':7,'res':'success','receipt':'1795334405.000:16'}",
	[STOP_B] = "{'op':'stop','reason':'signal','virt':'ranby','word':'believed','vm':'db','uuid':'" UUID_B "','ctr':'" CTR_B
		   "','auid':1001,'ses':7,'res':'success','receipt':'1795334406.000:17'}",
	[START_A2] = "{'op':'start','virt':'ranby','word':'believed','vm':'web','uuid':'cccccccc-cccc-8ccc-8ccc-cccccccccccc','ctr':'" CTR_A
		     "','claimed-image':'nginx','auid':1001,'ses':7,'res':'success','receipt':'1795334407.000:18'}",
	[REMOVE] = "{'op':'rm','virt':'ranby','word':'believed','vm':'db','ctr':'" CTR_B "','auid':1001,'ses':7,'res':'success','receipt':'1795334408.000:19'}",
	[VOLUME] = "{'op':'volume-rm','virt':'ranby','word':'believed','vm':'data','ctr':'" CTR_B "','auid':1001,'ses':7,'res':'success','receipt':'1795334409.000:20'}",
	[EXECVE_ROOT] = "{'op':'execve','where':'host','cmd':'apt update','tty':'pts0','uid':0,'auid':1001,'ses':7,'receipt':'1795334410.000:21'}",
	[HEAD] = "{'op':'head','ledger':'auid-1001','time':'2026-11-22T08:10:00Z'}",
};

/* Of the golden history, entry `skip` left out (N_GOLDEN: none), member `key` of entry `entry` too. */
static void make(struct report *rep, const char *profile, size_t skip, size_t entry, const char *key)
{
	struct err e = {0};

	*rep = (struct report){.any_user = true};
	rep->profile = report_profile(profile, &rep->title);
	assert_non_null(rep->profile);
	assert_int_equal(report_add_ledger(rep, "auid-1001", &e), 0);
	for (size_t i = 0; i < N_GOLDEN; i++) {
		char text[1024];
		struct ledger_entry ent = {.seq = i + 1};

		if (i == skip)
			continue;
		snprintf(text, sizeof(text), "%s", golden[i]);
		for (char *c = text; *c; c++)
			if (*c == '\'')
				*c = '"';
		assert_int_equal(json_parse(text, strlen(text), "golden", &ent.o, &e), 0);
		if (i == entry)
			json_object_object_del(ent.o, key);
		assert_int_equal(report_add(rep, &ent, &e), 0);
		json_object_put(ent.o);
	}
	assert_int_equal(report_finish(rep, &e), 0);
}

static const char *const profiles[] = {"pci4", "srg-ctr", "800-53", "800-190"};

static void all_is_met(void **state)
{
	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(profiles); p++) {
		struct report rep;

		make(&rep, profiles[p], N_GOLDEN, N_GOLDEN, NULL);
		assert_true(rep.n_results >= 7);
		for (size_t i = 0; i < rep.n_results; i++)
			if (rep.results[i].status == REPORT_NOT_MET)
				fail_msg("%s %s: %s", profiles[p], report_control_id(rep.results[i].control), rep.results[i].found);
		assert_int_equal(rep.n_runs, 3);
		assert_int_equal(rep.runs[0].n_execs, 1);
		assert_string_equal(rep.runs[1].ended, "signal");
		assert_int_equal(rep.runs[2].stop_ns, 0);
		report_done(&rep);
	}
}

/* How many controls changed; *ret_id is the last of them. */
static size_t changes(const struct report *a, const struct report *b, const char **ret_id)
{
	size_t n = 0;

	assert_int_equal(a->n_results, b->n_results);
	for (size_t i = 0; i < a->n_results; i++) {
		if (a->results[i].status == b->results[i].status)
			continue;
		n++;
		*ret_id = report_control_id(b->results[i].control);
		if (b->results[i].status == REPORT_MET)
			fail_msg("%s became met", *ret_id);
	}
	return n;
}

static void one_member_one_control(void **state)
{
	static const struct {
		size_t entry;
		const char *key;
		const char *id[ARRAY_SIZE(profiles)]; /* "" none */
	} cases[] = {
		{START_A, "auid", {"10.2.2 user", "SRG-APP-000100-CTR-000195", "AU-3 f", "4.4.5 user"}},
		{STOP_B, "auid", {"10.2.2 user", "SRG-APP-000100-CTR-000195", "AU-3 f", ""}},
		{CREATE, "op", {"10.2.2 type", "SRG-APP-000095", "AU-3 a", ""}},
		{STOP_B, "res", {"10.2.2 outcome", "SRG-APP-000099", "AU-3 e", ""}},
		{REMOVE, "receipt", {"10.2.2 time", "SRG-APP-000096", NULL, ""}}, /* two of 800-53: when, and by whose word */
		{LOGIN, "addr", {"10.2.2 origin", "SRG-APP-000098", "AU-3 d", "4.5.3"}},
		{START_B, "claimed-image", {"10.2.2 object", "", "", "4.1.5"}},
		{REMOVE, "vm", {"10.2.1.7", "", "", ""}},
		{EXECVE, "uid", {"10.2.1.2", "", "", ""}},
		{EXECVE_ROOT, "uid", {"10.2.1.2", "", "", ""}},
		{EXECVE_ROOT, "auid", {"10.2.1.2", "", "", ""}},
		{EXECVE_ROOT, "cmd", {"10.2.1.2", "SRG-APP-000101-CTR-000205", "AU-3(1)", ""}},
		{VOLUME, "vm", {"10.2.1.7", "", "", ""}},
		{EXECVE, "tty", {"", "SRG-APP-000097", "AU-3 c", ""}},
		{EXECVE, "cmd", {"", "SRG-APP-000101-CTR-000205", "AU-3(1)", ""}},
		{EXECVE, "where", {"", "SRG-APP-000100-CTR-000200", "AU-12", "4.4.4"}},
		{EXECVE, "uuid", {"", "SRG-APP-000100-CTR-000200", "AU-12", "4.4.4"}},
		{START_A2, "uuid", {"", "SRG-APP-000510-CTR-001310", "", ""}},
		{STOP_A, "reason", {"", "", "", ""}},
	};

	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(profiles); p++) {
		struct report whole;

		make(&whole, profiles[p], N_GOLDEN, N_GOLDEN, NULL);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			const char *id = "", *want = cases[i].id[p];
			struct report rep;
			size_t n;

			make(&rep, profiles[p], N_GOLDEN, cases[i].entry, cases[i].key);
			n = changes(&whole, &rep, &id);
			if (want && (n != (*want != '\0') || strcmp(id, want) != 0))
				fail_msg("%s, entry %zu without %s: %zu changed, %s, not %s", profiles[p], cases[i].entry, cases[i].key, n, id, want);
			report_done(&rep);
		}
		report_done(&whole);
	}
}

static void one_entry(void **state)
{
	static const struct {
		size_t entry;
		const char *profile, *id;
	} cases[] = {
		{STOP_A, "srg-ctr", "SRG-APP-000505"}, /* it was started again: its end went unrecorded */
		{STOP_A, "800-190", "4.4.5 trail"},
		{HEAD, "800-53", "AU-9(3)"},
		{HEAD, "pci4", "10.3.4"},
		{TRAIL, "800-53", "AU-5"},
		{EXECVE_ROOT, "pci4", "10.2.1.2"}, /* then there is nothing of an administrator's */
		{START_B, "pci4", ""}, /* nothing asks what nobody knows of; the audit log does: `ranby audit verify` */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct report whole, rep;
		const char *id = "";

		make(&whole, cases[i].profile, N_GOLDEN, N_GOLDEN, NULL);
		make(&rep, cases[i].profile, cases[i].entry, N_GOLDEN, NULL);
		if (changes(&whole, &rep, &id) > 1 || strcmp(id, cases[i].id) != 0)
			fail_msg("without entry %zu: %s, not %s", cases[i].entry, id, cases[i].id);
		report_done(&whole);
		report_done(&rep);
	}
}

static const struct report_result *result_of(const struct report *rep, const char *id)
{
	for (size_t i = 0; i < rep->n_results; i++)
		if (strcmp(report_control_id(rep->results[i].control), id) == 0)
			return &rep->results[i];
	fail_msg("no control %s", id);
	return NULL;
}

static enum report_status status_of(const struct report *rep, const char *id)
{
	return result_of(rep, id)->status;
}

static void what_a_user_wrote(void **state)
{
	static const char line[] = "{\"op\":\"start\",\"verb\":\"start\",\"virt\":\"ranby\",\"vm\":\"web\",\"ctr\":\"" CTR_A
				   "\",\"image\":\"x\",\"auid\":1001,\"ses\":7,\"res\":\"success\",\"receipt\":\"self\",\"time\":\"2026-11-22T08:00:00Z\"}";
	struct report rep = {.any_user = true, .own = true};
	struct ledger_entry ent = {.seq = 1};
	char text[64];
	struct err e = {0};

	(void)state;
	rep.profile = report_profile("800-53", &rep.title);
	assert_int_equal(report_add_ledger(&rep, "ledger", &e), 0);
	assert_int_equal(json_parse(line, strlen(line), "line", &ent.o, &e), 0);
	assert_int_equal(report_add(&rep, &ent, &e), 0);
	json_object_put(ent.o);
	assert_int_equal(report_finish(&rep, &e), 0);
	assert_int_equal(status_of(&rep, "AU-10"), REPORT_NOT_SHOWN);
	assert_int_equal(status_of(&rep, "AU-5"), REPORT_NOT_SHOWN);
	assert_int_equal(status_of(&rep, "AU-12"), REPORT_NOT_SHOWN);
	/* a chain that its owner can make anew protects nothing from him */
	assert_int_equal(status_of(&rep, "AU-9"), REPORT_NOT_SHOWN);
	assert_int_equal(status_of(&rep, "AU-3 f"), REPORT_MET);
	assert_non_null(strstr(report_statement(&rep), "does not protect from its owner"));
	report_evidence_text(&rep, 0, text, sizeof(text));
	assert_string_equal(text, "ledger#1");
	report_done(&rep);
}

/* A time zone, and a clock that went back by `back` seconds before the last start and on from there. */
static void make_clock(struct report *rep, const char *profile, const char *zone, int back)
{
	struct err e = {0};

	*rep = (struct report){.any_user = true};
	rep->profile = report_profile(profile, &rep->title);
	assert_int_equal(report_add_ledger(rep, "auid-1001", &e), 0);
	for (int i = 0; i < 20; i++) {
		struct ledger_entry ent = {.seq = (uint64_t)i + 1};
		char text[512];

		snprintf(text, sizeof(text), "{\"op\":\"start\",\"virt\":\"ranby\",\"word\":\"believed\",\"vm\":\"web\",\"uuid\":\"%d\",\"auid\":1001,\"ses\":7,\"res\":\"success\","
			 "\"receipt\":\"%d.000:%d\",\"time\":\"2026-11-22T08:00:%02d%s\"}", i, 1795334400 + i - (i < 10 ? 0 : back), 100 + i, i, zone);
		assert_int_equal(json_parse(text, strlen(text), "clock", &ent.o, &e), 0);
		assert_int_equal(report_add(rep, &ent, &e), 0);
		json_object_put(ent.o);
	}
	assert_int_equal(report_finish(rep, &e), 0);
}

static void times(void **state)
{
	static const struct {
		const char *zone;
		int back;
		enum report_status utc, steady;
	} cases[] = {
		{"Z", 0, REPORT_MET, REPORT_MET},
		{"+02:00", 0, REPORT_NOT_MET, REPORT_MET},
		{"Z", 1, REPORT_MET, REPORT_MET}, /* either order, within a second */
		{"Z", 5, REPORT_MET, REPORT_NOT_MET},
		{"Z", 3600, REPORT_MET, REPORT_NOT_MET},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct report srg, nist;

		make_clock(&srg, "srg-ctr", cases[i].zone, cases[i].back);
		make_clock(&nist, "800-53", cases[i].zone, cases[i].back);
		if (result_of(&srg, "SRG-APP-000374")->status != cases[i].utc || result_of(&srg, "SRG-APP-000375")->status != cases[i].steady ||
		    (result_of(&nist, "AU-8")->status == REPORT_MET) != (cases[i].utc == REPORT_MET && cases[i].steady == REPORT_MET))
			fail_msg("%s, %d: %s; %s; %s", cases[i].zone, cases[i].back, result_of(&srg, "SRG-APP-000374")->found,
				 result_of(&srg, "SRG-APP-000375")->found, result_of(&nist, "AU-8")->found);
		assert_true(result_of(&nist, "AU-8")->n_evidence > 0);
		report_done(&srg);
		report_done(&nist);
	}
}

/* What is met, or is not, is so by records that are named; of the rest it is said where to look. */
static void each_has_evidence(void **state)
{
	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(profiles); p++) {
		struct report rep;

		make(&rep, profiles[p], N_GOLDEN, N_GOLDEN, NULL);
		for (size_t i = 0; i < rep.n_results; i++) {
			const struct report_result *res = &rep.results[i];

			if ((res->status == REPORT_NOT_SHOWN) != (res->n_evidence == 0) || !*res->found)
				fail_msg("%s %s: %s, %zu records", profiles[p], report_control_id(res->control), res->found, res->n_evidence);
		}
		report_done(&rep);
	}
}

/* What is asked of a recorder of containers, also where entries cannot answer it: nothing is left out in silence. */
static void each_control_is_named(void **state)
{
	static const struct {
		const char *profile, *id;
	} wanted[] = {
		{"pci4", "10.2.1.2"}, {"pci4", "10.2.1.3"}, {"pci4", "10.2.1.6"}, {"pci4", "10.2.1.7"}, {"pci4", "10.2.2 user"},
		{"pci4", "10.2.2 type"}, {"pci4", "10.2.2 time"}, {"pci4", "10.2.2 outcome"}, {"pci4", "10.2.2 origin"}, {"pci4", "10.2.2 object"},
		{"pci4", "10.3.1"}, {"pci4", "10.3.2"}, {"pci4", "10.3.3"}, {"pci4", "10.3.4"},
		{"srg-ctr", "SRG-APP-000090"}, {"srg-ctr", "SRG-APP-000092"}, {"srg-ctr", "SRG-APP-000095"}, {"srg-ctr", "SRG-APP-000096"},
		{"srg-ctr", "SRG-APP-000097"}, {"srg-ctr", "SRG-APP-000098"}, {"srg-ctr", "SRG-APP-000099"},
		{"srg-ctr", "SRG-APP-000100-CTR-000195"}, {"srg-ctr", "SRG-APP-000100-CTR-000200"},
		{"srg-ctr", "SRG-APP-000101-CTR-000205"}, {"srg-ctr", "SRG-APP-000109"}, {"srg-ctr", "SRG-APP-000111"},
		{"srg-ctr", "SRG-APP-000118"}, {"srg-ctr", "SRG-APP-000119"}, {"srg-ctr", "SRG-APP-000120"}, {"srg-ctr", "SRG-APP-000121"},
		{"srg-ctr", "SRG-APP-000126"}, {"srg-ctr", "SRG-APP-000290"}, {"srg-ctr", "SRG-APP-000343"}, {"srg-ctr", "SRG-APP-000358"},
		{"srg-ctr", "SRG-APP-000360"}, {"srg-ctr", "SRG-APP-000378-CTR-000885"}, {"srg-ctr", "SRG-APP-000504"},
		{"srg-ctr", "SRG-APP-000505"}, {"srg-ctr", "SRG-APP-000510-CTR-001310"},
		{"800-53", "AU-2"}, {"800-53", "AU-3 f"}, {"800-53", "AU-3(1)"}, {"800-53", "AU-5"}, {"800-53", "AU-9"}, {"800-53", "AU-9(2)"},
		{"800-53", "AU-9(3)"}, {"800-53", "AU-10"}, {"800-53", "AU-12"}, {"800-53", "AU-14"},
		{"srg-ctr", "SRG-APP-000122"}, {"srg-ctr", "SRG-APP-000123"}, {"srg-ctr", "SRG-APP-000374"}, {"srg-ctr", "SRG-APP-000375"},
		{"srg-ctr", "OL08-00-030122"}, {"800-53", "AU-8"},
		{"800-190", "4.4.5 user"}, {"800-190", "4.4.5 logged"}, {"800-190", "4.5 CIS Debian 12, 6.2"}, {"800-190", "4.5 CIS Docker, 1.1.3-1.1.18"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct report rep;
		bool there = false;

		make(&rep, wanted[i].profile, N_GOLDEN, N_GOLDEN, NULL);
		for (size_t k = 0; k < rep.n_results; k++)
			there |= strcmp(report_control_id(rep.results[k].control), wanted[i].id) == 0;
		if (!there)
			fail_msg("%s does not name %s", wanted[i].profile, wanted[i].id);
		report_done(&rep);
	}
}

/* What a container's own process wrote of a start is none, and what nobody has weighed is not believed either. */
static void whose_word_it_is(void **state)
{
	static const char *const words[] = {
		"'op':'start','virt':'ranby','word':'claimed'", "'op':'start','virt':'ranby','word':'unknown'", "'op':'start','virt':'ranby'",
		/* who leaves virt out, or says to be another kind of entry, is believed no more */
		"'op':'start','type':'VIRT_CONTROL','word':'claimed'", "'op':'start','type':'VIRT_CONTROL'",
		"'op':'login','type':'VIRT_CONTROL','word':'claimed','addr':'10.0.0.5'", "'op':'execve','virt':'x','word':'claimed','where':'container'",
		"'op':'head','type':'VIRT','word':'unknown'", "'op':'gap','type':'VIRT_CREATE','word':'claimed'"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT;
		struct report rep = {.any_user = true};
		struct ledger_entry ent = {.seq = 1};
		char text[256];
		struct err e = {0};

		rep.profile = report_profile("800-53", &rep.title);
		assert_int_equal(report_add_ledger(&rep, "auid-1001", &e), 0);
		snprintf(text, sizeof(text), "{%s,'vm':'x','uuid':'u','auid':1001,'ses':7,'res':'success','receipt':'1.000:2'}", words[i]);
		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		assert_int_equal(json_parse(text, strlen(text), "entry", &ent.o, &e), 0);
		assert_int_equal(report_add(&rep, &ent, &e), 0);
		json_object_put(ent.o);
		assert_int_equal(report_finish(&rep, &e), 0);
		assert_int_equal(rep.n_runs, 0);
		assert_int_equal(rep.n, 0);
		assert_int_equal(rep.n_claims, 1);
		report_text(&rep, &out);
		assert_non_null(strstr(buf_str(&out), REPORT_CLAIMS_TEXT ": 1."));
		report_done(&rep);
	}
}

static void broken_chain_and_gaps(void **state)
{
	struct report rep;

	(void)state;
	make(&rep, "800-53", N_GOLDEN, N_GOLDEN, NULL);
	report_ledger_fault(&rep, "entry 3 was changed");
	free(rep.results);
	rep.n_results = 0;
	assert_int_equal(report_judge(&rep, NULL), 0);
	assert_int_equal(status_of(&rep, "AU-9"), REPORT_NOT_MET);
	report_done(&rep);
	assert_null(report_profile("pci", NULL));
	assert_null(report_profile("", NULL));
}

/* ---- the page ---- */

static void count_of(const char *text, const char *what, size_t want)
{
	size_t n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	if (n != want)
		fail_msg("%zu times %s, not %zu", n, what, want);
}

static void hostile_names(void **state)
{
	static const char *const names[] = {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</title></style></svg>",
					    "\033]0;t\a\033[2J", "\xe2\x80\xae.exe", "x' onload='y", "&amp;"};
	_cleanup_(buf_done) struct buf page = BUF_INIT, text = BUF_INIT, plain = BUF_INIT;
	struct report rep = {.any_user = true};
	struct err e = {0};

	(void)state;
	rep.profile = report_profile("pci4", &rep.title);
	snprintf(rep.host, sizeof(rep.host), "<b>host");
	assert_int_equal(report_add_ledger(&rep, "<i>shard", &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct ledger_entry ent = {.o = json_object_new_object(), .seq = i + 1};
		char uuid[40];

		snprintf(uuid, sizeof(uuid), "<u>%zu", i);
		assert_int_equal(json_add_str(ent.o, "op", "start"), 0);
		assert_int_equal(json_add_str(ent.o, "virt", "ranby"), 0);
		assert_int_equal(json_add_str(ent.o, "word", "believed"), 0);
		assert_int_equal(json_add_str(ent.o, "vm", names[i]), 0);
		assert_int_equal(json_add_str(ent.o, "image", names[(i + 1) % ARRAY_SIZE(names)]), 0);
		assert_int_equal(json_add_str(ent.o, "uuid", uuid), 0);
		assert_int_equal(json_add_str(ent.o, "time", "2026-11-22T08:00:00Z"), 0);
		assert_int_equal(report_add(&rep, &ent, &e), 0);
		json_object_put(ent.o);
	}
	assert_int_equal(report_finish(&rep, &e), 0);
	report_html(&rep, &page);
	assert_int_equal(buf_bad(&page), 0);
	count_of(buf_str(&page), "<script", 0);
	count_of(buf_str(&page), "<img", 0);
	count_of(buf_str(&page), "<b>host", 0);
	count_of(buf_str(&page), "<i>", 0);
	count_of(buf_str(&page), "<u>", 0);
	count_of(buf_str(&page), "</title></style>", 0);
	count_of(buf_str(&page), "\033", 0);
	count_of(buf_str(&page), "\xe2\x80\xae", 0);
	count_of(buf_str(&page), " onload='", 0);
	count_of(buf_str(&page), " style=\"", 0);
	count_of(buf_str(&page), "http", 1); /* http-equiv */
	count_of(buf_str(&page), "&amp;amp;", 5); /* a name: bar's title and label, table; an image: title, table */
	report_text(&rep, &text);
	count_of(buf_str(&text), "\033", 0);
	assert_int_equal(report_json(&rep, &plain), 0);
	count_of(buf_str(&plain), "\033", 0);
	report_done(&rep);
}

static void nothing_at_all(void **state)
{
	for (size_t p = 0; p < ARRAY_SIZE(profiles); p++) {
		_cleanup_(buf_done) struct buf page = BUF_INIT, plain = BUF_INIT;
		struct report rep = {.any_user = true};
		struct err e = {0};

		(void)state;
		rep.profile = report_profile(profiles[p], &rep.title);
		assert_int_equal(report_finish(&rep, &e), 0);
		for (size_t i = 0; i < rep.n_results; i++)
			if (rep.results[i].status != REPORT_NOT_SHOWN)
				fail_msg("%s is %s of nothing", report_control_id(rep.results[i].control), report_status_word(rep.results[i].status));
		report_html(&rep, &page);
		assert_non_null(strstr(buf_str(&page), "No container was started"));
		assert_int_equal(report_json(&rep, &plain), 0);
		report_done(&rep);
	}
}

static void bounds(void **state)
{
	struct report rep = {.any_user = false, .auid = 1002};
	struct ledger_entry ent = {.seq = 1};
	struct err e = {0};
	static const char line[] = "{\"op\":\"start\",\"auid\":1001,\"time\":\"2026-11-22T08:00:00Z\"}";

	(void)state;
	rep.profile = report_profile("pci4", &rep.title);
	assert_int_equal(report_add_ledger(&rep, "x", &e), 0);
	assert_int_equal(json_parse(line, strlen(line), "line", &ent.o, &e), 0);
	assert_int_equal(report_add(&rep, &ent, &e), 0);
	assert_int_equal(rep.n, 0);
	rep.auid = 1001;
	rep.since_ns = INT64_C(1795334400000000001);
	assert_int_equal(report_add(&rep, &ent, &e), 0);
	assert_int_equal(rep.n, 0);
	rep.since_ns = 0;
	rep.until_ns = INT64_C(1795334399999999999);
	assert_int_equal(report_add(&rep, &ent, &e), 0);
	assert_int_equal(rep.n, 0);
	rep.until_ns = INT64_C(1795334400000000000);
	assert_int_equal(report_add(&rep, &ent, &e), 0);
	assert_int_equal(rep.n, 1);
	json_object_put(ent.o);
	report_done(&rep);
}

TESTS("audit/report", cmocka_unit_test(all_is_met), cmocka_unit_test(one_member_one_control), cmocka_unit_test(one_entry),
      cmocka_unit_test(what_a_user_wrote), cmocka_unit_test(each_control_is_named), cmocka_unit_test(times), cmocka_unit_test(each_has_evidence),
      cmocka_unit_test(whose_word_it_is), cmocka_unit_test(broken_chain_and_gaps), cmocka_unit_test(hostile_names),
      cmocka_unit_test(nothing_at_all), cmocka_unit_test(bounds))
