/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * option_rows - rows that several commands have, for a struct container_options
 * of theirs: O(member) is the offset of one of its members.
 *
 *	#define O(member) offsetof(struct pod_options, o.member)
 *	static const struct option_row rows[] = {LIMIT_ROWS(O), OPTION_END};
 */
#ifndef RANBY_CMD_OPTION_ROWS_H
#define RANBY_CMD_OPTION_ROWS_H

#include "base/option.h"
#include "engine/options.h"

/* What values of options are, for completions. */
#define RESTART_CHOICES "no|always|on-failure|unless-stopped"
#define PULL_CHOICES "always|missing|never|newer"
#define NETWORK_CHOICES "pasta|slirp4netns|none|host|bridge|container:CONTAINER|ns:|NETWORK"
#define USERNS_CHOICES "private|host|keep-id|auto|nomap"
#define SECURITY_CHOICES "SECURITY_OPT|profile=PROFILE"
#define CONTAINER_FILTER_CHOICES \
	"ancestor=IMAGE|auid=|before=CONTAINER|command=|exited=|health=|id=|label=|label!=|name=|network=NETWORK|pod=POD|restart-policy=|session=|since=CONTAINER|" \
	"status=|until=|volume=VOLUME"
#define IMAGE_FILTER_CHOICES "before=IMAGE|containers=|dangling=|id=|label=|label!=|readonly=|reference=|since=IMAGE|until="
#define VOLUME_FILTER_CHOICES "dangling=|driver=|label=|name=|opt=|scope=|since=|until="
#define NETWORK_FILTER_CHOICES "dangling=|driver=|id=|label=|name=|until="

/* The limits of a cgroup. */
#define LIMIT_ROWS(O) \
	{'m', "memory", OPT_STRING, O(memory), .arg = "SIZE", .group = "Resources", .help = "Memory it may use; -1: no limit"}, \
	{0, "memory-swap", OPT_STRING, O(memory_swap), .arg = "SIZE", .help = "Memory and swap together; -1: no limit (twice --memory)"}, \
	{0, "memory-reservation", OPT_STRING, O(memory_reservation), .arg = "SIZE", .help = "Memory that is taken from it last"}, \
	{0, "cpus", OPT_STRING, O(cpus), .arg = "N", .help = "Processors' worth of time it may use, like 1.5"}, \
	{'c', "cpu-shares", OPT_STRING, O(cpu_shares), .arg = "N", .help = "Its part where processors are short (2 to 262144; 1024 usual)"}, \
	{0, "cpu-period", OPT_STRING, O(cpu_period), .arg = "US", .help = "Period of --cpu-quota, in microseconds (100000)"}, \
	{0, "cpu-quota", OPT_STRING, O(cpu_quota), .arg = "US", .help = "Processor time in each period, in microseconds"}, \
	{0, "cpuset-cpus", OPT_STRING, O(cpuset_cpus), .arg = "LIST", .help = "Processors it runs on: 0-3,5"}, \
	{0, "cpuset-mems", OPT_STRING, O(cpuset_mems), .arg = "LIST", .help = "Memory nodes it allocates from"}, \
	{0, "pids-limit", OPT_STRING, O(pids_limit), .arg = "N", .help = "Processes and threads it may have; -1: no limit"}, \
	{0, "blkio-weight", OPT_STRING, O(blkio_weight), .arg = "N", .help = "Its part where block devices are short (10 to 1000)"}, \
	{0, "cgroup-conf", OPT_LIST, O(cgroup_conf), .arg = "FILE=VALUE", .help = "Write to a file of its cgroup: memory.high=1073741824"}

/* Those that docker and podman have beside them. */
#define LIMIT_REFUSED_ROWS \
	OPTION_REFUSED(0, "blkio-weight-device", OPTION_NO_BLKIO), OPTION_REFUSED(0, "device-read-bps", OPTION_NO_BLKIO), \
	OPTION_REFUSED(0, "device-write-bps", OPTION_NO_BLKIO), OPTION_REFUSED(0, "device-read-iops", OPTION_NO_BLKIO), \
	OPTION_REFUSED(0, "device-write-iops", OPTION_NO_BLKIO), OPTION_REFUSED(0, "cpu-rt-period", OPTION_NO_REALTIME), \
	OPTION_REFUSED(0, "cpu-rt-runtime", OPTION_NO_REALTIME), OPTION_REFUSED(0, "memory-swappiness", OPTION_NO_LIMIT), \
	OPTION_REFUSED(0, "oom-kill-disable", OPTION_NO_LIMIT)
#define OPTION_NO_BLKIO "use --cgroup-conf 'io.max=MAJOR:MINOR rbps=BYTES', or wbps, riops, wiops; io.weight for weights"
#define OPTION_NO_REALTIME "cgroup v2 does not divide realtime processor time"
#define OPTION_NO_LIMIT "cgroup v2 has no such limit"

/* What stands in /etc/hosts and resolv.conf. */
#define NAME_ROWS(O) \
	{0, "add-host", OPT_LIST, O(add_host), .arg = "NAME:IP", .help = "Add a line to /etc/hosts"}, \
	{0, "dns", OPT_LIST_CSV, O(dns), .arg = "IP", .help = "Name server; \"none\" leaves /etc/resolv.conf alone"}, \
	{0, "dns-search", OPT_LIST_CSV, O(dns_search), .arg = "DOMAIN", .help = "Search domain; \".\" for none"}, \
	{0, "dns-option", OPT_LIST_CSV, O(dns_option), .arg = "OPTION", .help = "Option of the resolver"}, \
	{0, "dns-opt", OPT_LIST_CSV, O(dns_option), .arg = "OPTION", .help = "The same as --dns-option", .hidden = true}, \
	{0, "no-hosts", OPT_FLAG, O(no_hosts), .help = "Leave /etc/hosts alone"}

/* A map of IDs given line by line. */
#define MAP_ROWS(O) \
	{0, "uidmap", OPT_LIST, O(uidmap), .arg = "CTR:KEEPER[:N]", .help = "Map user IDs"}, \
	{0, "gidmap", OPT_LIST, O(gidmap), .arg = "CTR:KEEPER[:N]", .help = "Map group IDs"}

#endif
