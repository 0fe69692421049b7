/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* limit_rows - the option rows of the limits of a container that is there already, in a struct container_options `field` of `type`. */
#ifndef RANBY_CMD_LIMIT_ROWS_H
#define RANBY_CMD_LIMIT_ROWS_H

#include "base/option.h"
#include "engine/options.h"

#define LIMIT_ROWS(type, field)                                                                                             \
	{0, "blkio-weight", OPT_STRING, offsetof(type, field.blkio_weight), .arg = "N",                                     \
	 .help = "Its part where block devices are short (10 to 1000)"},                                                    \
	{0, "cgroup-conf", OPT_LIST, offsetof(type, field.cgroup_conf), .arg = "FILE=VALUE",                                \
	 .help = "Write to a file of its cgroup: memory.high=1073741824"},                                                  \
	{0, "cpu-period", OPT_STRING, offsetof(type, field.cpu_period), .arg = "US",                                        \
	 .help = "Period of --cpu-quota, in microseconds (100000)"},                                                        \
	{0, "cpu-quota", OPT_STRING, offsetof(type, field.cpu_quota), .arg = "US",                                          \
	 .help = "Processor time in each period, in microseconds"},                                                         \
	{'c', "cpu-shares", OPT_STRING, offsetof(type, field.cpu_shares), .arg = "N",                                       \
	 .help = "Its part where processors are short (2 to 262144; 1024 usual)"},                                          \
	{0, "cpus", OPT_STRING, offsetof(type, field.cpus), .arg = "N", .help = "Processors' worth of time it may use, like 1.5"}, \
	{0, "cpuset-cpus", OPT_STRING, offsetof(type, field.cpuset_cpus), .arg = "LIST", .help = "Processors it runs on: 0-3,5"}, \
	{0, "cpuset-mems", OPT_STRING, offsetof(type, field.cpuset_mems), .arg = "LIST", .help = "Memory nodes it allocates from"}, \
	{'m', "memory", OPT_STRING, offsetof(type, field.memory), .arg = "SIZE", .help = "Memory it may use; -1: no limit"},   \
	{0, "memory-reservation", OPT_STRING, offsetof(type, field.memory_reservation), .arg = "SIZE",                      \
	 .help = "Memory that is taken from it last"},                                                                      \
	{0, "memory-swap", OPT_STRING, offsetof(type, field.memory_swap), .arg = "SIZE",                                    \
	 .help = "Memory and swap together; -1: no limit (twice --memory)"},                                                \
	{0, "pids-limit", OPT_STRING, offsetof(type, field.pids_limit), .arg = "N",                                         \
	 .help = "Processes and threads it may have; -1: no limit"}

#endif
