/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The controls, and what each asks of the entries. A control is one row: the
 * standard's number, its demand in short, and a check with a class of events
 * and a member that each of them must have. In one profile no two rows ask for
 * the same, so that one thing that is missing shows in one place.
 *
 * What no entry can show (a copy on another host, who may read a directory)
 * is a row too, and says where to look: a report that leaves it out would
 * read as if all were met.
 */
#include "audit/report_controls.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CLOCK_STEP_NS 1000000000

struct report_control {
	const char *profile, *id, *text;
	void (*check)(const struct report *rep, struct report_result *res);
	unsigned kinds;    /* events that it is about */
	const char *field; /* member that each must have; or where to look, for what is not shown */
};

/* ---- results ---- */

static void evidence(struct report_result *res, size_t event)
{
	if (res->n_evidence < REPORT_EVIDENCE_MAX)
		res->evidence[res->n_evidence++] = event;
	else
		res->more++;
}

static void no_evidence(struct report_result *res)
{
	res->n_evidence = res->more = 0;
}

static _printf_(3, 4) void say(struct report_result *res, enum report_status s, const char *fmt, ...)
{
	va_list ap;

	res->status = s;
	va_start(ap, fmt);
	vsnprintf(res->found, sizeof(res->found), fmt, ap);
	va_end(ap);
}

static bool is_kind(const struct report_event *ev, unsigned kinds)
{
	return (ev->kind & kinds) || (ev->kind == REPORT_NO_OP && (kinds & REPORT_CONTROL) == REPORT_CONTROL);
}

/* ---- checks ---- */

/* "tty|terminal" as words. */
static void field_names(const char *field, char *out, size_t size)
{
	size_t len = strcspn(field, "|");

	if (field[len])
		snprintf(out, size, "\"%.*s\" or \"%s\"", (int)len, field, field + len + 1);
	else
		snprintf(out, size, "\"%s\"", field);
}

/* Each event of the class has the member. */
static void check_field(const struct report *rep, struct report_result *res)
{
	const struct report_control *c = res->control;
	size_t with = 0, without = 0, first_without = 0;
	char names[64];

	for (size_t i = 0; i < rep->n; i++) {
		if (!is_kind(&rep->events[i], c->kinds))
			continue;
		if (*report_word(&rep->events[i], c->field)) {
			with++;
			if (without == 0)
				evidence(res, i);
			continue;
		}
		if (without++ == 0) {
			no_evidence(res);
			first_without = i;
		}
		evidence(res, i);
	}
	field_names(c->field, names, sizeof(names));
	if (with + without == 0)
		say(res, REPORT_NOT_SHOWN, "no such event in this data");
	else if (with == 0)
		say(res, REPORT_NOT_SHOWN, "none of %zu entries holds %s: the data does not have it", without, names);
	else if (without)
		say(res, REPORT_NOT_MET, "%zu of %zu entries lack %s, the first is %s", without, with + without, names,
		    *report_word(&rep->events[first_without], "op") ? report_word(&rep->events[first_without], "op") : "of no type");
	else
		say(res, REPORT_MET, with == 1 ? "%zu entry, with %s" : "all %zu entries have %s", with, names);
}

/* There is one at all. */
static void check_seen(const struct report *rep, struct report_result *res)
{
	size_t n = 0;

	for (size_t i = 0; i < rep->n; i++)
		if (is_kind(&rep->events[i], res->control->kinds)) {
			n++;
			evidence(res, i);
		}
	if (n)
		say(res, REPORT_MET, "%zu recorded", n);
	else
		say(res, REPORT_NOT_SHOWN, "none in this data");
}

/* Each start has its stop, or is the last that is known of its container. */
static void check_pairs(const struct report *rep, struct report_result *res)
{
	size_t ended = 0, open = 0, lost = 0;

	for (size_t i = 0; i < rep->n_runs; i++) {
		const struct report_run *run = &rep->runs[i];

		if (run->stop != SIZE_MAX) {
			ended++;
			if (lost == 0)
				evidence(res, run->stop);
		} else if (!run->again) {
			open++;
		} else {
			if (lost++ == 0)
				no_evidence(res);
			evidence(res, run->start);
		}
	}
	if (rep->n_runs == 0)
		say(res, REPORT_NOT_SHOWN, "no container was started");
	else if (lost)
		say(res, REPORT_NOT_MET, "%zu of %zu runs have no recorded end, and the container was started again", lost, rep->n_runs);
	else
		say(res, REPORT_MET, "%zu runs with start and end, %zu without an end yet", ended, open);
}

