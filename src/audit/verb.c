/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The table. A container's life is VIRT_CONTROL, as libvirt has it; what
 * makes or takes away an image, a volume or a secret is VIRT_CREATE and VIRT_DESTROY. A
 * command that stops is an op=kill: op=stop is the end itself, of which the
 * kernel's own witness is the process that ended.
 */
#include "audit/verb.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define CONTROL AUDIT_TYPE_VIRT_CONTROL
#define CREATE AUDIT_TYPE_VIRT_CREATE
#define DESTROY AUDIT_TYPE_VIRT_DESTROY
#define CALLER AUDIT_TRUST_CALLER

static const struct audit_verb_row rows[] = {
	[AUDIT_VERB_CREATE] = {"create", CONTROL, "create", "user", CALLER},
	[AUDIT_VERB_START] = {"start", CONTROL, "start", "booted", AUDIT_TRUST_LIVE},
	[AUDIT_VERB_EXEC] = {"exec", CONTROL, "exec", "user", AUDIT_TRUST_LIVE},
	[AUDIT_VERB_EXIT] = {"exit", CONTROL, "stop", "ended", AUDIT_TRUST_ZOMBIE},
	[AUDIT_VERB_ATTACH] = {"attach", CONTROL, "attach", "user", CALLER},
	[AUDIT_VERB_PAUSE] = {"pause", CONTROL, "pause", "user", CALLER},
	[AUDIT_VERB_UNPAUSE] = {"unpause", CONTROL, "unpause", "user", CALLER},
	[AUDIT_VERB_KILL] = {"kill", CONTROL, "kill", "user", CALLER},
	[AUDIT_VERB_STOP] = {"stop", CONTROL, "kill", "stop", CALLER},
	[AUDIT_VERB_RESTART] = {"restart", CONTROL, "kill", "restart", CALLER},
	[AUDIT_VERB_HEALTH] = {"health-status", CONTROL, "health_status", "user", CALLER},
	[AUDIT_VERB_RM] = {"rm", CONTROL, "rm", "user", CALLER},
	[AUDIT_VERB_INIT] = {"init", CONTROL, "init", "user", CALLER},
	[AUDIT_VERB_RENAME] = {"rename", CONTROL, "rename", "user", CALLER},
	[AUDIT_VERB_UPDATE] = {"update", CONTROL, "update", "user", CALLER},
	[AUDIT_VERB_CP] = {"cp", CONTROL, "cp", "user", CALLER},
	[AUDIT_VERB_EXPORT] = {"export", CONTROL, "export", "user", CALLER},
	[AUDIT_VERB_MOUNT] = {"mount", CONTROL, "mount", "user", CALLER},
	[AUDIT_VERB_UNMOUNT] = {"unmount", CONTROL, "unmount", "user", CALLER},
	[AUDIT_VERB_COMMIT] = {"commit", CREATE, "commit", "user", CALLER},
	[AUDIT_VERB_PULL] = {"pull", CREATE, "pull", "user", CALLER},
	[AUDIT_VERB_PUSH] = {"push", CONTROL, "push", "user", CALLER},
	[AUDIT_VERB_LOAD] = {"load", CREATE, "load", "user", CALLER},
	[AUDIT_VERB_IMPORT] = {"import", CREATE, "import", "user", CALLER},
	[AUDIT_VERB_BUILD] = {"build", CREATE, "build", "user", CALLER},
	[AUDIT_VERB_TAG] = {"tag", CREATE, "tag", "user", CALLER},
	[AUDIT_VERB_UNTAG] = {"untag", DESTROY, "untag", "user", CALLER},
	[AUDIT_VERB_RMI] = {"rmi", DESTROY, "rmi", "user", CALLER},
	[AUDIT_VERB_VERIFY] = {"verify", AUDIT_TYPE_VIRT_INTEGRITY_CHECK, "verify", "pull", CALLER},
	[AUDIT_VERB_VOLUME_CREATE] = {"volume-create", CREATE, "volume-create", "user", CALLER},
	[AUDIT_VERB_VOLUME_RM] = {"volume-rm", DESTROY, "volume-rm", "user", CALLER},
	[AUDIT_VERB_VOLUME_IMPORT] = {"volume-import", CONTROL, "volume-import", "user", CALLER},
	[AUDIT_VERB_SECRET_CREATE] = {"secret-create", CREATE, "secret-create", "user", CALLER},
	[AUDIT_VERB_SECRET_RM] = {"secret-rm", DESTROY, "secret-rm", "user", CALLER},
	[AUDIT_VERB_NETWORK_CREATE] = {"network-create", CREATE, "network-create", "user", CALLER},
	[AUDIT_VERB_NETWORK_RM] = {"network-rm", DESTROY, "network-rm", "user", CALLER},
	[AUDIT_VERB_POD_CREATE] = {"pod-create", CREATE, "pod-create", "user", CALLER},
	[AUDIT_VERB_POD_RM] = {"pod-rm", DESTROY, "pod-rm", "user", CALLER},
};

const struct audit_verb_row *audit_verb_row(uint32_t verb)
{
	return verb < AUDIT_VERB_N ? &rows[verb] : NULL;
}

const char *audit_trust_word(enum audit_trust trust)
{
	static const char *const words[] = {"caller", "live", "zombie", "root"};

	return words[trust];
}

enum audit_verb audit_verb_find(const char *name)
{
	unsigned verb = 0;

	while (verb < AUDIT_VERB_N && strcmp(rows[verb].name, name) != 0)
		verb++;
	return (enum audit_verb)verb;
}

static bool one_of(const char *op, const char *const *words)
{
	while (*words && strcmp(op, *words) != 0)
		words++;
	return *words != NULL;
}

const char *audit_op_about(const char *op)
{
	static const char *const ledger[] = {"gap", "torn", "trail-start", "trail-stop", NULL};
	static const char *const images[] = {"pull", "push", "load", "import", "build", "commit", "tag", "untag", "rmi", "verify", NULL};
	static const char *const others[] = {"network", "pod", "secret", "volume"};

	if (one_of(op, ledger))
		return "ledger";
	if (one_of(op, images))
		return "image";
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t n = strlen(others[i]);

		if (strncmp(op, others[i], n) == 0 && op[n] == '-')
			return others[i];
	}
	return "container";
}
