/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-witness - writes kernel audit records about containers (ranby-witness(8)).
 *
 * Installed root:ranby 2755 with cap_audit_write,cap_audit_read=ep, and so the
 * one program of ours that may do what its caller may not. It takes no
 * arguments and reads no environment; audit/request.h is what it is asked.
 */
#include "witness/witness.h"

int main(int argc, char **argv)
{
	(void)argv;
	/* a caller may leave out even the name (execve(2)); who gives arguments means another program */
	return argc == 1 ? witness_main() : WITNESS_EXIT_MUTE;
}