/* Each exec is of one container, which has a start record, or of the host. */
static void check_container(const struct report *rep, struct report_result *res)
{
	size_t inside = 0, host = 0, unknown = 0;

	for (size_t i = 0; i < rep->n; i++) {
		const struct report_event *ev = &rep->events[i];
		const char *where = report_word(ev, "where");

		if (ev->kind != REPORT_EXECVE)
			continue;
		if (strcmp(where, "host") == 0) {
			host++;
		} else if (strcmp(where, "container") == 0 && ev->started) {
			inside++;
			if (unknown == 0)
				evidence(res, i);
		} else {
			if (unknown++ == 0)
				no_evidence(res);
			evidence(res, i);
		}
	}
	if (inside + host + unknown == 0)
		say(res, REPORT_NOT_SHOWN, "no execs in this data: they are in the system ledger, with the rules pack loaded");
	else if (unknown)
		say(res, REPORT_NOT_MET, "%zu of %zu execs are of no container that was recorded, nor of the host", unknown, inside + host + unknown);
	else
		say(res, REPORT_MET, "%zu execs in containers, %zu on the host", inside, host);
}

/* The session of each start came from somewhere. */
static void check_origin(const struct report *rep, struct report_result *res)
{
	size_t with = 0, without = 0;

	for (size_t i = 0; i < rep->n_runs; i++) {
		const struct report_run *run = &rep->runs[i];

		if (run->has_origin) {
			with++;
			if (without == 0)
				evidence(res, run->start);
			continue;
		}
		if (without++ == 0)
			no_evidence(res);
		evidence(res, run->start);
	}
	if (with == 0)
		say(res, REPORT_NOT_SHOWN, "no login with an address or a terminal in this data");
	else if (without)
		say(res, REPORT_NOT_MET, "%zu of %zu runs are of a session whose login is not recorded", without, with + without);
	else
		say(res, REPORT_MET, "the login of each session is recorded, with where it came from");
}

/* Each has a time. */
static void check_time(const struct report *rep, struct report_result *res)
{
	size_t n = 0;

	for (size_t i = 0; i < rep->n; i++) {
		if (!is_kind(&rep->events[i], res->control->kinds))
			continue;
		if (rep->events[i].ns == 0) {
			no_evidence(res);
			evidence(res, i);
			say(res, REPORT_NOT_MET, "an entry has no time");
			return;
		}
		n++;
		evidence(res, i);
	}
	if (n == 0)
		say(res, REPORT_NOT_SHOWN, "no such event in this data");
	else
		say(res, REPORT_MET, "all %zu have a time of the kernel or of the ledger, UTC", n);
}

/* The kernel's stamps count from 1970 UTC; a time in words says its zone. What has no time is another row's. */
static void check_utc(const struct report *rep, struct report_result *res)
{
	size_t n = 0, local = 0;

	for (size_t i = 0; i < rep->n; i++) {
		const struct report_event *ev = &rep->events[i];
		const char *time = report_word(ev, "time");

		if (!is_kind(ev, res->control->kinds) || ev->ns == 0)
			continue;
		n++;
		if (*time && time[strlen(time) - 1] != 'Z' && local++ == 0)
			no_evidence(res);
		if (local == 0 || (*time && time[strlen(time) - 1] != 'Z'))
			evidence(res, i);
	}
	if (n == 0)
		say(res, REPORT_NOT_SHOWN, "no such event with a time in this data");
	else if (local)
		say(res, REPORT_NOT_MET, "%zu of %zu times are not in UTC", local, n);
	else
		say(res, REPORT_MET, "all %zu times are in UTC", n);
}

/* Where the kernel has a place for it, its serial; else, of one ledger, the number of the entry. */
static uint64_t place_of(const struct report *rep, const struct report_event *ev, bool serials)
{
	return serials ? ev->serial : rep->n_ledgers == 1 ? ev->seq : 0;
}

static bool has_place(const struct report *rep, const struct report_event *ev, bool serials, unsigned kinds)
{
	return is_kind(ev, kinds) && ev->ns != 0 && place_of(rep, ev, serials) != 0;
}

/* The highest place of those of the same boot that are older by more than a second; *old goes on from where it was. */
static uint64_t place_before(const struct report *rep, size_t i, bool serials, unsigned kinds, size_t *old, uint64_t before)
{
	const struct report_event *ev = &rep->events[i], *x;

	for (; (x = &rep->events[*old])->ns + CLOCK_STEP_NS < ev->ns; (*old)++)
		if (has_place(rep, x, serials, kinds) && strcmp(report_word(x, "boot"), report_word(ev, "boot")) == 0 &&
		    place_of(rep, x, serials) > before)
			before = place_of(rep, x, serials);
	return before;
}

