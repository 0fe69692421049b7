/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Every command of ranby, in the order of `ranby help`. A command is a file
 * cmd/<name>.c with one const struct command; a line here makes it known.
 */
#include "cmd/command.h"
#include "cmd/commands.h"

const struct command *const command_table[] = {
	&command_attach,
	&command_audit_attribute,
	&command_audit_doctor,
	&command_audit_execs,
	&command_audit_replay,
	&command_audit_report,
	&command_audit_rogue,
	&command_audit_rules,
	&command_audit_setup,
	&command_audit_trail,
	&command_audit_verify,
	&command_audit_who,
	&command_complete,
	&command_completion,
	&command_container_cleanup,
	&command_container_exists,
	&command_container_prune,
	&command_create,
	&command_events,
	&command_exec,
	&command_image_exists,
	&command_image_inspect,
	&command_images,
	&command_import,
	&command_info,
	&command_inspect,
	&command_kill,
	&command_load,
	&command_logs,
	&command_map,
	&command_ps,
	&command_pull,
	&command_restart,
	&command_rm,
	&command_rmi,
	&command_run,
	&command_start,
	&command_stop,
	&command_tag,
	&command_top,
	&command_unshare,
	&command_untag,
	&command_version,
	&command_wait,
	&command_whois,
	NULL,
};
