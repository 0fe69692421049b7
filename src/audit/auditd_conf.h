/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * auditd_conf - auditd.conf(5) and the plugins' files: `key = value` lines, as auditd reads them.
 *
 *	struct auditd_conf c;
 *	auditd_conf_parse(text, len, &c);
 *	value = auditd_conf_get(&c, "num_logs", "0");
 *
 * Keys are compared without regard to case. A line that auditd would refuse
 * is counted in `bad`: auditd does not start on such a file.
 */
#ifndef RANBY_AUDIT_AUDITD_CONF_H
#define RANBY_AUDIT_AUDITD_CONF_H

#include <stddef.h>

#define AUDITD_CONF_MAX (64U << 10) /* bytes of the file */
#define AUDITD_CONF_KEYS_MAX 64
#define AUDITD_CONF_WORD_MAX 160    /* auditd's own limit for a line */

struct auditd_conf {
	size_t n, bad;
	struct {
		char key[48];
		char value[AUDITD_CONF_WORD_MAX];
	} items[AUDITD_CONF_KEYS_MAX];
};

void auditd_conf_parse(const char *text, size_t len, struct auditd_conf *ret);

/* The value of the last line of that key, or `other`. */
const char *auditd_conf_get(const struct auditd_conf *c, const char *key, const char *other);

#endif