/*
 * Times go the way of the serials, within a second: a record is stamped when
 * its system call begins and gets its serial when it is written, so that of two at
 * once either may be the first. A clock that was set back, or is coarser, shows.
 */
static void check_steady(const struct report *rep, struct report_result *res)
{
	unsigned kinds = res->control->kinds;
	const char *boot = "";
	bool serials = false;
	uint64_t before = 0;
	size_t n = 0, bad = 0;

	for (size_t i = 0; i < rep->n; i++)
		serials |= is_kind(&rep->events[i], kinds) && rep->events[i].serial;
	for (size_t i = 0, old = 0; i < rep->n; i++) {
		const struct report_event *ev = &rep->events[i];
		bool is_late;

		if (!has_place(rep, ev, serials, kinds))
			continue;
		/* serials begin again with each boot */
		before = place_before(rep, i, serials, kinds, &old, strcmp(report_word(ev, "boot"), boot) == 0 ? before : 0);
		boot = report_word(ev, "boot");
		is_late = place_of(rep, ev, serials) < before;
		n++;
		if (is_late && bad++ == 0)
			no_evidence(res);
		if (bad == 0 || is_late)
			evidence(res, i);
	}
	if (n == 0)
		say(res, REPORT_NOT_SHOWN, "no such event with a time and a place in this data");
	else if (bad)
		say(res, REPORT_NOT_MET, "%zu of %zu times are later than their place by more than a second: the clock was set back", bad, n);
	else
		say(res, REPORT_MET, "all %zu times follow the order of the %s within a second", n, serials ? "kernel's serials" : "entries");
}

static void check_clock(const struct report *rep, struct report_result *res)
{
	check_utc(rep, res);
	if (res->status != REPORT_MET)
		return;
	no_evidence(res);
	check_steady(rep, res);
}

static bool has_no_uid(const struct report_event *ev)
{
	return !*report_word(ev, "uid");
}

/* What ran as root: as whom every program ran is said, and of root's the login behind it and the whole command. */
static void check_admin(const struct report *rep, struct report_result *res)
{
	size_t n = 0, root = 0, bad = 0;

	for (size_t i = 0; i < rep->n; i++) {
		const struct report_event *ev = &rep->events[i];
		bool is_root = strcmp(report_word(ev, "uid"), "0") == 0, lacks;

		if (ev->kind != REPORT_EXECVE)
			continue;
		n++;
		root += is_root;
		lacks = has_no_uid(ev) || (is_root && (ev->auid == REPORT_NO_ID || !*report_word(ev, "cmd")));
		if (lacks && bad++ == 0)
			no_evidence(res);
		if (lacks || (is_root && bad == 0))
			evidence(res, i);
	}
	if (n == 0)
		say(res, REPORT_NOT_SHOWN, "no execs in this data: they are in the system ledger, with the rules pack loaded");
	else if (bad)
		say(res, REPORT_NOT_MET, "%zu of %zu programs do not say as whom they ran, or ran as root without a login or a command", bad, n);
	else if (root == 0)
		say(res, REPORT_NOT_SHOWN, "of %zu programs none ran as root: nothing of an administrator's is in this data", n);
	else
		say(res, REPORT_MET, "%zu programs ran as root, each with the login behind it and its command", root);
}

/* Each is a kernel record that was read back. */
static void check_witnessed(const struct report *rep, struct report_result *res)
{
	size_t with = 0, without = 0;

	for (size_t i = 0; i < rep->n; i++) {
		if (!is_kind(&rep->events[i], res->control->kinds))
			continue;
		if (rep->events[i].serial) {
			with++;
			if (without == 0)
				evidence(res, i);
			continue;
		}
		if (without++ == 0)
			no_evidence(res);
		evidence(res, i);
	}
	if (with == 0)
		say(res, REPORT_NOT_SHOWN, "nothing here was witnessed by the kernel");
	else if (without)
		say(res, REPORT_NOT_MET, "%zu of %zu entries have no kernel record", without, with + without);
	else
		say(res, REPORT_MET, "all %zu entries have a kernel record", with);
}

