/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* commands - the commands that cmd/table.c lists, in its order. */
#ifndef RANBY_CMD_COMMANDS_H
#define RANBY_CMD_COMMANDS_H

#include "cmd/command.h"

extern const struct command command_attach;
extern const struct command command_audit_attribute;
extern const struct command command_audit_doctor;
extern const struct command command_audit_execs;
extern const struct command command_audit_replay;
extern const struct command command_audit_report;
extern const struct command command_audit_rogue;
extern const struct command command_audit_rules;
extern const struct command command_audit_setup;
extern const struct command command_audit_trail;
extern const struct command command_audit_verify;
extern const struct command command_audit_who;
extern const struct command command_commit;
extern const struct command command_complete;
extern const struct command command_completion;
extern const struct command command_container_cleanup;
extern const struct command command_container_clone;
extern const struct command command_container_exists;
extern const struct command command_container_init;
extern const struct command command_container_prune;
extern const struct command command_cp;
extern const struct command command_create;
extern const struct command command_diff;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_export;
extern const struct command command_image_exists;
extern const struct command command_image_inspect;
extern const struct command command_images;
extern const struct command command_import;
extern const struct command command_info;
extern const struct command command_inspect;
extern const struct command command_kill;
extern const struct command command_load;
extern const struct command command_logs;
extern const struct command command_map;
extern const struct command command_mount;
extern const struct command command_network_create;
extern const struct command command_network_exists;
extern const struct command command_network_inspect;
extern const struct command command_network_ls;
extern const struct command command_network_prune;
extern const struct command command_network_rm;
extern const struct command command_pause;
extern const struct command command_pod_create;
extern const struct command command_pod_exists;
extern const struct command command_pod_inspect;
extern const struct command command_pod_kill;
extern const struct command command_pod_pause;
extern const struct command command_pod_prune;
extern const struct command command_pod_ps;
extern const struct command command_pod_restart;
extern const struct command command_pod_rm;
extern const struct command command_pod_start;
extern const struct command command_pod_stop;
extern const struct command command_pod_unpause;
extern const struct command command_port;
extern const struct command command_profile_apply;
extern const struct command command_profile_diff;
extern const struct command command_profile_record;
extern const struct command command_profile_show;
extern const struct command command_ps;
extern const struct command command_pull;
extern const struct command command_rename;
extern const struct command command_restart;
extern const struct command command_rm;
extern const struct command command_rmi;
extern const struct command command_run;
extern const struct command command_secret_create;
extern const struct command command_secret_exists;
extern const struct command command_secret_inspect;
extern const struct command command_secret_ls;
extern const struct command command_secret_rm;
extern const struct command command_start;
extern const struct command command_stop;
extern const struct command command_stats;
extern const struct command command_tag;
extern const struct command command_top;
extern const struct command command_unpause;
extern const struct command command_unmount;
extern const struct command command_unshare;
extern const struct command command_untag;
extern const struct command command_update;
extern const struct command command_version;
extern const struct command command_volume_create;
extern const struct command command_volume_exists;
extern const struct command command_volume_export;
extern const struct command command_volume_import;
extern const struct command command_volume_inspect;
extern const struct command command_volume_ls;
extern const struct command command_volume_mount;
extern const struct command command_volume_prune;
extern const struct command command_volume_rm;
extern const struct command command_volume_unmount;
extern const struct command command_wait;
extern const struct command command_whois;

#endif