/* The last entry of each ledger: its hash is over all before it. */
static void chain_evidence(const struct report *rep, struct report_result *res)
{
	for (uint32_t k = 0; k < rep->n_ledgers; k++) {
		size_t last = SIZE_MAX;

		for (size_t i = 0; i < rep->n; i++)
			if (rep->events[i].ledger == k && (last == SIZE_MAX || rep->events[i].seq > rep->events[last].seq))
				last = i;
		if (last != SIZE_MAX)
			evidence(res, last);
	}
}

/* The chain of each ledger is whole. */
static void check_chain(const struct report *rep, struct report_result *res)
{
	chain_evidence(rep, res);
	for (size_t i = 0; i < rep->n_ledgers; i++)
		if (rep->ledgers[i].fault[0]) {
			say(res, REPORT_NOT_MET, "%s: %s", rep->ledgers[i].name, rep->ledgers[i].fault);
			return;
		}
	if (rep->n_ledgers == 0 || rep->n == 0)
		say(res, REPORT_NOT_SHOWN, "there are no entries");
	else if (rep->own)
		say(res, REPORT_NOT_SHOWN, "the chain of hashes is whole; its owner could have written all of it anew: `ranby audit verify --log`");
	else
		say(res, REPORT_MET, "the chain of hashes of %zu ledger%s is whole", rep->n_ledgers, rep->n_ledgers == 1 ? "" : "s");
}

/* Nothing is said to be missing, and the recorder says when it ran. */
static void check_gaps(const struct report *rep, struct report_result *res)
{
	size_t gaps = 0, starts = 0;

	for (size_t i = 0; i < rep->n; i++) {
		if (rep->events[i].kind == REPORT_GAP) {
			if (gaps++ == 0)
				no_evidence(res);
			evidence(res, i);
		} else if (rep->events[i].kind == REPORT_TRAIL) {
			starts++;
			if (gaps == 0)
				evidence(res, i);
		}
	}
	if (gaps)
		say(res, REPORT_NOT_MET, "%zu entries say that something is missing", gaps);
	else if (starts == 0)
		say(res, REPORT_NOT_SHOWN, "the recorder's own starts and stops are in the system ledger only");
	else
		say(res, REPORT_MET, "%zu starts and stops of the recorder, and no gap", starts);
}

static void check_elsewhere(const struct report *rep, struct report_result *res)
{
	(void)rep;
	say(res, REPORT_NOT_SHOWN, "%s", res->control->field);
}

/* ---- the table ---- */

#define OFF_HOST "no entry can show a copy on another host: look at audisp-remote, journal-upload or the shipper of the exports"
#define KEPT "files that only grow: `ranby audit doctor`, check trail.append-only; that none lost its end: `ranby audit verify --head`"
#define GIVEN "what a container was given is in the records before its start: `ausearch -m VIRT_RESOURCE -i`, and cap-bnd, seccomp, nnp in VIRT_CONTROL"
#define TOOLS "owner, mode and capabilities of the recorders: `ranby audit doctor`, checks witness.file, witness.caps, trail.plugin"
#define READERS "who may read it is not in it: `ranby audit doctor`, check trail.ledger"

static const struct report_control controls[] = {
	{"pci4", "10.2.1.2", "Actions of anyone with administrative access", check_admin, REPORT_EXECVE, NULL},
	{"pci4", "10.2.1.3", "Access to audit logs", check_elsewhere, 0, "accesses are in the audit log: `ausearch -k ranby-ledger`"},
	{"pci4", "10.2.1.6", "Starts, stops and pauses of the log", check_gaps, REPORT_TRAIL, NULL},
	{"pci4", "10.2.1.7", "Creation and deletion of system-level objects", check_field, REPORT_OBJECT, "vm"},
	{"pci4", "10.2.2 user", "User identification in each entry", check_field, REPORT_CONTROL, "auid"},
	{"pci4", "10.2.2 type", "Type of event in each entry", check_field, REPORT_CONTROL, "op"},
	{"pci4", "10.2.2 time", "Date and time in each entry", check_time, REPORT_CONTROL, NULL},
	{"pci4", "10.2.2 outcome", "Success or failure in each entry", check_field, REPORT_CONTROL, "res"},
	{"pci4", "10.2.2 origin", "Origination of the event", check_origin, REPORT_START, NULL},
	{"pci4", "10.2.2 object", "Affected data, component or resource", check_field, REPORT_START, "image|claimed-image"},
	{"pci4", "10.3.1", "Read access to logs is limited", check_elsewhere, 0, READERS},
	{"pci4", "10.3.2", "Logs are protected from modification", check_chain, 0, NULL},
	{"pci4", "10.3.3", "Logs are backed up to another server", check_elsewhere, 0, OFF_HOST},
	{"pci4", "10.3.4", "Changes of logs are detected", check_seen, REPORT_HEAD, NULL},

	{"srg-ctr", "SRG-APP-000090", "Who selects what is recorded", check_elsewhere, 0, "root, in audit's rules and the site policy: `ranby audit doctor`, checks of level 2 and policy.file"},
	{"srg-ctr", "SRG-APP-000092", "Session auditing begins at start-up", check_seen, REPORT_TRAIL, NULL},
	{"srg-ctr", "SRG-APP-000095", "What type of event occurred", check_field, REPORT_CONTROL, "op"},
	{"srg-ctr", "SRG-APP-000096", "When it occurred", check_time, REPORT_CONTROL, NULL},
	{"srg-ctr", "SRG-APP-000097", "Where it occurred", check_field, REPORT_EXECVE, "tty|terminal"},
	{"srg-ctr", "SRG-APP-000098", "The source of the event", check_origin, REPORT_START, NULL},
	{"srg-ctr", "SRG-APP-000099", "The outcome of the event", check_field, REPORT_CONTROL, "res"},
	{"srg-ctr", "SRG-APP-000100-CTR-000195", "The identity of the user", check_field, REPORT_CONTROL, "auid"},
	{"srg-ctr", "SRG-APP-000100-CTR-000200", "Any containers associated with the event", check_container, REPORT_EXECVE, NULL},
	{"srg-ctr", "SRG-APP-000101-CTR-000205", "Full text of commands", check_field, REPORT_EXECVE, "cmd"},
	{"srg-ctr", "SRG-APP-000109", "A failure of auditing is seen", check_gaps, REPORT_TRAIL, NULL},
	{"srg-ctr", "SRG-APP-000111", "Central review, off this host", check_elsewhere, 0, OFF_HOST},
	{"srg-ctr", "SRG-APP-000118", "Protection from reading", check_elsewhere, 0, READERS},
	{"srg-ctr", "SRG-APP-000119", "Protection from modification", check_chain, 0, NULL},
	{"srg-ctr", "SRG-APP-000120", "Protection from deletion", check_elsewhere, 0, KEPT},
	{"srg-ctr", "SRG-APP-000121", "Protection of the tools from access", check_elsewhere, 0, TOOLS},
	{"srg-ctr", "SRG-APP-000122", "Protection of the tools from modification", check_elsewhere, 0, TOOLS},
	{"srg-ctr", "SRG-APP-000123", "Protection of the tools from deletion", check_elsewhere, 0, TOOLS},
	{"srg-ctr", "SRG-APP-000126", "Cryptographic protection of audit information", check_chain, 0, NULL},
	{"srg-ctr", "SRG-APP-000290", "Cryptographic protection of its integrity, signed", check_seen, REPORT_HEAD, NULL},
	{"srg-ctr", "SRG-APP-000343", "Privileged functions are audited", check_elsewhere, 0, GIVEN},
	{"srg-ctr", "SRG-APP-000358", "Off-loading to another system", check_elsewhere, 0, OFF_HOST},
	{"srg-ctr", "SRG-APP-000360", "A failure of auditing is told", check_gaps, REPORT_TRAIL, NULL},
	{"srg-ctr", "SRG-APP-000374", "Times can be mapped to UTC", check_utc, REPORT_CONTROL, NULL},
	{"srg-ctr", "SRG-APP-000375", "Times are exact to one second at least", check_steady, REPORT_CONTROL, NULL},
	{"srg-ctr", "SRG-APP-000378-CTR-000885", "Images only with privilege", check_elsewhere, 0, "digests are checked, signers are not: there is no policy of images"},
	{"srg-ctr", "SRG-APP-000504", "Use of privileges", check_elsewhere, 0, GIVEN},
	{"srg-ctr", "SRG-APP-000505", "Start and end of user access", check_pairs, REPORT_START, NULL},
	{"srg-ctr", "SRG-APP-000510-CTR-001310", "Container execution, shutdown and restart", check_field, REPORT_START, "uuid"},
	{"srg-ctr", "SRG-APP-000510-CTR-001310 programs", "Program initiations", check_seen, REPORT_EXECVE, NULL},
	{"srg-ctr", "OL08-00-030122", "loginuid cannot be changed (STIG of RHEL and OL, 8 and 9)", check_elsewhere, 0,
	 "a feature of the running kernel: `ranby audit doctor`, check login.immutable"},

	{"800-53", "AU-2", "Event types that can be audited", check_seen, REPORT_CONTROL, NULL},
	{"800-53", "AU-3 a", "What type of event occurred", check_field, REPORT_CONTROL, "op"},
	{"800-53", "AU-3 b", "When it occurred", check_time, REPORT_CONTROL, NULL},
	{"800-53", "AU-3 c", "Where it occurred", check_field, REPORT_EXECVE, "tty|terminal"},
	{"800-53", "AU-3 d", "The source of the event", check_origin, REPORT_START, NULL},
	{"800-53", "AU-3 e", "The outcome of the event", check_field, REPORT_CONTROL, "res"},
	{"800-53", "AU-3 f", "The identity of those associated with it", check_field, REPORT_CONTROL, "auid"},
	{"800-53", "AU-3(1)", "Additional content: the full command", check_field, REPORT_EXECVE, "cmd"},
	{"800-53", "AU-5", "Response to failures of the audit process", check_gaps, REPORT_TRAIL, NULL},
	{"800-53", "AU-8", "Time stamps: UTC, by one clock, to the second at least", check_clock, REPORT_CONTROL, NULL},
	{"800-53", "AU-9", "Protection of audit information", check_chain, 0, NULL},
	{"800-53", "AU-9(2)", "Storage on separate systems", check_elsewhere, 0, OFF_HOST},
	{"800-53", "AU-9(3)", "Cryptographic protection, signed", check_seen, REPORT_HEAD, NULL},
	{"800-53", "AU-10", "Non-repudiation: stamped by the kernel", check_witnessed, REPORT_CONTROL, NULL},
	{"800-53", "AU-12", "Records of the events, each of its container", check_container, REPORT_EXECVE, NULL},
	{"800-53", "AU-14", "Session audit", check_elsewhere, 0, "recordings are beside the containers: `ranby audit replay`"},

	{"800-190", "4.4.5 user", "Container creation is associated with individual user identities", check_field, REPORT_START, "auid"},
	{"800-190", "4.4.5 logged", "and logged, so that there is a clear audit trail of activity", check_witnessed, REPORT_START, NULL},
	{"800-190", "4.4.5 trail", "from creation to end", check_pairs, REPORT_START, NULL},
	{"800-190", "4.1.5", "Which images were used", check_field, REPORT_START, "image|claimed-image"},
	{"800-190", "4.4.4", "What runs in containers is seen", check_container, REPORT_EXECVE, NULL},
	{"800-190", "4.4.5 rogue", "Rogue containers", check_elsewhere, 0, "containers that were started past ranby: `ranby audit rogue`"},
	{"800-190", "4.5 CIS Debian 12, 6.2", "The host's own auditing: on from boot, rules locked, privileged commands", check_elsewhere, 0,
	 "`ranby audit doctor`, checks audit.enabled, audit.boot, audit.backlog, rules.file and rules.locked; `ranby audit rules` has the witness as a privileged command"},
	{"800-190", "4.5 CIS Docker, 1.1.3-1.1.18", "The engine's programs, configuration and records are watched", check_elsewhere, 0,
	 "what touched them is in the audit log, with the rules pack loaded: `ausearch -k KEY` of ranby-witness, ranby-privileged, ranby-policy, ranby-ledger"},
	{"800-190", "4.5.3", "Users of the host are accountable", check_origin, REPORT_START, NULL},
};

static const struct {
	const char *id, *title;
} profiles[] = {
	{"pci4", "PCI DSS 4.0, requirement 10"},
	{"srg-ctr", "DISA Container Platform SRG"},
	{"800-53", "NIST SP 800-53 rev. 5, family AU"},
	{"800-190", "NIST SP 800-190"},
};

const char *report_profile(const char *id, const char **ret_title)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (strcmp(profiles[i].id, id) == 0) {
			if (ret_title)
				*ret_title = profiles[i].title;
			return profiles[i].id;
		}
	return NULL;
}

const char *report_control_id(const struct report_control *c)
{
	return c->id;
}

const char *report_control_text(const struct report_control *c)
{
	return c->text;
}

int report_judge(struct report *rep, struct err *e)
{
	rep->results = mem_array(ARRAY_SIZE(controls), sizeof(*rep->results));
	if (!rep->results)
		return err_errno(e, ENOMEM, "report");
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		struct report_result *res;

		if (strcmp(controls[i].profile, rep->profile) != 0)
			continue;
		res = &rep->results[rep->n_results++];
		res->control = &controls[i];
		controls[i].check(rep, res);
	}
	return 0;
}
